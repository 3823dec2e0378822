"""Learns a vector for each of the teacher's tokens, so that their means lie to each other as the teacher's vectors do.

The idea is that of Model2Vec (start from the teacher's vectors of single tokens, short and weighted by how rare they
are) and of contrastive distillation: in a batch, the likeness of every text to all others, as a distribution, is to be
the teacher's. What is learnt is a supplement: the first part of each vector is WordLlama's and stays as it is.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import jax
from jax import Array
import jax.numpy as jnp
import numpy as np

from .teacher import Floats, Numbers

DIMENSION: Final = 128
SHARE: Final = 0.6
"""WordLlama's part of a vector's square, chosen by comparing a few: from 0.5 to 0.7 it hardly matters."""
MOST_TOKENS: Final = 28
_BATCH: Final = 1_024
_EPOCHS: Final = 2
"""More learn the corpus by heart: meanings held out are found less often again."""
_RATE: Final = 5e-3
_TEMPERATURE: Final = 0.07
_SCALE_RATE: Final = 20.0
_FIRST_SCALE: Final = 12.0
_GROUPS: Final = 1_200
_ROUNDS: Final = 4
_SLICE: Final = 16_384
_MEMORY: Final = (0.9, 0.99)


class Lesson(NamedTuple):
    """Texts as the two models see them, and the teacher's vectors: one row each."""

    ids: Numbers
    lengths: Numbers
    given: Floats
    taught: Floats


class _State(NamedTuple):
    """The table, the scale of likenesses, and Adam's two moments of both (Kingma and Ba, 2015)."""

    table: Array
    scale: Array
    first: tuple[Array, Array]
    second: tuple[Array, Array]


def beginning(tokens: Floats) -> Floats:
    """Return the table to begin with: main components of the teacher's token vectors, weighted as Model2Vec does."""
    centred = tokens - tokens.mean(axis=0)
    _, _, directions = np.linalg.svd(centred[::3], full_matrices=False)
    table = centred @ directions[:DIMENSION].T
    table /= np.linalg.norm(table, axis=1).mean()
    weights = np.log(2 + np.arange(len(table)))
    table *= 2 * weights[:, None] / weights.mean()
    result: Floats = table.astype(np.float32)
    return result


def learn(table: Floats, lesson: Lesson, seed: int = 0) -> Floats:
    """Return the table after training; prints the loss of every epoch."""
    random = np.random.default_rng(seed)
    groups = _group(lesson.taught, random)
    zeros = (jnp.zeros_like(table), jnp.zeros(()))
    state = _State(jnp.asarray(table), jnp.asarray(_FIRST_SCALE), zeros, zeros)
    number, total = 0, _EPOCHS * (len(groups) // (_BATCH // 2))
    for epoch in range(_EPOCHS):
        losses = []
        for rows in _batches(groups, random):
            number += 1
            batch = Lesson(lesson.ids[rows], lesson.lengths[rows], lesson.given[rows], lesson.taught[rows])
            state, loss = _step(state, batch, float(number), _RATE * (1 - number / (total + 1)))
            losses.append(float(loss))
        print(f"epoch {epoch + 1} of {_EPOCHS}: loss {np.mean(losses):.4f}", flush=True)
    return np.asarray(state.table)


def _group(vectors: Floats, random: np.random.Generator) -> Numbers:
    """Return a group for each vector, by k-means on the sphere: texts of a group are hard to tell apart."""
    centres = vectors[random.choice(len(vectors), _GROUPS, replace=False)]
    nearest = np.zeros(len(vectors), dtype=np.int32)
    for _ in range(_ROUNDS):
        for start in range(0, len(vectors), _SLICE):
            nearest[start : start + _SLICE] = (vectors[start : start + _SLICE] @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, vectors)
        centres = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return nearest


def _batches(groups: Numbers, random: np.random.Generator) -> Iterator[Numbers]:
    """Yield the numbers of texts: half of each batch is whole groups, the other half comes from anywhere."""
    anywhere = random.permutation(len(groups))
    places = random.permutation(_GROUPS)[groups]
    together = np.lexsort((random.random(len(groups)), places))
    half = _BATCH // 2
    for number in random.permutation(len(groups) // half):
        here = slice(number * half, (number + 1) * half)
        yield np.concatenate([anywhere[here], together[here]])


def _unit(x: Array) -> Array:
    return x / jnp.sqrt((x * x).sum(-1, keepdims=True) + 1e-6)


def _loss(table: Array, scale: Array, batch: Lesson) -> Array:
    """Return the cross entropy between the teacher's and the pupil's distributions over the batch's other texts."""
    there = jnp.arange(batch.ids.shape[1])[None] < batch.lengths[:, None]
    learnt = _unit((table[batch.ids] * there[..., None]).sum(1))
    pupil = SHARE * batch.given @ batch.given.T + (1 - SHARE) * learnt @ learnt.T
    itself = jnp.eye(len(batch.taught)) * 1e4
    wanted = jax.nn.softmax(batch.taught @ batch.taught.T / _TEMPERATURE - itself)
    return -(wanted * jax.nn.log_softmax(pupil * scale - itself)).sum(1).mean()


def _adam(state: _State, batch: Lesson, number: float, rate: float) -> tuple[_State, Array]:
    """Take one step."""
    loss, slopes = jax.value_and_grad(_loss, argnums=(0, 1))(state.table, state.scale, batch)
    short, long = _MEMORY
    first = tuple(short * old + (1 - short) * new for old, new in zip(state.first, slopes, strict=True))
    second = tuple(long * old + (1 - long) * new**2 for old, new in zip(state.second, slopes, strict=True))
    table, scale = (
        value - speed * rate * (m / (1 - short**number)) / (jnp.sqrt(v / (1 - long**number)) + 1e-8)
        for value, m, v, speed in zip((state.table, state.scale), first, second, (1.0, _SCALE_RATE), strict=True)
    )
    return _State(table, scale, (first[0], first[1]), (second[0], second[1])), loss


_step: Final = jax.jit(_adam)
