"""How is a condition on time said: "in 2008", "from March 2009 to May 2010", "before 1970"?"""

from __future__ import annotations

import calendar
import datetime as dt

from clew_agents.sql.words import split_name
from clew_core import query_spec as q


def as_date(value: object) -> dt.date | None:
    """Read a date, a moment or ISO 8601 text as a day; None: it is none."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def span_text(condition: q.AllOf) -> str:
    """Say a half-open span of days: "in 2008", "from March 2009 to May 2010", "since 2008"."""
    low = high = None
    for test in condition.all:
        if not isinstance(test, q.Predicate) or not isinstance(test.on, q.Column):
            return ""
        day = as_date(test.values[0]) if test.values and isinstance(test.values[0], str) else None
        if day is None or test.operator not in (">=", "<"):
            return ""
        low, high = (day, high) if test.operator == ">=" else (low, day)
    if low is not None and high is not None:
        last = high - dt.timedelta(days=1)
        years = (low.month, low.day, last.month, last.day) == (1, 1, 12, 31)
        first_text = str(low.year) if years else _named(low, starts=True, years=False)
        last_text = str(last.year) if years else _named(last, starts=False, years=False)
        whole = _whole(low, high)
        if whole:
            return f"{'on' if (high - low).days == 1 else 'in'} {whole}"
        return f"from {first_text} to {last_text}"
    if low is not None:
        return f"since {_named(low, starts=True)}"
    if high is not None:
        return f"before {_named(high, starts=True)}"
    return ""


def _whole(low: dt.date, high: dt.date) -> str:
    """Name a span that is one year, quarter, month or day."""
    if low.day == 1 and high.day == 1:
        months = (high.year - low.year) * 12 + high.month - low.month
        if months == 12 and low.month == 1:
            return str(low.year)
        if months == 3 and low.month % 3 == 1:
            return f"Q{(low.month + 2) // 3} {low.year}"
        if months == 1:
            return f"{calendar.month_name[low.month]} {low.year}"
    return low.isoformat() if (high - low).days == 1 else ""


def _named(day: dt.date, *, starts: bool, years: bool = True) -> str:
    """Name a day that begins or ends a year (if wanted) or a month by that."""
    last = calendar.monthrange(day.year, day.month)[1]
    if years and (day.month, day.day) == ((1, 1) if starts else (12, 31)):
        return str(day.year)
    if day.day == (1 if starts else last):
        return f"{calendar.month_name[day.month]} {day.year}"
    return day.isoformat()


def is_year(column: q.Column) -> bool:
    """Whether a column holds whole years."""
    return split_name(column.column)[-1:] == ("year",)


def years_text(test: q.Predicate) -> str:
    """Say a condition on whole years."""
    values = [str(value) for value in test.values]
    texts = {
        "=": "in {0}", "between": "from {0} to {1}", ">=": "since {0}", ">": "after {0}",
        "<=": "up to {0}", "<": "before {0}", "!=": "not in {0}",
    }  # fmt: skip
    if test.operator in texts:
        return texts[test.operator].format(*values)
    return f"in {' or '.join(values)}"
