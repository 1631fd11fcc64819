"""How groups, listed columns and ranked things become the dimensions of a spec."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from clew_agents.sql.measures import Computed, MeasureMaker
from clew_agents.sql.reading import Group, Reading
from clew_agents.sql.resolve import DATES, Ambiguous, NotUnderstood, Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import FULL_NAMES, Name, Vocabulary
from clew_agents.sql.words import singular, split_name
from clew_core import query_spec as q


@dataclass(kw_only=True)
class DimensionMaker:
    """Makes the dimensions of one reading.

    Attributes:
        vocabulary: of the source.
        reading: with the groups.
        resolver: settles the columns.
        made: settles what is computed.
        labels: dimension → table whose rows it names; filled here.
    """

    vocabulary: Vocabulary
    reading: Reading
    resolver: Resolver
    made: MeasureMaker
    labels: dict[str, str]

    def all(self, base: str, computed: list[Computed]) -> list[tuple[q.Dimension, Name]]:
        """Make the dimensions of a reading: its groups, its columns, what it lists or ranks."""
        found: list[tuple[q.Dimension, Name]] = []
        columns = self.listed()
        for group in self.reading.groups:
            found += self._group(group, base, computed)
        found = [one for one in found if one[1] not in {name for _, name in columns}] + columns
        if self.reading.entity is not None and not self.reading.columns:
            listing = not computed and not self.reading.groups
            things = self.things(self.reading.entity, listing=listing)
            # What is ranked within groups stands behind them.
            found = [*found, *things] if self.reading.direction else [*things, *found]
        unique: dict[str, tuple[q.Dimension, Name]] = {}
        for dimension, name in found:
            known = unique.setdefault(dimension.name, (dimension, name))
            if known[1] != name:  # the balance of another table
                title = f"{_plain(name.table)}_{dimension.name}"
                unique.setdefault(title, (replace(dimension, name=title), name))
        return list(unique.values())

    def listed(self) -> list[tuple[q.Dimension, Name]]:
        """Make the dimensions of the columns that are listed."""
        found: dict[Name, int] = {}
        for item in self.reading.columns:
            for name in self._listed(item):
                if found.setdefault(name, item.start) != item.start:
                    raise NotUnderstood([item.text])  # "train name and station name"
        return [(self.dimension(name, None), name) for name in found]

    def _listed(self, item: Item) -> tuple[Name, ...]:
        """Choose what a listed column means: of the table that the columns are said to be of."""
        owner = self._owner(item)
        for table in owner:
            own = [m.name for m in item.matches if m.name.table == table and m.name.column]
            if not own and item.text.lower() in ("name", "names"):
                own = list(self.vocabulary.labels(table))
                if not own:
                    raise NotUnderstood([item.text], f"No column of {table!r} names its rows.")
                self.resolver.used.update((name.table, name.column or "") for name in own)
                return tuple(own)
        if item.text.lower() in FULL_NAMES and (both := self._full_name(item, owner)):
            return both
        column = self.resolver.column(item, owner=owner)
        if column is None:
            raise NotUnderstood([item.text])
        return (column,)

    def _full_name(self, item: Item, owner: tuple[str, ...]) -> tuple[Name, ...]:
        """The first and the last name of whom a "full name" is said of; empty: of one column."""
        names = [m.name for m in item.matches if m.name.letters in ("firstname", "lastname")]
        tables = list(dict.fromkeys(name.table for name in names))
        near = [t for t in tables if t in owner] or [t for t in tables if t == self.resolver.base]
        near = near or [t for t in tables if t in self.reading.context] or tables
        if len(near) > 1:
            raise Ambiguous(item.text, [(n.table, n.column or "") for n in names])
        found = tuple(name for name in names if name.table in near)
        self.resolver.used.update((name.table, name.column or "") for name in found)
        return found if len(found) == 2 else ()

    def _owner(self, item: Item) -> tuple[str, ...]:
        """The tables that a listed column may be of: named beside it, for all, or by all."""
        beside = next((o for o in self.resolver.items if o.end == item.start), None)
        owned = {match.name.table for match in item.matches}
        if beside is not None and item.gap == "" and owned & set(beside.tables):
            return beside.tables
        if self.reading.owner:
            return self.reading.owner
        columns = self.reading.columns
        shared = [{m.name.table for m in one.matches if m.name.column} for one in columns]
        return tuple(sorted(set.intersection(*shared))) if len(columns) > 1 else ()

    def _group(
        self, group: Group, base: str, computed: list[Computed]
    ) -> list[tuple[q.Dimension, Name]]:
        if group.grain is not None:
            return [self.time_group(group)]
        if group.item.text and self._is_amount(group.item):
            raise NotUnderstood([], f"Per {group.item.text!r}? That is a number, not a group.")
        table = self.resolver.table(group.item)
        averaged = bool(computed) and all(c.aggregate == "avg" for c in computed)
        if table == base and averaged:
            return []  # "the average total per invoice": a row is an invoice
        return self.things(group.item)

    def _is_amount(self, item: Item) -> bool:
        """Whether a group would be a number with a fraction, or is said "per" a number."""
        names = [m.name for m in item.matches if m.name.column is not None]
        if item.tables or not names or any(self.made.discrete(name) for name in names):
            return False
        place = next((i for i, o in enumerate(self.resolver.items) if o.start == item.start), 0)
        per = place > 0 and self.resolver.items[place - 1].text.lower() == "per"
        kinds = ("integer", "number", "decimal") if per else ("number", "decimal")
        return all(name.type in kinds for name in names)

    def time_group(self, group: Group) -> tuple[q.Dimension, Name]:
        """Make the dimension of a grain of time."""
        word = group.item.text
        name = self.resolver.time(None, word)
        of = q.Column(table=name.table, column=name.column or "")
        if name.type in DATES:
            return q.Dimension(name=group.grain or "", of=of, grain=group.grain), name
        if group.grain != "year":
            raise NotUnderstood(
                [word], f"The data know no {group.grain}: {name.column!r} holds whole years."
            )
        return q.Dimension(name=name.column or "", of=of), name

    def things(self, item: Item, *, listing: bool = False) -> list[tuple[q.Dimension, Name]]:
        """Make the dimensions that stand for a named thing: its column, or its table's label."""
        if item.tag == "R":
            return [self.time_group(Group(item=item, grain=cast(q.Grain, item.value)))]
        if item.tag == "V":
            return [self._column_of_value(item)]
        table = self.resolver.table(item)
        if table is None:
            column = self.resolver.column(item)
            if column is None:
                raise NotUnderstood([item.text])
            grain: q.Grain | None = None if listing or column.type != "timestamp" else "day"
            return [(self.dimension(column, grain), column)]
        names = self.vocabulary.labels(table)
        if not names:
            own = self.vocabulary.catalog.table(table)
            key = own.primary_key if own else ()
            names = tuple(n for n in self.vocabulary.of_table(table) if n.column in key)
        if not names and self.reading.columns:
            return []
        if not names:
            raise NotUnderstood([item.text], f"No column of {table!r} names its rows.")
        made = []
        for name in names:
            self.resolver.used.add((name.table, name.column or ""))
            dimension = self.dimension(name, None, of_table=True)
            self.labels[dimension.name] = table
            made.append((dimension, name))
        return made

    def _column_of_value(self, item: Item) -> tuple[q.Dimension, Name]:
        """Group by the column of a value: "the app against the kiosk"."""
        hit = self.resolver.value(item, ())[0]
        columns = self.vocabulary.columns
        name = next(n for n in columns if (n.table, n.column) == (hit.table, hit.column))
        return self.dimension(name, None), name

    def dimension(
        self, name: Name, grain: q.Grain | None, *, of_table: bool = False
    ) -> q.Dimension:
        """Name a dimension like its column; the label of a table like the table."""
        title = name.column or ""
        if of_table and name.letters in ("name", "title", "label", "description"):
            title = singular("_".join(split_name(name.table)))
        of = q.Column(table=name.table, column=name.column or "")
        return q.Dimension(name=title, of=of, grain=grain)


def _plain(table: str) -> str:
    return singular("_".join(split_name(table))) or table
