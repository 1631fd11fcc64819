"""Which keys do tables have that declare none?

A key is a column that is called like one and in which every row has a value of its own. A foreign
key is a column whose name says which table it points at and whose every value stands in that
table's key; both are needed, a name alone or equal types never suffice. The engine checks all
values; of very large tables, those of the first rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from clew_core.deadline import Deadline
from clew_core.errors import BudgetEnded, ClewError
from clew_tools.database.catalog import Column, ForeignKey, Table
from clew_tools.database.engine import Stored
from clew_tools.database.names import quoted

_SECONDS = 5.0
_MOST_ROWS = 2_000_000
_KEY_TYPES = ("integer", "text", "decimal")
_SUFFIXES = ("id", "key", "code", "no", "nr", "num", "number", "uuid", "guid", "sk", "fk", "pk")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|[^\W\d_]+")


@dataclass(frozen=True, kw_only=True)
class _Name:
    """A column's name, taken apart.

    Attributes:
        whole: all its words, without the prefix of its table, joined.
        stem: what it identifies, joined; empty for a bare ``id``.
        words: those of the stem.
        suffix: the kind of key.
    """

    whole: str
    stem: str
    words: tuple[str, ...]
    suffix: str


class Rows(Protocol):
    """Runs a statement of Clew's own."""

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Hand back plain rows."""
        ...


def with_inferred_keys(
    counted: Sequence[tuple[Stored, int | None]], engine: Rows, deadline: Deadline
) -> tuple[Table, ...]:
    """Describe tables, with declared keys and those that names and values show.

    Args:
        counted: tables with the numbers of their rows; None where that is not known.
        engine: checks values.
        deadline: of the whole; the search itself takes a few seconds at most.

    Raises:
        BudgetEnded, Cancelled: the deadline ended it.
    """
    inner = Deadline(replace(deadline.budget, seconds=min(_SECONDS, deadline.remaining_s)))
    with deadline.on_cancel(inner.cancel):
        tables = _described(counted, engine, inner)
    deadline.check()
    return tables


def _described(
    counted: Sequence[tuple[Stored, int | None]], engine: Rows, deadline: Deadline
) -> tuple[Table, ...]:
    finder = _Finder(counted, engine, deadline)
    tables = []
    for stored, rows in counted:
        key = stored.primary_key or finder.keys.get(stored.name, ())
        foreign = stored.foreign_keys
        if not stored.view:
            foreign += finder.foreign_keys(stored)
        tables.append(
            Table(
                name=stored.name,
                columns=stored.columns,
                row_count=rows,
                primary_key=key,
                foreign_keys=foreign,
                meaning=stored.meaning,
            )
        )
    return tuple(tables)


class _Finder:
    """Looks for keys in all tables of one source."""

    def __init__(
        self,
        counted: Sequence[tuple[Stored, int | None]],
        engine: Rows,
        deadline: Deadline,
    ) -> None:
        self._engine = engine
        self._deadline = deadline
        self._rows = {stored.name: rows or 0 for stored, rows in counted}
        self._stored = {stored.name: stored for stored, _ in counted}
        self._prefixes = {stored.name: _prefix(stored) for stored, _ in counted}
        self.keys: dict[str, tuple[str, ...]] = {}
        for stored, rows in counted:
            if stored.primary_key or stored.view or not rows:
                continue
            for column in self._key_candidates(stored):
                if self._is_unique(stored, column):
                    self.keys[stored.name] = (column.name,)
                    break

        # Which tables could be meant by a name: else every column asks every table.
        self._tables_by_word: dict[str, list[str]] = {}
        for stored, rows in counted:
            key = self._key_of(stored.name)
            if not rows or len(key) != 1:
                continue
            key_name = self._name(stored.name, key[0])
            for word in _singulars(stored.name) | ({key_name.whole} if key_name else set()):
                self._tables_by_word.setdefault(word, []).append(stored.name)

    def _called_like(self, name: _Name) -> set[str]:
        """List the tables that are called like a column, or whose key is."""
        words = {name.stem, name.whole}
        words |= {"".join(name.words[i:]) for i in range(len(name.words))}
        return {table for word in words for table in self._tables_by_word.get(word, ())}

    def _name(self, table: str, column: str) -> _Name | None:
        return _take_apart(column, self._prefixes[table])

    def _key_candidates(self, stored: Stored) -> list[Column]:
        """Choose columns that could identify a row by their names, the likeliest first."""
        own, ranked = _singulars(stored.name), []
        for position, column in enumerate(stored.columns):
            name = self._name(stored.name, column.name)
            if name is None or column.type not in _KEY_TYPES:
                continue
            mine = not name.stem or bool(own & {name.stem})
            ranked.append((not mine, position, column))
        ranked.sort(key=lambda entry: entry[:2])
        return [column for _, _, column in ranked[:3]]

    def _is_unique(self, stored: Stored, column: Column) -> bool:
        rows = self._rows[stored.name]
        low, high = (stored.ranges or {}).get(column.name, (None, None))
        if low is not None and high - low + 1 < rows:
            return False
        name = quoted(column.name)
        most = f" LIMIT {_MOST_ROWS}" if rows > _MOST_ROWS else ""
        found = self._ask(
            f"SELECT count(*) - count(DISTINCT {name}) FROM "
            f"(SELECT {name} FROM {_qualified(stored)}{most}) AS t"
        )
        return found == 0

    def foreign_keys(self, stored: Stored) -> tuple[ForeignKey, ...]:
        """Find the foreign keys of one table that are not declared."""
        declared = {key.columns[0] for key in stored.foreign_keys}
        found = []
        for column in stored.columns:
            if self._deadline.cancelled or not self._deadline.remaining_s:
                break
            name = self._name(stored.name, column.name)
            if name is None or column.name in declared or column.type not in _KEY_TYPES:
                continue
            parents = sorted(
                (score, parent)
                for parent in self._called_like(name)
                if (score := self._fits(stored, column, name, parent)) is not None
            )
            for _, parent in parents[:3]:
                (key,) = self._key_of(parent)
                if self._is_contained(stored, column, self._stored[parent], key):
                    found.append(
                        ForeignKey(
                            columns=(column.name,),
                            table=parent,
                            other_columns=(key,),
                            inferred=True,
                        )
                    )
                    break
        return tuple(found)

    def _key_of(self, table: str) -> tuple[str, ...]:
        return self._stored[table].primary_key or self.keys.get(table, ())

    def _fits(self, stored: Stored, column: Column, name: _Name, parent: str) -> int | None:
        """Rank how well a column's name points at another table; None: it does not."""
        key = self._key_of(parent)
        if parent == stored.name or len(key) != 1 or not self._rows[parent]:
            return None
        other = self._stored[parent]
        key_column = next((c for c in other.columns if c.name == key[0]), None)
        if key_column is None or key_column.type != column.type:
            return None
        key_name = self._name(parent, key[0])
        own = _singulars(parent)
        named = bool(name.stem) and (
            name.stem in own or any("".join(name.words[i:]) in own for i in range(len(name.words)))
        )
        same = key_name is not None and bool(key_name.stem) and key_name.whole == name.whole
        if (column.name,) == self._key_of(stored.name) and not (
            named or (same and self._rows[parent] > self._rows[stored.name])
        ):
            # One row here for one row there: it points at the table that it is named after.
            return None
        if named and (key_name is None or not key_name.stem or key_name.stem in own or same):
            return 0 if name.stem in own else 1
        return 2 if same else None

    def _is_contained(self, stored: Stored, column: Column, other: Stored, key: str) -> bool:
        """Say whether every value of the column stands in the other table's key."""
        mine = (stored.ranges or {}).get(column.name)
        theirs = (other.ranges or {}).get(key)
        if mine and theirs:
            if mine[0] < theirs[0] or mine[1] > theirs[1]:
                return False
            # A key without gaps holds whatever lies between its ends.
            if theirs[1] - theirs[0] + 1 == self._rows[other.name]:
                return True
        c, k = quoted(column.name), quoted(key)
        most = f" LIMIT {_MOST_ROWS}" if self._rows[stored.name] > _MOST_ROWS else ""
        found = self._ask(
            f"SELECT CASE WHEN count(c) > 0 THEN sum(CASE WHEN c IN (SELECT {k} FROM "
            f"{_qualified(other)} WHERE {k} IS NOT NULL) THEN 0 WHEN c IS NULL THEN 0 ELSE 1 END) "
            f"END FROM (SELECT {c} AS c FROM {_qualified(stored)}{most}) AS t"
        )
        return found == 0

    def _ask(self, sql: str) -> int | None:
        try:
            value = self._engine.rows(sql, self._deadline)[0][0]
        except BudgetEnded:
            return None
        except ClewError:
            # What can't be read is no key.
            return None
        return None if value is None else int(value)


