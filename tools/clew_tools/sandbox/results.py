"""Which results did the code leave, if they are what they say?

The memory was written by code that nobody trusts, and whoever wrote it is dead: nothing changes
while it is read. Accepted are JSON and Arrow streams of plain, uncompressed columns (compressed
ones could grow without bound, dictionaries and views could stand for more than they hold), fully
validated. Nothing is unpickled.
"""

from __future__ import annotations

import json
import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NoReturn, cast, get_args

from clew_core.errors import ToolFailed
from clew_tools.sandbox.outcome import Limits
from clew_tools.sandbox_process.worker import HEAD, MAGIC

if TYPE_CHECKING:
    import pyarrow

_MB = 1 << 20
_NAMES, _NAME_LENGTH, _COLUMNS, _SCHEMA_BYTES, _DEPTH = 100, 200, 10_000, 8 * _MB, 8

Told = Literal["done", "error", "memory", "results"]

# Of Arrow's Message.fbs: which field of a table is which, which kind of message is which.
_KIND, _HEADER, _COMPRESSION = 1, 2, 3
_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3


class BadResults(ToolFailed):
    """What the code left is not what it says, or too large."""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What the code left behind: its own word on how it ended, and its results."""

    status: Told
    error: str
    tables: dict[str, pyarrow.Table]
    values: dict[str, Any]
    figures: dict[str, str]


def read(handle: int, limits: Limits) -> Left | None:
    """Read the results' memory; None when the code ended before it left any.

    Tables are not copied: they keep the memory.

    Raises:
        BadResults: with the reason in words.
    """
    size = limits.result_mb * _MB
    memory = mmap.mmap(handle, size, mmap.MAP_SHARED, mmap.PROT_READ)
    magic, begin, length = HEAD.unpack_from(memory)
    if magic != MAGIC:
        return None
    if length > limits.json_mb * _MB:
        raise BadResults(f"plain values and figures are over {limits.json_mb} MB")
    if begin + length > size:
        raise BadResults("they are not in the form that was agreed")
    try:
        head = json.loads(memory[begin : begin + length], parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadResults("their JSON can't be read") from error
    tables, values, figures = _parts(head)
    return Left(
        status=head["status"],
        error=head["error"][:2000],
        tables=_tables(memory, tables, limits),
        values=values,
        figures={name: _figure(name, text) for name, text in figures.items()},
    )


def _parts(head: Any) -> tuple[list[Any], dict[str, Any], dict[str, str]]:
    if not isinstance(head, dict) or head.get("status") not in get_args(Told):
        raise BadResults("they are not in the form that was agreed")
    tables, values, figures = head.get("tables"), head.get("values"), head.get("figures")
    if not (
        isinstance(head.get("error"), str)
        and isinstance(tables, list)
        and isinstance(values, dict)
        and isinstance(figures, dict)
        and all(isinstance(text, str) for text in figures.values())
        and all(
            isinstance(row, list)
            and len(row) == 3
            and isinstance(row[0], str)
            and all(type(number) is int and number >= 0 for number in row[1:])
            for row in tables
        )
    ):
        raise BadResults("they are not in the form that was agreed")
    names = [*(row[0] for row in tables), *values, *figures]
    if len(names) > _NAMES:
        raise BadResults(f"there are {len(names)}, more than {_NAMES}")
    if any(len(name) > _NAME_LENGTH for name in names) or len(set(names)) < len(names):
        raise BadResults("a name is too long, or there twice")
    return tables, values, figures


def _no_constant(word: str) -> NoReturn:
    raise ValueError(word)


def _figure(name: str, text: str) -> str:
    try:
        figure = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadResults(f"the figure {name!r} is no JSON") from error
    if (
        not isinstance(figure, dict)
        or not isinstance(figure.get("data"), list)
        or not isinstance(figure.get("layout", {}), dict)
    ):
        raise BadResults(f"{name!r} is no Plotly figure")
    return text


def _tables(memory: mmap.mmap, places: list[Any], limits: Limits) -> dict[str, pyarrow.Table]:
    if not places:
        return {}
    import pyarrow as pa

    whole = pa.py_buffer(memory)
    tables: dict[str, pyarrow.Table] = {}
    room = limits.result_mb * _MB
    for name, begin, length in places:
        if begin + length > whole.size:
            raise BadResults(f"the table {name!r} is not there")
        try:
            table = _table(whole.slice(begin, length))
        except (
            pa.ArrowException,
            ValueError,
            IndexError,
            struct.error,
            MemoryError,
            OSError,
        ) as error:
            raise BadResults(f"the table {name!r} can't be read: {_line(error)}") from error
        if table.num_rows > limits.rows:
            raise BadResults(f"the table {name!r} has more than {limits.rows} rows")
        # Columns may share memory in a stream; whoever reads them pays for each.
        room -= table.nbytes
        if room < 0:
            raise BadResults(f"the tables are over {limits.result_mb} MB")
        tables[name] = table
    return tables


def _table(buffer: pyarrow.Buffer) -> pyarrow.Table:
    import pyarrow as pa

    for message in pa.ipc.MessageReader.open_stream(buffer):
        _check_message(memoryview(message.metadata))
    with pa.ipc.open_stream(buffer) as reader:
        if len(reader.schema) > _COLUMNS:
            raise ValueError(f"it has more than {_COLUMNS} columns")
        for field in reader.schema:
            _check_field(field, 0)
        table = reader.read_all()
    table.validate(full=True)
    return table.replace_schema_metadata(None)


def _check_message(metadata: memoryview) -> None:
    """Let only schemas and uncompressed batches of rows pass."""
    if len(metadata) > _SCHEMA_BYTES:
        raise ValueError("it describes itself at too great a length")
    message = _word(metadata, 0)
    kind_at = _field(metadata, message, _KIND)
    kind = metadata[kind_at] if kind_at else 0
    if kind not in (_SCHEMA, _BATCH):
        raise ValueError("it is not made of plain columns")
    header_at = _field(metadata, message, _HEADER)
    if not header_at:
        raise ValueError("a message of it is empty")
    header = header_at + _word(metadata, header_at)
    if kind == _BATCH and _field(metadata, header, _COMPRESSION):
        raise ValueError("it is compressed")


def _word(data: memoryview, at: int) -> int:
    return cast(int, struct.unpack_from("<I", data, at)[0])


def _field(data: memoryview, table: int, number: int) -> int:
    """Find a field of a FlatBuffers table; 0 when it is not there."""
    directory = table - struct.unpack_from("<i", data, table)[0]
    entry = 4 + 2 * number
    if entry >= struct.unpack_from("<H", data, directory)[0]:
        return 0
    offset: int = struct.unpack_from("<H", data, directory + entry)[0]
    return table + offset if offset else 0


def _check_field(field: pyarrow.Field, depth: int) -> None:
    from pyarrow import types

    kind = field.type
    if depth > _DEPTH:
        raise ValueError("its columns are nested too deep")
    # To read them is to decode them: a name, or a time zone, need not be text.
    if len(field.name) > _NAME_LENGTH * 10 or len(str(kind)) > _SCHEMA_BYTES:
        raise ValueError("the name of a column is too long")
    if types.is_struct(kind):
        for number in range(kind.num_fields):
            _check_field(kind.field(number), depth + 1)
    elif types.is_list(kind) or types.is_large_list(kind):
        _check_field(kind.value_field, depth + 1)
    elif types.is_decimal(kind):
        if not 0 <= kind.scale <= kind.precision:
            raise ValueError(f"it has decimals of scale {kind.scale}")
    elif not any(
        test(kind)
        for test in (
            types.is_null, types.is_boolean, types.is_integer, types.is_floating,
            types.is_temporal, types.is_string, types.is_large_string,
            types.is_binary, types.is_large_binary,
        )
    ):  # fmt: skip
        raise ValueError(f"a column of type {str(kind)[:60]} can't leave the sandbox")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
