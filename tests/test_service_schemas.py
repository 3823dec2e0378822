"""The validators of the actions' fields, with everything that templates and models send."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.template import Template
import pytest

from custom_components.semantic_memory import service_schemas as schemas
from custom_components.semantic_memory.memory.models import SortKey


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("B2E9", "B2E9"),
        ("  B2E9 ", "  B2E9 "),
        ("", None),
        (" \n", None),
        (None, None),
        (5, "5"),
        (1.5, "1.5"),
        (False, "false"),
        (["bus", 5], '["bus", 5]'),
        ({"straße": 1}, '{"straße": 1}'),
        (datetime(2027, 1, 31, tzinfo=UTC), "2027-01-31 00:00:00+00:00"),
    ],
)
def test_text(value: object, expected: str | None) -> None:
    assert schemas.text(value) == expected


@pytest.mark.parametrize("written", ["[1, 2,   3]", "{'a': 1}", "(1, 2)"])
def test_text_that_a_template_turned_into_something_else(hass: HomeAssistant, written: str) -> None:
    rendered = Template("{{ text }}", hass).async_render({"text": written})

    assert not isinstance(rendered, str)
    assert schemas.text(rendered) == written


@pytest.mark.parametrize("value", [[{(1, 2): 3}], 10**5000, [10**5000]], ids=["odd keys", "digits", "list"])
def test_not_a_text(value: object) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        schemas.text(value)

    assert raised.value.translation_key == "invalid_text"


def test_text_can_be_written_as_utf_8() -> None:
    assert schemas.text("half an emoji: \ud83d") == "half an emoji: ?"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("car", ["car"]), ("", []), (None, []), (["car", "", "bike", 7], ["car", "bike", "7"]), (("car",), ["car"])],
)
def test_texts(value: object, expected: list[str]) -> None:
    assert schemas.texts(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("car, b2", "car, b2"),
        ("", None),
        (None, None),
        ([], []),
        (["car", ""], ["car"]),
        (5, "5"),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_tags(value: object, expected: object) -> None:
    assert schemas.tags(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.5", 0.5), (1, 1.0), (" 7 ", 7.0), ("", None), ("None", None), ("null", None), (None, None)],
)
def test_number(value: object, expected: float | None) -> None:
    assert schemas.number("invalid_confidence")(value) == expected


@pytest.mark.parametrize("value", ["many", "nan", "inf", True, [5], "5 days"])
def test_not_a_number(value: object) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        schemas.whole_number("invalid_limit", max=50)(value)

    assert raised.value.translation_key == "invalid_limit"
    assert raised.value.translation_placeholders == {"max": "50"}


@pytest.mark.parametrize(("value", "expected"), [(5, 5), ("5.0", 5), (5.0, 5), ("", None), (None, None)])
def test_whole_number(value: object, expected: int | None) -> None:
    assert schemas.whole_number("invalid_limit")(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), ("true", True), ("Yes", True), (1, True), (0, False), ("off", False), ("", None), ("none", None)],
)
def test_flag(value: object, expected: bool | None) -> None:
    assert schemas.flag("pinned")(value) is expected


def test_neither_yes_nor_no() -> None:
    with pytest.raises(ServiceValidationError) as raised:
        schemas.flag("pinned")("Perhaps")

    assert raised.value.translation_placeholders == {"field": "pinned", "value": "perhaps"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2027-01-31T20:00:00+02:00", datetime(2027, 1, 31, 18, tzinfo=UTC)),
        ("2027-01-31T20:00:00Z", datetime(2027, 1, 31, 20, tzinfo=UTC)),
        ("2027-01-31 20:00:00", datetime(2027, 2, 1, 4, tzinfo=UTC)),
        (" 2027-01-31 ", datetime(2027, 1, 31, 8, tzinfo=UTC)),
        ("2027-1-31", datetime(2027, 1, 31, 8, tzinfo=UTC)),
        (datetime(2027, 1, 31, 20, tzinfo=UTC), datetime(2027, 1, 31, 20, tzinfo=UTC)),
        ("", None),
        ("None", None),
        (None, None),
    ],
)
async def test_moment(hass: HomeAssistant, value: object, expected: datetime | None) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")

    assert schemas.moment(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "2027-02-31",
        "2027-02-31T00:00:00",
        "0000-01-01",
        5,
        "0001-01-01T00:00:00+23:59",
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_not_a_date(value: object) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        schemas.moment(value)

    assert raised.value.translation_key == "invalid_date"


@pytest.mark.parametrize(("value", "expected"), [("Created", SortKey.CREATED), (SortKey.KEY, SortKey.KEY), ("", None)])
def test_choice(value: object, expected: SortKey | None) -> None:
    assert schemas.choice(SortKey, "invalid_sort")(value) is expected


def test_not_a_choice() -> None:
    with pytest.raises(ServiceValidationError) as raised:
        schemas.choice(schemas.Order, "invalid_order")("upwards")

    assert raised.value.translation_placeholders == {"value": "upwards", "allowed": "desc, asc"}


@pytest.mark.parametrize(
    ("schema", "legacy"),
    [
        (schemas.SET_SCHEMA, {"tags_search": "tea", "user_id": "default"}),
        (schemas.FORGET_SCHEMA, {"user_id": "default"}),
    ],
)
def test_fields_that_are_ignored(schema: Any, legacy: dict[str, str]) -> None:
    assert schema(legacy) == {}


def test_a_person_is_named_without_the_blanks_around_it() -> None:
    assert schemas.STATS_SCHEMA({"person": " Person.Resident\n"}) == {"person": "person.resident"}
