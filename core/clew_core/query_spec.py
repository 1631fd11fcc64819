"""What a query spec is: the question as data, before it becomes SQL.

The semantic query of DataLab (arXiv 2412.02205, DSL: MeasureList, DimensionList, ConditionList,
Limit, ChartType) with joins, comparisons, groups and sets. Compiled to SQL by rules in
``clew_tools.semantic``; its JSON Schema is ``schemas/query_spec.v1.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Scalar: TypeAlias = str | bool | int | float | None
Aggregate = Literal[
    "count", "count_distinct", "sum", "avg", "min", "max",
    "median", "quantile", "stddev", "variance", "first", "last",
]  # fmt: skip
Grain = Literal[
    "year", "quarter", "month", "week", "day", "hour", "minute",
    "quarter_of_year", "month_of_year", "week_of_year", "day_of_month", "day_of_week",
    "hour_of_day",
]  # fmt: skip
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "between", "in", "not_in",
    "contains", "not_contains", "starts_with", "ends_with", "is_null", "is_not_null",
]  # fmt: skip
Direction = Literal["ascending", "descending"]
Weekday = Literal["monday", "sunday", "saturday"]
Mark = Literal[
    "bar", "line", "area", "point", "pie", "histogram", "box", "heatmap", "table", "number"
]
Stacking = Literal["none", "stack", "normalize"]
ComparisonKind = Literal[
    "previous_period", "same_period_last_year", "growth", "share", "running_total",
    "rolling_sum", "rolling_avg", "rank", "difference",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        table: name of the table.
        column: name of the column.
        path: name of the join path that leads to the table, where several do (order date or
            ship date; home or away team).
    """

    table: str
    column: str
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class Below:
    """One value of the rows below: the first ticket about an order, null where there is none.

    Attributes:
        aggregate: ``min`` is the earliest, ``max`` the latest.
        of: a column of a table whose rows point at the spec's table, over a key path that is the
            only shortest one.
    """

    aggregate: Literal["min", "max"]
    of: Column


@dataclass(frozen=True, kw_only=True)
class Arithmetic:
    """A value computed in each row, null when any part is null.

    Attributes:
        op: the operation, applied from left to right; ``days`` takes two dates and counts the days
            from that of the first to that of the second, below zero where it lies before.
        args: columns, numbers, values of the rows below, or further arithmetic.
    """

    op: Literal["add", "subtract", "multiply", "divide", "days"]
    args: tuple[Column | Arithmetic | Below | int | float, ...]


Value: TypeAlias = Column | Arithmetic


@dataclass(frozen=True, kw_only=True)
class MeasureRef:
    """A measure or comparison of the same spec, by name; conditions on it filter groups.

    Comparisons are computed before groups are filtered: a share is of the whole, and a period
    that is filtered out is still the previous one of the next.

    Attributes:
        measure: its name.
    """

    measure: str


@dataclass(frozen=True, kw_only=True)
class Predicate:
    """One condition.

    Attributes:
        on: what is tested; a measure is tested after grouping.
        operator: ``between`` includes both ends; text tests ignore case; null fulfils only
            ``is_null``.
        values: none for the null tests, two for ``between``, any number for ``in`` and
            ``not_in``, else one. Dates as ISO 8601; a day stands for all its moments (``<=`` a day:
            before the next one).
        grain: test this part of a date instead of the whole (month 3 of any year).
        spec: instead of values: the one column that this spec gives: its one dimension (measures
            may order and limit it), or its one measure. Its nulls equal nothing. Signs take one
            value: a spec without dimensions, or with a limit of 1.
        than: instead of values: another measure of the same spec, where a measure is tested by a
            sign; a group that lacks one of the two does not fulfil it.
    """

    on: Column | Arithmetic | MeasureRef
    operator: Operator
    values: tuple[Scalar, ...] = ()
    grain: Grain | None = None
    spec: QuerySpec | None = None
    than: MeasureRef | None = None


@dataclass(frozen=True, kw_only=True)
class AllOf:
    """Holds when each of its conditions holds.

    Attributes:
        all: the conditions.
    """

    all: tuple[Predicate | AllOf | AnyOf | NoneOf | Related | Named, ...]


