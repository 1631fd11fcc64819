"""What a model says becomes a query spec, or is refused in words."""

from typing import Any

import pytest

from clew_agents.sql.model.free_sql import prepared
from clew_agents.sql.model.reply import read_spec
from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.catalog import Catalog, Column, ForeignKey, Table

CATALOG = Catalog(
    source="shop",
    tables=(
        Table(
            name="customers",
            columns=(
                Column(name="id", type="integer"),
                Column(name="name", type="text"),
                Column(name="active", type="boolean"),
            ),
            row_count=4,
            primary_key=("id",),
        ),
        Table(
            name="orders",
            columns=(
                Column(name="id", type="integer"),
                Column(name="buyer_id", type="integer"),
                Column(name="payer_id", type="integer"),
                Column(name="placed_at", type="timestamp"),
                Column(name="amount", type="decimal"),
                Column(name="State", type="text"),
            ),
            row_count=5,
            primary_key=("id",),
            foreign_keys=(
                ForeignKey(columns=("buyer_id",), table="customers", other_columns=("id",)),
                ForeignKey(columns=("payer_id",), table="customers", other_columns=("id",)),
            ),
        ),
    ),
)


def read(**data: Any) -> q.QuerySpec:
    return read_spec(data, "shop", CATALOG)


def test_a_ranking_shows_what_it_is_by_and_asks_for_the_rest() -> None:
    spec = read(table="orders", by=["orders.state"], order="COUNT( orders ) DESC", limit=1)
    assert [(d.name, d.of.column) for d in spec.dimensions] == [("State", "State")]  # type: ignore[union-attr]
    assert [(m.name, m.aggregate, m.of) for m in spec.measures] == [("orders_count", "count", None)]
    assert spec.order == (q.Order(by="orders_count", direction="descending"),)
    assert (spec.limit, spec.asked) == (1, ("State",))


def test_a_date_has_its_grain_and_a_table_its_way() -> None:
    spec = read(by=["orders.placed_at:month", "customers.name@payer_id"], measures=["sum(amount)"],
                table="orders")  # fmt: skip
    month, name = spec.dimensions
    assert (month.grain, month.name) == ("month", "month")
    assert isinstance(name.of, q.Column) and name.of.path == "payer_id"
    (path,) = spec.joins
    assert path.keys[0].left == q.Column(table="orders", column="payer_id")
    assert spec.measures[0].aggregate == "sum"


@pytest.mark.parametrize(
    ("text", "operator", "values"),
    [
        ("orders.state = 'open'", "=", ("open",)),
        ("orders.state = open", "=", ("open",)),
        ("orders.state != 'it''s'", "!=", ("it's",)),
        ('orders.state contains "a b"', "contains", ("a b",)),
        ("orders.state LIKE '%en%'", "contains", ("en",)),
        ("orders.state in ('a', 'b c', d)", "in", ("a", "b c", "d")),
        ("orders.state not in ('a')", "not_in", ("a",)),
        ("orders.state is null", "is_null", ()),
        ("orders.state is not null", "is_not_null", ()),
        ("orders.amount >= 5", ">=", (5,)),
        ("orders.amount<2.5", "<", (2.5,)),
        ("orders.amount between 1 and 2", "between", (1, 2)),
        ("orders.placed_at >= '2024-01-01'", ">=", ("2024-01-01",)),
        ("customers.active = true", "=", (True,)),
    ],
)
def test_a_condition_is_read(text: str, operator: str, values: tuple[Any, ...]) -> None:
    (condition,) = read(table="orders", measures=["count(orders)"], where=[text]).conditions
    assert isinstance(condition, q.Predicate)
    assert (condition.operator, condition.values) == (operator, values)


def test_a_condition_on_a_measure_filters_groups() -> None:
    spec = read(table="orders", by=["orders.state"], where=["count(orders) > 5"])
    (condition,) = spec.conditions
    assert isinstance(condition, q.Predicate)
    assert condition.on == q.MeasureRef(measure="orders_count")
    assert spec.asked == ("State",)


def test_rows_of_another_table_are_counted_by_its_key() -> None:
    spec = read(table="customers", by=["customers.name"], measures=["count(orders)"])
    assert spec.measures[0].of == q.Column(table="orders", column="id")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({}, "no table ''"),
        ({"table": "orders"}, "no column and no measure"),
        ({"table": "dragons", "measures": ["count(dragons)"]}, "no table 'dragons'"),
        ({"by": ["orders.color"]}, "no column 'color'"),
        ({"by": ["orders.state:month"]}, "no part of that column"),
        ({"by": ["orders.placed_at:century"]}, "no part of that column"),
        ({"by": ["customers.name@nobody"], "table": "orders"}, "no key of 'orders'"),
        ({"measures": ["median_of(orders.amount)"]}, "is none of"),
        ({"measures": ["sum(orders.state)"]}, "is no number"),
        ({"measures": ["count(orders)"], "where": ["anything goes"]}, "no condition"),
        ({"measures": ["count(orders)"], "where": ["orders.amount = much"]}, "is no number"),
        ({"measures": ["count(orders)"], "where": ["orders.state is null or 1"]}, "test for null"),
        ({"measures": ["count(orders)"], "where": ["orders.amount between 1"]}, "1 values"),
        ({"measures": ["count(orders)"], "limit": 0}, "limit is 0"),
        ({"by": ["orders.id"] * 40}, "more than 12"),
    ],
)
def test_what_can_be_no_query_is_named(data: dict[str, Any], says: str) -> None:
    with pytest.raises(RetryByModel, match=says):
        read(**data)


# ----------------------------------------------------------------------------------------- free SQL


def free(sql: str) -> str:
    return " ".join(prepared(sql, "duckdb", CATALOG)[0].split())


def test_free_sql_ends_in_a_total_order() -> None:
    assert free("SELECT state, count(*) AS n FROM orders GROUP BY 1 ORDER BY n DESC") == (
        "SELECT state, COUNT(*) AS n FROM orders GROUP BY 1 ORDER BY n DESC, 1, 2"
    )


def test_a_text_in_double_quotes_is_a_text_where_no_column_has_that_name() -> None:
    sql, _, values = prepared(
        'SELECT "state" FROM orders WHERE "state" = "on the road"', "sqlite", CATALOG
    )
    assert "'on the road'" in sql and values == ("on the road",)
    assert sql.count('"state"') == 2


def test_names_that_say_something_are_taken_away() -> None:
    sql = free('SELECT sum(amount) AS "revenue rose to 5 million", max(amount) FROM orders')
    assert "million" not in sql and "column_1" in sql and "column_2" in sql


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT 1000000 AS revenue FROM orders", "is a constant"),
        ("SELECT 42", "reads no table"),
        ("SELECT sum(amount) FROM orders UNION ALL SELECT 5 FROM orders", "is a constant"),
        ("DELETE FROM orders", "not one SELECT"),
        ("SELECT 1; DROP TABLE orders", "not one SELECT"),
        ("SELECT FROM WHERE", "can't be read|constant|no table|not one"),
        ("", "not one SELECT"),
        ("SELECT id FROM orders WHERE id IN (" + "1," * 3000 + "1)", "characters"),
    ],
)
def test_free_sql_that_can_be_no_answer_is_named(sql: str, says: str) -> None:
    with pytest.raises(RetryByModel, match=says):
        free(sql)
