"""How a date becomes a period or a part of a date, per engine.

Periods are given by their first day (``2024-03-01``), years as integers, parts as integers
(``day_of_week``: 1 is Monday, ISO 8601).
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from clew_core.errors import ToolFailed
from clew_core.query_spec import Grain

# {x} stands for the date. SQLite keeps dates as ISO text and has no date type.
_TEMPLATES: dict[str, dict[str, str]] = {
    "duckdb": {
        "year": "CAST(EXTRACT(YEAR FROM {x}) AS INTEGER)",
        "quarter": "CAST(DATE_TRUNC('QUARTER', {x}) AS DATE)",
        "month": "CAST(DATE_TRUNC('MONTH', {x}) AS DATE)",
        "week": "CAST(DATE_TRUNC('WEEK', {x}) AS DATE)",
        "day": "CAST({x} AS DATE)",
        "hour": "DATE_TRUNC('HOUR', {x})",
        "minute": "DATE_TRUNC('MINUTE', {x})",
        "quarter_of_year": "CAST(EXTRACT(QUARTER FROM {x}) AS INTEGER)",
        "month_of_year": "CAST(EXTRACT(MONTH FROM {x}) AS INTEGER)",
        "week_of_year": "CAST(EXTRACT(WEEK FROM {x}) AS INTEGER)",
        "day_of_month": "CAST(EXTRACT(DAY FROM {x}) AS INTEGER)",
        "day_of_week": "CAST(EXTRACT(ISODOW FROM {x}) AS INTEGER)",
        "hour_of_day": "CAST(EXTRACT(HOUR FROM {x}) AS INTEGER)",
    },
    "sqlite": {
        "year": "CAST(STRFTIME('%Y', {x}) AS INTEGER)",
        "quarter": (
            "STRFTIME('%Y', {x}) || '-' || SUBSTR('01010104040407070710101010', "
            "CAST(STRFTIME('%m', {x}) AS INTEGER) * 2 - 1, 2) || '-01'"
        ),
        "month": "STRFTIME('%Y-%m-01', {x})",
        "week": "DATE({x}, 'weekday 0', '-6 days')",
        "day": "DATE({x})",
        "hour": "STRFTIME('%Y-%m-%d %H:00:00', {x})",
        "minute": "STRFTIME('%Y-%m-%d %H:%M:00', {x})",
        "quarter_of_year": "(CAST(STRFTIME('%m', {x}) AS INTEGER) + 2) / 3",
        "month_of_year": "CAST(STRFTIME('%m', {x}) AS INTEGER)",
        "day_of_month": "CAST(STRFTIME('%d', {x}) AS INTEGER)",
        "day_of_week": "(CAST(STRFTIME('%w', {x}) AS INTEGER) + 6) % 7 + 1",
        "hour_of_day": "CAST(STRFTIME('%H', {x}) AS INTEGER)",
    },
}


def at_grain(value: exp.Expr, grain: Grain, dialect: str) -> exp.Expr:
    """Cut a date to a period or take a part of it.

    Raises:
        ToolFailed: the engine has no words for it.
    """
    template = _TEMPLATES.get(dialect, {}).get(grain)
    if template is None:
        raise ToolFailed(f"{dialect} has no rule for dates by {grain!r}.")
    tree = sqlglot.parse_one(template.format(x="x__"), dialect=dialect)
    for column in list(tree.find_all(exp.Column)):
        if column.name == "x__":
            column.replace(value.copy())
    return tree
