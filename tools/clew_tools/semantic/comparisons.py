"""How groups are compared with each other: earlier periods, shares, running totals, ranks.

Periods are counted on the calendar: a month without rows is a month, and the one after it has no
previous value. What looks back along time follows each series by itself (the groups that are alike
but for their period).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.semantic.grains import place_in_time, place_in_years
from clew_tools.semantic.writer import Writer

LOOKS_BACK = frozenset({
    "previous_period", "same_period_last_year", "growth", "difference", "rolling_sum",
    "rolling_avg",
})  # fmt: skip
_ALONG_TIME = LOOKS_BACK | {"running_total"}


class Comparisons:
    """The comparisons of one spec."""

    def __init__(self, spec: q.QuerySpec, writer: Writer) -> None:
        """Check what they name.

        Raises:
            RetryByModel: it isn't there.
        """
        self.spec, self.writer = spec, writer
        measures = {measure.name for measure in spec.measures}
        self._dimensions = {dimension.name: dimension for dimension in spec.dimensions}
        for comparison in spec.comparisons:
            if comparison.measure not in measures:
                raise RetryByModel(
                    f"Comparison {comparison.name!r} compares {comparison.measure!r}, which is no "
                    "measure of the spec."
                )
            if unknown := set(comparison.within) - set(self._dimensions):
                raise RetryByModel(f"The spec has no dimension {sorted(unknown)[0]!r}.")
            if comparison.periods < 1:
                raise RetryByModel(
                    f"Comparison {comparison.name!r} looks {comparison.periods} periods back: "
                    "give 1 or more."
                )
            if comparison.kind in _ALONG_TIME:
                self._over(comparison)

    def times(self) -> list[q.Dimension]:
        """List the dimensions along which comparisons look back."""
        return [self._over(c) for c in self.spec.comparisons if c.kind in LOOKS_BACK]

    def found(self, comparison: q.Comparison) -> exp.Expr:
        """Write what a look back finds: the earlier value, or the total of a window."""
        over = self._over(comparison)
        measure = self.writer.column(comparison.measure)
        time = self.writer.column(over.name)
        dialect, periods = self.writer.dialect, comparison.periods
        if comparison.kind == "same_period_last_year":
            place, distance = place_in_years(time, over.grain, dialect, periods)
        elif comparison.kind in ("rolling_sum", "rolling_avg"):
            place, distance = place_in_time(time, over.grain, dialect, periods - 1)
        else:
            place, distance = place_in_time(time, over.grain, dialect, periods)
        start = exp.convert(distance)
        rolling = {"rolling_sum": exp.Sum, "rolling_avg": exp.Avg}
        if comparison.kind in rolling:
            value = self._average(measure) if comparison.kind == "rolling_avg" else measure
            function: exp.Expr = rolling[comparison.kind](this=value)
            frame = exp.WindowSpec(
                kind="RANGE", start=start, start_side="PRECEDING", end="CURRENT ROW"
            )
        else:
            function = exp.Max(this=measure)  # of the one row that lies so far back
            frame = exp.WindowSpec(
                kind="RANGE", start=start, start_side="PRECEDING",
                end=start.copy(), end_side="PRECEDING",
            )  # fmt: skip
        return self._dated(time, self._window(function, self._series(over), [place], frame))

    def value(self, comparison: q.Comparison, measure: exp.Expr, found: exp.Expr) -> exp.Expr:
        """Write a comparison.

        Args:
            comparison: what is asked for.
            measure: the group's own value.
            found: what the look back found, where it is one.
        """
        kind = comparison.kind
        if kind == "difference":
            return exp.Sub(this=measure, expression=found)
        if kind == "growth":
            change = exp.paren(exp.Sub(this=measure, expression=found))
            return self.writer.ratio(change, found.copy())
        if kind in LOOKS_BACK:
            return found
        within = [self.writer.column(name) for name in comparison.within]
        if kind == "share":
            whole = self._window(exp.Sum(this=measure.copy()), within, [], None)
            return self.writer.ratio(measure, whole)
        if kind == "rank":
            order = [self.writer.ordered(measure.copy(), "descending")]
            place = self._window(exp.Anonymous(this="RANK", expressions=[]), within, order, None)
            return self._dated(measure, place)
        over = self._over(comparison)
        time = self.writer.column(over.name)
        series = self._series(over)
        keys: list[exp.Expr] = [self.writer.ordered(time.copy())]
        if self.writer.dialect == "bigquery":  # it can't put nulls last here: keep them apart
            series.append(exp.Is(this=time.copy(), expression=exp.null()))
            keys = [time.copy()]
        total = self._window(exp.Sum(this=measure), series, keys, None)
        return self._dated(time, total)

    def _average(self, measure: exp.Expr) -> exp.Expr:
        cut = self.writer.dialect == "postgres" or self.writer.few_digits
        return self.writer.number(measure) if cut else measure

    def _over(self, comparison: q.Comparison) -> q.Dimension:
        """Find the time of a comparison: the one it names, or the only one there is."""
        if comparison.over is not None:
            if comparison.over not in self._dimensions:
                raise RetryByModel(f"The spec has no dimension {comparison.over!r}.")
            return self._dimensions[comparison.over]
        periods = [d for d in self.spec.dimensions if d.grain is not None]
        if len(periods) != 1:
            raise RetryByModel(
                f"Comparison {comparison.name!r} does not say along which dimension: give 'over'."
            )
        return periods[0]

    def _series(self, over: q.Dimension) -> list[exp.Expr]:
        return [self.writer.column(d.name) for d in self.spec.dimensions if d.name != over.name]

    def _window(
        self,
        function: exp.Expr,
        within: Sequence[exp.Expr],
        order: Sequence[exp.Expr],
        frame: exp.WindowSpec | None,
    ) -> exp.Expr:
        return exp.Window(
            this=function,
            partition_by=list(within),
            order=exp.Order(expressions=list(order)) if order else None,
            spec=frame,
        )

    def _dated(self, needed: exp.Expr, value: exp.Expr) -> exp.Expr:
        """Give null where what is needed is null: nulls are no neighbours of each other."""
        present = exp.not_(exp.Is(this=needed.copy(), expression=exp.null()))
        return exp.case().when(present, value)
