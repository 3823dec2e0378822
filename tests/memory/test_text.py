"""Words, keys, tags, search expressions, and what counts as a repetition."""

# ruff: noqa: RUF001 - texts in many scripts are the point of it

from collections.abc import Iterator
import sqlite3
from typing import Final
import unicodedata

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.semantic_memory.memory import text
from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import MAX_KEY_LENGTH, MAX_TAG_LENGTH, MAX_TAGS

_TOKENIZE: Final = "unicode61 remove_diacritics 2 categories ''L* M* N* Co''"
# Any text at all, lone surrogates and NUL included.
_ANYTHING: Final = st.text(st.characters(exclude_categories=()), max_size=60)
# Letters, vowel signs and digits of living scripts, and what stands between words.
_SCRIPTS: Final = st.text(
    st.sampled_from(
        "abcXYZ019éñçßœðþđĐơƯẤẽşİıčř áà\u0301\u0308"
        "αβγΣσςώΐ ёйщЖЇ ქართული հայեր"
        "हिन्दीमें०१ বাংলা தமிழ் ไทยน้ำทำ ລາວ မြန်မာ ខ្មែរ"
        "العَرَبِيَّة٣ עִבְרִית فارسی家的地址東京カタカナひらがな한국어"
        " _-.,;:!?'\"()\n\t/*+^&|"
    ),
    max_size=40,
)


@pytest.fixture(scope="module")
def fts() -> Iterator[sqlite3.Connection]:
    """Return a connection with one full-text table that is tokenized as the memories are."""
    connection = sqlite3.connect(":memory:", autocommit=True, check_same_thread=False)
    connection.execute(f"CREATE VIRTUAL TABLE note USING fts5 (body, tokenize = 'porter {_TOKENIZE}')")
    connection.execute(f"CREATE VIRTUAL TABLE unstemmed USING fts5 (body, tokenize = '{_TOKENIZE}')")
    connection.execute("CREATE VIRTUAL TABLE token USING fts5vocab (unstemmed, 'instance')")
    yield connection
    connection.close()


def tokens(connection: sqlite3.Connection, body: str) -> list[str]:
    """Return what FTS5 makes of a text before it stems it, in order."""
    connection.execute("DELETE FROM unstemmed")
    connection.execute("INSERT INTO unstemmed VALUES (?)", (body,))
    return [term or "" for (term,) in connection.execute("SELECT term FROM token ORDER BY offset")]


def matches(connection: sqlite3.Connection, body: str, expression: str) -> bool:
    """Return whether a text is found with an expression, in an index that holds what a memory's does."""
    connection.execute("DELETE FROM note")
    connection.execute("INSERT INTO note VALUES (?)", (f"{body} {text.index_pieces('', body, ()) or ''}",))
    return connection.execute("SELECT 1 FROM note WHERE note MATCH ?", (expression,)).fetchone() is not None


# Keys


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("Favourite Colour", "favourite_colour"),
        ("  wifi--password!! ", "wifi_password"),
        ("already_normal_2", "already_normal_2"),
        ("Địa chỉ nhà", "địa_chỉ_nhà"),
        (unicodedata.normalize("NFD", "Địa chỉ nhà"), "địa_chỉ_nhà"),
        ("ΟΔΟΣ Ερμού", "οδοσ_ερμού"),
        ("家的地址", "家的地址"),
        ("हिन्दी नाम", "हिन्दी_नाम"),
        ("STRASSE / Straße", "strasse_strasse"),
        ("ＡＢＣ１２", "abc12"),
        ("a\0b\ud800c", "a_b_c"),
        ("100% sure", "100_sure"),
        ("❤️ mum", "mum"),
    ],
)
def test_keys_keep_the_letters_of_any_language(key: str, expected: str) -> None:
    assert text.normalise_key(key) == expected


