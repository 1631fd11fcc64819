"""Questions of one row per group: by a category, an owner, two of them, or a period."""

from __future__ import annotations

from dataclasses import dataclass

from worlds.query import Path, Phrase, Query, year
from worlds.question import Aggregate, Gold, Maker, Question, Unfit, plural
from worlds.schema import Column, Table

_MOST_GROUPS = 60


@dataclass(frozen=True, kw_only=True)
class Group:
    """What rows are grouped by.

    Attributes:
        words: "city", "doctor", "specialty of the doctor".
        path: to the table that it lies in; empty for the rows' own table.
        table: that it lies in.
        column: None for a named row itself.
    """

    words: str
    path: Path
    table: Table
    column: Column | None = None

    @property
    def plural(self) -> str:
        """Its words for several."""
        return plural(self.words) if self.column else self.table.plural

    def required(self, query: Query, *, joined: bool = False) -> list[str]:
        """Write what names a group."""
        if self.column is not None:
            return [query.column(self.column.name, self.path)]
        labels = query.labels(self.path)
        return [" || ' ' || ".join(labels)] if joined else labels

    def optional(self, query: Query) -> list[str]:
        """Write what may be shown besides: the key and names of a named row."""
        if self.column is not None:
            return []
        return [query.column(self.table.pk, self.path), *query.labels(self.path)]


def draw_group(maker: Maker, table: Table, without: tuple[Column | None, ...] = ()) -> Group:
    """Draw what a table's rows can be grouped by."""
    found = [
        Group(words=column.words, path=(), table=table, column=column)
        for column in table.groups
        if column not in without
    ]
    for ref, parent in maker.schema.parents(table):
        if ref.role:
            continue
        if parent.labels:
            found.append(Group(words=parent.singular, path=(ref,), table=parent))
        for column in parent.groups:
            if column in without:
                continue
            words = maker.pick([f"{parent.singular} {column.words}"] * 2 + [
                f"{column.words} of the {parent.singular}"
            ])  # fmt: skip
            found.append(Group(words=words, path=(ref,), table=parent, column=column))
    drawn: Group = maker.pick(found)
    return drawn


def grouped(
    maker: Maker, phrase: Phrase, aggregate: Aggregate, groups: tuple[Group, ...]
) -> tuple[Gold, ...]:
    """Give a value per group; groups of nothing may be shown as 0 or nothing.

    Raises:
        Unfit: there are too few or too many groups.
    """
    golds = []
    split = any(g.column is None and len(g.table.labels) == 2 for g in groups)
    for joined in (False, True) if split else (False,):
        query = Query(maker.schema, phrase.table)
        names = [name for g in groups for name in g.required(query, joined=joined)]
        more = [name for g in groups for name in g.optional(query)]
        value, conditions = aggregate.sql(query), phrase.sql(query)
        by = ", ".join(str(place + 1) for place in range(len(names)))
        after = ", ".join(str(len(names) + 2 + place) for place in range(len(more)))
        sql = f"SELECT {', '.join([*names, value, *more])} {query.source(conditions)} GROUP BY {by}"
        if after:
            sql += f", {after}"
        gold = maker.gold(sql, len(names) + 1)
        golds.append(gold)
        if len(groups) == 1 and groups[0].column is None:
            golds += _with_empty(maker, gold, groups[0], aggregate, joined=joined)
    if not 2 <= len(golds[0].rows) <= _MOST_GROUPS:
        raise Unfit
    return tuple(golds)


def _with_empty(
    maker: Maker, gold: Gold, group: Group, aggregate: Aggregate, *, joined: bool
) -> list[Gold]:
    """Add the owners that have no rows, with 0 or with nothing."""
    query = Query(maker.schema, group.table)
    bare = Group(words="", path=(), table=group.table)
    names, more = bare.required(query, joined=joined), bare.optional(query)
    every = maker.world.ask(f"SELECT {', '.join([*names, *more])} {query.source()}")
    had = {row[gold.required] for row in gold.rows}
    missing = [row for row in every if row[len(names)] not in had]
    if not missing:
        return []
    fillers = (0,) if aggregate.kind == "count" else (0, None)
    return [
        Gold(
            sql=f"{gold.sql} -- and those without any, as {filler}",
            rows=(
                *gold.rows,
                *((*row[: len(names)], filler, *row[len(names) :]) for row in missing),
            ),
            required=gold.required,
        )
        for filler in fillers
    ]


