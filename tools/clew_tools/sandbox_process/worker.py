"""How does the code run, behind the walls, and how do its results leave?

Nothing here is a wall: the code shares this process and may change all of it. What it leaves in
the results' memory is read with suspicion (``clew_tools.sandbox.results``): Arrow streams, then
one JSON object that names them; never pickles.
"""

from __future__ import annotations

import builtins
import json
import linecache
import math
import mmap
import os
import struct
import sys
import traceback
import types
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    import pandas
    import pyarrow

NAME = "<code>"
# Magic word, then where the JSON object lies and how long it is.
HEAD = struct.Struct("<8sQQ")
MAGIC = b"clewran1"
_ALIGN = 64


def work(config: dict[str, Any]) -> NoReturn:
    """Run the code, write its results, and end the process."""
    sys.path[:] = config["paths"]
    text = config["code"]
    linecache.cache[NAME] = (len(text), None, text.splitlines(keepends=True), NAME)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # Libraries look up the names of a class in the module that it says it is from.
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    tables = Tables(config["inputs_fd"], config["input_bytes"], config["tables"])
    space = module.__dict__
    space |= {"__builtins__": builtins, "tables": tables, "frame": tables.frame, "results": {}}
    status, error = execute(text, space)
    results = space.get("results")
    if not isinstance(results, dict):
        results, status = {}, "results" if status == "done" else status
        error = error or "`results` is no dict any more; put what you hand over into it by name."
    try:
        write(results, status, error, config["results_fd"], config["result_mb"] << 20)
    except MemoryError:
        write({}, "memory", "The memory is used up.", config["results_fd"], 1 << 20)
    except BaseException as problem:  # whatever the code put there
        words = f"The results can't be handed over: {_say(problem)}"
        write({}, "results", words, config["results_fd"], 1 << 20)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue
    os._exit(0)


def execute(text: str, space: dict[str, Any]) -> tuple[str, str]:
    """Run text as a program; give `done`, `memory` or `error`, and the error in words."""
    try:
        exec(compile(text, NAME, "exec"), space)
    except SystemExit as end:
        return ("done", "") if end.code in (None, 0) else ("error", f"It ended with {end.code!r}.")
    except MemoryError:
        return "memory", "The memory is used up."
    except BaseException as problem:
        frames = [frame for frame in traceback.extract_tb(problem.__traceback__)]
        own = [frame for frame in frames if frame.filename == NAME]
        line = problem.lineno if isinstance(problem, SyntaxError) else own[-1].lineno if own else 0
        sys.stderr.write("".join(traceback.format_list(own)) + f"{_say(problem)}\n")
        return "error", f"{_say(problem)} (line {line})" if line else _say(problem)
    return "done", ""


class Tables(Mapping[str, "pyarrow.Table"]):
    """The tables that came in, read where they lie, when they are first asked for."""

    def __init__(self, source: int, size: int, places: list[tuple[str, int, int]]) -> None:
        self._source, self._size = source, size
        self._places = {name: (begin, length) for name, begin, length in places}
        self._read: dict[str, pyarrow.Table] = {}

    def __getitem__(self, name: str) -> pyarrow.Table:
        if name not in self._read:
            import pyarrow as pa

            begin, length = self._places[name]
            memory = mmap.mmap(self._source, self._size, mmap.MAP_PRIVATE, mmap.PROT_READ)
            buffer = pa.py_buffer(memory).slice(begin, length)
            self._read[name] = pa.ipc.open_stream(buffer).read_all()
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def frame(self, name: str) -> pandas.DataFrame:
        """Give a table as a pandas DataFrame."""
        frame: pandas.DataFrame = self[name].to_pandas()
        return frame


def write(results: dict[str, Any], status: str, error: str, target: int, limit: int) -> None:
    """Write results into the memory that the asking process reads."""
    head: dict[str, Any] = {"status": status, "error": error[:2000]}
    head |= {"tables": [], "values": {}, "figures": {}}
    end = _ALIGN
    memory = None
    for name, value in results.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of a result is a text, not {name!r}")
        if (table := _table(value)) is not None:
            import pyarrow as pa

            if memory is None:
                memory = memoryview(mmap.mmap(target, limit))
            measure = pa.MockOutputStream()
            _stream(measure, table)
            length = measure.size()
            if end + length > limit:
                raise ValueError(f"{name!r} does not fit into {limit >> 20} MB of results")
            place = pa.py_buffer(memory[end : end + length])
            _stream(pa.FixedSizeBufferWriter(place), table)
            head["tables"].append([name, end, length])
            end += -(-length // _ALIGN) * _ALIGN
        elif _is_figure(value):
            head["figures"][name] = value.to_json()
        else:
            head["values"][name] = _json(value)
    words = json.dumps(head, allow_nan=False).encode()
    if end + len(words) > limit:
        raise ValueError(f"they do not fit into {limit >> 20} MB")
    with open(target, "wb", buffering=0, closefd=False) as file:
        for place, data in ((end, words), (0, HEAD.pack(MAGIC, end, len(words)))):
            file.seek(place)
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]


def _stream(sink: Any, table: pyarrow.Table) -> None:
    import pyarrow as pa

    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def _table(value: Any) -> pyarrow.Table | None:
    """Make a plain Arrow table of what is one in some library; None of what is none."""
    library, kind = type(value).__module__.split(".")[0], type(value).__name__
    if (library, kind) == ("pandas", "Series"):
        value = value.to_frame(value.name if value.name is not None else "value")
        kind = "DataFrame"
    if (library, kind) == ("pandas", "DataFrame"):
        import pandas as pd
        import pyarrow as pa

        if not isinstance(value.index, pd.RangeIndex):
            value = value.reset_index()
        value = value.rename(columns=str)
        return _plain(pa.Table.from_pandas(value, preserve_index=False))
    if (library, kind) == ("polars", "DataFrame"):
        return _plain(value.to_arrow())
    if library == "pyarrow" and kind in ("Table", "RecordBatch"):
        import pyarrow as pa

        return _plain(pa.Table.from_batches([value]) if kind == "RecordBatch" else value)
    return None


def _plain(table: pyarrow.Table) -> pyarrow.Table:
    """Decode dictionaries, runs and views, and forget what libraries noted in the schema."""
    import pyarrow as pa

    columns = []
    for column in table.columns:
        if isinstance(column.type, pa.BaseExtensionType):
            column = column.cast(column.type.storage_type)
        if pa.types.is_dictionary(column.type) or pa.types.is_run_end_encoded(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_string_view(column.type):
            column = column.cast(pa.large_string())
        if pa.types.is_binary_view(column.type):
            column = column.cast(pa.large_binary())
        columns.append(column)
    return pa.table(columns, names=table.column_names)


def _is_figure(value: Any) -> bool:
    return type(value).__module__.startswith("plotly.") and hasattr(value, "to_json")


def _json(value: Any) -> Any:
    """Make JSON of a value and of what it holds; what has no place in JSON is refused."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    library, kind = type(value).__module__.split(".")[0], type(value).__name__
    if library == "numpy":
        return _json(value.tolist())
    if library in ("pandas", "datetime") and hasattr(value, "isoformat"):
        return value.isoformat()
    if kind == "Decimal":
        return str(value)
    if library == "pyarrow" and hasattr(value, "as_py"):
        return _json(value.as_py())
    raise TypeError(
        f"an object of type {kind!r} is no table, figure or plain value; make it one of them first"
    )


def _say(problem: BaseException) -> str:
    try:
        text = str(problem)
    except BaseException:
        text = ""
    return f"{type(problem).__name__}: {text}"[:1000]
