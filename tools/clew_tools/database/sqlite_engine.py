"""How does SQLite read a source without being able to write or to read anything else?

Walls besides the guard: the file is opened ``mode=ro``, ``query_only`` is on, and an authoriser
allows nothing but reading tables and calling functions.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from clew_core.deadline import Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    ClewError,
    RetryByModel,
    SourceError,
    ToolFailed,
)
from clew_tools.database.arrow_form import column_of
from clew_tools.database.catalog import Column, ColumnType, ForeignKey
from clew_tools.database.engine import Fetched, Stored, Workers, closed
from clew_tools.database.names import quoted
from clew_tools.database.source import Dialect
from clew_tools.database.spill import Rows, joined

if TYPE_CHECKING:
    import pyarrow as pa

_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ}
_FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer", "randomblob", "zeroblob", "sqlite_log"}
_LONGEST_VALUE = 64 * 1024 * 1024
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ISO_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?"
)
_SAMPLE = 200
# Rows at once, and how many of them are measured.
_FETCHED, _EACH = 1_000, 10


class SQLiteEngine:
    """One read-only database file; each thread that works has a connection of its own."""

    dialect: Dialect = "sqlite"

    def __init__(self, file: Path, *, memory_mb: int | None = None) -> None:
        """Open a database file.

        Raises:
            SourceError: it can't be read.
        """
        self._file = file
        self._workers = Workers()
        self._closed = False
        self._lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        try:
            self.rows("SELECT count(*) FROM sqlite_master", Deadline())
        except SourceError:
            self.close()
            raise
        except ClewError as error:
            self.close()
            raise SourceError(
                f"{str(file)!r} can't be read as a SQLite database: {error.message}"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self._file.resolve()))}?mode=ro",
            uri=True,
            check_same_thread=False,
            isolation_level=None,
            timeout=2,
        )
        try:
            connection.execute("PRAGMA query_only = ON")
            # A view or trigger in the file is not trusted with functions that have effects.
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        except BaseException:
            connection.close()
            raise
        connection.text_factory = _decoded
        return connection

    @contextlib.contextmanager
    def _connection(self, *, guarded: bool) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._closed:
                raise closed()
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = self._connect()
            connection.set_authorizer(_authorise if guarded else _authorise_own)
            yield connection
        except sqlite3.Error as error:
            raise mapped_of(error, self._file) from error
        finally:
            if connection is not None:
                self._give_back(connection)

    def tables(self) -> tuple[Stored, ...]:
        """List the tables, in the source's order."""
        deadline = Deadline()
        found = []
        for name, kind in self.rows(
            "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid",
            deadline,
        ):
            try:
                found.append(self._stored(name, kind == "view", deadline))
            except (RetryByModel, ToolFailed):
                # A view over what is no longer there: it has no columns and can't be read.
                continue
        return tuple(found)

    def _stored(self, name: str, view: bool, deadline: Deadline) -> Stored:
        info = self.rows(f"PRAGMA table_info({quoted(name)})", deadline)
        sampled = self._sampled_types(name, [row[1:3] for row in info], deadline)
        columns = tuple(
            Column(
                name=column,
                type=sampled.get(column) or declared_type(declared),
                engine_type=declared,
                nullable=not required and not key,
            )
            for _, column, declared, required, _, key in info
        )
        keys = sorted((row[5], row[1]) for row in info if row[5])
        return Stored(
            name=name,
            path=("main", name),
            columns=columns,
            view=view,
            primary_key=tuple(column for _, column in keys),
            foreign_keys=() if view else self._foreign_keys(name, deadline),
        )

    def _sampled_types(
        self, name: str, declared: Sequence[tuple[str, str]], deadline: Deadline
    ) -> dict[str, ColumnType]:
        """Look at values where the declaration does not say what they are."""
        unclear = [c for c, kind in declared if declared_type(kind) in ("text", "other")]
        if not unclear:
            return {}
        names = ", ".join(quoted(column) for column in unclear)
        rows = self.rows(f"SELECT {names} FROM {quoted(name)} LIMIT {_SAMPLE}", deadline)
        types: dict[str, ColumnType] = {}
        undeclared = {c for c, kind in declared if declared_type(kind) == "other"}
        for index, column in enumerate(unclear):
            values = [row[index] for row in rows if row[index] is not None]
            if found := _type_of(values, undeclared=column in undeclared):
                types[column] = found
        return types

    def _foreign_keys(self, name: str, deadline: Deadline) -> tuple[ForeignKey, ...]:
        found: dict[int, list[tuple[int, str, str, str | None]]] = {}
        for row in self.rows(f"PRAGMA foreign_key_list({quoted(name)})", deadline):
            found.setdefault(row[0], []).append((row[1], row[3], row[2], row[4]))
        keys = []
        for _, parts in sorted(found.items(), reverse=True):
            parts.sort()
            table = parts[0][2]
            others = tuple(part[3] for part in parts if part[3] is not None)
            if len(others) != len(parts):
                # Declared without columns: the other table's primary key is meant.
                info = self.rows(f"PRAGMA table_info({quoted(table)})", deadline)
                others = tuple(row[1] for row in sorted(info, key=lambda r: r[5]) if row[5])
            if len(others) == len(parts):
                keys.append(
                    ForeignKey(
                        columns=tuple(part[1] for part in parts),
                        table=table,
                        other_columns=others,
                    )
                )
        return tuple(keys)

    def shadowed(self) -> frozenset[str]:
        """Name the functions that the source itself defines: SQLite files hold none."""
        return frozenset()

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        with self._connection(guarded=False) as connection:
            return self._workers.run(
                lambda: _run(connection, sql, deadline), deadline, connection.interrupt
            )

    def query(self, sql: str, limit: int, deadline: Deadline) -> Fetched:
        """Run a guarded statement; at most limit + 1 rows come back."""
        with self._connection(guarded=True) as connection:
            return self._workers.run(
                lambda: _fetch(connection, sql, limit + 1, deadline), deadline, connection.interrupt
            )

    def close(self) -> None:
        """Let go of files and connections. Calling it twice is harmless."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        self._workers.close()
        for connection in idle:
            connection.close()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def declared_type(declared: str) -> ColumnType:
    """Say what can be done with a column by its declaration, as SQLite's own rules do.

    >>> [declared_type(t) for t in ("NVARCHAR(10)", "INTEGER", "NUMERIC(10,2)", "DATETIME", "")]
    ['text', 'integer', 'number', 'timestamp', 'other']
    """
    kind = declared.upper()
    if "INT" in kind and "POINT" not in kind and "INTERVAL" not in kind:
        return "integer"
    if "BOOL" in kind:
        return "boolean"
    if "DATETIME" in kind or "TIMESTAMP" in kind:
        return "timestamp"
    if kind.startswith("DATE"):
        return "date"
    if kind.startswith("TIME"):
        return "time"
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT", "STRING", "UUID")):
        return "text"
    # Stored as binary floating point whatever the declared digits.
    if any(word in kind for word in ("REAL", "FLOA", "DOUB", "NUM", "DEC", "MONEY")):
        return "number"
    return "other"


def _type_of(values: Sequence[Any], *, undeclared: bool) -> ColumnType | None:
    if not values:
        return "text" if undeclared else None
    if all(isinstance(value, str) for value in values):
        if all(_ISO_DATE.fullmatch(value) for value in values):
            return "date"
        if all(_ISO_TIMESTAMP.fullmatch(value) for value in values):
            return "timestamp"
        return "text"
    if undeclared and all(isinstance(value, int) for value in values):
        return "integer"
    if undeclared and all(isinstance(value, (int, float)) for value in values):
        return "number"
    return None


def _authorise(
    action: int, first: str | None, second: str | None, database: str | None, inner: str | None
) -> int:
    if action in _READS:
        # The catalogue of the file is not a table of the source.
        hidden = action == sqlite3.SQLITE_READ and (first or "").lower().startswith("sqlite_")
        return sqlite3.SQLITE_DENY if hidden else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _authorise_own(
    action: int, first: str | None, second: str | None, database: str | None, inner: str | None
) -> int:
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first in ("table_info", "foreign_key_list"):
        return sqlite3.SQLITE_OK
    return _authorise(action, first, second, database, inner)


_WRITES = {
    sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_DROP_INDEX,
    sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_REINDEX, sqlite3.SQLITE_DROP_TRIGGER,
    sqlite3.SQLITE_TRANSACTION,
}  # fmt: skip


def authorise_writes(
    action: int, first: str | None, second: str | None, database: str | None, inner: str | None
) -> int:
    """Allow a connection to change rows and tables of its own file, for the owner's cells."""
    if action in _WRITES and database in (None, "main"):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_OK
    return _authorise(action, first, second, database, inner)


