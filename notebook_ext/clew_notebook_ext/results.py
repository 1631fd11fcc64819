"""Which rows and charts did the last answers have? Kept in memory, handed on in pieces."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clew_core.errors import UsageError
from clew_notebook_ext.errors import NotFound

if TYPE_CHECKING:
    import pyarrow as pa

    from clew.answer import Answer
    from clew_core.answer import Part
    from clew_core.chart_spec import ChartSpec

KEPT_BYTES = 256_000_000
KEPT_RESULTS = 1_000
MOST_ROWS = 10_000
"""Rows that one request gives."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A result that is kept.

    Attributes:
        table: its rows.
        as_of: when it was read, ISO 8601.
        chart: how it is drawn; None where it is not.
        drawn: the rows of the chart, where they are not those of ``table``.
    """

    table: pa.Table
    as_of: str | None
    chart: ChartSpec | None
    drawn: pa.Table | None


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some rows of a result.

    Attributes:
        rows: in the order that was asked for.
        row_count: of the whole result.
        as_of: when it was read, ISO 8601.
    """

    rows: pa.Table
    row_count: int
    as_of: str | None


class Results:
    """The tables of the last answers. Thread-safe."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._tables: OrderedDict[str, dict[str, Kept]] = OrderedDict()
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()

    def keep(self, run: str, answer: Answer) -> None:
        """Keep the tables of an answer, and let go of the oldest ones beyond what is kept."""
        tables: dict[str, Kept] = {}
        found: list[tuple[str, Answer | Part]] = [("", answer)]
        for step, of in [*found, *((part.step, part) for part in answer.parts)]:
            if of.table is not None:
                tables[step] = Kept(table=of.table, as_of=of.as_of, chart=of.chart, drawn=of.drawn)
        if tables:
            self._keep(run, tables)

    def keep_one(self, key: str, kept: Kept, *, owner: str) -> None:
        """Keep the result of a statement that belongs to no run, for the user who ran it."""
        with self._lock:
            self._owners[key] = owner
        self._keep(key, {"": kept})

    def is_owned(self, key: str, user: str) -> bool:
        """Say whether this is the result of a statement of this user."""
        with self._lock:
            return self._owners.get(key) == user

    def _keep(self, run: str, tables: dict[str, Kept]) -> None:
        with self._lock:
            self._tables[run] = tables
            self._tables.move_to_end(run)
            size = sum(_size(kept) for kept in self._tables.values())
            while len(self._tables) > 1 and (size > KEPT_BYTES or len(self._tables) > KEPT_RESULTS):
                key, gone = self._tables.popitem(last=False)
                self._owners.pop(key, None)
                size -= _size(gone)

    def forget(self, run: str) -> None:
        """Let go of the tables of a run."""
        with self._lock:
            self._tables.pop(run, None)

    def piece(
        self, run: str, step: str = "", *, offset: int = 0, limit: int = 1000, sort: str = ""
    ) -> Piece:
        """Take rows out of a result.

        Args:
            run: whose answer.
            step: of its plan; empty means the answer's own table.
            offset: rows that are left out before.
            limit: rows at most.
            sort: name of a column; with ``-`` before it, downwards. Nulls come last. Empty
                leaves the order of the answer.

        Raises:
            NotFound: it is not kept, or never was.
            UsageError: there is no such column, or it has no order, or a number is out of range.
        """
        found = self._find(run, step)
        if offset < 0 or not 0 <= limit <= MOST_ROWS:
            raise UsageError(f"offset begins at 0; limit is 0 to {MOST_ROWS}.")
        rows = _sorted(found.table, sort).slice(offset, limit)
        return Piece(rows=rows, row_count=found.table.num_rows, as_of=found.as_of)

    def whole(self, run: str, step: str = "") -> pa.Table:
        """Give all rows of a result, as they were found.

        Raises:
            NotFound: it is not kept, or never was.
        """
        return self._find(run, step).table

    def figure(self, run: str, step: str = "", spec: ChartSpec | None = None) -> dict[str, Any]:
        """Draw a result: a Plotly figure as JSON.

        Args:
            run: whose answer.
            step: as ``piece``.
            spec: how; None means as the answer does.

        Raises:
            NotFound: it is not kept, or has no chart.
            RetryByModel: the spec can't be drawn with these rows.
        """
        from clew_tools.charts.compile import figure_json

        found = self._find(run, step)
        table = found.table
        if spec is None:
            spec, table = found.chart, found.table if found.drawn is None else found.drawn
        if spec is None:
            raise NotFound("This answer has no chart.")
        return figure_json(spec, table)

    def _find(self, run: str, step: str) -> Kept:
        with self._lock:
            found = self._tables.get(run, {}).get(step)
        if found is None:
            raise NotFound("These rows are not kept any more.", hint="Run the answer's cell.")
        return found


def _size(tables: dict[str, Kept]) -> int:
    return sum(kept.table.nbytes for kept in tables.values())


def _sorted(table: pa.Table, sort: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as compute

    if not sort:
        return table
    name, order = sort, "ascending"
    if sort not in table.column_names and sort.startswith("-"):
        name, order = sort[1:], "descending"
    if name not in table.column_names:
        raise UsageError(f"There is no column {name!r}.")
    try:
        order_of = compute.sort_indices(
            pa.table({"by": table.column(name)}), sort_keys=[("by", order)]
        )
    except pa.ArrowException as error:
        raise UsageError(f"The column {name!r} can't be sorted.") from error
    return table.take(order_of)
