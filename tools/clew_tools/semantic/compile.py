"""How a query spec becomes SQL, by rules.

``compile_spec`` reads as the SQL does: rows, groups, comparisons, the first of each group, sets,
order. The same spec gives the same SQL, and every query ends in a total order, so that rows stay
where a receipt says. Simple specs are one SELECT; what needs steps is built of named sub-queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.catalog import Catalog
from clew_tools.semantic import buckets
from clew_tools.semantic.comparisons import LOOKS_BACK, Comparisons
from clew_tools.semantic.conditions import GroupConditions, is_on_groups
from clew_tools.semantic.definitions import with_terms
from clew_tools.semantic.groups import Groups
from clew_tools.semantic.layers import Layers
from clew_tools.semantic.measures import Metrics
from clew_tools.semantic.writer import Writer


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """SQL and what its columns are.

    Attributes:
        sql: one statement, indented for people.
        dimensions: names of the result's first columns.
        measures: names of the columns after them.
        comparisons: names of its last columns.
    """

    sql: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]
    comparisons: tuple[str, ...] = ()


def compile_spec(
    spec: q.QuerySpec,
    catalog: Catalog,
    dialect: str,
    metrics: Metrics | None = None,
    terms: Mapping[str, q.Condition] | None = None,
) -> Compiled:
    """Write the SQL of a spec.

    Args:
        spec: the question.
        catalog: what its source holds.
        dialect: of the source.
        metrics: what the names of metrics mean; a bare value is summed.
        terms: what the words of the glossary mean.

    Raises:
        RetryByModel: the spec names what the catalog does not have, or contradicts itself;
            ``AmbiguousPath`` where two ways lead to a table.
        ToolFailed: the engine has no words for a part of the spec.
    """
    meant = with_terms(spec, terms or {})
    query = _Compiler(meant, catalog, Writer(dialect), metrics or {}).query()
    return Compiled(
        sql=query.sql(dialect, pretty=True),
        dimensions=tuple(d.name for d in spec.dimensions),
        measures=tuple(m.name for m in spec.measures),
        comparisons=tuple(c.name for c in spec.comparisons),
    )


class _Compiler:
    """One spec on its way to SQL."""

    def __init__(
        self, spec: q.QuerySpec, catalog: Catalog, writer: Writer, metrics: Metrics
    ) -> None:
        if not spec.measures and not spec.dimensions:
            raise RetryByModel("The spec has neither measures nor dimensions: it asks for nothing.")
        if spec.limit is not None and spec.limit < 0:
            raise RetryByModel(f"The limit is {spec.limit}: give 0 or more rows.")
        self.names = [d.name for d in spec.dimensions]
        self.names += [m.name for m in spec.measures] + [c.name for c in spec.comparisons]
        if repeated := {name for name in self.names if self.names.count(name) > 1}:
            raise RetryByModel(f"Two output columns are named {sorted(repeated)[0]!r}.")
        self.spec, self.catalog, self.writer, self.metrics = spec, catalog, writer, metrics
        self.groups = self._groups_of(spec)
        self.layers = Layers(catalog, writer)

    def query(self, *, ordered: bool = True) -> exp.Query:
        """Write the whole statement."""
        rows = [c for c in self.spec.conditions if not is_on_groups(c)]
        on_groups = [c for c in self.spec.conditions if is_on_groups(c)]
        in_one = self.groups.is_one_select and not self.spec.comparisons
        query: exp.Query = self.groups.query(self.layers, rows, on_groups if in_one else ())
        if self.spec.comparisons:
            query = self._compared(query, rows)
        if on_groups and not in_one:
            query = self._chosen(query, on_groups)
        if self.spec.top_per_group is not None:
            query = self._first_of_each(query, self.spec.top_per_group)
        if self.spec.limit_percent is not None:
            query = self._first_part(query, self.spec.limit_percent)
        if self.spec.set_operation is not None:
            query = self._combined(query, self.spec.set_operation)
        if ordered or self.spec.limit is not None:
            query = self._ordered(query)
        return self.layers.under(query)

    # --- layers --------------------------------------------------------------------------------

    def _all_from(self, name: str) -> exp.Select:
        columns = [self.writer.column(column) for column in self.names]
        return exp.Select().select(*columns).from_(self.writer.table(name))

    def _compared(self, groups: exp.Query, rows: Sequence[q.Condition]) -> exp.Select:
        """Add the comparisons; what looks back sees periods before those asked for, too."""
        comparisons = Comparisons(self.spec, self.writer)
        grouped = self.layers.add("grouped", groups)
        times = {dimension.of for dimension in comparisons.times()}
        beyond = [condition for condition in rows if not _is_about(condition, times)]
        looks_back = [c for c in self.spec.comparisons if c.kind in LOOKS_BACK]
        query = exp.Select().from_(self.writer.table(grouped))
        if len(beyond) == len(rows):
            found = {c.name: comparisons.found(c) for c in looks_back}
            earlier = None
        else:
            whole = self._groups_of(replace(self.spec, conditions=tuple(beyond)))
            every = self.layers.add("every_period", whole.query(self.layers, beyond))
            looked = exp.Select().from_(self.writer.table(every))
            looked = looked.select(*(self.writer.column(d.name) for d in self.spec.dimensions))
            looked = looked.select(
                *(self.writer.alias(comparisons.found(c), c.name) for c in looks_back)
            )
            earlier = self.layers.add("earlier", looked)
            found = {c.name: self.writer.column(c.name, earlier) for c in looks_back}
            on = self.groups.same_group(grouped, earlier)
            query = query.join(self.writer.table(earlier), on=on, join_type="left")
        near = grouped if earlier else None
        for name in self.names[: len(self.names) - len(self.spec.comparisons)]:
            column = self.writer.column(name, near)
            # Without a name of its own, the order would not know which of the two is meant.
            query = query.select(self.writer.alias(column, name) if near else column)
        for c in self.spec.comparisons:
            measure = self.writer.column(c.measure, near)
            value = comparisons.value(c, measure, found.get(c.name, measure))
            if near:
                _qualify(value, self.writer.name(near))
            query = query.select(self.writer.alias(value, c.name))
        return query

    def _chosen(self, query: exp.Query, conditions: Sequence[q.Condition]) -> exp.Select:
        """Keep the groups that fulfil the conditions on measures and comparisons."""
        name = self.layers.add("compared" if self.spec.comparisons else "grouped", query)
        columns = {n: (self.writer.column(n), "number") for n in self.names}
        for dimension in self.spec.dimensions:
            kind = self.groups.kind(dimension)
            columns[dimension.name] = (self.writer.column(dimension.name), kind)
        for measure in self.groups.measures:
            kind = self.groups.kind_of(measure)
            columns[measure.name] = (self.writer.column(measure.name), kind)
        tested = GroupConditions(self.groups.scope, self._sub_spec, columns)
        return self._all_from(name).where(*(tested.expression(c) for c in conditions))

    def _first_of_each(self, query: exp.Query, top: q.TopPerGroup) -> exp.Select:
        if unknown := set(top.within) - {d.name for d in self.spec.dimensions}:
            raise RetryByModel(f"The spec has no dimension {sorted(unknown)[0]!r}.")
        if top.limit < 1:
            raise RetryByModel(f"The first {top.limit} of each group are none: give 1 or more.")
        place = self._free("place")
        numbered = self._all_from(self.layers.add("rows_", query)).select(
            self.writer.alias(
                exp.Window(
                    this=exp.RowNumber(),
                    partition_by=[self.writer.column(name) for name in top.within],
                    order=exp.Order(expressions=self._keys(top.order)),
                ),
                place,
            )
        )
        first = exp.LTE(this=self.writer.column(place), expression=exp.convert(top.limit))
        return self._all_from(self.layers.add("numbered", numbered)).where(first)

    def _first_part(self, query: exp.Query, percent: float) -> exp.Select:
        """Keep the first so many in a hundred of the rows; a part of a row counts as one."""
        if not 0 <= percent <= 100:
            raise RetryByModel(f"{percent!r} percent of the rows: give 0 to 100.")
        place, size = self._free("place"), self._free("size")
        order = exp.Order(expressions=self._keys(self.spec.order))
        everything = exp.Window(this=exp.Count(this=exp.Star()))
        numbered = self._all_from(self.layers.add("rows_", query)).select(
            self.writer.alias(exp.Window(this=exp.RowNumber(), order=order), place),
            self.writer.alias(everything, size),
        )
        before = exp.Sub(this=self.writer.column(place), expression=exp.convert(1))
        part = exp.LT(  # in whole numbers: a tenth of 30 rows is 3, and never 4
            this=exp.Mul(this=exp.paren(before), expression=exp.convert(100)),
            expression=exp.Mul(this=exp.convert(percent), expression=self.writer.column(size)),
        )
        return self._all_from(self.layers.add("numbered", numbered)).where(part)

    def _free(self, name: str) -> str:
        """Give a name that no column of the result has."""
        while name in self.names:
            name += "_"
        return name

    def _combined(self, query: exp.Query, operation: q.SetOperation) -> exp.Query:
        """Combine with another spec's result; its columns take the names of this one's."""
        other = _Compiler(operation.spec, self.catalog, self.writer, self.metrics)
        if len(other.names) != len(self.names):
            raise RetryByModel(
                f"A set operation needs as many columns on both sides, not {len(self.names)} and "
                f"{len(other.names)}."
            )
        ours = self._all_from(self.layers.add("first_set", query))
        theirs = other._all_from(self.layers.add("second_set", other.query(ordered=False)))
        sets = {"union": exp.union, "intersect": exp.intersect, "except": exp.except_}
        combined = sets[operation.op](ours, theirs, distinct=True)
        assert isinstance(combined, exp.Query)
        return combined

    # --- order ---------------------------------------------------------------------------------

    def _ordered(self, query: exp.Query) -> exp.Query:
        """Order as the spec says; ties by all output columns; nulls last."""
        if any(d.bucket and d.bucket.edges for d in self.spec.dimensions):
            # Names of classes sort by their place, and only real columns can stand in a CASE.
            query = self._all_from(self.layers.add("classes", query))
        query = query.order_by(*self._keys(self.spec.order))
        return query if self.spec.limit is None else query.limit(self.spec.limit)

    def _keys(self, order: Sequence[q.Order]) -> list[exp.Expr]:
        directions: dict[str, q.Direction] = {key.by: key.direction for key in order}
        if unknown := directions.keys() - set(self.names):
            raise RetryByModel(f"The order names {sorted(unknown)[0]!r}, which is not given out.")
        edges = {d.name: d.bucket for d in self.spec.dimensions if d.bucket and d.bucket.edges}
        keys: list[exp.Expr] = []
        for name in [*directions, *(name for name in self.names if name not in directions)]:
            value = self.writer.column(name)
            if name in edges:
                value = buckets.rank(value, edges[name])
            keys.append(self.writer.ordered(value, directions.get(name, "ascending")))
        return keys

    # --- other specs ---------------------------------------------------------------------------

    def _groups_of(self, spec: q.QuerySpec) -> Groups:
        return Groups(spec, self.catalog, self.writer, self.metrics, self._sub_spec)

    def _sub_spec(self, spec: q.QuerySpec) -> tuple[exp.Query, str]:
        """Write a sub-spec that gives one column: its one dimension, else its one measure."""
        if spec.source != self.spec.source:
            raise RetryByModel(f"The sub-spec reads {spec.source!r}, another source.")
        inner = _Compiler(spec, self.catalog, self.writer, self.metrics)
        given = spec.dimensions or spec.measures
        if len(given) != 1:
            raise RetryByModel(f"A sub-spec gives one column, not {len(given)}.")
        name = given[0].name
        query = inner.query(ordered=False)
        if len(inner.names) > 1:
            column = self.writer.column(name, "asked")
            query = exp.select(column).from_(query.subquery("asked"))
        return query, name


def _is_about(condition: q.Condition, times: set[q.Column | q.Arithmetic]) -> bool:
    """Say whether a condition chooses periods of a time, and nothing else."""
    if isinstance(condition, q.AllOf):
        return all(_is_about(part, times) for part in condition.all)
    return isinstance(condition, q.Predicate) and condition.on in times


def _qualify(value: exp.Expr, table: exp.Identifier) -> None:
    """Say whose columns they are, where two sub-queries have the same."""
    for column in value.find_all(exp.Column):
        if not column.table:
            column.set("table", table.copy())
