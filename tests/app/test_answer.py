"""What an answer holds: receipts that stand, JSON of plain values, two people of one name apart."""

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

import clew
from app.shop import NOW, QUESTIONS, make_shop, rows
from clew.answer import json_value
from clew.session import Session
from clew.settings import Settings
from clew_agents.sql.agent import SqlAgent
from clew_core.cells import sha256
from clew_core.deadline import Deadline
from clew_core.receipts import agrees, evaluate

SCHEMA = json.loads((Path(__file__).parent / "answer.schema.json").read_text("utf-8"))

# ------------------------------------------------------------------------------------ receipts


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_number_in_the_text_has_a_receipt(session: Session, question: str) -> None:
    answer = session.ask(question, now=NOW)
    # Names of periods are no numbers, and what the question itself said needs no receipt.
    text = re.sub(r"\b(?:in |on |[A-Z][a-z]+ )\d{4}(?:-\d\d-\d\d)?\b", "", answer.text)
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
