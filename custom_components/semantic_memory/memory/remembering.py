"""Remembering: a memory is stored, or the one that it is about is brought up to date."""

from . import drafts
from .answers import Outcome, RememberResult
from .models import Caller, MemoryDraft
from .recalling import Recaller
from .text import document_text
from .uses import UseCounter
from .writes import Writes


class Rememberer:
    """Stores what people and models tell. May raise StorageError and InvalidInputError."""

    def __init__(self, writes: Writes, recaller: Recaller, uses: UseCounter) -> None:
        """Take the one way to change memories, what finds those that are alike, and what counts uses."""
        self._writes = writes
        self._recaller = recaller
        self._uses = uses

    async def async_remember(self, caller: Caller, draft: MemoryDraft) -> RememberResult:
        """Store it, durably, and look for others that are close to it."""
        prepared = drafts.prepare(caller, draft)
        known = await self._recaller.async_embed(document_text(prepared.key, prepared.value, prepared.tags or ()))
        outcome, memory, before = await self._writes.async_change(
            caller, lambda change: change.remember(prepared, known)
        )
        if outcome is Outcome.UNCHANGED:
            self._uses.count([memory], self._writes.clock())
            await self._writes.at_hand.async_follow([memory])
            return RememberResult(outcome=outcome, memory=memory)
        were, surface = [before] if before else [], draft.source.surface
        await self._writes.async_changed("set", [memory], were, actor=caller.actor, surface=surface)
        similar = await self._recaller.async_similar(caller, memory, known)
        return RememberResult(outcome=outcome, memory=memory, similar=similar)
