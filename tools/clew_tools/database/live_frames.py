"""Which live variables are tables, and how do they become a source that SQL reads?

pandas and polars frames and Arrow tables are read where they lie: columns that Arrow can take as
they are are not copied. A variable is turned into Arrow when a statement first names it, so a
source is made anew for each statement and always sees what the variables hold now. Writes nothing:
the database is empty, in memory, and gone afterwards.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb

from clew_core.deadline import Budget, Deadline
from clew_core.errors import SourceError
from clew_tools.database import cage, progress_bar, scratch
from clew_tools.database.catalog import Column
from clew_tools.database.duckdb_engine import DuckDBEngine, column_type, engine_config
from clew_tools.database.engine import Stored, Workers
from clew_tools.database.guarded_source import Content, GuardedSource
from clew_tools.database.names import fold, quoted

if TYPE_CHECKING:
    import pyarrow as pa

KERNEL = "kernel"
"""Name of the source."""
LOCATION = "kernel://"
"""Its location, which nobody can open: a notebook names none for it."""
_LOOKED_AT = 1_000
"""Rows by which the types of columns are told before a statement reads them."""


def frames_in(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Find the variables that are tables; of those that differ by capitals only, the first.

    Libraries that nobody has imported are not imported for that.
    """
    kinds: list[type] = []
    for module, names in (
        ("pandas", ("DataFrame",)),
        ("polars", ("DataFrame",)),
        ("pyarrow", ("Table", "RecordBatch")),
    ):
        if (loaded := sys.modules.get(module)) is not None:
            kinds += [kind for name in names if isinstance(kind := getattr(loaded, name, 0), type)]
    found: dict[str, Any] = {}
    taken: set[str] = set()
    for name, value in list(namespace.items()):
        if isinstance(value, tuple(kinds)) and not name.startswith("_") and fold(name) not in taken:
            taken.add(fold(name))
            found[name] = value
    return found


def open_frames(
    frames: Mapping[str, Any], *, memory_mb: int | None = None, threads: int | None = None
) -> GuardedSource:
    """Make a source of tables in memory, as they are now; the caller closes it.

    Args:
        frames: name → pandas or polars frame, or Arrow table; not changed.
        memory_mb: what the engine may use besides them.
        threads: how many it uses.
    """
    engine = FramesEngine(frames, memory_mb=memory_mb, threads=threads)
    content = Content(name=KERNEL, location=LOCATION)
    return _FramesSource(engine, content)


class FramesEngine(DuckDBEngine):
    """An empty database over tables that lie in this process."""

    def __init__(
        self,
        frames: Mapping[str, Any],
        *,
        memory_mb: int | None = None,
        threads: int | None = None,
    ) -> None:
        """Read no value yet; arguments as ``open_frames``."""
        # The engine's threads can't read Python's files: what they import is here before.
        import datetime  # noqa: F401
        import decimal  # noqa: F401

        import pyarrow.dataset  # noqa: F401

        self.warnings: list[str] = []
        self._frames = dict(frames)
        self._arrow: dict[str, pa.Table] = {}
        self._parquet, self._datasets = {}, {}
        self._closed = self._open = False
        self._memory_mb = memory_mb or Budget().memory_mb
        self._rules = cage.ruleset([], [scratch.folder()])
        self._workers = Workers(self._prepare_thread)
        config = engine_config(self._memory_mb)
        try:
            self._connection = self._workers.run(
                lambda: self._connect_empty(config, threads), Deadline(), lambda: None
            )
            self._open = True
        except BaseException:
            self._workers.close()
            self._drop_rules()
            raise

    def _connect_empty(
        self, config: dict[str, Any], threads: int | None
    ) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:", config=config)
        if self._rules is not None:
            cage.enter(self._rules)
        # Else a name of SQL could stand for any variable of any function that is at work. Without
        # GLOBAL it would hold for this connection only, and statements run on cursors.
        connection.execute("SET GLOBAL python_enable_replacements = false")
        connection.execute(f"SET threads = {threads or os.cpu_count() or 1}")
        progress_bar.leave_out(connection)
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def tables(self) -> tuple[Stored, ...]:
        """List the tables, in the order of the variables."""
        return tuple(
            Stored(
                name=name,
                path=("temp", "main", name),
                columns=self._columns(name),
                row_count=_rows(frame),
            )
            for name, frame in self._frames.items()
        )

    def _columns(self, name: str) -> tuple[Column, ...]:
        """Tell columns by the first rows; their types by the engine's own words."""
        head = as_arrow(name, _head(self._frames[name]))[0]
        cursor = self._connection.cursor()
        cursor.register(name, head)
        try:
            told = self._workers.run(
                lambda: cursor.execute(f"DESCRIBE SELECT * FROM {quoted(name)}").fetchall(),
                Deadline(),
                cursor.interrupt,
            )
        finally:
            cursor.close()
        return tuple(
            Column(name=column, type=column_type(kind), engine_type=kind)
            for column, kind, *_ in told
        )

    def shadowed(self) -> frozenset[str]:
        """Name no function: there are none but the engine's."""
        return frozenset()

    def need(self, sql: str) -> None:
        """Turn the variables that a statement may read into Arrow; in the caller's thread."""
        text = fold(sql)
        for name, frame in self._frames.items():
            if name not in self._arrow and fold(name) in text:
                self._arrow[name], warnings = as_arrow(name, frame)
                self.warnings += warnings
        self._datasets = self._arrow

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        self.need(sql)
        return super().rows(sql, deadline)

    def query(self, sql: str, limit: int, deadline: Deadline) -> Any:
        """Run a guarded statement; at most limit + 1 rows come back."""
        self.need(sql)
        return super().query(sql, limit, deadline)


