"""How does a plan of several steps run? On LangGraph: in parallel, checkpointed, resumable.

One node per step; a node starts when all that it needs have told. What a step finds is written
before the next ones start, so a killed run goes on where it was, and a step that was killed starts
again. A step that fails is information too: those that need it fail with its reason, others go on.
LangGraph is imported here and in ``saver.py`` only: it costs two seconds of CPU.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, cast

from clew_agents.buffer import Buffer
from clew_agents.information_unit import Failure, InformationUnit
from clew_agents.plan.codec import decode, encode
from clew_agents.plan.plan import Plan, Step
from clew_agents.plan.port import ActingAgent, Agent, World
from clew_agents.plan.saver import saver_for
from clew_agents.plan.state import RunState, Tell
from clew_agents.proposer import AsksBack, CannotAnswer
from clew_core.answer import Status
from clew_core.deadline import Deadline
from clew_core.errors import (
    ApprovalNeeded,
    BackendUnavailable,
    ClewError,
    Refused,
    RunEnded,
    SourceError,
    UsageError,
)

_STOP_S = 0.05
AT_ONCE = 4


def _both(old: dict[str, bytes], new: dict[str, bytes]) -> dict[str, bytes]:
    return {**old, **new}


class _Units(TypedDict):
    """What LangGraph carries: step → its encoded unit."""

    units: Annotated[dict[str, bytes], _both]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of running a plan.

    Attributes:
        units: step → its unit; a failed step has a ``Failure``.
        seconds: step → how long it took here; a step that an earlier process did is not in it.
        waits: steps that wait for an approval.
    """

    units: dict[str, InformationUnit]
    seconds: dict[str, float]
    waits: tuple[str, ...] = ()


def run_plan(
    plan: Plan,
    agents: Mapping[str, Agent],
    world: World,
    state: RunState,
    tell: Tell,
    known: Mapping[str, InformationUnit] | None = None,
) -> Ran:
    """Run a plan, or go on with it where its checkpoint says.

    Args:
        plan: checked.
        agents: by name.
        world: what every step may use.
        state: the memory of the run.
        tell: is called with event type and data while the work goes on.
        known: units of an earlier revision of the plan that hold still.

    Raises:
        Cancelled, BudgetEnded: the run ended.
        SourceError, UsageError, BackendUnavailable: somebody outside of the run has to act.
    """
    _import_langgraph(world.deadline)
    from langgraph.graph import END, START, StateGraph

    seconds: dict[str, float] = {}
    builder = StateGraph(_Units)
    nodes = _Nodes(plan, agents, world, state, tell, seconds)
    needed = {teller for teller, _ in plan.edges()}
    for step in plan.steps:
        builder.add_node(step.id, cast(Any, nodes.of(step)))
        if step.needs:
            builder.add_edge(list(step.needs), step.id)
        else:
            builder.add_edge(START, step.id)
        if step.id not in needed:
            builder.add_edge(step.id, END)
    graph = builder.compile(checkpointer=saver_for(state))
    name = f"plan-{plan.revision}"
    config: Any = {"configurable": {"thread_id": name}, "max_concurrency": AT_ONCE}
    begins: Any = {"units": {step: encode(unit) for step, unit in (known or {}).items()}}
    if state.checkpoint(name) is not None:
        begins = None
    found = graph.invoke(begins, config, durability="sync")
    world.deadline.check()
    encoded = dict((found or {}).get("units", {}))
    buffer = Buffer(plan, {step: decode(data) for step, data in encoded.items()})
    return Ran(units=buffer.units(), seconds=seconds, waits=tuple(sorted(nodes.waits)))