@dataclass(frozen=True, kw_only=True)
class AnyOf:
    """Holds when at least one of its conditions holds.

    Attributes:
        any: the conditions.
    """

    any: tuple[Predicate | AllOf | AnyOf | NoneOf | Related | Named, ...]


@dataclass(frozen=True, kw_only=True)
class NoneOf:
    """Holds when none of its conditions holds; what is null counts as not holding.

    Attributes:
        none: the conditions.
    """

    none: tuple[Predicate | AllOf | AnyOf | NoneOf | Related | Named, ...]


@dataclass(frozen=True, kw_only=True)
class Related:
    """Holds when there are rows of another table ("has none of": when there are none).

    Attributes:
        has: whether such rows must exist, or must not.
        table: the other table.
        path: the join path to it, where several lead there.
        where: what its rows must fulfil.
    """

    has: bool
    table: str
    path: str | None = None
    where: Predicate | AllOf | AnyOf | NoneOf | Named | None = None


@dataclass(frozen=True, kw_only=True)
class Named:
    """Holds for the rows that the company calls so.

    Attributes:
        term: a word of the knowledge's glossary that has a condition.
    """

    term: str


Condition: TypeAlias = Predicate | AllOf | AnyOf | NoneOf | Related | Named


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """One measure divided by another; null where the second is zero.

    Attributes:
        numerator: what is divided.
        denominator: by what.
    """

    numerator: Measure
    denominator: Measure


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number per group. Exactly one of aggregate, metric and ratio is given.

    Attributes:
        name: its column in the result.
        aggregate: how rows become one number; ``count`` without ``of`` counts rows.
        of: what is aggregated, nulls left out. A column of a table whose rows point at the spec's
            table is aggregated over that table's rows, each once.
        by: for ``first`` and ``last``: what gives the order of the rows; else the primary key.
        quantile: for ``quantile``: in (0, 1), interpolated.
        metric: the name of a metric of the knowledge; what is a value there is summed.
        ratio: one measure by another.
        where: only these rows count, for this measure alone.
        unit: of the value.
    """

    name: str
    aggregate: Aggregate | None = None
    of: Column | Arithmetic | None = None
    by: Column | None = None
    quantile: float | None = None
    metric: str | None = None
    ratio: Ratio | None = None
    where: Condition | None = None
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Classes of a number: of one width, or between edges.

    Attributes:
        width: of every class.
        origin: where one class begins.
        edges: ascending; below the first and from the last on are classes too. The result then
            names the classes (``under 18``, ``18 to 30``, ``30 or more``), in their order; with a
            width it gives the lower end of the class.
    """

    width: float | None = None
    origin: float = 0
    edges: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """What rows are grouped by, or a column to list when there are no measures.

    Attributes:
        name: its column in the result.
        of: the value.
        grain: of a date: a period (``month``: its first day) or a part (``month_of_year``: 1–12,
            ``day_of_week``: 1 is Monday).
        week_start: first day of a week.
        fiscal_year_start: month in which the fiscal year begins; years are named by their end.
            Moves ``year``, ``quarter`` and ``quarter_of_year``.
        bucket: classes of a number.
    """

    name: str
    of: Column | Arithmetic
    grain: Grain | None = None
    week_start: Weekday = "monday"
    fiscal_year_start: int = 1
    bucket: Bucket | None = None


@dataclass(frozen=True, kw_only=True)
class Key:
    """Two columns that are equal where rows belong together.

    Attributes:
        left: of the table nearer to the spec's table.
        right: of the table that is joined.
    """

    left: Column
    right: Column


