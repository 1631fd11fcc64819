"""What a source holds, as one principal may see it: tables, columns, keys."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

ColumnType = Literal[
    "text", "integer", "number", "decimal", "date", "timestamp", "time", "boolean", "other"
]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column.

    Attributes:
        name: as the source spells it.
        type: what can be done with it: ``number`` is binary floating point, ``decimal`` exact.
        engine_type: as the engine calls it.
        nullable: may hold null.
        meaning: of the values, where declared.
        unit: of the values, where declared.
    """

    name: str
    type: ColumnType
    engine_type: str = ""
    nullable: bool = True
    meaning: str | None = None
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class ForeignKey:
    """Rows of one table point at rows of another.

    Attributes:
        columns: of this table.
        table: the other table.
        other_columns: its columns, unique there.
        inferred: found by names and values, not declared.
    """

    columns: tuple[str, ...]
    table: str
    other_columns: tuple[str, ...]
    inferred: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table or view.

    Attributes:
        name: as the source spells it.
        columns: in order.
        row_count: rows when it was looked at, after the row filters of the policy; of large tables
            on a server its own estimate; None where counting would have taken too long.
        primary_key: declared or inferred; empty if unknown.
        foreign_keys: declared or inferred.
        meaning: one row is …, where declared.
    """

    name: str
    columns: tuple[Column, ...]
    row_count: int | None
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    meaning: str | None = None

    def column(self, name: str) -> Column | None:
        """Find a column by its exact name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """What one principal sees of a source.

    Attributes:
        source: its name.
        tables: in the source's order.
    """

    source: str
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table | None:
        """Find a table by its exact name."""
        return self._by_name.get(name)

    @functools.cached_property
    def _by_name(self) -> dict[str, Table]:
        return {table.name: table for table in reversed(self.tables)}
