"""Where and when did a measure depart from what was to be expected? The search for the places.

All values of all columns in reach are looked at, week by week around the time that the question
speaks of; the strongest are looked into by a second and third column. Every place and stretch
that was looked at counts in the correction (Benjamini–Hochberg); what one place explains is not
told again as another.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clew_agents.insight.asking import Asking
from clew_agents.insight.dimensions import MOST_VALUES, Split, splits
from clew_agents.insight.series import (
    Block,
    Frame,
    against,
    lumpiness,
    not_in,
    of_both,
    pair_series,
    series,
    split_series,
)
from clew_agents.insight.subject import Place, Span, Subject
from clew_agents.insight.understand import data_span
from clew_agents.insight.weeks import frame_around, stretches_of
from clew_core.query_spec import Condition
from clew_tools.statistics.multiplicity import benjamini_hochberg
from clew_tools.statistics.windows import (
    Amounts,
    Means,
    Stretch,
    dispersion,
    independent,
    scan,
    with_season,
)

LEVEL = 0.002
"""False statements among those made, at most."""
_LEAST_CHANGE = 0.08
_LEAST_ROWS = 8.0
_LEAST_PART = 0.015
_LOOKED_INTO = 3
_AS_STRONG = 0.8
_PAIRED = 100
_FEW = 8
_MOST_PAIRED = 7
_MOST_CELLS = 1_000
_DEEPEST = 3
_MOST_FINDINGS = 4
_MOST_CONSIDERED = 12
_HELD = 0.55
_RESERVE_S = 0.6


@dataclass(frozen=True, kw_only=True)
class Departure:
    """A place and a time at which the measure departed.

    Attributes:
        places: what the rows have in common, beside the question's own conditions.
        low: first day.
        high: day after the last.
        open: it goes on to the end of what was looked at.
        stretch: the weeks, tested.
        p: after correction for all that was looked at.
    """

    places: tuple[Place, ...]
    low: dt.date
    high: dt.date
    open: bool
    stretch: Stretch
    p: float


@dataclass(frozen=True, kw_only=True)
class Explored:
    """What a search gave.

    Attributes:
        whole: departure of the question's own rows; None where it is not beyond chance.
        found: places within, the strongest first.
        tried: places that were looked at.
        frame: the weeks.
        data: first and last day of the rows.
    """

    whole: Departure | None
    found: tuple[Departure, ...]
    tried: int
    frame: Frame
    data: tuple[dt.date, dt.date]


@dataclass(kw_only=True)
class Explorer:
    """The search for one subject."""

    subject: Subject
    asking: Asking

    def __post_init__(self) -> None:
        """Settle which weeks are looked at."""
        subject = self.subject
        assert subject.time is not None and subject.span is not None
        self.span: Span = subject.span
        self.data = data_span(subject.base, subject.time, self.asking)
        self.frame = frame_around(self.span, self.data)
        self.tried = stretches_of(self.span, self.frame, early=subject.intent != "overview")
        self.outside = np.ones(self.frame.count, dtype=bool)
        self.before = np.arange(self.frame.count) < max(8, self.frame.place(self.span.low))
        self.least = lumpiness(subject, self.asking)
        self.looked_at = 0
        self._splits: list[Split] = []

    # --- the whole -----------------------------------------------------------------------------

    def run(self) -> Explored:
        """Search."""
        subject = self.subject
        self.whole, self.whole_years = series(
            subject, subject.conditions(), self.frame, self.asking
        )
        whole = self._whole() if subject.places else None
        found = splits(subject, self.asking)
        asked = [s for s in found if s.on in set(subject.asked)]
        self._splits = asked or found
        return Explored(
            whole=whole,
            found=tuple(self._search()),
            tried=self.looked_at,
            frame=self.frame,
            data=self.data,
        )

    def _whole(self) -> Departure | None:
        """Test the question's own rows against others: those that go along with them best."""
        subject = self.subject
        best: Stretch | None = None
        closest = float("inf")
        found: list[Amounts | Means] = []
        for others in controls(subject):
            rest, rest_years = series(subject, others, self.frame, self.asking)
            found.append(self._data(self.whole, rest, self.whole_years, rest_years))
        if subject.kind == "mean" and not (subject.share or subject.fraction):
            # A level of its own scale (a rate of forints) is compared with itself.
            found.append(against(subject, self.whole, None))
        for data in found:
            strays = dispersion(data, self.before)
            if strays < closest:
                closest = strays
                [best] = scan(data, self.tried, self.outside, subject.direction)
        self.looked_at += 1
        if best is None or best.p > LEVEL or not _is_large(best):
            return None
        return self._departure((), best, best.p)

    # --- the places ----------------------------------------------------------------------------

    def _search(self) -> list[Departure]:
        """Test single columns and pairs, look into the strongest, tell nothing twice."""
        tests = self._level((), self.whole, self.whole_years)
        singles = max(1, self.looked_at)
        tests += self._pairs()
        for seed in self._seeds(tests):
            inner = self._inner(seed)
            if inner is not None:
                tests.append(self._chosen(inner, singles))
                deeper = self._inner(inner) if self._holds(inner.stretch) else None
                tests += [self._chosen(deeper, singles)] if deeper is not None else []
        adjusted = self._adjusted(tests, singles)
        held = [
            replace(test, p=p)
            for test, p in zip(tests, adjusted, strict=True)
            if p <= LEVEL and _is_large(test.stretch) and self._is_heavy(test.stretch)
        ]
        held.sort(key=lambda d: -self._rank(d))
        return self._distinct(held[:_MOST_CONSIDERED])

    def _adjusted(self, tests: Sequence[Departure], singles: int) -> list[float]:
        """Correct for all that was looked at: single places and parts of them as two families.

        Each family has half of the level, so that the few columns that people name are not
        drowned in the many cells of pairs.
        """
        adjusted = [1.0] * len(tests)
        for deep, tried in ((False, singles), (True, max(1, self.looked_at - singles))):
            mine = [n for n, test in enumerate(tests) if (len(test.places) > 1) == deep]
            found = benjamini_hochberg([tests[n].stretch.p for n in mine], tried)
            for n, p in zip(mine, found, strict=True):
                adjusted[n] = min(1.0, 2 * p)
        return adjusted

    def _chosen(self, test: Departure, singles: int) -> Departure:
        """Count for a place that was come to step by step all that could have been come to."""
        depth = len(test.places)
        reachable = singles**depth / math.factorial(depth)
        reachable *= independent(self.tried) ** (depth - 1)  # the time was chosen at each step
        factor = max(1.0, reachable / self.looked_at)
        stretch = replace(test.stretch, p=min(1.0, test.stretch.p * factor))
        return replace(test, stretch=stretch, p=stretch.p)

    def _pairs(self) -> list[Departure]:
        """Test pairs of near columns of few values: a cell may stand out where no margin does."""
        near = [s for s in self._splits if _is_paired(s)]
        near.sort(key=lambda s: (s.steps > 0, not s.label, s.steps))
        found: list[Departure] = []
        plain = replace(self.frame, years=())
        for at, one in enumerate(near[:_MOST_PAIRED]):
            for other in near[at + 1 : _MOST_PAIRED]:
                if one.values * other.values > _MOST_CELLS or self._late():
                    continue
                if self.subject.asked:
                    continue
                grid = pair_series(
                    self.subject, self.subject.conditions(), (one, other), plain, self.asking
                )
                if grid.cut:
                    continue
                others = self.whole - grid.now
                found_ = self._scan(grid.now, others, None, None, self.tried)
                for values, stretch in zip(grid.pairs, found_, strict=True):
                    self.looked_at += 1
                    if stretch is None or None in values:
                        continue
                    places = (
                        Place(on=one.on, value=values[0], name=one.name),
                        Place(on=other.on, value=values[1], name=other.name),
                    )
                    found.append(self._departure(places, stretch, stretch.p))
        return found

    def _seeds(self, tests: Sequence[Departure]) -> list[Departure]:
        """Choose what to look into: the strongest of each column, whether they hold or not."""
        large = [t for t in tests if _is_large(t.stretch) and self._is_heavy(t.stretch)]
        strongest = sorted(large, key=lambda d: -self._rank(d))
        seeds = _spread_out(strongest)[:_LOOKED_INTO]
        return [] if self.subject.asked else seeds

    def _inner(self, outer: Departure) -> Departure | None:
        """Find the part of a place that holds most of its departure, if one does."""
        if self._late() or len(outer.places) >= _DEEPEST:
            return None
        conditions = tuple(p.condition() for p in outer.places)
        whole, years = series(
            self.subject, (*self.subject.conditions(), *conditions), self.frame, self.asking
        )
        inside = [
            test
            for test in self._level(outer.places, whole, years, conditions)
            if self._holds(test.stretch)
            and _is_sharper(test.stretch, outer.stretch, self.subject.kind)
        ]
        if not inside:
            return None
        return self._fullest(inside)

    def _rank(self, test: Departure) -> float:
        """Put tests in order: strength, and of like ones a name of a thing near the rows."""
        on = {place.on for place in test.places}
        mine = [s for s in self._splits if s.on in on]
        # The least of the names counts: a pair is not better known for its better half.
        split = max(mine, key=lambda s: (s.steps > 0 and not s.label, s.steps), default=None)
        if split is None or split.steps == 0:
            named = 1.0
        else:
            named = 1.1 * 0.97**split.steps if split.label else 0.7
            if not split.label and test.stretch.expected < 1:
                named = 0.4  # a code of another table that came and went
        late = 1.0 if test.low >= self.span.low - dt.timedelta(days=7) else 0.7
        return test.stretch.score * named * late

    def _fullest(self, tests: Sequence[Departure]) -> Departure:
        """Of those about as strong as the strongest take the one that holds most."""
        top = max(self._rank(test) for test in tests)
        near = [test for test in tests if self._rank(test) >= _AS_STRONG * top]
        best = max(near, key=lambda test: abs(_held(test.stretch, self.subject.kind)))
        for test in sorted(near, key=lambda test: len(test.places)):
            part = len(test.places) > len(best.places) and set(test.places) > set(best.places)
            if part and self._rank(test) >= 0.95 * self._rank(best):
                if _is_sharper(test.stretch, best.stretch, self.subject.kind):
                    best = test  # most of it lies in a part, and more strongly
        return best

    def _level(
        self,
        places: tuple[Place, ...],
        whole: Block,
        years: Block | None,
        conditions: tuple[Condition, ...] = (),
    ) -> list[Departure]:
        """Test all values of all columns within some places."""
        fixed = {p.on for p in places}
        named = {p.name for p in (*places, *self.subject.places)}
        found: list[Departure] = []
        signatures: dict[bytes, int] = {}
        for split in self._splits:
            if split.on in fixed or (places and split.values > MOST_VALUES) or self._late():
                continue
            if places and ((split.steps > 1 and not split.label) or split.name in named):
                continue  # far away, or the same thing told by another table
            grid = split_series(
                self.subject,
                (*self.subject.conditions(), *conditions),
                split,
                self.frame,
                self.asking,
                self._focus(),
            )
            if grid.cut:
                self._warn_cut()
            if grid.cut or not grid.values or self._decides(grid.now) or _are_codes(grid.values):
                continue
            others = whole - grid.now
            rest = years - grid.years if years is not None and grid.years is not None else None
            stretches_ = self._scan(grid.now, others, grid.years, rest, self.tried)
            for at, (value, stretch) in enumerate(zip(grid.values, stretches_, strict=True)):
                self.looked_at += 1
                signature = grid.now.sums[at].tobytes() + grid.now.rows[at].tobytes()
                if stretch is None or value is None:
                    continue
                place = Place(on=split.on, value=value, name=split.name)
                test = self._departure((*places, place), stretch, stretch.p)
                known = signatures.setdefault(signature, len(found))
                if known == len(found):
                    found.append(test)
                elif self._rank(test) > self._rank(found[known]):
                    found[known] = test  # the same rows under a better name
        return found

    def _distinct(self, held: list[Departure]) -> list[Departure]:
        """Leave out what does not depart any more once the stronger places are taken away."""
        kept: list[Departure] = []
        left = list(held)
        while left and len(kept) < _MOST_FINDINGS and not (kept and self._late()):
            best = self._fullest(left)
            left.remove(best)
            if not kept or self._stays(best, kept):
                kept.append(best)
        return kept

    def _stays(self, candidate: Departure, kept: Sequence[Departure]) -> bool:
        without = tuple(not_in(k.places) for k in kept)
        base = (*self.subject.conditions(), *without)
        own, own_years = series(
            self.subject,
            (*base, *(p.condition() for p in candidate.places)),
            self.frame,
            self.asking,
        )
        others, others_years = series(
            self.subject, (*base, not_in(candidate.places)), self.frame, self.asking
        )
        tried = [(candidate.stretch.first, candidate.stretch.last)]
        [again] = self._scan(own, others, own_years, others_years, tried)
        if again is None or not _is_large(again):
            return False
        return again.p * independent(self.tried) <= LEVEL and self._is_heavy(again)

    # --- pieces --------------------------------------------------------------------------------

    def _scan(
        self,
        group: Block,
        others: Block,
        years: Block | None,
        others_years: Block | None,
        tried: Sequence[tuple[int, int]],
    ) -> list[Stretch | None]:
        data = self._data(group, others, years, others_years)
        found = scan(data, tried, self.outside, self.subject.direction)
        if not self.subject.share:
            return found
        own = scan(against(self.subject, group, None), tried, self.outside, self.subject.direction)
        return [of_both(a, b) for a, b in zip(found, own, strict=True)]

    def _data(
        self, group: Block, others: Block, years: Block | None, others_years: Block | None
    ) -> Amounts | Means:
        data = against(self.subject, group, others, self.least)
        if years is not None and others_years is not None and isinstance(data, Amounts):
            other = against(self.subject, years, others_years)
            assert isinstance(other, Amounts)
            data = with_season(data, other, self.before)
        return data

    def _warn_cut(self) -> None:
        note = "Some columns have too many values for the row limit (run.rows): not looked at."
        if note not in self.asking.warnings:
            self.asking.warnings.append(note)

    def _decides(self, block: Block) -> bool:
        """Whether a column is the measure in other words: of a bounced visit none converts."""
        if not self.subject.share:
            return False
        rows, sums = block.rows.sum(axis=1), block.sums.sum(axis=1)
        many = rows > 0.02 * rows.sum()
        return bool((many & ((sums == 0) | (sums == rows))).any())

    def _holds(self, stretch: Stretch) -> bool:
        """Whether a part may be looked into; what is said at the end is tested for all."""
        return stretch.p * self.looked_at <= 0.05 and self._is_heavy(stretch)

    def _is_heavy(self, stretch: Stretch) -> bool:
        if self.subject.kind == "mean":
            return stretch.weight >= _LEAST_ROWS
        total = float(self.whole.sums[0, stretch.first : stretch.last].sum())
        if abs(stretch.excess) < _LEAST_PART * total:
            return False
        counted = self.subject.measure.aggregate == "count"
        return not counted or max(stretch.observed, stretch.expected) >= _LEAST_ROWS

    def _departure(self, places: tuple[Place, ...], stretch: Stretch, p: float) -> Departure:
        open_end = stretch.last >= self.frame.count and self.frame.end >= self.data[1]
        return Departure(
            places=places,
            low=self.frame.day(stretch.first),
            high=self.frame.day(stretch.last),
            open=open_end or (self.span.lasting and stretch.last >= self.frame.count - 1),
            stretch=stretch,
            p=p,
        )

    def _focus(self) -> tuple[dt.date, dt.date]:
        """The days in which a value has to be among the large ones to be looked at."""
        low, high = self.span.low, self.span.high + dt.timedelta(weeks=6)
        if self.subject.direction < 0:
            return low - dt.timedelta(weeks=13), low
        return low, high

    def _late(self) -> bool:
        return self.asking.deadline.remaining_s < _RESERVE_S


