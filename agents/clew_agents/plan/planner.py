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
from dataclasses import dataclass, field, replace

from clew_agents.plan import phrases
from clew_agents.plan.cut import Part, cut, may_have_parts
from clew_agents.plan.insight_question import (
    insight_step,
    is_insight_question,
    names_nothing,
)
from clew_agents.plan.plan import MOST_STEPS, Card, Plan, Step
from clew_agents.plan.port import OpenSource
from clew_agents.plan.probe import Probe, Prober
from clew_agents.plan.sql_step import is_choice
from clew_agents.plan.unplanned import Unplanned, ask_back
from clew_agents.proposer import AsksBack, Proposer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.describe import Describer
from clew_agents.sql.words import singular
from clew_core.answer import Clarification
from clew_core.deadline import Deadline
from clew_core.errors import ClewError
from clew_core.query_spec import Mark, QuerySpec

LONGEST = 2_000  # signs; what is longer is no question of several parts that people write
MOST_SPLITS = 8


@dataclass(frozen=True, kw_only=True)
class _Made:
    """A step that was planned, with what it will give.

    Attributes:
        step: itself.
        spec: of its result; None for charts and findings.
        is_choice: its result chooses few groups.
    """

    step: Step
    spec: QuerySpec | None = None
    is_choice: bool = False


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
    planner = _Planner(Prober(sources=sources, proposer=proposer, deadline=deadline), cards)
    alone = len(parts) == 1 and parts[0].kind in ("query", "chart")
    if alone and planner.probe(question, continues=True).spec:
        return None
    try:
        for part in parts:
            planner.add(part)
    except Unplanned as unplanned:
        alone = len(parts) == 1 and unplanned.part.text in (parts[0].text, question.strip(" ?.!"))
        if alone or planner.probe(question, continues=True).spec:
            return None
        raise ask_back(parts, unplanned) from None
    if len(parts) > 1 and not planner.has_several_kinds and planner.is_weak(parts):
        if planner.probe(question, continues=True).spec:
            return None
    return planner.plan(question)


def _may_choose(question: str) -> bool:
    return next(phrases.descriptions(question), None) is not None


