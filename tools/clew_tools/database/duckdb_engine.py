"""How does DuckDB read a source without being able to write or to read anything else?

Two walls besides the guard. The database is opened read-only, with external access off and its
configuration locked; and it works in threads that the kernel keeps from all files but those of
the source. Where the kernel can't, Parquet files are handed in as Arrow datasets instead: the
paths that DuckDB may read, it may also overwrite.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from clew_core.deadline import Budget, Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    ClewError,
    RetryByModel,
    SourceError,
    ToolFailed,
)
from clew_tools.database import cage, progress_bar, scratch
from clew_tools.database.catalog import Column, ColumnType, ForeignKey
from clew_tools.database.engine import Fetched, Stored, Workers, closed
from clew_tools.database.names import fold, text_literal
from clew_tools.database.source import Dialect
from clew_tools.database.spill import Rows

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES: dict[str, ColumnType] = {
    "VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "TIME": "time",
    "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
    "UTINYINT": "integer", "USMALLINT": "integer", "UINTEGER": "integer", "UBIGINT": "integer",
    "HUGEINT": "integer", "UHUGEINT": "integer", "BIGNUM": "integer",
    "FLOAT": "number", "DOUBLE": "number", "UUID": "text",
    "TIMESTAMP": "timestamp", "TIMESTAMP_S": "timestamp", "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp", "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TIME WITH TIME ZONE": "time", "TIME_NS": "time",
}  # fmt: skip

# Rows at once: a batch is in memory whatever it holds.
_FETCHED = 10_001

# Sorted by who must act, the first that fits; a test walks all errors of the library.
_ERRORS: tuple[tuple[type[Exception], type[ClewError]], ...] = (
    (duckdb.InterruptException, Cancelled),
    (duckdb.OutOfMemoryException, BudgetEnded),
    (duckdb.PermissionException, SourceError),
    (duckdb.IOException, SourceError),
    (duckdb.ConnectionException, SourceError),
    (duckdb.SerializationException, SourceError),
    (duckdb.FatalException, SourceError),
    (duckdb.InternalError, ToolFailed),
    (duckdb.ProgrammingError, RetryByModel),
    (duckdb.DataError, RetryByModel),
    (duckdb.IntegrityError, RetryByModel),
    (duckdb.NotSupportedError, RetryByModel),
    (duckdb.Error, ToolFailed),
)


def column_type(engine_type: str) -> ColumnType:
    """Say what can be done with a column of one of DuckDB's types."""
    if engine_type.startswith("DECIMAL"):
        return "decimal"
    if engine_type.startswith("ENUM"):
        return "text"
    return _TYPES.get(engine_type, "other")


def engine_config(memory_mb: int) -> dict[str, Any]:
    """Give the configuration with which every database is opened."""
    return {
        "memory_limit": f"{memory_mb}MB",
        # Spilled pages lie in the process's own folder: it is all that the engine may write.
        "temp_directory": str(scratch.folder()),
        "max_temp_directory_size": "16GB",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        # One is the caller's own; the others start when that one is in its cage.
        "threads": "1",
        "async_threads": "0",
    }


