"""The small shop that the compiler's tests run on: its catalog, and both engines filled with it."""

import datetime as dt
import math
import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

from clew_core.json_form import from_json
from clew_core.query_spec import QuerySpec
from clew_tools.database.catalog import Catalog, Column, ForeignKey, Table
from clew_tools.database.names import quoted

ENGINES = ("duckdb", "sqlite")
TABLES: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parent / "semantic_tables.yaml").read_text("utf-8")
)
# SQLite keeps dates as text, and decimals as what they look like.
_TYPES = {
    "duckdb": {
        "integer": "BIGINT", "text": "VARCHAR", "decimal": "DECIMAL(12, 2)", "number": "DOUBLE",
        "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN",
    },
    "sqlite": {
        "integer": "INTEGER", "text": "TEXT", "decimal": "NUMERIC", "number": "REAL",
        "date": "TEXT", "timestamp": "TEXT", "boolean": "BOOLEAN",
    },
}  # fmt: skip


def _columns(told: dict[str, Any]) -> list[tuple[str, str, bool]]:
    parts = [(text.removesuffix(" *"), text.endswith(" *")) for text in told["columns"]]
    return [(text.rpartition(" ")[0], text.rpartition(" ")[2], key) for text, key in parts]


def _key_of(table: str, tables: dict[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, _, key in _columns(tables[table]) if key)


def catalog_of(tables: dict[str, Any]) -> Catalog:
    """Make the catalog of tables that are told as text."""
    made = []
    for name, told in tables.items():
        foreign = []
        for text in told.get("keys", ()):
            columns, _, other = text.partition(" > ")
            foreign.append(
                ForeignKey(
                    columns=tuple(columns.split(", ")),
                    table=other,
                    other_columns=_key_of(other, tables),
                )
            )
        made.append(
            Table(
                name=name,
                columns=tuple(Column(name=n, type=t) for n, t, _ in _columns(told)),  # type: ignore[arg-type]
                row_count=len(told["rows"]),
                primary_key=_key_of(name, tables),
                foreign_keys=tuple(foreign),
            )
        )
    return Catalog(source="shop", tables=tuple(made))


def spec_of(told: dict[str, Any]) -> QuerySpec:
    """Make a spec; columns are written ``table.column@path``."""
    return from_json(QuerySpec, {"source": "shop", **_expanded(told)})


def _expanded(data: Any, key: str = "") -> Any:
    if key in ("of", "on", "left", "right", "args") and isinstance(data, str):
        table, _, column = data.partition(".")
        column, _, path = column.partition("@")
        return {"table": table, "column": column, **({"path": path} if path else {})}
    if isinstance(data, dict):
        # YAML 1.1 reads a bare `on` as true.
        return {"on" if k is True else k: _expanded(v, "on" if k is True else k)
                for k, v in data.items()}  # fmt: skip
    if isinstance(data, list):
        return [_expanded(item, key) for item in data]
    return data


class Engines:
    """Both engines, filled with the same rows."""

    def __init__(self, tables: dict[str, Any]) -> None:
        """Create and fill the tables."""
        self.duckdb = duckdb.connect()
        self.sqlite = sqlite3.connect(":memory:")
        self._inserts: dict[str, str] = {}
        for name, told in tables.items():
            columns = _columns(told)
            signs = ", ".join("?" for _ in columns)
            for engine in ENGINES:
                types = ", ".join(f"{quoted(n)} {_TYPES[engine][t]}" for n, t, _ in columns)
                self.run(engine, f"CREATE TABLE {quoted(name)} ({types})")
            self._inserts[name] = f"INSERT INTO {quoted(name)} VALUES ({signs})"
            self._insert(name, told["rows"])

    def refill(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Put other rows into a table."""
        for engine in ENGINES:
            self.run(engine, f"DELETE FROM {quoted(name)}")
        self._insert(name, rows)

    def _insert(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self.duckdb.execute(self._inserts[name], row)
        self.sqlite.executemany(self._inserts[name], rows)

    def run(self, engine: str, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement; values come in the same form from both engines."""
        if engine == "duckdb":
            return plain(self.duckdb.execute(sql).fetchall())
        return plain(self.sqlite.execute(sql).fetchall())

    def close(self) -> None:
        """Close both."""
        self.duckdb.close()
        self.sqlite.close()


def plain(rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Write dates as text and numbers as floats of nine digits: what the engines agree on."""
    return [tuple(_plain(value) for value in row) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, bool | int | float | Decimal):
        number = float(value)
        return number if number == 0 or math.isinf(number) else float(f"{number:.9g}")
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else value
