"""What a session is: one user's questions in one thread, answered or streamed as events."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import queue
import threading
import uuid
import zoneinfo
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from clew.answer import Answer
from clew.run_lock import RunLock
from clew.run_state import Asked, StoredRun, Unfinished, decide, unfinished
from clew.samples import sample_questions
from clew.store import Message
from clew_agents.plan.agents import agents_by_name
from clew_agents.plan.notebook_context import context_of
from clew_agents.plan.plan import Plan, Step
from clew_agents.proxy.proxy import Proxy
from clew_agents.sql.vocabulary import names_table
from clew_core.answer import Answer as CoreAnswer
from clew_core.answer import Option, Status
from clew_core.deadline import Deadline
from clew_core.errors import Cancelled, ClewError, RunEnded, SourceError, UsageError
from clew_core.events import LONGEST_QUESTION, Event, EventType, Request
from clew_core.json_form import to_json
from clew_core.principal import Principal
from clew_core.query_spec import QuerySpec

if TYPE_CHECKING:
    from clew.live_kernel import LiveKernel
    from clew.proposals import Place
    from clew.workspace import Workspace
    from clew_agents.proxy.proxy import OpenSource


class Session:
    """One principal's view of a workspace, with a thread. One question at a time."""

    def __init__(self, workspace: Workspace, principal: Principal, thread: str | None) -> None:
        """Use ``Workspace.session`` instead."""
        self.workspace, self.principal = workspace, principal
        self.place: Place | None = None
        """The notebook for which answers propose cells, as events; None proposes none."""
        self.live: LiveKernel | None = None
        """The kernel whose variables may be asked about; None where there is none in reach."""
        self._thread = thread

    @property
    def thread(self) -> str:
        """Id of the thread; made when it is first needed."""
        if self._thread is None:
            self._thread = self.workspace.store.new_thread(self.principal)
        return self._thread

    def ask(
        self,
        question: str | Request,
        *,
        now: str | None = None,
        deadline: Deadline | None = None,
        tell: Callable[[Event], None] | None = None,
        run: str | None = None,
    ) -> Answer:
        """Answer a question. One that this thread asked and did not finish is taken up again.

        Args:
            question: or a whole request.
            now: dates every relative word, ISO 8601; default: the wall clock.
            deadline: default: the budget of the principal, from now on.
            tell: is called with each event, from the threads that work.
            run: a fresh id for the run, for whoever has to know it before the first event.

        Raises:
            UsageError: the question is empty or longer than 10 000 characters, or now no date.
            SourceError: a source can't be read (any more).
        """
        return self._run(_request(question, now), deadline, tell or (lambda event: None), run)

    def resume(
        self,
        run: str | None = None,
        *,
        deadline: Deadline | None = None,
        tell: Callable[[Event], None] | None = None,
    ) -> Answer:
        """Take up a run that was killed, that waits for an approval, or whose plan was shown.

        Args:
            run: its id; None takes the newest of this thread that has no end.
            deadline: as ``ask``.
            tell: as ``ask``.

        Raises:
            UsageError: there is no such run, it is over, or another process works on it.
        """
        self.workspace.check_open()
        store = self.workspace.store
        found = unfinished(store, self.principal, run=run, thread=self.thread)
        if found is None:
            raise UsageError("This thread has no unfinished run.", hint="Ask the question again.")
        return self._resume(found, deadline, tell or (lambda event: None))

    def plan(self, run: str) -> Plan:
        """Give the plan of a run that waits.

        Raises:
            UsageError: there is no such run, it is over, or has no plan of several steps.
        """
        self._waiting(run)
        plan = self._state(run).plan()
        if plan is None:
            raise UsageError(f"Run {run!r} has no plan.")
        return plan

    def edit_plan(self, run: str, steps: Sequence[Step]) -> Plan:
        """Change the plan of a run before it runs (``mode="plan"``); ``resume`` then runs it.

        Raises:
            UsageError: as ``plan``, or the changed plan can't run; the message says why.
        """
        found = self._waiting(run)
        plan = self.plan(run).edited(tuple(steps))
        plan.check({name: agent.card for name, agent in agents_by_name().items()})
        self._state(found.run).keep_plan(plan)
        journal = _Journal(self, found.run, lambda event: None, thread=found.thread, seq=found.seq)
        journal.add(
            "plan_edited",
            {"by": self.principal.user, "revision": plan.revision, "steps": to_json(plan.steps)},
        )
        return plan

    def approve(self, approval: str, *, granted: bool = True) -> str:
        """Decide an approval that a run waits for, once; gives the run, for ``resume``.

        Raises:
            UsageError: there is no such approval, or it was decided.
        """
        return decide(self.workspace.store, self.principal, approval, granted)

    def sample_questions(self, most: int = 8) -> tuple[str, ...]:
        """Suggest questions that these sources answer; each was tried."""
        self.workspace.check_open()
        deadline = Deadline(self.principal.policy.budget)
        today = dt.datetime.now(dt.UTC).date()
        sources = self.workspace.opened(self.principal, deadline, today, None)
        return sample_questions(sources, self.principal, deadline, most)

    def stream(
        self, question: str | Request, *, now: str | None = None, deadline: Deadline | None = None
    ) -> Iterator[Event]:
        """Answer a question as events; the last is ``answer``, ``error`` or ``cancelled``.

        Leaving the iterator early cancels the run. Arguments as ``ask``.

        Raises:
            UsageError: as ``ask``, at the first event. What goes wrong later is an event.
        """
        request = _request(question, now)
        self._check(request)
        deadline = deadline or Deadline(self.principal.policy.budget)
        events: queue.Queue[Event | None] = queue.Queue()
        unforeseen: list[Exception] = []

        def work() -> None:
            try:
                self._run(request, deadline, events.put)
            except ClewError:
                pass  # already told as an event
            except Exception as error:  # told too, but the caller has to see where it came from
                unforeseen.append(error)
            finally:
                events.put(None)

        worker = threading.Thread(target=work, name="clew-run", daemon=True)
        worker.start()
        try:
            while (event := events.get()) is not None:
                yield event
            if unforeseen:
                raise unforeseen[0]
        finally:
            if worker.is_alive():
                deadline.cancel()
                worker.join(5)

    async def astream(
        self, question: str | Request, *, now: str | None = None, deadline: Deadline | None = None
    ) -> AsyncIterator[Event]:
        """Answer a question as events without blocking the event loop; as ``stream``."""
        deadline = deadline or Deadline(self.principal.policy.budget)
        events = self.stream(question, now=now, deadline=deadline)
        try:
            while (event := await asyncio.to_thread(next, events, None)) is not None:
                yield event
        finally:
            deadline.cancel()

    # --- one run -------------------------------------------------------------------------------

    def _check(self, request: Request) -> dt.datetime:
        """See that a request can be worked on, and find out what time it is for it."""
        self.workspace.check_open()
        check_question(request.question)
        return _moment(request.now, request.time_zone or self.workspace.settings.time_zone)

    def _run(
        self,
        request: Request,
        deadline: Deadline | None,
        tell: Callable[[Event], None],
        run: str | None = None,
    ) -> Answer:
        now = self._check(request)
        if died := self._died(request):
            return self._resume(died, deadline, tell)
        deadline = deadline or Deadline(self.principal.policy.budget)
        history = self.workspace.store.messages(self.principal, self.thread)
        option = _chosen(history, request)
        asked = Asked(
            request=replace(request, now=now.isoformat()),
            question=option.question if option else request.question.strip(),
            chosen=option,
            previous=_previous_spec(history),
        )
        journal = _Journal(self, run or new_run(), tell)
        with self._held(journal.run):
            return self._work(asked, deadline, now, journal)

    def _resume(
        self, found: Unfinished, deadline: Deadline | None, tell: Callable[[Event], None]
    ) -> Answer:
        request = replace(found.asked.request, mode="ask")
        now = self._check(request)
        deadline = deadline or Deadline(self.principal.policy.budget)
        journal = _Journal(self, found.run, tell, thread=found.thread, seq=found.seq)
        with self._held(found.run):
            asked = replace(found.asked, request=request)
            return self._work(asked, deadline, now, journal)

    def _died(self, request: Request) -> Unfinished | None:
        """Find the newest run of this thread, if it asked the same and was killed half-way."""
        store = self.workspace.store
        if store.home is None or self._thread is None:
            return None
        try:
            found = unfinished(store, self.principal, thread=self.thread)
        except UsageError:  # begun by another version: it can't be gone on with
            return None
        if found is None or found.asked.request.question.strip() != request.question.strip():
            return None
        if self._state(found.run).plan() is None or found.asked.request.mode == "plan":
            return None
        return found if not RunLock.is_held(store.home, found.run) else None

    @contextlib.contextmanager
    def _held(self, run: str) -> Iterator[None]:
        """Hold the lock of a run while it is worked on.

        Raises:
            UsageError: another process works on it.
        """
        home = self.workspace.store.home
        lock = None
        if home is not None:
            try:
                lock = RunLock.take(home, run)
            except OSError:  # full or write-protected: the store will say so
                home = None
        if home is not None and lock is None:
            raise UsageError(f"Run {run!r} goes on in another process.")
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _waiting(self, run: str) -> Unfinished:
        found = unfinished(self.workspace.store, self.principal, run=run)
        assert found is not None  # a run that is named is found, or an error
        return found

    def _state(self, run: str, thread: str | None = None) -> StoredRun:
        return StoredRun(self.workspace.store, self.principal, run, thread or self.thread)

    def _work(
        self, asked: Asked, deadline: Deadline, now: dt.datetime, journal: _Journal
    ) -> Answer:
        state = self._state(journal.run, journal.thread)
        # The notebook's cells may hold anything, passwords too: they are not kept.
        bare = replace(asked.request, cells=(), variables=(), attachments=(), selection=None)
        state.begin(replace(asked, request=replace(bare, anchor=None)))
        journal.asked = state.asked_text
        try:
            answer = self._answer(asked, deadline, now, journal, state)
        except Exception as error:
            journal.add("error", {"kind": type(error).__name__, "reason": str(error)})
            if state.kept:
                state.forget()
            raise
        answer = replace(answer, thread=journal.thread, run=journal.run)
        answer = self._proposed(answer.given_by(self), journal)
        self._keep(answer)
        if answer.status == "cancelled":
            journal.add("cancelled", {"reason": answer.reason})
        else:
            journal.add("answer", answer.to_json())
        if state.kept and answer.status != "needs_clarification":
            state.forget()
        return answer

    def _answer(
        self,
        asked: Asked,
        deadline: Deadline,
        now: dt.datetime,
        journal: _Journal,
        state: StoredRun,
    ) -> Answer:
        try:
            sources = self.workspace.opened(self.principal, deadline, now.date(), asked.previous)
        except RunEnded as ended:  # before the first step
            status: Status = "cancelled" if isinstance(ended, Cancelled) else "failed"
            return Answer(status=status, question=asked.question, reason=str(ended))
        from clew.live_kernel import ALLOW, ask_for_leave, frames_meant

        tables = [t.name for s in sources for t in s.context.vocabulary.catalog.tables]
        meant = frames_meant(asked.request, asked.question, tables)
        if self.live is None or not meant:
            return self._answer_over(sources, asked, deadline, now, journal, state)
        if asked.chosen is not None and asked.chosen.id == ALLOW:
            self.live.allowed.add(journal.thread)
            asked = replace(asked, chosen=None)
        if journal.thread not in self.live.allowed:
            return Answer.of(ask_for_leave(asked.question, meant))
        with self.live.open(meant, deadline) as source:
            opened = self.workspace.opened_beside(
                source, self.principal, deadline, now.date(), asked.previous
            )
            return self._answer_over([opened], asked, deadline, now, journal, state)

    def _answer_over(
        self,
        sources: Sequence[OpenSource],
        asked: Asked,
        deadline: Deadline,
        now: dt.datetime,
        journal: _Journal,
        state: StoredRun,
    ) -> Answer:
        proxy = Proxy(
            principal=self.principal, tell=journal.add, now=now.isoformat(), run=journal.run,
            state=state, context=context_of(asked.request), asked=self.workspace.asked(),
        )  # fmt: skip
        answer = proxy.answer(asked.question, sources, deadline, asked.chosen, asked.request.mode)
        self._see_broken_files(asked.question, answer)
        return Answer.of(answer)

    def _proposed(self, answer: Answer, journal: _Journal) -> Answer:
        """Tell which cells the answer proposes for the notebook; give it as it fits there."""
        if self.place is None or answer.status != "answered":
            return answer
        from clew.proposals import fit_in, propose

        answer = fit_in(answer, self.place)
        locations = {name: source.location for name, source in self.workspace.sources.items()}
        for proposal in propose(answer, self.place, locations):
            journal.add("proposal", proposal)
        return answer.given_by(self)

    def _see_broken_files(self, question: str, answer: CoreAnswer) -> None:
        """Say that a file can't be read where the question needs it."""
        if answer.status in ("answered", "cancelled", "refused"):
            return
        for source in self.workspace.sources.values():
            for stem, why in source.broken.items():
                if names_table(question, stem):
                    raise SourceError(f"The question needs {stem!r}: {why}")

    def _keep(self, answer: Answer) -> None:
        message = Message(
            question=answer.question,
            status=answer.status,
            text=answer.text or answer.reason or "",
            spec=answer.spec,
            clarification=answer.clarification,
            run=answer.run,
        )
        assert answer.thread is not None
        self.workspace.store.add_message(self.principal, answer.thread, message)


