"""Is a source looked at in bounded time, whatever its views hide and however large it is?"""

import threading
import time
from pathlib import Path

import duckdb
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Cancelled
from clew_core.principal import Policy, Principal
from clew_tools.database.open import open_source

ANA = Principal()
ENDLESS = "SELECT count(*) AS n FROM big a, big b, big c, big d WHERE a.n + b.n * c.n + d.n = 7"


def shop(path: Path, views: int = 1) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE big AS SELECT range AS n FROM range(3000)")
        for number in range(views):
            connection.execute(f"CREATE VIEW slow_{number} AS {ENDLESS}")
    return path


def test_many_endless_views_cost_two_seconds_in_all(tmp_path: Path) -> None:
    source = open_source(shop(tmp_path / "a.duckdb", views=5))
    started = time.monotonic()
    catalog = source.catalog(ANA, Deadline())
    source.values(ANA, Deadline())
    assert time.monotonic() - started < 5
    assert [table.row_count for table in catalog.tables] == [3000, *[None] * 5]
    assert source.broken == {}
    source.close()


@pytest.mark.parametrize("seconds", [0.3, None])
def test_looking_ends_with_the_deadline_and_begins_again(
    tmp_path: Path, seconds: float | None
) -> None:
    source = open_source(shop(tmp_path / "a.duckdb"))
    deadline = Deadline(Budget(seconds=seconds)) if seconds else Deadline()
    if not seconds:
        threading.Timer(0.3, deadline.cancel).start()
    started = time.monotonic()
    with pytest.raises((BudgetEnded, Cancelled)):
        source.catalog(ANA, deadline)
    assert time.monotonic() - started < 1.5
    assert len(source.catalog(ANA).tables) == 2
    source.close()


def test_who_waits_for_another_may_be_stopped(tmp_path: Path) -> None:
    source = open_source(shop(tmp_path / "a.duckdb"))
    first = threading.Thread(target=lambda: source.catalog(ANA))
    first.start()
    time.sleep(0.2)
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        source.catalog(ANA, Deadline(Budget(seconds=0.2)))
    assert time.monotonic() - started < 1
    first.join()
    source.close()


def test_the_same_content_is_looked_at_once_for_each_policy(tmp_path: Path) -> None:
    path = shop(tmp_path / "a.duckdb", views=0)
    first = open_source(path)
    seen = first.catalog(ANA)
    first.close()
    again = open_source(path)
    assert again.catalog(ANA) is seen
    other = again.catalog(Principal(policy=Policy(hide=("big.n",))))
    assert other.tables[0].columns == ()
    assert again.catalog(Principal(tenant="other")) is not seen
    again.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO big VALUES (1)")
    changed = open_source(path)
    assert changed.catalog(ANA).tables[0].row_count == 3001
    changed.close()


@pytest.mark.parametrize("tables", [200, pytest.param(1_500, marks=pytest.mark.soak)])
def test_a_schema_of_many_tables_is_looked_at_in_time(tmp_path: Path, tables: int) -> None:
    path = tmp_path / "many.duckdb"
    with duckdb.connect(str(path)) as connection:
        for number in range(tables):
            connection.execute(
                f"CREATE TABLE thing_{number} AS SELECT range AS id, range % 3 AS other_id, "
                "'x' AS name FROM range(10)"
            )
    source = open_source(path)
    started = time.monotonic()
    assert len(source.catalog(ANA, Deadline()).tables) == tables
    source.values(ANA, Deadline())
    assert time.monotonic() - started < 30
    source.close()


@pytest.mark.parametrize("columns", [2_000])
def test_a_table_of_many_columns_is_looked_at_in_time(tmp_path: Path, columns: int) -> None:
    path = tmp_path / "wide.csv"
    path.write_text(",".join(f"c{n}" for n in range(columns)) + "\n" + ",".join("1" * columns))
    source = open_source(path)
    started = time.monotonic()
    assert len(source.catalog(ANA, Deadline()).tables[0].columns) == columns
    source.values(ANA, Deadline())
    assert time.monotonic() - started < 15
    source.close()
