"""How does the name of an act stand for its rows: cancellations are the orders that are cancelled.

A noun that the data don't know is read as the one value that its verb has there; counted, it means
the rows with that value, and its rate their share of all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clew_agents.sql.tagging import Item, filler
from clew_agents.sql.vocabulary import EXACT, Match, Vocabulary
from clew_agents.sql.words import singular
from clew_tools.database.source import ValueHit, ValueIndex

# Endings of nouns, and what stands in their place in the verb.
_ENDINGS = (
    ("ellation", ("el", "ell")),
    ("ication", ("y", "icate")),
    ("ation", ("", "e", "ate")),
    ("etion", ("ete",)),
    ("ition", ("it", "ite")),
    ("ction", ("ct",)),
    ("ssion", ("ss", "t")),
    ("sion", ("d", "de", "se")),
    ("ion", ("", "e")),
    ("ment", ("",)),
    ("ance", ("", "e")),
    ("ence", ("", "e")),
    ("ery", ("er",)),
    ("al", ("", "e")),
    ("", ("",)),
)
_RATES = frozenset(("rate", "rates"))


def settle_acts(items: Sequence[Item], vocabulary: Vocabulary, values: ValueIndex) -> list[Item]:
    """Put values, and the rows that hold them, in the place of nouns that name acts."""
    found: list[Item] = []
    for item in items:
        hits = _acted(item.text, values) if item.tag == "?" else ()
        if hits:
            item = replace(item, tag="V", value=hits[0].value, hits=hits)
        found.append(item)
    return _counted(_rated(found, vocabulary), vocabulary)


def _acted(word: str, values: ValueIndex) -> tuple[ValueHit, ...]:
    """Find the one value that says that something was done."""
    for verb in _verbs(singular(word.casefold())):
        for participle in (f"{verb}ed", f"{verb.removesuffix('e')}ed", f"{verb}{verb[-1:]}ed"):
            hits = values.find(participle)
            if hits and len({(hit.table, hit.column) for hit in hits}) == 1:
                return hits
    return ()


def _verbs(noun: str) -> Iterator[str]:
    for ending, places in _ENDINGS:
        stem = noun.removesuffix(ending) if ending else noun
        if noun.endswith(ending) and len(stem) >= 3:
            yield from (stem + place for place in places)


def _rated(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "cancellation rate" as the share of the orders that are cancelled."""
    for at, item in enumerate(items[:-1]):
        rate = items[at + 1]
        rows = _rows(item, vocabulary)
        if rows is None or rate.gap or rate.text.casefold() not in _RATES:
            continue
        said = any(m.score == EXACT and m.name.table == rows.name.table for m in rate.matches)
        if said or any(other.tag == "%" for other in items):
            continue
        share = replace(filler(item), tag="%", text="share of", end=item.start)
        things = replace(filler(item), tag="F", text=rows.name.table, matches=(rows,))
        being = replace(filler(item), tag="E", text="is", end=item.start)
        things = replace(things, end=item.start)
        return [*items[:at], share, things, being, item, filler(rate), *items[at + 2 :]]
    return items


def _counted(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "how many no-shows per trainer" as the number of rows with that value."""
    for at, item in enumerate(items[:-1]):
        value = items[at + 1]
        rows = _rows(value, vocabulary)
        if item.tag != "N" or rows is None:
            continue
        after = items[at + 2] if at + 2 < len(items) else None
        if after is not None and after.tag != "G":
            continue  # "how many Premium members": what is counted is said
        things = replace(
            filler(value), tag="F", text=rows.name.table, matches=(rows,), start=value.end
        )
        return [*items[: at + 2], things, *items[at + 2 :]]
    return items


def _rows(value: Item, vocabulary: Vocabulary) -> Match | None:
    """The table whose rows hold a value, where there is only one."""
    held = {hit.table for hit in value.hits}
    if value.tag != "V" or len(held) != 1:
        return None
    names = [name for name in vocabulary.tables if name.table in held]
    return Match(name=names[0], score=EXACT) if names else None
