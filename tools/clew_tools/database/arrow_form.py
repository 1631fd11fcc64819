"""How do an engine's values become an Arrow table, and what holds for every result table?

Unique column names, no NaN and no infinity, plain text instead of dictionaries. Arrays are built
from buffers: ``pyarrow.array`` imports pandas to look at a list, which costs 0.8 CPU s.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clew_core.errors import BudgetEnded
from clew_tools.database.names import numbered

if TYPE_CHECKING:
    import pyarrow as pa


def tidy(table: pa.Table) -> tuple[pa.Table, tuple[str, ...]]:
    """Make the table fit for prose, JSON and charts.

    Returns:
        The table, and one line for each change that the reader must know.
    """
    import pyarrow as pa

    warnings: list[str] = []
    names = numbered(table.column_names)
    if list(names) != table.column_names:
        table = table.rename_columns(list(names))
    for index, field in enumerate(table.schema):
        column = table.column(index)
        if pa.types.is_dictionary(field.type):
            column = column.cast(field.type.value_type)
        elif pa.types.is_floating(field.type):
            column, odd = _finite(column)
            if not odd:
                continue
            warnings.append(
                f"Column {field.name!r}: {odd:,} value{'s' if odd > 1 else ''} (not a number, or "
                f"infinite) became empty."
            )
        else:
            continue
        table = table.set_column(index, pa.field(field.name, column.type), column)
    return table, tuple(warnings)


def _finite(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    import pyarrow as pa
    import pyarrow.compute as pc

    finite = pc.is_finite(column)
    odd = column.length() - column.null_count - (pc.sum(finite).as_py() or 0)
    if not odd:
        return column, 0
    return pc.if_else(finite, column, pa.scalar(None, column.type)), odd


def column_of(values: Sequence[Any]) -> tuple[pa.Array, bool]:
    """Make an array of the one type that all values have.

    Args:
        values: integers of 64 bits, floats, text, bytes and None, in any mixture.

    Returns:
        The array, and whether numbers had to become text.
    """
    import pyarrow as pa

    kinds = {type(value) for value in values}
    kinds.discard(type(None))
    if not kinds:
        return pa.nulls(len(values)), False
    if kinds == {int}:
        return _fixed(pa.int64(), array("q", [v or 0 for v in values]), values), False
    if kinds <= {int, float}:
        return _fixed(pa.float64(), array("d", [v or 0.0 for v in values]), values), False
    if kinds == {bytes}:
        return _sized(pa.binary(), values, values), False
    return text_column(values), kinds != {str}


def text_column(values: Sequence[Any]) -> pa.Array:
    """Make an array of text of values of any kind."""
    import pyarrow as pa

    texts = [None if value is None else _text(value).encode() for value in values]
    return _sized(pa.string(), texts, values)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else str(value)


def _fixed(kind: pa.DataType, data: array[Any], values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    return pa.Array.from_buffers(kind, len(values), [_validity(values), pa.py_buffer(data)])


def _sized(kind: pa.DataType, data: Sequence[bytes | None], values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    ends, end = array("i", [0]), 0
    for value in data:
        end += len(value or b"")
        if end >= 2**31:
            raise BudgetEnded("The result needs more memory than it may use.")
        ends.append(end)
    joined = b"".join(value for value in data if value)
    buffers = [_validity(values), pa.py_buffer(ends), pa.py_buffer(joined)]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _validity(values: Sequence[Any]) -> pa.Buffer | None:
    """Set one bit for each value that is there, the lowest first."""
    import pyarrow as pa

    if None not in values:
        return None
    bits = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        if value is not None:
            bits[index >> 3] |= 1 << (index & 7)
    return pa.py_buffer(bytes(bits))
