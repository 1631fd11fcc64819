"""Is a statement that would join too much caught before it runs, and nothing else?"""

import sqlite3
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, RetryByModel
from clew_core.principal import Policy, Principal
from clew_tools.database.guarded_source import GuardedSource
from clew_tools.database.open import open_source
from clew_tools.database.query_tag import tagged

ANA = Principal()
CREATE = """
CREATE TABLE big (n INTEGER, g INTEGER);
CREATE TABLE "one two" (n INTEGER);
CREATE TABLE few (id INTEGER PRIMARY KEY, name TEXT);
CREATE VIEW pairs AS SELECT a.n FROM big a, big b, big c WHERE a.n < b.n + c.n;
INSERT INTO few VALUES (0, 'x'), (1, 'y'), (2, 'z');
"""
HUGE = """
SELECT count(*) AS n FROM big a, big b, big c, big d WHERE a.n + b.n * c.n + d.n = 7
SELECT a.n FROM big a CROSS JOIN big b CROSS JOIN big c CROSS JOIN big d ORDER BY a.n
SELECT * FROM big a JOIN big b ON a.n < b.n JOIN big c ON b.n < c.n JOIN big d ON c.n < d.n
SELECT max(x.n) AS m FROM (SELECT a.n FROM big a, big b) AS x, big c, big d, big e
WITH x AS (SELECT a.n FROM big a, big b) SELECT count(*) AS n FROM x, big c, big d
SELECT count(*) AS n FROM pairs p, big b, big c
SELECT n FROM few, big UNION SELECT count(*) FROM big a, big b, big c, big d
""".strip().splitlines()
FINE = """
SELECT count(*) AS n FROM big a JOIN few b ON a.g = b.id JOIN few c ON c.id = b.id JOIN few d ON d.id = c.id
SELECT a.g, count(*) AS n FROM big a JOIN few b ON b.id = a.g GROUP BY a.g ORDER BY a.g
SELECT count(*) AS n FROM big
SELECT count(*) AS n FROM "one two", big, big b WHERE b.n = big.g
SELECT x.g, y.g FROM (SELECT g FROM big GROUP BY g) x, (SELECT g FROM big GROUP BY g) y, few ORDER BY 1, 2
SELECT n FROM big WHERE g IN (SELECT id FROM few WHERE name IN (SELECT name FROM few)) LIMIT 3
SELECT b.n FROM big b WHERE EXISTS (SELECT 1 FROM few f WHERE f.id = b.g) LIMIT 3
SELECT no_such_column FROM few
""".strip().splitlines()  # noqa: E501


@pytest.fixture(scope="module", params=["duckdb", "sqlite", "parquet", "postgres"])
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GuardedSource]:
    """Open 3 000 rows in each engine."""
    folder = tmp_path_factory.mktemp("cost")
    rows = [(n, n % 3) for n in range(3000)]
    location: str | Path = folder
    if request.param == "postgres":
        import psycopg

        url = request.getfixturevalue("postgres_url")
        name = f"cost_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        location = url.replace("/postgres?", f"/{name}?")
        with psycopg.connect(location, autocommit=True) as connection:
            connection.execute(CREATE.encode())
            connection.execute(b"INSERT INTO big SELECT n, n % 3 FROM generate_series(0, 2999) n")
            connection.execute(b"ANALYZE")
    elif request.param == "sqlite":
        location = folder / "t.sqlite"
        lite = sqlite3.connect(location)
        lite.executescript(CREATE)
        lite.executemany("INSERT INTO big VALUES (?, ?)", rows)
        lite.commit()
        lite.close()
    else:
        parquet = request.param == "parquet"
        maker = duckdb.connect(":memory:" if parquet else str(folder / "t.duckdb"))
        maker.execute(CREATE)
        maker.execute("INSERT INTO big SELECT range, range % 3 FROM range(3000)")
        for table in ("big", "few", "one two") if parquet else ():
            maker.execute(f"COPY \"{table}\" TO '{folder}/{table}.parquet'")
        maker.close()
        location = folder if parquet else folder / "t.duckdb"
    opened = open_source(location, threads=1)
    assert isinstance(opened, GuardedSource)
    opened.holds_pairs = request.param != "parquet"  # type: ignore[attr-defined]
    yield opened
    opened.close()


