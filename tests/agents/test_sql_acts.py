"""Are the names of acts read as the rows that hold their value, and the busiest as the most?"""

from pathlib import Path

import duckdb
import pytest

import clew

TABLES = """
create table coaches (coach_id integer primary key, name varchar, rate integer);
insert into coaches values (1, 'Ann', 30), (2, 'Bo', 40), (3, 'Cy', 50);
create table visits (
    visit_id integer primary key, coach_id integer references coaches(coach_id),
    began timestamp, state varchar);
insert into visits values
    (1, 1, '2024-01-01 10:15', 'attended'), (2, 1, '2024-01-08 10:45', 'cancelled'),
    (3, 1, '2024-01-15 11:00', 'no-show'), (4, 2, '2024-02-01 10:00', 'cancelled'),
    (5, 2, '2024-02-02 12:00', 'cancelled'), (6, 2, '2024-02-03 10:30', 'no-show'),
    (7, 2, '2024-02-04 12:30', 'attended');
"""


def asked(folder: Path, question: str) -> clew.Answer:
    """Ask over coaches and visits."""
    path = folder / "gym.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute(TABLES)
    with clew.open(str(path)) as workspace:
        return workspace.ask(question)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("how many cancellations in 2024?", [[3]]),
        ("number of no-shows", [[2]]),
        ("how many no-shows per coach", [["Ann", 1], ["Bo", 1]]),
        ("how many cancelled per coach", [["Ann", 1], ["Bo", 2]]),
        ("cancellation rate in February 2024", [[0.5]]),
        ("no-show rate per coach", [["Ann", 0.333], ["Bo", 0.25]]),
        ("attendance rate", [[0.286]]),
        ("how many cancelled visits per coach", [["Ann", 1], ["Bo", 2]]),
        ("average rate", [[40.0]]),
    ],
)
def test_acts_are_counted_and_shared_out(tmp_path, question, rows):
    answer = asked(tmp_path, question)
    assert answer.status == "answered", answer.reason
    found = [
        [round(v, 3) if isinstance(v, float) else v for v in row.values()]
        for row in answer.table.to_pylist()
    ]
    assert found == rows


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("busiest hour for visits", "10:00 (4) has the most visits."),
        ("which hour has the most visits?", "10:00 (4) has the most visits."),
        ("what is the busiest month for visits", "February 2024 (4) has the most visits."),
        ("quietest month for visits", "January 2024 (3) has the fewest visits."),
    ],
)
def test_the_busiest_time_has_the_most_rows(tmp_path, question, said):
    assert asked(tmp_path, question).text == said


def test_hours_of_a_day_are_told_apart(tmp_path):
    assert "2024-02-01 10:00" in asked(tmp_path, "visits per hour in February 2024").text


@pytest.mark.parametrize("question", ["donation rate", "how many migrations in 2024?"])
def test_an_act_that_the_data_don_t_know_is_named(tmp_path, question):
    answer = asked(tmp_path, question)
    assert answer.status != "answered"
    assert any(word in answer.reason for word in ("donation", "migrations"))
