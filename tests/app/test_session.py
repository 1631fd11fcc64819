"""One question from end to end: events, threads, the clock, and what is wrong use."""

import asyncio
import datetime as dt
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from app.shop import NOW, QUESTIONS
from clew.session import Session
from clew.workspace import Workspace
from clew_core.errors import UsageError
from clew_core.events import LONGEST_QUESTION, Event, Request

ENDS = {"answer", "error", "cancelled"}
EVENT = json.loads(
    (Path(__file__).parents[2] / "core/clew_core/schemas/event.v1.json").read_text("utf-8")
)


# -------------------------------------------------------------------------------------- events


@pytest.mark.parametrize("question", QUESTIONS)
def test_events_come_in_order_and_end_with_one_end(session: Session, question: str) -> None:
    events = list(session.stream(question, now=NOW))
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.type in ENDS for event in events] == [False] * (len(events) - 1) + [True]
    assert {(event.thread, event.run) for event in events} == {(session.thread, events[0].run)}
    assert [event.type for event in events][:2] == ["plan", "step_started"]
    assert "step_finished" in [event.type for event in events]
    for event in events:
        assert dt.datetime.fromisoformat(event.at).tzinfo is not None
        jsonschema.validate(json.loads(json.dumps(_json(event))), EVENT)


def _json(event: Event) -> dict[str, Any]:
    return {**vars(event)}


@pytest.mark.parametrize("after", range(4))
def test_a_reader_that_comes_back_gets_what_it_missed(session: Session, after: int) -> None:
    seen = list(session.stream("total amount by channel"))
    store, who = session.workspace.store, session.principal
    kept = store.events(who, seen[0].run, after=after)
    assert [event.seq for event in kept] == [event.seq for event in seen[after:]]
    assert [event.type for event in kept] == [event.type for event in seen[after:]]
    assert kept[-1].data["rows"] is None  # results are never kept


def test_astream_gives_what_stream_gives(session: Session) -> None:
    async def collect() -> list[Event]:
        return [event async for event in session.astream("total amount by channel", now=NOW)]

    first, second = asyncio.run(collect()), list(session.stream("total amount by channel", now=NOW))
    assert [event.type for event in first] == [event.type for event in second]
    parts = ("text", "sql", "rows", "status", "spec")
    assert [first[-1].data[p] for p in parts] == [second[-1].data[p] for p in parts]


def test_asking_gives_what_streaming_ends_with(session: Session) -> None:
    answer = session.ask("total amount by channel", now=NOW)
    last = list(session.stream("total amount by channel", now=NOW))[-1]
    whole = answer.to_json()
    for part in ("text", "sql", "rows", "spec", "receipts", "chart"):
        assert last.data[part] == whole[part]


# -------------------------------------------------------------------- threads and conversations


def test_a_follow_up_works_within_its_thread_only(workspace: Workspace) -> None:
    here, there = workspace.session(), workspace.session()
    here.ask("total amount in 2023", now=NOW)
    assert "30.30" in here.ask("and last month?", now=NOW).text
    assert there.ask("and last month?", now=NOW).status == "cannot_answer"


def test_a_question_that_failed_does_not_break_the_conversation(session: Session) -> None:
    session.ask("total amount in 2023", now=NOW)
    assert session.ask("how many dragons?").status == "cannot_answer"
    assert "30.30" in session.ask("and last month?", now=NOW).text


@pytest.mark.parametrize("said", ["2", "ended_on of visits", "ENDED_ON of visits.", " 2 "])
def test_a_question_back_is_answered_by_number_or_by_words(session: Session, said: str) -> None:
    asked = session.ask("visits per month")
    assert asked.status == "needs_clarification" and asked.clarification
    assert [option.id for option in asked.clarification.options] == ["1", "2"]
    assert "ended_on" in (session.ask(said).sql or "")


