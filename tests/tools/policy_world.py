"""A small shop with secrets, six roles over it, and queries about it made from a seed."""

import random
import sqlite3
from pathlib import Path
from typing import Any

import duckdb

from clew_core.principal import Policy, Principal
from clew_tools.database.roles import Roles, read_roles

ROLES = """\
all:
  tables: "*"
emea:
  members: [ana]
  tables: [customers, orders, items]
  hide: [customers.email, customers.spend]
  rows:
    customers: "region = 'EMEA'"
    orders: "customer_id IN (SELECT id FROM customers WHERE region = 'EMEA')"
desk:
  tables: [customers, orders]
  hide: [orders.amount, customers.spend]
big:
  tables: [orders, items]
  rows: {orders: "amount > 50 OR amount IS NULL", items: "sku <> 'canary'"}
stock:
  tables: [items]
  hide: [items.order_id]
people:
  tables: [staff, customers]
  hide: [customers.id]
  rows: {staff: "salary < 5000", customers: "NOT region = 'EMEA'"}
"""
NAMES = ("all", "emea", "desk", "big", "stock", "people")
COLUMNS = {
    "customers": ("id", "name", "region", "email", "spend"),
    "orders": ("id", "customer_id", "day", "amount", "note"),
    "items": ("order_id", "sku", "qty"),
    "staff": ("id", "name", "salary"),
}
NUMBERS = {"id", "spend", "customer_id", "amount", "order_id", "qty", "salary"}
CREATE = """
CREATE TABLE customers (id INTEGER, name VARCHAR, region VARCHAR, email VARCHAR, spend INTEGER);
CREATE TABLE orders (id INTEGER, customer_id INTEGER, day VARCHAR, amount INTEGER, note VARCHAR);
CREATE TABLE items (order_id INTEGER, sku VARCHAR, qty INTEGER);
CREATE TABLE staff (id INTEGER, name VARCHAR, salary INTEGER);
"""


def rows_of_the_shop() -> dict[str, list[tuple[object, ...]]]:
    """Make its rows; each hidden value is one that stands nowhere else, a canary."""
    rng = random.Random(7)
    customers = [
        (n, f"name{n % 17}", rng.choice(("EMEA", "APAC", "AMER", None)), f"canary{n}@x", 70000 + n)
        for n in range(1, 41)
    ]
    orders: list[tuple[object, ...]] = [
        (n, rng.randint(1, 40), f"2024-{rng.randint(1, 12):02}-01",
         rng.choice((None, *range(10, 120))), rng.choice(("a", "b", None)))
        for n in range(1, 121)
    ]  # fmt: skip
    items = [
        (rng.randint(1, 120), rng.choice(("s1", "s2", "s3", "canary")), rng.randint(1, 9))
        for _ in range(200)
    ]
    staff = [(n, f"canarystaff{n}", 4000 + 100 * n) for n in range(1, 21)]
    return {"customers": customers, "orders": orders, "items": items, "staff": staff}


def write_shop(place: Path | str, engine: str, policy: Policy | None = None) -> Path | str:
    """Write the shop; with a policy, a copy that has only what it shows.

    Args:
        place: a file that is not there yet, or the URL of an empty database.
        engine: duckdb, sqlite, postgres or mysql.
        policy: what the copy shows.
    """
    connection: Any
    if engine == "postgres":
        import psycopg

        connection = psycopg.connect(str(place))
        connection.execute(CREATE.encode())
    elif engine == "mysql":
        import sqlalchemy as sa

        connection = sa.create_engine(str(place), poolclass=sa.NullPool).raw_connection()
        for statement in CREATE.replace("VARCHAR", "VARCHAR(40)").split(";\n"):
            if statement.strip():
                connection.cursor().execute(statement)
    elif engine == "sqlite":
        connection = sqlite3.connect(place)
        connection.executescript(CREATE)
    else:
        connection = duckdb.connect(str(place))
        connection.execute(CREATE)
    cursor = connection.cursor()
    for table, rows in rows_of_the_shop().items():
        mark = "%s" if engine in ("postgres", "mysql") else "?"
        marks = ", ".join([mark] * len(rows[0]))
        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    if policy is not None:
        # All are filtered from the whole, as a filter may read another table.
        for table, names in COLUMNS.items():
            shown = ", ".join(n for n in names if policy.shows_column(table, n))
            if policy.shows_table(table):
                rows_shown = policy.rows.get(table, "1 = 1")
                cursor.execute(
                    f"CREATE TABLE copy_{table} AS SELECT {shown} FROM {table} WHERE {rows_shown}"
                )
        for table in COLUMNS:
            cursor.execute(f"DROP TABLE {table}")
            if policy.shows_table(table):
                cursor.execute(f"ALTER TABLE copy_{table} RENAME TO {table}")
    connection.commit()
    connection.close()
    return place


def read_shop_roles(folder: Path) -> Roles:
    """Write roles.yaml and read it."""
    file = folder / "roles.yaml"
    file.write_text(ROLES, encoding="utf-8")
    return read_roles(file)


def principal(roles: Roles, *names: str) -> Principal:
    """Make somebody who has roles."""
    return Principal(user=names[0], roles=names, policy=roles.policy(names))


