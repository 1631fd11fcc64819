"""Does the rule of Spider judge as the official comparison does?"""

import sqlite3
from pathlib import Path

import pytest
import spider_rule
from spider import replay
from spider_data import KNOWN, REPLAYS


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A table of three singers, two of one age."""
    file = tmp_path / "singers.sqlite"
    db = sqlite3.connect(file)
    db.executescript(
        """CREATE TABLE singer (name TEXT, age INTEGER, land TEXT);
        INSERT INTO singer VALUES ('Ana', 30, 'PT'), ('Bo', 30, 'SE'), ('Cy', 41, 'distinct');"""
    )
    db.close()
    return file


@pytest.mark.parametrize(
    ("predicted", "gold", "right"),
    [
        ("SELECT name FROM singer", "SELECT name FROM singer", True),
        ("SELECT age, name FROM singer", "SELECT name, age FROM singer", True),
        ("SELECT name, age FROM singer", "SELECT name FROM singer", False),
        ("SELECT name FROM singer ORDER BY name DESC", "SELECT name FROM singer", True),
        (
            "SELECT name FROM singer ORDER BY name DESC",
            "SELECT name FROM singer ORDER BY name",
            False,
        ),
        ("SELECT DISTINCT age FROM singer", "SELECT age FROM singer", True),
        ("SELECT age FROM singer GROUP BY age", "SELECT age FROM singer", False),
        ("SELECT count(*) FROM singer", "SELECT count(name) FROM singer", True),
        ("SELECT 3.0", "SELECT count(*) FROM singer", True),
        ("SELECT '3'", "SELECT count(*) FROM singer", False),
        ("SELECT name FROM singer WHERE age > 99", "SELECT land FROM singer WHERE 0", True),
        ("SELECT nothing FROM singer", "SELECT name FROM singer", False),
        (
            "SELECT name FROM singer WHERE land = 'distinct'",
            "SELECT name FROM singer WHERE age > 40",
            True,
        ),
        (
            "SELECT name FROM singer WHERE age > = 41",
            "SELECT name FROM singer WHERE age > 40",
            True,
        ),
        ("SELECT age, age FROM singer", "SELECT age, name FROM singer", False),
    ],
)
def test_two_queries_are_compared_by_what_they_give(
    predicted: str, gold: str, right: bool, database: Path
) -> None:
    assert spider_rule.is_right(predicted, gold, database) is right


def test_rows_of_two_columns_are_not_mixed_up() -> None:
    got, gold = [(1, 2), (3, 4)], [(1, 4), (3, 2)]
    assert not spider_rule.same(got, gold, ordered=False)


def test_a_query_that_never_ends_counts_as_wrong(database: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n"
    assert not spider_rule.is_right(endless, "SELECT 1", database, seconds=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("name", REPLAYS)
def test_recorded_predictions_score_what_is_known_of_them(name: str, bench_data: Path) -> None:
    right, n = replay(name, bench_data)
    assert (n, f"{100 * right / n:.1f}") == (972, str(KNOWN[name]))
