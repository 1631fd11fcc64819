"""Which Arrow type do the values get that a Python database driver hands over?

By the values themselves; what the driver says of a column decides only where all are null. Times
of day, intervals, lists, structs and UUIDs become text.
"""

from __future__ import annotations

import datetime as dt
import json
from array import array
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew_tools.database.arrow_form import column_of
from clew_tools.database.catalog import ColumnType
from clew_tools.database.postgres_arrow import decimals

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = dt.datetime(1970, 1, 1)
_MICROSECOND = dt.timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)


def column(name: str, kind: ColumnType | None, values: Sequence[Any]) -> tuple[pa.Array, list[str]]:
    """Make an Arrow array of a column, and say what it could not hold."""
    import pyarrow as pa

    kinds = {type(value) for value in values}
    kinds.discard(type(None))
    if not kinds:
        return pa.nulls(len(values), _empty(kind)), []
    if kinds == {bool}:
        flags = [None if value is None else int(value) for value in values]
        return column_of(flags)[0].cast(pa.bool_()), []
    if kinds <= {int, bool} and all(value is None or value in _INT64 for value in values):
        whole = [None if value is None else int(value) for value in values]
        return column_of(whole)[0], []
    if kinds <= {int, bool, Decimal}:
        return decimals(name, [None if v is None else f"{Decimal(v):f}" for v in values])
    if kinds <= {int, bool, Decimal, float}:
        return column_of([None if v is None else float(v) for v in values])[0], []
    if kind in ("date", "timestamp") and str in kinds:
        return _dated(name, values)
    if kinds <= {dt.datetime, dt.date}:
        return _moments(values, only_days=kinds == {dt.date}), []
    return column_of([_plain(value) for value in values])[0], []


def _dated(name: str, values: Sequence[Any]) -> tuple[pa.Array, list[str]]:
    """Drop what is no date: MySQL knows a day 0."""
    kept = [None if isinstance(value, str) else value for value in values]
    odd = sum(isinstance(value, str) for value in values)
    days = all(value is None or type(value) is dt.date for value in kept)
    plural = "s" if odd > 1 else ""
    return _moments(kept, only_days=days), [
        f"Column {name!r}: {odd:,} value{plural} (no date of the calendar) became empty."
    ]


def _empty(kind: ColumnType | None) -> pa.DataType:
    import pyarrow as pa

    kinds: dict[ColumnType | None, pa.DataType] = {
        "text": pa.string(), "integer": pa.int64(), "number": pa.float64(),
        "decimal": pa.decimal128(38, 0), "date": pa.date32(), "timestamp": pa.timestamp("us"),
        "time": pa.string(), "boolean": pa.bool_(),
    }  # fmt: skip
    return kinds.get(kind, pa.null())


def _moments(values: Sequence[dt.date | None], *, only_days: bool) -> pa.Array:
    import pyarrow as pa

    zoned = any(isinstance(value, dt.datetime) and value.tzinfo is not None for value in values)
    if only_days:
        days = array("i", [0 if v is None else v.toordinal() - _EPOCH.toordinal() for v in values])
        missing = [None if v is None else 1 for v in values]
        return _with_nulls(pa.date32(), days, missing)
    ticks = array("q", [0 if v is None else _tick(v) for v in values])
    kind = pa.timestamp("us", "UTC") if zoned else pa.timestamp("us")
    return _with_nulls(kind, ticks, [None if v is None else 1 for v in values])


def _with_nulls(kind: pa.DataType, data: array[int], there: Sequence[int | None]) -> pa.Array:
    import pyarrow as pa

    validity = column_of(there)[0].buffers()[0] if any(there) else None
    if validity is None and None in there:
        return pa.nulls(len(there), kind)
    return pa.Array.from_buffers(kind, len(there), [validity, pa.py_buffer(data)])


def _tick(value: dt.date) -> int:
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    return (value - _EPOCH) // _MICROSECOND


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, bytes, int, float)):
        return value
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, dt.timedelta):
        return _clock(value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, (set, frozenset)):
        return ",".join(sorted(map(str, value)))
    return str(value)


def _clock(value: dt.timedelta) -> str:
    """Write a time of day, or a span, as MySQL does.

    >>> _clock(dt.timedelta(hours=30, seconds=5)), _clock(-dt.timedelta(minutes=1))
    ('30:00:05', '-00:01:00')
    """
    sign, rest = ("-", -value) if value < dt.timedelta() else ("", value)
    seconds, micro = divmod(rest // _MICROSECOND, 1_000_000)
    text = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{text}.{micro:06}".rstrip("0") if micro else text
