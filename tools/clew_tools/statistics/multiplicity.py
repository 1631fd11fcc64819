"""Which of many tested statements hold, when all that were looked at are counted?

Source: Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289–300 (false discovery rate);
Westfall and Young 1993 (max-T by permutation, family-wise).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def benjamini_hochberg(p_values: Sequence[float], tried: int | None = None) -> list[float]:
    """Adjust p-values so that "below q" keeps the share of false statements below q.

    Args:
        p_values: of the statements.
        tried: how many were looked at, where not all p-values are given; the others count as 1.

    Returns:
        The adjusted values, in the same order.

    >>> [round(p, 3) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    count = max(len(p_values), tried or 0)
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted = [1.0] * len(p_values)
    least = 1.0
    for rank in range(len(order), 0, -1):
        place = order[rank - 1]
        least = min(least, p_values[place] * count / rank)
        adjusted[place] = least
    return adjusted


def max_t(
    observed: Vector,
    permuted: Callable[[np.random.Generator], Vector],
    *,
    rounds: int = 999,
    seed: int = 0,
) -> Vector:
    """Adjust p-values by the largest statistic of permuted data: holds for any dependence.

    Args:
        observed: one statistic per statement, large is extreme.
        permuted: gives the same statistics of data whose order was drawn anew.
        rounds: how many permutations; the least p-value is 1 / (rounds + 1).
        seed: of the permutations, so that an answer stays the same.
    """
    chance = np.random.default_rng(seed)
    largest = np.array([np.nanmax(permuted(chance), initial=0.0) for _ in range(rounds)])
    beaten = (largest[None, :] >= observed[:, None] - 1e-12).sum(axis=1)
    return np.asarray((1 + beaten) / (rounds + 1), dtype=np.float64)
