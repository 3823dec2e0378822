"""What is read out of the text of a query, and what is left alone because people just talk like that."""

from typing import Final

from hypothesis import example, given, strategies as st
import pytest

from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.query import MAX_OPERATOR_WORDS, Pattern, Query, parse

PIECES: Final = (
    "tea", "Straße", "钥匙", "मेरी", "-tea", "-5", "--x", "- ", "*", "**", "te*", "t-shirt*", "4*", '"', '"green tea"',
    '-"green tea"', "“a b”", "„a b“", "«a b»", "» a «", "「钥匙」", "”", "“", "„", "«", "'",
    "\u2019", "(", ")", ",", ".", "-", " ", "\n", "it's", '5"', "-te*", "\0", "\ud800", "🙂", "́",
)  # fmt: skip
texts = st.text(max_size=40) | st.lists(st.sampled_from(PIECES), max_size=10).map("".join)


def phrase(words: str) -> Pattern:
    """Return words that stand side by side."""
    return Pattern(words)


def prefix(word: str) -> Pattern:
    """Return the beginning of a word."""
    return Pattern(word, prefix=True)


@pytest.mark.parametrize(
    "said",
    [
        "Where do I keep my e-mail password?",
        "the red t-shirt - the one with the hole",
        "- the bins",
        "a -- b",
        "how cold is it at -5 °C",
        "-5 degrees",
        "-.5",
        "-½ cup",
        "what's in grandma's 'blue' box",
        "rock 'n' roll \u2018n\u2019 more",
        'the 5" screen',
        'a 5" and a 6" pipe',
        'she said "hello and left',
        'and left"',
        '""',
        '" "',
        "„unclosed",
        "« seul",
        "5” pipes",
        "*",
        "**",
        "* milk",
        "5 * 3",
        "5*3",
        "a 4* hotel",
        "**important** things",
        "*important* things",
        "sh*t and f***",
        "-",
        "--",
        "--flag",
        "-*",
        '-""',
        '"..."',
        '"🙂"',
        "…",
        "Wi-Fi -(the old one)",
        "",
        "  spaces   stay \n",
        "key:value",
        "NEAR(a b) OR NOT c AND ^d",
        "\u2013tea and —tea",
        "10-year-old",
        'a"b"c',
    ],
)
def test_what_people_just_say(said: str) -> None:
    assert parse(said) == Query(said)


@pytest.mark.parametrize(
    ("written", "text", "required", "excluded"),
    [
        ('"green tea"', "green tea", [phrase("green tea")], []),
        ('where is "the spare key" now', "where is the spare key now", [phrase("the spare key")], []),
        ('"a b" "c d"', "a b c d", [phrase("a b"), phrase("c d")], []),
        ('("green tea"), please?', "( green tea ), please?", [phrase("green tea")], []),
        ("“green tea”", "green tea", [phrase("green tea")], []),
        ("„grüner Tee“ und „Kaffee”", "grüner Tee und Kaffee", [phrase("grüner Tee"), phrase("Kaffee")], []),
        ('„zielona herbata"', "zielona herbata", [phrase("zielona herbata")], []),
        ("”grönt te” nu", "grönt te nu", [phrase("grönt te")], []),
        ("« thé vert »", "thé vert", [phrase("thé vert")], []),
        ("»grüner Tee«", "grüner Tee", [phrase("grüner Tee")], []),
        ("»vihreä tee»", "vihreä tee", [phrase("vihreä tee")], []),
        ("我的「车 钥匙」在哪里", "我的 车 钥匙 在哪里", [phrase("车 钥匙")], []),
        ("我的“钥匙”在哪里", "我的 钥匙 在哪里", [phrase("钥匙")], []),
        ('내 "열쇠"가 어디', "내 열쇠 가 어디", [phrase("열쇠")], []),
        ("tea -green", "tea", [], [phrase("green")]),
        ("-green tea", "tea", [], [phrase("green")]),
        ('tea -"green tea" cup', "tea cup", [], [phrase("green tea")]),
        ("tea -„green tea“", "tea", [], [phrase("green tea")]),
        ("tea -green, please", "tea please", [], [phrase("green")]),
        ("clothes -t-shirt", "clothes", [], [phrase("t-shirt")]),
        ("tea -gre*", "tea", [], [prefix("gre")]),
        ("чай -зелёный", "чай", [], [phrase("зелёный")]),
        ("park*", "park", [prefix("park")], []),
        ("where did we park*?", "where did we park?", [prefix("park")], []),
        ("e-mail* -\"old one\" 'x'", "e-mail 'x'", [prefix("e-mail")], [phrase("old one")]),
        ("B2* column", "B2 column", [prefix("B2")], []),
        ("माँ* घर", "माँ घर", [prefix("माँ")], []),
        ('"-tea park*"', "tea park", [phrase("-tea park*")], []),
        ('"green tea"*', "green tea *", [phrase("green tea")], []),
        ('5" pipe -old', "5 pipe", [], [phrase("old")]),
    ],
)
def test_operators(written: str, text: str, required: list[Pattern], excluded: list[Pattern]) -> None:
    assert parse(written) == Query(text, tuple(required), tuple(excluded))


def test_the_same_is_wanted_once() -> None:
    assert parse('"green tea" "green tea" -cup -cup').required == (phrase("green tea"),)
    assert parse('"green tea" "green tea" -cup -cup').excluded == (phrase("cup"),)


@pytest.mark.parametrize("query", ["-tea", '-"green tea" -cup', " -tea* ", "-tea !", "-tea - *"])
def test_a_query_has_to_say_what_is_looked_for(query: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(query)
    assert caught.value.code == "query_only_exclusions"


@pytest.mark.parametrize(("query", "between"), [('"{}"', " "), ('tea -"{}"', " "), ("{}*", "* "), ("tea -{}", " -")])
def test_no_more_operators_than_can_be_looked_for(query: str, between: str) -> None:
    words = [f"w{number}" for number in range(MAX_OPERATOR_WORDS)]
    parse(query.format(between.join(words)))
    with pytest.raises(InvalidInputError) as caught:
        parse(query.format(between.join([*words, "more"])))
    assert (caught.value.code, caught.value.placeholders) == ("query_too_complex", {"max": str(MAX_OPERATOR_WORDS)})


@given(texts)
@example('"-5" „-tea')
@example('-"a"b -c')
def test_what_is_left_is_text(text: str) -> None:
    try:
        query = parse(text)
    except InvalidInputError:  # there are only exclusions
        return
    assert parse(query.text) == Query(query.text)
    if not query.required and not query.excluded:
        assert query.text == text


@given(st.text(st.characters(exclude_characters='"“”„«»「『\u2039\u203a*-\uff02')))
def test_text_without_operators_stays_as_it_is(text: str) -> None:
    assert parse(text) == Query(text)
