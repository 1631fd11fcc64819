"""The same spec gives the same answer on three engines, and it is the right one."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args

import pytest

from clew_core import query_spec as q
from clew_tools.semantic.compile import compile_spec
from clew_tools.semantic.writer import Writer
from tools.semantic import plain
from tools.spec_evaluator import answer
from tools.spec_generator import column, make
from tools.spec_world import CATALOG, TABLES, Worlds

QUICK, ALL = 60, 400


@pytest.fixture(scope="module")
def two() -> Iterator[Worlds]:
    worlds = Worlds(None)
    yield worlds
    worlds.close()


@pytest.fixture(scope="module")
def three(postgres_url: str) -> Iterator[Worlds]:
    worlds = Worlds(postgres_url)
    yield worlds
    worlds.close()


@pytest.fixture(scope="module")
def mariadb(mariadb_url: str) -> Iterator[Worlds]:
    worlds = Worlds(None, mariadb_url)
    yield worlds
    worlds.close()


def check(worlds: Worlds, seed: int, engines: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Ask the engines, and compare each with the answer worked out without SQL."""
    spec = make(seed)
    right = answer(spec)
    for engine in engines:
        sql = compile_spec(spec, CATALOG, engine).sql
        try:
            found = worlds.run(engine, sql)
        except Exception as error:
            raise AssertionError(f"seed {seed}, {engine}: {error}\n{sql}\n{spec}") from error
        assert found == right, f"seed {seed}, {engine}\n{sql}\n{spec}"
    return right


@pytest.mark.parametrize("seed", range(QUICK))
def test_duckdb_and_sqlite_give_the_right_answer(two: Worlds, seed: int) -> None:
    check(two, seed, ("duckdb", "sqlite"))


@pytest.mark.postgres
@pytest.mark.parametrize("seed", range(QUICK))
def test_postgres_gives_the_right_answer(three: Worlds, seed: int) -> None:
    check(three, seed, ("postgres",))


@pytest.mark.mariadb
@pytest.mark.parametrize("seed", range(QUICK))
def test_mariadb_gives_the_right_answer(mariadb: Worlds, seed: int) -> None:
    check(mariadb, seed, ("mysql",))


@pytest.mark.soak
@pytest.mark.mariadb
def test_four_hundred_specs_give_the_right_answer_on_mariadb(mariadb: Worlds) -> None:
    wrong = []
    for seed in range(ALL):
        try:
            check(mariadb, seed, ("mysql",))
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, f"{len(wrong)} of {ALL} are wrong; the first: {wrong[0]}"


@pytest.mark.soak
@pytest.mark.postgres
def test_four_hundred_specs_give_the_right_answer_on_three_engines(three: Worlds) -> None:
    wrong = []
    full = 0
    for seed in range(ALL):
        try:
            full += bool(check(three, seed, three.engines))
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, f"{len(wrong)} of {ALL} are wrong; the first: {wrong[0]}"
    assert full > 0.6 * ALL  # empty answers prove little


def _parts(part: Any) -> Iterator[Any]:
    yield part
    if is_dataclass(part):
        for field in fields(part):
            yield from _parts(getattr(part, field.name))
    elif isinstance(part, tuple):
        for item in part:
            yield from _parts(item)