class DuckDBEngine:
    """One read-only database, in threads of its own."""

    dialect: Dialect = "duckdb"

    def __init__(
        self,
        file: Path,
        *,
        parquet: Mapping[str, Path] | None = None,
        memory_mb: int | None = None,
        threads: int | None = None,
    ) -> None:
        """Open a database file.

        Args:
            file: of DuckDB's own form.
            parquet: table → file, which views of the database read. The database is Clew's own
                then, and is deleted as soon as it is open.
            memory_mb: what the engine may use; more is spilled, then refused.
            threads: how many it uses; None lets it choose.

        Raises:
            SourceError: it can't be read.
        """
        self._parquet = dict(parquet or {})
        self._closed = self._open = False
        memory = memory_mb or Budget().memory_mb
        self._memory_mb = memory
        config = engine_config(memory)
        # The engine's threads can't read Python's files either: what they import is here before.
        import datetime  # noqa: F401
        import decimal  # noqa: F401

        import pyarrow  # noqa: F401

        rules = cage.ruleset([file, *self._parquet.values()], [scratch.folder()])
        self._datasets: dict[str, Any] = {}
        if self._parquet and rules is None:
            import pyarrow.dataset

            self._datasets = {
                name: pyarrow.dataset.dataset(path) for name, path in self._parquet.items()
            }
        self._rules = rules
        self._workers = Workers(self._prepare_thread)
        try:
            self._connection = self._workers.run(
                lambda: self._connect(file, config, threads), Deadline(), lambda: None
            )
            self._open = True
        except duckdb.Error as error:
            self._workers.close()
            self._drop_rules()
            raise _opening_failed(file, error) from error
        except BaseException:
            self._workers.close()
            self._drop_rules()
            raise

    def _prepare_thread(self) -> None:
        # The first thread goes in when it has opened the database: DuckDB looks into /proc and
        # /sys for that.
        if self._rules is not None and self._open:
            cage.enter(self._rules)

    def _connect(
        self, file: Path, config: dict[str, Any], threads: int | None
    ) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(file), read_only=True, config=config)
        if self._rules is not None:
            cage.enter(self._rules)
        # A file that this process has opened before comes with its walls up already.
        locked = connection.execute("SELECT current_setting('lock_configuration')").fetchone()
        if locked and not locked[0]:
            if self._parquet and not self._datasets:
                paths = ", ".join(text_literal(str(path)) for path in self._parquet.values())
                connection.execute(f"SET allowed_paths = [{paths}]")
            connection.execute(f"SET threads = {threads or os.cpu_count() or 1}")
            progress_bar.leave_out(connection)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
        return connection

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._closed:
            raise closed()
        cursor = self._connection.cursor()
        for name, dataset in self._datasets.items():
            cursor.register(name, dataset)
        return cursor

    def tables(self) -> tuple[Stored, ...]:
        """List the tables, in the source's order."""
        deadline = Deadline()
        mine = "database_name = current_database() AND NOT internal"
        found = self.rows(
            f"SELECT schema_name, table_name, false FROM duckdb_tables() WHERE {mine} UNION ALL "
            f"SELECT schema_name, view_name, true FROM duckdb_views() WHERE {mine}",
            deadline,
        )
        if self._parquet:
            found.sort(key=lambda row: str(row[1]))
        columns: dict[tuple[str, str], list[Column]] = {}
        for schema, table, name, kind, nullable, comment in self.rows(
            "SELECT schema_name, table_name, column_name, data_type, is_nullable, comment "
            f"FROM duckdb_columns() WHERE {mine} ORDER BY table_oid, column_index",
            deadline,
        ):
            columns.setdefault((schema, table), []).append(
                Column(
                    name=name,
                    type=column_type(kind),
                    engine_type=kind,
                    nullable=nullable,
                    meaning=comment or None,
                )
            )
        keys, foreign = ({}, {}) if self._parquet else self._constraints(deadline)
        facts = self._footers(deadline) if self._parquet and not self._datasets else {}
        return tuple(
            Stored(
                name=table if schema == "main" else f"{schema}.{table}",
                # A dataset lies in front of the view of its name. In full, so that no WITH of
                # that name can take its place.
                path=("temp", "main", table) if table in self._datasets else (schema, table),
                columns=tuple(columns.get((schema, table), ())),
                view=view and not self._parquet,
                primary_key=keys.get((schema, table), ()),
                foreign_keys=tuple(foreign.get((schema, table), ())),
                **facts.get(table, {}),
            )
            for schema, table, view in found
        )

    def _constraints(
        self, deadline: Deadline
    ) -> tuple[dict[tuple[str, str], tuple[str, ...]], dict[tuple[str, str], list[ForeignKey]]]:
        keys: dict[tuple[str, str], tuple[str, ...]] = {}
        foreign: dict[tuple[str, str], list[ForeignKey]] = {}
        for schema, table, kind, columns, other, other_columns in self.rows(
            "SELECT schema_name, table_name, constraint_type, constraint_column_names, "
            "referenced_table, referenced_column_names FROM duckdb_constraints() "
            "WHERE database_name = current_database() "
            "AND constraint_type IN ('PRIMARY KEY', 'FOREIGN KEY')",
            deadline,
        ):
            if kind == "PRIMARY KEY":
                keys[schema, table] = tuple(columns)
            else:
                foreign.setdefault((schema, table), []).append(
                    ForeignKey(
                        columns=tuple(columns),
                        table=other if schema == "main" else f"{schema}.{other}",
                        other_columns=tuple(other_columns),
                    )
                )
        return keys, foreign

    def _footers(self, deadline: Deadline) -> dict[str, dict[str, Any]]:
        """Read row counts and exact ranges from the files' footers."""
        names = {str(path): name for name, path in self._parquet.items()}
        files = ", ".join(text_literal(path) for path in names)
        facts: dict[str, dict[str, Any]] = {
            names[path]: {"row_count": count, "ranges": {}, "no_nulls": frozenset()}
            for path, count in self.rows(
                f"SELECT file_name, num_rows FROM parquet_file_metadata([{files}])", deadline
            )
        }
        for path, column, low, high, nulls in self.rows(
            # Whole numbers only: decimals and dates are stored as the same physical types.
            "SELECT file_name, path_in_schema, "
            "CASE WHEN bool_and(coalesce(regexp_full_match(stats_min_value, '-?[0-9]+'), false)) "
            "THEN min(try_cast(stats_min_value AS BIGINT)) END, "
            "CASE WHEN bool_and(coalesce(regexp_full_match(stats_max_value, '-?[0-9]+'), false)) "
            "THEN max(try_cast(stats_max_value AS BIGINT)) END, "
            "CASE WHEN count(*) = count(stats_null_count) THEN sum(stats_null_count) END "
            f"FROM parquet_metadata([{files}]) WHERE type IN ('INT32', 'INT64') GROUP BY ALL",
            deadline,
        ):
            fact = facts[names[path]]
            if low is not None and high is not None:
                fact["ranges"][column] = (low, high)
            if nulls == 0:
                fact["no_nulls"] |= {column}
        return facts

    def shadowed(self) -> frozenset[str]:
        """Name the functions that the source itself defines, in lower case."""
        if self._parquet:
            return frozenset()
        found = self.rows(
            # No function of SQL here: the source may have redefined that one.
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE NOT internal",
            Deadline(),
        )
        return frozenset(fold(row[0]) for row in found)

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        with self._errors(), contextlib.closing(self._cursor()) as cursor:
            return self._workers.run(
                lambda: cursor.execute(sql).fetchall(), deadline, cursor.interrupt
            )

    def query(self, sql: str, limit: int, deadline: Deadline) -> Fetched:
        """Run a guarded statement; at most limit + 1 rows come back."""
        with self._errors(), contextlib.closing(self._cursor()) as cursor:
            most = deadline.budget.result_mb
            table, huge = self._workers.run(
                lambda: _fetch(cursor, sql, limit, most), deadline, cursor.interrupt
            )
        # Here, not in the cage: casting imports more of Arrow.
        return Fetched(table=_with_plain_integers(table, huge))

    @contextlib.contextmanager
    def _errors(self) -> Any:
        try:
            yield
        except duckdb.Error as error:
            raise _mapped(error, self._memory_mb) from error

    def close(self) -> None:
        """Let go of files and connections. Calling it twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._workers.close()
        self._connection.close()
        self._drop_rules()

    def _drop_rules(self) -> None:
        if self._rules is not None:
            os.close(self._rules)
            self._rules = None


def _fetch(
    cursor: duckdb.DuckDBPyConnection, sql: str, limit: int, most_mb: int
) -> tuple[pa.Table, list[int]]:
    import pyarrow as pa

    relation = cursor.sql(sql)
    huge = [
        name
        for name, kind in enumerate(relation.types)
        if str(kind) in ("HUGEINT", "UHUGEINT", "BIGNUM")
    ]
    reader = relation.to_arrow_reader(min(limit + 1, _FETCHED))
    count = 0
    with Rows(most_mb) as rows:
        for batch in reader:
            rows.add(batch)
            count += batch.num_rows
            if count > limit:
                break
        parts = rows.tables()
        # Not empty_table(): that imports pandas, which this thread can't read.
        table = pa.concat_tables(parts) if parts else pa.Table.from_batches([], reader.schema)
    return table.slice(0, limit + 1), huge


def _with_plain_integers(table: pa.Table, columns: list[int]) -> pa.Table:
    """Make 64-bit integers of 128-bit ones (sums of integers) wherever the values fit."""
    import pyarrow as pa

    for index in columns:
        with contextlib.suppress(pa.ArrowInvalid):
            column = table.column(index).cast(pa.int64())
            table = table.set_column(index, table.field(index).with_type(pa.int64()), column)
    return table


def _mapped(error: duckdb.Error, memory_mb: int) -> ClewError:
    kind = next(ours for theirs, ours in _ERRORS if isinstance(error, theirs))
    text = str(error).split("\n\nLINE ")[0].split("\nLINE ")[0]
    if kind is Cancelled:
        return Cancelled("Stopped.")
    if kind is BudgetEnded:
        return BudgetEnded(
            f"The question needs more memory than the {memory_mb} MB it may use.",
            hint="Ask for fewer rows or groups, or allow more memory.",
        )
    if isinstance(error, duckdb.PermissionException):
        return SourceError(
            "A view or function of the source reads a file outside of it, which stays closed.",
            hint="Open that file as a source of its own.",
        )
    return kind(text)


def mapped(error: duckdb.Error, file: Path, memory_mb: int) -> ClewError:
    """Say in our words what went wrong, and whose matter it is."""
    if isinstance(error, duckdb.ConnectionException) or "lock" in str(error):
        return _opening_failed(file, error)
    return _mapped(error, memory_mb)


def _opening_failed(file: Path, error: duckdb.Error) -> SourceError:
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        holder = ""
        if "PID " in text:
            holder = " (process " + text.split("PID ")[1].split(")")[0].split()[0].strip(".,") + ")"
        return SourceError(
            f"{str(file)!r} is locked: another program{holder} has it open for writing.",
            hint="Close it there (a notebook, a loader, DuckDB's shell), then try again.",
        )
    if "different configuration" in text:
        return SourceError(
            f"{str(file)!r} is open in this process already, with other settings.",
            hint="Close that connection, then try again.",
        )
    first = " ".join(text.split("\n")[0].split())
    return SourceError(f"{str(file)!r} can't be read as a DuckDB database: {first}")
