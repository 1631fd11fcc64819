"""How does an open source look and answer for one principal?

Puts the policy between the principal and the engine: catalog, value index and statements are
made and kept per tenant and policy.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, RetryByModel, SourceError, ToolFailed
from clew_core.principal import Policy, Principal
from clew_tools.database.arrow_form import tidy
from clew_tools.database.catalog import Catalog, Table
from clew_tools.database.engine import Engine, Stored
from clew_tools.database.guard import Guarded, Visible, guard
from clew_tools.database.keys import with_inferred_keys
from clew_tools.database.names import fold, quoted
from clew_tools.database.source import Dialect, Result, ValueIndex
from clew_tools.database.values import TextValues

_KEPT_STATEMENTS = 256
_COUNTING_S = 10.0


class GuardedSource:
    """A source behind the guard. Safe to use from several threads."""

    def __init__(
        self,
        engine: Engine,
        *,
        name: str,
        location: str,
        warnings: Iterable[str] = (),
        broken: Mapping[str, str] | None = None,
    ) -> None:
        """Take over an engine; it is closed with the source."""
        self.name = name
        self.location = location
        self.dialect: Dialect = engine.dialect
        self.warnings = tuple(warnings)
        self.broken = dict(broken or {})
        self._engine = engine
        self._lock = threading.RLock()
        self._catalogs: dict[tuple[str, str], Catalog] = {}
        self._visible: dict[tuple[str, str], dict[str, Visible]] = {}
        self._values: dict[tuple[str, str], ValueIndex] = {}
        self._statements: OrderedDict[tuple[str, str, str, int | None], Guarded] = OrderedDict()

    @functools.cached_property
    def _stored(self) -> tuple[Stored, ...]:
        return self._engine.tables()

    @functools.cached_property
    def _shadowed(self) -> frozenset[str]:
        return self._engine.shadowed()

    @functools.cached_property
    def _tables(self) -> tuple[Table, ...]:
        """All tables with their keys, before any policy."""
        counted = []
        for stored in self._stored:
            try:
                rows = stored.row_count if stored.row_count is not None else self._count(stored)
            except (SourceError, RetryByModel, ToolFailed, BudgetEnded) as error:
                self.broken[stored.name] = error.message
                self.warnings += (f"{stored.name!r} can't be read and is left out: {error}",)
                continue
            counted.append((stored, rows))
        return with_inferred_keys(counted, self._engine)

    def _count(self, stored: Stored, where: str | None = None) -> int:
        sql = f"SELECT count(*) FROM {_qualified(stored)}"
        if where is not None:
            sql += f" WHERE ({where})"
        deadline = Deadline(Budget(seconds=_COUNTING_S))
        return int(self._engine.rows(sql, deadline)[0][0])

    def catalog(self, principal: Principal) -> Catalog:
        """Look at tables, columns and keys; only what the policy shows."""
        key = _key(principal)
        with self._lock:
            if key not in self._catalogs:
                tables = (self._shown(table, principal.policy) for table in self._tables)
                self._catalogs[key] = Catalog(
                    source=self.name, tables=tuple(table for table in tables if table is not None)
                )
            return self._catalogs[key]

    def _shown(self, table: Table, policy: Policy) -> Table | None:
        stored = next(stored for stored in self._stored if stored.name == table.name)
        if not _shows(policy, stored):
            return None
        shown = {c.name for c in table.columns if policy.shows_column(table.name, c.name)}
        foreign = tuple(
            key
            for key in table.foreign_keys
            if shown.issuperset(key.columns)
            and all(policy.shows_column(key.table, other) for other in key.other_columns)
            and any(_shows(policy, s) for s in self._stored if s.name == key.table)
        )
        rows = table.row_count
        if table.name in policy.rows:
            rows = self._count(stored, policy.rows[table.name])
        return replace(
            table,
            columns=tuple(column for column in table.columns if column.name in shown),
            row_count=rows,
            primary_key=table.primary_key if shown.issuperset(table.primary_key) else (),
            foreign_keys=foreign,
        )

    def _seen_by(self, principal: Principal) -> dict[str, Visible]:
        key = _key(principal)
        with self._lock:
            if key not in self._visible:
                policy = principal.policy
                self._visible[key] = {
                    fold(stored.name): Visible(
                        name=stored.name,
                        path=stored.path,
                        columns=_visible_columns(policy, stored),
                        rows=policy.rows.get(stored.name),
                    )
                    for stored in self._stored
                    if _shows(policy, stored)
                }
            return self._visible[key]

    def values(self, principal: Principal, deadline: Deadline) -> ValueIndex:
        """Index the text values that the policy shows; built at the first call."""
        key = _key(principal)
        with self._lock:
            found = self._values.get(key)
        if found is not None:
            return found
        made = TextValues.read(
            self.catalog(principal),
            lambda sql: self._rows(sql, principal, deadline),
            deadline,
        )
        with self._lock:
            # Two may have built it at once; all go on with the same one.
            return self._values.setdefault(key, made)

    def _rows(self, sql: str, principal: Principal, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own under the policy."""
        return self._engine.rows(self._guarded(sql, principal, None).sql, deadline)

    def check(self, sql: str, principal: Principal) -> Iterable[str]:
        """Guard a statement without running it; gives the tables that it reads."""
        return self._guarded(sql, principal, None).tables

    def _guarded(self, sql: str, principal: Principal, limit: int | None) -> Guarded:
        key = (*_key(principal), sql, limit)
        with self._lock:
            if key in self._statements:
                self._statements.move_to_end(key)
                return self._statements[key]
        found = guard(
            sql, self.dialect, self._seen_by(principal), forbidden=self._shadowed, limit=limit
        )
        with self._lock:
            self._statements[key] = found
            if len(self._statements) > _KEPT_STATEMENTS:
                self._statements.popitem(last=False)
        return found

    def run(self, sql: str, principal: Principal, deadline: Deadline) -> Result:
        """Guard a statement, apply the policy, and run it read-only."""
        most = min(deadline.budget.rows, principal.policy.budget.rows)
        guarded = self._guarded(sql, principal, most + 1)
        deadline.check()
        as_of = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        wall, cpu = time.perf_counter(), time.process_time()
        fetched = self._engine.query(guarded.sql, most, deadline)
        seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
        table, warnings = tidy(fetched.table.slice(0, most))
        return Result(
            table=table,
            truncated=fetched.table.num_rows > most,
            seconds=seconds,
            cpu_seconds=cpu_seconds,
            as_of=as_of,
            warnings=(*fetched.warnings, *warnings),
        )

    def close(self) -> None:
        """Let go of files and connections."""
        self._engine.close()


def _key(principal: Principal) -> tuple[str, str]:
    return principal.tenant, principal.policy.digest


def _qualified(stored: Stored) -> str:
    return ".".join(quoted(part) for part in stored.path)


def _shows(policy: Policy, stored: Stored) -> bool:
    # A view may show what the policy hides in its tables: it has to be granted by name.
    if stored.view and policy.tables is None and (policy.hide or policy.rows):
        return False
    return policy.shows_table(stored.name)


def _visible_columns(policy: Policy, stored: Stored) -> tuple[str, ...] | None:
    names = tuple(column.name for column in stored.columns)
    shown = tuple(name for name in names if policy.shows_column(stored.name, name))
    return None if shown == names else shown
