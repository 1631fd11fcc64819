"""How long and how much a run may still use, and how it is stopped.

A deadline is handed down every floor; whoever works for long calls ``check()`` between steps, and
whoever blocks in a foreign library asks ``on_cancel`` to be interrupted. It does not stop code
that never looks at it: engines have their own time-outs, set from ``remaining_s``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clew_core.errors import BudgetEnded, Cancelled


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one question may cost.

    Attributes:
        seconds: wall-clock time for the whole question, in seconds.
        rows: rows that come back from a query; more are cut and said to be.
        memory_mb: memory of the embedded engine, in MB.
        result_mb: memory of one result, in MB; more lies in a file.
        estimated_rows: rows that a query may read or join by the engine's estimate; above, it is
            not run. None means no limit.
        tokens: prompt and completion tokens of models; None means no limit.
    """

    seconds: float = 120.0
    rows: int = 10_000
    memory_mb: int = 1_000
    result_mb: int = 256
    estimated_rows: float | None = 1e12
    tokens: int | None = None


class Deadline:
    """One run's clock and its stop button. Thread-safe."""

    def __init__(self, budget: Budget | None = None) -> None:
        """Start the clock."""
        self.budget = budget or Budget()
        self.run: str | None = None
        """Id of the run, once it has one: servers are told."""
        self._ends = time.monotonic() + self.budget.seconds
        self._cancelled = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self._tokens = 0
        self._lock = threading.Lock()

    @property
    def remaining_s(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._ends - time.monotonic())

    @property
    def cancelled(self) -> bool:
        """Whether somebody pressed stop."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop the run, and interrupt whoever asked for it. Calling it twice is harmless."""
        with self._lock:
            if self._cancelled.is_set():
                return
            self._cancelled.set()
            callbacks = list(self._callbacks)
        failed: list[Exception] = []
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # the others have to hear of it all the same
                failed.append(error)
        if failed:
            raise failed[0]

    def check(self) -> None:
        """Raise when the run is over.

        Raises:
            Cancelled: somebody pressed stop.
            BudgetEnded: the time is used up.
        """
        if self.cancelled:
            raise Cancelled("Stopped.")
        if self.remaining_s == 0:
            raise BudgetEnded(
                f"The time for one question, {self.budget.seconds:g} s, is used up.",
                hint="Ask for less, or raise run.seconds in clew.toml.",
            )

    @property
    def tokens_left(self) -> int | None:
        """Tokens that models may still read and write, never below zero; None: any number."""
        if self.budget.tokens is None:
            return None
        return max(0, self.budget.tokens - self._tokens)

    def spend(self, tokens: int) -> None:
        """Count tokens that a model read or wrote."""
        with self._lock:
            self._tokens += tokens

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call back once, from the thread that cancels, while the context is open."""
        with self._lock:
            late = self._cancelled.is_set()
            if not late:
                self._callbacks.append(callback)
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)
