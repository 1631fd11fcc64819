"""How many rows would a statement read or join, by the engine's own plan, before it runs?

A statement whose tables can't make that many rows, whatever it does with them, is not even
explained: that is nearly every one. The others cost one EXPLAIN, which runs nothing.

It does not see how long a row takes, rows that functions make, or what a join of skewed keys
becomes: estimates err by orders of magnitude, so the limit is generous, and time and memory
are bounded as well.

Source: DuckDB, PostgreSQL and SQLite, documentation of EXPLAIN (QUERY PLAN).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlglot import exp
from sqlglot.errors import SqlglotError

from clew_core.deadline import Deadline
from clew_core.errors import ClewError, RetryByModel, RunEnded
from clew_tools.database.engine import Stored
from clew_tools.database.guard import Guarded, parse
from clew_tools.database.names import fold, quoted
from clew_tools.database.source import Dialect

# A plan's join that looks at every pair of rows, whatever comes out.
_ALL_PAIRS = ("CROSS_PRODUCT", "BLOCKWISE_NL_JOIN", "NESTED_LOOP_JOIN")
_LOOP = re.compile(r"^(?:SCAN|SEARCH) (?:main\.)?")
_MADE = re.compile(r"^(?:MATERIALIZE|CO-ROUTINE) (.+)")
# How many rows an index that is not unique finds; nobody knows without ANALYZE.
_FOUND = 10
_UNKNOWN_ROWS = 1_000
_PLANNED: tuple[Dialect, ...] = ("duckdb", "postgres", "sqlite")


class Explainer(Protocol):
    """What of an engine the preflight needs."""

    dialect: Dialect

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own and hand back plain rows."""
        ...


class Preflight:
    """Looks at statements of one source before they run. Safe to use from several threads."""

    def __init__(self, engine: Explainer) -> None:
        """Take the engine; it stays its source's."""
        self._engine = engine
        self._views: dict[str, str] | None = None

    def check(
        self,
        guarded: Guarded,
        stored: Mapping[str, Stored],
        counts: Mapping[str, int],
        deadline: Deadline,
        *,
        most: float | None,
        tell: bool = True,
    ) -> None:
        """Refuse a statement that would read or join more rows than it may.

        Args:
            guarded: the statement.
            stored: the tables of the source, by name.
            counts: rows of those of which they are known.
            deadline: of the statement.
            most: how many rows it may; None allows everything.
            tell: whether the estimate may be told: it is made from hidden rows too.

        Raises:
            RetryByModel: it would.
        """
        if most is None or self._engine.dialect not in _PLANNED:
            return
        if not self._may_exceed(guarded, stored, counts, most, deadline):
            return
        found = self.estimate(guarded.sql, stored, counts, deadline)
        if found is not None and found > most:
            said = f"about {_amount(found)} rows" if tell else "more rows than that"
            raise RetryByModel(
                f"The statement would read or join {said}; {_amount(most)} are allowed.",
                hint="Join on keys or filter first; the limit is run.estimated_rows in clew.toml.",
            )

    def _may_exceed(
        self,
        guarded: Guarded,
        stored: Mapping[str, Stored],
        counts: Mapping[str, int],
        most: float,
        deadline: Deadline,
    ) -> bool:
        """Say whether even all rows paired with all others could exceed the limit."""
        pairs = 1
        for name in guarded.scans:
            table = stored.get(name)
            if table is None or table.view:
                # Its own query may join anything.
                return True
            rows = counts.get(name, table.row_count)
            if rows is None and self._engine.dialect == "sqlite":
                rows = self._highest(name, deadline)
            if rows is None:
                return True
            pairs *= max(rows, 1)
        return pairs > most

    def estimate(
        self, sql: str, stored: Mapping[str, Stored], counts: Mapping[str, int], deadline: Deadline
    ) -> float | None:
        """Estimate how many rows a guarded statement reads or joins; None where nobody can."""
        try:
            if self._engine.dialect == "sqlite":
                return self._of_sqlite(sql, stored, counts, deadline)
            found = self._engine.rows(f"EXPLAIN (FORMAT JSON) {sql}", deadline)[0][-1]
            plan = json.loads(found) if isinstance(found, str) else found
            walk = _of_duckdb if self._engine.dialect == "duckdb" else _of_postgres
            return walk(plan[0])[1]
        except RunEnded:
            raise
        except (ClewError, ValueError, KeyError, IndexError, TypeError, RecursionError):
            # What is wrong with the statement the engine says when it runs.
            return None

    # --- SQLite, whose plan has no numbers ---------------------------------------------------

    def _of_sqlite(
        self, sql: str, stored: Mapping[str, Stored], counts: Mapping[str, int], deadline: Deadline
    ) -> float:
        steps = [
            (row[0], row[1], str(row[3]))
            for row in self._engine.rows(f"EXPLAIN QUERY PLAN {sql}", deadline)
        ]
        if self._views is None:
            created = self._engine.rows(
                "SELECT sql FROM sqlite_master WHERE type = 'view' LIMIT 50", deadline
            )
            self._views = _aliases_of_views([str(row[0]) for row in created])
        names = {**self._views, **_aliases(sql)}
        by_name = {fold(name): table for name, table in stored.items()}
        sizes: dict[str, float] = {}
        for alias, name in names.items():
            table = by_name.get(name)
            if table is None or table.view:
                continue
            rows = counts.get(table.name, table.row_count)
            if rows is None:
                rows = self._highest(table.name, deadline)
            if rows is not None:
                sizes[alias] = max(float(rows), sizes.get(alias, 1.0))
        return _work_of_steps(steps, sizes)

    def _highest(self, table: str, deadline: Deadline) -> int | None:
        """Find SQLite's highest row number, which costs nothing and is rarely below the count."""
        try:
            sql = f"SELECT max(rowid) FROM main.{quoted(table)}"
            found = self._engine.rows(sql, deadline)[0][0]
        except RetryByModel:
            # A table without row numbers.
            return None
        return found if isinstance(found, int) and found > 0 else 0


