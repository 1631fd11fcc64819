"""The two sources of the reader's tests, and a short way to write a query spec down."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from clew_agents.proposer import Candidate
from clew_agents.sql.builtin import BuiltinProposer, SqlContext
from clew_agents.sql.tagging import tag
from clew_agents.sql.vocabulary import Vocabulary
from clew_core import query_spec as q
from clew_core.deadline import Deadline
from clew_tools.database.values import TextValues, normal
from tools.semantic import catalog_of

TODAY = dt.date(2024, 5, 15)
SOURCES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "reading_tables.yaml").read_text("utf-8")
)


def context_of(source: str, previous: q.QuerySpec | None = None) -> SqlContext:
    """Make what the proposer is given."""
    told = SOURCES[source]
    tables = {name: {**table, "rows": []} for name, table in told["tables"].items()}
    places: dict[str, list[tuple[str, str, str]]] = {}
    for column, values in told["values"].items():
        table, _, name = column.partition(".")
        for value in values:
            places.setdefault(normal(value), []).append((table, name, value))
    return SqlContext(
        source=source,
        vocabulary=Vocabulary(catalog=replace(catalog_of(tables), source=source)),
        values=TextValues(places),
        today=TODAY,
        previous=previous,
    )


def tags_of(question: str, context: SqlContext) -> str:
    """Tag a question: one letter per item."""
    return "".join(
        item.tag for item in tag(question, context.vocabulary, context.values, context.today)
    )


def candidates_of(question: str, context: SqlContext) -> list[Candidate]:
    """Propose."""
    return list(BuiltinProposer().propose(question, context, Deadline()))


def short(spec: q.QuerySpec) -> str:
    """Write a spec on one line: ``rides: sum amount | by month(started_at) | if …``."""
    own = spec.table
    parts = [_measure(measure, own) for measure in spec.measures]
    text = f"{own}: {', '.join(parts) or 'list'}"
    if spec.distinct:
        text += " once"
    if spec.dimensions:
        text += f" | by {', '.join(_dimension(d, own) for d in spec.dimensions)}"
    if spec.conditions:
        text += f" | if {' and '.join(_condition(c, own) for c in spec.conditions)}"
    if spec.comparisons:
        text += f" | then {', '.join(_comparison(c) for c in spec.comparisons)}"
    if spec.top_per_group is not None:
        top = spec.top_per_group
        text += f" | first {top.limit} of each {', '.join(top.within)} by {_order(top.order)}"
    if spec.order:
        text += f" | order {_order(spec.order)}"
    if spec.limit_percent is not None:
        text += f" | the first {spec.limit_percent:g} %"
    if spec.limit is not None:
        text += f" | limit {spec.limit}"
    if spec.chart is not None:
        wishes = [spec.chart.stacking, spec.chart.sort and f"by {spec.chart.sort}"]
        if spec.chart.horizontal is not None:
            wishes.append("horizontal" if spec.chart.horizontal else "upright")
        text += " ".join([f" | chart {spec.chart.mark or 'any'}", *filter(None, wishes)])
    return text


def _value(value: Any, own: str) -> str:
    if isinstance(value, q.Column):
        name = value.column if value.table == own else f"{value.table}.{value.column}"
        return f"{name}@{value.path}" if value.path else name
    if isinstance(value, q.Below):
        return f"{value.aggregate} {_value(value.of, own)}"
    if isinstance(value, q.Arithmetic) and value.op == "days":
        return f"(days {' until '.join(_value(arg, own) for arg in value.args)})"
    if isinstance(value, q.Arithmetic):
        signs = {"add": " + ", "subtract": " - ", "multiply": " * ", "divide": " / "}
        return f"({signs[value.op].join(_value(arg, own) for arg in value.args)})"
    if isinstance(value, q.MeasureRef):
        return f"<{value.measure}>"
    return str(value)


def _order(order: tuple[q.Order, ...]) -> str:
    ways = {"descending": "down", "ascending": "up"}
    return ", ".join(f"{o.by} {ways[o.direction]}" for o in order)


def _comparison(comparison: q.Comparison) -> str:
    text = f"{comparison.kind} {comparison.periods}" if comparison.over else comparison.kind
    text += f" over {comparison.over}" if comparison.over else ""
    return text + (f" within {', '.join(comparison.within)}" if comparison.within else "")


def _measure(measure: q.Measure, own: str) -> str:
    if measure.ratio is not None:
        parts = (measure.ratio.numerator, measure.ratio.denominator)
        return " / ".join(_measure(part, own) for part in parts)
    text = str(measure.aggregate)
    if measure.quantile is not None:
        text += f" {measure.quantile}"
    if measure.of is not None:
        text += f" {_value(measure.of, own)}"
    if measure.where is not None:
        text += f" where {_condition(measure.where, own)}"
    return text


def _dimension(dimension: q.Dimension, own: str) -> str:
    name = _value(dimension.of, own)
    return f"{dimension.grain}({name})" if dimension.grain else name


def _condition(condition: q.Condition, own: str) -> str:
    if isinstance(condition, q.Predicate):
        name = _value(condition.on, own)
        name = f"{condition.grain}({name})" if condition.grain else name
        values = ", ".join(map(str, condition.values))
        if condition.than is not None:
            values = f"<{condition.than.measure}>"
        if condition.spec is not None:
            values = f"[{short(condition.spec)}]"
        return " ".join([name, condition.operator, values]).strip()
    if isinstance(condition, q.Related):
        where = f" if {_condition(condition.where, condition.table)}" if condition.where else ""
        return f"{'some' if condition.has else 'no'} {condition.table}{where}"
    if isinstance(condition, q.AllOf):
        return f"({' and '.join(_condition(c, own) for c in condition.all)})"
    if isinstance(condition, q.AnyOf):
        return f"({' or '.join(_condition(c, own) for c in condition.any)})"
    return f"none of ({', '.join(_condition(c, own) for c in condition.none)})"
