"""How a question is answered from end to end: plan, step, verification, text, cells.

Plans have one step today, the sql agent over the source that fits the question best; it runs
directly. The proxy asks every source and keeps the one that understood the question.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clew_agents.chart import choose
from clew_agents.proposer import AsksBack, CannotAnswer, Proposer
from clew_agents.proxy.compose import compose
from clew_agents.proxy.prose import Prose
from clew_agents.sql.agent import SqlAgent, Verified
from clew_agents.sql.builtin import BuiltinProposer, SqlContext
from clew_core.answer import Answer, Clarification, Option, PlanStep, Status, StepState
from clew_core.cells import Cell, Provenance, sha256
from clew_core.chart_spec import ChartSpec
from clew_core.deadline import Deadline
from clew_core.errors import (
    BackendUnavailable,
    Cancelled,
    ClewError,
    Refused,
    SourceError,
    UsageError,
)
from clew_core.principal import Principal
from clew_core.query_spec import QuerySpec
from clew_core.usage import Seconds
from clew_tools.charts.source import python_source
from clew_tools.database.source import Source

Tell = Callable[[str, dict[str, object]], None]


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """A source with what its agents need."""

    source: Source
    context: SqlContext


@dataclass(kw_only=True)
class Proxy:
    """Answers the questions of one session.

    Attributes:
        principal: who asks.
        proposer: makes the candidates.
        tell: is called with event type and data while the work goes on.
        now: ISO 8601 with offset; stands in provenance.
        run: id of the run.
    """

    principal: Principal
    tell: Tell
    now: str
    run: str
    proposer: Proposer[SqlContext] = BuiltinProposer()

    def answer(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None = None,
    ) -> Answer:
        """Answer a question; what goes wrong becomes a status and a reason.

        Args:
            question: rewritten so that it stands alone, or a follow-up of ``context.previous``.
            sources: at least one.
            deadline: of the run.
            chosen: the option of an earlier clarification that this answers.
        """
        started = time.monotonic()
        step = PlanStep(id="s1", agent="sql", task=question)
        self.tell("plan", {"steps": [_step_json(step)]})
        self.tell("step_started", {"id": step.id, "agent": step.agent})
        try:
            answer = self._answered(question, sources, deadline, chosen)
        except (SourceError, UsageError, BackendUnavailable):
            raise  # somebody outside of this run has to act: no answer stands for that
        except ClewError as error:
            answer = self._unanswered(question, error)
        seconds = time.monotonic() - started
        state: StepState = "finish" if answer.status == "answered" else "failed"
        step = replace(step, state=state, seconds=round(seconds, 3))
        self.tell("step_finished", {"id": step.id, "state": state, "seconds": step.seconds})
        total = replace(answer.seconds, total=round(seconds, 4))
        return replace(answer, plan=(step,), seconds=total)

    def _answered(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None,
    ) -> Answer:
        verified, source = self._verified(question, sources, deadline, chosen)
        spec = verified.candidate.spec
        table, name = verified.result.table, _variable(spec)
        digest = sha256(verified.compiled.sql)
        prose = Prose(cell=f"sql-{digest[:8]}", sql_sha256=digest, table=table)
        written = compose(spec, prose, truncated=verified.result.truncated)
        choice = choose(spec, table, title=written.title, data=name)
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
            text=written.text,
            spec=spec,
            sql=verified.compiled.sql,
            dialect=source.dialect,
            table=table,
            truncated=verified.result.truncated,
            as_of=verified.result.as_of,
            chart=choice.chart,
            cells=self._cells(question, written.text, verified, name, choice.chart, source),
            receipts=written.receipts,
            proposer=verified.proposer,
            confidence=verified.candidate.confidence,
            warnings=tuple(warnings),
            seconds=Seconds(database=round(verified.seconds, 4)),
        )

    def _verified(
        self,
        question: str,
        sources: Sequence[OpenSource],
        deadline: Deadline,
        chosen: Option | None,
    ) -> tuple[Verified, Source]:
        """Ask each source; one answer is taken, several are asked back."""
        found: list[tuple[Verified, Source]] = []
        problems: list[ClewError] = []
        for opened in sources:
            agent = SqlAgent(opened.source, self.principal, opened.context)
            try:
                if chosen is not None and chosen.spec is not None:
                    if chosen.spec.source == opened.source.name:
                        ran = agent.run_option(chosen, self.proposer.name, deadline)
                        return ran, opened.source
                    continue
                verified = agent.answer(question, self.proposer, deadline)
                found.append((verified, opened.source))
            except (AsksBack, CannotAnswer) as problem:
                problems.append(problem)
        if len(found) == 1:
            return found[0]
        if found:
            raise _which_source(question, found)
        asking = [problem for problem in problems if isinstance(problem, AsksBack)]
        if not problems:
            raise CannotAnswer("The source of that choice is not open any more.")
        raise (asking or problems)[0]

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


def _which_source(question: str, found: Sequence[tuple[Verified, Source]]) -> AsksBack:
    options = tuple(
        Option(
            id=str(number),
            label=source.name,
            question=f"{question.rstrip(' ?.')} (in {source.name})",
            spec=verified.candidate.spec,
        )
        for number, (verified, source) in enumerate(found, 1)
    )
    names = " or ".join(option.label for option in options)
    return AsksBack(
        Clarification(question=f"Several sources can answer this: {names}?", options=options)
    )


def _variable(spec: QuerySpec) -> str:
    """Name the result after what it holds: ``pop_by_continent``."""
    parts = [measure.name for measure in spec.measures[:1]] or [spec.table]
    if spec.measures and spec.dimensions:
        parts += ["by", *(dimension.name for dimension in spec.dimensions[:2])]
    name = re.sub(r"\W+", "_", "_".join(parts)).strip("_").lower()
    return name if name.isidentifier() else f"result_{name}"


def _step_json(step: PlanStep) -> dict[str, object]:
    return {"id": step.id, "agent": step.agent, "task": step.task, "needs": list(step.needs)}
