"""Where does a run keep its plan, its checkpoints and its approvals? In the store, under its id.

Checkpoints hold rows of results, which the store otherwise never keeps: they go when the run is
over, and those of runs that nobody took up again go after a week.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from clew.store import Store
from clew_agents.plan.plan import Plan
from clew_agents.plan.state import Write
from clew_core.answer import Option
from clew_core.errors import UsageError
from clew_core.events import Request
from clew_core.json_form import from_json, to_json
from clew_core.principal import Principal
from clew_core.query_spec import QuerySpec

KEPT = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a run began with: enough to begin it again.

    Attributes:
        request: its ``now`` is set.
        question: that was planned; another than the request's where an option was chosen.
        chosen: the option of an earlier clarification.
        previous: the query of the question before.
    """

    request: Request
    question: str
    chosen: Option | None = None
    previous: QuerySpec | None = None


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """A run that was begun and has no end.

    Attributes:
        run: its id.
        thread: that it belongs to.
        seq: of its last event.
        asked: what it began with.
    """

    run: str
    thread: str
    seq: int
    asked: Asked


class StoredRun:
    """The memory of one run, as agents see it (``RunState``)."""

    def __init__(self, store: Store, principal: Principal, run: str, thread: str) -> None:
        """Take the run; nothing is written yet."""
        self.store, self.principal, self.run, self.thread = store, principal, run, thread
        self.asked: Asked | None = None
        self.kept = False

    def begin(self, asked: Asked) -> None:
        """Remember what the run begins with; written with its plan or its first event."""
        self.asked = asked

    @property
    def asked_text(self) -> str | None:
        """What it began with, as the store keeps it."""
        return None if self.asked is None else json.dumps(to_json(self.asked), ensure_ascii=False)

    # --- RunState ------------------------------------------------------------------------------

    def plan(self) -> Plan | None:
        """See ``RunState``."""
        rows = self.store.read("SELECT plan FROM plans WHERE run = ?", (self.run,))
        return from_json(Plan, json.loads(rows[0][0])) if rows else None

    def keep_plan(self, plan: Plan) -> None:
        """See ``RunState``."""
        text = json.dumps(to_json(plan), ensure_ascii=False)
        self.kept = True

        def insert(db: sqlite3.Connection) -> None:
            old = (datetime.now(UTC) - KEPT).isoformat(timespec="seconds")
            for table in ("checkpoints", "checkpoint_writes"):
                db.execute(
                    f"DELETE FROM {table} WHERE run IN (SELECT id FROM runs WHERE at < ?)", (old,)
                )
            self._insert_run(db)
            db.execute("INSERT OR REPLACE INTO plans VALUES (?, ?)", (self.run, text))

        self._write(insert)

    def checkpoint(self, graph: str) -> tuple[str, str, bytes] | None:
        """See ``RunState``."""
        rows = self.store.read(
            "SELECT id, form, data FROM checkpoints WHERE run = ? AND graph = ?", (self.run, graph)
        )
        return (str(rows[0][0]), str(rows[0][1]), bytes(rows[0][2])) if rows else None

    def keep_checkpoint(self, graph: str, id_: str, form: str, data: bytes) -> None:
        """See ``RunState``."""

        def insert(db: sqlite3.Connection) -> None:
            self._insert_run(db)
            db.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)",
                (self.run, graph, id_, form, data),
            )
            db.execute(
                "DELETE FROM checkpoint_writes WHERE run = ? AND graph = ? AND checkpoint <> ?",
                (self.run, graph, id_),
            )

        self._write(insert)

    def writes(self, graph: str, id_: str) -> tuple[Write, ...]:
        """See ``RunState``."""
        rows = self.store.read(
            "SELECT task, place, channel, form, data, path FROM checkpoint_writes"
            " WHERE run = ? AND graph = ? AND checkpoint = ?",
            (self.run, graph, id_),
        )
        return tuple(
            Write(task=task, place=place, channel=channel, form=form, data=bytes(data), path=path)
            for task, place, channel, form, data, path in rows
        )

    def keep_writes(self, graph: str, id_: str, writes: tuple[Write, ...]) -> None:
        """See ``RunState``."""

        def insert(db: sqlite3.Connection) -> None:
            self._insert_run(db)
            db.executemany(
                "INSERT OR REPLACE INTO checkpoint_writes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (self.run, graph, id_, w.task, w.place, w.channel, w.form, w.data, w.path)
                    for w in writes
                ],
            )

        self._write(insert)

    def request_approval(self, step: str, digest: str) -> str:
        """See ``RunState``."""

        def insert(db: sqlite3.Connection) -> str:
            row = db.execute(
                "SELECT id FROM approvals WHERE run = ? AND step = ? AND digest = ? AND used = 0",
                (self.run, step, digest),
            ).fetchone()
            if row is not None:
                return str(row[0])
            id_ = os.urandom(8).hex()
            self._insert_run(db)
            db.execute(
                "INSERT INTO approvals (id, run, step, digest, at) VALUES (?, ?, ?, ?, ?)",
                (id_, self.run, step, digest, _now()),
            )
            return id_

        return str(self._write(insert))

    def use_approval(self, step: str, digest: str) -> bool | None:
        """See ``RunState``."""

        def take(db: sqlite3.Connection) -> bool | None:
            row = db.execute(
                "SELECT id, granted FROM approvals WHERE run = ? AND step = ? AND digest = ?"
                " AND used = 0 AND granted IS NOT NULL",
                (self.run, step, digest),
            ).fetchone()
            if row is None:
                return None
            db.execute("UPDATE approvals SET used = 1 WHERE id = ?", (row[0],))
            return bool(row[1])

        found: bool | None = self._write(take)
        return found

    def forget(self) -> None:
        """See ``RunState``."""

        def delete(db: sqlite3.Connection) -> None:
            for table in ("checkpoints", "checkpoint_writes"):
                db.execute(f"DELETE FROM {table} WHERE run = ?", (self.run,))

        self._write(delete)

    def _insert_run(self, db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT OR IGNORE INTO runs (id, thread, tenant, user, at, asked)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                self.run,
                self.thread,
                self.principal.tenant,
                self.principal.user,
                _now(),
                self.asked_text,
            ),
        )

    def _write(self, work: Any) -> Any:
        return self.store.write(work, keep=self.thread)