@pytest.mark.parametrize("key", ["", " \t\n", "!!!", "___", "❤️", "\0", "\ud800", "\u0301", "\ufe0f"])
def test_keys_without_a_letter_are_refused(key: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        text.normalise_key(key)
    assert caught.value.code == "key_empty"


def test_long_keys_are_refused() -> None:
    assert len(text.normalise_key("k" * MAX_KEY_LENGTH)) == MAX_KEY_LENGTH
    with pytest.raises(InvalidInputError) as caught:
        text.normalise_key("k" * (MAX_KEY_LENGTH + 1))
    assert caught.value.code == "key_too_long"
    assert caught.value.placeholders == {"max": str(MAX_KEY_LENGTH)}


@pytest.mark.parametrize("tags", [["a"] * 100_000, ["a," * 100_000], "a," * 100_000])
def test_megabytes_are_no_tags_without_a_look_at_them(monkeypatch: pytest.MonkeyPatch, tags: object) -> None:
    monkeypatch.setattr(text, "fold", lambda _: pytest.fail("they are taken apart"))
    with pytest.raises(InvalidInputError) as caught:
        text.parse_tags(tags)
    assert caught.value.code == "too_many_tags"


def test_megabytes_are_no_key_without_a_look_at_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "words", lambda _: pytest.fail("they are taken apart"))
    with pytest.raises(InvalidInputError) as caught:
        text.normalise_key("k " * 1_000_000)
    assert caught.value.code == "key_too_long"


@given(_ANYTHING)
def test_normalising_a_key_twice_changes_nothing(key: str) -> None:
    try:
        once = text.normalise_key(key)
    except InvalidInputError:
        return
    assert text.normalise_key(once) == once
    once.encode()


@given(_ANYTHING)
def test_every_value_gives_a_key(value: str) -> None:
    key = text.derive_key(value)
    assert 0 < len(key) <= 48
    assert text.normalise_key(key) == key


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("The spare key hangs beside the door.", "the_spare_key_hangs_beside_the_door"),
        ("one two three four five six seven eight nine", "one_two_three_four_five_six_seven_eight"),
        ("!!! 🎉", "note"),
        ("x" * 100, "x" * 48),
        ("short " + "y" * 60, "short"),
    ],
)
def test_derived_keys_are_the_first_words(value: str, expected: str) -> None:
    assert text.derive_key(value) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("01M7XHCTBXMBTQ5E58Z9NS5QBJ", True),
        (" 01m7xhctbxmbtq5e58z9ns5qbj\n", True),
        ("81M7XHCTBXMBTQ5E58Z9NS5QBJ", False),  # later than there is time for
        ("01M7XHCTBXMBTQ5E58Z9NS5QBU", False),
        ("01M7XHCTBXMBTQ5E58Z9NS5QB", False),
        ("combination_of_the_safe_12", False),
        ("", False),
    ],
)
def test_ids(given: str, expected: bool) -> None:
    assert text.is_id(given) is expected


# Tags


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (None, ()),
        ("", ()),
        (" , ;; \n", ()),
        ("a, b;c\nd", ("a", "b", "c", "d")),
        ("#home, # garden ,##", ("home", "garden")),
        (["Home", "home", "HOME ", "garden"], ("Home", "garden")),
        (("x", 1, 2.5), ("x", "1", "2.5")),
        (["a, b", "c"], ("a", "b", "c")),
        ('["a", "b c"]', ("a", "b c")),
        (' ["a"] ', ("a",)),
        ("[a, b]", ("a", "b")),
        ("重要，家；车、狗", ("重要", "家", "车", "狗")),
        (["two\nlines", "tab\there"], ("two", "lines", "tab here")),
        (["nul\0l", "sur\ud800rogate"], ("null", "sur?rogate")),
        ("straße; STRASSE", ("straße",)),
        (frozenset({"only"}), ("only",)),
    ],
)
def test_tags_come_as_list_or_text(tags: object, expected: tuple[str, ...]) -> None:
    assert text.parse_tags(tags) == expected


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        (5, "invalid_tags"),
        ({"a": 1}, "invalid_tags"),
        ([["a"]], "invalid_tags"),
        ([None], "invalid_tags"),
        ('["a", null]', "invalid_tags"),
        ('[{"a": 1}]', "invalid_tags"),
        ([10**5000], "invalid_tags"),
        (["t" * (MAX_TAG_LENGTH + 1)], "tag_too_long"),
        ([f"t{number}" for number in range(MAX_TAGS + 1)], "too_many_tags"),
        ("[" + "9" * 5000 + "]", "tag_too_long"),
    ],
)
def test_other_tags_are_refused(tags: object, code: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        text.parse_tags(tags)
    assert caught.value.code == code


def test_tags_nested_without_end_are_no_list() -> None:
    assert text.parse_tags("[" * 100_000) == ()


@given(st.one_of(_ANYTHING, st.lists(_ANYTHING, max_size=5)))
def test_tags_that_were_parsed_stay_as_they_are(tags: object) -> None:
    try:
        parsed = text.parse_tags(tags)
    except InvalidInputError:
        return
    assert text.parse_tags(list(parsed)) == parsed
    for tag in parsed:
        tag.encode()
        assert tag == " ".join(tag.split())
        assert "\0" not in tag


# The word index


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("Địa chỉ nhà ở Hồ Chí Minh", "ho chi MINH"),
        (unicodedata.normalize("NFD", "Địa chỉ nhà"), "địa"),
        ("Η οδός Ερμού", "Οδός"),
        ("Ο σκύλος", "Σκύλοσ"),
        ("家的地址", "家的地址"),
        ("मेरा नाम हिन्दी में", "हिन्दी"),
        ("ดื่ม น้ำ ทุก วัน", "น้ำ"),
        ("العَرَبِيَّة", "العَرَبِيَّة"),
        ("Die Straße ist gesperrt", "straße"),
        ("strasse_nr", "Straße"),
        ("Istanbul", "İstanbul"),
        ("Running shoes", "run"),
        ("das ﬁne Café", "cafe"),
        ("abc", "ＡＢＣ"),
        ("한국어 이름", unicodedata.normalize("NFD", "한국어")),
        ("क़लम", "क़लम"),
    ],
)
def test_words_of_many_scripts_are_found(fts: sqlite3.Connection, body: str, query: str) -> None:
    terms = text.query_words(query)
    assert terms
    assert matches(fts, body, text.match_any(terms))
    assert matches(fts, body, text.match_all(terms))


