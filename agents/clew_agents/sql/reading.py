"""What a question says, before tables and columns are settled: measures, groups, conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from clew_agents.sql.periods import Period
from clew_agents.sql.tagging import Item
from clew_core.query_spec import Aggregate, ChartHint, Grain, Operator

Comparator = Literal["in", "after", "before", "since", "until", "between"]


@dataclass(kw_only=True)
class Op:
    """Something to compute.

    Attributes:
        aggregate: None: the question names a column and not what to do with it.
        target: the item that names a column or table; None: what a row is worth, or rows.
        count: rows or different values are counted.
        distinct: different values were asked for.
        supposed: the aggregate was not said, but nothing else makes sense.
        per: counted for each of these, and averaged.
        direct: the name follows right behind the operator: "total rides", not "total of rides".
    """

    aggregate: Aggregate | None
    target: Item | None
    count: bool = False
    distinct: bool = False
    direct: bool = False
    per: Item | None = None
    supposed: bool = False


@dataclass(kw_only=True)
class Group:
    """Something to group by: a name, or a grain of time."""

    item: Item
    grain: Grain | None = None


@dataclass(kw_only=True)
class Sorting:
    """An order that rows or groups are asked in.

    Attributes:
        item: names what they are ordered by; None: by what they are called, or measured.
        count: by the number of its rows.
        aggregate: by this of the item.
        descending: None where the question leaves the way open.
        text: the words, to name them where they can't be followed.
    """

    item: Item | None
    count: bool = False
    aggregate: Aggregate | None = None
    descending: bool | None = None
    text: str = ""


@dataclass(kw_only=True)
class NumberTest:
    """A comparison with numbers; on counted rows of a table where the item names one.

    Attributes:
        having: what is compared is computed over a group: counted rows, or ``aggregate``.
        aggregate: of the column that the item names.
    """

    places: tuple[int, ...]
    item: Item | None
    operator: Operator
    values: tuple[int | float, ...]
    text: str
    having: bool = False
    aggregate: Aggregate | None = None


@dataclass(kw_only=True)
class TimeTest:
    """A comparison with periods. ``item`` names the date column where the question does."""

    places: tuple[int, ...]
    item: Item | None
    beside: Item | None
    comparator: Comparator
    periods: tuple[Period, ...]
    text: str


@dataclass(kw_only=True)
class ValueTest:
    """Values that a text column must have, or must not have.

    Attributes:
        values: one item per value.
        names: items beside them that may say which column is meant.
        negated: must not have.
        lacking: negated by "without" or "no": among rows below there must be none of these.
    """

    places: tuple[int, ...]
    values: tuple[Item, ...]
    names: tuple[Item, ...]
    negated: bool = False
    lacking: bool = False


@dataclass(kw_only=True)
class TextTest:
    """What a text must begin with, end with or contain; ``item`` names its column."""

    places: tuple[int, ...]
    item: Item | None
    operator: Operator
    held: str
    text: str


@dataclass(kw_only=True)
class FlagTest:
    """A column of truth values that must be true, or false."""

    places: tuple[int, ...]
    item: Item
    holds: bool


@dataclass(kw_only=True)
class NullTest:
    """A column that must be empty, or filled; ``dated``: only the date of something done is one."""

    places: tuple[int, ...]
    item: Item
    empty: bool
    dated: bool = False


@dataclass(kw_only=True)
class NamedTest:
    """A word of the company's glossary that must hold for the rows of its table, or must not."""

    item: Item
    holds: bool


@dataclass(kw_only=True)
class AverageTest:
    """A column, or the number of rows of a table, compared with its average."""

    places: tuple[int, ...]
    item: Item
    operator: Operator
    counted: bool
    text: str


@dataclass(kw_only=True)
class RelatedTest:
    """Rows below that must exist, or must not: of a period, or with a value.

    Attributes:
        item: names their table; None: that of the value.
        of: the period or the value.
    """

    places: tuple[int, ...]
    item: Item | None
    of: Item
    has: bool


Tested: TypeAlias = NumberTest | TimeTest | ValueTest | FlagTest | NullTest | TextTest


