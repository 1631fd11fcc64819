"""Sentences that point at the one before are read with its conditions, or asked back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

import clew
from agents.plan_world import make_world
from agents.planning import TODAY, ask
from clew.settings import Settings
from clew_agents.plan import joined as joining
from clew_agents.plan.cut import cut
from clew_agents.plan.port import OpenSource
from clew_agents.plan.standing import columns_of, pairs_of, sentences, things
from clew_core.deadline import Deadline
from clew_core.principal import Principal

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "plan_joined.yaml").read_text("utf-8")
)
Shop = tuple[dict[str, list[list[str]]], list[OpenSource]]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    place, _ = make_world(tmp_path_factory.mktemp("world"))
    with duckdb.connect(place) as db:
        expected = {
            case["question"]: rows(db.execute(case["table"]).fetchall())
            for case in CASES
            if "table" in case
        }
    with clew.open(place, settings=Settings(home=tmp_path_factory.mktemp("home"))) as workspace:
        yield expected, workspace.opened(Principal(), Deadline(), TODAY, None)


def rows(values: list[tuple[Any, ...]]) -> list[list[str]]:
    """Rows as text, in any order."""
    return sorted([str(value) for value in row] for row in values)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["question"])
def test_a_sentence_keeps_the_condition_of_the_one_it_points_at(
    case: dict[str, Any], shop: Shop
) -> None:
    expected, sources = shop
    answer = ask(case["question"], sources).answer
    if "table" not in case:
        assert answer.status == "needs_clarification", answer.text
        return
    assert answer.status == "answered", answer.reason
    assert answer.table is not None and answer.spec is not None
    shown = answer.spec.asked or answer.table.column_names
    got = [tuple(row.values()) for row in answer.table.select(list(shown)).to_pylist()]
    assert rows(got) == expected[case["question"]]


def test_what_is_sorted_by_a_second_sentence_is_sorted(
    shop: Shop,
) -> None:
    answer = ask("Total revenue by category? Sort by descending revenue.", shop[1]).answer
    assert answer.table is not None
    amounts = answer.table.column(1).to_pylist()
    assert amounts == sorted(amounts, reverse=True)


@pytest.mark.parametrize(
    "question",
    [
        "Tell me how many orders there are.",
        "tell me how many customers we have",
        "Tell me how much revenue we made in 2023",
        "say how many orders there were in 2024",
        "please tell me how many products are in Toys",
        "Tell me the names of the customers",
        "Tell us the total revenue",
        "tell me which region has the most orders",
        "Tell me what the average revenue is",
        "tell me what categories there are",
        "Could you tell me how many regions exist?",
        "revenue by region, and tell me how many orders there are",
    ],
)
def test_to_be_told_a_number_is_no_search_for_findings(question: str) -> None:
    assert "findings" not in [part.kind for part in cut(question)]


@pytest.mark.parametrize(
    "question",
    [
        "revenue by month, and tell me what stands out",
        "revenue by month; tell me why it fell",
        "tell me which months stand out",
        "revenue by month, then explain it",
        "orders by month, and say if anything is unusual",
    ],
)
def test_to_be_told_what_stands_out_is_one(question: str) -> None:
    assert [part.kind for part in cut(question)][-1] == "findings"


def test_only_columns_are_read_as_columns() -> None:
    assert columns_of("Return the city and its GDP.") == "city and GDP"
    assert columns_of("how many stations does it have") == "number of stations"
    for more in ("Show the customers with the most orders", "Give me the top 3", "Why?", ""):
        assert columns_of(more) == ""


def test_quotes_hold_sentences_together() -> None:
    assert sentences('Which have the note "Hi. There"? Give ids.') == [
        'Which have the note "Hi. There"?',
        "Give ids.",
    ]
    assert list(pairs_of("")) == [] and list(things("")) == []


def test_a_form_that_falls_into_sentences_again_is_not_joined_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = "What are the pets of Lisa? And what are the types of them? Order them by name."
    form = "What are the pets of Lisa? And what are the types of them"
    monkeypatch.setattr(joining, "_one_question", lambda pair, prober: form)
    assert list(pairs_of(question))
    assert "types of them" in joining.joined(question, None)  # type: ignore[arg-type]
