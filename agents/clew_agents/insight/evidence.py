"""What else do the data record about that place and time? Things that ran, prices, stock.

Found by the shape of tables, never by their names: rows with a first and a last day that hold
for the place (campaigns, prices, contracts), and regular counts of a level (stock). What is
found happened at the same time; that is said, and not that it was the cause.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clew_agents.insight import schema
from clew_agents.insight.asking import Asking, Sheet
from clew_agents.insight.dimensions import Split
from clew_agents.insight.explore import LEVEL, Departure
from clew_agents.insight.series import Frame, against, split_series, within
from clew_agents.insight.subject import Place, Subject
from clew_agents.insight.understand import place_name
from clew_agents.insight.wording import Words, capital, cell, said_place, said_places, text_at
from clew_agents.sql.thesaurus import LABELS
from clew_core.query_spec import AllOf, Condition, Dimension, Measure, Order, Predicate, QuerySpec
from clew_core.query_spec import Column as SpecColumn
from clew_tools.database.catalog import Column, Table
from clew_tools.statistics.windows import scan

_SLACK = dt.timedelta(days=12)
_MOST_NAMED = 3
_MOST_ROWS = 20_000
_LEVEL_FALL = 0.4
_ENDS = frozenset(
    "end ends ended until to last expires expiry expired thru through valid bis ende fin hasta "
    "finish finishes".split()
)
_ENDS_IN_MEANING = frozenset("last end final closing until".split())


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Something recorded that went along with a departure.

    Attributes:
        text: a sentence.
        places: further places that it names.
    """

    text: str
    places: tuple[Place, ...] = ()


def evidence(
    departure: Departure, subject: Subject, asking: Asking, words: Words, told: set[str]
) -> list[Evidence]:
    """Look for what ran, changed its price or ran out at that place and time.

    Args:
        departure: the place and time.
        subject: what is measured.
        asking: the engine.
        words: takes the numbers.
        told: sentences that were said already; what is said now is added.
    """
    places = (*subject.places, *departure.places)
    if not places:
        return []
    found: list[Evidence] = []
    referenced = {key.table for table in asking.catalog.tables for key in table.foreign_keys}
    for table in asking.catalog.tables:
        mark = words.mark()
        if table.name == subject.base or (table.row_count or 0) == 0:
            continue
        conditions = _same_places(table, places, subject, asking)
        if not conditions:
            continue
        pair = None if table.name in referenced else _from_to(table)
        if pair is not None and (table.row_count or 0) <= _MOST_ROWS:
            said = _ran(table, pair, conditions, departure, asking, words) or _step(
                table, pair, conditions, departure, subject, asking, words
            )
            found += _new(said, told, words, mark)
        elif (level := _level_column(table)) is not None and subject.direction <= 0:
            said = _ran_out(table, level, conditions, departure, subject, asking, words)
            found += _new(said, told, words, mark)
    return found


def _new(said: Evidence | None, told: set[str], words: Words, mark: int) -> list[Evidence]:
    if said is None or said.text in told:
        words.take_back(mark)
        return []
    told.add(said.text)
    return [said]


def _same_places(
    table: Table, places: Sequence[Place], subject: Subject, asking: Asking
) -> list[Condition]:
    """Ask for the rows of a table that hold for the places; empty where none can be told.

    A column of the same name stands for the place too, or an empty one: a campaign "in France"
    or everywhere.
    """
    reach = schema.reach(asking.catalog, table.name)
    found: list[Condition] = []
    for place in places:
        if place.on.table in reach and place.on.table != subject.base:
            found.append(place.condition())
    return found


def _from_to(table: Table) -> tuple[Column, Column] | None:
    """Find a first and a last day."""
    days = [c for c in schema.dates(table) if c.type == "date"]
    if len(days) != 2:
        return None
    for first, last in ((days[0], days[1]), (days[1], days[0])):
        meant = set(schema.words_in(last.meaning or "")[:2]) & _ENDS_IN_MEANING
        if (meant or _ENDS & set(schema.words_of(last))) and not (
            _ENDS & set(schema.words_of(first))
        ):
            return first, last
    return None


def _ran(
    table: Table,
    pair: tuple[Column, Column],
    conditions: Sequence[Condition],
    departure: Departure,
    asking: Asking,
    words: Words,
) -> Evidence | None:
    """Name the few things that began with the departure."""
    label = _label(table)
    if label is None:
        return None
    first = SpecColumn(table=table.name, column=pair[0].name)
    last = SpecColumn(table=table.name, column=pair[1].name)
    sheet = asking.run(
        QuerySpec(
            source="",
            table=table.name,
            dimensions=(
                Dimension(name="thing", of=SpecColumn(table=table.name, column=label.name)),
                Dimension(name="first_day", of=first),
                Dimension(name="last_day", of=last),
            ),
            conditions=(
                *conditions,
                Predicate(on=first, operator=">=", values=((departure.low - _SLACK).isoformat(),)),
                Predicate(on=first, operator="<=", values=((departure.low + _SLACK).isoformat(),)),
            ),
            order=(Order(by="first_day"),),
            limit=_MOST_NAMED + 1,
        )
    )
    if not 0 < sheet.table.num_rows <= _MOST_NAMED:
        return None
    words.use(sheet)
    kind = _one_row(table)
    told = [
        f"{kind} {text_at(sheet, 'thing', row)!r} ran from {words.day(sheet, 'first_day', row)} "
        f"to {words.day(sheet, 'last_day', row)}"
        for row in range(sheet.table.num_rows)
    ]
    return Evidence(text=f"At that time {' and '.join(told)}.")


