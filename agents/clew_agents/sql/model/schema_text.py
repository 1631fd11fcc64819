"""How is the schema of a source told to a model in few tokens?

One line a table: ``orders(order_id*#, customer_id>customers, placed_at@, state 'open' 'paid')``.
The same for every question on a small source, so that it is read once; of a large one the tables
that the question can need, and the names of others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from clew_agents.prompt.layout import estimated_tokens
from clew_tools.database.catalog import Catalog, Column, Table

Samples = Callable[[str], Mapping[str, Sequence[str]]]
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_MARKS = {"integer": "#", "number": "#", "decimal": "#", "date": "@", "timestamp": "@"}
_LONGEST_NAME, _LONGEST_VALUE, _MOST_VALUES = 80, 16, 4


def schema_text(
    catalog: Catalog,
    *,
    most_tokens: int,
    example_tokens: int = 0,
    samples: Samples | None = None,
    needed: Sequence[str] = (),
) -> str:
    """Write a schema.

    Args:
        catalog: as the principal sees it.
        most_tokens: of the tables with their columns.
        example_tokens: of example values beside them; 0 sends none.
        samples: gives a few values of each column of a table.
        needed: tables that the question can need, likeliest first; used where not all have place.
    """
    lines = {table.name: _line(table, {}) for table in catalog.tables}
    if _size(lines.values()) > most_tokens:
        lines = _chosen(lines, needed, most_tokens)
    if samples is not None and example_tokens > 0:
        lines = _with_examples(catalog, lines, samples, example_tokens)
    others = [_quoted(t.name) for t in catalog.tables if t.name not in lines]
    text = "\n".join(lines.values())
    return f"{text}\nothers: {_some(others, most_tokens // 4)}" if others else text


def _line(table: Table, examples: Mapping[str, str]) -> str:
    pointing = {
        key.columns[0]: key.table for key in table.foreign_keys if len(key.columns) == 1
    }  # fmt: skip
    columns = [
        _column(column, column.name in table.primary_key, pointing.get(column.name))
        + examples.get(column.name, "")
        for column in table.columns
    ]
    return f"{_quoted(table.name)}({', '.join(columns)})"


def _column(column: Column, is_key: bool, points: str | None) -> str:
    text = _quoted(column.name) + "*" * is_key
    if points:
        return f"{text}>{_quoted(points)}"
    return text + ("" if is_key else _MARKS.get(column.type, ""))


def _quoted(name: str) -> str:
    """Write a name; one with signs that could be taken for something else as JSON."""
    return name if _PLAIN.fullmatch(name) else json.dumps(name[:_LONGEST_NAME], ensure_ascii=False)


def _size(lines: Iterable[str]) -> int:
    return sum(estimated_tokens(line) + 1 for line in lines)


def _chosen(lines: Mapping[str, str], needed: Sequence[str], most: int) -> dict[str, str]:
    """Keep the tables that are needed while they have place, in the order of the source."""
    kept: set[str] = set()
    used = 0
    for name in dict.fromkeys([*needed, *lines]):
        size = estimated_tokens(lines[name]) + 1
        if name in lines and used + size <= most:
            kept.add(name)
            used += size
        elif name not in needed:
            break
    return {name: line for name, line in lines.items() if name in kept}


def _with_examples(
    catalog: Catalog, lines: Mapping[str, str], samples: Samples, most: int
) -> dict[str, str]:
    """Put values beside columns of categories, table by table, while they have place."""
    found = dict(lines)
    used = 0
    for table in catalog.tables:
        if table.name not in lines:
            continue
        told: dict[str, str] = {}
        values = samples(table.name)
        for column in table.columns:
            text = _examples(column, values.get(column.name, ()))
            size = estimated_tokens(text)
            if text and used + size <= most:
                told[column.name] = text
                used += size
        found[table.name] = _line(table, told)
    return found


def _examples(column: Column, values: Sequence[str]) -> str:
    """Show all values of a column that has few: those of a question are found in the data."""
    if column.type != "text" or not 0 < len(values) <= _MOST_VALUES:
        return ""
    if any(not 0 < len(v) <= _LONGEST_VALUE or not v.isprintable() for v in values):
        return ""
    return "".join(f" {_value(value)}" for value in values)


def _value(value: str) -> str:
    return "'" + value.replace("'", "’").replace("<", "‹") + "'"


def _some(names: Sequence[str], most: int) -> str:
    shown: list[str] = []
    for name in names:
        if _size([*shown, name]) > most:
            return ", ".join([*shown, "…"])
        shown.append(name)
    return ", ".join(shown)
