"""What does each kind of server say its own way: packages, read-only, time limits, cancelling?

A server that is not named here is not opened.
"""

from __future__ import annotations

import contextlib
import socket
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from clew_tools.database.catalog import ColumnType
from clew_tools.database.source import Dialect

_LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Server:
    """One kind of server.

    Attributes:
        dialect: of its SQL.
        title: for people.
        extra: of clew, that brings the driver; empty where it is not needed.
        package: the module to import.
        drivers: what a URL may begin with → what SQLAlchemy calls it.
        example: a URL, for people.
        arguments: of the driver's connect.
        begin: statements for each new connection, by the dialect that SQLAlchemy found.
        limit: a statement that bounds the next ones in time, by dialect and seconds; None where
            only the client's clock does.
        label: a statement that tells the server who runs the next ones.
        stop: end what runs on a connection; gets the run's driver connection and cursor, and a
            function that runs a statement on another connection.
        execute: run a statement in the driver's own way; gets cursor, statement, seconds, and what
            says whether the statement was stopped meanwhile.
        functions: a statement that names the functions which the source itself defines.
        sessions: it keeps one, which may be gone when it is used next; else a question to see
            whether it is there would be a query like any other, paid for on BigQuery.
        percent_twice: the driver takes %% for %.
    """

    dialect: Dialect
    title: str
    extra: str
    package: str
    drivers: Mapping[str, str]
    example: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    begin: Callable[[Any], tuple[str, ...]] = lambda dialect: ()
    limit: Callable[[Any, float], str | None] = lambda dialect, seconds: None
    label: Callable[[str], str | None] = lambda tag: None
    stop: Callable[[Any, Any, Callable[[str], None]], None] = lambda connection, cursor, run: None
    execute: Callable[[Any, str, float, Callable[[], bool]], None] | None = None
    functions: str = ""
    sessions: bool = True
    percent_twice: bool = False


# ------------------------------------------------------------------------------ MySQL, MariaDB

_MYSQL_KINDS: dict[int, ColumnType] = {
    0: "decimal", 246: "decimal", 1: "integer", 2: "integer", 3: "integer", 8: "integer",
    9: "integer", 13: "integer", 4: "number", 5: "number", 7: "timestamp", 12: "timestamp",
    10: "date", 14: "date", 11: "time", 245: "text",
}  # fmt: skip


def _mysql_begin(dialect: Any) -> tuple[str, ...]:
    # The guard writes texts with \ as an escape and names in `…`: no setting of the server may
    # change what that means. MariaDB's ONLY_FULL_GROUP_BY knows nothing of keys.
    mode = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
    if not dialect.is_mariadb:
        mode += ",ONLY_FULL_GROUP_BY"
    return (
        f"SET SESSION sql_mode = '{mode}'",
        "SET SESSION TRANSACTION READ ONLY",
        # The default cuts long texts off without a word.
        "SET SESSION group_concat_max_len = 16777216",
        "SET SESSION lock_wait_timeout = 5",
    )


def _mysql_limit(dialect: Any, seconds: float) -> str:
    if dialect.is_mariadb:
        return f"SET SESSION max_statement_time = {seconds:.3f}"
    return f"SET SESSION max_execution_time = {max(1, int(seconds * 1000))}"


def _mysql_stop(connection: Any, cursor: Any, run: Callable[[str], None]) -> None:
    try:
        run(f"KILL QUERY {int(connection.thread_id())}")
    except Exception:
        # The server does not answer: wake whoever waits for it.
        with contextlib.suppress(Exception):
            connection._sock.shutdown(socket.SHUT_RDWR)


# ----------------------------------------------------------------------------------- the others


def _trino_limit(dialect: Any, seconds: float) -> str:
    return f"SET SESSION query_max_run_time = '{max(1, round(seconds))}s'"


def _cursor_stop(connection: Any, cursor: Any, run: Callable[[str], None]) -> None:
    if cursor is not None:
        cursor.cancel()


def _snowflake_limit(dialect: Any, seconds: float) -> str:
    return f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {max(1, round(seconds))}"


def _snowflake_label(tag: str) -> str:
    return f"ALTER SESSION SET QUERY_TAG = '{tag}'"


