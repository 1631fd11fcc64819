"""Does "only" beside a verb leave out those who have something else too, and nobody else?"""

from pathlib import Path

import duckdb
import pytest

import clew

# Ann has tea alone, Bo tea and rice, Cy rice, Di tea and something of no kind; Ed has nothing.
TABLES = """
create table customers (customer_id integer primary key, name varchar, city varchar);
insert into customers values
    (1, 'Ann', 'Oslo'), (2, 'Bo', 'Oslo'), (3, 'Cy', 'Bergen'), (4, 'Di', 'Bergen'),
    (5, 'Ed', null);
create table orders (
    order_id integer primary key, customer_id integer references customers, kind varchar,
    channel varchar, ordered_on date, amount decimal(9, 2));
insert into orders values
    (1, 1, 'Tea', 'Web', '2023-02-01', 10), (2, 1, 'Tea', 'Shop', '2024-02-01', 20),
    (3, 2, 'Tea', 'Web', '2023-03-01', 30), (4, 2, 'Rice', 'Web', '2024-03-01', 40),
    (5, 3, 'Rice', 'Shop', '2024-03-02', 50), (6, 4, 'Tea', 'Shop', '2024-04-01', 60),
    (7, 4, null, 'Shop', '2024-04-02', 70), (8, null, 'Tea', 'Web', '2024-05-01', 80);
"""
FLAT = """
create table sales as
    select order_id, name as customer, kind, channel, ordered_on, amount
    from orders left join customers using (customer_id);
drop table orders;
drop table customers;
"""


def asked(folder: Path, question: str, more: str = "") -> clew.Answer:
    """Ask over customers and their orders, in two tables or in one."""
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as made:
        made.execute(TABLES + more)
    with clew.open(str(path)) as workspace:
        return workspace.ask(question)


def names(answer: clew.Answer) -> set[str]:
    """Read the first column, or the number as text."""
    assert answer.status == "answered", answer.reason
    return {str(value) for value in answer.table.column(0).to_pylist()}


@pytest.mark.parametrize("more", ["", FLAT], ids=["two tables", "one table"])
@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("which customers bought only Tea?", {"Ann"}),
        ("customers who only bought Tea", {"Ann"}),
        ("customers with only Tea", {"Ann"}),
        ("which customers bought only Tea in 2023?", {"Ann", "Bo"}),
        ("which customers bought exclusively via Web?", {"Bo"}),
    ],
)
def test_who_has_only_one_thing_has_nothing_else(tmp_path, more, question, right):
    assert names(asked(tmp_path, question, more)) == right


def test_a_name_of_their_rows_may_be_the_verb(tmp_path):
    assert names(asked(tmp_path, "which customers ordered only via Web?")) == {"Bo"}


def test_they_are_counted_alike(tmp_path):
    assert names(asked(tmp_path, "how many customers bought only Tea?")) == {"1"}


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("show only Tea: number of orders", {"5"}),
        ("number of orders for Tea only", {"5"}),
        ("how many orders came only via Web", {"4"}),
        ("total amount for only the Web channel", {"160.00"}),
    ],
)
def test_where_nothing_else_can_be_there_it_changes_nothing(tmp_path, question, right):
    assert names(asked(tmp_path, question)) == right


def test_what_it_is_said_of_must_be_clear(tmp_path):
    answer = asked(tmp_path, "total amount of customers who bought only Tea", FLAT)
    assert answer.status != "answered"
    assert "only" in (answer.reason or "")


def test_only_one_is_exactly_one(tmp_path):
    assert names(asked(tmp_path, "customers with only one order")) == {"Cy"}


def test_rows_of_nobody_are_in_no_average(tmp_path):
    assert names(asked(tmp_path, "average number of orders per customer")) == {"1.75"}


def test_a_time_is_told_beside_what_it_is_of(tmp_path):
    more = "alter table customers add column joined_on date; update customers set joined_on = "
    answer = asked(tmp_path, "how many customers joined in 2023 but have no orders?",
                   f"{more} '2023-05-01'")  # fmt: skip
    assert answer.text == "There is 1 customer in 2023 with no orders."
