"""Is a PostgreSQL server read in time, in bounds and in its own types, and never written?"""

import threading
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    Refused,
    RetryByModel,
    SourceError,
    ToolFailed,
    UsageError,
)
from clew_core.principal import Policy, Principal
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

pytestmark = pytest.mark.postgres
ANA = Principal(user="ana */ x")
LONG = "SELECT count(*) AS n FROM big a, big b, big c WHERE a.n + b.n * c.n = 7"


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[str]:
    """Make a database of a few tables, and hand out its URL."""
    import psycopg

    name = f"shop_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
    url = postgres_url.replace("/postgres?", f"/{name}?")
    with psycopg.connect(url) as connection:
        connection.execute(b"""
            CREATE TYPE mood AS ENUM ('good', 'bad');
            CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, region varchar(10));
            COMMENT ON COLUMN people.region IS 'where they live';
            INSERT INTO people VALUES (1, 'Ana', 'EMEA'), (2, 'Ben', 'APAC'), (3, 'Zoe', NULL);
            CREATE SCHEMA sales;
            CREATE TABLE sales.orders (id bigint PRIMARY KEY, person int REFERENCES people,
                price numeric(10,2), rate numeric, at timestamptz, day date, local timestamp,
                tags text[], doc jsonb, m mood, ok boolean, u uuid, b bytea, f float4, c time);
            INSERT INTO sales.orders VALUES
                (1, 1, 10.50, 1.23456, '2024-01-02 03:04:05+02', '2024-01-02', '2024-01-02 03:04',
                 '{a,b}', '{"k": 1}', 'good', true, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
                 '\\x01', 1.5, '10:00'),
                (2, 2, -3, 'NaN', 'infinity', 'infinity', '0044-03-15 BC', NULL, NULL, NULL,
                 NULL, NULL, NULL, 'NaN', NULL);
            CREATE TABLE big AS SELECT generate_series(1, 3000) AS n;
            CREATE VIEW slow AS SELECT count(*) AS n FROM big a, big b, big c
                WHERE a.n * b.n + c.n = 7;
            CREATE FUNCTION public.lower(int) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
            CREATE FUNCTION public.upper(int) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
        """)
    yield url


@pytest.fixture
def source(database: str) -> Iterator[Source]:
    """Open it."""
    opened = open_source(database)
    yield opened
    opened.close()
    opened.close()


def run(source: Source, sql: str, principal: Principal = ANA, **budget: float) -> list[object]:
    deadline = Deadline(Budget(**budget))  # type: ignore[arg-type]
    return list(source.run(sql, principal, deadline).table.to_pylist())


def test_tables_columns_and_keys_are_those_of_the_server(source: Source) -> None:
    catalog = source.catalog(ANA, Deadline())
    assert [table.name for table in catalog.tables] == ["big", "people", "slow", "sales.orders"]
    people, orders = catalog.table("people"), catalog.table("sales.orders")
    assert people is not None and orders is not None
    assert people.primary_key == ("id",) and people.row_count == 3
    assert people.columns[2].meaning == "where they live"
    assert [(key.columns, key.table, key.inferred) for key in orders.foreign_keys] == [
        (("person",), "people", False)
    ]
    types = {column.name: column.type for column in orders.columns}
    assert types["price"] == "decimal" and types["at"] == "timestamp" and types["m"] == "text"


def test_a_view_that_takes_for_ever_does_not_block_the_catalog(source: Source) -> None:
    started = time.monotonic()
    slow = source.catalog(ANA, Deadline()).table("slow")
    assert slow is not None and slow.row_count is None
    assert time.monotonic() - started < 8


def test_values_get_their_arrow_types(source: Source) -> None:
    result = source.run("SELECT * FROM sales.orders ORDER BY id", ANA, Deadline())
    row, odd = result.table.to_pylist()
    assert row["price"] == Decimal("10.50") and row["rate"] == Decimal("1.23456")
    assert row["at"].isoformat() == "2024-01-02T01:04:05+00:00"
    assert row["day"].isoformat() == "2024-01-02"
    assert row["tags"] == "{a,b}" and row["doc"] == '{"k": 1}' and row["m"] == "good"
    assert (row["ok"], row["b"], row["f"], row["c"]) == (True, b"\x01", 1.5, "10:00:00")
    assert [odd[name] for name in ("rate", "at", "day", "local", "f")] == [None] * 5
    assert len(result.warnings) == 5


