"""What models send, and what is made of it."""

import pytest
import voluptuous as vol

from custom_components.semantic_memory import llm_arguments as arguments
from custom_components.semantic_memory.llm_arguments import Argument, tidied


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("  Lives in Portland, OR ", "Lives in Portland, OR"),
        (["Lives in Portland, OR"], "Lives in Portland, OR"),
        (42, "42"),
        (0, "0"),
        (True, "true"),
        ({"city": "Đà Nẵng"}, '{"city": "Đà Nẵng"}'),
        (["a", "b"], '["a", "b"]'),
        (None, None),
        ("", None),
        ("   ", None),
        ("null", None),
        ("None", None),
        ([], None),
        ({}, None),
        ([[]], None),
        ([None], None),
    ],
)
def test_text(sent: object, understood: str | None) -> None:
    assert arguments.text(sent) == understood


@pytest.mark.parametrize("sent", [{(1, 2): 3}, 10**5000, ["a", 10**5000]], ids=["odd keys", "digits", "list"])
def test_what_cannot_be_written(sent: object) -> None:
    with pytest.raises(vol.Invalid, match="plain text"):
        arguments.text(sent)


def test_limit_of_hundreds_of_digits() -> None:
    assert arguments.limit(10**400) is None


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("coffee, morning", "coffee, morning"),
        (["coffee", " morning ", "", None, 7], "coffee, morning, 7"),
        (("coffee",), "coffee"),
        ([], None),
        ("", None),
        (None, None),
    ],
)
def test_tags(sent: object, understood: str | None) -> None:
    assert arguments.tags(sent) == understood


@pytest.mark.parametrize(
    ("sent", "understood"),
    [("preference", "preference"), ("HOME", "home"), ("food", "general"), (3, "general"), ("", None), (None, None)],
)
def test_category(sent: object, understood: str | None) -> None:
    assert arguments.category(sent) == understood


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("user", "user"),
        ("Household", "household"),
        ("family", "household"),
        ("me", "user"),
        ("you", "user"),
        ("galaxy", "user"),
        ("", None),
        (None, None),
    ],
)
def test_scope(sent: object, understood: str | None) -> None:
    """An unknown scope never widens who may read a memory."""
    assert arguments.scope(sent) == understood


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        (5, 5),
        ("3", 3),
        (2.9, 2),
        (0, 1),
        (-4, 1),
        (10_000, 20),
        ("7 results", 7),
        ("many", None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("", None),
        (None, None),
    ],
)
def test_limit(sent: object, understood: int | None) -> None:
    assert arguments.limit(sent) == understood


@pytest.mark.parametrize(
    ("sent", "understood"),
    [(7, 7.0), ("7", 7.0), ("1,5", 1.5), ("14 days", 14.0), (0, 0.0), ("never", 0.0), ("", None), (None, None)],
)
def test_days(sent: object, understood: float | None) -> None:
    assert arguments.days(sent) == understood


@pytest.mark.parametrize("sent", ["next week", -1, "-3", True, float("inf"), 10**400], ids=lambda sent: str(sent)[:9])
def test_days_that_are_none(sent: object) -> None:
    with pytest.raises(vol.Invalid, match="number of days"):
        arguments.days(sent)


def test_tidied_finds_other_names_and_drops_the_rest() -> None:
    wanted = {
        "value": Argument(arguments.text, ("text", "fact")),
        "key": Argument(arguments.text),
        "limit": Argument(arguments.limit),
    }
    sent = {" Value ": "", "FACT": "Likes tea", "key": None, "limit": "4", "mood": "sunny"}
    assert tidied(sent, wanted) == {"value": "Likes tea", "limit": 4}


@pytest.mark.parametrize("sent", [None, [], "value", 3])
def test_tidied_of_something_else(sent: object) -> None:
    assert tidied(sent, {"value": Argument(arguments.text)}) == {}
