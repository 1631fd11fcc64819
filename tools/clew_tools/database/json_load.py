"""How does a JSON file become a table, and what happens to what is nested?

An object inside a record becomes columns of its own (``address.city`` is ``address_city``); a
list, or an object with hundreds of different keys, stays one column of JSON text. Nothing is
unnested into further rows: a count of the table is a count of the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from clew_core.errors import SourceError
from clew_tools.database.names import numbered, quoted, text_literal
from clew_tools.database.text_encoding import opened_as_utf8

LARGEST_RECORD = 64 * 1024 * 1024
"""Bytes that one record may have."""
# What DuckDB sets aside grows with the largest record that it must expect: a file of many small
# ones would not fit, were it read with the room for a large one.
_USUAL_RECORD = 16 * 1024 * 1024
_READ_TWICE = 200 * 1024 * 1024
_FIRST_ROWS = 200_000
_MOST_COLUMNS = 10_000
_MANY_KEYS = 500
_HINT = "A list of objects ([{…}, {…}]) or one object a line can be opened."


def load_json(path: Path, table: str, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Make a table of a file of JSON or of JSON lines.

    Args:
        path: gzipped or not.
        table: its name.
        connection: to a database that can be written.

    Returns:
        What the reader must know, one line each, beginning with the file's name.

    Raises:
        SourceError: it can't be read.
    """
    with opened_as_utf8(path) as (file, warnings):
        warnings += _load(file, path, table, connection)
    return tuple(f"{path.name!r}: {warning}." for warning in warnings)


def _load(file: Path, path: Path, table: str, connection: duckdb.DuckDBPyConnection) -> list[str]:
    whole = file.stat().st_size <= _READ_TWICE
    samples = (-1,) if whole else (_FIRST_ROWS, -1)
    failed: duckdb.Error | None = None
    most = _USUAL_RECORD
    for sample in samples:
        try:
            try:
                return _create(file, path, table, sample, most, connection)
            except duckdb.Error as error:
                if "maximum_object_size" not in str(error) or most == LARGEST_RECORD:
                    raise
                most = LARGEST_RECORD
                return _create(file, path, table, sample, most, connection)
        except duckdb.Error as error:
            failed = error
    assert failed is not None
    raise _no_json(path, failed) from failed


def _create(
    file: Path,
    path: Path,
    table: str,
    sample: int,
    most: int,
    connection: duckdb.DuckDBPyConnection,
) -> list[str]:
    # Few records with the same hundreds of keys are wide, not maps.
    for many in (_MANY_KEYS, -1):
        source = (
            f"read_json([{text_literal(_without_globs(file))}], sample_size = {sample}, "
            f"maximum_object_size = {most}, map_inference_threshold = {many}, "
            "union_by_name = false)"
        )
        described = connection.sql(f"SELECT * FROM {source}")
        columns = list(zip(described.columns, described.types, strict=True))
        if len(columns) != 1 or columns[0][1].id != "map":
            break
    if columns and columns[0][0] == "json" and len(columns) == 1:
        raise _no_records(path, connection, source)
    warnings: list[str] = []
    inner = columns[0]
    held: Any = inner[1].children[0][1] if inner[1].id == "list" else None
    if len(columns) == 1 and held is not None and held.id == "struct":
        # What web services send: {"data": [{…}, {…}]}.
        rows = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
        if rows == (1,):
            source = f"(SELECT unnest({quoted(inner[0])}) AS r FROM {source})"
            warnings.append(f"its records are those of the list {inner[0]!r}")
            flat = list(_flat("r", held, quoted("r"), top=True))
            return warnings + _write(table, flat, source, path, connection)
    flat = [part for name, kind in columns for part in _flat(name, kind, quoted(name))]
    return warnings + _write(table, flat, source, path, connection)


def _write(
    table: str,
    flat: list[tuple[str, str, bool]],
    source: str,
    path: Path,
    connection: duckdb.DuckDBPyConnection,
) -> list[str]:
    if len(flat) > _MOST_COLUMNS:
        raise SourceError(
            f"{str(path)!r} would become a table of {len(flat):,} columns; "
            f"{_MOST_COLUMNS:,} are allowed.",
            hint="Its objects hold data in their keys: make them lists of records.",
        )
    names = numbered(name for name, _, _ in flat)
    chosen = ", ".join(
        f"{sql} AS {quoted(name)}" for name, (_, sql, _) in zip(names, flat, strict=True)
    )
    connection.execute(f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT {chosen} FROM {source}")
    kept = [name for name, (_, _, text) in zip(names, flat, strict=True) if text]
    if not kept:
        return []
    more = f" and {len(kept) - 5} more" if len(kept) > 5 else ""
    plural = "s" if len(kept) > 1 else ""
    return [
        f"column{plural} {', '.join(map(repr, kept[:5]))}{more} hold{'' if plural else 's'} "
        "lists or mixed values, kept as JSON text"
    ]


def _flat(name: str, kind: Any, sql: str, *, top: bool = False) -> Iterator[tuple[str, str, bool]]:
    """Take a column apart: name, SQL, and whether it is kept as JSON text."""
    if kind.id == "struct":
        for inner, inner_kind in kind.children:
            yield from _flat(
                inner if top else f"{name}_{inner}",
                inner_kind,
                f"struct_extract({sql}, {text_literal(inner)})",
            )
    elif kind.id in ("list", "array", "map", "union"):
        yield name, f"CAST(to_json({sql}) AS VARCHAR)", True
    elif str(kind) == "JSON":
        # A text among other values is a text, not a text in quotes.
        yield (
            name,
            f"CASE json_type({sql}) WHEN 'VARCHAR' THEN {sql} ->> '$' WHEN 'NULL' THEN NULL "
            f"ELSE CAST({sql} AS VARCHAR) END",
            True,
        )
    else:
        yield name, sql, False


def _no_records(path: Path, connection: duckdb.DuckDBPyConnection, source: str) -> SourceError:
    first = connection.execute(f"SELECT 1 FROM {source} LIMIT 1").fetchone()
    if first is None:
        return SourceError(f"{str(path)!r} is an empty list: it holds no record.", hint=_HINT)
    return SourceError(f"{str(path)!r} is JSON but holds no objects.", hint=_HINT)


def _no_json(path: Path, error: duckdb.Error) -> SourceError:
    text = " ".join(str(error).split("\n")[0].split())
    if isinstance(error, duckdb.OutOfMemoryException):
        return SourceError(
            f"{str(path)!r} needs more memory than it may use.",
            hint="Raise run.memory_mb, or write it as Parquet.",
        )
    if "maximum_object_size" in text:
        return SourceError(
            f"{str(path)!r} holds a record of more than {LARGEST_RECORD >> 20} MB.", hint=_HINT
        )
    where = re.search(r"at byte (\d+) in (?:line|record/value|record|value) (\d+): (.*)", text)
    if where:
        return SourceError(
            f"{str(path)!r} is no valid JSON: in line or record {int(where[2]):,}, byte "
            f"{int(where[1]):,}: {where[3].strip().rstrip('.')}.",
            hint=_HINT,
        )
    return SourceError(f"{str(path)!r} can't be read as JSON: {text[:200]}", hint=_HINT)


def _without_globs(file: Path) -> str:
    """Write a path so that its brackets and stars are not taken for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file))