def unfinished(
    store: Store, principal: Principal, *, run: str | None = None, thread: str | None = None
) -> Unfinished | None:
    """Find a run that has no end: by its id, or the newest of a thread.

    A run that waits for a person has an answer and no end.

    Raises:
        UsageError: the run is over, or the principal has none of this id.
    """
    where, value = ("r.id", run) if run is not None else ("r.thread", thread)
    rows = store.read(
        "SELECT r.id, r.thread, r.status, r.asked,"
        " (SELECT max(seq) FROM events WHERE run = r.id),"
        " EXISTS (SELECT 1 FROM plans WHERE run = r.id)"
        f" FROM runs r WHERE {where} = ? AND tenant = ? AND user = ?"
        " ORDER BY r.at DESC, r.rowid DESC LIMIT 1",
        (value, principal.tenant, principal.user),
    )
    if not rows:
        if run is not None:
            raise UsageError(f"There is no run {run!r}.")
        return None
    id_, of, status, asked, seq, planned = rows[0]
    waits = status == "needs_clarification" and planned
    if asked is None or not (status is None or waits):
        if run is not None:
            raise UsageError(f"Run {run!r} is over: it ended with {status!r}.")
        return None
    try:
        began = from_json(Asked, json.loads(asked))
    except (UsageError, ValueError) as error:
        raise UsageError(f"Run {id_!r} was begun by another version of Clew.") from error
    return Unfinished(run=id_, thread=of, seq=seq or 0, asked=began)


def decide(store: Store, principal: Principal, approval: str, granted: bool) -> str:
    """Decide an approval, once; gives the run that waits for it.

    Raises:
        UsageError: the principal has no such approval, or it was decided.
    """

    def update(db: sqlite3.Connection) -> str | None:
        row = db.execute(
            "SELECT a.run, a.granted FROM approvals a JOIN runs r ON r.id = a.run"
            " WHERE a.id = ? AND tenant = ? AND user = ?",
            (approval, principal.tenant, principal.user),
        ).fetchone()
        if row is None or row[1] is not None:
            return None
        db.execute("UPDATE approvals SET granted = ? WHERE id = ?", (int(granted), approval))
        return str(row[0])

    run = store.write(update)
    if run is None:
        raise UsageError(f"There is no approval {approval!r} to decide: each is decided once.")
    return run


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
