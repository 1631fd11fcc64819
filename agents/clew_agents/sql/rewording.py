"""How turns of phrase become plainer words before a question is read.

"Out of stock" is a count of zero, "heavier than" compares a weight, "sent back in part" is sent
back. Each rule takes tagged words and gives tagged words; none of them settles what is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.acts import settle_acts
from clew_agents.sql.plainer import plainer
from clew_agents.sql.spans import with_spans
from clew_agents.sql.tagging import Item, filler
from clew_agents.sql.thesaurus import STOCK
from clew_agents.sql.units import settle_units
from clew_agents.sql.vocabulary import EXACT, Match, Name, Vocabulary
from clew_agents.sql.words import is_participle, same, split_name
from clew_core.query_spec import Column
from clew_tools.database.source import ValueIndex
from clew_tools.semantic.keys import reaches

_COMPARED = {
    "heavier": ("weight", ">"), "lighter": ("weight", "<"), "taller": ("height", ">"),
    "faster": ("speed", ">"), "slower": ("speed", "<"),
}  # fmt: skip
_EMPTY = (
    ("out", "of", "stock"), ("sold", "out"), ("nothing", "on", "hand"), ("an", "empty", "shelf"),
    ("empty", "shelf"),
)  # fmt: skip
_PARTLY = (
    ("at", "least", "in", "part"), ("at", "least", "partly"), ("in", "part"), ("partly",),
    ("partially",),
)  # fmt: skip
_GRAIN_WORDS = ("week", "day", "month")


def reworded(items: Sequence[Item], vocabulary: Vocabulary, values: ValueIndex) -> list[Item]:
    """Put plainer words in the place of turns of phrase."""
    found = plainer(items, vocabulary, values)
    found = _comparatives(found, vocabulary)
    found = settle_units(found, vocabulary)
    found = with_spans(found, vocabulary)
    found = _without_parts(found)
    found = _out_of_stock(found, vocabulary)
    found = _values_after_from(found, values)
    found = _things_by_their_last_word(found, vocabulary)
    found = _never_done(found, vocabulary)
    found = _done_below(found, vocabulary)
    found = _second_question(found, vocabulary)
    found = _verbs_of_values(found)
    found = _different_ones(found)
    found = _values_of_measures(found, vocabulary)
    found = _busiest_times(found)
    found = settle_acts(found, vocabulary, values)
    return _reasons_counted(found)


def _word(item: Item) -> str:
    return item.text.casefold()


def _words_at(items: Sequence[Item], at: int) -> list[str]:
    return [word for item in items[at : at + 4] for word in _word(item).split()]


def _spoken(items: Sequence[Item], at: int, phrases: Sequence[tuple[str, ...]]) -> int:
    """How many items one of some phrases takes up from here; 0: none of them stands here."""
    for phrase in phrases:
        words: list[str] = []
        for place in range(at, min(at + len(phrase), len(items))):
            words += _word(items[place]).split()
            if tuple(words) == phrase:
                return place - at + 1
    return 0


def _named(item: Item, *names: Name) -> Item:
    matches = tuple(Match(name=name, score=EXACT) for name in names)
    return replace(item, tag="F", value="", matches=matches, weak=(), hits=(), number=None)


def _comparatives(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "heavier than 4" as "weight more than 4", where something has a weight."""
    found: list[Item] = []
    skip = False
    for at, item in enumerate(items):
        compared = _COMPARED.get(_word(item))
        if skip:
            skip = False
            continue
        than = at + 1 < len(items) and _word(items[at + 1]) == "than"
        matches = vocabulary.match((compared[0],)) if compared and than else ()
        if _word(item).startswith("weigh") and item.tag == "F":
            item = replace(item, text="weight")
        if not matches or compared is None:
            found.append(item)
            continue
        found.append(replace(item, tag="F", value="", matches=matches, text=compared[0]))
        found.append(replace(items[at + 1], tag="C", value=compared[1], matches=(), hits=()))
        skip = True
    return found


def _without_parts(items: list[Item]) -> list[Item]:
    """Leave out "at least in part": what was sent back in part was sent back."""
    found, at = list(items), 0
    while at < len(found):
        taken = _spoken(found, at, _PARTLY)
        ends = at + taken == len(found) or found[at + taken].tag in "PGJ."
        if taken and ends:
            found[at : at + taken] = [filler(item) for item in found[at : at + taken]]
        at += max(taken, 1)
    return found


