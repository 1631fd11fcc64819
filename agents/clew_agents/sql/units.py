"""What a unit beside a number says: it repeats that of what is compared, or is converted.

"Over 800 EUR net sales" says no more than "over 800"; "more than 4 kg" of a weight in grams is
more than 4 000. Where the data don't say in what they measure, the unit is that of the question.
A unit that fits nothing that is compared stays, and is asked back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import Vocabulary
from clew_agents.sql.words import split_name

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

# What columns of these names are measured in.
_MEASURED = {
    "mass": "weight mass", "length": "height length width depth distance elevation altitude",
    "volume": "volume capacity output", "time": "duration time age", "speed": "speed",
    "money": "price fee cost salary wage income rent revenue premium fare budget bill refund",
}  # fmt: skip
_MONEY = frozenset("eur euro usd dollar gbp pound chf franc jpy yen sek nok dkk pln inr".split())
_UNITS = (
    frozenset(_SIZES)
    | _MONEY
    | frozenset(
        "percent pct second minute hour sec min inch foot mile yard acre hectare hectolitre "
        "hectoliter hl gallon barrel ounce lb watt kw mw kwh mwh gwh volt degree celsius "
        "fahrenheit bpm rpm kcal calorie kmh mph sqm".split()
    )
)


def settle_units(items: Sequence[Item], vocabulary: Vocabulary) -> list[Item]:
    """Take units out of a question, and convert their numbers to the unit of the column."""
    kept: list[Item] = []
    for at, item in enumerate(items):
        before = kept[-1] if kept else None
        if before is None or before.tag != "#" or item.gap or item.tag not in "?VhF%.":
            kept.append(item)
            continue
        units = _units_near(items, at, vocabulary)
        factor = _factor(item.text, units)
        if factor is None and not units and _is_unit(item) and _fits(item, kept):
            factor = 1  # the data don't say in what they measure
        if factor is None:
            kept.append(item)
            continue
        number = (before.number or 0) * factor
        whole = int(number) if float(number).is_integer() else number
        kept[-1] = replace(before, number=whole, end=item.end, text=f"{before.text} {item.text}")
    return kept


def _is_unit(item: Item) -> bool:
    """Whether a word behind a number can only say in what it is measured."""
    said = item.text.casefold()
    if item.matches or item.hits or len(said) < 2:
        return False
    return _is_known(said)


def _is_known(word: str) -> bool:
    return word in _UNITS or word.removesuffix("s") in _UNITS


def _fits(unit: Item, items: Sequence[Item]) -> bool:
    """Whether the last number is compared with a column that can be measured so.

    "Income below 100,000 CHF" can, "weight above 20 km" can't.
    """
    said = [item for item in items if item.tag not in ".EQM"]
    while said and said[-1].tag in "#CBJ":
        said.pop()
    if not said or said[-1].tag != "F" or said[-1].tables:
        return False
    words = {word for match in said[-1].matches for word in match.name.words}
    words |= set(said[-1].text.casefold().split())
    measured = {kind for kind, called in _MEASURED.items() if not words.isdisjoint(called.split())}
    word = unit.text.casefold()
    one = _SIZES.get(word) or _SIZES.get(word.removesuffix("s"))
    kind = one[0] if one else "money" if word.removesuffix("s") in _MONEY else ""
    return not kind or not measured or kind in measured


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
            ends = split_name(name.column)[-1]
            unit = vocabulary.column(name).unit or (ends if _is_known(ends) else "")
            found.add(unit)
    return found - {""}


def _factor(text: str, units: set[str]) -> float | None:
    """By what a number in one unit is multiplied to be in another; None where they don't fit."""
    if len(units) != 1:
        return None
    unit, said = next(iter(units)), text.casefold()
    if said.removesuffix("s") == unit.casefold().removesuffix("s"):
        return 1
    one = _SIZES.get(said) or _SIZES.get(said.removesuffix("s"))
    other = _SIZES.get(unit.casefold())
    if one is None or other is None or one[0] != other[0]:
        return None
    return one[1] / other[1]


def converted(items: Sequence[Item]) -> dict[str, str]:
    """Give the numbers that were converted, as the question has them: ``=3000`` → "3 kg"."""
    return {
        f"={item.number}": item.text
        for item in items
        if item.tag == "#" and " " in item.text and not _is_written(item.number, item.text)
    }


def _is_written(number: int | float | None, text: str) -> bool:
    try:
        return float(text.split()[0].replace(",", "")) == number
    except ValueError:
        return True  # in words: told in digits
