"""A plan that can't run is refused in words before anything runs."""

from dataclasses import replace

import pytest

from clew_agents.plan.plan import MOST_STEPS, Card, Plan, Step, advance, views
from clew_core.answer import PlanStep
from clew_core.errors import UsageError
from clew_core.json_form import from_json, to_json

CARDS = {
    "sql": Card(name="sql", gives="result"),
    "chart": Card(name="chart", needs=("result",), gives="chart"),
    "combine": Card(name="combine", needs=("result", "result"), gives="result"),
}
Q1 = Step(id="s1", agent="sql", task="orders by month")
Q2 = Step(id="s2", agent="sql", task="visits by month")
BOTH = Step(id="s3", agent="combine", task="both", needs=("s1", "s2"))
DRAWN = Step(id="s4", agent="chart", task="draw", needs=("s3",))


def plan(*steps: Step) -> Plan:
    return Plan(steps=steps)


def test_a_plan_whose_inputs_fit_can_run() -> None:
    plan(Q1, Q2, BOTH, DRAWN).check(CARDS)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((), "no steps"),
        ((Q1, replace(Q2, id="s1")), "Two steps are called 's1'"),
        ((Q1, BOTH), "'s3' needs 's2', which the plan lacks"),
        ((Q1, BOTH, Q2), "'s2', which does not come before"),
        ((replace(Q1, needs=("s1",)),), "'s1', which does not come before"),
        ((replace(Q1, needs=("s2",)), replace(Q2, needs=("s1",))), "does not come before"),
        ((replace(Q1, agent="oracle"),), "'oracle', which does not exist.*chart, combine, sql"),
        ((Q1, replace(BOTH, needs=("s1",))), r"needs 2 × result, and 1 reach"),
        ((Q1, replace(DRAWN, needs=())), r"needs 1 × result, and 0 reach"),
        ((Q1, replace(DRAWN, id="s2", needs=("s1",)), replace(DRAWN, needs=("s2",))), "0 reach"),
        ((Q1, replace(Q2, follows="s1")), "changes the result of 's1', which does not reach"),
        ((Q1, replace(Q2, narrows="s1")), "narrows by the result of 's1'"),
        (
            (Q1, replace(DRAWN, id="s2", needs=("s1",)), replace(Q2, id="s3", needs=("s2",),
             follows="s2")),
            "changes the result of 's2'",
        ),
        (tuple(replace(Q1, id=f"s{n}") for n in range(MOST_STEPS + 1)), "at most 12"),
    ],
)  # fmt: skip
def test_a_plan_that_can_not_run_says_why(steps: tuple[Step, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan(*steps).check(CARDS)


def test_states_go_one_way() -> None:
    step = PlanStep(id="s1", agent="sql", task="x")
    done = advance(advance(step, "execution"), "finish")
    assert done.state == "finish"
    # A step that a killed process left in execution is executed again.
    assert advance(advance(step, "execution"), "execution").state == "execution"
    for state in ("wait", "execution", "failed"):
        with pytest.raises(UsageError, match="can't go from 'finish'"):
            advance(done, state)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="can't go from 'wait' to 'finish'"):
        advance(step, "finish")


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    whole = plan(Q1, Q2, BOTH, replace(DRAWN, mark="line")).edited((Q1, Q2, BOTH))
    assert from_json(Plan, to_json(whole)) == whole and whole.revision == 1


def test_edges_are_who_tells_whom() -> None:
    whole = plan(Q1, Q2, BOTH, DRAWN)
    assert list(whole.edges()) == [("s1", "s3"), ("s2", "s3"), ("s3", "s4")]
    assert list(whole.without_edge("s2", "s3").edges()) == [("s1", "s3"), ("s3", "s4")]
    assert [view.needs for view in views(whole)] == [(), (), ("s1", "s2"), ("s3",)]
