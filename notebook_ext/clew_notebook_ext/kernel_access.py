"""How does the server compute on a kernel's variables, where their user lets it?

By silent requests on a connection of its own: no output, no number of a cell, nothing in the
history. A kernel that is busy with a cell is not waited for longer than a few seconds, and never
interrupted: that would stop the cell.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from clew_core import errors
from clew_core.deadline import Deadline
from clew_core.errors import ClewError, SourceError
from clew_tools.database.catalog import Column
from clew_tools.database.engine import Fetched, Stored
from clew_tools.database.guarded_source import Content, GuardedSource
from clew_tools.database.live_frames import KERNEL, LOCATION
from clew_tools.database.source import Dialect, Source

BUSY_S = 5.0
LONGEST_S = 60.0
_ASK = '__import__("clew.kernel_answers", fromlist=["answer"]).answer(globals(), {request!r})'


class KernelAccess:
    """One kernel, for the question of one request."""

    def __init__(self, connection: Mapping[str, Any], allowed: set[str]) -> None:
        """Send nothing yet.

        Args:
            connection: as Jupyter's kernel manager gives it.
            allowed: threads whose user let Clew compute on variables.
        """
        self._connection = dict(connection)
        self.allowed = allowed

    @contextlib.contextmanager
    def open(self, names: Sequence[str], deadline: Deadline) -> Iterator[Source]:
        """Open some of its variables as a source.

        Raises:
            SourceError: the kernel is busy, gone, or does not know Clew.
        """
        engine = _KernelEngine(self._connection)
        try:
            engine.begin(names, deadline)
            yield GuardedSource(engine, Content(name=KERNEL, location=LOCATION))
        finally:
            engine.close()


class _KernelEngine:
    """What a source needs of an engine, done in the kernel."""

    dialect: Dialect = "duckdb"

    def __init__(self, connection: Mapping[str, Any]) -> None:
        from jupyter_client.blocking.client import BlockingKernelClient

        self._token = uuid.uuid4().hex
        self._tables: tuple[Stored, ...] = ()
        self._lock = threading.Lock()
        self._client = BlockingKernelClient()
        self._client.load_connection_info(cast(Any, dict(connection)))
        self._client.start_channels(iopub=False, stdin=False, hb=False, control=False)

    def begin(self, names: Sequence[str], deadline: Deadline) -> None:
        """Let the kernel open the variables."""
        told = self._ask({"do": "open", "names": list(names)}, deadline, BUSY_S)
        self._tables = tuple(
            Stored(
                name=table["name"],
                path=tuple(table["path"]),
                row_count=table["row_count"],
                columns=tuple(Column(**column) for column in table["columns"]),
            )
            for table in told["tables"]
        )
        if not self._tables:
            raise SourceError(
                f"The kernel has no table {', '.join(map(repr, names))} any more.",
                hint="Run the cell that makes it.",
            )

    def tables(self) -> tuple[Stored, ...]:
        """List the tables, in the order of the variables."""
        return self._tables

    def shadowed(self) -> frozenset[str]:
        """Name no function: there are none but the engine's."""
        return frozenset()

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        table = self.query(sql, 1_000_000, deadline).table
        columns = [column.to_pylist() for column in table.columns]
        return list(zip(*columns, strict=True))

    def query(self, sql: str, limit: int, deadline: Deadline) -> Fetched:
        """Run a guarded statement; at most limit + 1 rows come back."""
        import pyarrow as pa

        seconds = min(deadline.remaining_s or LONGEST_S, LONGEST_S)
        asked = {"do": "run", "sql": sql, "limit": limit, "seconds": seconds}
        told = self._ask(asked, deadline, seconds + BUSY_S)
        with pa.ipc.open_stream(base64.b64decode(told["rows"])) as reader:
            table = reader.read_all()
        return Fetched(table=table, warnings=tuple(told["warnings"]))

    def close(self) -> None:
        """Let the kernel forget the question. Calling it twice is harmless."""
        with contextlib.suppress(ClewError):
            self._ask({"do": "close"}, Deadline(), 1.0)
        self._client.stop_channels()

    def _ask(self, asked: dict[str, Any], deadline: Deadline, most_s: float) -> dict[str, Any]:
        expression = _ASK.format(request=json.dumps({**asked, "token": self._token}))
        with self._lock:
            sent = self._client.execute(
                "", silent=True, store_history=False, allow_stdin=False,
                user_expressions={"clew": expression},
            )  # fmt: skip
            content = self._reply(sent, deadline, most_s)
        found = (content.get("user_expressions") or {}).get("clew") or {}
        if found.get("status") != "ok":
            if found.get("ename") in ("ModuleNotFoundError", "ImportError"):
                raise SourceError(
                    "The kernel's Python does not know Clew.",
                    hint="Install clew in the kernel's environment.",
                )
            raise SourceError(f"The kernel did not answer: {found.get('ename', 'no reason told')}.")
        told: dict[str, Any] = json.loads(ast.literal_eval(found["data"]["text/plain"]))
        if "error" in told:
            kind = getattr(errors, told["error"], SourceError)
            raise kind(told["message"], hint=told.get("hint") or "")
        return told

    def _reply(self, sent: str, deadline: Deadline, most_s: float) -> dict[str, Any]:
        import queue

        until = time.monotonic() + most_s
        while time.monotonic() < until:
            deadline.check()
            with contextlib.suppress(queue.Empty):
                message = self._client.get_shell_msg(timeout=0.1)
                if message["parent_header"].get("msg_id") == sent:
                    content: dict[str, Any] = message["content"]
                    return content
        raise SourceError(
            "The kernel is busy with a cell, or gone.", hint="Ask again when the cell is over."
        )