def test_words_with_other_vowel_signs_are_other_words(fts: sqlite3.Connection) -> None:
    assert not matches(fts, "दिन", text.match_any(text.query_words("दान")))
    assert not matches(fts, "มี", text.match_any(text.query_words("มา")))


@settings(max_examples=300)
@given(body=_SCRIPTS)
def test_words_are_the_tokens_of_the_index(fts: sqlite3.Connection, body: str) -> None:
    spaced = (char for char in text.storable(body) if not text.UNSPACED.search(text.fold(char)))
    body = text.storable("".join(spaced))
    written = [spellings[0] for spellings in text.search_terms(body)]
    expected = [token for token in tokens(fts, body) if any(unicodedata.category(char)[0] in "LN" for char in token)]
    assert set(tokens(fts, " ".join(written))) == set(expected)


@settings(max_examples=300)
@given(body=_SCRIPTS)
def test_a_text_is_found_with_its_own_words(fts: sqlite3.Connection, body: str) -> None:
    body = text.storable(body)
    terms = text.query_words(body)
    if terms:
        assert matches(fts, body, text.match_all(terms))
        assert matches(fts, body, text.match_any(terms[:1]))


@settings(max_examples=300)
@given(query=_ANYTHING)
def test_no_query_is_a_syntax_error(fts: sqlite3.Connection, query: str) -> None:
    terms = text.query_words(query)
    if terms:
        fts.execute("SELECT count(*) FROM note WHERE note MATCH ?", (text.match_any(terms),)).fetchone()
        fts.execute("SELECT count(*) FROM note WHERE note MATCH ?", (text.match_all(terms),)).fetchone()


@pytest.mark.parametrize(
    "query",
    ['"', "a AND", "NEAR(a b)", "key:secret", "a*", "^a", "-a", "(((", "{a b}: c", "a + b", "'; DROP TABLE x", "OR"],
)
def test_operators_are_words(fts: sqlite3.Connection, query: str) -> None:
    terms = text.query_words(query)
    expression = text.match_any(terms)
    assert expression == "" or matches(fts, query, expression)


def test_queries_are_bounded() -> None:
    assert len(text.query_words(" ".join(f"w{number}" for number in range(10_000)))) == 48
    assert text.query_words("x" * 100_000) == [("x" * 4_096,)]
    assert text.query_words("again again AGAIN") == [("again",)]
    assert text.query_words("🎉 ❤️ …") == []


def test_spellings() -> None:
    assert text.search_terms("Straße OΔΟΣ ½") == [("straße", "strasse"), ("oδος", "oδοσ")[:1], ("½", "1 2")]
    assert text.match_all([("a", "b"), ("c",)]) == '("a"* OR "b"*) AND ("c"*)'
    assert text.match_any([("a", "b"), ("c",)]) == '"a" OR "b" OR "c"'


