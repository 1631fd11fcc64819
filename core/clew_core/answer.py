"""What an answer is: text, table, cells and receipts, or the reason why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clew_core.cells import Cell
from clew_core.chart_spec import ChartSpec
from clew_core.query_spec import QuerySpec
from clew_core.receipts import Receipt
from clew_core.usage import Seconds, Usage

if TYPE_CHECKING:
    import pyarrow as pa

Status = Literal[
    "answered", "needs_clarification", "cannot_answer", "refused", "failed", "cancelled"
]
StepState = Literal["wait", "execution", "finish", "failed"]
ProposerName = Literal["builtin", "model"]


@dataclass(frozen=True, kw_only=True)
class PlanStep:
    """One step of a plan, as it stands.

    Attributes:
        id: ``s1``, ``s2``, …
        agent: who does it.
        task: what, in words.
        needs: ids of the steps whose information reaches it.
        state: wait → execution → finish, or failed.
        seconds: how long it took, wall clock; None before its end.
    """

    id: str
    agent: str
    task: str
    needs: tuple[str, ...] = ()
    state: StepState = "wait"
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to understand a question.

    Attributes:
        id: what ``reply_to`` answers with: ``1``, ``2``, …
        label: in an analyst's words.
        question: the question put so that it means only this.
        spec: the query spec of this reading; None where the reading is a hint only.
        labels: dimension → table whose rows it names, as in a candidate.
        pins: of a question of several parts: phrase → the reading that is chosen for it.
    """

    id: str
    label: str
    question: str
    spec: QuerySpec | None = None
    labels: dict[str, str] = field(default_factory=dict)
    pins: dict[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Clarification:
    """What is asked back.

    Attributes:
        question: to the user.
        words: the words that are not understood or have several meanings.
        options: ways to understand them; may be empty.
    """

    question: str
    words: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one step of several brought into an answer.

    Attributes:
        step: its id.
        task: what it was to do.
        text: what the answer's text says of it; may be empty.
        spec: what was understood, or what the columns of the table mean.
        sql: what was run; None where results were put side by side.
        dialect: of the SQL.
        table: its result.
        truncated: there were more rows than the budget allows.
        as_of: when the data were read.
        chart: how the result is drawn.
        drawn: the rows of the chart, where they are not those of ``table``.
        cell: id of the cell that gives the table.
    """

    step: str
    task: str
    text: str = ""
    spec: QuerySpec | None = None
    sql: str | None = None
    dialect: str | None = None
    table: pa.Table | None = None
    truncated: bool = False
    as_of: str | None = None
    chart: ChartSpec | None = None
    drawn: pa.Table | None = None
    cell: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a question came to.

    Attributes:
        status: decides which other fields are filled.
        question: as it was asked.
        text: prose; each number in it has a receipt.
        reason: why there is no answer.
        clarification: what is asked back.
        plan: the steps that were taken.
        spec: what was understood.
        sql: what was run.
        dialect: of the SQL.
        table: the result; None where there is none.
        truncated: there were more rows than the budget allows.
        as_of: when the data were read, ISO 8601.
        chart: how the result is drawn; None where a chart shows nothing.
        drawn: the rows of the chart, where they are not those of ``table``.
        cells: proposed cells, in the order of the notebook.
        receipts: one per number in the text.
        parts: results of a plan of several steps, in its order; ``table``, ``spec``, ``sql`` and
            ``chart`` are then those of the one that is shown first. Empty for one step.
        proposer: who made the accepted candidate.
        confidence: its calibrated probability of being right.
        model: name of the model that took part.
        usage: of models.
        seconds: where the time went.
        warnings: what the reader must know, one line each.
        thread: id of the thread.
        run: id of the run.
    """

    status: Status
    question: str
    text: str = ""
    reason: str | None = None
    clarification: Clarification | None = None
    plan: tuple[PlanStep, ...] = ()
    spec: QuerySpec | None = None
    sql: str | None = None
    dialect: str | None = None
    table: pa.Table | None = None
    truncated: bool = False
    as_of: str | None = None
    chart: ChartSpec | None = None
    drawn: pa.Table | None = None
    cells: tuple[Cell, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    parts: tuple[Part, ...] = ()
    proposer: ProposerName = "builtin"
    confidence: float | None = None
    model: str | None = None
    usage: Usage = field(default_factory=Usage)
    seconds: Seconds = field(default_factory=Seconds)
    warnings: tuple[str, ...] = ()
    thread: str | None = None
    run: str | None = None

    @property
    def row_count(self) -> int:
        """Rows of the result as it is here (cut if ``truncated``)."""
        return 0 if self.table is None else self.table.num_rows
