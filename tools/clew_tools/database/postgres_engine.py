"""How does PostgreSQL run a statement without being able to change anything?

Walls besides the guard: every transaction is READ ONLY, has a statement timeout of its own, sees
system functions only (``search_path`` is ``pg_catalog``) and is rolled back. What the login may
read is the server's business: give Clew a login of its own that may read and nothing else.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from clew_core.deadline import Budget, Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    ClewError,
    RetryByModel,
    SourceError,
    ToolFailed,
)
from clew_core.secrets import redact
from clew_tools.database import postgres_catalog
from clew_tools.database.engine import Fetched, Stored, Workers, closed
from clew_tools.database.postgres_arrow import column, keep_as_text
from clew_tools.database.source import Dialect
from clew_tools.database.spill import Rows, added, joined

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

T = TypeVar("T")

_OPENING_S = 20.0
_FETCHED = 1_000
_THREADS = 4
_TAG = re.compile(r"/\* (clew user=[^*]*) \*/")
_LONGEST_NAME = 63
_OPTIONS = (
    "-c default_transaction_read_only=on -c search_path=pg_catalog -c datestyle=ISO,YMD "
    "-c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex "
    "-c standard_conforming_strings=on -c idle_in_transaction_session_timeout=60000 "
    "-c lock_timeout=5000 -c cursor_tuple_fraction=1.0"
)


class PostgresEngine:
    """A server, with a few connections that only read."""

    dialect: Dialect = "postgres"

    def __init__(self, url: str, *, shown: str, memory_mb: int | None = None) -> None:
        """Connect.

        Args:
            url: with its secrets, ``postgresql+psycopg://…``.
            shown: the same without.
            memory_mb: what the rows of a result may use; more lie in a file.

        Raises:
            SourceError: the server can't be reached, or does not let us in.
        """
        try:
            import psycopg  # noqa: F401
        except ImportError as error:
            raise SourceError(
                "PostgreSQL needs a package that is not installed.",
                hint='Install it: pip install "clew[postgres]".',
            ) from error
        self._shown = shown
        self._memory_mb = memory_mb or Budget().memory_mb
        self._lock = threading.Lock()
        self._idle: list[psycopg.Connection[Any]] = []
        self._closed = False
        self._arguments, self._secrets = _arguments(url, shown)
        self._workers = Workers(threads=_THREADS)
        try:
            self.rows("SELECT 1", Deadline(Budget(seconds=_OPENING_S)))
        except ClewError as error:
            self._workers.close()
            if isinstance(error, Cancelled):
                raise
            raise SourceError(
                f"{shown!r} can't be opened: {error.message}", hint=error.hint
            ) from error

    def _connect(self) -> psycopg.Connection[Any]:
        import psycopg

        connection: psycopg.Connection[Any] = psycopg.connect(**self._arguments)
        connection.read_only = True
        # Five runs of a statement, and it would be prepared and deaf to later settings.
        connection.prepare_threshold = None
        keep_as_text(connection)
        return connection

    @contextlib.contextmanager
    def _cursor(self, deadline: Deadline) -> Iterator[_Run]:
        with self._lock:
            if self._closed:
                raise closed()
            connection = self._idle.pop() if self._idle else None
        run = _Run(connection=connection, connect=self._connect, deadline=deadline)
        keep = False
        try:
            yield run
            keep = True
        except RetryByModel:
            keep = True
            raise
        finally:
            # A cancel may still be under way: whoever was stopped gives no connection back.
            if run.connection is not None:
                self._give_back(run.connection, keep=keep)

    def _give_back(self, connection: psycopg.Connection[Any], *, keep: bool) -> None:
        with self._lock:
            if keep and not self._closed and not connection.closed and len(self._idle) < _THREADS:
                self._idle.append(connection)
                return
        with contextlib.suppress(Exception):
            connection.close()

    def tables(self) -> tuple[Stored, ...]:
        """List the tables that the login may read, in the order of their names."""
        return postgres_catalog.tables(self, Deadline())

    def shadowed(self) -> frozenset[str]:
        """Name the functions that the source itself defines, in lower case."""
        return postgres_catalog.functions(self, Deadline())

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        with self._cursor(deadline) as run:
            return self._run(lambda: run.rows(sql), run)

    def query(self, sql: str, limit: int, deadline: Deadline) -> Fetched:
        """Run a guarded statement; at most limit + 1 rows come back."""
        with self._cursor(deadline) as run:
            most = min(self._memory_mb, deadline.budget.result_mb)
            return self._run(lambda: run.fetch(sql, limit + 1, most), run)

    def _run(self, work: Callable[[], T], run: _Run) -> T:
        import psycopg

        try:
            return self._workers.run(work, run.deadline, run.interrupt)
        except psycopg.Error as error:
            raise self._mapped(error) from error

    def _mapped(self, error: psycopg.Error) -> ClewError:
        import psycopg
        from psycopg import errors

        text = error.diag.message_primary or str(error).split("\n")[0]
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = redact(" ".join(text.split()))
        if isinstance(error, errors.QueryCanceled):
            if "statement timeout" in text or "lock timeout" in text:
                return BudgetEnded(
                    "The time for one question is used up.",
                    hint="Ask for less, or raise run.seconds in clew.toml.",
                )
            return Cancelled("Stopped.")
        if isinstance(
            error, (errors.OutOfMemory, errors.DiskFull, errors.ConfigurationLimitExceeded)
        ):
            return BudgetEnded(f"PostgreSQL: {text}.")
        if isinstance(error, (errors.InsufficientPrivilege, errors.InvalidPassword)):
            return SourceError(f"PostgreSQL: {text}.", hint="Ask its owner for the right to read.")
        if isinstance(error, (errors.LockNotAvailable, psycopg.InterfaceError)):
            return SourceError(f"PostgreSQL: {text}.", hint="Try again later.")
        if isinstance(error, psycopg.OperationalError):
            return SourceError(
                f"PostgreSQL: {text}.", hint="Check host, port, database, user and password."
            )
        if isinstance(
            error, (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError)
        ):
            return RetryByModel(f"PostgreSQL: {text}.")
        return ToolFailed(f"PostgreSQL: {text}.")

    def close(self) -> None:
        """Let go of connections. Calling it twice is harmless."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = self._idle, []
        self._workers.close()
        for connection in idle:
            connection.close()


