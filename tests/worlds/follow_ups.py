"""Questions that only make sense after another: add, replace, regroup, another year, as shares."""

from __future__ import annotations

from dataclasses import replace

from worlds.groups import draw_group, grouped, shares, whole_years
from worlds.plain import counted
from worlds.query import Condition, Phrase, Query, year
from worlds.question import Aggregate, Maker, Question, Unfit
from worlds.schema import Table


def _grouped_first(maker: Maker) -> tuple[Table, Aggregate, str]:
    table = maker.table(lambda table: table.groups and (table.numbers or table.refs))
    aggregate = maker.aggregate(table)
    return table, aggregate, aggregate.of(Phrase(table=table))


def add(maker: Maker) -> Question:
    """Keep some of what was grouped before."""
    table, aggregate, words = _grouped_first(maker)
    condition = maker.draw.equality(table)
    if condition is None or not (condition.after or condition.adjective):
        raise Unfit
    if condition.adjective:
        column = condition.column
        if column is None or column.kind != "flag":
            condition = replace(condition, after=f"with {_words(condition)}", adjective="")
        else:
            condition = replace(condition, after=f"that are {condition.adjective}", adjective="")
    group = draw_group(maker, table, (condition.column,))
    first = maker.say("group_one", a=words, g=group.words, gs=group.plural)
    phrase = maker.phrase(table, condition)
    golds = grouped(maker, phrase, aggregate, (group,))
    text = maker.say("follow_add", c=condition.after)
    return maker.question("follow_add", table, text, golds=golds, before=(first,))


def _words(condition: Condition) -> str:
    return f"{condition.column.words if condition.column else ''} {condition.value}".strip()


def only(maker: Maker) -> Question:
    """Keep one value of what was grouped before, named alone."""
    table, aggregate, words = _grouped_first(maker)
    column = maker.pick(table.groups)
    value = maker.pick(maker.world.values(table, column))
    condition = maker.draw.value(table, column, value)
    group = draw_group(maker, table, (column,))
    first = maker.say("group_one", a=words, g=group.words, gs=group.plural)
    golds = grouped(maker, maker.phrase(table, condition), aggregate, (group,))
    forms = ["only {}", "Only {}, please", "just {}", "only for {}", "now only {}"]
    forms += ["and only {}?", "just for {}", "limit it to {}"]
    text = maker.pick(forms).format(value)
    return maker.question("follow_only", table, text, golds=golds, before=(first,))


def regroup(maker: Maker) -> Question:
    """Group by something else than before."""
    table, aggregate, words = _grouped_first(maker)
    one, other = draw_group(maker, table), draw_group(maker, table)
    if (one.path, one.column) == (other.path, other.column) or one.words == other.words:
        raise Unfit
    first = maker.say("group_one", a=words, g=one.words, gs=one.plural)
    golds = grouped(maker, Phrase(table=table), aggregate, (other,))
    text = maker.say("follow_regroup", g=other.words)
    return maker.question("follow_regroup", table, text, golds=golds, before=(first,))


def another(maker: Maker) -> Question:
    """Ask the same of another value."""
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    values = maker.world.values(table, column)
    if len(values) < 2:
        raise Unfit
    one, other = maker.rng.sample(values, 2)
    before = maker.phrase(table, maker.draw.value(table, column, one))
    first = maker.say("count", np=before.words())
    after = maker.phrase(table, maker.draw.value(table, column, other))
    text = maker.say("follow_replace", v=other)
    return maker.question(
        "follow_replace", table, text, golds=(counted(maker, after),), before=(first,)
    )


def another_year(maker: Maker) -> Question:
    """Ask the same of another year."""
    table = maker.table(lambda table: table.event_dates)
    column = maker.pick(table.event_dates)
    years = whole_years(maker)
    if len(years) < 2:
        raise Unfit
    one, other = maker.rng.sample(years, 2)
    query = Query(maker.schema, table)
    rest = query.source([year(other).sql(query.column(column.name))])
    gold = maker.gold(f"SELECT count(*) {rest}", 1)
    if not gold.rows[0][0]:
        raise Unfit
    first = maker.say("date_count", p=table.plural, verb=column.verb, when=f"in {one}")
    text = maker.say("follow_year", year=other)
    return maker.question("follow_year", table, text, golds=(gold,), before=(first,))


def as_share(maker: Maker) -> Question:
    """Show the groups of before as shares of the whole."""
    table, aggregate, words = _grouped_first(maker)
    if aggregate.kind == "average":
        raise Unfit
    group = draw_group(maker, table)
    first = maker.say("group_one", a=words, g=group.words, gs=group.plural)
    golds = shares(maker, Phrase(table=table), aggregate, group)
    text = maker.say("follow_share")
    return maker.question("follow_share", table, text, golds=golds, before=(first,))
