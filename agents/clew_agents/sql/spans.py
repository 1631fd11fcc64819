"""Which words ask for the days between two dates, and which two dates these are.

"Days between an order and its first ticket", "how long after an order does the first ticket come
in", "delivery time in days", "how many days do parcels take". What is asked for becomes one name of
a column that is computed in each row, so that it is averaged, grouped and chosen by like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clew_agents.sql.names import Match, Name
from clew_agents.sql.tagging import Item, filler
from clew_agents.sql.thesaurus import PHASES
from clew_agents.sql.vocabulary import EXACT, Vocabulary
from clew_agents.sql.words import same, singular, split_name
from clew_core import query_spec as q
from clew_tools.semantic.keys import AmbiguousPath, NoPath, reaches, steps_to_child

_DATES = ("date", "timestamp")
_DAYS = ("day", "days")
_TIMES = ("time", "times", "duration")
_TAKES = ("take", "takes", "took", "need", "needs", "needed")
_BETWEEN = ("between", "from")
_AFTER = ("after", "following")
_PICKS: dict[str, Literal["min", "max"]] = {"first": "min", "last": "max", "latest": "max"}


@dataclass(frozen=True, kw_only=True)
class _Event:
    """A moment that words speak of.

    Attributes:
        column: that holds it.
        pick: it is that of the first or the last of several rows.
    """

    column: q.Column
    pick: Literal["min", "max"] | None = None


def with_spans(items: Sequence[Item], vocabulary: Vocabulary) -> list[Item]:
    """Put a name in the place of the words that ask for days between two dates."""
    found = list(items)
    for rule in (_between, _after, _named_time, _taken):
        if (read := rule(found, vocabulary)) is not None:
            return read
    return found


# --- the turns of phrase -------------------------------------------------------------------------


def _between(items: list[Item], vocabulary: Vocabulary) -> list[Item] | None:
    """Read "days between an order and its first ticket", "days from order to delivery"."""
    for at, item in enumerate(items[:-1]):
        if _word(item) not in _DAYS or _word(items[at + 1]) not in _BETWEEN:
            continue
        first, end = _event_at(items, at + 2, vocabulary)
        if first is None or end >= len(items) or _word(items[end]) not in ("and", "to", "until"):
            continue
        second, end = _event_at(items, end + 1, vocabulary, after=first)
        if second is not None and (name := _span(first, second, vocabulary)):
            return [*_averaged(items[:at]), _named(items[at], items[end - 1], name), *items[end:]]
    return None


def _after(items: list[Item], vocabulary: Vocabulary) -> list[Item] | None:
    """Read "how long after an order does the first ticket about it come in, in days"."""
    asked = _spoken(items, 0)
    if asked not in (["how", "long", "after"], ["how", "many", "days", "after"]):
        return None
    at = next(i for i, item in enumerate(items) if _word(item) == "after") + 1
    first, end = _event_at(items, at, vocabulary)
    while end < len(items) and _word(items[end]) in ("does", "do", "did", "is", "was"):
        end += 1
    second, end = _event_at(items, end, vocabulary, after=first) if first else (None, end)
    rest = {word for item in items[end:] for word in _word(item).split()}
    said = {"about", "it", "come", "comes", "came", "in", "day", "days", "on", "average", "placed"}
    said |= {"made", "happen", "happened", "follow", "arrive", "arrived", "opened", "get", "for"}
    if first is None or second is None or not rest <= said:
        return None
    name = _span(first, second, vocabulary)
    return [*_averaged([]), _named(items[0], items[end - 1], name)] if name else None


def _named_time(items: list[Item], vocabulary: Vocabulary) -> list[Item] | None:
    """Read "delivery time in days" where one table says when a delivery began and was over."""
    for at, item in enumerate(items[:-1]):
        time = _word(items[at + 1])
        phase = next((p for p in PHASES if _is_of(_word(item), p.nouns)), None)
        if time not in _TIMES or phase is None or item.tables:
            continue
        spans = _phases(phase.begins, phase.ends, vocabulary)
        if len(spans) != 1:
            continue
        end = at + 2
        if [_word(i) for i in items[end : end + 2]] in (["in", "days"], ["in", "day"]):
            end += 2
        before = _averaged(items[:at])
        return [*before, _named(item, items[at + 1], spans[0]), *items[end:]]
    return None


def _taken(items: list[Item], vocabulary: Vocabulary) -> list[Item] | None:
    """Read "how many days do parcels take on average" of a table with one begin and one end."""
    if _spoken(items, 0)[:3] not in (["how", "many", "days"], ["how", "long", "do"]):
        if _spoken(items, 0) != ["how", "long", "does"]:
            return None
    taken = next((at for at, item in enumerate(items) if _word(item) in _TAKES), None)
    things = [at for at, item in enumerate(items[:taken]) if len(set(item.tables)) == 1]
    if taken is None or len(things) != 1:
        return None
    table = items[things[0]].tables[0]
    spans = [
        span for phase in PHASES
        for span in _phases(phase.begins, phase.ends, vocabulary) if span.table == table
    ]  # fmt: skip
    if len({span.computed for span in spans}) != 1:
        return None
    rest = [item for item in items[taken + 1 :] if _word(item) not in ("on average", "in", "days")]
    of = replace(filler(items[taken]), text="of")
    head = [*_averaged([]), _named(items[0], items[0], spans[0]), of]
    return [*head, *items[things[0] : taken], *rest]


# --- the dates -----------------------------------------------------------------------------------


def _event_at(
    items: Sequence[Item], at: int, vocabulary: Vocabulary, after: _Event | None = None
) -> tuple[_Event | None, int]:
    """Read a thing or a date as a moment; give the place behind it, too."""
    pick: Literal["min", "max"] | None = None
    while at < len(items) and (items[at].tag == "." or _word(items[at]) in _PICKS):
        pick = _PICKS.get(_word(items[at]), pick)
        at += 1
    if at >= len(items):
        return None, at
    item = items[at]
    dates = [m.name for m in item.matches if m.name.column and m.name.type in _DATES]
    if len(dates) == 1 and not item.tables:
        return _Event(column=_column(dates[0]), pick=pick), at + 1
    if len(set(item.tables)) == 1 and (date := _date_of(item.tables[0], vocabulary)) is not None:
        return _Event(column=date, pick=pick), at + 1
    phases = [p for p in PHASES if _is_of(_word(item), p.nouns)]
    if after is not None and len(phases) == 1:
        names = [n for n in vocabulary.columns if _is_date_of(n, phases[0].ends, vocabulary)]
        if len(names) == 1:
            return _Event(column=_column(names[0]), pick=pick), at + 1
    return None, at + 1


def _date_of(table: str, vocabulary: Vocabulary) -> q.Column | None:
    """Choose the date of a table's rows: the company's own, else the one that there is."""
    if (known := vocabulary.known.dated(table)) is not None and known.table == table:
        return known
    dates = [n for n in vocabulary.of_table(table) if n.type in _DATES and not n.is_audit]
    if len(dates) > 1:
        stem = singular(split_name(table)[-1]) if split_name(table) else table
        dates = [n for n in dates if any(word.startswith(stem[:5]) for word in n.words)]
    return _column(dates[0]) if len(dates) == 1 else None


def _span(first: _Event, second: _Event, vocabulary: Vocabulary) -> Name | None:
    """Make the name of the days from one moment to another, in the table whose rows have both."""
    one, other, catalog = first.column, second.column, vocabulary.catalog
    if first.pick is not None or one == other:
        return None
    try:
        if second.pick is not None and one.table != other.table:
            steps_to_child(catalog, one.table, other.table)
            below = q.Below(aggregate=second.pick, of=other)
            return _computed(one.table, q.Arithmetic(op="days", args=(one, below)))
    except (NoPath, AmbiguousPath):
        return None
    if second.pick is not None or not reaches(catalog, other.table, one.table):
        return None
    return _computed(other.table, q.Arithmetic(op="days", args=(one, other)))


def _phases(begins: frozenset[str], ends: frozenset[str], vocabulary: Vocabulary) -> list[Name]:
    """List the days between begin and end of the tables that have one date for each."""
    found = []
    for table in vocabulary.catalog.tables:
        if table.name in vocabulary.copies:
            continue
        own = list(vocabulary.of_table(table.name))
        first = [n for n in own if _is_date_of(n, begins, vocabulary)]
        last = [n for n in own if _is_date_of(n, ends, vocabulary) and n not in first]
        if len(first) == len(last) == 1:
            days = q.Arithmetic(op="days", args=(_column(first[0]), _column(last[0])))
            found.append(_computed(table.name, days))
    return found or _company_phases(begins, vocabulary)


def _company_phases(begins: frozenset[str], vocabulary: Vocabulary) -> list[Name]:
    """List the days that the company's own measures and words count from such a begin."""
    dates = {_column(n): n for n in vocabulary.columns if n.type in _DATES}
    found = []
    for end, begin in vocabulary.known.subtracted():
        if begin.table == end.table and begin in dates and end in dates:
            if _is_date_of(dates[begin], begins, vocabulary):
                found.append(_computed(begin.table, q.Arithmetic(op="days", args=(begin, end))))
    return found


