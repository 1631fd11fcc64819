"""How the conditions of a spec become SQL: true, false, or unknown for what is null.

A day stands for all its moments: "until 31 January" of a timestamp means before 1 February.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.semantic.definitions import Written
from clew_tools.semantic.grains import at_grain, kind_at
from clew_tools.semantic.keys import NoPath, Step, steps_to_child, steps_to_parent
from clew_tools.semantic.scope import Scope, chosen_path
from clew_tools.semantic.writer import next_day, wrapped

_SIGNS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "!=": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE,
}  # fmt: skip
_ORDERING = frozenset({"<", "<=", ">", ">=", "between"})
_LIKE = {
    "contains": "%{}%", "not_contains": "%{}%", "starts_with": "{}%", "ends_with": "%{}",
}  # fmt: skip
# The SELECT of a sub-spec, and the name of its one column.
SubSpec = Callable[[q.QuerySpec], tuple[exp.Query, str]]


class Conditions:
    """Conditions on the rows of one SELECT, or on the columns of a grouped result."""

    def __init__(self, scope: Scope, sub_spec: SubSpec) -> None:
        """Take the tables that columns belong to."""
        self.scope, self.writer, self.sub_spec = scope, scope.writer, sub_spec

    def expression(self, condition: q.Condition) -> exp.Expr:
        """Write a condition.

        Raises:
            RetryByModel: it names what isn't there, or takes other values.
        """
        if isinstance(condition, q.AllOf):
            return exp.and_(*(self.expression(c) for c in condition.all))
        if isinstance(condition, q.AnyOf):
            return exp.or_(*(self.expression(c) for c in condition.any))
        if isinstance(condition, q.NoneOf):
            inner = exp.or_(*(self.expression(c) for c in condition.none))
            return exp.not_(exp.Coalesce(this=exp.paren(inner), expressions=[exp.false()]))
        if isinstance(condition, q.Related):
            return self._related(condition)
        if isinstance(condition, q.Named):
            raise RetryByModel(f"The glossary has no word {condition.term!r}.")
        return self._predicate(condition)

    def subject(self, test: q.Predicate) -> tuple[exp.Expr, str]:
        """Write what is tested, and say of what kind it is."""
        if isinstance(test.on, q.MeasureRef):
            raise RetryByModel(f"{test.on.measure!r} is known after grouping only.")
        value, kind = self.scope.value(test.on), self.scope.kind(test.on)
        if test.grain is not None:
            value = at_grain(value, test.grain, self.writer.dialect)
            kind = kind_at(test.grain)
        return value, kind

    def _predicate(self, test: q.Predicate) -> exp.Expr:
        value, kind = self.subject(test)
        if isinstance(test.on, Written) and kind == "boolean" and test.values == (True,):
            return value
        if test.operator in _ORDERING:
            value = self.writer.by_code_points(value, kind)
        if test.than is not None:
            return self._than(test, value, test.than)
        if test.spec is not None:
            return self._against(test, value, test.spec)
        if None in test.values:
            raise RetryByModel("Null equals nothing: test for it with 'is_null'.")
        wanted = {"between": 2, "is_null": 0, "is_not_null": 0}.get(test.operator, 1)
        many = test.operator in ("in", "not_in")
        if (not test.values) if many else len(test.values) != wanted:
            raise RetryByModel(f"{test.operator!r} does not take {len(test.values)} values.")
        if kind == "timestamp" and any(_is_day(v) for v in test.values):
            return self._within_days(test.operator, value, test.values)
        return self._compare(test.operator, value, test.values, kind)

    def _compare(
        self, operator: str, value: exp.Expr, values: tuple[q.Scalar, ...], kind: str
    ) -> exp.Expr:
        if operator == "is_null":
            return exp.Is(this=value, expression=exp.null())
        if operator == "is_not_null":
            return exp.not_(exp.Is(this=value, expression=exp.null()))
        if operator in _LIKE:
            return self._like(operator, value, str(values[0]), kind)
        literals = [self.writer.literal(v, kind) for v in values]
        if operator == "between":
            return exp.Between(this=value, low=literals[0], high=literals[1])
        if operator == "in":
            return exp.In(this=value, expressions=literals)
        if operator == "not_in":
            return exp.not_(exp.In(this=value, expressions=literals))
        return _SIGNS[operator](this=value, expression=literals[0])

    def _than(self, test: q.Predicate, value: exp.Expr, than: q.MeasureRef) -> exp.Expr:
        """Compare a measure with another one of the same group."""
        if test.operator not in _SIGNS or test.values or test.spec is not None:
            raise RetryByModel("Two measures are compared by a sign, without values.")
        if not isinstance(test.on, q.MeasureRef):
            raise RetryByModel(f"Only a measure is compared with the measure {than.measure!r}.")
        other, kind = self.subject(q.Predicate(on=than, operator=test.operator))
        if test.operator in _ORDERING:
            other = self.writer.by_code_points(other, kind)
        return _SIGNS[test.operator](this=wrapped(value), expression=wrapped(other))

    # --- days of moments -----------------------------------------------------------------------

    def _within_days(
        self, operator: str, value: exp.Expr, values: tuple[q.Scalar, ...]
    ) -> exp.Expr:
        """Compare a moment with whole days: from their first moment, before the next day's."""
        if operator == "in":
            return exp.or_(*(self._within_days("=", value, (v,)) for v in values))
        if operator == "not_in":
            return exp.and_(*(self._within_days("!=", value, (v,)) for v in values))
        if operator == "=":
            return self._within_days("between", value, (values[0], values[0]))
        if operator == "!=":
            return exp.not_(exp.paren(self._within_days("=", value, values)))
        if operator == "between":
            low, high = values
            return exp.and_(
                self._within_days(">=", value, (low,)), self._within_days("<=", value, (high,))
            )
        said = values[0]
        if operator in ("<=", ">") and _is_day(said):
            try:
                said = next_day(str(said))
            except (ValueError, OverflowError):
                raise RetryByModel(f"{values[0]!r} is no date.") from None
            operator = {"<=": "<", ">": ">="}[operator]
        return self._compare(operator, value.copy(), (said,), "timestamp")

    # --- text ----------------------------------------------------------------------------------

    def _like(self, operator: str, value: exp.Expr, said: str, kind: str) -> exp.Expr:
        if kind != "text":
            value = exp.cast(value, "TEXT")
        texts = [said.lower()]
        if self.writer.dialect == "sqlite" and not said.isascii():
            # SQLite folds ASCII only: É and é are two letters to it.
            texts = list(dict.fromkeys((said.lower(), said, said.upper(), said.title())))
        sign = "\\" if self.writer.dialect == "bigquery" else "!"
        like = exp.or_(*(_is_like(value, _LIKE[operator], text, sign) for text in texts))
        return exp.not_(like) if operator == "not_contains" else like

    # --- other specs and other rows ------------------------------------------------------------

    def _against(self, test: q.Predicate, value: exp.Expr, spec: q.QuerySpec) -> exp.Expr:
        """Compare with what a sub-spec gives; its nulls equal nothing."""
        if test.values:
            raise RetryByModel("A condition takes values or a sub-spec, not both.")
        query, name = self.sub_spec(spec)
        if test.operator in ("in", "not_in"):
            column = self.writer.column(name, "listed")
            listed = (
                exp.select(column)
                .from_(query.subquery("listed"))
                .where(exp.not_(exp.Is(this=column.copy(), expression=exp.null())))
            )
            inside = exp.In(this=value, query=listed.subquery())
            if test.operator == "in":
                return inside
            # Even of an empty list null is no non-member.
            present = exp.not_(exp.Is(this=value.copy(), expression=exp.null()))
            return exp.and_(present, exp.not_(inside))
        if test.operator not in _SIGNS:
            raise RetryByModel(f"{test.operator!r} does not take a sub-spec: use 'in' or a sign.")
        if spec.dimensions and spec.limit != 1:
            raise RetryByModel(
                f"{test.operator!r} takes one value, and the sub-spec may give many: use 'in', "
                "or give it a limit of 1."
            )
        return _SIGNS[test.operator](this=value, expression=query.subquery())

    def _related(self, related: q.Related) -> exp.Expr:
        """Write EXISTS over the other table, whose keys lead to the spec's table."""
        outer = self.scope
        steps = self._way(related)
        spec = replace(outer.spec, table=related.table, joins=())
        inner = Scope(spec, outer.catalog, self.writer)
        inner.read_from_the_end(steps, related.path)
        near = outer.anchor_alias
        where = [
            inner.equal(
                inner.name_before(steps, 0), steps[0].right_columns, near, steps[0].left_columns
            )
        ]
        if related.where is not None:
            where.append(Conditions(inner, self.sub_spec).expression(related.where))
        if near in inner.joined or near == inner.alias:
            # Read again inside, it would hide the row outside that the others belong to.
            raise RetryByModel(
                f"A condition on {near!r} stands inside the rows related to it: put it beside them."
            )
        exists = exp.Exists(this=inner.select().select("1").where(*where))
        return exists if related.has else exp.not_(exists)

    def _way(self, related: q.Related) -> tuple[Step, ...]:
        scope = self.scope
        if related.path is not None:
            return chosen_path(scope.spec, related.path, related.table)[1]
        if related.table == scope.anchor:
            raise RetryByModel(
                f"Rows of {related.table!r} can't be related to themselves without a join path."
            )
        try:
            return steps_to_child(scope.catalog, scope.anchor, related.table)
        except NoPath:
            try:
                return steps_to_parent(scope.catalog, scope.anchor, related.table)
            except NoPath:
                pass
            raise


