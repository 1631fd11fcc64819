"""Which of several dates of one table dates its rows: the order date of orders, not the ship date.

It is the one that the question's verb is about ("shipped in May"), else the one called after the
thing itself. The answer says that it was taken, since the other
reading has another number.
"""

from __future__ import annotations

from collections.abc import Sequence

from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import Name, Vocabulary
from clew_agents.sql.words import singular, split_name

_DATE = frozenset("date day datetime time timestamp at on dt ts".split())


def own_event(names: Sequence[Name], items: Sequence[Item], vocabulary: Vocabulary) -> Name | None:
    """Choose the date that the question's verb is about, or else that is called after the rows.

    Args:
        names: dates that a period may speak of.
        items: of the question.
        vocabulary: of the source.

    Returns:
        None: they are of several tables, or none or several of them fit.
    """
    tables = {name.table for name in names}
    table = vocabulary.catalog.table(tables.pop()) if len(tables) == 1 else None
    if table is None or len(names) < 2:
        return None
    thing = {singular(word) for word in split_name(table.name)}
    for key in table.primary_key if len(table.primary_key) == 1 else ():
        thing |= {singular(word) for word in split_name(key)}
    spoken = [name for name in names if _is_spoken_of(name, _called(name) - thing, items)]
    own = [name for name in names if _called(name) and _called(name) <= thing]
    found = spoken or own
    return found[0] if len(found) == 1 else None


def _called(name: Name) -> set[str]:
    return {singular(word) for word in name.words} - _DATE


def _is_spoken_of(name: Name, words: set[str], items: Sequence[Item]) -> bool:
    """Whether the question names a date, or its verb does: "shipped" the ship date."""
    return any(
        any(m.name == name for m in item.matches)
        or any(len(word) > 3 and item.text.lower().startswith(word) for word in words)
        for item in items
    )


def said(chosen: Name, others: Sequence[Name]) -> str:
    """Say which dates were taken."""
    rest = " or ".join(f"{one.column}" for one in others if one is not chosen)
    return f"The dates are those of {chosen.column}; by {rest} the numbers would be others."