def test_an_empty_result_keeps_its_types(source: Source) -> None:
    table = source.run("SELECT id, price, at FROM sales.orders WHERE id > 9", ANA, Deadline()).table
    assert [str(kind) for kind in table.schema.types][0] == "int64"
    assert table.num_rows == 0 and "decimal" in str(table.schema.field("price").type)


def test_values_are_indexed(source: Source) -> None:
    hits = source.values(ANA, Deadline()).find("emea")
    assert [(hit.table, hit.column, hit.value) for hit in hits] == [("people", "region", "EMEA")]


def test_rows_are_capped_and_said(source: Source) -> None:
    result = source.run("SELECT n FROM big", ANA, Deadline(Budget(rows=10)))
    assert result.table.num_rows == 10 and result.truncated


def test_the_policy_holds(source: Source) -> None:
    policy = Policy(hide=("people.name",), rows={"people": "region = 'EMEA'"})
    some = Principal(policy=policy)
    assert run(source, "SELECT * FROM people", some) == [{"id": 1, "region": "EMEA"}]
    assert source.values(some, Deadline()).find("apac") == ()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT pg_sleep(9)", "SELECT pg_read_file('/etc/passwd')", "DELETE FROM people",
        "SELECT * FROM pg_catalog.pg_authid", "SELECT current_setting('data_directory')",
        "SELECT lower('x')", "SELECT public.upper(1)", "SELECT * INTO x FROM people",
        "SELECT 1; DROP TABLE people", "SELECT * FROM people FOR UPDATE",
    ],
)  # fmt: skip
def test_what_is_no_plain_query_is_refused(source: Source, sql: str) -> None:
    with pytest.raises(Refused):
        run(source, sql)


def test_the_connection_itself_can_not_write(source: Source) -> None:
    from clew_tools.database.guarded_source import GuardedSource

    assert isinstance(source, GuardedSource)
    for sql in ("DELETE FROM public.people", "CREATE TABLE public.x (a int)"):
        with pytest.raises(ToolFailed, match="read-only"):
            source._engine.rows(sql, Deadline())
    assert run(source, "SELECT count(*) AS n FROM people") == [{"n": 3}]


def test_a_statement_ends_with_its_time(source: Source) -> None:
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        run(source, LONG, seconds=0.5)
    assert time.monotonic() - started < 2
    assert run(source, "SELECT 1 AS x") == [{"x": 1}]


def test_a_statement_is_cancelled_within_a_second_and_seen_by_its_owner(
    source: Source, database: str
) -> None:
    import psycopg

    deadline, seen = Deadline(), []
    deadline.run = "r-7\n"

    def stop() -> None:
        with psycopg.connect(database) as connection:
            time.sleep(0.3)
            seen.extend(
                connection.execute(
                    "SELECT application_name FROM pg_stat_activity "
                    "WHERE application_name LIKE 'clew user=%' AND state = 'active'"
                ).fetchall()
            )
        deadline.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        source.run(LONG, ANA, deadline)
    thread.join()
    stopped = time.monotonic()
    with psycopg.connect(database) as connection:
        while connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'clew user=%' "
            "AND state = 'active'"
        ).fetchall():
            assert time.monotonic() - stopped < 1
            connection.rollback()
    assert seen == [("clew user=ana____x run=r-7_ tenant=local",)]


def test_wrong_sql_goes_back_with_the_servers_words(source: Source) -> None:
    with pytest.raises(RetryByModel, match="does not exist"):
        run(source, "SELECT nothing FROM people")


def test_secrets_come_from_the_environment_and_are_never_shown(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_TEST_PG", "s/ecret@1")
    with_secret = database.replace("clew@", "clew:${CLEW_TEST_PG}@")
    source = open_source(with_secret)
    assert "${CLEW_TEST_PG}" in source.location and "ecret@1" not in source.location
    source.close()
    with pytest.raises(UsageError, match="CLEW_TEST_NONE"):
        open_source(database.replace("clew@", "clew:${CLEW_TEST_NONE}@"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:hunter2@127.0.0.1:1/db",
        "postgresql://ana@127.0.0.1:1/db?password=hunter2",
        "postgresql://ana:hunter2/x#y@127.0.0.1:1/db",
        "postgresql://ana:hunter2@127.0.0.1:port/db",
        "mysql://ana:hunter2@127.0.0.1/db",
        "strange://ana:hunter2@127.0.0.1/db",
        "postgresql://ana:hunter2@[bad/db",
    ],
)
def test_no_error_shows_a_password(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(url)
    error: BaseException | None = caught.value
    assert error is not None and "hunter2" not in str(error) and "\n" not in str(error)
