"""What does a source.yaml say, and on which line is it wrong?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew_core.errors import SourceError
from clew_tools.database.yaml_lines import load, validate

FILE = "source.yaml"


@dataclass(frozen=True, kw_only=True)
class DeclaredField:
    """What is declared of a column; see ``Column`` and the schema."""

    meaning: str | None = None
    unit: str | None = None
    references: str | None = None
    access: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class DeclaredTable:
    """What is declared of a table.

    Attributes:
        meaning: one row is ….
        key: columns that identify a row.
        freshness: a column of the table, or words.
        access: roles of which a reader needs one; empty for everyone.
        fields: column → what is said of it.
    """

    meaning: str | None = None
    key: tuple[str, ...] = ()
    freshness: str | None = None
    access: tuple[str, ...] = ()
    fields: Mapping[str, DeclaredField] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A source.yaml of tables.

    Attributes:
        file: where it was read.
        name: of the source.
        location: as written: a path relative to the file, or a URL.
        writes: whether cells of whoever opens it may change the file; agents never may.
        tables: table → what is said of it.
        lines: of the tables and fields, from 1, by ``table`` and ``table.column``.
    """

    file: Path
    name: str
    location: str
    meaning: str | None = None
    freshness: str | None = None
    time_zone: str | None = None
    licence: str | None = None
    owner: str | None = None
    writes: bool = False
    access: tuple[str, ...] = ()
    tables: Mapping[str, DeclaredTable] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)

    def by_role(self) -> bool:
        """Say whether anything is shown to some roles only."""
        return bool(self.access) or any(
            table.access or any(column.access for column in table.fields.values())
            for table in self.tables.values()
        )


def read_declaration(file: Path) -> Declaration:
    """Read and check a source.yaml.

    Raises:
        SourceError: it can't be read or breaks the schema; file and line are named.
    """
    data, lines = load(file, "Write at least name: and location:.")
    validate(data, lines, file, "source.v1")
    if data.get("kind", "tables") != "tables":
        raise SourceError(
            f"{str(file)!r} declares {data['kind']}, not tables.",
            hint="Only sources of tables can be asked.",
        )
    names = ("name", "location", "meaning", "freshness", "time_zone", "licence", "owner", "writes")
    return Declaration(
        file=file,
        access=tuple(data.get("access", ())),
        tables={name: _table(table) for name, table in data.get("tables", {}).items()},
        lines={
            ".".join(str(part) for part in path if part not in ("tables", "fields")): line
            for path, line in lines.items()
            if path[:1] == ("tables",) and len(path) in (2, 4)
        },
        **{name: data[name] for name in names if name in data},
    )


def _table(data: Mapping[str, Any]) -> DeclaredTable:
    return DeclaredTable(
        meaning=data.get("meaning"),
        key=tuple(data.get("key", ())),
        freshness=data.get("freshness"),
        access=tuple(data.get("access", ())),
        fields={
            name: DeclaredField(
                meaning=_meaning(field),
                unit=field.get("unit"),
                references=field.get("references"),
                access=tuple(field.get("access", ())),
            )
            for name, field in data.get("fields", {}).items()
        },
    )


def _meaning(data: Mapping[str, Any]) -> str | None:
    values = data.get("values")
    if not values:
        return data.get("meaning")
    codes = ", ".join(f"{code} = {text}" for code, text in values.items())
    return f"{data['meaning']} ({codes})" if data.get("meaning") else codes