def _decoded(value: bytes) -> str:
    # Files hold text in whatever encoding their writer had; a wrong byte is not worth a failure.
    return value.decode("utf-8", "replace")


def _run(connection: sqlite3.Connection, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
    # Each 50 000 steps, about 1 ms: SQLite's own interrupt is lost between two statements.
    connection.set_progress_handler(lambda: deadline.cancelled or deadline.remaining_s == 0, 50_000)
    cursor = connection.execute(sql)
    try:
        return cursor.fetchall()
    finally:
        cursor.close()
        connection.set_progress_handler(None, 0)


def _fetch(connection: sqlite3.Connection, sql: str, limit: int, deadline: Deadline) -> Fetched:
    """Run and fetch at most limit rows; in parts, once they are more than fits into memory."""
    connection.set_progress_handler(lambda: deadline.cancelled or deadline.remaining_s == 0, 50_000)
    cursor = connection.execute(sql)
    most = deadline.budget.result_mb << 20
    try:
        with Rows(0) as parts:
            names = [column[0] for column in cursor.description or ()]
            rows: list[tuple[Any, ...]] = []
            warnings: list[str] = []
            count, size, spilled = 0, 0, False
            while count < limit and (more := cursor.fetchmany(min(_FETCHED, limit - count))):
                rows += more
                count += len(more)
                size += _size(more)
                if size > most:
                    table, said = _typed(names, rows)
                    parts.add(table)
                    warnings += said
                    rows, size, spilled = [], 0, True
            table, said = _typed(names, rows)
            if not spilled:
                return Fetched(table=table, warnings=tuple(said))
            if rows:
                parts.add(table)
            whole, mixed = joined(parts.tables())
        warnings += [*said, *(_mixed(names[index]) for index in mixed)]
        return Fetched(table=whole, warnings=tuple(dict.fromkeys(warnings)))
    finally:
        cursor.close()
        connection.set_progress_handler(None, 0)


def _size(rows: Sequence[tuple[Any, ...]]) -> int:
    """Guess from some rows what all of them need, in bytes."""
    some = rows[::_EACH]
    cells = (len(v) + 60 if isinstance(v, (str, bytes)) else 32 for row in some for v in row)
    return sum(cells) * len(rows) // len(some)


def _typed(
    names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> tuple[pa.Table, tuple[str, ...]]:
    """Give each column the one type that all its values have."""
    import pyarrow as pa

    warnings, arrays = [], []
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    for name, values in zip(names, columns, strict=True):
        column, mixed = column_of(values)
        if mixed:
            warnings.append(_mixed(name))
        arrays.append(column if rows else pa.nulls(0, pa.string()))
    return pa.Table.from_arrays(arrays, names=list(names)), tuple(warnings)


def _mixed(name: str) -> str:
    return f"Column {name!r} holds numbers and text; all are given as text."


def mapped_of(error: sqlite3.Error, file: Path) -> ClewError:
    """Say in our words what went wrong, and whose matter it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    text = str(error)
    if code == sqlite3.SQLITE_INTERRUPT:
        return Cancelled("Stopped.")
    if code == sqlite3.SQLITE_NOMEM or code == sqlite3.SQLITE_TOOBIG:
        return BudgetEnded("The question needs more memory than it may use.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return SourceError(
            f"{str(file)!r} is locked: another program is writing to it.",
            hint="Wait until it has ended, or close it there, then try again.",
        )
    if code in (
        sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_PROTOCOL,
    ):  # fmt: skip
        return SourceError(f"{str(file)!r} can't be read as a SQLite database: {text}.")
    if isinstance(error, (sqlite3.OperationalError, sqlite3.DatabaseError, sqlite3.DataError)):
        return RetryByModel(f"SQLite: {text}.")
    return ToolFailed(f"SQLite: {text}.")