class _Nodes:
    """Makes the function that LangGraph calls for a step."""

    def __init__(
        self,
        plan: Plan,
        agents: Mapping[str, Agent],
        world: World,
        state: RunState,
        tell: Tell,
        seconds: dict[str, float],
    ) -> None:
        self.plan, self.agents, self.world = plan, agents, world
        self.state, self.tell, self.seconds = state, tell, seconds
        self.waits: set[str] = set()

    def of(self, step: Step) -> Callable[[_Units], dict[str, dict[str, bytes]]]:
        """Make the node of a step."""

        def node(carried: _Units) -> dict[str, dict[str, bytes]]:
            encoded = carried["units"]
            if step.id in encoded:
                return {"units": {}}
            seen = {need: decode(encoded[need]) for need in step.needs if need in encoded}
            unit = self._ran(step, Buffer(self.plan, seen).for_step(step.id))
            return {"units": {step.id: encode(unit)}}

        return node

    def _ran(self, step: Step, units: Mapping[str, InformationUnit]) -> InformationUnit:
        self.world.deadline.check()
        began = time.monotonic()
        self.tell("step_started", {"id": step.id, "agent": step.agent})
        failed = [id_ for id_, unit in units.items() if isinstance(unit.content, Failure)]
        if failed:
            content = Failure(
                reason=f"It needs what {' and '.join(failed)} did not find.", because=tuple(failed)
            )
            unit = _unit(step, content, self.world)
        else:
            unit = self._worked(step, units)
        took = round(time.monotonic() - began, 3)
        self.seconds[step.id] = took
        over = "failed" if isinstance(unit.content, Failure) else "finish"
        told: dict[str, object] = {"id": step.id, "state": over, "seconds": took}
        if isinstance(unit.content, Failure):
            told["reason"] = unit.content.reason
        self.tell("step_finished", told)
        return unit

    def _worked(self, step: Step, units: Mapping[str, InformationUnit]) -> InformationUnit:
        agent = self.agents[step.agent]
        try:
            if agent.card.acts:
                self._see_approval(cast(ActingAgent, agent), step, units)
            return agent.run(step, units, self.world)
        except (RunEnded, SourceError, UsageError, BackendUnavailable):
            raise  # nobody inside of this run can go on
        except ClewError as problem:
            return _unit(step, failure_of(problem), self.world)

    def _see_approval(
        self, agent: ActingAgent, step: Step, units: Mapping[str, InformationUnit]
    ) -> None:
        """Go on only with an approval of exactly what will run; else wait for one.

        Raises:
            ApprovalNeeded: a person said no.
        """
        from langgraph.types import interrupt

        text = agent.intends(step, units, self.world)
        digest = hashlib.sha256(text.encode()).hexdigest()
        decision = self.state.use_approval(step.id, digest)
        if decision is None:
            id_ = self.state.request_approval(step.id, digest)
            asked = {"id": id_, "step": step.id, "agent": step.agent, "digest": digest}
            self.waits.add(step.id)
            self.tell("approval_requested", {**asked, "text": text})
            interrupt(asked)
            # LangGraph calls again from the top; a resumed call that finds no decision waits on.
            raise ApprovalNeeded(f"Step {step.id!r} still waits for an approval.")
        self.tell("approval_resolved", {"step": step.id, "digest": digest, "granted": decision})
        if not decision:
            raise ApprovalNeeded(f"A person did not allow step {step.id!r}.")


def failure_of(problem: ClewError) -> Failure:
    """Say why a step failed, as information for others."""
    status: Status = "failed"
    if isinstance(problem, AsksBack):
        return Failure(
            reason=str(problem), status="needs_clarification", clarification=problem.clarification
        )
    if isinstance(problem, CannotAnswer):
        status = "cannot_answer"
    elif isinstance(problem, Refused):
        status = "refused"
    return Failure(reason=str(problem), status=status)


def _unit(step: Step, content: Failure, world: World) -> InformationUnit:
    return InformationUnit(
        data_source="",
        role=step.agent,
        action="fail",
        description=step.task,
        content=content,
        timestamp=world.now,
    )


def _import_langgraph(deadline: Deadline) -> None:
    """Import what takes seconds beside the thread that listens to the stop button."""
    done = threading.Event()
    problems: list[BaseException] = []

    def work() -> None:
        try:
            import langgraph.graph
            import langgraph.types  # noqa: F401 - so that no step pays for it
        except BaseException as error:
            problems.append(error)
        finally:
            done.set()

    import sys

    if "langgraph.graph" in sys.modules and "langgraph.types" in sys.modules:
        return
    threading.Thread(target=work, name="clew-import", daemon=True).start()
    while not done.wait(_STOP_S):
        deadline.check()
    if problems:
        raise problems[0]
