"""What the insight agent found: one statement with its place, time, effect size and test."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from clew_agents.insight.asking import Sheet
from clew_agents.insight.subject import Place
from clew_core.receipts import Receipt

if TYPE_CHECKING:
    import pyarrow as pa

FindingKind = Literal[
    "change", "jump", "contest", "reversal", "trend", "season", "outlier", "together", "shift",
    "concentration", "definition",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One statement.

    Attributes:
        kind: what is stated.
        text: in one to three sentences.
        places: what the rows have in common, column and value.
        low: first day; None where it has no time.
        high: last day; None: it goes on, or has no time.
        direction: 1 up, -1 down, 0 neither.
        effect: its size: the change as a fraction of what was expected, a correlation, a
            difference of shares.
        p: chance of such an effect were there nothing, corrected for all that was looked at.
    """

    kind: FindingKind
    text: str
    places: tuple[Place, ...] = ()
    low: dt.date | None = None
    high: dt.date | None = None
    direction: int = 0
    effect: float = 0.0
    p: float = 1.0


@dataclass(frozen=True, kw_only=True)
class InsightAnswer:
    """What the agent hands back.

    Attributes:
        findings: the most important first; empty where nothing stands out beyond chance.
        text: of the answer, one to six sentences.
        receipts: of the numbers in the text, in their order.
        sheets: the results that they refer to: each becomes a SQL cell.
        table: the findings in rows; None where there are none.
        warnings: what the reader must know.
        tried: how many places, stretches of time apart, were looked at.
        queries: how many were run.
        seconds: inside the engine.
        cpu_seconds: CPU time there.
        as_of: when the oldest of the data were read.
    """

    findings: tuple[Finding, ...]
    text: str
    receipts: tuple[Receipt, ...]
    sheets: tuple[Sheet, ...]
    table: pa.Table | None
    warnings: tuple[str, ...] = ()
    tried: int = 0
    queries: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    as_of: str | None = None
    confidence: float | None = field(default=None)
