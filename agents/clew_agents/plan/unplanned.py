"""What is said of a part of a question that nothing was planned for? Its words; never nothing."""

from __future__ import annotations

from collections.abc import Sequence

from clew_agents.plan.cut import Part
from clew_agents.proposer import AsksBack
from clew_core.answer import Clarification, Option
from clew_core.errors import ClewError


class Unplanned(Exception):  # noqa: N818 - not an error of the user: control flow of the planner
    """A part that nothing could be planned for."""

    def __init__(self, part: Part, problem: ClewError | None) -> None:
        """Keep the part and what the proposer said to it."""
        super().__init__(part.text)
        self.part, self.problem = part, problem


def ask_back(parts: Sequence[Part], unplanned: Unplanned) -> AsksBack:
    """Name the part that nothing was planned for, and offer the question without it."""
    part = unplanned.part.text
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
