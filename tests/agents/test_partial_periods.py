"""Tests of periods that are not whole: said where the data begin or end in them, else not."""

import datetime as dt

import pytest

import clew

ORDERS = {
    "from July to June": ("2022-07-01", "2024-06-30"),
    "whole years": ("2022-01-01", "2023-12-31"),
}


def opened(tmp_path, span: str) -> clew.Workspace:
    """Make a file of one order a day."""
    day, last = map(dt.date.fromisoformat, ORDERS[span])
    lines = ["order_id,ordered_on,amount"]
    while day <= last:
        lines.append(f"{len(lines)},{day},{day.day}")
        day += dt.timedelta(days=1)
    (tmp_path / "orders.csv").write_text("\n".join(lines))
    return clew.open(str(tmp_path / "orders.csv"))


@pytest.mark.parametrize(
    ("span", "question", "said"),
    [
        ("from July to June", "total amount by year", "2022 and 2024 are not whole"),
        ("from July to June", "total amount by quarter", ""),
        ("from July to June", "orders per month", ""),
        ("from July to June", "orders by year since 2023", "2024 is not whole"),
        ("from July to June", "orders per week in 2023", "the week of 2022-12-26 is not whole"),
        ("from July to June", "how many orders in 2024?", ""),
        ("whole years", "total amount by year", ""),
        ("whole years", "orders per month", ""),
    ],
)
def test_a_period_that_is_not_whole_is_said(tmp_path, span, question, said):
    with opened(tmp_path, span) as workspace:
        answer = workspace.ask(question, now="2024-07-01")
    assert answer.status == "answered", answer.reason
    told = [warning for warning in answer.warnings if "not whole" in warning]
    assert bool(told) == bool(said), told
    assert all(said in warning for warning in told)
