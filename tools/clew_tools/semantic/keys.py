"""Which way leads from one table to another, many rows to one, along the keys."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One step from a row to the one row that it points at.

    Attributes:
        child: the table that points.
        columns: its columns.
        parent: the table that is pointed at.
        other_columns: its columns, in the same order.
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    other_columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a way that may also lead from one row to many.

    Attributes:
        left: the table that lies nearer to the spec's table.
        left_columns: its columns.
        right: the table that is come to.
        right_columns: its columns, in the same order.
    """

    left: str
    left_columns: tuple[str, ...]
    right: str
    right_columns: tuple[str, ...]


class AmbiguousPath(RetryByModel):
    """Several equally short ways lead from one table to another."""

    def __init__(self, start: str, goal: str, paths: tuple[tuple[Edge, ...], ...]) -> None:
        """Keep the ways."""
        self.start, self.goal, self.paths = start, goal, paths
        ways = " or ".join(describe(path) for path in paths)
        super().__init__(f"From {start!r} to {goal!r} there are several ways: {ways}.")


class NoPath(RetryByModel):
    """No keys lead from one table to another."""

    def __init__(self, start: str, goal: str) -> None:
        """Keep the tables."""
        self.start, self.goal = start, goal
        super().__init__(f"No key leads from {start!r} to {goal!r}.")


def describe(path: tuple[Edge, ...]) -> str:
    """Say a path in words: the columns that are followed."""
    return " → ".join(f"{edge.child}.{', '.join(edge.columns)}" for edge in path)


def edges(catalog: Catalog) -> tuple[Edge, ...]:
    """List all steps that the keys of a catalog allow; keys to invisible tables are left out."""
    return tuple(
        Edge(
            child=table.name,
            columns=key.columns,
            parent=key.table,
            other_columns=key.other_columns,
        )
        for table in catalog.tables
        for key in table.foreign_keys
        if catalog.table(key.table) is not None
    )


def shortest_path(catalog: Catalog, start: str, goal: str) -> tuple[Edge, ...]:
    """Find the one shortest way from start to goal that never multiplies rows.

    Raises:
        NoPath: there is none.
        AmbiguousPath: several are equally short.
    """
    if start == goal:
        return ()
    outgoing: dict[str, list[Edge]] = {}
    for edge in edges(catalog):
        outgoing.setdefault(edge.child, []).append(edge)
    found: list[tuple[Edge, ...]] = []
    queue: deque[tuple[str, tuple[Edge, ...]]] = deque([(start, ())])
    while queue:
        table, path = queue.popleft()
        if found and len(path) >= len(found[0]):
            break
        for edge in outgoing.get(table, ()):
            if edge.parent == start or any(edge.parent == step.parent for step in path):
                continue
            longer = (*path, edge)
            if edge.parent == goal:
                found.append(longer)
            else:
                queue.append((edge.parent, longer))
    if not found:
        raise NoPath(start, goal)
    shortest = [path for path in found if len(path) == len(found[0])]
    if len(shortest) > 1:
        raise AmbiguousPath(start, goal, tuple(shortest))
    return shortest[0]


def reaches(catalog: Catalog, start: str, goal: str) -> bool:
    """Say whether a way leads from start to goal, ambiguous or not."""
    try:
        shortest_path(catalog, start, goal)
    except NoPath:
        return False
    except AmbiguousPath:
        return True
    return True


def steps_of(path: q.JoinPath) -> tuple[Step, ...]:
    """Put the keys of a join path together where several columns make one key."""
    steps: list[Step] = []
    for key in path.keys:
        left, right = key.left, key.right
        last = steps[-1] if steps else None
        if (
            last is not None
            and (last.left, last.right) == (left.table, right.table)
            and (left.table != right.table or left.column not in last.left_columns)
        ):
            steps[-1] = Step(
                left=last.left,
                left_columns=(*last.left_columns, left.column),
                right=last.right,
                right_columns=(*last.right_columns, right.column),
            )
            continue
        steps.append(
            Step(
                left=left.table,
                left_columns=(left.column,),
                right=right.table,
                right_columns=(right.column,),
            )
        )
    return tuple(steps)


def leads_back(catalog: Catalog, step: Step) -> bool:
    """Say whether a step is known to lead from one row to many."""
    table = catalog.table(step.right)
    if table is None or set(step.right_columns) >= set(table.primary_key or "?"):
        return False
    return any(
        edge.child == step.right
        and edge.parent == step.left
        and set(edge.columns) == set(step.right_columns)
        and set(edge.other_columns) == set(step.left_columns)
        for edge in edges(catalog)
    )


def steps_to_child(catalog: Catalog, start: str, child: str) -> tuple[Step, ...]:
    """Find the one shortest way from a table to one whose rows point at it.

    Raises:
        NoPath: there is none.
        AmbiguousPath: several are equally short.
    """
    return tuple(
        Step(
            left=edge.parent,
            left_columns=edge.other_columns,
            right=edge.child,
            right_columns=edge.columns,
        )
        for edge in reversed(shortest_path(catalog, child, start))
    )


def steps_to_parent(catalog: Catalog, start: str, parent: str) -> tuple[Step, ...]:
    """Find the one shortest way from a table to one that its rows point at.

    Raises:
        NoPath: there is none.
        AmbiguousPath: several are equally short.
    """
    return tuple(
        Step(
            left=edge.child,
            left_columns=edge.columns,
            right=edge.parent,
            right_columns=edge.other_columns,
        )
        for edge in shortest_path(catalog, start, parent)
    )
