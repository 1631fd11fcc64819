"""Is it said where rows belong to no group, so that the groups are not all there is?"""

from pathlib import Path

import duckdb
import pytest

import clew

TABLES = """
CREATE TABLE teams (team_id INTEGER PRIMARY KEY, name VARCHAR);
CREATE TABLE runs (
    run_id INTEGER PRIMARY KEY, team_id INTEGER {null} REFERENCES teams (team_id),
    seconds INTEGER, track VARCHAR);
INSERT INTO teams VALUES (1, 'Red'), (2, 'Blue');
INSERT INTO runs VALUES (1, 1, 10, 'sand'), (2, 1, 20, 'grass'), (3, 2, 30, 'sand');
"""
LONE = "INSERT INTO runs VALUES (4, NULL, 40, 'grass')"
SAID = "Rows of 'runs' that belong to none of 'teams' are in no group."


def warnings(folder: Path, question: str, *, null: str = "", lone: bool = False) -> tuple[str, ...]:
    file = folder / "track.duckdb"
    with duckdb.connect(str(file)) as db:
        for statement in (TABLES.format(null=null) + (LONE if lone else "")).split(";\n"):
            if statement.strip():
                db.execute(statement)
    with clew.open(str(file)) as workspace:
        answer = workspace.ask(question)
        assert answer.status == "answered", answer.reason
        return answer.warnings


def test_rows_in_no_group_are_said(tmp_path: Path) -> None:
    assert SAID in warnings(tmp_path, "total seconds by team", lone=True)


@pytest.mark.parametrize(
    ("question", "null", "lone"),
    [
        ("total seconds by team", "", False),
        ("total seconds by team", "NOT NULL", False),
        ("total seconds of sand by team", "", True),  # the lone one ran on grass
        ("total seconds by track", "", True),
        ("total seconds", "", True),
    ],
)
def test_nothing_is_said_where_no_row_fell_out(
    tmp_path: Path, question: str, null: str, lone: bool
) -> None:
    assert SAID not in warnings(tmp_path, question, null=null, lone=lone)
