"""What users get for a question: the answer with its figure and its JSON."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew_core.answer import Answer as CoreAnswer
from clew_core.json_form import to_json

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import pyarrow as pa

_SAFE_INTEGER = 2**53


@dataclass(frozen=True, kw_only=True)
class Answer(CoreAnswer):
    """An answer with what needs more than the core: a Plotly figure, JSON."""

    @classmethod
    def of(cls, answer: CoreAnswer) -> Answer:
        """Take over an answer."""
        return cls(**{field.name: getattr(answer, field.name) for field in fields(answer)})

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
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _receipt(receipt: Any) -> dict[str, Any]:
    refs = [_all(ref) for ref in receipt.refs]
    return {**_all(receipt), "refs": refs, **(refs[0] if refs else {})}


def _columns(table: pa.Table | None) -> list[dict[str, str]]:
    if table is None:
        return []
    return [{"name": field.name, "type": str(field.type)} for field in table.schema]


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