class Queries:
    """Queries from a seed; some name what a role may not see."""

    def __init__(self, seed: int, main: str = "main") -> None:
        """Begin.

        Args:
            seed: of chance.
            main: name of the schema that the tables lie in.
        """
        self.rng, self.main = random.Random(seed), main

    def query(self) -> str:
        """Make one."""
        return self._any().replace("main.", f"{self.main}.")

    def _any(self) -> str:
        return getattr(self, "_" + self.rng.choice(
            ("plain", "star", "grouped", "joined", "inside", "window", "cte", "shadow", "union",
             "exists", "scalar", "nested", "case")
        ))()  # fmt: skip

    def _table(self) -> str:
        return self.rng.choice(("customers", "orders", "orders", "items", "staff"))

    def _column(self, table: str, *, number: bool = False) -> str:
        names = [n for n in COLUMNS[table] if not number or n in NUMBERS]
        return self.rng.choice(names)

    def _condition(self, table: str, alias: str = "") -> str:
        column = self._column(table)
        at = f"{alias}.{column}" if alias else column
        if column in NUMBERS:
            return f"{at} {self.rng.choice(('<', '>=', '<>'))} {self.rng.randint(1, 90)}"
        return self.rng.choice(
            (f"{at} IS NOT NULL", f"{at} LIKE '%a%'", f"{at} > 'm'", f"NOT {at} = 'a'",
             f"coalesce({at}, 'z') <> 'EMEA'")
        )  # fmt: skip

    def _plain(self) -> str:
        t = self._table()
        names = ", ".join({self._column(t): 0 for _ in range(3)})
        return f"SELECT {names} FROM {t} WHERE {self._condition(t)}"

    def _star(self) -> str:
        t = self._table()
        return self.rng.choice(
            (f"SELECT * FROM {t}", f"SELECT {t}.* FROM {t}", f"SELECT x.* FROM {t} AS x",
             f"SELECT count(*) AS n FROM {t}", f"SELECT * FROM main.{t}",
             f"SELECT main.{t}.{self._column(t)} FROM main.{t}")
        )  # fmt: skip

    def _grouped(self) -> str:
        t = self._table()
        g, n = self._column(t), self._column(t, number=True)
        return (
            f"SELECT {g}, count(*) AS n, sum({n}) AS s, min({n}) AS low FROM {t} "
            f"WHERE {self._condition(t)} GROUP BY {g} HAVING count(*) >= {self.rng.randint(1, 3)}"
        )

    def _joined(self) -> str:
        kind = self.rng.choice(("JOIN", "LEFT JOIN"))
        pairs = (
            ("orders", "customers", "a.customer_id = b.id"),
            ("items", "orders", "a.order_id = b.id"),
            ("customers", "staff", "a.id = b.id"),
            ("orders", "items", "a.id = b.order_id"),
        )
        t, o, on = self.rng.choice(pairs)
        return (
            f"SELECT a.{self._column(t)} AS x, b.{self._column(o)} AS y, count(*) AS n FROM {t} a "
            f"{kind} {o} b ON {on} WHERE {self._condition(t, 'a')} GROUP BY 1, 2"
        )

    def _inside(self) -> str:
        t, o = self._table(), self._table()
        n, m = self._column(t, number=True), self._column(o, number=True)
        word = self.rng.choice(("IN", "NOT IN"))
        return f"SELECT count(*) AS n FROM {t} WHERE {n} {word} (SELECT {m} FROM {o})"

    def _window(self) -> str:
        t = self._table()
        n = self._column(t, number=True)
        return f"SELECT {n}, rank() OVER (ORDER BY {n}) AS r, sum({n}) OVER () AS s FROM {t}"

    def _cte(self) -> str:
        t = self._table()
        n = self._column(t, number=True)
        return (
            f"WITH x AS (SELECT {n} AS v FROM {t}), y AS (SELECT max(v) AS m FROM x) "
            "SELECT v FROM x, y WHERE v < m"
        )

    def _shadow(self) -> str:
        # A WITH named like a table that the row filter of another one reads.
        t = self.rng.choice(("orders", "items"))
        return (
            "WITH customers AS (SELECT 1 AS id, 'EMEA' AS region UNION ALL SELECT 2, 'EMEA') "
            f"SELECT count(*) AS n FROM {t}"
        )

    def _union(self) -> str:
        t, o = self._table(), self._table()
        word = self.rng.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT"))
        n, m = self._column(t, number=True), self._column(o, number=True)
        return f"SELECT {n} AS v FROM {t} {word} SELECT {m} FROM {o}"

    def _exists(self) -> str:
        word = self.rng.choice(("EXISTS", "NOT EXISTS"))
        condition = self._condition("customers", "c")
        return (
            f"SELECT count(*) AS n FROM orders o WHERE {word} "
            f"(SELECT 1 FROM customers c WHERE c.id = o.customer_id AND {condition})"
        )

    def _scalar(self) -> str:
        t, o = self._table(), self._table()
        n, m = self._column(t), self._column(o)
        return f"SELECT {n} AS x, (SELECT max({m}) FROM {o}) AS m FROM {t}"

    def _nested(self) -> str:
        t = self._table()
        g = self._column(t)
        return f"SELECT max(n) AS m FROM (SELECT {g}, count(*) AS n FROM {t} GROUP BY {g}) AS q"

    def _case(self) -> str:
        t = self._table()
        condition = self._condition(t)
        return (
            f"SELECT CASE WHEN {condition} THEN 'y' ELSE 'n' END AS w, count(*) AS n "
            f"FROM {t} GROUP BY 1"
        )
