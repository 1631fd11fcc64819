"""Questions without an answer or with two: nothing like it in the data, taste, two readings.

Each names the words that must be told to who asks.
"""

from __future__ import annotations

from worlds.conditions import article
from worlds.groups import draw_group
from worlds.question import PHRASES, Maker, Question, Unfit, plural

_MEASURES = """carbon footprint|shoe size|profit margin|tax rate|pension|overtime|noise level
|humidity|voltage|blood sugar|body fat|click rate|latitude|deposit|insulation|headcount|turnout
|reading age|water usage|parking fee|dividend|exchange rate""".replace("\n", "").split("|")
_THINGS = """coupon|lawsuit|elevator|helicopter|scholarship|vaccine|newsletter|sponsor|dog|umbrella
|passport|statue|bicycle|lottery ticket|gift card|microphone|violin|wheelchair""".replace(
    "\n", ""
).split("|")
_PLACES = """Reykjavik Montevideo Ulaanbaatar Vancouver Casablanca Brisbane Jakarta Tbilisi Havana
Luxembourg Wellington Samarkand""".split()
_VALUES = """Quexalite Zorbinex Plimsoll Wuthering Jabberwock Snorkeltide Frumious Bandersnatch
Krullgate Oompalore""".split()
_TASTE = """nice/nicest|friendly/friendliest|beautiful/most beautiful|ugly/ugliest
|boring/most boring|interesting/most interesting|charming/most charming|lovely/loveliest
|trustworthy/most trustworthy|annoying/most annoying|elegant/most elegant|funny/funniest
|promising/most promising|pleasant/most pleasant""".replace("\n", "").split("|")
_UNDEFINED = "best|worst|most important|most successful|weakest|strongest".split("|")


def _fresh(maker: Maker, words: list[str]) -> str:
    """Draw words that no name of the world has a part of."""
    known: set[str] = set()
    for table in maker.schema.tables.values():
        known |= set(f"{table.singular} {table.plural}".split())
        for column in table.columns:
            known |= set(f"{column.words} {column.unit} {' '.join(column.extremes)}".split())
            known |= set(" ".join(column.values).lower().split())
    fresh: str = maker.pick([w for w in words if not known & set(w.replace("/", " ").split())])
    return fresh


def missing_concept(maker: Maker) -> Question:
    """Ask for a measure that is nowhere, or for things that are nowhere."""
    table = maker.labelled()
    slots = {"np": table.plural, "s": table.singular, "p": table.plural}
    if maker.rng.random() < 0.5:
        words = _fresh(maker, _MEASURES)
        group = draw_group(maker, table).words
        text = maker.say("missing_concept", x=words, a_x=article(words), g=group, **slots)
    else:
        words = _fresh(maker, _THINGS)
        text = maker.say("missing_thing", xs=plural(words), **slots)
    return maker.question("missing_concept", table, text, kind="unanswerable", words=(words,))


def missing_value(maker: Maker) -> Question:
    """Ask for a value that a column does not have."""
    table = maker.table(lambda table: table.groups)
    column = maker.pick(table.groups)
    value = maker.pick(_PLACES if column.kind in ("city", "country") else _VALUES)
    condition = maker.draw.value(table, column, value)
    if condition.adjective:
        raise Unfit
    text = maker.say("missing_value", p=table.plural, c=condition.after)
    return maker.question("missing_value", table, text, kind="unanswerable", words=(value,))


def subjective(maker: Maker) -> Question:
    """Ask for a matter of taste."""
    table = maker.labelled()
    plain, most = _fresh(maker, _TASTE).split("/")
    template = maker.rng.choice(PHRASES["subjective"])
    text = template.format(p=table.plural, s=table.singular, x=plain, most=most)
    words = most if "{most}" in template else plain
    return maker.question("subjective", table, text, kind="unanswerable", words=(words,))


def out_of_range(maker: Maker) -> Question:
    """Ask about a year of which there are no data."""
    table = maker.table(lambda table: len(table.event_dates) == 1 and not table.of("birth"))
    first, last = maker.world.first.year, maker.world.now.year
    number = maker.pick([first - maker.rng.randint(12, 40), last + maker.rng.randint(6, 30)])
    verb = table.event_dates[0].verb
    text = maker.say("out_of_range", p=table.plural, verb=verb, year=number)
    return maker.question("out_of_range", table, text, kind="unanswerable", words=(str(number),))


def two_columns(maker: Maker) -> Question:
    """Ask for an amount that a table has twice."""
    table = maker.table(lambda table: any(column.twin for column in table.columns))
    words = next(column.twin for column in table.columns if column.twin)
    if sum(words in column.words for t in maker.schema.tables.values() for column in t.columns) > 2:
        raise Unfit
    template = maker.rng.choice(PHRASES["two_columns"])
    if "{s}" in template and not table.labels:
        raise Unfit
    group = draw_group(maker, table).words if "{g}" in template else ""
    text = template.format(x=words, p=table.plural, s=table.singular, g=group)
    return maker.question("two_columns", table, text, kind="ambiguous", words=(words,))


def two_roles(maker: Maker) -> Question:
    """Ask by an owner that a table has in two roles."""
    table = maker.table(lambda table: any(ref.role for ref in table.refs))
    parent = maker.schema.tables[next(ref.table for ref in table.refs if ref.role)]
    text = maker.say("two_roles", p=table.plural, r=parent.singular, rs=parent.plural)
    return maker.question("two_roles", table, text, kind="ambiguous", words=(parent.singular,))


def undefined_measure(maker: Maker) -> Question:
    """Ask for the best ones, by nothing."""
    table = maker.labelled(lambda table: maker.schema.children(table))
    words = _fresh(maker, _UNDEFINED)
    if words == "strongest" and any(c.extremes == ("strongest", "weakest") for c in table.columns):
        raise Unfit
    text = maker.say(
        "undefined_measure", p=table.plural, s=table.singular, x=words, n=maker.rng.randint(2, 5)
    )
    return maker.question("undefined_measure", table, text, kind="ambiguous", words=(words,))
