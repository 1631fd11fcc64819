"""Which values does each column of a table hold, by a look at its first rows?

Cheap, and so not representative: for whoever has to know what a code or a date looks like.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew_core.deadline import Deadline
from clew_tools.database.catalog import Table
from clew_tools.database.names import quoted

ROWS, VALUES, SIGNS = 200, 5, 60
"""Rows that are looked at, values that are kept of a column, signs of each value."""
_COLUMNS_AT_ONCE = 200


def read_samples(
    table: Table,
    rows: Callable[[str, Deadline], list[tuple[Any, ...]]],
    deadline: Deadline,
) -> dict[str, tuple[str, ...]]:
    """Find some different values of each column, as text, the first ones first.

    Args:
        table: as its reader sees it.
        rows: runs a statement under the reader's policy.
        deadline: of the whole.
    """
    found: dict[str, tuple[str, ...]] = {}
    names = [column.name for column in table.columns]
    path = ".".join(quoted(part) for part in table.name.split("."))
    for begin in range(0, len(names), _COLUMNS_AT_ONCE):
        some = names[begin : begin + _COLUMNS_AT_ONCE]
        chosen = ", ".join(quoted(name) for name in some)
        read = rows(f"SELECT {chosen} FROM {path} LIMIT {ROWS}", deadline)
        for index, name in enumerate(some):
            values = dict.fromkeys(
                str(row[index])[:SIGNS] for row in read if row[index] is not None
            )
            found[name] = tuple(values)[:VALUES]
    return found
