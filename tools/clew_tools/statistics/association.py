"""Do two series go along with each other, beyond what both owe to trend and season?

Source: Spearman 1904, Am. J. Psychol. 15, 72–101; the null by circular shifts keeps each series'
own swings, as in Politis and Romano 1992 (circular block resampling).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew_tools.statistics.tails import student_tail

Vector = NDArray[np.float64]
_LEAST_SHIFT = 4


@dataclass(frozen=True, kw_only=True)
class Association:
    """An association, tested.

    Attributes:
        size: rank correlation, from -1 to 1.
        p: the larger of two: by shifts, and by Student's distribution.
    """

    size: float
    p: float


def without_swings(series: Vector, half_width: int = 6) -> Vector:
    """Take off the mean of the neighbours, in relation to it where it is positive."""
    found = np.empty_like(series)
    for at in range(len(series)):
        low, high = max(0, at - half_width), min(len(series), at + half_width + 1)
        around = float((series[low:high].sum() - series[at]) / max(1, high - low - 1))
        found[at] = (series[at] - around) / (around if around > 0 else 1.0)
    return found


def ranks(series: Vector) -> Vector:
    """Rank values; equals share the mean of their ranks."""
    order = np.argsort(series, kind="stable")
    found = np.empty(len(series))
    found[order] = np.arange(len(series), dtype=np.float64)
    for value in np.unique(series):
        mine = series == value
        if mine.sum() > 1:
            found[mine] = found[mine].mean()
    return found


def rank_correlation_by_shifts(one: Vector, other: Vector) -> Association:
    """Correlate the ranks of two series and test it by shifting one against the other."""
    a, b = ranks(one), ranks(other)
    size = _correlation(a, b)
    count = len(a)
    shifts = range(_LEAST_SHIFT, count - _LEAST_SHIFT + 1)
    shifted = [abs(_correlation(a, np.roll(b, shift))) for shift in shifts]
    if not shifted:
        return Association(size=size, p=1.0)
    beyond = sum(value >= abs(size) for value in shifted)
    t = abs(size) * np.sqrt((count - 2) / max(1e-12, 1 - size**2))
    by_student = 2 * student_tail(float(t), max(1, count - 2))
    # Shifts alone can't go below 1 / their number: Student's value counts where none reaches.
    by_shifts = beyond / len(shifted)
    return Association(size=size, p=min(1.0, max(by_student, by_shifts)))


def _correlation(a: Vector, b: Vector) -> float:
    x, y = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((x**2).sum() * (y**2).sum()))
    return float((x * y).sum()) / scale if scale > 0 else 0.0
