"""What one agent tells another: an information unit, and what may stand in it.

Six fields, as in DataLab (arXiv 2412.02205, section on inter-agent communication): where the data
come from, who did what, in words, with what content, and when. The content is typed, so that a
plan can be checked before it runs. Does not hold how a unit is written to a checkpoint: that is
``plan/codec.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from clew_core.answer import Clarification, ProposerName, Status
from clew_core.chart_spec import ChartSpec
from clew_core.query_spec import QuerySpec
from clew_core.receipts import Receipt

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["result", "chart", "findings", "failure"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A verified result of a query.

    Attributes:
        spec: what was understood.
        sql: what was run.
        dialect: of the SQL.
        table: its rows.
        truncated: there were more.
        as_of: when it was read, ISO 8601.
        confidence: probability that it is what was asked.
        proposer: who proposed it.
        seconds: wall-clock time inside the engine.
        warnings: what the reader must know.
    """

    spec: QuerySpec
    sql: str
    dialect: str
    table: pa.Table
    as_of: str
    truncated: bool = False
    confidence: float = 1.0
    proposer: ProposerName = "builtin"
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Side:
    """One result of several that were put side by side.

    Attributes:
        step: that gave it.
        keys: its columns that are matched, in the order of the others' keys.
        columns: its own column → its name in the combined table.
        scales: name in the combined table → what it is counted in: numbers of one scale can share
            an axis.
    """

    step: str
    keys: tuple[str, ...]
    columns: dict[str, str]
    scales: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Combined:
    """Several results in one table, matched by what they are grouped by.

    Attributes:
        spec: says what the columns mean; never compiled.
        table: one row per group that any side has.
        sides: in order.
        as_of: of the side that was read first.
        truncated: a side was cut.
    """

    spec: QuerySpec
    table: pa.Table
    sides: tuple[Side, ...]
    as_of: str
    truncated: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Charts of a result.

    Attributes:
        charts: at least one; their ``data`` is renamed when the cells are made.
        of: the step whose result they draw.
        reason: why these.
        series: columns of the result that were put below each other for the chart, which then
            draws their values by ``series``; empty where it draws the result as it is.
    """

    charts: tuple[ChartSpec, ...]
    of: str
    reason: str = ""
    series: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FoundCell:
    """A cell that an agent brings along, beside the result that it worked on.

    Attributes:
        id: of the cell.
        sql: its statement.
        name: of the variable that it binds.
    """

    id: str
    sql: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """A sentence with the receipts of its numbers.

    Attributes:
        text: one sentence.
        receipts: in the order of the text; their refs name a step or a cell that is brought along.
    """

    text: str
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What stands out in data.

    Attributes:
        sentences: most important first.
        cells: the queries that they stand on, beside the results that reached the step.
        dialect: of these.
        as_of: when the data were read; empty where nothing was read anew.
        warnings: what the reader must know.
    """

    sentences: tuple[Sentence, ...]
    cells: tuple[FoundCell, ...] = ()
    dialect: str = ""
    as_of: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a step has nothing to tell.

    Attributes:
        reason: for the user.
        status: what the answer would be if this were all.
        clarification: what is asked back.
        because: ids of the steps that failed before, where this one never ran.
    """

    reason: str
    status: Status = "failed"
    clarification: Clarification | None = None
    because: tuple[str, ...] = ()


Content: TypeAlias = Found | Combined | Drawn | Findings | Failure
KINDS: dict[type, Kind] = {
    Found: "result", Combined: "result", Drawn: "chart", Findings: "findings", Failure: "failure",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InformationUnit:
    """What an agent found out in one step.

    Attributes:
        data_source: name of the source; several are joined by commas.
        role: the agent that says it.
        action: what it did: ``query``, ``chart``, ``combine`` …
        description: in words, standing alone.
        content: typed, see this module.
        timestamp: when, ISO 8601 with offset.
    """

    data_source: str
    role: str
    action: str
    description: str
    content: Content
    timestamp: str

    @property
    def kind(self) -> Kind:
        """What the content is, as plans are checked by it."""
        return KINDS[type(self.content)]
