"""The demo: from an empty folder to an assistant that remembers, every step checked."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
import platform
import time
from typing import Any

from .client import Api
from .conversation import async_converse
from .instance import HomeAssistantInstance
from .offline import async_switch_off_and_on
from .ollama_server import OllamaChoice
from .people import Resident, async_add_person, async_onboard
from .screen import Screen
from .setting_up import async_set_up_memory
from .story import JONAS, JONAS_ASKS, JONAS_TELLS, MAYA, MAYA_ASKS, MAYA_TELLS, MAYAS_SECRETS, Question, Telling
from .verdict import require


class Demo:
    """One run. Whoever makes it ends it with :meth:`close`, however it went."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        """Take an empty folder for Home Assistant; the stand-in's log goes there too."""
        folder.mkdir(parents=True, exist_ok=True)
        self.screen = screen
        self.instance = HomeAssistantInstance(folder)
        self.ollama = OllamaChoice(folder / "ollama.log")
        self.residents: list[Resident] = []

    async def run(self) -> None:
        """Go through all of it. Raises DemoError with the step that did not work."""
        maya, jonas = await self._async_move_in()
        await async_set_up_memory(self.screen, maya.api, self.ollama)
        await self._async_tell(maya, MAYA_TELLS)
        await self._async_tell(jonas, JONAS_TELLS)
        await self._async_ask(maya, MAYA_ASKS)
        await self._async_keep_apart(maya, jonas)
        await async_converse(self.screen, maya.api, self.ollama)
        await async_switch_off_and_on(self.screen, maya.api, self.ollama)
        await self._async_sum_up(maya.api)

    async def close(self) -> None:
        """Stop everything that was started."""
        for resident in self.residents:
            await resident.api.close()
        self.instance.stop()
        self.ollama.close()

    async def _async_move_in(self) -> tuple[Resident, Resident]:
        """Start Home Assistant and create the people who live there."""
        screen = self.screen
        screen.heading("A real Home Assistant")
        screen.done(f"Environment ready: Python {platform.python_version()}, Home Assistant {version('homeassistant')}")
        with screen.step("starting Home Assistant", f"Home Assistant is up at {self.instance.url}"):
            self.instance.launch()
            await self.instance.async_wait()
        with screen.step("onboarding", "Onboarded: Maya, the owner, and Jonas, a user without administrator's rights"):
            maya = await async_onboard(self.instance.url, MAYA)
            self.residents.append(maya)
            jonas = await async_add_person(maya.api, JONAS)
            self.residents.append(jonas)
        running = (await maya.api.get("/api/config"))["version"]
        require(running == version("homeassistant"), f"Home Assistant says it is {running}")
        return maya, jonas

    async def _async_tell(self, resident: Resident, tellings: Sequence[Telling]) -> None:
        """Store memories with the action memory_set."""
        self.screen.heading(f"{resident.person.name} tells {len(tellings)} things (action memory_set)")
        rows = []
        async with resident.api.connect() as connection:
            for telling in tellings:
                started = time.monotonic()
                answer = await connection.act("memory_set", value=telling.value, **telling.details)
                milliseconds = (time.monotonic() - started) * 1000
                require(answer["status"] == "ok" and answer["result"] == "added", f"memory_set answered {answer}")
                found = await connection.act("memory_get", key=answer["key"])
                require(found.get("value") == telling.value, f"memory_get {answer['key']} answered {found}")
                rows.append((answer["key"], telling.value, answer["scope"], f"{milliseconds:.0f} ms"))
        self.screen.table(("key", "value", "scope", "time"), rows)
        self.screen.done(f"{len(rows)} memories stored, and each found again by its key")

    async def _async_ask(self, resident: Resident, questions: Sequence[Question]) -> None:
        """Find memories with other words than they were told in (action memory_search)."""
        self.screen.heading(f"{resident.person.name} asks, in other words (action memory_search)")
        rows = []
        wrong = []
        async with resident.api.connect() as connection:
            for question in questions:
                started = time.monotonic()
                answer = await connection.act("memory_search", query=question.text, limit=3)
                milliseconds = (time.monotonic() - started) * 1000
                best = _best(answer)
                rows.append(
                    (question.text, best["value"], f"{best['score']:.2f}", best["match"], f"{milliseconds:.0f} ms")
                )
                if best["key"] != question.key:
                    wrong.append(question.text)
        self.screen.table(("question", "best memory", "score", "by", "time"), rows)
        require(not wrong, f"other memories came first for: {'; '.join(wrong)}")
        self.screen.done(f"{len(rows)} of {len(rows)} questions found the right memory first")

    async def _async_keep_apart(self, maya: Resident, jonas: Resident) -> None:
        """Show that one person's memories are not there for another."""
        await self._async_ask(jonas, JONAS_ASKS)
        self.screen.heading("What is Maya's stays Maya's")
        seen = await _everything(jonas.api)
        owners = {memory["owner"] for memory in seen}
        require(maya.user_id not in owners, "Jonas can list memories of Maya")
        for query in MAYAS_SECRETS:
            found = (await jonas.api.act("memory_search", query=query, threshold=0.0, limit=20))["results"]
            require(all(hit["owner"] != maya.user_id for hit in found), f"Jonas finds a memory of Maya with {query!r}")
        for memory in await _everything(maya.api):
            if memory["owner"] == maya.user_id:
                for reference in (memory["key"], memory["id"]):
                    answer = await jonas.api.act("memory_get", key=reference)
                    require(answer["status"] == "error", f"Jonas gets {reference} of Maya")
        own = sum(memory["owner"] == jonas.user_id for memory in seen)
        self.screen.done(f"Jonas sees {own} of his own and {len(seen) - own} of the household: none of Maya's")

    async def _async_sum_up(self, api: Api) -> None:
        """Show the figures that the integration keeps, and look at the log."""
        self.screen.heading("How it stands")
        stats = await api.act("memory_stats")
        self.screen.say(
            f"{stats['total']} memories for Maya and the household, {stats['pending']} waiting for their vector, "
            f"{stats['database_bytes'] / 1000:.0f} kB on disk, index: {stats['index']}"
        )
        ours = [
            text
            for level, logger, text in self.instance.log_records()
            if level in ("ERROR", "CRITICAL") and "semantic_memory" in f"{logger}{text}"
        ]
        require(not ours, f"the log has errors of ours:\n{ours[0] if ours else ''}")
        self.screen.done("No error of ours in Home Assistant's log")


def _best(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the first result, or one that says that there is none."""
    nothing = {"key": None, "value": "(nothing)", "score": 0.0, "match": "-"}
    results: list[dict[str, Any]] = answer["results"]
    return results[0] if results else nothing


async def _everything(api: Api) -> list[dict[str, Any]]:
    """Return every memory that a user may see."""
    memories: list[dict[str, Any]] = (await api.act("memory_list", limit=500))["memories"]
    return memories
