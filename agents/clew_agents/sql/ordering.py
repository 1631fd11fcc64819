"""What the order of a question means: which column or number of the result gives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from clew_agents.sql.measures import Computed, MeasureMaker
from clew_agents.sql.reading import Op, Reading, Sorting
from clew_agents.sql.resolve import NotUnderstood, Resolver
from clew_agents.sql.vocabulary import Name
from clew_core import query_spec as q


@dataclass(kw_only=True)
class Ordering:
    """Settles the orders of one reading.

    Attributes:
        reading: what was read.
        resolver: chooses columns.
        made: settles what is counted or computed.
        added: how many measures stand at the end for the order alone.
    """

    reading: Reading
    resolver: Resolver
    made: MeasureMaker
    added: int = 0
    _places: list[int | None] = field(default_factory=list)

    def computed(self, computed: Sequence[Computed]) -> list[Computed]:
        """Add what rows are ordered by and is not computed yet: "by number of orders"."""
        found = list(computed)
        for sorting in self.reading.sortings:
            if sorting.item is None or not (sorting.count or sorting.aggregate):
                self._places.append(None)
                continue
            one = self.made.computed(
                Op(aggregate=sorting.aggregate, target=sorting.item, count=sorting.count)
            )
            same = [i for i, other in enumerate(found) if _same(other, one)]
            if not same:
                found.append(one)
                self.added += 1
            self._places.append(same[0] if same else len(found) - 1)
        return found

    def orders(
        self,
        names: Sequence[str],
        computed: Sequence[Computed],
        dimensions: Sequence[tuple[q.Dimension, Name]],
    ) -> tuple[tuple[q.Order, ...], list[Name]]:
        """Make the order of a spec.

        Args:
            names: of the measures, one for each of ``computed``.
            computed: the measures.
            dimensions: the groups or listed columns.

        Returns:
            the keys, and columns that have to be listed for them.

        Raises:
            Ambiguous, NotUnderstood: a key could not be settled.
        """
        keys: list[q.Order] = []
        added: list[Name] = []
        for sorting, place in zip(self.reading.sortings, self._places, strict=True):
            name, measured = self._key(sorting, place, names, computed, dimensions, added)
            descending = measured if sorting.descending is None else sorting.descending
            keys.append(q.Order(by=name, direction="descending" if descending else "ascending"))
        return tuple(keys), added

    def _key(
        self,
        sorting: Sorting,
        place: int | None,
        names: Sequence[str],
        computed: Sequence[Computed],
        dimensions: Sequence[tuple[q.Dimension, Name]],
        added: list[Name],
    ) -> tuple[str, bool]:
        """Name what a key orders by, and say whether that is measured."""
        if place is not None:
            if place >= len(names):
                raise NotUnderstood([sorting.text])
            return names[place], True
        if sorting.item is None:
            if names:
                return names[0], True
            if not dimensions:
                raise NotUnderstood([sorting.text])
            return dimensions[0][0].name, False
        column = self._column(sorting, dimensions)
        for dimension, name in dimensions:
            if name == column:
                return dimension.name, False
        for measure, one in zip(names, computed, strict=True):
            if one.column == column:
                return measure, True
        tables = {name.table for _, name in dimensions}
        if column.table not in tables and (names or not dimensions):
            raise NotUnderstood([sorting.text])
        if not self.resolver.reaches(column.table):
            whose = f"A row of {self.resolver.base!r} has many {sorting.text!r}: by which?"
            raise NotUnderstood([sorting.text], whose)
        if column not in added:
            added.append(column)
        return column.column or "", False

    def _column(self, sorting: Sorting, dimensions: Sequence[tuple[q.Dimension, Name]]) -> Name:
        assert sorting.item is not None  # a key without one is the first column
        table = self.resolver.table(sorting.item) if sorting.item.tables else None
        if table is not None:
            labels = [name for _, name in dimensions if name.table == table]
            if not labels:
                raise NotUnderstood([sorting.text])
            return labels[0]
        column = self.resolver.column(sorting.item)
        if column is None:
            raise NotUnderstood([sorting.text])
        return column


def _same(one: Computed, other: Computed) -> bool:
    return (one.aggregate, one.column, one.table) == (
        other.aggregate,
        other.column,
        other.table,
    ) or (one.aggregate is None and one.column == other.column and other.column is not None)
