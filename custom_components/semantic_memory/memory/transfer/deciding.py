"""What becomes of memories that come in, given what is here already. Pure functions.

Which memory here is meant: the one with the same id (that of the file for our own exports, otherwise one made of what
the file has), else the owner's one with the same key. Of memories without a key, those with the same text are the same.

A file is decided about as a whole, whatever the order of what is in it: first what is here by its id, as the rest may
mean keys that these give up or keep. As nobody knows before the end of a file what else is in it, what depends on who
has a key is put off until then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..text import fold
from .merging import Decision, Effect, Here, Incoming, merge, refused
from .reading.found import Reason, Refused


@dataclass(frozen=True, slots=True)
class PutOff:
    """A memory that cannot be decided about before the rest of the file has been."""

    incoming: Incoming
    blocked: bool
    """Whether it is here by its id, and waits for a key that another one has. Otherwise its own key is not free."""


def decide(incoming: Iterable[Incoming], here: Here, now: float) -> list[Decision | Refused]:
    """Decide about memories for good, in the order in which they can be stored."""
    done: list[Decision | Refused] = []
    put_off: list[Incoming] = []
    for result in decide_so_far(incoming, here, now):
        if isinstance(result, PutOff):
            put_off.append(result.incoming)
        else:
            done.append(result)
    return done + [_decide_and_note(item, here, now) for item in put_off]


def decide_so_far(incoming: Iterable[Incoming], here: Here, now: float) -> list[Decision | Refused | PutOff]:
    """Decide about memories as :func:`decide` does, but put off what more of the file could change."""
    known: list[Incoming] = []
    others: list[Incoming] = []
    for item in incoming:
        (known if item.memory.id in here.by_id else others).append(item)
    results: list[Decision | Refused | PutOff] = []
    stuck = False
    while known and not stuck:  # some wait for others of the batch
        pairs = [(item, _decide_and_note(item, here, now)) for item in known]
        known = [item for item, result in pairs if _is_blocked(result)]
        results += [result for _, result in pairs if not _is_blocked(result)]
        stuck = len(known) == len(pairs)
    results += [PutOff(item, blocked=True) for item in known]
    for item in others:
        results.append(PutOff(item, blocked=False) if _is_held(item, here) else _decide_and_note(item, here, now))
    return results


def _is_blocked(result: Decision | Refused) -> bool:
    """Return whether another memory has the key that this one is to get."""
    return isinstance(result, Refused) and result.reason is Reason.KEY_IN_USE


def _is_held(item: Incoming, here: Here) -> bool:
    """Return whether a stored memory has a key that this one may mean or get."""
    return any(here.by_key.get((item.memory.owner, name), (None,))[0] is not None for name in item.names)


def _decide_and_note(item: Incoming, here: Here, now: float) -> Decision | Refused:
    decision = _decide(item, here, now)
    if isinstance(decision, Decision) and decision.effect is not Effect.NOTHING:
        after = decision.after
        seq, before = decision.before or (None, after)
        old = (after.owner, before.key)
        if seq is not None and here.by_key.get(old, (None, None))[0] == seq:  # what is forgotten holds no key
            del here.by_key[old]
        here.by_key[after.owner, after.key] = (seq, after)
    return decision


def _decide(item: Incoming, here: Here, now: float) -> Decision | Refused:
    memory = item.memory
    found = here.by_id.get(memory.id)
    if memory.id in here.elsewhere or (found and found[1].owner != memory.owner):
        return refused(item.found, Reason.MOVED_HERE)
    if found is not None:
        return merge(item, found, here, now)
    if item.found.key is None:
        return _decide_without_key(item, here)
    same_key = here.by_key.get((memory.owner, memory.key))
    if same_key is None:
        return Decision(item, Effect.ADD, memory)
    seq, before = same_key
    if seq is None:  # the same key earlier in the same file
        return refused(item.found, Reason.DUPLICATE)
    return merge(item, (seq, before), here, now)


def _decide_without_key(item: Incoming, here: Here) -> Decision | Refused:
    memory = item.memory
    for name in item.names:
        same_key = here.by_key.get((memory.owner, name))
        if same_key is None:
            return Decision(item, Effect.ADD, replace(memory, key=name))
        if fold(same_key[1].value) == fold(memory.value):
            return Decision(item, Effect.NOTHING, same_key[1])
    return refused(item.found, Reason.KEY_IN_USE)
