"""One question from end to end: events, receipts, threads, stopping, and what is said of errors."""

import asyncio
import datetime as dt
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

import clew
from app.shop import NOW, make_shop
from clew.answer import Answer, json_value
from clew.session import LONGEST_QUESTION, Session
from clew.settings import Settings
from clew.workspace import Workspace
from clew_agents.sql.agent import SqlAgent
from clew_core.cells import sha256
from clew_core.deadline import Budget, Deadline
from clew_core.errors import SourceError, UsageError
from clew_core.events import Event, Request
from clew_core.receipts import agrees, evaluate

ENDS = {"answer", "error", "cancelled"}
SCHEMA = json.loads((Path(__file__).parent / "answer.schema.json").read_text("utf-8"))
EVENT = json.loads(
    (Path(__file__).parents[2] / "core/clew_core/schemas/event.v1.json").read_text("utf-8")
)
QUESTIONS = (
    "how many orders are there?",
    "total amount",
    "average amount",
    "total amount per customer",
    "total amount by channel",
    "total amount by month",
    "how many orders per day?",
    "number of different cities",
    "top 2 customers by total amount",
    "lowest and highest amount",
    "list all customers",
    "orders over 20.20 in amount",
    "total points",
    "how many orders in 1999?",
    "how many dragons?",
    "delete all orders",
    "visits per month",
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    make_shop(str(tmp_path / "shop.duckdb"))
    return tmp_path / "shop.duckdb"


@pytest.fixture
def workspace(place: Path, tmp_path: Path) -> Iterator[Workspace]:
    with clew.open(str(place), settings=Settings(home=tmp_path / "home")) as workspace:
        yield workspace


@pytest.fixture
def session(workspace: Workspace) -> Session:
    return workspace.session()


def rows(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == "answered", answer.reason
    assert answer.table is not None
    found: list[dict[str, Any]] = answer.table.to_pylist()
    return found


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


# ------------------------------------------------------------------------------------ receipts


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_number_in_the_text_has_a_receipt(session: Session, question: str) -> None:
    answer = session.ask(question, now=NOW)
    # Names of periods are no numbers, and what the question itself said needs no receipt.
    text = re.sub(r"\b(?:in |[A-Z][a-z]+ )\d{4}(?:-\d\d-\d\d)?\b", "", answer.text)
    said = re.findall(r"(?<![\w.])\d(?:[\d,]*\d)?(?:\.\d+)?", text)
    asked = {float(number) for number in re.findall(r"\d[\d.]*", question)}
    printed = [receipt.text for receipt in answer.receipts]
    for number in said:
        assert number in printed or float(number.replace(",", "")) in asked, answer.text
    for text in printed:
        assert text in answer.text


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_receipt_run_again_gives_its_value(session: Session, question: str) -> None:
    answer = session.ask(question, now=NOW)
    source = next(iter(session.workspace.sources.values()))
    for receipt in answer.receipts:
        cell = next(cell for cell in answer.cells if cell.id == receipt.refs[0].cell)
        assert receipt.refs[0].sql_sha256 == sha256(cell.source) == sha256(answer.sql or "")
        again = source.run(cell.source, session.principal, Deadline()).table
        assert agrees(
            receipt.value, evaluate(receipt.expression, receipt.refs, lambda ref, t=again: t)
        )


def test_a_receipt_breaks_when_the_data_change(place: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    with clew.open(str(place), settings=settings) as workspace:
        answer = workspace.ask("total amount by channel")
    with duckdb.connect(str(place)) as db:
        db.execute("UPDATE orders SET amount = amount + 0.01 WHERE id = 1")
    with clew.open(str(place), settings=settings) as workspace:
        session = workspace.session()
        source = next(iter(workspace.sources.values()))
        table = source.run(answer.sql or "", session.principal, Deadline()).table
    held = [
        agrees(receipt.value, evaluate(receipt.expression, receipt.refs, lambda ref: table))
        for receipt in answer.receipts
    ]
    assert held.count(False) == 1 and len(held) == 2


def test_rows_stay_where_a_receipt_says(session: Session) -> None:
    first = session.ask("total amount per customer")
    for _ in range(3):
        assert rows(session.ask("total amount per customer")) == rows(first)


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


# ------------------------------------------------------------------------------- the JSON form


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_as_json_has_all_its_keys_and_only_plain_values(
    session: Session, question: str
) -> None:
    whole = session.ask(question, now=NOW).to_json()
    text = json.dumps(whole, allow_nan=False)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert whole["row_count"] == len(whole["rows"])
    assert all(len(row) == len(whole["columns"]) for row in whole["rows"])
    answered = whole["status"] == "answered"
    assert bool(whole["sql"]) == bool(whole["text"]) == bool(whole["as_of"]) == answered
    assert bool(whole["reason"]) != answered


def test_values_are_written_as_json_can_hold_them(session: Session) -> None:
    def values(question: str) -> list[list[Any]]:
        found: list[list[Any]] = session.ask(question, now=NOW).to_json()["rows"]
        return found

    assert values("total amount") == [["1135.34"]]
    assert values("total points in April 2024") == [["9007199254740995"]]
    assert values("how many orders are there?") == [[5]]
    assert values("list the joined_on of customers")[::3] == [["2020-01-31"], [None]]
    assert values("total amount by month")[0] == ["2023-04-01", "1000.00"]
    heaviest = values("highest weight by channel")
    assert ["shop", 2.5] in heaviest and all(row[1] in (None, 2.5, 1.5) for row in heaviest)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (2**53, 2**53),
        (2**53 + 1, str(2**53 + 1)),
        (-(2**60), str(-(2**60))),
        (True, True),
        (float("nan"), None),
        (float("-inf"), None),
        (0.1, 0.1),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (dt.datetime(2024, 2, 29, 12, tzinfo=dt.UTC), "2024-02-29T12:00:00+00:00"),
        (dt.time(1, 2), "01:02:00"),
        ([1, float("nan")], [1, None]),
        ({1: dt.date(2024, 1, 1)}, {"1": "2024-01-01"}),
    ],
)
def test_a_value_is_written_as_json(value: Any, written: Any) -> None:
    assert json_value(value) == written
    assert type(json_value(value)) is type(written)


# ------------------------------------------------------------------------------ people and data


@pytest.mark.parametrize(
    "questions",
    [
        ("total amount per customer",),
        ("number of orders per customer",),
        ("top 5 customers by total amount",),
        ("total amount", "by customer"),
        ("visits by customer in 2024", "1"),  # a choice keeps them apart too
    ],
)
def test_two_customers_called_smith_are_two_rows(
    session: Session, questions: tuple[str, ...]
) -> None:
    for question in questions:
        answer = session.ask(question, now=NOW)
    smiths = [row for row in rows(answer) if row["customer"] == "Smith"]
    assert [row["id"] for row in smiths] == [1, 2] or [row["id"] for row in smiths] == [2, 1]


def test_without_the_check_two_smiths_would_be_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqlAgent, "_names_repeat", lambda *args: False)
    found = rows(session.ask("total amount per customer"))
    assert [row["customer"] for row in found] == ["Jones", "Smith"]


def test_names_with_control_characters_stay_harmless(tmp_path: Path) -> None:
    names = [
        "\x1b[31mred\x07",
        "two\nlines",
        "<img src=x onerror=alert(1)>",
        "=cmd()",
        "\u202eevil",
    ]
    literals = ", ".join(f"({number}, '{name}')" for number, name in enumerate(names, start=1))
    make_shop(
        str(tmp_path / "odd.duckdb"),
        "CREATE TABLE gadgets (id INTEGER PRIMARY KEY, name VARCHAR)",
        f"INSERT INTO gadgets VALUES {literals}",
    )
    from clew.sanitise import markdown_text, plain_text

    with clew.open(
        str(tmp_path / "odd.duckdb"), settings=Settings(home=tmp_path / "home")
    ) as workspace:
        answer = workspace.ask("list gadgets")
        assert {row["gadget"] for row in rows(answer)} == set(names)  # the data are not changed
        assert "\n" not in answer.text
        shown = plain_text(answer.text)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", shown)
        assert not re.search(r"(?<!\\)<", markdown_text(answer.text))
        jsonschema.validate(json.loads(json.dumps(answer.to_json())), SCHEMA)
