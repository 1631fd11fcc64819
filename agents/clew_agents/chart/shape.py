"""What of a result matters for its chart: time, categories, numbers, and how many of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from clew_agents.sql.describe import Describer, is_share
from clew_core.chart_spec import Encoding
from clew_core.query_spec import Column, Comparison, Dimension, Mark, Measure, QuerySpec
from clew_tools.charts import FRACTION, plain_values, words

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["time", "part", "classes", "category"]

_PARTS = ("quarter_of_year", "month_of_year", "week_of_year", "day_of_month", "day_of_week",
          "hour_of_day")  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}.*)?)?")
# A sum over groups of these is the whole; a sum of means is nothing.
_ADDITIVE = ("count", "sum")
_COMPARISON_WORDS = {
    "share": "Share of {}", "growth": "Growth of {}", "running_total": "Running total of {}",
    "rolling_sum": "Rolling total of {}", "rolling_avg": "Rolling average of {}",
    "difference": "Change of {}",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Group:
    """A column that rows are grouped by.

    Attributes:
        name: of the column.
        kind: time that goes on, part of a date, class of a number, or category.
        encoding: how it is shown.
        values: distinct ones, in the order of the rows, null among them.
    """

    name: str
    kind: Kind
    encoding: Encoding
    values: tuple[Any, ...]

    @property
    def number(self) -> int:
        """How many values there are, null included."""
        return len(self.values)

    @property
    def longest(self) -> int:
        """Signs of the longest value."""
        return max((len(str(value)) for value in self.values), default=0)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A column that is measured.

    Attributes:
        name: of the column.
        encoding: how it is shown.
        additive: its values add up to a whole.
        values: row by row, null where there is none.
    """

    name: str
    encoding: Encoding
    additive: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A result as its chart sees it.

    Attributes:
        spec: the question.
        title: of the chart.
        data: name of the variable that holds the rows.
        rows: how many.
        groups: what rows are grouped by, in the order of the result.
        numbers: what is measured, in the order of the result.
        columns: all columns of the result, row by row.
    """

    spec: QuerySpec
    title: str
    data: str
    rows: int
    groups: tuple[Group, ...]
    numbers: tuple[Number, ...]
    columns: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def hint(self) -> Mark | None:
        """The mark that the question asked for."""
        return self.spec.chart.mark if self.spec.chart else None

    @property
    def listing(self) -> bool:
        """Tell whether the result lists rows instead of measuring groups."""
        return not self.spec.measures and not self.spec.comparisons

    @property
    def time(self) -> Group | None:
        """The first group that is time."""
        return next((group for group in self.groups if group.kind == "time"), None)

    @property
    def others(self) -> tuple[Group, ...]:
        """The groups that are not ``time``."""
        return tuple(group for group in self.groups if group is not self.time)

    @property
    def ordered(self) -> bool:
        """Tell whether the question gave its rows an order; a comparison brings one of its own."""
        return bool(self.spec.order) and (self.ranked or not self.spec.comparisons)

    @property
    def ranked(self) -> bool:
        """Tell whether the question put its rows in an order by a number."""
        order = self.spec.order
        return bool(order) and any(order[0].by == number.name for number in self.numbers)


def shape_of(spec: QuerySpec, table: pa.Table, *, title: str, data: str) -> Shape | None:
    """Read a result's shape; None where its columns are not those of the spec."""
    named = [dimension.name for dimension in spec.dimensions]
    named += [measure.name for measure in spec.measures]
    named += [comparison.name for comparison in spec.comparisons]
    if any(name not in table.column_names for name in named):
        return None
    columns = {name: plain_values(table.column(name)) for name in named}
    groups = [
        _group(dimension, columns[dimension.name], _said(spec, dimension))
        for dimension in _shown(spec, columns)
    ]
    measures = {measure.name: measure for measure in spec.measures}
    # Who asks for growth or a share wants to see that, not what it was computed from.
    kinds = {comparison.kind for comparison in spec.comparisons}
    hidden = {"rank"}
    if kinds & {"growth", "difference"}:
        hidden |= {"previous_period", "same_period_last_year"}
    if "growth" in kinds:
        hidden.add("difference")
    numbers = [
        _comparison(spec, comparison, measures, columns[comparison.name])
        for comparison in spec.comparisons
        if comparison.kind not in hidden
    ] or [_measure(spec, measure, columns[measure.name]) for measure in spec.measures]
    if not spec.measures and not spec.comparisons:
        numbers = [
            _listed(group, columns[group.name])
            for group in groups
            if group.kind == "category" and is_number(columns[group.name])
        ]
        groups = [group for group in groups if group.name not in {n.name for n in numbers}]
    return Shape(
        spec=spec,
        title=title,
        data=data,
        rows=table.num_rows,
        groups=tuple(groups),
        numbers=tuple(numbers),
        columns=columns,
    )


