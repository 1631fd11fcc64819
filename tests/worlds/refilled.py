"""Questions put in borrowed words: the slots filled with a world's own tables, columns, values."""

from __future__ import annotations

import re
from collections.abc import Callable

from worlds.borrowed import Borrowed, borrowed
from worlds.conditions import COMPARED, on
from worlds.groups import Group, grouped
from worlds.plain import counted
from worlds.query import Condition, Phrase, Query, text_of
from worlds.question import Aggregate, Gold, Maker, Question, Unfit, plural
from worlds.ranked import first_of, most_of
from worlds.schema import Column, Table

_MOST_WAYS = 12
_AGGREGATES = {"avg": "average", "sum": "sum", "max": "extreme", "min": "extreme"}


def draw(maker: Maker) -> Question:
    """Draw a way of asking and fill it.

    Raises:
        Unfit: there are none, or it does not fit this world.
    """
    ways = borrowed()
    if not ways:
        raise Unfit
    shapes = sorted(ways)
    # A shape with few ways would else be asked in the same words again and again.
    weights = [min(len(ways[shape]), _MOST_WAYS) for shape in shapes]
    shape = maker.rng.choices(shapes, weights)[0]
    return _FILL[shape](maker, maker.pick(ways[shape]))


def _number(maker: Maker, way: Borrowed, slot: str, table: Table) -> tuple[Column, str]:
    """Draw a number for a slot, and how to call it there: what is counted needs its own words."""
    counts = bool(re.search(rf"(number of|\bmany|\{{v\}}) \{{{slot}s?\}}", way.text))
    level = re.search(rf"\b(most|more|least) \{{{slot}s?\}}", way.text)
    columns = [c for c in table.numbers if (c.said != c.words) or not (counts or level)]
    if way.fact("agg") == "sum" and slot == "m":
        columns = [column for column in columns if column.adds_up]
    column: Column = maker.pick(columns)
    words = column.words if counts or level else column.said
    return column, f"{words}|{words if column.said != column.words else plural(words)}"


def _nouns(table: Table) -> str:
    return f"{table.singular}|{table.plural}"


def _filter(maker: Maker, way: Borrowed, table: Table) -> tuple[Condition, dict[str, str]]:
    """Draw the condition of a way of asking, with the words of its slots."""
    operator = {"!=": "<>"}.get(way.fact("op"), way.fact("op"))
    if way.fact("text") == "text" and operator in ("=", "<>"):
        column = maker.pick(table.groups)
        value = maker.pick(maker.world.values(table, column))
        sql = on(column, (), lambda name: f"{name} {operator} {text_of(value)}")
        words = {"f": f"{column.words}|{plural(column.words)}", "v": value}
        return Condition(sql=sql, column=column, value=value), words
    if operator not in COMPARED:
        raise Unfit
    column, said = _number(maker, way, "f", table)
    limit = maker.draw.limit(table, column, maker.rng.uniform(0.25, 0.75))
    sql = on(column, (), lambda name: f"{name} {operator} {limit}")
    shown = str(int(limit)) if limit == int(limit) else str(limit)
    return Condition(sql=sql, column=column), {"f": said, "v": shown}


def _made(
    maker: Maker, construct: str, table: Table, text: str, golds: tuple[Gold, ...]
) -> Question:
    return maker.question(construct, table, text, golds=golds, wording="borrowed")


def _count(maker: Maker, way: Borrowed) -> Question:
    table = maker.table()
    golds = (counted(maker, Phrase(table=table)),)
    return _made(maker, "count", table, way.fill(t=_nouns(table)), golds)


def _count_filter(maker: Maker, way: Borrowed) -> Question:
    table = maker.table()
    condition, words = _filter(maker, way, table)
    golds = (counted(maker, Phrase(table=table, conditions=(condition,))),)
    text = way.fill(t=_nouns(table), **words)
    return _made(maker, _filter_construct(way, "count_filter"), table, text, golds)


def _filter_construct(way: Borrowed, plain: str) -> str:
    return {"=": plain, "!=": "filter_negation"}.get(way.fact("op"), "filter_comparison")


def _aggregate(maker: Maker, way: Borrowed) -> Question:
    table = maker.table(lambda table: table.numbers)
    column, said = _number(maker, way, "m", table)
    words: dict[str, str] = {}
    conditions: tuple[Condition, ...] = ()
    if way.shape == "aggregate_filter":
        condition, words = _filter(maker, way, table)
        if condition.column is column:
            raise Unfit
        conditions = (condition,)
    function = way.fact("agg")
    phrase = Phrase(table=table, conditions=conditions)
    gold = maker.one(phrase, lambda query: f"{function}({query.column(column.name)})")
    text = way.fill(t=_nouns(table), m=said, **words)
    return _made(maker, _AGGREGATES[function], table, text, (gold,))


def _list(maker: Maker, way: Borrowed) -> Question:
    table = maker.labelled()
    condition, words = _filter(maker, way, table)
    golds = maker.names(Phrase(table=table, conditions=(condition,)))
    text = way.fill(t=_nouns(table), n="name|names", **words)
    return _made(maker, _filter_construct(way, "list"), table, text, golds)


