"""Which words leave a question open, though most of it was understood: "best", "how high", "take".

They are named when a question is asked back or declined, so that its author sees what to add.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clew_agents.sql.reading import Reading
from clew_agents.sql.resolve import NotUnderstood
from clew_agents.sql.tagging import Item
from clew_agents.sql.tokens import tokenize
from clew_agents.sql.vocabulary import Vocabulary
from clew_tools.semantic.keys import reaches

_JUDGED = frozenset(
    "best worst good bad better worse nice nicest biggest largest smallest greatest strongest "
    "weakest successful important".split()
)
_TAKES = frozenset("take takes took taken".split())
_SIZES = frozenset(("how high", "how large", "how big", "how low"))
_MANY_MEANINGS = 2


def also_open(question: str, said: str, items: Sequence[Item]) -> str:
    """Add to a reason what else the question leaves open: judgements, durations, names of many."""
    words = [token.norm for token in tokenize(question)]
    told = {token.norm for token in tokenize(said)}
    added = [f"{w!r} by what? Name a number." for w in words if w in _JUDGED and w not in told]
    if "how long" in question.casefold():
        added += [
            f"{w!r} from when to when? Name both dates." for w in words
            if w in _TAKES and w not in told
        ]  # fmt: skip
    added += [_many(item) for item in items if _has_many(item, items, said)]
    return " ".join((said, *added))


def _has_many(item: Item, items: Sequence[Item], said: str) -> bool:
    """Whether a name is that of columns in several tables, and no table is named beside it."""
    tables = {match.name.table for match in item.matches if match.name.column is not None}
    named = any(other.tables for other in items)
    return (
        item.tag == "F"
        and len(tables) >= _MANY_MEANINGS
        and not named
        and repr(item.text) not in said
    )


def _many(item: Item) -> str:
    tables = dict.fromkeys(match.name.table for match in item.matches)
    return f"{item.text!r} stands in several tables: {', '.join(map(repr, tables))}."


def phrase_around(question: str, words: str) -> str:
    """Quote ambiguous words with what belongs to them: "refunds in May", "have in 2024"."""
    around = (
        rf"(\b(?:have|had|has)\b[^,;?.]*?)?\b{re.escape(words)}(?:\s+(?:in|for|during)\b[^,;?.]*)?"
    )
    found = re.search(around, question, re.IGNORECASE)
    return found[0].strip() if found else words


def refuse_open_size(reading: Reading, items: Sequence[Item], vocabulary: Vocabulary) -> None:
    """Ask of "how high are returns" whether rows are counted or their amounts added up."""
    if not any(item.tag == "M" and item.text.lower() in _SIZES for item in items):
        return
    for op in reading.ops:
        item = op.target
        tables = item.tables if item is not None else ()
        if item is None or op.count or len(tables) != 1:
            continue
        worth = vocabulary.worth(tables[0])
        if worth is not None:
            raise NotUnderstood(
                [], f"How high are {item.text!r}: their number, or the sum of {worth.column!r}?"
            )


def refuse_open_price(reading: Reading, items: Sequence[Item], vocabulary: Vocabulary) -> None:
    """Ask which price a bare "price" is, where several tables about the same things have one.

    An exact name in one of them is no reason: a list of prices, the price of the product and the
    price on the order line are three answers.
    """
    catalog = vocabulary.catalog
    places = {hit.table for test in reading.values for item in test.values for hit in item.hits}
    for op in reading.ops:
        item = op.target
        word = item.text.lower() if item is not None else ""
        if item is None or word not in ("price", "prices") or any(i.tables for i in items):
            continue
        named = [
            name for name in vocabulary.columns
            if name.words[-1:] == ("price",)
            and any(reaches(catalog, name.table, place) for place in places)
        ]  # fmt: skip
        choices = list(dict.fromkeys(f"{n.column} of {n.table}" for n in named))
        if len({name.table for name in named}) > 1:
            listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
            raise NotUnderstood([], f"{item.text!r} can mean {listed}. Which one?")


def refuse_two_ways(reading: Reading, items: Sequence[Item]) -> None:
    """Ask what "each customer …, by segment" is: one row for each, or an average of theirs."""
    if len(reading.groups) < 2 or not reading.ops:
        return
    said: dict[str, str] = {}
    for group in reading.groups:
        place = next((i for i, item in enumerate(items) if item is group.item), 0)
        while place > 0 and (
            items[place - 1].tag in ".Uh?" or items[place - 1].text.lower().endswith("ing")
        ):
            place -= 1  # "each ordering customer"
        mark = items[place - 1].text.lower() if place else ""
        said.setdefault("each" if mark in ("each", "every", "per each") else mark, group.item.text)
        if group.item.tables and mark in ("each", "every"):
            said["thing"] = group.item.text
    if "thing" in said and "by" in said:
        thing = said["thing"]
        if _averaged_per(reading, items, thing):
            return
        raise NotUnderstood(
            [], f"Each {thing!r}, by {said['by']!r}: one row for each {thing}, or their average?"
        )


def _averaged_per(reading: Reading, items: Sequence[Item], thing: str) -> bool:
    """Read "how much did each customer bring, by segment" as the average per customer.

    One row for each customer would need no segment: each has one.
    """
    groups = [group for group in reading.groups if group.item.text == thing]
    op = reading.ops[0]
    measured = op.target is not None and not op.target.tables and not op.count
    asked = any(item.tag == "M" and item.text.lower() == "how much" for item in items)
    if len(reading.ops) != 1 or len(groups) != 1 or not measured or not asked or reading.direction:
        return False
    op.per = groups[0].item
    reading.groups.remove(groups[0])
    return True
