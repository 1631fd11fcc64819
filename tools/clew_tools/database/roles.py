"""What may somebody see who has certain roles of a roles.yaml?

Somebody with several roles sees what any of them shows, and no cell that none of them shows:

- tables: all that some role shows;
- roles with the same row filter (or none) for a table: a column is hidden if all hide it;
- roles with different ones: the rows of each are shown, but only the columns that all of them
  show; unless one role shows all rows and every column that the others show, which is then all.

A row filter is read as its owner: other filters don't apply to the tables in its sub-queries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlglot import exp

from clew_core.deadline import Budget
from clew_core.errors import SourceError, UsageError
from clew_core.principal import Policy
from clew_tools.database.catalog import Catalog
from clew_tools.database.guard import Visible, condition
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect
from clew_tools.database.yaml_lines import Place, line_of, load, validate

FILE = "roles.yaml"


@dataclass(frozen=True, kw_only=True)
class Role:
    """One role as the file has it.

    Attributes:
        name: of the role.
        tables: that it shows; None shows all.
        hide: columns that it hides, as ``table.column``.
        rows: table → SQL condition.
        budget: what it limits: rows, seconds, memory_mb, tokens.
        members: names of users.
        documents: access labels that it may read.
    """

    name: str
    tables: tuple[str, ...] | None
    hide: frozenset[str] = frozenset()
    rows: Mapping[str, str] = field(default_factory=dict)
    budget: Mapping[str, Any] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    def shows(self, table: str) -> bool:
        """Say whether the role shows a table."""
        return self.tables is None or table in self.tables

    def hidden(self, table: str) -> frozenset[str]:
        """Name what the role hides of a table."""
        return frozenset(name for name in self.hide if name.split(".")[0] == table)


class Roles:
    """The roles of one file."""

    def __init__(self, file: Path, roles: Mapping[str, Role], lines: Mapping[Place, int]) -> None:
        """Take what was read; use ``read_roles`` instead."""
        self.file, self.roles = file, dict(roles)
        self._lines = lines

    def of(self, user: str) -> tuple[str, ...]:
        """Name the roles that a user holds."""
        return tuple(name for name, role in self.roles.items() if user in role.members)

    def check(self, catalog: Catalog, dialect: Dialect) -> None:
        """Hold tables, columns and row filters to a source.

        Args:
            catalog: all that the source has.
            dialect: of its SQL.

        Raises:
            SourceError: with the file's line.
        """
        columns = {t.name: [c.name for c in t.columns] for t in catalog.tables}
        for name, role in self.roles.items():
            for table in role.tables or ():
                if table not in columns:
                    self._wrong((name, "tables", table), f"There is no table {table!r}.")
            for hidden in role.hide:
                table, _, column = hidden.partition(".")
                if column not in columns.get(table, ()):
                    self._wrong((name, "hide", hidden), f"There is no column {hidden!r}.")
            for table, rows in role.rows.items():
                if table not in columns:
                    self._wrong((name, "rows", table), f"There is no table {table!r}.")
                try:
                    _check_filter(rows, table, columns, dialect)
                except SourceError as error:
                    self._wrong((name, "rows", table), error.message)

    def _wrong(self, path: Place, said: str) -> None:
        raise SourceError(f"{str(self.file)!r}, line {line_of(path, self._lines)}: {said}")

    def policy(self, names: Iterable[str], budget: Budget | None = None) -> Policy:
        """Add roles up.

        Args:
            names: of the roles; at least one.
            budget: which the roles can only make smaller.

        Raises:
            UsageError: there is no such role.
        """
        chosen = []
        for name in names:
            if name not in self.roles:
                known = ", ".join(self.roles) or "none"
                raise UsageError(f"There is no role {name!r}.", hint=f"Roles: {known}.")
            chosen.append(self.roles[name])
        if not chosen:
            raise UsageError("No role is named.", hint="Name at least one.")
        tables = _tables(chosen)
        named = {*(tables or ()), *(h.split(".")[0] for r in chosen for h in r.hide)}
        named |= {table for role in chosen for table in role.rows}
        hide: set[str] = set()
        rows: dict[str, str] = {}
        for table in sorted(named):
            found = _merged(table, [role for role in chosen if role.shows(table)])
            if found is not None:
                hide |= found[0]
                rows.update({table: found[1]} if found[1] is not None else {})
        return Policy(
            tables=tables,
            hide=tuple(sorted(hide)),
            rows=rows,
            budget=_budget(chosen, budget or Budget()),
        )


def find_roles(location: str) -> Path | None:
    """Find the roles.yaml of a source: in its folder, or in the folder that its file lies in."""
    path = Path(location).expanduser()
    folders = [path, path / "company", path.parent] if path.is_dir() else [path.parent]
    return next((f / FILE for f in folders if (f / FILE).is_file()), None)


def read_roles(file: Path) -> Roles:
    """Read a roles.yaml.

    Raises:
        SourceError: it can't be read, or isn't what the schema says; with the line.
    """
    data, lines = load(file, "Write roles by name.")
    validate(data, lines, file, "roles.v1")
    roles = {
        name: Role(
            name=name,
            # What is not listed does not exist.
            tables=None if found.get("tables") == "*" else tuple(found.get("tables", ())),
            hide=frozenset(found.get("hide", ())),
            rows=found.get("rows", {}),
            budget=found.get("budget", {}),
            members=tuple(found.get("members", ())),
            documents=tuple(found.get("documents", ())),
        )
        for name, found in data.items()
    }
    return Roles(file, roles, lines)


def _check_filter(
    rows: str, table: str, columns: Mapping[str, Sequence[str]], dialect: Dialect
) -> None:
    every = {fold(name): Visible(name=name, path=("main", name)) for name in columns}
    tree = condition(rows, table, dialect, every)
    known = {fold(name) for name in columns[table]}
    outer = tree.root()
    for column in tree.find_all(exp.Column):
        if column.find_ancestor(exp.Select) is outer and fold(column.name) not in known:
            raise SourceError(f"Table {table!r} has no column {column.name!r}.")
    for inner in tree.find_all(exp.Table):
        if fold(inner.name) not in every:
            raise SourceError(f"There is no table {inner.name!r}.")


def _tables(roles: Sequence[Role]) -> tuple[str, ...] | None:
    found: dict[str, None] = {}
    for role in roles:
        if role.tables is None:
            return None
        found.update(dict.fromkeys(role.tables))
    return tuple(found)


def _merged(table: str, roles: Sequence[Role]) -> tuple[frozenset[str], str | None] | None:
    """Add up what roles hide of one table and which of its rows they show."""
    if not roles:
        return None
    by_rows: dict[str | None, frozenset[str]] = {}
    for role in roles:
        rows, hidden = role.rows.get(table), role.hidden(table)
        by_rows[rows] = by_rows[rows] & hidden if rows in by_rows else hidden
    if None in by_rows and all(by_rows[None] <= hidden for hidden in by_rows.values()):
        return by_rows[None], None
    every = frozenset().union(*by_rows.values())
    if None in by_rows:
        return every, None
    filters = sorted(rows for rows in by_rows if rows is not None)
    joined = filters[0] if len(filters) == 1 else " OR ".join(f"({rows})" for rows in filters)
    return every, joined


def _budget(roles: Sequence[Role], budget: Budget) -> Budget:
    """Take the most that some role allows, and no more than there is anyway."""
    found: dict[str, Any] = {}
    for name in ("rows", "seconds", "memory_mb", "tokens"):
        allowed = [role.budget.get(name) for role in roles]
        limits = [limit for limit in allowed if limit is not None]
        if len(limits) == len(allowed):
            own = getattr(budget, name)
            found[name] = max(limits) if own is None else min(own, max(limits))
    return replace(budget, **found)
