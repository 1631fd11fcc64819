"""How likely is it that so much of a group falls into a stretch where all is dealt over the time?

The null is that of a permutation: what happened is given, and when; which of it is the group's is
chance. The chance then is hypergeometric. Here it is taken as binomial with the same variance,
each unit as large as the amounts swing, so that overdispersed counts, totals of unequal rows, and
means of skewed rows all have the long tail that they have when dealt: what is usual is estimated
from few rows just as what is told. Calibration: ``tests/tools/test_dealt.py``.

What it does not do: estimate how far amounts swing; that is handed in.

Source: Fisher 1935, The Design of Experiments; McCullagh and Nelder 1989, section 4.5
(overdispersion by a scaled binomial).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clew_tools.statistics.tails import binomial_at_least, binomial_at_most, normal_tail

Matrix = NDArray[np.float64]
# Beyond so many units the normal tail is as good, and the beta function's fraction never long.
_MANY = 1e6


@dataclass(frozen=True, kw_only=True)
class Dealt:
    """Units of groups, and how many of them fall into the stretch; each of shape (groups,).

    Attributes:
        hits: those inside.
        trials: all.
        part: of them that are expected inside.
    """

    hits: Matrix
    trials: Matrix
    part: Matrix

    def tail(self, place: int, rose: bool) -> float:
        """Give the chance of so much inside or more; where it did not rise, or less."""
        hits, trials, part = (float(v[place]) for v in (self.hits, self.trials, self.part))
        if not (math.isfinite(trials) and trials > 0 and 0 < part < 1):
            return 1.0
        if trials > _MANY:
            z = (hits - trials * part) / math.sqrt(trials * part * (1 - part))
            return normal_tail(z if rose else -z)
        return (binomial_at_least if rose else binomial_at_most)(hits, trials, part)


def deal_amounts(
    inside: Matrix,
    outside: Matrix,
    others_inside: Matrix,
    others_outside: Matrix,
    spread: Matrix,
    least: Matrix,
) -> Dealt:
    """Deal counts or totals of groups and of others over a stretch and the usual periods.

    Args:
        inside: of the groups.
        outside: in the usual periods.
        others_inside: of those that they are compared with.
        others_outside: in the usual periods.
        spread: variance by mean of the groups' distance to their part of the others.
        least: what chance alone gives.
    """
    group, others = inside + outside, others_inside + others_outside
    free = others / (group + others)
    # The spread was measured against others that swing as well: their part is taken off.
    unit = np.maximum(spread * free, least) * free
    part = (inside + others_inside) / (group + others)
    return Dealt(hits=inside / unit, trials=group / unit, part=part)


def deal_means(
    now: Matrix,
    usual: Matrix,
    expected: tuple[Matrix, Matrix],
    rows: tuple[Matrix, Matrix],
    spread: Matrix,
    *,
    share: bool,
) -> Dealt:
    """Deal the sums behind means over the rows inside and in the usual periods.

    Args:
        now: mean inside.
        usual: mean in the usual periods.
        expected: two readings of what the others say of the mean inside: moved by as much, and
            by as large a part. The one nearer to the truth of the day is taken.
        rows: inside and usual, fewer where few others stand against them.
        spread: variance of a row.
        share: the rows are truth values: of what most have, those without are dealt.
    """
    low, high = np.minimum(*expected), np.maximum(*expected)
    should = np.clip(now, low, high)
    if share:
        common = (now * rows[0] + usual * rows[1]) / (rows[0] + rows[1]) > 0.5
        now, usual, should = (np.where(common, 1 - v, v) for v in (now, usual, should))
    inside, outside = now * rows[0], usual * rows[1]
    weight = np.where(usual > 0, should / np.where(usual > 0, usual, 1.0), 1.0)
    weight = np.clip(weight, 0.05, 20.0) * rows[0]
    level = (inside + outside) / (rows[0] + rows[1])
    unit = spread / level
    return Dealt(
        hits=inside / unit,
        trials=(inside + outside) / unit,
        part=weight / (weight + rows[1]),
    )
