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
from clew_tools.semantic.grain_words import TEMPLATES

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
    template = TEMPLATES.get(dialect, {}).get(name)
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
