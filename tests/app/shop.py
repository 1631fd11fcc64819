"""A small shop in a DuckDB file, with what makes answers hard: two Smiths, nulls, long numbers."""

from __future__ import annotations

from typing import Any

import duckdb

from clew.answer import Answer

NOW = "2024-05-15T12:00:00+00:00"
SCHEMA = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR, city VARCHAR, joined_on DATE);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),
    placed_at TIMESTAMP, amount DECIMAL(12, 2), weight DOUBLE, points BIGINT, channel VARCHAR);
CREATE TABLE visits (
    id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id),
    began_on DATE, ended_on DATE);
INSERT INTO customers VALUES
    (1, 'Smith', 'Lyon', '2020-01-31'), (2, 'Smith', 'Basel', '2021-02-28'),
    (3, 'Jones', 'Lyon', NULL), (4, 'Ana', 'Oslo', '2022-12-31');
INSERT INTO orders VALUES
    (1, 1, '2024-04-01 00:00:00', 10.10, 1.5, 9007199254740993, 'app'),
    (2, 1, '2024-04-30 23:59:59', 20.20, 'nan', 2, 'app'),
    (3, 2, '2024-05-01 08:00:00', 5.05, 2.5, NULL, 'shop'),
    (4, 3, '2024-05-15 12:00:00', 99.99, 0.1, 4, 'shop'),
    (5, 2, '2023-04-10 10:00:00', 1000.00, 0.2, 5, 'app');
INSERT INTO visits VALUES (1, 1, '2024-01-01', '2024-01-02'), (2, 2, '2024-02-01', '2024-03-01'),
    (3, 1, '2024-02-10', '2024-02-11');
"""

QUESTIONS = (
    "how many orders are there?",
    "total amount",
    "average amount",
    "total amount per customer",
    "total amount by channel",
    "total amount by month",
    "how many orders per day?",
    "number of different cities",
    "top 2 customers by total amount",
    "lowest and highest amount",
    "list all customers",
    "orders over 20.20 in amount",
    "total points",
    "how many orders in 1999?",
    "how many dragons?",
    "delete all orders",
    "visits per month",
)


def make_shop(path: str, *more: str) -> None:
    """Write the shop, and what more says, into a new DuckDB file."""
    with duckdb.connect(path) as db:
        for statement in (*SCHEMA.split(";\n"), *more):
            if statement.strip():
                db.execute(statement)


def rows(answer: Answer) -> list[dict[str, Any]]:
    """Give the rows of an answer that has some."""
    assert answer.status == "answered", answer.reason
    assert answer.table is not None
    found: list[dict[str, Any]] = answer.table.to_pylist()
    return found
