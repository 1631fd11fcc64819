"""Which span of time some words mean: a year, a month, a quarter, a day, last month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from clew_agents.sql.lexicon import MONTHS
from clew_agents.sql.tokens import Token

Unit = Literal["year", "quarter", "month", "week", "day"]
_UNITS: dict[str, Unit] = {
    "year": "year", "years": "year", "quarter": "quarter", "quarters": "quarter",
    "month": "month", "months": "month", "week": "week", "weeks": "week",
    "day": "day", "days": "day",
}  # fmt: skip


_ORDINALS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
}


@dataclass(frozen=True, kw_only=True)
class Period:
    """A half-open span of days, or a month of any year.

    Attributes:
        low: its first day; None: no beginning.
        high: the day after its last; None: no end.
        unit: what was named.
        month: 1–12 when only a month was named; low and high are None then.
    """

    low: dt.date | None = None
    high: dt.date | None = None
    unit: Unit = "year"
    month: int | None = None

    @property
    def years(self) -> bool:
        """Whether it begins and ends with a year."""
        ends = [day for day in (self.low, self.high) if day is not None]
        return bool(ends) and all(day.month == day.day == 1 for day in ends)


def read_period(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[Period, int] | None:
    """Read the period that begins at a token.

    Args:
        tokens: of the question.
        at: where to read.
        today: dates "last month" and its kind.

    Returns:
        The period and the place after its last token; None if there is none.
    """
    token = tokens[at]
    if token.kind == "date":
        return _iso(token.text, at)
    if token.norm in MONTHS and token.kind == "word":
        return _named_month(tokens, at)
    if _is_number(token, 1, 31) and (month := _month(tokens, at + 1)):
        year = _year(tokens, at + 2)
        if year is not None:
            return _day_or_none(year, month, int(token.number or 0), at + 3)
    if token.norm in _ORDINALS and (ordinal := _ordinal(tokens, at)) is not None:
        return ordinal
    if len(token.norm) == 2 and token.norm[0] == "q" and token.norm[1] in "1234":
        after = at + 2 if at + 1 < len(tokens) and tokens[at + 1].norm == "of" else at + 1
        year = _year(tokens, after)
        if year is not None:
            return _quarter(year, int(token.norm[1])), after + 1
    year = _year(tokens, at)
    if year is not None:
        following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
        if len(following) == 2 and following[0] == "q" and following[1] in "1234":
            return _quarter(year, int(following[1])), at + 2
        return whole_year(year), at + 1
    return _relative(tokens, at, today)


def whole_year(year: int) -> Period:
    """Make the period of a calendar year."""
    return Period(low=dt.date(year, 1, 1), high=dt.date(year + 1, 1, 1), unit="year")


def whole_month(year: int, month: int) -> Period:
    """Make the period of a month."""
    low = dt.date(year, month, 1)
    return Period(low=low, high=_months_later(low, 1), unit="month")


def _quarter(year: int, quarter: int) -> Period:
    low = dt.date(year, 3 * quarter - 2, 1)
    return Period(low=low, high=_months_later(low, 3), unit="quarter")


def _day(day: dt.date) -> Period:
    return Period(low=day, high=day + dt.timedelta(days=1), unit="day")


def _months_later(day: dt.date, months: int) -> dt.date:
    total = day.year * 12 + day.month - 1 + months
    return dt.date(total // 12, total % 12 + 1, 1)


def _iso(text: str, at: int) -> tuple[Period, int] | None:
    try:
        if len(text) == 7:
            return whole_month(int(text[:4]), int(text[5:])), at + 1
        return _day(dt.date.fromisoformat(text)), at + 1
    except ValueError:
        return None


def _is_number(token: Token, low: int, high: int) -> bool:
    return token.kind == "number" and isinstance(token.number, int) and low <= token.number <= high


def _year(tokens: Sequence[Token], at: int) -> int | None:
    if at >= len(tokens):
        return None
    token = tokens[at]
    plain = token.kind == "number" and token.text.isdigit() and len(token.text) == 4
    return int(token.text) if plain and 1500 <= int(token.text) <= 2200 else None


def _month(tokens: Sequence[Token], at: int) -> int | None:
    return MONTHS.get(tokens[at].norm) if at < len(tokens) else None


def _named_month(tokens: Sequence[Token], at: int) -> tuple[Period, int] | None:
    month = MONTHS[tokens[at].norm]
    year = _year(tokens, at + 1)
    if year is not None:
        return whole_month(year, month), at + 2
    if at + 1 < len(tokens) and _is_number(tokens[at + 1], 1, 31):
        year = _year(tokens, at + 2)
        if year is not None:
            return _day_or_none(year, month, int(tokens[at + 1].number or 0), at + 3)
    if at + 1 < len(tokens) and tokens[at + 1].norm == "of":
        year = _year(tokens, at + 2)
        if year is not None:
            return whole_month(year, month), at + 3
    # "may" and "march" are words too: without a year only a capital makes them months.
    if tokens[at].norm in ("may", "march", "mar", "sept", "sep") and not tokens[at].capital:
        return None
    return Period(month=month, unit="month"), at + 1


def _day_or_none(year: int, month: int, day: int, end: int) -> tuple[Period, int] | None:
    try:
        return _day(dt.date(year, month, day)), end
    except ValueError:
        return None


def _ordinal(tokens: Sequence[Token], at: int) -> tuple[Period, int] | None:
    """Read "the second quarter of 2023", "first half 2023"."""
    number = _ORDINALS[tokens[at].norm]
    unit = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    place = at + 2
    if place < len(tokens) and tokens[place].norm in ("of", "in"):
        place += 1
    year = _year(tokens, place)
    if year is None:
        return None
    if unit == "quarter" and number <= 4:
        return _quarter(year, number), place + 1
    if unit == "half" and number <= 2:
        low = dt.date(year, 6 * number - 5, 1)
        return Period(low=low, high=_months_later(low, 6), unit="month"), place + 1
    if unit == "month" and number == 1:
        return whole_month(year, 1), place + 1
    return None


def _relative(tokens: Sequence[Token], at: int, today: dt.date) -> tuple[Period, int] | None:
    word = tokens[at].norm
    if word == "today":
        return _day(today), at + 1
    if word == "yesterday":
        return _day(today - dt.timedelta(days=1)), at + 1
    if word not in ("last", "previous", "this", "current", "past") or at + 1 >= len(tokens):
        return None
    back = 0 if word in ("this", "current") else 1
    following = tokens[at + 1]
    if back and following.number is not None and at + 2 < len(tokens):
        unit = _UNITS.get(tokens[at + 2].norm)
        return (_last(unit, int(following.number), today), at + 3) if unit else None
    unit = _UNITS.get(following.norm)
    if unit is None or following.norm.endswith("s"):
        return None
    return _calendar(unit, back, today), at + 2


def _calendar(unit: Unit, back: int, today: dt.date) -> Period:
    if unit == "year":
        return whole_year(today.year - back)
    if unit == "quarter":
        first = dt.date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
        low = _months_later(first, -3 * back)
        return Period(low=low, high=_months_later(low, 3), unit="quarter")
    if unit == "month":
        low = _months_later(today.replace(day=1), -back)
        return whole_month(low.year, low.month)
    if unit == "week":
        low = today - dt.timedelta(days=today.weekday() + 7 * back)
        return Period(low=low, high=low + dt.timedelta(days=7), unit="week")
    return _day(today - dt.timedelta(days=back))


def _last(unit: Unit, count: int, today: dt.date) -> Period:
    """The last N whole days, months, quarters or years before this one."""
    if unit in ("day", "week"):
        days = count * (7 if unit == "week" else 1)
        return Period(low=today - dt.timedelta(days=days), high=today, unit=unit)
    current = _calendar(unit, 0, today).low
    assert current is not None
    months = {"month": 1, "quarter": 3, "year": 12}[unit] * count
    return Period(low=_months_later(current, -months), high=current, unit=unit)