class _Run:
    """One statement on one connection; made in the worker's thread, interrupted from others."""

    def __init__(
        self, *, connection: psycopg.Connection[Any] | None, connect: Any, deadline: Deadline
    ) -> None:
        self.connection = connection
        self.deadline = deadline
        self._connect = connect

    def interrupt(self) -> None:
        """Ask the server to stop."""
        if self.connection is not None:
            with contextlib.suppress(Exception):
                self.connection.cancel_safe(timeout=1.0)

    def _begin(self) -> psycopg.Connection[Any]:
        import psycopg

        # The server may have been started anew since.
        if self.connection is not None:
            try:
                self._limit(self.connection)
                return self.connection
            except psycopg.OperationalError:
                self.connection.close()
                self.connection = None
        self.connection = self._connect()
        self._limit(self.connection)
        return self.connection

    def _limit(self, connection: psycopg.Connection[Any]) -> None:
        # A little later than our own clock, which tells what happened in our words.
        limit = max(1, int(self.deadline.remaining_s * 1000)) + 500
        connection.execute(f"SET LOCAL statement_timeout = {limit}".encode())

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Run and fetch all."""
        connection = self._begin()
        try:
            return connection.execute(sql.encode()).fetchall()
        finally:
            with contextlib.suppress(Exception):
                connection.rollback()

    def fetch(self, sql: str, limit: int, most_mb: int) -> Fetched:
        """Run and fetch at most limit rows; in parts, once they are more than fits into memory."""
        connection = self._begin()
        # While rows are fetched, the server shows a FETCH in place of the statement and its tag.
        if tag := _TAG.match(sql):
            connection.execute(
                "SELECT set_config('application_name', %s, true)", [tag[1][:_LONGEST_NAME]]
            )
        try:
            with connection.cursor(name="clew") as cursor, Rows(0) as parts:
                cursor.execute(sql.encode())
                described = cursor.description or []
                fields = [(column.name, column.type_code) for column in described]
                columns: list[list[Any]] = [[] for _ in fields]
                warnings: list[str] = []
                count, size, spilled = 0, 0, False
                while count < limit:
                    rows = cursor.fetchmany(min(_FETCHED, limit - count))
                    if not rows:
                        break
                    count += len(rows)
                    for values, cells in zip(columns, zip(*rows, strict=True), strict=True):
                        values.extend(cells)
                        size += sum(
                            len(v) + 60 if isinstance(v, (str, bytes)) else 32 for v in cells
                        )
                    if size > most_mb << 20:
                        table, said = _typed(fields, columns)
                        parts.add(table)
                        warnings += said
                        columns, size, spilled = [[] for _ in fields], 0, True
                table, said = _typed(fields, columns)
                if spilled:
                    if table.num_rows:
                        parts.add(table)
                    table, _ = joined(parts.tables())
            return Fetched(table=table, warnings=added([*warnings, *said]))
        finally:
            with contextlib.suppress(Exception):
                connection.rollback()


def _typed(
    fields: Sequence[tuple[str, int]], columns: Sequence[Sequence[Any]]
) -> tuple[pa.Table, list[str]]:
    import pyarrow as pa

    warnings, arrays = [], []
    for (name, oid), values in zip(fields, columns, strict=True):
        array, said = column(name, oid, values)
        arrays.append(array)
        warnings += said
    return pa.Table.from_arrays(arrays, names=[name for name, _ in fields]), warnings


def _arguments(url: str, shown: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Take a URL apart into what psycopg connects with, and what must never be shown."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
        arguments: dict[str, Any] = {
            "connect_timeout": "10",
            "application_name": "clew",
            # A server that is gone without a word is noticed within seconds.
            "keepalives": "1", "keepalives_idle": "5", "keepalives_interval": "3",
            "keepalives_count": "3", "tcp_user_timeout": "15000",
            **{name: v if isinstance(v, str) else ",".join(v) for name, v in parsed.query.items()},
            **parsed.translate_connect_args(username="user", database="dbname"),
        }  # fmt: skip
    except (ArgumentError, ValueError, TypeError):
        # Its own words would show the URL.
        raise SourceError(f"{shown!r} is no URL of a PostgreSQL database.") from None
    arguments["options"] = f"{arguments.get('options', '')} {_OPTIONS}".strip()
    secrets = [str(v) for k, v in arguments.items() if "pass" in k and k != "passfile"]
    return arguments, tuple(secret for secret in secrets if secret)