class _Journal:
    """Numbers the events of a run, keeps them in the store and tells them. Thread-safe."""

    def __init__(
        self,
        session: Session,
        run: str,
        tell: Callable[[Event], None],
        *,
        thread: str | None = None,
        seq: int = 0,
    ) -> None:
        self.session, self.run, self.tell, self.seq = session, run, tell, seq
        self.thread = thread or session.thread
        self.asked: str | None = None
        self._lock = threading.Lock()

    def add(self, type_: str, data: dict[str, Any]) -> None:
        with self._lock:  # steps that run at once tell at once
            self.seq += 1
            event = Event(
                thread=self.thread,
                run=self.run,
                seq=self.seq,
                at=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
                type=cast(EventType, type_),
                data=data,
            )
            self.session.workspace.store.append(self.session.principal, event, self.asked)
            self.tell(event)


def new_run() -> str:
    """Make an id for a run."""
    return uuid.uuid4().hex[:12]


def _request(question: str | Request, now: str | None) -> Request:
    request = question if isinstance(question, Request) else Request(question=question)
    return replace(request, now=now) if now is not None else request


def check_question(question: str) -> None:
    """See that a question can be read.

    Raises:
        UsageError: it is empty, or too long.
    """
    if not question.strip():
        raise UsageError("The question is empty.", hint='Ask something: "how many orders?"')
    if len(question) > LONGEST_QUESTION:
        raise UsageError(
            f"The question has {len(question):,} characters.",
            hint=f"At most {LONGEST_QUESTION:,} are read: ask a shorter one.",
        )


