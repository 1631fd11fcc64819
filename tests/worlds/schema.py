"""What tables and columns does a made-up world have? Drawn from the domains and one style of names.

Nothing here knows how questions are read: names and values come from this folder alone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from worlds.naming import Style, draw_style

DOMAINS: dict[str, dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("domains.yaml").read_text(encoding="utf-8")
)
# Units whose values may be added up over rows; the others are levels.
_ADDITIVE = set(
    """kg km tonnes minutes seconds kWh kcal nights crates beds seats pallets employees residents
    hectares hectolitres pages votes followers days runways""".split()
)
_COUNTED = set(
    """awards beds calories crates credits days employees followers helpful nights pages residents
    runways seats seconds stars miles""".split()
)
_DROPPED = 0.15
# Two columns of one thing: the thing alone is then a word with two meanings.
_TWINS = (("gross", "net"), ("planned", "actual"), ("billed", "paid"), ("standard", "special"))
_WITH_TWINS, _WITH_ROLES = 0.7, 0.5


@dataclass(kw_only=True)
class Column:
    """A column.

    Attributes:
        words: what it is, in lower case.
        kind: ``category``, ``status``, ``flag``, ``city``, ``country``, ``measure``, ``money``,
            ``date`` (something happened to the row) or ``birth``.
        table: words of its table.
        name: as the database calls it.
        values: of a category or status.
        low: smallest value of a measure.
        high: largest.
        unit: of a measure.
        decimals: of a measure.
        verb: what happened on a date: "made", "hired".
        opposite: of a flag's adjective; empty where there is none.
        extremes: adjectives of the highest and lowest value; empty where there are none.
        nullable: whether values are missing.
        twin: words that it shares with another column of its table; empty where there are none.
    """

    words: str
    kind: str
    table: str
    name: str = ""
    values: list[str] = field(default_factory=list)
    low: float = 0
    high: float = 0
    unit: str = ""
    decimals: int = 0
    verb: str = ""
    opposite: str = ""
    extremes: tuple[str, ...] = ()
    nullable: bool = False
    twin: str = ""

    @property
    def said(self) -> str:
        """How a question calls it: "number of seats" for what is counted."""
        first = self.words.split()[0]
        return f"number of {self.words}" if self.is_number and first in _COUNTED else self.words

    @property
    def is_number(self) -> bool:
        """Whether it can be averaged."""
        return self.kind in ("measure", "money")

    @property
    def adds_up(self) -> bool:
        """Whether its sum over rows means something."""
        return self.kind == "money" or self.unit in _ADDITIVE

    @property
    def is_group(self) -> bool:
        """Whether rows are grouped by it."""
        return self.kind in ("category", "status", "city", "country")


@dataclass(kw_only=True)
class Ref:
    """A foreign key.

    Attributes:
        table: words of the table it points at.
        preposition: that leads there: visits *by* patients.
        role: where two keys point at the same table: "departure"; else empty.
        name: of the column.
    """

    table: str
    preposition: str
    role: str = ""
    name: str = ""


@dataclass(kw_only=True)
class Table:
    """A table.

    Attributes:
        key: what it is called in the domains.
        singular: noun for one row.
        plural: noun for several.
        label_kind: ``person``, ``made`` or empty.
        suffix: last word of made names.
        name: as the database calls it.
        pk: column of its key.
        labels: columns that name a row: one, two for first and last names, or none.
        columns: all others.
        refs: what its rows belong to.
        rows: how many.
    """

    key: str
    singular: str
    plural: str
    label_kind: str = ""
    suffix: str = ""
    name: str = ""
    pk: str = ""
    labels: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)
    refs: list[Ref] = field(default_factory=list)
    rows: int = 0

    def of(self, *kinds: str) -> list[Column]:
        """Give the columns of some kinds."""
        return [column for column in self.columns if column.kind in kinds]

    @property
    def numbers(self) -> list[Column]:
        """Columns that can be averaged."""
        return [column for column in self.columns if column.is_number]

    @property
    def groups(self) -> list[Column]:
        """Columns that rows are grouped by, without missing values."""
        return [column for column in self.columns if column.is_group and not column.nullable]

    @property
    def event_dates(self) -> list[Column]:
        """Columns that say when something happened."""
        return self.of("date")


@dataclass(kw_only=True)
class Schema:
    """Tables of a world, parents first.

    Attributes:
        domain: name of the domain.
        style: how names are written.
        tables: by key.
    """

    domain: str
    style: Style
    tables: dict[str, Table]

    def parents(self, table: Table) -> list[tuple[Ref, Table]]:
        """Give what a table's rows belong to."""
        return [(ref, self.tables[ref.table]) for ref in table.refs]

    def children(self, table: Table) -> list[tuple[Table, Ref]]:
        """Give the tables whose rows belong to a table's rows."""
        return [
            (child, ref)
            for child in self.tables.values()
            for ref in child.refs
            if ref.table == table.key
        ]


