"""Results become text whose numbers all have receipts; what goes wrong becomes a status."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import clew
from app.shop import make_shop
from clew.settings import Settings
from clew.workspace import Workspace
from clew_agents.proposer import AsksBack, Candidate, CannotAnswer
from clew_agents.proxy.compose import compose
from clew_agents.proxy.prose import Prose, is_number
from clew_agents.proxy.proxy import OpenSource, Proxy
from clew_core.answer import Answer, Clarification, Option
from clew_core.deadline import Deadline
from clew_core.errors import (
    BackendUnavailable,
    BudgetEnded,
    Cancelled,
    ClewError,
    Refused,
    RetryByModel,
    SourceError,
    ToolFailed,
    UsageError,
)
from clew_core.number_format import format_number
from clew_core.principal import Principal
from clew_core.query_spec import (
    Column,
    Dimension,
    Measure,
    Order,
    Predicate,
    QuerySpec,
)
from clew_core.receipts import agrees, evaluate
from tools.semantic import spec_of

TEXTS = yaml.safe_load((Path(__file__).parent / "proxy_texts.yaml").read_text("utf-8"))
AMOUNT = Column(table="orders", column="amount")
CHANNEL = Dimension(name="channel", of=Column(table="orders", column="channel"))


def table_of(spec: QuerySpec, rows: list[list[Any]]) -> pa.Table:
    names = [part.name for part in (*spec.dimensions, *spec.measures, *spec.comparisons)]
    columns = [[_value(row[place]) for row in rows] for place in range(len(names))]
    return pa.table(dict(zip(names, columns, strict=True)))


def _value(value: Any) -> Any:
    if isinstance(value, str) and re.match(r"d-?[\d.]+$", value):
        return Decimal(value[1:])
    if isinstance(value, str) and value.startswith("@"):
        return dt.date.fromisoformat(value[1:])
    return value


# ---------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("case", TEXTS, ids=lambda case: str(case["is"]))
def test_a_result_is_told(case: dict[str, Any]) -> None:
    spec = spec_of(case["spec"])
    prose = Prose(cell="q1", sql_sha256="ab", table=table_of(spec, case["rows"]))
    written = compose(spec, prose, truncated=False)
    assert written.text == case["text"]
    assert [receipt.text for receipt in written.receipts] == case["receipts"]
    assert [receipt.id for receipt in written.receipts] == [
        f"r{number + 1}" for number in range(len(written.receipts))
    ]
    assert not re.search(r"\d{3}", written.title)


NUMBERS = st.one_of(
    st.lists(st.none() | st.integers(-(2**62), 2**62), min_size=1, max_size=9),
    st.lists(st.none() | st.floats(-1e12, 1e12), min_size=1, max_size=9),
    st.lists(st.none() | st.decimals(-(10**12), 10**12, places=2), min_size=1, max_size=9),
)
AGGREGATES = st.sampled_from(["count", "sum", "avg", "min", "max", "median"])
NAMES = st.text("abc déx", min_size=1, max_size=6).filter(str.strip)


@settings(max_examples=150)
@given(NUMBERS, AGGREGATES, st.data(), st.booleans(), st.booleans())
def test_every_number_that_is_told_has_a_receipt_that_gives_it(
    values: list[Any], aggregate: Any, data: st.DataObject, ranked: bool, truncated: bool
) -> None:
    names = data.draw(st.lists(NAMES, min_size=len(values), max_size=len(values)))
    measure = Measure(name="amount_now", aggregate=aggregate, of=AMOUNT)
    spec = QuerySpec(source="shop", table="orders", measures=(measure,), dimensions=(CHANNEL,))
    if ranked:
        spec = replace(spec, order=(Order(by=measure.name, direction="descending"),), limit=9)
    table = pa.table({"channel": names, measure.name: values})
    written = compose(spec, Prose(cell="q1", sql_sha256="ab", table=table), truncated=truncated)
    said = re.findall(r"-?\d(?:[\d,]*\d)?(?:\.\d+)?", written.text)
    assert said == [receipt.text for receipt in written.receipts]
    for receipt in written.receipts:
        now = evaluate(receipt.expression, receipt.refs, lambda ref: table)
        assert agrees(receipt.value, now)
        digits = receipt.expression.get("digits")
        assert receipt.text == format_number(now, digits)


@pytest.mark.parametrize(
    ("value", "is_one"),
    [(1, True), (1.5, True), (Decimal("1"), True), (True, False), ("1", False), (None, False),
     (float("nan"), False), (float("inf"), False)],
)  # fmt: skip
def test_truths_texts_and_infinities_are_no_numbers(value: Any, is_one: bool) -> None:
    assert is_number(value) is is_one


def test_a_cut_result_says_that_there_are_more_rows() -> None:
    spec = QuerySpec(source="shop", table="orders", dimensions=(CHANNEL,), distinct=True)
    table = pa.table({"channel": [f"c{letter}" for letter in "abcdefgh"]})
    prose = Prose(cell="q1", sql_sha256="ab", table=table)
    assert "more than 8 " in compose(spec, prose, truncated=True).text


# --------------------------------------------------------------------------- from end to end


class Fake:
    """Proposes what it was told to."""

    name = "builtin"

    def __init__(self, *candidates: Candidate, error: ClewError | None = None) -> None:
        """Keep the candidates, or what is raised instead."""
        self.candidates, self.error = candidates, error

    def propose(self, task: str, context: Any, deadline: Deadline) -> tuple[Candidate, ...]:
        """Give the candidates."""
        if self.error is not None:
            raise self.error
        return self.candidates


def candidate(*measures: Measure, single_row: bool = False, **changes: Any) -> Candidate:
    spec = QuerySpec(source="shop", table="orders", measures=measures, **changes)
    return Candidate(spec=spec, confidence=0.7, reason="a test", single_row=single_row)


COUNT = Measure(name="n", aggregate="count")
TOTAL = Measure(name="total", aggregate="sum", of=AMOUNT)
MEAN = Measure(name="mean", aggregate="avg", of=AMOUNT)
IN_APP = Predicate(on=Column(table="orders", column="channel"), operator="=", values=("app",))
BY_FAX = replace(IN_APP, values=("fax",))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("proxy")
    make_shop(str(folder / "shop.duckdb"))
    with clew.open(
        str(folder / "shop.duckdb"), settings=Settings(home=folder / "home")
    ) as workspace:
        yield workspace


class Asked:
    """One question put to the proxy with a fake proposer."""

    def __init__(self, workspace: Workspace) -> None:
        """Open the sources for a user."""
        self.events: list[tuple[str, dict[str, object]]] = []
        self.principal = Principal()
        self.sources: list[OpenSource] = workspace.opened(
            self.principal, Deadline(), dt.date(2024, 5, 15), None
        )

    def ask(self, proposer: Any, question: str = "what?", chosen: Option | None = None) -> Answer:
        """Answer."""
        proxy = Proxy(
            principal=self.principal,
            tell=lambda type_, data: self.events.append((type_, data)),
            now="2024-05-15T12:00:00+00:00",
            run="run1",
            proposer=proposer,
        )
        return proxy.answer(question, self.sources, Deadline(), chosen)


@pytest.fixture
def asked(workspace: Workspace) -> Asked:
    return Asked(workspace)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CannotAnswer("no such thing"), "cannot_answer"),
        (AsksBack(Clarification(question="which?")), "needs_clarification"),
        (Refused("never"), "refused"),
        (Cancelled("Stopped."), "cancelled"),
        (BudgetEnded("too long"), "failed"),
        (ToolFailed("broke"), "failed"),
        (RetryByModel("try again"), "failed"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_goes_wrong_becomes_a_status_with_its_reason(
    asked: Asked, error: ClewError, status: str
) -> None:
    answer = asked.ask(Fake(error=error))
    assert (answer.status, answer.reason) == (status, str(error))
    assert answer.table is None and answer.cells == () and answer.receipts == ()
    assert [step.state for step in answer.plan] == ["failed"]
    ends = ["plan", "step_started", *(["clarification"] if status == "needs_clarification" else [])]
    assert [type_ for type_, _ in asked.events] == [*ends, "step_finished"]


@pytest.mark.parametrize("kind", [SourceError, UsageError, BackendUnavailable])
def test_what_somebody_outside_has_to_mend_is_raised(asked: Asked, kind: type[ClewError]) -> None:
    with pytest.raises(kind):
        asked.ask(Fake(error=kind("the owner acts")))


def test_a_plan_of_one_step_is_told_and_kept(asked: Asked) -> None:
    answer = asked.ask(Fake(candidate(COUNT)), "how many orders?")
    (step,) = answer.plan
    assert (step.id, step.agent, step.task, step.state) == (
        "s1",
        "sql",
        "how many orders?",
        "finish",
    )
    assert step.seconds is not None and answer.seconds.total >= answer.seconds.database > 0
    assert answer.confidence == 0.7 and answer.proposer == "builtin"


def test_cells_say_what_they_use_define_and_come_from(asked: Asked) -> None:
    answer = asked.ask(Fake(candidate(TOTAL, dimensions=(CHANNEL,))), "total by channel?")
    text, sql, chart = answer.cells
    assert [cell.kind for cell in answer.cells] == ["markdown", "sql", "chart"]
    assert text.source == answer.text and sql.source == answer.sql
    assert sql.uses == ("shop.orders",) and sql.data_source == "shop"
    (name,) = sql.defines
    assert name.isidentifier() and text.uses == chart.uses == (name,)
    assert answer.chart is not None and answer.chart.data == name
    assert answer.receipts[0].refs[0].cell == sql.id
    assert all(re.fullmatch(r"[a-zA-Z0-9-]{1,64}", cell.id) for cell in answer.cells)
    for cell in answer.cells:
        assert cell.provenance is not None
        assert (cell.provenance.run, cell.provenance.question) == ("run1", "total by channel?")
    assert [cell.provenance.agent for cell in answer.cells if cell.provenance] == [
        "proxy", "sql", "chart",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["größe", "3 months", "a b; --", "class", "%", "SUM(x)"])
def test_a_result_is_bound_to_a_name_whatever_its_columns_are_called(
    asked: Asked, name: str
) -> None:
    answer = asked.ask(Fake(candidate(replace(COUNT, name=name))))
    (bound,) = next(cell for cell in answer.cells if cell.kind == "sql").defines
    assert bound.isidentifier()


def test_readings_that_agree_are_answered(asked: Asked) -> None:
    same = replace(TOTAL, name="other")
    assert asked.ask(Fake(candidate(TOTAL), candidate(same))).status == "answered"


def test_readings_that_differ_are_asked_back_and_each_can_be_chosen(asked: Asked) -> None:
    answer = asked.ask(Fake(candidate(TOTAL), candidate(MEAN)), "amount?")
    assert answer.status == "needs_clarification" and answer.clarification
    total, mean = answer.clarification.options
    assert (total.label, mean.label) == ("total amount", "average amount")
    for option, value in ((total, Decimal("1135.34")), (mean, 227.068)):
        chosen = asked.ask(Fake(), chosen=option)
        assert chosen.status == "answered" and chosen.table is not None
        assert chosen.table.column(0)[0].as_py() == pytest.approx(value)


def test_a_reading_that_supposes_one_row_is_dropped_where_there_are_more(asked: Asked) -> None:
    amount = Dimension(name="amount", of=AMOUNT)
    single = candidate(single_row=True, dimensions=(amount,), conditions=(IN_APP,))
    assert asked.ask(Fake(single, candidate(TOTAL))).table.column_names == ["total"]
    assert asked.ask(Fake(single)).status == "cannot_answer"
    one = replace(IN_APP, on=Column(table="orders", column="id"), values=(4,))
    found = candidate(single_row=True, dimensions=(amount,), conditions=(one,))
    assert asked.ask(Fake(found, candidate(TOTAL))).text == "The amount for id 4 is 99.99."


def test_nothing_found_is_no_answer_but_a_count_of_nothing_is(asked: Asked) -> None:
    none = asked.ask(Fake(candidate(TOTAL, conditions=(BY_FAX,))))
    assert none.status == "cannot_answer" and "channel fax" in (none.reason or "")
    counted = asked.ask(Fake(candidate(COUNT, conditions=(BY_FAX,))))
    assert counted.text == "There are 0 orders with channel fax."


def test_a_count_outside_of_the_time_of_the_data_says_their_span(asked: Asked) -> None:
    placed = Column(table="orders", column="placed_at")
    late = Predicate(on=placed, operator=">=", values=("2030-01-01",))
    answer = asked.ask(Fake(candidate(COUNT, conditions=(late,))))
    assert answer.status == "cannot_answer"
    assert "'placed_at' runs from 2023-04-10 to 2024-05-15" in (answer.reason or "")


def test_a_spec_that_does_not_fit_the_data_is_no_answer(asked: Asked) -> None:
    wrong = replace(TOTAL, of=Column(table="orders", column="colour"))
    answer = asked.ask(Fake(candidate(wrong)))
    assert answer.status == "cannot_answer" and "'colour'" in (answer.reason or "")


def test_a_choice_of_a_source_that_is_gone_is_no_answer(asked: Asked) -> None:
    spec = QuerySpec(source="closed", table="orders", measures=(COUNT,))
    chosen = Option(id="1", label="x", question="x", spec=spec)
    answer = asked.ask(Fake(), chosen=chosen)
    assert answer.status == "cannot_answer" and "not open any more" in (answer.reason or "")


def test_no_candidate_at_all_is_no_answer(asked: Asked) -> None:
    answer = asked.ask(Fake())
    assert answer.status == "cannot_answer" and answer.reason
