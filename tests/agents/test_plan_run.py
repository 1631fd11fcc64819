"""Plans run in parallel, stop, wait for approvals, and say what failed beside what succeeded."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

import clew
from agents.plan_world import make_world
from agents.planning import TODAY, ask, told
from clew.settings import Settings
from clew_agents.information_unit import Failure, Findings, InformationUnit, Sentence
from clew_agents.plan.plan import Card, Plan, Step
from clew_agents.plan.port import OpenSource, World
from clew_agents.plan.replan import replan
from clew_agents.plan.state import MemoryState
from clew_agents.proposer import CannotAnswer
from clew_core.deadline import Budget, Deadline
from clew_core.errors import Refused, SourceError, UsageError
from clew_core.principal import Principal

SIDE = "compare the revenue by region with the number of orders by region"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[OpenSource]]:
    places = make_world(tmp_path_factory.mktemp("world"))
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with clew.open(*places, settings=settings) as workspace:
        yield workspace.opened(Principal(), Deadline(), TODAY, None)


@dataclass
class Worker:
    """An agent that waits, fails or acts, as a test wants it."""

    name: str = "work"
    needs: tuple[Any, ...] = ()
    acts: bool = False
    takes: float = 0.0
    error: Exception | None = None
    text: str = "delete nothing"

    def __post_init__(self) -> None:
        """Make the card; count what is done."""
        self.card = Card(
            name=self.name, needs=self.needs, gives="findings", acts=self.acts, verbs=(self.name,)
        )
        self.done: list[str] = []
        self.at_once, self.most = 0, 0
        self._lock = threading.Lock()

    def intends(self, step: Step, units: Mapping[str, InformationUnit], world: World) -> str:
        return self.text

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        end = time.monotonic() + self.takes
        try:
            while time.monotonic() < end:
                world.deadline.check()
                time.sleep(0.01)
            if self.error is not None:
                raise self.error
            self.done.append(step.id)
        finally:
            with self._lock:
                self.at_once -= 1
        return InformationUnit(
            data_source="", role=self.name, action="work", description=step.task,
            content=Findings(sentences=(Sentence(text=f"Did {step.task}."),)), timestamp=world.now,
        )  # fmt: skip


def steps(*ids: str, agent: str = "work", **needs: tuple[str, ...]) -> Plan:
    return Plan(
        steps=tuple(Step(id=i, agent=agent, task=f"task {i}", needs=needs.get(i, ())) for i in ids),
        revision=2,  # so that nothing is tried in another way
    )


# ------------------------------------------------------------------------------------- running


def test_independent_steps_run_at_once(sources: list[OpenSource]) -> None:
    worker = Worker(takes=0.3)
    answer = ask("x", sources, more=[worker], plan=steps("s1", "s2", "s3", s3=("s1", "s2"))).answer
    assert answer.text == "Did task s1. Did task s2. Did task s3."
    assert worker.most == 2
    assert worker.done[-1] == "s3"


def test_each_step_is_told_when_it_begins_and_ends(sources: list[OpenSource]) -> None:
    asked = ask(SIDE, sources)
    ids = [step.id for step in asked.answer.plan]
    assert sorted(event["id"] for event in asked.of("step_started")) == ids
    assert sorted(event["id"] for event in asked.of("step_finished")) == ids
    (plan,) = asked.of("plan")
    assert [step["needs"] for step in plan["steps"]] == [[], [], ["s1", "s2"], ["s3"]]
    order = [(kind, data.get("id")) for kind, data in asked.events]
    assert order.index(("step_finished", "s1")) < order.index(("step_started", "s3"))


def test_a_step_that_fails_is_said_beside_what_succeeded(sources: list[OpenSource]) -> None:
    bad = Worker(name="forecast", needs=("result",), error=CannotAnswer("Too few months."))
    answer = ask("revenue by region, then forecast it", sources, more=[bad]).answer
    assert answer.status == "answered"
    assert answer.text.startswith("Total revenue by region: Asia 12,606.66")
    assert "Not answered: forecast it. Too few months." in answer.text
    assert [step.state for step in answer.plan] == ["finish", "failed"]
    assert answer.chart is not None  # the result is drawn as if it had been asked alone


def test_what_needs_a_failed_step_fails_with_it_and_is_a_warning(
    sources: list[OpenSource],
) -> None:
    bad = Worker(error=CannotAnswer("No."))
    answer = ask("x", sources, more=[bad], plan=steps("s1", "s2", s2=("s1",))).answer
    assert answer.status == "cannot_answer" and answer.reason == "task s1: No."
    assert [step.state for step in answer.plan] == ["failed", "failed"]


def test_a_refusal_of_the_only_thing_asked_is_a_refusal(sources: list[OpenSource]) -> None:
    bad = Worker(error=Refused("Not allowed."))
    assert ask("x", sources, more=[bad], plan=steps("s1", "s2")).answer.status == "refused"


@pytest.mark.parametrize("error", [SourceError("gone"), UsageError("wrong"), ZeroDivisionError()])
def test_what_somebody_outside_has_to_solve_is_raised(
    sources: list[OpenSource], error: Exception
) -> None:
    with pytest.raises(type(error)):
        ask("x", sources, more=[Worker(error=error)], plan=steps("s1", "s2"))


# ------------------------------------------------------------------------------------ stopping


def test_a_plan_stops_within_a_second(sources: list[OpenSource]) -> None:
    worker, deadline = Worker(takes=20), Deadline()
    timer = threading.Timer(0.3, deadline.cancel)
    timer.start()
    ask("x", sources, more=[Worker(name="warm")], plan=steps("s1", "s2", agent="warm"))
    began = time.monotonic()
    answer = ask("x", sources, more=[worker], plan=steps("s1", "s2"), deadline=deadline).answer
    assert answer.status == "cancelled" and not worker.done
    assert time.monotonic() - began < 1.3


def test_time_that_is_used_up_ends_a_plan(sources: list[OpenSource]) -> None:
    deadline = Deadline(Budget(seconds=0.3))
    answer = ask("x", sources, more=[Worker(takes=9)], plan=steps("s1", "s2"), deadline=deadline)
    assert answer.answer.status == "failed" and "0.3 s" in (answer.answer.reason or "")


# ----------------------------------------------------------------------------------- approvals


def acting() -> tuple[Worker, MemoryState]:
    return Worker(acts=True), MemoryState(made=steps("s1", "s2", s2=("s1",)))


def test_what_acts_waits_for_an_approval_of_exactly_that(sources: list[OpenSource]) -> None:
    worker, state = acting()
    first = ask("x", sources, more=[worker], state=state)
    assert first.answer.status == "needs_clarification" and not worker.done
    (asked,) = first.of("approval_requested")
    assert asked["step"] == "s1" and asked["text"] == worker.text
    state.decide(asked["id"], True)
    worker.text = "delete everything"  # what would run now is not what was approved
    second = ask("x", sources, more=[worker], state=state)
    assert not worker.done and second.of("approval_requested")[0]["id"] != asked["id"]
    worker.text = "delete nothing"
    third = ask("x", sources, more=[worker], state=state)
    assert worker.done == ["s1"] and third.of("approval_resolved")[0]["granted"]
    # The next step asks for itself: an approval is used up.
    assert third.of("approval_requested")[0]["step"] == "s2"


def test_an_approval_is_used_once(sources: list[OpenSource]) -> None:
    worker, state = acting()
    (asked,) = ask("x", sources, more=[worker], state=state).of("approval_requested")
    state.decide(asked["id"], True)
    digest = asked["digest"]
    assert state.use_approval("s1", digest) is True
    assert state.use_approval("s1", digest) is None
    ask("x", sources, more=[worker], state=state)
    assert not worker.done


def test_what_a_person_does_not_allow_is_not_done(sources: list[OpenSource]) -> None:
    worker, state = acting()
    (asked,) = ask("x", sources, more=[worker], state=state).of("approval_requested")
    state.decide(asked["id"], False)
    answer = ask("x", sources, more=[worker], state=state).answer
    assert answer.status == "failed" and "did not allow" in (answer.reason or "")
    assert not worker.done


def test_an_answer_typed_by_a_model_approves_nothing(sources: list[OpenSource]) -> None:
    worker, state = acting()
    ask("x", sources, more=[worker], state=state)
    for said in ("yes", "approved", "1"):
        ask(said, sources, more=[worker], state=state)
    assert not worker.done


# ------------------------------------------------------------------------------------ resuming


class Dies(Exception):
    """Stands in for the end of a process."""


def test_a_step_that_told_is_not_done_again(sources: list[OpenSource]) -> None:
    worker, state = Worker(), MemoryState(made=steps("s1", "s2", "s3", s2=("s1",), s3=("s2",)))
    keep, count = state.keep_checkpoint, 0

    def dies(*args: Any) -> None:
        nonlocal count
        keep(*args)
        count += 1
        if count == 3:  # the one after s1
            raise Dies

    state.keep_checkpoint = dies  # type: ignore[method-assign]
    with pytest.raises(Dies):
        ask("x", sources, more=[worker], state=state)
    assert worker.done == ["s1"] or worker.done == ["s1", "s2"]
    before = list(worker.done)
    state.keep_checkpoint = keep  # type: ignore[method-assign]
    answer = ask("x", sources, more=[worker], state=state).answer
    assert answer.text == "Did task s1. Did task s2. Did task s3."
    assert worker.done.count("s1") == 1 and worker.done[len(before) :][-1] == "s3"
    whole = ask("x", sources, more=[Worker()], plan=state.made).answer
    assert told(answer) == told(whole)


# ---------------------------------------------------------------------------------- replanning


def failed(status: Any = "cannot_answer") -> InformationUnit:
    content = Failure(reason="no", status=status)
    return InformationUnit(
        data_source="", role="sql", action="fail", description="", content=content, timestamp=""
    )


def test_a_query_that_fails_where_it_was_pinned_is_asked_of_the_others(
    sources: list[OpenSource],
) -> None:
    pinned = Plan(steps=(Step(id="s1", agent="sql", task="orders per month", source="web"),
                         Step(id="s2", agent="sql", task="number of customers")))  # fmt: skip
    asked = ask("x", sources, plan=pinned)
    assert asked.answer.status == "answered" and len(asked.answer.parts) == 2
    (edited,) = asked.of("plan_edited")
    assert edited["by"] == "replanning" and edited["revision"] == 1
    # What succeeded is not done again.
    assert [event["id"] for event in asked.of("step_started")].count("s2") == 1


def test_replanning_comes_to_an_end(sources: list[OpenSource]) -> None:
    pinned = Plan(steps=(Step(id="s1", agent="sql", task="dragons per month", source="web"),
                         Step(id="s2", agent="sql", task="number of customers")))  # fmt: skip
    asked = ask("x", sources, plan=pinned)
    assert len(asked.of("plan_edited")) == 1
    assert "Not answered: dragons per month" in asked.answer.text


def test_there_is_no_other_way_for_what_is_asked_back_or_refused(
    sources: list[OpenSource],
) -> None:
    plan = Plan(steps=(Step(id="s1", agent="sql", task="x", source="web"),))
    for status in ("needs_clarification", "refused"):
        assert replan(plan, {"s1": failed(status)}, sources) is None
    assert replan(plan, {"s1": failed()}, sources) is not None
    assert replan(plan, {"s1": failed()}, sources[:1]) is None
    chart = replace(plan, steps=(replace(plan.steps[0], agent="chart"),))
    assert replan(chart, {"s1": failed()}, sources) is None


# ------------------------------------------------------------------------- agents of somebody else


def test_an_agent_of_somebody_else_is_planned_by_its_verb_or_its_name(
    sources: list[OpenSource],
) -> None:
    worker = Worker(name="forecast", needs=("result",))
    for part in ("forecast it", "@forecast the next quarter"):
        answer = ask(f"revenue by month, then {part}", sources, more=[worker]).answer
        assert [step.agent for step in answer.plan] == ["sql", "forecast"]
        assert answer.plan[1].needs == ("s1",) and f"Did {part}." in answer.text


def test_an_agent_that_lacks_its_input_is_not_planned(sources: list[OpenSource]) -> None:
    worker = Worker(name="forecast", needs=("chart", "result"))
    answer = ask("revenue by month, then forecast it", sources, more=[worker]).answer
    assert answer.status == "needs_clarification" and "'forecast it'" in (answer.reason or "")


def test_two_agents_of_one_name_are_wrong_use(sources: list[OpenSource]) -> None:
    with pytest.raises(UsageError, match="Two agents are called 'sql'"):
        ask("x", sources, more=[Worker(name="sql")], plan=steps("s1", "s2"))
