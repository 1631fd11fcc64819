"""What a step chose reaches the next one as a condition; what is open in a part is asked back."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import clew
from app.shop import NOW, make_shop
from clew.settings import Settings
from clew.workspace import Workspace
from clew_agents.information_unit import Found
from clew_agents.plan.sql_step import MOST_VALUES, chosen_by, has_inner, is_choice
from clew_agents.proposer import CannotAnswer
from clew_agents.proxy.chosen_text import by_name, chosen_receipts
from clew_core.query_spec import (
    AllOf,
    AnyOf,
    Column,
    Dimension,
    Grain,
    Measure,
    NoneOf,
    Order,
    Predicate,
    QuerySpec,
    Related,
)

NAME = Dimension(name="customer", of=Column(table="customers", column="name"))
KEY = Dimension(name="id", of=Column(table="customers", column="id"))
COUNT = Measure(name="n", aggregate="count")


def found(rows: list[tuple[object, ...]], *dimensions: Dimension) -> Found:
    spec = QuerySpec(
        source="shop", table="orders", dimensions=dimensions, measures=(COUNT,),
        order=(Order(by="n", direction="descending"),), limit=len(rows) or 1,
    )  # fmt: skip
    columns = {d.name: [row[place] for row in rows] for place, d in enumerate(dimensions)}
    table = pa.table({**columns, "n": [1] * len(rows)})
    return Found(spec=spec, sql="SELECT 1", dialect="duckdb", table=table, as_of=NOW)


def test_a_chosen_value_is_a_condition_on_its_column() -> None:
    assert is_choice(found([("Ana",)], NAME).spec)
    one = chosen_by(found([("Ana",)], NAME)).condition()
    assert one == Predicate(on=NAME.of, operator="=", values=("Ana",))
    several = chosen_by(found([("Ana",), ("Ben",)], NAME)).condition()
    assert several == Predicate(on=NAME.of, operator="in", values=("Ana", "Ben"))
    nothing = chosen_by(found([(None,)], NAME)).condition()
    assert nothing == Predicate(on=NAME.of, operator="is_null")


def test_the_key_keeps_two_of_one_name_apart_and_out_of_the_text() -> None:
    both = chosen_by(found([("Smith", 1), ("Smith", 2)], NAME, KEY)).condition()
    assert isinstance(both, AnyOf) and len(both.any) == 2
    spec = replace(found([("Smith", 1)], NAME, KEY).spec, conditions=(both,))
    told = by_name(spec).conditions[0]
    named = Predicate(on=NAME.of, operator="=", values=("Smith",))
    assert told == AnyOf(any=(named, named))
    alone = chosen_by(found([(7,)], KEY)).condition()
    assert by_name(replace(spec, conditions=(alone,))).conditions == (alone,)


@pytest.mark.parametrize(
    ("grain", "value", "low", "high"),
    [
        ("month", "2024-12-01", "2024-12-01", "2025-01-01"),
        ("quarter", "2024-10-01", "2024-10-01", "2025-01-01"),
        ("year", "2023", "2023-01-01", "2024-01-01"),
        ("week", "2024-12-30", "2024-12-30", "2025-01-06"),
        ("day", "2024-02-29", "2024-02-29", "2024-03-01"),
    ],
)
def test_a_chosen_period_is_its_days(grain: Grain, value: str, low: str, high: str) -> None:
    time = Dimension(name="when", of=Column(table="orders", column="placed_at"), grain=grain)
    condition = chosen_by(found([(value,)], time)).condition()
    assert condition == AllOf(
        all=(
            Predicate(on=time.of, operator=">=", values=(low,)),
            Predicate(on=time.of, operator="<", values=(high,)),
        )
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [([], "no value"), ([(f"c{n}",) for n in range(MOST_VALUES + 1)], "at most 10")],
)
def test_nothing_and_too_much_are_no_choice(rows: list[tuple[object, ...]], said: str) -> None:
    with pytest.raises(CannotAnswer, match=said):
        chosen_by(found(rows, NAME))


def test_a_number_that_was_chosen_has_a_receipt_in_the_result_that_chose_it() -> None:
    chose = found([(4,)], Dimension(name="size", of=Column(table="orders", column="size")))
    (receipt,) = chosen_receipts("Revenue for size 4: 12.", chose, "sql-1")
    assert (receipt.text, receipt.value) == ("4", 4)
    assert (receipt.refs[0].cell, receipt.refs[0].column) == ("sql-1", "size")
    assert chosen_receipts("Revenue for Ana.", found([("Ana",)], NAME), "sql-1") == ()


def test_an_inner_query_is_found_at_any_depth() -> None:
    inner = QuerySpec(source="shop", table="orders", dimensions=(NAME,), limit=1)
    test = Predicate(on=NAME.of, operator="in", spec=inner)
    plain = Predicate(on=NAME.of, operator="=", values=("Ana",))
    related = Related(has=True, table="orders", where=test)
    for condition in (test, AllOf(all=(plain, test)), AnyOf(any=(test,)), NoneOf(none=(related,))):
        assert has_inner(QuerySpec(source="shop", table="orders", conditions=(condition,)))
    assert not has_inner(QuerySpec(source="shop", table="orders", conditions=(plain,)))


# ------------------------------------------------------------------------------- from end to end


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    place = tmp_path / "shop.duckdb"
    make_shop(str(place))
    with duckdb.connect(str(place)) as db:
        db.execute("INSERT INTO orders VALUES (6, 1, '2024-05-02', 7.00, 1.0, 1, 'app')")
    with clew.open(str(place), settings=Settings(home=tmp_path / "home")) as workspace:
        yield workspace


def test_of_two_smiths_the_one_that_was_chosen_is_gone_on_with(workspace: Workspace) -> None:
    question = "which customer has the most orders, and what was their total amount by channel?"
    answer = workspace.session().ask(question, now=NOW)
    assert len(answer.plan) == 2 and answer.table is not None
    # Customer 1 has 37.30 in the app; with both Smiths it would be 1,037.30 and the shop's 5.05.
    assert [str(row["sum_amount"]) for row in answer.table.to_pylist()] == ["37.30"]
    assert "for customer Smith" in answer.text and " id " not in answer.text


def test_a_reading_that_is_chosen_for_a_part_keeps_the_other_parts(workspace: Workspace) -> None:
    session = workspace.session()
    asked = session.ask("number of orders by month, then visits per month, then chart it", now=NOW)
    assert asked.status == "needs_clarification" and asked.clarification is not None
    assert [option.label for option in asked.clarification.options] == [
        "began_on of visits",
        "ended_on of visits",
    ]
    answer = session.ask("2", now=NOW)
    assert answer.status == "answered", answer.reason
    assert [step.agent for step in answer.plan] == ["sql", "sql", "chart"]
    assert "ended_on" in str(answer.parts[1].sql) and answer.parts[0].table is not None


def test_two_parts_that_are_open_are_asked_one_after_the_other(workspace: Workspace) -> None:
    session = workspace.session()
    question = "visits per month, then visits by customer in 2024"
    answer = session.ask(question, now=NOW)
    for choice in ("2", "1"):
        assert answer.status == "needs_clarification", answer.text
        answer = session.ask(choice, now=NOW)
    assert answer.status == "answered" and len(answer.parts) == 2
    assert "ended_on" in str(answer.parts[0].sql) and "began_on" in str(answer.parts[1].sql)


def test_what_is_ordered_is_never_answered_by_one_query(workspace: Workspace) -> None:
    answer = workspace.session().ask("visits per month, then total amount by channel", now=NOW)
    assert answer.status == "needs_clarification"
