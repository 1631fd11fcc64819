"""How does a CSV file become a table, with nothing changed silently?"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from clew_core.errors import SourceError
from clew_tools.database import scratch
from clew_tools.database.csv_form import Layout, layout, ragged_row
from clew_tools.database.names import quoted, text_literal
from clew_tools.database.text_encoding import opened_as_utf8

# Types are found by reading all rows of a file, up to this size; then by its first rows.
_READ_TWICE = 200 * 1024 * 1024
_FIRST_ROWS = 200_000
_MOSTLY = 0.9
_DECIMAL_COMMA = r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+"
_GROUPED = r"[+-]?\d{1,3}(,\d{3})+"
_TWO_NUMBERS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-]\d{2,4}\b")
_WHOLE = r"[+-]?(\d{1,3}(\.\d{3})+|\d+)"


def load_csv(path: Path, table: str, connection: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """Make a table of a CSV file.

    Args:
        path: CSV or TSV, gzipped or not.
        table: its name.
        connection: to a database that can be written.

    Returns:
        What the reader must know, one line each, beginning with the file's name.

    Raises:
        SourceError: it can't be read.
    """
    with opened_as_utf8(path) as (file, warnings):
        form = layout(file, str(path))
        warnings += form.warnings
        if form.rows:
            _create(file, path, table, form, connection)
            warnings += _settle_types(table, form, connection)
        else:
            columns = ", ".join(f"{quoted(name)} VARCHAR" for name in form.names)
            connection.execute(f"CREATE TABLE {quoted(table)} ({columns})")
            warnings.append("it has column names but no rows")
    return tuple(f"{path.name!r}: {warning}." for warning in warnings)


def _create(
    file: Path, path: Path, table: str, form: Layout, connection: duckdb.DuckDBPyConnection
) -> None:
    if form.cut:
        rest = _without_lines(file, form.skip)
        try:
            _create(rest, path, table, replace(form, skip=0, cut=False), connection)
        except SourceError as error:
            raise _ragged(file, path, form) or error from error
        finally:
            rest.unlink()
        return
    whole = file.stat().st_size <= _READ_TWICE
    for sample in (-1,) if whole else (_FIRST_ROWS, -1):
        names = ", ".join(text_literal(name) for name in form.names)
        options = (
            f"delim = {text_literal(form.separator)}, quote = '\"', escape = '\"', "
            f"header = false, skip = {form.skip}, names = [{names}], strict_mode = true, "
            f"null_padding = false, sample_size = {sample}, auto_detect = true, "
            "comment = '', max_line_size = 16777216"
        )
        try:
            connection.execute(
                f"CREATE OR REPLACE TABLE {quoted(table)} AS SELECT * FROM "
                f"read_csv([{text_literal(_without_globs(file))}], {options})"
            )
            # With more values than names DuckDB makes names up.
            found = connection.execute(f"SELECT * FROM {quoted(table)} LIMIT 0").description
            if len(found) != len(form.names) and (ragged := _ragged(file, path, form)):
                raise ragged
            return
        except duckdb.Error as error:
            if sample != -1:
                continue
            if ragged := _ragged(file, path, form):
                raise ragged from error
            if same := _with_same_line_ends(file):
                try:
                    _create(same, path, table, form, connection)
                finally:
                    same.unlink()
                return
            raise SourceError(
                f"{str(path)!r} can't be read as CSV: its rows do not follow one form.",
                hint="Look for a quote that is opened and not closed.",
            ) from error


def _ragged(file: Path, path: Path, form: Layout) -> SourceError | None:
    found = ragged_row(file, form)
    if found is None:
        return None
    line, count = found
    return SourceError(
        f"{str(path)!r} is ragged: line {line:,} has {count} "
        f"value{'s' if count != 1 else ''}, but there are {len(form.names)} columns.",
        hint="Repair that line; a value that holds the separator needs quotes.",
    )


def _without_lines(file: Path, lines: int) -> Path:
    copy = scratch.fresh(".csv")
    with file.open("rb") as source, copy.open("wb") as out:
        for _ in range(lines):
            source.readline()
        shutil.copyfileobj(source, out)
    return copy


def _with_same_line_ends(file: Path) -> Path | None:
    """Copy a file that mixes Windows' line ends with others; None if it does not."""
    with file.open("rb") as source:
        if {line.endswith(b"\r\n") for line in source if line.endswith(b"\n")} != {True, False}:
            return None
    copy = scratch.fresh(".csv")
    with file.open("rb") as source, copy.open("wb") as out:
        for line in source:
            out.write(line[:-2] + b"\n" if line.endswith(b"\r\n") else line)
    return copy


def _without_globs(file: Path) -> str:
    """Write a path so that its brackets and stars are not taken for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file))


def _settle_types(table: str, form: Layout, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Turn decimal commas into numbers, and name columns that are almost numbers."""
    warnings = []
    name = quoted(table)
    for column, kind in connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [table]
    ).fetchall():
        c = quoted(column)
        if kind in ("DATE", "TIMESTAMP"):
            warnings += _guessed_dates(table, column, form, connection)
        if kind != "VARCHAR":
            continue
        filled, commas, wholes, grouped, numbers = connection.execute(
            f"SELECT count({c}), "
            f"count_if(regexp_full_match({c}, '{_DECIMAL_COMMA}')), "
            f"count_if(regexp_full_match({c}, '{_WHOLE}')), "
            f"count_if(regexp_full_match({c}, '{_GROUPED}')), "
            f"count_if(try_cast({c} AS DOUBLE) IS NOT NULL) "
            f"FROM {name}"
        ).fetchone() or (0, 0, 0, 0, 0)
        if not filled:
            continue
        if commas and commas + wholes == filled:
            # 1,234 alone may be a thousand or one and a bit: only other lengths decide.
            if grouped < commas or form.separator == ";":
                connection.execute(
                    f"ALTER TABLE {name} ALTER {c} TYPE DOUBLE USING "
                    f"CAST(replace(replace({c}, '.', ''), ',', '.') AS DOUBLE)"
                )
                warnings.append(f"column {column!r} has decimal commas; 1,5 was read as 1.5")
            else:
                warnings.append(
                    f"column {column!r} stays text: its commas may part thousands or decimals"
                )
        elif _MOSTLY * filled <= numbers < filled:
            other = connection.execute(
                f"SELECT {c} FROM {name} WHERE {c} IS NOT NULL "
                f"AND try_cast({c} AS DOUBLE) IS NULL LIMIT 1"
            ).fetchone()
            warnings.append(
                f"column {column!r} stays text: {filled - numbers:,} of {filled:,} values are "
                f"no numbers, such as {other[0] if other else ''!r}"
            )
    return warnings


def _guessed_dates(
    table: str, column: str, form: Layout, connection: duckdb.DuckDBPyConnection
) -> list[str]:
    """Warn of dates such as 03/04/2020 when no day above 12 shows which number is the month."""
    index = form.names.index(column)
    first = form.sample[index] if index < len(form.sample) else ""
    if not _TWO_NUMBERS.match(first.strip()):
        return []
    c = quoted(column)
    found = connection.execute(
        f"SELECT max(day({c})), first(strftime({c}, '%Y-%m-%d')) FROM {quoted(table)} "
        f"WHERE {c} IS NOT NULL"
    ).fetchone()
    if not found or found[0] is None or found[0] > 12:
        return []
    return [f"column {column!r} has dates such as {first!r}; reading it as {found[1]} is a guess"]
