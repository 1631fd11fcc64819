"""Who works on what behind the panel? The workspace, its runs, and what they leave behind.

Everything here blocks or may block, so the handlers call it from threads: Jupyter's event loop
only hands bytes on. A run goes on when its reader leaves; it ends when it is stopped, or with the
server.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from clew.run_lock import RunLock
from clew.settings import Settings, load_settings
from clew.threads import Run, delete_thread, find_thread, list_runs
from clew_core.deadline import Deadline
from clew_core.errors import ClewError, UsageError
from clew_core.events import Event, Request
from clew_core.secrets import redact
from clew_notebook_ext.errors import Busy, NoSources, NotFound, kind_of
from clew_notebook_ext.kernel_access import KernelAccess
from clew_notebook_ext.live import LiveRun
from clew_notebook_ext.results import Results

if TYPE_CHECKING:
    from clew.answer import Answer
    from clew.proposals import Place
    from clew.session import Session
    from clew.workspace import Workspace

LOG = logging.getLogger(__name__)
AT_ONCE = 4
"""Runs that work at the same time; more wait for their turn."""
CALLS = 32
"""Short calls at the same time: so many that a source that hangs keeps nobody from stopping."""
KEPT_RUNS, KEPT_SIGNS = 64, 32_000_000
RETRY_S = 5.0
GRACE_S = 3.0
Work = Callable[["Session", LiveRun], "Answer"]
T = TypeVar("T")


class Service:
    """One server's workspace and runs. Thread-safe; close it at the end."""

    def __init__(self, root: Path) -> None:
        """Open nothing yet.

        Args:
            root: folder that the notebooks' paths are relative to; `clew.toml` is looked for here.
        """
        self.root = root
        self.results = Results()
        self.noting = threading.Lock()
        """Held while something is added to a run that is over."""
        self._workspace: Workspace | None = None
        self._problem: tuple[float, ClewError] | None = None
        self._opening = threading.Lock()
        self._lock = threading.Lock()
        self._runs: list[LiveRun] = []
        self._threads: set[threading.Thread] = set()
        self._calls: set[Deadline] = set()
        self._turns = _Turns(AT_ONCE)
        self._pool = ThreadPoolExecutor(CALLS, "clew-call")
        self._samples: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}
        self._sampling = threading.Lock()
        self._closed = False
        self._allowed: set[str] = set()

    @property
    def closing(self) -> bool:
        """Whether the server stops."""
        return self._closed

    async def apart(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """Do a short call in a thread, beside the event loop.

        Raises:
            UsageError: the server stops.
        """
        call = functools.partial(work, *args, **named)
        try:
            future = asyncio.get_running_loop().run_in_executor(self._pool, call)
        except RuntimeError as error:
            raise UsageError("The server stops.") from error
        return await future

    # --- the workspace -------------------------------------------------------------------------

    def workspace(self) -> Workspace:
        """Give the workspace; the first call opens the sources. What failed is tried again later.

        Raises:
            NoSources: nobody has named any.
            SourceError, UsageError: they, or the settings, can't be read.
        """
        with self._opening:
            if self._closed:
                raise UsageError("The server stops.")
            if self._workspace is not None:
                return self._workspace
            if self._problem is not None and time.monotonic() - self._problem[0] < RETRY_S:
                raise self._problem[1]
            try:
                self._workspace = self._open()
            except ClewError as error:
                self._problem = (time.monotonic(), error)
                raise
            self._problem = None
            return self._workspace

    def _open(self) -> Workspace:
        settings = self.settings()
        if not settings.sources:
            raise NoSources(
                "No data yet.",
                hint='Name some in clew.toml beside your notebooks, as sources = ["sales.duckdb"], '
                "or start with `clew lab SOURCE`.",
            )
        from clew.workspace import open_workspace

        return open_workspace(model=settings.model, settings=settings)

    def settings(self) -> Settings:
        """Read the settings that hold for this server.

        Raises:
            UsageError: the file or a variable can't be understood.
        """
        return load_settings(self.root)

    def begin_opening(self) -> None:
        """Open the sources in the background, if nobody has yet."""

        def work() -> None:
            try:
                self.workspace()
            except ClewError as error:
                LOG.debug("the sources are not open: %s", redact(str(error)))
            except Exception:
                LOG.exception("the sources can't be opened")

        if self._workspace is None and not self._opening.locked() and not self._closed:
            threading.Thread(target=work, name="clew-open", daemon=True).start()

    def state(self) -> tuple[str, str | None, Workspace | None]:
        """Say how the workspace is without waiting: state, problem in one line, workspace."""
        workspace, problem = self._workspace, self._problem
        if workspace is not None:
            return "ready", None, workspace
        if problem is not None:
            return "problem", redact(str(problem[1])), None
        return "opening", None, None

    def session(self, user: str, thread: str | None = None) -> Session:
        """Open a user's view; another user's thread is none.

        Raises:
            NotFound: the user has no such thread.
        """
        workspace = self.workspace()
        session = workspace.session(user)
        if thread is None:
            return session
        if not workspace.store.thread_exists(session.principal, thread):
            raise NotFound(f"There is no thread {thread!r}.", hint="Leave it out to start one.")
        return workspace.session(user, thread)

    def samples(self, session: Session) -> tuple[str, ...]:
        """Suggest questions; those who see the same get the same, worked out once."""
        key = (session.principal.policy.digest, session.principal.roles)
        with self._sampling:  # it takes seconds: of several tabs, one does it
            if (found := self._samples.get(key)) is None:
                found = self._samples[key] = session.sample_questions()
            return found

    @contextmanager
    def deadline(self, session: Session) -> Iterator[Deadline]:
        """Give a short call a deadline that ends with the server."""
        deadline = Deadline(session.principal.policy.budget)
        with self._lock:
            self._calls.add(deadline)
        try:
            yield deadline
        finally:
            with self._lock:
                self._calls.discard(deadline)

    # --- runs ----------------------------------------------------------------------------------

    def ask(
        self,
        user: str,
        request: Request,
        place: Place | None,
        kernel: Mapping[str, Any] | None = None,
    ) -> LiveRun:
        """Start a run and give it.

        Args:
            user: who asks.
            request: what.
            place: the notebook in which cells are proposed.
            kernel: connection to the notebook's kernel, whose variables may be asked about.

        Raises:
            NotFound: the user has no such thread.
            Busy: the thread still answers another question.
            UsageError: the question is empty or too long.
        """
        from clew.session import check_question, new_run

        check_question(request.question)
        session = self.session(user, request.thread)
        session.place = place
        if kernel is not None and request.variables:
            session.live = KernelAccess(kernel, self._allowed)
        run = new_run()

        def work(session: Session, live: LiveRun) -> Answer:
            return session.ask(request, deadline=live.deadline, tell=live.tell, run=run)

        return self._start(session, user, run, work)

    def resume(self, user: str, run: str, place: Place | None) -> LiveRun:
        """Take up a run that waits, or whose server died.

        Raises:
            NotFound: the user has no such run.
            Busy: it goes on.
            UsageError: it is over, or another process works on it.
        """
        stored = self.stored_run(user, run)
        session = self.session(user, stored.thread)
        session.place = place
        if stored.status is not None and stored.waits is None:
            raise UsageError(f"Run {run!r} is over: it ended with {stored.status!r}.")

        def work(session: Session, live: LiveRun) -> Answer:
            return session.resume(run, deadline=live.deadline, tell=live.tell)

        return self._start(session, user, run, work, before=stored.last_seq)

    def _start(
        self, session: Session, user: str, run: str, work: Work, *, before: int = 0
    ) -> LiveRun:
        deadline = Deadline(session.principal.policy.budget)
        live = LiveRun(run, session.thread, user, deadline, before=before)
        worker = threading.Thread(
            target=self._work, args=(session, live, work), name="clew-run", daemon=True
        )
        with self._lock:
            if self._closed:
                raise UsageError("The server stops.")
            for other in self._runs:
                if other.thread == live.thread and not other.over:
                    raise Busy(other.run)
            self._runs.append(live)
            self._threads.add(worker)
            self._forget_old()
        worker.start()
        return live

    def _work(self, session: Session, live: LiveRun, work: Work) -> None:
        try:
            with self._turns.one(live.deadline):
                answer = work(session, live)
            self.results.keep(live.run, answer)
        except ClewError as error:
            self._say_end(live, kind_of(error), str(error))
        except Exception as error:
            if not self._closed:
                LOG.exception("a run ended with an error that nobody foresaw")
            reason = f"An error inside Clew: {type(error).__name__}. Jupyter's log has more."
            self._say_end(live, "Unforeseen", reason)
        finally:
            live.end()
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _say_end(self, live: LiveRun, kind: str, reason: str) -> None:
        """Tell the end of a run that could not tell it itself."""
        if live.last_data is not None:
            return
        stopped = live.deadline.cancelled
        live.tell(
            Event(
                thread=live.thread,
                run=live.run,
                seq=live.last_seq + 1,
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                type="cancelled" if stopped else "error",
                data={"reason": redact(reason)} | ({} if stopped else {"kind": kind}),
            )
        )

    def _forget_old(self) -> None:
        """Let go of runs that are over, the oldest first, beyond what is kept."""
        over = [run for run in self._runs if run.over]
        size = sum(run.size for run in over)
        while len(over) > KEPT_RUNS or size > KEPT_SIGNS:
            oldest = over.pop(0)
            size -= oldest.size
            self._runs.remove(oldest)

    def live(self, user: str, run: str) -> LiveRun | None:
        """Find a run that this server works on or remembers: the newest of this id."""
        with self._lock:
            found = [live for live in self._runs if live.user == user and run in live.ids]
        return found[-1] if found else None

    def running(self, user: str) -> dict[str, str]:
        """Say which of a user's runs go on: thread → run."""
        with self._lock:
            return {run.thread: run.run for run in self._runs if run.user == user and not run.over}

    def stored_run(self, user: str, run: str) -> Run:
        """Describe a run that was kept.

        Raises:
            NotFound: the user has none of this id.
        """
        session = self.session(user)
        live = self.live(user, run)
        ids = (live.run, run) if live is not None else (run,)
        for id_ in dict.fromkeys(ids):
            found = list_runs(session.workspace.store, session.principal, run=id_)
            if found:
                return found[0]
        raise NotFound(f"There is no run {run!r}.")

    def result_of(self, user: str, run: str) -> str:
        """Find under which id a result of this user is kept: that of a run, or of a statement.

        Raises:
            NotFound: the user has neither.
        """
        return run if self.results.is_owned(run, user) else self.stored_run(user, run).run

    def events(self, user: str, run: str, after: int) -> tuple[Event, ...]:
        """Read the events of a run that were kept."""
        session = self.session(user)
        return session.workspace.store.events(session.principal, run, after)

    def works_elsewhere(self, run: str) -> bool:
        """Say whether another process works on a run."""
        home = self.workspace().store.home
        return home is not None and RunLock.is_held(home, run)

    def cancel(self, user: str, run: str) -> bool:
        """Stop a run and wait a second for its end; says whether it is over.

        Raises:
            NotFound: the user has no such run.
            UsageError: another process works on it.
        """
        live = self.live(user, run)
        if live is None:
            stored = self.stored_run(user, run)
            if stored.status is None and self.works_elsewhere(stored.run):
                raise UsageError(f"Run {run!r} goes on in another process.", hint="Stop it there.")
            return True
        live.deadline.cancel()
        return live.wait(1.0)

    def delete_thread(self, user: str, thread: str) -> None:
        """Stop what a thread does and delete it.

        Raises:
            NotFound: the user has no such thread.
        """
        session = self.session(user)
        store = session.workspace.store
        find_thread(store, session.principal, thread)
        if (run := self.running(user).get(thread)) is not None:
            self.cancel(user, run)
        delete_thread(store, session.principal, thread)
        with self._lock:
            gone = [run for run in self._runs if run.thread == thread]
            self._runs = [run for run in self._runs if run.thread != thread]
        for live in gone:
            self.results.forget(live.run)

    def close(self) -> None:
        """Stop all work, wait for it a little, and close the sources."""
        self._closed = True
        with self._lock:
            deadlines = [run.deadline for run in self._runs if not run.over]
            deadlines += self._calls
            workers = list(self._threads)
        for deadline in deadlines:
            try:
                deadline.cancel()
            except Exception:  # an engine that can't be interrupted any more
                LOG.debug("not interrupted", exc_info=True)
        until = time.monotonic() + GRACE_S
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._opening:
            if self._workspace is not None:
                self._workspace.close()


class _Turns:
    """Lets a few work at the same time; who waits can be stopped."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._changed = threading.Condition()

    @contextmanager
    def one(self, deadline: Deadline) -> Iterator[None]:
        """Wait for a turn and give it back.

        Raises:
            Cancelled, BudgetEnded: the deadline ended while waiting.
        """

        def wake() -> None:
            with self._changed:
                self._changed.notify_all()

        with deadline.on_cancel(wake), self._changed:
            while self._free <= 0:
                deadline.check()
                self._changed.wait(deadline.remaining_s)
            self._free -= 1
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()


def resolve_place(root: Path, notebook: str | None) -> Path:
    """Find the folder in which the kernel of a notebook runs.

    Args:
        root: of the server.
        notebook: path as the contents API names it; None means the root.

    Raises:
        UsageError: the path leads out of the root.
    """
    root = root.resolve()
    folder = (root / (notebook or "x").lstrip("/")).parent.resolve()
    if "\0" in (notebook or "") or not folder.is_relative_to(root):
        raise UsageError(f"{notebook!r} lies outside of the notebooks' folder.")
    while not folder.is_dir() and folder != root:  # as Jupyter does for notebooks that are remote
        folder = folder.parent
    return folder
