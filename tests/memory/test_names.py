"""Which words of a query are names."""

from hypothesis import given, strategies as st
import pytest

from custom_components.semantic_memory.memory.names import names_in


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("What did Anna research?", ["anna"]),
        ("what did anna research?", []),
        ("Where do I keep the TV remote?", []),
        ("When is Anna's birthday?", ["anna"]),
        ("When is Zo\u00eb\u2019s birthday?", ["zo\u00eb"]),
        ("Anna asked. Where is it?", []),  # the first word of a sentence has its capital from there
        ("Has Anna Berg met Ben?", ["anna", "berg", "ben"]),
        ("Where Is The Spare Key?", []),  # everything has one
        ("WHERE IS ANNA?", []),
        ("Gdzie mieszka Zofia?", ["zofia"]),
        ("\u0413\u0434\u0435 \u0436\u0438\u0432\u0451\u0442 \u0410\u043d\u043d\u0430?", ["\u0430\u043d\u043d\u0430"]),
        ("\u6771\u4eac\u306f\u3069\u3053\uff1f", []),
        ("5 \u00b0C?", []),
        ("", []),
    ],
)
def test_names(query: str, names: list[str]) -> None:
    assert [term[0] for term in names_in(query)] == names


def test_languages_with_capital_nouns_tell_nothing() -> None:
    assert names_in("Wo ist der Staubsauger?", "de-AT") == []
    assert names_in("Wo ist der Staubsauger?", "en")
    assert names_in("Wo ist der Staubsauger?")


def test_whoever_asks_is_known() -> None:
    assert names_in("What is Anna's shoe size?", known=["Anna Berg"]) == []
    assert [term[0] for term in names_in("Has Anna met Ben?", known=["Anna Berg"])] == ["ben"]


@given(st.text())
def test_any_text(text: str) -> None:
    assert all(term and all(term) for term in names_in(text))
