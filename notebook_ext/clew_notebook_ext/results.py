"""Which rows did the last answers have? Kept in memory, handed on in pieces and sorted."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clew_core.errors import UsageError
from clew_notebook_ext.errors import NotFound

if TYPE_CHECKING:
    import pyarrow as pa

    from clew.answer import Answer

KEPT_BYTES = 256_000_000
MOST_ROWS = 10_000
"""Rows that one request gives."""


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
        self._tables: OrderedDict[str, dict[str, tuple[pa.Table, str | None]]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, run: str, answer: Answer) -> None:
        """Keep the tables of an answer, and let go of the oldest ones beyond what is kept."""
        tables = {part.step: (part.table, part.as_of) for part in answer.parts
                  if part.table is not None}  # fmt: skip
        if answer.table is not None:
            tables[""] = (answer.table, answer.as_of)
        if not tables:
            return
        with self._lock:
            self._tables[run] = tables
            self._tables.move_to_end(run)
            size = sum(_size(kept) for kept in self._tables.values())
            while size > KEPT_BYTES and len(self._tables) > 1:
                _, gone = self._tables.popitem(last=False)
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
        with self._lock:
            found = self._tables.get(run, {}).get(step)
        if found is None:
            raise NotFound("These rows are not kept any more.", hint="Run the answer's cell.")
        if offset < 0 or not 0 <= limit <= MOST_ROWS:
            raise UsageError(f"offset begins at 0; limit is 0 to {MOST_ROWS}.")
        table, as_of = found
        return Piece(
            rows=_sorted(table, sort).slice(offset, limit), row_count=table.num_rows, as_of=as_of
        )


def _size(tables: dict[str, tuple[pa.Table, str | None]]) -> int:
    return sum(table.nbytes for table, _ in tables.values())


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
