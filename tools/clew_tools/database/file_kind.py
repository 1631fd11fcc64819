"""What kind of file is this, judged by its content?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from clew_core.errors import SourceError

Kind = Literal["duckdb", "sqlite", "parquet", "csv"]
_NAMES: dict[Kind, str] = {
    "duckdb": "a DuckDB database",
    "sqlite": "a SQLite database",
    "parquet": "a Parquet file",
    "csv": "a text file",
}
_BY_SUFFIX: dict[str, Kind] = {
    ".duckdb": "duckdb", ".ddb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite",
    ".parquet": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv",
}  # fmt: skip
_OTHERS = (
    (b"PK\x03\x04", "a ZIP or Excel file"),
    (b"%PDF", "a PDF file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
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
    else:
        for mark, what in _OTHERS:
            if head.lower().startswith(mark.lower()):
                raise SourceError(
                    f"{str(path)!r} is {what}, which can't be opened.",
                    hint="CSV, TSV, Parquet, DuckDB and SQLite files can.",
                )
    said = _BY_SUFFIX.get(path.suffix.lower())
    if kind == "csv" and said not in (None, "csv"):
        assert said is not None
        raise SourceError(f"{str(path)!r} is not {_NAMES[said]}, whatever its name says.")
    if said is not None and said != kind:
        return kind, (f"{path.name!r} is {_NAMES[kind]}, whatever its name says.",)
    return kind, ()
