"""What does the proposer make of a phrase? Asked while planning, so that no query is run for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clew_agents.plan.port import OpenSource
from clew_agents.plan.sql_step import after
from clew_agents.proposer import AsksBack, Candidate, CannotAnswer, Proposer
from clew_agents.sql.builtin import SqlContext
from clew_core.deadline import Deadline
from clew_core.errors import ClewError
from clew_core.query_spec import QuerySpec

_IN = r"\s*\b(?:in|from|of|on|at)\s+(?:the\s+)?(?:(?:file|source)\s+)?['\"]?"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What the proposer makes of a phrase, without running it.

    Attributes:
        text: the phrase.
        source: the only source that understood it; None where several did.
        spec: of its first candidate; None where nobody understood it.
        several: there are readings that may differ.
        problem: why nobody did.
    """

    text: str
    source: str | None = None
    spec: QuerySpec | None = None
    several: bool = False
    problem: ClewError | None = None


@dataclass(kw_only=True)
class Prober:
    """Asks the proposer about phrases, each once.

    Attributes:
        sources: that are open.
        proposer: who is asked.
        deadline: of the run.
    """

    sources: Sequence[OpenSource]
    proposer: Proposer[SqlContext]
    deadline: Deadline
    probes: dict[tuple[str, str | None, int, bool], Probe] = field(default_factory=dict)

    def ask(
        self,
        text: str,
        *,
        source: str | None = None,
        previous: QuerySpec | None = None,
        continues: bool = False,
    ) -> Probe:
        """Ask what the proposer makes of a phrase.

        Raises:
            Refused: it would change data.
        """
        key = (text, source, id(previous), continues)
        if key not in self.probes:
            self.probes[key] = self._probe(text, source, previous, continues)
        return self.probes[key]

    def _probe(
        self, text: str, source: str | None, previous: QuerySpec | None, continues: bool
    ) -> Probe:
        if not text.strip():
            return Probe(text=text)
        held: list[tuple[str, Sequence[Candidate]]] = []
        problem: ClewError | None = None
        for opened in self.sources:
            if source not in (None, opened.source.name):
                continue
            context = opened.context if continues else after(opened, previous).context
            self.deadline.check()
            try:
                found = self.proposer.propose(text, context, self.deadline)
            except (AsksBack, CannotAnswer) as said:
                if problem is None or isinstance(said, AsksBack):
                    problem = said
                continue
            if found:
                held.append((opened.source.name, found))
        if not held:
            return Probe(text=text, problem=problem)
        name, candidates = held[0]
        return Probe(
            text=text,
            source=name if len(held) == 1 else source,
            spec=candidates[0].spec,
            several=len(held) > 1 or len(candidates) > 1,
        )

    def without_source(self, text: str) -> tuple[str, str | None]:
        """Take "in web.csv" out of a phrase, and give the source that it names."""
        if len(self.sources) < 2:
            return text, None
        for opened in self.sources:
            names = {opened.source.name, Path(opened.source.location.rstrip("/")).name}
            for name in sorted(names, key=len, reverse=True):
                shorter, times = re.subn(
                    rf"{_IN}{re.escape(name)}['\"]?(?!\w|\.\w)", "", text, flags=re.IGNORECASE
                )
                if times:
                    return shorter.strip(" ,"), opened.source.name
        return text, None