def test_the_generated_specs_use_every_part_that_a_spec_has() -> None:
    parts = [part for seed in range(ALL) for part in _parts(make(seed))]

    def values(kind: type, name: str) -> set[Any]:
        return {getattr(part, name) for part in parts if isinstance(part, kind)}

    assert values(q.Measure, "aggregate") >= set(get_args(q.Aggregate))
    assert values(q.Dimension, "grain") >= set(get_args(q.Grain))
    assert values(q.Dimension, "week_start") == set(get_args(q.Weekday))
    assert len(values(q.Dimension, "fiscal_year_start")) > 3
    assert values(q.Predicate, "operator") == set(get_args(q.Operator))
    assert values(q.Comparison, "kind") == set(get_args(q.ComparisonKind))
    assert values(q.SetOperation, "op") == {"union", "intersect", "except"}
    assert values(q.Related, "has") == {True, False}
    assert values(q.JoinPath, "kind") == {"inner", "left"}
    kinds = {type(part) for part in parts}
    assert kinds >= {q.AllOf, q.AnyOf, q.NoneOf, q.Ratio, q.Bucket, q.TopPerGroup, q.Arithmetic}
    assert {"days", "add", "subtract", "multiply"} <= values(q.Arithmetic, "op")
    assert values(q.Below, "aggregate") == {"min", "max"}
    assert {None, 10, 37.5} <= values(q.QuerySpec, "limit_percent")
    assert sum(isinstance(p, q.Predicate) and p.than is not None for p in parts) > 5
    below = sum(isinstance(p, q.QuerySpec) and any(m.name[0] == "b" for m in p.measures)
                for p in parts)  # fmt: skip
    assert below > 40  # measures of tables whose rows point at the spec's


@pytest.mark.postgres
def test_every_word_that_postgres_reserves_is_quoted(postgres_url: str) -> None:
    import psycopg

    writer = Writer("postgres")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        words = connection.execute("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')")
        reserved = [word for (word,) in words]
        assert len(reserved) > 90
        assert [word for word in reserved if not writer.name(word).quoted] == []
    assert writer.name("CustomerId").quoted  # without quotes it would be customerid


# ------------------------------------------------------------------- traps, worked out by hand


def ask(worlds: Worlds, spec: q.QuerySpec, metrics: Any = None) -> list[tuple[Any, ...]]:
    """Ask all engines that are here; they have to agree."""
    found = [
        worlds.run(engine, compile_spec(spec, CATALOG, engine, metrics).sql)
        for engine in worlds.engines
    ]
    assert all(rows == found[0] for rows in found)
    return found[0]


def total(table: str, place: int, key: int) -> float:
    """Add up a column over the rows whose customer is there."""
    customers = {row[0] for row in TABLES["customers"]["rows"]}
    return float(sum(row[place] or 0 for row in TABLES[table]["rows"] if row[key] in customers))


def dimension(name: str, of: str) -> q.Dimension:
    return q.Dimension(name=name, of=column(of))


def measure(name: str, aggregate: Any, of: str) -> q.Measure:
    return q.Measure(name=name, aggregate=aggregate, of=column(of))


def test_orders_and_tickets_of_customers_are_each_counted_once(two: Worlds) -> None:
    spec = q.QuerySpec(
        source="w",
        table="customers",
        measures=(
            q.Measure(name="customers", aggregate="count"),
            measure("credit", "sum", "customers.credit"),
            measure("revenue", "sum", "orders.amount"),
            measure("minutes", "sum", "tickets.minutes"),
        ),
    )
    credit = float(sum(row[4] or 0 for row in TABLES["customers"]["rows"]))
    right = (12.0, credit, total("orders", 6, 1), total("tickets", 3, 1))
    assert ask(two, spec) == [right]
    by_customer = ask(two, replace(spec, dimensions=(dimension("who", "customers.id"),)))
    assert tuple(sum(row[place] or 0 for row in by_customer) for place in (1, 2, 3, 4)) == right


def test_customers_without_orders_have_a_count_of_zero(two: Worlds) -> None:
    spec = q.QuerySpec(
        source="w",
        table="customers",
        dimensions=(dimension("who", "customers.id"),),
        measures=(measure("orders", "count", "orders.id"),),
    )
    counts = dict(ask(two, spec))
    assert len(counts) == 12
    assert counts[11] == 0
    assert counts[3] == sum(row[1] == 3 for row in TABLES["orders"]["rows"])


def test_a_second_measure_takes_no_rows_from_the_first(two: Worlds) -> None:
    alone = q.QuerySpec(source="w", table="orders", measures=(measure("n", "count", "orders.id"),))
    beside = replace(alone, measures=(*alone.measures, measure("c", "sum", "customers.credit")))
    assert ask(two, alone)[0][0] == ask(two, beside)[0][0] == 90


