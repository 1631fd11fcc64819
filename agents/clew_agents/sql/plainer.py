"""How wordings that say nothing more, or say it elsewhere, become plainer before reading.

"One of X and Y" is X or Y, "the sum of X over orders" is that of the orders, "for orders …, show
the price" lists prices of orders. A word that names a table is that table also where it could
ask for a chart or for rows. Each rule takes tagged words and gives tagged words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.resolve import NUMERIC
from clew_agents.sql.tagging import Item, filler
from clew_agents.sql.vocabulary import Vocabulary
from clew_agents.sql.words import same, singular, split_name
from clew_tools.database.source import ValueIndex

_DRAWN = frozenset("a an as draw into in make".split())
_VALUED = frozenset("to only just with from in".split())
_ABOUT = frozenset("develop developed evolve evolved look looked vary varied".split())
_GIVEN = frozenset(("recorded", "known", "given", "noted", "on record", "available"))
_OPPOSITE = {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}
_HAVE = frozenset("have has had with having".split())


def plainer(items: Sequence[Item], vocabulary: Vocabulary, values: ValueIndex) -> list[Item]:
    """Put plainer words in the place of long-winded ones."""
    found = list(items)
    found = _things_called_so(found)
    found = _values_that_are_changes(found, values)
    found = _one_of(found)
    found = _over_rows(found)
    found = _by_all(found)
    found = _developed(found)
    found = _names_of_columns(found)
    found = _given(found)
    found = _shared_by(found)
    found = _not_below(found)
    found = _whose_rows(found)
    found = _letters_of_values(found, values)
    found = _among_the_same(found)
    found = _compared_periods(found)
    return _for_first(found)


def _word(item: Item) -> str:
    return item.text.casefold()


def _before(items: Sequence[Item], at: int) -> Item | None:
    """The last item before a place that is no filler."""
    return next((item for item in reversed(items[:at]) if item.tag != "."), None)


def _is_number(item: Item) -> bool:
    """Whether an item names a column of numbers, and no table."""
    numbers = [m for m in item.matches if m.name.column is not None and m.name.type in NUMERIC]
    return item.tag == "F" and bool(numbers) and not item.tables


def _things_called_so(items: list[Item]) -> list[Item]:
    """Take "records", "bars", "plot" as the table of that name, where there is one.

    Not where a chart is asked for ("as a plot", "plot the orders"), and not "records in orders".
    """
    found = list(items)
    for at, item in enumerate(items):
        if item.tag not in "HO" or not item.tables:
            continue
        before = _word(items[at - 1]) if at else ""
        if item.tag == "H" and (at == 0 or before.split()[-1] in _DRAWN):
            continue
        behind = [other for other in items[at + 1 :] if other.tag not in ".E"][:1]
        within = item.tag == "O" and behind and behind[0].tables and items[at + 1].tag in ".E"
        if within and any(_word(i) in ("in", "of") for i in items[at + 1 : at + 4]):
            continue
        found[at] = replace(item, tag="F", value="")
    return found


def _values_that_are_changes(items: list[Item], values: ValueIndex) -> list[Item]:
    """Read "with result dropped", "limit it to dropped" as the value, not as a change."""
    found = list(items)
    for at, item in enumerate(items):
        hits = values.find(item.text) if item.tag == "T" else ()
        if not hits or at == 0:
            continue
        places = {(hit.table, hit.column) for hit in hits}
        before = _before(items, at)
        named = before is not None and (
            any((m.name.table, m.name.column) in places for m in before.matches)
            or before.value == "!="
        )
        if named or _word(items[at - 1]) in _VALUED:
            found[at] = replace(item, tag="V", value="", hits=hits)
    return found


def _one_of(items: list[Item]) -> list[Item]:
    """Read "is one of X and Y" as "is X or Y"."""
    found = list(items)
    for at in range(1, len(items) - 2):
        said = _word(items[at]), _word(items[at + 1])
        stated = items[at - 1].tag == "E" or items[at - 1].value == "!="
        if said != ("one", "of") or not stated:
            continue
        first = next((i for i in range(at + 2, len(items)) if items[i].tag != "."), None)
        if first is not None and items[first].tag == "V":
            found[at] = filler(items[at])
    return found


def _over_rows(items: list[Item]) -> list[Item]:
    """Read "the sum of fees over orders", "over their orders" as that of the orders."""
    found = list(items)
    for at, item in enumerate(items):
        if _word(item) != "over" or item.tag != "C" or at == 0 or not _is_number(items[at - 1]):
            continue
        after = next((other for other in items[at + 1 :] if other.tag not in ".U"), None)
        if after is not None and after.tag == "F" and after.tables:
            found[at] = replace(filler(item), text="of")
    return found


def _by_all(items: list[Item]) -> list[Item]:
    """Read "the average rating by all reviews" as that of all reviews."""
    found = list(items)
    for at in range(len(items) - 2):
        mark, every, thing = items[at : at + 3]
        said = mark.tag == "G" and _word(mark) == "by" and every.tag == "U"
        if said and _word(every) in ("all", "all the") and thing.tables:
            found[at] = replace(filler(mark), text="of")
    return found


def _developed(items: list[Item]) -> list[Item]:
    """Let "how did … develop by month" say nothing more than "by month"."""
    if [_word(item).split()[0] for item in items[:1]] != ["how"]:
        return items
    grained = any(item.tag == "R" for item in items)
    return [
        filler(item) if grained and item.tag in "?h" and item.value in _ABOUT else item
        for item in items
    ]


def _names_of_columns(items: list[Item]) -> list[Item]:
    """Read "the names of the countries" as the countries, where a country is no table."""
    for at in range(len(items) - 2):
        of, rest = items[at + 1], items[at + 2 :]
        if _word(items[at]) not in ("name", "names") or _word(of).split()[0] != "of":
            continue
        thing = next((item for item in rest if item.tag not in ".UD"), None)
        text = thing is not None and thing.tag == "F" and not thing.tables
        if not text or thing is None or any(m.name.type != "text" for m in thing.matches):
            continue
        if any("name" in m.name.words for m in thing.matches):
            continue
        return [*items[:at], filler(items[at]), *items[at + 1 :]]
    return items


def _given(items: list[Item]) -> list[Item]:
    """Read "with a known weight", "have a weight recorded", "weight is known": it is there."""
    found = list(items)
    for at, item in enumerate(items):
        if _word(item) not in _GIVEN or item.hits or item.tag not in ".?h":
            continue
        left, right = items[at - 1] if at else None, items[at + 1 : at + 2]
        words = [_word(other) for other in items[max(0, at - 3) : at]]
        column = left is not None and left.tag == "F" and not left.tables and left.matches
        had = column and (
            not _HAVE.isdisjoint(words[:-1]) and {"a", "an", "any", "no"} & {*words[:-1]}
        )
        stated = left is not None and left.tag in "EC" and _word(item) != "on record"
        before = _before(items, at - 1) if stated else None
        said_of = before is not None and before.tag == "F" and not before.tables
        named = bool(right) and right[0].tag == "F" and not right[0].tables and words[-1:] in (
            ["a"], ["an"], ["the"], ["with"], ["whose"],
        )  # fmt: skip
        if column and "no" in words[:-1]:
            found[at] = filler(item)  # "with no weight recorded"
        elif had or (stated and said_of and _word(item) in _GIVEN) or (named and item.tag != "."):
            found[at] = replace(filler(item), tag="X", value="filled")
    return found


def _shared_by(items: list[Item]) -> list[Item]:
    """Read "the topic shared by the most complaints" as the one with the most complaints."""
    for at in range(1, len(items) - 1):
        by = items[at + 1]
        if _word(items[at]) != "shared" or _word(by) != "by" or items[at - 1].tag != "F":
            continue
        after = next((item for item in items[at + 2 :] if item.tag != "."), None)
        if after is not None and after.tag == "S":
            has = replace(filler(items[at]), text="with")
            return [*items[:at], has, filler(by), *items[at + 2 :]]
    return items


def _not_below(items: list[Item]) -> list[Item]:
    """Read "is not below 5" as "at least 5"."""
    for at in range(len(items) - 2):
        sign, compared = items[at], items[at + 1]
        turned = _OPPOSITE.get(compared.value) if compared.tag == "C" else None
        if sign.tag == "C" and sign.value == "!=" and turned and items[at + 2].tag == "#":
            text = f"{sign.text} {compared.text}"
            merged = replace(sign, end=compared.end, value=turned, text=text)
            return [*items[:at], merged, *items[at + 2 :]]
    return items


def _whose_rows(items: list[Item]) -> list[Item]:
    """Read "customers whose orders have the highest total fee" as "… total fee of orders".

    Only where the total is the last thing that is said.
    """
    for at in range(1, len(items) - 3):
        if _word(items[at]) != "whose" or not items[at + 1].tables or not items[at - 1].tables:
            continue
        rest = [item for item in items[at + 2 :] if item.tag not in ".E"]
        if [item.tag for item in rest] != ["S", "A", "F"] or not _is_number(rest[2]):
            continue
        owners = {match.name.table for match in rest[2].matches}
        if owners.isdisjoint(items[at + 1].tables):
            continue
        with_ = replace(filler(items[at]), text="with")
        of = replace(filler(items[at + 1]), text="of")
        return [*items[:at], with_, *rest, of, items[at + 1]]
    return items


def _letters_of_values(items: list[Item], values: ValueIndex) -> list[Item]:
    """Read words of other kinds as one value behind its column: "blood type is A plus"."""
    for at, item in enumerate(items):
        if item.tag != "F" or item.tables or not item.matches:
            continue
        columns = {(m.name.table, m.name.column) for m in item.matches}
        first = at + 1
        while first < len(items) and items[first].tag == "E":
            first += 1
        for last in range(min(len(items), first + 3), first, -1):
            held = items[first:last]
            if any(other.tag == "V" for other in held):
                continue
            if any(other.gap for other in held[1:]):
                continue
            hits = values.find(" ".join(other.text for other in held))
            hits = tuple(h for h in hits if (h.table, h.column) in columns)
            spoken = len(held) > 1 or held[0].hits
            if hits and spoken and not _says_number(held):
                text = " ".join(other.text for other in held)
                value = replace(filler(held[0]), tag="V", text=text, end=held[-1].end, hits=hits)
                return [*items[:first], value, *items[last:]]
    return items


def _says_number(held: Sequence[Item]) -> bool:
    return any(item.tag in "#PC" for item in held)


def _among_the_same(items: list[Item]) -> list[Item]:
    """Read "percent of paid orders from Oslo among all orders from Oslo" as "… that are paid"."""
    mark = next((at for at, item in enumerate(items) if item.tag == "%"), None)
    among = next((at for at, item in enumerate(items) if _word(item).startswith("among all")), None)
    if mark is None or among is None or among + 2 >= len(items) or not items[among + 1].tables:
        return items
    tables = items[among + 1].tables
    thing = next((i for i in range(mark + 1, among) if items[i].tables == tables), None)
    if thing is None or thing == mark + 1:
        return items
    whole, repeated = items[thing:among], items[among + 1 :]
    if [_word(item) for item in whole] != [_word(item) for item in repeated]:
        return items
    are = replace(filler(items[among]), tag="E", text="are")
    return [*items[: mark + 1], *whole, are, *items[mark + 1 : thing]]


def _compared_periods(items: list[Item]) -> list[Item]:
    """Read "compare … of May and June. What is the change?" as the change between them."""
    if not items or _word(items[0]) != "compare" or not any(item.tag == "T" for item in items):
        return items
    for at in range(1, len(items) - 2):
        first, joint, second = items[at : at + 3]
        if first.tag == "P" and joint.tag == "J" and second.tag == "P":
            between = replace(filler(items[at - 1]), tag="B", text="between")
            if items[at - 1].tag == ".":
                return [*items[: at - 1], between, *items[at:]]
    return items


def _for_first(items: list[Item]) -> list[Item]:
    """Read "for orders with …, show the date and price" as "show the date and price of orders …".

    What is shown are columns of the rows; "for each" and measures are no such list.
    """
    if len(items) < 4 or _word(items[0]) != "for" or items[0].tag != ".":
        return items
    start = 2 if items[1].tag in ".U" else 1
    lists = [at for at, item in enumerate(items) if item.tag == "L" and not item.matches]
    if not items[start].tables or len(lists) != 1 or lists[0] <= start:
        return items
    columns = items[lists[0] + 1 :]
    shown = [item for item in columns if item.tag not in ".JN"]
    if not shown or any(item.tag != "F" or item.tables for item in shown):
        return items
    owners = set(items[start].tables)
    if any(owners.isdisjoint(m.name.table for m in item.matches) for item in shown):
        return items
    of = replace(filler(items[0]), text="of")
    return [items[lists[0]], *columns, of, *items[start : lists[0]]]


def negated_flag(word: str) -> str | None:
    """Take the ending off that turns a word round: uninsured, non-smoking; None: there is none."""
    for prefix in ("non-", "non", "un", "in"):
        if word.startswith(prefix) and len(word) > len(prefix) + 4:
            return word[len(prefix) :]
    return None


def is_adjective(column: str) -> bool:
    """Whether a column is called by what rows are ("insured"), not by what they have ("kids")."""
    words = split_name(column)
    last = words[-1] if words else ""
    return bool(last) and singular(last) == last and not same(last, "count")
