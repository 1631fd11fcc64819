"""How is gold SQL put together: one table, the tables it belongs to, and conditions?"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from worlds.schema import Column, Ref, Schema, Table
from worlds.world import quoted

Path = tuple[Ref, ...]


class Query:
    """A table and what is joined to it, child to parent, so that no row is doubled."""

    def __init__(self, schema: Schema, table: Table, letter: str = "t") -> None:
        """Start at a table; the letter keeps names of a query inside a query apart."""
        self.schema, self.table, self.letter = schema, table, letter
        self._joined: dict[tuple[tuple[str, str], ...], str] = {(): f"{letter}0"}
        self._joins: list[str] = []

    def column(self, name: str, path: Path = ()) -> str:
        """Write a column of the table at the end of a path, joining what is needed."""
        return f"{self._alias(path)}.{quoted(name)}"

    def _alias(self, path: Path) -> str:
        key = tuple((ref.table, ref.name) for ref in path)
        if key not in self._joined:
            before = self._alias(path[:-1])
            parent = self.schema.tables[path[-1].table]
            alias = f"{self.letter}{len(self._joined)}"
            self._joined[key] = alias
            on = f"{alias}.{quoted(parent.pk)} = {before}.{quoted(path[-1].name)}"
            self._joins.append(f"JOIN {quoted(parent.name)} {alias} ON {on}")
        return self._joined[key]

    @property
    def key(self) -> str:
        """The table's own key."""
        return self.column(self.table.pk)

    def labels(self, path: Path = ()) -> list[str]:
        """Write the columns that name a row."""
        table = self.schema.tables[path[-1].table] if path else self.table
        return [self.column(name, path) for name in table.labels]

    def source(self, conditions: list[str] | None = None) -> str:
        """Write FROM and WHERE; call it last, when all joins are known."""
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        joins = " ".join(["", *self._joins])
        return f"FROM {quoted(self.table.name)} {self.letter}0{joins}{where}"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition on rows, in words and in SQL.

    Attributes:
        after: words behind the noun: "from Oslo"; empty where there is an adjective.
        adjective: word before the noun: "cancelled".
        sql: writes it, given a query of the table.
        column: that it is on; None for one on a label.
        value: the value that it names; empty for numbers.
        bare: value and column as they stand, for a follow-up: "only Oslo".
    """

    sql: Callable[[Query], str]
    after: str = ""
    adjective: str = ""
    column: Column | None = None
    value: str = ""
    bare: str = ""


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """Rows of a table in words and SQL: "cancelled orders from Oslo".

    Attributes:
        table: whose rows.
        conditions: that they meet.
    """

    table: Table
    conditions: tuple[Condition, ...] = ()

    def words(self, *, singular: bool = False) -> str:
        """Write it."""
        noun = self.table.singular if singular else self.table.plural
        before = " ".join(c.adjective for c in self.conditions if c.adjective)
        text = f"{before} {noun}".strip()
        last = ""
        for condition in self.conditions:
            if condition.after:
                first = condition.after.split()[0]
                joint = " and " if first == last or {first, last} <= _VERBAL else " "
                text, last = f"{text}{joint}{condition.after}", first
        return text

    def sql(self, query: Query) -> list[str]:
        """Write the conditions for a query of the table."""
        return [condition.sql(query) for condition in self.conditions]


_VERBAL = {"whose", "that", "where"}


def text_of(value: object) -> str:
    """Write a value as SQL."""
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days from start up to, not including, end."""

    start: dt.date
    end: dt.date
    words: str

    def sql(self, column: str) -> str:
        """Write that a date lies in it."""
        return f"({column} >= {text_of(self.start)} AND {column} < {text_of(self.end)})"


def year(number: int) -> Period:
    """Give a calendar year."""
    return Period(start=dt.date(number, 1, 1), end=dt.date(number + 1, 1, 1), words=str(number))


def month(number: int, place: int) -> Period:
    """Give a month; place is 1 for January."""
    following = dt.date(number + place // 12, place % 12 + 1, 1)
    words = f"{calendar.month_name[place]} {number}"
    return Period(start=dt.date(number, place, 1), end=following, words=words)


def quarter(number: int, place: int, words: str) -> Period:
    """Give a quarter; place is 1 to 4."""
    start = dt.date(number, 3 * place - 2, 1)
    return Period(start=start, end=month(number, 3 * place).end, words=words)


def months_before(day: dt.date, count: int) -> dt.date:
    """Go back a number of months, to the last day of the month where need be."""
    place = day.year * 12 + day.month - 1 - count
    number, at = divmod(place, 12)
    last = calendar.monthrange(number, at + 1)[1]
    return dt.date(number, at + 1, min(day.day, last))