class _FramesSource(GuardedSource):
    """Says besides which columns of the variables could not be read."""

    @property
    def warnings(self) -> tuple[str, ...]:
        engine = self._engine
        assert isinstance(engine, FramesEngine)
        return (*super().warnings, *engine.warnings)


def as_arrow(name: str, frame: Any) -> tuple[pa.Table, list[str]]:
    """Turn a frame into an Arrow table; what Arrow can't hold is left out, with a warning.

    An index with a name becomes columns; one without is left out. Names of columns become text
    and, without regard to capitals, unique.

    Raises:
        SourceError: no column can be read.
    """
    import pyarrow as pa

    parts: list[tuple[str, Callable[[], Any]]]
    objects: list[str] = []
    if isinstance(frame, pa.RecordBatch):
        frame = pa.Table.from_batches([frame])
    elif not isinstance(frame, pa.Table) and hasattr(frame, "to_arrow"):
        # polars would write Python objects as the places where they lie in memory.
        objects = [name for name, type_ in frame.schema.items() if str(type_) == "Object"]
        frame = (frame.drop(objects) if objects else frame).to_arrow()
    if isinstance(frame, pa.Table):
        parts = [
            (column, partial(_flat, frame.column(at)))
            for at, column in enumerate(frame.column_names)
        ]
    else:
        parts = _pandas_parts(frame)
    columns: dict[str, Any] = {}
    taken: set[str] = set()
    warnings = [_left_out(column, name) for column in objects]
    for wanted, read in parts:
        try:
            column = read()
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            warnings.append(_left_out(wanted, name))
            continue
        columns[_free(wanted, taken)] = column
    if not columns:
        raise SourceError(f"No column of {name!r} can be read as a table.")
    return pa.table(columns), warnings


def _left_out(column: str, frame: str) -> str:
    return f"Column {column!r} of {frame!r} holds what no table can hold and is left out."


def _pandas_parts(frame: Any) -> list[tuple[str, Callable[[], Any]]]:
    index = frame.index
    found: list[tuple[str, Callable[[], Any]]] = [
        (str(label), partial(_array, index.get_level_values(level)))
        for level, label in enumerate(index.names)
        if label is not None
    ]
    for at, label in enumerate(frame.columns):
        text = "_".join(str(part) for part in label) if isinstance(label, tuple) else str(label)
        found.append((text, partial(_array, frame.iloc[:, at])))
    return found


def _array(values: Any) -> pa.Array | pa.ChunkedArray:
    import pyarrow as pa

    if str(values.dtype).startswith("period"):  # Arrow would count them from 1970
        values = values.astype(str)
    try:
        return _flat(pa.Array.from_pandas(values))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # Numbers beside texts, as a spreadsheet brings them.
        plain = (str, int, float, bool)
        objects = [None if _missing(value) else value for value in values]
        if not all(value is None or isinstance(value, plain) for value in objects):
            raise
        return pa.array([None if v is None else str(v) for v in objects], pa.string())


def _flat(array: Any) -> Any:
    """Turn what the engine can't take into what it can: text of a category that is no text."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_dictionary(kind):
        return array.cast(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return array.cast(kind.storage_type)
    return array


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted or "column", 1
    while fold(name) in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(fold(name))
    return name


def _rows(frame: Any) -> int:
    return int(frame.num_rows if hasattr(frame, "num_rows") else len(frame))


def _head(frame: Any) -> Any:
    return frame.slice(0, _LOOKED_AT) if hasattr(frame, "num_rows") else frame.head(_LOOKED_AT)
