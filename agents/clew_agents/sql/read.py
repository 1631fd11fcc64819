"""How tagged words become a reading: conditions first, then groups, measures and lists.

Each step takes items and marks them as used; what is left over at the end was not understood,
and the question is asked back rather than answered without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast, get_args

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.read_analysis import AnalysisReader
from clew_agents.sql.read_averages import AverageReader
from clew_agents.sql.read_conditions import ConditionReader
from clew_agents.sql.read_groups import GroupReader
from clew_agents.sql.read_lists import ListReader
from clew_agents.sql.read_measures import MeasureReader
from clew_agents.sql.read_modes import ModeReader
from clew_agents.sql.read_nulls import NullReader
from clew_agents.sql.read_order import OrderReader
from clew_agents.sql.read_pairs import PairReader
from clew_agents.sql.read_ratios import RatioReader
from clew_agents.sql.read_related import RelatedReader
from clew_agents.sql.read_returned import add_returned, without_returned
from clew_agents.sql.read_states import StateReader
from clew_agents.sql.read_texts import TextReader
from clew_agents.sql.reading import NamedTest, Op, Reading
from clew_agents.sql.resolve import NUMERIC
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import EXACT, GOOD
from clew_core.query_spec import ChartHint, Mark, Stacking

_ARTICLES = frozenset("a an the of with without no any each every per first last and".split())
_CAUSES = frozenset("reason reasons cause causes".split())
_ASKS = ("give", "give me", "what are", "tell me", "return")
_FROM = ("through", "via", "from")


# They ask for a cause, unless a column has that name.
_NOUNS = frozenset("cause causes reason reasons".split())


def read(items: Sequence[Item]) -> Reading:
    """Read tagged words."""
    items, returned = without_returned(items)
    cursor = Cursor(items)
    _context(cursor)
    _counts_of_counts(cursor)
    _names_that_are_words(cursor)
    _values_that_are_names(cursor)
    _charts(cursor)
    _numbers_of_columns(cursor)
    _compounds(cursor)
    _generic_measures(cursor)
    analysis = AnalysisReader(cursor)
    analysis.begin()
    AverageReader(cursor).read()
    RelatedReader(cursor).read()
    NullReader(cursor).read()
    TextReader(cursor).read()
    ConditionReader(cursor).read()
    _company_words(cursor)
    StateReader(cursor).read()
    _adjectives(cursor)
    OrderReader(cursor).read()
    ModeReader(cursor).read()
    PairReader(cursor).read()
    ListReader(cursor).read()
    RatioReader(cursor).read()
    GroupReader(cursor).read()
    MeasureReader(cursor).read()
    _listing(cursor)
    _leftovers(cursor)
    analysis.finish()
    add_returned(cursor.reading, returned)
    return cursor.reading


def _context(cursor: Cursor) -> None:
    for item in cursor.items:
        if item.tag == "F":
            for table in item.tables:
                if table not in cursor.reading.context:
                    cursor.reading.context.append(table)


def _company_words(cursor: Cursor) -> None:
    """Read "red-pen orders", "not red-pen orders": a table's name that is a condition too."""
    for at, item in enumerate(cursor.items):
        if item.tag != "F" or not item.term or any(item is i for i in cursor.reading.lacking):
            continue
        before = cursor.previous(at, ".E")
        negated = (
            before is not None
            and cursor.free(before)
            and (cursor.tag(before) == "X" or cursor.items[before].value == "!=")
        )
        if negated:
            cursor.take(before)
        cursor.reading.named.append(NamedTest(item=item, holds=not negated))


