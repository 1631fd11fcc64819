"""A shop with orders of two years, and a file of visits beside it: what plans are tried on.

Made by rules, so that every run has the same rows; amounts are such that no two sums are equal.
"""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import duckdb

REGIONS = ("Europe", "Asia", "Africa", "Oceania")
CATEGORIES = ("Books", "Garden", "Toys")
PEOPLE = ("Ana", "Ben", "Chen", "Dora", "Emil", "Fay", "Gus", "Hana")
NOW = "2024-12-31T12:00:00+00:00"
DAYS = 731  # all of 2023 and 2024


def make_world(folder: Path) -> tuple[str, str]:
    """Write the shop and the visits; gives both places."""
    shop, visits = folder / "sales.duckdb", folder / "web.csv"
    with duckdb.connect(str(shop)) as db:
        db.execute("CREATE TABLE regions (id INTEGER PRIMARY KEY, name VARCHAR)")
        db.execute(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR,"
            " region_id INTEGER REFERENCES regions (id))"
        )
        db.execute("CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR, category VARCHAR)")
        db.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY,"
            " customer_id INTEGER REFERENCES customers (id),"
            " product_id INTEGER REFERENCES products (id),"
            " ordered_on DATE, revenue DECIMAL(12, 2), quantity INTEGER)"
        )
        db.executemany("INSERT INTO regions VALUES (?, ?)", list(enumerate(REGIONS, 1)))
        people = [(i, name, 1 + (i - 1) % len(REGIONS)) for i, name in enumerate(PEOPLE, 1)]
        db.executemany("INSERT INTO customers VALUES (?, ?, ?)", people)
        products = [
            (i, f"{CATEGORIES[(i - 1) % 3]} {i}", CATEGORIES[(i - 1) % 3]) for i in range(1, 7)
        ]
        db.executemany("INSERT INTO products VALUES (?, ?, ?)", products)
        rows = ", ".join(str(order) for order in _orders())
        db.execute(f"INSERT INTO orders VALUES {rows}")
    with visits.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["visit_id", "visited_on", "page", "minutes"])
        for number in range(900):
            day = dt.date(2023, 1, 1) + dt.timedelta(days=(number * 7) % DAYS)
            writer.writerow([number + 1, day, ("home", "shop", "help")[number % 3], number % 11])
    return str(shop), str(visits)


def _orders() -> list[tuple[int, int, int, str, str, int]]:
    orders = []
    for number in range(600):
        day = dt.date(2023, 1, 1) + dt.timedelta(days=(number * 11) % DAYS)
        customer = 1 + (number * number) % len(PEOPLE) if number % 5 else 3
        product = 1 + (number // 3) % 6
        amount = 20 + (number % 13) * 3 + product * 2 + number / 100
        if day.year == 2024 and day.month == 3:
            amount *= 3  # what stands out
        orders.append(
            (number + 1, customer, product, day.isoformat(), f"{amount:.2f}", 1 + number % 4)
        )
    return orders
