"""What did users say of answers? Proposals for the company's knowledge; none is applied unseen."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from clew.store import Store
from clew_core.errors import UsageError
from clew_core.principal import Principal

LONGEST = 10_000
State = Literal["proposed", "accepted", "rejected"]


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One thing that a user said of an answer.

    Attributes:
        id: of the proposal.
        run: whose answer was meant.
        question: that was asked.
        said: what is wrong.
        expected: what it should be, where the user said so.
        state: a person has to review what is proposed.
        at: when, ISO 8601 with offset.
    """

    id: str
    run: str
    question: str
    said: str
    expected: str | None
    state: State
    at: str


def give(
    store: Store, principal: Principal, run: str, said: str, expected: str | None = None
) -> Feedback:
    """Keep what a user says of the answer of a run.

    Raises:
        UsageError: nothing is said, too much, or the principal has no such run.
    """
    said, expected = said.strip(), (expected or "").strip() or None
    if not said and expected is None:
        raise UsageError(
            "The feedback is empty.", hint='Say what is wrong: "revenue should be net of returns".'
        )
    if len(said) + len(expected or "") > LONGEST:
        raise UsageError(f"At most {LONGEST:,} characters of feedback are kept.")
    rows = store.read(
        "SELECT coalesce((SELECT question FROM messages m WHERE m.run = r.id"
        " ORDER BY m.id DESC LIMIT 1), ''), thread FROM runs r"
        " WHERE r.id = ? AND tenant = ? AND user = ?",
        (run, principal.tenant, principal.user),
    )
    if not rows:
        raise UsageError(f"There is no run {run!r}.", hint="`clew ask --json` prints its id.")
    made = Feedback(
        id=os.urandom(6).hex(),
        run=run,
        question=str(rows[0][0]),
        said=said,
        expected=expected,
        state="proposed",
        at=datetime.now(UTC).isoformat(timespec="seconds"),
    )

    def insert(db: sqlite3.Connection) -> None:
        db.execute(
            "INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)",
            (made.id, made.run, made.question, made.said, made.expected, made.state, made.at),
        )

    store.write(insert, keep=str(rows[0][1]))
    return made


def given(store: Store, principal: Principal) -> tuple[Feedback, ...]:
    """List what a user said, oldest first."""
    rows = store.read(
        "SELECT f.id, run, question, said, expected, state, f.at FROM feedback f"
        " JOIN runs r ON r.id = f.run WHERE tenant = ? AND user = ? ORDER BY f.at, f.rowid",
        (principal.tenant, principal.user),
    )
    return tuple(
        Feedback(
            id=id_, run=run, question=question, said=said, expected=expected,
            state=cast(State, state), at=at,
        )
        for id_, run, question, said, expected, state, at in rows
    )  # fmt: skip
