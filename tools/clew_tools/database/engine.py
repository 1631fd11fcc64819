"""What does a source need from an engine, and how is its work stopped in time?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from clew_core.deadline import Deadline
from clew_core.errors import RunEnded, SourceError
from clew_tools.database.catalog import Column, ForeignKey
from clew_tools.database.source import Dialect

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A table or view as the engine stores it, before any policy.

    Attributes:
        name: as people write it; with its schema where that is not the main one.
        path: the parts of its qualified name.
        columns: in order.
        view: computed from other tables when it is read.
        primary_key: as declared.
        foreign_keys: as declared.
        row_count: where the engine knows it without counting.
        ranges: column → least and greatest value, both exact, for columns of whole numbers and
            dates, where the file says so.
        no_nulls: columns of which the file says that they hold no null.
        meaning: one row is …, where declared.
    """

    name: str
    path: tuple[str, ...]
    columns: tuple[Column, ...]
    view: bool = False
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    row_count: int | None = None
    ranges: dict[str, tuple[Any, Any]] | None = None
    no_nulls: frozenset[str] = frozenset()
    meaning: str | None = None


class Engine(Protocol):
    """A read-only connection. Safe to use from several threads."""

    dialect: Dialect

    def tables(self) -> tuple[Stored, ...]:
        """List the tables, in the source's order."""
        ...

    def shadowed(self) -> frozenset[str]:
        """Name the functions that the source itself defines, in lower case."""
        ...

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        ...

    def query(self, sql: str, limit: int, deadline: Deadline) -> Fetched:
        """Run a guarded statement; at most limit + 1 rows come back.

        Raises:
            RetryByModel: the engine does not understand it.
            BudgetEnded, Cancelled: it took too long or too much, or was stopped.
            SourceError: the data can't be read.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections. Calling it twice is harmless."""
        ...


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What an engine gave for a statement.

    Attributes:
        table: column names may repeat; at most one row more than was asked for.
        warnings: one line each.
    """

    table: pa.Table
    warnings: tuple[str, ...] = ()


def closed() -> SourceError:
    """Say that a source is closed."""
    return SourceError("The source is closed.", hint="Open it again.")


class Workers:
    """Threads in which an engine works, so that the caller can be stopped meanwhile.

    A thread that waits inside a foreign library hears neither Ctrl-C nor a clock; the caller's
    thread waits for it in Python and interrupts the engine when the time is up.
    """

    def __init__(self, prepare: Callable[[], None] | None = None, threads: int = 4) -> None:
        """Make the pool.

        Args:
            prepare: runs first in each thread; if it fails, nothing runs there.
            threads: how many statements may run at once.
        """
        self._working: set[Callable[[], None]] = set()
        self._pool = ThreadPoolExecutor(threads, "clew-engine", initializer=prepare)

    def run(self, work: Callable[[], T], deadline: Deadline, interrupt: Callable[[], None]) -> T:
        """Do work in a thread of the pool.

        Args:
            work: raises what it likes when it is interrupted.
            deadline: when to interrupt.
            interrupt: makes work end soon; may come too early or more than once.

        Raises:
            BudgetEnded, Cancelled: it was interrupted; whatever work raised is the cause.
        """
        deadline.check()
        try:
            future = self._pool.submit(work)
        except RuntimeError as error:
            raise closed() from error
        self._working.add(interrupt)
        try:
            with deadline.on_cancel(interrupt):
                return self._wait(future, deadline, interrupt)
        except KeyboardInterrupt:
            interrupt()
            raise
        except (Exception, CancelledError) as error:
            try:
                deadline.check()
            except RunEnded as ended:
                raise ended from error
            if isinstance(error, CancelledError):
                raise closed() from error
            raise
        finally:
            self._working.discard(interrupt)

    def _wait(self, future: Future[T], deadline: Deadline, interrupt: Callable[[], None]) -> T:
        while True:
            try:
                return future.result(timeout=min(0.2, deadline.remaining_s) or 0.02)
            except FutureTimeout:
                if future.done():
                    raise
            if deadline.cancelled or deadline.remaining_s == 0:
                # Again and again: an interrupt that comes before the engine began is lost.
                future.cancel()
                interrupt()

    def close(self) -> None:
        """Interrupt what is running, and let the threads end."""
        for interrupt in list(self._working):
            interrupt()
        self._pool.shutdown(wait=True, cancel_futures=True)
