"""Questions of the first ones: top n, the most, the first of each group, and means per owner."""

from __future__ import annotations

from collections.abc import Callable

from worlds.conditions import article
from worlds.query import Phrase, Query
from worlds.question import Gold, Maker, Question, Unfit
from worlds.schema import Column, Ref, Table

_PER_GROUP = "QUALIFY rank() OVER (PARTITION BY {group} ORDER BY {number} DESC) = 1"


def first_of(
    maker: Maker, phrase: Phrase, count: int, by: Callable[[Query], str], *, down: bool = True
) -> tuple[Gold, ...]:
    """Give the first rows by a number; their rank may be shown.

    Raises:
        Unfit: the last of them is level with the next.
    """
    way = "DESC" if down else "ASC"
    golds = maker.names(
        phrase,
        more=lambda query: [by(query)],
        where=lambda query: [f"{by(query)} IS NOT NULL"],
        tail=lambda query: f"ORDER BY {by(query)} {way} LIMIT {count + 1}",
    )
    found = [row[-1] for row in golds[0].rows]
    if len(found) <= count or len(set(found)) < len(found):
        raise Unfit
    return tuple(
        Gold(
            sql=gold.sql.replace(f"LIMIT {count + 1}", f"LIMIT {count}"),
            rows=tuple((*row, place) for place, row in enumerate(gold.rows[:count], 1)),
            required=gold.required,
        )
        for gold in golds
    )


def _children(maker: Maker, child: Table, ref: Ref) -> Callable[[Query], str]:
    def number(query: Query) -> str:
        inner = Query(maker.schema, child, "c")
        return f"(SELECT count(*) {inner.source([f'{inner.column(ref.name)} = {query.key}'])})"

    return number


def _total(maker: Maker, child: Table, ref: Ref, column: Column) -> Callable[[Query], str]:
    def number(query: Query) -> str:
        inner = Query(maker.schema, child, "c")
        value = f"sum({inner.column(column.name)})"
        return f"(SELECT {value} {inner.source([f'{inner.column(ref.name)} = {query.key}'])})"

    return number


def _summed(maker: Maker, p_rows: int) -> tuple[Table, Table, Ref, Column]:
    parent, child, ref = maker.family(
        lambda p, c: p.rows > p_rows and any(column.adds_up for column in c.numbers)
    )
    return parent, child, ref, maker.pick([c for c in child.numbers if c.adds_up])


def _number(column: Column) -> Callable[[Query], str]:
    return lambda query: query.column(column.name)


def top_n(maker: Maker) -> Question:
    """Give the first few by a number or by how many rows they have."""
    count = maker.rng.randint(3, 6)
    if maker.rng.random() < 0.3:
        parent, child, ref, column = _summed(maker, 8)
        golds = first_of(maker, Phrase(table=parent), count, _total(maker, child, ref, column))
        slots = {"p": parent.plural, "ks": child.plural, "m": column.said, "n": count}
        return maker.question("top_n", parent, maker.say("top_n_total", **slots), golds=golds)
    if maker.rng.random() < 0.5:
        parent, child, ref = maker.family(lambda p, c: p.rows > 8)
        golds = first_of(maker, Phrase(table=parent), count, _children(maker, child, ref))
        text = maker.say("top_n_children", p=parent.plural, ks=child.plural, n=count)
        return maker.question("top_n", parent, text, golds=golds)
    table = maker.labelled(lambda table: table.numbers and table.rows > 8)
    column = maker.pick(table.numbers)
    golds = first_of(maker, Phrase(table=table), count, _number(column))
    text = maker.say("top_n", p=table.plural, m=column.said, n=count)
    return maker.question("top_n", table, text, golds=golds)