class GroupConditions(Conditions):
    """Conditions on a grouped result: on its measures, comparisons and dimensions."""

    def __init__(
        self, scope: Scope, sub_spec: SubSpec, columns: Mapping[str, tuple[exp.Expr, str]]
    ) -> None:
        """Take what the result's columns are, by name, and of what kind."""
        super().__init__(scope, sub_spec)
        self._columns = columns

    def subject(self, test: q.Predicate) -> tuple[exp.Expr, str]:
        """Find what is tested among the result's columns."""
        if isinstance(test.on, q.MeasureRef):
            name = test.on.measure
            if name not in self._columns:
                raise RetryByModel(f"The spec has no measure {name!r}.")
            value, kind = self._columns[name]
            if test.grain is not None:
                value = at_grain(value, test.grain, self.writer.dialect)
            return value.copy(), kind
        for dimension in self.scope.spec.dimensions:
            if (dimension.of, dimension.grain) == (test.on, test.grain) and not dimension.bucket:
                value, kind = self._columns[dimension.name]
                return value.copy(), kind
        raise RetryByModel(
            "A condition that also speaks of a measure can test measures and dimensions only."
        )

    def _related(self, related: q.Related) -> exp.Expr:
        raise RetryByModel(
            f"The rows related in {related.table!r} are known before grouping only: "
            "put that condition beside the one on a measure."
        )


