"""How does the insight agent ask the engine, and where are the answers kept for the receipts?

All is asked by query specs: compiled by rules, guarded, under the policy and the deadline. What
specs have no words for, the days between two dates, is a *virtual column*: the compiler sees a
number, and the expression is put in its place afterwards, before the guard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import sqlglot
from sqlglot import exp

from clew_core.cells import sha256
from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_core.query_spec import Column as SpecColumn
from clew_core.query_spec import Condition, Measure, QuerySpec
from clew_tools.database.catalog import Catalog, Column, Table
from clew_tools.database.source import Source
from clew_tools.semantic.compile import compile_spec
from clew_tools.semantic.measures import Metrics

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Days:
    """A virtual column: the time from one date of a row to another.

    Attributes:
        name: of the virtual column.
        table: whose rows.
        start: the column of the earlier date.
        end: the column of the later date.
        unit: whole days, or hours with their parts.
    """

    name: str
    table: str
    start: str
    end: str
    unit: Literal["days", "hours"] = "days"


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A result that numbers are taken from.

    Attributes:
        cell: id of its SQL cell.
        sql: what was run.
        sql_sha256: hash of it.
        table: the rows.
        spec: what was asked.
        truncated: there were more rows.
    """

    cell: str
    sql: str
    sql_sha256: str
    table: pa.Table
    spec: QuerySpec
    truncated: bool = False


@dataclass(kw_only=True)
class Asking:
    """The engine, for one question.

    Attributes:
        source: open.
        principal: who asks.
        catalog: what that principal sees.
        deadline: of the run.
        metrics: what names of metrics mean.
        terms: what words of the glossary mean.
        days: virtual columns.
        seconds: spent in the engine.
        queries: how many were run.
    """

    source: Source
    principal: Principal
    catalog: Catalog
    deadline: Deadline
    metrics: Metrics = field(default_factory=dict)
    terms: Mapping[str, Condition] = field(default_factory=dict)
    days: tuple[Days, ...] = ()
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    queries: int = 0
    as_of: str | None = None
    warnings: list[str] = field(default_factory=list)
    _empty: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self, spec: QuerySpec) -> Sheet:
        """Compile, guard and run a spec.

        Raises:
            RetryByModel, ToolFailed: it can't be compiled.
            BudgetEnded, Cancelled: the deadline.
        """
        self.deadline.check()
        spec = replace(spec, source=self.source.name)
        compiled = compile_spec(
            spec,
            with_days(self.catalog, self.days),
            self.source.dialect,
            self.metrics,
            self.terms,
        )
        sql = _in_place(compiled.sql, self.days, self.source.dialect)
        result = self.source.run(sql, self.principal, self.deadline)
        self.seconds += result.seconds
        self.cpu_seconds += result.cpu_seconds
        self.queries += 1
        self.as_of = min(self.as_of, result.as_of) if self.as_of else result.as_of
        self.warnings += [w for w in result.warnings if w not in self.warnings]
        digest = sha256(sql)
        return Sheet(
            cell=f"sql-{digest[:8]}",
            sql=sql,
            sql_sha256=digest,
            table=result.table,
            spec=spec,
            truncated=result.truncated,
        )

    def empty(self, table: Table) -> Mapping[str, float]:
        """Ask which part of the rows has no value, for each date of a table."""
        if table.name not in self._empty:
            names = [c.name for c in table.columns if c.type in ("date", "timestamp")]
            self._empty[table.name] = self._parts(table.name, names) if len(names) > 1 else {}
        return self._empty[table.name]

    def _parts(self, table: str, names: list[str]) -> dict[str, float]:
        counts = [
            Measure(name=f"n{i}", aggregate="count", of=SpecColumn(table=table, column=name))
            for i, name in enumerate(names)
        ]
        spec = QuerySpec(
            source="",
            table=table,
            measures=(Measure(name="rows", aggregate="count"), *counts),
        )
        row = self.run(spec).table.to_pylist()[0]
        return {name: 1 - row[f"n{i}"] / max(1, row["rows"]) for i, name in enumerate(names)}


def with_days(catalog: Catalog, days: tuple[Days, ...]) -> Catalog:
    """Add virtual columns to a catalog."""
    if not days:
        return catalog
    tables = []
    for table in catalog.tables:
        mine = tuple(Column(name=d.name, type="number") for d in days if d.table == table.name)
        tables.append(replace(table, columns=(*table.columns, *mine)) if mine else table)
    return replace(catalog, tables=tuple(tables))


_DAYS: Mapping[str, str] = {
    "sqlite": "(julianday(substr({end}, 1, 10)) - julianday(substr({start}, 1, 10)))",
    "duckdb": "(CAST({end} AS DATE) - CAST({start} AS DATE))",
    "postgres": "(CAST({end} AS DATE) - CAST({start} AS DATE))",
}

_HOURS: Mapping[str, str] = {
    "sqlite": "((julianday({end}) - julianday({start})) * 24)",
    "duckdb": "(EXTRACT(EPOCH FROM ({end} - {start})) / 3600.0)",
    "postgres": "(EXTRACT(EPOCH FROM ({end} - {start})) / 3600.0)",
}


def _in_place(sql: str, days: tuple[Days, ...], dialect: str) -> str:
    """Put the expressions of virtual columns in their places."""
    if not days or not any(d.name in sql for d in days):
        return sql
    tree = sqlglot.parse_one(sql, dialect=dialect)
    named = {d.name: d for d in days}
    for column in list(tree.find_all(exp.Column)):
        virtual = named.get(column.name)
        if virtual is None:
            continue
        table = column.args.get("table")

        def text(name: str, table: exp.Expression | None = table) -> str:
            return exp.Column(
                this=exp.to_identifier(name, quoted=True), table=table.copy() if table else None
            ).sql(dialect)

        texts = _DAYS if virtual.unit == "days" else _HOURS
        words = texts[dialect].format(start=text(virtual.start), end=text(virtual.end))
        column.replace(sqlglot.parse_one(words, dialect=dialect))
    return tree.sql(dialect, pretty=True)
