"""How does a part become a query step, alone or about what another step found?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clew_agents.plan import phrases
from clew_agents.plan.cut import Part
from clew_agents.plan.joined import asks_the_same, keeps, lists_columns, only_shows, shows_all
from clew_agents.plan.making import Made, Making
from clew_agents.plan.probe import Probe
from clew_agents.plan.sql_step import has_inner, is_choice
from clew_agents.plan.standing import columns_of, is_sorting
from clew_agents.plan.unplanned import Unplanned
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.describe import Describer
from clew_agents.sql.words import singular
from clew_core.errors import ClewError
from clew_core.query_spec import QuerySpec

POINTS = re.compile(
    r"\b(?:it|its|they|them|their|both|those|these|that|this|each|the same|"
    r"the (?:top|best|worst|winning|leading|first|latter|former|chosen)(?: one)?)\b",
    re.IGNORECASE,
)
_THEIR = re.compile(r"\b(?:its|their|them|those|these|they|it)\b", re.IGNORECASE)
_LOST = "I can't read it together with what comes before it. Ask both in one sentence."


@dataclass
class Queries(Making):
    """Plans query steps."""

    def query(self, part: Part, *, first: bool = False, text: str | None = None) -> Made:
        """Plan a query.

        Args:
            part: of the question.
            first: it may go on with the question before in the thread.
            text: what of the part is the query; None: all of it.

        Raises:
            Unplanned: the proposer makes nothing of it.
        """
        said = (text if text is not None else part.text).strip(" ?.!")
        said, source = self.prober.without_source(said)
        problem: ClewError | None = None
        if re.search(POINTS, said):
            if made := self._pointing(said, source):
                return made
        if made := self._choosing(said, source):
            return made
        alike = False
        if part.joint in ("ends", "back") and columns_of(said):
            alone = self.probe(said, source=source).spec
            before = [made.spec for made in self.made if made.spec is not None]
            points = re.search(_THEIR, said) is not None
            if (
                alone is None
                or points
                or (lists_columns(alone) and not asks_the_same(alone, before))
            ):
                raise Unplanned(replace(part, text=said), CannotAnswer(_LOST))
            alike = asks_the_same(alone, before)
        raw = self.probe(said, source=source, continues=first)
        if raw.spec is None or not has_inner(raw.spec):
            # "for the customer with the most orders" is no word of a query without an inner one.
            if made := self._described(said, source):
                return made
        for form in dict.fromkeys([said, phrases.without_opener(said)]):
            probe = self.probe(form, source=source, continues=first)
            if probe.spec is not None and not alike and self._loses(probe.spec):
                problem = CannotAnswer(_LOST)
                continue
            if probe.spec is not None and not self._drops_pointer(said):
                return self.add_query(form, probe, source, continues=first)
            problem = problem or probe.problem
        if made := self._follow_up(said):
            return made
        raise Unplanned(replace(part, text=said), problem)

    def _follow_up(self, said: str) -> Made | None:
        """Plan a query that changes the one before: "then only 2023", "then the average"."""
        last = self.last_query()
        for text in (said, f"and {said}") if last is not None else ():
            assert last is not None
            probe = self.probe(text, previous=last.spec)
            if self._is_new(text, probe, last):
                assert probe.spec is not None
                step = self.step("sql", self.changed(said, last), needs=(last.step.id,),
                                  asks=text, follows=last.step.id)  # fmt: skip
                return self.keep(step, probe.spec)
        return None

    def _is_new(self, text: str, probe: Probe, before: Made) -> bool:
        """Whether a phrase changes a query, and does not only lose what it was asked with."""
        if probe.spec is None or before.spec is None or probe.spec == before.spec:
            return False
        if re.search(_THEIR, text) and not (
            keeps(probe.spec, before.spec) and shows_all(probe.spec, before.spec)
        ):
            return False
        if is_sorting(text) and probe.spec.conditions != before.spec.conditions:
            return False
        return not (probe.spec == self.probe(text).spec and self._loses(probe.spec))

    def _loses(self, spec: QuerySpec) -> bool:
        """Whether a query shows things of a step before, without what that step chose them by."""
        return any(
            made.spec is not None and only_shows(spec, made.spec)
            for made in self.made
            if made.step.agent == "sql"
        )

    def _pointing(self, said: str, source: str | None) -> Made | None:
        """Plan a query about what another step found."""
        pointed = phrases.without_pointers(said)
        went = phrases.development(said)
        about = self._pointed_at(pointed.nouns)
        if about is None or about.spec is None:
            return None
        if about.is_choice:
            words = self.words_of(about)
            texts = [pointed.text] if pointed.pointers else []
            if went is not None:
                measure = went.of or Describer(about.spec).measure(about.spec.measures[0])
                texts = [f"{measure} {went.rest}"]
            for text in texts:
                probe = self.probe(text, source=source)
                if probe.spec is None:
                    continue
                step = self.step(
                    "sql", f"{text} for {words}", needs=(about.step.id,), asks=text,
                    source=source, narrows=about.step.id, splits=(about.spec.limit or 1) > 1,
                )  # fmt: skip
                self._note_period(about, probe.spec)
                return self.keep(step, probe.spec)
            return None
        if went is not None and not went.of:
            measure = Describer(about.spec).measure(about.spec.measures[0]) if (
                about.spec.measures) else ""  # fmt: skip
            probe = self.probe(went.rest, previous=about.spec)
            if measure and probe.spec is not None:
                step = self.step("sql", f"{measure} {went.rest}", needs=(about.step.id,),
                                  asks=went.rest, follows=about.step.id)  # fmt: skip
                return self.keep(step, probe.spec)
        for text in dict.fromkeys([said, pointed.text]):
            probe = self.probe(text, previous=about.spec)
            if self._is_new(text, probe, about):
                alone = self.probe(text)
                if alone.spec == probe.spec:
                    continue  # it does not hang on the step before
                assert probe.spec is not None
                step = self.step("sql", self.changed(text, about), needs=(about.step.id,),
                                  asks=text, follows=about.step.id)  # fmt: skip
                return self.keep(step, probe.spec)
        return None

    def _choosing(self, said: str, source: str | None) -> Made | None:
        """Plan a query that chooses: the sum is meant where a group is asked for."""
        forms = phrases.choice_forms(said)
        if measure := self._measure_ahead(said):
            forms += phrases.open_choices(said, measure)
        for form in forms:
            probe = self.probe(form, source=source)
            if probe.spec is not None and is_choice(probe.spec) and not probe.several:
                return self.add_query(form, probe, source)
        return None

    def _measure_ahead(self, said: str) -> str:
        """Find what the next part measures: "take the worst region and show its revenue"."""
        if not self.ahead or not phrases.open_descriptions(said):
            return ""
        text = phrases.without_pointers(phrases.without_chart_words(self.ahead[0].text)).text
        probe = self.probe(text)
        if probe.spec is None or not probe.spec.measures:
            return ""
        return Describer(probe.spec).measure(probe.spec.measures[0])

    def _described(self, said: str, source: str | None) -> Made | None:
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
                about = self.add_query(text, probe, source)
                step = self.step(
                    "sql", f"{described.rest} for {self.words_of(about)}",
                    needs=(about.step.id,), asks=described.rest, source=source,
                    narrows=about.step.id,
                    splits=described.number > 1 and not phrases.sums_up(described.rest),
                )  # fmt: skip
                self._note_period(about, rest.spec)
                return self.keep(step, rest.spec)
        return None

    def _drops_pointer(self, said: str) -> bool:
        """Whether reading a part alone would drop a word that points at another part."""
        return (
            bool(self.made) and re.search(r"\b(?:it|its|they|them|their)\b", said, re.I) is not None
        )

    def _pointed_at(self, nouns: Sequence[str]) -> Made | None:
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

    def _note_period(self, about: Made, rest: QuerySpec) -> None:
        """Say that a time of the choice does not hold for what is asked about it."""
        if about.spec is None:
            return
        period = re.search(r"\b(?:in|of|during|since)\s+.*$", Describer(about.spec).conditions())
        if period and not rest.conditions:
            note = f"The choice was made {period[0]}; what follows is over all of the data's time."
            if note not in self.notes:
                self.notes.append(note)