def _snowflake_stop(connection: Any, cursor: Any, run: Callable[[str], None]) -> None:
    run(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({int(connection.session_id)})")


def _bigquery_execute(cursor: Any, sql: str, seconds: float, stopped: Callable[[], bool]) -> None:
    """Start a job of a known name, so that it can be cancelled from elsewhere."""
    from google.cloud.bigquery import QueryJobConfig  # type: ignore[import-not-found,unused-ignore]

    cursor.clew_job = f"clew-{uuid.uuid4()}"
    bounded = QueryJobConfig(job_timeout_ms=max(1, int(seconds * 1000)))
    cursor.execute(sql, job_id=cursor.clew_job, job_config=bounded)


def _bigquery_stop(connection: Any, cursor: Any, run: Callable[[str], None]) -> None:
    if (job := getattr(cursor, "clew_job", None)) is not None:
        connection._client.cancel_job(job)


_HIVE_WORKING = frozenset({0, 1, 7})  # initialised, running, pending
_HIVE_FINISHED = 2


def _hive_execute(cursor: Any, sql: str, seconds: float, stopped: Callable[[], bool]) -> None:
    """Start a statement and look after it: one connection carries one call at a time."""
    cursor.execute(sql, async_=True)
    while (told := cursor.poll(get_progress_update=False)).operationState in _HIVE_WORKING:
        if stopped():
            cursor.cancel()
            raise TimeoutError("execution was interrupted")
        time.sleep(_LOOK_S)
    if told.operationState != _HIVE_FINISHED:
        raise RuntimeError(told.errorMessage or "the statement failed")


SERVERS: tuple[Server, ...] = (
    Server(
        dialect="mysql",
        title="MySQL",
        extra="mysql",
        package="pymysql",
        drivers={
            "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql",
            "mysql+pymysql": "mysql+pymysql", "mariadb+pymysql": "mariadb+pymysql",
        },
        example="mysql://USER:${SECRET}@HOST:3306/DATABASE",
        # local_infile: a server must not be able to ask for files of this machine.
        arguments={"connect_timeout": 10, "charset": "utf8mb4", "local_infile": False},
        begin=_mysql_begin,
        limit=_mysql_limit,
        stop=_mysql_stop,
        functions="SELECT DISTINCT lower(routine_name) FROM information_schema.routines",
    ),
    Server(
        dialect="trino",
        title="Trino",
        extra="trino",
        package="trino",
        drivers={"trino": "trino"},
        example="trino://USER@HOST:8080/CATALOG/SCHEMA",
        arguments={"source": "clew", "request_timeout": 15.0},
        limit=_trino_limit,
        sessions=False,
        stop=_cursor_stop,
    ),
    Server(
        dialect="snowflake",
        title="Snowflake",
        extra="snowflake",
        package="snowflake.sqlalchemy",
        drivers={"snowflake": "snowflake"},
        example="snowflake://USER:${SECRET}@ACCOUNT/DATABASE/SCHEMA?warehouse=NAME",
        arguments={"application": "clew", "login_timeout": 15, "network_timeout": 60},
        limit=_snowflake_limit,
        label=_snowflake_label,
        stop=_snowflake_stop,
        functions="SELECT DISTINCT lower(function_name) FROM information_schema.functions",
    ),
    Server(
        dialect="bigquery",
        title="BigQuery",
        extra="bigquery",
        package="sqlalchemy_bigquery",
        drivers={"bigquery": "bigquery"},
        example="bigquery://PROJECT/DATASET",
        execute=_bigquery_execute,
        sessions=False,
        stop=_bigquery_stop,
        percent_twice=True,
    ),
    Server(
        dialect="spark",
        title="Spark",
        extra="spark",
        package="pyhive",
        drivers={"spark": "hive", "hive": "hive"},
        example="spark://USER@HOST:10000/DATABASE",
        execute=_hive_execute,
    ),
    Server(
        dialect="spark",
        title="Databricks",
        extra="databricks",
        package="databricks.sqlalchemy",
        drivers={"databricks": "databricks"},
        example="databricks://token:${SECRET}@HOST?http_path=PATH&catalog=NAME&schema=NAME",
        stop=_cursor_stop,
    ),
)  # fmt: skip


def server_of(scheme: str) -> Server | None:
    """Find the server that a URL of this scheme speaks to."""
    return next((server for server in SERVERS if scheme in server.drivers), None)


def kind_of(dialect: Dialect, code: Any) -> ColumnType | None:
    """Say what a driver means by the type of a column of a result."""
    if isinstance(code, str):
        return named_type(code)
    return _MYSQL_KINDS.get(code) if dialect == "mysql" and isinstance(code, int) else None


def named_type(name: str) -> ColumnType | None:
    """Say what can be done with values of a type, by the name that most servers give it."""
    word = name.lower().removesuffix("_type").partition("(")[0].strip()
    kinds: dict[str, ColumnType] = {
        **dict.fromkeys(("int", "integer", "bigint", "smallint", "tinyint", "int64"), "integer"),
        **dict.fromkeys(("double", "float", "real", "float64"), "number"),
        **dict.fromkeys(("decimal", "numeric", "bignumeric"), "decimal"),
        **dict.fromkeys(("varchar", "string", "char", "text"), "text"),
        **dict.fromkeys(("boolean", "bool"), "boolean"),
        **dict.fromkeys(("timestamp", "datetime", "timestamp with time zone"), "timestamp"),
        "date": "date",
        "time": "time",
    }
    return kinds.get(word)
