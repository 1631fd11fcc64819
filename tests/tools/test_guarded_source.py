"""Does a source run statements in time, in bounds, under the policy, several at once?"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import (
    BudgetEnded,
    Cancelled,
    ClewError,
    Refused,
    RetryByModel,
    SourceError,
    UsageError,
)
from clew_core.principal import Policy, Principal
from clew_tools.database import duckdb_engine
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

ANA = Principal()
ROWS = 3000
LONG = "SELECT count(*) FROM big a, big b, big c WHERE (a.n + b.n * c.n) % 7919 = 7.5"


@pytest.fixture(params=["duckdb", "sqlite", "parquet"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """Open the same three tables in each engine."""
    folder = tmp_path / "shop"
    folder.mkdir()
    people = [(1, "Ana", "EMEA"), (2, "Ben", "APAC"), (3, "Cem", "EMEA"), (4, "Dora", None)]
    path = folder
    if request.param == "sqlite":
        path = folder / "shop.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE people (id INTEGER, name TEXT, region TEXT)")
        connection.executemany("INSERT INTO people VALUES (?, ?, ?)", people)
        connection.execute("CREATE TABLE big (n INTEGER)")
        connection.executemany("INSERT INTO big VALUES (?)", [(n,) for n in range(ROWS)])
        connection.execute("CREATE TABLE secret (word TEXT)")
        connection.execute("INSERT INTO secret VALUES ('canary')")
        connection.execute("CREATE VIEW everybody AS SELECT * FROM people")
        connection.commit()
        connection.close()
    else:
        maker = duckdb.connect(
            ":memory:" if request.param == "parquet" else str(folder / "shop.duckdb")
        )
        maker.execute("CREATE TABLE people (id INTEGER, name VARCHAR, region VARCHAR)")
        maker.executemany("INSERT INTO people VALUES (?, ?, ?)", people)
        maker.execute(f"CREATE TABLE big AS SELECT range AS n FROM range({ROWS})")
        maker.execute("CREATE TABLE secret AS SELECT 'canary' AS word")
        maker.execute("CREATE VIEW everybody AS SELECT * FROM people")
        if request.param == "parquet":
            for table in ("people", "big", "secret"):
                maker.execute(f"COPY {table} TO '{folder}/{table}.parquet'")
        maker.close()
        if request.param == "duckdb":
            path = folder / "shop.duckdb"
    opened = open_source(path, threads=2)
    yield opened
    opened.close()


def run(source: Source, sql: str, principal: Principal = ANA, **budget: float) -> list[object]:
    deadline = Deadline(Budget(**budget))  # type: ignore[arg-type]
    return list(source.run(sql, principal, deadline).table.to_pylist())


# -------------------------------------------------------------------------------------- results


def test_rows_come_as_arrow_with_their_time(source: Source) -> None:
    result = source.run("SELECT id, name FROM people ORDER BY id", ANA, Deadline())
    assert result.table.to_pydict() == {"id": [1, 2, 3, 4], "name": ["Ana", "Ben", "Cem", "Dora"]}
    assert not result.truncated and result.seconds > 0 and result.warnings == ()
    assert result.as_of.startswith("20") and result.as_of[-6] in "+-"


def test_more_rows_than_the_budget_are_cut_and_said(source: Source) -> None:
    deadline = Deadline(Budget(rows=10))
    result = source.run("SELECT n FROM big ORDER BY n", ANA, deadline)
    assert result.truncated and result.table.column("n").to_pylist() == list(range(10))
    limited = source.run("SELECT n FROM big ORDER BY n LIMIT 20", ANA, deadline)
    assert limited.truncated and limited.table.num_rows == 10
    exact = source.run("SELECT n FROM big WHERE n < 10", ANA, deadline)
    assert not exact.truncated and exact.table.num_rows == 10


def test_sums_of_integers_are_integers(source: Source) -> None:
    assert run(source, "SELECT sum(n) AS s FROM big") == [{"s": ROWS * (ROWS - 1) // 2}]


def test_two_columns_of_one_name_get_numbers(source: Source) -> None:
    result = source.run("SELECT id, id FROM people WHERE id = 1", ANA, Deadline())
    assert result.table.column_names == ["id", "id_2"]


def test_no_rows_have_columns(source: Source) -> None:
    table = source.run("SELECT id, name FROM people WHERE 1 = 0", ANA, Deadline()).table
    assert table.column_names == ["id", "name"] and table.num_rows == 0


def test_not_a_number_becomes_null_with_a_word(source: Source) -> None:
    if source.dialect == "sqlite":
        sql = "SELECT 9e999 AS x, id FROM people ORDER BY id LIMIT 2"
    else:
        sql = "SELECT 'NaN'::DOUBLE AS x, id FROM people ORDER BY id LIMIT 2"
    result = source.run(sql, ANA, Deadline())
    assert result.table.column("x").to_pylist() == [None, None]
    assert "2 values" in result.warnings[0] and "'x'" in result.warnings[0]


def test_a_column_of_numbers_and_text_is_text(source: Source) -> None:
    if source.dialect != "sqlite":
        pytest.skip("only SQLite mixes types in one column")
    result = source.run("SELECT 1 AS x UNION ALL SELECT 'a' UNION ALL SELECT NULL", ANA, Deadline())
    assert sorted(result.table.column("x").to_pylist(), key=str) == ["1", None, "a"]
    assert "numbers and text" in result.warnings[0]


# ------------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("sql", ["SELECT nam FROM people AS p WHERE p.nam = 1", "SELECT sum(",
                                 "SELECT lower(1, 2, 3) FROM people"])  # fmt: skip
def test_what_the_engine_does_not_understand_goes_back(source: Source, sql: str) -> None:
    with pytest.raises(RetryByModel) as caught:
        run(source, sql)
    assert "\n" not in str(caught.value)


def test_a_statement_ends_with_its_time(source: Source) -> None:
    start = time.monotonic()
    with pytest.raises(BudgetEnded, match="0.3 s"):
        run(source, LONG, seconds=0.3)
    assert time.monotonic() - start < 1.3
    assert run(source, "SELECT count(*) AS n FROM people") == [{"n": 4}]


def test_a_statement_is_cancelled_within_a_second(source: Source) -> None:
    deadline = Deadline()
    timer = threading.Timer(0.2, deadline.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        source.run(LONG, ANA, deadline)
    assert time.monotonic() - start < 1.2
    timer.join()
    with pytest.raises(Cancelled):
        source.run("SELECT 1", ANA, deadline)


def test_many_statements_at_once_each_get_their_own(source: Source) -> None:
    def one(number: int) -> object:
        return run(source, f"SELECT count(*) AS n FROM big WHERE n < {number}")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(one, range(60)))
    assert found == [[{"n": number}] for number in range(60)]


def test_one_cancelled_statement_leaves_the_others_alone(source: Source) -> None:
    stopped, others = Deadline(), []
    with ThreadPoolExecutor(3) as pool:
        long = pool.submit(source.run, LONG, ANA, stopped)
        for _ in range(20):
            others.append(run(source, "SELECT max(n) AS m FROM big"))
        stopped.cancel()
        with pytest.raises(Cancelled):
            long.result()
    assert others == [[{"m": ROWS - 1}]] * 20


def test_a_closed_source_says_so(source: Source) -> None:
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        run(source, "SELECT 1")


def test_closing_stops_what_is_running(source: Source) -> None:
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(source.run, LONG, ANA, Deadline())
        time.sleep(0.2)
        start = time.monotonic()
        source.close()
        with pytest.raises((Cancelled, SourceError)):
            long.result()
    assert time.monotonic() - start < 1


def test_a_locked_sqlite_file_says_so(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
    connection.execute("CREATE TABLE t (x)")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(SourceError, match="is locked"):
            open_source(tmp_path / "t.db")
    finally:
        connection.close()


def test_too_much_memory_ends_in_words(tmp_path: Path) -> None:
    duckdb.sql("SELECT range AS n FROM range(4000)").write_parquet(str(tmp_path / "t.parquet"))
    source = open_source(tmp_path / "t.parquet", memory_mb=20, threads=1)
    sql = "SELECT len(list(a.n + b.n)) AS m FROM t a, t b"
    with pytest.raises(BudgetEnded, match="more memory than the 20 MB"):
        run(source, sql)
    source.close()


def test_every_error_of_duckdb_has_its_kind() -> None:
    errors = [
        value
        for value in vars(duckdb).values()
        if isinstance(value, type) and issubclass(value, duckdb.Error)
    ]
    assert len(errors) > 20
    for error in errors:
        mapped = duckdb_engine._mapped(error("what\n\nLINE 1: x"), 100)
        assert isinstance(mapped, ClewError) and "LINE" not in str(mapped)


# --------------------------------------------------------------------------------------- policy


EMEA = Principal(
    user="bo",
    policy=Policy(
        tables=("people", "big"), hide=("people.region",), rows={"people": "region = 'EMEA'"}
    ),
)


def test_a_policy_holds_everywhere(source: Source) -> None:
    catalog = source.catalog(EMEA)
    assert sorted(table.name for table in catalog.tables) == ["big", "people"]
    people = catalog.table("people")
    assert people is not None and people.row_count == 2
    assert [column.name for column in people.columns] == ["id", "name"]
    assert run(source, "SELECT * FROM people ORDER BY id", EMEA) == [
        {"id": 1, "name": "Ana"}, {"id": 3, "name": "Cem"}
    ]  # fmt: skip
    values = source.values(EMEA, Deadline())
    assert values.find("ana") and not values.find("ben") and not values.near("benn")
    assert not values.find("emea") and not values.find("canary")
    with pytest.raises(Refused, match="no table 'secret'"):
        run(source, "SELECT * FROM secret", EMEA)
    with pytest.raises(RetryByModel):
        run(source, "SELECT people.region FROM people", EMEA)


def test_each_principal_has_its_own_view_of_the_same_source(source: Source) -> None:
    sql = "SELECT count(*) AS n FROM people"
    for _ in range(2):
        assert run(source, sql, EMEA) == [{"n": 2}]
        assert run(source, sql, ANA) == [{"n": 4}]
    assert source.values(ANA, Deadline()).find("BEN")


def test_a_view_does_not_show_what_is_hidden(source: Source) -> None:
    if source.catalog(ANA).table("everybody") is None:
        pytest.skip("files of tables have no views")
    hides = Principal(policy=Policy(hide=("people.region",)))
    with pytest.raises(Refused, match="no table 'everybody'"):
        run(source, "SELECT * FROM everybody", hides)
    granted = Principal(policy=Policy(tables=("everybody",)))
    assert run(source, "SELECT count(*) AS n FROM everybody", granted) == [{"n": 4}]


def test_check_names_the_tables_without_running(source: Source) -> None:
    assert tuple(source.check("SELECT * FROM big, PEOPLE", ANA)) == ("big", "people")
    with pytest.raises(Refused):
        source.check("DROP TABLE people", ANA)


def test_a_bad_row_filter_is_the_owner_s_to_repair(source: Source) -> None:
    broken = Principal(policy=Policy(rows={"people": "region = "}))
    with pytest.raises((SourceError, UsageError), match="row filter"):
        run(source, "SELECT * FROM people", broken)