def superlative(maker: Maker) -> Question:
    """Give the one with the highest or lowest number."""
    table = maker.labelled(lambda table: table.numbers)
    column = maker.pick(table.numbers)
    down = maker.rng.random() < 0.7
    golds = first_of(maker, Phrase(table=table), 1, _number(column), down=down)
    if column.extremes and maker.rng.random() < 0.6:
        word = column.extremes[0 if down else 1]
        text = maker.say("superlative_word", s=table.singular, p=table.plural, word=word)
    else:
        highest = maker.pick(["highest", "largest"] if down else ["lowest", "smallest"])
        text = maker.say(
            "superlative", s=table.singular, p=table.plural, m=column.said, highest=highest
        )
    return maker.question("superlative", table, text, golds=golds)


def superlative_count(maker: Maker) -> Question:
    """Give the one with the most rows of another table, or the highest total of theirs."""
    if maker.rng.random() < 0.4:
        parent, child, ref, column = _summed(maker, 3)
        golds = first_of(maker, Phrase(table=parent), 1, _total(maker, child, ref, column))
        slots = {"s": parent.singular, "p": parent.plural, "ks": child.plural, "m": column.said}
        text = maker.say("superlative_total", **slots)
        return maker.question("superlative_total", parent, text, golds=golds)
    parent, child, ref = maker.family()
    golds = first_of(maker, Phrase(table=parent), 1, _children(maker, child, ref))
    text = maker.say("superlative_count", s=parent.singular, p=parent.plural, ks=child.plural)
    return maker.question("superlative_count", parent, text, golds=golds)


def most_common(maker: Maker) -> Question:
    """Give the value that most rows have."""
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    gold = most_of(maker, table, column)
    text = maker.say("most_common", g=column.words, p=table.plural)
    return maker.question("most_common", table, text, golds=(gold,))


def most_of(maker: Maker, table: Table, column: Column) -> Gold:
    """Give the value that most rows have.

    Raises:
        Unfit: two values are level.
    """
    query = Query(maker.schema, table)
    sql = (
        f"SELECT {query.column(column.name)}, count(*) {query.source()} "
        "GROUP BY 1 ORDER BY 2 DESC LIMIT 2"
    )
    rows = maker.world.ask(sql)
    if len(rows) < 2 or rows[0][1] == rows[1][1]:
        raise Unfit
    return Gold(sql=sql.replace("LIMIT 2", "LIMIT 1"), rows=(rows[0],), required=1)


def top_per_group(maker: Maker) -> Question:
    """Give the one with the highest number in each group."""
    table = maker.labelled(lambda table: table.numbers and table.groups)
    column = maker.pick(table.numbers)
    group = maker.pick(table.groups)
    words = group.words
    golds = []
    for joined in (False, True) if len(table.labels) == 2 else (False,):
        query = Query(maker.schema, table)
        labels = query.labels()
        if joined:
            labels = [" || ' ' || ".join(labels)]
        name, number = query.column(group.name), query.column(column.name)
        last = _PER_GROUP.format(group=name, number=number)
        sql = (
            f"SELECT {', '.join([name, *labels, number, query.key, '1'])} "
            f"{query.source([f'{number} IS NOT NULL'])} {last}"
        )
        golds.append(maker.gold(sql, 1 + len(labels)))
    groups = [row[0] for row in golds[0].rows]
    if len(groups) < 2 or len(groups) > len(set(groups)):
        raise Unfit
    text = maker.say("top_per_group", s=table.singular, p=table.plural, m=column.said, g=words)
    return maker.question("top_per_group", table, text, golds=tuple(golds))


def ratio(maker: Maker) -> Question:
    """Say how many rows there are per owner on average, with the owners of none or without."""
    parent, child, ref = maker.family()
    rows = f'(SELECT count(*) FROM "{child.name}")'
    owners = f'(SELECT count(*) FROM "{parent.name}")'
    some = f'(SELECT count(DISTINCT "{ref.name}") FROM "{child.name}")'
    golds = [
        maker.gold(f"SELECT 1.0 * {rows} / {below}, {rows}, {below}", 1) for below in (owners, some)
    ]
    text = maker.say(
        "ratio",
        s=parent.singular,
        p=parent.plural,
        ks=child.plural,
        a_s=article(parent.singular),
    )
    return maker.question("ratio", parent, text, golds=tuple(golds))
