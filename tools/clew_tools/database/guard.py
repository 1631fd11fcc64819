"""May this statement run, and what exactly is run in its place?

A statement is read into a tree; it must be one query whose every node and function stands in
``guard_rules`` and whose every table is visible. The policy is written into the tree: a table
with hidden columns or rows becomes a sub-query that lacks them. What runs is written from the
tree. It does not bound time, memory or rows: those are the engine's walls.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token

from clew_core.errors import ClewError, Refused, RetryByModel, SourceError
from clew_tools.database.guard_dialects import GRAMMARS, RESERVED
from clew_tools.database.guard_rules import allowed
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect

LONGEST = 100_000
"""Characters that a statement may have."""
DEEPEST = 100
"""Brackets, CASEs and sub-queries that may stand inside each other."""
_STARTS = ("select", "with", "from", "values", "(")
_ROOTS = (exp.Select, exp.SetOperation, exp.Values)
# Other parts are of other dialects (SELECT AS STRUCT) and would be lost or change meaning.
_SELECT_PARTS = frozenset(
    "expressions from_ joins laterals where group having qualify windows order limit offset "
    "distinct with_ into locks sample".split()
)
_UNARY = frozenset({"not", "-", "+", "~", "@"})
_NAME_PARTS = ("this", "db", "catalog")
_WORDS = {
    "Into": "SELECT INTO", "Lock": "FOR UPDATE", "TableSample": "TABLESAMPLE",
    "Placeholder": "?", "Parameter": "$", "Anonymous": "function",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Visible:
    """A table as one policy shows it.

    Attributes:
        name: as the catalogue spells it.
        path: the parts of the name that the engine knows it by.
        columns: the visible ones, where some are hidden; None shows all.
        rows: SQL condition that its visible rows fulfil; None shows all.
    """

    name: str
    path: tuple[str, ...]
    columns: tuple[str, ...] | None = None
    rows: str | None = None


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A statement that may run.

    Attributes:
        sql: what runs.
        tables: what it reads, as the catalogue spells them, in the order of the statement.
    """

    sql: str
    tables: tuple[str, ...]


def guard(
    sql: str,
    dialect: Dialect,
    visible: Mapping[str, Visible],
    *,
    forbidden: frozenset[str] = frozenset(),
    limit: int | None = None,
) -> Guarded:
    """Let a statement through, with the policy written into it, or refuse it.

    Args:
        sql: one statement, as somebody wrote it.
        dialect: of the engine that will run it.
        visible: the tables that exist for the reader, by folded name.
        forbidden: functions that the source has redefined, in lower case.
        limit: is added to a query that has none.

    Raises:
        Refused: it is not one plain query over visible tables.
        RetryByModel: it is no SQL.
    """
    try:
        tree = parse(sql, dialect)
        _check_nodes(tree, dialect, forbidden)
        tables = _resolve_tables(tree, dialect, visible)
        if limit is not None and isinstance(tree, (exp.Select, exp.SetOperation)):
            if not tree.args.get("limit") and not tree.args.get("fetch"):
                tree.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
        return Guarded(sql=write(tree, dialect), tables=tables)
    except RecursionError:
        raise _too_deep() from None


