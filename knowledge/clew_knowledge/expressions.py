"""Which values of rows does a piece of SQL in a knowledge file stand for?

It is somebody's text, so it is let through only as an expression: read by the guard's grammar,
made of nodes and functions on the guard's allow-list, over columns of the catalog. No
sub-queries, no tables, no windows. Divisions are written so that they give null and not an error
where the divisor is zero, and never cut off (1 / 2 is a half on every engine).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import ClewError
from clew_tools.database.catalog import Catalog, Column
from clew_tools.database.guard import check_nodes, filled, parse
from clew_tools.database.guard_rules import RULES
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect
from clew_tools.semantic.definitions import Formula, Written
from clew_tools.semantic.measures import both

_ALL_AGGREGATES = frozenset(
    rule.name.lower() for rule in RULES if rule.kind == "function" and rule.purpose == "aggregates"
)
_AGGREGATES: dict[str, q.Aggregate] = {
    "sum": "sum", "avg": "avg", "min": "min", "max": "max", "count": "count", "median": "median",
    "stddev": "stddev", "stddev_samp": "stddev", "variance": "variance", "var_samp": "variance",
}  # fmt: skip
_TRUTHS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean, exp.In, exp.Between, exp.Is)
_TIMES = ("date", "timestamp")


class NotAllowed(ClewError):
    """A piece of SQL is no expression that a knowledge file may hold."""


class NotThere(NotAllowed):
    """It names a table or column that the catalog does not have, or that nobody may see."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads expressions over one catalog.

    Attributes:
        catalog: what may be named.
        dialect: of the SQL.
    """

    catalog: Catalog
    dialect: Dialect

    def measure(self, sql: str, condition: str | None = None) -> q.Measure:
        """Read an expression with aggregates.

        Args:
            sql: such as ``sum(orders.net) / count(orders.order_id)``.
            condition: rows that count, in all of its aggregates.

        Raises:
            NotAllowed: it is none.
        """
        tree = self._tree(sql)
        where = self.condition(condition) if condition else None
        parts: list[q.Measure] = []

        def taken(node: exp.Expr) -> exp.Expr:
            filtered = isinstance(node, exp.Filter)
            call = node.this if filtered else node
            if not isinstance(call, exp.Anonymous) or fold(call.name) not in _ALL_AGGREGATES:
                return node
            own = self._condition(node.expression.this) if filtered else None
            parts.append(self._aggregate(call, len(parts), both(where, own)))
            return exp.Placeholder(this=str(len(parts) - 1))

        formula = tree.transform(taken)
        if not parts:
            raise NotAllowed("It has no aggregate such as sum(…) or count(…).")
        if loose := next(formula.find_all(exp.Column), None):
            raise NotAllowed(f"{loose.sql()!r} stands outside of an aggregate.")
        if isinstance(formula, exp.Placeholder):
            return parts[0]
        return Formula(name="formula", tree=_dividing(formula), parts=tuple(parts))

    def condition(self, sql: str) -> q.Predicate:
        """Read a condition on rows.

        Raises:
            NotAllowed: it is none.
        """
        return self._condition(self._tree(sql))

    def column(self, name: str) -> q.Column:
        """Find ``table.column``.

        Raises:
            NotThere: there is none.
        """
        table, _, column = name.partition(".")
        found = self._column(exp.column(column, table))
        return q.Column(table=found.table, column=found.name)

    # --- trees ---------------------------------------------------------------------------------

    def _tree(self, sql: str) -> exp.Expr:
        try:
            root = parse(f"SELECT (\n{sql}\n)", self.dialect)
            check_nodes(root, self.dialect, frozenset())
        except ClewError as error:
            raise NotAllowed(error.message) from error
        for node in root.walk():
            if node is root:
                continue
            if isinstance(node, (exp.Query, exp.Table)):
                raise NotAllowed("It reads tables by itself: write table.column only.")
            if isinstance(node, exp.Window):
                raise NotAllowed("It looks at other rows (OVER): that can't be used here.")
        whole = root.expressions[0] if len(root.expressions) == 1 else None
        if filled(root) != {"expressions"} or not isinstance(whole, exp.Paren):
            raise NotAllowed("It is more than one expression.")
        found: exp.Expr = whole.this
        return found.copy().transform(self._named)

    def _named(self, node: exp.Expr) -> exp.Expr:
        return self._column(node) if isinstance(node, exp.Column) else node

    def _column(self, node: exp.Column) -> exp.Column:
        """Name a column as the catalog does.

        Raises:
            NotThere: there is none.
            NotAllowed: it does not say of which table, and several have it.
        """
        if isinstance(node.this, exp.Star) or node.args.get("db"):
            raise NotAllowed(f"{node.sql()!r} can't be used here: write table.column.")
        found = [
            (table.name, column.name)
            for table in self.catalog.tables
            if not node.table or fold(table.name) == fold(node.table)
            for column in table.columns
            if fold(column.name) == fold(node.name)
        ]
        exact = [one for one in found if one == (node.table, node.name)]
        found = exact or found
        if not found:
            known = not node.table or any(
                fold(t.name) == fold(node.table) for t in self.catalog.tables
            )
            what = f"column {node.sql()!r}" if known else f"table {node.table!r}"
            raise NotThere(f"There is no {what}.")
        if len(found) > 1:
            raise NotAllowed(f"{node.name!r} stands in several tables: write table.column.")
        table_name, column_name = found[0]
        return exp.column(
            exp.to_identifier(column_name, quoted=True), exp.to_identifier(table_name, quoted=True)
        )

    def _type(self, node: exp.Column) -> Column:
        table = self.catalog.table(node.table)
        column = table.column(node.name) if table else None
        assert column is not None  # _column found it
        return column

    # --- values --------------------------------------------------------------------------------

    def _aggregate(self, call: exp.Anonymous, place: int, where: q.Condition | None) -> q.Measure:
        name = fold(call.name)
        if name not in _AGGREGATES:
            raise NotAllowed(
                f"The aggregate {name!r} can't be used here: {', '.join(_AGGREGATES)} can."
            )
        if len(call.expressions) != 1:
            raise NotAllowed(f"{name!r} takes one value here.")
        aggregate, value = _AGGREGATES[name], call.expressions[0]
        if isinstance(value, exp.Distinct):
            if aggregate != "count" or len(value.expressions) != 1:
                raise NotAllowed("DISTINCT can be used in count(DISTINCT table.column) only.")
            aggregate, value = "count_distinct", value.expressions[0]
        part = f"part_{place + 1}"
        if isinstance(value, exp.Star):
            return q.Measure(name=part, aggregate="count", where=where)
        return q.Measure(name=part, aggregate=aggregate, of=self._value(value), where=where)

    def _value(self, tree: exp.Expr) -> q.Column | Written:
        if isinstance(tree, exp.Column):
            return q.Column(table=tree.table, column=tree.name)
        columns = tuple(
            dict.fromkeys(
                q.Column(table=column.table, column=column.name)
                for column in tree.find_all(exp.Column)
            )
        )
        if not columns:
            raise NotAllowed(f"{tree.sql()!r} speaks of no column.")
        for call in tree.find_all(exp.Anonymous):
            if fold(call.name) in _ALL_AGGREGATES:
                raise NotAllowed(f"{call.sql()!r} can't stand inside of an aggregate or condition.")
        kind = "boolean" if isinstance(tree.unnest(), _TRUTHS) else "number"
        if self.dialect == "sqlite":
            tree = self._days(tree)
        return Written(op="add", args=columns, tree=_dividing(tree), kind=kind)

    def _condition(self, tree: exp.Expr) -> q.Predicate:
        whole = tree.unnest()
        column = isinstance(whole, exp.Column) and self._type(whole).type == "boolean"
        if not column and not isinstance(whole, _TRUTHS):
            raise NotAllowed(f"{tree.sql()!r} is neither true nor false.")
        if isinstance(whole, exp.Column):
            on = q.Column(table=whole.table, column=whole.name)
            return q.Predicate(on=on, operator="=", values=(True,))
        return q.Predicate(on=self._value(whole), operator="=", values=(True,))

    def _days(self, tree: exp.Expr) -> exp.Expr:
        """Compute with days on SQLite, which keeps them as text and would subtract the years."""

        def written(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Cast) and node.to.this in (exp.DType.DATE, exp.DType.TIMESTAMP):
                name = "date" if node.to.this == exp.DType.DATE else "datetime"
                return exp.Anonymous(this=name, expressions=[node.this])
            if isinstance(node, exp.Sub) and self._is_time(node.left) and self._is_time(node.right):
                days = [
                    exp.Anonymous(this="julianday", expressions=[n])
                    for n in (node.left.copy(), node.right.copy())
                ]
                return exp.paren(exp.Sub(this=days[0], expression=days[1]))
            return node

        return tree.copy().transform(written)

    def _is_time(self, node: exp.Expr) -> bool:
        node = node.unnest()
        if isinstance(node, exp.Column):
            return self._type(node).type in _TIMES
        return (
            isinstance(node, exp.Anonymous)
            and fold(node.name) in ("date", "datetime")
            or (
                isinstance(node, exp.Cast) and node.to.this in (exp.DType.DATE, exp.DType.TIMESTAMP)
            )
        )


def _dividing(tree: exp.Expr) -> exp.Expr:
    """Divide without errors and without cutting off."""

    def divided(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Div):
            return node
        top = exp.Mul(this=exp.convert(1.0), expression=exp.paren(node.left.copy()))
        return exp.Div(this=top, expression=exp.func("NULLIF", node.right.copy(), exp.convert(0)))

    return tree.copy().transform(divided)
