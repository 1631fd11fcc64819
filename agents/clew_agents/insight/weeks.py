"""Which weeks are looked at around a time that a question speaks of?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from clew_agents.insight.series import YEAR, Frame
from clew_agents.insight.subject import Span
from clew_tools.statistics.windows import stretches


def frame_around(span: Span, data: tuple[dt.date, dt.date]) -> Frame:
    """Choose the weeks: half a year before, some months after, within the data."""
    after = 26 if span.lasting else 16
    low = max(_monday(span.low - dt.timedelta(weeks=26)), _next_monday(data[0]))
    if span.lasting and _next_monday(data[0] + YEAR) <= span.low - dt.timedelta(weeks=10):
        low = max(low, _next_monday(data[0] + YEAR))  # so that there is a year to compare with
    high = min(span.high + dt.timedelta(weeks=after), _monday(data[1] + dt.timedelta(days=1)))
    frame = Frame(first=low, count=max(0, (high - low).days // 7))
    years = tuple(
        year
        for year in ((-1,) if span.lasting else (-1, 1))
        if low + year * YEAR >= data[0] - dt.timedelta(days=6)
        and frame.end + year * YEAR <= data[1] + dt.timedelta(days=1)
    )
    return replace(frame, years=years)


def stretches_of(span: Span, frame: Frame, *, early: bool) -> list[tuple[int, int]]:
    """List the weeks that may be the departure: they overlap the time that was asked for."""
    first, last = frame.place(span.low), frame.place(span.high - dt.timedelta(days=1))
    if span.lasting:
        return stretches(range(max(0, first), last + 1), frame.count, 3, 31)
    weeks = 4 if span.given and early else 0
    return [
        (a, b)
        for a, b in stretches(range(max(0, first - weeks), last + 1), frame.count, 1, 16)
        if b > first
    ]


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _next_monday(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=-day.weekday() % 7)
