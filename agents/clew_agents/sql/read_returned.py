"""How is a last sentence read that only names columns ("Which has the most? Return its name.")?

Its columns are those of what the first sentence asks for. A sentence that also counts, tests or
groups is no such sentence, and stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.reading import Reading
from clew_agents.sql.tagging import Item

_NAMES = frozenset(("name", "names"))


def without_returned(items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
    """Part the columns of a last sentence that says what is to be returned from the question."""
    for at in range(len(items) - 1, 0, -1):
        gap = items[at].gap
        if not gap or gap[-1] not in ".?!;" or "," in gap:
            continue
        last = items[at:]
        if last[0].tag not in "L." or not any(item.tag == "L" for item in last[:2]):
            break
        columns = [_as_column(item) for item in last if _is_column(item)]
        said = [item for item in last if not _is_column(item)]
        little = all(item.tag in ".LUE" or item.value == "and" for item in said)
        owners = [item for item in said if item.tag == "F" and item.tables]
        little = little or all(
            item.tag in ".LUE" or item.value == "and" or item in owners for item in said
        )
        if not columns or not little:
            break
        return list(items[:at]), columns
    return list(items), []


def add_returned(reading: Reading, columns: list[Item]) -> None:
    """Let the columns be what is asked for of what is listed or ranked; else they are left over."""
    if not columns:
        return
    entity = reading.entity
    if entity is None or not entity.tables or reading.groups or _computes(reading):
        reading.rest += columns
        return
    reading.columns, reading.owner, reading.bare = columns, entity.tables, False
    reading.entity_asked = False


def _computes(reading: Reading) -> bool:
    """Whether something is computed that is shown, and not only ranked by."""
    return bool(reading.ops) and not (reading.direction and reading.superlative)


def _is_column(item: Item) -> bool:
    named = any(match.name.column is not None for match in item.matches)
    return named and (item.tag == "F" or item.text.lower() in _NAMES)


def _as_column(item: Item) -> Item:
    return item if item.tag == "F" else replace(item, tag="F", value="", hits=())
