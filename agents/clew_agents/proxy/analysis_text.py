"""How a share, a change, a running total or the first of each group becomes a sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clew_agents.proxy.prose import Prose, is_number, unit_of
from clew_agents.sql.describe import Describer, shown
from clew_core.query_spec import Comparison, Dimension, Measure, QuerySpec

_NAMED = 5  # so many rows are named one by one


class AnalysisText:
    """Writes the sentence of one result that compares groups."""

    def __init__(
        self,
        spec: QuerySpec,
        words: Describer,
        prose: Prose,
        group: Callable[[int, Dimension], str],
    ) -> None:
        """Take the result, and how the value of a dimension is said."""
        self.spec, self.words, self.prose, self.said = spec, words, prose, group
        self.rows = prose.table.num_rows
        self.kinds = {c.kind: c for c in spec.comparisons}

    def write(self) -> str:
        """Write the sentence; empty where the plain one is as good."""
        spec = self.spec
        if self.rows == 0 or len(spec.measures) != 1:
            return ""
        measure = spec.measures[0]
        if spec.top_per_group is not None:
            return self._first_of_each(measure)
        if (share := self.kinds.get("share")) is not None:
            return self._shares(measure, share)
        if (running := self.kinds.get("running_total")) is not None:
            return self._course(f"the running total of the {self._what(measure)}", running)
        for kind, word in (("rolling_avg", "average"), ("rolling_sum", "total")):
            if (rolling := self.kinds.get(kind)) is not None:  # type: ignore[call-overload]
                unit = self._time().grain or "period"
                what = f"the {rolling.periods}-{unit} rolling {word} of the {self._what(measure)}"
                return self._course(what, rolling)
        if "difference" in self.kinds or "growth" in self.kinds:
            return self._changes(measure)
        return ""

    def _what(self, measure: Measure) -> str:
        return f"{self.words.measure(measure)} {self.words.conditions()}".rstrip()

    def _time(self) -> Dimension:
        over = next((c.over for c in self.spec.comparisons if c.over), None)
        return next(d for d in self.spec.dimensions if d.name == over or (not over and d.grain))

    def _group(self, row: int, *, without: Sequence[str] = ()) -> str:
        dimensions = [d for d in shown(self.spec) if d.name not in without]
        names = all(d.name.lower().endswith("name") for d in dimensions)
        return (" " if names else ", ").join(self.said(row, d) for d in dimensions)

    def _value(self, row: int, measure: Measure) -> str:
        exact = measure.aggregate in ("count", "count_distinct", "sum", "min", "max")
        return self.prose.number(row, measure.name, exact=exact, unit=unit_of(measure))

    # --- shares --------------------------------------------------------------------------------

    def _shares(self, measure: Measure, share: Comparison) -> str:
        what = f"share of the {self._what(measure)} by {self.words.dimensions()}"
        order = self._by(share.name)
        if not order:
            return ""
        if self.rows <= _NAMED:
            told = [f"{self._group(r)} {self.prose.percent(r, share.name)}" for r in order]
            return f"{what}: {_and(told)}."
        top, bottom = order[0], order[-1]
        return (
            f"{what}: {self._group(top)} has the largest with "
            f"{self.prose.percent(top, share.name)} ({self._value(top, measure)}), "
            f"{self._group(bottom)} the smallest with {self.prose.percent(bottom, share.name)}."
        )

    def _by(self, column: str) -> list[int]:
        values = [self.prose.value(row, column) for row in range(self.rows)]
        known = [row for row in range(self.rows) if is_number(values[row])]
        return sorted(known, key=lambda row: values[row], reverse=True)

    # --- along time ----------------------------------------------------------------------------

    def _course(self, what: str, comparison: Comparison) -> str:
        if len(self.spec.dimensions) > 1:
            return f"{what} by {self.words.dimensions()}: the table has {self.prose.rows()} rows."
        known = [row for row in range(self.rows) if is_number(self._raw(row, comparison))]
        if not known:
            return f"{what}: there are no numbers."
        first, last = known[0], known[-1]
        exact = comparison.kind != "rolling_avg"
        values = [self.prose.number(r, comparison.name, exact=exact) for r in (first, last)]
        if first == last:
            return f"{what} is {values[0]} in {self._group(first)}."
        return (
            f"{what} goes from {values[0]} in {self._group(first)} to {values[1]} "
            f"in {self._group(last)}."
        )

    def _raw(self, row: int, comparison: Comparison) -> object:
        return self.prose.value(row, comparison.name)

    def _changes(self, measure: Measure) -> str:
        time, before = self._time(), self._before()
        others = [d for d in self.spec.dimensions if d.name != time.name]
        what = self.words.measure(measure)
        if self.spec.limit is not None and self.spec.order:
            return self._extreme(measure, before)
        if self.rows == 1 and not others:
            base, now = self.kinds.get("previous_period"), self._value(0, measure)
            if base is None or not is_number(self._raw(0, base)):
                return f"the {self._what(measure)} is {now}; {before} has no value."
            earlier = self.prose.number(0, base.name, exact=True, unit=unit_of(measure))
            return (
                f"the {self._what(measure)} is {now}, "
                f"after {earlier} in {before}: {self._moved(0)}."
            )
        periods = {self.said(row, time) for row in range(self.rows)}
        if len(periods) == 1 and others:
            named = [
                f"{self._group(row, without=(time.name,))} {self._moved(row)}"
                for row in self._by(self._key())[:_NAMED]
            ]
            rest = "; the table has the rest" if self.rows > _NAMED else ""
            by = _and([self.words.dimension(d) for d in others])
            conditions = self.words.conditions()
            text = f"change of the {what} by {by} {conditions}".rstrip()
            return f"{text} against {before}: {_and(named)}{rest}." if named else ""
        order = self._by(self._key())
        if not order:
            return f"change of the {self._what(measure)}: there is no {time.grain} to compare with."
        top, bottom = order[0], order[-1]
        text = f"change of the {self._what(measure)} against {before}, by {self.words.dimensions()}"
        if top == bottom:
            return f"{text}: {self._group(top)} {self._moved(top)}."
        return (
            f"{text}: the highest is {self._moved(top)} in {self._group(top)}, the lowest "
            f"{self._moved(bottom)} in {self._group(bottom)}."
        )

    def _key(self) -> str:
        kind = self.kinds.get("difference") or self.kinds["growth"]
        return kind.name

    def _extreme(self, measure: Measure, before: str) -> str:
        first = self.spec.order[0]
        fell = first.direction == "ascending"
        relative = first.by == "growth"
        noun = ("decline" if fell else "growth") if relative else ("drop" if fell else "rise")
        what = self._what(measure)
        time = self._time()
        one = len({self.said(row, time) for row in range(self.rows)}) == 1
        without = (time.name,) if one and len(self.spec.dimensions) > 1 else ()
        named = [
            f"{self._group(row, without=without)} with {self._moved(row)}"
            for row in range(min(self.rows, _NAMED))
        ]
        rest = f", followed by {_and(named[1:])}" if len(named) > 1 else ""
        return f"the largest {noun} of the {what} against {before}: {named[0]}{rest}."

    def _moved(self, row: int) -> str:
        """Say a change: "+120 (+8.5%)"."""
        parts = []
        if (difference := self.kinds.get("difference")) is not None:
            value = self._raw(row, difference)
            text = self.prose.number(row, difference.name, exact=True)
            parts.append(f"+{text}" if is_number(value) and value > 0 else text)  # type: ignore[operator]
        growth = self.kinds.get("growth")
        if growth is not None and is_number(self._raw(row, growth)):
            text = self.prose.percent(row, growth.name, signed=True)
            parts.append(f"({text})" if parts else text)
        return " ".join(parts)

    def _before(self) -> str:
        """Say what each period is compared with."""
        time = self._time()
        unit = time.grain or "year"
        kinds = ("difference", "growth")
        periods = next(c.periods for c in self.spec.comparisons if c.kind in kinds)
        year = {"month": 12, "quarter": 4, "week": 52, "year": 1}.get(unit)
        if periods == 1:
            return f"the {unit} before"
        if periods == year:
            return f"the same {unit} a year earlier"
        return f"the {unit} {periods} {unit}s before"

    # --- the first of each group ---------------------------------------------------------------

    def _first_of_each(self, measure: Measure) -> str:
        top = self.spec.top_per_group
        assert top is not None
        most = top.order[0].direction == "descending"
        counted = measure.aggregate in ("count", "count_distinct")
        adjective = ("most" if most else "fewest") if counted else "highest" if most else "lowest"
        what = self.words.measure(measure)
        if counted:
            what = self.words.counted(measure)
        elif measure.aggregate in ("max", "min"):
            what = self.words.column(measure.of)
        groups = [d for d in self.spec.dimensions if d.name in top.within]
        by = _and([self.words.dimension(d) for d in groups])
        text = f"the {adjective} {what} {self.words.conditions()}".rstrip() + f" in each {by}"
        named = []
        for row in range(min(self.rows, _NAMED)):
            group = ", ".join(self.said(row, d) for d in groups)
            thing = self._group(row, without=top.within)
            named.append(f"{group}: {thing} ({self._value(row, measure)})")
        rest = "; …" if self.rows > _NAMED else ""
        return f"{text}: {'; '.join(named)}{rest}."


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