def _step(
    table: Table,
    pair: tuple[Column, Column],
    conditions: Sequence[Condition],
    departure: Departure,
    subject: Subject,
    asking: Asking,
    words: Words,
) -> Evidence | None:
    """Compare a number of the rows that began with the departure with those that ended then."""
    keys = {*table.primary_key, *(c for k in table.foreign_keys for c in k.columns)}
    numbers = [c for c in table.columns if c.type in ("decimal", "number") and c.name not in keys]
    if len(numbers) != 1:
        return None
    of = SpecColumn(table=table.name, column=numbers[0].name)
    first = SpecColumn(table=table.name, column=pair[0].name)
    last = SpecColumn(table=table.name, column=pair[1].name)
    low, high = departure.low - _SLACK, departure.low + _SLACK
    if subject.span is not None and subject.span.lasting:
        low = min(low, subject.span.low - _SLACK)
    began = _between(first, low, high)
    ended = _between(last, low - dt.timedelta(days=1), high - dt.timedelta(days=1))
    sheet = asking.run(
        QuerySpec(
            source="",
            table=table.name,
            measures=(
                Measure(name="after", aggregate="avg", of=of, where=began),
                Measure(name="before", aggregate="avg", of=of, where=ended),
                Measure(name="began", aggregate="count", where=began),
                Measure(name="ended", aggregate="count", where=ended),
                Measure(name="first_day", aggregate="min", of=first, where=began),
                Measure(name="last_day", aggregate="max", of=first, where=began),
            ),
            conditions=tuple(conditions),
        )
    )
    row = sheet.table.to_pylist()[0]
    if not row["began"] or not row["ended"] or row["ended"] < 0.7 * row["began"]:
        return None
    if row["began"] < 3:
        return None
    after, before = cell(sheet, "after"), cell(sheet, "before")
    if after is None or before is None or before.number == 0:
        return None
    change = after.with_("difference", before).with_("percent", before)
    if abs(float(change.number)) < 3:
        return None
    went = "rose" if float(change.number) > 0 else "fell"
    size = change if went == "rose" else before.with_("difference", after).with_("percent", before)
    count = cell(sheet, "began")
    assert count is not None
    name = " ".join(dict.fromkeys((*place_name(of).split(), "of", *_rows(table).split())))
    by = words.percent(size)
    start = words.day(sheet, "first_day")
    day = f"on {start}"
    if start != text_at(sheet, "last_day"):
        day = f"between {start} and {words.day(sheet, 'last_day')}"
    return Evidence(
        text=f"{capital(name)} {went} by {by} {day}, over "
        f"{words.number(count, exact=True)} of them (from {words.number(before, digits=2)} to "
        f"{words.number(after, digits=2)} on average)."
    )


def _between(on: SpecColumn, low: dt.date, high: dt.date) -> Condition:
    return AllOf(
        all=(
            Predicate(on=on, operator=">=", values=(low.isoformat(),)),
            Predicate(on=on, operator="<=", values=(high.isoformat(),)),
        )
    )


# --- levels ----------------------------------------------------------------------------------


def _level_column(table: Table) -> Column | None:
    """Find the level that a table records again and again for the same things: stock."""
    days = schema.dates(table)
    keyed = [c.name for c in days if c.name in table.primary_key]
    known = len(keyed) == 1 and len(table.primary_key) > 1
    # A key that nobody declared: one day and several things that are pointed at.
    guessed = not table.primary_key and len(days) == 1 and len(table.foreign_keys) > 1
    if not table.foreign_keys or not (known or guessed):
        return None
    keys = {*table.primary_key, *(c for k in table.foreign_keys for c in k.columns)}
    numbers = [
        c
        for c in table.columns
        if c.type in ("integer", "number", "decimal") and c.name not in keys
    ]
    return numbers[0] if numbers else None