def _out_of_stock(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "out of stock" as a stock of 0; "how many weeks" then counts the weeks of the counts."""
    for at in range(len(items)):
        taken = _spoken(items, at, _EMPTY)
        stocks = [n for n in vocabulary.columns if _is_stock(n, vocabulary)] if taken else []
        if len(stocks) != 1:
            continue
        first, last = items[at], items[at + taken - 1]
        spoken = " ".join(item.text for item in items[at : at + taken])
        said = replace(first, end=last.end, text=" ".join(stocks[0].words))
        stated = [
            replace(_named(said, stocks[0]), value=spoken),
            replace(filler(last), start=last.end, tag="E", text="="),
            replace(filler(last), start=last.end, tag="#", text="0", number=0),
        ]
        before, after = list(items[:at]), list(items[at + taken :])
        return [*_moments_counted(before, stocks[0].table, vocabulary), *stated, *after]
    return items


def _is_stock(name: Name, vocabulary: Vocabulary) -> bool:
    if name.type not in ("integer", "number", "decimal") or vocabulary.is_key(name):
        return False
    if "order" in name.words or name.table in vocabulary.copies:
        return False
    letters = name.letters
    said = split_name(vocabulary.column(name).meaning or "")
    stock = letters in STOCK & {"stock", "onhand", "inventory"} or "stock" in name.words[-1:]
    return stock or ("shelf" in said and "pieces" in said) or "instock" in letters


def _moments_counted(items: list[Item], table: str, vocabulary: Vocabulary) -> list[Item]:
    """Read "how many weeks was at least one article …" as the different weeks of the table."""
    grain = next((i for i, item in enumerate(items) if item.tag == "R"), None)
    if grain == 0 and _word(items[0]).endswith("s"):  # "weeks with an empty shelf"
        items, grain = [replace(filler(items[0]), tag="N", text="number of"), *items], 1
    if grain is None or grain == 0 or items[grain - 1].tag != "N":
        return items
    unit = items[grain].value
    dates = [
        name for name in vocabulary.of_table(table)
        if name.type in ("date", "timestamp")
        and (unit in name.words or unit in split_name(vocabulary.column(name).meaning or ""))
    ]  # fmt: skip
    dates = dates or [n for n in vocabulary.of_table(table) if n.type == "date" and unit == "day"]
    if unit not in _GRAIN_WORDS or len(dates) != 1:
        return items
    items[grain] = _named(items[grain], dates[0])
    for at in range(grain + 1, len(items)):
        if items[at].value == ">=" and at + 1 < len(items) and items[at + 1].number == 1:
            items[at], items[at + 1] = filler(items[at]), filler(items[at + 1])
        elif items[at].tag == "F" and items[at].tables:
            items[at] = filler(items[at])  # the article, which the stock is of
    return items


def _values_after_from(items: list[Item], values: ValueIndex) -> list[Item]:
    """Read "from display" as the value, though "display" may also ask to be shown something."""
    found = list(items)
    for at, item in enumerate(items[1:], 1):
        if item.tag in "L" and _word(items[at - 1]) in ("from", "via", "through"):
            if hits := values.find(item.text):
                found[at] = replace(item, tag="V", value=item.text, hits=hits)
    return found


def _things_by_their_last_word(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "a session" as a row of web_sessions, where one table alone ends so."""
    found = list(items)
    for at, item in enumerate(items):
        if item.tag != "h" or at == 0 or _word(items[at - 1]) not in ("a", "an"):
            continue
        names = [
            name for name in vocabulary.tables
            if len(name.words) > 1
            and same(item.value, name.words[-1])
            and name.table not in vocabulary.copies
        ]  # fmt: skip
        if len(names) == 1 and not is_participle(item.value):
            found[at] = _named(item, names[0])
    return found


def _never_done(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "products that were never sold" as those without rows of the table that sells them."""
    owners = [item for item in items if item.tag == "F" and len(set(item.tables)) == 1]
    found = list(items)
    for at, item in enumerate(items):
        before = _word(items[at - 1]) if at else ""
        if item.tag not in "h." or not owners or not before.startswith("never"):
            continue
        if not is_participle(_word(item)) and _word(item) != "sold":
            continue
        owner = owners[0].tables[0]
        tables = {
            table for table, _ in vocabulary.hints(_word(item))
            if table != owner
            and table not in vocabulary.copies
            and reaches(vocabulary.catalog, table, owner)
        }  # fmt: skip
        names = [name for name in vocabulary.tables if name.table in tables]
        if len(names) == 1:
            found[at] = _named(item, names[0])
    return found


def _done_below(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "orders that were sent back" as orders with a return, where a return belongs to one."""
    owners = [item for item in items if item.tag == "F" and len(set(item.tables)) == 1]
    found = list(items)
    for at, item in enumerate(items[1:], 1):
        participle = _word(item).endswith(("ed", "sent back", "given back", "brought back"))
        if item.tag != "F" or len(set(item.tables)) != 1 or not participle or not owners:
            continue
        owner, table = owners[0].tables[0], item.tables[0]
        stated = items[at - 1].tag == "E" or _word(items[at - 1]) == "been"
        if not stated or owner == table or not reaches(vocabulary.catalog, table, owner):
            continue
        found[at - 1] = replace(filler(items[at - 1]), text="with")
    return found


def _verbs_of_values(items: list[Item]) -> list[Item]:
    """Let a verb say nothing that the value behind it says: "paid by invoice", "left Harbour"."""
    found = list(items)
    for at, item in enumerate(items[:-1]):
        if item.tag not in "?h" or not item.text.islower():
            continue
        following = items[at + 1]
        by = _word(following) in ("by", "with", "via", "through", "using") and at + 2 < len(items)
        if is_participle(item.value) and by and items[at + 2].tag == "V":
            found[at] = filler(item)
        elif item.value == "left" and following.tag == "V" and _is_proper(following):
            found[at] = filler(item)
    return found


def _is_proper(item: Item) -> bool:
    return item.text[:1].isupper() or bool(item.value)


def _different_ones(items: list[Item]) -> list[Item]:
    """Read "distinct customers with an order" as their number: a list has no other ones."""
    if len(items) < 3 or items[0].tag != "D" or not items[1].tables:
        return items
    return [replace(items[0], tag="N", value="", text="number of"), *items]


def _values_of_measures(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "median order value by gross sales" as the median of what gross sales add up."""
    for at in range(1, len(items) - 3):
        table, value, by, measure = items[at : at + 4]
        metrics = {match.name.metric for match in measure.matches}
        if items[at - 1].tag != "A" or not table.tables or _word(value) not in ("value", "values"):
            continue
        metric = vocabulary.known.metrics.get(metrics.pop()) if len(metrics) == 1 else None
        of = metric.measure.of if metric is not None and metric.adds else None
        if by.tag != "G" or not isinstance(of, Column) or of.table not in table.tables:
            continue
        names = [n for n in vocabulary.of_table(of.table) if n.column == of.column]
        return [*items[:at], _named(measure, *names), *items[at + 4 :]]
    return items


def _second_question(items: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "which warehouses, and in which city", "warehouses and their cities" as two columns."""
    said = [item for item in items if item.tag != "."]
    if said and said[0].tag in "QL":
        said = said[1:]
    if len(said) == 4 and said[2].tag == "Q" and _word(said[2]) == "which":
        said = [*said[:2], said[3]]
    elif len(said) != 3 or not any(_word(item) in ("their", "its") for item in items):
        return items
    things, joint, column = said
    if joint.tag != "J" or len(set(things.tables)) != 1 or column.tag != "F" or column.tables:
        return items
    own = tuple(m for m in column.matches if m.name.table in things.tables)
    labels = vocabulary.labels(things.tables[0])
    if len(own) != 1 or len(labels) != 1:
        return items
    name = replace(_named(things, *labels), text=" ".join(labels[0].words))
    first = replace(filler(things), tag="L", text="list", end=things.start)
    return [first, name, joint, replace(column, matches=own, weak=())]


def _busiest_times(items: list[Item]) -> list[Item]:
    """Read "the busiest weekday for visits" as the weekday with the most visits."""
    said = [at for at, item in enumerate(items) if item.tag != "."]
    marks = [at for at in said if items[at].value.endswith(" common")]
    if any(item.tag == "S" for item in items) and said[:1] and _word(items[said[0]]) == "which":
        items = [_hour_of_day(item) if item.tag == "R" else item for item in items]
    if len(marks) != 1 or said.index(marks[0]) + 2 >= len(said):
        return items
    mark = marks[0]
    grain, rows = said[said.index(mark) + 1 : said.index(mark) + 3]
    if items[grain].tag != "R" or not items[rows].tables:
        return items
    way = items[mark].value.split()[0]
    most = replace(items[mark], value=way, text="the most" if way == "max" else "the fewest")
    having = replace(filler(items[mark]), text="with")
    first = _hour_of_day(items[grain])
    return [*items[:mark], first, having, most, *items[rows:]]


def _hour_of_day(item: Item) -> Item:
    return replace(item, value="hour_of_day") if item.value == "hour" else item


def _reasons_counted(items: list[Item]) -> list[Item]:
    """Read "the reasons for returns, most frequent first" as returns by reason."""
    ends = [item for item in items if item.tag != "."]
    common = [item for item in ends[-2:] if item.value == "max common"]
    if len(ends) < 4 or not common or _word(ends[-1]) != "first":
        return items
    names = [at for at, item in enumerate(items) if item.matches and item.tag in "FY"]
    if len(names) != 2 or not items[names[1]].tables or items[names[0]].tables:
        return items
    column, table = names
    owned = [m for m in items[column].matches if m.name.table in items[table].tables]
    words = {_word(item) for item in items[column + 1 : table]}
    if not owned or not words <= {"for", "of", "the"}:
        return items
    by = replace(filler(items[column]), tag="G", text="by")
    of = replace(items[column], tag="F", value="", matches=tuple(owned), weak=())
    return [items[table], by, of]
