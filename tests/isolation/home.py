"""A home: people, what each of them and all of them together have stored, and everybody who may ask for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
import json
import sqlite3
from typing import Any, Final, override

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_USER
from homeassistant.auth.models import User
from homeassistant.const import MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.json import json_dumps
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.semantic_memory.memory.engine import MemoryEngine
from custom_components.semantic_memory.memory.models import HOUSEHOLD, Caller, Memory, MemoryDraft, Scope
from custom_components.semantic_memory.memory.storage import memories
from custom_components.semantic_memory.memory.storage.changes import Change

ADA, BEA, CARL = "ada", "bea", "carl"
"""An administrator, and two users who are none."""
PEOPLE: Final = (ADA, BEA, CARL)
SECRETS: Final = {ADA: "quokka", BEA: "narwhal", CARL: "axolotl", HOUSEHOLD: "pangolin"}
"""A word that nobody ever sends: wherever it shows up, a memory of its owner has been shown."""
KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "safe": {"value": "The combination of the safe is {}", "tags": "vault"},
    "alarm": {"value": "The alarm is switched off with {}", "tags": "vault", "pinned": True},
    "passport": {"value": "The number of the passport is {}", "tags": "vault", "category": "user"},
    "gift": {"value": "The gift is hidden behind the {}", "tags": "vault"},
}
FORGOTTEN: Final = frozenset({"gift"})
USES: Final = ("use_count", "last_used_at")


@dataclass(frozen=True, slots=True)
class Stored:
    """Everything that the file holds of one memory."""

    owner: str
    fields: tuple[object, ...]
    uses: tuple[object, ...]
    history: tuple[tuple[object, ...], ...]


@dataclass(slots=True, repr=False)
class Home:
    """The people, and what is stored."""

    hass: HomeAssistant
    entry: MockConfigEntry
    users: dict[str, User]
    """By name: the people, and the user of an add-on."""
    satellites: dict[str, str]
    """Device ids by the name of whose satellite it is."""
    memories: dict[str, dict[str, Memory]] = field(default_factory=dict)
    """By owner and kind."""
    events: list[str] = field(default_factory=list)
    """Everything that was fired on the bus."""

    @override
    def __repr__(self) -> str:
        """Return little: what failed is of interest, not where."""
        return "Home()"

    @property
    def engine(self) -> MemoryEngine:
        """Return the engine of the entry, as it is loaded now."""
        engine: MemoryEngine = self.entry.runtime_data.engine
        return engine

    @property
    def all_memories(self) -> list[Memory]:
        """Return what was planted."""
        return [memory for kinds in self.memories.values() for memory in kinds.values()]

    def note_events(self) -> None:
        """Begin to note what is fired."""

        @callback
        def note(event: Event) -> None:
            self.events.append(json.dumps([event.event_type, event.data], default=repr, ensure_ascii=False))

        self.hass.bus.async_listen(MATCH_ALL, note)

    def caller(self, owner: str) -> Caller:
        """Return who stores what belongs to this owner."""
        return Caller() if owner == HOUSEHOLD else Caller(self.users[owner].id)

    async def async_plant(self, owners: Iterable[str] = SECRETS) -> None:
        """Store one memory of each kind for each of the owners, in place of everything that anybody has."""
        await self.async_empty()
        self.memories = {}
        await self.async_add(owners)

    async def async_add(self, owners: Iterable[str]) -> None:
        """Store one memory of each kind for each of the owners."""
        for owner in owners:
            scope = Scope.HOUSEHOLD if owner == HOUSEHOLD else Scope.USER
            caller = self.caller(owner)
            for kind, parts in KINDS.items():
                value = parts["value"].format(SECRETS[owner])
                draft = MemoryDraft(**{**parts, "value": value, "key": kind, "scope": scope})
                memory = (await self.engine.async_remember(caller, draft)).memory
                self.memories.setdefault(owner, {})[kind] = memory
                if kind in FORGOTTEN:
                    await self.engine.async_forget(caller, [memory.id])

    async def async_empty(self, owners: Iterable[str] = SECRETS) -> None:
        """Take out everything of these owners."""
        writes = self.engine._writes
        ids = [self.users[owner].id if owner in self.users else owner for owner in owners]

        def purge(change: Change) -> list[Memory]:
            found = memories.find(change.connection, *memories.owner_condition(ids))
            change.purge(found)
            return [memory for _, memory in found]

        gone = await writes.async_change(Caller(), purge)
        await writes.async_changed("purge", gone, gone)

    async def async_stored(self) -> dict[str, Stored]:
        """Read everything past all conditions, by memory id."""
        await self.engine._uses.async_flush()

        def read(connection: sqlite3.Connection) -> dict[str, Stored]:
            cursor = connection.execute("SELECT * FROM memory")
            names = [column[0] for column in cursor.description]
            found: dict[str, Stored] = {}
            for row in cursor.fetchall():
                fields = dict(zip(names, row, strict=True))
                lines = connection.execute("SELECT * FROM history WHERE memory_seq = ?", (fields["seq"],)).fetchall()
                uses = tuple(fields.pop(name) for name in USES)
                found[fields["id"]] = Stored(fields["owner"], tuple(fields.values()), uses, tuple(lines))
            return found

        return await self.engine._database.async_read(read)

    def changed(self, before: Mapping[str, Stored], after: Mapping[str, Stored], may_use: Iterable[str]) -> set[str]:
        """Return the owners of what has changed or been added; a use is no change for those in ``may_use``."""
        may = set(may_use)
        owners: set[str] = set()
        for id_, was in before.items():
            now = after.get(id_)
            named = self.name(was.owner)
            used = now is not None and now.uses != was.uses and named not in may
            if used or now is None or (now.fields, now.history) != (was.fields, was.history):
                owners.add(named)
        # What somebody stores themselves is no change of what others have.
        return owners | {self.name(after[id_].owner) for id_ in after.keys() - before.keys()} - may

    def name(self, owner: str) -> str:
        """Return the name of an owner."""
        return next((name for name, user in self.users.items() if user.id == owner), owner)

    def ids_in(self, text: str) -> set[str]:
        """Return the people whose user id is in a text."""
        return {name for name in PEOPLE if self.users[name].id in text}


def shown_in(text: str) -> set[str]:
    """Return the owners of whose memories something is in a text."""
    folded = text.casefold()
    return {owner for owner, secret in SECRETS.items() if secret in folded}


def as_text(answer: object) -> str:
    """Return all that is in an answer. Raises an error for what cannot be sent as JSON."""
    if isinstance(answer, BaseException):
        chain: BaseException | None = answer
        parts: list[str] = []
        while chain is not None:
            placeholders = getattr(chain, "translation_placeholders", None)
            parts += [str(chain), repr(chain), repr(placeholders)]
            chain = chain.__cause__ or chain.__context__
        return "\n".join(parts)
    json_dumps(answer)  # what Home Assistant sends it with
    return json.dumps(answer, ensure_ascii=False, allow_nan=False)


async def async_make_home(hass: HomeAssistant, entry: MockConfigEntry) -> Home:
    """Return a home where Bea has a satellite, the guest room's is a guest's, and the hall's is nobody's."""
    users = {
        ADA: await hass.auth.async_create_user("Ada", group_ids=[GROUP_ID_ADMIN]),
        BEA: await hass.auth.async_create_user("Bea", group_ids=[GROUP_ID_USER]),
        CARL: await hass.auth.async_create_user("Carl", group_ids=[GROUP_ID_USER]),
        "add-on": await hass.auth.async_create_system_user("Add-on", group_ids=[GROUP_ID_USER]),
    }
    assert [users[name].is_admin for name in PEOPLE] == [True, False, False]
    persons: list[dict[str, str]] = [{"id": name, "name": name, "user_id": users[name].id} for name in PEOPLE]
    persons.append({"id": "guest", "name": "guest"})
    assert await async_setup_component(hass, "person", {"person": persons})
    devices = dr.async_get(hass)
    satellites = {
        name: devices.async_get_or_create(config_entry_id=entry.entry_id, identifiers={("x", name)}, name=name).id
        for name in (BEA, "guest", "nobody")
    }
    rows = [{"device": satellites[name], "person": f"person.{name}"} for name in (BEA, "guest")]
    hass.config_entries.async_update_entry(entry, options={**entry.options, "people": {"satellites": rows}})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    return Home(hass, entry, users, satellites)