def group_one(maker: Maker) -> Question:
    """Compute something per group."""
    table = maker.table(lambda table: table.numbers or table.refs)
    phrase = maker.some(table) if maker.rng.random() < 0.4 else Phrase(table=table)
    aggregate = maker.aggregate(table)
    if maker.rng.random() < 0.25:
        aggregate = maker.aggregate(table, ("median", "highest", "lowest"))
    group = draw_group(maker, table, tuple(c.column for c in phrase.conditions))
    golds = grouped(maker, phrase, aggregate, (group,))
    slots = {"g": group.words, "gs": group.plural}
    if aggregate.kind == "count" and maker.rng.random() < 0.6:
        text = maker.say("group_count", np=phrase.words(), **slots)
    else:
        text = maker.say("group_one", a=aggregate.of(phrase), **slots)
    return maker.question("group_one", table, text, golds=golds)


def group_two(maker: Maker) -> Question:
    """Compute something per pair of groups."""
    table = maker.table(lambda table: table.groups)
    aggregate, phrase = maker.aggregate(table), Phrase(table=table)
    one = draw_group(maker, table)
    other = draw_group(maker, table)
    if one.column is None or other.column is None or one.column is other.column:
        raise Unfit
    if one.column.words == other.column.words:
        raise Unfit
    golds = grouped(maker, phrase, aggregate, (one, other))
    text = maker.say("group_two", a=aggregate.of(phrase), g=one.words, h=other.words)
    return maker.question("group_two", table, text, golds=golds)


# ----------------------------------------------------------------------------------------- periods

GRAINLY = {"month": "monthly", "quarter": "quarterly"}


def whole_years(maker: Maker) -> list[int]:
    """Give the calendar years that the data cover from end to end."""
    first, now = maker.world.first, maker.world.now
    return list(range(first.year + 1, now.year))


def dated(maker: Maker) -> tuple[Table, Column]:
    """Draw a table whose rows happened on days, many of them, with one such day."""
    table = maker.table(lambda table: len(table.event_dates) == 1 and table.rows >= 200)
    return table, table.event_dates[0]


def by_period(
    maker: Maker, phrase: Phrase, aggregate: Aggregate, column: Column, number: int, grain: str
) -> tuple[Gold, ...]:
    """Give a value per period of a year; each period must have rows."""
    query = Query(maker.schema, phrase.table)
    day = query.column(column.name)
    value, conditions = aggregate.sql(query), phrase.sql(query)
    conditions.append(year(number).sql(day))
    sql = (
        f"SELECT CAST(date_trunc('{grain}', {day}) AS DATE), {value} "
        f"{query.source(conditions)} GROUP BY 1"
    )
    gold = maker.gold(sql, 2, grains=((0, grain),))
    if len(gold.rows) != {"month": 12, "quarter": 4}[grain]:
        raise Unfit
    if any(row[1] is None for row in gold.rows):
        raise Unfit
    return (gold,)


def group_time(maker: Maker) -> Question:
    """Compute something per month or quarter of a year."""
    table, column = dated(maker)
    grain, number = maker.pick(sorted(GRAINLY)), maker.pick(whole_years(maker))
    phrase, aggregate = maker.some(table), maker.aggregate(table)
    golds = by_period(maker, phrase, aggregate, column, number, grain)
    text = maker.say(
        "group_time", a=aggregate.of(phrase), grain=grain, grainly=GRAINLY[grain], year=number
    )
    return maker.question("group_time", table, text, golds=golds)


# ------------------------------------------------------------------------------ having and shares


