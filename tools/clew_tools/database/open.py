"""What lies at a location, and how is it opened?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import duckdb

from clew_core.errors import ClewError, SourceError
from clew_tools.database import scratch
from clew_tools.database.csv_load import load_csv
from clew_tools.database.duckdb_engine import DuckDBEngine
from clew_tools.database.file_kind import kind_of
from clew_tools.database.guarded_source import GuardedSource
from clew_tools.database.names import plain, quoted, text_literal
from clew_tools.database.source import Source
from clew_tools.database.sqlite_engine import SQLiteEngine

_TABLES = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet")
_DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")
_SUFFIXES = (*_TABLES, *_DATABASES)


def open_source(
    location: str | Path,
    name: str | None = None,
    *,
    memory_mb: int | None = None,
    threads: int | None = None,
) -> Source:
    """Open a file or a folder, for reading only.

    Args:
        location: a DuckDB, SQLite, CSV, TSV or Parquet file, or a folder of CSV, TSV and Parquet
            files. A folder with a folder ``company`` stands for that one.
        name: of the source; made from the file's name where none is given.
        memory_mb: what the embedded engine may use; the default is that of a budget.
        threads: how many the embedded engine uses; None lets it choose.

    Returns:
        The source; the caller closes it.

    Raises:
        SourceError: there is nothing that can be read.
    """
    path = _company(Path(location).expanduser())
    shown = str(location)
    named = name or plain(_stem(Path(location).expanduser().absolute()))
    try:
        if not path.exists():
            raise SourceError(f"There is no file or folder {shown!r}.", hint="Check the path.")
        if path.is_dir():
            return _open_folder(path, named, shown, memory_mb, threads)
        return _open_file(path, named, shown, memory_mb, threads)
    except OSError as error:
        raise SourceError(f"{shown!r} can't be read: {error.strerror or error}.") from error


def _open_file(
    path: Path, name: str, shown: str, memory_mb: int | None, threads: int | None
) -> Source:
    kind, warnings = kind_of(path)
    if kind == "duckdb":
        engine = DuckDBEngine(path, memory_mb=memory_mb, threads=threads)
        return GuardedSource(engine, name=name, location=shown, warnings=warnings)
    if kind == "sqlite":
        return GuardedSource(
            SQLiteEngine(path, memory_mb=memory_mb), name=name, location=shown, warnings=warnings
        )
    return _open_tables({plain(_stem(path)): path}, name, shown, memory_mb, threads, alone=True)


def _open_folder(
    folder: Path, name: str, shown: str, memory_mb: int | None, threads: int | None
) -> Source:
    files = sorted(
        path
        for path in folder.iterdir()
        if path.name.lower().endswith(_SUFFIXES)
        and not path.name.startswith((".", "_"))
        and path.is_file()
    )
    tables = [path for path in files if path.name.lower().endswith(_TABLES)]
    databases = [path for path in files if path not in tables]
    if len(databases) == 1:
        return _open_file(databases[0], name, shown, memory_mb, threads)
    if databases and not tables:
        raise SourceError(
            f"The folder {shown!r} holds {len(databases)} databases.",
            hint=f"Name one of them: {', '.join(path.name for path in databases[:5])}.",
        )
    if not tables:
        raise SourceError(
            f"The folder {shown!r} holds no table.",
            hint="CSV, TSV, Parquet, DuckDB and SQLite files can be opened.",
        )
    return _open_tables(_by_stem(tables), name, shown, memory_mb, threads, alone=False)


def _open_tables(
    files: dict[str, Path],
    name: str,
    shown: str,
    memory_mb: int | None,
    threads: int | None,
    *,
    alone: bool,
) -> Source:
    """Put files into a database of Clew's own: CSV as tables, Parquet as views."""
    database = scratch.fresh(".duckdb")
    warnings: list[str] = []
    broken: dict[str, str] = {}
    parquet: dict[str, Path] = {}
    loaded = []
    connection = duckdb.connect(str(database))
    try:
        for table, path in files.items():
            try:
                kind, said = kind_of(path)
                warnings += said
                if kind == "parquet":
                    _view_parquet(path, table, connection)
                    parquet[table] = path.absolute()
                elif kind == "csv":
                    warnings += load_csv(path, table, connection)
                else:
                    raise SourceError(f"{str(path)!r} is a database among files of tables.")
                loaded.append(table)
            except (ClewError, OSError) as error:
                why = str(error) if isinstance(error, ClewError) else f"{error.strerror or error}."
                if alone:
                    raise SourceError(why) from error
                connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
                broken[table] = why
                warnings.append(f"{path.name!r} can't be read and is left out: {why}")
        connection.close()
        if not loaded:
            raise SourceError(
                f"No file of the folder {shown!r} can be read.", hint=next(iter(broken.values()))
            )
        engine = DuckDBEngine(database, parquet=parquet, memory_mb=memory_mb, threads=threads)
    finally:
        connection.close()
        # It stays readable for those that have it open, and nobody has to clean up.
        database.unlink(missing_ok=True)
    return GuardedSource(engine, name=name, location=shown, warnings=warnings, broken=broken)


def _view_parquet(path: Path, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    file = text_literal(str(path.absolute()))
    try:
        connection.execute(f"CREATE VIEW {quoted(table)} AS SELECT * FROM read_parquet({file})")
    except duckdb.Error as error:
        first = " ".join(str(error).split("\n")[0].split())
        raise SourceError(f"{str(path)!r} can't be read as Parquet: {first}") from error


def _by_stem(paths: Iterable[Path]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in paths:
        stem = _stem(path)
        table, number = stem, 1
        while table.casefold() in {name.casefold() for name in files}:
            number += 1
            table = f"{stem}_{number}"
        files[table] = path
    return files


def _stem(path: Path) -> str:
    return (
        re.sub(r"(?i)\.(csv|tsv)\.gz$", "", path.name)
        if path.name.lower().endswith(".gz")
        else path.stem
    )


def _company(folder: Path) -> Path:
    """Follow the convention of examples: the company of DIR lies in DIR/company."""
    inner = folder / "company"
    if not inner.is_dir():
        return folder
    databases = sorted(inner.glob("*.duckdb"))
    if len(databases) == 1:
        return databases[0]
    has_data = (inner / "source.yaml").is_file() or any(
        path.name.lower().endswith(_SUFFIXES) for path in inner.iterdir()
    )
    return inner if has_data else folder
