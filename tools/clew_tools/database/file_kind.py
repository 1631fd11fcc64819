"""What kind of file is this, judged by its content?"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from clew_core.errors import SourceError

Kind = Literal["duckdb", "sqlite", "parquet", "csv", "json", "excel"]
_NAMES: dict[Kind, str] = {
    "duckdb": "a DuckDB database",
    "sqlite": "a SQLite database",
    "parquet": "a Parquet file",
    "csv": "a text file",
    "json": "a JSON file",
    "excel": "an Excel workbook",
}
READABLE = "CSV, TSV, JSON, Excel (.xlsx), Parquet, DuckDB and SQLite files"
_JSON = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz")
_BY_SUFFIX: dict[str, Kind] = {
    ".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite",
    ".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".xlsx": "excel", ".xlsm": "excel",
}  # fmt: skip
_OTHERS = (
    (b"PK\x03\x04", "a ZIP or Excel file"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an Office file of the old form, or one with a password"),
    (b"ARROW1", "an Arrow file"),
    (b"ORC", "an ORC file"),
    (b"<html", "a web page"),
    (b"<!DOCTYPE", "a web page"),
)


def kind_of(path: Path) -> tuple[Kind, tuple[str, ...]]:
    """Look at the first bytes of a file.

    Returns:
        What it is, and a warning if its suffix says something else.

    Raises:
        SourceError: it is empty, or none of the kinds that can be opened.
    """
    try:
        with path.open("rb") as file:
            head = file.read(32)
    except OSError as error:
        raise SourceError(f"{str(path)!r} can't be read: {error.strerror or error}.") from error
    if not head:
        raise SourceError(f"{str(path)!r} is empty: it has no bytes at all.")
    kind: Kind = "csv"
    if head.startswith(b"SQLite format 3\0"):
        kind = "sqlite"
    elif head[8:12] == b"DUCK":
        kind = "duckdb"
    elif head.startswith(b"PAR1"):
        kind = "parquet"
    elif head.startswith(b"PK\x03\x04") and _is_workbook(path):
        kind = "excel"
    elif path.name.lower().endswith(_JSON) and (
        head.startswith(b"\x1f\x8b") or head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] in b"[{"
    ):
        kind = "json"
    else:
        for mark, what in _OTHERS:
            if head.lower().startswith(mark.lower()):
                old = "Save it as .xlsx without one. " if "Office" in what else ""
                raise SourceError(
                    f"{str(path)!r} is {what}, which can't be opened.",
                    hint=f"{old}{READABLE} can.",
                )
    said = _BY_SUFFIX.get(path.suffix.lower())
    if kind == "csv" and said not in (None, "csv"):
        assert said is not None
        raise SourceError(f"{str(path)!r} is not {_NAMES[said]}, whatever its name says.")
    if said is not None and said != kind:
        return kind, (f"{path.name!r} is {_NAMES[kind]}, whatever its name says.",)
    return kind, ()


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        # Damaged: what it was meant to be, its name says.
        return path.suffix.lower() in (".xlsx", ".xlsm")
