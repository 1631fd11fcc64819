"""How the rows of a spec become groups with measures, each row counted once.

Measures of the spec's own table and of the tables it points at are aggregated in one SELECT.
Measures of a table whose rows point at the spec's (the orders and the tickets of customers) are
aggregated in a sub-query of their own and joined on the dimensions: joined row by row, each order
would be counted once per ticket. Aggregates over ordered rows stand in sub-queries too. The groups
are those of the spec's own table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.catalog import Catalog
from clew_tools.semantic import measures as m
from clew_tools.semantic.buckets import in_bucket
from clew_tools.semantic.conditions import Conditions, GroupConditions, SubSpec
from clew_tools.semantic.grains import at_grain, kind_at
from clew_tools.semantic.keys import NoPath, Step, leads_back, reaches, steps_to_child
from clew_tools.semantic.layers import Layers
from clew_tools.semantic.scope import Scope, chosen_path
from clew_tools.semantic.writer import Writer


@dataclass(kw_only=True)
class _Part:
    """Aggregates that stand in one SELECT.

    Attributes:
        table: that is read.
        path: by which it was come to, where one was chosen.
        steps: from the spec's table to it; none where it is the spec's table.
        ranked: one aggregate over ordered rows.
        leaves: name → aggregate.
    """

    table: str
    path: str | None = None
    steps: tuple[Step, ...] = ()
    ranked: bool = False
    leaves: dict[str, q.Measure] = field(default_factory=dict)


class Groups:
    """The rows of one spec on their way to groups."""

    def __init__(
        self,
        spec: q.QuerySpec,
        catalog: Catalog,
        writer: Writer,
        metrics: m.Metrics,
        sub_spec: SubSpec,
    ) -> None:
        """Put named metrics in their place, and see which aggregates stand together."""
        self.spec, self.catalog, self.writer, self.sub_spec = spec, catalog, writer, sub_spec
        self.measures = [m.resolve(measure, metrics) for measure in spec.measures]
        self.scope = Scope(spec, catalog, writer)
        self._names: dict[int, str] = {}
        self._parts = self._sorted_out()

    @property
    def is_one_select(self) -> bool:
        """Say whether no sub-query is needed."""
        return len(self._parts) == 1

    def query(
        self, layers: Layers, rows: Sequence[q.Condition], groups: Sequence[q.Condition] = ()
    ) -> exp.Select:
        """Write the SELECT of dimensions and measures.

        Args:
            layers: takes the sub-queries that it needs.
            rows: the conditions on rows.
            groups: the conditions on groups; only where it is one SELECT.
        """
        own = self._parts[0]
        if self.is_one_select:
            return self._flat(rows, groups)
        part_names = []
        for part in self._parts:
            written = self._ranked(part, rows) if part.ranked else self._plain(part, rows)
            word = "ranked" if part.ranked else "totals"
            part_names.append(layers.add(f"{part.table}_{word}", written))
        first = part_names[0]
        columns = {
            leaf: (name, part is own)
            for name, part in zip(part_names, self._parts, strict=True)
            for leaf in part.leaves
        }
        query = exp.Select().from_(self.writer.table(first))
        query = query.select(
            *(self._named(self.writer.column(d.name, first), d.name) for d in self.spec.dimensions)
        )
        for measure in self.measures:
            value = m.combined(measure, lambda leaf: self._leaf(leaf, columns), self.writer)
            query = query.select(self._named(value, measure.name))
        for name in part_names[1:]:
            query = query.join(
                self.writer.table(name), on=self.same_group(first, name), join_type="left"
            )
        return query

    def same_group(self, one: str, other: str) -> exp.Expr:
        """Say that two sub-queries speak of one group; null is a group too."""
        pairs = []
        for dimension in self.spec.dimensions:
            left, right = (self.writer.column(dimension.name, part) for part in (one, other))
            never_null = self.is_never_null(dimension)
            pairs.append(
                exp.EQ(this=left, expression=right) if never_null else self.writer.same(left, right)
            )
        return exp.and_(*pairs) if pairs else exp.true()

    def is_never_null(self, dimension: q.Dimension) -> bool:
        """Say whether a dimension is known to be present in every row."""
        value = dimension.of
        if not isinstance(value, q.Column) or value.path is not None:
            return False
        table = self.catalog.table(value.table)
        column = table.column(value.column) if table else None
        return column is not None and not column.nullable

    # --- what a column of the result is -----------------------------------------------------------

    def dimension(self, dimension: q.Dimension, scope: Scope) -> exp.Expr:
        """Write a dimension of a row."""
        value = scope.value(dimension.of)
        if dimension.bucket is not None:
            if dimension.grain is not None:
                raise RetryByModel(f"{dimension.name!r} has a grain and a bucket: keep one.")
            value = in_bucket(value, dimension.bucket, self.writer)
        elif dimension.grain is not None:
            value = at_grain(
                value,
                dimension.grain,
                self.writer.dialect,
                week_start=dimension.week_start,
                fiscal_year_start=dimension.fiscal_year_start,
            )
        return self.writer.by_code_points(value, self.kind(dimension))

    def kind(self, dimension: q.Dimension) -> str:
        """Say of what kind a dimension's values are."""
        if dimension.bucket is not None:
            return "text" if dimension.bucket.edges else "number"
        return kind_at(dimension.grain) if dimension.grain else self.scope.kind(dimension.of)

    def kind_of(self, measure: q.Measure) -> str:
        """Say of what kind a measure's values are."""
        if measure.aggregate in ("min", "max", "first", "last") and measure.of is not None:
            return self.scope.kind(measure.of)
        return "number"

    # --- one SELECT ------------------------------------------------------------------------------

    def _flat(self, rows: Sequence[q.Condition], groups: Sequence[q.Condition]) -> exp.Select:
        scope = self.scope
        dimensions = [(d.name, self.dimension(d, scope)) for d in self.spec.dimensions]
        values = [
            (
                measure.name,
                m.combined(measure, lambda leaf: self._aggregate(leaf, scope), self.writer),
            )
            for measure in self.measures
        ]
        columns = {
            name: (value, self.kind(d))
            for (name, value), d in zip(dimensions, self.spec.dimensions, strict=True)
        }
        columns |= {
            name: (value, self.kind_of(measure))
            for (name, value), measure in zip(values, self.measures, strict=True)
        }
        tested = Conditions(scope, self.sub_spec)
        where = [tested.expression(condition) for condition in rows]
        on_groups = GroupConditions(scope, self.sub_spec, columns)
        having = [on_groups.expression(condition) for condition in groups]
        query = scope.select().select(*(self._named(v, n) for n, v in (*dimensions, *values)))
        for condition in where:
            query = query.where(condition)
        if values and dimensions:
            query = query.group_by(*(value.copy() for _, value in dimensions))
        for condition in having:
            query = query.having(condition)
        return query.distinct() if not values and self.spec.distinct else query

    # --- several ---------------------------------------------------------------------------------

    def _sorted_out(self) -> list[_Part]:
        """Sort the aggregates by the SELECT in which they stand; the spec's own is the first."""
        own = _Part(table=self.spec.table)
        parts = [own]
        taken = {d.name for d in self.spec.dimensions} | {measure.name for measure in self.measures}
        for measure in self.measures:
            for leaf in m.leaves(measure):
                self._check(leaf)
                name = leaf.name if leaf is measure else f"{measure.name}_{leaf.name}"
                while leaf is not measure and name in taken:
                    name += "_"
                taken.add(name)
                self._names[id(leaf)] = name
                table, path, steps = self._home(leaf)
                ranked = m.needs_ranks(leaf, self.writer)
                part = next(
                    (p for p in parts
                     if not (ranked or p.ranked) and (p.table, p.path) == (table, path)),
                    None,
                )  # fmt: skip
                if part is None:
                    part = _Part(table=table, path=path, steps=steps, ranked=ranked)
                    parts.append(part)
                part.leaves[name] = leaf
        return parts

    def _check(self, leaf: q.Measure) -> None:
        for column in m.columns_of(leaf.of):
            table = self.catalog.table(column.table)
            if table is None:
                raise RetryByModel(f"There is no table {column.table!r}.")
            if table.column(column.column) is None:
                raise RetryByModel(f"Table {column.table!r} has no column {column.column!r}.")
        m.check(leaf, self.scope.kind(leaf.of) if leaf.of is not None else "other")

    def _home(self, leaf: q.Measure) -> tuple[str, str | None, tuple[Step, ...]]:
        """Find the table whose rows an aggregate is over."""
        own = self.spec.table
        outside = []
        for column in m.columns_of(leaf.of):
            if column.path is not None:
                _, steps = chosen_path(self.spec, column.path, column.table)
                if any(leads_back(self.catalog, step) for step in steps):
                    return column.table, column.path, steps
            elif column.table != own and not reaches(self.catalog, own, column.table):
                outside.append(column.table)
        for table in outside:
            if all(t == table or reaches(self.catalog, table, t) for t in outside):
                try:
                    return table, None, steps_to_child(self.catalog, own, table)
                except NoPath:
                    raise NoPath(own, table) from None
        if outside:
            raise RetryByModel(
                f"Measure {leaf.name!r} speaks of {sorted(set(outside))}, whose rows don't belong "
                "together."
            )
        return own, None, ()

    def _read(self, part: _Part) -> Scope:
        scope = Scope(self.spec, self.catalog, self.writer)
        return scope.of_child(part.steps, part.path) if part.steps else scope

    def _where(self, scope: Scope, rows: Sequence[q.Condition]) -> list[exp.Expr]:
        tested = Conditions(scope, self.sub_spec)
        return [tested.expression(condition) for condition in rows]

    def _plain(self, part: _Part, rows: Sequence[q.Condition]) -> exp.Select:
        scope = self._read(part)
        dimensions = [(d.name, self.dimension(d, scope)) for d in self.spec.dimensions]
        values = [(name, self._aggregate(leaf, scope)) for name, leaf in part.leaves.items()]
        where = self._where(scope, rows)
        if not dimensions and not values:  # one row that the others are joined to
            return exp.select(self._named(exp.convert(1), "one_row"))
        query = scope.select().select(*(self._named(v, n) for n, v in (*dimensions, *values)))
        query = query.where(*where) if where else query
        return query.group_by(*(value.copy() for _, value in dimensions)) if dimensions else query

    def _ranked(self, part: _Part, rows: Sequence[q.Condition]) -> exp.Select:
        scope = self._read(part)
        [(name, leaf)] = part.leaves.items()
        groups = [self.dimension(d, scope) for d in self.spec.dimensions]
        assert leaf.of is not None
        kind = scope.kind(leaf.of)
        where = self._where(scope, rows)
        with scope.keeping_rows():
            value = self.writer.by_code_points(scope.value(leaf.of), kind)
            by = [scope.column(column) for column in self._order_of_rows(leaf, part)]
            if leaf.where is not None:
                where += self._where(scope, [leaf.where])
        if leaf.aggregate not in ("first", "last"):
            value = self.writer.number(value)
        over = m.ranked(leaf, value, by, groups, self.writer)
        where.append(exp.not_(exp.Is(this=value.copy(), expression=exp.null())))
        keys = [f"group_{place}" for place, _ in enumerate(groups, 1)]
        inner = scope.select().where(*where)
        inner = inner.select(*(self._named(g, k) for g, k in zip(groups, keys, strict=True)))
        inner = inner.select(self._named(value, "value"))
        inner = inner.select(*(self._named(v, n) for n, v in over.columns.items()))
        query = exp.Select().from_(inner.subquery("placed"))
        query = query.select(
            *(self._named(self.writer.column(k), d.name)
              for k, d in zip(keys, self.spec.dimensions, strict=True)),
            self._named(over.result or self.writer.column("value"), name),
        )  # fmt: skip
        if over.where is not None:
            query = query.where(over.where)
        if over.result is not None and keys:
            query = query.group_by(*(self.writer.column(key) for key in keys))
        return query

    def _order_of_rows(self, leaf: q.Measure, part: _Part) -> list[q.Column]:
        if leaf.aggregate not in ("first", "last"):
            return []
        if leaf.by is not None:
            return [leaf.by]
        table = self.catalog.table(part.table)
        if table is None or not table.primary_key:
            raise RetryByModel(
                f"Measure {leaf.name!r} does not say by what rows are {leaf.aggregate}: give 'by'."
            )
        return [q.Column(table=table.name, column=c, path=part.path) for c in table.primary_key]

    # --- aggregates ------------------------------------------------------------------------------

    def _aggregate(self, leaf: q.Measure, scope: Scope) -> exp.Expr:
        with scope.keeping_rows():
            return self._aggregate_of(leaf, scope)

    def _aggregate_of(self, leaf: q.Measure, scope: Scope) -> exp.Expr:
        kind = scope.kind(leaf.of) if leaf.of is not None else "other"
        value = scope.value(leaf.of) if leaf.of is not None else None
        if leaf.where is None:
            return m.aggregate(leaf, value, kind, self.writer)
        condition = Conditions(scope, self.sub_spec).expression(leaf.where)
        if self.writer.filters:
            whole = m.aggregate(leaf, value, kind, self.writer)
            return exp.Filter(this=whole, expression=exp.Where(this=condition))
        counted = value if value is not None else exp.convert(1)
        return m.aggregate(leaf, exp.case().when(condition, counted), kind, self.writer)

    def _leaf(self, leaf: q.Measure, columns: dict[str, tuple[str, bool]]) -> exp.Expr:
        name = self._names[id(leaf)]
        part, is_own = columns[name]
        column = self.writer.column(name, part)
        if leaf.aggregate in ("count", "count_distinct") and not is_own:
            return exp.Coalesce(this=column, expressions=[exp.convert(0)])
        return column

    def _named(self, value: exp.Expr, name: str) -> exp.Expr:
        return self.writer.alias(value, name)
