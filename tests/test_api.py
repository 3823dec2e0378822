"""The Python API, as another custom integration calls it."""

from datetime import timedelta
from types import ModuleType
from typing import Any

from homeassistant.auth.const import GROUP_ID_USER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.typing import ConfigType
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockUser,
    mock_integration,
    mock_platform,
)

from custom_components.semantic_memory import api
from custom_components.semantic_memory.memory.engine import MemoryEngine

from .service_helpers import async_act

SOURCE = "dishwasher"


@pytest.fixture
async def anna(hass: HomeAssistant) -> str:
    """Return the id of a user."""
    return (await hass.auth.async_create_user("Anna", group_ids=[GROUP_ID_USER])).id


@pytest.fixture
async def ben(hass: HomeAssistant) -> str:
    """Return the id of another user."""
    return (await hass.auth.async_create_user("Ben", group_ids=[GROUP_ID_USER])).id


class Dishwasher(ModuleType):
    """A small integration that notes what its machine needs, and follows what others say of it."""

    def __init__(self) -> None:
        """Begin with nothing heard."""
        super().__init__("custom_components.dishwasher")
        self.heard: list[api.Change] = []

    async def async_setup(self, hass: HomeAssistant, config: ConfigType) -> bool:
        """Listen before Semantic Memory is there, and offer an action."""
        api.async_subscribe(hass, self.heard.append, user_id=None)

        async def note(_: object) -> None:
            await api.async_remember(
                hass, "The dishwasher needs salt", user_id=None, source=SOURCE, key="dishwasher_salt", category="device"
            )

        hass.services.async_register("dishwasher", "note", note)
        return True


async def test_an_integration_of_somebody_else(hass: HomeAssistant, set_up: Any) -> None:
    dishwasher = Dishwasher()
    mock_integration(
        hass,
        MockModule(
            "dishwasher",
            async_setup=dishwasher.async_setup,
            partial_manifest={"after_dependencies": ["semantic_memory"]},
        ),
        built_in=False,
    )
    mock_platform(hass, "dishwasher.config_flow")
    assert await async_setup_component(hass, "dishwasher", {})

    with pytest.raises(api.NotLoadedError):
        await hass.services.async_call("dishwasher", "note", blocking=True)
    entry: MockConfigEntry = await set_up()
    await hass.services.async_call("dishwasher", "note", blocking=True)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await async_act(hass, "forget", key="dishwasher_salt")
    await hass.async_block_till_done()

    assert [(change.kind, change.surface, change.actor) for change in dishwasher.heard] == [
        (api.Kind.ADDED, "api", "dishwasher"),
        (api.Kind.FORGOTTEN, "action", "automation"),
    ]
    (memory,) = dishwasher.heard[0].memories
    assert (memory.key, memory.value, memory.user_id) == ("dishwasher_salt", "The dishwasher needs salt", None)
    assert (memory.source.surface, memory.source.agent_id) == ("api", "dishwasher")
    assert dishwasher.heard[1].memories[0].forgotten_at is not None


async def test_remember_and_recall(hass: HomeAssistant, engine: MemoryEngine, anna: str) -> None:
    stored = await api.async_remember(
        hass,
        "My shoe size is 42",
        user_id=anna,
        source=SOURCE,
        key="shoe size",
        category=api.Category.USER,
        tags=["clothes"],
        confidence=0.9,
        pinned=True,
    )
    again = await api.async_remember(hass, "My shoe size is 43", user_id=anna, source=SOURCE, key="shoe size")
    found = await api.async_recall(
        hass, "how large are my shoes?", user_id=anna, source=SOURCE, limit=1, tags=["clothes"]
    )

    assert (stored.outcome, again.outcome) == (api.Outcome.ADDED, api.Outcome.UPDATED)
    assert (stored.memory.key, stored.memory.scope, stored.memory.user_id) == ("shoe_size", api.Scope.USER, anna)
    assert (stored.memory.category, stored.memory.tags) == (api.Category.USER, ("clothes",))
    assert (stored.memory.confidence, stored.memory.pinned, stored.memory.expires_at) == (0.9, True, None)
    assert abs(stored.memory.created_at - dt_util.utcnow()) < timedelta(minutes=1)
    assert [hit.memory.value for hit in found] == ["My shoe size is 43"]
    assert 0 < found[0].score <= 1


