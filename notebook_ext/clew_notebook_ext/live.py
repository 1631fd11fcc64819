"""What goes on in a run right now, for any number of readers? Its events, from the first.

Worker threads write, coroutines read. What is kept is the event as it goes over the wire: long
results are cut, so that neither the event loop nor the browser chokes on them.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

from clew.sanitise import markdown_text
from clew_core.deadline import Deadline
from clew_core.events import Event

ROWS = 200
SIGNS = 2_000
"""Rows of a table, and signs of a text in them, that an event carries."""
ENDS = ("answer", "error", "cancelled")


class LiveRun:
    """A run that this server works on or has worked on. Thread-safe."""

    def __init__(
        self, run: str, thread: str, user: str, deadline: Deadline, *, before: int = 0
    ) -> None:
        """Begin without events.

        Args:
            run: its id; an earlier run that is taken up may have another one.
            thread: that it belongs to.
            user: whose it is.
            deadline: stops it.
            before: number of the last event that another server or an earlier part of it told.
        """
        self.ids = {run}
        self.before = before
        self.run, self.thread, self.user, self.deadline = run, thread, user, deadline
        self.over = False
        self.size = 0
        self._lines: list[tuple[int, str, str]] = []
        self._last: dict[str, Any] | None = None
        self._lock = threading.Lock()
        self._readers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._ended = threading.Event()

    def tell(self, event: Event) -> None:
        """Take an event from a thread that works."""
        text = as_text(event)
        with self._lock:
            self.ids.add(event.run)
            self.run = event.run
            if not self._lines:
                self.before = event.seq - 1
            self._lines.append((event.seq, event.type, text))
            self.size += len(text)
            if event.type in ENDS:
                self._last = json.loads(text)["data"]
        self._wake()

    def end(self) -> None:
        """Say that nothing more will come from the work."""
        self.over = True
        self._ended.set()
        self._wake()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, for so long at most; says whether it came."""
        return self._ended.wait(seconds)

    @property
    def last_seq(self) -> int:
        """Number of the newest event; 0 while there is none."""
        return self._lines[-1][0] if self._lines else self.before

    @property
    def last_data(self) -> dict[str, Any] | None:
        """Data of the event that ended the run."""
        return self._last

    async def follow(
        self, after: int, every_s: float
    ) -> AsyncIterator[tuple[int, str, str] | None]:
        """Give what comes after a number, and go on until the end; None when nothing happens.

        Args:
            after: number of the last event that was read.
            every_s: seconds after which None is given.
        """
        changed = asyncio.Event()
        with self._lock:
            self._readers[changed] = asyncio.get_running_loop()
        at = 0
        try:
            while True:
                changed.clear()
                over = self.over
                with self._lock:
                    lines = self._lines[at:]
                at += len(lines)
                for line in lines:
                    if line[0] > after:
                        yield line
                if over:
                    return
                if not lines:
                    try:
                        await asyncio.wait_for(changed.wait(), every_s)
                    except TimeoutError:
                        yield None
        finally:
            with self._lock:
                del self._readers[changed]

    async def ended(self) -> None:
        """Wait for the end."""
        async for _ in self.follow(1 << 60, 3600):
            pass

    def _wake(self) -> None:
        with self._lock:
            readers = list(self._readers.items())
        for changed, loop in readers:
            try:
                loop.call_soon_threadsafe(changed.set)
            except RuntimeError:  # the loop was closed: the server is gone
                continue


def as_text(event: Event) -> str:
    """Write an event as it is sent."""
    data = shortened(event.data) if event.type == "answer" else event.data
    return json.dumps({**vars(event), "data": data}, ensure_ascii=False, default=str)


def shortened(data: dict[str, Any]) -> dict[str, Any]:
    """Cut the tables of an answer's object: `row_count` still says how many rows there are.

    Its text is added as Markdown that shows it as it is.
    """
    parts = data.get("parts")
    text = markdown_text(data.get("text") or data.get("reason") or "")
    short = {**data, "markdown": text, "rows": _rows(data.get("rows"))}
    if isinstance(parts, list):
        short["parts"] = [{**part, "rows": _rows(part.get("rows"))} for part in parts]
    return short


def _rows(rows: Any) -> Any:
    if not isinstance(rows, list):
        return rows
    return [[_value(value) for value in row] for row in rows[:ROWS]]


def _value(value: Any) -> Any:
    if isinstance(value, str) and len(value) > SIGNS:
        return value[:SIGNS] + "…"
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
        return value if len(text) <= SIGNS else text[:SIGNS] + "…"
    return value
