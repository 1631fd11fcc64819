"""May this statement run, and what exactly is run in its place?

A statement is read into a tree; it must be one query whose every node and function stands in
``guard_rules`` and whose every table is visible. The policy is written into the tree: a table
with hidden columns or rows becomes a sub-query that lacks them. What runs is written from the
tree. It does not bound time, memory or rows: those are the engine's walls.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from clew_core.errors import ClewError, Refused, RetryByModel, SourceError
from clew_tools.database.guard_dialects import CALLED_BARE, EXACT, GRAMMARS, RESERVED, TURNED
from clew_tools.database.guard_rules import allowed
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect

LONGEST = 100_000
"""Characters that a statement may have."""
DEEPEST = 100
"""Brackets, CASEs and sub-queries that may stand inside each other."""
# Wildcards of BigQuery and what else sqlglot takes for a part of a name are none.
_PLAIN_NAME = re.compile(r"[\w$]+")
_UNARY = frozenset({"not", "-", "+", "~", "@"})
# What gives a number, a text or a list: no answer to "may this row be seen?".
_NO_CONDITIONS = (
    exp.Literal, exp.Null, exp.Neg, exp.DPipe, exp.Array, exp.Tuple, exp.Interval, exp.Star,
    exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod,
)  # fmt: skip
_NAME_PARTS = ("this", "db", "catalog")
_WORDS = {
    "Into": "SELECT INTO", "Lock": "FOR UPDATE", "TableSample": "TABLESAMPLE",
    "Placeholder": "?", "Parameter": "$", "Anonymous": "function",
}  # fmt: skip
# On other servers it is the one that the URL names.
_MAIN: dict[Dialect, str] = {"duckdb": "main", "sqlite": "main", "postgres": "public"}


@dataclass(frozen=True, kw_only=True)
class _Rules:
    """What ``guard_rules`` says about one engine."""

    nodes: frozenset[str]
    functions: frozenset[str]
    starts: frozenset[str]
    roots: frozenset[str]
    parts: frozenset[str]
    checks: frozenset[str]


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
        scans: the same, as often as each stands there.
    """

    sql: str
    tables: tuple[str, ...]
    scans: tuple[str, ...] = ()


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
        check_nodes(tree, dialect, forbidden)
        scans = _resolve_tables(tree, dialect, visible)
        if limit is not None and isinstance(tree, (exp.Select, exp.SetOperation)):
            if not tree.args.get("limit") and not tree.args.get("fetch"):
                tree.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
        tables = tuple(dict.fromkeys(scans))
        return Guarded(sql=write(tree, dialect), tables=tables, scans=scans)
    except RecursionError:
        raise _too_deep() from None


def parse(sql: str, dialect: Dialect) -> exp.Expr:
    """Read one query into a tree.

    Raises:
        Refused: it is something else than one query.
        RetryByModel: it is no SQL.
    """
    rules = _rules(dialect)
    if len(sql) > LONGEST and "length" in rules.checks:
        raise Refused(f"The statement has {len(sql):,} characters; {LONGEST:,} are allowed.")
    grammar = GRAMMARS[dialect]()
    try:
        tokens = grammar.tokenize(sql)
        start = next((token.text for token in tokens if token.text != ";"), None)
        if start is None:
            raise RetryByModel("The statement is empty.")
        if fold(start) not in rules.starts:
            raise Refused(f"{start.upper()!r} is not allowed: only a query (SELECT) may run.")
        if "depth" in rules.checks:
            _check_depth(tokens)
        if "executable comments" in rules.checks:
            _check_comments(tokens)
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
    if len(statements) > 1 and "several statements" in rules.checks:
        raise Refused(f"{len(statements)} statements are not allowed: only one query may run.")
    tree = statements[0]
    while isinstance(tree, exp.Subquery) and tree.this and len(filled(tree)) == 1:
        # Brackets around the whole, which SQLite does not take.
        tree = tree.this
    if type(tree).__name__ not in rules.roots:
        raise Refused(
            f"{type(tree).__name__.upper()!r} is not allowed: only a query (SELECT) may run."
        )
    for column in tree.find_all(exp.Column):
        if isinstance(column.this, exp.Null):  # "orders.NULL" is printed, and read, otherwise
            raise RetryByModel("A column called NULL has to be in quotes.")
    return tree


def write(tree: exp.Expr, dialect: Dialect) -> str:
    """Write a tree as SQL, without comments."""
    generator = GRAMMARS[dialect]().generator(comments=False, normalize_functions=False)
    return str(generator.generate(tree, copy=False))


def filled(tree: exp.Expr) -> set[str]:
    """Name the parts of a node that hold something."""
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
        if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            run = 0
            continue
        text = token.text
        run = run + 1 if fold(text) in _UNARY else 0
        if text in ("(", "[", "{") or fold(text) == "case":
            depth += 1
        elif text in (")", "]", "}") or fold(text) == "end":
            depth -= 1
        if depth > DEEPEST or run > DEEPEST:
            raise _too_deep()