def test_rows_that_point_twice_are_told_apart_by_their_path(two: Worlds) -> None:
    sold = q.JoinPath(
        name="sold", keys=(q.Key(left=column("people.id"), right=column("orders.seller_id")),)
    )
    packed = q.JoinPath(
        name="packed", keys=(q.Key(left=column("people.id"), right=column("orders.packer_id")),)
    )
    spec = q.QuerySpec(
        source="w",
        table="people",
        dimensions=(dimension("who", "people.id"),),
        measures=(
            measure("sold", "count", "orders.id@sold"),
            measure("packed", "count", "orders.id@packed"),
        ),
        joins=(sold, packed),
    )
    orders = TABLES["orders"]["rows"]
    right = [
        (float(n), float(sum(r[2] == n for r in orders)), float(sum(r[3] == n for r in orders)))
        for n in (1, 2, 3)
    ]
    assert ask(two, spec) == right
    few = q.Related(
        has=False,
        table="orders",
        path="packed",
        where=q.Predicate(on=column("orders.quantity"), operator=">", values=(8,)),
    )
    busy = {row[3] for row in orders if row[7] is not None and row[7] > 8}
    found = ask(two, replace(spec, measures=(), joins=(packed,), conditions=(few,)))
    assert [row[0] for row in found] == [float(n) for n in (1, 2, 3) if n not in busy]


def test_metrics_are_put_in_their_place_with_both_filters(two: Worlds) -> None:
    paid = q.Predicate(on=column("orders.paid"), operator="=", values=(True,))
    late = q.Predicate(on=column("orders.placed_at"), operator=">=", values=("2024-01-01",))
    metrics = {
        "value": q.Arithmetic(
            op="multiply", args=(column("orders.amount"), column("orders.quantity"))
        ),
        "paid orders": q.Measure(name="x", aggregate="count", where=paid),
        "paid share": q.Measure(
            name="y",
            ratio=q.Ratio(
                numerator=q.Measure(name="a", metric="paid orders"),
                denominator=q.Measure(name="b", aggregate="count"),
            ),
        ),
    }
    spec = q.QuerySpec(
        source="w",
        table="orders",
        measures=(
            q.Measure(name="value", metric="value"),
            q.Measure(name="paid", metric="paid orders", where=late),
            q.Measure(name="share", metric="paid share", where=late),
        ),
    )
    orders = TABLES["orders"]["rows"]
    value = sum(float(row[6]) * row[7] for row in orders if None not in (row[6], row[7]))
    new = [row for row in orders if row[4] is not None and row[4].year == 2024]
    n = sum(row[9] is True for row in new)
    assert ask(two, spec, metrics) == plain([(value, n, n / len(new))])


def test_a_gap_in_the_calendar_shifts_no_period(two: Worlds) -> None:
    spec = q.QuerySpec(
        source="w",
        table="orders",
        dimensions=(q.Dimension(name="month", of=column("orders.placed_at"), grain="month"),),
        measures=(q.Measure(name="n", aggregate="count"),),
        comparisons=(q.Comparison(name="before", kind="previous_period", measure="n"),),
    )
    rows = {row[0]: row[1:] for row in ask(two, spec) if row[0]}
    assert "2023-05-01" not in rows and "2023-06-01" in rows
    for month, (_, before) in rows.items():
        last = (dt.date.fromisoformat(month) - dt.timedelta(days=1)).replace(day=1)
        assert before == rows.get(last.isoformat(), (None,))[0]
    year = q.Predicate(on=column("orders.placed_at"), operator=">=", values=("2024-01-01",))
    of_a_year = {row[0]: row[1:] for row in ask(two, replace(spec, conditions=(year,)))}
    assert min(of_a_year) == "2024-01-01"
    assert of_a_year["2024-01-01"][1] == rows["2023-12-01"][0]  # it looks beyond the year
