"""How do files of tables become one source?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import duckdb

from clew_core.deadline import Budget
from clew_core.errors import ClewError, SourceError
from clew_tools.database import progress_bar, scratch
from clew_tools.database.csv_load import load_csv
from clew_tools.database.duckdb_engine import DuckDBEngine
from clew_tools.database.file_kind import kind_of
from clew_tools.database.guarded_source import Content, GuardedSource
from clew_tools.database.names import plain, quoted, text_literal
from clew_tools.database.source import Source

SUFFIXES = (
    ".csv", ".tsv", ".csv.gz", ".tsv.gz", ".parquet", ".json", ".jsonl", ".ndjson", ".json.gz",
    ".jsonl.gz", ".ndjson.gz", ".xlsx", ".xlsm",
)  # fmt: skip
_PACKED = re.compile(r"(?i)\.(csv|tsv|json|jsonl|ndjson)\.gz$")


def open_tables(
    files: Sequence[Path],
    content: Content,
    *,
    shown: str,
    alone: bool,
    memory_mb: int | None,
    threads: int | None,
) -> Source:
    """Put files into a database of Clew's own: Parquet as views, all else as tables.

    Args:
        files: of tables.
        content: what the source is called and where it comes from.
        shown: the place, for people.
        alone: one file was named, not a folder: what is wrong with it is wrong with all.
        memory_mb: what the engine may use.
        threads: how many it uses.

    Raises:
        SourceError: none can be read.
    """
    database = scratch.fresh(".duckdb")
    loader = _Loader(alone=alone, memory_mb=memory_mb, database=database)
    try:
        for path in files:
            loader.load(path)
        loader.connection.close()
        if not loader.loaded:
            raise SourceError(
                f"No file of the folder {shown!r} can be read.",
                hint=next(iter(loader.broken.values())),
            )
        engine = DuckDBEngine(
            database, parquet=loader.parquet, memory_mb=memory_mb, threads=threads
        )
    finally:
        loader.connection.close()
        # It stays readable for those that have it open, and nobody has to clean up.
        database.unlink(missing_ok=True)
    return GuardedSource(engine, content, warnings=loader.warnings, broken=loader.broken)


def stem(path: Path) -> str:
    """Take the suffix off a file's name, ``.csv.gz`` too."""
    return _PACKED.sub("", path.name) if path.name.lower().endswith(".gz") else path.stem


class _Loader:
    """Loads files, one after the other; those that can't be read are left out."""

    def __init__(self, *, alone: bool, memory_mb: int | None, database: Path) -> None:
        self._alone = alone
        self.warnings: list[str] = []
        self.broken: dict[str, str] = {}
        self.parquet: dict[str, Path] = {}
        self.loaded: list[str] = []
        self._taken: set[str] = set()
        self.connection = duckdb.connect(
            str(database),
            config={
                "memory_limit": f"{memory_mb or Budget().memory_mb}MB",
                "temp_directory": str(scratch.folder()),
                "max_temp_directory_size": "16GB",
            },
        )
        progress_bar.leave_out(self.connection)

    def load(self, path: Path) -> None:
        """Load a file."""
        made: list[str] = []
        bare = plain(stem(path)) if self._alone else stem(path)

        def name(part: str | None) -> str:
            wanted = bare if part is None else part if self._alone else f"{bare}_{part}"
            made.append(self._free(wanted))
            return made[-1]

        try:
            kind, said = kind_of(path)
            self.warnings += said
            self.warnings += self._load(kind, path, name)
            self.loaded += made
        except (ClewError, OSError) as error:
            why = str(error) if isinstance(error, ClewError) else f"{error.strerror or error}."
            if self._alone:
                raise SourceError(why) from error
            for table in made:
                self.connection.execute(f"DROP TABLE IF EXISTS {quoted(table)}")
            self.broken[made[0] if made else bare] = why
            self.warnings.append(f"{path.name!r} can't be read and is left out: {why}")

    def _load(self, kind: str, path: Path, name: Callable[[str | None], str]) -> Iterable[str]:
        if kind == "parquet":
            table = name(None)
            _view_parquet(path, table, self.connection)
            self.parquet[table] = path.absolute()
            return ()
        if kind == "csv":
            return load_csv(path, name(None), self.connection)
        if kind == "json":
            from clew_tools.database.json_load import load_json

            return load_json(path, name(None), self.connection)
        if kind == "excel":
            from clew_tools.database.excel_load import load_excel

            return load_excel(path, name, self.connection)[1]
        raise SourceError(f"{str(path)!r} is a database among files of tables.")

    def _free(self, wanted: str) -> str:
        table, number = wanted, 1
        while table.casefold() in self._taken:
            number += 1
            table = f"{wanted}_{number}"
        self._taken.add(table.casefold())
        return table


def _view_parquet(path: Path, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    file = text_literal(str(path.absolute()))
    try:
        connection.execute(f"CREATE VIEW {quoted(table)} AS SELECT * FROM read_parquet({file})")
    except duckdb.Error as error:
        first = " ".join(str(error).split("\n")[0].split())
        raise SourceError(f"{str(path)!r} can't be read as Parquet: {first}") from error
