"""In which stretch of time did a group depart most from the others, and is that more than chance?

A group's series is compared with that of the others: what happens to all (season, growth, a
holiday) is in both and drops out (difference in differences). Two kinds: *amounts* (counts and
totals), where the group's part of the whole is expected to stay, and *means*, where the distance
to the others' mean is. The spread comes from the periods outside the stretch, also from runs of
them as long as the stretch, so that slow swings count as swings. All groups are looked at
together: arrays have the shape (groups, periods).

What it does not do: find several departures of one group at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clew_tools.statistics.dealt import Dealt, deal_amounts, deal_means
from clew_tools.statistics.tails import normal_point, normal_tail, student_tail

Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]
_LEAST_OUTSIDE = 6
_LEAST_RUNS = 4
_NEARLY_CHANCE = 1.25
# What is nearly all there is has nothing to be compared with: its few others swing too much.
_LEAST_OTHERS = 0.15


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A stretch of periods [first, last), tested.

    Attributes:
        first: index of its first period.
        last: index after its last period.
        observed: amount, or mean, inside.
        expected: what it would have been had the group gone along with the others.
        z: departure in standard errors; its sign is that of the change.
        p: chance of such a departure in the best of all stretches that were tried.
        weight: rows or amount that stand behind it.
        spread: variance by mean of an amount; of one row of a mean.
        amount: it is one of an amount.
        known: the spread is that of chance alone: it need not be told from the other periods.
        tail: the chance of so much, or so little, inside the stretch where all rows are dealt
            over the periods alike (``dealt.py``).
    """

    first: int
    last: int
    observed: float
    expected: float
    z: float
    p: float
    weight: float
    spread: float
    amount: bool = True
    known: bool = False
    tail: float = 1.0

    @property
    def excess(self) -> float:
        """How much more than expected; negative: less."""
        return self.observed - self.expected

    @property
    def score(self) -> float:
        """How strong it is, to put stretches in order: new things don't outshine large ones."""
        if not self.amount or self.spread <= 0:
            return abs(self.z)
        # The signed root of the likelihood ratio of counts, half a row added to both.
        now, usual = (max(v, 0.0) / self.spread + 0.5 for v in (self.observed, self.expected))
        return math.sqrt(max(0.0, 2 * (now * math.log(now / usual) - (now - usual))))

    @property
    def change(self) -> float:
        """The change as a fraction of what was expected."""
        return self.excess / self.expected if self.expected else float("inf")


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Amounts per group and period, and those of the others.

    Attributes:
        group: shape (groups, periods).
        others: the same; the group's own level where there are none to compare with.
        least: variance by mean that chance alone gives: 1 for counts, for totals the sum of the
            squares of the rows' amounts by their sum (few large rows swing more than many small).
            One for all, or one per group.
    """

    group: Matrix
    others: Matrix
    least: float | Matrix = 1.0


@dataclass(frozen=True, kw_only=True)
class Means:
    """Means per group and period, with the rows behind them, and those of the others.

    Attributes:
        mean: shape (groups, periods); any value where rows is 0.
        rows: the same.
        other_mean: zeros where there are none to compare with.
        other_rows: infinity where there are none.
        share: the means are shares of rows, which swing at least as truth values do.
        row_spread: variance of a row of each group, shape (groups,); None: known from the means
            of the periods alone, which tell too little of rows that are skewed.
    """

    mean: Matrix
    rows: Matrix
    other_mean: Matrix
    other_rows: Matrix
    share: bool = False
    row_spread: Matrix | None = None


def with_season(data: Amounts, years: Amounts, usual: Mask) -> Amounts:
    """Have the others go through each group's own season, where that describes it better.

    Args:
        data: of the periods that are looked at.
        years: of the same periods, summed over other years.
        usual: periods by which it is judged what describes a group better.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        part = _smooth(years.group) / _smooth(years.others)
        level = years.group.sum(axis=1) / years.others.sum(axis=1)
        factor = part / level[:, None]
    enough = np.isfinite(factor).all(axis=1) & (factor > 0).all(axis=1)
    factor = np.where(enough[:, None], factor, 1.0)
    seasonal = data.others * factor
    plain_rest = _dispersion(data.group, data.others, usual)
    better = enough & (_dispersion(data.group, seasonal, usual) < plain_rest)
    return replace(data, others=np.where(better[:, None], seasonal, data.others))


def dispersion(data: Amounts | Means, usual: Mask) -> float:
    """Say how far the first group strays from the others in the usual periods."""
    if isinstance(data, Amounts):
        return float(_dispersion(data.group, data.others, usual)[0])
    there = (data.rows > 0) & (data.other_rows > 0) & usual
    distance = np.where(there, data.mean - data.other_mean, 0.0)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(there, 1 / (1 / data.rows + 1 / data.other_rows), 0.0)[0]
        level = (weight * distance).sum() / weight.sum()
        found = float((weight * (distance - level) ** 2).sum() / weight.sum())
    return found if np.isfinite(found) else float("inf")


