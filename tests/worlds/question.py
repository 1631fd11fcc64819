"""What is a question of a world, and what may its answer look like?

The rule of answers. An answer is right when its rows are the gold rows, as often, and its columns
fit: each required column is there, and each further column is one of the optional ones. Optional
are columns that say which row it is (key and names), and those the question was about (what it
filtered, sorted or divided by). A list of named things may show any columns of their own table.
Where a careful reader may show a thing in two ways (a group of nothing as 0 or not at all, a
first and a last name in one column or two, a share as 0.25 or as 25), each way is a gold of its
own.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml

from worlds.conditions import Draw
from worlds.query import Condition, Phrase, Query
from worlds.schema import Column, Schema, Table
from worlds.world import World

PHRASES: dict[str, list[str]] = yaml.safe_load(
    Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8")
)
Kind = Literal["answerable", "unanswerable", "ambiguous"]
Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Gold:
    """One way in which an answer is right.

    Attributes:
        sql: gives the rows; required columns first, then optional ones.
        rows: what it gave.
        required: how many columns an answer must have.
        ordered: whether the order of rows counts.
        percent: places of columns that may be a hundred times as large.
        grains: place of a column of periods → ``year``, ``quarter`` or ``month``.
    """

    sql: str
    rows: tuple[Row, ...]
    required: int
    ordered: bool = False
    percent: tuple[int, ...] = ()
    grains: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question.

    Attributes:
        construct: what it is made of.
        kind: whether it can be answered.
        text: as it is asked.
        before: what was asked before it in the same thread.
        golds: ways to be right; none where it can't be answered.
        words: each of which must be named where it can't be answered.
        wording: ``own``, or ``borrowed`` from a public set.
        table: words of the table that it is about.
    """

    construct: str
    kind: Kind = "answerable"
    text: str
    before: tuple[str, ...] = ()
    golds: tuple[Gold, ...] = ()
    words: tuple[str, ...] = ()
    wording: str = "own"
    table: str = ""


class Unfit(Exception):
    """A draw came to nothing that is fair to ask; another one may."""


FUNCTIONS = {
    "count": "count",
    "sum": "sum",
    "average": "avg",
    "median": "median",
    "highest": "max",
    "lowest": "min",
}


@dataclass(kw_only=True)
class Aggregate:
    """Something that is computed over rows.

    Attributes:
        words: "average fee of {np}".
        kind: a key of ``FUNCTIONS``.
        column: that is summed or averaged; None for a count.
    """

    words: str
    kind: str
    column: Column | None = None

    def sql(self, query: Query) -> str:
        """Write it."""
        if self.column is None:
            return "count(*)"
        return f"{FUNCTIONS[self.kind]}({query.column(self.column.name)})"

    def of(self, phrase: Phrase) -> str:
        """Put it in words."""
        return self.words.format(np=phrase.words())