def draw_schema(rng: random.Random, domain: str) -> Schema:
    """Draw the tables of a world."""
    style = draw_style(rng)
    description = DOMAINS[domain]
    kept = {
        key: about
        for key, about in description.items()
        if not (about.get("optional") and rng.random() < 0.4)
    }
    tables: dict[str, Table] = {}
    nouns_taken: set[str] = set()
    for key in _parents_first(kept):
        table = _table(rng, key, kept[key], nouns_taken)
        nouns_taken |= {table.singular, table.plural}
        tables[key] = table
    with_money = [table for table in tables.values() if table.of("money")]
    if with_money and rng.random() < _WITH_TWINS:
        _twin(rng, rng.choice(with_money))
    schema = Schema(domain=domain, style=style, tables=tables)
    for table in tables.values():
        _name(schema, table)
    return schema


def _twin(rng: random.Random, table: Table) -> None:
    """Make two columns of a table's amount of money: "gross fee" and "net fee"."""
    column = rng.choice(table.of("money"))
    if column.words.split()[0] in {word for pair in _TWINS for word in pair}:
        return
    place = table.columns.index(column)
    table.columns[place : place + 1] = [
        replace(column, words=f"{word} {column.words}", twin=column.words, extremes=())
        for word in rng.choice(_TWINS)
    ]


def _parents_first(tables: dict[str, Any]) -> list[str]:
    done: list[str] = []
    while len(done) < len(tables):
        for key, about in tables.items():
            wanted = [_split(ref)[0] for ref in about.get("refs", ())]
            if key not in done and all(parent in done for parent in wanted):
                done.append(key)
    return done


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split("|")]


def _table(rng: random.Random, key: str, about: dict[str, Any], taken: set[str]) -> Table:
    nouns = about["nouns"]
    pairs = [tuple(nouns[place : place + 2]) for place in range(0, len(nouns), 2)]
    singular, plural = rng.choice([pair for pair in pairs if not taken & set(pair)])
    low, high = map(int, about["rows"].split("-"))
    kind, _, suffix = about.get("label", "").partition(" ")
    columns = [_column(rng, key, text) for text in about["columns"]]
    dropped = [column for column in columns if column.kind != "date" and rng.random() < _DROPPED]
    if len(columns) - len(dropped) >= 2:
        columns = [column for column in columns if column not in dropped]
    refs = []
    for text in about.get("refs", ()):
        parent, preposition, *role = _split(text)
        refs.append(Ref(table=parent, preposition=preposition, role=role[0] if role else ""))
    if "roles" in about and rng.random() < _WITH_ROLES:
        parent, *roles = (part.strip() for part in about["roles"].split(","))
        (single,) = (ref for ref in refs if ref.table == parent)
        refs.remove(single)
        refs += [replace(single, role=role) for role in roles]
    return Table(
        key=key,
        singular=singular,
        plural=plural,
        label_kind=kind,
        suffix=suffix,
        columns=columns,
        refs=refs,
        rows=rng.randint(low, high),
    )


def _column(rng: random.Random, table: str, text: str) -> Column:
    words, kind, *more = _split(text)
    column = Column(words=words, kind=kind, table=table)
    if kind in ("category", "status"):
        values = [value.strip() for value in more[0].split(",")]
        column.values = rng.sample(values, max(3, len(values) - rng.randint(0, 1)))
        column.nullable = kind == "category" and rng.random() < 0.2
    elif kind == "flag":
        column.opposite = more[0].split(",")[1].strip() if "," in more[0] else ""
    elif kind in ("measure", "money"):
        limits, unit, *decimals = more[0].split()
        low, high = limits.lstrip("-").split("-")
        column.low = -float(low) if limits.startswith("-") else float(low)
        column.high, column.unit = float(high), unit
        column.decimals = 2 if kind == "money" else int(decimals[0])
        column.nullable = rng.random() < 0.3
        if len(more) > 1:
            column.extremes = tuple(word.strip() for word in more[1].split(","))
    elif kind == "date":
        column.verb = more[0]
    elif kind == "city":
        column.nullable = rng.random() < 0.15
    return column


def _name(schema: Schema, table: Table) -> None:
    """Write all names of a table in the world's style."""
    style, noun = schema.style, table.singular
    table.name = style.of_table(table.singular, table.plural)
    table.pk = style.of_column(f"{noun} id" if style.long_key else "id", noun)
    if table.label_kind == "person" and style.split_names:
        table.labels = [style.of_column(words, noun) for words in ("first name", "last name")]
    elif table.label_kind:
        table.labels = [style.of_column("name", noun)]
    for column in table.columns:
        words = column.words
        if column.kind == "flag" and style.is_flag:
            words = f"is {words}"
        unit = column.unit if column.kind == "measure" else ""
        column.name = style.of_column(words, noun, unit)
    for ref in table.refs:
        parent = schema.tables[ref.table].singular
        ref.name = style.of_column(f"{ref.role} {parent} id".strip(), noun)
