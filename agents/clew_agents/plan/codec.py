"""How is an information unit written into a checkpoint, and read back without trusting it?

A JSON head and, where there is a table, an Arrow stream after it. What may be read is a list of
classes, each with typed fields; nothing in the bytes names code, and nothing is unpickled.
"""

from __future__ import annotations

import dataclasses
import io
import json
import typing
from typing import Any

from clew_agents.information_unit import (
    Combined,
    Content,
    Drawn,
    Failure,
    Findings,
    Found,
    InformationUnit,
)
from clew_core.errors import ToolFailed, UsageError
from clew_core.json_form import from_json, to_json

ALLOWED: dict[str, type] = {
    cls.__name__: cls for cls in (Found, Combined, Drawn, Findings, Failure)
}
_HEAD_BYTES = 8


def encode(unit: InformationUnit) -> bytes:
    """Write a unit.

    Raises:
        ToolFailed: its content is of a class that is not on the list.
    """
    kind = type(unit.content).__name__
    if ALLOWED.get(kind) is not type(unit.content):
        raise ToolFailed(f"Information of the type {kind!r} can't be kept in a checkpoint.")
    fields = {f.name: getattr(unit, f.name) for f in dataclasses.fields(unit)}
    content = fields.pop("content")
    inner = {
        f.name: to_json(getattr(content, f.name))
        for f in dataclasses.fields(content)
        if f.name != "table"
    }
    head = json.dumps({"unit": fields, "kind": kind, "content": inner}).encode()
    table = getattr(content, "table", None)
    return len(head).to_bytes(_HEAD_BYTES, "big") + head + (b"" if table is None else _arrow(table))


def decode(data: bytes) -> InformationUnit:
    """Read a unit.

    Raises:
        ToolFailed: the bytes are no unit, or name a class that is not on the list.
    """
    import pyarrow as pa

    try:
        length = int.from_bytes(data[:_HEAD_BYTES], "big")
        head = json.loads(data[_HEAD_BYTES : _HEAD_BYTES + length])
        cls = ALLOWED[head["kind"]]
        fields = dict(vars(from_json(_without_table(cls), head["content"])))
        if any(f.name == "table" for f in dataclasses.fields(cls)):
            with pa.ipc.open_stream(data[_HEAD_BYTES + length :]) as reader:
                fields["table"] = reader.read_all()
        content: Content = cls(**fields)
        return InformationUnit(content=content, **head["unit"])
    except (KeyError, TypeError, ValueError, OSError, pa.ArrowException, UsageError) as error:
        raise ToolFailed(f"A checkpoint holds what can't be read: {error}.") from error


def _arrow(table: Any) -> bytes:
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _without_table(cls: type) -> type:
    """Make the class of the JSON fields alone: ``from_json`` reads no Arrow."""
    import pyarrow as pa

    hints = typing.get_type_hints(cls, localns={"pa": pa})
    fields = []
    for field in dataclasses.fields(cls):
        if field.name == "table":
            continue
        default = dataclasses.field(default=field.default, default_factory=field.default_factory)
        fields.append((field.name, hints[field.name], default))
    return dataclasses.make_dataclass(cls.__name__, fields, frozen=True, kw_only=True)
