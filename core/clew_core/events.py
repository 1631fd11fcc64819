"""What a front door asks, and what it hears back: requests and events, the same for all doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from clew_core.cells import CellKind

EventType = Literal[
    "plan", "plan_edited", "step_started", "token", "proposal", "proposal_resolved",
    "approval_requested", "approval_resolved", "clarification", "usage", "heartbeat",
    "step_finished", "answer", "error", "cancelled",
]  # fmt: skip
Mode = Literal["ask", "edits", "plan", "auto"]
LONGEST_QUESTION = 10_000
"""Signs of a question that are read."""


@dataclass(frozen=True, kw_only=True)
class CellView:
    """A cell as a front end sends it.

    Attributes:
        id: the notebook's id of the cell.
        kind: what it holds.
        source: its text.
        outputs_digest: hash of its outputs; None when it has not run.
        stale: something that it uses changed after it ran.
    """

    id: str
    kind: CellKind
    source: str
    outputs_digest: str | None = None
    stale: bool = False


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A live variable of the kernel: never its values.

    Attributes:
        name: in the kernel.
        type: name of its Python type.
        shape: rows, columns, …
        schema: column → type.
    """

    name: str
    type: str
    shape: tuple[int, ...] = ()
    schema: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """Something dragged into the question.

    Attributes:
        kind: what it is.
        name: a cell's id, a registered file or table, a variable.
    """

    kind: Literal["cell", "file", "table", "variable"]
    name: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a front door asks.

    Attributes:
        question: in the user's words.
        thread: id; None starts a new one.
        cells: the notebook.
        anchor: id of the cell that the question was asked from; None means the whole notebook.
        selection: text that is marked.
        attachments: what was dragged in.
        variables: what is live in the kernel.
        mode: how much may happen without asking.
        now: dates every relative word, ISO 8601; None means the wall clock.
        time_zone: IANA name, for ``now`` and for days.
        locale: of the answer's language and numbers.
        reply_to: run whose clarification this answers; the question is an option's id.
    """

    question: str
    thread: str | None = None
    cells: tuple[CellView, ...] = ()
    anchor: str | None = None
    selection: str | None = None
    attachments: tuple[Attachment, ...] = ()
    variables: tuple[Variable, ...] = ()
    mode: Mode = "ask"
    now: str | None = None
    time_zone: str | None = None
    locale: str = "en"
    reply_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """One thing that happened in a run; stored, so that every reader can resume after ``seq``.

    Attributes:
        v: version of this form.
        thread: id of the thread.
        run: id of the run.
        seq: 1, 2, 3, … within the run.
        at: when, ISO 8601 with offset.
        type: what happened.
        data: JSON, by type.
    """

    thread: str
    run: str
    seq: int
    at: str
    type: EventType
    data: dict[str, Any] = field(default_factory=dict)
    v: Literal[1] = 1
