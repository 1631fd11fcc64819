"""What a value becomes at a grain, in a bucket and in an aggregate: by Python and pandas alone."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pandas as pd

from clew_core import query_spec as q


def simple(value: Any) -> Any:
    """Make a plain Python value of it; what is missing is None."""
    if isinstance(value, Decimal):
        return float(value)
    if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else value


def months_back(day: dt.date, months: int) -> dt.date:
    """Give the first day of the month that lies so far back."""
    count = day.year * 12 + day.month - 1 - months
    return dt.date(count // 12, count % 12 + 1, 1)


def at(dimension: q.Dimension, value: Any) -> Any:
    """Give a value at the grain, or in the bucket, of a dimension."""
    if value is None:
        return None
    if (bucket := dimension.bucket) is not None:
        if bucket.width is not None:
            return math.floor((value - bucket.origin) / bucket.width) * bucket.width + bucket.origin
        below = sum(edge <= value for edge in bucket.edges)
        ends = [f"{edge:.15g}" for edge in bucket.edges]
        if below == 0:
            return f"under {ends[0]}"
        return (
            f"{ends[-1]} or more" if below == len(ends) else f"{ends[below - 1]} to {ends[below]}"
        )
    start = dimension.fiscal_year_start
    if dimension.grain is None:
        return value
    day = value.date() if isinstance(value, dt.datetime) else value
    in_year = (day.month - start) % 12
    week_day = {"monday": 0, "saturday": 5, "sunday": 6}[dimension.week_start]
    results: dict[str, Callable[[], Any]] = {
        "year": lambda: day.year + (start > 1 and day.month >= start),
        "quarter": lambda: months_back(day, in_year % 3),
        "month": lambda: day.replace(day=1),
        "week": lambda: day - dt.timedelta(days=(day.weekday() - week_day) % 7),
        "day": lambda: day,
        "hour": lambda: value.replace(minute=0, second=0),
        "minute": lambda: value.replace(second=0),
        "quarter_of_year": lambda: in_year // 3 + 1,
        "month_of_year": lambda: day.month,
        "week_of_year": lambda: day.isocalendar().week,
        "day_of_month": lambda: day.day,
        "day_of_week": lambda: day.isoweekday(),
        "hour_of_day": lambda: value.hour,
    }
    return results[dimension.grain]()


def aggregate(measure: q.Measure, values: list[Any]) -> Any:
    """Make one number of a group's values."""
    name = measure.aggregate
    if name == "count":
        return len(values)
    if name == "count_distinct":
        return len(set(values))
    if not values:
        return None
    if name in ("min", "max"):
        return min(values) if name == "min" else max(values)
    series = pd.Series([float(value) for value in values])
    results = {
        "sum": series.sum, "avg": series.mean, "median": series.median,
        "quantile": lambda: series.quantile(measure.quantile or 0.5),
        "stddev": series.std, "variance": series.var,
    }  # fmt: skip
    return simple(float(results[str(name)]()))


def back(time: Any, over: q.Dimension, periods: int) -> Any:
    """Give the period that lies so far back."""
    if over.grain in ("day", "week"):
        return time - dt.timedelta(days=periods * (7 if over.grain == "week" else 1))
    if over.grain == "hour":
        return time - dt.timedelta(hours=periods)
    if over.grain in ("month", "quarter"):
        return months_back(time, periods * (3 if over.grain == "quarter" else 1))
    return time - periods


def years_back(time: Any, over: q.Dimension, years: int) -> Any:
    """Give the same period of an earlier year."""
    if over.grain == "week":
        return time - dt.timedelta(days=364 * years)
    if over.grain in ("month", "quarter"):
        return months_back(time, 12 * years)
    if over.grain == "year":
        return time - years
    try:
        return time.replace(year=time.year - years)
    except ValueError:  # there was no such day
        return "never"
