"""How do the sheets of an Excel workbook become tables?

A sheet may hold several tables, parted by empty rows or columns, titles above them, and headers
of several rows with merged cells. Formulas count as the values that Excel stored with them;
hidden sheets, charts and pivot caches are left out.
"""

from __future__ import annotations

import datetime as dt
import warnings as python_warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from clew_core.errors import SourceError
from clew_tools.database.excel_sheet import Region, Sheet, regions, scan
from clew_tools.database.names import numbered, plain, quoted

if TYPE_CHECKING:
    import pyarrow as pa

MOST_CELLS = 5_000_000
"""Filled cells that a workbook may have."""
_LARGEST_PARTS = 4 << 30
_LARGEST_TEXTS = 300 << 20
_MOSTLY = 0.9


def load_excel(
    path: Path, name: Callable[[str | None], str], connection: duckdb.DuckDBPyConnection
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make tables of a workbook.

    Args:
        path: .xlsx or .xlsm.
        name: makes a table's name that is free of a sheet's; None stands for the only table.
        connection: to a database that can be written.

    Returns:
        The names of the tables, and what the reader must know, one line each.

    Raises:
        SourceError: it can't be read, or holds no table.
    """
    sheets, warnings = _read(path)
    found = []
    for sheet in sheets:
        parts, left_out = regions(sheet)
        found += [(sheet, part) for part in parts]
        warnings += [f"sheet {sheet.name!r}: {text}" for text in left_out]
        if not sheet.rows:
            warnings.append(f"sheet {sheet.name!r} is empty and is left out")
    if not found:
        raise SourceError(
            f"{str(path)!r} holds no table: its sheets are empty, or hold single cells.",
            hint="A table has a row of column names and rows below it.",
        )
    tables: list[str] = []
    for sheet, part in found:
        table = name(None if len(found) == 1 else plain(sheet.name))
        said = _create(table, part, connection)
        warnings += [f"sheet {sheet.name!r}, {part.place}: {text}" for text in said]
        tables.append(table)
    return tuple(tables), tuple(f"{path.name!r}: {warning}." for warning in warnings)


def _read(path: Path) -> tuple[list[Sheet], list[str]]:
    """Read the visible sheets."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    _check_size(path)
    try:
        with python_warnings.catch_warnings():
            # It tells of what it does not support (data validation …), which nobody needs here.
            python_warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            try:
                return _sheets(book, path)
            finally:
                book.close()
    except (
        InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError,
        AttributeError, SyntaxError, EOFError,
    ) as error:  # fmt: skip
        # openpyxl has no error of its own for a workbook that is broken inside.
        raise SourceError(
            f"{str(path)!r} can't be read as an Excel workbook: it is damaged.",
            hint="Open it in Excel and save it again.",
        ) from error


def _sheets(book: Any, path: Path) -> tuple[list[Sheet], list[str]]:
    sheets, warnings, cells = [], [], 0
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            warnings.append(f"sheet {sheet.title!r} is hidden and is left out")
            continue
        # Some writers note a wrong size; the rows themselves are right.
        sheet.reset_dimensions()
        rows: dict[int, list[Any]] = {}
        for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
            row = [None if value == "" else value for value in values]
            while row and row[-1] is None:
                row.pop()
            if row:
                cells += sum(value is not None for value in row)
                rows[number] = row
            if cells > MOST_CELLS:
                raise SourceError(
                    f"{str(path)!r} has more than {MOST_CELLS:,} filled cells.",
                    hint="Save its sheets as CSV, or write it as Parquet.",
                )
        merged, unstored = scan(path, sheet)
        if unstored:
            warnings.append(
                f"sheet {sheet.title!r} has {unstored:,} formula{'s' if unstored > 1 else ''} "
                "without a stored result, read as empty; open it in Excel and save it"
            )
        sheets.append(Sheet(name=sheet.title, rows=rows, merged=merged))
    return sheets, warnings


def _check_size(path: Path) -> None:
    """See that a small file does not unfold into what no memory holds."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        raise SourceError(
            f"{str(path)!r} can't be read as an Excel workbook: it is damaged.",
            hint="Open it in Excel and save it again.",
        ) from error
    if not any(part.filename == "[Content_Types].xml" for part in parts):
        raise SourceError(f"{str(path)!r} is a ZIP file, not an Excel workbook.")
    texts = sum(part.file_size for part in parts if "sharedStrings" in part.filename)
    if sum(part.file_size for part in parts) > _LARGEST_PARTS or texts > _LARGEST_TEXTS:
        raise SourceError(
            f"{str(path)!r} unfolds into more than can be read.",
            hint="Save its sheets as CSV, or write it as Parquet.",
        )


def _create(table: str, part: Region, connection: duckdb.DuckDBPyConnection) -> list[str]:
    import pyarrow as pa

    said = list(part.warnings)
    names = numbered(part.names)
    arrays = []
    for name, values in zip(names, part.columns(), strict=True):
        array, text = _column(name, values)
        arrays.append(array)
        if text:
            said.append(text)
    data = pa.Table.from_arrays(arrays, names=list(names))
    connection.register("clew_sheet", data)
    try:
        connection.execute(f"CREATE TABLE {quoted(table)} AS SELECT * FROM clew_sheet")
    finally:
        connection.unregister("clew_sheet")
    if not data.num_rows:
        said.append("it has column names but no rows")
    return said


def _column(name: str, values: Sequence[Any]) -> tuple[pa.Array, str | None]:
    """Give a column the one type that its values have."""
    import pyarrow as pa

    from clew_tools.database.arrow_form import column_of

    errors = sum(isinstance(value, str) and value in _ERRORS for value in values)
    said = f"column {name!r}: {errors:,} error values such as #N/A became empty" if errors else None
    if errors:
        values = [None if isinstance(v, str) and v in _ERRORS else v for v in values]
    filled = [value for value in values if value is not None]
    kinds = {type(value) for value in filled}
    if not kinds:
        return pa.nulls(len(values), pa.string()), said
    if kinds == {bool}:
        return column_of([None if v is None else int(v) for v in values])[0].cast(pa.bool_()), said
    if kinds <= {dt.datetime, dt.date}:
        days = all(v.time() == dt.time() for v in filled if isinstance(v, dt.datetime))
        texts = [None if value is None else value.isoformat() for value in values]
        if days:
            texts = [None if text is None else text[:10] for text in texts]
        kind = pa.date32() if days else pa.timestamp("us")
        return column_of(texts)[0].cast(kind), said
    if kinds <= {int, float} and all(abs(v) < 2**63 for v in filled if isinstance(v, int)):
        return column_of(values)[0], said
    array = column_of([None if value is None else _text(value) for value in values])[0]
    numbers = sum(type(value) in (int, float) for value in filled)
    if kinds - {str} and numbers >= _MOSTLY * len(filled):
        other = next(value for value in filled if type(value) not in (int, float))
        said = (
            f"column {name!r} stays text: {len(filled) - numbers:,} of {len(filled):,} values "
            f"are no numbers, such as {str(other)[:40]!r}"
        )
    elif kinds - {str}:
        said = f"column {name!r} stays text: it holds values of several kinds"
    return array, said


_ERRORS = frozenset(
    ("#N/A", "#DIV/0!", "#REF!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#SPILL!", "#CALC!")
)


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else str(value)
