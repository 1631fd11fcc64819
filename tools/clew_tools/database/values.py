"""Which text columns hold a value that somebody names, or nearly names?

Columns of free text are left out, and columns with too many different values; what is indexed is
what the policy shows.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from clew_core.deadline import Deadline
from clew_core.errors import RunEnded
from clew_tools.database.catalog import Catalog, Table
from clew_tools.database.names import quoted
from clew_tools.database.source import ValueHit

_SAMPLE = 1_000
_MOST_VALUES = 50_000
_MOST_ROWS = 5_000_000
_LONGEST_ON_AVERAGE = 60
_MOST_WORDS = 12
_MOSTLY_DIFFERENT = 0.95
_SECONDS = 5.0
_NEAR = 5
# About 0.1 s; the likeliest, of the same length, come first.
_MOST_COMPARED = 50_000
_DIGITS = re.compile(r"\d+")
_HOLDING = 20
_FEW_VALUES = 300

_WORD = re.compile(r"[^\W_]+")

_Place: TypeAlias = "tuple[str, str, str]"
_Bucket: TypeAlias = "tuple[int, str, str]"
Rows: TypeAlias = "Callable[[str, Deadline], list[tuple[Any, ...]]]"


class TextValues:
    """Values of text columns by their normalised form. Safe to use from several threads."""

    def __init__(
        self,
        places: dict[str, list[_Place]],
        binary: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """Take the places (table, column, value) of each normalised value, and `binary`."""
        self._places, self.binary = places, binary
        self._buckets: dict[_Bucket, list[str]] | None = None
        self._words: dict[str, list[str]] | None = None
        self._lock = threading.Lock()
        self.longest = max((value.count(" ") + 1 for value in places), default=0)

    @classmethod
    def read(cls, catalog: Catalog, rows: Rows, deadline: Deadline) -> TextValues:
        """Read the values of the text columns of all tables.

        Args:
            catalog: what the principal may see.
            rows: runs a statement under the same policy, before a deadline.
            deadline: of the whole; reading takes a few seconds at most.
        """
        places: dict[str, list[_Place]] = {}
        binary: set[tuple[str, str]] = set()
        deadline.check()
        inner = Deadline(replace(deadline.budget, seconds=min(_SECONDS, deadline.remaining_s)))
        with deadline.on_cancel(inner.cancel):
            for table in catalog.tables:
                try:
                    for column in _name_like(table, rows, inner):
                        inner.check()
                        for value, normalised in _values(table, column, rows, inner):
                            places.setdefault(normalised, []).append((table.name, column, value))
                    binary |= {(table.name, name) for name in _binary(table, rows, inner)}
                except RunEnded:
                    # Some values are better than none; who stopped the whole is heard below.
                    break
        deadline.check()
        return cls(places, frozenset(binary))

    def find(self, phrase: str) -> tuple[ValueHit, ...]:
        """Find values equal to phrase, ignoring case and spacing."""
        return _hits(self._places.get(normal(phrase), ()))

    def near(self, phrase: str) -> tuple[ValueHit, ...]:
        """Find values that differ from phrase by a typo; best first, at most five."""
        word = normal(phrase)
        most = edits_allowed(word)
        if not most:
            return ()
        found, compared = [], itertools.count()
        for other in self._candidates(word, most):
            if next(compared) >= _MOST_COMPARED:
                break
            distance = edit_distance(word, other, most)
            if 0 < distance <= most:
                found.append((distance, abs(len(other) - len(word)), other))
        hits = [hit for _, _, other in sorted(found) for hit in _hits(self._places[other])]
        return tuple(hits[:_NEAR])

    def holding(self, word: str) -> tuple[ValueHit, ...]:
        """Find values that hold word among others, in columns of few values; at most twenty."""
        with self._lock:
            if self._words is None:
                self._words = self._by_word()
            values = self._words.get(normal(word), ())
        return tuple(hit for value in values for hit in _hits(self._places[value]))[:_HOLDING]

    def _by_word(self) -> dict[str, list[str]]:
        """List the values of columns of few values by their words."""
        counts = Counter((t, c) for places in self._places.values() for t, c, _ in places)
        found: dict[str, list[str]] = {}
        for value, places in self._places.items():
            if any(counts[table, column] <= _FEW_VALUES for table, column, _ in places):
                for part in set(_WORD.findall(value)):
                    found.setdefault(part, []).append(value)
        return found

    def _candidates(self, word: str, most: int) -> Iterable[str]:
        """Take values of about the same length with the same first or the same last letter.

        And with the same digits: another number is another thing, not a typo.
        """
        with self._lock:
            if self._buckets is None:
                buckets: dict[_Bucket, list[str]] = {}
                for value in self._places:
                    size, digits = len(value), _digits(value)
                    buckets.setdefault((size, value[0], digits), []).append(value)
                    buckets.setdefault((size, "…" + value[-1], digits), []).append(value)
                self._buckets = buckets
        seen: dict[str, None] = {}
        digits = _digits(word)
        lengths = range(len(word) - most, len(word) + most + 1)
        for length in sorted(lengths, key=lambda length: abs(length - len(word))):
            for letter in (word[0], "…" + word[-1]):
                seen.update(dict.fromkeys(self._buckets.get((length, letter, digits), ())))
        return seen


def normal(text: str) -> str:
    """Fold case, hyphens and spaces.

    >>> normal("North-West   Coast")
    'north west coast'
    """
    return " ".join(text.casefold().replace("-", " ").split())


def edits_allowed(word: str) -> int:
    """Say how many letters may be wrong before it is another word.

    >>> [edits_allowed(word) for word in ("UK", "peru", "germany", "switzerland")]
    [0, 1, 1, 2]
    """
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def edit_distance(first: str, second: str, most: int) -> int:
    """Count edits: a letter put in, left out, changed, or swapped with its neighbour.

    Args:
        first: one word.
        second: the other.
        most: what is above may be given as most + 1.

    >>> edit_distance("germnay", "germany", 2), edit_distance("peru", "chile", 1)
    (1, 2)
    """
    start, shorter = 0, min(len(first), len(second))
    while start < shorter and first[start] == second[start]:
        start += 1
    end = 0
    while end < shorter - start and first[-1 - end] == second[-1 - end]:
        end += 1
    a, b = first[start : len(first) - end], second[start : len(second) - end]
    if abs(len(a) - len(b)) > most:
        return most + 1
    if not a or not b:
        return len(a) + len(b)
    if most == 1:
        return 1 if len(a) == len(b) == 1 or (len(a) == 2 and a == b[::-1]) else 2
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        last, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _hits(places: Sequence[_Place]) -> tuple[ValueHit, ...]:
    return tuple(ValueHit(table=t, column=c, value=v) for t, c, v in places)


def _digits(word: str) -> str:
    return "".join(_DIGITS.findall(word))


def _name_like(table: Table, rows: Rows, deadline: Deadline) -> list[str]:
    """Choose the columns whose values somebody could name, by a few rows."""
    columns = [column.name for column in table.columns if column.type == "text"]
    # A view that can't be counted in time can't be read in time either.
    if not columns or not table.row_count:
        return []
    names = ", ".join(quoted(column) for column in columns)
    sample = rows(f"SELECT {names} FROM {quoted(table.name)} LIMIT {_SAMPLE}", deadline)
    chosen = []
    for column, values in zip(columns, zip(*sample, strict=True), strict=True):
        texts = [value for value in values if isinstance(value, str)]
        different = len(set(texts))
        if not texts or sum(map(len, texts)) > _LONGEST_ON_AVERAGE * len(texts):
            continue
        # Hardly any value comes twice: as many values as rows.
        if different >= _MOSTLY_DIFFERENT * len(texts) and table.row_count > _MOST_VALUES:
            continue
        chosen.append(column)
    return chosen


def _binary(table: Table, rows: Rows, deadline: Deadline) -> list[str]:
    """Choose the columns of whole numbers that hold nothing but 0 and 1, and both."""
    keys = {*table.primary_key, *(c for key in table.foreign_keys for c in key.columns)}
    columns = [c.name for c in table.columns if c.type == "integer" and c.name not in keys]
    if not columns or not table.row_count or table.row_count > _MOST_ROWS:
        return []
    ends = ", ".join(f"MIN({quoted(name)}), MAX({quoted(name)})" for name in columns)
    found = rows(f"SELECT {ends} FROM {quoted(table.name)}", deadline)
    pairs = zip(found[0][::2], found[0][1::2], strict=True) if found else ()
    return [name for name, pair in zip(columns, pairs, strict=False) if pair == (0, 1)]


def _values(table: Table, column: str, rows: Rows, deadline: Deadline) -> Iterable[tuple[str, str]]:
    """Read the different values of a column, each with its normalised form."""
    name, source = quoted(column), quoted(table.name)
    if (table.row_count or 0) > _MOST_ROWS:
        source = f"(SELECT {name} FROM {source} LIMIT {_MOST_ROWS}) AS t"
    found = rows(f"SELECT DISTINCT {name} FROM {source} LIMIT {_MOST_VALUES + 1}", deadline)
    if len(found) > _MOST_VALUES:
        return
    for (value,) in found:
        if isinstance(value, str):
            normalised = value.casefold()
            if "-" in normalised or not normalised.isalnum():
                normalised = normal(value)
            if normalised and normalised.count(" ") < _MOST_WORDS:
                yield value, normalised
