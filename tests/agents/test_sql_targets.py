"""A measure is held against the target that stands beside the things, and durations are found."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import clew

TABLES = """
    CREATE TABLE shelves (shelf_id INTEGER PRIMARY KEY, shelf_name TEXT, target_margin DOUBLE);
    CREATE TABLE sales (
        sale_id INTEGER PRIMARY KEY, shelf_id INTEGER REFERENCES shelves (shelf_id),
        takings DOUBLE, outlay DOUBLE, sent_on DATE, num_7 DATE);
    INSERT INTO shelves VALUES (1, 'Maps', 0.5), (2, 'Globes', 0.3), (3, 'Pens', 0.9);
    INSERT INTO sales VALUES
        (1, 1, 100, 60, '2024-01-01', '2024-01-04'), (2, 2, 100, 60, '2024-01-02', '2024-01-03'),
        (3, 3, 50, 10, '2024-01-31', NULL);
"""
METRICS = """
stall margin:
  expression: (sum(sales.takings) - sum(sales.outlay)) / sum(sales.takings)
  time: sales.sent_on
"""
GLOSSARY = """
tardy sale:
  condition: sales.num_7 - sales.sent_on > 2
"""


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clew.Workspace]:
    folder: Path = tmp_path_factory.mktemp("stall")
    with duckdb.connect(str(folder / "stall.duckdb")) as db:
        db.execute(TABLES)
    (folder / "knowledge").mkdir()
    (folder / "knowledge" / "metrics.yaml").write_text(METRICS, encoding="utf-8")
    (folder / "knowledge" / "glossary.yaml").write_text(GLOSSARY, encoding="utf-8")
    with clew.open(str(folder / "stall.duckdb"), knowledge=str(folder / "knowledge")) as workspace:
        yield workspace


def rows(workspace: clew.Workspace, question: str) -> list[list[object]]:
    answer = workspace.session().ask(question, now="2024-05-15")
    assert answer.table is not None, answer.reason
    return [list(row.values()) for row in answer.table.to_pylist()]


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("Which shelves miss their target margin?", {"Maps", "Pens"}),
        ("Shelves whose stall margin is below target", {"Maps", "Pens"}),
        ("Which shelves beat their target margin?", {"Globes"}),
        ("Shelves whose stall margin is above target", {"Globes"}),
    ],
)
def test_only_the_things_on_that_side_of_their_target_are_listed(
    stall: clew.Workspace, question: str, named: set[str]
) -> None:
    assert {row[0] for row in rows(stall, question)} == named


def test_what_is_no_target_is_asked_back(stall: clew.Workspace) -> None:
    answer = stall.session().ask("Shelves whose stall margin is below forecast", now="2024-05-15")
    assert answer.status != "answered"


def test_the_companys_own_formula_says_when_a_delivery_ends(stall: clew.Workspace) -> None:
    assert rows(stall, "Average delivery time in days") == [[2.0]]
