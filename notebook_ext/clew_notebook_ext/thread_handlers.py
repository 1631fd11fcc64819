"""How are threads listed, read, named, branched and deleted, and answers objected to, over HTTP?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from clew.feedback import give
from clew.sanitise import markdown_text
from clew.threads import (
    Thread,
    branch_thread,
    change_thread,
    find_thread,
    list_runs,
    list_threads,
    move_notebook,
)
from clew_core.errors import UsageError
from clew_core.json_form import to_json
from clew_notebook_ext.handler import ClewHandler
from clew_notebook_ext.service import Service, resolve_place


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A notebook that has another path now."""

    notebook: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """What is new about a thread."""

    title: str | None = None
    notebook: str | None = None


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The run after which a thread is gone on with in another way."""

    run: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a user says of an answer."""

    said: str = ""
    expected: str | None = None


class ThreadsHandler(ClewHandler):
    """`threads`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """List the user's threads."""
        notebook = self.get_query_argument("notebook", None)
        await self.answer(_list, self.service, self.user, notebook)

    @authenticated
    @authorized
    async def patch(self) -> None:
        """Let threads follow their notebook."""
        await self.answer(_move, self.service, self.user, self.fields(Moved))


class ThreadHandler(ClewHandler):
    """`threads/{id}`."""

    @authenticated
    @authorized
    async def get(self, thread: str) -> None:
        """Show messages and runs."""
        await self.answer(_show, self.service, self.user, thread)

    @authenticated
    @authorized
    async def patch(self, thread: str) -> None:
        """Name the thread, or say where it belongs."""
        await self.answer(_change, self.service, self.user, thread, self.fields(Change))

    @authenticated
    @authorized
    async def delete(self, thread: str) -> None:
        """Delete the thread."""
        await self.apart(self.service.delete_thread, self.user, thread)
        self.set_status(204)
        self.finish()


class BranchHandler(ClewHandler):
    """`POST threads/{id}/branch`."""

    @authenticated
    @authorized
    async def post(self, thread: str) -> None:
        """Start a thread from an earlier message."""
        await self.answer(_branch, self.service, self.user, thread, self.fields(Branch).run)


class FeedbackHandler(ClewHandler):
    """`POST answers/{run}/feedback`."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Keep what the user says of an answer."""
        await self.answer(_feedback, self.service, self.user, run, self.fields(Said))


def _list(service: Service, user: str, notebook: str | None) -> dict[str, Any]:
    session = service.session(user)
    running = service.running(user)
    found = list_threads(session.workspace.store, session.principal, notebook=notebook)
    return {"threads": [_summary(thread, running) for thread in found]}


def _summary(thread: Thread, running: dict[str, str]) -> dict[str, Any]:
    branched = None
    if thread.from_thread is not None:
        branched = {"thread": thread.from_thread, "run": thread.from_run}
    return {
        "id": thread.id,
        "title": thread.title,
        "notebook": thread.notebook,
        "at": thread.at,
        "used": datetime.fromtimestamp(thread.used / 1e9, UTC).isoformat(timespec="seconds"),
        "questions": thread.questions,
        "branched_from": branched,
        "running": running.get(thread.id),
    }


def _show(service: Service, user: str, thread: str) -> dict[str, Any]:
    session = service.session(user)
    store, principal = session.workspace.store, session.principal
    found = find_thread(store, principal, thread)
    running = service.running(user)
    runs: list[dict[str, Any]] = [
        {
            "run": run.run,
            "status": run.status,
            "last_seq": run.last_seq,
            "active": run.run in running.values()
            or (run.status is None and service.works_elsewhere(run.run)),
            "waits": run.waits,
            "question": run.question,
        }
        for run in list_runs(store, principal, thread=thread)
    ]
    active = running.get(thread)
    if active is not None and all(run["run"] != active for run in runs):  # no event yet
        runs.append({"run": active, "status": None, "last_seq": 0, "active": True, "waits": None,
                     "question": ""})  # fmt: skip
    messages = [
        {
            "question": message.question,
            "status": message.status,
            "text": message.text,
            "markdown": markdown_text(message.text),
            "run": message.run,
            "at": message.at,
            "clarification": to_json(message.clarification) if message.clarification else None,
        }
        for message in store.messages(principal, thread)
    ]
    return {**_summary(found, running), "messages": messages, "runs": runs}


def _move(service: Service, user: str, moved: Moved) -> dict[str, Any]:
    resolve_place(service.root, moved.to)
    session = service.session(user)
    store = session.workspace.store
    count = move_notebook(store, session.principal, moved.notebook, moved.to)
    return {"threads": count}


def _change(service: Service, user: str, thread: str, change: Change) -> dict[str, Any]:
    if change.title is None and change.notebook is None:
        raise UsageError("Nothing to change.", hint="Send title or notebook.")
    if change.notebook is not None:
        resolve_place(service.root, change.notebook)
    session = service.session(user)
    store, principal = session.workspace.store, session.principal
    change_thread(store, principal, thread, title=change.title, notebook=change.notebook)
    return _summary(find_thread(store, principal, thread), service.running(user))


def _branch(service: Service, user: str, thread: str, run: str) -> dict[str, Any]:
    session = service.session(user)
    store, principal = session.workspace.store, session.principal
    made = branch_thread(store, principal, thread, run)
    return _summary(find_thread(store, principal, made), {})


def _feedback(service: Service, user: str, run: str, said: Said) -> dict[str, Any]:
    stored = service.stored_run(user, run)
    session = service.session(user)
    kept = give(session.workspace.store, session.principal, stored.run, said.said, said.expected)
    return dict(vars(kept))
