"""What is said of a part of a question that nothing was planned for? Its words; never nothing."""

from __future__ import annotations

from collections.abc import Sequence

from clew_agents.plan.cut import Part
from clew_agents.plan.pinned import Pinned
from clew_agents.plan.probe import Probe, Prober
from clew_agents.proposer import AsksBack
from clew_core.answer import Clarification, Option
from clew_core.errors import ClewError


class Unplanned(Exception):  # noqa: N818 - not an error of the user: control flow of the planner
    """A part that nothing could be planned for."""

    def __init__(self, part: Part, problem: ClewError | None) -> None:
        """Keep the part and what the proposer said to it."""
        super().__init__(part.text)
        self.part, self.problem = part, problem


def ask_back(
    question: str, parts: Sequence[Part], unplanned: Unplanned, prober: Prober
) -> AsksBack:
    """Name the part that nothing was planned for.

    Where a phrase of it has several readings, they are offered for the whole question; else the
    question without the part is.
    """
    part = unplanned.part.text
    if (open_ := _ambiguous(part, prober)) is not None:
        return _ask_reading(question, open_, prober)
    why = str(unplanned.problem) if unplanned.problem else ""
    rest = [p.text for p in parts if p.text != part and part not in p.text]
    options: tuple[Option, ...] = ()
    if rest and len(rest) < len(parts):
        without = ", then ".join(rest)
        options = (Option(id="1", label=f"leave {part!r} out", question=without),)
    words: tuple[str, ...] = (part,)
    if isinstance(unplanned.problem, AsksBack) and unplanned.problem.clarification.words:
        words = unplanned.problem.clarification.words
    return AsksBack(
        Clarification(
            question=f"I see no step for the part {part!r}. {why}".strip(),
            words=words,
            options=options,
        )
    )


def _ambiguous(part: str, prober: Prober) -> Probe | None:
    """Find a phrase of a part that has readings to choose from: the longest."""
    words = set(part.lower().split())
    found = [
        probe
        for probe in prober.probes.values()
        if isinstance(probe.problem, AsksBack)
        and any(option.spec is not None for option in probe.problem.clarification.options)
        and set(probe.text.lower().split()) <= words
    ]
    return max(found, key=lambda probe: len(probe.text), default=None)


def _ask_reading(question: str, open_: Probe, prober: Prober) -> AsksBack:
    """Offer the readings of a phrase; the rest of the question is planned after the choice."""
    assert isinstance(open_.problem, AsksBack)
    asked = open_.problem.clarification
    settled = prober.proposer.pins if isinstance(prober.proposer, Pinned) else {}
    options = tuple(
        Option(
            id=option.id,
            label=option.label,
            question=question,
            pins={**settled, open_.text: option},
        )
        for option in asked.options
        if option.spec is not None
    )
    return AsksBack(
        Clarification(
            question=f"In {open_.text!r}: {asked.question}", words=asked.words, options=options
        )
    )
