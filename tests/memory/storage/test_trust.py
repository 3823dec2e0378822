"""Words in memory say which candidates are live; what they know too early is not answered."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

import pytest

from custom_components.semantic_memory.memory.answers import Hit
from custom_components.semantic_memory.memory.models import MemoryFilter
from custom_components.semantic_memory.memory.policy import visible_owners
from custom_components.semantic_memory.memory.query import Query
from custom_components.semantic_memory.memory.storage import search
from custom_components.semantic_memory.memory.storage.filters import Conditions
from custom_components.semantic_memory.memory.storage.ram import RamTier
from custom_components.semantic_memory.memory.storage.scan import NoIndex
from custom_components.semantic_memory.memory.storage.search import Search
from custom_components.semantic_memory.memory.storage.word_tier import WordTier

from .stores import ANN, DAY, Store, connect, fill_wanted


class Home:
    """A store with its words in memory, and a reader beside the writer."""

    def __init__(self, path: Path) -> None:
        """Open both."""
        self.writer, self.reader = connect(path, extension=False), connect(path, extension=False)
        self.tier = RamTier()
        self.words = WordTier(self.tier)
        self.words.watch(self.writer)
        self.store = Store(self.writer)

    def settle(self) -> None:
        """Have memory follow what was written."""
        self.words.stage(self.writer, committed=True)
        self.tier.settle(True)

    def recall(self, query: str, **options: Any) -> tuple[Hit, ...]:
        """Search as Ann does."""
        wanted: dict[str, Any] = {"where": MemoryFilter(), "limit": 2, "now": self.store.now, **options}
        return search.run(
            self.reader,
            Search(
                query=Query(query),
                owners=visible_owners(ANN, wanted["where"].owner),
                vectors={},
                threshold=0.0,
                strict=True,
                keyword_weight=0.4,
                **wanted,
            ),
            NoIndex(),
            self.words,
        )

    def keys(self, query: str, **options: Any) -> list[str]:
        """Return what Ann finds."""
        return [hit.memory.key for hit in self.recall(query, **options)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Return a home in which Ann has asked before."""
    home = Home(tmp_path / "memory.db")
    with closing(home.writer), closing(home.reader):
        home.store.remember("Ann drinks green tea", key="tea")
        home.store.remember("The green door", key="door")
        home.store.remember("A lamp", key="lamp")
        home.recall("tea")
        fill_wanted(home.tier, home.reader)
        yield home


@pytest.fixture
def allowed() -> Iterator[Mock]:
    """Return what looks candidates up in the file, which it does."""
    with patch.object(Conditions, "allowed", autospec=True, side_effect=Conditions.allowed) as spy:
        yield spy


def test_only_hits_are_looked_up(home: Home, allowed: Mock) -> None:
    assert home.keys("green tea") == ["tea", "door"]
    allowed.assert_not_called()


@pytest.mark.parametrize("where", [MemoryFilter(tags=("x",)), MemoryFilter(category="general")])
def test_memory_knows_nothing_of_filters(home: Home, allowed: Mock, where: MemoryFilter) -> None:
    home.recall("green tea", where=where)
    allowed.assert_called_once()


def test_what_was_stored_after_the_snapshot_takes_nobodys_place(home: Home, allowed: Mock) -> None:
    home.reader.execute("BEGIN")
    home.reader.execute("SELECT count(*) FROM memory").fetchone()
    home.store.remember("Green tea", key="new")
    home.settle()
    assert home.keys("green tea") == ["tea", "door"]
    allowed.assert_called_once()
    home.reader.execute("COMMIT")
    assert home.keys("green tea") == ["new", "tea"]
    allowed.assert_called_once()


def test_what_has_gone_is_not_found(home: Home) -> None:
    home.store.forget("tea")
    home.settle()
    assert home.keys("green tea") == ["door"]
    home.writer.execute("UPDATE memory SET expires_at = ? WHERE key = 'door'", (home.store.now + DAY,))
    home.settle()
    assert home.keys("green tea") == ["door"]
    assert home.keys("green tea", now=home.store.now + 2 * DAY) == []


def test_what_another_program_has_deleted_is_not_found(home: Home) -> None:
    home.writer.execute("DELETE FROM memory WHERE key = 'tea'")  # nobody tells what is in memory
    assert home.keys("green tea") == ["door"]
