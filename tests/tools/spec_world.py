"""The little world that generated specs ask about, and the three engines that hold it.

Made to trip: customers have orders and tickets (joined row by row, both count too often), keys are
null or lead nowhere, months are missing, text sorts differently by the rules of a language, and
all fractions are halves and quarters, which every engine holds exactly.
"""

import datetime as dt
import random
import sqlite3
from decimal import Decimal
from typing import Any

import duckdb

from clew_tools.database.catalog import Catalog
from tools.semantic import catalog_of, plain

WORDS = ["a", "B", "ab", "Zebra", "_x", "ä", "it's", "50%", "b-c", "bc", "", "Ab"]
ENGINES = ("duckdb", "sqlite", "postgres")

TABLES: dict[str, Any] = {
    "regions": {"columns": ["id integer *", "name text", "rate number"]},
    "people": {"columns": ["id integer *", "name text"]},
    "customers": {
        "columns": ["id integer *", "name text", "region_id integer", "since date",
                    "credit decimal"],
        "keys": ["region_id > regions"],
    },
    "orders": {
        "columns": ["id integer *", "customer_id integer", "seller_id integer",
                    "packer_id integer", "placed_at timestamp", "shipped_on date",
                    "amount decimal", "quantity integer", "note text", "paid boolean"],
        "keys": ["customer_id > customers", "seller_id > people", "packer_id > people"],
    },
    "order_lines": {
        "columns": ["order_id integer *", "line_no integer *", "product text", "pieces integer"],
        "keys": ["order_id > orders"],
    },
    "tickets": {
        "columns": ["id integer *", "customer_id integer", "opened date", "minutes integer",
                    "topic text"],
        "keys": ["customer_id > customers"],
    },
}  # fmt: skip


def _fill(chance: random.Random) -> None:
    def maybe(value: Any, share: float = 0.12) -> Any:
        return None if chance.random() < share else value

    def day() -> dt.date:
        # Whole months are missing, and a leap day and the ends of years are there.
        while True:
            found = chance.choice([
                dt.date(2022, 1, 1) + dt.timedelta(days=chance.randrange(1096)),
                dt.date(2024, 2, 29), dt.date(2023, 12, 31), dt.date(2024, 1, 1),
            ])  # fmt: skip
            if found.month not in (5, 11) or found.year == 2022:
                return found

    def money() -> Decimal:
        return Decimal(chance.randrange(-40, 400)) / 4

    rows: dict[str, list[list[Any]]] = {}
    rows["regions"] = [[1, "a", 0.5], [2, "B", 1.25], [3, None, 2.0], [4, "ä", None]]
    rows["people"] = [[1, "Ida"], [2, "bo"], [3, None]]
    rows["customers"] = [
        [n, chance.choice(WORDS), maybe(chance.randint(1, 4)), maybe(day()), maybe(money())]
        for n in range(1, 13)
    ]
    rows["orders"] = [
        [n, maybe(chance.choice([*range(1, 10), 99])), chance.randint(1, 3),
         maybe(chance.randint(1, 3), 0.3),
         maybe(dt.datetime.combine(day(), dt.time(chance.choice([0, 8, 23]),
                                                  chance.choice([0, 59]), 0))),
         maybe(day(), 0.3), maybe(money()), maybe(chance.randint(0, 9)),
         maybe(chance.choice(WORDS)), maybe(chance.random() < 0.6)]
        for n in range(1, 91)
    ]  # fmt: skip
    rows["order_lines"] = [
        [order[0], line, maybe(chance.choice(["pen", "Ink", "cup"])), maybe(chance.randint(0, 7))]
        for order in rows["orders"]
        for line in range(1, chance.randint(0, 3) + 1)
    ]
    rows["tickets"] = [
        [n, maybe(chance.randint(4, 12)), maybe(day()), maybe(chance.randint(1, 90)),
         maybe(chance.choice(["x", "Y", "z"]))]
        for n in range(1, 41)
    ]  # fmt: skip
    for name, told in TABLES.items():
        told["rows"] = rows[name]


_fill(random.Random(20))
CATALOG: Catalog = catalog_of(TABLES)
_TYPES = {
    "duckdb": {"integer": "BIGINT", "text": "VARCHAR", "decimal": "DECIMAL(12, 2)",
               "number": "DOUBLE", "date": "DATE", "timestamp": "TIMESTAMP",
               "boolean": "BOOLEAN"},
    "sqlite": {"integer": "INTEGER", "text": "TEXT", "decimal": "NUMERIC", "number": "REAL",
               "date": "DATE", "timestamp": "DATETIME", "boolean": "BOOLEAN"},
    "postgres": {"integer": "BIGINT", "text": "TEXT", "decimal": "NUMERIC(12, 2)",
                 "number": "DOUBLE PRECISION", "date": "DATE", "timestamp": "TIMESTAMP",
                 "boolean": "BOOLEAN"},
    "mysql": {"integer": "BIGINT", "text": "TEXT", "decimal": "DECIMAL(12, 2)",
              "number": "DOUBLE", "date": "DATE", "timestamp": "DATETIME", "boolean": "BOOLEAN"},
}  # fmt: skip


class Worlds:
    """The engines, filled with the same rows."""

    def __init__(self, url: str | None, mariadb: str | None = None) -> None:
        """Fill the engines; servers only where there is a URL."""
        self._connections: dict[str, Any] = {
            "duckdb": duckdb.connect(),
            "sqlite": sqlite3.connect(":memory:"),
        }
        if url is not None:
            import psycopg

            self._connections["postgres"] = psycopg.connect(url, autocommit=True)
        if mariadb is not None:
            self._connections["mysql"] = _MariaDB(mariadb)
        for engine, connection in self._connections.items():
            for name, told in TABLES.items():
                parts = [text.removesuffix(" *").split() for text in told["columns"]]
                columns = ", ".join(f"{c} {_TYPES[engine][t]}" for c, t in parts)
                if engine in ("postgres", "mysql"):
                    connection.execute(f"CREATE TEMPORARY TABLE {name} ({columns})")
                else:
                    connection.execute(f"CREATE TABLE {name} ({columns})")
                sign = "%s" if engine in ("postgres", "mysql") else "?"
                signs = ", ".join(sign for _ in parts)
                for row in told["rows"]:
                    given = [_for_sqlite(v) for v in row] if engine == "sqlite" else row
                    connection.execute(f"INSERT INTO {name} VALUES ({signs})", given)

    @property
    def engines(self) -> tuple[str, ...]:
        """Name the engines that are here."""
        return tuple(self._connections)

    def run(self, engine: str, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement; values come in one form from all engines."""
        return plain(self._connections[engine].execute(sql).fetchall())

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections.values():
            connection.close()


class _MariaDB:
    """What the other drivers' connections do, set up as Clew sets it up."""

    def __init__(self, url: str) -> None:
        import sqlalchemy as sa

        from clew_tools.database.sqlalchemy_servers import SERVERS

        engine = sa.create_engine(url)
        self._connection = engine.connect().execution_options(
            isolation_level="AUTOCOMMIT", no_parameters=True
        )
        self._driver: Any = self._connection.connection.dbapi_connection
        server = next(server for server in SERVERS if server.dialect == "mysql")
        for statement in server.begin(engine.dialect):
            if "READ ONLY" not in statement:
                self.execute(statement)

    def execute(self, sql: str, values: Any = None) -> Any:
        cursor = self._driver.cursor()
        cursor.execute(sql, values)
        return cursor

    def close(self) -> None:
        self._connection.close()
        self._connection.engine.dispose()


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return str(value) if isinstance(value, dt.date) else value
