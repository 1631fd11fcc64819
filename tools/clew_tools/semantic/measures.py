"""What a measure consists of, and how rows become one number.

Some aggregates need the rows of a group in an order: ``first`` and ``last`` on every engine, and
on engines without a function for them ``median``, ``quantile``, ``stddev`` and ``variance``. They
are written with window functions instead of functions of our own, so that the SQL of a cell runs
wherever the user takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel, ToolFailed
from clew_tools.semantic.definitions import Formula, with_parts
from clew_tools.semantic.writer import Writer

Metrics = Mapping[str, q.Arithmetic | q.Measure]

_PLAIN: dict[str, type[exp.AggFunc]] = {
    "count": exp.Count, "sum": exp.Sum, "avg": exp.Avg, "min": exp.Min, "max": exp.Max,
}  # fmt: skip
_SPREAD = {"stddev": "STDDEV_SAMP", "variance": "VAR_SAMP"}
_NUMBERS = frozenset({"integer", "number", "decimal", "boolean"})
_NUMERIC = frozenset({"sum", "avg", "median", "quantile", "stddev", "variance"})
_NO_QUANTILE = frozenset({"sqlite", "mysql", "trino", "bigquery"})
_NO_SPREAD = frozenset({"sqlite"})


def resolve(measure: q.Measure, metrics: Metrics, seen: tuple[str, ...] = ()) -> q.Measure:
    """Put what a named metric means in its place, in the parts of ratios too.

    Raises:
        RetryByModel: there is no such metric, or the measure says too much or too little.
    """
    parts = {
        "an aggregate": measure.aggregate, "a metric": measure.metric, "a ratio": measure.ratio,
    }  # fmt: skip
    given = [part for part, value in parts.items() if value is not None]
    if len(given) > 1:
        raise RetryByModel(f"Measure {measure.name!r} has {' and '.join(given)}: keep one.")
    if measure.ratio is not None:
        if measure.where is not None and not seen:
            raise RetryByModel(
                f"Measure {measure.name!r} is a ratio: give its parts the filter, not itself."
            )
        top, bottom = (
            resolve(replace(part, where=both(part.where, measure.where)), metrics, seen)
            for part in (measure.ratio.numerator, measure.ratio.denominator)
        )
        return replace(measure, where=None, ratio=q.Ratio(numerator=top, denominator=bottom))
    if isinstance(measure, Formula):
        filtered = tuple(replace(p, where=both(p.where, measure.where)) for p in measure.parts)
        return replace(measure, where=None, parts=filtered)
    if measure.metric is None:
        return measure
    if measure.metric not in metrics:
        raise RetryByModel(f"There is no metric {measure.metric!r}.")
    if measure.metric in seen:
        raise RetryByModel(f"The metric {measure.metric!r} is defined by itself.")
    meant = metrics[measure.metric]
    if isinstance(meant, q.Arithmetic):
        return replace(measure, metric=None, aggregate="sum", of=meant)
    named = replace(
        meant,
        name=measure.name,
        unit=measure.unit or meant.unit,
        where=both(meant.where, measure.where),
    )
    return resolve(named, metrics, (*seen, measure.metric))


def both(one: q.Condition | None, other: q.Condition | None) -> q.Condition | None:
    """Ask for two conditions where there are two."""
    if one is None or other is None:
        return one or other
    return q.AllOf(all=(one, other))


def leaves(measure: q.Measure) -> list[q.Measure]:
    """List the aggregates that a measure is made of."""
    if isinstance(measure, Formula):
        return [leaf for part in measure.parts for leaf in leaves(part)]
    if measure.ratio is None:
        return [measure]
    return [*leaves(measure.ratio.numerator), *leaves(measure.ratio.denominator)]


def combined(measure: q.Measure, leaf: Callable[[q.Measure], exp.Expr], writer: Writer) -> exp.Expr:
    """Put a measure together from its aggregates."""
    if isinstance(measure, Formula):
        return with_parts(measure, [combined(part, leaf, writer) for part in measure.parts])
    if measure.ratio is None:
        return leaf(measure)
    top = combined(measure.ratio.numerator, leaf, writer)
    bottom = combined(measure.ratio.denominator, leaf, writer)
    if isinstance(bottom, exp.Binary):
        bottom = exp.paren(bottom)
    return writer.ratio(top, bottom)


def columns_of(
    value: q.Column | q.Arithmetic | q.Below | int | float | None,
) -> list[q.Column]:
    """List the columns of a value, but not those of the rows below."""
    if isinstance(value, q.Column):
        return [value]
    if isinstance(value, q.Arithmetic):
        return [column for arg in value.args for column in columns_of(arg)]
    return []


def needs_ranks(measure: q.Measure, writer: Writer) -> bool:
    """Say whether an aggregate is written over the ordered rows of its group."""
    if measure.aggregate in ("first", "last"):
        return True
    if measure.aggregate in ("median", "quantile"):
        return writer.dialect in _NO_QUANTILE
    return measure.aggregate in _SPREAD and writer.dialect in _NO_SPREAD


def check(measure: q.Measure, kind: str) -> None:
    """Refuse an aggregate that says too little, or fits no value of this kind.

    Raises:
        RetryByModel: it does.
    """
    if measure.aggregate == "count" and measure.of is None:
        return
    if measure.of is None or measure.aggregate is None:
        raise RetryByModel(f"Measure {measure.name!r} does not say what is aggregated.")
    if measure.aggregate in _NUMERIC and kind not in _NUMBERS and kind != "other":
        raise RetryByModel(
            f"Measure {measure.name!r}: the {measure.aggregate} of a {kind} is no number."
        )
    if measure.aggregate == "quantile" and (
        measure.quantile is None or not 0 <= measure.quantile <= 1
    ):
        raise RetryByModel(f"Measure {measure.name!r} needs a quantile between 0 and 1.")


def aggregate(measure: q.Measure, value: exp.Expr | None, kind: str, writer: Writer) -> exp.Expr:
    """Write an aggregate that needs no ranks, without its filter."""
    name = measure.aggregate
    if value is None:
        return exp.Count(this=exp.Star())
    postgres = writer.dialect == "postgres"
    if name == "count_distinct":
        return exp.Count(this=exp.Distinct(expressions=[value]))
    if kind == "boolean" and postgres and name not in ("count", "first", "last"):
        if name in ("min", "max"):
            return exp.func("BOOL_AND" if name == "min" else "BOOL_OR", value)
        value = exp.cast(value, "INT")
    if name in ("min", "max"):
        value = writer.by_code_points(value, kind)
    exact = kind == "decimal" or isinstance(measure.of, q.Arithmetic)
    if (name == "avg" and (postgres or writer.few_digits)) or (
        name in ("median", "quantile") and exact
    ):
        value = writer.number(value)  # not a decimal with as many digits as its parts have
    if name in _PLAIN:
        return _PLAIN[name](this=value)
    if name in ("median", "quantile"):
        at = 0.5 if name == "median" else measure.quantile
        if postgres or writer.dialect == "snowflake":
            within = exp.Order(expressions=[exp.Ordered(this=value)])
            return exp.WithinGroup(this=exp.PercentileCont(this=exp.convert(at)), expression=within)
        if name == "median":
            return exp.func("MEDIAN", value, dialect=writer.dialect)
        if writer.dialect == "spark":
            return exp.Anonymous(this="PERCENTILE", expressions=[value, exp.convert(at)])
        return exp.func("QUANTILE_CONT", value, exp.convert(at))
    if name in _SPREAD:
        many = postgres or writer.few_digits
        spread = exp.func(_SPREAD[name], writer.number(value) if many else value)
        if writer.dialect == "mysql":
            # MariaDB takes a spread for never null: HAVING … IS NULL would be decided without it.
            return exp.Coalesce(this=spread, expressions=[exp.null()])
        return spread
    raise ToolFailed(f"The aggregate {name!r} can't be compiled yet.")


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """An aggregate over the ordered rows of its group.

    Attributes:
        columns: what each row is given besides its value, by name.
        where: which rows count.
        result: the aggregate of these; None takes the value of the one row that is left.
    """

    columns: dict[str, exp.Expr]
    where: exp.Expr | None
    result: exp.Expr | None


def ranked(
    measure: q.Measure,
    value: exp.Expr,
    by: list[exp.Expr],
    groups: list[exp.Expr],
    writer: Writer,
) -> Ranked:
    """Write an aggregate with window functions; value is called ``value`` one level up.

    Args:
        measure: what is asked for.
        value: in the rows; nulls are left out by the caller.
        by: for ``first`` and ``last``: what gives the order.
        groups: the dimensions' expressions.
        writer: of the engine.
    """

    def over(function: exp.Expr, order: list[exp.Expr]) -> exp.Expr:
        return exp.Window(
            this=function,
            partition_by=[group.copy() for group in groups],
            order=exp.Order(expressions=order) if order else None,
        )

    name = measure.aggregate
    if name in ("first", "last"):
        way: q.Direction = "ascending" if name == "first" else "descending"
        order: list[exp.Expr] = [writer.ordered(key, way) for key in (*by, value.copy())]
        place = over(exp.RowNumber(), order)
        only = exp.EQ(this=writer.column("place"), expression=exp.convert(1))
        return Ranked(columns={"place": place}, where=only, result=None)
    if name in ("median", "quantile"):
        at = 0.5 if name == "median" else measure.quantile
        columns = {
            "place": over(exp.RowNumber(), [writer.ordered(value.copy())]),
            "size": over(exp.Count(this=exp.Star()), []),
        }
        # Between two rows, each weighs by how near it lies to the place that is asked for.
        weight = f"1 - ABS(place - 1 - {at!r} * (size - 1))"
        return Ranked(
            columns=columns,
            where=exp.maybe_parse(f"{weight} > 0"),
            result=exp.maybe_parse(f"SUM(value * ({weight}))"),
        )
    columns = {"mean": over(exp.Avg(this=value.copy()), [])}
    result = "SUM((value - mean) * (value - mean)) / NULLIF(COUNT(*) - 1, 0)"
    if name == "stddev":
        result = f"SQRT({result})"
    return Ranked(columns=columns, where=None, result=exp.maybe_parse(result))
