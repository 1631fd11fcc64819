"""Does one engine serve what SQLAlchemy reaches: in bounds, stoppable, in each server's words?"""

import datetime as dt
import sqlite3
import sys
import threading
import time
import types
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clew_core.deadline import Budget, Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    ClewError,
    RetryByModel,
    SourceError,
    ToolFailed,
)
from clew_core.principal import Principal
from clew_tools.database import python_arrow
from clew_tools.database.guarded_source import Content, GuardedSource
from clew_tools.database.open import open_source
from clew_tools.database.sqlalchemy_catalog import column_type
from clew_tools.database.sqlalchemy_engine import SQLAlchemyEngine
from clew_tools.database.sqlalchemy_servers import SERVERS, Server, server_of
from clew_tools.database.url import without_secrets
from tools.fake_server import speak

ANA = Principal(user="ana")
NAMES = [server.extra for server in SERVERS]


def server_called(extra: str) -> Server:
    return next(server for server in SERVERS if server.extra == extra)


def opened(server: Server, url: str = "") -> tuple[GuardedSource, SQLAlchemyEngine]:
    engine = SQLAlchemyEngine(url or f"{next(iter(server.drivers))}://", server, shown="fake")
    return GuardedSource(engine, Content(name="shop", location="fake")), engine


# ------------------------------------------------------------------------ SQLite's own dialect


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[GuardedSource]:
    file = tmp_path / "shop.sqlite"
    connection = sqlite3.connect(file)
    connection.executescript("""
        CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR(9) NOT NULL, born DATE);
        INSERT INTO people VALUES (1, 'Ana', '2000-01-02'), (2, 'Ben', NULL);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id),
            price NUMERIC(10, 2), paid BOOLEAN, rate FLOAT);
        INSERT INTO orders VALUES (1, 1, 2.5, 1, 1.5), (2, 2, 3, 0, NULL);
        CREATE VIEW rich AS SELECT * FROM orders WHERE price > 2.6;
        CREATE TABLE big (n INTEGER);
        WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x WHERE n < 3000)
        INSERT INTO big SELECT n FROM x;
    """)
    connection.close()
    server = Server(
        dialect="sqlite", title="SQLite", extra="sqlite", package="sqlite3",
        drivers={"sqlite": "sqlite"}, example="sqlite:///FILE",
        arguments={"check_same_thread": False}, begin=lambda _: ("PRAGMA query_only = ON",),
        stop=lambda connection, cursor, run: connection.interrupt(),
    )  # fmt: skip
    source, _ = opened(server, f"sqlite:///{file}")
    yield source
    source.close()
    source.close()


LONG = "SELECT count(*) AS n FROM big a, big b, big c WHERE a.n + b.n * c.n = 7"


def test_the_inspector_tells_tables_columns_and_keys(sqlite: GuardedSource) -> None:
    catalog = sqlite.catalog(ANA)
    assert [table.name for table in catalog.tables] == ["big", "orders", "people", "rich"]
    orders = catalog.table("orders")
    assert orders is not None and orders.primary_key == ("id",) and orders.row_count == 2
    assert [(k.columns, k.table, k.other_columns) for k in orders.foreign_keys] == [
        (("person",), "people", ("id",))
    ]
    assert [c.type for c in orders.columns] == [
        "integer", "integer", "decimal", "boolean", "number"
    ]  # fmt: skip
    assert sqlite.values(ANA, Deadline()).find("ana")[0].column == "name"


def test_rows_are_capped_and_said(sqlite: GuardedSource) -> None:
    result = sqlite.run("SELECT n FROM big ORDER BY n", ANA, Deadline(Budget(rows=10)))
    assert result.table.num_rows == 10 and result.truncated
    assert str(result.table.schema.field("n").type) == "int64"


