"""Do the rows of an answer fit a gold? The rule of answers (``question.py``) as code."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from worlds.question import Gold, Row

_NEAR = 1e-6
_TRUE, _FALSE = {"y", "yes", "true", "t", "1"}, {"n", "no", "false", "f", "0"}
_QUARTER = re.compile(r"(?:(\d{4})\D*Q(\d)|Q(\d)\D*(\d{4}))$", re.IGNORECASE)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def fits(rows: Sequence[Row], golds: Iterable[Gold]) -> bool:
    """Tell whether rows are right by one of several golds."""
    return any(_fits(rows, gold) for gold in golds)


def _fits(rows: Sequence[Row], gold: Gold) -> bool:
    if len(rows) != len(gold.rows):
        return False
    if not rows:
        return True
    width, known = len(rows[0]), len(gold.rows[0])
    if width < gold.required:
        return False
    grains = dict(gold.grains)
    columns = [
        [
            _column(rows, here, gold, there, grains.get(there), factor)
            for there in range(known)
            for factor in ((1, 100) if there in gold.percent else (1,))
        ]
        for here in range(width)
    ]
    return any(_same_rows(rows, gold, chosen, grains) for chosen in _assign(columns, gold, []))


# Place of a gold column and its factor, where an answer column has its values; else None.
Match = tuple[int, int] | None


def _column(
    rows: Sequence[Row], here: int, gold: Gold, there: int, grain: str | None, factor: int
) -> Match:
    truth = any(isinstance(row[there], bool) for row in gold.rows)
    got = sorted(map(_key, (_truth(_value(row[here], grain), truth) for row in rows)))
    want = sorted(map(_key, (_scaled(_value(row[there], grain), factor) for row in gold.rows)))
    return (there, factor) if all(map(_near, got, want)) else None


def _assign(
    columns: list[list[Match]], gold: Gold, chosen: list[tuple[int, int]]
) -> Iterator[list[tuple[int, int]]]:
    """Give the ways to match every answer column with another gold column, required ones all."""
    if len(chosen) == len(columns):
        if set(range(gold.required)) <= {there for there, _ in chosen}:
            yield chosen
        return
    taken = {there for there, _ in chosen}
    for match in columns[len(chosen)]:
        if match is not None and match[0] not in taken:
            yield from _assign(columns, gold, [*chosen, match])


def _same_rows(
    rows: Sequence[Row], gold: Gold, chosen: list[tuple[int, int]], grains: dict[int, str]
) -> bool:
    truths = {
        there for there, _ in chosen if any(isinstance(row[there], bool) for row in gold.rows)
    }
    got = [
        tuple(
            _key(_truth(_value(value, grains.get(there)), there in truths))
            for value, (there, _) in zip(row, chosen, strict=True)
        )
        for row in rows
    ]
    want = [
        tuple(_key(_scaled(_value(row[there], grains.get(there)), by)) for there, by in chosen)
        for row in gold.rows
    ]
    if not gold.ordered:
        got, want = sorted(got), sorted(want)
    return all(all(map(_near, one, other)) for one, other in zip(got, want, strict=True))


Key = tuple[int, float, str]


def _key(value: Any) -> Key:
    """Make values of all kinds comparable: nothing, numbers, texts."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, float):
        # Rounded for sorting; near ones are compared by _near.
        return (1, float(f"{value:.9g}"), "")
    return (2, 0.0, str(value))


def _near(one: Key, other: Key) -> bool:
    if one[0] != other[0] or one[2] != other[2]:
        return False
    return math.isclose(one[1], other[1], rel_tol=_NEAR, abs_tol=1e-9)


def _truth(value: Any, truth: bool) -> Any:
    """Read "Y" and 1 as yes where gold has truth values."""
    if not truth or value is None:
        return value
    text = f"{value:.0f}" if isinstance(value, float) else str(value).lower()
    return "yes" if text in _TRUE else "no" if text in _FALSE else value


def _scaled(value: Any, factor: int) -> Any:
    return value * factor if isinstance(value, float) and factor != 1 else value


def _value(value: Any, grain: str | None) -> Any:
    """Write a value in one form: numbers as floats, dates as ISO 8601, truth as yes or no."""
    if grain:
        return _period(value, grain)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return value[:10] if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]00:00:00.*", value) else value
    return value


def _period(value: Any, grain: str) -> Any:
    """Write a period by its first day, however it was shown."""
    if isinstance(value, dt.date):
        return value.isoformat()[:10]
    text = str(value).strip()
    if grain == "year" and re.fullmatch(r"\d{4}(\.0)?", text):
        return f"{text[:4]}-01-01"
    if found := re.fullmatch(r"(\d{4})-(\d\d)", text):
        return f"{found[1]}-{found[2]}-01"
    if found := _QUARTER.fullmatch(text):
        year, place = (found[1], found[2]) if found[1] else (found[4], found[3])
        return f"{year}-{3 * int(place) - 2:02}-01"
    if found := re.fullmatch(r"([A-Za-z]{3})[a-z]*\.? (\d{4})", text):
        if found[1].lower() in _MONTHS:
            return f"{found[2]}-{_MONTHS.index(found[1].lower()) + 1:02}-01"
    return text[:10]
