"""Which Arrow type do PostgreSQL's values get?

Whole numbers, floating point, booleans and bytes come as such; all else comes as the server's own
text and is read from that: its dates reach further than Python's, its numbers have no end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from clew_tools.database.arrow_form import column_of

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa

_BOOL, _BYTEA, _NUMERIC = 16, 17, 1700
_INTEGERS, _FLOATS = frozenset((20, 21, 23, 26)), frozenset((700, 701))
_DATE, _TIME, _TIMESTAMP, _TIMESTAMPTZ = 1082, 1083, 1114, 1184
_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"\d\d:\d\d:\d\d(\.\d{1,6})?"
_FORMS = {
    _DATE: re.compile(_DAY),
    _TIMESTAMP: re.compile(f"{_DAY} {_CLOCK}"),
    _TIMESTAMPTZ: re.compile(rf"{_DAY} {_CLOCK}[+-]\d\d(:\d\d)?"),
}


def keep_as_text(connection: psycopg.Connection[Any]) -> None:
    """Let psycopg hand over the server's text wherever Arrow reads better than Python."""
    import psycopg
    from psycopg.types.string import TextLoader

    whole = _INTEGERS | _FLOATS | {_BOOL, _BYTEA}
    for kind in psycopg.adapters.types:
        for oid in (kind.oid, kind.array_oid):
            if oid and oid not in whole:
                connection.adapters.register_loader(oid, TextLoader)


def column(name: str, oid: int, values: Sequence[Any]) -> tuple[pa.Array, list[str]]:
    """Make an Arrow array of a column, and say what it could not hold."""
    import pyarrow as pa

    if oid == _BOOL:
        flags = [None if value is None else int(value) for value in values]
        return _typed(flags, pa.bool_(), pa.int64()), []
    if oid in _INTEGERS:
        return _typed(values, pa.int64(), pa.int64()), []
    if oid in _FLOATS:
        floats = [None if value is None else float(value) for value in values]
        return _typed(floats, pa.float64(), pa.float64()), []
    if oid == _BYTEA:
        return _typed(values, pa.binary(), pa.binary()), []
    if oid == _NUMERIC:
        return decimals(name, values)
    if oid in _FORMS:
        return _moments(name, oid, values)
    return _typed(values, pa.string(), pa.string()), []


def _typed(values: Sequence[Any], kind: pa.DataType, empty: pa.DataType) -> pa.Array:
    import pyarrow as pa

    array = column_of(values)[0]
    if pa.types.is_null(array.type):
        array = pa.nulls(len(values), empty)
    return array if array.type == kind else array.cast(kind)


def decimals(name: str, values: Sequence[str | None]) -> tuple[pa.Array, list[str]]:
    """Make decimals as wide as the values are; NaN and infinity are none."""
    import pyarrow as pa

    texts = [value if value is None or value[-1].isdigit() else None for value in values]
    odd = sum(value is not None for value in values) - sum(text is not None for text in texts)
    said = [_became_empty(name, odd, "not a number, or infinite")] if odd else []
    whole = scale = 0
    for text in texts:
        if text is not None:
            before, _, after = text.lstrip("-").partition(".")
            whole, scale = max(whole, len(before)), max(scale, len(after))
    digits = max(1, whole + scale)
    if digits > 76:
        return _typed(values, pa.string(), pa.string()), [
            f"Column {name!r} has numbers of more than 76 digits; they are given as text."
        ]
    width = pa.decimal128 if digits <= 38 else pa.decimal256
    kind = width(38 if digits <= 38 else 76, scale)
    return _typed(texts, kind, kind), said


def _moments(name: str, oid: int, values: Sequence[str | None]) -> tuple[pa.Array, list[str]]:
    import pyarrow as pa

    kinds = {
        _DATE: pa.date32(),
        _TIMESTAMP: pa.timestamp("us"),
        _TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    }
    form = _FORMS[oid]
    texts = [value if value is None or form.fullmatch(value) else None for value in values]
    odd = sum(value is not None for value in values) - sum(text is not None for text in texts)
    said = [_became_empty(name, odd, "infinite, or before the year 1 or after 9999")] if odd else []
    return _typed(texts, kinds[oid], kinds[oid]), said


def _became_empty(name: str, count: int, why: str) -> str:
    return f"Column {name!r}: {count:,} value{'s' if count > 1 else ''} ({why}) became empty."
