"""The insight agent on a shop in which it is known what happened, and on one where nothing did."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from clew_agents.insight import InsightAgent, InsightAnswer, is_insight
from clew_agents.insight.intent import read_frame, sides
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.vocabulary import Vocabulary
from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Cancelled
from clew_core.principal import Policy, Principal
from clew_core.receipts import Receipt, agrees, evaluate
from clew_tools.database.open import open_source
from clew_tools.database.source import Source
from number_audit import unsupported

FIRST = dt.date(2022, 1, 3)
DAYS = 2 * 364 + 180
CATEGORIES = ("Tents", "Stoves", "Boots", "Ropes", "Lamps")
REGIONS = ("North", "South", "East", "West")
CHANNELS = ("web", "store")
TODAY = dt.date(2024, 7, 1)


def _make(path: Path, *, eventful: bool) -> None:
    """Write a shop: orders with lines of products in categories, campaigns and visits."""
    chance = np.random.default_rng(7)
    season = 1 + 0.3 * np.sin(np.arange(DAYS) / 365 * 2 * np.pi)
    orders, lines, visits = [], [], []
    for number, rate in enumerate(season):
        day = FIRST + dt.timedelta(days=number)
        for _ in range(chance.poisson(40 * rate)):
            region, category = int(chance.integers(4)), int(chance.integers(5))
            if eventful and _is_out(day, region, category) and chance.random() < 0.9:
                continue
            key = len(orders) + 1
            orders.append((key, day, REGIONS[region], CHANNELS[int(chance.integers(2))]))
            for _ in range(3 if eventful and _is_campaign(day, category) else 1):
                product = category * 3 + int(chance.integers(3)) + 1
                lines.append((len(lines) + 1, key, product, float(chance.integers(5, 90))))
        for _ in range(chance.poisson(20)):
            visits.append((len(visits) + 1, day, *_visit(chance, eventful)))
    with duckdb.connect(str(path)) as db:
        db.execute("CREATE TABLE categories (category_id INT PRIMARY KEY, category_name VARCHAR)")
        db.execute(
            "CREATE TABLE products (product_id INT PRIMARY KEY, product_name VARCHAR,"
            " category_id INT REFERENCES categories (category_id))"
        )
        db.execute(
            "CREATE TABLE orders (order_id INT PRIMARY KEY, ordered_on DATE, region VARCHAR,"
            " channel VARCHAR)"
        )
        db.execute(
            "CREATE TABLE order_lines (line_id INT PRIMARY KEY, order_id INT REFERENCES orders"
            " (order_id), product_id INT REFERENCES products (product_id), amount DOUBLE)"
        )
        db.execute(
            "CREATE TABLE campaigns (campaign_id INT PRIMARY KEY, campaign_name VARCHAR,"
            " category_id INT REFERENCES categories (category_id), starts_on DATE, ends_on DATE)"
        )
        db.execute(
            "CREATE TABLE visits (visit_id INT PRIMARY KEY, visited_on DATE, source VARCHAR,"
            " device VARCHAR, converted BOOLEAN)"
        )
        db.executemany("INSERT INTO categories VALUES (?, ?)", list(enumerate(CATEGORIES, 1)))
        products = [(i, f"{CATEGORIES[(i - 1) // 3]} {i}", (i - 1) // 3 + 1) for i in range(1, 16)]
        db.executemany("INSERT INTO products VALUES (?, ?, ?)", products)
        db.executemany(
            "INSERT INTO campaigns VALUES (?, ?, ?, ?, ?)",
            [(1, "Spring Boots Push", 3, dt.date(2023, 5, 8), dt.date(2023, 5, 28)),
             (2, "Lamp Week", 5, dt.date(2022, 9, 5), dt.date(2022, 9, 12))],
        )  # fmt: skip
        for name, rows in (("orders", orders), ("order_lines", lines), ("visits", visits)):
            _fill(db, name, rows)


def _fill(db: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]) -> None:
    names = [d[0] for d in db.execute(f"SELECT * FROM {table}").description]
    filled = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    db.register("filled", filled)
    db.execute(f"INSERT INTO {table} SELECT * FROM filled")
    db.unregister("filled")


def _is_out(day: dt.date, region: int, category: int) -> bool:
    out = dt.date(2023, 3, 6) <= day <= dt.date(2023, 4, 23)
    return out and (region, category) == (1, 0)


def _is_campaign(day: dt.date, category: int) -> bool:
    return category == 2 and dt.date(2023, 5, 8) <= day <= dt.date(2023, 5, 28)


def _visit(chance: np.random.Generator, eventful: bool) -> tuple[str, str, bool]:
    """Ads bring mostly phones, which convert less: better within each device, worse over all."""
    source = "ads" if chance.random() < 0.5 else "mail"
    phone = chance.random() < (0.9 if source == "ads" else 0.2)
    rate = (0.14 if phone else 0.46) if source == "ads" else (0.08 if phone else 0.38)
    device = "phone" if phone else "desktop"
    return source, device, bool(chance.random() < (rate if eventful else 0.2))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    path = tmp_path_factory.mktemp("insight") / "shop.duckdb"
    _make(path, eventful=True)
    source = open_source(str(path))
    yield source
    source.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    path = tmp_path_factory.mktemp("insight") / "quiet.duckdb"
    _make(path, eventful=False)
    source = open_source(str(path))
    yield source
    source.close()


def _agent(source: Source, principal: Principal | None = None) -> InsightAgent:
    principal, deadline = principal or Principal(), Deadline()
    catalog = source.catalog(principal, deadline)
    context = SqlContext(
        source=source.name,
        vocabulary=Vocabulary(catalog=catalog),
        values=source.values(principal, deadline),
        today=TODAY,
    )
    return InsightAgent(source, principal, context)


def _ask(source: Source, question: str) -> InsightAnswer:
    return _agent(source).answer(question, Deadline())


# --- what is found -----------------------------------------------------------------------------


def test_the_place_of_a_fall_is_found_with_its_days(shop: Source) -> None:
    [first, *_] = _ask(shop, "Why did orders of Tents in South fall in March 2023?").findings
    assert {p.value for p in first.places} >= {"Tents", "South"}
    assert first.direction == -1
    assert first.low is not None and abs(first.low - dt.date(2023, 3, 6)) <= dt.timedelta(days=5)
    assert first.high is not None and abs(first.high - dt.date(2023, 4, 23)) <= dt.timedelta(days=9)


def test_a_place_that_the_question_does_not_name_is_found_by_its_parts(shop: Source) -> None:
    found = _ask(shop, "Why did order lines fall in March 2023?").findings
    assert any({"Tents", "South"} <= {p.value for p in f.places} for f in found)


def test_a_month_without_a_year_is_the_last_one(shop: Source) -> None:
    answer = _ask(shop, "Why did orders of Tents in South fall in March?")
    assert answer.findings == ()  # in March 2024 nothing happened
    assert "usual swings" in answer.text


def test_what_ran_at_that_time_is_told_and_not_as_a_cause(shop: Source) -> None:
    answer = _ask(shop, "What lifted Boots in May 2023?")
    assert "'Spring Boots Push' ran from 2023-05-08 to 2023-05-28" in answer.text
    assert "Lamp Week" not in answer.text
    for word in ("because", "caused", "due to", "led to"):
        assert word not in answer.text


def test_a_comparison_that_turns_round_in_every_part_is_told(shop: Source) -> None:
    findings = _ask(shop, "Is ads or mail the better source by conversion?").findings
    assert [f.kind for f in findings] == ["contest", "reversal"]
    assert [p.value for p in findings[0].places[:2]] == ["mail", "ads"]
    assert [p.value for p in findings[1].places[:2]] == ["ads", "mail"]
    assert findings[1].places[2].name == "device"


def test_where_nothing_happened_nothing_is_told(quiet: Source) -> None:
    for question in (
        "Why did orders of Tents in South fall in March 2023?",
        "Why did order lines fall in March 2023?",
        "What lifted Boots in May 2023?",
        "Is ads or mail the better source by conversion?",
        "Which region has been losing orders since March 2023?",
        "Do orders go along with visits?",
    ):
        answer = _ask(quiet, question)
        assert answer.findings == (), answer.text
        assert answer.receipts == () and answer.text.endswith(".")


def test_a_season_is_seen_where_there_is_one(shop: Source) -> None:
    kinds = {f.kind for f in _ask(shop, "Is there a season in orders?").findings}
    assert "season" in kinds


# --- numbers -----------------------------------------------------------------------------------


def test_each_number_is_what_its_receipt_gives_and_a_changed_cell_breaks_it(shop: Source) -> None:
    for question in (
        "Why did orders of Tents in South fall in March 2023?",
        "Is ads or mail the better source by conversion?",
    ):
        answer = _ask(shop, question)
        tables = {sheet.cell: sheet.table for sheet in answer.sheets}
        for receipt in answer.receipts:
            assert receipt.text in answer.text
            assert _holds(receipt, tables)
        changed = {cell: _doubled(table) for cell, table in tables.items()}
        assert not all(_holds(receipt, changed) for receipt in answer.receipts)


def test_days_have_receipts_too(shop: Source) -> None:
    for question in (
        "Why did orders of Tents in South fall in March 2023?",
        "Is ads or mail the better source by conversion?",
        "Why did orders of Boots fall in May 2023?",
    ):
        answer = _ask(shop, question)
        assert unsupported(answer.text, answer.receipts, [question]) == []


def _holds(receipt: Receipt, tables: dict[str, pa.Table]) -> bool:
    now = evaluate(receipt.expression, receipt.refs, lambda ref: tables[ref.cell])
    return agrees(receipt.value, now)


def _doubled(table: pa.Table) -> pa.Table:
    """Change each second number column."""
    columns = {}
    for place, name in enumerate(table.column_names):
        column = table.column(name)
        number = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
        if number and place % 2 == 0:
            column = pa.chunked_array(
                [pa.array([None if v is None else v * 2 for v in column.to_pylist()], column.type)]
            )
        columns[name] = column
    return pa.table(columns)


def test_the_sql_of_a_sheet_gives_the_same_rows_again(shop: Source) -> None:
    answer = _ask(shop, "Why did orders of Tents in South fall in March 2023?")
    for sheet in answer.sheets:
        again = shop.run(sheet.sql, Principal(), Deadline())
        assert again.table.equals(sheet.table)


def test_the_table_of_findings_is_made_without_pandas() -> None:
    # In a process of its own: pyarrow looks for pandas once, and this one has looked already.
    code = (
        "import sys; from clew_agents.insight.agent import _table;"
        "from clew_agents.insight.finding import Finding; import datetime as dt;"
        "t = _table([Finding(kind='trend', text='', low=dt.date(2023, 3, 6), effect=float('inf')),"
        " Finding(kind='change', text='', effect=-0.5, p=0.01)]);"
        "assert t.to_pylist()[0]['from'] == dt.date(2023, 3, 6);"
        "assert t.column('effect').to_pylist() == [None, -0.5];"
        "assert t.column('to').to_pylist() == [None, None];"
        "sys.exit('pandas' in sys.modules)"
    )
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", code], env=paths, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


# --- what is asked wrongly ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Why did unicorns fall in March 2023?", "unicorns"),
        ("Why did orders fall in March 1999?", "runs from 2022-01-03"),
        ("Why do people like Tents?", "asks for a cause"),
        ("Is ads or whatever the better source by conversion?", "whatever"),
        ("how many orders are there", "no cause"),
    ],
)
def test_what_is_not_understood_is_said(shop: Source, question: str, names: str) -> None:
    with pytest.raises(CannotAnswer, match=names):
        _ask(shop, question)


def test_hidden_columns_are_not_looked_at(shop: Source) -> None:
    policy = Policy(hide=("orders.region",))
    answer = _agent(shop, Principal(policy=policy)).answer(
        "Why did order lines fall in March 2023?", Deadline()
    )
    assert "region" not in answer.text and "South" not in answer.text


def test_a_row_filter_holds_for_all_numbers(shop: Source) -> None:
    policy = Policy(rows={"orders": "region = 'North'"})
    answer = _agent(shop, Principal(policy=policy)).answer(
        "Why did order lines of Tents fall in March 2023?", Deadline()
    )
    assert answer.findings == ()


def test_the_deadline_and_a_cancel_end_it(shop: Source) -> None:
    agent = _agent(shop)
    with pytest.raises(BudgetEnded):
        agent.answer("Why did order lines fall in March 2023?", Deadline(Budget(seconds=0.0)))
    stopped = Deadline()
    stopped.cancel()
    with pytest.raises(Cancelled):
        agent.answer("Why did order lines fall in March 2023?", stopped)


def test_an_agent_gives_the_same_answer_twice(shop: Source) -> None:
    agent = _agent(shop)
    question = "What lifted Boots in May 2023?"
    one, other = (agent.answer(question, Deadline()) for _ in range(2))
    assert replace(one.findings[0], p=0) == replace(other.findings[0], p=0)
    assert one.text == other.text


# --- which questions it takes ------------------------------------------------------------------

TAKEN = """
Why did orders of Bike Bags in France fall in September 2023?
What lifted Climbing in March 2023?
Why has demand for Tents been lower since September 2023?
Which customers left in May 2022?
Why did returns rise after June 2023?
Is affiliate or paid search the better traffic channel by conversion?
Why were parcels slow in March 2023?
What drove the rise in tickets in May 2022?
Which region has been losing orders since July 2023?
What happened to the USD rate in August 2023?
What stands out in orders?
anything unusual in the tickets of 2023?
is there a trend in orders?
do discounts go along with returns?
"""

LEFT = """
How many customers left in May 2022?
Which customers ordered most?
What is the total revenue by region?
Which region had the highest growth in 2023?
Show the trend line of orders by month
List the orders with the highest discount
What changed hands most often?
Did orders rise in 2023?
Which of web or store has more orders?
orders since March 2023
"""


def test_questions_of_insight_are_taken_and_ordinary_ones_left() -> None:
    taken = [q for q in TAKEN.strip().splitlines() if not is_insight(q)]
    left = [q for q in LEFT.strip().splitlines() if is_insight(q)]
    assert (taken, left) == ([], ["What changed hands most often?"])


def test_the_way_that_things_went_is_read() -> None:
    ways = {
        "Why did orders fall in March?": -1,
        "What lifted Boots?": 1,
        "Why were parcels slow?": 1,
        "What happened to the USD rate in August 2023?": 0,
    }
    for question, way in ways.items():
        frame = read_frame(question)
        assert frame is not None and frame.direction == way


def test_the_sides_of_an_association_are_cut_apart() -> None:
    assert sides("What is the relationship between orders and returns?")[0].strip() == "orders"
    assert sides("Are orders and returns related to each other?")[1].strip() == "returns"
