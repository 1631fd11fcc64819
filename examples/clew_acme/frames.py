"""How do columns of numbers and words become Arrow tables under their real names?

Money is carried as integer cents, rates as integer millionths, dates as days and times as seconds
since 1970: whole numbers give the same bytes on every machine. A masked array holds nulls.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clew_acme.naming import Names
from clew_acme.schema import Column, Kind, Table, tables

__all__ = ["ARROW", "Columns", "day_number", "join", "schema_of", "to_arrow", "words"]

Columns = dict[str, Any]

ARROW: dict[Kind, pa.DataType] = {
    "int": pa.int64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
    "money": pa.decimal128(12, 2),
    "rate": pa.decimal128(14, 6),
}
_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Count the days since 1970."""
    return day.toordinal() - _EPOCH


def words(values: Sequence[str], codes: Any) -> pa.Array:
    """Look words up by number; a masked number gives null."""
    index = np.ma.asarray(codes)
    mask = np.ma.getmaskarray(index)
    numbers = pa.array(index.filled(0), type=pa.int64(), mask=mask if mask.any() else None)
    return pa.array(list(values), type=pa.string()).take(numbers)


def join(*parts: Any) -> pa.Array:
    """Join words row by row; a plain string stands for every row."""
    return pc.binary_join_element_wise(*parts, "")


def _decimal(values: Any, kind: pa.DataType) -> pa.Array:
    whole = np.ma.asarray(values)
    low = np.ascontiguousarray(whole.filled(0), dtype=np.int64)
    pair = np.empty((len(low), 2), dtype=np.int64)
    pair[:, 0] = low
    pair[:, 1] = low >> 63
    mask = np.ma.getmaskarray(whole)
    bits = pa.py_buffer(np.packbits(~mask, bitorder="little").tobytes()) if mask.any() else None
    return pa.Array.from_buffers(kind, len(low), [bits, pa.py_buffer(pair.tobytes())])


def _array(values: Any, kind: Kind) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values
    if kind in ("money", "rate"):
        return _decimal(values, ARROW[kind])
    if kind == "text":
        return pa.array(values, type=pa.string())
    whole = np.ma.asarray(values)
    mask = np.ma.getmaskarray(whole) if np.ma.is_masked(whole) else None
    plain = np.asarray(whole.filled(0) if mask is not None else whole)
    if kind == "date":
        return pa.array(plain.astype(np.int32), type=pa.int32(), mask=mask).cast(pa.date32())
    if kind == "time":
        return pa.array(plain.astype(np.int64) * 1_000_000, pa.int64(), mask=mask).cast(
            pa.timestamp("us")
        )
    return pa.array(plain, type=ARROW[kind], mask=mask)


def _kind(column: Column, table: str, as_text: frozenset[tuple[str, str]]) -> Kind:
    return "text" if (table, column.name) in as_text else column.kind


def schema_of(
    table: Table, names: Names, as_text: frozenset[tuple[str, str]], called: str = ""
) -> pa.Schema:
    """Give the Arrow schema of a table under its real names."""
    return pa.schema(
        [
            (names.of(table.name, c.name), ARROW[_kind(c, called or table.name, as_text)])
            for c in table.columns
        ]
    )


def to_arrow(
    name: str, columns: Mapping[str, Any], names: Names, as_text: frozenset[tuple[str, str]]
) -> pa.Table:
    """Turn columns by plain name into an Arrow table with real names."""
    table = tables()[name]
    arrays = []
    for column in table.columns:
        array = _array(columns[column.name], column.kind)
        if _kind(column, name, as_text) == "text" and column.kind != "text":
            array = array.cast(pa.string()) if array.type != pa.string() else array
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=schema_of(table, names, as_text))
