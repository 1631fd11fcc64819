"""How are questions asked, followed, stopped and gone on with over HTTP?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.iostream import StreamClosedError
from tornado.web import authenticated

from clew_agents.plan.plan import Step
from clew_core.errors import ClewError, UsageError
from clew_core.events import CellView, Request
from clew_core.secrets import redact
from clew_notebook_ext.errors import NotFound
from clew_notebook_ext.graph import readable
from clew_notebook_ext.handler import ClewHandler
from clew_notebook_ext.live import LiveRun
from clew_notebook_ext.reading import Line, Reader
from clew_notebook_ext.resolutions import Resolution, resolve
from clew_notebook_ext.service import Service, resolve_place

EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, kw_only=True)
class PlanEdit:
    """A changed plan."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether a step may run."""

    granted: bool


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """The notebook into which a run that is taken up proposes cells."""

    cells: tuple[CellView, ...] = ()
    anchor: str | None = None


class RunHandler(ClewHandler):
    """Sends a run on as events."""

    async def send_run(self, live: LiveRun) -> None:
        """Answer as the request wants: by events, at the end, or at once."""
        if EVENT_STREAM in self.request.headers.get("Accept", ""):
            started = {"run": live.run, "thread": live.thread}
            reader = Reader(self.service, self.user, live.run)
            await self.send_events(reader, live.before, started)
            return
        if "respond-async" in self.request.headers.get("Prefer", ""):
            self.set_status(202)
            self.finish({"run": live.run, "thread": live.thread})
            return
        await live.ended()
        data = live.last_data or {}
        if "status" not in data:  # an error, or stopped
            data = {"status": "cancelled" if live.deadline.cancelled else "failed", **data}
        self.finish({**data, "run": live.run, "thread": live.thread})

    async def send_events(
        self, reader: Reader, after: int, started: dict[str, str] | None = None
    ) -> None:
        """Send events until the run is over or nobody reads any more."""
        self.set_header("Content-Type", EVENT_STREAM)
        self.set_header("Cache-Control", "no-cache, no-transform")
        self.set_header("X-Accel-Buffering", "no")  # proxies hold streams back otherwise
        try:
            if started is not None:
                await self._send(Line(type="run", text=json.dumps(started)))
            else:
                self.write(": events\n\n")
                await self.flush()
            async for line in reader.lines(after):
                await self._send(line)
        except StreamClosedError:
            return  # the run goes on
        except ClewError as error:  # half of it is sent: the reader comes back and hears it then
            self.log.debug("a stream ended early: %s", redact(str(error)))
        self.finish()

    async def _send(self, line: Line | None) -> None:
        if line is None:
            self.write(": nothing new\n\n")
        else:
            number = "" if line.seq is None else f"id: {line.seq}\n"
            self.write(f"{number}event: {line.type}\ndata: {line.text}\n\n")
        await self.flush()

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        """End the answer; a stream keeps its type."""
        if str(self._headers.get("Content-Type", "")).startswith(EVENT_STREAM):
            kwargs.setdefault("set_content_type", EVENT_STREAM)
        return super().finish(*args, **kwargs)


class AskHandler(RunHandler):
    """`POST ask`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Start a run."""
        request = self.fields(Request)
        notebook = self.get_query_argument("notebook", None)
        kernel = await self.kernel_of(notebook) if request.variables else None
        live = await self.apart(_ask, self.service, self.user, request, notebook, kernel)
        await self.send_run(live)


class OneRunHandler(RunHandler):
    """`GET runs/{run}`."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Describe a run."""
        await self.answer(describe_run, self.service, self.user, run)


class EventsHandler(RunHandler):
    """`GET runs/{run}/events`."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send what comes after a number, and what is still to come."""
        last = self.request.headers.get("Last-Event-ID", "")
        after = self.number("after", int(last) if last.isdecimal() and len(last) < 16 else 0)
        reader = Reader(self.service, self.user, run)
        await self.apart(reader.check)
        await self.send_events(reader, after)


class CancelHandler(RunHandler):
    """`POST runs/{run}/cancel`."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Stop a run."""
        over = await self.apart(self.service.cancel, self.user, run)
        self.finish({"run": run, "over": over})


