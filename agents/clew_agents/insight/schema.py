"""What of the schema an insight needs: which table reaches which, which date puts rows in time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clew_agents.sql.words import split_name
from clew_core.query_spec import Column as SpecColumn
from clew_tools.database.catalog import Catalog, Column, Table
from clew_tools.semantic.keys import edges

_MOST_STEPS = 3
# Dates of these names say when something ended, was due or was written down, not when it happened.
_LATER = frozenset(
    "loaded updated modified due birth closed close ended end ends delivered received valid "
    "until expires expired left discontinued promised resolved solved finished "
    "deleted import imported load changed arrived".split()
)
_ENDS = frozenset(
    "closed closat clos close ended end ends left leave churned cancelled canceled terminated "
    "expired quit discontinued unsubscribed gone inactive".split()
)
_NOT_DONE = frozenset("due promised expected planned estimated loaded updated birth".split())


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Which tables a row of a table points at, and over how many steps."""

    steps: dict[str, int]

    def __contains__(self, table: str) -> bool:
        return table in self.steps


def reach(catalog: Catalog, start: str, most: int = _MOST_STEPS) -> Reach:
    """Find the tables that a row of start points at, many to one, by the only shortest way."""
    outgoing: dict[str, list[str]] = {}
    for edge in edges(catalog):
        outgoing.setdefault(edge.child, []).append(edge.parent)
    steps, ways = {start: 0}, {start: 1}
    queue = deque([start])
    while queue:
        table = queue.popleft()
        if steps[table] == most:
            continue
        for parent in outgoing.get(table, ()):
            if parent not in steps:
                steps[parent], ways[parent] = steps[table] + 1, ways[table]
                queue.append(parent)
            elif steps[parent] == steps[table] + 1:
                ways[parent] += ways[table]
    # Two equally short ways: the compiler would ask which; an exploration leaves such tables out.
    return Reach(steps={t: n for t, n in steps.items() if ways[t] == 1})


def words_of(column: Column | str) -> list[str]:
    """Cut a name into its words."""
    name = column if isinstance(column, str) else column.name
    return [word.casefold() for word in split_name(name)]


def said(column: Column) -> set[str]:
    """List the words of a column's name and of its declared meaning."""
    return {*words_of(column), *words_in(column.meaning or "")}


def words_in(text: str) -> list[str]:
    """Cut a text into small words."""
    return [w.strip(".,;:()'\"").casefold() for w in text.replace("-", " ").split() if w.strip()]


def dates(table: Table) -> list[Column]:
    """List the dates of a table in order."""
    return [c for c in table.columns if c.type in ("date", "timestamp")]


def own_time(table: Table, empty: Mapping[str, float]) -> Column | None:
    """Choose the date at which a row happened: one that all rows have, and the first of these.

    Args:
        table: whose.
        empty: column -> part of the rows without a value.
    """
    found = [c for c in dates(table) if not _NOT_DONE & set(words_of(c))]
    if not found:
        return None

    def rank(column: Column) -> tuple[float, ...]:
        later = len(_LATER & {*words_of(column), *words_in(column.meaning or "")[:4]})
        return (round(empty.get(column.name, 0.0), 4), later, found.index(column))

    return min(found, key=rank)


Empty = Callable[[Table], Mapping[str, float]]


def time_of(catalog: Catalog, base: str, empty: Empty) -> SpecColumn | None:
    """Choose the date that puts rows of a table in time: its own, or of what it points at.

    Of two that are as near the one with more rows is taken: a line has its time from its order,
    not from the day on which its product was first sold.
    """
    table = catalog.table(base)
    if table is None:
        return None
    own = own_time(table, empty(table))
    if own is not None:
        return SpecColumn(table=base, column=own.name)
    near = sorted(reach(catalog, base, 2).steps.items(), key=lambda entry: entry[1])
    found: list[tuple[bool, int, int, SpecColumn]] = []
    for name, steps in near:
        other = catalog.table(name)
        time = own_time(other, empty(other)) if other is not None and steps else None
        if time is not None and other is not None:
            on = SpecColumn(table=name, column=time.name)
            found.append((not _is_event(other), steps, -(other.row_count or 0), on))
    return min(found, key=lambda entry: entry[:3])[3] if found else None


def _is_event(table: Table) -> bool:
    """Rows that point at others and have a date are events; what is only pointed at is a thing."""
    return bool(table.foreign_keys)


def end_time(table: Table, empty: Mapping[str, float]) -> Column | None:
    """Choose the date on which something that a row stands for ended: the account was closed."""
    found = dates(table)
    named = [c for c in found if _ENDS & set(words_of(c))]
    meant = [c for c in found if _ENDS & set(words_in(c.meaning or ""))]
    rest = [c for c in found[1:] if c.nullable and not _NOT_DONE & set(words_of(c))]
    rest.sort(key=lambda c: -round(empty.get(c.name, 0.0), 1))
    chosen = named or meant or rest
    return chosen[0] if chosen else None


def duration(table: Table, empty: Mapping[str, float]) -> tuple[Column, Column] | None:
    """Choose two dates between which something took its time."""
    found = [c for c in dates(table) if not _NOT_DONE & said(c)]
    start = own_time(table, empty)
    later = [c for c in found if c is not start]
    return (start, later[0]) if start is not None and later else None
