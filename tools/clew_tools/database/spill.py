"""Where do the rows of a result lie while they come in: in memory, or beyond a budget in a file?

The file lies in the process's private folder and loses its name as soon as it is mapped: it is
gone when the last table that reads from it is, or the process.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from clew_core.errors import BudgetEnded, SourceError
from clew_tools.database import scratch

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ON_DISK_BYTES = 16 << 30
"""What one result may take on disk."""
_COUNTED = re.compile(r"(Column .*: )([\d,]+) values?( .*)", re.DOTALL)


class Rows:
    """The parts of one result, in order; used by one thread, as a context."""

    def __init__(self, memory_mb: int) -> None:
        """Begin with none.

        Args:
            memory_mb: what they may use; from there on all lie on disk.
        """
        self._most = memory_mb << 20
        self._kept: list[pa.Table] = []
        self._size = self._written = 0
        self._files: list[Path] = []
        self._writer: Any = None
        self._schema: pa.Schema | None = None

    @property
    def spilled(self) -> bool:
        """Whether something lies on disk."""
        return bool(self._files)

    def add(self, part: pa.Table | pa.RecordBatch) -> None:
        """Take the next rows.

        Args:
            part: of the same columns as the others; their types may differ.

        Raises:
            BudgetEnded: there is no room on disk.
        """
        import pyarrow as pa

        table = part if isinstance(part, pa.Table) else pa.Table.from_batches([part])
        if self._files:
            self._write(table)
            return
        self._kept.append(table)
        self._size += table.nbytes
        if self._size > self._most:
            kept, self._kept = self._kept, []
            for each in kept:
                self._write(each)

    def _write(self, table: pa.Table) -> None:
        import pyarrow as pa

        self._written += table.nbytes
        if self._written > MOST_ON_DISK_BYTES:
            raise BudgetEnded(
                f"The result is larger than the {MOST_ON_DISK_BYTES >> 30} GB it may take on disk.",
                hint="Ask for fewer rows or columns.",
            )
        try:
            if self._writer is None or table.schema != self._schema:
                self._finish()
                self._files.append(scratch.fresh(".arrow"))
                self._schema = table.schema
                self._writer = pa.ipc.new_file(str(self._files[-1]), table.schema)
            self._writer.write_table(table)
        except OSError as error:
            raise _no_room(error) from error

    def _finish(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def tables(self) -> list[pa.Table]:
        """Give all parts; those on disk are mapped, not read."""
        import pyarrow as pa

        try:
            self._finish()
            mapped = [pa.ipc.open_file(pa.memory_map(str(file))).read_all() for file in self._files]
        except OSError as error:
            raise _no_room(error) from error
        return [*mapped, *self._kept]

    def __enter__(self) -> Rows:
        """Open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the names of the files away."""
        try:
            self._finish()
        except OSError:
            # Half a file: it goes all the same.
            pass
        for file in self._files:
            file.unlink(missing_ok=True)


def joined(parts: Iterable[pa.Table]) -> tuple[pa.Table, tuple[int, ...]]:
    """Put parts of one result under each other, each column in the one type that holds it all.

    Returns:
        The table, and the columns in which numbers had to become text.
    """
    import pyarrow as pa

    tables = list(parts)
    if len({table.schema for table in tables}) <= 1:
        return pa.concat_tables(tables), ()
    columns, mixed = [], []
    for index in range(tables[0].num_columns):
        kinds = {table.schema.field(index).type for table in tables}
        kinds.discard(pa.null())
        kind = _holding(kinds)
        if pa.types.is_string(kind) and len(kinds) > 1:
            mixed.append(index)
        chunks = [
            chunk if chunk.type == kind else _as(chunk, kind)
            for table in tables
            for chunk in table.column(index).chunks
        ]
        columns.append(pa.chunked_array(chunks, kind))
    return pa.Table.from_arrays(columns, names=tables[0].column_names), tuple(mixed)


def added(warnings: Iterable[str]) -> tuple[str, ...]:
    """Say once what was said of several parts.

    >>> added(["Column 'x': 1 value (odd) became empty.", "Column 'x': 2 values (odd) became empty."])
    ("Column 'x': 3 values (odd) became empty.",)
    """  # noqa: E501 - the output stands as it is
    found: dict[tuple[str, str], int] = {}
    for text in warnings:
        part = _COUNTED.fullmatch(text)
        key = (part[1], part[3]) if part else (text, "")
        found[key] = found.get(key, 0) + (int(part[2].replace(",", "")) if part else 0)
    return tuple(
        f"{before}{count:,} value{'s' if count > 1 else ''}{after}" if count else before
        for (before, after), count in found.items()
    )


def _holding(kinds: set[pa.DataType]) -> pa.DataType:
    import pyarrow as pa

    if len(kinds) <= 1:
        return next(iter(kinds), pa.null())
    if all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds):
        return pa.float64()
    if all(pa.types.is_decimal(kind) for kind in kinds):
        scale = max(kind.scale for kind in kinds)
        whole = max(kind.precision - kind.scale for kind in kinds)
        if whole + scale <= 38:
            return pa.decimal128(38, scale)
        return pa.decimal256(76, scale)
    return pa.string()


def _as(chunk: pa.Array, kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    from clew_tools.database.arrow_form import text_column

    if pa.types.is_null(chunk.type):
        return pa.nulls(len(chunk), kind)
    if pa.types.is_string(kind):
        return text_column(chunk.to_pylist())
    return chunk.cast(kind, safe=False)


def _no_room(error: OSError) -> BudgetEnded | SourceError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BudgetEnded(
            f"The result does not fit into memory, and {str(scratch.folder())!r} is full.",
            hint="Free some space there, or ask for fewer rows or columns.",
        )
    return SourceError(
        f"The result can't be written to {str(scratch.folder())!r}: {error.strerror or error}."
    )