def _smooth(values: Matrix) -> Matrix:
    """Take the mean of three neighbours; the ends keep two."""
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    return np.asarray((padded[:, :-2] + padded[:, 1:-1] + padded[:, 2:]) / 3)


def _dispersion(group: Matrix, others: Matrix, usual: Mask) -> Matrix:
    """Say how far a group strays from its part of the others, by its mean."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = group[:, usual].sum(axis=1) / others[:, usual].sum(axis=1)
        mean = rate[:, None] * others[:, usual]
        found = ((group[:, usual] - mean) ** 2).sum(axis=1) / mean.sum(axis=1)
    return np.where(np.isfinite(found), found, np.inf)


def stretches(starts: Sequence[int], count: int, least: int, most: int) -> list[tuple[int, int]]:
    """List the stretches that begin at given periods and are least to most periods long.

    >>> stretches([1, 2], 4, 1, 2)
    [(1, 2), (1, 3), (2, 3), (2, 4)]
    """
    return [
        (first, first + length)
        for first in starts
        for length in range(least, most + 1)
        if first >= 0 and first + length <= count
    ]


def scan(
    data: Amounts | Means,
    tried: Sequence[tuple[int, int]],
    outside: Mask,
    direction: int = 0,
) -> list[Stretch | None]:
    """Find for each group the stretch in which it departs most from what was to be expected.

    Args:
        data: of all groups.
        tried: stretches to look at, the same for all.
        outside: which periods may serve as usual ones, the stretch itself left out.
        direction: 1 for rises only, -1 for falls only, 0 for both.

    Returns:
        One stretch per group, None where nothing could be looked at; p counts all stretches.
    """
    amounts = isinstance(data, Amounts)
    groups = len(data.group if isinstance(data, Amounts) else data.mean)
    usable = [(a, b) for a, b in tried if _usual(outside, a, b).sum() >= _LEAST_OUTSIDE]
    best: list[Stretch | None] = [None] * groups
    if not usable or not groups:
        return best
    rough = _rough(data, usable, outside)
    rough = np.where(np.isfinite(rough), rough, 0.0)
    ranked = rough * direction if direction else np.abs(rough)
    strongest = ranked.argmax(axis=1)
    for number in np.unique(strongest):
        chosen = np.flatnonzero((strongest == number) & (ranked.max(axis=1) > 0))
        if not len(chosen):
            continue
        first, last = usable[int(number)]
        part = _rows_of(data, chosen)
        usual = _usual(outside, first, last)
        found = (
            _amounts(part, first, last, usual)
            if isinstance(part, Amounts)
            else _means(part, first, last, usual)
        )
        for place, group in enumerate(chosen):
            z = found.z[place]
            if np.isfinite(z) and not (direction and z * direction <= 0):
                best[group] = found.stretch(place, first, last)
    count = independent(usable)
    return [_with_p(b, amounts, count, int(outside.sum())) for b in best]


def independent(tried: Sequence[tuple[int, int]]) -> int:
    """Count stretches that say something new: one per start and doubling of the length.

    Stretches that overlap nearly give nearly the same test; counting all of them would hide
    what is there. That this is enough is measured on shuffled data (``docs/insight.md``).

    >>> independent([(0, 1), (0, 2), (0, 3), (1, 2)])
    3
    """
    return len({(first, (last - first).bit_length()) for first, last in tried})


def _usual(outside: Mask, first: int, last: int) -> Mask:
    usual = outside.copy()
    usual[max(0, first) : last] = False
    return usual


def _rows_of(data: Amounts | Means, chosen: NDArray[np.intp]) -> Amounts | Means:
    if isinstance(data, Amounts):
        return replace(
            data,
            group=data.group[chosen],
            others=data.others[chosen],
            least=_each(data)[chosen],
        )
    return replace(
        data,
        mean=data.mean[chosen],
        rows=data.rows[chosen],
        other_mean=data.other_mean[chosen],
        other_rows=data.other_rows[chosen],
        row_spread=None if data.row_spread is None else data.row_spread[chosen],
    )


def _each(data: Amounts) -> Matrix:
    return np.broadcast_to(np.asarray(data.least, dtype=np.float64), (len(data.group),))


def _rough(data: Amounts | Means, tried: Sequence[tuple[int, int]], outside: Mask) -> Matrix:
    """Rank all stretches of all groups with one spread each, shape (groups, stretches)."""
    first = np.array([a for a, _ in tried])
    last = np.array([b for _, b in tried])

    def sums(values: Matrix) -> tuple[Matrix, Matrix]:
        kept = np.where(outside, values, 0.0)
        total = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
        inside = total[:, last] - total[:, first]
        counted = np.concatenate([np.zeros((len(values), 1)), np.cumsum(kept, axis=1)], axis=1)
        rest = counted[:, -1:] - (counted[:, last] - counted[:, first])
        return inside, rest

    with np.errstate(divide="ignore", invalid="ignore"):
        if isinstance(data, Amounts):
            y, yo = sums(data.group)
            o, oo = sums(data.others)
            least = _each(data)
            spread = np.maximum(_dispersion(data.group, data.others, outside), least)
            spread = np.where(np.isfinite(spread), spread, least)[:, None]
            rate = yo / oo
            error = np.sqrt(spread * np.maximum(rate, 0.5 * spread / oo) * o * (1 + o / oo))
            compared = oo > _LEAST_OTHERS * yo
            return np.where(compared, (y - rate * o) / error, np.nan)
        there = (data.rows > 0) & (data.other_rows > 0)
        weight = np.where(there, 1 / (1 / data.rows + 1 / data.other_rows), 0.0)
        distance = np.where(there, data.mean - data.other_mean, 0.0)
        inner, outer = sums(weight)
        inner_sum, outer_sum = sums(weight * distance)
        level = (weight * distance).sum(axis=1) / weight.sum(axis=1)
        spread = (weight * (distance - level[:, None]) ** 2).sum(axis=1, keepdims=True)
        error = np.sqrt(spread * (1 / inner + 1 / outer))
        return np.asarray((inner_sum / inner - outer_sum / outer) / error)


@dataclass(frozen=True, kw_only=True)
class _Found:
    """One stretch, for all groups."""

    observed: Matrix
    expected: Matrix
    z: Matrix
    weight: Matrix
    spread: Matrix
    error: Matrix
    known: Mask
    dealt: Dealt
    signed: Mask | None = None

    def _tail(self, place: int) -> float:
        if self.signed is not None and self.signed[place]:
            return normal_tail(abs(float(self.z[place])))  # what may be negative is not dealt out
        return self.dealt.tail(place, bool(self.z[place] > 0))

    def stretch(self, place: int, first: int, last: int) -> Stretch:
        return Stretch(
            first=first,
            last=last,
            observed=float(self.observed[place]),
            expected=float(self.expected[place]),
            z=float(self.z[place]),
            p=1.0,
            weight=float(self.weight[place]),
            spread=float(self.spread[place]),
            known=bool(self.known[place]),
            tail=self._tail(place),
        )


def _amounts(data: Amounts, first: int, last: int, usual: Mask) -> _Found:
    group, others = data.group, data.others
    y, o = group[:, first:last].sum(axis=1), others[:, first:last].sum(axis=1)
    yo, oo = group[:, usual].sum(axis=1), others[:, usual].sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = yo / oo
        by_mean = rate[:, None] * others
        rest = group - by_mean
        squares = np.where(by_mean > 0, rest**2 / np.maximum(by_mean, 1e-12), 0.0)
        spread = squares[:, usual].sum(axis=1) / max(1, int(usual.sum()) - 1)
        runs = _runs(usual, last - first)
        if len(runs) >= _LEAST_RUNS:
            of_runs = [
                rest[:, a:b].sum(axis=1) ** 2 / np.maximum(by_mean[:, a:b].sum(axis=1), 1e-12)
                for a, b in runs
            ]
            spread = np.maximum(spread, np.mean(of_runs, axis=0))
        least = _each(data)
        dealt = deal_amounts(y, yo, o, oo, spread, least)
        spread = np.maximum(spread, least)
        # A group that was not there before has no rate: half a row is supposed.
        floor = np.maximum(rate, 0.5 * spread / oo)
        expected = rate * o
        scale = spread * (1 + o / oo)
        error = np.sqrt(scale * floor * o)
        z = (y - expected) / error
        weight = np.maximum(expected, floor * o)
    return _Found(
        observed=y,
        expected=expected,
        z=np.where((o > 0) & (oo > _LEAST_OTHERS * yo), z, np.nan),
        weight=weight,
        spread=scale,
        error=error,
        known=np.zeros(len(z), dtype=bool),
        dealt=dealt,
    )


def _means(data: Means, first: int, last: int, usual: Mask) -> _Found:
    there = (data.rows > 0) & (data.other_rows > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(there, data.mean - data.other_mean, 0.0)
        weight = np.where(there, 1 / (1 / data.rows + 1 / data.other_rows), 0.0)
        outer, inner = weight[:, usual], weight[:, first:last]
        base = (distance[:, usual] * outer).sum(axis=1) / outer.sum(axis=1)
        now = (distance[:, first:last] * inner).sum(axis=1) / inner.sum(axis=1)
        rest = distance - base[:, None]
        counted = np.maximum(1, (outer > 0).sum(axis=1) - 1)
        spread = (rest[:, usual] ** 2 * outer).sum(axis=1) / counted
        runs = _runs(usual, last - first)
        if len(runs) >= _LEAST_RUNS:
            of_runs = [
                (rest[:, a:b] * weight[:, a:b]).sum(axis=1) ** 2
                / np.maximum(weight[:, a:b].sum(axis=1), 1e-12)
                for a, b in runs
            ]
            spread = np.maximum(spread, np.mean(of_runs, axis=0))
        n = data.rows[:, first:last]
        observed = (np.where(n > 0, data.mean[:, first:last], 0.0) * n).sum(axis=1) / n.sum(axis=1)
        there_now, there_usual = data.rows[:, first:last] * (inner > 0), data.rows * (weight > 0)
        usual_rows = there_usual[:, usual].sum(axis=1)
        usual_level = (data.mean * there_usual)[:, usual].sum(axis=1) / usual_rows
        chance = _row_spread(data, observed, there_now.sum(axis=1), usual_level, usual_rows)
        known = np.full(len(now), data.share) & (spread <= _NEARLY_CHANCE * chance)
        spread = np.maximum(spread, chance)
        rows = inner.sum(axis=1), outer.sum(axis=1)
        error = np.sqrt(spread * (1 / rows[0] + 1 / rows[1]))
        other_now = (data.other_mean[:, first:last] * inner).sum(axis=1) / rows[0]
        other_usual = (data.other_mean[:, usual] * outer).sum(axis=1) / rows[1]
        moved = np.where((other_usual > 0) & (other_now > 0), other_now / other_usual, 1.0)
        expected = observed - (now - base), usual_level * moved
        dealt = deal_means(observed, usual_level, expected, rows, spread, share=data.share)
        enough = (outer > 0).sum(axis=1) >= _LEAST_OUTSIDE
        z = np.where(enough & (error > 0), (now - base) / error, np.nan)
    return _Found(
        observed=observed,
        expected=observed - (now - base),
        z=z,
        weight=n.sum(axis=1),
        spread=spread,
        error=error,
        known=known,
        dealt=dealt,
        signed=np.asarray(((data.mean < 0) & there).any(axis=1)),
    )


def _row_spread(
    data: Means, now: Matrix, now_rows: Matrix, usual: Matrix, usual_rows: Matrix
) -> Matrix:
    """Give the variance of a row as chance alone has it; 0 where it is not known."""
    if data.share:
        level = (now * now_rows + usual * usual_rows) / (now_rows + usual_rows)
        return np.clip(level * (1 - level), 1e-9, None)
    return np.zeros_like(now) if data.row_spread is None else data.row_spread


def _runs(usual: Mask, length: int) -> list[tuple[int, int]]:
    """Cut the usual periods into runs of a length; neighbours only."""
    runs: list[tuple[int, int]] = []
    at = 0
    while at + length <= len(usual):
        if usual[at : at + length].all():
            runs.append((at, at + length))
            at += length
        else:
            at += 1
    return runs


def _with_p(best: Stretch | None, amounts: bool, tried: int, periods: int) -> Stretch | None:
    if best is None:
        return None
    freedom = max(1, periods - (best.last - best.first) - 1)
    # Student's, because the spread is an estimate; of a share chance itself says how far it swings.
    p = best.tail if best.known else student_tail(normal_point(best.tail), freedom)
    return replace(best, p=min(1.0, 2 * p * tried), amount=amounts)


def sharpest(gain: Matrix, first: int, last: int, slack: int) -> tuple[int, int]:
    """Move the ends of a stretch to where the evidence lies: the run of the largest sum of gain.

    Args:
        gain: per day, positive where a day speaks for the change.
        first: first day of the stretch as it was found.
        last: day after it.
        slack: by how many days the ends may move.

    >>> sharpest(np.array([-1.0, -1, 2, 2, 2, -1]), 1, 4, 2)
    (2, 5)
    """
    low, high = max(0, first - slack), min(len(gain), last + slack)
    total = np.concatenate([[0.0], np.cumsum(gain[low:high])])
    best, ends = -np.inf, (first, last)
    for a in range(low, max(low, min(first + slack, high - 1)) + 1):
        for b in range(max(a + 1, last - slack), high + 1):
            value = total[b - low] - total[a - low]
            if value > best:
                best, ends = value, (a, b)
    return ends
