"""How a query spec becomes SQL, by rules.

``compile_spec`` reads as the SQL does: joins, conditions, groups, measures, order. The same spec
gives the same SQL, and every query ends in a total order, so that rows stay where a receipt says.
Not compiled yet, and said so: comparisons, top-k per group, set operations, sub-specs, buckets,
named metrics, fiscal years, weeks that begin on another day than Monday.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from clew_core import query_spec as q
from clew_core.errors import RetryByModel, ToolFailed
from clew_tools.database.catalog import Catalog, Table
from clew_tools.semantic.grains import at_grain
from clew_tools.semantic.keys import Edge, shortest_path

# Words that SQLite reserves and that sqlglot's tokenizer does not know as keywords.
_RESERVED = frozenset("ADD CAST CHECK DEFERRABLE NOTHING RAISE TRANSACTION".split())


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """SQL and what its columns are.

    Attributes:
        sql: one statement, indented for people.
        dimensions: names of the result's first columns.
        measures: names of its last columns.
    """

    sql: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...]


def compile_spec(spec: q.QuerySpec, catalog: Catalog, dialect: str) -> Compiled:
    """Write the SQL of a spec.

    Raises:
        RetryByModel: the spec names what the catalog does not have, or contradicts itself;
            ``AmbiguousPath`` where two ways lead to a table.
        ToolFailed: the spec uses a part that is not compiled.
    """
    _refuse_parts(spec)
    return _Compiler(spec, catalog, dialect).compile()


def _refuse_parts(spec: q.QuerySpec) -> None:
    absent = {
        "comparisons": spec.comparisons,
        "top_per_group": spec.top_per_group,
        "set_operation": spec.set_operation,
        "buckets": [d for d in spec.dimensions if d.bucket],
        "fiscal years": [d for d in spec.dimensions if d.fiscal_year_start != 1],
        "week starts": [d for d in spec.dimensions if d.week_start != "monday"],
        "named metrics": [m for m in spec.measures if m.metric],
    }
    for part, used in absent.items():
        if used:
            raise ToolFailed(f"Queries with {part} can't be compiled yet.")
    if not spec.measures and not spec.dimensions:
        raise RetryByModel("The spec has neither measures nor dimensions: it asks for nothing.")
    if spec.limit is not None and spec.limit < 0:
        raise RetryByModel(f"The limit is {spec.limit}: give 0 or more rows.")


class _Compiler:
    """One spec on its way to SQL; tables are joined as columns name them."""

    def __init__(self, spec: q.QuerySpec, catalog: Catalog, dialect: str) -> None:
        self.spec, self.catalog, self.dialect = spec, catalog, dialect
        phrases = Dialect.get_or_raise(dialect).tokenizer_class.KEYWORDS
        self.keywords = {word for phrase in phrases for word in phrase.split()} | _RESERVED
        self.base = self._table(spec.table)
        self.joined: dict[str, exp.Join] = {}

    def compile(self) -> Compiled:
        spec = self.spec
        dimensions = [(d.name, self._dimension(d)) for d in spec.dimensions]
        measures = [(m.name, self._measure(m)) for m in spec.measures]
        names = [name for name, _ in (*dimensions, *measures)]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise RetryByModel(f"Two output columns are named {sorted(repeated)[0]!r}.")
        before, after = self._conditions(dict(measures))

        query = exp.Select()
        query = query.select(*(exp.alias_(v, self._name(n)) for n, v in (*dimensions, *measures)))
        query = query.from_(exp.Table(this=self._name(spec.table)))
        for join in self.joined.values():
            query = query.join(join)
        for condition in before:
            query = query.where(condition)
        if measures and dimensions:
            query = query.group_by(*(value.copy() for _, value in dimensions))
        for condition in after:
            query = query.having(condition)
        if not measures and spec.distinct:
            query = query.distinct()
        query = query.order_by(*self._order(names))
        if spec.limit is not None:
            query = query.limit(spec.limit)
        return Compiled(
            sql=query.sql(self.dialect, pretty=True),
            dimensions=tuple(name for name, _ in dimensions),
            measures=tuple(name for name, _ in measures),
        )

    # --- names ---------------------------------------------------------------------------------

    def _name(self, name: str) -> exp.Identifier:
        """Quote a name only where the engine needs it: people read the SQL."""
        plain = name.isascii() and name.isidentifier() and name.upper() not in self.keywords
        return exp.to_identifier(name, quoted=not plain)

    def _table(self, name: str) -> Table:
        table = self.catalog.table(name)
        if table is None:
            raise RetryByModel(f"There is no table {name!r}.")
        return table

    def _column(self, column: q.Column) -> exp.Expr:
        if self._table(column.table).column(column.column) is None:
            raise RetryByModel(f"Table {column.table!r} has no column {column.column!r}.")
        alias = self._join(column)
        return exp.Column(this=self._name(column.column), table=self._name(alias))

    # --- joins ---------------------------------------------------------------------------------

    def _join(self, column: q.Column) -> str:
        """Make sure the column's table is joined; give its alias."""
        if column.path is not None:
            return self._join_chosen(column.path, column.table)
        for edge in shortest_path(self.catalog, self.base.name, column.table):
            if edge.parent not in self.joined:
                on = self._equal(edge.child, edge.columns, edge.parent, edge.other_columns)
                table = exp.Table(this=self._name(edge.parent))
                self.joined[edge.parent] = exp.Join(this=table, on=on)
        return column.table

    def _join_chosen(self, name: str, table: str) -> str:
        path = next((path for path in self.spec.joins if path.name == name), None)
        if path is None:
            raise RetryByModel(f"The spec has no join path {name!r}.")
        if not path.keys or path.keys[-1].right.table != table:
            raise RetryByModel(f"The join path {name!r} does not lead to {table!r}.")
        left = self.base.name
        for place, key in enumerate(path.keys):
            last = place == len(path.keys) - 1
            alias = name if last else f"{name}_{place + 1}"
            if alias not in self.joined:
                joined = exp.Table(
                    this=self._name(key.right.table),
                    alias=exp.TableAlias(this=self._name(alias)),
                )
                on = self._equal(left, (key.left.column,), alias, (key.right.column,))
                side = "LEFT" if path.kind == "left" else None
                self.joined[alias] = exp.Join(this=joined, on=on, side=side)
            left = alias
        return name

    def _equal(
        self, left: str, columns: Iterable[str], right: str, others: Iterable[str]
    ) -> exp.Expr:
        pairs = [
            exp.EQ(
                this=exp.Column(this=self._name(one), table=self._name(left)),
                expression=exp.Column(this=self._name(other), table=self._name(right)),
            )
            for one, other in zip(columns, others, strict=True)
        ]
        return exp.and_(*pairs)

    # --- values --------------------------------------------------------------------------------

    def _value(self, value: q.Column | q.Arithmetic | int | float) -> exp.Expr:
        if isinstance(value, q.Column):
            return self._column(value)
        if isinstance(value, q.Arithmetic):
            return self._arithmetic(value)
        return exp.convert(value)

    def _arithmetic(self, value: q.Arithmetic) -> exp.Expr:
        kinds = {"add": exp.Add, "subtract": exp.Sub, "multiply": exp.Mul, "divide": exp.Div}
        if len(value.args) < 2:
            raise RetryByModel(f"{value.op!r} needs two values or more, not {len(value.args)}.")
        result = self._value(value.args[0])
        for arg in value.args[1:]:
            right = self._value(arg)
            if value.op == "divide":  # never an error, never a whole-number division
                right = exp.func("NULLIF", right, exp.convert(0))
                result = exp.Mul(this=exp.convert(1.0), expression=exp.paren(result))
            result = kinds[value.op](this=_wrapped(result), expression=_wrapped(right))
        return result

    def _dimension(self, dimension: q.Dimension) -> exp.Expr:
        value = self._value(dimension.of)
        return at_grain(value, dimension.grain, self.dialect) if dimension.grain else value

    def _measure(self, measure: q.Measure) -> exp.Expr:
        if sum(part is not None for part in (measure.aggregate, measure.ratio)) > 1:
            raise RetryByModel(f"Measure {measure.name!r} has an aggregate and a ratio: keep one.")
        if measure.ratio is not None:
            if measure.where is not None:
                raise RetryByModel(
                    f"Measure {measure.name!r} is a ratio: give its parts the filter, not itself."
                )
            top, bottom = (
                self._measure(part) for part in (measure.ratio.numerator, measure.ratio.denominator)
            )
            return exp.Div(
                this=exp.Mul(this=exp.convert(1.0), expression=top),
                expression=exp.func("NULLIF", bottom, exp.convert(0)),
            )
        value = self._aggregate(measure)
        if measure.where is not None:
            return exp.Filter(
                this=value, expression=exp.Where(this=self._condition(measure.where, {}))
            )
        return value

    def _aggregate(self, measure: q.Measure) -> exp.Expr:
        aggregate = measure.aggregate
        if aggregate == "count" and measure.of is None:
            return exp.Count(this=exp.Star())
        if measure.of is None or aggregate is None:
            raise RetryByModel(f"Measure {measure.name!r} does not say what is aggregated.")
        value = self._value(measure.of)
        if aggregate == "count_distinct":
            return exp.Count(this=exp.Distinct(expressions=[value]))
        plain: dict[str, type[exp.AggFunc]] = {
            "count": exp.Count,
            "sum": exp.Sum,
            "avg": exp.Avg,
            "min": exp.Min,
            "max": exp.Max,
        }
        if aggregate in plain:
            return plain[aggregate](this=value)
        if self.dialect == "sqlite":
            raise ToolFailed(f"SQLite has no function for the {aggregate!r} of a column.")
        if aggregate == "quantile":
            if measure.quantile is None or not 0 <= measure.quantile <= 1:
                raise RetryByModel(f"Measure {measure.name!r} needs a quantile between 0 and 1.")
            return exp.func("QUANTILE_CONT", value, exp.convert(measure.quantile))
        names = {"median": "MEDIAN", "stddev": "STDDEV_SAMP", "variance": "VAR_SAMP"}
        if aggregate in names:
            return exp.func(names[aggregate], value, dialect=self.dialect)
        raise ToolFailed(f"The aggregate {aggregate!r} can't be compiled yet.")

    # --- conditions ----------------------------------------------------------------------------

    def _conditions(self, measures: dict[str, exp.Expr]) -> tuple[list[exp.Expr], list[exp.Expr]]:
        """Split the conditions into those before and those after grouping."""
        before: list[exp.Expr] = []
        after: list[exp.Expr] = []
        for condition in self.spec.conditions:
            grouped = any(isinstance(p.on, q.MeasureRef) for p in _predicates(condition))
            (after if grouped else before).append(self._condition(condition, measures))
        return before, after

    def _condition(self, condition: q.Condition, measures: dict[str, exp.Expr]) -> exp.Expr:
        if isinstance(condition, q.AllOf):
            return exp.and_(*(self._condition(c, measures) for c in condition.all))
        if isinstance(condition, q.AnyOf):
            return exp.or_(*(self._condition(c, measures) for c in condition.any))
        if isinstance(condition, q.NoneOf):
            inner = exp.or_(*(self._condition(c, measures) for c in condition.none))
            known = exp.Coalesce(this=exp.paren(inner), expressions=[exp.false()])
            return exp.not_(known)
        if isinstance(condition, q.Related):
            return self._related(condition)
        return self._predicate(condition, measures)

    def _predicate(self, test: q.Predicate, measures: dict[str, exp.Expr]) -> exp.Expr:
        if test.spec is not None:
            raise ToolFailed("Conditions with a sub-spec can't be compiled yet.")
        if isinstance(test.on, q.MeasureRef):
            if test.on.measure not in measures:
                raise RetryByModel(f"The spec has no measure {test.on.measure!r}.")
            value, kind = measures[test.on.measure].copy(), "number"
        else:
            value, kind = self._value(test.on), self._kind(test.on)
        if test.grain is not None:
            value, kind = at_grain(value, test.grain, self.dialect), "integer"
        if None in test.values:
            raise RetryByModel("Null equals nothing: test for it with 'is_null'.")
        operator, literals = test.operator, [self._literal(v, kind) for v in test.values]
        wanted = {"between": 2, "is_null": 0, "is_not_null": 0}.get(operator, 1)
        many = operator in ("in", "not_in")
        if (not literals) if many else len(literals) != wanted:
            raise RetryByModel(f"{operator!r} does not take {len(literals)} values.")
        return self._compare(operator, value, literals)

    def _compare(self, operator: str, value: exp.Expr, literals: list[exp.Expr]) -> exp.Expr:
        signs = {
            "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
        }  # fmt: skip
        if operator in signs:
            return signs[operator](this=value, expression=literals[0])
        if operator == "between":
            return exp.Between(this=value, low=literals[0], high=literals[1])
        if operator == "in":
            return exp.In(this=value, expressions=literals)
        if operator == "not_in":
            return exp.not_(exp.In(this=value, expressions=literals))
        if operator == "is_null":
            return exp.Is(this=value, expression=exp.null())
        if operator == "is_not_null":
            return exp.not_(exp.Is(this=value, expression=exp.null()))
        return self._like(operator, value, literals[0])

    def _like(self, operator: str, value: exp.Expr, literal: exp.Expr) -> exp.Expr:
        said = literal.name
        texts = [said.lower()]
        if self.dialect == "sqlite" and not said.isascii():
            # SQLite folds ASCII only: É and é are two letters to it.
            texts = list(dict.fromkeys((said.lower(), said, said.upper(), said.title())))
        form = {
            "contains": "%{}%",
            "not_contains": "%{}%",
            "starts_with": "{}%",
            "ends_with": "%{}",
        }
        like = exp.or_(*(self._is_like(value, form[operator], text) for text in texts))
        return exp.not_(like) if operator == "not_contains" else like

    def _is_like(self, value: exp.Expr, form: str, text: str) -> exp.Expr:
        for sign in ("!", "%", "_"):
            text = text.replace(sign, f"!{sign}")
        lowered = exp.Lower(this=value.copy()) if text == text.lower() else value.copy()
        return exp.Escape(
            this=exp.Like(this=lowered, expression=exp.Literal.string(form.format(text))),
            expression=exp.Literal.string("!"),
        )

    def _related(self, related: q.Related) -> exp.Expr:
        """Write EXISTS over the other table, whose keys lead to the spec's table."""
        if related.path is not None:
            raise ToolFailed("Related rows along a chosen path can't be compiled yet.")
        path = shortest_path(self.catalog, related.table, self.base.name)
        if not path:
            raise RetryByModel(f"Rows of {related.table!r} can't be related to themselves.")
        inner_spec = q.QuerySpec(source=self.spec.source, table=related.table)
        inner = _Compiler(inner_spec, self.catalog, self.dialect)
        for edge in path[:-1]:
            on = inner._equal(edge.child, edge.columns, edge.parent, edge.other_columns)
            inner.joined[edge.parent] = exp.Join(
                this=exp.Table(this=self._name(edge.parent)), on=on
            )
        last: Edge = path[-1]
        conditions = [self._equal(last.child, last.columns, last.parent, last.other_columns)]
        if related.where is not None:
            conditions.append(inner._condition(related.where, {}))
        if self.base.name in inner.joined:
            # Joined again inside, it would hide the row outside that the others belong to.
            raise RetryByModel(
                f"A condition on {self.base.name!r} stands inside the rows related to it: "
                "put it beside them."
            )
        query = exp.select("1").from_(exp.Table(this=self._name(related.table)))
        for join in inner.joined.values():
            query = query.join(join)
        exists = exp.Exists(this=query.where(*conditions))
        return exists if related.has else exp.not_(exists)

    def _kind(self, value: q.Column | q.Arithmetic) -> str:
        if isinstance(value, q.Arithmetic):
            return "number"
        column = self._table(value.table).column(value.column)
        return column.type if column else "other"

    def _literal(self, value: q.Scalar, kind: str) -> exp.Expr:
        if isinstance(value, str) and self.dialect != "sqlite":
            if kind == "date" and len(value) == 10:
                return exp.cast(exp.Literal.string(value), "DATE")
            if kind in ("date", "timestamp"):
                return exp.cast(exp.Literal.string(value), "TIMESTAMP")
        return exp.convert(value)

    # --- order ---------------------------------------------------------------------------------

    def _order(self, names: list[str]) -> list[exp.Expr]:
        """Order as the spec says; ties by all output columns; nulls last."""
        directions = {order.by: order.direction == "descending" for order in self.spec.order}
        if unknown := directions.keys() - set(names):
            raise RetryByModel(f"The order names {sorted(unknown)[0]!r}, which is not given out.")
        keys = [*directions, *(name for name in names if name not in directions)]
        return [
            exp.Ordered(
                this=exp.Column(this=self._name(name)),
                desc=directions.get(name, False),
                nulls_first=False,
            )
            for name in keys
        ]


def _wrapped(value: exp.Expr) -> exp.Expr:
    return exp.paren(value) if isinstance(value, exp.Binary) else value


def _predicates(condition: q.Condition) -> Iterable[q.Predicate]:
    if isinstance(condition, q.Predicate):
        yield condition
    elif isinstance(condition, q.AllOf | q.AnyOf | q.NoneOf):
        parts = (
            condition.all
            if isinstance(condition, q.AllOf)
            else condition.any
            if isinstance(condition, q.AnyOf)
            else condition.none
        )
        for part in parts:
            yield from _predicates(part)
