"""Questions of five shapes become plans without a model, and every edge of them is needed."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import duckdb
import pytest

import clew
from agents.plan_world import NOW, make_world
from agents.planning import CASES, TODAY, ask, finders, planned, told
from clew.settings import Settings
from clew_agents.plan.agents import agents_by_name
from clew_agents.plan.port import OpenSource
from clew_core.deadline import Deadline
from clew_core.errors import UsageError
from clew_core.principal import Principal
from clew_core.receipts import agrees, evaluate

QUESTIONS = [case["question"] for case in CASES]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def sources(
    places: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[OpenSource]]:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with clew.open(*places, settings=settings) as workspace:
        yield workspace.opened(Principal(), Deadline(), TODAY, None)


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    shop, visits = make_world(tmp_path_factory.mktemp("gold"))
    with duckdb.connect(shop) as db:
        db.execute(f"CREATE VIEW visits AS SELECT * FROM read_csv('{visits}')")
        yield db


def case_id(case: dict[str, Any]) -> str:
    return str(case["question"])[:60]


def plain(rows: list[Any]) -> Counter[tuple[Any, ...]]:
    """Rows without order; numbers of equal value are equal."""
    return Counter(tuple(_plain(value) for value in row) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | float):
        return round(float(value), 2)
    return float(value) if isinstance(value, int) else str(value)[:10]


def test_there_are_a_dozen_questions_of_five_shapes_with_three_steps_each() -> None:
    assert len(CASES) >= 12
    assert len({case["shape"] for case in CASES}) == 5
    assert min(Counter(case["shape"] for case in CASES).values()) >= 2
    assert all(len(case["plan"]) >= 3 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_question_becomes_its_plan(case: dict[str, Any], sources: list[OpenSource]) -> None:
    plan = planned(case["question"], sources)
    assert plan is not None
    assert [step.agent for step in plan.steps] == case["plan"]
    assert [f"{one} {other}" for one, other in plan.edges()] == case["edges"]
    plan.check({name: agent.card for name, agent in agents_by_name(finders()).items()})


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_the_answer_is_that_of_a_query_written_by_hand(
    case: dict[str, Any], sources: list[OpenSource], gold: duckdb.DuckDBPyConnection
) -> None:
    answer = ask(case["question"], sources).answer
    assert answer.status == "answered", answer.reason
    assert answer.table is not None
    shown = [tuple(row.values()) for row in answer.table.to_pylist()]
    assert plain(shown) == plain(gold.execute(case["table"]).fetchall())
    if "chart" in case:
        assert answer.chart is not None and answer.chart.mark == case["chart"]
    for said in case.get("says", ()):
        assert said in answer.text
    assert all(step.state == "finish" for step in answer.plan)
    assert 1 <= answer.text.count(". ") + 1 <= 5


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_no_edge_of_a_plan_can_go(case: dict[str, Any], sources: list[OpenSource]) -> None:
    plan = planned(case["question"], sources)
    assert plan is not None
    whole = told(ask(case["question"], sources, plan=plan).answer)
    cards = {name: agent.card for name, agent in agents_by_name(finders()).items()}
    for teller, hearer in plan.edges():
        shorter = plan.without_edge(teller, hearer)
        with pytest.raises(UsageError):
            shorter.check(cards)
        # And where nobody checked: what the edge carried is missed.
        lost = ask(case["question"], sources, plan=replace(shorter, revision=2)).answer
        assert told(lost) != whole
        assert any(step.state == "failed" for step in lost.plan)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_each_receipt_of_several_steps_holds(
    case: dict[str, Any], sources: list[OpenSource]
) -> None:
    answer = ask(case["question"], sources).answer
    by_name = {opened.source.name: opened.source for opened in sources}
    cells = {cell.id: cell for cell in answer.cells}
    assert [receipt.id for receipt in answer.receipts] == [
        f"r{number}" for number in range(1, len(answer.receipts) + 1)
    ]
    at = 0
    for receipt in answer.receipts:
        at = answer.text.index(receipt.text, at)
        tables = {}
        for ref in receipt.refs:
            cell = cells[ref.cell]
            source = by_name[str(cell.data_source)]
            tables[ref] = source.run(cell.source, Principal(), Deadline()).table
        assert agrees(receipt.value, evaluate(receipt.expression, receipt.refs, tables.__getitem__))


def test_a_plan_is_the_same_each_time(sources: list[OpenSource]) -> None:
    for question in QUESTIONS[:4]:
        assert planned(question, sources) == planned(question, sources)
    assert NOW  # the clock is fixed: no plan depends on the day
