"""Which tables one SELECT reads, and what its columns and values are.

Joins go from many rows to one, never the other way: no row is counted twice. Rows of a child
table ("the orders of each customer") are read from that table itself, which is joined to the
spec's table, not the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.catalog import Catalog, Table
from clew_tools.semantic.definitions import Written
from clew_tools.semantic.grains import at_grain, place_in_time
from clew_tools.semantic.keys import (
    Step,
    leads_back,
    reaches,
    shortest_path,
    steps_of,
    steps_to_child,
)
from clew_tools.semantic.writer import Writer, wrapped


class Scope:
    """The tables of one SELECT; they are joined as columns name them."""

    def __init__(self, spec: q.QuerySpec, catalog: Catalog, writer: Writer) -> None:
        """Read the spec's own table."""
        self.spec, self.catalog, self.writer = spec, catalog, writer
        self.anchor = self.base = self.alias = self._table(spec.table).name
        self.path: str | None = None
        self.joined: dict[str, exp.Join] = {}
        self._optional = False

    @contextmanager
    def keeping_rows(self) -> Iterator[None]:
        """Keep rows without a partner in the tables that are named meanwhile.

        One measure must not take rows from the others: what it needs is null for them.
        """
        self._optional = True
        try:
            yield
        finally:
            self._optional = False

    def of_child(self, steps: tuple[Step, ...], path: str | None) -> Scope:
        """Make a scope that reads the table at the end of steps, joined to the spec's table."""
        child = Scope(self.spec, self.catalog, self.writer)
        child.read_from_the_end(steps, path)
        left = child.name_before(steps, 0)
        first = steps[0]
        child.joined[self.anchor] = exp.Join(
            this=self.writer.table(self.anchor),
            on=child.equal(left, first.right_columns, self.anchor, first.left_columns),
        )
        return child

    def read_from_the_end(self, steps: tuple[Step, ...], path: str | None) -> None:
        """Read the last table of steps, and join the ones before it, up to the first step's."""
        last = steps[-1]
        self.base, self.path = self._table(last.right).name, path
        self.alias = self.free(path) if path else last.right
        for place in range(len(steps) - 1, 0, -1):
            near, far = self.name_before(steps, place - 1), self.name_before(steps, place)
            on = self.equal(far, steps[place].right_columns, near, steps[place].left_columns)
            self.joined[near] = exp.Join(this=self.writer.table(steps[place].left, near), on=on)

    def name_before(self, steps: tuple[Step, ...], place: int) -> str:
        """Say what the table at the end of step number `place` is called here."""
        if place == len(steps) - 1:
            return self.alias
        return self.free(f"{self.path}_{place + 1}") if self.path else steps[place].right

    def select(self) -> exp.Select:
        """Begin the SELECT with all tables that were named so far."""
        query = exp.Select().from_(self.writer.table(self.base, self.alias))
        for join in self.joined.values():
            query = query.join(join)
        return query

    # --- columns and values --------------------------------------------------------------------

    def column(self, column: q.Column) -> exp.Expr:
        """Name a column, and join its table."""
        if self._table(column.table).column(column.column) is None:
            raise RetryByModel(f"Table {column.table!r} has no column {column.column!r}.")
        return self.writer.column(column.column, self._join(column))

    def value(self, value: q.Column | q.Arithmetic | q.Below | int | float) -> exp.Expr:
        """Write a value of a row."""
        if isinstance(value, q.Column):
            return self.column(value)
        if isinstance(value, q.Below):
            return self._below(value)
        if isinstance(value, Written):
            return self._written(value)
        if isinstance(value, q.Arithmetic):
            return self._arithmetic(value)
        return exp.convert(value)

    def kind(self, value: q.Column | q.Arithmetic | q.Below) -> str:
        """Say of what kind a value is."""
        if isinstance(value, q.Below):
            return self.kind(value.of)
        if isinstance(value, q.Arithmetic):
            return value.kind if isinstance(value, Written) else "number"
        column = self._table(value.table).column(value.column)
        return column.type if column else "other"

    def equal(
        self, left: str, columns: Iterable[str], right: str, others: Iterable[str]
    ) -> exp.Expr:
        """Say that two tables have equal keys."""
        pairs = [
            exp.EQ(this=self.writer.column(one, left), expression=self.writer.column(other, right))
            for one, other in zip(columns, others, strict=True)
        ]
        return exp.and_(*pairs)

    def _written(self, value: Written) -> exp.Expr:
        def named(node: exp.Expr) -> exp.Expr:
            if not isinstance(node, exp.Column):
                return node
            return self.column(q.Column(table=node.table, column=node.name))

        return value.tree.copy().transform(named)

    def _below(self, value: q.Below) -> exp.Expr:
        """Write the earliest or latest value of the rows that point at a row."""
        near, table = self.anchor_alias, value.of.table
        steps = steps_to_child(self.catalog, self.anchor, table) if table != self.anchor else ()
        if not steps or value.of.path is not None:
            raise RetryByModel(f"No rows of {table!r} lie below a row of {self.anchor!r}.")
        inner = Scope(replace(self.spec, table=table, joins=()), self.catalog, self.writer)
        inner.read_from_the_end(steps, None)
        first = inner.name_before(steps, 0)
        on = inner.equal(first, steps[0].right_columns, near, steps[0].left_columns)
        found = inner.column(value.of)
        if near in inner.joined or near == inner.alias:
            raise RetryByModel(f"The rows of {table!r} can't be read once more below themselves.")
        extreme = {"min": exp.Min, "max": exp.Max}[value.aggregate](this=found)
        return exp.Subquery(this=inner.select().select(extreme).where(on))

    def _days(self, value: q.Arithmetic) -> exp.Expr:
        """Count the days between two dates; the time of day does not count."""
        if len(value.args) != 2:
            raise RetryByModel(f"'days' takes two dates, not {len(value.args)}.")
        places = []
        for arg in value.args:
            if isinstance(arg, int | float) or self.kind(arg) not in ("date", "timestamp"):
                raise RetryByModel("'days' lie between two dates: give it two columns of dates.")
            day = at_grain(self.value(arg), "day", self.writer.dialect)
            places.append(place_in_time(day, "day", self.writer.dialect, 1)[0])
        return exp.Sub(this=wrapped(places[1]), expression=exp.paren(places[0]))

    def _arithmetic(self, value: q.Arithmetic) -> exp.Expr:
        if value.op == "days":
            return self._days(value)
        kinds = {"add": exp.Add, "subtract": exp.Sub, "multiply": exp.Mul, "divide": exp.Div}
        if len(value.args) < 2:
            raise RetryByModel(f"{value.op!r} needs two values or more, not {len(value.args)}.")
        result = self.value(value.args[0])
        for arg in value.args[1:]:
            right = self.value(arg)
            if value.op == "divide":  # never an error, never a whole-number division
                right = exp.func("NULLIF", right, exp.convert(0))
                result = self.writer.divided(exp.paren(result))
            result = kinds[value.op](this=wrapped(result), expression=wrapped(right))
        return result

    # --- joins ---------------------------------------------------------------------------------

    def _table(self, name: str) -> Table:
        table = self.catalog.table(name)
        if table is None:
            raise RetryByModel(f"There is no table {name!r}.")
        return table

    def free(self, name: str) -> str:
        """Give a name that no table has."""
        while self.catalog.table(name) is not None:
            name += "_"
        return name

    def _join(self, column: q.Column) -> str:
        """Make sure the column's table is joined; give its alias."""
        if column.table == self.base and column.path == self.path:
            return self.alias
        if column.path is not None:
            return self._join_chosen(column.path, column.table)
        if column.table == self.base != self.anchor:
            return self.alias
        start = self.anchor
        if start != self.base and not reaches(self.catalog, start, column.table):
            start = self.base
        for edge in shortest_path(self.catalog, start, column.table):
            if edge.parent not in self.joined:
                left = self._called(edge.child)
                on = self.equal(left, edge.columns, edge.parent, edge.other_columns)
                side = "LEFT" if self._optional else None
                table = self.writer.table(edge.parent)
                self.joined[edge.parent] = exp.Join(this=table, on=on, side=side)
            elif not self._optional:
                self.joined[edge.parent].set("side", None)
        return self._called(column.table)

    def _called(self, table: str) -> str:
        if table == self.anchor:
            return self.anchor_alias
        return self.alias if table == self.base else table

    @property
    def anchor_alias(self) -> str:
        """Say what the spec's table is called here."""
        return self.anchor if self.anchor in self.joined else self.alias

    def _join_chosen(self, name: str, table: str) -> str:
        path, steps = chosen_path(self.spec, name, table)
        left = self.anchor_alias
        for place, step in enumerate(steps):
            self._table(step.right)
            if leads_back(self.catalog, step):
                raise RetryByModel(
                    f"The join path {name!r} leads from one row to many: only what is counted or "
                    "aggregated can lie at its end."
                )
            alias = self.free(name if place == len(steps) - 1 else f"{name}_{place + 1}")
            if alias not in self.joined:
                on = self.equal(left, step.left_columns, alias, step.right_columns)
                side = "LEFT" if path.kind == "left" or self._optional else None
                named = self.writer.table(step.right, alias)
                self.joined[alias] = exp.Join(this=named, on=on, side=side)
            elif path.kind == "inner" and not self._optional:
                self.joined[alias].set("side", None)
            left = alias
        return left


def chosen_path(spec: q.QuerySpec, name: str, table: str) -> tuple[q.JoinPath, tuple[Step, ...]]:
    """Find a join path of the spec by its name.

    Raises:
        RetryByModel: there is none, or it leads elsewhere.
    """
    path = next((path for path in spec.joins if path.name == name), None)
    if path is None:
        raise RetryByModel(f"The spec has no join path {name!r}.")
    steps = steps_of(path)
    if not steps or steps[-1].right != table:
        raise RetryByModel(f"The join path {name!r} does not lead to {table!r}.")
    near = spec.table
    for step in steps:
        if step.left != near:
            raise RetryByModel(
                f"The join path {name!r} goes from {near!r} on by a key of {step.left!r}."
            )
        near = step.right
    return path, steps
