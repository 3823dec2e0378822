"""Any memory that the engine could hold, for hypothesis."""

from typing import Final

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.strategies import SearchStrategy

from custom_components.semantic_memory.memory.errors import InvalidInputError
from custom_components.semantic_memory.memory.models import (
    HOUSEHOLD,
    MAX_KEY_LENGTH,
    MAX_TAGS,
    Category,
    ChangeKind,
    HistoryEntry,
    Memory,
    Scope,
    Source,
)
from custom_components.semantic_memory.memory.text import normalise_key, parse_tags, storable

patient: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For tests on machines that are busy with something else, too."""

# Signs that have a meaning in one of the formats turn up more often than they would.
_SIGNS: Final = st.text(st.sampled_from("=+-@\t\r\n\"',;|*_#<>&`[]()!\\~:/.0aé\u2028\u0085\u202e\U0001f600 "))
TEXTS: Final = st.one_of(_SIGNS, st.text()).map(storable)


def _is_key(text: str) -> bool:
    try:
        normalise_key(text)
    except InvalidInputError:
        return False
    return True


def _tags(tags: list[str]) -> tuple[str, ...]:
    return parse_tags([tag[:20] for tag in tags])[:MAX_TAGS]


KEYS: Final = st.text(min_size=1, max_size=MAX_KEY_LENGTH // 4).filter(_is_key).map(normalise_key)
VALUES: Final = TEXTS.map(str.strip).filter(bool)
TAGS: Final = st.lists(st.one_of(_SIGNS, st.text()), max_size=6).map(_tags)
TIMES: Final = st.floats(0, 4_102_444_800)
PERSONS: Final = st.sampled_from(["a" * 32, "b" * 32])
_IDS: Final = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=25, max_size=25).map(lambda rest: f"0{rest}")
_SOURCES: Final = st.builds(
    Source,
    surface=TEXTS,
    conversation_id=st.none() | TEXTS,
    agent_id=st.none() | TEXTS,
    device_id=st.none() | TEXTS,
    area_id=st.none() | TEXTS,
)
_OWNERS: Final = st.one_of(
    st.tuples(PERSONS, st.sampled_from([Scope.USER, Scope.SESSION])),
    st.tuples(st.just(HOUSEHOLD), st.sampled_from([Scope.HOUSEHOLD, Scope.SESSION])),
)


def memories(
    *, values: SearchStrategy[str] = VALUES, deleted: SearchStrategy[float | None] | None = None
) -> SearchStrategy[Memory]:
    """Return memories, live or forgotten, of two people and the household."""
    return _OWNERS.flatmap(
        lambda owner: st.builds(
            Memory,
            id=_IDS,
            key=KEYS,
            value=values,
            owner=st.just(owner[0]),
            scope=st.just(owner[1]),
            category=st.sampled_from(Category),
            tags=TAGS,
            confidence=st.floats(0, 1),
            pinned=st.booleans(),
            source=_SOURCES,
            created_at=TIMES,
            updated_at=TIMES,
            last_used_at=st.none() | TIMES,
            use_count=st.integers(0, 10**9),
            expires_at=st.none() | TIMES,
            deleted_at=st.none() | TIMES if deleted is None else deleted,
        )
    )


MEMORIES: Final = memories()
_STATES: Final = st.fixed_dictionaries(
    {
        "key": KEYS,
        "value": VALUES,
        "owner": PERSONS | st.just(HOUSEHOLD),
        "scope": st.sampled_from([str(scope) for scope in Scope]),
        "category": st.sampled_from([str(category) for category in Category]),
        "tags": TAGS.map(list),
        "confidence": st.floats(0, 1),
        "pinned": st.booleans(),
        "expires_at": st.none() | TIMES,
    }
)
HISTORIES: Final = st.lists(
    st.builds(
        HistoryEntry,
        at=TIMES,
        kind=st.sampled_from(ChangeKind),
        actor=st.none() | PERSONS,
        surface=TEXTS,
        before=st.none() | _STATES,
        after=st.none() | _STATES,
    ),
    max_size=3,
).map(tuple)
