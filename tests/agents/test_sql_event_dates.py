"""Which date dates the rows where a table has several, and does the answer say so?"""

import pytest

import clew

ORDERS = """Order ID,Order Date,Ship Date,Amount
1,2023-12-30,2024-01-02,10
2,2023-11-01,2023-11-03,20
3,2024-02-01,2024-02-03,40
4,2024-03-01,,80
"""
TRIPS = """trip_id,planned_on,driven_on,km
1,2023-12-30,2024-01-02,10
2,2024-02-01,2024-02-03,20
"""


def asked(tmp_path, name: str, text: str, question: str) -> clew.Answer:
    """Ask over one file."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    with clew.open(str(tmp_path / name)) as workspace:
        return workspace.ask(question, now="2024-06-01")


@pytest.mark.parametrize(
    ("question", "number", "by"),
    [
        ("What was the total amount in 2023?", 30, "Order Date"),
        ("total amount shipped in 2023", 20, ""),
        ("total amount in 2024", 120, "Order Date"),
    ],
)
def test_rows_are_dated_by_what_they_are_called_or_by_the_verb(tmp_path, question, number, by):
    answer = asked(tmp_path, "sales.csv", ORDERS, question)
    assert answer.status == "answered", answer.reason
    assert [float(value) for value in answer.table.column(0).to_pylist()] == [number]
    told = [warning for warning in answer.warnings if "are those of" in warning]
    assert not told if not by else f"are those of {by};" in told[0]


def test_of_dates_that_are_called_otherwise_it_is_asked(tmp_path):
    answer = asked(tmp_path, "trips.csv", TRIPS, "total km in 2024")
    assert answer.status == "needs_clarification"
    assert {option.label for option in answer.clarification.options} == {
        "planned_on of trips", "driven_on of trips",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("total amount of the top 2 regions", [[7]]),
        ("amount of the top 2 regions", [["north", 4], ["south", 3]]),
    ],
)
def test_a_total_of_the_first_few_is_one_number(tmp_path, question, rows):
    table = "region,amount\nnorth,4\nsouth,1\nsouth,2\neast,1\n"
    answer = asked(tmp_path, "sales.csv", table, question)
    assert answer.status == "answered", answer.reason
    assert sorted(list(row.values()) for row in answer.table.to_pylist()) == rows
