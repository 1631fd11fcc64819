"""Do two measures go along with each other, week by week? Association, never cause.

What both follow (trend, season, the size of the business) is taken off first: each series is
compared with the mean of the weeks around it. The rank correlation of what is left is tested by
shifting one series against the other, which keeps the slow swings of each in place.

Source: Spearman 1904; circular shifts as in Politis and Romano 1992 (circular block resampling).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from clew_agents.insight.asking import Asking
from clew_agents.insight.finding import Finding
from clew_agents.insight.series import Frame, parts, within
from clew_agents.insight.subject import Subject
from clew_agents.insight.understand import data_span
from clew_agents.insight.wording import Words, capital
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.describe_time import as_date
from clew_core.query_spec import Dimension, Order, QuerySpec
from clew_tools.statistics.association import rank_correlation_by_shifts, without_swings

LEVEL = 0.005
_LEAST_WEEKS = 30
_LEAST_SIZE = 0.25
_LATEST_WEEKS = 208


def together(
    one: Subject, other: Subject, asking: Asking, words: Words
) -> tuple[list[Finding], int]:
    """Test whether two measures go along with each other.

    Raises:
        CannotAnswer: one has no time, or they share too few weeks.
    """
    if one.time is None or other.time is None:
        raise CannotAnswer("Both measures need a date to be put side by side.")
    spans = [data_span(s.base, s.time, asking) for s in (one, other) if s.time is not None]
    low, high = max(s[0] for s in spans), min(s[1] for s in spans)
    first = low + dt.timedelta(days=-low.weekday() % 7)
    count = min(_LATEST_WEEKS, ((high - first).days + 1) // 7)
    if count < _LEAST_WEEKS:
        raise CannotAnswer("The two have too few weeks in common to compare them.")
    frame = Frame(first=first, count=count)
    a, b = _weekly(one, frame, asking), _weekly(other, frame, asking)
    result = rank_correlation_by_shifts(without_swings(a), without_swings(b))
    if result.p > LEVEL or abs(result.size) < _LEAST_SIZE:
        return [], 1
    return [_told(one, other, frame, asking, words, result.size, result.p)], 1


def _spec(subject: Subject, frame: Frame, asking: Asking) -> QuerySpec:
    assert subject.time is not None
    return QuerySpec(
        source="",
        table=subject.base,
        measures=parts(subject, asking),
        dimensions=(Dimension(name="week", of=subject.time, grain="week"),),
        conditions=(*subject.conditions(), *within(subject, [(frame.first, frame.end)])),
        order=(Order(by="week"),),
    )


def _weekly(subject: Subject, frame: Frame, asking: Asking) -> NDArray[np.float64]:
    values = np.zeros(frame.count)
    for row in asking.run(_spec(subject, frame, asking)).table.to_pylist():
        day = as_date(row["week"])
        place = frame.place(day) if day is not None else -1
        if 0 <= place < frame.count:
            top = float(row.get("mean", row.get("amount")) or 0)
            bottom = float(row.get("rows") or 0)
            values[place] = top / bottom if "amount" in row and bottom else top
    return values


def _told(
    one: Subject, other: Subject, frame: Frame, asking: Asking, words: Words, size: float, p: float
) -> Finding:
    way = "more" if size > 0 else "less"
    strength = "closely" if abs(size) >= 0.6 else "to some degree" if abs(size) >= 0.4 else "weakly"
    sheet = asking.run(_spec(one, frame, asking))
    shown = f" (over {words.rows(sheet)} weeks)"
    return Finding(
        kind="together",
        text=(
            f"{capital(one.noun)} went along with {other.noun} {strength}{shown}: in weeks with "
            f"more {one.noun} than in those around, there was {way} {other.noun}. That is an "
            "association; it does not say that one led to the other."
        ),
        direction=1 if size > 0 else -1,
        effect=size,
        p=p,
    )
