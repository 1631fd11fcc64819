"""Questions of who has none, both, or one but not the other; and values with a slip in them."""

from __future__ import annotations

import random

from worlds.groups import whole_years
from worlds.plain import counted
from worlds.query import Condition, Phrase, Query, text_of, year
from worlds.question import Maker, Question, Unfit
from worlds.schema import Column, Ref, Table


def _has(
    maker: Maker, child: Table, ref: Ref, query: Query, column: Column | None, number: int | None
) -> str:
    inner = Query(maker.schema, child, "c")
    conditions = [f"{inner.column(ref.name)} = {query.key}"]
    if column is not None and number is not None:
        conditions.append(year(number).sql(inner.column(column.name)))
    return f"EXISTS (SELECT 1 {inner.source(conditions)})"


def has_none(maker: Maker) -> Question:
    """List those that have no rows of another table, at all or in a year."""
    if maker.rng.random() < 0.5:
        parent, child, ref = maker.family()
        column, number = None, None
    else:
        parent, child, ref = maker.family(lambda p, c: len(c.event_dates) == 1)
        column, number = child.event_dates[0], maker.pick(whole_years(maker))
    golds = maker.names(
        Phrase(table=parent),
        where=lambda query: [f"NOT {_has(maker, child, ref, query, column, number)}"],
    )
    phrases = "has_none" if number is None else "has_none_when"
    text = maker.say(phrases, p=parent.plural, ks=child.plural, year=number)
    return maker.question("has_none", parent, text, golds=golds)


def _two_years(maker: Maker, construct: str, joint: str) -> Question:
    parent, child, ref = maker.family(lambda p, c: len(c.event_dates) == 1)
    column, years = child.event_dates[0], whole_years(maker)
    if len(years) < 2:
        raise Unfit
    one, two = maker.rng.sample(years, 2)
    if construct == "has_both":
        one, two = sorted((one, two))

    def where(query: Query) -> list[str]:
        first = _has(maker, child, ref, query, column, one)
        return [f"{first} {joint} {_has(maker, child, ref, query, column, two)}"]

    golds = maker.names(Phrase(table=parent), where=where)
    text = maker.say(construct, p=parent.plural, ks=child.plural, one=one, two=two)
    return maker.question(construct, parent, text, golds=golds)


def _two_values(maker: Maker, construct: str, joint: str) -> Question:
    parent, child, ref = maker.family(lambda p, c: c.groups)
    column = maker.pick([c for c in child.groups if c.kind in ("category", "status")])
    values = maker.world.values(child, column)
    if len(values) < 2:
        raise Unfit
    one, two = maker.rng.sample(values, 2)

    def has(query: Query, value: str) -> str:
        inner = Query(maker.schema, child, "c")
        conditions = [f"{inner.column(ref.name)} = {query.key}"]
        conditions.append(f"{inner.column(column.name)} = {text_of(value)}")
        return f"EXISTS (SELECT 1 {inner.source(conditions)})"

    golds = maker.names(
        Phrase(table=parent), where=lambda query: [f"{has(query, one)} {joint} {has(query, two)}"]
    )
    slots = {"p": parent.plural, "ks": child.plural, "c": column.words, "one": one, "two": two}
    text = maker.say(f"{construct}_values", **slots)
    return maker.question(construct, parent, text, golds=golds)


def has_both(maker: Maker) -> Question:
    """List those that have rows in both of two years, or of both of two values."""
    make = _two_years if maker.rng.random() < 0.5 else _two_values
    return make(maker, "has_both", "AND")


def has_one_not_other(maker: Maker) -> Question:
    """List those that have rows in one year, or of one value, but none of another."""
    make = _two_years if maker.rng.random() < 0.5 else _two_values
    return make(maker, "has_one_not_other", "AND NOT")


# ------------------------------------------------------------------------------------------- typos


def typo(maker: Maker) -> Question:
    """Count with a value that has a slip in it; no other value of the world is as near."""
    table = maker.table(lambda table: table.groups)
    column = maker.pick([c for c in table.of("category", "city", "country")])
    value = maker.pick([v for v in maker.world.values(table, column) if len(v.split()[-1]) >= 6])
    wrong = slip(maker.rng, value)
    others = [v for t in maker.schema.tables.values() for c in t.groups
              for v in maker.world.values(t, c) if v != value]  # fmt: skip
    if any(distance(wrong.lower(), other.lower()) <= 3 for other in others):
        raise Unfit
    right = maker.draw.value(table, column, value)
    gold = counted(maker, Phrase(table=table, conditions=(right,)))
    shown = Condition(
        sql=right.sql,
        after=right.after.replace(value, wrong),
        adjective=right.adjective.replace(value, wrong),
        column=column,
        value=wrong,
    )
    phrase = Phrase(table=table, conditions=(shown,))
    text = maker.say("count", np=phrase.words())
    return maker.question("typo", table, text, golds=(gold,))


def slip(rng: random.Random, value: str) -> str:
    """Write a value with one slip in its last word: two letters swapped, one lost or doubled."""
    *before, word = value.split()
    place = rng.randrange(1, len(word) - 2)
    one, two = word[place], word[place + 1]
    kinds = [word[: place + 1] + one + word[place + 1 :], word[:place] + word[place + 1 :]]
    if one != two:
        kinds.append(word[:place] + two + one + word[place + 2 :])
    return " ".join([*before, rng.choice(kinds)])


def distance(one: str, other: str) -> int:
    """Count the letters that must be put in, taken out or replaced to get from one to the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]