def test_a_statement_ends_with_its_time_and_when_it_is_stopped(sqlite: GuardedSource) -> None:
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        sqlite.run(LONG, ANA, Deadline(Budget(seconds=0.4)))
    deadline = Deadline()
    timer = threading.Timer(0.3, deadline.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        sqlite.run(LONG, ANA, deadline)
    assert time.monotonic() - started < 2.5
    assert sqlite.run("SELECT 1 AS x", ANA, Deadline()).table.to_pylist() == [{"x": 1}]


def test_the_connection_can_not_write_and_errors_are_sorted(sqlite: GuardedSource) -> None:
    with pytest.raises(ToolFailed, match="readonly"):
        sqlite._engine.rows("DELETE FROM people", Deadline())
    with pytest.raises(ClewError, match="no such column"):
        sqlite.run("SELECT planet FROM people", ANA, Deadline())
    sqlite.close()
    with pytest.raises(SourceError, match="closed"):
        sqlite.run("SELECT 1", ANA, Deadline())


# -------------------------------------------------------------------- PostgreSQL by SQLAlchemy


@pytest.mark.postgres
def test_postgres_is_read_through_sqlalchemy(postgres_url: str) -> None:
    import psycopg

    name = f"generic_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as owner:
        owner.execute(f"CREATE DATABASE {name}".encode())
    url = postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(url) as owner:
        owner.execute(b"""
            CREATE TABLE people (id int PRIMARY KEY, name text);
            COMMENT ON TABLE people IS 'one row per person';
            CREATE SCHEMA sales;
            CREATE SEQUENCE sales.s;
            CREATE TABLE sales.orders (id bigint PRIMARY KEY, person int REFERENCES people,
                price numeric(10,2), at timestamptz, day date, tags text[], doc jsonb, ok boolean,
                u uuid, c time);
            INSERT INTO people VALUES (1, 'Ana'), (2, NULL);
            INSERT INTO sales.orders VALUES (1, 1, 10.50, '2024-01-02 03:04:05+02', '2024-01-02',
                '{a,b}', '{"k": 1}', true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10:00');
            CREATE TABLE big AS SELECT generate_series(1, 3000) AS n;
        """)
    server = Server(
        dialect="postgres", title="PostgreSQL", extra="postgres", package="psycopg",
        drivers={"postgresql": "postgresql+psycopg"}, example="",
        begin=lambda _: ("SET default_transaction_read_only = on",),
        limit=lambda _, seconds: f"SET LOCAL statement_timeout = {int(seconds * 1000)}",
        stop=lambda connection, cursor, run: connection.cancel_safe(timeout=1.0),
    )  # fmt: skip
    source, engine = opened(server, url.replace("postgresql:", "postgresql+psycopg:"))
    try:
        catalog = source.catalog(ANA)
        assert [t.name for t in catalog.tables] == ["big", "people", "sales.orders"]
        orders, people = catalog.table("sales.orders"), catalog.table("people")
        assert orders is not None and people is not None
        assert people.meaning == "one row per person"
        assert [(k.columns, k.table) for k in orders.foreign_keys] == [(("person",), "people")]
        (row,) = source.run("SELECT * FROM sales.orders", ANA, Deadline()).table.to_pylist()
        assert row["price"] == Decimal("10.50") and row["at"].isoformat()[:13] == "2024-01-02T01"
        assert row["day"] == dt.date(2024, 1, 2) and row["ok"] is True and row["c"] == "10:00:00"
        assert (row["tags"], row["doc"]) == ('["a", "b"]', '{"k": 1}') and len(row["u"]) == 36
        # Rows come by a cursor of the server's, which takes nothing but a query.
        with pytest.raises(ClewError, match="DELETE"):
            engine.rows("DELETE FROM people", Deadline())
        with pytest.raises(ClewError, match="read-only"):
            engine.rows("SELECT nextval('sales.s')", Deadline())
        started = time.monotonic()
        with pytest.raises(BudgetEnded):
            source.run(LONG, ANA, Deadline(Budget(seconds=0.4)))
        assert time.monotonic() - started < 2
    finally:
        source.close()
        with psycopg.connect(postgres_url, autocommit=True) as owner:
            owner.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


# ---------------------------------------------------------------- servers that are not here


TABLES = {"orders": [{"name": "id", "type": sa.Integer()}, {"name": "note", "type": sa.String()}]}
ROWS = ("SELECT id, note", [("id", None), ("note", "varchar")], [(1, "a"), (2, None)])


@pytest.fixture
def big_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the one class that is needed of Google's library."""
    made = types.SimpleNamespace(QueryJobConfig=lambda **given: given)
    for name in ("google", "google.cloud", "google.cloud.bigquery"):
        monkeypatch.setitem(sys.modules, name, made)  # type: ignore[arg-type]


@pytest.mark.parametrize("extra", ["trino", "snowflake", "bigquery", "spark", "databricks"])
def test_a_server_gets_its_own_words(extra: str, big_query: None) -> None:
    told_of: dict[str, Any] = {"tables": TABLES}
    answers = [ROWS]
    if extra == "spark":
        told_of["name"] = "hive"
        answers += [
            ("^SHOW TABLES", [("d", None), ("t", None), ("x", None)], [("default", "orders", 0)]),
            ("^DESCRIBE", [("n", None), ("t", None), ("c", None)],
             [("id", "int", None), ("note", "string", "what"), ("", "", None), ("# Part", "", "")]),
        ]  # fmt: skip
    server, told = speak(server_called(extra), answers, **told_of)
    source, _ = opened(server)
    try:
        result = source.run("SELECT id, note FROM orders WHERE note LIKE '5%'", ANA, Deadline())
        assert result.table.to_pylist() == [{"id": 1, "note": "a"}, {"id": 2, "note": None}]
        text = next(sql for sql in told.statements if "LIKE" in sql)
        tag = "/* clew user=ana run=- tenant=local */"
        assert text.endswith(tag) if extra == "snowflake" else text.startswith(tag)
        assert ("LIKE '5%%'" in text) == (extra == "bigquery")
        quote = "`" if extra in ("bigquery", "spark", "databricks") else '"'
        assert f"{quote}orders{quote}" in text
        before = told.statements[: told.statements.index(text)]
        if extra == "trino":
            assert before[-1].startswith("SET SESSION query_max_run_time = '")
        if extra == "snowflake":
            assert before[-2].startswith("ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = ")
            assert before[-1] == "ALTER SESSION SET QUERY_TAG = 'clew user=ana run=- tenant=local'"
        extra_of = told.extra[told.statements.index(text)]
        if extra == "bigquery":
            assert extra_of["job_config"]["job_timeout_ms"] > 1000
            assert extra_of["job_id"].startswith("clew-")
        assert extra_of.get("async_") == (True if extra == "spark" else None)
    finally:
        source.close()


@pytest.mark.parametrize("extra", ["trino", "snowflake", "bigquery", "spark", "databricks"])
def test_a_statement_is_cancelled_on_the_server(extra: str, big_query: None) -> None:
    server, told = speak(server_called(extra), tables=TABLES)
    source, engine = opened(server)
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        engine.query("SELECT HANGS", 10, Deadline(Budget(seconds=0.3)))
    assert time.monotonic() - started < 1.3
    if extra == "snowflake":
        assert "SELECT SYSTEM$CANCEL_ALL_QUERIES(77)" in told.statements
    elif extra == "bigquery":
        assert told.cancelled[0].startswith("clew-")
    else:
        assert told.cancelled[0] == "SELECT HANGS"
    # Whoever was stopped gives no connection back.
    assert told.closed >= 1
    told.stopped.clear()
    assert engine.rows("SELECT 1", Deadline()) == [(1,)]
    source.close()


def test_snowflake_keeps_its_capitals() -> None:
    tables = {"orders": [{"name": "id", "type": sa.Integer()}], "Odd": [
        {"name": "a b", "type": sa.String()}]}  # fmt: skip
    server, told = speak(
        server_called("snowflake"),
        [("count", [("n", None)], [(3,)]), ("SELECT orders.id", [("ID", 0)], [])], tables=tables,
        requires_name_normalize=True, main="public",
    )  # fmt: skip
    source, _ = opened(server)
    catalog = source.catalog(ANA)
    assert [t.name for t in catalog.tables] == ["Odd", "ORDERS"]
    assert 'SELECT count(*) FROM "PUBLIC"."ORDERS"' in told.statements
    source.run("SELECT orders.id FROM orders", ANA, Deadline())
    assert 'SELECT orders.id FROM "PUBLIC"."ORDERS" LIMIT' in told.statements[-1]
    source.close()


def test_all_schemas_are_listed_where_the_url_names_none(big_query: None) -> None:
    tables = {"orders": TABLES["orders"], "shop.nested": [
        {"name": "who", "type": sa.JSON()}, {"name": "who.name", "type": sa.String()}]}  # fmt: skip
    server, _ = speak(server_called("bigquery"), tables=tables, main=None)
    source, engine = opened(server)
    stored = {table.name: table for table in engine.tables()}
    assert set(stored) == {"shop.orders", "shop.nested"}
    assert stored["shop.nested"].path == ("shop", "nested")
    assert [c.name for c in stored["shop.nested"].columns] == ["who"]
    source.close()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Query exceeded maximum run time", BudgetEnded),
        ("EXCEEDED_TIME_LIMIT: Query exceeded the maximum execution time", BudgetEnded),
        ("Statement reached its statement or warehouse timeout", BudgetEnded),
        ("SQL execution canceled", Cancelled),
        ("Access Denied: Cannot select from table", SourceError),
        ("line 1:8: Column 'x' cannot be resolved", RetryByModel),
    ],
)
def test_what_a_server_says_is_sorted_by_who_must_act(said: str, kind: type[ClewError]) -> None:
    server, _ = speak(server_called("trino"), tables=TABLES)
    source, engine = opened(server)
    with pytest.raises(kind) as caught:
        engine.query(f"SELECT FAILS {said}", 10, Deadline())
    assert type(caught.value) is kind
    source.close()


