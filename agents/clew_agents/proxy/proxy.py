"""How a question is answered from end to end: plan, steps, verification, text, cells.

A plan of one step runs here, directly. Plans of several steps run on LangGraph
(``plan/graph.py``, imported only then), are changed within bounds when a step fails, and their
units are composed by ``compose_plan.py``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from clew_agents.chart import Choice, choose
from clew_agents.information_unit import Failure, InformationUnit
from clew_agents.plan.agents import agents_by_name
from clew_agents.plan.pinned import Pinned
from clew_agents.plan.plan import Plan, Step, advance, views
from clew_agents.plan.planner import plan_question
from clew_agents.plan.port import Agent, OpenSource, World
from clew_agents.plan.replan import MOST_REPLANS, replan
from clew_agents.plan.sql_step import verify
from clew_agents.plan.state import MemoryState, RunState, Tell
from clew_agents.proposer import AsksBack, CannotAnswer, Proposer
from clew_agents.proxy.compose import compose
from clew_agents.proxy.compose_free import compose_free
from clew_agents.proxy.compose_plan import Made, compose_plan, variable
from clew_agents.proxy.prose import Prose
from clew_agents.sql.agent import Verified
from clew_agents.sql.builtin import BuiltinProposer, SqlContext
from clew_agents.sql.cite import cite
from clew_agents.sql.model.choose import Asked, has_readings
from clew_core.answer import Answer, Clarification, Option, PlanStep, Status, StepState
from clew_core.cells import Cell, Provenance, sha256
from clew_core.chart_spec import ChartSpec
from clew_core.deadline import Deadline
from clew_core.errors import (
    BackendUnavailable,
    Cancelled,
    ClewError,
    Refused,
    RunEnded,
    SourceError,
    UsageError,
)
from clew_core.events import Mode
from clew_core.json_form import to_json
from clew_core.principal import Principal
from clew_core.usage import Seconds
from clew_knowledge.known import Known
from clew_tools.charts.source import python_source
from clew_tools.database.source import Source

__all__ = ["OpenSource", "Proxy", "Tell"]


@dataclass(kw_only=True)
class Proxy:
    """Answers the questions of one session.

    Attributes:
        principal: who asks.
        proposer: makes the candidates.
        tell: is called with event type and data while the work goes on; from several threads.
        now: ISO 8601 with offset; stands in provenance.
        run: id of the run.
        state: the memory of the run, so that a plan of several steps can be taken up again.
        agents: beside the built-in ones and those of installed packages.
        context: what stands in the plan event about cells that were selected, as JSON.
        asked: a model that may be asked as well; None where there is none.
    """

    principal: Principal
    tell: Tell
    now: str
    run: str
    proposer: Proposer[SqlContext] = BuiltinProposer()
    state: RunState = field(default_factory=MemoryState)
    agents: Sequence[Agent] = ()
    context: Mapping[str, object] | None = None
    asked: Asked | None = None

    def answer(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None = None,
        mode: Mode = "ask",
    ) -> Answer:
        """Answer a question; what goes wrong becomes a status and a reason.

        Args:
            question: rewritten so that it stands alone, or a follow-up of ``context.previous``.
            sources: at least one.
            deadline: of the run.
            chosen: the option of an earlier clarification that this answers.
            mode: with ``plan`` nothing runs before somebody has seen the plan.
        """
        started = time.monotonic()
        answer = self._answer(question, sources, deadline, chosen, mode)
        if self.asked is None:
            return answer
        total = round(time.monotonic() - started, 4)
        used = self.asked.usage
        if used.calls:
            self.tell("usage", {**to_json(used), "model": self.asked.used, "cost": self.asked.cost})
        return replace(
            answer,
            model=self.asked.used or None,
            usage=used,
            seconds=replace(answer.seconds, total=total, model=round(self.asked.seconds, 4)),
            warnings=(*answer.warnings, *self.asked.warnings),
        )

    def _answer(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None,
        mode: Mode,
    ) -> Answer:
        if chosen is not None and chosen.pins:
            self.proposer, chosen = Pinned(self.proposer, chosen.pins), None
        try:
            plan = self._planned(question, sources, deadline, chosen)
        except (AsksBack, Refused, Cancelled) as problem:
            if found := self._by_model(question, problem, sources, deadline, mode):
                return self._one_step(question, sources, deadline, None, found)
            return self._unplanned(question, problem)
        if plan is None:
            return self._one_step(question, sources, deadline, chosen)
        if mode == "plan" and plan.revision == 0:
            self.state.keep_plan(plan)
            self._tell_plan("plan", plan)
            return Answer(
                status="needs_clarification",
                question=question,
                reason="This is the plan; nothing has run yet.",
                clarification=Clarification(question="Run this plan?"),
                plan=views(plan),
            )
        if len(plan.steps) == 1 and plan.steps[0].agent == "sql":
            step = plan.steps[0]
            pinned = [s for s in sources if step.source in (None, s.source.name)]
            answer = self._one_step(step.asks or step.task, pinned, deadline, None)
            return replace(answer, question=question)
        if len(plan.steps) == 1:
            return self._one_agent(question, plan, sources, deadline)
        return self._several(question, plan, sources, deadline)

    def _by_model(
        self,
        question: str,
        problem: ClewError,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        mode: Mode,
    ) -> tuple[Verified, Source] | None:
        """Let the model read as one question what no plan was found for."""
        if self.asked is None or mode == "plan" or not isinstance(problem, AsksBack):
            return None
        if has_readings(problem):
            return None  # a person has to choose
        try:
            return self.asked.alone(question, sources, self.principal, deadline)
        except RunEnded:
            return None

    def _planned(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None,
    ) -> Plan | None:
        """Take the plan that a dead run left, or make one."""
        if (kept := self.state.plan()) is not None:
            return kept
        if chosen is not None and chosen.spec is not None:
            return None
        known = agents_by_name(self.agents)
        cards = {name: agent.card for name, agent in known.items()}
        plan = plan_question(question, sources, self.proposer, cards, deadline)
        if plan is not None:
            plan.check(cards)
        return plan

    def _unplanned(self, question: str, problem: ClewError) -> Answer:
        """End a run whose plan could not be made, as a step that failed."""
        step = PlanStep(id="s1", agent="proxy", task=question)
        self._tell_plan("plan", Plan(steps=(Step(id=step.id, agent=step.agent, task=question),)))
        self.tell("step_started", {"id": step.id, "agent": step.agent})
        answer = self._unanswered(question, problem)
        self.tell("step_finished", {"id": step.id, "state": "failed", "seconds": 0.0})
        failed = replace(advance(advance(step, "execution"), "failed"), seconds=0.0)
        return replace(answer, plan=(failed,))

    # --- several steps -------------------------------------------------------------------------

    def _several(
        self, question: str, plan: Plan, sources: Sequence[OpenSource], deadline: Deadline
    ) -> Answer:
        from clew_agents.plan.graph import run_plan

        started = time.monotonic()
        agents = agents_by_name(self.agents)
        world = World(
            principal=self.principal,
            sources=sources,
            proposer=self.proposer,
            deadline=deadline,
            now=self.now,
        )
        self.state.keep_plan(plan)
        self._tell_plan("plan", plan)
        known: dict[str, InformationUnit] = {}
        seconds: dict[str, float] = {}
        try:
            while True:
                ran = run_plan(plan, agents, world, self.state, self.tell, known)
                seconds |= ran.seconds
                if ran.waits:
                    return self._waiting(question, plan, ran.units, ran.waits)
                changed = replan(plan, ran.units, sources)
                if changed is None or plan.revision >= MOST_REPLANS:
                    break
                plan = changed
                known = {
                    id_: unit
                    for id_, unit in ran.units.items()
                    if plan.has(id_) and not isinstance(unit.content, Failure)
                }
                self.state.keep_plan(plan)
                self._tell_plan("plan_edited", plan, by="replanning")
            answer = compose_plan(
                plan, ran.units, Made(run=self.run, question=question, at=self.now)
            )
            units: Mapping[str, InformationUnit] = ran.units
        except (SourceError, UsageError, BackendUnavailable):
            raise  # somebody outside of this run has to act: no answer stands for that
        except ClewError as error:
            answer, units = self._unanswered(question, error), {}
        total = time.monotonic() - started
        steps = tuple(_over(view, units.get(view.id), seconds.get(view.id)) for view in views(plan))
        answer = replace(answer, plan=steps)
        if answer.clarification is not None:
            self.tell("clarification", {"question": answer.clarification.question})
        return replace(answer, seconds=replace(answer.seconds, total=round(total, 4)))

    def _waiting(
        self,
        question: str,
        plan: Plan,
        units: Mapping[str, InformationUnit],
        waits: Sequence[str],
    ) -> Answer:
        tasks = " and ".join(repr(plan.step(id_).task) for id_ in waits)
        return Answer(
            status="needs_clarification",
            question=question,
            reason=f"Waiting for an approval of {tasks}.",
            clarification=Clarification(question=f"Approve {tasks}?"),
            plan=tuple(
                _over(view, units.get(view.id), None) if view.id in units else view
                for view in views(plan)
            ),
        )

    def _tell_plan(self, type_: str, plan: Plan, by: str | None = None) -> None:
        data: dict[str, object] = {"steps": [_step_json(step) for step in views(plan)]}
        if plan.notes:
            data["notes"] = list(plan.notes)
        if by is not None:
            data |= {"by": by, "revision": plan.revision}
        if self.context is not None:
            data["context"] = dict(self.context)
        self.tell(type_, data)

    def _one_agent(
        self, question: str, plan: Plan, sources: Sequence[OpenSource], deadline: Deadline
    ) -> Answer:
        """Run a plan of one step by another agent than sql, without LangGraph."""
        started = time.monotonic()
        (step,) = plan.steps
        self._tell_plan("plan", plan)
        self.tell("step_started", {"id": step.id, "agent": step.agent})
        world = World(
            principal=self.principal, sources=sources, proposer=self.proposer, deadline=deadline,
            now=self.now,
        )  # fmt: skip
        units: dict[str, InformationUnit] = {}
        try:
            units[step.id] = agents_by_name(self.agents)[step.agent].run(step, {}, world)
            answer = compose_plan(plan, units, Made(run=self.run, question=question, at=self.now))
        except (SourceError, UsageError, BackendUnavailable):
            raise
        except ClewError as error:
            answer = self._unanswered(question, error)
        seconds = round(time.monotonic() - started, 3)
        (view,) = views(plan)
        over = _over(view, units.get(step.id), seconds)
        self.tell("step_finished", {"id": step.id, "state": over.state, "seconds": seconds})
        total = replace(answer.seconds, total=seconds)
        return replace(answer, plan=(over,), seconds=total)

    # --- one step ------------------------------------------------------------------------------

    def _one_step(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None,
        found: tuple[Verified, Source] | None = None,
    ) -> Answer:
        started = time.monotonic()
        step = PlanStep(id="s1", agent="sql", task=question)
        self._tell_plan("plan", Plan(steps=(Step(id=step.id, agent=step.agent, task=step.task),)))
        self.tell("step_started", {"id": step.id, "agent": step.agent})
        step = advance(step, "execution")
        try:
            answer = self._answered(question, sources, deadline, chosen, found)
        except (SourceError, UsageError, BackendUnavailable):
            raise  # somebody outside of this run has to act: no answer stands for that
        except ClewError as error:
            answer = self._unanswered(question, error)
        seconds = time.monotonic() - started
        state: StepState = "finish" if answer.status == "answered" else "failed"
        step = replace(advance(step, state), seconds=round(seconds, 3))
        self.tell("step_finished", {"id": step.id, "state": state, "seconds": step.seconds})
        total = replace(answer.seconds, total=round(seconds, 4))
        return replace(answer, plan=(step,), seconds=total)

    def _answered(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None,
        found: tuple[Verified, Source] | None,
    ) -> Answer:
        both = verify if self.asked is None else self.asked.verify
        verified, source = found or both(
            question, sources, self.proposer, self.principal, deadline, chosen
        )
        spec = verified.candidate.spec
        table, name = verified.result.table, variable(spec)
        digest = sha256(verified.compiled.sql)
        prose = Prose(cell=f"sql-{digest[:8]}", sql_sha256=digest, table=table)
        free, cut = verified.candidate.sql is not None, verified.result.truncated
        written = (
            compose_free(prose, truncated=cut) if free else compose(spec, prose, truncated=cut)
        )
        source_of_words = cite(spec, self._known(source, sources))
        text = f"{written.text} {source_of_words}".rstrip()
        choice = (
            Choice(chart=None, reason="Free SQL does not say what is measured.")
            if free
            else choose(spec, table, title=written.title, data=name, truncated=cut)
        )
        warnings = [*verified.result.warnings]
        if verified.result.truncated:
            warnings.append(
                f"There are more than {table.num_rows} rows; the rest was cut off (run.rows)."
            )
        if spec.chart is not None and choice.chart is None:
            warnings.append(f"No chart: {choice.reason}")
        return Answer(
            status="answered",
            question=question,
            text=text,
            spec=None if free else spec,
            sql=verified.compiled.sql,
            dialect=source.dialect,
            table=table,
            truncated=verified.result.truncated,
            as_of=verified.result.as_of,
            chart=choice.chart,
            cells=self._cells(question, text, verified, name, choice.chart, source),
            receipts=written.receipts,
            proposer=verified.proposer,
            confidence=verified.candidate.confidence,
            warnings=tuple(warnings),
            seconds=Seconds(database=round(verified.seconds, 4)),
        )

    def _known(self, source: Source, sources: Sequence[OpenSource]) -> Known:
        return next(s.context.vocabulary.known for s in sources if s.source is source)

    def _unanswered(self, question: str, error: ClewError) -> Answer:
        clarification: Clarification | None = None
        status: Status = "failed"
        if isinstance(error, AsksBack):
            status, clarification = "needs_clarification", error.clarification
            self.tell("clarification", {"question": error.clarification.question})
        elif isinstance(error, CannotAnswer):
            status = "cannot_answer"
        elif isinstance(error, Refused):
            status = "refused"
        elif isinstance(error, Cancelled):
            status = "cancelled"
        return Answer(
            status=status,
            question=question,
            reason=str(error),
            clarification=clarification,
        )

    def _cells(
        self,
        question: str,
        text: str,
        verified: Verified,
        name: str,
        chart: ChartSpec | None,
        source: Source,
    ) -> tuple[Cell, ...]:
        made = Provenance(
            agent="sql", proposer=verified.proposer, run=self.run, question=question, at=self.now
        )
        digest = sha256(verified.compiled.sql)[:8]
        spec = verified.candidate.spec
        cells = [
            Cell(
                id=f"text-{digest}", kind="markdown", source=text, uses=(name,),
                provenance=replace(made, agent="proxy"),
            ),
            Cell(
                id=f"sql-{digest}", kind="sql", source=verified.compiled.sql,
                uses=(f"{source.name}.{spec.table}",), defines=(name,),
                data_source=source.name, provenance=made,
            ),
        ]  # fmt: skip
        if chart is not None:
            cells.append(
                Cell(
                    id=f"chart-{digest}", kind="chart", source=python_source(chart), uses=(name,),
                    defines=("fig",), provenance=replace(made, agent="chart"),
                )
            )  # fmt: skip
        return tuple(cells)


def _over(view: PlanStep, unit: InformationUnit | None, seconds: float | None) -> PlanStep:
    """Show a step as it ended; one that told nothing was stopped."""
    failed = unit is None or isinstance(unit.content, Failure)
    ended = advance(advance(view, "execution"), "failed" if failed else "finish")
    return replace(ended, seconds=seconds)


def _step_json(step: PlanStep) -> dict[str, object]:
    return {"id": step.id, "agent": step.agent, "task": step.task, "needs": list(step.needs)}
