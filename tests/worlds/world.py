"""What is a world: a schema with data, a moment that is now, and a file that Clew can open?

The same rows lie twice: in the file, in its own types, and in a DuckDB in memory, with dates as
dates and truth values as booleans, where the gold queries run.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from worlds import pools
from worlds.schema import DOMAINS, Column, Schema, Table, draw_schema

_YEARS = 3.2


def quoted(name: str) -> str:
    """Write a name so that any engine takes it."""
    return f'"{name}"'


@dataclass(kw_only=True)
class World:
    """A schema with data.

    Attributes:
        seed: that it was drawn from.
        schema: its tables.
        now: the day on which questions are asked; the data end with it.
        first: the day on which the data begin.
        form: ``duckdb``, ``sqlite`` or ``csv``.
        keys: whether primary and foreign keys are declared.
        rows: of each table, as gold has them.
        gold: the database in memory.
    """

    seed: int
    schema: Schema
    now: dt.date
    first: dt.date
    form: str
    keys: bool
    rows: dict[str, list[tuple[Any, ...]]]
    gold: duckdb.DuckDBPyConnection

    @property
    def name(self) -> str:
        """What to call it."""
        return f"{self.schema.domain}-{self.seed}"

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a gold query."""
        return self.gold.execute(sql).fetchall()

    def values(self, table: Table, column: Column) -> list[Any]:
        """Give the different values of a column, without the missing one."""
        place = _names(table).index(column.name)
        found = {row[place] for row in self.rows[table.key]} - {None}
        return sorted(found)

    def label(self, table: Table, place: int) -> str:
        """Give the name of a row of a table with one label column."""
        return str(self.rows[table.key][place][1])

    def close(self) -> None:
        """Let go of the database in memory."""
        self.gold.close()

    def write(self, folder: Path) -> Path:
        """Write the file or folder that Clew opens."""
        stem = self.schema.domain
        if self.form == "csv":
            target = folder / stem
            target.mkdir()
            for table in self.schema.tables.values():
                with (target / f"{table.name}.csv").open("w", newline="", encoding="utf-8") as out:
                    writer = csv.writer(out)
                    writer.writerow(_names(table))
                    writer.writerows(self._stored(table))
            return target
        target = folder / f"{stem}.{self.form}"
        if self.form == "sqlite":
            with closing(sqlite3.connect(target)) as db:
                self._fill(db, sqlite=True)
                db.commit()
        else:
            with duckdb.connect(str(target)) as db:
                self._fill(db, sqlite=False)
        return target

    def _fill(self, db: Any, *, sqlite: bool) -> None:
        for table in self.schema.tables.values():
            db.execute(self._create(table, sqlite=sqlite))
            if sqlite:
                marks = ", ".join("?" for _ in _names(table))
                db.executemany(
                    f"INSERT INTO {quoted(table.name)} VALUES ({marks})", self._stored(table)
                )
            else:
                _insert(db, table, self._stored(table))

    def _create(self, table: Table, *, sqlite: bool) -> str:
        lines = [f"{quoted(table.pk)} INTEGER" + (" PRIMARY KEY" if self.keys else "")]
        text = "TEXT" if sqlite else "VARCHAR"
        lines += [f"{quoted(label)} {text} NOT NULL" for label in table.labels]
        for column in table.columns:
            lines.append(f"{quoted(column.name)} {self._type(column, sqlite=sqlite)}")
        for ref, parent in self.schema.parents(table):
            clause = f" REFERENCES {quoted(parent.name)}({quoted(parent.pk)})" if self.keys else ""
            lines.append(f"{quoted(ref.name)} INTEGER{clause}")
        return f"CREATE TABLE {quoted(table.name)} ({', '.join(lines)})"

    def _type(self, column: Column, *, sqlite: bool) -> str:
        if column.kind == "flag":
            return {"boolean": "BOOLEAN", "number": "INTEGER", "letter": "VARCHAR(1)"}[
                self.schema.style.flag
            ]
        if column.kind in ("date", "birth"):
            return "DATE"
        if column.is_number:
            if column.decimals == 0:
                return "INTEGER"
            return "REAL" if sqlite else ("DECIMAL(12,2)" if column.kind == "money" else "DOUBLE")
        return "TEXT" if sqlite else "VARCHAR"

    def _stored(self, table: Table) -> list[tuple[Any, ...]]:
        """Give a table's rows as the file stores them."""
        flags = [
            place
            for place, name in enumerate(_names(table))
            if any(column.name == name for column in table.of("flag"))
        ]
        style, stored = self.schema.style.flag, []
        for row in self.rows[table.key]:
            cells = [
                value.isoformat() if isinstance(value, dt.date) and self.form != "duckdb" else value
                for value in row
            ]
            for place in flags:
                if style == "letter":
                    cells[place] = "Y" if cells[place] else "N"
                elif style == "number" or self.form == "sqlite":
                    cells[place] = int(cells[place])
            stored.append(tuple(cells))
        return stored


