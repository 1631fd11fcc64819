"""How does an open source look and answer for one principal?

Puts the policy between the principal and the engine: catalog, value index and statements are
made and kept per tenant and policy.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from clew_core.deadline import Deadline
from clew_core.errors import BudgetEnded, ClewError, RetryByModel, SourceError, ToolFailed
from clew_core.principal import Principal
from clew_tools.database.arrow_form import tidy
from clew_tools.database.catalog import Catalog, Table
from clew_tools.database.cost import Preflight
from clew_tools.database.declaration import Declaration
from clew_tools.database.declare import Declared
from clew_tools.database.engine import Engine, Stored
from clew_tools.database.guard import Guarded, Visible, guard
from clew_tools.database.hidden import told_without_values
from clew_tools.database.keys import with_inferred_keys
from clew_tools.database.names import fold, quoted, respelled
from clew_tools.database.query_tag import tagged
from clew_tools.database.samples import read_samples
from clew_tools.database.source import Dialect, Result, ValueIndex
from clew_tools.database.values import TextValues

_KEPT_STATEMENTS = 256
# A table is counted in no time; a view may hide a query of hours, and a guess does as well.
_COUNTING_S = 10.0
_COUNTING_VIEWS_S = 2.0
_FRESH_FOR_S = 60.0
_KEPT_SOURCES = 8


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a source is called and where it comes from.

    Attributes:
        name: of the source.
        location: for people and notebooks, without secrets.
        identity: equal for equal content; None where it can't be told, then nothing is kept.
        declaration: what a source.yaml says.
    """

    name: str
    location: str
    identity: tuple[Any, ...] | None = None
    declaration: Declaration | None = None


class _Kept:
    """What is known of some content, for as long as the process lives and the content stays."""

    def __init__(self) -> None:
        self.tables: tuple[Table, ...] | None = None
        self.broken: dict[str, str] = {}
        self.warnings: tuple[str, ...] = ()
        self.catalogs: dict[tuple[str, str], Catalog] = {}
        self.values: dict[tuple[str, str], ValueIndex] = {}
        self.samples: dict[tuple[str, str, str], dict[str, tuple[str, ...]]] = {}


_kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()
_kept_lock = threading.Lock()


def _known(content: Content) -> _Kept:
    if content.identity is None:
        return _Kept()
    key = (content.name, content.identity)
    with _kept_lock:
        found = _kept.setdefault(key, _Kept())
        _kept.move_to_end(key)
        while len(_kept) > _KEPT_SOURCES:
            _kept.popitem(last=False)
    return found


