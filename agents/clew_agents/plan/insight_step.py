"""How does the insight agent take part in a plan, with a result before it or alone?

What stands out in a result that reaches it is said of that result; beside that, and alone, the
insight agent looks into the data behind it. Its own findings are tested there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clew_agents.information_unit import Findings, Found, FoundCell, InformationUnit, Sentence
from clew_agents.plan.outliers import outliers
from clew_agents.plan.plan import Card, Step
from clew_agents.plan.port import OpenSource, World
from clew_agents.proposer import AsksBack, CannotAnswer
from clew_agents.sql.describe import Describer
from clew_core.answer import Clarification
from clew_core.receipts import Receipt

if TYPE_CHECKING:
    from clew_agents.insight import InsightAnswer

_MOST = 2
_CAUSE = re.compile(r"\b(?:why|cause[sd]?|caus\w+|drove|drives?|behind|reasons?|explain)\b", re.I)
_TREND = re.compile(r"\b(?:trends?|patterns?|season\w*)\b", re.I)
_IT = re.compile(r"\b(?:it|they|them|that|this|these|those)\b", re.I)


class InsightStep:
    """The insight agent as plans see it."""

    card = Card(name="insight", gives="findings", says="finds what stands out, and tests it")

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        """Say what stands out; see ``Agent.run``.

        Raises:
            CannotAnswer: the result that it is about did not reach it, or nothing was understood.
        """
        if step.follows is None:
            asks = step.asks or step.task
            source, answer = _asked(asks, world.sources, world)
            if not answer.findings and _supposes(asks):
                raise CannotAnswer(answer.text)  # it asks for the cause of what did not happen
            return self._unit(step, source.source.name, _findings(answer, source), world)
        unit = units.get(step.follows)
        if unit is None or not isinstance(unit.content, Found):
            raise CannotAnswer(f"The result of step {step.follows} did not reach this step.")
        return self._unit(
            step, unit.data_source, self._about(step, unit, unit.content, world), world
        )

    def _about(self, step: Step, unit: InformationUnit, found: Found, world: World) -> Findings:
        """Say what stands out in a result, and what was found behind it."""
        asks = step.asks or step.task
        cause = _CAUSE.search(asks) is not None
        own = () if cause or _TREND.search(asks) else outliers(found, str(step.follows))
        sources = [s for s in world.sources if s.source.name == unit.data_source]
        behind: Findings | None = None
        try:
            source, answer = _asked(_standalone(asks, found), sources, world)
            if answer.findings or not own:
                behind = _findings(answer, source)
        except (CannotAnswer, AsksBack):
            if not own:
                raise
        if behind is None:
            return Findings(sentences=own, dialect=found.dialect, as_of=found.as_of)
        return replace(behind, sentences=(*own, *behind.sentences[:_MOST]))

    def _unit(self, step: Step, source: str, content: Findings, world: World) -> InformationUnit:
        return InformationUnit(
            data_source=source,
            role=self.card.name,
            action="find",
            description=step.task,
            content=content,
            timestamp=world.now,
        )


def _supposes(question: str) -> bool:
    """Whether a question takes for granted that something changed."""
    from clew_agents.insight.intent import read_frame

    frame = read_frame(question)
    return frame is not None and frame.intent in ("change", "which")


def _standalone(asks: str, found: Found) -> str:
    """Put a question about a result so that it stands alone."""
    words = Describer(found.spec)
    measured = words.measure(found.spec.measures[0]) if found.spec.measures else words.things()
    about = f"{measured} {words.conditions()}".strip()
    if _CAUSE.search(asks):
        if _IT.search(asks):
            return _IT.sub(measured, asks, count=1)
        return f"{asks} {about}" if len(asks.split()) < 3 else asks
    if _TREND.search(asks):
        return f"is there a trend in {about}?"
    return f"what stands out in {about}"


def _asked(
    question: str, sources: Sequence[OpenSource], world: World
) -> tuple[OpenSource, InsightAnswer]:
    """Ask the insight agent about each source; the one that finds something is taken."""
    from clew_agents.insight import InsightAgent

    told: list[tuple[OpenSource, InsightAnswer]] = []
    problem: CannotAnswer | AsksBack | None = None
    for opened in sources:
        agent = InsightAgent(opened.source, world.principal, opened.context)
        try:
            told.append((opened, agent.answer(question, world.deadline)))
        except (CannotAnswer, AsksBack) as said:
            problem = problem or said
    if not told:
        raise problem or CannotAnswer("No source is open that could be looked into.")
    found = [pair for pair in told if pair[1].findings] or told
    if len(found) > 1:
        names = " or ".join(opened.source.name for opened, _ in found)
        raise AsksBack(Clarification(question=f"Several sources can answer this: {names}?"))
    return found[0]


def _findings(answer: InsightAnswer, opened: OpenSource) -> Findings:
    texts = [finding.text for finding in answer.findings] or [answer.text]
    return Findings(
        sentences=_with_receipts(texts, answer.receipts),
        cells=tuple(
            FoundCell(id=sheet.cell, sql=sheet.sql, name=f"evidence_{number}")
            for number, sheet in enumerate(answer.sheets, 1)
        ),
        dialect=opened.source.dialect,
        as_of=answer.as_of or "",
        warnings=answer.warnings,
    )


def _with_receipts(texts: Sequence[str], receipts: Sequence[Receipt]) -> tuple[Sentence, ...]:
    """Give each text the receipts of its numbers, which come in the order of all texts."""
    left = list(receipts)
    made: list[Sentence] = []
    for text in texts:
        mine: list[Receipt] = []
        at = 0
        while left and (place := text.find(left[0].text, at)) >= 0:
            at = place + len(left[0].text)
            mine.append(left.pop(0))
        made.append(Sentence(text=text, receipts=tuple(mine)))
    return tuple(made)
