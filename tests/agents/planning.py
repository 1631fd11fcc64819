"""What tests of plans share: the world of `plan_world.py` open, an agent that finds things."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agents.plan_world import NOW
from clew_agents.information_unit import Findings, Found, InformationUnit, Sentence
from clew_agents.plan.agents import agents_by_name
from clew_agents.plan.plan import Card, Plan, Step
from clew_agents.plan.planner import plan_question
from clew_agents.plan.port import Agent, OpenSource, World
from clew_agents.plan.state import MemoryState
from clew_agents.proposer import CannotAnswer
from clew_agents.proxy.proxy import Proxy
from clew_agents.sql.builtin import BuiltinProposer
from clew_core.answer import Answer
from clew_core.deadline import Deadline
from clew_core.principal import Principal

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "plans.yaml").read_text("utf-8")
)
TODAY = dt.date.fromisoformat(NOW[:10])


class Finder:
    """Stands in for an agent that says what stands out: it counts the rows that reach it."""

    card = Card(name="insight", needs=("result",), gives="findings")

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        for unit in units.values():
            if isinstance(unit.content, Found):
                rows = "several" if unit.content.table.num_rows > 1 else "one"
                said = Sentence(text=f"Looked at {rows} of them for {unit.description!r}.")
                return InformationUnit(
                    data_source=unit.data_source,
                    role="insight",
                    action="look",
                    description=step.task,
                    content=Findings(sentences=(said,)),
                    timestamp=world.now,
                )
        raise CannotAnswer("Nothing reached the finder.")


@dataclass
class Asked:
    """An answer with what was told on the way."""

    answer: Answer
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def of(self, type_: str) -> list[dict[str, Any]]:
        return [data for kind, data in self.events if kind == type_]


def finders() -> tuple[Agent, ...]:
    """The finder, where no real one is installed."""
    return () if "insight" in agents_by_name() else (Finder(),)


def planned(
    question: str, sources: Sequence[OpenSource], more: Sequence[Agent] = ()
) -> Plan | None:
    agents = agents_by_name((*finders(), *more))
    cards = {name: agent.card for name, agent in agents.items()}
    return plan_question(question, sources, BuiltinProposer(), cards, Deadline())


def ask(
    question: str,
    sources: Sequence[OpenSource],
    *,
    more: Sequence[Agent] = (),
    state: MemoryState | None = None,
    deadline: Deadline | None = None,
    plan: Plan | None = None,
) -> Asked:
    """Ask through the proxy; a plan that is given runs as it is, unchecked."""
    events: list[tuple[str, dict[str, Any]]] = []
    proxy = Proxy(
        principal=Principal(),
        tell=lambda type_, data: events.append((type_, dict(data))),
        now=NOW,
        run="r",
        agents=(*finders(), *more),
        state=state or MemoryState(made=plan),
    )
    return Asked(proxy.answer(question, sources, deadline or Deadline()), events)


def told(answer: Answer) -> tuple[Any, ...]:
    """What of an answer users see: two answers are the same where this is."""
    return (
        answer.status,
        answer.text,
        answer.reason,
        None if answer.table is None else answer.table.to_pylist(),
        answer.chart,
        [(part.text, part.table.to_pylist() if part.table else None) for part in answer.parts],
        [(receipt.text, receipt.value, receipt.expression) for receipt in answer.receipts],
        [(cell.kind, cell.source) for cell in answer.cells],
        answer.warnings,
    )
