"""On which table a reading stands: the one whose rows are counted, listed or computed on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clew_agents.sql.dimensions import DimensionMaker
from clew_agents.sql.measures import Computed, listed
from clew_agents.sql.reading import Reading
from clew_agents.sql.resolve import NotUnderstood, Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import Name, Vocabulary
from clew_core import query_spec as q
from clew_tools.semantic.keys import reaches


@dataclass(kw_only=True)
class BaseChooser:
    """Chooses the table of one reading.

    Attributes:
        vocabulary: of the source.
        reading: what was asked.
        resolver: settles the columns.
        groups: makes the dimensions.
    """

    vocabulary: Vocabulary
    reading: Reading
    resolver: Resolver
    groups: DimensionMaker

    def entity_table(self) -> str | None:
        """The table of what is ranked or listed, where it is known already."""
        entity = self.reading.entity
        if entity is None and self.reading.columns:
            return self._listed_table()
        if entity is None:
            return None
        table = None if entity.tag == "R" else self.resolver.table(entity)
        if table is not None:
            return table
        if self.reading.lacking and not self._is_label(entity):
            raise NotUnderstood([], f"{entity.text!r} is a column: its values lack no rows.")
        if entity.tag == "R":
            return None
        if self.reading.ops:
            return None  # its column is chosen when the base is known
        column = self.resolver.column(entity)
        return column.table if column is not None else None

    def _is_label(self, entity: Item) -> bool:
        """Whether a column only names the rows of its table: "names of customers without …"."""
        column = self.resolver.column(entity) if entity.tag == "F" else None
        return column is not None and column in self.vocabulary.labels(column.table)

    def _listed_table(self) -> str | None:
        """The table whose rows are listed: it reaches the tables of all columns."""
        columns = [name for _, name in self.groups.listed()]
        tables = dict.fromkeys((*self.reading.owner, *(name.table for name in columns)))
        for table in tables:
            if all(reaches(self.vocabulary.catalog, table, other) for other in tables):
                return table
        if len(tables) < 2:
            return next(iter(tables), None)
        raise NotUnderstood([], f"{listed(list(tables))} can't be put into one table.")

    def base(self, computed: list[Computed], entity_table: str | None) -> str:
        """The table from which all that is computed can be reached without repeats."""
        tables = list(dict.fromkeys(c.table for c in computed))
        for test in self.reading.numbers:
            if test.having and test.item is not None and test.item.tables:
                tables.append(test.item.tables[0])
            elif test.having and test.item is not None:
                column = self.resolver.column(test.item)
                tables += [column.table] if column is not None else []
        if not tables:
            if entity_table is None:
                raise NotUnderstood([], self.resolver.nothing_named())
            return entity_table
        below = self._named_below(tables)
        if below is not None:
            return below
        for table in tables:
            if all(reaches(self.vocabulary.catalog, table, other) for other in tables):
                return table
        raise NotUnderstood([], f"{listed(tables)} can't be put into one table without repeats.")

    def _named_below(self, tables: list[str]) -> str | None:
        """The table whose rows a measure is taken over: "average base price of reservations"."""
        for op in self.reading.ops:
            if op.target is None or op.count or op.target.tables:
                continue
            named = self.resolver.table_after(op.target)
            if named is not None and named not in tables:
                if all(reaches(self.vocabulary.catalog, named, table) for table in tables):
                    if op.aggregate == "sum":
                        raise NotUnderstood([], self._repeats(op.target.text, named))
                    return named
        return None

    def _repeats(self, words: str, below: str) -> str:
        return f"A total of {words!r} over {below!r} would add the same value several times."

    def finest(
        self, base: str, computed: list[Computed], dimensions: list[tuple[q.Dimension, Name]]
    ) -> tuple[str, list[Computed]]:
        """Where groups lie below the counted table, stand on the table below and count keys."""
        catalog = self.vocabulary.catalog
        for group in self.reading.groups:
            for table in group.item.tables:
                if table != base and reaches(catalog, table, base):
                    raise NotUnderstood([], f"A row of {base!r} can have many of {table!r}.")
        needed = {name.table for _, name in dimensions}
        if all(reaches(catalog, base, table) for table in needed):
            return base, computed
        below = [
            table.name
            for table in catalog.tables
            if all(reaches(catalog, table.name, other) for other in (base, *needed))
        ]
        only_counts = all(c.aggregate == "count" and c.column is None for c in computed)
        own = catalog.table(base)
        key = own.primary_key if own else ()
        if not below or not only_counts or len(key) != 1 or not computed:
            far = sorted(t for t in needed if not reaches(catalog, base, t))
            raise NotUnderstood([], f"{base!r} can't be grouped by {listed(far)} without repeats.")
        lowest = [b for b in below if not any(b != o and reaches(catalog, b, o) for o in below)]
        if len(lowest) != 1:
            raise NotUnderstood([], f"From {base!r} several ways lead to {listed(sorted(needed))}.")
        name = next(n for n in self.vocabulary.of_table(base) if n.column == key[0])
        counted = [replace(c, aggregate="count_distinct", column=name) for c in computed]
        return lowest[0], counted
