"""How does a question become a plan of several agents without a model?

Parts and their kinds come from words (``cut.py``, ``phrases.py``); what a part needs and gives is
the agents' typed inputs and outputs; whether a part means something, and what it chooses, is asked
of the proposer, which costs no query. A part that nothing is planned for is named and asked back,
never dropped. Questions of one part are left to one agent, as before.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clew_agents.plan import phrases
from clew_agents.plan.cut import Part, cut, may_have_parts
from clew_agents.plan.insight_question import (
    insight_step,
    is_insight_question,
    names_nothing,
)
from clew_agents.plan.joined import joined
from clew_agents.plan.making import Made
from clew_agents.plan.plan import MOST_STEPS, Card, Plan, Step
from clew_agents.plan.port import OpenSource
from clew_agents.plan.probe import Prober
from clew_agents.plan.queries import POINTS, Queries
from clew_agents.plan.sql_step import has_inner
from clew_agents.plan.standing import sentences
from clew_agents.plan.unplanned import Unplanned, ask_back
from clew_agents.proposer import AsksBack, Proposer
from clew_agents.sql.builtin import SqlContext
from clew_core.answer import Clarification
from clew_core.deadline import Deadline

LONGEST = 2_000  # signs; what is longer is no question of several parts that people write
MOST_SPLITS = 8


def plan_question(
    question: str,
    sources: Sequence[OpenSource],
    proposer: Proposer[SqlContext],
    cards: Mapping[str, Card],
    deadline: Deadline,
) -> Plan | None:
    """Plan a question; None leaves it to one agent as it stands.

    Raises:
        AsksBack: a part can't be planned; its words are named.
        Refused: a part would change data.
    """
    if "insight" in cards and is_insight_question(question):
        previous = next((s.context.previous for s in sources if s.context.previous), None)
        return Plan(steps=(insight_step(question, previous),))
    if not may_have_parts(question) and not _may_choose(question):
        return None
    prober = Prober(sources=sources, proposer=proposer, deadline=deadline)
    if len(question) <= LONGEST and (one := joined(question, prober)) != question:
        if len(sentences(one)) == 1:
            return Plan(steps=(_one_query(one),))
        question = one
    if _RETURNS.search(question) and prober.ask(question, continues=True).spec is not None:
        return None  # "Which … has the most? Return its name."
    parts = cut(question) if len(question) <= LONGEST else ()
    if not parts:
        return None
    if len(parts) > MOST_STEPS:
        raise AsksBack(
            Clarification(
                question=f"That is {len(parts)} parts; at most {MOST_STEPS} are done at once. "
                "Which of them first?"
            )
        )
    planner = _Planner(prober, cards)
    whole = planner.probe(question, continues=True) if len(parts) == 1 else None
    alone = whole is not None and whole.spec is not None and parts[0].kind in ("query", "chart")
    described = _may_choose(question) and not (whole and whole.spec and has_inner(whole.spec))
    if alone and whole is not None and not whole.several and not described:
        return None
    try:
        for place, part in enumerate(parts):
            planner.ahead = parts[place + 1 :]
            planner.add(part)
    except Unplanned as unplanned:
        odd = len(parts) == 1 and unplanned.part.text in (parts[0].text, question.strip(" ?.!"))
        # What is ordered ("…, then …") is never left to one query: it would drop a part.
        if odd or (planner.is_weak(parts) and planner.probe(question, continues=True).spec):
            return None
        raise ask_back(question, parts, unplanned, planner.prober) from None
    if alone and not any(made.step.narrows for made in planner.made):
        return None  # several readings of one query: that is asked back as ever
    if len(parts) > 1 and not planner.has_several_kinds and planner.is_weak(parts):
        if planner.probe(question, continues=True).spec:
            return None
    return planner.plan(question)


def _one_query(question: str) -> Step:
    return Step(id="s1", agent="sql", task=question)


def _may_choose(question: str) -> bool:
    return next(phrases.descriptions(question), None) is not None


@dataclass
class _Planner(Queries):
    """Plans parts in turn, each by what it is for."""

    def add(self, part: Part) -> None:
        """Plan a part after those that are planned.

        Raises:
            Unplanned: nothing fits.
        """
        first = not self.made
        if agent := self._named_agent(part):
            self._add_for(agent, part)
        elif part.kind == "findings":
            self._add_findings(part)
        elif part.kind == "side_by_side":
            self._add_side_by_side(part)
        elif part.kind == "chart" or (part.mark and (self.made or self.ahead)):
            self._add_chart(part)
        else:
            self.query(part, first=first)

    def plan(self, question: str) -> Plan | None:
        """Make the plan; a chart of one result alone is drawn by the step that finds it."""
        steps = tuple(made.step for made in self.made)
        folded = self._folded(steps)
        if folded is not None:
            return Plan(steps=(folded,), notes=tuple(self.notes))
        if len(steps) > MOST_STEPS:
            raise AsksBack(
                Clarification(
                    question=f"That is {len(steps)} steps; at most {MOST_STEPS} are done at once. "
                    "Which of them first?"
                )
            )
        return Plan(steps=steps, notes=tuple(self.notes))

    @property
    def has_several_kinds(self) -> bool:
        """Whether more than queries are planned, or a value is handed on."""
        return any(m.step.agent != "sql" or m.step.narrows for m in self.made)

    @staticmethod
    def is_weak(parts: Sequence[Part]) -> bool:
        """Whether the question was cut only where one query may also go on."""
        return all(part.joint in ("", "back", "also") for part in parts)

    def _folded(self, steps: tuple[Step, ...]) -> Step | None:
        """Turn query and chart into one step: the answer to a query has a chart anyway."""
        if len(steps) != 2 or steps[1].agent != "chart" or steps[1].needs != (steps[0].id,):
            return steps[0] if len(steps) == 1 else None
        query, mark = steps[0], steps[1].mark
        if query.agent != "sql":
            return None
        text = f"{query.asks or query.task} as a {mark or 'bar'} chart"
        if mark is None:
            text = f"plot {query.asks or query.task}"
        probe = self.probe(text, source=query.source, continues=query.continues)
        if probe.spec is None or probe.spec.chart is None:
            return None
        return replace(query, asks=text)

    # --- other agents --------------------------------------------------------------------------

    def _add_chart(self, part: Part) -> Made:
        """Plan a chart: of what was found, or of a query that the part itself holds."""
        rest = phrases.without_chart_words(part.text)
        own = re.sub(POINTS, "", rest).strip(" ,")
        if re.fullmatch(_RESULT_WORDS, own) or not own:
            of = self.last_result()
            if of is None:
                raise Unplanned(part, None)
            return self.draw(of, part.mark)
        return self.draw(self.query(part, first=not self.made, text=rest), part.mark)

    def _add_findings(self, part: Part) -> Made:
        """Plan what finds out what stands out: in the last result, or in what the part names."""
        if "insight" not in self.cards:
            raise Unplanned(part, None)
        asks = part.text.strip(" ?.!")
        of = self.last_result(query_only=True)
        if of is None or not (part.points_back or names_nothing(asks)):
            return self.keep(self.step("insight", asks), None)
        step = self.step(
            "insight", f"{asks}: {of.step.task}", needs=(of.step.id,), asks=asks,
            follows=of.step.id,
        )  # fmt: skip
        return self.keep(step, None)

    def _add_side_by_side(self, part: Part) -> Made:
        """Plan several queries and the step that puts their results side by side."""
        rest = phrases.without_side_words(part.text)
        own = re.sub(POINTS, "", rest).strip(" ,")
        if re.fullmatch(_RESULT_WORDS, own) or not own:
            results = [
                made for made in self.made if made.step.agent == "sql" and not made.is_choice
            ]
            if len(results) == 1:
                return self.draw(results[0], part.mark)
            if len(results) < 2:
                raise Unplanned(part, None)
            return self.combine(results, part.mark)
        if made := self._next_to(part, rest):
            return made
        rest = re.sub(rf"{_BESIDE}$", "", rest)
        splits = list(itertools.islice(phrases.pairs(rest), MOST_SPLITS))
        # Two phrases that each say their groups, or one phrase at two times, are two queries.
        sure = [pair for pair in splits if all(phrases.groups_of(phrase) for phrase in pair)]
        if (times := phrases.two_times(rest)) is not None:
            sure.insert(0, times)
        for left, right in sure:
            mine = self._both(left, right)
            if not isinstance(mine, Unplanned):
                return self.combine(mine, part.mark)
        whole = self.probe(rest, continues=not self.made)
        if whole.spec is not None and not whole.several:
            return self.draw(self.query(part, first=not self.made, text=rest), part.mark)
        odd: Unplanned | None = None
        for left, right in splits:
            mine = self._both(*self._grouped_alike(left, right))
            if not isinstance(mine, Unplanned):
                return self.combine(mine, part.mark)
            odd = odd or mine
        raise odd or Unplanned(part, whole.problem)

    def _next_to(self, part: Part, rest: str) -> Made | None:
        """Plan "and visits per month next to it": the last result beside a new one."""
        match = re.fullmatch(rf"(.+?){_BESIDE}", rest)
        before = self.last_query()
        if match is None or before is None:
            return None
        return self.combine([before, self.query(part, text=match[1])], part.mark)

    def _both(self, left: str, right: str) -> list[Made] | Unplanned:
        """Plan two phrases, or neither; then give the one that can't be planned."""
        before = (list(self.made), list(self.notes))
        mine: list[Made] = []
        odd: Unplanned | None = None
        for text in (left, right):
            try:
                mine.append(self.query(Part(text=text, kind="query"), text=text))
            except Unplanned as unplanned:
                odd = unplanned
        specs = [made.spec for made in mine if made.spec is not None and made.spec.measures]
        if len(specs) == 2 and bool(specs[0].dimensions) == bool(specs[1].dimensions):
            return mine
        self.made, self.notes = before
        return odd or Unplanned(Part(text=f"{left} with {right}", kind="query"), None)

    def _grouped_alike(self, left: str, right: str) -> tuple[str, str]:
        """Give a phrase without groups those of the other: "revenue with orders by region"."""
        mine, other = phrases.groups_of(left), phrases.groups_of(right)
        if mine and not other:
            return left, f"{right} {mine}"
        if other and not mine:
            return f"{left} {other}", right
        return left, right

    def _named_agent(self, part: Part) -> Card | None:
        """Find the agent of somebody else that a part begins with: "@name …", or its verb."""
        word = part.text.split()[0].lower().strip(",:")
        for card in self.cards.values():
            if word == f"@{card.name.lower()}" or word in {verb.lower() for verb in card.verbs}:
                return card
        return None

    def _add_for(self, card: Card, part: Part) -> Made:
        """Plan a step of an agent by what it needs: the newest steps that give it."""
        needs: list[str] = []
        for kind in card.needs:
            for made in reversed(self.made):
                if self.cards[made.step.agent].gives == kind and made.step.id not in needs:
                    needs.append(made.step.id)
                    break
            else:
                raise Unplanned(part, None)
        return self.keep(self.step(card.name, part.text, needs=tuple(sorted(needs))), None)


_RETURNS = re.compile(
    r"[.?!]\s+(?:please\s+)?(?:return|show|give|list|find|display|report|tell)(?: me| us)?\s+"
    r"(?:the|their|its|his|her|all|both|each)\b"
    r"(?!.*\b(?:charts?|plots?|graphs?|lines?|bars?|pie)\b)[^.?!;]{1,90}[.?!]?\s*$",
    re.IGNORECASE,
)
_BESIDE = r"\s+(?:next to|alongside|beside)\s+(?:it|that|this|them)"
_RESULT_WORDS = re.compile(
    r"(?:the\s+)?(?:(?:results?|tables?|data|numbers?|figures?|values?|two|all|of|in|one|and|as|a|the|"
    r"with|to|each other|against)\s*)*",
    re.IGNORECASE,
)
