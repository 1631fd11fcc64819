"""What is asked instead of rows that were only named, where they are too many to be read?

"Orders of May" lists a few orders, and counts thousands; so "customers with 5 or more orders".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from clew_core import query_spec as q
from clew_tools.database.catalog import Catalog


def count_instead(
    spec: q.QuerySpec, labels: Mapping[str, str], catalog: Catalog, count: str
) -> q.QuerySpec | None:
    """Count what a spec lists; None where it is no plain list.

    Args:
        spec: of the rows.
        labels: dimension → table whose rows it names.
        catalog: of its source.
        count: what the number is called.
    """
    if spec.limit is not None or not labels:
        return None
    measure = q.Measure(name=count, aggregate="count")
    if not spec.measures:
        return replace(spec, measures=(measure,), dimensions=(), order=(), distinct=False, asked=())
    tables = set(labels.values())
    own = catalog.table(tables.pop()) if len(tables) == 1 else None
    chosen = any(
        isinstance(c, q.Predicate) and isinstance(c.on, q.MeasureRef) for c in spec.conditions
    )
    only_names = {d.name for d in spec.dimensions} <= labels.keys()
    if own is None or len(own.primary_key) != 1 or not chosen or not only_names:
        return None
    key = q.Column(table=own.name, column=own.primary_key[0])
    groups = replace(spec, dimensions=(q.Dimension(name=key.column, of=key),), order=(), asked=())
    return replace(
        spec, table=own.name, measures=(measure,), dimensions=(), order=(), asked=(),
        conditions=(q.Predicate(on=key, operator="in", spec=groups),),
    )  # fmt: skip