@pytest.mark.parametrize("sql", HUGE)
def test_a_huge_join_is_told_before_it_runs(source: GuardedSource, sql: str) -> None:
    if "pairs" in sql and not source.holds_pairs:  # type: ignore[attr-defined]
        pytest.skip("files have no views")
    start = time.monotonic()
    with pytest.raises(RetryByModel, match=r"join about [\d,]+ trillion rows; 1 trillion "):
        source.run(sql, ANA, Deadline(Budget(seconds=20)))
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("sql", FINE)
def test_what_is_small_runs_under_a_small_limit(source: GuardedSource, sql: str) -> None:
    """Explained and let through: the limit lies below all pairs, and above what is joined."""
    deadline = Deadline(Budget(seconds=20, estimated_rows=60_000))
    try:
        assert source.run(sql, ANA, deadline).table.num_rows
    except RetryByModel as error:
        assert "no_such_column" in str(error)


def test_without_the_preflight_it_runs_until_its_time_is_over(
    source: GuardedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source._preflight, "check", lambda *_, **__: None)
    with pytest.raises(BudgetEnded):
        source.run(HUGE[0], ANA, Deadline(Budget(seconds=0.3)))


def test_the_limit_can_be_taken_away_and_the_principals_holds_too(source: GuardedSource) -> None:
    sql = "SELECT count(*) AS n FROM big a, big b"
    unlimited = Deadline(Budget(estimated_rows=None))
    assert source.run(sql, ANA, unlimited).table.to_pylist() == [{"n": 9_000_000}]
    small = Principal(policy=Policy(budget=Budget(estimated_rows=1e6)))
    with pytest.raises(RetryByModel, match=r"about 9 million rows; 1 million are allowed"):
        source.run(sql, small, unlimited)


def test_an_estimate_of_hidden_rows_is_not_told(source: GuardedSource) -> None:
    some = Principal(policy=Policy(rows={"big": "n < 3000"}))
    with pytest.raises(RetryByModel) as caught:
        source.run(HUGE[1], some, Deadline(Budget(estimated_rows=1e3)))
    assert "more rows than that; 1,000 are allowed" in str(caught.value).replace("…", "1,000")
    assert "million" not in str(caught.value) and "trillion" not in str(caught.value)


def test_a_small_question_is_not_explained(
    source: GuardedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.catalog(ANA)
    asked: list[str] = []
    monkeypatch.setattr(source._preflight, "estimate", lambda sql, *_: asked.append(sql))
    source.run("SELECT count(*) AS n FROM big a JOIN few b ON a.g = b.id", ANA, Deadline())
    assert asked == []
    source.run("SELECT count(*) AS n FROM big", ANA, Deadline(Budget(estimated_rows=10)))
    assert len(asked) == 1


def test_a_plan_costs_a_few_milliseconds(source: GuardedSource) -> None:
    source.catalog(ANA)
    guarded = source._guarded(HUGE[0], ANA, 100)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        source._preflight.estimate(guarded.sql, source._by_name, source._counts(), Deadline())
        times.append(time.perf_counter() - start)
    assert min(times) < 0.05


@pytest.mark.parametrize("user", ["ana */ DROP TABLE t; /*", "a'\"\\\n--", "*/", "/*", "é" * 500])
def test_no_name_ends_the_tag_of_a_statement(user: str) -> None:
    who = Principal(user=user, tenant=user)
    for dialect in ("postgres", "snowflake"):
        found = tagged("SELECT 1", dialect, who, user)
        assert found.count("*/") == found.count("/*") == 1 and "\n" not in found
        assert found.replace(found[found.index("/*") : found.index("*/") + 2], "").strip() == (
            "SELECT 1"
        )
        assert len(found) < 250
    assert tagged("SELECT 1", "duckdb", who, user) == "SELECT 1"
