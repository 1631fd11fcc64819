"""Which random streams does everything draw from, so that a seed gives the same bytes anywhere?

A stream is named by the seed and a path of words; parts that draw in another order, or not at
all, don't disturb each other. Only the uniform draws of Mersenne Twister and PCG64 are used
(their sequences are fixed by definition); choices, shuffles and bounded integers are made here,
because the standard library and numpy may change how they make theirs.
"""

import hashlib
import random
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Draws", "Floats", "Ints", "Stream"]

T = TypeVar("T")
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def _number(seed: int, path: tuple[object, ...]) -> int:
    text = "/".join(str(part) for part in (seed, *path))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


class Stream:
    """Draw single things: names, dates, wordings."""

    def __init__(self, seed: int, *path: object) -> None:
        """Name the stream by a seed and a path of words."""
        self._random = random.Random(_number(seed, path)).random

    def unit(self) -> float:
        """Draw from [0, 1)."""
        return self._random()

    def chance(self, probability: float) -> bool:
        """Say yes with a probability."""
        return self._random() < probability

    def below(self, count: int) -> int:
        """Draw from 0 … count − 1."""
        return int(self._random() * count)

    def between(self, low: int, high: int) -> int:
        """Draw an integer, both ends included."""
        return low + self.below(high - low + 1)

    def decimal(self, low: float, high: float, digits: int = 2) -> float:
        """Draw a number rounded to some digits."""
        return round(low + self._random() * (high - low), digits)

    def pick(self, things: Sequence[T]) -> T:
        """Draw one of several."""
        return things[self.below(len(things))]

    def weighted(self, things: Sequence[T], weights: Sequence[float]) -> T:
        """Draw one of several by weight."""
        point = self._random() * sum(weights)
        for thing, weight in zip(things, weights, strict=True):
            point -= weight
            if point < 0:
                return thing
        return things[-1]

    def shuffled(self, things: Sequence[T]) -> list[T]:
        """Copy in a drawn order."""
        out = list(things)
        for i in range(len(out) - 1, 0, -1):
            j = self.below(i + 1)
            out[i], out[j] = out[j], out[i]
        return out

    def sample(self, things: Sequence[T], count: int) -> list[T]:
        """Draw some without repeats; all of them, shuffled, when there are too few."""
        return self.shuffled(things)[:count]


class Draws:
    """Draw columns: whole arrays at once."""

    def __init__(self, seed: int, *path: object) -> None:
        """Name the stream by a seed and a path of words."""
        self._rng = np.random.Generator(np.random.PCG64(_number(seed, path)))

    def unit(self, count: int) -> Floats:
        """Draw from [0, 1)."""
        return self._rng.random(count)

    def below(self, limit: int | Ints, count: int) -> Ints:
        """Draw integers from 0 … limit − 1; the limit may differ by row."""
        return np.asarray(self._rng.random(count) * limit, dtype=np.int64)

    def between(self, low: int, high: int, count: int) -> Ints:
        """Draw integers, both ends included."""
        return low + self.below(high - low + 1, count)

    def chance(self, probability: float | Floats, count: int) -> npt.NDArray[np.bool_]:
        """Say yes with a probability, which may differ by row."""
        return np.asarray(self._rng.random(count) < probability, dtype=np.bool_)

    def even(self, rate: Floats, group: Ints) -> npt.NDArray[np.bool_]:
        """Say yes with a probability by row, spread so evenly that each group meets its rate.

        Independent draws would leave a planted difference to luck where a group is small. Within
        each group the golden ratio's multiples, from a drawn start, stand in for them.
        """
        order = np.argsort(group, kind="stable")
        sorted_group = group[order]
        rank = np.arange(len(group)) - np.searchsorted(sorted_group, sorted_group, side="left")
        start = self._rng.random(int(group.max()) + 1 if len(group) else 1)
        luck = np.empty(len(group))
        luck[order] = (rank * 0.6180339887498949 + start[sorted_group]) % 1.0
        return np.asarray(luck < rate, dtype=np.bool_)

    def weighted(self, weights: Sequence[float] | Floats, count: int) -> Ints:
        """Draw indexes by weight."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        found = np.searchsorted(edges, self._rng.random(count) * edges[-1], side="right")
        return np.asarray(np.minimum(found, len(edges) - 1), dtype=np.int64)

    def some(self, rows: int, count: int) -> Ints:
        """Draw distinct row numbers, ascending."""
        if count >= rows:
            return np.arange(rows, dtype=np.int64)
        order = np.argsort(self._rng.random(rows), kind="stable")
        return np.asarray(np.sort(order[:count]), dtype=np.int64)