def _aliases(sql: str) -> dict[str, str]:
    """Read which table stands behind each name of a statement of SQLite."""
    try:
        tree = parse(sql, "sqlite")
    except ClewError:
        return {}
    return {fold(table.alias_or_name): fold(table.name) for table in tree.find_all(exp.Table)}


def _aliases_of_views(created: Sequence[str]) -> dict[str, str]:
    import sqlglot

    found: dict[str, str] = {}
    for sql in created:
        try:
            tree = sqlglot.parse_one(sql, dialect="sqlite")
        except (SqlglotError, RecursionError):
            continue
        for table in tree.find_all(exp.Table):
            found[fold(table.alias_or_name)] = fold(table.name)
    return found


def _work_of_steps(steps: Sequence[tuple[int, int, str]], sizes: Mapping[str, float]) -> float:
    """Multiply the loops of SQLite's plan that stand inside each other.

    >>> _work_of_steps([(5, 0, "SCAN a"), (7, 0, "SCAN b")], {"a": 1000.0, "b": 500.0})
    500000.0
    """
    made = dict(sizes)
    inside: dict[int, list[tuple[int, str]]] = {}
    for number, parent, text in steps:
        inside.setdefault(parent, []).append((number, text))

    def work(parent: int) -> float:
        loops = beside = 1.0
        for number, text in inside.get(parent, ()):
            if found := _MADE.match(text):
                within = work(number)
                beside = max(beside, within)
                # Between one row and all that were read.
                made[fold(found[1])] = math.sqrt(within)
            elif found := _LOOP.match(text):
                rows, how = _rows_of(text[found.end() :], made)
                if text.startswith("SEARCH"):
                    rows = min(rows, _found_by_index(how, rows))
                loops *= rows
            elif text.startswith("CORRELATED"):
                loops *= work(number)
            elif number in inside:
                beside = max(beside, work(number))
        return max(loops, beside)

    return work(0)


def _rows_of(loop: str, sizes: Mapping[str, float]) -> tuple[float, str]:
    """Find the table that a loop goes over, whose name may hold spaces; and what is said after."""
    said = fold(loop)
    for name in sorted(sizes, key=len, reverse=True):
        if said == name or said.startswith(f"{name} "):
            return sizes[name], loop[len(name) :]
    return _UNKNOWN_ROWS, loop


def _found_by_index(how: str, rows: float) -> float:
    if "=?" not in how:
        # A range, or all of it.
        return rows / 4 if "?" in how else rows
    if "PRIMARY KEY" in how or "rowid=?" in how or "sqlite_autoindex" in how:
        return 1
    return _FOUND


# --- plans with numbers: each gives the rows that come out, and the most that are worked on -----


def _of_duckdb(node: Mapping[str, Any]) -> tuple[float, float]:
    under = [_of_duckdb(child) for child in node.get("children", ())]
    most = max((work for _, work in under), default=0.0)
    pairs = math.prod(rows for rows, _ in under)
    said = node.get("extra_info", {}).get("Estimated Cardinality")
    if said is not None:
        rows = float(said)
    else:
        rows = max((rows for rows, _ in under), default=0.0)
    if node.get("name") in _ALL_PAIRS:
        most = max(most, pairs)
        if said is None:
            rows = pairs
    return rows, max(rows, most)


def _of_postgres(plan: Mapping[str, Any]) -> tuple[float, float]:
    node = plan.get("Plan", plan)
    rows = most = float(node.get("Plan Rows", 0))
    inputs: list[float] = []
    per_row: list[float] = []
    for child in node.get("Plans", ()):
        out, work = _of_postgres(child)
        if child.get("Parent Relationship") == "SubPlan" and not _is_hashed(node, child):
            per_row.append(work)
        else:
            most = max(most, work)
            if child.get("Parent Relationship") in ("Outer", "Inner"):
                inputs.append(out)
    if node.get("Node Type") == "Nested Loop":
        most = max(most, math.prod(inputs))
    each = max([rows, *inputs])
    return rows, max([most, *(each * work for work in per_row)])


def _is_hashed(node: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    """Say whether a sub-plan runs once, not once for each row."""
    name = f"hashed {child.get('Subplan Name')}"
    return any(isinstance(said, str) and name in said for said in node.values())


def _amount(rows: float) -> str:
    """Write a rough number in words.

    >>> _amount(27_000_000_000), _amount(8.1e13), _amount(1e30), _amount(950)
    ('27 billion', '81 trillion', 'more than a million trillion', '950')
    """
    if rows >= 1e18:
        return "more than a million trillion"
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if rows >= size:
            return f"{float(f'{rows / size:.2g}'):,g} {word}"
    return f"{rows:,.0f}"