def _moment(now: str | None, time_zone: str | None) -> dt.datetime:
    """Find out what time it is for a question."""
    try:
        zone = zoneinfo.ZoneInfo(time_zone) if time_zone else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(
            f"Unknown time zone {time_zone!r}.", hint="Such as Europe/Berlin."
        ) from error
    if now is None:
        return dt.datetime.now(zone).astimezone(zone)
    try:
        moment = dt.datetime.fromisoformat(now)
    except ValueError as error:
        raise UsageError(f"{now!r} is no ISO date or time.", hint="Such as 2024-03-31.") from error
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone or dt.UTC)
    return moment.astimezone(zone) if zone else moment


def _previous_spec(history: tuple[Message, ...]) -> QuerySpec | None:
    """The last thing that was understood in the thread."""
    return next((message.spec for message in reversed(history) if message.spec), None)


def _chosen(history: tuple[Message, ...], request: Request) -> Option | None:
    """The option that a question picks: by ``reply_to``, or as the answer to the last message."""
    asked = [m for m in history if m.clarification and m.clarification.options]
    if request.reply_to is not None:
        asked = [message for message in asked if message.run == request.reply_to]
        if not asked:
            raise UsageError(f"Run {request.reply_to!r} asked nothing back.")
    elif not history or history[-1] not in asked:
        return None
    clarification = asked[-1].clarification
    assert clarification is not None
    said = request.question.strip().strip(".").casefold()
    for option in clarification.options:
        if said in (option.id.casefold(), option.label.casefold()):
            return option
    if request.reply_to is not None:
        known = ", ".join(option.id for option in clarification.options)
        raise UsageError(f"There is no option {request.question!r}.", hint=f"Choose from {known}.")
    return None