def _names_that_are_words(cursor: Cursor) -> None:
    """Decide of "total", "count", "year" … that are also names of columns what they are."""
    for at, item in enumerate(cursor.items):
        if item.tag == "." and any(match.score == EXACT for match in item.matches):
            named = cursor.tag(cursor.previous(at)) in ("G", "D", "N")
            if named or cursor.items[at - 1].text.lower() == "which":
                cursor.items[at] = _as_name(item)  # "by make"
            continue
        if item.tag == "Y" and item.matches and item.text.lower() in _NOUNS:
            if cursor.items[at - 1].text.lower() != "the" or cursor.tag(at + 1) != "." or at < 1:
                cursor.items[at] = _as_name(item)  # "returns by reason"
            continue
        if item.tag == "R" and item.matches and cursor.tag(cursor.previous(at, ".D")) == "N":
            cursor.items[at] = _as_name(item)  # "how many years"
            continue
        if item.tag == "Y" and item.text.lower() in _CAUSES and item.matches:
            cursor.items[at] = _as_name(item)  # a column of reasons
            continue
        if item.tag == "H" and item.tables and cursor.tag(cursor.previous(at, ".U")) in ("X", "N"):
            cursor.items[at] = _as_name(item)  # "farms that have no plot"
            continue
        if item.tag not in "ANLOKM" or not item.matches:
            continue
        if item.text.lower() == "name" and _is_asked_for(cursor, at):
            cursor.items[at] = _as_name(item)
            continue
        if item.tag == "L" and item.tables and _is_noun(cursor, at):
            cursor.items[at] = _as_name(item)  # "with a return"
            continue
        columns = [m for m in item.matches if m.name.type in NUMERIC]
        if item.tag == "L" or not columns:
            labels = [m for m in item.matches if m.name.column is not None]
            after_table = at > 0 and cursor.is_table(at - 1)
            if labels and item.tag in "LO" and (after_table or cursor.tag(at - 1) == "G"):
                cursor.items[at] = _as_name(item)
            continue
        before, after = cursor.previous(at, ".UD"), cursor.next(at, ".E")
        operated = before is not None and cursor.items[before].tag in "ASN"
        qualified = at > 0 and cursor.is_table(at - 1)
        if operated or qualified or cursor.tag(after) in ("C", "B"):
            cursor.items[at] = _as_name(item)


def _is_noun(cursor: Cursor, at: int) -> bool:
    before = cursor.items[at - 1].text.lower() if at else ""
    return before in _ARTICLES or cursor.items[at].text.lower().endswith("s")


def _counts_of_counts(cursor: Cursor) -> None:
    """Read "count the number of drugs" as one count."""
    for at, item in enumerate(cursor.items):
        after = cursor.next(at)
        if item.tag == "N" and cursor.tag(after) == "N" and not item.matches:
            cursor.silence(at)
        if item.tag == "G" and after == at + 1 and cursor.tag(after) == "G":
            if "each" in cursor.items[after].text.lower():
                cursor.silence(after)  # "for each each city"


def _values_that_are_names(cursor: Cursor) -> None:
    """Read "came through phone" as the value, where a column has that name too."""
    for at, item in enumerate(cursor.items):
        said = cursor.items[at - 1].text.lower() if at else ""
        named = said in _FROM or _holds(cursor, at + 1, item)
        if item.tag == "F" and item.hits and not item.tables and named:
            cursor.items[at] = replace(item, tag="V", value=item.text, matches=())


def _numbers_of_columns(cursor: Cursor) -> None:
    """In "with a number of seats above 50" the number is that of the column, not of rows."""
    for at, item in enumerate(cursor.items):
        place = cursor.next(at, ".") if item.tag == "N" else None
        if place is None or not cursor.is_column(place, NUMERIC) or cursor.is_table(place):
            continue
        after = cursor.next(place, ".E")
        compared = cursor.tag(after) in ("C", "B", "#") or (
            after is not None
            and cursor.items[after].text.lower() in ("than", "above", "below", "of")
        )
        joined = cursor.tag(after) == "J" and cursor.is_column(cursor.next(after or 0))
        before = cursor.previous(at)
        sorted_by = cursor.tag(before) == "^" or (
            cursor.tag(after) == "^"
            and before is not None
            and cursor.items[before].text.lower() == "by"
        )
        if (
            compared
            or sorted_by
            or (joined and not cursor.is_column(cursor.next(after or 0), NUMERIC))
        ):
            cursor.items[at] = replace(item, tag=".", value="", matches=())


def _holds(cursor: Cursor, at: int, value: Item) -> bool:
    """Whether the next word names a column that has the value: "the phone channel"."""
    if at >= len(cursor.items) or cursor.items[at].gap:
        return False
    names = (*cursor.items[at].matches, *cursor.items[at].weak)
    columns = {(match.name.table, match.name.column) for match in names}
    return any((hit.table, hit.column) in columns for hit in value.hits)


def _generic_measures(cursor: Cursor) -> None:
    """In "the highest sales by line amount" the amount says what sales are."""
    for at, item in enumerate(cursor.items):
        several = bool(item.matches) and all(match.name.metric for match in item.matches)
        several = several and (len(item.matches) > 1 or item.matches[0].score < GOOD)
        if item.tag != "F" or not several or not cursor.free(at):
            continue
        by = cursor.next(at)
        amount = cursor.next(by) if by is not None and cursor.items[by].text == "by" else None
        number = cursor.is_column(amount, NUMERIC) and not cursor.is_table(amount)
        if number and not cursor.is_year(amount):
            cursor.take(at)