class ResumeHandler(RunHandler):
    """`POST runs/{run}/resume`."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Take a run up again."""
        given = self.fields(Resumed)
        notebook = self.get_query_argument("notebook", None)
        live = await self.apart(_resume, self.service, self.user, run, given, notebook)
        await self.send_run(live)


class PlanHandler(RunHandler):
    """`PUT runs/{run}/plan`."""

    @authenticated
    @authorized
    async def put(self, run: str) -> None:
        """Change the plan of a run that waits."""
        await self.answer(_edit_plan, self.service, self.user, run, self.fields(PlanEdit))


class ApprovalHandler(RunHandler):
    """`POST runs/{run}/approvals/{id}`."""

    @authenticated
    @authorized
    async def post(self, run: str, approval: str) -> None:
        """Decide an approval."""
        decision = self.fields(Decision)
        await self.answer(_decide, self.service, self.user, run, approval, decision.granted)


class ProposalHandler(RunHandler):
    """`POST runs/{run}/proposals/{id}`."""

    @authenticated
    @authorized
    async def post(self, run: str, proposal: str) -> None:
        """Note what became of a proposal."""
        resolution = self.fields(Resolution)
        await self.answer(_resolve, self.service, self.user, run, proposal, resolution)


def _ask(
    service: Service,
    user: str,
    request: Request,
    notebook: str | None,
    kernel: Mapping[str, Any] | None,
) -> LiveRun:
    from clew.proposals import Place
    from clew.threads import change_thread

    folder = resolve_place(service.root, notebook)
    request = replace(request, cells=readable(request.cells))
    place = None
    if request.cells or notebook is not None:
        names = tuple(variable.name for variable in request.variables)
        place = Place(folder=folder, cells=request.cells, anchor=request.anchor, names=names)
    live = service.ask(user, request, place, kernel)
    if request.thread is None and notebook is not None:
        session = service.session(user)
        store = session.workspace.store
        change_thread(store, session.principal, live.thread, notebook=notebook)
    return live


def _resume(service: Service, user: str, run: str, given: Resumed, notebook: str | None) -> LiveRun:
    from clew.proposals import Place

    folder = resolve_place(service.root, notebook)
    place = None
    if given.cells or notebook is not None:
        place = Place(folder=folder, cells=readable(given.cells), anchor=given.anchor)
    return service.resume(user, run, place)


def describe_run(service: Service, user: str, run: str) -> dict[str, Any]:
    """Describe a run as JSON.

    Raises:
        NotFound: the user has none of this id.
    """
    live = service.live(user, run)
    if live is not None and not live.over:
        return {
            "run": live.run, "thread": live.thread, "status": None, "last_seq": live.last_seq,
            "active": True, "waits": None,
        }  # fmt: skip
    stored = service.stored_run(user, run)
    return {
        "run": stored.run, "thread": stored.thread, "status": stored.status,
        "last_seq": stored.last_seq, "waits": stored.waits,
        "active": stored.status is None and service.works_elsewhere(stored.run),
    }  # fmt: skip


def _edit_plan(service: Service, user: str, run: str, edit: PlanEdit) -> dict[str, Any]:
    stored = service.stored_run(user, run)
    session = service.session(user, stored.thread)
    plan = session.edit_plan(stored.run, edit.steps)
    steps = [
        {"id": s.id, "agent": s.agent, "task": s.task, "needs": list(s.needs)} for s in plan.steps
    ]
    return {"run": stored.run, "revision": plan.revision, "steps": steps}


def _decide(service: Service, user: str, run: str, approval: str, granted: bool) -> dict[str, Any]:
    stored = service.stored_run(user, run)
    session = service.session(user, stored.thread)
    known = session.workspace.store.read(
        "SELECT granted FROM approvals WHERE id = ? AND run = ?", (approval, stored.run)
    )
    if not known:
        raise NotFound(f"There is no approval {approval!r}.")
    if session.approve(approval, granted=granted) != stored.run:
        raise UsageError(f"The approval {approval!r} is for another run.")
    return {"run": stored.run, "approval": approval, "granted": granted}


def _resolve(
    service: Service, user: str, run: str, proposal: str, resolution: Resolution
) -> dict[str, Any]:
    stored = service.stored_run(user, run)
    session = service.session(user, stored.thread)
    with service.noting:
        event = resolve(session, stored, proposal, resolution)
    return {"run": stored.run, "seq": event.seq, **event.data}
