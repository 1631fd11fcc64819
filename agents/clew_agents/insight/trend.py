"""Is there a trend, and a season? Told of whole months, tested with the swings in mind.

A series of months is taken apart like STL does (Cleveland et al. 1990, J. Off. Stat. 6, 3–73),
in its plainest form: a moving mean over a year is the trend, what the months of several years
have in common beside it is the season. The trend is tested by Mann and Kendall's rank test with
Hamed and Rao's correction for neighbours that go together (1998, J. Hydrol. 204, 182–196); the
season by permutation of the months within each year.
"""

from __future__ import annotations

import datetime as dt

from clew_agents.insight.asking import Asking, Sheet
from clew_agents.insight.finding import Finding
from clew_agents.insight.series import parts, within
from clew_agents.insight.subject import Subject
from clew_agents.insight.understand import data_span
from clew_agents.insight.wording import Value, Words, capital, cell, of_places
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.describe_time import as_date
from clew_core.query_spec import Dimension, Order, QuerySpec
from clew_tools.statistics.seasons import season_test, trend_test

LEVEL = 0.005
_LEAST_MONTHS = 12
_LEAST_CHANGE = 0.05


def trends(subject: Subject, asking: Asking, words: Words) -> tuple[list[Finding], int]:
    """Test a measure for a trend and a season.

    Raises:
        CannotAnswer: it has no time, or fewer than a year of whole months.
    """
    if subject.time is None:
        raise CannotAnswer(f"{subject.base!r} has no date: a trend can't be looked for.")
    sheet, first, values = _months(subject, asking)
    if len(values) < _LEAST_MONTHS:
        raise CannotAnswer(
            f"There are only {len(values)} whole months in {subject.base!r}: too few for a trend."
        )
    findings = []
    numbers = [v for v, _ in values]
    season = season_test(numbers, first)
    flat = season.without if season is not None and season.p <= LEVEL else numbers
    trend = trend_test(flat)
    if trend.p <= LEVEL and abs(trend.change) >= _LEAST_CHANGE:
        findings.append(_trend(subject, sheet, values, trend.change, trend.p, words))
    if season is not None and season.p <= LEVEL:
        told = _season(subject, sheet, values, season.strength, season.p, words)
        findings += [told] if told is not None else []
    return findings, 2


def _months(subject: Subject, asking: Asking) -> tuple[Sheet, int, list[tuple[float, int]]]:
    """Ask for the whole months; gives the calendar month of the first, values and rows."""
    assert subject.time is not None
    low, high = data_span(subject.base, subject.time, asking)
    if subject.span is not None and subject.span.given:
        low = max(low, subject.span.low)
        high = min(high, subject.span.high - dt.timedelta(days=1))
    begin = low if low.day <= 3 else _next(low)
    end = _next(high) if high.day >= 28 else high.replace(day=1)
    begin = begin.replace(day=1)
    sheet = asking.run(
        QuerySpec(
            source="",
            table=subject.base,
            measures=parts(subject, asking),
            dimensions=(Dimension(name="month", of=subject.time, grain="month"),),
            conditions=(*subject.conditions(), *within(subject, [(begin, end)])),
            order=(Order(by="month"),),
        )
    )
    values = []
    for at, row in enumerate(sheet.table.to_pylist()):
        value = _value(subject, sheet, at)
        if as_date(row["month"]) is not None and value is not None:
            values.append((float(value.number), at))
    return sheet, begin.month, values


def _next(day: dt.date) -> dt.date:
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _value(subject: Subject, sheet: Sheet, row: int) -> Value | None:
    if "mean" in sheet.table.column_names:
        return cell(sheet, "mean", row)
    top = cell(sheet, "amount", row)
    if "rows" not in sheet.table.column_names or top is None:
        return top
    bottom = cell(sheet, "rows", row)
    if bottom is None or bottom.number == 0:
        return None
    return top.with_("percent" if subject.share else "ratio", bottom)


def _said(subject: Subject, value: Value, words: Words) -> str:
    if subject.share:
        return words.percent(value)
    if subject.kind == "amount":
        return words.whole(value, subject.unit)
    return words.number(value, unit=subject.unit)


def _trend(
    subject: Subject,
    sheet: Sheet,
    values: list[tuple[float, int]],
    change: float,
    p: float,
    words: Words,
) -> Finding:
    """Tell a trend by the first and last month of one calendar month, so that no season is in."""
    years = (len(values) - 1) // 12
    at, last = values[-1 - 12 * years][1] if years else values[0][1], values[-1][1]
    before, after = _value(subject, sheet, at), _value(subject, sheet, last)
    assert before is not None and after is not None
    went = "rose" if change > 0 else "fell"
    return Finding(
        kind="trend",
        text=(
            f"{capital(of_places(subject, ()))} {went} over the months: from "
            f"{_said(subject, before, words)} in the month of {words.day(sheet, 'month', at)} to "
            f"{_said(subject, after, words)} in that of {words.day(sheet, 'month', last)}."
        ),
        places=subject.places,
        direction=1 if change > 0 else -1,
        effect=change,
        p=p,
    )


def _season(
    subject: Subject,
    sheet: Sheet,
    values: list[tuple[float, int]],
    strength: float,
    p: float,
    words: Words,
) -> Finding | None:
    """Tell a season by the highest and lowest month of the last year."""
    year = values[-12:]
    top, low = max(year)[1], min(year)[1]
    high, least = _value(subject, sheet, top), _value(subject, sheet, low)
    if high is None or least is None:
        return None
    return Finding(
        kind="season",
        text=(
            f"The months of the year differ in the same way every year: in the last one the "
            f"highest was that of {words.day(sheet, 'month', top)} "
            f"({_said(subject, high, words)}), the lowest that of "
            f"{words.day(sheet, 'month', low)} ({_said(subject, least, words)})."
        ),
        places=subject.places,
        effect=strength,
        p=p,
    )