@dataclass(kw_only=True)
class Maker:
    """What all makers of questions use: the world, chance, and short ways to golds."""

    world: World
    rng: random.Random
    draw: Draw = field(init=False)

    def __post_init__(self) -> None:
        """Make the drawer of conditions."""
        self.draw = Draw(self.world, self.rng)

    @property
    def schema(self) -> Schema:
        """Tables of the world."""
        return self.world.schema

    # ------------------------------------------------------------------------------------- drawing

    def pick(self, things: Sequence[Any]) -> Any:
        """Draw one.

        Raises:
            Unfit: there is none.
        """
        if not things:
            raise Unfit
        return self.rng.choice(things)

    def table(self, fits: Callable[[Table], object] = lambda table: True) -> Table:
        """Draw a table that fits."""
        found: Table = self.pick([t for t in self.schema.tables.values() if fits(t)])
        return found

    def labelled(self, fits: Callable[[Table], object] = lambda table: True) -> Table:
        """Draw a table whose rows have names."""
        return self.table(lambda table: table.labels and fits(table))

    def family(self, fits: Callable[[Table, Table], object] = lambda p, c: True) -> Any:
        """Draw a table with names, one whose rows belong to it, and the key between them.

        Several keys to one table are left out: the question would have to say which.
        """
        found = [
            (parent, child, ref)
            for parent in self.schema.tables.values()
            for child, ref in self.schema.children(parent)
            if parent.labels and not ref.role and fits(parent, child)
        ]
        return self.pick(found)

    def phrase(self, table: Table, *conditions: Condition | None) -> Phrase:
        """Put conditions on a table.

        Raises:
            Unfit: one could not be drawn.
        """
        found = [condition for condition in conditions if condition is not None]
        if len(found) < len(conditions):
            raise Unfit
        columns = [condition.column for condition in found if condition.column]
        if len(columns) != len({id(column) for column in columns}):
            raise Unfit
        return Phrase(table=table, conditions=tuple(found))

    def some(self, table: Table) -> Phrase:
        """Draw rows of a table, with a simple condition now and then."""
        if self.rng.random() < 0.4:
            return self.phrase(table, self.draw.equality(table))
        return Phrase(table=table)

    def aggregate(
        self, table: Table, kinds: Sequence[str] = ("count", "sum", "average")
    ) -> Aggregate:
        """Draw what to compute over rows of a table."""
        kind = self.rng.choice(kinds)
        fit = [c for c in table.numbers if kind != "sum" or c.adds_up]
        if kind == "count" or not fit:
            return Aggregate(words="number of {np}", kind="count")
        column = self.pick(fit)
        word = {"sum": "total", "average": self.rng.choice(("average", "mean"))}.get(kind, kind)
        return Aggregate(words=f"{word} {column.said} of {{np}}", kind=kind, column=column)

    def say(self, construct: str, **slots: object) -> str:
        """Put a question into words."""
        template: str = self.rng.choice(PHRASES[construct])
        return template.format(**slots)

    # --------------------------------------------------------------------------------------- golds

    def gold(self, sql: str, required: int, **more: Any) -> Gold:
        """Run a gold query."""
        return Gold(sql=sql, rows=tuple(self.world.ask(sql)), required=required, **more)

    def one(self, phrase: Phrase, expression: Callable[[Query], str]) -> Gold:
        """Give one value over rows.

        Raises:
            Unfit: there are no such rows, or no value.
        """
        query = Query(self.schema, phrase.table)
        conditions, value = phrase.sql(query), expression(query)
        gold = self.gold(f"SELECT {value} {query.source(conditions)}", 1)
        if gold.rows[0][0] is None or gold.rows[0][0] == 0:
            raise Unfit
        return gold

    def names(
        self,
        phrase: Phrase,
        *,
        more: Callable[[Query], list[str]] = lambda query: [],
        where: Callable[[Query], list[str]] = lambda query: [],
        tail: Callable[[Query], str] = lambda query: "",
        most: int = 150,
        all_fit: bool = False,
        **kept: Any,
    ) -> tuple[Gold, ...]:
        """List named rows, with any columns of their own.

        Args:
            phrase: which rows.
            more: further optional columns.
            where: further conditions.
            tail: ORDER BY and LIMIT.
            most: rows that are still fair to ask for.
            all_fit: whether all rows of the table are fair to ask for.
            kept: of the gold.

        Raises:
            Unfit: there are none, all, or too many.
        """
        table = phrase.table
        golds = []
        for joined in (False, True) if len(table.labels) == 2 else (False,):
            query = Query(self.schema, table)
            labels = query.labels()
            if joined:
                labels = [" || ' ' || ".join(labels), *labels]
            own = [query.key, *(query.column(c.name) for c in table.columns)]
            own += [query.column(ref.name) for ref in table.refs]
            conditions = [*phrase.sql(query), *where(query)]
            columns, end = [*labels, *own, *more(query)], tail(query)
            sql = f"SELECT {', '.join(columns)} {query.source(conditions)} {end}".strip()
            required = 1 if joined else len(table.labels)
            golds.append(self.gold(sql, required, **kept))
        found = len(golds[0].rows)
        if not 0 < found <= most or (found == table.rows and not all_fit):
            raise Unfit
        return tuple(golds)

    def question(self, construct: str, table: Table, text: str, **more: Any) -> Question:
        """Make a question; its first letter is drawn large or small."""
        text = text.replace("  ", " ")
        if self.rng.random() < 0.5:
            text = text[0].upper() + text[1:]
        return Question(construct=construct, table=table.key, text=text, **more)


def plural(words: str) -> str:
    """Write the plural of a column's words."""
    if words.endswith("y") and words[-2] not in "aeiou":
        return words[:-1] + "ies"
    if words.endswith(("s", "x", "ch", "sh")):
        return words if words.endswith("s") else words + "es"
    return words + "s"