def having(maker: Maker) -> Question:
    """List owners that have so many rows, or values with so high a mean."""
    if maker.rng.random() < 0.35:
        return _having_average(maker)
    parent, child, ref = maker.family()
    at_least = maker.rng.random() < 0.4
    counts = maker.world.ask(
        f'SELECT count(*) FROM "{child.name}" GROUP BY "{ref.name}" ORDER BY 1'
    )
    limit = counts[int(len(counts) * maker.rng.uniform(0.5, 0.9))][0]
    operator = ">=" if at_least else ">"

    def number(query: Query) -> str:
        inner = Query(maker.schema, child, "c")
        return f"(SELECT count(*) {inner.source([f'{inner.column(ref.name)} = {query.key}'])})"

    golds = maker.names(
        Phrase(table=parent),
        more=lambda query: [number(query)],
        where=lambda query: [f"{number(query)} {operator} {limit}"],
    )
    phrases = "having_least" if at_least else "having"
    text = maker.say(phrases, gs=parent.plural, ks=child.plural, n=limit)
    return maker.question("having", parent, text, golds=golds)


def _having_average(maker: Maker) -> Question:
    table = maker.table(lambda table: table.groups and table.numbers)
    column, number = maker.pick(table.groups), maker.pick(table.numbers)
    query = Query(maker.schema, table)
    name, mean = query.column(column.name), f"avg({query.column(number.name)})"
    sql = f"SELECT {name}, {mean} {query.source()} GROUP BY 1"
    means = sorted(row[1] for row in maker.world.ask(sql) if row[1] is not None)
    if len(means) < 3:
        raise Unfit
    limit = round((means[len(means) // 2 - 1] + means[len(means) // 2]) / 2, 1)
    gold = maker.gold(f"{sql} HAVING {mean} > {limit}", 1)
    if not 0 < len(gold.rows) < len(means):
        raise Unfit
    gs = plural(column.words)
    text = maker.say("having_average", gs=gs, m=number.said, p=table.plural, n=limit)
    return maker.question("having", table, text, golds=(gold,))


def share(maker: Maker) -> Question:
    """Say what share of rows meets a condition."""
    table = maker.table()
    columns = [c for c in table.columns if c.kind in ("status", "flag")]
    column = maker.pick(columns)
    if column.kind == "flag":
        value, words = "TRUE", column.words
    else:
        words = maker.pick(maker.world.values(table, column))
        value = f"'{words}'"
    base = Phrase(table=table)
    if maker.rng.random() < 0.4:
        base = maker.phrase(table, maker.draw.equality(table))
        if base.conditions[0].column is column:
            raise Unfit
    query = Query(maker.schema, table)
    name, conditions = query.column(column.name), base.sql(query)
    hit = f"count(*) FILTER (WHERE {name} = {value})"
    rest = query.source(conditions)
    gold = maker.gold(f"SELECT 1.0 * {hit} / count(*), {hit}, count(*) {rest}", 1, percent=(0,))
    if not gold.rows[0][2] or not 0.02 < gold.rows[0][0] < 0.98:
        raise Unfit
    text = maker.say("share", np=base.words(), x=words)
    return maker.question("share", table, text, golds=(gold,))


def shares(maker: Maker, phrase: Phrase, aggregate: Aggregate, group: Group) -> tuple[Gold, ...]:
    """Give each group's share of the whole."""
    golds = []
    for gold in grouped(maker, phrase, aggregate, (group,)):
        value = gold.required - 1
        whole = sum(float(row[value] or 0) for row in gold.rows)
        if not whole:
            raise Unfit
        rows = tuple(
            (*row[:value], float(row[value] or 0) / whole, row[value], *row[gold.required :])
            for row in gold.rows
        )
        golds.append(
            Gold(
                sql=f"{gold.sql} -- as shares of the whole",
                rows=rows,
                required=gold.required,
                percent=(value,),
            )
        )
    return tuple(golds)


def share_of_total(maker: Maker) -> Question:
    """Say how a whole is divided among groups."""
    table = maker.table(lambda table: table.numbers or table.refs)
    phrase, aggregate = Phrase(table=table), maker.aggregate(table)
    if aggregate.kind == "average":
        raise Unfit
    group = draw_group(maker, table)
    golds = shares(maker, phrase, aggregate, group)
    text = maker.say("share_of_total", a=aggregate.of(phrase), g=group.words, gs=group.plural)
    return maker.question("share_of_total", table, text, golds=golds)