def parse(sql: str, dialect: Dialect) -> exp.Expr:
    """Read one query into a tree.

    Raises:
        Refused: it is something else than one query.
        RetryByModel: it is no SQL.
    """
    if len(sql) > LONGEST:
        raise Refused(f"The statement has {len(sql):,} characters; {LONGEST:,} are allowed.")
    grammar = GRAMMARS[dialect]()
    try:
        tokens = grammar.tokenize(sql)
        start = next((token.text for token in tokens if token.text != ";"), None)
        if start is None:
            raise RetryByModel("The statement is empty.")
        if fold(start) not in _STARTS:
            raise Refused(f"{start.upper()!r} is not allowed: only a query (SELECT) may run.")
        _check_depth(tokens)
        trees = grammar.parser().parse(tokens, sql)
    except ClewError:
        raise
    except RecursionError:
        raise _too_deep() from None
    except SqlglotError as error:
        raise RetryByModel(f"The statement is no valid SQL: {_first_line(error)}") from error
    except (AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        # sqlglot stumbles over some malformed statements instead of saying so.
        raise RetryByModel("The statement is no valid SQL.") from error
    statements = [tree for tree in trees if tree is not None and not _is_empty(tree)]
    if not statements:
        raise RetryByModel("The statement is empty.")
    if len(statements) > 1:
        raise Refused(f"{len(statements)} statements are not allowed: only one query may run.")
    tree = statements[0]
    while isinstance(tree, exp.Subquery) and tree.this and len(_filled(tree)) == 1:
        # Brackets around the whole, which SQLite does not take.
        tree = tree.this
    if not isinstance(tree, _ROOTS):
        raise Refused(
            f"{type(tree).__name__.upper()!r} is not allowed: only a query (SELECT) may run."
        )
    return tree


def write(tree: exp.Expr, dialect: Dialect) -> str:
    """Write a tree as SQL, without comments."""
    generator = GRAMMARS[dialect]().generator(comments=False, normalize_functions=False)
    return str(generator.generate(tree, copy=False))


def _filled(tree: exp.Expr) -> set[str]:
    return {part for part, value in tree.args.items() if value}


def _is_empty(tree: exp.Expr) -> bool:
    return isinstance(tree, exp.Semicolon)


def _too_deep() -> Refused:
    return Refused("The statement is nested too deeply.")


def _first_line(error: Exception) -> str:
    text = str(error).split("\n")[0].strip()
    return text.replace("\x1b[4m", "").replace("\x1b[0m", "")


def _check_depth(tokens: Sequence[Token]) -> None:
    """Bound what the parser recurses into: it must not run out of stack."""
    depth = run = 0
    for token in tokens:
        text = token.text
        run = run + 1 if fold(text) in _UNARY else 0
        if text in ("(", "[", "{") or fold(text) == "case":
            depth += 1
        elif text in (")", "]", "}") or fold(text) == "end":
            depth -= 1
        if depth > DEEPEST or run > DEEPEST:
            raise _too_deep()


def _check_nodes(tree: exp.Expr, dialect: Dialect, forbidden: frozenset[str]) -> None:
    nodes, functions = _rules(dialect)
    for node in tree.walk():
        kind = type(node).__name__
        if kind == "Anonymous":
            name = fold(node.name)
            if name not in functions or name in forbidden:
                raise Refused(f"The function {name!r} is not allowed.")
        elif kind not in nodes:
            raise Refused(_not_allowed(node))
        elif isinstance(node, exp.Identifier):
            if fold(node.name) in RESERVED:
                # sqlglot took it for a name; the engine must not take it for something else.
                node.set("quoted", True)
        elif isinstance(node, exp.Select):
            if not node.expressions:
                raise RetryByModel("A SELECT names no column.")
            if odd := _filled(node) - _SELECT_PARTS:
                raise Refused(f"SELECT with {min(odd).replace('_', ' ')!r} is not allowed.")
        elif kind == "With" and node.args.get("recursive"):
            raise Refused("WITH RECURSIVE is not allowed: it may never end.")
        elif kind == "Table" and not isinstance(node.this, exp.Identifier):
            raise Refused(f"{node.this.name or 'This'!r} can't stand in place of a table.")


def _not_allowed(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        return f"The function {fold(node.sql_name())!r} is not allowed."
    words = _WORDS.get(type(node).__name__, type(node).__name__.upper())
    return f"{words!r} is not allowed: only a plain query (SELECT) may run."


@functools.cache
def _rules(dialect: Dialect) -> tuple[frozenset[str], frozenset[str]]:
    return allowed("node", dialect), allowed("function", dialect)


def _resolve_tables(
    tree: exp.Expr, dialect: Dialect, visible: Mapping[str, Visible]
) -> tuple[str, ...]:
    read: dict[str, None] = {}
    # A list first: the tree is changed on the way.
    for table, in_scope in list(_tables(tree)):
        if not table.args.get("db") and fold(table.name) in in_scope:
            continue
        shown = _find(table, visible)
        read[shown.name] = None
        _replace(table, shown, dialect)
    return tuple(read)


def _tables(tree: exp.Expr) -> Iterator[tuple[exp.Table, frozenset[str]]]:
    """Walk over tables, each with the names of the common table expressions it could mean.

    An expression sees those before it in its WITH. Where an engine lets it see more, the name is
    taken for a table here, and then has to be visible.
    """
    stack: list[tuple[exp.Expr, frozenset[str]]] = [(tree, frozenset())]
    while stack:
        node, names = stack.pop()
        todo: list[tuple[exp.Expr, frozenset[str]]] = []
        ctes = node.args.get("with_")
        if ctes is not None:
            for cte in ctes.expressions:
                todo.append((cte.this, names))
                names = names | {fold(cte.alias)}
        if isinstance(node, exp.Table):
            yield node, names
        todo.extend((child, names) for child in node.iter_expressions() if child is not ctes)
        stack.extend(reversed(todo))


def _find(table: exp.Table, visible: Mapping[str, Visible]) -> Visible:
    schema = table.args.get("db")
    written = f"{schema.name}.{table.name}" if schema else table.name
    shown = visible.get(fold(written))
    if shown is None and schema and fold(schema.name) == "main":
        shown = visible.get(fold(table.name))
    if shown is None or table.args.get("catalog"):
        name = table.sql(dialect="duckdb") if table.args.get("catalog") else written
        raise Refused(f"There is no table {name!r} here.", hint=_hint(visible))
    return shown


def _hint(visible: Mapping[str, Visible]) -> str:
    names = [shown.name for shown in visible.values()]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"Tables: {', '.join(names[:12])}{more}." if names else "There are no tables."


def _replace(table: exp.Table, shown: Visible, dialect: Dialect) -> None:
    """Put the table as the policy shows it in the place of its name."""
    alias = table.args.get("alias")
    named = alias.this if alias is not None and alias.this is not None else None
    stored = _stored(shown)
    if shown.columns is None and shown.rows is None:
        for part in ("this", "db", "catalog"):
            table.set(part, stored.args.get(part))
        if named is None and fold(shown.path[-1]) != fold(shown.name):
            _set_alias(table, exp.to_identifier(shown.name, quoted=True))
        return
    if named is None:
        _set_alias(table, exp.to_identifier(table.name, quoted=True))
    columns: list[exp.Expr] = (
        [exp.Star()]
        if shown.columns is None
        else [exp.column(exp.to_identifier(name, quoted=True)) for name in shown.columns]
    )
    query = exp.Select(expressions=columns, from_=exp.From(this=stored))
    if shown.rows is not None:
        query.set("where", exp.Where(this=_condition(shown, dialect)))
    others = {key: value for key, value in table.args.items() if key not in _NAME_PARTS}
    table.replace(exp.Subquery(this=query, **others))


def _stored(shown: Visible) -> exp.Table:
    parts = [exp.to_identifier(part, quoted=True) for part in shown.path]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))


def _set_alias(table: exp.Table, name: exp.Identifier) -> None:
    alias = table.args.get("alias") or exp.TableAlias()
    alias.set("this", name)
    table.set("alias", alias)


def _condition(shown: Visible, dialect: Dialect) -> exp.Expr:
    try:
        tree = parse(f"SELECT 1 WHERE {shown.rows}", dialect)
    except ClewError as error:
        raise _no_condition(shown) from error
    where = tree.args.get("where")
    if where is None or _filled(tree) != {"expressions", "where"}:
        raise _no_condition(shown)
    condition: exp.Expr = where.this
    return condition


def _no_condition(shown: Visible) -> SourceError:
    return SourceError(f"The row filter of table {shown.name!r} in the policy is no SQL condition.")