def _check_comments(tokens: Sequence[Token]) -> None:
    """Refuse what MySQL and MariaDB run although it stands in a comment."""
    for token in tokens:
        if any(comment.startswith(("!", "M!")) for comment in token.comments):
            raise Refused("A comment that the server would run (/*! … */) is not allowed.")


def check_nodes(tree: exp.Expr, dialect: Dialect, forbidden: frozenset[str]) -> None:
    """Refuse a tree that holds what no rule allows; quote names that engines would call.

    Raises:
        Refused: as ``guard``.
        RetryByModel: a SELECT names no column.
    """
    rules, bare = _rules(dialect), CALLED_BARE[dialect]
    for node in tree.walk():
        kind = type(node).__name__
        if kind == "Anonymous":
            name = fold(node.name)
            if name not in rules.functions or (
                name in forbidden and "redefined functions" in rules.checks
            ):
                raise Refused(f"The function {name!r} is not allowed.")
        elif kind not in rules.nodes:
            raise Refused(_not_allowed(node))
        elif isinstance(node, exp.Identifier):
            name = fold(node.name)
            odd = name in RESERVED or name in bare or not _PLAIN_NAME.fullmatch(name)
            if not node.args.get("quoted") and odd:
                # sqlglot took it for a name; the engine must not take it for something else.
                node.set("quoted", True)
                node.set("this", _turned(node.name, dialect))
        elif isinstance(node, exp.Select):
            if not node.expressions:
                raise RetryByModel("A SELECT names no column.")
            _check_parts(node, rules)
        elif kind == "With":
            if node.args.get("recursive") and "endless recursion" in rules.checks:
                raise Refused("WITH RECURSIVE is not allowed: it may never end.")
        elif isinstance(node, exp.Table):
            by_name = isinstance(node.this, exp.Identifier)
            if not by_name and "functions as tables" in rules.checks:
                name = node.this.name if node.this is not None else ""
                raise Refused(f"{name or 'This'!r} can't stand in place of a table.")
            _check_parts(node, rules)
        elif isinstance(node, exp.Dot):
            called = isinstance(node.expression, exp.Func)
            if called and "functions of a schema" in rules.checks:
                raise Refused(f"The function {node.sql()[:100]!r} is not allowed.")
        elif isinstance(node, exp.Column):
            moves = node.table and fold(node.name) in ("nextval", "currval")
            if moves and "sequences" in rules.checks:
                raise Refused(f"The sequence {node.table!r} is not allowed.")
        elif isinstance(node, exp.DataType):
            named = node.this in (exp.DType.USERDEFINED, exp.DType.UNKNOWN)
            if named and "types by name" in rules.checks:
                # pg_catalog.regclass and its like look names up, hidden ones too.
                raise Refused(f"The type {node.sql()!r} is not allowed.")


def _check_parts(node: exp.Expr, rules: _Rules) -> None:
    name = type(node).__name__
    for part in sorted(filled(node)):
        if f"{name}.{part}" not in rules.parts and part != "catalog":
            raise Refused(
                f"{name.upper()} with {part.strip('_').replace('_', ' ')!r} is not allowed."
            )


def _not_allowed(node: exp.Expr) -> str:
    if isinstance(node, exp.Func):
        return f"The function {fold(node.sql_name())!r} is not allowed."
    words = _WORDS.get(type(node).__name__, type(node).__name__.upper())
    return f"{words!r} is not allowed: only a plain query (SELECT) may run."


@functools.cache
def _rules(dialect: Dialect) -> _Rules:
    return _Rules(
        nodes=allowed("node", dialect),
        functions=allowed("function", dialect),
        starts=allowed("start", dialect),
        roots=allowed("root", dialect),
        parts=allowed("part", dialect),
        checks=allowed("check", dialect),
    )


def _resolve_tables(
    tree: exp.Expr, dialect: Dialect, visible: Mapping[str, Visible]
) -> tuple[str, ...]:
    read: list[str] = []
    replaced: set[tuple[str, str]] = set()
    # A list first: the tree is changed on the way.
    for table, in_scope in list(tables_in(tree)):
        if not table.args.get("db") and fold(table.name) in in_scope:
            continue
        shown = _find(table, dialect, visible)
        read.append(shown.name)
        schema = table.args.get("db")
        if _replace(table, shown, dialect, visible) and schema:
            replaced.add((fold(schema.name), fold(table.name)))
    if replaced:
        _drop_schemas(tree, replaced)
    return tuple(read)


def _drop_schemas(tree: exp.Expr, replaced: set[tuple[str, str]]) -> None:
    """Call columns of a sub-query by its name alone: it stands in no schema."""
    for column in tree.find_all(exp.Column):
        schema = column.args.get("db")
        if schema and (fold(schema.name), fold(column.table)) in replaced:
            column.set("db", None)


def tables_in(tree: exp.Expr) -> Iterator[tuple[exp.Table, frozenset[str]]]:
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


