"""How does what a source.yaml says reach the tables of a source and their readers?"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import replace

from clew_core.principal import Principal
from clew_tools.database.catalog import ForeignKey
from clew_tools.database.declaration import Declaration, DeclaredTable
from clew_tools.database.engine import Stored
from clew_tools.database.names import fold

_MOST_UNKNOWN = 5


class Declared:
    """A declaration, matched to the tables that are there."""

    def __init__(self, declaration: Declaration) -> None:
        """Take what was read."""
        self.declaration = declaration
        self.by_role = declaration.by_role()
        self._tables = {fold(name): table for name, table in declaration.tables.items()}
        self._access = {
            (fold(name), fold(column)): field.access
            for name, table in declaration.tables.items()
            for column, field in table.fields.items()
            if field.access
        }

    def table(self, name: str) -> DeclaredTable:
        """Find what is said of a table."""
        return self._tables.get(fold(name), _NOTHING)

    def told(self, stored: Sequence[Stored]) -> tuple[tuple[Stored, ...], tuple[str, ...]]:
        """Add what is declared to tables; say what is declared of tables that are not there."""
        by_name = {fold(table.name): table for table in stored}
        unknown = []
        for name, said in self.declaration.tables.items():
            table = by_name.get(fold(name))
            if table is None:
                unknown.append(self._missing("table", name))
                continue
            columns = {fold(column.name) for column in table.columns}
            unknown += [
                self._missing("column", f"{name}.{column}")
                for column in (*said.fields, *(key for key in said.key if key not in said.fields))
                if fold(column) not in columns
            ]
        if len(unknown) > _MOST_UNKNOWN:
            more = len(unknown) - _MOST_UNKNOWN
            unknown[_MOST_UNKNOWN:] = [f"{self.declaration.file.name}: {more} more are not there."]
        return tuple(self._told(table, by_name) for table in stored), tuple(unknown)

    def _missing(self, kind: str, name: str) -> str:
        line = self.declaration.lines.get(name) or self.declaration.lines.get(
            name.rpartition(".")[0], 1
        )
        return f"{self.declaration.file.name}, line {line}: there is no {kind} {name!r}."

    def _told(self, stored: Stored, others: dict[str, Stored]) -> Stored:
        said = self.table(stored.name)
        if said is _NOTHING:
            return stored
        fields = {fold(name): field for name, field in said.fields.items()}
        columns = tuple(
            replace(column, meaning=field.meaning or column.meaning, unit=field.unit or column.unit)
            if (field := fields.get(fold(column.name)))
            else column
            for column in stored.columns
        )
        names = {fold(column.name): column.name for column in stored.columns}
        key = tuple(names[fold(part)] for part in said.key if fold(part) in names)
        foreign = list(stored.foreign_keys)
        declared = {key.columns for key in foreign}
        for name, field in said.fields.items():
            column = names.get(fold(name))
            if column is None or field.references is None or (column,) in declared:
                continue
            table, _, other = field.references.rpartition(".")
            target = others.get(fold(table))
            known = {fold(c.name): c.name for c in target.columns} if target else {}
            if target is not None and fold(other) in known:
                foreign.append(
                    ForeignKey(
                        columns=(column,), table=target.name, other_columns=(known[fold(other)],)
                    )
                )
        return replace(
            stored,
            columns=columns,
            primary_key=key if said.key and len(key) == len(said.key) else stored.primary_key,
            foreign_keys=tuple(foreign),
            meaning=said.meaning,
        )

    def shows(self, principal: Principal, stored: Stored) -> bool:
        """Say whether a table exists for a principal; a view could show what is kept from it."""
        if not _may(principal, self.declaration.access):
            return False
        if stored.view and self.by_role and fold(stored.name) not in self._tables:
            return False
        return _may(principal, self.table(stored.name).access)

    def shows_column(self, principal: Principal, table: str, column: str) -> bool:
        """Say whether a column exists for a principal."""
        return _may(principal, self._access.get((fold(table), fold(column)), ()))

    def freshness(self, table: str) -> tuple[str, str] | None:
        """Find the table and column that say how new the rows of a table are."""
        said = self.table(table).freshness
        if said is not None:
            return (table, said.rpartition(".")[2]) if " " not in said else None
        said = self.declaration.freshness or ""
        other, dot, column = said.rpartition(".")
        return (other, column) if dot and " " not in said else None

    def moment(self, value: object) -> str | None:
        """Write a moment of the data as ISO 8601 with its offset."""
        if isinstance(value, str):
            try:
                value = dt.datetime.fromisoformat(value)
            except ValueError:
                return None
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        if not isinstance(value, dt.datetime):
            return None
        if value.tzinfo is None:
            zone = self.declaration.time_zone
            try:
                value = (
                    value.replace(tzinfo=zoneinfo.ZoneInfo(zone)) if zone else value.astimezone()
                )
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                value = value.astimezone()
        return value.isoformat(timespec="seconds")


_NOTHING = DeclaredTable()


def _may(principal: Principal, access: tuple[str, ...]) -> bool:
    return not access or not set(access).isdisjoint(principal.roles)