@dataclass(frozen=True, kw_only=True)
class JoinPath:
    """The way from the spec's table to another one.

    Attributes:
        name: what columns name as their ``path``.
        keys: step by step; neighbours between the same two tables are one key of several columns
            (in a table that points at itself: those that name different columns).
        kind: ``left`` keeps rows without a partner. What only measures use never takes rows from
            other measures, whatever the kind.
    """

    name: str
    keys: tuple[Key, ...]
    kind: Literal["inner", "left"] = "inner"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A column computed across the groups of the result.

    What looks along time follows each series (the groups that are alike but for their period), on
    the calendar: a period without rows is no previous period. What looks back sees whole periods
    before those that conditions on that time choose; totals, shares and ranks don't.

    Attributes:
        name: its column in the result.
        kind: ``growth`` is the change to the previous period as a fraction, ``difference`` the
            change itself, ``share`` the part of the whole, ``rank`` 1 for the largest (equals
            share one), ``rolling_avg`` the mean of the periods that have a value. The same week
            of last year lies 52 weeks back.
        measure: the name of the measure that is compared.
        over: the time dimension that gives the order, where the kind needs one; may be left out
            where there is one dimension with a grain.
        periods: how far back (of last year: how many years), or how wide a window.
        within: for ``share`` and ``rank``: dimensions that split the result before it is compared.
    """

    name: str
    kind: ComparisonKind
    measure: str
    over: str | None = None
    periods: int = 1
    within: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Order:
    """One key of the order of rows; nulls come last.

    Attributes:
        by: name of a measure, dimension or comparison.
        direction: ascending or descending.
    """

    by: str
    direction: Direction = "ascending"


@dataclass(frozen=True, kw_only=True)
class TopPerGroup:
    """Only the first rows of each group.

    Attributes:
        within: dimensions that make the groups.
        order: which rows come first; ties by all output columns.
        limit: how many of each group.
    """

    within: tuple[str, ...]
    order: tuple[Order, ...]
    limit: int


@dataclass(frozen=True, kw_only=True)
class SetOperation:
    """This result combined with that of another spec with the same columns.

    Attributes:
        op: what is kept; duplicates go.
        spec: the other one, with its own limit; columns take the first one's names, and the first
            one's order and limit hold for the combination.
    """

    op: Literal["union", "intersect", "except"]
    spec: QuerySpec


@dataclass(frozen=True, kw_only=True)
class ChartHint:
    """What the question said about a chart.

    Attributes:
        mark: the kind that was asked for; None leaves it open.
        stacking: whether parts stand on each other, or show their shares; None leaves it open.
        horizontal: bars lie; None leaves it open.
        sort: categories in the order of their names or of their sizes; None leaves it open.
    """

    mark: Mark | None = None
    stacking: Stacking | None = None
    horizontal: bool | None = None
    sort: Literal["name", "size"] | None = None


@dataclass(frozen=True, kw_only=True)
class QuerySpec:
    """A question as data. With no measures it lists rows.

    Attributes:
        version: of this form.
        source: name of the source.
        table: whose rows are counted, listed or aggregated.
        measures: numbers, in the order of the result's columns.
        dimensions: groups, before the measures in the result.
        conditions: all must hold.
        comparisons: computed over the grouped result.
        joins: chosen key paths; where there is only one shortest path none need be given.
        top_per_group: only the first rows of each group.
        set_operation: combined with another spec.
        order: keys in turn; ties by all output columns, so that rows stay put.
        limit: at most so many rows.
        limit_percent: only the first so many in a hundred of the rows, in that order, a part of a
            row counted as one; before a set operation and before ``limit``.
        distinct: listed rows come once.
        chart: what the question said about a chart.
        terms: ``table`` or ``table.column`` → what the question calls it; ``=3000`` → how it
            writes that number, ``table.column=0`` → how it says that condition; for texts only.
        asked: columns of the result that the question asked for; the others show what the answer
            rests on (the number that a ranking is by). Empty: all were asked for.
    """

    source: str
    table: str
    version: Literal[1] = 1
    measures: tuple[Measure, ...] = ()
    dimensions: tuple[Dimension, ...] = ()
    conditions: tuple[Condition, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    joins: tuple[JoinPath, ...] = ()
    top_per_group: TopPerGroup | None = None
    set_operation: SetOperation | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    limit_percent: float | None = None
    distinct: bool = False
    chart: ChartHint | None = None
    terms: dict[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