def _find(table: exp.Table, dialect: Dialect, visible: Mapping[str, Visible]) -> Visible:
    schema = table.args.get("db")
    written = f"{schema.name}.{table.name}" if schema else table.name
    shown = visible.get(fold(written))
    if shown is None and schema and fold(schema.name) == fold(_main(dialect, visible)):
        shown = visible.get(fold(table.name))
    elsewhere = table.args.get("catalog") and "other databases" in _rules(dialect).checks
    if shown is None or elsewhere:
        name = table.sql(dialect="duckdb") if table.args.get("catalog") else written
        raise Refused(f"There is no table {name!r} here.", hint=_hint(visible))
    return shown


def _main(dialect: Dialect, visible: Mapping[str, Visible]) -> str:
    """Name the schema whose tables need no schema; empty where nothing tells."""
    if dialect in _MAIN:
        return _MAIN[dialect]
    main = (v.path[-2] for v in visible.values() if len(v.path) > 1 and v.name == v.path[-1])
    return next(main, "")


def _turned(name: str, dialect: Dialect) -> str:
    """Write a name without quotes as the engine keeps it."""
    return TURNED[dialect](name) if dialect in TURNED else name


def _hint(visible: Mapping[str, Visible]) -> str:
    names = [shown.name for shown in visible.values()]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"Tables: {', '.join(names[:12])}{more}." if names else "There are no tables."


def _replace(
    table: exp.Table, shown: Visible, dialect: Dialect, visible: Mapping[str, Visible]
) -> bool:
    """Put the table as the policy shows it in the place of its name; say if by a sub-query."""
    alias = table.args.get("alias")
    named = alias.this if alias is not None and alias.this is not None else None
    written = table.name
    if not table.this.args.get("quoted"):
        written = _turned(written, dialect)
    stored = _stored(shown)
    if shown.columns is None and shown.rows is None:
        for part in ("this", "db", "catalog"):
            table.set(part, stored.args.get(part))
        if named is None and not _is_called(shown.path[-1], written, dialect):
            _set_alias(table, exp.to_identifier(written, quoted=True))
        return False
    if named is None:
        _set_alias(table, exp.to_identifier(written, quoted=True))
    columns: list[exp.Expr] = (
        [exp.Star()]
        if shown.columns is None
        else [exp.column(exp.to_identifier(name, quoted=True)) for name in shown.columns]
    )
    query = exp.Select(expressions=columns, from_=exp.From(this=stored))
    if shown.rows is not None:
        inner = condition(shown.rows, shown.name, dialect, visible)
        query.set("where", exp.Where(this=inner))
    others = {key: value for key, value in table.args.items() if key not in _NAME_PARTS}
    table.replace(exp.Subquery(this=query, **others))
    return True


def _is_called(stored: str, written: str, dialect: Dialect) -> bool:
    """Say whether the rest of the statement finds a table under the name that it wrote."""
    return stored == written if dialect in EXACT else fold(stored) == fold(written)


def _stored(shown: Visible) -> exp.Table:
    parts = [exp.to_identifier(part, quoted=True) for part in shown.path]
    return exp.Table(**dict(zip(("this", "db", "catalog"), reversed(parts), strict=False)))


def _set_alias(table: exp.Table, name: exp.Identifier) -> None:
    alias = table.args.get("alias") or exp.TableAlias()
    alias.set("this", name)
    table.set("alias", alias)


def condition(rows: str, table: str, dialect: Dialect, visible: Mapping[str, Visible]) -> exp.Expr:
    """Read a row filter, with the tables inside it named in full.

    It is read as its owner: other row filters don't apply inside. In full, so that no WITH of
    somebody's statement takes the place of a table that the filter means.

    Raises:
        SourceError: it is no condition.
    """
    try:
        tree = parse(f"SELECT 1 WHERE {rows}", dialect)
        check_nodes(tree, dialect, frozenset())
    except ClewError as error:
        raise no_condition(table, str(error)) from error
    where = tree.args.get("where")
    if where is None or filled(tree) != {"expressions", "where"}:
        raise no_condition(table, "It is more than a condition.")
    found: exp.Expr = where.this
    if isinstance(found.unnest(), _NO_CONDITIONS):
        raise no_condition(table, "It is neither true nor false.")
    for inner, in_scope in list(tables_in(tree)):
        schema = inner.args.get("db")
        if inner.args.get("catalog") or (not schema and fold(inner.name) in in_scope):
            raise no_condition(table, f"{inner.name!r} can't be used so in it.")
        written = f"{schema.name}.{inner.name}" if schema else inner.name
        shown = visible.get(fold(written))
        main = schema.name if schema else _main(dialect, visible)
        if not main:
            raise no_condition(table, f"{inner.name!r} in it must be named with its schema.")
        path = shown.path if shown else (main, inner.name)
        if inner.args.get("alias") is None:
            _set_alias(inner, exp.to_identifier(inner.name, quoted=True))
        for part, name in zip(_NAME_PARTS, reversed(path), strict=False):
            inner.set(part, exp.to_identifier(name, quoted=True))
    return found


def no_condition(table: str, why: str) -> SourceError:
    """Say what is wrong with a row filter."""
    return SourceError(
        f"The row filter of table {table!r} in the policy is no SQL condition on its rows: {why}"
    )
