"""How does a kernel answer what the panel's server asks about its variables?

Runs in the kernel, called by a silent request of the server that its user allowed. Takes and gives
JSON text, rows as an Arrow stream in base64. Statements come guarded; the engine here can't write
or read a file either.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from clew_core.deadline import Budget, Deadline
from clew_core.errors import ClewError

if TYPE_CHECKING:
    from clew_tools.database.live_frames import FramesEngine

# One question at a time: another one that opens closes this one.
_open: dict[str, FramesEngine] = {}


def answer(namespace: Mapping[str, Any], request: str) -> str:
    """Answer a request; what goes wrong is told as data.

    Args:
        namespace: the kernel's variables.
        request: ``{"do": "open", "token", "names"}``, ``{"do": "run", "token", "sql", "limit",
            "seconds"}`` or ``{"do": "close"}``.
    """
    try:
        asked = json.loads(request)
        return json.dumps(_DO[asked["do"]](namespace, asked))
    except ClewError as error:
        return json.dumps(
            {"error": type(error).__name__, "message": error.message, "hint": error.hint}
        )


def _begin(namespace: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    from clew_tools.database.live_frames import FramesEngine, frames_in

    _end(namespace, asked)
    frames = frames_in(namespace)
    engine = FramesEngine({name: frames[name] for name in asked["names"] if name in frames})
    _open[asked["token"]] = engine
    return {
        "tables": [
            {
                "name": table.name,
                "path": table.path,
                "row_count": table.row_count,
                "columns": [asdict(column) for column in table.columns],
            }
            for table in engine.tables()
        ]
    }


def _run(namespace: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    import pyarrow as pa

    engine = _open.get(asked["token"])
    if engine is None:
        return {"error": "SourceError", "message": "The kernel was asked something else."}
    fetched = engine.query(asked["sql"], asked["limit"], Deadline(Budget(seconds=asked["seconds"])))
    out = io.BytesIO()
    with pa.ipc.new_stream(out, fetched.table.schema) as writer:
        writer.write_table(fetched.table)
    said, engine.warnings = engine.warnings, []
    return {"rows": base64.b64encode(out.getvalue()).decode(), "warnings": said}


def _end(namespace: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    while _open:
        _open.popitem()[1].close()
    return {}


_DO = {"open": _begin, "run": _run, "close": _end}
