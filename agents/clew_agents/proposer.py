"""What every proposer is: the port that built-in and model proposers share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from clew_core.answer import Clarification, ProposerName
from clew_core.deadline import Deadline
from clew_core.errors import ClewError
from clew_core.query_spec import QuerySpec

Context = TypeVar("Context", contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One way to do a task, not verified yet.

    Attributes:
        spec: the query spec.
        confidence: probability that it is right, in [0, 1].
        reason: what it rests on, in words.
        single_row: it holds only if the result has exactly one row.
        labels: dimension → table whose rows it names; where two rows share a name, the key
            has to be grouped by as well.
        warnings: what the reader must know of the reading, one line each.
        many: what is asked instead where the rows are too many for somebody to read.
        sql: free SQL, where no spec says it; ``spec`` then only names the table it reads first.
    """

    spec: QuerySpec
    confidence: float
    reason: str
    single_row: bool = False
    labels: dict[str, str] = field(default_factory=dict)
    many: QuerySpec | None = None
    sql: str | None = None
    warnings: tuple[str, ...] = ()


class CannotAnswer(ClewError):
    """The question can't be answered from this source; the message is the reason."""

    exit_code = 3


class AsksBack(ClewError):
    """The question has several meanings, or words that are not understood."""

    exit_code = 3

    def __init__(self, clarification: Clarification) -> None:
        """Keep what is asked."""
        super().__init__(clarification.question)
        self.clarification = clarification


class Proposer(Protocol[Context]):
    """Makes candidates for a task; verification is the same for all proposers."""

    @property
    def name(self) -> ProposerName:
        """``builtin`` or ``model``."""
        ...

    def propose(self, task: str, context: Context, deadline: Deadline) -> Sequence[Candidate]:
        """Make candidates, best first.

        Raises:
            CannotAnswer, AsksBack: there is nothing to propose; the reason is in the error.
            Refused: the task asks for something that is not done.
        """
        ...
