"""Which rows fall out of the groups, because they belong to nothing that the groups are named by?

Tickets by category of the product leave out the tickets about no product. Groups are what there
is, so these rows stay out; but a total of the groups is then no total of all, and that is said.
"""

from __future__ import annotations

from dataclasses import replace

from clew_core.query_spec import Column, Measure, MeasureRef, Predicate, QuerySpec
from clew_tools.database.catalog import Catalog
from clew_tools.semantic.keys import AmbiguousPath, Edge, NoPath, shortest_path

ROWS = "rows__"


def counts(spec: QuerySpec, catalog: Catalog) -> tuple[QuerySpec, QuerySpec, str] | None:
    """Give the specs that count all rows and those in groups, and the other table; None: same.

    Args:
        spec: with groups.
        catalog: of its source.
    """
    if not spec.measures or not spec.dimensions or spec.limit is not None:
        return None
    for dimension in spec.dimensions:
        of = dimension.of
        if not isinstance(of, Column) or of.path is not None or of.table == spec.table:
            continue
        table = catalog.table(of.table)
        try:
            way = shortest_path(catalog, spec.table, of.table)
        except (AmbiguousPath, NoPath):
            continue
        if table is None or not any(_may_be_missing(edge, catalog) for edge in way):
            continue
        conditions = tuple(
            c for c in spec.conditions
            if not (isinstance(c, Predicate) and isinstance(c.on, MeasureRef))
        )  # fmt: skip
        whole = QuerySpec(
            source=spec.source, table=spec.table, conditions=conditions, joins=spec.joins,
            measures=(Measure(name=ROWS, aggregate="count"),),
        )  # fmt: skip
        key = Column(table=of.table, column=way[-1].other_columns[0])
        there = Predicate(on=key, operator="is_not_null")
        return whole, replace(whole, conditions=(*conditions, there)), of.table
    return None


def _may_be_missing(edge: Edge, catalog: Catalog) -> bool:
    """Whether a row may point at nothing: it may be empty, or nobody declared the key."""
    child = catalog.table(edge.child)
    if child is None:
        return False
    declared = any(
        key.columns == edge.columns and key.table == edge.parent and not key.inferred
        for key in child.foreign_keys
    )
    columns = [child.column(name) for name in edge.columns]
    return not declared or any(column is None or column.nullable for column in columns)
