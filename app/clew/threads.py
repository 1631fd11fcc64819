"""Which threads does a user have, what stands in them, and how are they named, branched, deleted?

Another user's thread is as if it did not exist.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from typing import Any

from clew.store import Store
from clew_core.errors import UsageError
from clew_core.principal import Principal

LONGEST_TITLE = 200
_COLUMNS = """
SELECT t.id, coalesce(t.title,
        (SELECT question FROM messages m WHERE m.thread = t.id ORDER BY m.id LIMIT 1),
        (SELECT json_extract(asked, '$.request.question') FROM runs r
         WHERE r.thread = t.id AND asked IS NOT NULL ORDER BY r.at, r.rowid LIMIT 1), ''),
    t.notebook, t.at, t.used,
    (SELECT count(*) FROM messages m WHERE m.thread = t.id), t.from_thread, t.from_run
FROM threads t WHERE t.tenant = ? AND t.user = ?"""


class NoThread(UsageError):
    """The user has no thread of this id."""


@dataclass(frozen=True, kw_only=True)
class Thread:
    """A thread as a list shows it.

    Attributes:
        id: of the thread.
        title: as it was named, else its first question.
        notebook: path of the notebook that it belongs to, as the front end names it.
        at: when it began, ISO 8601 with offset.
        used: when it was used last, in nanoseconds since 1970.
        questions: that have an answer.
        from_thread: that it was branched from.
        from_run: the run of its last message that it shares with that one.
    """

    id: str
    title: str
    notebook: str | None
    at: str
    used: int
    questions: int
    from_thread: str | None
    from_run: str | None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run as a thread lists it.

    Attributes:
        run: its id.
        thread: that it belongs to.
        status: of its answer; None while it has no end.
        last_seq: of its last event.
        question: as it was asked; empty where an older Clew did not keep it.
        waits: for what it waits.
    """

    run: str
    thread: str
    status: str | None
    last_seq: int
    question: str
    waits: str | None


def list_threads(
    store: Store, principal: Principal, *, notebook: str | None = None
) -> tuple[Thread, ...]:
    """List a user's threads, the one used last first.

    Args:
        store: that holds them.
        principal: whose they are.
        notebook: only those that belong to it.
    """
    where, args = "", [principal.tenant, principal.user]
    if notebook is not None:
        where, args = " AND t.notebook = ?", [*args, notebook]
    rows = store.read(f"{_COLUMNS}{where} ORDER BY t.used DESC", tuple(args))
    return tuple(_thread(row) for row in rows)


def find_thread(store: Store, principal: Principal, thread: str) -> Thread:
    """Describe one thread.

    Raises:
        NoThread: the user has none of this id.
    """
    rows = store.read(f"{_COLUMNS} AND t.id = ?", (principal.tenant, principal.user, thread))
    if not rows:
        raise NoThread(f"There is no thread {thread!r}.")
    return _thread(rows[0])


def change_thread(
    store: Store,
    principal: Principal,
    thread: str,
    *,
    title: str | None = None,
    notebook: str | None = None,
) -> None:
    """Name a thread, or say which notebook it belongs to.

    Raises:
        NoThread: the user has none of this id.
        UsageError: the title is empty or too long.
    """
    find_thread(store, principal, thread)
    if title is not None and not 0 < len(title := " ".join(title.split())) <= LONGEST_TITLE:
        raise UsageError(f"A title has 1 to {LONGEST_TITLE} characters.")

    def update(db: sqlite3.Connection) -> None:
        db.execute(
            "UPDATE threads SET title = coalesce(?, title), notebook = coalesce(?, notebook)"
            " WHERE id = ?",
            (title, notebook, thread),
        )

    store.write(update, keep=thread)


def move_notebook(store: Store, principal: Principal, old: str, new: str) -> int:
    """Let the threads of a notebook follow it to another path; gives how many there were."""

    def update(db: sqlite3.Connection) -> int:
        return db.execute(
            "UPDATE threads SET notebook = ? WHERE notebook = ? AND tenant = ? AND user = ?",
            (new, old, principal.tenant, principal.user),
        ).rowcount

    return store.write(update)


def delete_thread(store: Store, principal: Principal, thread: str) -> None:
    """Delete a thread with its messages, runs and events.

    Raises:
        NoThread: the user has none of this id.
    """
    find_thread(store, principal, thread)

    def delete(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM threads WHERE id = ?", (thread,))

    store.write(delete)


def branch_thread(store: Store, principal: Principal, thread: str, run: str) -> str:
    """Start a thread with the messages of another one up to a run's; gives its id.

    Raises:
        NoThread: the user has none of this id.
        UsageError: the run has no message there.
    """
    of = find_thread(store, principal, thread)
    rows = store.read("SELECT max(id) FROM messages WHERE thread = ? AND run = ?", (thread, run))
    if rows[0][0] is None:
        raise UsageError(f"Run {run!r} has no answer in thread {thread!r}.")
    made = store.new_thread(principal)

    def copy(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO messages (thread, question, status, text, spec, clarification, run, at)"
            " SELECT ?, question, status, text, spec, clarification, run, at FROM messages"
            " WHERE thread = ? AND id <= ? ORDER BY id",
            (made, thread, rows[0][0]),
        )
        db.execute(
            "UPDATE threads SET title = ?, notebook = ?, from_thread = ?, from_run = ?, used = ?"
            " WHERE id = ?",
            (of.title[:LONGEST_TITLE] or None, of.notebook, thread, run, time.time_ns(), made),
        )

    store.write(copy, keep=made)
    return made


def list_runs(
    store: Store, principal: Principal, *, thread: str | None = None, run: str | None = None
) -> tuple[Run, ...]:
    """List the runs of a thread, oldest first, or find one.

    Those of a branch that began in the thread that it came from are among them.
    """
    where, value = ("r.id = ?", run) if run is not None else ("r.thread = ?", thread)
    args: list[Any] = [principal.tenant, principal.user, value]
    if run is None:
        where = f"({where} OR r.id IN (SELECT run FROM messages WHERE thread = ?))"
        args.append(thread)
    rows = store.read(
        "SELECT r.id, r.thread, r.status, (SELECT max(seq) FROM events e WHERE e.run = r.id),"
        " json_extract(asked, '$.request.question'),"
        " (SELECT count(*) FROM approvals a WHERE a.run = r.id AND granted IS NULL),"
        " EXISTS (SELECT 1 FROM plans p WHERE p.run = r.id)"
        f" FROM runs r WHERE r.tenant = ? AND r.user = ? AND {where} ORDER BY r.at, r.rowid",
        tuple(args),
    )
    return tuple(_run(row) for row in rows)


def _thread(row: tuple[Any, ...]) -> Thread:
    id_, title, notebook, at, used, questions, from_thread, from_run = row
    return Thread(
        id=id_, title=str(title), notebook=notebook, at=at, used=used, questions=questions,
        from_thread=from_thread, from_run=from_run,
    )  # fmt: skip


def _run(row: tuple[Any, ...]) -> Run:
    id_, thread, status, last, question, undecided, planned = row
    waits = None
    if status == "needs_clarification" and planned:
        waits = "approval" if undecided else "plan"
    return Run(
        run=id_, thread=thread, status=status, last_seq=last or 0, question=question or "",
        waits=waits,
    )  # fmt: skip
