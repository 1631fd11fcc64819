"""Where are threads, their messages, runs and events kept?

In one SQLite file under CLEW_HOME that several processes may use at once. Result rows are never
kept, but in the checkpoints of a run that goes on (``run_state.py``). Where the folder can't be
written, everything is kept in memory and a warning says so: an answer is worth more than its
record.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from clew.migrations import MIGRATIONS
from clew_core.answer import Clarification, Status
from clew_core.errors import UsageError
from clew_core.events import Event, EventType
from clew_core.json_form import from_json, to_json
from clew_core.principal import Principal
from clew_core.query_spec import QuerySpec

FILE = "clew.sqlite"
BUSY_S = 10.0
# A reader of a live run sees tokens at most this late; a long text is a few rows, not thousands.
TOKENS_S = 0.5
TOKENS_LENGTH = 2_000

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Message:
    """One question of a thread and what came of it.

    Attributes:
        question: as it was asked.
        status: of the answer.
        text: of the answer, or the reason why there is none.
        spec: what was understood; None also where an older Clew wrote it in another form.
        clarification: what was asked back.
        run: id of the run.
        at: when, ISO 8601 with offset.
    """

    question: str
    status: Status
    text: str = ""
    spec: QuerySpec | None = None
    clarification: Clarification | None = None
    run: str | None = None
    at: str = ""


class Store:
    """Threads, messages, runs and events. Safe to use from several threads and processes.

    Another user's thread or run is as if it did not exist: reading it gives nothing, writing to it
    raises UsageError.
    """

    def __init__(
        self, db: sqlite3.Connection, warnings: tuple[str, ...] = (), home: Path | None = None
    ) -> None:
        """Take an open database with the newest schema."""
        self._db = db
        self.home = home
        self._lock = threading.RLock()
        self._tokens: dict[str, tuple[float, Principal, list[Event]]] = {}
        self.warnings = warnings

    @classmethod
    def open(cls, home: Path) -> Store:
        """Open the store of a folder, making both where they are missing. Never fails."""
        try:
            return cls(_open_file(home), home=home)
        except (OSError, sqlite3.Error) as error:
            return cls(_open_memory(), (_in_memory(home, error),))

    def new_thread(self, principal: Principal) -> str:
        """Start a thread and give its id."""
        thread = os.urandom(6).hex()

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO threads (id, tenant, user, at, used) VALUES (?, ?, ?, ?, ?)",
                (thread, principal.tenant, principal.user, _now(), time.time_ns()),
            )

        self.write(insert)
        return thread

    def thread_exists(self, principal: Principal, thread: str) -> bool:
        """Say whether the principal has a thread of this id."""
        return bool(
            self.read(
                "SELECT 1 FROM threads WHERE id = ? AND tenant = ? AND user = ?",
                (thread, principal.tenant, principal.user),
            )
        )

    def last_thread(self, principal: Principal) -> str | None:
        """Find the thread in which the principal asked last."""
        rows = self.read(
            "SELECT id FROM threads WHERE tenant = ? AND user = ? ORDER BY used DESC LIMIT 1",
            (principal.tenant, principal.user),
        )
        return str(rows[0][0]) if rows else None

    def add_message(self, principal: Principal, thread: str, message: Message) -> None:
        """Put a message at the end of a thread.

        Raises:
            UsageError: the principal has no such thread.
        """
        self._own(principal, thread)

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO messages (thread, question, status, text, spec, clarification, run,"
                " at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    thread,
                    message.question,
                    message.status,
                    message.text,
                    _dump(message.spec),
                    _dump(message.clarification),
                    message.run,
                    message.at or _now(),
                ),
            )
            db.execute("UPDATE threads SET used = ? WHERE id = ?", (time.time_ns(), thread))

        self.write(insert, keep=thread)

    def messages(self, principal: Principal, thread: str) -> tuple[Message, ...]:
        """List the messages of a thread, oldest first."""
        rows = self.read(
            "SELECT question, status, text, spec, clarification, run, m.at FROM messages m"
            " JOIN threads t ON t.id = m.thread"
            " WHERE t.id = ? AND tenant = ? AND user = ? ORDER BY m.id",
            (thread, principal.tenant, principal.user),
        )
        return tuple(
            Message(
                question=question,
                status=cast(Status, status),
                text=text,
                spec=_load(QuerySpec, spec),
                clarification=_load(Clarification, clarification),
                run=run,
                at=at,
            )
            for question, status, text, spec, clarification, run, at in rows
        )

    def append(self, principal: Principal, event: Event, asked: str | None = None) -> None:
        """Keep an event of a run; rows of results in it are left out, tokens are coalesced.

        Args:
            principal: whose run it is.
            event: of the run.
            asked: with the first event: what the run began with.

        Raises:
            UsageError: the principal has no such thread.
        """
        with self._lock:
            if event.type == "token" and isinstance(event.data.get("text"), str):
                since, _, events = self._tokens.setdefault(
                    event.run, (time.monotonic(), principal, [])
                )
                if events and _but_text(events[0]) != _but_text(event):
                    self._flush(event.run)
                    self.append(principal, event)
                    return
                events.append(event)
                length = sum(len(token.data["text"]) for token in events)
                if time.monotonic() - since >= TOKENS_S or length >= TOKENS_LENGTH:
                    self._flush(event.run)
                return
            self._flush(event.run)
            self._insert(principal, event, None, asked)

    def events(self, principal: Principal, run: str, after: int = 0) -> tuple[Event, ...]:
        """List the events of a run that come after a sequence number.

        A reader that saw half of a coalesced event gets the other half.
        """
        with self._lock:
            self._flush(run)
        rows = self.read(
            "SELECT r.thread, e.seq, e.at, e.type, e.data, e.pieces FROM events e"
            " JOIN runs r ON r.id = e.run"
            " WHERE e.run = ? AND e.seq > ? AND tenant = ? AND user = ? ORDER BY e.seq",
            (run, after, principal.tenant, principal.user),
        )
        return tuple(
            Event(
                thread=thread,
                run=run,
                seq=seq,
                at=at,
                type=cast(EventType, type_),
                data=_unseen(json.loads(data), pieces, after),
            )
            for thread, seq, at, type_, data, pieces in rows
        )

    def close(self) -> None:
        """Write what is still held back and let go of the file. Twice is harmless."""
        with self._lock:
            try:
                for run in list(self._tokens):
                    self._flush(run)
            except sqlite3.ProgrammingError:  # closed before
                pass
            self._db.close()

    def _flush(self, run: str) -> None:
        """Write the tokens of a run that were held back, as one event."""
        if run not in self._tokens:
            return
        _, principal, events = self._tokens.pop(run)
        text = "".join(event.data["text"] for event in events)
        pieces = [[event.seq, len(event.data["text"])] for event in events]
        whole = replace(events[-1], data={**events[-1].data, "text": text})
        self._insert(principal, whole, json.dumps(pieces) if len(pieces) > 1 else None)

    def _insert(
        self, principal: Principal, event: Event, pieces: str | None, asked: str | None = None
    ) -> None:
        self._own(principal, event.thread)
        over = event.type in ("answer", "error", "cancelled")
        status = event.data.get("status", event.type) if over else None
        data = json.dumps(_without_rows(event.data), ensure_ascii=False, default=str)

        def insert(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET status = coalesce(excluded.status, status)",
                (
                    event.run,
                    event.thread,
                    principal.tenant,
                    principal.user,
                    event.at,
                    status,
                    asked,
                ),
            )
            db.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)",
                (event.run, event.seq, event.at, event.type, data, pieces),
            )

        self.write(insert, keep=event.thread)

    def _own(self, principal: Principal, thread: str) -> None:
        if not self.thread_exists(principal, thread):
            raise UsageError(f"There is no thread {thread!r}.", hint="Leave it out to start one.")

    def read(self, sql: str, args: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        """Read rows; for the files beside this one that keep more in the store."""
        with self._lock:
            return self._db.execute(sql, args).fetchall()

    def write(self, work: Callable[[sqlite3.Connection], T], keep: str | None = None) -> T:
        """Do work in one transaction; where the file takes no more, go on in memory.

        Args:
            work: executes statements.
            keep: the thread that goes on in memory with what it holds so far.
        """
        with self._lock:
            try:
                with self._db:
                    self._db.execute("BEGIN IMMEDIATE")
                    return work(self._db)
            except sqlite3.OperationalError as error:
                # Full disk, folder gone, rights taken away, another process that never lets go.
                self._go_on_in_memory(error, keep)
                with self._db:
                    return work(self._db)

    def _go_on_in_memory(self, error: sqlite3.Error, thread: str | None) -> None:
        old, new = self._db, _open_memory()
        for table, column in (("threads", "id"), ("messages", "thread"), ("runs", "thread")):
            try:
                rows = old.execute(
                    f"SELECT * FROM {table} WHERE {column} = ?", (thread,)
                ).fetchall()
            except sqlite3.Error:
                break
            for row in rows:
                new.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)
        new.commit()
        self._db = new
        self.home = None
        self.warnings += (_in_memory(Path(FILE), error),)
        old.close()


def _open_file(home: Path) -> sqlite3.Connection:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / FILE
    # SQLite's own files beside it take over the mode of this one.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    db = _connect(str(path))
    try:
        _use_wal(db)
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _open_memory() -> sqlite3.Connection:
    db = _connect(":memory:")
    _migrate(db)
    return db


def _connect(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute("PRAGMA secure_delete = ON")  # rows in checkpoints leave nothing behind
    return db


def _use_wal(db: sqlite3.Connection) -> None:
    """Let readers read while one writes. The switch does not wait for others, so it is retried."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)


