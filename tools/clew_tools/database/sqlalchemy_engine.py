"""How does a server that SQLAlchemy knows run a statement without being able to change anything?

Walls besides the guard, where the server has them: sessions that only read, a time limit for each
statement, and every statement is rolled back. All else is the server's business: give Clew a
login of its own that may read and nothing else.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import threading
from collections.abc import Callable, Iterator
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
from clew_tools.database import sqlalchemy_catalog
from clew_tools.database.catalog import ColumnType
from clew_tools.database.engine import Fetched, Stored, Workers, closed
from clew_tools.database.names import respelled
from clew_tools.database.python_arrow import column
from clew_tools.database.source import Dialect
from clew_tools.database.sqlalchemy_servers import Server, kind_of

if TYPE_CHECKING:
    import sqlalchemy as sa

T = TypeVar("T")

_OPENING_S = 20.0
_FETCHED = 1_000
_THREADS = 4
_TAG = re.compile(r"/\* (clew user=[^*']*) \*/$|^/\* (clew user=[^*']*) \*/")
# A little later than our own clock, which tells what happened in our words.
_LATER_S = 0.5


class SQLAlchemyEngine:
    """A server, with a few connections that only read."""

    dialect: Dialect

    def __init__(
        self, url: str, server: Server, *, shown: str, memory_mb: int | None = None
    ) -> None:
        """Connect.

        Args:
            url: with its secrets, as SQLAlchemy takes it.
            server: which kind it is.
            shown: the URL without secrets.
            memory_mb: what the rows of a result may use.

        Raises:
            SourceError: the driver is not installed, the server can't be reached, or does not
                let us in.
        """
        self.dialect = server.dialect
        self._server = server
        self._memory_mb = memory_mb or Budget().memory_mb
        self._closed = threading.Event()
        self._engine, self._secrets = _engine(url, server, shown)
        self._workers = Workers(threads=_THREADS)
        try:
            self.rows("SELECT 1", Deadline(Budget(seconds=_OPENING_S)))
        except ClewError as error:
            self.close()
            if isinstance(error, Cancelled):
                raise
            raise SourceError(
                f"{shown!r} can't be opened: {error.message}", hint=error.hint
            ) from error

    def tables(self) -> tuple[Stored, ...]:
        """List the tables that the login may read."""
        deadline = Deadline()
        with self._run(deadline) as run:
            return self._work(lambda: sqlalchemy_catalog.tables(run.begun()), run)

    def shadowed(self) -> frozenset[str]:
        """Name the functions that the source itself defines, in lower case."""
        if not self._server.functions:
            return frozenset()
        return frozenset(str(row[0]) for row in self.rows(self._server.functions, Deadline()))

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        with self._run(deadline) as run:
            own = respelled(sql, self.dialect)
            return self._work(lambda: [row for rows in run.batches(own) for row in rows], run)

    def query(self, sql: str, limit: int, deadline: Deadline) -> Fetched:
        """Run a guarded statement; at most limit + 1 rows come back."""
        import pyarrow as pa

        most = min(self._memory_mb, deadline.budget.memory_mb)
        with self._run(deadline) as run:
            fields, columns = self._work(lambda: run.columns(sql, limit + 1, most), run)
        warnings, arrays = [], []
        for (name, kind), values in zip(fields, columns, strict=True):
            made, said = column(name, kind, values)
            arrays.append(made)
            warnings += said
        table = pa.Table.from_arrays(arrays, names=[name for name, _ in fields])
        return Fetched(table=table, warnings=tuple(warnings))

    @contextlib.contextmanager
    def _run(self, deadline: Deadline) -> Iterator[_Run]:
        if self._closed.is_set():
            raise closed()
        run = _Run(engine=self._engine, server=self._server, deadline=deadline)
        keep = False
        try:
            yield run
            keep = True
        except RetryByModel:
            keep = True
            raise
        finally:
            # A cancel may still be under way: whoever was stopped gives no connection back.
            run.end(keep=keep and not run.stopped)

    def _work(self, work: Callable[[], T], run: _Run) -> T:
        import sqlalchemy.exc

        try:
            return self._workers.run(work, run.deadline, run.interrupt)
        except sqlalchemy.exc.DBAPIError as error:
            raise self._mapped(error) from error
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise SourceError(f"{self._server.title}: {self._told(error)}.") from error
        except ClewError:
            raise
        except Exception as error:
            # Drivers over HTTP let errors of their libraries through.
            raise ToolFailed(f"{self._server.title}: {self._told(error)}.") from error

    def _told(self, error: BaseException) -> str:
        """Say in one line what a driver said, without secrets."""
        said = getattr(error, "message", None)
        if not isinstance(said, str):
            # PyMySQL tells a number and a text.
            said = error.args[1] if _numbered(error) else str(error)
        # A digit in a fixed phrase looks like a value that a role may not see.
        text = " ".join(str(said).split()).replace("more than 1 row", "more than one row")
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return redact(text)[:500].rstrip(".") or type(error).__name__

    def _mapped(self, error: sa.exc.DBAPIError) -> ClewError:
        """Sort a driver's error by who must act."""
        driver = error.orig
        if driver is None or isinstance(driver, ClewError):
            return ToolFailed(f"{self._server.title}: {self._told(error)}.")
        text = self._told(driver)
        said = f"{self._server.title}: {text}."
        code = driver.args[0] if _numbered(driver) else None
        lower = text.lower()
        if code in _MYSQL_TIMED or any(words in lower for words in _TIMED_OUT):
            return BudgetEnded(
                "The time for one question is used up.",
                hint="Ask for less, or raise run.seconds in clew.toml.",
            )
        if code in _MYSQL_STOPPED or any(words in lower for words in _STOPPED):
            return Cancelled("Stopped.")
        if code in _MYSQL_DENIED or any(words in lower for words in _DENIED):
            return SourceError(said, hint="Ask its owner for the right to read.")
        if any(words in lower for words in _READ_ONLY):
            return ToolFailed(said)
        kind = type(error).__name__
        if code in _MYSQL_UNREACHED or error.connection_invalidated or kind == "InterfaceError":
            return SourceError(said, hint="Check host, port, database, user and password.")
        if kind == "OperationalError" and not (code and code in _MYSQL_WRONG):
            return SourceError(said, hint="Check host, port, database, user and password.")
        return RetryByModel(said)

    def close(self) -> None:
        """Let go of connections. Calling it twice is harmless."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._workers.close()
        self._engine.dispose()


class _Run:
    """One statement on one connection; made in the worker's thread, interrupted from others."""

    def __init__(self, *, engine: sa.Engine, server: Server, deadline: Deadline) -> None:
        self.deadline = deadline
        self.stopped = False
        self._engine, self._server = engine, server
        self._connection: sa.Connection | None = None
        self._driver: Any = None
        self._cursor: Any = None

    def begun(self) -> sa.Connection:
        """Take a connection that knows how long it has."""
        connection = self._engine.connect().execution_options(clew_run=self)
        self._connection = connection
        self._driver = connection.connection.dbapi_connection
        seconds = max(self.deadline.remaining_s, 0.001) + _LATER_S
        if (bound := self._server.limit(connection.dialect, seconds)) is not None:
            connection.exec_driver_sql(bound)
        return connection

    def holds(self, cursor: Any) -> None:
        """Note the cursor that is about to run; cancelling needs it."""
        self._cursor = cursor

    def interrupt(self) -> None:
        """Ask the server to stop."""
        self.stopped = True
        if self._driver is not None:
            with contextlib.suppress(Exception):
                self._server.stop(self._driver, self._cursor, self._elsewhere)

    def _elsewhere(self, sql: str) -> None:
        """Run a statement on a connection of its own."""
        driver = self._engine.raw_connection()
        try:
            cursor = driver.cursor()
            cursor.execute(sql)
            cursor.close()
        finally:
            driver.close()

    def batches(self, sql: str) -> Iterator[list[tuple[Any, ...]]]:
        """Run and fetch all."""
        with self._result(sql) as result:
            while rows := result.fetchmany(_FETCHED):
                yield [tuple(row) for row in rows]

    @contextlib.contextmanager
    def _result(self, sql: str) -> Iterator[sa.CursorResult[Any]]:
        connection = self.begun()
        if tag := _TAG.search(sql):
            if (label := self._server.label(tag[1] or tag[2])) is not None:
                connection.exec_driver_sql(label)
        if self._server.percent_twice:
            sql = sql.replace("%", "%%")
        result = connection.exec_driver_sql(
            sql, execution_options={"no_parameters": True, "stream_results": True}
        )
        try:
            yield result
        finally:
            result.close()

    def columns(
        self, sql: str, limit: int, most_mb: int
    ) -> tuple[list[tuple[str, ColumnType | None]], list[list[Any]]]:
        """Run and fetch at most limit rows, column by column."""
        with self._result(sql) as result:
            described = result.cursor.description if result.cursor is not None else ()
            fields = [(str(d[0]), kind_of(self._server.dialect, d[1])) for d in described or ()]
            columns: list[list[Any]] = [[] for _ in fields]
            count, size = 0, 0
            while count < limit:
                rows = result.fetchmany(min(_FETCHED, limit - count))
                if not rows:
                    break
                count += len(rows)
                for values, cells in zip(columns, zip(*rows, strict=True), strict=True):
                    values.extend(cells)
                    size += sum(len(v) + 60 if isinstance(v, (str, bytes)) else 40 for v in cells)
                if size > most_mb << 20:
                    raise BudgetEnded(
                        f"The result needs more memory than the {most_mb} MB it may use.",
                        hint="Ask for fewer rows or columns, or allow more memory.",
                    )
            return fields, columns

    def end(self, *, keep: bool) -> None:
        """Give the connection back, or drop it."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is None:
            return
        with contextlib.suppress(Exception):
            if not keep:
                connection.invalidate()
        with contextlib.suppress(Exception):
            connection.close()


# Of MySQL and MariaDB: numbers of errors, by who must act.
_MYSQL_TIMED = frozenset({3024, 1969, 1205})
_MYSQL_STOPPED = frozenset({1317})
_MYSQL_DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370})
_MYSQL_UNREACHED = frozenset({2002, 2003, 2005, 2006, 2013, 1040, 1049, 1053, 1129, 1130, 1203})
_MYSQL_WRONG = frozenset(range(1050, 1065)) | frozenset(
    {1054, 1109, 1111, 1139, 1146, 1149, 1176, 1222, 1235, 1241, 1242, 1247, 1248, 1250, 1267,
     1271, 1305, 1365, 1366, 1367, 1390, 1411, 1425, 1426, 1463, 1582, 1690, 3065, 4015, 4107}
)  # fmt: skip
_TIMED_OUT = (
    "exceeded_time_limit", "exceeded the maximum", "maximum run time", "maximum execution time",
    "statement timeout", "statement reached its statement", "job timed out",
)  # fmt: skip
_STOPPED = (
    "user_canceled", "query was canceled", "sql execution canceled", "execution was interrupted",
    "canceling statement", "interrupted",
)  # fmt: skip
_DENIED = ("access denied", "permission denied", "insufficient privileges", "not authorized")
_READ_ONLY = ("read only", "read-only", "readonly")


def _numbered(error: BaseException) -> bool:
    return len(error.args) > 1 and isinstance(error.args[0], int)


def _engine(url: str, server: Server, shown: str) -> tuple[sa.Engine, tuple[str, ...]]:
    """Make SQLAlchemy's engine, and name what must never be shown."""
    try:
        importlib.import_module(server.package)
    except ImportError as error:
        raise SourceError(
            f"{server.title} needs a package that is not installed.",
            hint=f'Install it: pip install "clew[{server.extra}]".',
        ) from error
    import sqlalchemy as sa
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        parsed = make_url(url)
        secrets = [str(v) for k, v in parsed.query.items() if _is_secret(k)]
        if parsed.password:
            secrets.append(str(parsed.password))
        engine = sa.create_engine(
            parsed,
            connect_args=dict(server.arguments),
            # One more than work at once: whoever stops a statement needs one.
            pool_size=_THREADS,
            max_overflow=_THREADS,
            pool_timeout=10,
            pool_pre_ping=server.sessions,
            pool_recycle=1800,
            hide_parameters=True,
        )
    except (ArgumentError, NoSuchModuleError, ValueError, TypeError):
        # Its own words would show the URL.
        raise SourceError(
            f"{shown!r} is no URL of a {server.title} database.", hint=f"Such as {server.example}."
        ) from None

    @sa.event.listens_for(engine, "connect")
    def prepared(driver: Any, record: Any) -> None:
        cursor = driver.cursor()
        for statement in server.begin(engine.dialect):
            cursor.execute(statement)
        cursor.close()
        if server.begin(engine.dialect):
            # Where settings belong to a transaction, they go when it is rolled back.
            driver.commit()

    @sa.event.listens_for(engine, "before_cursor_execute")
    def about_to_run(
        connection: Any, cursor: Any, sql: str, parameters: Any, context: Any, many: bool
    ) -> None:
        run = connection.get_execution_options().get("clew_run")
        if run is not None:
            run.holds(cursor)

    if (execute := server.execute) is not None:

        @sa.event.listens_for(engine, "do_execute_no_params")
        def in_its_own_way(cursor: Any, sql: str, context: Any) -> bool:
            run = context.execution_options.get("clew_run")
            if run is None:
                return False
            seconds = max(run.deadline.remaining_s, 0.001) + _LATER_S
            execute(cursor, sql, seconds, lambda: bool(run.stopped))
            return True

    return engine, tuple(secret for secret in secrets if secret)


def _is_secret(name: str) -> bool:
    from clew_tools.database.url import SECRET_WORDS

    return any(word in name.lower() for word in SECRET_WORDS)
