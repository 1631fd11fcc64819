"""How does a result table leave Clew, safe for the spreadsheet that opens it?

Covers: text that a spreadsheet would run as a formula, files that are whole or not there, and
what a format can't hold. Does not cover: what people may see; a result has passed the policy.
"""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from clew_core.errors import OutputNotWritten, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = (".csv", ".xlsx", ".parquet")
_SHEET_ROWS, _SHEET_COLUMNS, _CELL_LETTERS = 1_048_576, 16_384, 32_767
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_EXACT_DIGITS = 15
_BATCH = 10_000


def write_table(table: pa.Table, path: Path | str) -> tuple[str, ...]:
    """Write a table to a file whose suffix says the format; whole, or not at all.

    Args:
        table: of a result.
        path: ends in .csv, .xlsx or .parquet; a file of that name is replaced.

    Returns:
        What the reader must know, one line each.

    Raises:
        UsageError: the suffix is none of these.
        OutputNotWritten: the place can't be written, or the table is too large for the format.
    """
    path = Path(path)
    check_path(path)
    writer: Callable[[pa.Table, IO[bytes]], tuple[str, ...]] = {
        ".csv": _write_csv, ".xlsx": _write_xlsx, ".parquet": _write_parquet
    }[path.suffix.lower()]  # fmt: skip
    with _whole(path) as file:
        return writer(table, file)


def check_path(path: Path) -> None:
    """See that a file's suffix names a format.

    Raises:
        UsageError: it does not.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{str(path)!r} has to end in {', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")


def clipboard_text(table: pa.Table) -> str:
    """Write a table as text that spreadsheets paste as cells: tabs between, lines below."""
    rows = [list(map(_safe, table.column_names)), *_rows(table)]
    return "".join("\t".join(_one_line(cell) for cell in row) + "\n" for row in rows)


def safe_text(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula.

    >>> safe_text("=1+1"), safe_text("plain")
    ("'=1+1", 'plain')
    """
    # A space does not stop a spreadsheet from looking on.
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith("=") else text


def _safe(value: Any) -> str:
    """Write a value as text; numbers stay numbers, below zero too."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return safe_text(str(value)) if not isinstance(value, int) else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.replace("\t", " ").splitlines()) if text else ""


def _rows(table: pa.Table) -> Iterator[list[str]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield [_safe(value) for value in row]


def _write_csv(table: pa.Table, file: IO[bytes]) -> tuple[str, ...]:
    # With a mark, or Excel takes it for another encoding.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_safe(name) for name in table.column_names])
    writer.writerows(_rows(table))
    text.detach()
    return ()


def _write_parquet(table: pa.Table, file: IO[bytes]) -> tuple[str, ...]:
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, file)
    return ()


def _write_xlsx(table: pa.Table, file: IO[bytes]) -> tuple[str, ...]:
    import openpyxl

    if table.num_rows >= _SHEET_ROWS or table.num_columns > _SHEET_COLUMNS:
        raise OutputNotWritten(
            f"A sheet holds {_SHEET_ROWS - 1:,} rows and {_SHEET_COLUMNS:,} columns; the table "
            f"has {table.num_rows:,} and {table.num_columns:,}.",
            hint="Write it as .csv or .parquet.",
        )
    said: dict[str, None] = {}
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("result")
    sheet.append([_cell(sheet, name, said) for name in table.column_names])
    for batch in table.to_batches(max_chunksize=_BATCH):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            sheet.append([_cell(sheet, value, said) for value in row])
    book.save(file)
    return tuple(said)


def _cell(sheet: Any, value: Any, said: dict[str, None]) -> Any:
    """Make a value one that a sheet can hold."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)):
        digits = len(str(abs(value)).replace(".", "").lstrip("0"))
        if digits <= _EXACT_DIGITS:
            return value
        said["Numbers of more than 15 digits are written as text: a sheet would round them."] = None
        return str(value) if isinstance(value, int) else format(value, "f")
    if isinstance(value, float):
        return value
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        said["Times are written with their offset, as text: a sheet knows no time zones."] = None
        return value.isoformat(sep=" ")
    if isinstance(value, (dt.date, dt.time)):
        old = isinstance(value, dt.date) and value.year < 1900
        return value.isoformat() if old else value
    text = safe_text(value.hex() if isinstance(value, bytes) else str(value))
    text = ILLEGAL_CHARACTERS_RE.sub("", text)
    if len(text) > _CELL_LETTERS:
        said[f"Texts of more than {_CELL_LETTERS:,} letters are cut: a cell holds no more."] = None
        text = text[:_CELL_LETTERS]
    cell = WriteOnlyCell(sheet, value=text)
    # Else openpyxl takes '#N/A' for an error and '=' for a formula.
    cell.data_type = "s"
    return cell


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a draft that takes the place of path when all is written."""
    draft: str | None = None
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(draft, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask)
        os.replace(draft, path)
        draft = None
    except OSError as error:
        raise OutputNotWritten(
            f"{str(path)!r} can't be written: {error.strerror or error}.",
            hint="Name another place.",
        ) from error
    finally:
        if draft is not None:
            with contextlib.suppress(OSError):
                os.unlink(draft)
