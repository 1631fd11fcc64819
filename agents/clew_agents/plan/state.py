"""What does a run keep while it goes on, so that it can be taken up again? The port to the store.

The app keeps it in SQLite; tests and callers without a store keep it in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from clew_agents.plan.plan import Plan

Tell = Callable[[str, dict[str, object]], None]


@dataclass(frozen=True, kw_only=True)
class Write:
    """Something that a step wrote before the checkpoint after it.

    Attributes:
        task: LangGraph's id of the task.
        place: order of the task's writes.
        channel: that it goes to.
        form: how ``data`` is encoded.
        data: the value.
        path: of the task.
    """

    task: str
    place: int
    channel: str
    form: str
    data: bytes
    path: str = ""


class RunState(Protocol):
    """The memory of one run. Thread-safe; only this run's owner gets at it."""

    def plan(self) -> Plan | None:
        """Give the plan, if one was made."""
        ...

    def keep_plan(self, plan: Plan) -> None:
        """Keep the plan, in place of the one before."""
        ...

    def checkpoint(self, graph: str) -> tuple[str, str, bytes] | None:
        """Give id, form and bytes of the newest checkpoint of a graph."""
        ...

    def keep_checkpoint(self, graph: str, id_: str, form: str, data: bytes) -> None:
        """Keep a checkpoint; older ones of the graph and what was written after them go."""
        ...

    def writes(self, graph: str, id_: str) -> tuple[Write, ...]:
        """List what was written after a checkpoint."""
        ...

    def keep_writes(self, graph: str, id_: str, writes: tuple[Write, ...]) -> None:
        """Keep what a step wrote; the same place twice keeps the last."""
        ...

    def request_approval(self, step: str, digest: str) -> str:
        """Ask for an approval of exactly this, and give its id; asked again, the same id."""
        ...

    def use_approval(self, step: str, digest: str) -> bool | None:
        """Take the decision on exactly this, once; None while there is none."""
        ...

    def forget(self) -> None:
        """Drop checkpoints and what was written after them: the run is over."""
        ...


@dataclass(kw_only=True)
class MemoryState:
    """The memory of a run that dies with the process."""

    made: Plan | None = None
    checkpoints: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    written: dict[tuple[str, str], dict[tuple[str, int], Write]] = field(default_factory=dict)
    approvals: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def plan(self) -> Plan | None:
        """See ``RunState``."""
        return self.made

    def keep_plan(self, plan: Plan) -> None:
        """See ``RunState``."""
        self.made = plan

    def checkpoint(self, graph: str) -> tuple[str, str, bytes] | None:
        """See ``RunState``."""
        return self.checkpoints.get(graph)

    def keep_checkpoint(self, graph: str, id_: str, form: str, data: bytes) -> None:
        """See ``RunState``."""
        with self._lock:
            self.checkpoints[graph] = (id_, form, data)
            for key in [key for key in self.written if key[0] == graph and key[1] != id_]:
                del self.written[key]

    def writes(self, graph: str, id_: str) -> tuple[Write, ...]:
        """See ``RunState``."""
        with self._lock:
            return tuple(self.written.get((graph, id_), {}).values())

    def keep_writes(self, graph: str, id_: str, writes: tuple[Write, ...]) -> None:
        """See ``RunState``."""
        with self._lock:
            kept = self.written.setdefault((graph, id_), {})
            kept.update({(write.task, write.place): write for write in writes})

    def request_approval(self, step: str, digest: str) -> str:
        """See ``RunState``; the id is the key itself."""
        with self._lock:
            self.approvals.setdefault((step, digest), None)
        return f"{step}:{digest}"

    def decide(self, id_: str, granted: bool) -> None:
        """Decide an approval."""
        step, _, digest = id_.partition(":")
        self.approvals[step, digest] = granted

    def use_approval(self, step: str, digest: str) -> bool | None:
        """See ``RunState``."""
        with self._lock:
            decision = self.approvals.get((step, digest))
            if decision is not None:
                del self.approvals[step, digest]
            return decision

    def forget(self) -> None:
        """See ``RunState``."""
        with self._lock:
            self.checkpoints.clear()
            self.written.clear()
