"""A column whose rule changes on a day is told with that day; one that does not is left alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from clew_agents.insight import InsightAgent, InsightAnswer, is_insight
from clew_agents.insight.formula import parting
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.vocabulary import Vocabulary
from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_core.receipts import agrees, evaluate
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

FIRST = dt.datetime(2022, 1, 1, 9)
CHANGED = dt.date(2023, 3, 1)
DAYS = 730


def _make(path: Path) -> None:
    """Write visits and sales: what has "new" in its name changes on CHANGED, the rest does not."""
    chance = np.random.default_rng(3)
    visits, sales = [], []
    for number in range(DAYS):
        at = FIRST + dt.timedelta(days=number)
        late = at.date() >= CHANGED
        for _ in range(12):
            pages = int(chance.integers(1, 5))
            stay = int(chance.exponential(40)) + 1
            hours = float(chance.exponential(30))
            limit = 20 if late else 10
            solved = at + dt.timedelta(hours=hours)
            # One stay was written down in milliseconds.
            shown = stay * 1000 if len(visits) == 1200 else stay
            visits.append(
                (len(visits), at, solved, pages, shown, pages == 1 and stay < limit,
                 pages == 1 and stay < 10, hours <= (24 if late else 48),
                 bool(chance.random() < 0.3))
            )  # fmt: skip
            gross, less = (round(float(chance.integers(100, 9000)) / 100, 2) for _ in range(2))
            ship = float(chance.integers(0, 3)) * 4.9
            off = chance.random() < 0.03
            kept = 0.0 if off else gross - less + (0 if late else ship)
            plain = 0.0 if off else gross - less
            sales.append(
                (len(sales), at, "void" if off else "done", gross, less, ship, round(kept, 2),
                 round(plain, 2))
            )  # fmt: skip
    with duckdb.connect(str(path)) as db:
        db.execute(
            "CREATE TABLE visits (visit_id INT PRIMARY KEY, started_at TIMESTAMP, solved_at"
            " TIMESTAMP, pages INT, stay_s INT, bounced BOOLEAN, skipped BOOLEAN, prompt BOOLEAN,"
            " liked BOOLEAN)"
        )
        db.execute(
            "CREATE TABLE sales (sale_id INT PRIMARY KEY, sold_at TIMESTAMP, state VARCHAR,"
            " gross DECIMAL(9,2), reduction DECIMAL(9,2), shipping DECIMAL(9,2),"
            " kept DECIMAL(9,2), margin DECIMAL(9,2))"
        )
        for table, rows in (("visits", visits), ("sales", sales)):
            names = [d[0] for d in db.execute(f"SELECT * FROM {table}").description]
            filled = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
            db.register("filled", filled)
            db.execute(f"INSERT INTO {table} SELECT * FROM filled")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    path = tmp_path_factory.mktemp("definition") / "site.duckdb"
    _make(path)
    found = open_source(str(path))
    yield found
    found.close()


def _ask(source: Source, question: str) -> InsightAnswer:
    principal, deadline = Principal(), Deadline()
    context = SqlContext(
        source=source.name,
        vocabulary=Vocabulary(catalog=source.catalog(principal, deadline)),
        values=source.values(principal, deadline),
        today=dt.date(2024, 1, 1),
    )
    return InsightAgent(source, principal, context).answer(question, deadline)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Did the meaning of bounced change over time?", "a stay s of at most 19"),
        ("Has the definition of prompt changed?", "hours from started at to solved at"),
        ("Was kept redefined?", "plus margin"),
    ],
)
def test_a_changed_rule_is_told_with_its_day(source: Source, question: str, said: str) -> None:
    answer = _ask(source, question)
    [finding] = answer.findings
    assert finding.kind == "definition" and said in answer.text
    assert finding.low is not None and abs(finding.low - CHANGED) <= dt.timedelta(days=6)
    tables = {sheet.cell: sheet.table for sheet in answer.sheets}
    assert answer.receipts
    for receipt in answer.receipts:
        now = evaluate(receipt.expression, receipt.refs, lambda ref: tables[ref.cell])
        assert agrees(receipt.value, now) and receipt.text in answer.text


@pytest.mark.parametrize("column", ["skipped", "liked", "margin", "shipping", "pages"])
def test_what_kept_its_meaning_is_left_alone(source: Source, column: str) -> None:
    answer = _ask(source, f"Did the meaning of {column} change over time?")
    assert answer.findings == () and "no rule was found" in answer.text


def test_a_word_for_no_column_is_not_looked_for(source: Source) -> None:
    with pytest.raises(CannotAnswer, match="which column or measure"):
        _ask(source, "Did the meaning of unicorns change?")


def test_which_questions_ask_for_a_meaning() -> None:
    taken = ["Did the meaning of bounce change?", "Is revenue still calculated the same way?"]
    left = ["How many rules are there for new customers?", "What is the definition of revenue?",
            "How many orders changed their state?"]  # fmt: skip
    assert [is_insight(q) for q in taken] == [True, True]
    assert not any(is_insight(q) for q in left)


def test_days_that_do_not_part_have_no_small_p() -> None:
    chance = np.random.default_rng(1)
    least = 1.0
    for _ in range(40):
        found = parting([20] * 200, [int(k) for k in chance.binomial(20, 0.9, 200)])
        assert found is not None
        least = min(least, found[1])
    assert least > 1e-4
    assert parting([5] * 10, [5] * 10) is None