@dataclass(kw_only=True)
class Analysis:
    """What is made of a measure once it is computed: its share, its growth, its running total.

    Attributes:
        kind: which analysis.
        text: the words that ask for it.
        relative: growth as a fraction is asked for, and not the difference.
        summed: a rolling window is added up, not averaged.
        grain: of the time it goes along, where the question says one.
        periods: how far back, or how wide a window.
        against: two values are compared, beside what became of one.
        last_year: compared with the same period a year earlier.
        order: the largest rise or fall is asked for.
        limit: how many of them.
        part: of a share: what the rows of the part fulfil, beside the conditions of the whole.
        open_part: it is not clear whether these conditions are the part's or the whole's.
    """

    kind: Literal["share", "change", "running", "rolling"]
    text: str
    relative: bool = False
    summed: bool = False
    grain: Grain | None = None
    periods: int = 1
    against: bool = False
    last_year: bool = False
    order: Literal["max", "min"] | None = None
    limit: int | None = None
    part: Reading | None = None
    open_part: bool = False


@dataclass(kw_only=True)
class Reading:
    """The parts of a question; items that no part took are in ``rest``.

    Attributes:
        ops: what is computed.
        groups: by what.
        entity: what is ranked or listed.
        entity_asked: the question asks which it is, or to list it.
        columns: several columns that are listed.
        owner: tables that they are said to be of.
        direction: of a ranking; None: no ranking.
        superlative: the ranking was said by a superlative, so what it is by is no part of what
            was asked for.
        limit: how many of a ranking.
        adjective: of a superlative that names no column ("longest").
        numbers: comparisons with numbers.
        times: comparisons with periods.
        values: text values.
        flags: truth values.
        texts: what texts begin with, end with or contain.
        nulls: columns that must be empty, or filled.
        averages: comparisons with an average.
        related: rows below that must be there, or must not.
        leader: the rows are those whose leader, in the same table, this value names.
        weekend: only Saturdays and Sundays.
        named: words of the glossary.
        either: two tests of which one must hold.
        lacking: tables of which there must be no rows.
        having: tables of which there must be some.
        bare: the rows are only named, "orders of May": listed, or counted where they are many.
        listing: rows are asked for.
        distinct: different ones of what is listed.
        sortings: the order that rows or groups are asked in.
        ranked: the words that ask for a ranking, to name them where there is nothing to rank.
        analysis: what is made of the measures once they are computed.
        missing: what an analysis lacks, in a sentence; it can't be answered then.
        hint: the chart that was asked for; None: none was.
        context: tables that the question names, in order.
        rest: items that no part took and that are no filler.
        unread: how many "and" no part took.
    """

    ops: list[Op] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    entity: Item | None = None
    entity_asked: bool = False
    columns: list[Item] = field(default_factory=list)
    owner: tuple[str, ...] = ()
    direction: Literal["max", "min"] | None = None
    superlative: bool = False
    limit: int | None = None
    adjective: str = ""
    numbers: list[NumberTest] = field(default_factory=list)
    times: list[TimeTest] = field(default_factory=list)
    values: list[ValueTest] = field(default_factory=list)
    flags: list[FlagTest] = field(default_factory=list)
    texts: list[TextTest] = field(default_factory=list)
    nulls: list[NullTest] = field(default_factory=list)
    averages: list[AverageTest] = field(default_factory=list)
    related: list[RelatedTest] = field(default_factory=list)
    leader: Item | None = None
    weekend: bool = False
    named: list[NamedTest] = field(default_factory=list)
    either: tuple[Tested, Tested] | None = None
    lacking: list[Item] = field(default_factory=list)
    having: list[Item] = field(default_factory=list)
    bare: bool = False
    listing: bool = False
    distinct: bool = False
    sortings: list[Sorting] = field(default_factory=list)
    ranked: list[Item] = field(default_factory=list)
    analysis: Analysis | None = None
    missing: str = ""
    hint: ChartHint | None = None
    context: list[str] = field(default_factory=list)
    rest: list[Item] = field(default_factory=list)
    unread: int = 0
