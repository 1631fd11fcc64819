"""What a unit beside a number says: it repeats that of what is compared, or is converted.

"Over 800 EUR net sales" says no more than "over 800"; "more than 4 kg" of a weight in grams is
more than 4 000. A unit that fits nothing that is compared stays, and is asked back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import Vocabulary

# Unit → what it measures, and how many of the smallest unit here it is.
_SIZES: dict[str, tuple[str, float]] = {
    "mg": ("mass", 0.001), "g": ("mass", 1), "gram": ("mass", 1), "kg": ("mass", 1000),
    "kilo": ("mass", 1000), "kilogram": ("mass", 1000), "t": ("mass", 1_000_000),
    "tonne": ("mass", 1_000_000),
    "mm": ("length", 1), "cm": ("length", 10), "m": ("length", 1000), "meter": ("length", 1000),
    "metre": ("length", 1000), "km": ("length", 1_000_000), "kilometer": ("length", 1_000_000),
    "kilometre": ("length", 1_000_000),
    "ml": ("volume", 1), "cl": ("volume", 10), "l": ("volume", 1000), "liter": ("volume", 1000),
    "litre": ("volume", 1000),
}  # fmt: skip


def settle_units(items: Sequence[Item], vocabulary: Vocabulary) -> list[Item]:
    """Take units out of a question, and convert their numbers to the unit of the column."""
    kept: list[Item] = []
    for at, item in enumerate(items):
        before = kept[-1] if kept else None
        if before is None or before.tag != "#" or item.gap or item.tag not in "?VhF":
            kept.append(item)
            continue
        factor = _factor(item.text, _units_near(items, at, vocabulary))
        if factor is None:
            kept.append(item)
            continue
        number = (before.number or 0) * factor
        whole = int(number) if float(number).is_integer() else number
        kept[-1] = replace(before, number=whole, end=item.end, text=f"{before.text} {item.text}")
    return kept


def _units_near(items: Sequence[Item], at: int, vocabulary: Vocabulary) -> set[str]:
    """The units of what is compared: the name right after the unit, else those before it."""
    after = items[at + 1 : at + 2]
    places = [*after, *reversed(items[:at])]
    for item in places:
        if item.tag == "F" and not item.tables:
            return _units_of(item, vocabulary)
    return set()


def _units_of(item: Item, vocabulary: Vocabulary) -> set[str]:
    found: set[str] = set()
    for name in (match.name for match in item.matches):
        if name.metric:
            found.add(vocabulary.known.metrics[name.metric].unit or "")
        elif name.column is not None:
            ends = name.column.casefold().rsplit("_", 1)[-1]
            unit = vocabulary.column(name).unit or (ends if ends in _SIZES else "")
            found.add(unit)
    return found - {""}


def _factor(text: str, units: set[str]) -> float | None:
    """By what a number in one unit is multiplied to be in another; None where they don't fit."""
    if len(units) != 1:
        return None
    unit, said = units.pop(), text.casefold()
    if said == unit.casefold():
        return 1
    one = _SIZES.get(said) or _SIZES.get(said.removesuffix("s"))
    other = _SIZES.get(unit.casefold())
    if one is None or other is None or one[0] != other[0]:
        return None
    return one[1] / other[1]