def test_a_question_back_is_answered_later_by_its_run(session: Session) -> None:
    asked = session.ask("visits per month")
    session.ask("how many orders?")
    answer = session.ask(Request(question="1", reply_to=asked.run))
    assert "began_on" in (answer.sql or "")
    with pytest.raises(UsageError, match=r"no option '7'.*Choose from 1, 2"):
        session.ask(Request(question="7", reply_to=asked.run))
    with pytest.raises(UsageError, match="'nonsense' asked nothing back"):
        session.ask(Request(question="1", reply_to="nonsense"))


def test_a_number_is_no_choice_once_something_else_was_asked(session: Session) -> None:
    session.ask("visits per month")
    session.ask("how many orders?")
    assert session.ask("1").status == "cannot_answer"


def test_another_users_question_back_can_not_be_answered(workspace: Workspace) -> None:
    asked = workspace.session(user="ana").ask("visits per month")
    with pytest.raises(UsageError, match="asked nothing back"):
        workspace.session(user="ben").ask(Request(question="1", reply_to=asked.run))


def test_two_users_ask_at_once_and_keep_their_threads(workspace: Workspace) -> None:
    found: dict[str, list[str]] = {}

    def ask(user: str, year: str) -> None:
        session = workspace.session(user=user)
        texts = [session.ask(f"total amount in {year}", now=NOW).text]
        texts += [session.ask(f"by {group}", now=NOW).text for group in ("customer", "channel")]
        found[user] = texts

    threads = [
        threading.Thread(target=ask, args=args) for args in (("ana", "2023"), ("ben", "2024"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert "1,000.00" in found["ana"][0] and "135.34" in found["ben"][0]
    assert found["ana"][2] == "Total amount by channel in 2023: app 1,000.00."
    assert all("in 2024" in text for text in found["ben"])


# ---------------------------------------------------------------------------------- the clock


@pytest.mark.parametrize(
    ("now", "total"),
    [
        ("2024-05-15", "30.30"),
        ("2024-06-01T00:00:00+02:00", "105.04"),
        ("2023-05-31T23:59:59", "1,000.00"),
    ],
)
def test_now_decides_what_last_month_is(session: Session, now: str, total: str) -> None:
    assert total in session.ask("total amount last month", now=now).text
    assert session.ask("total amount last month", now=now).cells[0].provenance


def test_the_time_zone_decides_what_day_it_is(session: Session) -> None:
    for zone, total in (("Pacific/Auckland", "105.04"), ("America/New_York", "30.30")):
        moment = dt.datetime.fromisoformat("2024-05-31T20:00:00+00:00")
        request = Request(question="total amount last month", now=moment.isoformat())
        local = replace(request, time_zone=zone)
        assert total in session.ask(local).text, zone


@pytest.mark.parametrize("now", ["yesterday", "2024-13-01", "", "12:00"])
def test_a_moment_that_is_none_is_wrong_use(session: Session, now: str) -> None:
    with pytest.raises(UsageError, match="no ISO date"):
        session.ask("how many orders?", now=now)


def test_an_unknown_time_zone_is_wrong_use(session: Session) -> None:
    with pytest.raises(UsageError, match="Unknown time zone 'Mars/Olympus'"):
        session.ask(Request(question="how many orders?", time_zone="Mars/Olympus"))


# ----------------------------------------------------------------------------------- wrong use


@pytest.mark.parametrize("question", ["", "  \n\t ", "x" * (LONGEST_QUESTION + 1)])
def test_an_empty_or_endless_question_is_wrong_use_however_it_is_asked(
    session: Session, question: str
) -> None:
    with pytest.raises(UsageError, match="The question"):
        session.ask(question)
    with pytest.raises(UsageError, match="The question"):
        list(session.stream(question))

    async def collect() -> list[Event]:
        return [event async for event in session.astream(question)]

    with pytest.raises(UsageError, match="The question"):
        asyncio.run(collect())


def test_the_longest_question_that_is_read_comes_to_an_end(session: Session) -> None:
    began = time.monotonic()
    session.ask("how many orders " * 600)
    assert session.ask("x" * LONGEST_QUESTION).status == "cannot_answer"
    assert time.monotonic() - began < 20