def predicates(condition: q.Condition) -> Iterable[q.Predicate]:
    """List the predicates of a condition, however deep."""
    if isinstance(condition, q.Predicate):
        yield condition
    elif isinstance(condition, q.AllOf):
        for part in condition.all:
            yield from predicates(part)
    elif isinstance(condition, q.AnyOf):
        for part in condition.any:
            yield from predicates(part)
    elif isinstance(condition, q.NoneOf):
        for part in condition.none:
            yield from predicates(part)


def is_on_groups(condition: q.Condition) -> bool:
    """Say whether a condition speaks of a measure."""
    return any(isinstance(test.on, q.MeasureRef) for test in predicates(condition))


def _is_day(value: q.Scalar) -> bool:
    return isinstance(value, str) and len(value) == 10


def _is_like(value: exp.Expr, form: str, text: str, sign: str) -> exp.Expr:
    """Write LIKE; BigQuery has no ESCAPE, and always takes the backslash for it."""
    for special in (sign, "%", "_"):
        text = text.replace(special, sign + special)
    lowered = exp.Lower(this=value.copy()) if text == text.lower() else value.copy()
    like = exp.Like(this=lowered, expression=exp.Literal.string(form.format(text)))
    if sign == "\\":
        return like
    return exp.Escape(this=like, expression=exp.Literal.string(sign))
