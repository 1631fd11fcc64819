"""What does a source.yaml say, and on which line is it wrong?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew_core.errors import SourceError
from clew_tools.database.schema_check import problems

FILE = "source.yaml"
_LARGEST = 5 << 20


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
    data, lines = _load(file)
    _validate(data, lines, file)
    if data.get("kind", "tables") != "tables":
        raise SourceError(
            f"{str(file)!r} declares {data['kind']}, not tables.",
            hint="Only sources of tables can be asked.",
        )
    names = ("name", "location", "meaning", "freshness", "time_zone", "licence", "owner")
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


_Path = tuple[Any, ...]


def _load(file: Path) -> tuple[dict[str, Any], dict[_Path, int]]:
    """Read YAML, with the line of each value by its path."""
    import yaml

    try:
        if file.stat().st_size > _LARGEST:
            raise SourceError(f"{str(file)!r} is larger than {_LARGEST >> 20} MB.")
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{str(file)!r} is not in UTF-8.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise SourceError(f"{str(file)!r} can't be read: {error.strerror or error}.") from error
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for token in yaml.scan(text, Loader=fast):
            if isinstance(token, yaml.AliasToken):
                # An alias of an alias of an alias … is a small file and a huge value.
                line = token.start_mark.line + 1
                raise SourceError(
                    f"{str(file)!r}, line {line}: aliases (*{token.value}) are not read.",
                    hint="Write it out.",
                )
        loader = fast(text)
        try:
            node = loader.get_single_node()
            lines: dict[_Path, int] = {}
            if node is not None:
                _note_lines(node, (), lines, file)
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{str(file)!r}{at}: {error.problem or 'it is no YAML'}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(f"{str(file)!r} is no YAML: {' '.join(str(error).split())[:200]}") from (
            error
        )
    if not isinstance(data, dict):
        raise SourceError(
            f"{str(file)!r}, line 1: it has to hold names and values.",
            hint="Write at least name: and location:.",
        )
    return data, lines


def _note_lines(node: Any, path: _Path, lines: dict[_Path, int], file: Path) -> None:
    import yaml

    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, key.value)
            line = key.start_mark.line + 1
            if inner in lines:
                raise SourceError(
                    f"{str(file)!r}, line {line}: {key.value!r} stands there twice (first on "
                    f"line {lines[inner]})."
                )
            lines[inner] = line
            _note_lines(value, inner, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _note_lines(value, (*path, index), lines, file)


def _validate(data: dict[str, Any], lines: Mapping[_Path, int], file: Path) -> None:
    from clew_core.schema import schema

    found = [(_line(p.path, lines), p) for p in problems(data, schema("source.v1"))]
    if not found:
        return
    line, first = min(found, key=lambda one: one[0])
    place = ".".join(str(part) for part in first.path)
    more = f" {len(found) - 1} more such errors follow." if len(found) > 1 else ""
    raise SourceError(
        f"{str(file)!r}, line {line}: {place + ': ' if place else ''}{first.said}.{more}"
    )


def _line(path: _Path, lines: Mapping[_Path, int]) -> int:
    parts = tuple(str(part) if not isinstance(part, int) else part for part in path)
    while parts and parts not in lines:
        parts = parts[:-1]
    return lines.get(parts, 1)
