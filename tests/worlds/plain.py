"""Questions of one value or a list: counts, aggregates, lists, and each kind of filter."""

from __future__ import annotations

from collections.abc import Callable

from worlds.conditions import article
from worlds.query import Condition, Phrase, Query
from worlds.question import Aggregate, Gold, Maker, Question, Unfit
from worlds.schema import Table


def count(maker: Maker) -> Question:
    """Count the rows of a table."""
    table = maker.table()
    phrase = Phrase(table=table)
    text = maker.say("count", np=phrase.words())
    return maker.question("count", table, text, golds=(counted(maker, phrase),))


def counted(maker: Maker, phrase: Phrase) -> Gold:
    """Count rows, some but not all where there is a condition."""
    gold = maker.one(phrase, lambda query: "count(*)")
    if phrase.conditions and gold.rows[0][0] == phrase.table.rows:
        raise Unfit
    return gold


def _counted(maker: Maker, construct: str, table: Table, *conditions: Condition | None) -> Question:
    phrase = maker.phrase(table, *conditions)
    text = maker.say("count", np=phrase.words())
    return maker.question(construct, table, text, golds=(counted(maker, phrase),))


def _counted_or_listed(
    maker: Maker, construct: str, table: Table, *conditions: Condition | None
) -> Question:
    if not table.labels or maker.rng.random() < 0.5:
        return _counted(maker, construct, table, *conditions)
    phrase = maker.phrase(table, *conditions)
    text = maker.say("list", np=phrase.words())
    return maker.question(construct, table, text, golds=maker.names(phrase))


def count_filter(maker: Maker) -> Question:
    """Count with one condition."""
    table = maker.table()
    return _counted(maker, "count_filter", table, maker.draw.equality(table))


def count_filters(maker: Maker) -> Question:
    """Count with two conditions."""
    table, draw = maker.table(), maker.draw
    other = draw.comparison if maker.rng.random() < 0.5 else draw.equality
    return _counted(maker, "count_filters", table, draw.equality(table), other(table))


def listing(maker: Maker) -> Question:
    """List with one condition."""
    table = maker.labelled()
    phrase = maker.phrase(table, maker.draw.equality(table))
    return maker.question(
        "list", table, maker.say("list", np=phrase.words()), golds=maker.names(phrase)
    )


def list_columns(maker: Maker) -> Question:
    """List several columns of rows."""
    table = maker.table(lambda table: len(table.columns) >= 3)
    phrase = maker.phrase(table, maker.draw.equality(table))
    used = [condition.column for condition in phrase.conditions]
    free = [c for c in table.columns if c not in used and c.kind != "flag"]
    if len(free) < 2:
        raise Unfit
    shown = maker.rng.sample(free, 2)
    words = [column.words for column in shown]
    golds = []
    for joined in (False, True) if len(table.labels) == 2 else (False,):
        query = Query(maker.schema, table)
        labels = query.labels()
        if joined:
            labels = [" || ' ' || ".join(labels)]
        named = bool(labels) and len(words) > 0
        columns = [query.column(column.name) for column in shown]
        extra = [query.key, *(query.column(c.name) for c in used if c)]
        first = [*labels, *columns] if named else columns
        sql = f"SELECT {', '.join([*first, *extra])} {query.source(phrase.sql(query))}"
        golds.append(maker.gold(sql, len(first)))
    if not 0 < len(golds[0].rows) <= 150:
        raise Unfit
    if table.labels:
        words = ["name", *words]
    listed = f"{', '.join(words[:-1])} and {words[-1]}"
    text = maker.say("list_columns", np=phrase.words(), cols=listed)
    return maker.question("list_columns", table, text, golds=tuple(golds))


def sorted_list(maker: Maker) -> Question:
    """List rows in the order of a number, all of them different."""
    table = maker.labelled(lambda table: table.numbers)
    column = maker.pick([c for c in table.numbers if not c.nullable])
    condition = maker.draw.equality(table)
    if condition and condition.column is column:
        raise Unfit
    phrase = maker.phrase(table, condition)
    down = maker.rng.random() < 0.5

    def tail(query: Query) -> str:
        return f"ORDER BY {query.column(column.name)} {'DESC' if down else 'ASC'}"

    golds = maker.names(phrase, tail=tail, ordered=True)
    place = golds[0].required + 1 + table.columns.index(column)
    if len({row[place] for row in golds[0].rows}) < len(golds[0].rows) or len(golds[0].rows) < 3:
        raise Unfit
    text = maker.say(
        "sorted_list",
        np=phrase.words(),
        m=column.said,
        dir="highest" if down else "lowest",
        order="descending" if down else "ascending",
        from_to="highest to lowest" if down else "lowest to highest",
    )
    return maker.question("sorted_list", table, text, golds=golds)


# -------------------------------------------------------------------------------------- aggregates