def _is_date_of(name: Name, words: frozenset[str], vocabulary: Vocabulary) -> bool:
    if name.type not in _DATES or name.is_audit or name.column is None:
        return False
    if "promised" in name.words or "due" in name.words:
        return False
    meaning = (vocabulary.column(name).meaning or "").split(",")[0]
    said = {*name.words, *split_name(meaning)}
    return not words.isdisjoint(said)


def _computed(table: str, days: q.Arithmetic) -> Name:
    words = []
    for arg in days.args:
        assert isinstance(arg, q.Column | q.Below)
        if isinstance(arg, q.Column):
            words.append(split_name(arg.column))
        else:
            pick = "first" if arg.aggregate == "min" else "last"
            words.append((pick, *split_name(arg.of.column)))
    name = ("days", "from", *words[0], "to", *words[1])
    return Name(
        table=table, column="_".join(name), words=name, letters="".join(name), type="integer",
        computed=days,
    )  # fmt: skip


def _column(name: Name) -> q.Column:
    return q.Column(table=name.table, column=name.column or "")


# --- items ---------------------------------------------------------------------------------------


def _word(item: Item) -> str:
    return item.text.casefold()


def _spoken(items: Sequence[Item], at: int) -> list[str]:
    """The first words, up to and with what asks: "how long after"."""
    words = [word for item in items[at : at + 4] for word in _word(item).split()]
    ends = [i for i, word in enumerate(words) if word in (*_AFTER, "do", "does", "did")]
    return words[: ends[0] + 1] if ends else words


def _is_of(word: str, nouns: frozenset[str]) -> bool:
    return any(same(word, noun) for noun in nouns)


def _averaged(before: list[Item]) -> list[Item]:
    """Average the days where no other aggregate was said."""
    if any(item.tag in "AS" for item in before):
        return before
    start = before[-1].end if before else 0
    return [*before, Item(tag="A", start=start, end=start, text="average", value="avg")]


def _named(first: Item, last: Item, name: Name) -> Item:
    return replace(
        filler(first), tag="F", end=last.end, text=" ".join(name.words),
        matches=(Match(name=name, score=EXACT),),
    )  # fmt: skip
