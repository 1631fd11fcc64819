"""What stands in for the workspace in tests of the command line: answers that are made up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from clew_core.answer import Answer as CoreAnswer
from clew_core.answer import Clarification, Option
from clew_core.cells import Cell, Provenance, sha256
from clew_core.chart_spec import ChartSpec, Encoding
from clew_core.deadline import Deadline
from clew_core.query_spec import Column, Dimension, Measure, QuerySpec
from clew_core.receipts import Receipt, Ref

SQL = "SELECT continent, count(*) AS n\nFROM gap\nGROUP BY continent\nORDER BY n DESC, continent"
ROWS = {"continent": ["Africa", "Asia", "Europe"], "n": [1052, 33, 30]}
FROM = Provenance(agent="sql", proposer="builtin", run="run1", question="q", at="2026-01-02")


class Answer(CoreAnswer):
    """The least that the command line asks of an answer."""

    def to_json(self) -> dict[str, Any]:
        rows = [] if self.table is None else [list(r.values()) for r in self.table.to_pylist()]
        return {
            "status": self.status,
            "question": self.question,
            "text": self.text,
            "rows": rows,
            "reason": self.reason,
            "warnings": list(self.warnings),
        }


def answered(**changes: Any) -> Answer:
    """Make an answer with a table, a chart and two receipts."""
    ref = Ref(cell="q1", sql_sha256=sha256(SQL), row=0, column="n")
    values = {"op": "value", "ref": 0}
    answer = Answer(
        status="answered",
        question="how many per continent?",
        text="Africa has the most: 1,052. There are 3 continents.",
        spec=QuerySpec(
            source="gap",
            table="gap",
            measures=(Measure(name="n", aggregate="count"),),
            dimensions=(Dimension(name="continent", of=Column(table="gap", column="continent")),),
        ),
        sql=SQL,
        dialect="duckdb",
        table=pa.table(ROWS),
        as_of="2026-01-02T03:04:05+00:00",
        chart=ChartSpec(
            data="per_continent",
            mark="bar",
            x=Encoding(field="continent", type="nominal"),
            y=Encoding(field="n", type="quantitative"),
        ),
        cells=(
            Cell(id="text1", kind="markdown", source="…", provenance=FROM),
            Cell(
                id="q1",
                kind="sql",
                source=SQL,
                uses=("gap.gap",),
                defines=("per_continent",),
                data_source="gap",
                provenance=FROM,
            ),
            Cell(
                id="c1",
                kind="chart",
                source="import plotly.express as px\n\n"
                'figure = px.bar(per_continent, x="continent", y="n")\nfigure',
                uses=("per_continent",),
                defines=("figure",),
                provenance=FROM,
            ),
        ),
        receipts=(
            Receipt(id="r1", text="1,052", value=1052, expression=values, refs=(ref,)),
            Receipt(
                id="r2",
                text="3",
                value=3,
                expression={"op": "count", "ref": 0},
                refs=(replace(ref, row=None, column=None),),
            ),
        ),
    )
    return replace(answer, **changes)


def asked_back(**changes: Any) -> Answer:
    """Make an answer that asks back."""
    return replace(
        Answer(
            status="needs_clarification",
            question="best?",
            reason="'best' is not understood.",
            clarification=Clarification(
                question="What is 'best'?",
                words=("best",),
                options=(
                    Option(id="1", label="the most rows", question="most rows"),
                    Option(id="2", label="the highest n", question="highest n"),
                ),
            ),
        ),
        **changes,
    )


@dataclass
class FakeClew:
    """A workspace that answers as it is told, and keeps what it was asked.

    Attributes:
        answer: what comes back, or a function of the deadline, or an error.
        warnings: of the workspace.
        asked: one entry per question.
        closed: whether the workspace was closed.
    """

    answer: Any
    warnings: tuple[str, ...] = ()
    asked: list[dict[str, Any]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    locations: dict[str, str] = field(default_factory=lambda: {"gap": "gap.csv"})

    def open(self, *locations: str, **options: Any) -> Any:
        if isinstance(self.answer, Exception) and not self.locations:
            raise self.answer
        fake = self

        class Session:
            thread = "abc123"

            def ask(
                self, question: str, *, now: str | None, deadline: Deadline, tell: Any = None
            ) -> Any:
                fake.asked.append(
                    {"question": question, "now": now, "locations": locations} | options
                )
                result = fake.answer
                if isinstance(result, Exception):
                    raise result
                return result(deadline) if isinstance(result, Callable) else result

        def session(user: str = "local", thread: str | None = None) -> Session:
            made = Session()
            if thread:
                made.thread = thread
            return made

        return SimpleNamespace(
            warnings=self.warnings,
            sources={n: SimpleNamespace(location=at) for n, at in self.locations.items()},
            session=session,
            close=self.closed.set,
        )