def _adjectives(cursor: Cursor) -> None:
    """Leave "active airlines" open, where active is a column: which value makes one active?"""
    for at, item in enumerate(cursor.items[:-1]):
        following = cursor.items[at + 1]
        owned = {match.name.table for match in item.matches if match.name.type == "text"}
        noun = cursor.is_table(at + 1) and following.gap == ""
        before = cursor.tag(cursor.previous(at))
        if not cursor.free(at) or item.tag != "F" or item.tables or before in ("G", "D"):
            continue
        if noun and not owned.isdisjoint(following.tables):
            cursor.items[at] = replace(item, tag="?", value=item.text)


def _is_asked_for(cursor: Cursor, at: int) -> bool:
    """Whether "name" is what is listed: "list name and age", "the name of the customer"."""
    after = cursor.next(at, "")
    follows = after is not None and (
        cursor.items[after].text.lower() in ("of", "and") or cursor.items[after].gap == ","
    )
    return follows or cursor.tag(cursor.previous(at)) == "L"


def _compounds(cursor: Cursor) -> None:
    """In "product categories" the last name is what is meant, the first only says whose."""
    for at, item in enumerate(cursor.items[1:], 1):
        first = cursor.items[at - 1].text.lower()
        owns = item.gap in ("'", "'s") or (item.gap == "" and not first.endswith("s"))
        if cursor.is_table(at) and cursor.is_table(at - 1) and owns:
            cursor.take(at - 1)


def _charts(cursor: Cursor) -> None:
    """Read the chart that was asked for, and how it should look."""
    for at, item in enumerate(cursor.items):
        if item.tag != "H":
            continue
        hint = cursor.reading.hint or ChartHint()
        for wish in item.value.split():
            if wish in get_args(Stacking):
                hint = replace(hint, stacking=cast(Stacking, wish))
            elif wish in ("horizontal", "upright"):
                hint = replace(hint, horizontal=wish == "horizontal")
            elif wish in ("by_name", "by_size"):
                hint = replace(hint, sort="name" if wish == "by_name" else "size")
            else:
                hint = replace(hint, mark=cast(Mark, wish))
        cursor.reading.hint = hint
        cursor.take(at)


def _listing(cursor: Cursor) -> None:
    reading = cursor.reading
    asked = any(item.tag in "LQ" for item in cursor.items)
    asked = asked or any(item.text.lower() in _ASKS for item in cursor.items[:1])
    if not reading.ops and reading.entity is None and not reading.columns:
        for at, item in enumerate(cursor.items):
            chosen = any(test.having for test in reading.numbers)
            plural = cursor.is_table(at) or item.text.lower().endswith("s") or asked or chosen
            if cursor.free(at) and item.tag == "F" and cursor.is_thing(at) and plural:
                reading.entity = item
                reading.bare = not asked
                cursor.take(at)
                break
    if not reading.ops and reading.entity is None and not reading.columns:
        _named_beside_a_value(cursor)
    countable = reading.entity is not None and (
        bool(reading.entity.tables) or reading.entity.text.lower().endswith("s")
    )
    if countable and reading.groups and not reading.ops and not reading.direction:
        # "customers per state" counts them
        reading.ops.append(Op(aggregate="count", target=reading.entity, count=True))
        reading.entity = None
    reading.listing = asked and not reading.ops and reading.direction is None


def _named_beside_a_value(cursor: Cursor) -> None:
    """List the rows of "cancelled orders": the table only said whose value that is."""
    for test in cursor.reading.values:
        for item in test.names:
            if item.tables and cursor.reading.entity is None:
                cursor.reading.entity, cursor.reading.bare = item, True


def _leftovers(cursor: Cursor) -> None:
    for at, item in enumerate(cursor.items):
        if at in cursor.used or item.tag in ".EUQLHM":
            continue
        if item.tag == "J" and (item.value == "and" or _is_either(cursor, at)):
            cursor.reading.unread += item.value == "and"
            continue
        if item.tag == "D" and not cursor.reading.ops:
            cursor.reading.distinct = True
            continue
        if item.tag == "O" and not any(op.target is None for op in cursor.reading.ops):
            continue
        cursor.reading.rest.append(item)


def _is_either(cursor: Cursor, at: int) -> bool:
    """Whether "either" only announces an "or" that was read."""
    said = cursor.items[at].text.lower() == "either"
    later = range(at + 1, len(cursor.items))
    return said and any(cursor.items[i].text.lower() == "or" and not cursor.free(i) for i in later)


def _as_name(item: Item) -> Item:
    return replace(item, tag="F", value="", hits=(), number=None)
