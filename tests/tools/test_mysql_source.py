"""Is a MariaDB server read in time, in bounds and in its own types, and never written?"""

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    ClewError,
    Refused,
    RetryByModel,
    SourceError,
    ToolFailed,
    UsageError,
)
from clew_core.principal import Policy, Principal
from clew_tools.database.guarded_source import GuardedSource
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

pytestmark = pytest.mark.mariadb
ANA = Principal(user="ana */ x")
LONG = "SELECT count(*) AS n FROM big a, big b, big c WHERE a.n + b.n * c.n = 7"
TABLES = """
CREATE DATABASE wares CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE wares;
CREATE TABLE wares.people (id INT PRIMARY KEY, name VARCHAR(40) NOT NULL,
    region VARCHAR(10) COMMENT 'where they live') COMMENT 'one row per person';
INSERT INTO wares.people VALUES (1, 'Ana', 'EMEA'), (2, 'Ben', 'APAC'), (3, 'Zoe', NULL);
CREATE TABLE wares.`odd ``name` (`a"b` INT, `select` TEXT);
INSERT INTO wares.`odd ``name` VALUES (1, 'it''s 50% \\\\ "x"');
SET sql_mode = '';
CREATE TABLE wares.orders (id BIGINT PRIMARY KEY, person INT, price DECIMAL(10,2),
    at TIMESTAMP NULL, day DATE, local DATETIME(6), doc JSON, m ENUM('good','bad'),
    ok BOOLEAN, b VARBINARY(5), f DOUBLE, c TIME, y YEAR, u BIGINT UNSIGNED, s SET('a','b'),
    FOREIGN KEY (person) REFERENCES wares.people (id));
INSERT INTO wares.orders VALUES
    (1, 1, 10.50, '2024-01-02 03:04:05', '2024-01-02', '2024-01-02 03:04:05.25', '{"k": 1}',
     'good', true, x'01', 1.5, '10:00', 2024, 18446744073709551615, 'a,b'),
    (2, 2, -3, NULL, '0000-00-00', NULL, NULL, NULL, NULL, NULL, NULL, '-30:00:01', NULL, 1, '');
CREATE TABLE wares.big AS SELECT seq AS n FROM seq_1_to_3000;
CREATE VIEW wares.slow AS SELECT count(*) AS n FROM wares.big a, wares.big b, wares.big c
    WHERE a.n * b.n + c.n = 7;
CREATE FUNCTION wares.any_value(x INT) RETURNS INT DETERMINISTIC RETURN 7;
CREATE FUNCTION wares.hypot(x INT) RETURNS INT DETERMINISTIC RETURN 7;
CREATE TABLE mysql.canary (word TEXT);
CREATE USER reader IDENTIFIED BY 's/ecret@1';
GRANT SELECT, EXECUTE ON wares.* TO reader;
"""


def owner(url: str) -> Any:
    import pymysql
    from sqlalchemy.engine import make_url

    return pymysql.connect(
        host="127.0.0.1", port=make_url(url).port or 0, user="root", autocommit=True
    )


@pytest.fixture(scope="module")
def database(mariadb_url: str) -> Iterator[str]:
    """Make a database of a few tables, and hand out its URL."""
    connection = owner(mariadb_url)
    with connection.cursor() as cursor:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
    connection.close()
    yield mariadb_url.replace("/shop", "/wares")
    connection = owner(mariadb_url)
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE wares")
        cursor.execute("DROP TABLE mysql.canary")
        cursor.execute("DROP USER reader")
    connection.close()


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
    names = [table.name for table in catalog.tables]
    assert names == ["big", "odd `name", "orders", "people", "slow"]
    people, orders = catalog.table("people"), catalog.table("orders")
    assert people is not None and orders is not None
    assert people.primary_key == ("id",) and people.row_count == 3
    assert people.meaning == "one row per person"
    assert people.columns[2].meaning == "where they live"
    assert [(key.columns, key.table, key.inferred) for key in orders.foreign_keys] == [
        (("person",), "people", False)
    ]
    types = {column.name: column.type for column in orders.columns}
    assert types["price"] == "decimal" and types["at"] == types["local"] == "timestamp"
    assert types["m"] == types["s"] == "text" and types["ok"] == "boolean"
    assert types["day"] == "date" and types["f"] == "number" and types["y"] == "integer"


