"""A driver that answers from a list and writes down what it is told, in place of a server.

``speak(server, answers)`` makes the URL's dialect; each answer is a pattern, the described columns
and the rows. A statement with the word HANGS runs until it is cancelled.
"""

import re
import threading
import time
import types
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.dialects import registry
from sqlalchemy.engine.default import DefaultDialect

from clew_tools.database.sqlalchemy_servers import Server

Answer = tuple[str, Sequence[tuple[str, Any]], Sequence[tuple[Any, ...]]]


class Fault(Exception):
    """What the driver raises."""


class Told:
    """What the driver was told, and what it answers."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.answers = [
            *answers,
            ("information_schema.functions", [("f", None)], []),
            ("^(/\\*.*\\*/ )?SELECT 1", [("x", None)], [(1,)]),
        ]
        self.statements: list[str] = []
        self.extra: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.stopped = threading.Event()
        self.closed = 0

    def cancel_job(self, job: str) -> None:
        self.cancelled.append(job)
        self.stopped.set()


class Cursor:
    """As much of a cursor as SQLAlchemy uses."""

    arraysize = 1
    rowcount = -1
    lastrowid = None

    def __init__(self, told: Told) -> None:
        self.told = told
        self.description: Any = None
        self._rows: list[tuple[Any, ...]] = []
        self._hangs = False

    def execute(self, sql: str, parameters: Any = None, **extra: Any) -> None:
        self.told.statements.append(sql)
        self.told.extra.append(extra)
        if "CANCEL_ALL" in sql:
            self.told.stopped.set()
            return
        self._hangs = "HANGS" in sql
        if self._hangs and not extra.get("async_"):
            if not self.told.stopped.wait(20):
                raise AssertionError("nobody stopped it")
            raise Fault("query was canceled")
        if "FAILS" in sql:
            raise Fault(sql.partition("FAILS ")[2])
        for pattern, columns, rows in self.told.answers:
            if re.search(pattern, sql):
                self.description = [(name, kind, *[None] * 5) for name, kind in columns]
                self._rows = list(rows)
                return
        self.description = None

    def poll(self, get_progress_update: bool = True) -> Any:
        if self._hangs and not self.told.stopped.is_set():
            time.sleep(0.01)
            return types.SimpleNamespace(operationState=1)
        return types.SimpleNamespace(operationState=2)

    def cancel(self) -> None:
        self.told.cancelled.append(self.told.statements[-1])
        self.told.stopped.set()

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self._rows))

    def fetchone(self) -> Any:
        return next(iter(self.fetchmany(1)), None)

    def close(self) -> None:
        pass


class Connection:
    """As much of a connection as SQLAlchemy and the servers' words use."""

    session_id = 77

    def __init__(self, told: Told) -> None:
        self._client = self.told = told

    def cursor(self) -> Cursor:
        return Cursor(self.told)

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass

    def close(self) -> None:
        self.told.closed += 1


def speak(server: Server, answers: Sequence[Answer] = (), **told_of: Any) -> tuple[Server, Told]:
    """Make a server of this kind that answers from a list.

    Args:
        server: whose words are spoken.
        answers: what it says.
        told_of: attributes of the dialect: ``tables``, ``main``, ``name`` …
    """
    told = Told(answers)
    module = types.SimpleNamespace(
        paramstyle="pyformat", connect=lambda *a, **k: Connection(told), Error=Fault,
        **{f"{kind}Error": type(f"{kind}Error", (Fault,), {}) for kind in
           ("Database", "Interface", "Operational", "Programming", "Data", "NotSupported",
            "Integrity", "Internal")},
    )  # fmt: skip
    module.Warning = Warning

    class Dialect(DefaultDialect):
        """Tells of the tables that the test names."""

        supports_statement_cache = True
        tables: dict[str, list[dict[str, Any]]] = {}
        views: dict[str, list[dict[str, Any]]] = {}
        main: str | None = "shop"

        @classmethod
        def import_dbapi(cls) -> Any:
            return module

        def _get_default_schema_name(self, connection: Any) -> str | None:
            return self.main

        def _check_unicode_returns(self, *_: Any) -> bool:
            return True

        def do_ping(self, dbapi_connection: Any) -> bool:
            return True

        def get_schema_names(self, connection: Any, **_: Any) -> list[str]:
            return ["information_schema", "sales", *([self.main] if self.main else ["shop"])]

        def get_table_names(self, connection: Any, schema: Any = None, **_: Any) -> list[str]:
            return [*self.tables] if schema != "sales" else []

        def get_view_names(self, connection: Any, schema: Any = None, **_: Any) -> list[str]:
            return [*self.views] if schema != "sales" else []

        def get_columns(
            self, connection: Any, table_name: str, schema: Any = None, **_: Any
        ) -> Any:
            return {**self.tables, **self.views}[table_name]

        def get_pk_constraint(self, *_: Any, **__: Any) -> Any:
            return {"constrained_columns": [], "name": None}

        def get_foreign_keys(self, *_: Any, **__: Any) -> Any:
            return []

    for name, value in told_of.items():
        setattr(Dialect, name, value)
    scheme = f"fake{server.extra}"
    registry.impls[scheme] = lambda: Dialect
    return replace(server, package="sqlite3", drivers={scheme: scheme}, arguments={}), told