async def test_similar_memories_are_answered(hass: HomeAssistant, engine: MemoryEngine) -> None:
    await api.async_remember(hass, "The car is in column B2", user_id=None, source=SOURCE)
    stored = await api.async_remember(hass, "The car is in column C3", user_id=None, source=SOURCE)

    assert [hit.memory.value for hit in stored.similar] == ["The car is in column B2"]
    assert stored.memory.scope is api.Scope.HOUSEHOLD


async def test_people_are_kept_apart(hass: HomeAssistant, engine: MemoryEngine, anna: str, ben: str) -> None:
    await api.async_remember(hass, "Anna's secret", user_id=anna, source=SOURCE, key="secret")
    await api.async_remember(hass, "Bins on Tuesday", user_id=anna, source=SOURCE, key="bins", scope="household")

    for other in (ben, None):
        assert await api.async_get(hass, "secret", user_id=other) is None
        assert await api.async_recall(hass, "secret", user_id=other, source=SOURCE, threshold=0.5) == []
        page = await api.async_list(hass, user_id=other)
        assert ([memory.key for memory in page.memories], page.total) == (["bins"], 1)
        with pytest.raises(ServiceValidationError, match="no memory with the key or ID `secret`"):
            await api.async_forget(hass, "secret", user_id=other, source=SOURCE)
    mine = await api.async_get(hass, "secret", user_id=anna)
    assert mine is not None
    assert mine.user_id == anna


async def test_change_forget_restore(hass: HomeAssistant, engine: MemoryEngine) -> None:
    stored = await api.async_remember(hass, "Column B2", user_id=None, source=SOURCE, key="car")
    changed = await api.async_update(
        hass, "car", user_id=None, source=SOURCE, value="Column C3", key="slot", expires=timedelta(days=2)
    )
    gone = await api.async_forget(hass, ["slot"], user_id=None, source=SOURCE)
    forgotten = await api.async_list(hass, user_id=None, forgotten=True)
    back = await api.async_restore(hass, stored.memory.id, user_id=None, source=SOURCE)
    await api.async_forget(hass, "slot", user_id=None, source=SOURCE, purge=True)

    assert (changed.id, changed.key, changed.value) == (stored.memory.id, "slot", "Column C3")
    assert changed.expires_at is not None
    assert abs(changed.expires_at - dt_util.utcnow() - timedelta(days=2)) < timedelta(minutes=1)
    assert [memory.id for memory in gone] == [memory.id for memory in forgotten.memories] == [stored.memory.id]
    assert back.forgotten_at is None
    assert (await api.async_list(hass, user_id=None, forgotten=True)).total == 0


@pytest.mark.parametrize(
    ("expires", "days"),
    [(None, 180), ("never", None), (timedelta(hours=12), 0.5), (dt_util.utcnow() + timedelta(days=9), 9)],
)
async def test_expiry(
    hass: HomeAssistant, engine: MemoryEngine, expires: api.Expiry | None, days: float | None
) -> None:
    stored = await api.async_remember(hass, "Column B2", user_id=None, source=SOURCE, expires=expires)

    if days is None:
        assert stored.memory.expires_at is None
    else:
        assert stored.memory.expires_at is not None
        left = (stored.memory.expires_at - dt_util.utcnow()) / timedelta(days=1)
        assert left == pytest.approx(days, abs=0.02)


async def test_list(hass: HomeAssistant, engine: MemoryEngine) -> None:
    for number in range(3):
        await api.async_remember(
            hass, f"Lamp {number}", user_id=None, source=SOURCE, key=f"l{number}", expires=timedelta(days=number + 1)
        )
    first = await api.async_list(hass, user_id=None, sort=api.SortKey.KEY, descending=False, limit=2, text="lamp")
    rest = await api.async_list(
        hass, user_id=None, sort=api.SortKey.KEY, descending=False, limit=2, text="lamp", cursor=first.cursor
    )
    soon = await api.async_list(hass, user_id=None, expires_before=dt_util.now() + timedelta(days=1.5))

    assert [memory.key for memory in (*first.memories, *rest.memories)] == ["l0", "l1", "l2"]
    assert (first.total, rest.cursor) == (3, None)
    assert [memory.key for memory in soon.memories] == ["l0"]