def test_a_view_that_takes_for_ever_does_not_block_the_catalog(source: Source) -> None:
    started = time.monotonic()
    slow = source.catalog(ANA, Deadline()).table("slow")
    assert slow is not None and slow.row_count is None
    assert time.monotonic() - started < 8


def test_values_get_their_arrow_types(source: Source) -> None:
    result = source.run("SELECT * FROM orders ORDER BY id", ANA, Deadline())
    row, odd = result.table.to_pylist()
    assert row["price"] == Decimal("10.50") and row["at"].isoformat() == "2024-01-02T03:04:05"
    assert row["day"].isoformat() == "2024-01-02"
    assert row["local"].isoformat() == "2024-01-02T03:04:05.250000"
    assert row["doc"] == '{"k": 1}' and row["m"] == "good" and row["s"] == "a,b"
    assert (row["ok"], row["b"], row["f"], row["c"]) == (1, b"\x01", 1.5, "10:00:00")
    assert row["y"] == 2024 and row["u"] == 2**64 - 1
    assert odd["c"] == "-30:00:01" and odd["day"] is None
    assert result.warnings == ("Column 'day': 1 value (no date of the calendar) became empty.",)


def test_an_empty_result_keeps_its_types(source: Source) -> None:
    table = source.run("SELECT id, price, at FROM orders WHERE id > 9", ANA, Deadline()).table
    assert [str(kind) for kind in table.schema.types] == [
        "int64", "decimal128(38, 0)", "timestamp[us]"
    ]  # fmt: skip


def test_names_and_texts_with_signs_are_read_as_they_are(source: Source) -> None:
    sql = 'SELECT `a"b`, `select` FROM `odd ``name` WHERE `select` LIKE "%50\\% \\\\\\\\%"'
    assert run(source, sql) == [{'a"b': 1, "select": 'it\'s 50% \\ "x"'}]
    assert run(source, r"SELECT 'it\'s' AS a, '50%' AS b, '\\' AS c") == [
        {"a": "it's", "b": "50%", "c": "\\"}
    ]


def test_values_are_indexed(source: Source) -> None:
    hits = source.values(ANA, Deadline()).find("emea")
    assert [(hit.table, hit.column, hit.value) for hit in hits] == [("people", "region", "EMEA")]


def test_rows_are_capped_and_said(source: Source) -> None:
    result = source.run("SELECT n FROM big", ANA, Deadline(Budget(rows=10)))
    assert result.table.num_rows == 10 and result.truncated


def test_a_result_that_is_too_large_ends(source: Source) -> None:
    wide = ", ".join(f"a.n + {n} AS c{n}" for n in range(9))
    with pytest.raises(BudgetEnded, match="memory"):
        run(source, f"SELECT {wide} FROM big a, big b", memory_mb=1)
    assert run(source, "SELECT 1 AS x") == [{"x": 1}]


def test_the_policy_holds(source: Source) -> None:
    policy = Policy(hide=("people.name",), rows={"people": "region = 'EMEA'"})
    some = Principal(policy=policy)
    assert run(source, "SELECT * FROM people", some) == [{"id": 1, "region": "EMEA"}]
    assert run(source, "SELECT People.id FROM wares.people AS People", some) == [{"id": 1}]
    assert source.values(some, Deadline()).find("apac") == ()
    table = source.catalog(some).table("people")
    assert table is not None and table.row_count == 1
    said = []
    for column in ("name", "planet"):
        with pytest.raises(RetryByModel) as caught:
            run(source, f"SELECT people.{column} FROM people", some)
        said.append(str(caught.value).replace(column, "…"))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SLEEP(9)", "SELECT LOAD_FILE('/etc/passwd')", "DELETE FROM people",
        "SELECT * FROM mysql.canary", "SELECT @@datadir", "SELECT * FROM people FOR UPDATE",
        "SELECT id FROM people INTO OUTFILE '/var/clew-canary'", "SELECT wares.any_value(1)",
        "SELECT 1; DROP TABLE people", "SELECT hypot(1)", "SELECT any_value(1)",
        "SELECT id FROM people /*!50000 INTO OUTFILE '/var/clew-canary' */",
    ],
)  # fmt: skip
def test_what_is_no_plain_query_is_refused(source: Source, sql: str) -> None:
    with pytest.raises((Refused, RetryByModel)):
        run(source, sql)