def _aggregated(maker: Maker, construct: str, phrases: str, function: str) -> Question:
    table = maker.table(lambda table: table.numbers)
    columns = [c for c in table.numbers if function != "sum" or c.adds_up]
    column = maker.pick(columns)
    phrase = maker.some(table)
    if any(condition.column is column for condition in phrase.conditions):
        raise Unfit
    gold = maker.one(phrase, lambda query: f"{function}({query.column(column.name)})")
    text = maker.say(phrases, np=phrase.words(), m=column.said)
    return maker.question(construct, table, text, golds=(gold,))


def total(maker: Maker) -> Question:
    """Add up a number."""
    return _aggregated(maker, "sum", "sum", "sum")


def average(maker: Maker) -> Question:
    """Average a number."""
    return _aggregated(maker, "average", "average", "avg")


def extreme(maker: Maker) -> Question:
    """Find the highest or lowest value of a number."""
    phrases, function = maker.pick([("highest", "max"), ("lowest", "min")])
    return _aggregated(maker, "extreme", phrases, function)


def median(maker: Maker) -> Question:
    """Find the median of a number."""
    return _aggregated(maker, "median", "median", "median")


# ----------------------------------------------------------------------------------------- filters


def comparison(maker: Maker) -> Question:
    """Compare a number with a limit."""
    table = maker.table(lambda table: table.numbers)
    return _counted_or_listed(maker, "filter_comparison", table, maker.draw.comparison(table))


def between(maker: Maker) -> Question:
    """Keep a number between two limits."""
    table = maker.table(lambda table: table.numbers)
    return _counted_or_listed(maker, "filter_between", table, maker.draw.between(table))


def negation(maker: Maker) -> Question:
    """Keep all but one value."""
    table = maker.table(lambda table: table.groups)
    return _counted_or_listed(maker, "filter_negation", table, maker.draw.negation(table))


def either(maker: Maker) -> Question:
    """Keep one of two values."""
    table = maker.table()
    return _counted_or_listed(maker, "filter_or", table, maker.draw.either(table))


def missing(maker: Maker) -> Question:
    """Keep rows where a value is missing, or is not."""
    table = maker.table(lambda table: any(column.nullable for column in table.columns))
    return _counted_or_listed(maker, "filter_missing", table, maker.draw.missing(table))


def letters(maker: Maker) -> Question:
    """Keep names that begin, end with or contain letters."""
    table = maker.labelled(lambda table: len(table.labels) == 1)
    return _counted_or_listed(maker, "filter_text", table, maker.draw.letters(table))


def hops(count: int) -> Callable[[Maker], Question]:
    """Make the maker of questions whose condition lies some tables away."""

    def made(maker: Maker) -> Question:
        table = maker.table(lambda table: table.refs)
        condition = maker.draw.of_parent(table, count)
        construct = f"join_{count}"
        if maker.rng.random() < 0.6:
            return _counted(maker, construct, table, condition)
        return _of_joined(maker, construct, table, condition)

    return made


def _of_joined(maker: Maker, construct: str, table: Table, condition: Condition | None) -> Question:
    phrase = maker.phrase(table, condition)
    column = maker.pick([c for c in table.numbers if c.adds_up])
    aggregate = Aggregate(words="", kind="sum", column=column)
    gold = maker.one(phrase, aggregate.sql)
    text = maker.say("sum", np=phrase.words(), m=column.said)
    return maker.question(construct, table, text, golds=(gold,))


def distinct_values(maker: Maker) -> Question:
    """Count the different values of a column."""
    from worlds.question import plural

    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    phrase = maker.some(table)
    if any(condition.column is column for condition in phrase.conditions):
        raise Unfit
    gold = maker.one(phrase, lambda query: f"count(DISTINCT {query.column(column.name)})")
    text = maker.say("distinct_count", np=phrase.words(), gs=plural(column.words))
    return maker.question("distinct_count", table, text, golds=(gold,))


def distinct_parents(maker: Maker) -> Question:
    """Count the different owners of rows."""
    parent, child, ref = maker.family()
    phrase = maker.phrase(child, maker.draw.equality(child))
    gold = maker.one(phrase, lambda query: f"count(DISTINCT {query.column(ref.name)})")
    text = maker.say("distinct_parents", np=phrase.words(), p=parent.plural)
    return maker.question("distinct_count", parent, text, golds=(gold,))


def above_average(maker: Maker) -> Question:
    """List what lies above the average."""
    table = maker.labelled(lambda table: table.numbers)
    column = maker.pick(table.numbers)

    def where(query: Query) -> list[str]:
        inner = Query(maker.schema, table, "a")
        mean = f"(SELECT avg({inner.column(column.name)}) {inner.source()})"
        return [f"{query.column(column.name)} > {mean}"]

    golds = maker.names(Phrase(table=table), where=where)
    text = maker.say("above_average", p=table.plural, m=column.said, am=article(column.said))
    return maker.question("above_average", table, text, golds=golds)