def _qualified(stored: Stored) -> str:
    return ".".join(quoted(part) for part in stored.path)


def _prefix(stored: Stored) -> str:
    """Find the prefix that all columns of a table share (``l_`` in ``l_price``)."""
    heads = {column.name.split("_", 1)[0].lower() for column in stored.columns}
    if len(heads) == 1 and len(stored.columns) > 1:
        (head,) = heads
        if all("_" in column.name for column in stored.columns) and len(head) <= 4:
            return f"{head}_"
    return ""


def _take_apart(column: str, prefix: str) -> _Name | None:
    """Take the name of a key column apart; None: it is not called like a key.

    >>> _take_apart("l_salekey", "l_").stem, _take_apart("BillingCustomerId", "").words
    ('sale', ('billing', 'customer'))
    >>> _take_apart("paid", "") is None
    True
    """
    bare = column[len(prefix) :] if column.lower().startswith(prefix) else column
    words = [word.lower() for word in _PARTS.findall(bare)]
    if not words:
        return None
    suffix = words.pop() if words[-1] in _SUFFIXES else ""
    if not suffix:
        # Written together: orderkey, custkey. Not "paid" or "monkey": the bare name is tried too.
        for ending in ("key", "code"):
            if words[-1].endswith(ending) and len(words[-1]) > len(ending) + 1:
                suffix, words[-1] = ending, words[-1][: -len(ending)]
                break
        else:
            if bare.lower().endswith("id") and (bare.islower() is False or len(words) == 1):
                if words[-1].endswith("id") and len(words[-1]) > 4:
                    suffix, words[-1] = "id", words[-1][:-2]
    if not suffix:
        return None
    return _Name(
        whole="".join(words) + suffix, stem="".join(words), words=tuple(words), suffix=suffix
    )


def _singulars(table: str) -> set[str]:
    """List the words, joined, that mean one row of a table.

    >>> sorted(_singulars("sales.Companies"))
    ['companies', 'company']
    """
    bare = re.sub(r"^(dim|fact|tbl|stg|d|f)_", "", table.rsplit(".", 1)[-1].lower())
    name = "".join(word for word in _PARTS.findall(bare))
    found = {name}
    if name.endswith("ies") and len(name) > 4:
        found.add(name[:-3] + "y")
    elif name.endswith(("sses", "xes", "ches", "shes", "zes")):
        found.add(name[:-2])
    elif name.endswith("s") and not name.endswith("ss") and len(name) > 2:
        found.add(name[:-1])
    if name in ("people", "persons"):
        found |= {"person", "people"}
    return found