class GuardedSource:
    """A source behind the guard. Safe to use from several threads."""

    def __init__(
        self,
        engine: Engine,
        content: Content,
        *,
        warnings: Iterable[str] = (),
        broken: Mapping[str, str] | None = None,
    ) -> None:
        """Take over an engine; it is closed with the source."""
        self.name = content.name
        self.location = content.location
        self.dialect: Dialect = engine.dialect
        self._own_warnings = tuple(warnings)
        self._own_broken = dict(broken or {})
        self._engine = engine
        self._preflight = Preflight(engine)
        self._declared = Declared(content.declaration) if content.declaration else None
        self._kept = _known(content)
        self._lock = threading.RLock()
        self._building = threading.Lock()
        self._visible: dict[tuple[str, str], dict[str, Visible]] = {}
        self._statements: OrderedDict[tuple[str, str, str, int | None], Guarded] = OrderedDict()
        self._fresh: dict[tuple[str, str, str], tuple[float, str | None]] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know, one line each."""
        return self._own_warnings + self._kept.warnings

    @property
    def broken(self) -> dict[str, str]:
        """What can't be read: name → why."""
        return self._own_broken | self._kept.broken

    @functools.cached_property
    def _stored(self) -> tuple[Stored, ...]:
        stored = self._engine.tables()
        if self._declared is None:
            return stored
        stored, unknown = self._declared.told(stored)
        self._own_warnings += unknown
        return stored

    @functools.cached_property
    def _by_name(self) -> dict[str, Stored]:
        return {stored.name: stored for stored in self._stored}

    @functools.cached_property
    def _shadowed(self) -> frozenset[str]:
        return self._engine.shadowed()

    def _tables(self, deadline: Deadline) -> tuple[Table, ...]:
        """All tables with their keys, before any policy."""
        kept = self._kept
        if kept.tables is not None:
            return kept.tables
        counted: list[tuple[Stored, int | None]] = []
        broken: dict[str, str] = {}
        views_end = time.monotonic() + _COUNTING_VIEWS_S
        for stored in self._stored:
            rows = stored.row_count
            if rows is None:
                most = views_end - time.monotonic() if stored.view else _COUNTING_S
                try:
                    rows = self._count(stored, deadline, most)
                except BudgetEnded:
                    # It can be read, only not quickly.
                    deadline.check()
                except (SourceError, RetryByModel, ToolFailed) as error:
                    broken[stored.name] = error.message
                    continue
            counted.append((stored, rows))
        tables = with_inferred_keys(counted, self._engine, deadline)
        kept.broken = broken
        kept.warnings = tuple(
            f"{name!r} can't be read and is left out: {why}" for name, why in broken.items()
        )
        kept.tables = tables
        return tables

    def _count(self, stored: Stored, deadline: Deadline, seconds: float) -> int:
        sql = f"SELECT count(*) FROM {_qualified(stored)}"
        with _within(deadline, seconds) as inner:
            return int(self._engine.rows(sql, inner)[0][0])

    def catalog(self, principal: Principal, deadline: Deadline | None = None) -> Catalog:
        """Look at tables, columns and keys; only what the policy shows.

        Raises:
            BudgetEnded, Cancelled: the deadline ended it; the next call begins again.
        """
        key = self._key(principal)
        deadline = deadline or Deadline()
        if (found := self._kept.catalogs.get(key)) is not None:
            return found
        with self._waiting(deadline):
            if key not in self._kept.catalogs:
                if principal.policy.rows:
                    tables = self._tables_of(principal, deadline)
                else:
                    tables = self._tables(deadline)
                shown = [self._shown(table, principal) for table in tables]
                self._kept.catalogs[key] = Catalog(
                    source=self.name, tables=tuple(table for table in shown if table is not None)
                )
            return self._kept.catalogs[key]

    @contextlib.contextmanager
    def _waiting(self, deadline: Deadline) -> Iterator[None]:
        """Let one build at a time; who waits may be stopped."""
        while not self._building.acquire(timeout=0.05):
            deadline.check()
        try:
            yield
        finally:
            self._building.release()

    def _key(self, principal: Principal) -> tuple[str, str]:
        digest = principal.policy.digest
        if self._declared is not None and self._declared.by_role:
            digest = f"{digest} {' '.join(sorted(principal.roles))}"
        return principal.tenant, digest

    def _shows(self, principal: Principal, stored: Stored) -> bool:
        policy = principal.policy
        # A view may show what the policy hides in its tables: it has to be granted by name.
        if stored.view and policy.tables is None and (policy.hide or policy.rows):
            return False
        if self._declared is not None and not self._declared.shows(principal, stored):
            return False
        return policy.shows_table(stored.name)

    def _shows_column(self, principal: Principal, table: str, column: str) -> bool:
        if self._declared is not None and not self._declared.shows_column(principal, table, column):
            return False
        return principal.policy.shows_column(table, column)

    def _tables_of(self, principal: Principal, deadline: Deadline) -> tuple[Table, ...]:
        """Describe the tables by the rows that somebody may see: counts and inferred keys too."""
        counted: list[tuple[Stored, int | None]] = []
        for stored in self._stored:
            if not self._shows(principal, stored) or stored.name in self.broken:
                continue
            name = stored.name
            shown = (c for c in stored.columns if self._shows_column(principal, name, c.name))
            # What the engine knows of the whole says something about the hidden rows.
            visible = replace(
                stored,
                path=(stored.name,),
                columns=tuple(shown),
                row_count=None,
                ranges=None,
                no_nulls=frozenset(),
            )
            rows: int | None = None
            try:
                with _within(deadline, _COUNTING_S) as inner:
                    sql = f"SELECT count(*) FROM {_qualified(visible)}"
                    rows = int(self._rows(sql, principal, inner)[0][0])
            except BudgetEnded:
                deadline.check()
            counted.append((visible, rows))
        return with_inferred_keys(counted, _UnderPolicy(self, principal), deadline)

    def _shown(self, table: Table, principal: Principal) -> Table | None:
        stored = self._by_name[table.name]
        if not self._shows(principal, stored):
            return None
        shown = {c.name for c in table.columns if self._shows_column(principal, table.name, c.name)}
        foreign = tuple(
            key
            for key in table.foreign_keys
            if shown.issuperset(key.columns)
            and all(self._shows_column(principal, key.table, other) for other in key.other_columns)
            and key.table in self._by_name
            and self._shows(principal, self._by_name[key.table])
        )
        return replace(
            table,
            columns=tuple(column for column in table.columns if column.name in shown),
            primary_key=table.primary_key if shown.issuperset(table.primary_key) else (),
            foreign_keys=foreign,
        )

    def _seen_by(self, principal: Principal) -> dict[str, Visible]:
        key = self._key(principal)
        with self._lock:
            if key not in self._visible:
                self._visible[key] = {
                    fold(stored.name): Visible(
                        name=stored.name,
                        path=stored.path,
                        columns=self._visible_columns(principal, stored),
                        rows=principal.policy.rows.get(stored.name),
                    )
                    for stored in self._stored
                    if self._shows(principal, stored)
                }
            return self._visible[key]

    def _visible_columns(self, principal: Principal, stored: Stored) -> tuple[str, ...] | None:
        names = tuple(column.name for column in stored.columns)
        shown = tuple(n for n in names if self._shows_column(principal, stored.name, n))
        return None if shown == names else shown

    def values(self, principal: Principal, deadline: Deadline) -> ValueIndex:
        """Index the text values that the policy shows; built at the first call."""
        key = self._key(principal)
        found = self._kept.values.get(key)
        if found is not None:
            return found
        catalog = self.catalog(principal, deadline)
        with self._waiting(deadline):
            if key not in self._kept.values:
                self._kept.values[key] = TextValues.read(
                    catalog, lambda sql, end: self._rows(sql, principal, end), deadline
                )
            return self._kept.values[key]

    def samples(
        self, table: str, principal: Principal, deadline: Deadline
    ) -> dict[str, tuple[str, ...]]:
        """Show a few values of each column of a table; empty if there is no such table."""
        key = (*self._key(principal), table)
        shown = self.catalog(principal, deadline).table(table)
        if shown is None:
            return {}
        if key not in self._kept.samples:
            self._kept.samples[key] = read_samples(
                shown, lambda sql, end: self._rows(sql, principal, end), deadline
            )
        return self._kept.samples[key]

    def _rows(self, sql: str, principal: Principal, deadline: Deadline) -> list[tuple[Any, ...]]:
        """Run a statement of Clew's own under the policy."""
        guarded = self._guarded(respelled(sql, self.dialect), principal, None).sql
        with told_without_values(sql, principal.policy):
            return self._engine.rows(guarded, deadline)

    def check(self, sql: str, principal: Principal) -> Iterable[str]:
        """Guard a statement without running it; gives the tables that it reads."""
        return self._guarded(sql, principal, None).tables

    def _guarded(self, sql: str, principal: Principal, limit: int | None) -> Guarded:
        key = (*self._key(principal), sql, limit)
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
        self._preflight.check(
            guarded,
            self._by_name,
            self._counts(),
            deadline,
            most=_least(deadline.budget.estimated_rows, principal.policy.budget.estimated_rows),
            tell=not principal.policy.rows,
        )
        as_of = self._as_of(guarded.tables, principal, deadline) or _now()
        wall, cpu = time.perf_counter(), time.process_time()
        with told_without_values(sql, principal.policy):
            tagged_sql = tagged(guarded.sql, self.dialect, principal, deadline.run)
            fetched = self._engine.query(tagged_sql, most, deadline)
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

    def _counts(self) -> dict[str, int]:
        """Give the rows of the tables that were looked at already."""
        return {t.name: t.row_count for t in self._kept.tables or () if t.row_count is not None}

    def _as_of(self, tables: Iterable[str], principal: Principal, deadline: Deadline) -> str | None:
        """Find how new the data is by the declared columns; the oldest of several tables counts."""
        if self._declared is None:
            return None
        found: dict[tuple[str, str], None] = {}
        for table in tables:
            place = self._declared.freshness(table)
            if place is not None:
                found[place] = None
        moments = [self._newest(*place, principal, deadline) for place in found]
        return min((moment for moment in moments if moment is not None), default=None)

    def _newest(
        self, table: str, column: str, principal: Principal, deadline: Deadline
    ) -> str | None:
        assert self._declared is not None
        key = (*self._key(principal), f"{table}.{column}")
        with self._lock:
            until, moment = self._fresh.get(key, (0.0, None))
        if time.monotonic() < until:
            return moment
        moment = None
        if table in self._by_name and self._shows_column(principal, table, column):
            sql = f"SELECT max({quoted(column)}) FROM {quoted(table)}"
            # Without it the answer is still one.
            with contextlib.suppress(ClewError), _within(deadline, _COUNTING_VIEWS_S) as inner:
                moment = self._declared.moment(self._rows(sql, principal, inner)[0][0])
            deadline.check()
        with self._lock:
            self._fresh[key] = (time.monotonic() + _FRESH_FOR_S, moment)
        return moment

    def close(self) -> None:
        """Let go of files and connections."""
        self._engine.close()


class _UnderPolicy:
    """What the search for keys needs of an engine, with the rows that somebody may see."""

    def __init__(self, source: GuardedSource, principal: Principal) -> None:
        self._source, self._principal = source, principal

    def rows(self, sql: str, deadline: Deadline) -> list[tuple[Any, ...]]:
        return self._source._rows(sql, self._principal, deadline)


def _qualified(stored: Stored) -> str:
    return ".".join(quoted(part) for part in stored.path)


def _least(one: float | None, other: float | None) -> float | None:
    return min((limit for limit in (one, other) if limit is not None), default=None)


def _now() -> str:
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


@contextlib.contextmanager
def _within(deadline: Deadline, seconds: float) -> Iterator[Deadline]:
    """Give a part of the time that is left; whoever stops the whole stops the part.

    Raises:
        BudgetEnded: nothing is left.
    """
    deadline.check()
    if seconds <= 0:
        raise BudgetEnded("The time for this part is used up.")
    budget = replace(deadline.budget, seconds=min(seconds, deadline.remaining_s or 0.001))
    inner = Deadline(budget)
    with deadline.on_cancel(inner.cancel):
        yield inner