def test_a_password_in_a_servers_words_is_not_shown() -> None:
    server, _ = speak(server_called("trino"))
    source, engine = opened(server, "faketrino://ana:hunter2@host/x?access_token=t0ken")
    with pytest.raises(ClewError) as caught:
        engine.query("SELECT FAILS no hunter2 and t0ken here", 10, Deadline())
    assert "hunter2" not in str(caught.value) and "t0ken" not in str(caught.value)
    source.close()


@pytest.mark.parametrize("server", SERVERS, ids=NAMES)
def test_a_missing_package_is_one_line_with_the_command(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for scheme in server.drivers:
        assert server_of(scheme) is server
        monkeypatch.setitem(sys.modules, server.package.partition(".")[0], None)
        monkeypatch.setitem(sys.modules, server.package, None)
        with pytest.raises(SourceError) as caught:
            open_source(f"{scheme}://ana:hunter2@host/db")
        assert f'pip install "clew[{server.extra}]"' in str(caught.value)
        assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["oracle://a@h/b", "mssql+pyodbc://a:hunter2@h/b", "clickhouse://h"]
)
def test_a_dialect_without_a_guard_is_refused(url: str) -> None:
    with pytest.raises(SourceError, match="there is no guard for") as caught:
        open_source(url)
    assert "hunter2" not in str(caught.value) and "MySQL, Trino" in str(caught.value)


