"""What users get for a question: the answer with its figure and its JSON."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew_core.answer import Answer as CoreAnswer
from clew_core.answer import Part
from clew_core.errors import UsageError
from clew_core.json_form import to_json

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import pyarrow as pa

    from clew.feedback import Feedback
    from clew.session import Session

_SAFE_INTEGER = 2**53


@dataclass(frozen=True, kw_only=True)
class Answer(CoreAnswer):
    """An answer with what needs more than the core: a Plotly figure, JSON, a way to object."""

    session: Session | None = field(default=None, repr=False, compare=False)
    """That gave it; None where it was made by hand."""

    @classmethod
    def of(cls, answer: CoreAnswer) -> Answer:
        """Take over an answer."""
        return cls(**{part.name: getattr(answer, part.name) for part in fields(answer)})

    def given_by(self, session: Session) -> Answer:
        """Remember who gave it, so that feedback finds its run."""
        return replace(self, session=session)

    def feedback(self, text: str, right: str | None = None) -> Feedback:
        """Say that this is wrong; kept as a proposal for the knowledge, never applied unseen.

        Args:
            text: what is wrong.
            right: what it should be.

        Raises:
            UsageError: nothing is said, or the answer belongs to no run.
        """
        from clew.feedback import give

        if self.session is None or self.run is None:
            raise UsageError("This answer belongs to no run: feedback has nothing to go with.")
        store = self.session.workspace.store
        return give(store, self.session.principal, self.run, text, right)

    @property
    def figure(self) -> go.Figure | None:
        """The chart as a Plotly figure; None where there is no chart."""
        table = self.table if self.drawn is None else self.drawn
        if self.chart is None or table is None:
            return None
        from clew_tools.charts.compile import figure

        return figure(self.chart, table)

    def to_json(self) -> dict[str, Any]:
        """Make the object that ``clew ask --json`` prints (DESIGN: Command line)."""
        return {
            "status": self.status,
            "question": self.question,
            "text": self.text,
            "plan": [{**_all(step), "needs": list(step.needs)} for step in self.plan],
            "spec": to_json(self.spec) if self.spec else None,
            "sql": self.sql,
            "dialect": self.dialect,
            "columns": _columns(self.table),
            "rows": _rows(self.table),
            "row_count": self.row_count,
            "truncated": self.truncated,
            "as_of": self.as_of,
            "chart": to_json(self.chart) if self.chart else None,
            "cells": [
                {
                    "id": cell.id,
                    "kind": cell.kind,
                    "source": cell.source,
                    "agent": cell.provenance.agent if cell.provenance else None,
                    "uses": list(cell.uses),
                    "defines": list(cell.defines),
                }
                for cell in self.cells
            ],
            "receipts": [_receipt(receipt) for receipt in self.receipts],
            "parts": [_part(part) for part in self.parts],
            "clarification": to_json(self.clarification) if self.clarification else None,
            "reason": self.reason,
            "proposer": self.proposer,
            "confidence": self.confidence,
            "model": self.model,
            "usage": _all(self.usage),
            "seconds": _all(self.seconds),
            "warnings": list(self.warnings),
            "thread": self.thread,
            "run": self.run,
        }


def _all(value: Any) -> dict[str, Any]:
    """Give all fields of a flat dataclass, defaults too: readers count on them."""
    return {part.name: getattr(value, part.name) for part in fields(value)}


def _part(part: Part) -> dict[str, Any]:
    """Write what one of several steps brought, with its rows."""
    return {
        "step": part.step,
        "task": part.task,
        "text": part.text,
        "spec": to_json(part.spec) if part.spec else None,
        "sql": part.sql,
        "dialect": part.dialect,
        "columns": _columns(part.table),
        "rows": _rows(part.table),
        "row_count": 0 if part.table is None else part.table.num_rows,
        "truncated": part.truncated,
        "as_of": part.as_of,
        "chart": to_json(part.chart) if part.chart else None,
        "cell": part.cell,
    }


def _receipt(receipt: Any) -> dict[str, Any]:
    refs = [_all(ref) for ref in receipt.refs]
    return {**_all(receipt), "refs": refs, **(refs[0] if refs else {})}


def table_json(table: pa.Table | None) -> dict[str, Any]:
    """Write a table as the object of ``clew ask --json`` does: ``columns`` and ``rows``."""
    return {"columns": _columns(table), "rows": _rows(table)}


def _columns(table: pa.Table | None) -> list[dict[str, str]]:
    if table is None:
        return []
    return [{"name": column.name, "type": str(column.type)} for column in table.schema]


def _rows(table: pa.Table | None) -> list[list[Any]]:
    if table is None:
        return []
    columns = [[json_value(v) for v in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def json_value(value: Any) -> Any:
    """Write a value of a result as JSON: decimals and long integers as text, dates as ISO 8601."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, dict):
        return {str(key): json_value(item) for key, item in value.items()}
    return str(value)
