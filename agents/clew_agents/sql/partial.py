"""Which first and last periods of a course are not whole, because the data begin or end in them?

The year in which the data end looks like a fall. It is shown, since it is asked for, and said.
"""

from __future__ import annotations

import datetime as dt

from clew_core.query_spec import Column, Dimension, Measure, QuerySpec

LOW, HIGH = "low__", "high__"
# Days that may be missing at the end of a period without a word: a weekend, a quiet start.
_SLACK = {"week": 1, "month": 3, "quarter": 7, "year": 21}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def span(spec: QuerySpec) -> tuple[QuerySpec, Dimension] | None:
    """Give the spec of the first and the last moment of the data; None where no course is asked.

    Args:
        spec: of a result.
    """
    found = [d for d in spec.dimensions if d.grain in _SLACK and isinstance(d.of, Column)]
    if len(found) != 1 or not spec.measures or spec.limit is not None:
        return None
    (dimension,) = found
    assert isinstance(dimension.of, Column)  # as seen
    if dimension.fiscal_year_start != 1 or dimension.of.path is not None:
        return None
    probe = QuerySpec(
        source=spec.source,
        table=dimension.of.table,
        measures=(
            Measure(name=LOW, aggregate="min", of=dimension.of),
            Measure(name=HIGH, aggregate="max", of=dimension.of),
        ),
    )
    return probe, dimension


def cut_periods(
    dimension: Dimension, periods: list[dt.date], low: dt.date, high: dt.date
) -> list[dt.date]:
    """Find the periods that the data do not fill; their first days.

    Args:
        dimension: a period of time.
        periods: first days of those that are shown.
        low: day of the first row.
        high: day of the last one.

    >>> from clew_core.query_spec import Column, Dimension
    >>> year = Dimension(name="y", of=Column(table="t", column="c"), grain="year")
    >>> days = [dt.date(2021, 1, 1), dt.date(2022, 1, 1), dt.date(2023, 1, 1)]
    >>> cut_periods(year, days, dt.date(2021, 7, 1), dt.date(2023, 12, 30))
    [datetime.date(2021, 1, 1)]
    """
    grain = dimension.grain or ""
    slack = dt.timedelta(days=_SLACK[grain])
    found = []
    for first in sorted(set(periods)):
        after = _after(first, grain)
        begins_late = first < low < after and low - first > slack
        ends_early = first <= high < after and after - high > slack + dt.timedelta(days=1)
        if begins_late or ends_early:
            found.append(first)
    return found


def _after(first: dt.date, grain: str) -> dt.date:
    """Give the first day of the next period."""
    if grain == "week":
        return first + dt.timedelta(days=7)
    total = first.year * 12 + first.month - 1 + _MONTHS[grain]
    return dt.date(total // 12, total % 12 + 1, 1)