async def test_subscribers_hear_of_what_they_may_see(
    hass: HomeAssistant, engine: MemoryEngine, anna: str, ben: str
) -> None:
    heard: dict[str | None, list[api.Change]] = {anna: [], ben: [], None: []}
    ends = [api.async_subscribe(hass, changes.append, user_id=user_id) for user_id, changes in heard.items()]
    bins = (await api.async_remember(hass, "Bins on Tuesday", user_id=None, source=SOURCE, key="bins")).memory
    await api.async_remember(hass, "Secret", user_id=anna, source=SOURCE, key="secret")
    await api.async_update(hass, "bins", user_id=anna, source=SOURCE, scope="user")
    for end in ends:
        end()
    await api.async_remember(hass, "Nobody hears", user_id=None, source=SOURCE)

    assert [change.kind for change in heard[anna]] == [api.Kind.ADDED, api.Kind.ADDED, api.Kind.CHANGED]
    for other in (ben, None):
        assert [(change.kind, change.removed) for change in heard[other]] == [
            (api.Kind.ADDED, ()),
            (api.Kind.CHANGED, (bins.id,)),
        ]
        assert heard[other][1].memories == ()


async def test_a_listener_that_fails_harms_nobody(
    hass: HomeAssistant, engine: MemoryEngine, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: api.Change) -> None:
        raise ValueError("of the other integration")

    api.async_subscribe(hass, fail, user_id=None)
    await api.async_remember(hass, "Bins on Tuesday", user_id=None, source=SOURCE, key="bins")

    assert "of the other integration" in caplog.text
    assert await api.async_get(hass, "bins", user_id=None) is not None


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"user_id": "f" * 32}, "user_not_found"),
        ({"source": "No Domain"}, "invalid_source"),
        ({"value": " "}, "value_empty"),
        ({"category": "colour"}, "invalid_category"),
        ({"scope": "user"}, "scope_needs_person"),
        ({"expires": timedelta(0)}, "invalid_expiry"),
        ({"expires": dt_util.utcnow() - timedelta(days=1)}, "invalid_expiry"),
        ({"confidence": 2.0}, "invalid_confidence"),
    ],
)
async def test_what_is_refused(hass: HomeAssistant, engine: MemoryEngine, parts: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceValidationError) as raised:
        await api.async_remember(hass, **{"value": "x", "user_id": None, "source": SOURCE, **parts})

    assert raised.value.translation_key == code
    assert engine.status.memories == 0


async def test_users_of_the_system_have_no_memories(hass: HomeAssistant, engine: MemoryEngine) -> None:
    user: MockUser | Any = await hass.auth.async_create_system_user("Supervisor")

    with pytest.raises(ServiceValidationError, match="no user with the ID"):
        await api.async_list(hass, user_id=user.id)


async def test_not_loaded(hass: HomeAssistant, setup_integration: MockConfigEntry) -> None:
    assert await hass.config_entries.async_unload(setup_integration.entry_id)

    for call in (
        api.async_remember(hass, "x", user_id=None, source=SOURCE),
        api.async_recall(hass, "x", user_id=None, source=SOURCE),
        api.async_get(hass, "x", user_id=None),
        api.async_list(hass, user_id=None),
        api.async_update(hass, "x", user_id=None, source=SOURCE, value="y"),
        api.async_forget(hass, "x", user_id=None, source=SOURCE),
        api.async_restore(hass, "x", user_id=None, source=SOURCE),
    ):
        with pytest.raises(HomeAssistantError, match="not running") as raised:
            await call
        assert isinstance(raised.value, api.NotLoadedError)


def test_everything_public_is_there() -> None:
    assert sorted(api.__all__) == list(api.__all__)
    for name in api.__all__:
        assert getattr(api, name).__doc__ or name == "Expiry"