def test_secrets_are_dropped_from_every_form() -> None:
    assert without_secrets("databricks://token:dapi1@h?http_path=/x&schema=s") == (
        "databricks://token@h?http_path=/x&schema=s"
    )
    shown = without_secrets("bigquery://p/d?credentials_base64=abc&location=EU")
    assert shown == "bigquery://p/d?location=EU"
    assert "x" not in without_secrets("snowflake://a@b/c?private_key=x&warehouse=w")


def test_the_extras_are_those_of_the_project() -> None:
    import tomllib

    file = Path(__file__).parents[2] / "pyproject.toml"
    extras = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {server.extra for server in SERVERS} <= set(extras)


# -------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("values", "type_", "plain"),
    [
        ([True, None], "bool", [True, None]),
        ([1, None, True], "int64", [1, None, 1]),
        ([2**64, 1], "decimal128(38, 0)", [Decimal(2**64), Decimal(1)]),
        ([Decimal("1.50"), None, 2], "decimal128(38, 2)", [Decimal("1.50"), None, Decimal(2)]),
        ([Decimal("1E+3")], "decimal128(38, 0)", [Decimal(1000)]),
        ([1.5, Decimal(1)], "double", [1.5, 1.0]),
        ([dt.date(1, 1, 1), None], "date32[day]", [dt.date(1, 1, 1), None]),
        ([dt.datetime(1969, 1, 1, 0, 0, 0, 5)], "timestamp[us]",
         [dt.datetime(1969, 1, 1, 0, 0, 0, 5)]),
        ([dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))],
         "timestamp[us, tz=UTC]", [dt.datetime(2023, 12, 31, 22, tzinfo=dt.UTC)]),
        ([dt.time(1, 2), None], "string", ["01:02:00", None]),
        ([dt.timedelta(days=2)], "string", ["48:00:00"]),
        ([["a", 1], {"k": None}], "string", ['["a", 1]', '{"k": null}']),
        ([{"b", "a"}], "string", ["a,b"]),
        ([uuid.UUID(int=1)], "string", ["00000000-0000-0000-0000-000000000001"]),
        ([bytearray(b"x")], "binary", [b"x"]),
        ([None, None], "null", [None, None]),
    ],
)  # fmt: skip
def test_python_values_get_their_arrow_type(
    values: list[Any], type_: str, plain: list[Any]
) -> None:
    array, said = python_arrow.column("c", None, values)
    array.validate(full=True)
    assert (str(array.type), array.to_pylist(), said) == (type_, plain, [])


def test_types_of_sqlalchemy_are_sorted() -> None:
    kinds = [sa.BigInteger(), sa.Float(), sa.Numeric(), sa.DateTime(), sa.Date(), sa.Time(),
             sa.Enum("a"), sa.Boolean(), sa.JSON(), sa.types.NullType()]  # fmt: skip
    assert [column_type(kind) for kind in kinds] == [
        "integer", "number", "decimal", "timestamp", "date", "time", "text", "boolean", "other",
        "other",
    ]  # fmt: skip
