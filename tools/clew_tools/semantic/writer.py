"""How one engine writes names, literals and the few things that engines say differently.

Text is ordered and compared by its code points on every engine: PostgreSQL is told so by
``COLLATE "C"``, SQLite and DuckDB do it by themselves.
"""

from __future__ import annotations

import datetime as dt

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from clew_core import query_spec as q

# Words that engines reserve and that sqlglot's tokenizer does not know as keywords.
_RESERVED = {
    "sqlite": "ADD CAST CHECK DEFERRABLE NOTHING RAISE TRANSACTION",
    "postgres": (
        "ANALYSE ANALYZE ASYMMETRIC AUTHORIZATION BINARY BOTH CAST CHECK COLLATION CONCURRENTLY "
        "CURRENT_CATALOG CURRENT_ROLE CURRENT_SCHEMA DEFERRABLE DO END FREEZE GRANT INITIALLY "
        "LEADING LOCALTIME LOCALTIMESTAMP NOTNULL ONLY OVERLAPS PLACING REFERENCES SESSION_USER "
        "SYMMETRIC SYSTEM_USER TABLESAMPLE TO TRAILING USER VARIADIC VERBOSE"
    ),
}
_ALWAYS_RESERVED = _RESERVED["sqlite"].split()
# Engines that keep no case in names without quotes, and the case they turn them to.
_FOLDS = {"postgres": str.lower, "trino": str.lower, "snowflake": str.upper}
_FEW_DIGITS = frozenset({"mysql", "trino", "snowflake", "spark"})
_FILTERS = frozenset({"duckdb", "sqlite", "postgres", "trino", "spark"})


class Writer:
    """The words of one engine."""

    def __init__(self, dialect: str) -> None:
        """Collect the words that are no names."""
        self.dialect = dialect
        phrases = Dialect.get_or_raise(dialect).tokenizer_class.KEYWORDS
        self._keywords = {word for phrase in phrases for word in phrase.split()}
        self._keywords.update(_ALWAYS_RESERVED, _RESERVED.get(dialect, "").split())

    def name(self, name: str) -> exp.Identifier:
        """Quote a name only where the engine needs it: people read the SQL."""
        plain = name.isascii() and name.isidentifier() and name.upper() not in self._keywords
        fold = _FOLDS.get(self.dialect)
        return exp.to_identifier(name, quoted=not plain or bool(fold and fold(name) != name))

    def column(self, name: str, table: str | None = None) -> exp.Expr:
        """Name a column."""
        return exp.Column(this=self.name(name), table=self.name(table) if table else None)

    def table(self, name: str, alias: str | None = None) -> exp.Table:
        """Name a table, and what it is called here where that differs."""
        named = exp.TableAlias(this=self.name(alias)) if alias and alias != name else None
        return exp.Table(this=self.name(name), alias=named)

    def alias(self, value: exp.Expr, name: str) -> exp.Expr:
        """Give a value a name."""
        return exp.Alias(this=value, alias=self.name(name))

    def literal(self, value: q.Scalar, kind: str) -> exp.Expr:
        """Write a value that is compared with a column of this kind."""
        if isinstance(value, str) and kind in ("date", "timestamp"):
            return self.moment(value, "DATE" if kind == "date" and len(value) == 10 else "")
        if kind == "text" and isinstance(value, int | float) and not isinstance(value, bool):
            value = str(value)
        if kind == "boolean" and value in (0, 1) and self.dialect != "sqlite":
            value = bool(value)
        return exp.convert(value)

    def moment(self, text: str, type_: str = "") -> exp.Expr:
        """Write a date or a moment; SQLite keeps both as ISO text."""
        if self.dialect == "sqlite":
            return exp.Literal.string(text.replace("T", " "))
        return exp.cast(exp.Literal.string(text), type_ or "TIMESTAMP")

    def by_code_points(self, value: exp.Expr, kind: str) -> exp.Expr:
        """Have text ordered alike on every engine."""
        if kind != "text" or self.dialect != "postgres":
            return value
        return exp.Collate(this=value, expression=exp.to_identifier("C", quoted=True))

    def ratio(self, top: exp.Expr, bottom: exp.Expr) -> exp.Expr:
        """Divide: never an error, never a whole-number division; null where bottom is zero."""
        return exp.Div(
            this=self.divided(top), expression=exp.func("NULLIF", bottom, exp.convert(0))
        )

    def divided(self, value: exp.Expr) -> exp.Expr:
        """Have a value divided with a fraction and with all its digits."""
        if self.few_digits:
            return self.number(value)
        return exp.Mul(this=exp.convert(1.0), expression=wrapped(value))

    def number(self, value: exp.Expr) -> exp.Expr:
        """Make a binary floating point number of it."""
        return exp.cast(value, "DOUBLE")

    def same(self, one: exp.Expr, other: exp.Expr) -> exp.Expr:
        """Say that two values are equal, or both null.

        PostgreSQL joins by IS NOT DISTINCT FROM pair by pair (8 000 groups: 1.8 s), but hashes two
        equations (0.01 s).
        """
        if self.dialect != "postgres":
            return exp.NullSafeEQ(this=one, expression=other)
        nulls, texts = (
            [make(value.copy()) for value in (one, other)] for make in (_is_null, _text_of)
        )
        return exp.and_(
            exp.EQ(this=nulls[0], expression=nulls[1]), exp.EQ(this=texts[0], expression=texts[1])
        )

    @property
    def few_digits(self) -> bool:
        """Say whether averages and divisions of exact numbers are cut to a few decimals.

        Four on MySQL; on Trino as many as the parts have: 1.0 * 3 / 7 is 0.4.
        """
        return self.dialect in _FEW_DIGITS

    @property
    def filters(self) -> bool:
        """Say whether the engine knows FILTER (WHERE …) beside an aggregate."""
        return self.dialect in _FILTERS

    def ordered(self, value: exp.Expr, direction: q.Direction = "ascending") -> exp.Ordered:
        """Make a key of an order; nulls last."""
        return exp.Ordered(this=value, desc=direction == "descending", nulls_first=False)


def wrapped(value: exp.Expr) -> exp.Expr:
    """Put parentheses around what binds less than a sign beside it."""
    return exp.paren(value) if isinstance(value, exp.Binary) else value


def _is_null(value: exp.Expr) -> exp.Expr:
    return exp.paren(exp.Is(this=value, expression=exp.null()))


def _text_of(value: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=exp.cast(value, "TEXT"), expressions=[exp.Literal.string("")])


def next_day(text: str) -> str:
    """Give the day after an ISO date.

    >>> next_day("2024-02-28")
    '2024-02-29'
    """
    return (dt.date.fromisoformat(text) + dt.timedelta(days=1)).isoformat()
