"""On which days did a departure begin and end? Weeks find it, days sharpen it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clew_agents.insight.asking import Asking
from clew_agents.insight.explore import Departure
from clew_agents.insight.series import Block, Frame, Matrix, not_in, series
from clew_agents.insight.subject import Subject
from clew_core.query_spec import Condition
from clew_tools.statistics.windows import sharpest

_SLACK = 21


def inside_and_rest(
    subject: Subject, departure: Departure
) -> tuple[tuple[Condition, ...], tuple[Condition, ...] | None]:
    """Give the conditions of a place and of what it is compared with; None: with nothing."""
    if departure.places:
        return (
            (*subject.conditions(), *(p.condition() for p in departure.places)),
            (*subject.conditions(), not_in(departure.places)),
        )
    if subject.places:
        rest = (*subject.conditions(places=False), not_in(subject.places))
        return subject.conditions(), rest
    return subject.conditions(), None


def sharpen(
    departure: Departure, subject: Subject, asking: Asking, data: tuple[dt.date, dt.date]
) -> Departure:
    """Find the first and last day of a departure."""
    low = max(data[0], departure.low - dt.timedelta(days=_SLACK + 7))
    high = min(data[1] + dt.timedelta(days=1), departure.high + dt.timedelta(days=_SLACK + 7))
    frame = Frame(first=low, count=(high - low).days, step=1)
    inside, rest = inside_and_rest(subject, departure)
    own, _ = series(subject, inside, frame, asking)
    others = _series_or_none(subject, rest, frame, asking)
    first, last = frame.place(departure.low), frame.place(departure.high)
    gain = _gain(departure, subject, own, others, first, last)
    a, b = sharpest(gain, first, min(last, frame.count), _SLACK)
    if departure.open:
        b = last
    return replace(departure, low=frame.day(a), high=frame.day(b))


def _series_or_none(
    subject: Subject, conditions: Sequence[Condition] | None, frame: Frame, asking: Asking
) -> Block | None:
    return None if conditions is None else series(subject, conditions, frame, asking)[0]


def _gain(
    departure: Departure,
    subject: Subject,
    own: Block,
    others: Block | None,
    first: int,
    last: int,
) -> Matrix:
    """Say for each day how much it speaks for the change: a likelihood ratio."""
    stretch = departure.stretch
    y = own.sums[0]
    if subject.kind == "amount":
        o = np.ones_like(y) if others is None else others.sums[0]
        total = float(o[first:last].sum()) or 1.0
        expected = max(stretch.expected, stretch.weight * 0.5, 1e-9)
        rise = max(stretch.observed, 0.02 * expected) / expected
        return np.asarray(y * np.log(rise) - (rise - 1) * expected * o / total)
    rows = own.rows[0]
    mean = np.divide(y, rows, out=np.zeros_like(y), where=rows > 0)
    if others is None:
        other = np.zeros_like(mean)
        weight = rows
    else:
        n = others.rows[0]
        other = np.divide(others.sums[0], n, out=np.zeros_like(y), where=n > 0)
        weight = np.divide(rows * n, rows + n, out=np.zeros_like(y), where=(rows > 0) & (n > 0))
    distance = mean - other
    w = weight[first:last]
    now = float((distance[first:last] * w).sum() / w.sum()) if w.sum() > 0 else 0.0
    step = stretch.excess
    return np.asarray(weight * (distance - (now - step) - step / 2) * step)