@pytest.mark.parametrize(
    ("run", "pieces"),
    [
        ("wifi", []),
        ("猫", ["猫"]),
        ("東京都", ["東京", "京都", "東", "京", "都"]),
        ("wifiのパスワード", ["wifi", "のパ", "パス", "スワ", "ワー", "ード"]),
        ("고양이가", ["고양", "양이", "이가"]),
        ("น้ำ", ["น้ำ"]),
        ("ที่บ้าน", ["ที่บ้", "บ้า", "าน"]),
    ],
)
def test_pieces_of_scripts_without_spaces(run: str, pieces: list[str]) -> None:
    assert text.pieces(run) == pieces


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ("私の猫はタマです", "猫の名前は？"),
        ("私の猫はタマです", "タマ"),
        ("我们的无线网络密码是十二", "密码"),
        ("東京都に住んでいる", "東京に行く"),
        ("고양이가 소파에서 잔다", "고양이"),
        ("집이 좋다", "집"),
        ("รถของฉันจอดอยู่ที่บ้าน", "บ้าน"),
        ("Wi-Fiのパスワード", "wi-fi"),
        ("ﾊﾟｽﾜｰﾄﾞは十二", "パスワード"),
    ],
)
def test_words_within_a_text_without_spaces_are_found(fts: sqlite3.Connection, body: str, query: str) -> None:
    assert matches(fts, body, text.match_any(text.query_words(query)))


def test_most_memories_have_no_pieces() -> None:
    assert text.index_pieces("tea", "Ann drinks green tea", ("Küche",)) is None
    assert text.index_pieces("tea", "日本", ("茶",)) == "日本 日 本 茶"


# What is embedded


@pytest.mark.parametrize(
    ("key", "value", "tags", "expected"),
    [
        ("wifi_password", "sunflower", ["guests"], "wifi password: sunflower (guests)"),
        ("the_code_is", "The code is 12.", [], "The code is 12."),
        ("code", "The code is 12.", ["code", "door"], "The code is 12. (door)"),
        ("k", "v", ["🎉"], "k: v"),
    ],
)
def test_document_text(key: str, value: str, tags: list[str], expected: str) -> None:
    assert text.document_text(key, value, tags) == expected


def test_storable_text() -> None:
    assert text.storable("a\0b\ud800") == "ab?"
    assert text.storable("e\u0301") == "é"


# Repetitions


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("I live in Portland", "I live in Portland."),
        ("I live in Portland", "  i LIVE in   portland!! "),
        ("I live in Portland", "I live in Portland, OR"),
        ("Anna likes tea", "Anna likes tea with"),
        ("Der Schlüssel hängt an der Tür", unicodedata.normalize("NFD", "der Schlüssel hängt an der Tür")),
        ("我住在北京", "我住在北京。"),
        ("Ο κωδικός είναι 12", "ο ΚΩΔΙΚΌΣ είναι 12"),
        ("🎉", "🎉"),
        ("She said «hello»", 'She said "hello"'),
        ("The code is 1234", "The code is 1234"),
        ("!?", "!?"),
    ],
)
def test_repetitions(old: str, new: str) -> None:
    assert text.says_the_same(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("My mother's code is 12", "My father's code is 12"),
        ("The dog is bigger than the cat", "The cat is bigger than the dog"),
        ("Anna likes Ben", "Ben likes Anna"),
        ("The code is 12", "The code is 21"),
        ("The code is 1 2", "The code is 2 1"),
        ("It is -5 degrees", "It is 5 degrees"),
        ("It is .5 degrees", "It is 5 degrees"),
        ("Lunch costs 5 €", "Lunch costs 5 $"),
        ("She writes C", "She writes C++"),
        ("She writes C", "She writes C#"),
        ("My mother lives in Rome", "My mother in law lives in Rome"),
        ("Peter likes fish", "Peter never likes fish"),
        ("Anna is allergic to nuts", "Anna is not allergic to nuts"),
        ("Door code is 12", "Garage door code is 12"),
        ("The meeting is at 10:30", "The meeting is at 10:45"),
        ("I like tea and milk", "I like tea"),
        ("Tea", "Tea is what my mother never drinks"),
        ("🎉", "🎂"),
        ("!", "?"),
        ("", "anything"),
        ("Use 1.5 cups", "Use 15 cups"),
        ("Team A won", "Team B won"),
    ],
)
def test_different_facts(old: str, new: str) -> None:
    assert not text.says_the_same(old, new)


@given(_ANYTHING)
def test_a_text_repeats_itself(value: str) -> None:
    assert text.says_the_same(value, value)
    assert text.says_the_same(value, f" {value.upper().lower()} ") or text.fold(value) != text.fold(
        value.upper().lower()
    )


@given(_SCRIPTS, _SCRIPTS)
def test_whatever_repeats_has_every_word(old: str, new: str) -> None:
    if text.says_the_same(old, new):
        assert text.words(new)[: len(text.words(old))] == text.words(old)