def _is_large(stretch: Stretch) -> bool:
    return abs(stretch.change) >= _LEAST_CHANGE


def _is_paired(split: Split) -> bool:
    """Whether a column is near and has few values: those of its own, names, and small groups."""
    if split.steps == 0 or (split.label and split.steps <= 2):
        return split.values <= _PAIRED
    return split.steps == 1 and split.values <= _FEW


def controls(subject: Subject) -> list[tuple[Condition, ...]]:
    """List what the question's rows may be compared with: all others, or those alike but for one.

    Of "Bike Bags in France": all other rows, Bike Bags elsewhere, other things in France.
    """
    fixed = subject.conditions(places=False)
    found: list[tuple[Condition, ...]] = [(*fixed, not_in(subject.places))]
    if len(subject.places) > 1:
        for place in subject.places:
            rest = tuple(p.condition() for p in subject.places if p != place)
            found.append((*fixed, *rest, not_in((place,))))
    return found


def _are_codes(values: Sequence[object]) -> bool:
    """Whether texts are days or numbers in truth: they make no groups that can be read."""
    texts = [str(v) for v in values if isinstance(v, str)]
    if not texts:
        return False
    bare = [t for t in texts if t and not any(letter.isalpha() for letter in t)]
    return len(bare) > 0.8 * len(texts)


def _held(stretch: Stretch, kind: str) -> float:
    return stretch.excess if kind == "amount" else stretch.excess * stretch.weight


def _is_sharper(inner: Stretch, outer: Stretch, kind: str) -> bool:
    """Whether a part holds most of what departed, and departs more than the whole of it."""
    if inner.z * outer.z <= 0:
        return False
    held = _held(inner, kind) / (_held(outer, kind) or 1.0)
    if kind == "amount":
        return held >= _HELD and abs(inner.change) > 1.15 * abs(outer.change)
    return held >= _HELD and abs(inner.excess) > 1.25 * abs(outer.excess)


def _spread_out(candidates: Sequence[Departure]) -> list[Departure]:
    """Take the strongest of each column before the second of any."""
    first: dict[object, Departure] = {}
    for candidate in candidates:
        first.setdefault(candidate.places[-1].on, candidate)
    return list(first.values())