def _ran_out(
    table: Table,
    level: Column,
    conditions: Sequence[Condition],
    departure: Departure,
    subject: Subject,
    asking: Asking,
    words: Words,
) -> Evidence | None:
    """Find where the level was low just then."""
    days = schema.dates(table)
    day = next((c for c in days if c.name in table.primary_key), days[0])
    split = _where(table, subject, departure, asking)
    if split is None:
        return None
    on = SpecColumn(table=table.name, column=level.name)
    stock = Subject(
        intent="change",
        base=table.name,
        measure=Measure(name="level", aggregate="avg", of=on),
        kind="mean",
        time=SpecColumn(table=table.name, column=day.name),
        noun=place_name(on),
        direction=-1,
    )
    length = max(2, (departure.high - departure.low).days // 7)
    before = dt.timedelta(weeks=16)
    monday = departure.low - dt.timedelta(days=departure.low.weekday())
    frame = Frame(first=monday - before, count=16 + length + 10)
    grid = split_series(stock, tuple(conditions), split, frame, asking, (frame.first, frame.end))
    if not grid.pairs:
        return None
    tried = [
        (16 + shift, 16 + shift + n)
        for shift in (-1, 0, 1)
        for n in range(2, length + 3)
        if 16 + shift + n <= frame.count
    ]
    outside = np.ones(frame.count, dtype=bool)
    outside &= grid.now.rows.sum(axis=0) > 0
    if outside.sum() < 10:
        return None
    served = _served(split, subject, departure, asking)
    found = scan(against(stock, grid.now, None), tried, outside, -1)
    best = None
    for value, stretch in zip(grid.values, found, strict=True):
        if stretch is None or value not in served or stretch.change > -_LEVEL_FALL:
            continue
        if stretch.p <= LEVEL * 10 and (best is None or stretch.z < best[1].z):
            best = (value, stretch)
    if best is None:
        return None
    place = Place(on=split.on, value=best[0], name=split.name)
    low, high = frame.day(best[1].first), frame.day(best[1].last)
    sheet = _level_sheet(stock, (*conditions, place.condition()), low, high, asking)
    during, usual = cell(sheet, "during"), cell(sheet, "usual")
    if during is None or usual is None:
        return None
    names = [p for p in (*subject.places, *departure.places) if p.on.table != subject.base]
    known = [p for p in names if p.on.table in schema.reach(asking.catalog, table.name)]
    return Evidence(
        text=f"{capital(stock.noun)} of {said_places(known)} at {said_place(place)} averaged "
        f"{words.number(during, digits=1)} from {words.day(sheet, 'first_day')} to "
        f"{words.day(sheet, 'last_day')}, against {words.number(usual, digits=1)} in the weeks "
        "before.",
        places=(place,),
    )


def _level_sheet(
    stock: Subject,
    conditions: Sequence[Condition],
    low: dt.date,
    high: dt.date,
    asking: Asking,
) -> Sheet:
    during = AllOf(all=within(stock, [(low, high)]))
    usual = AllOf(all=within(stock, [(low - dt.timedelta(weeks=8), low)]))
    of, time = stock.measure.of, stock.time
    assert time is not None
    return asking.run(
        QuerySpec(
            source="",
            table=stock.base,
            measures=(
                Measure(name="during", aggregate="avg", of=of, where=during),
                Measure(name="usual", aggregate="avg", of=of, where=usual),
                Measure(name="first_day", aggregate="min", of=time, where=during),
                Measure(name="last_day", aggregate="max", of=time, where=during),
            ),
            conditions=tuple(conditions),
        )
    )


def _where(table: Table, subject: Subject, departure: Departure, asking: Asking) -> Split | None:
    """Find the column by which both the level and the measure can be split: the warehouse."""
    mine = schema.reach(asking.catalog, table.name)
    base = schema.reach(asking.catalog, subject.base)
    fixed = {p.on.table for p in (*subject.places, *departure.places)}
    for key in table.foreign_keys:
        other = asking.catalog.table(key.table)
        if other is None or key.table not in base or key.table in fixed:
            continue
        label = _label(other)
        reaches_fixed = fixed & set(schema.reach(asking.catalog, key.table).steps)
        if label is None or reaches_fixed or key.table not in mine:
            continue
        on = SpecColumn(table=key.table, column=label.name)
        return Split(on=on, name=place_name(on), steps=1, values=other.row_count or 1, label=True)
    return None


def _served(
    split: Split, subject: Subject, departure: Departure, asking: Asking
) -> set[str | bool | int | None]:
    """List the values that many of the rows have."""
    places = tuple(p.condition() for p in departure.places)
    usual = (departure.low - dt.timedelta(weeks=8), departure.high)
    sheet = asking.run(
        QuerySpec(
            source="",
            table=subject.base,
            measures=(Measure(name="amount", aggregate="count"),),
            dimensions=(Dimension(name="value", of=split.on),),
            conditions=(*subject.conditions(), *places, *within(subject, [usual])),
        )
    )
    rows = sheet.table.to_pylist()
    total = sum(row["amount"] for row in rows) or 1
    return {row["value"] for row in rows if row["amount"] >= 0.25 * total}


def _label(table: Table) -> Column | None:
    texts = [c for c in table.columns if c.type == "text"]
    for column in texts:
        words = schema.words_of(column)
        if words and (words[-1] in LABELS or "name" in words or "title" in words):
            return column
    for column in texts:
        if {"name", "title"} & set(schema.words_in(column.meaning or "")):
            return column
    return None


def _rows(table: Table) -> str:
    return " ".join(w for w in schema.words_of(table.name) if not w.isdigit())


def _one_row(table: Table) -> str:
    words = schema.words_in(table.meaning or "")
    if words[:3] == ["one", "row", "per"] and 4 <= len(words) <= 6:
        return " ".join(words[3:])
    return "the " + _rows(table) + " entry"
