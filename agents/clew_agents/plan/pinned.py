"""How is a part of a question read as a person chose, while the rest is planned as ever?

A proposer in front of another: the phrases that a person settled give the reading that she chose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clew_agents.proposer import Candidate, CannotAnswer, Proposer
from clew_agents.sql.builtin import SqlContext
from clew_core.answer import Option, ProposerName
from clew_core.deadline import Deadline


class Pinned:
    """Proposes what was chosen for some phrases, and asks another proposer for all others."""

    def __init__(self, inner: Proposer[SqlContext], pins: Mapping[str, Option]) -> None:
        """Take the other proposer, and phrase → the option that was chosen for it."""
        self.inner, self.pins = inner, dict(pins)

    @property
    def name(self) -> ProposerName:
        """That of the other one."""
        return self.inner.name

    def propose(self, task: str, context: SqlContext, deadline: Deadline) -> Sequence[Candidate]:
        """Propose the chosen reading, or ask on."""
        pin = self.pins.get(task)
        if pin is None or pin.spec is None:
            return self.inner.propose(task, context, deadline)
        if pin.spec.source != context.source:
            raise CannotAnswer(f"{task!r} was settled for {pin.spec.source!r}.")
        return [
            Candidate(spec=pin.spec, confidence=1.0, reason="chosen by the user", labels=pin.labels)
        ]