@dataclass
class _Planner:
    prober: Prober
    cards: Mapping[str, Card]
    made: list[_Made] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def probe(
        self,
        text: str,
        *,
        source: str | None = None,
        previous: QuerySpec | None = None,
        continues: bool = False,
    ) -> Probe:
        """Ask what the proposer makes of a phrase; see ``Prober.ask``."""
        return self.prober.ask(text, source=source, previous=previous, continues=continues)

    # --- adding parts --------------------------------------------------------------------------

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
        elif part.kind == "chart" or (part.mark and not first):
            self._add_chart(part)
        else:
            self._query(part, first=first)

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

    # --- queries -------------------------------------------------------------------------------

    def _query(
        self, part: Part, *, first: bool = False, text: str | None = None, draws: bool = False
    ) -> _Made:
        said = (text if text is not None else part.text).strip(" ?.!")
        said, source = self.prober.without_source(said)
        problem: ClewError | None = None
        if re.search(_POINTS, said):
            if made := self._pointing(said, source):
                return made
        if made := self._choosing(said, source):
            return made
        for form in dict.fromkeys([said, phrases.without_opener(said)]):
            probe = self.probe(form, source=source, continues=first)
            if probe.spec is not None and not self._drops_pointer(said):
                return self._add(form, probe, source, continues=first)
            problem = problem or probe.problem
        if made := self._described(said, source):
            return made
        if (last := self._last_query()) is not None:
            probe = self.probe(said, previous=last.spec)
            if probe.spec is not None:
                step = self._step("sql", self._changed(said, last), needs=(last.step.id,),
                                  asks=said, follows=last.step.id)  # fmt: skip
                return self._keep(step, probe.spec)
        raise Unplanned(replace(part, text=said), problem)

    def _pointing(self, said: str, source: str | None) -> _Made | None:
        """Plan a query about what another step found."""
        pointed = phrases.without_pointers(said)
        went = phrases.development(said)
        about = self._pointed_at(pointed.nouns)
        if about is None or about.spec is None:
            return None
        if about.is_choice:
            words = self._words_of(about)
            texts = [pointed.text] if pointed.pointers else []
            if went is not None:
                measure = went.of or Describer(about.spec).measure(about.spec.measures[0])
                texts = [f"{measure} {went.rest}"]
            for text in texts:
                probe = self.probe(text, source=source)
                if probe.spec is None:
                    continue
                step = self._step(
                    "sql", f"{text} for {words}", needs=(about.step.id,), asks=text,
                    source=source, narrows=about.step.id, splits=(about.spec.limit or 1) > 1,
                )  # fmt: skip
                self._note_period(about, probe.spec)
                return self._keep(step, probe.spec)
            return None
        if went is not None and not went.of:
            measure = Describer(about.spec).measure(about.spec.measures[0]) if (
                about.spec.measures) else ""  # fmt: skip
            probe = self.probe(went.rest, previous=about.spec)
            if measure and probe.spec is not None:
                step = self._step("sql", f"{measure} {went.rest}", needs=(about.step.id,),
                                  asks=went.rest, follows=about.step.id)  # fmt: skip
                return self._keep(step, probe.spec)
        for text in dict.fromkeys([said, pointed.text]):
            probe = self.probe(text, previous=about.spec)
            if probe.spec is not None and probe.spec != about.spec:
                alone = self.probe(text)
                if alone.spec == probe.spec and not pointed.pointers:
                    continue  # it does not hang on the step before
                step = self._step("sql", self._changed(text, about), needs=(about.step.id,),
                                  asks=text, follows=about.step.id)  # fmt: skip
                return self._keep(step, probe.spec)
        return None

    def _choosing(self, said: str, source: str | None) -> _Made | None:
        """Plan a query that chooses: the sum is meant where a group is asked for."""
        for form in phrases.choice_forms(said):
            probe = self.probe(form, source=source)
            if probe.spec is not None and is_choice(probe.spec) and not probe.several:
                return self._add(form, probe, source)
        return None

    def _described(self, said: str, source: str | None) -> _Made | None:
        """Plan a choice, and the rest of the part about what it chose."""
        for described in phrases.descriptions(said):
            rest = self.probe(described.rest, source=source)
            if rest.spec is None:
                continue
            texts = list(described.choices)
            if not texts and rest.spec.measures:
                texts = [described.by(Describer(rest.spec).measure(rest.spec.measures[0]))]
            for text in texts:
                probe = self.probe(text, source=source)
                if probe.spec is None or not is_choice(probe.spec) or probe.several:
                    continue
                about = self._add(text, probe, source)
                step = self._step(
                    "sql", f"{described.rest} for {self._words_of(about)}",
                    needs=(about.step.id,), asks=described.rest, source=source,
                    narrows=about.step.id, splits=described.number > 1,
                )  # fmt: skip
                self._note_period(about, rest.spec)
                return self._keep(step, rest.spec)
        return None

    def _drops_pointer(self, said: str) -> bool:
        """Whether reading a part alone would drop a word that points at another part."""
        return (
            bool(self.made) and re.search(r"\b(?:it|its|they|them|their)\b", said, re.I) is not None
        )

    def _pointed_at(self, nouns: Sequence[str]) -> _Made | None:
        """Find the step that a word points at: the one that chose such a thing, else the last."""
        queries = [made for made in reversed(self.made) if made.spec is not None]
        wanted = {singular(noun) for noun in nouns}
        for made in queries:
            assert made.spec is not None
            names = {singular(d.name.lower()) for d in made.spec.dimensions}
            names |= {singular(word) for word in made.step.task.lower().split()}
            if wanted and wanted & names:
                return made
        chosen = [made for made in queries if made.is_choice]
        found = chosen or queries
        return found[0] if found else None

    def _note_period(self, about: _Made, rest: QuerySpec) -> None:
        """Say that a time of the choice does not hold for what is asked about it."""
        if about.spec is None:
            return
        period = re.search(r"\b(?:in|of|during|since)\s+.*$", Describer(about.spec).conditions())
        if period and not rest.conditions:
            note = f"The choice was made {period[0]}; what follows is over all of the data's time."
            if note not in self.notes:
                self.notes.append(note)

    # --- other agents --------------------------------------------------------------------------

    def _add_chart(self, part: Part) -> _Made:
        """Plan a chart: of what was found, or of a query that the part itself holds."""
        rest = phrases.without_chart_words(part.text)
        own = re.sub(_POINTS, "", rest).strip(" ,")
        if re.fullmatch(_RESULT_WORDS, own) or not own:
            of = self._last_result()
            if of is None:
                raise Unplanned(part, None)
            return self._draw(of, part.mark)
        return self._draw(self._query(part, first=not self.made, text=rest, draws=True), part.mark)

    def _draw(self, of: _Made, mark: Mark | None) -> _Made:
        for place, made in enumerate(self.made):
            step = made.step
            if step.agent == "chart" and step.needs == (of.step.id,) and None in (step.mark, mark):
                self.made[place] = replace(made, step=replace(step, mark=mark or step.mark))
                return self.made[place]  # "side by side … then chart them" is one chart
        shape = f" as a {mark} chart" if mark else ""
        step = self._step("chart", f"chart {of.step.task}{shape}", needs=(of.step.id,), mark=mark)
        return self._keep(step, None)

    def _add_findings(self, part: Part) -> _Made:
        """Plan what finds out what stands out: in the last result, or in what the part names."""
        if "insight" not in self.cards:
            raise Unplanned(part, None)
        asks = part.text.strip(" ?.!")
        of = self._last_result(query_only=True)
        if of is None or not (part.points_back or names_nothing(asks)):
            return self._keep(self._step("insight", asks), None)
        step = self._step(
            "insight", f"{asks}: {of.step.task}", needs=(of.step.id,), asks=asks,
            follows=of.step.id,
        )  # fmt: skip
        return self._keep(step, None)

    def _add_side_by_side(self, part: Part) -> _Made:
        """Plan several queries and the step that puts their results side by side."""
        rest = phrases.without_side_words(part.text)
        own = re.sub(_POINTS, "", rest).strip(" ,")
        if re.fullmatch(_RESULT_WORDS, own) or not own:
            results = [
                made for made in self.made if made.step.agent == "sql" and not made.is_choice
            ]
            if len(results) == 1:
                return self._draw(results[0], part.mark)
            if len(results) < 2:
                raise Unplanned(part, None)
            return self._combine(results, part.mark)
        whole = self.probe(rest, continues=not self.made)
        if whole.spec is not None and not whole.several:
            return self._draw(self._query(part, first=not self.made, text=rest), part.mark)
        odd: Unplanned | None = None
        for left, right in itertools.islice(phrases.pairs(rest), MOST_SPLITS):
            mine = self._both(*self._grouped_alike(left, right))
            if not isinstance(mine, Unplanned):
                return self._combine(mine, part.mark)
            odd = odd or mine
        raise odd or Unplanned(part, whole.problem)

    def _both(self, left: str, right: str) -> list[_Made] | Unplanned:
        """Plan two phrases, or neither; then give the one that can't be planned."""
        before = (list(self.made), list(self.notes))
        mine: list[_Made] = []
        odd: Unplanned | None = None
        for text in (left, right):
            try:
                mine.append(self._query(Part(text=text, kind="query"), text=text))
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

    def _combine(self, results: Sequence[_Made], mark: Mark | None) -> _Made:
        tasks = " and ".join(made.step.task for made in results)
        step = self._step("combine", f"{tasks}, side by side",
                          needs=tuple(made.step.id for made in results))  # fmt: skip
        made = self._keep(step, results[0].spec)
        grouped = made.spec is not None and made.spec.dimensions
        return self._draw(made, mark) if grouped else made

    def _named_agent(self, part: Part) -> Card | None:
        """Find the agent of somebody else that a part begins with: "@name …", or its verb."""
        word = part.text.split()[0].lower().strip(",:")
        for card in self.cards.values():
            if word == f"@{card.name.lower()}" or word in {verb.lower() for verb in card.verbs}:
                return card
        return None

    def _add_for(self, card: Card, part: Part) -> _Made:
        """Plan a step of an agent by what it needs: the newest steps that give it."""
        needs: list[str] = []
        for kind in card.needs:
            for made in reversed(self.made):
                if self.cards[made.step.agent].gives == kind and made.step.id not in needs:
                    needs.append(made.step.id)
                    break
            else:
                raise Unplanned(part, None)
        return self._keep(self._step(card.name, part.text, needs=tuple(sorted(needs))), None)

    # --- steps ---------------------------------------------------------------------------------

    def _add(
        self, text: str, probe: Probe, source: str | None, *, continues: bool = False
    ) -> _Made:
        pinned = source or (probe.source if len(self.prober.sources) > 1 else None)
        task = phrases.without_opener(text) or text
        step = self._step(
            "sql", task, asks=None if task == text else text, source=pinned, continues=continues
        )
        return self._keep(step, probe.spec)

    def _step(
        self,
        agent: str,
        task: str,
        *,
        needs: tuple[str, ...] = (),
        asks: str | None = None,
        source: str | None = None,
        follows: str | None = None,
        narrows: str | None = None,
        splits: bool = False,
        mark: Mark | None = None,
        continues: bool = False,
    ) -> Step:
        return Step(
            id=f"s{len(self.made) + 1}", agent=agent, task=" ".join(task.split()), needs=needs,
            asks=asks, source=source, follows=follows, narrows=narrows, splits=splits, mark=mark,
            continues=continues,
        )  # fmt: skip

    def _keep(self, step: Step, spec: QuerySpec | None) -> _Made:
        made = _Made(step=step, spec=spec, is_choice=step.agent == "sql" and spec is not None
                     and is_choice(spec))  # fmt: skip
        self.made.append(made)
        return made

    def _last_query(self) -> _Made | None:
        return next((m for m in reversed(self.made) if m.step.agent == "sql"), None)

    def _last_result(self, *, query_only: bool = False) -> _Made | None:
        agents = ("sql",) if query_only else ("sql", "combine")
        return next((m for m in reversed(self.made) if m.step.agent in agents), None)

    def _words_of(self, about: _Made) -> str:
        return phrases.as_thing(about.step.task)

    def _changed(self, text: str, before: _Made) -> str:
        return f"{before.step.task}, changed: {text}"


_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|both|those|these|that|this|each|the same|"
    r"the (?:top|best|worst|winning|leading|first|latter|former|chosen)(?: one)?)\b",
    re.IGNORECASE,
)
_RESULT_WORDS = re.compile(
    r"(?:the\s+)?(?:(?:results?|tables?|data|numbers?|figures?|values?|two|all|of|in|one|and|as|a|the|"
    r"with|to|each other|against)\s*)*",
    re.IGNORECASE,
)