def _columns(maker: Maker, way: Borrowed) -> Question:
    table = maker.table(lambda table: table.rows <= 150)
    condition: Condition | None = None
    words: dict[str, str] = {}
    conditions: list[str] = []
    query = Query(maker.schema, table)
    if way.shape == "list_column":
        condition, words = _filter(maker, way, table)
        conditions = [condition.sql(query)]
    free = [
        c
        for c in table.columns
        if c.kind != "flag" and (not condition or c is not condition.column)
    ]
    if len(free) < 2:
        raise Unfit
    shown = maker.rng.sample(free, 1 if condition else 2)
    columns = [query.column(column.name) for column in shown]
    extra = [*query.labels(), query.key]
    rest = query.source(conditions)
    every = maker.gold(f"SELECT {', '.join([*columns, *extra])} {rest}", len(columns))
    if not 0 < len(every.rows) <= 150:
        raise Unfit
    once = maker.gold(f"SELECT DISTINCT {', '.join(columns)} {rest}", len(columns))
    said = {slot: f"{c.said}|{plural(c.said)}" for slot, c in zip("mk", shown, strict=False)}
    text = way.fill(t=_nouns(table), **said, **words)
    return _made(maker, "list_columns", table, text, (every, once))


def _sorted(maker: Maker, way: Borrowed) -> Question:
    table = maker.labelled(lambda table: table.numbers)
    column, said = _number(maker, way, "m", table)
    if column.nullable:
        raise Unfit
    down = way.fact("way") == "desc"
    golds = maker.names(
        Phrase(table=table),
        tail=lambda query: f"ORDER BY {query.column(column.name)} {'DESC' if down else 'ASC'}",
        all_fit=True,
        ordered=True,
    )
    if len(set(maker.world.values(table, column))) < table.rows:
        raise Unfit
    text = way.fill(t=_nouns(table), n="name|names", m=said)
    return _made(maker, "sorted_list", table, text, golds)


def _first(maker: Maker, way: Borrowed) -> Question:
    table = maker.labelled(lambda table: table.numbers and table.rows > 9)
    column, said = _number(maker, way, "m", table)
    down, count = way.fact("way") == "desc", 1
    shown = {}
    if way.shape == "top":
        count = maker.rng.randint(3, 6)
        shown = {"c": str(count)}
    golds = first_of(maker, Phrase(table=table), count, lambda q: q.column(column.name), down=down)
    text = way.fill(t=_nouns(table), n="name|names", m=said, **shown)
    return _made(maker, "top_n" if count > 1 else "superlative", table, text, golds)


def _grouped(maker: Maker, way: Borrowed) -> Question:
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    words = {"g": f"{column.words}|{plural(column.words)}"}
    aggregate = Aggregate(words="", kind="count")
    if way.shape != "group_count":
        number, words["m"] = _number(maker, way, "m", table)
        kind = "sum" if way.fact("agg") == "sum" else "average"
        aggregate = Aggregate(words="", kind=kind, column=number)
    group = Group(words="", path=(), table=table, column=column)
    golds = grouped(maker, Phrase(table=table), aggregate, (group,))
    return _made(maker, "group_one", table, way.fill(t=_nouns(table), **words), golds)


def _common(maker: Maker, way: Borrowed) -> Question:
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    words = f"{column.words}|{plural(column.words)}"
    text = way.fill(t=_nouns(table), g=words)
    return _made(maker, "most_common", table, text, (most_of(maker, table, column),))


def _having(maker: Maker, way: Borrowed) -> Question:
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    query = Query(maker.schema, table)
    name = query.column(column.name)
    counts = maker.world.ask(f"SELECT count(*) {query.source()} GROUP BY {name} ORDER BY 1")
    limit = counts[len(counts) // 2][0]
    sql = f"SELECT {name}, count(*) {query.source()} GROUP BY 1 HAVING count(*) "
    gold = maker.gold(f"{sql}{way.fact('op')} {limit}", 1)
    if not 0 < len(gold.rows) < len(counts):
        raise Unfit
    words = f"{column.words}|{plural(column.words)}"
    text = way.fill(t=_nouns(table), g=words, v=str(limit))
    return _made(maker, "having", table, text, (gold,))


def _above(maker: Maker, way: Borrowed) -> Question:
    table = maker.labelled(lambda table: table.numbers)
    column, said = _number(maker, way, "m", table)

    def where(query: Query) -> list[str]:
        inner = Query(maker.schema, table, "a")
        mean = f"(SELECT avg({inner.column(column.name)}) {inner.source()})"
        return [f"{query.column(column.name)} > {mean}"]

    golds = maker.names(Phrase(table=table), where=where)
    text = way.fill(t=_nouns(table), n="name|names", m=said)
    return _made(maker, "above_average", table, text, golds)


def _distinct(maker: Maker, way: Borrowed) -> Question:
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    gold = maker.one(
        Phrase(table=table), lambda query: f"count(DISTINCT {query.column(column.name)})"
    )
    text = way.fill(t=_nouns(table), g=f"{column.words}|{plural(column.words)}")
    return _made(maker, "distinct_count", table, text, (gold,))


def _none(maker: Maker, way: Borrowed) -> Question:
    parent, child, ref = maker.family()

    def where(query: Query) -> list[str]:
        inner = Query(maker.schema, child, "c")
        rest = inner.source([f"{inner.column(ref.name)} = {query.key}"])
        return [f"NOT EXISTS (SELECT 1 {rest})"]

    golds = maker.names(Phrase(table=parent), where=where)
    text = way.fill(t=_nouns(parent), u=_nouns(child), n="name|names")
    return _made(maker, "has_none", parent, text, golds)


_FILL: dict[str, Callable[[Maker, Borrowed], Question]] = {
    "count": _count,
    "count_filter": _count_filter,
    "aggregate": _aggregate,
    "aggregate_filter": _aggregate,
    "list_filter": _list,
    "list_column": _columns,
    "list_two": _columns,
    "sorted": _sorted,
    "superlative": _first,
    "top": _first,
    "group_count": _grouped,
    "group_average": _grouped,
    "average_group": _grouped,
    "most_common": _common,
    "having": _having,
    "above": _above,
    "distinct": _distinct,
    "none": _none,
}
