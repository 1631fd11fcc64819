"""Which rows a chart shows, in plain Python: filtered, aggregated, sorted, split into traces.

The same steps as pandas takes in a chart cell (``source.py``), without importing pandas.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew_core.chart_spec import Filter
from clew_core.errors import RetryByModel
from clew_core.query_spec import Aggregate, Scalar
from clew_tools.charts.plan import Plan
from clew_tools.charts.words import NONE

if TYPE_CHECKING:
    import pyarrow as pa

Columns = dict[str, list[Any]]

MAX_FACETS = 12
MAX_TRACES = 24
MAX_SLICES = 25


@dataclass(frozen=True, kw_only=True)
class Group:
    """The rows of one trace.

    Attributes:
        facet: its small chart's value and place, counted from 0.
        name: the value that its colour stands for; None where there is one trace.
        place: of the colour, counted from 0.
        columns: field → values.
    """

    facet: tuple[Any, int] | None = None
    name: Any = None
    place: int = 0
    columns: Columns


def read(plan: Plan, table: pa.Table) -> Columns:
    """Read the rows that the chart shows, in their order; numbers as floats or integers.

    Raises:
        RetryByModel: a field is missing or of another type, or there is too much to show.
    """
    wanted = plan.columns if plan.columns is not None else tuple(table.column_names)
    if missing := [name for name in wanted if name not in table.column_names]:
        known = ", ".join(map(repr, table.column_names[:20]))
        raise RetryByModel(
            f"The chart names the field {missing[0]!r}, which the data don't have.",
            hint=f"They have {known}.",
        )
    columns: Columns = {name: plain_values(table.column(name)) for name in wanted}
    for condition in plan.spec.filters:
        columns = _keep(columns, [_holds(condition, v) for v in columns[condition.field]])
    for name in wanted:
        _check_type(plan, name, columns[name])
    if plan.aggregates:
        columns = _aggregate(plan, columns)
    if plan.sort:
        by, direction = plan.sort
        rows = _order(columns[by], reverse=direction == "descending")
        columns = {name: [values[row] for row in rows] for name, values in columns.items()}
    for name in plan.labels:  # last, so that numbers are sorted as numbers
        columns[name] = [NONE if value is None else value for value in columns[name]]
    _check_amount(plan, columns)
    return columns


def groups(plan: Plan, columns: Columns) -> Iterator[Group]:
    """Split rows into small charts and traces, in the order in which their values come."""
    colors = distinct(columns[plan.split]) if plan.split else [None]
    if plan.split_sorted:
        down = plan.split_sorted == "descending"
        colors = sorted(colors, key=lambda v: ((v == NONE) != down, v), reverse=down)
    facets = distinct(columns[plan.facet]) if plan.facet else [None]
    found: dict[tuple[Any, Any], list[int]] = {}
    for row in range(_length(columns)):
        facet = columns[plan.facet][row] if plan.facet else None
        color = columns[plan.split][row] if plan.split else None
        found.setdefault((facet, color), []).append(row)
    for number, facet in enumerate(facets):
        for place, color in enumerate(colors):
            rows = found.get((facet, color), [])
            if rows or (plan.split is None and plan.facet is None):
                yield Group(
                    facet=(facet, number) if plan.facet else None,
                    name=color,
                    place=place,
                    columns={name: [v[row] for row in rows] for name, v in columns.items()},
                )


def distinct(values: list[Any]) -> list[Any]:
    """List values once, in the order in which they come."""
    return list(dict.fromkeys(values))


def plain_values(column: pa.ChunkedArray) -> list[Any]:
    """List a column's values as figure JSON holds them: dates as ISO 8601, decimals as floats."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        # Nanoseconds would come as objects of pandas, and with them its import.
        column = column.cast(pa.timestamp("us", tz=column.type.tz), safe=False)
    return [_json(value) for value in column.to_pylist()]