def draw_world(seed: int) -> World:
    """Draw a world; the same seed gives the same one."""
    rng = random.Random(f"world {seed}")
    domains = sorted(DOMAINS)
    schema = draw_schema(rng, domains[seed % len(domains)])
    now = dt.date(2024, 6, 1) + dt.timedelta(days=rng.randint(0, 800))
    first = now - dt.timedelta(days=round(365.25 * _YEARS) + rng.randint(0, 120))
    form = rng.choices(("duckdb", "sqlite", "csv"), (5, 4, 1))[0]
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for table in schema.tables.values():
        rows[table.key] = _rows(rng, schema, table, rows, first, now)
    world = World(
        seed=seed,
        schema=schema,
        now=now,
        first=first,
        form=form,
        keys=form != "csv" and rng.random() < 0.8,
        rows=rows,
        gold=duckdb.connect(),
    )
    _fill_gold(world)
    return world


def _names(table: Table) -> list[str]:
    """Give the names of a table's columns, in their order."""
    columns = [column.name for column in table.columns]
    return [table.pk, *table.labels, *columns, *(ref.name for ref in table.refs)]


def _rows(
    rng: random.Random,
    schema: Schema,
    table: Table,
    made: dict[str, list[tuple[Any, ...]]],
    first: dt.date,
    now: dt.date,
) -> list[tuple[Any, ...]]:
    labels: list[tuple[str, ...]] = [()] * table.rows
    if table.label_kind == "person":
        people = pools.people(rng, table.rows)
        labels = [pair if len(table.labels) == 2 else (" ".join(pair),) for pair in people]
    elif table.label_kind:
        labels = [(name,) for name in pools.made_names(rng, table.rows, table.suffix)]
    draws = [_values(rng, column, table.rows, first, now) for column in table.columns]
    keys = []
    for ref in table.refs:
        owners = [row[0] for row in made[ref.table]]
        # Some have none, some many: questions ask for both.
        weights = [0.0 if rng.random() < 0.12 else rng.lognormvariate(0, 0.7) for _ in owners]
        weights[0] = max(weights[0], 0.5)
        keys.append(rng.choices(owners, weights, k=table.rows))
    return [
        (place + 1, *labels[place], *(d[place] for d in draws), *(k[place] for k in keys))
        for place in range(table.rows)
    ]


def _values(
    rng: random.Random, column: Column, count: int, first: dt.date, now: dt.date
) -> list[Any]:
    values: list[Any]
    if column.is_group:
        choice = column.values
        if column.kind == "city":
            choice = rng.sample(pools.CITIES, rng.randint(6, 9))
        elif column.kind == "country":
            choice = rng.sample(pools.COUNTRIES, rng.randint(4, 7))
        weights = [rng.uniform(0.5, 2.5) for _ in choice]
        values = rng.choices(choice, weights, k=count)
    elif column.kind == "flag":
        share = rng.uniform(0.25, 0.75)
        values = [rng.random() < share for _ in range(count)]
    elif column.kind == "birth":
        values = [now - dt.timedelta(days=rng.randint(7000, 28000)) for _ in range(count)]
    elif column.kind == "date":
        span = (now - first).days
        values = [first + dt.timedelta(days=int(span * rng.random() ** 0.8)) for _ in range(count)]
    else:
        steep = rng.choice((1.0, 1.6))
        values = []
        for _ in range(count):
            value = column.low + (column.high - column.low) * rng.random() ** steep
            values.append(round(value, column.decimals) if column.decimals else round(value))
    if column.nullable:
        values = [None if rng.random() < 0.08 else value for value in values]
        values[0] = None
    return values


def _fill_gold(world: World) -> None:
    for table in world.schema.tables.values():
        lines = [f"{quoted(table.pk)} INTEGER"]
        lines += [f"{quoted(label)} VARCHAR" for label in table.labels]
        for column in table.columns:
            kind = "DOUBLE" if column.is_number else "VARCHAR"
            kind = {"flag": "BOOLEAN", "date": "DATE", "birth": "DATE"}.get(column.kind, kind)
            lines.append(f"{quoted(column.name)} {kind}")
        lines += [f"{quoted(ref.name)} INTEGER" for ref in table.refs]
        world.gold.execute(f"CREATE TABLE {quoted(table.name)} ({', '.join(lines)})")
        _insert(world.gold, table, world.rows[table.key])


def _insert(db: duckdb.DuckDBPyConnection, table: Table, rows: list[tuple[Any, ...]]) -> None:
    """Put rows into a DuckDB table; row by row it takes seconds."""
    columns = dict(zip(_names(table), map(list, zip(*rows, strict=True)), strict=True))
    db.register("incoming", pa.table(columns))
    db.execute(f"INSERT INTO {quoted(table.name)} SELECT * FROM incoming")
    db.unregister("incoming")
