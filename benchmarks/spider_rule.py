"""When does a query count as right on Spider?

The rule of the official test-suite evaluation, written from its description: both queries run on
the database, ``DISTINCT`` taken out of both; the results must have the same rows, as often, with
the columns in any order. The order of rows counts only where the gold query sorts. Values are
compared as SQLite gives them; bytes that are no UTF-8 are left out of texts.

Source: Zhong, Yu and Klein 2020, "Semantic evaluation for text-to-SQL with distilled test suites",
arXiv:2010.02840. It runs one database per question here, not the distilled suite.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]

# Quoted text and quoted names first, so that the word inside them stays.
_DISTINCT = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)|\bdistinct\b""", re.IGNORECASE)
_YEAR_NOW = re.compile(r"YEAR\s*\(\s*CURDATE\s*\(\s*\)\s*\)\s*", re.IGNORECASE)
_STEPS_BETWEEN_LOOKS = 10_000
_MOST_PERMUTATIONS = 200_000


class NotComparable(Exception):
    """The results have too many columns to try all orders."""


def prepare(sql: str) -> str:
    """Put a query into the form in which it is compared."""
    for apart, joined in (("> =", ">="), ("< =", "<="), ("! =", "!=")):
        sql = sql.replace(apart, joined)
    sql = _YEAR_NOW.sub("2020", sql)
    return _DISTINCT.sub(lambda found: found.group(1) or "", sql)


def sorts(gold: str) -> bool:
    """Tell whether the order of rows counts."""
    return "order by" in gold.lower()


def run(sql: str, database: Path, *, seconds: float = 30.0) -> list[Row]:
    """Run a query, for reading only.

    Raises:
        sqlite3.Error: it does not run, or took longer than it may.
    """
    ends = time.monotonic() + seconds
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as db:
        db.text_factory = lambda text: text.decode(errors="ignore")
        db.set_progress_handler(lambda: time.monotonic() > ends, _STEPS_BETWEEN_LOOKS)
        return db.execute(sql).fetchall()


def is_right(predicted: str, gold: str, database: Path, *, seconds: float = 30.0) -> bool:
    """Compare two queries by what they give.

    Raises:
        sqlite3.Error: the gold query does not run.
    """
    expected = run(prepare(gold), database, seconds=seconds)
    try:
        got = run(prepare(predicted), database, seconds=seconds)
    except (sqlite3.Error, sqlite3.Warning, ValueError):
        return False
    return same(got, expected, ordered=sorts(gold))


def same(got: Sequence[Row], expected: Sequence[Row], *, ordered: bool) -> bool:
    """Compare results, with the columns of one in any order.

    Raises:
        NotComparable: there are too many orders to try.
    """
    if not got and not expected:
        return True
    if len(got) != len(expected) or len(got[0]) != len(expected[0]):
        return False
    if not _may_be_same(got, expected, ordered=ordered):
        return False
    for order in _orders(got, expected):
        turned = [tuple(row[place] for place in order) for row in got]
        if turned == list(expected) if ordered else Counter(turned) == Counter(expected):
            return True
    return False


def _may_be_same(got: Sequence[Row], expected: Sequence[Row], *, ordered: bool) -> bool:
    """Look at the rows without their columns' order: most wrong results fall here."""
    one, other = ([_loose(row) for row in rows] for rows in (got, expected))
    return one == other if ordered else set(one) == set(other)


def _loose(row: Row) -> Row:
    return tuple(sorted(row, key=lambda value: str(value) + str(type(value))))


def _orders(got: Sequence[Row], expected: Sequence[Row]) -> Iterator[tuple[int, ...]]:
    """Give the orders of got's columns in which each column holds the gold column's values."""
    had = [Counter(row[place] for row in got) for place in range(len(got[0]))]
    wanted = [Counter(row[place] for row in expected) for place in range(len(expected[0]))]
    fits = [[place for place, column in enumerate(had) if column == other] for other in wanted]
    tried = 0

    def extend(chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        nonlocal tried
        if len(chosen) == len(fits):
            tried += 1
            if tried > _MOST_PERMUTATIONS:
                raise NotComparable(f"more than {_MOST_PERMUTATIONS} orders of columns")
            yield chosen
            return
        for place in fits[len(chosen)]:
            if place not in chosen:
                yield from extend((*chosen, place))

    return extend(())