def test_the_connection_itself_can_not_write(source: Source) -> None:
    assert isinstance(source, GuardedSource)
    for sql in ("DELETE FROM wares.people", "UPDATE wares.people SET name = 'x'"):
        with pytest.raises(ToolFailed, match="READ ONLY"):
            source._engine.rows(sql, Deadline())
    assert run(source, "SELECT count(*) AS n FROM people") == [{"n": 3}]


def test_a_statement_ends_with_its_time(source: Source) -> None:
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        run(source, LONG, seconds=0.5)
    assert time.monotonic() - started < 2
    assert run(source, "SELECT 1 AS x") == [{"x": 1}]


def test_the_server_ends_a_statement_that_nobody_stops(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clew_tools.database.sqlalchemy_engine import _Run

    monkeypatch.setattr(_Run, "interrupt", lambda run: None)
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        run(source, LONG, seconds=0.5)
    assert 0.9 < time.monotonic() - started < 3


def test_a_statement_is_cancelled_within_a_second_and_seen_by_its_owner(
    source: Source, database: str
) -> None:
    deadline, seen = Deadline(), []
    asked = "SELECT info FROM information_schema.processlist WHERE info LIKE '/* clew user=%'"
    connection = owner(database)

    def stop() -> None:
        with connection.cursor() as cursor:
            time.sleep(0.4)
            cursor.execute(asked)
            seen.extend(cursor.fetchall())
        deadline.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        source.run(LONG, ANA, deadline)
    thread.join()
    stopped = time.monotonic()
    with connection.cursor() as cursor:
        while cursor.execute(asked):
            assert time.monotonic() - stopped < 1
    connection.close()
    assert len(seen) == 1 and seen[0][0].startswith(
        "/* clew user=ana____x run=- tenant=local */ SELECT"
    )


def test_many_may_ask_at_once(source: Source) -> None:
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.extend(run(source, "SELECT count(*) AS n FROM big")))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"n": 3000}] * 12


def test_wrong_sql_goes_back_with_the_servers_words(source: Source) -> None:
    for sql in ("SELECT nothing FROM people", "SELECT id FROM people GROUP BY", "SELECT left(1)"):
        with pytest.raises(RetryByModel):
            run(source, sql)


def test_a_server_that_was_started_anew_is_found_again(source: Source, database: str) -> None:
    assert run(source, "SELECT 1 AS x") == [{"x": 1}]
    connection = owner(database)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = 'wares'")
        for (number,) in cursor.fetchall():
            cursor.execute(f"KILL {number}")
    connection.close()
    assert run(source, "SELECT 2 AS x") == [{"x": 2}]


def test_secrets_come_from_the_environment_and_are_never_shown(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_TEST_MY", "s/ecret@1")
    source = open_source(database.replace("root@", "reader:${CLEW_TEST_MY}@"))
    assert "${CLEW_TEST_MY}" in source.location and "ecret@1" not in source.location
    assert run(source, "SELECT count(*) AS n FROM people") == [{"n": 3}]
    source.close()
    with pytest.raises(SourceError, match="closed"):
        run(source, "SELECT 1")
    with pytest.raises(UsageError, match="CLEW_TEST_NONE"):
        open_source(database.replace("root@", "reader:${CLEW_TEST_NONE}@"))
    with pytest.raises(SourceError) as caught:
        open_source(database.replace("root@", "reader:hunter2@"))
    assert "hunter2" not in str(caught.value) and "Access denied" in str(caught.value)


def test_a_database_that_is_not_there_is_said(database: str) -> None:
    with pytest.raises(SourceError, match="Unknown database"):
        open_source(database.replace("/wares", "/planet"))
    with pytest.raises(ClewError, match="Connection refused|connect to"):
        open_source("mysql://ana:hunter2@127.0.0.1:1/db")
