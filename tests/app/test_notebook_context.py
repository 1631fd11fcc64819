"""A question that comes with cells tells in its plan which of them it would look at, and why."""

from dataclasses import replace

import pytest

from clew.session import Session
from clew_agents.plan.notebook_context import context_of
from clew_core.deadline import Budget, Deadline
from clew_core.errors import UsageError
from clew_core.events import CellView, Request

CELLS = (
    CellView(id="note", kind="python", source="wind = 3"),
    CellView(id="other", kind="python", source="rain = read('rain.csv')"),
    CellView(id="load", kind="python", source="orders = read('orders.csv')"),
    CellView(id="clean", kind="python", source="paid = orders[orders.paid]"),
    CellView(id="sum", kind="python", source="total = paid.amount.sum()"),
)
REQUEST = Request(question="how many orders are there?", cells=CELLS, anchor="sum")


def test_the_plan_event_holds_the_selected_cells_and_why_each(session: Session) -> None:
    events = list(session.stream(REQUEST))
    [plan] = [event for event in events if event.type == "plan"]
    context = plan.data["context"]
    assert [one["id"] for one in context["kept"]] == ["load", "clean", "sum"]
    assert "defines `paid`" in context["kept"][1]["reason"]
    assert all(one["reason"] for one in context["kept"])
    assert set(context["dropped"]) == {"note", "other"}
    assert context["complete"] and context["tokens"] > 0


def test_no_cell_means_no_context(session: Session) -> None:
    assert context_of(replace(REQUEST, cells=(), anchor=None)) is None
    events = list(session.stream("how many orders are there?"))
    assert all("context" not in event.data for event in events)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (replace(REQUEST, cells=(*CELLS, CELLS[0])), "Two cells have the id 'note'."),
        (replace(REQUEST, anchor="gone"), "'gone'"),
    ],
)
def test_cells_that_can_not_be_told_apart_are_wrong_use(
    session: Session, request_: Request, said: str
) -> None:
    with pytest.raises(UsageError) as problem:
        session.ask(request_)
    assert said in str(problem.value) and "\n" not in str(problem.value)


def test_a_plan_of_several_steps_tells_its_cells_too(session: Session) -> None:
    several = replace(REQUEST, question="number of orders by month, then chart it, then by year")
    plans = [event for event in session.stream(several) if event.type == "plan"]
    assert plans and all("kept" in event.data["context"] for event in plans)


@pytest.mark.parametrize(
    "question",
    ["number of orders by customer as a bar chart", "number of orders by customer, then chart it"],
)
def test_rows_that_were_cut_off_are_not_drawn(session: Session, question: str) -> None:
    whole = session.ask(question)
    assert whole.chart is not None and not whole.truncated
    part = session.ask(question, deadline=Deadline(Budget(rows=2)))
    assert part.truncated and part.chart is None
    assert any("cut off" in warning for warning in part.warnings)
