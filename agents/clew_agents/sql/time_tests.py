"""How is a span of time asked for: of dates half-open, of whole years by the year that was said?"""

from __future__ import annotations

import datetime as dt

from clew_agents.sql.periods import Period
from clew_core import query_spec as q


def between(on: q.Column, low: dt.date | None, high: dt.date | None) -> q.Predicate | q.AllOf:
    """Half-open, so that a day with a time of day belongs to its day."""
    ends = []
    if low is not None:
        ends.append(q.Predicate(on=on, operator=">=", values=(low.isoformat(),)))
    if high is not None:
        ends.append(q.Predicate(on=on, operator="<", values=(high.isoformat(),)))
    return ends[0] if len(ends) == 1 else q.AllOf(all=tuple(ends))


def whole_years(on: q.Column, period: Period, said: str) -> q.Predicate:
    """Ask for whole years; the year is the one of the question: before 1970, not up to 1969."""
    low = period.low.year if period.low else None
    high = period.high.year - 1 if period.high else None
    if low is not None and high is not None:
        if low == high:
            return q.Predicate(on=on, operator="=", values=(low,))
        return q.Predicate(on=on, operator="between", values=(low, high))
    if low is not None and said == "after":
        return q.Predicate(on=on, operator=">", values=(low - 1,))
    if low is not None:
        return q.Predicate(on=on, operator=">=", values=(low,))
    assert high is not None
    if said == "before":
        return q.Predicate(on=on, operator="<", values=(high + 1,))
    return q.Predicate(on=on, operator="<=", values=(high,))
