"""What is a model asked, and what comes back? The port through which all parts reach models.

``clew_backend`` answers it over HTTP. Only proposers, judges and mappers call it; what a model
says is a proposal and never an instruction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from clew_core.deadline import Deadline
from clew_core.usage import Usage

Role = Literal["planner", "coder", "judge", "embedder"]
Speaker = Literal["system", "user", "assistant"]
Finish = Literal["stop", "length"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a prompt that is the same wherever it stands.

    Attributes:
        text: as the model reads it.
        chunk: id of the passage that it is; None for what is no retrieved passage.
    """

    text: str
    chunk: str | None = None

    @property
    def sha256(self) -> str:
        """Hash of the text: equal blocks may share their KV."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one speaker says.

    Attributes:
        speaker: who.
        blocks: in order.
    """

    speaker: Speaker
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The blocks as one text."""
        return "".join(block.text for block in self.blocks)


@dataclass(frozen=True, kw_only=True)
class ModelTask:
    """One request.

    Attributes:
        role: which model is meant.
        turns: the prompt, stable parts first.
        schema: JSON Schema that the reply fulfils; None asks for text.
        name: of the schema, a word.
        most_tokens: of the reply.
        temperature: 0 takes the likeliest word each time.
        tenant: whose question it is: nothing is cached across tenants.
    """

    role: Role
    turns: tuple[Turn, ...]
    schema: Mapping[str, Any] | None = None
    name: str = "reply"
    most_tokens: int = 512
    temperature: float = 0.0
    tenant: str = "local"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a model answered.

    Attributes:
        text: as it came.
        data: the JSON in it, which fulfils the schema; None where text was asked for.
        model: the name that the endpoint gives the model.
        finish: ``length`` where it was cut at ``most_tokens``.
        usage: all calls that this took.
        seconds: wall clock, waiting and retries included.
        cost: in the currency of the prices; 0 where there are none.
    """

    text: str
    data: Any = None
    model: str = ""
    finish: Finish = "stop"
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    cost: float = 0.0


def usage_of(error: BaseException) -> Usage:
    """Read what a task used that ended in an error."""
    usage = getattr(error, "usage", None)
    return usage if isinstance(usage, Usage) else Usage()


class Model(Protocol):
    """Answers tasks. Safe to use from several threads."""

    def complete(
        self, task: ModelTask, deadline: Deadline, tell: Callable[[str], None] | None = None
    ) -> Reply:
        """Ask.

        Args:
            task: what.
            deadline: of the run; cancelling it ends the server's work.
            tell: is called with each piece of text as it comes.

        Raises:
            ClewError: ``usage_of`` says what was used all the same.
            BackendUnavailable: nobody answers, or nobody who may be asked.
            RetryByModel: what came is not what was asked for.
            ToolFailed: the model can't or won't do it.
            BudgetEnded, Cancelled: the run is over.
        """
        ...