def _json(value: Any) -> Any:
    """Give a value as figure JSON holds it; what has no place on a chart becomes null or text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, Decimal)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _length(columns: Columns) -> int:
    return len(next(iter(columns.values()), []))


def _keep(columns: Columns, kept: list[bool]) -> Columns:
    return {
        name: [value for value, keep in zip(values, kept, strict=True) if keep]
        for name, values in columns.items()
    }


# ------------------------------------------------------------------------------ filters


def _holds(condition: Filter, value: Any) -> bool:
    op, wanted = condition.operator, condition.values
    if op == "is_null":
        return value is None
    if value is None:
        return False
    if op == "is_not_null":
        return True
    counts = {"between": 2, "in": len(wanted), "not_in": len(wanted)}
    if len(wanted) != counts.get(op, 1):
        raise RetryByModel(
            f"The chart's filter {op!r} on {condition.field!r} has {len(wanted)} values."
        )
    if op in ("in", "not_in"):
        return bool(value in wanted) == (op == "in")
    if op in ("=", "!="):
        return bool(value == wanted[0]) == (op == "=")
    if op in ("contains", "not_contains", "starts_with", "ends_with"):
        return _text_holds(op, str(value).lower(), str(wanted[0]).lower())
    return _order_holds(condition, value)


def _text_holds(op: str, text: str, wanted: str) -> bool:
    if op == "starts_with":
        return text.startswith(wanted)
    if op == "ends_with":
        return text.endswith(wanted)
    return (wanted in text) == (op == "contains")


def _order_holds(condition: Filter, value: Any) -> bool:
    """Compare numbers as numbers and dates, which are ISO 8601, as moments."""
    first, last = condition.values[0], condition.values[-1]
    low, high = _comparable(first, value), _comparable(last, value)
    own = _comparable(value, value)
    tests: dict[str, Callable[[], bool]] = {
        "<": lambda: own < low,
        "<=": lambda: own <= low,
        ">": lambda: own > low,
        ">=": lambda: own >= low,
        "between": lambda: low <= own <= high,
    }
    try:
        return tests[condition.operator]()
    except TypeError:
        raise RetryByModel(
            f"The chart's filter compares {condition.field!r}, which holds {value!r}, "
            f"with {first!r}."
        ) from None


def _comparable(value: Scalar, like: Any) -> Any:
    if isinstance(value, str) and isinstance(like, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value


# ------------------------------------------------------------------------------ aggregates


def _aggregate(plan: Plan, columns: Columns) -> Columns:
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in range(_length(columns)):
        found.setdefault(tuple(columns[key][row] for key in plan.keys), []).append(row)
    result: Columns = {name: [] for name in (*plan.keys, *plan.aggregates)}
    for key, rows in found.items():
        for name, value in zip(plan.keys, key, strict=True):
            result[name].append(value)
        for name, aggregate in plan.aggregates.items():
            values = [columns[name][row] for row in rows]
            result[name].append(_compute(aggregate, [v for v in values if v is not None]))
    return result


def _compute(aggregate: Aggregate, values: list[Any]) -> Any:
    """Reduce values that are not null; as in pandas a sum of nothing is 0."""
    if aggregate == "count":
        return len(values)
    if aggregate == "count_distinct":
        return len(set(values))
    if aggregate == "sum":
        return sum(values)
    if not values:
        return None
    if aggregate in ("stddev", "variance") and len(values) < 2:
        return None
    functions: dict[str, Callable[[list[Any]], Any]] = {
        "avg": lambda v: math.fsum(v) / len(v),
        "min": min,
        "max": max,
        "median": statistics.median,
        "stddev": statistics.stdev,
        "variance": statistics.variance,
        "first": lambda v: v[0],
        "last": lambda v: v[-1],
    }
    return functions[aggregate](values)


# ------------------------------------------------------------------------------ order


def _order(values: list[Any], *, reverse: bool) -> list[int]:
    """Give the places of values in ascending or descending order; nulls last, ties in place."""
    filled = [place for place, value in enumerate(values) if value is not None]
    empty = [place for place, value in enumerate(values) if value is None]
    return sorted(filled, key=values.__getitem__, reverse=reverse) + empty


# ------------------------------------------------------------------------------ what can't be


def _check_type(plan: Plan, name: str, values: list[Any]) -> None:
    kind = plan.types.get(name)
    seen = next((value for value in values if value is not None), None)
    if seen is None or kind in (None, "nominal", "ordinal"):
        return
    counted = plan.aggregates.get(name) in ("count", "count_distinct")
    if kind == "quantitative" and isinstance(seen, (str, bool)) and not counted:
        raise RetryByModel(f"The chart draws {name!r} as numbers, but it holds {seen!r}.")
    if kind == "temporal" and not is_moment(seen):
        hint = "Whole years are quantitative with the unit 'year'." if _is_year(seen) else ""
        raise RetryByModel(
            f"The chart draws {name!r} on a time axis, but it holds {seen!r}.", hint=hint
        )


def is_moment(value: Any) -> bool:
    """Tell whether a value of figure JSON is a date: ISO 8601, also a month or a year alone."""
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value + {4: "-01-01", 7: "-01"}.get(len(value), ""))
    except ValueError:
        return False
    return True


def _is_year(value: Any) -> bool:
    return isinstance(value, int) and 1000 <= value <= 2999


def _check_amount(plan: Plan, columns: Columns) -> None:
    for field, most, what in (
        (plan.split, MAX_TRACES, "colours"),
        (plan.facet, MAX_FACETS, "small charts"),
    ):
        if field and (number := len(set(columns[field]))) > most:
            raise RetryByModel(
                f"{field!r} has {number} values; a chart shows at most {most} {what}.",
                hint=f"Filter {field!r} to the largest ones.",
            )
    spec = plan.spec
    if spec.mark == "pie" and spec.x and spec.y:
        values = [value for value in columns[spec.y.field] if value is not None]
        if len(columns[spec.x.field]) > MAX_SLICES:
            raise RetryByModel(
                f"{spec.x.field!r} has {len(columns[spec.x.field])} values; nobody can read a pie "
                f"of more than {MAX_SLICES} slices.",
                hint="Use bars.",
            )
        if any(value < 0 for value in values):
            raise RetryByModel(f"{spec.y.field!r} has negative values; a pie has no room for them.")
    if spec.size and any((value or 0) < 0 for value in columns[spec.size.field]):
        raise RetryByModel(f"{spec.size.field!r} has negative values; an area can't show them.")
    if spec.mark == "number" and spec.y and len(columns[spec.y.field]) != 1:
        raise RetryByModel(
            f"A number chart shows one value; {spec.y.field!r} has {len(columns[spec.y.field])}.",
            hint="Aggregate it.",
        )
