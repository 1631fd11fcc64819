"""What lies at a location, and how is it opened?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from clew_core.errors import SourceError
from clew_core.secrets import redact
from clew_tools.database.duckdb_engine import DuckDBEngine
from clew_tools.database.file_kind import READABLE, kind_of
from clew_tools.database.guarded_source import Content, GuardedSource
from clew_tools.database.names import plain
from clew_tools.database.source import Source
from clew_tools.database.sqlite_engine import SQLiteEngine
from clew_tools.database.table_files import SUFFIXES as _TABLES
from clew_tools.database.table_files import open_tables, stem

_DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")
_SUFFIXES = (*_TABLES, *_DATABASES)
_DECLARATION = "source.yaml"


def open_source(
    location: str | Path,
    name: str | None = None,
    *,
    memory_mb: int | None = None,
    threads: int | None = None,
) -> Source:
    """Open a file, a folder or a database server, for reading only.

    Args:
        location: a file of tables or a database file; a folder of files of tables; a source.yaml,
            or a folder that holds one; a URL, with secrets as ``${NAME}``. A folder with a folder
            ``company`` stands for that one.
        name: of the source; made from the location where none is given.
        memory_mb: what the embedded engine may use; the default is that of a budget.
        threads: how many the embedded engine uses; None lets it choose.

    Returns:
        The source; the caller closes it.

    Raises:
        SourceError: there is nothing that can be read.
        UsageError: a secret that the URL names is not set.
    """
    limits = {"memory_mb": memory_mb, "threads": threads}
    if "://" in str(location):
        return _open_url(str(location), Content(name=name or "", location=""), limits)
    shown = str(location)
    try:
        path = Path(location).expanduser()
        if not path.exists():
            raise SourceError(f"There is no file or folder {shown!r}.", hint="Check the path.")
        content = Content(name=name or plain(stem(path.absolute())), location=shown)
        path = _company(path)
        declared = path / _DECLARATION if path.is_dir() else path
        if declared.name.lower().endswith((".yaml", ".yml")) and declared.is_file():
            return _open_declared(declared, content, name, limits)
        return _open_path(path, content, limits)
    except OSError as error:
        raise SourceError(f"{shown!r} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        # A path with a zero byte.
        raise SourceError(f"There is no file or folder {shown!r}.") from error


def _open_declared(
    file: Path, content: Content, name: str | None, limits: dict[str, int | None]
) -> Source:
    from clew_tools.database.declaration import read_declaration

    declaration = read_declaration(file)
    content = replace(content, name=name or declaration.name, declaration=declaration)
    if "://" in declaration.location:
        return _open_url(declaration.location, content, limits)
    path = file.parent / Path(declaration.location).expanduser()
    if not path.exists():
        raise SourceError(
            f"{str(file)!r} says location: {declaration.location!r}, which is not there.",
            hint="It is meant from the folder of that file.",
        )
    if path.suffix.lower() in (".yaml", ".yml"):
        raise SourceError(f"{str(file)!r} points at another declaration, {path.name!r}.")
    return _open_path(path, content, limits)


def _open_url(url: str, content: Content, limits: dict[str, int | None]) -> Source:
    from clew_tools.database.url import open_url

    try:
        return open_url(url, content, memory_mb=limits["memory_mb"])
    except ValueError as error:
        raise SourceError(f"{redact(url)!r} is no URL that can be opened.") from error


def _open_path(path: Path, content: Content, limits: dict[str, int | None]) -> Source:
    if not path.is_dir():
        return _open_file(path, content, limits)
    files = sorted(
        inner
        for inner in path.iterdir()
        if inner.name.lower().endswith(_SUFFIXES)
        # Excel's own mark of an open workbook begins with ~$.
        and not inner.name.startswith((".", "_", "~$"))
        and inner.is_file()
    )
    tables = [inner for inner in files if inner.name.lower().endswith(_TABLES)]
    databases = [inner for inner in files if inner not in tables]
    shown = content.location
    if len(databases) == 1:
        return _open_file(databases[0], content, limits)
    if databases and not tables:
        raise SourceError(
            f"The folder {shown!r} holds {len(databases)} databases.",
            hint=f"Name one of them: {', '.join(inner.name for inner in databases[:5])}.",
        )
    if not tables:
        raise SourceError(
            f"The folder {shown!r} holds no table.", hint=f"{READABLE} can be opened."
        )
    return open_tables(
        tables, _identified(content, tables), shown=shown, alone=False,
        memory_mb=limits["memory_mb"], threads=limits["threads"],
    )  # fmt: skip


def _open_file(path: Path, content: Content, limits: dict[str, int | None]) -> Source:
    kind, warnings = kind_of(path)
    content = _identified(content, [path])
    if kind == "duckdb":
        duck = DuckDBEngine(path, memory_mb=limits["memory_mb"], threads=limits["threads"])
        return GuardedSource(duck, content, warnings=warnings)
    if kind == "sqlite":
        lite = SQLiteEngine(path, memory_mb=limits["memory_mb"])
        return GuardedSource(lite, content, warnings=warnings)
    return open_tables(
        [path], content, shown=content.location, alone=True, memory_mb=limits["memory_mb"],
        threads=limits["threads"],
    )  # fmt: skip


def _identified(content: Content, files: Iterable[Path]) -> Content:
    """Note what tells that the same content is opened again."""
    found: list[Any] = [content.declaration]
    for file in files:
        # A database that is being written keeps the newest of it beside itself.
        for part in (file, Path(f"{file}-wal"), Path(f"{file}.wal")):
            if part.exists():
                stat = part.stat()
                found.append(
                    (str(part.absolute()), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
                )
    return replace(content, identity=(repr(found),))


def _company(folder: Path) -> Path:
    """Follow the convention of examples: the company of DIR lies in DIR/company."""
    inner = folder / "company"
    if not inner.is_dir():
        return folder
    if (inner / _DECLARATION).is_file():
        return inner
    databases = sorted(inner.glob("*.duckdb"))
    if len(databases) == 1:
        return databases[0]
    has_data = any(path.name.lower().endswith(_SUFFIXES) for path in inner.iterdir())
    return inner if has_data else folder
