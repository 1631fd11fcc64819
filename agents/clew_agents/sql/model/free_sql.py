"""When may SQL that a model wrote be run as the answer to a question?

The guard of the source decides what it may read. Here it is put into a form whose numbers can be
traced: one SELECT over tables, no column that is a constant, no column name that says something,
rows in a total order. What it does not know: whether the SQL is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp, parse
from sqlglot.errors import SqlglotError

from clew_core.errors import RetryByModel
from clew_core.query_spec import Scalar
from clew_tools.database.catalog import Catalog

_PLAIN_NAME = re.compile(r"[A-Za-z_]{1,40}")
_LONGEST = 4000


def prepared(sql: str, dialect: str, catalog: Catalog) -> tuple[str, str, tuple[Scalar, ...]]:
    """Put SQL into the form that may be run.

    Returns:
        The SQL, the table that it reads first, and the values that it compares with.

    Raises:
        RetryByModel: it can't be; the message says why.
    """
    if len(sql) > _LONGEST:
        raise RetryByModel(f"The SQL has {len(sql):,} characters.")
    try:
        statements = [one for one in parse(sql, read=dialect) if one is not None]
    except (SqlglotError, RecursionError):
        raise RetryByModel("The SQL can't be read.") from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise RetryByModel("The SQL is not one SELECT.")
    query = statements[0]
    known = {table.name.casefold(): table.name for table in catalog.tables}
    read = [t.name for t in query.find_all(exp.Table) if t.name.casefold() in known]
    if not read:
        raise RetryByModel("The SQL reads no table.")
    _unquote_texts(query, catalog)
    _name_columns(query)
    _order_rows(query)
    return query.sql(dialect, pretty=True), known[read[0].casefold()], tuple(_values(query))


def _unquote_texts(query: exp.Query, catalog: Catalog) -> None:
    """Read "Canada" as a text where no column has that name, as SQLite and models do."""
    columns = {column.name.casefold() for table in catalog.tables for column in table.columns}
    columns |= {alias.alias.casefold() for alias in query.find_all(exp.Alias)}
    for column in list(query.find_all(exp.Column)):
        quoted = isinstance(column.this, exp.Identifier) and column.this.quoted
        if quoted and not column.table and column.name.casefold() not in columns:
            column.replace(exp.Literal.string(column.name))


def _selects(query: exp.Query) -> list[exp.Select]:
    """List the SELECTs whose columns are the result's."""
    if isinstance(query, exp.Select):
        return [query]
    if isinstance(query, exp.SetOperation):
        sides = (query.this, query.expression)
        return [s for side in sides if isinstance(side, exp.Query) for s in _selects(side)]
    if isinstance(query, exp.Subquery) and isinstance(query.this, exp.Query):
        return _selects(query.this)
    return []


def _name_columns(query: exp.Query) -> None:
    """Refuse constants, and take away names that could be read as an answer."""
    selects = _selects(query)
    if not selects:
        raise RetryByModel("The SQL is not one SELECT.")
    for select in selects:
        for place, column in enumerate(select.expressions, 1):
            of = column.this if isinstance(column, exp.Alias) else column
            counts = any(isinstance(c.this, exp.Star) or c.this for c in of.find_all(exp.Count))
            if not counts and not of.find(exp.Column) and not isinstance(of, exp.Star):
                raise RetryByModel(f"Column {place} of the SQL is a constant.")
            if isinstance(column, exp.Alias) and not _PLAIN_NAME.fullmatch(column.alias):
                column.set("alias", exp.to_identifier(f"column_{place}"))
    # Every name that is computed and has none would be the SQL itself.
    for place, column in enumerate(selects[0].expressions, 1):
        if not isinstance(column, exp.Alias | exp.Column | exp.Star):
            column.replace(exp.alias_(column.copy(), f"column_{place}"))


def _order_rows(query: exp.Query) -> None:
    columns = _selects(query)[0].expressions
    if any(isinstance(c, exp.Star) or c.find(exp.Star) and not c.find(exp.Count) for c in columns):
        return  # how many there are, only the engine knows
    if isinstance(query, exp.Select | exp.SetOperation):
        for place in range(1, len(columns) + 1):
            query.order_by(exp.Ordered(this=exp.Literal.number(place)), append=True, copy=False)


def _values(query: exp.Query) -> Iterator[Scalar]:
    ordered = {id(literal) for order in query.find_all(exp.Order)
               for literal in order.find_all(exp.Literal)}  # fmt: skip
    for literal in query.find_all(exp.Literal):
        if id(literal) in ordered:
            continue
        if literal.is_string:
            yield literal.name
        else:
            number = float(literal.name)
            yield int(number) if number.is_integer() else number
