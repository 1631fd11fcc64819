"""How a run ends before its end: stopped, out of time, left alone, or broken."""

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import clew
from clew.session import Session
from clew.settings import Settings
from clew.workspace import Workspace
from clew_agents.sql.agent import SqlAgent
from clew_core.deadline import Budget, Deadline
from clew_core.errors import SourceError
from clew_core.events import Event

# ------------------------------------------------------------------------------------- stopping


class Slow:
    """A statement that would take hours stands in for what a source is asked."""

    def __init__(self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
        """Slow the only source down."""
        self.began = threading.Event()
        source = next(iter(workspace.sources.values()))
        endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range = -1"

        def run(sql: str, principal: Any, deadline: Deadline) -> Any:
            self.began.set()
            return source._engine.query(endless, 10, deadline)  # type: ignore[attr-defined]

        monkeypatch.setattr(source, "run", run)


def test_a_cancelled_run_ends_within_a_second_and_says_so(
    workspace: Workspace, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.ask("how many orders?")
    slow, deadline = Slow(workspace, monkeypatch), Deadline()
    timer = threading.Thread(target=lambda: (slow.began.wait(10), deadline.cancel()))
    timer.start()
    events = list(session.stream("total amount", deadline=deadline))
    timer.join()
    ended = time.monotonic()
    assert events[-1].type == "cancelled" and events[-1].data["reason"]
    assert session.workspace.store.events(session.principal, events[0].run)[-1].type == "cancelled"
    began = dt.datetime.fromisoformat(events[1].at)
    assert (dt.datetime.fromisoformat(events[-1].at) - began).total_seconds() < 1.5
    monkeypatch.undo()
    assert session.ask("total amount").status == "answered"
    assert time.monotonic() - ended < 5


def test_a_run_that_was_cancelled_before_it_began_says_so_too(session: Session) -> None:
    deadline = Deadline()
    deadline.cancel()
    answer = session.ask("total amount", deadline=deadline)
    assert answer.status == "cancelled" and answer.reason
    assert list(session.stream("total amount", deadline=deadline))[-1].type == "cancelled"


def test_time_that_is_used_up_is_a_failure_with_the_budget_named(
    workspace: Workspace, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.ask("how many orders?")
    Slow(workspace, monkeypatch)
    answer = session.ask("total amount", deadline=Deadline(Budget(seconds=0.3)))
    assert answer.status == "failed" and "0.3 s" in (answer.reason or "")
    none_left = session.ask("total amount", deadline=Deadline(Budget(seconds=0)))
    assert none_left.status == "failed" and "0 s" in (none_left.reason or "")


def test_leaving_the_iterator_cancels_the_run(
    workspace: Workspace, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.ask("how many orders?")
    slow, deadline = Slow(workspace, monkeypatch), Deadline()
    events = session.stream("total amount", deadline=deadline)
    run = next(events).run
    assert slow.began.wait(10)
    began = time.monotonic()
    events.close()  # type: ignore[attr-defined]
    assert deadline.cancelled and time.monotonic() - began < 2
    assert workspace.store.events(session.principal, run)[-1].type == "cancelled"


def test_leaving_the_async_iterator_cancels_the_run(
    workspace: Workspace, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.ask("how many orders?")
    slow, deadline = Slow(workspace, monkeypatch), Deadline()

    async def leave() -> None:
        events = session.astream("total amount", deadline=deadline)
        await anext(events)
        assert await asyncio.to_thread(slow.began.wait, 10)
        await events.aclose()  # type: ignore[attr-defined]

    asyncio.run(leave())
    assert deadline.cancelled


# --------------------------------------------------------------------------- what goes wrong


def test_a_broken_file_that_is_needed_is_named_and_others_still_answer(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "fruits.csv").write_text("fruit,sugar\napple,10\n", encoding="utf-8")
    (folder / "orders.parquet").write_bytes(b"PAR1 this is no parquet file PAR1")
    with clew.open(str(folder), settings=Settings(home=tmp_path / "home")) as workspace:
        session = workspace.session()
        assert session.ask("total sugar").status == "answered"
        assert session.ask("how many dragons?").status == "cannot_answer"
        with pytest.raises(SourceError, match="'orders'"):
            session.ask("how many orders?")
        last = list(session.stream("how many orders?"))[-1]
        assert last.type == "error" and last.data["kind"] == "SourceError"
        assert "'orders'" in last.data["reason"]


def test_an_error_that_nobody_foresaw_ends_the_events_and_is_raised(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(SqlAgent, "answer", fail)
    seen: list[Event] = []
    with pytest.raises(ZeroDivisionError, match="deep inside"):
        seen.extend(event for event in _kept(session.stream("total amount"), seen))
    kept = session.workspace.store.events(session.principal, seen[0].run)
    assert kept[-1].type == "error" and kept[-1].data["kind"] == "ZeroDivisionError"


def _kept(events: Iterator[Event], seen: list[Event]) -> Iterator[Event]:
    for event in events:
        seen.append(event)
        yield event