def _migrate(db: sqlite3.Connection) -> None:
    if _version(db) == len(MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        version = _version(db)  # another process may have been faster
        if version > len(MIGRATIONS):
            raise sqlite3.DatabaseError("it was written by a newer version of Clew")
        for script in MIGRATIONS[version:]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _in_memory(path: Path, error: Exception) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{str(path)!r} can't be written ({reason}); this conversation is kept in memory only."


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _dump(value: object) -> str | None:
    return None if value is None else json.dumps(to_json(value), ensure_ascii=False)


def _load(cls: type[T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return from_json(cls, json.loads(text))
    except UsageError:
        return None


def _but_text(event: Event) -> dict[str, Any]:
    return {key: value for key, value in event.data.items() if key != "text"}


def _unseen(data: dict[str, Any], pieces: str | None, after: int) -> dict[str, Any]:
    """Cut the text of coalesced tokens that a reader has seen."""
    if pieces is None:
        return data
    seen = sum(length for seq, length in json.loads(pieces) if seq <= after)
    return {**data, "text": data["text"][seen:]}


def _without_rows(value: Any) -> Any:
    """Put null where rows of a result stand, at any depth; likewise the data of a figure."""
    if isinstance(value, dict):
        return {
            key: None
            if key in ("rows", "figure", "data") and isinstance(item, (list, dict)) and item
            else _without_rows(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_without_rows(item) for item in value]
    return value