def is_number(values: Sequence[Any]) -> bool:
    """Tell whether all values that are there are numbers, and some are there."""
    seen = [value for value in values if value is not None]
    return bool(seen) and all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in seen
    )


def _shown(spec: QuerySpec, columns: dict[str, list[Any]]) -> tuple[Dimension, ...]:
    """Leave out keys that were added to tell equal names apart, where no two are equal."""
    asked = tuple(d for d in spec.dimensions if d.name in spec.asked)
    if not asked or len(asked) == len(spec.dimensions):
        return spec.dimensions
    rows = list(zip(*(columns[d.name] for d in asked), strict=True))
    return asked if len(set(rows)) == len(rows) else spec.dimensions


def _said(spec: QuerySpec, dimension: Dimension) -> str | None:
    """Give the word that the question has for a column, where that is not the column's name."""
    if not isinstance(dimension.of, Column):
        return None
    said = spec.terms.get(f"{dimension.of.table}.{dimension.of.column}")
    return said[:1].upper() + said[1:] if said else None


def _group(dimension: Dimension, values: list[Any], said: str | None) -> Group:
    name = dimension.name
    seen = [value for value in values if value is not None]
    kind: Kind = "category"
    encoding = Encoding(field=name, type="nominal")
    if dimension.grain in _PARTS:
        kind, encoding = "part", Encoding(field=name, type="ordinal", unit=dimension.grain)
    elif seen and all(map(_is_moment, seen)):
        kind = "time"
        unit = dimension.grain or _grain(seen)
        encoding = Encoding(field=name, type="temporal", unit=unit)
    elif seen and all(map(_is_year, seen)) and (dimension.grain == "year" or _says_year(name)):
        kind, encoding = "time", Encoding(field=name, type="quantitative", unit="year")
    elif dimension.bucket is not None:
        kind, encoding = "classes", Encoding(field=name, type="ordinal")
    if said and dimension.grain is None:
        encoding = replace(encoding, title=said)
    return Group(name=name, kind=kind, encoding=encoding, values=tuple(dict.fromkeys(values)))


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and _MOMENT.fullmatch(value) is not None


def _is_year(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1000 <= value <= 2999


def _says_year(name: str) -> bool:
    return "year" in words(name).lower().split()


def _grain(values: list[str]) -> str:
    """Find the coarsest period whose first moments all values are."""
    texts = [value + "-01" if len(value) == 7 else value for value in values]
    for grain, end in (("year", "-01-01"), ("month", "-01")):
        if all(text[:10].endswith(end) and not text[10:].strip("T0:. ") for text in texts):
            return grain
    return "day" if all(not text[10:].strip("T0:. ") for text in texts) else "minute"


def _listed(group: Group, values: list[Any]) -> Number:
    return Number(
        name=group.name,
        encoding=Encoding(field=group.name, type="quantitative"),
        additive=False,
        values=_floats(values),
    )


def _measure(spec: QuerySpec, measure: Measure, values: list[Any]) -> Number:
    return Number(
        name=measure.name,
        encoding=Encoding(
            field=measure.name,
            type="quantitative",
            unit=FRACTION if is_share(measure) else measure.unit,
            title=_measure_title(spec, measure),
        ),
        additive=measure.aggregate in _ADDITIVE,
        values=_floats(values),
    )


def _measure_title(spec: QuerySpec, measure: Measure) -> str:
    said = Describer(spec).measure(measure)
    return said[:1].upper() + said[1:]


def _comparison(
    spec: QuerySpec, comparison: Comparison, measures: dict[str, Measure], values: list[Any]
) -> Number:
    measure = measures.get(comparison.measure)
    of = Describer(spec).measure(measure) if measure else words(comparison.measure)
    fraction = comparison.kind in ("growth", "share")
    title = words(comparison.name)
    if comparison.kind in _COMPARISON_WORDS:
        title = _COMPARISON_WORDS[comparison.kind].format(_lower(of))
    return Number(
        name=comparison.name,
        encoding=Encoding(
            field=comparison.name,
            type="quantitative",
            unit=FRACTION if fraction else measure.unit if measure else None,
            title=title,
        ),
        additive=comparison.kind == "share",
        values=_floats(values),
    )


def _lower(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _floats(values: list[Any]) -> tuple[float | None, ...]:
    if not is_number(values):
        return tuple(None for _ in values)
    return tuple(None if value is None else float(value) for value in values)
