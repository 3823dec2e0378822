"""What people, templates, models and attackers may send in any field."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, Final, override

from homeassistant.helpers.template import RESULT_WRAPPERS
from hypothesis import strategies as st

type Values = st.SearchStrategy[Any]


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """What is sent to whom. Hypothesis cannot show everything that it makes up."""

    to: Any
    data: Any

    @override
    def __repr__(self) -> str:
        """Return as much as can be shown."""
        try:
            return f"Sent({self.to!r}, {self.data!r:.2000})"
        except (ValueError, RecursionError) as err:
            return f"Sent({self.to!r}, {type(self.data)}: {err})"


_SQL: Final = (
    "'", '"', "''", "`", "';DROP TABLE memory;--", "' OR 1=1 --", '" OR ""="',
    "x' UNION SELECT value FROM memory --",
    "?", ":owner_0", "%", "_", "\\", "/*", "--",
)  # fmt: skip
_FULL_TEXT: Final = (
    "NEAR(safe combination, 5)", "safe AND", "AND OR NOT", "NOT safe", "safe*", "*", "^safe", "key:safe",
    "- key : safe", "{key value}: safe", "(", ")", '"safe', "safe + combination", "rank", "memory_fts",
    "safe OR owner:ada",
)  # fmt: skip
_CHARACTERS: Final = (
    "", " ", "\t\n", "\0", "a\0b", "\ud800", "x\udfff", "\ud83d", "\u202eefas", "\u2066safe\u2069", "\ufeff",
    "\u200b", "\x1b[2J", "\u0130", "ß", "ﬁ", "e\u0301", "\u0345", "🏳️‍🌈", "🎉", "Địa chỉ", "我的钥匙", "مفتاح",
    "a" + "\u0301" * 300,
)  # fmt: skip
_CODE: Final = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ states('sun.sun') }}", "{% for x in y %}",
    "${x}", "%s%n", "{0}", "{key}", "../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "http://[",
    "http://a:b@c:99999/?q#f", "javascript:alert(1)", "semantic_memory/memory.db", "C:\\x", "~", ".", "..", "a/" * 500,
)  # fmt: skip
_NEARLY: Final = (
    "nan", "inf", "-inf", "1e999", "-0", "0x10", "1_000", "١٢", "½", "1,5", "5.0", "true", "FALSE", "yes", "null",
    "None", "undefined", "[]", "{}", "[[", '{"a":', '["a", 1]', "[" * 3000, "user", "household", "session", "everyone",
    "person.", "person.bea", "sun.sun", "2027-01-31", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-14:00",
    "2027-02-30", "12:00", "2027-01-31T25:00", "10000-01-01", "-1", "01M7XHCTBXMBTQ5E58Z9NS5QBJ",
    "WyJ1cGRhdGVkIiwgMS4wLCAxXQ==",
)  # fmt: skip
_LONG: Final = ("x" * 129, "word " * 4_000, "x" * 17_000, "é" * 16_384, ", ".join(map(str, range(40))), "\n" * 5_000)
_EAST: Final = timezone(timedelta(hours=14))
_ODD: Final = (
    None, True, False, 0, -1, 5, 10**30, 2**63, 0.1, -0.0, 1e308, float("nan"), float("inf"), 1 + 2j, b"\xff",
    ..., datetime.max.replace(tzinfo=_EAST), datetime.min.replace(tzinfo=_EAST),
    datetime(2027, 1, 31, tzinfo=UTC), date.min, date.max, time(1), timedelta.max,
)  # fmt: skip


def _deep(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def _wrapped(value: Any, rendered: str) -> Any:
    """Return what a template makes of text that looks like a list or the like."""
    kind = next(kind for kind in (dict, list, set, tuple) if isinstance(value, kind))
    return RESULT_WRAPPERS[kind](value, render_result=rendered)


FIXED_TEXTS: Final = (*_SQL, *_FULL_TEXT, *_CHARACTERS, *_CODE, *_NEARLY, *_LONG)
anything_written: Final = st.text(st.characters(), max_size=40)
"""Also halves of characters, controls, and what is not assigned."""
texts: Final[Values] = (
    st.sampled_from(FIXED_TEXTS)
    | anything_written
    | st.lists(st.sampled_from((*_SQL, *_FULL_TEXT, *_CHARACTERS, "safe", "combination")), max_size=6).map(" ".join)
)
_huge: Final[Values] = st.integers(4_300, 5_000).map(lambda digits: 10**digits)
"""Integers that Python refuses to write."""
scalars: Final[Values] = (
    texts | _huge | st.sampled_from(_ODD) | st.integers() | st.floats() | st.booleans() | st.datetimes() | st.dates()
)
_keys: Final[Values] = texts | st.none() | st.booleans() | st.integers() | st.tuples(st.integers())
nested: Final[Values] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_keys, inner, max_size=3)
        | st.sets(st.text(max_size=3) | st.integers(), max_size=3)
    ),
    max_leaves=8,
)
wrapped: Final[Values] = st.builds(
    _wrapped,
    st.lists(scalars, max_size=3)
    | st.lists(scalars, max_size=3).map(tuple)
    | st.dictionaries(_keys, scalars, max_size=3)
    | st.sets(st.integers(), max_size=3),
    texts,
)
anything: Final[Values] = (
    texts | scalars | nested | wrapped | st.just(_deep(3_000)) | st.just(["tag"] * 10_000) | st.just({"a": _deep(200)})
)
