"""What a notebook cell is to Clew, where it came from, and how a change to it is proposed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

CellKind = Literal["sql", "python", "pyspark", "chart", "markdown"]
Operation = Literal["insert", "replace", "delete"]
Risk = Literal["none", "reads_files", "writes_files", "network", "runs_programs", "changes_data"]


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a cell came from.

    Attributes:
        agent: the agent that proposed it.
        proposer: ``builtin`` or ``model``.
        run: id of the run.
        question: what was asked.
        at: when, ISO 8601 with offset.
    """

    agent: str
    proposer: str
    run: str
    question: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell, whatever notebook it stands in.

    Attributes:
        id: the notebook's id of the cell.
        kind: what it holds.
        source: its text, without the magic line for ``sql``.
        uses: names that it reads, and the tables of a SQL cell as ``source.table``.
        defines: names that it binds.
        data_source: for ``sql``: the name of the source that it runs on.
        outputs_digest: hash of its outputs; None when it has not run.
        stale: something that it uses changed after it ran.
        provenance: who made it; None for a person.
    """

    id: str
    kind: CellKind
    source: str
    uses: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    data_source: str | None = None
    outputs_digest: str | None = None
    stale: bool = False
    provenance: Provenance | None = None

    @property
    def sha256(self) -> str:
        """Hash of the text: the base that a proposal is bound to."""
        return sha256(self.source)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A change to a notebook that a person accepts or rejects; never applied by itself.

    Attributes:
        id: of the proposal.
        op: insert, replace or delete.
        after_cell: for ``insert``: the cell that it comes after; None for the top.
        cell_id: the cell that is changed or would be made.
        base_sha256: hash of the old text; another hash at apply time is a conflict.
        kind: of the cell.
        old: text before; empty for ``insert``.
        new: text after; empty for ``delete``.
        uses: names that the new text reads.
        risk: what running it could do.
        group: proposals of one group are accepted as one step.
    """

    id: str
    op: Operation
    cell_id: str
    kind: CellKind
    after_cell: str | None = None
    base_sha256: str | None = None
    old: str = ""
    new: str = ""
    uses: tuple[str, ...] = ()
    risk: Risk = "none"
    group: str = ""


def sha256(text: str) -> str:
    """Hash text as UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
