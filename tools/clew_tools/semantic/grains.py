"""How a date becomes a period or a part of a date, per engine, and how periods are counted.

Periods are given by their first day (``2024-03-01``), years as integers, parts as integers
(``day_of_week``: 1 is Monday, ISO 8601). A fiscal year is named by the year in which it ends.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import sqlglot
from sqlglot import exp

from clew_core.errors import RetryByModel, ToolFailed
from clew_core.query_spec import Grain, Weekday

# {x} stands for the date; {start} for the month in which the fiscal year begins, {shift} for how
# many months its quarters begin later than those of the calendar; {days} for how many days
# earlier than on Monday weeks begin.
_STANDARD = {
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
    "fiscal year": (
        "CAST(EXTRACT(YEAR FROM {x}) AS INTEGER) "
        "+ CASE WHEN EXTRACT(MONTH FROM {x}) >= {start} THEN 1 ELSE 0 END"
    ),
    "fiscal quarter": (
        "CAST(DATE_TRUNC('QUARTER', {x} - INTERVAL '{shift}' MONTH) + INTERVAL '{shift}' MONTH "
        "AS DATE)"
    ),
    "fiscal quarter_of_year": (
        "CAST(FLOOR((CAST(EXTRACT(MONTH FROM {x}) AS INTEGER) + 12 - {start}) % 12 / 3.0) "
        "AS INTEGER) + 1"
    ),
    "other week": (
        "CAST(DATE_TRUNC('WEEK', {x} + INTERVAL '{days}' DAY) - INTERVAL '{days}' DAY AS DATE)"
    ),
}
_TEMPLATES: dict[str, dict[str, str]] = {
    "duckdb": {
        **_STANDARD,
        "months since": "EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x})",
        "days since": "DATE_DIFF('DAY', CAST('2000-01-01' AS DATE), CAST({x} AS DATE))",
        "hours since": "DATE_DIFF('HOUR', CAST('2000-01-01' AS TIMESTAMP), {x})",
        "minutes since": "DATE_DIFF('MINUTE', CAST('2000-01-01' AS TIMESTAMP), {x})",
        "date as number": "CAST(STRFTIME({x}, '%Y%m%d') AS BIGINT)",
        "minute as number": "CAST(STRFTIME({x}, '%Y%m%d%H%M') AS BIGINT)",
    },
    "postgres": {
        **_STANDARD,
        "hour": "DATE_TRUNC('HOUR', CAST({x} AS TIMESTAMP))",
        "minute": "DATE_TRUNC('MINUTE', CAST({x} AS TIMESTAMP))",
        "months since": "CAST(EXTRACT(YEAR FROM {x}) * 12 + EXTRACT(MONTH FROM {x}) AS INTEGER)",
        "days since": "CAST({x} AS DATE) - CAST('2000-01-01' AS DATE)",
        "hours since": "CAST(EXTRACT(EPOCH FROM CAST({x} AS TIMESTAMP)) / 3600 AS BIGINT)",
        "minutes since": "CAST(EXTRACT(EPOCH FROM CAST({x} AS TIMESTAMP)) / 60 AS BIGINT)",
        "date as number": "CAST(TO_CHAR({x}, 'YYYYMMDD') AS BIGINT)",
        "minute as number": "CAST(TO_CHAR({x}, 'YYYYMMDDHH24MI') AS BIGINT)",
    },
    # SQLite keeps dates as ISO text and has no date type.
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
        # The week of a year is that of its Thursday.
        "week_of_year": (
            "(CAST(STRFTIME('%j', DATE({x}, '-3 days', 'weekday 4')) AS INTEGER) - 1) / 7 + 1"
        ),
        "day_of_month": "CAST(STRFTIME('%d', {x}) AS INTEGER)",
        "day_of_week": "(CAST(STRFTIME('%w', {x}) AS INTEGER) + 6) % 7 + 1",
        "hour_of_day": "CAST(STRFTIME('%H', {x}) AS INTEGER)",
        "fiscal year": (
            "CAST(STRFTIME('%Y', {x}) AS INTEGER) "
            "+ CASE WHEN CAST(STRFTIME('%m', {x}) AS INTEGER) >= {start} THEN 1 ELSE 0 END"
        ),
        "fiscal quarter": (
            "DATE({x}, 'start of month', '-' || "
            "((CAST(STRFTIME('%m', {x}) AS INTEGER) + 12 - {start}) % 12 % 3) || ' months')"
        ),
        "fiscal quarter_of_year": (
            "((CAST(STRFTIME('%m', {x}) AS INTEGER) + 12 - {start}) % 12) / 3 + 1"
        ),
        "other week": "DATE({x}, 'weekday {last}', '-6 days')",
        "months since": (
            "CAST(STRFTIME('%Y', {x}) AS INTEGER) * 12 + CAST(STRFTIME('%m', {x}) AS INTEGER)"
        ),
        "days since": "CAST(JULIANDAY(DATE({x})) - 2451544.5 AS INTEGER)",
        "hours since": "CAST(STRFTIME('%s', {x}) AS INTEGER) / 3600",
        "minutes since": "CAST(STRFTIME('%s', {x}) AS INTEGER) / 60",
        "date as number": "CAST(STRFTIME('%Y%m%d', {x}) AS INTEGER)",
        "minute as number": "CAST(STRFTIME('%Y%m%d%H%M', {x}) AS INTEGER)",
    },
}
_EARLIER = {"monday": 0, "sunday": 1, "saturday": 2}
_MONTHS = {"month": 1, "quarter": 3}
_COUNTED = {"week": 7, "day": 1, "hour": 1, "minute": 1}


def at_grain(
    value: exp.Expr,
    grain: Grain,
    dialect: str,
    *,
    week_start: Weekday = "monday",
    fiscal_year_start: int = 1,
) -> exp.Expr:
    """Cut a date to a period or take a part of it.

    Raises:
        RetryByModel: the fiscal year begins in no month.
        ToolFailed: the engine has no words for it.
    """
    if not 1 <= fiscal_year_start <= 12:
        raise RetryByModel(f"No month is {fiscal_year_start}: a fiscal year begins in 1 to 12.")
    name: str = grain
    if grain == "week" and week_start != "monday":
        name = "other week"
    if grain in ("year", "quarter", "quarter_of_year") and fiscal_year_start != 1:
        name = f"fiscal {grain}"
    days = _EARLIER[week_start]
    return _filled(
        name,
        value,
        dialect,
        start=fiscal_year_start,
        shift=(fiscal_year_start - 1) % 3,
        days=days,
        last=(7 - days) % 7,
    )


def place_in_time(
    value: exp.Expr, grain: Grain | None, dialect: str, periods: int
) -> tuple[exp.Expr, int]:
    """Count a period from a fixed one, so that gaps in the calendar count too.

    Args:
        value: the period, as ``at_grain`` gives it.
        grain: its grain; None or a part of a date counts by itself.
        dialect: the engine.
        periods: how many periods are wanted.

    Returns:
        A whole number, and by how much it grows over so many periods.
    """
    if grain in _MONTHS:
        return _filled("months since", value, dialect), _MONTHS[grain] * periods
    if grain in _COUNTED:
        unit = "days" if grain in ("week", "day") else f"{grain}s"
        return _filled(f"{unit} since", value, dialect), _COUNTED[grain] * periods
    return value.copy(), periods


def place_in_years(
    value: exp.Expr, grain: Grain | None, dialect: str, years: int
) -> tuple[exp.Expr, int]:
    """Count a period so that the same one of an earlier year lies at a fixed distance.

    A week is compared with the one 52 weeks before, a day with the same date.

    Raises:
        RetryByModel: the grain belongs to no year.
    """
    if grain == "year":
        return value.copy(), years
    if grain in _MONTHS:
        return _filled("months since", value, dialect), 12 * years
    if grain == "week":
        return _filled("days since", value, dialect), 364 * years
    if grain == "day":
        return _filled("date as number", value, dialect), 10_000 * years
    if grain in ("hour", "minute"):
        return _filled("minute as number", value, dialect), 100_000_000 * years
    raise RetryByModel("The same period of last year needs a period of time, such as 'month'.")


def _filled(name: str, value: exp.Expr, dialect: str, **numbers: int) -> exp.Expr:
    tree = _tree(name, dialect, tuple(numbers.items())).copy()
    for column in list(tree.find_all(exp.Column)):
        if column.name == "x__":
            if column is tree:
                return value.copy()
            column.replace(value.copy())
    return tree


@lru_cache(maxsize=512)
def _tree(name: str, dialect: str, numbers: tuple[tuple[str, int], ...]) -> exp.Expr:
    template = _TEMPLATES.get(dialect, {}).get(name)
    if template is None:
        raise ToolFailed(f"{dialect} has no rule for dates by {name!r}.")
    tree = sqlglot.parse_one(template.format(x="x__", **dict(numbers)), dialect=dialect)
    assert isinstance(tree, exp.Expr)
    return tree


Kind = Literal["date", "timestamp", "integer"]


def kind_at(grain: Grain) -> Kind:
    """Say what a date becomes at a grain."""
    if grain in ("quarter", "month", "week", "day"):
        return "date"
    return "timestamp" if grain in ("hour", "minute") else "integer"
