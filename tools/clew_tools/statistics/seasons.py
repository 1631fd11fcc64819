"""Has a series of months a season, and a trend beside it?

The season is what the months of a year have in common over the years, beside a moving mean over
a year: STL in its plainest form, without the loess. It needs two whole years.

Source: Cleveland, Cleveland, McRae and Terpenning 1990, J. Off. Stat. 6, 3–73; Mann 1945 and
Kendall 1975 for the rank test, Hamed and Rao 1998, J. Hydrol. 204, 182–196, for neighbours that
go together; Sen 1968 for the slope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew_tools.statistics.association import ranks
from clew_tools.statistics.tails import normal_tail

_ROUNDS = 999


@dataclass(frozen=True, kw_only=True)
class Season:
    """A season, tested.

    Attributes:
        strength: the part of the variance around the trend that it explains.
        p: chance of so strong a one, had the months of each year been dealt anew.
        without: the series with the season taken off.
    """

    strength: float
    p: float
    without: list[float]


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A trend, tested.

    Attributes:
        change: from the first to the last period, as a fraction of the median.
        p: chance of so steady a course without one.
    """

    change: float
    p: float


def season_test(values: Sequence[float], first_month: int, seed: int = 0) -> Season | None:
    """Test months for a season; None for less than two years.

    Args:
        values: of whole months, in their order.
        first_month: the calendar month of the first one, 1 to 12.
        seed: of the permutations.
    """
    series = np.asarray(values, dtype=np.float64)
    if len(series) < 24:
        return None
    beside = series - _yearly_mean(series)
    month = (np.arange(len(series)) + first_month - 1) % 12
    strength = _strength(beside, month)
    chance = np.random.default_rng(seed)
    year = np.arange(len(series)) // 12
    beaten = 0
    for _ in range(_ROUNDS):
        dealt = beside.copy()
        for number in range(int(year[-1]) + 1):
            mine = np.flatnonzero(year == number)
            dealt[mine] = chance.permutation(dealt[mine])
        beaten += _strength(dealt, month) >= strength
    means = np.array([beside[month == m].mean() for m in range(12)])
    return Season(
        strength=strength,
        p=(1 + beaten) / (_ROUNDS + 1),
        without=[float(v) for v in series - means[month]],
    )


def _yearly_mean(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take a centred mean over a year, half weights at its ends; the ends go on straight."""
    weights = np.r_[0.5, np.ones(11), 0.5] / 12
    inner = np.convolve(series, weights, mode="valid")
    slope = (inner[-1] - inner[0]) / max(1, len(inner) - 1)
    before = inner[0] - slope * np.arange(6, 0, -1)
    after = inner[-1] + slope * np.arange(1, 7)
    return np.concatenate([before, inner, after])


def _strength(beside: NDArray[np.float64], month: NDArray[np.intp]) -> float:
    total = float(((beside - beside.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    means = np.array([beside[month == m].mean() for m in range(12)])
    rest = float(((beside - means[month]) ** 2).sum())
    return max(0.0, 1 - rest / total)


def trend_test(values: Sequence[float]) -> Trend:
    """Test a series for a steady rise or fall.

    >>> trend_test([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).p < 0.001
    True
    """
    series = np.asarray(values, dtype=np.float64)
    count = len(series)
    if count < 4:
        return Trend(change=0.0, p=1.0)
    later, earlier = np.triu_indices(count, 1)[::-1]
    steps = series[later] - series[earlier]
    score = float(np.sign(steps).sum())
    slope = float(np.median(steps / (later - earlier)))
    rest = series - slope * np.arange(count)
    steady = np.ptp(rest) <= 1e-9 * (1 + np.abs(series).max())
    widened = 1.0 if steady else _inflation(ranks(rest))
    variance = count * (count - 1) * (2 * count + 5) / 18 * widened
    z = (abs(score) - 1) / math.sqrt(variance) if abs(score) > 1 else 0.0
    middle = float(np.median(np.abs(series))) or 1.0
    return Trend(change=slope * (count - 1) / middle, p=min(1.0, 2 * normal_tail(z)))


def _inflation(ranked: NDArray[np.float64]) -> float:
    """Say by how much neighbours that go together widen the variance; never below 1."""
    count = len(ranked)
    centred = ranked - ranked.mean()
    total = float((centred**2).sum())
    if total == 0:
        return 1.0
    added = 0.0
    for lag in range(1, count // 3):
        r = float((centred[lag:] * centred[:-lag]).sum()) / total
        if abs(r) > 1.96 / math.sqrt(count):
            added += (count - lag) * (count - lag - 1) * (count - lag - 2) * r
    return max(1.0, 1 + 2 * added / (count * (count - 1) * (count - 2)))
