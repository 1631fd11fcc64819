"""How may the cells of a file's owner change it, and nothing else?

Only a DuckDB or SQLite file whose ``source.yaml`` says ``writes: true``, only for somebody from
whom nothing of it is hidden, and only INSERT, UPDATE, DELETE, CREATE TABLE and DROP TABLE of its
own tables. Agents never come here: they hold a ``Source``, which has no road to writing.

Walls besides the check: DuckDB's external access is off and its configuration locked, its thread
is kept to the file's folder; SQLite's authoriser knows these five and no other file.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import duckdb
from sqlglot import exp
from sqlglot.errors import SqlglotError

from clew_core.deadline import Deadline
from clew_core.errors import ClewError, Refused, RetryByModel, SourceError
from clew_core.principal import Principal
from clew_tools.database import cage, progress_bar, scratch
from clew_tools.database.duckdb_engine import DuckDBEngine, mapped
from clew_tools.database.engine import Engine, Stored, Workers
from clew_tools.database.file_kind import kind_of
from clew_tools.database.guard import LONGEST, check_nodes, filled, tables_in, write
from clew_tools.database.guard_dialects import GRAMMARS
from clew_tools.database.names import fold
from clew_tools.database.source import Dialect
from clew_tools.database.sqlite_engine import SQLiteEngine, authorise_writes, mapped_of

_FIRST = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*([A-Za-z]+)", re.DOTALL)
_STARTS = frozenset(("insert", "update", "delete", "create", "drop"))
# What may stand in a statement that writes, and with which parts; all inside is held to the guard.
_PARTS: dict[str, frozenset[str]] = {
    "Insert": frozenset(("this", "expression")),
    "Update": frozenset(("this", "expressions", "where")),
    "Delete": frozenset(("this", "where")),
    "Create": frozenset(("this", "kind", "expression", "exists")),
    "Drop": frozenset(("this", "tables", "kind", "exists")),
    "Schema": frozenset(("this", "expressions")),
    "ColumnDef": frozenset(("this", "kind", "constraints")),
    "ColumnConstraint": frozenset(("kind",)),
    "NotNullColumnConstraint": frozenset(("allow_null",)),
    "PrimaryKeyColumnConstraint": frozenset(),
    "UniqueColumnConstraint": frozenset(),
    "PrimaryKey": frozenset(("expressions", "include")),
    "IndexParameters": frozenset(),
    "Values": frozenset(("expressions",)),
    "Tuple": frozenset(("expressions",)),
}
_ROOTS = (exp.Insert, exp.Update, exp.Delete, exp.Create, exp.Drop)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A file that the cells of its owner may change.

    Attributes:
        file: the database.
        dialect: of its SQL.
    """

    file: Path
    dialect: Dialect


def written_by(sql: str) -> str | None:
    """Name the word by which a statement begins, where it is one that writes.

    >>> written_by("/* a note */ delete FROM t"), written_by("SELECT 1")
    ('DELETE', None)
    """
    found = _FIRST.match(sql)
    word = found[1].lower() if found else ""
    return word.upper() if word in _STARTS else None


def granted(location: str, principal: Principal, word: str) -> Grant:
    """Find out whether the owner of a source lets her cells change it.

    Args:
        location: of the source, as it was declared in the notebook.
        principal: who runs the cell.
        word: what she would do, for the message.

    Raises:
        Refused: she does not.
        SourceError: the declaration can't be read.
    """
    from clew_tools.database.declaration import FILE, read_declaration

    path = Path(location).expanduser() if "://" not in location else None
    if path is not None and path.is_dir():
        path = path / FILE
    if path is None or path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        raise _not_granted(word)
    declaration = read_declaration(path)
    policy = principal.policy
    if not declaration.writes:
        raise _not_granted(word)
    if declaration.by_role() or policy.tables is not None or policy.hide or policy.rows:
        raise Refused("A source of which a part is hidden can't be changed from a cell.")
    if "://" in declaration.location:
        raise Refused("Only a file can be changed from a cell, not a server.")
    file = (path.parent / Path(declaration.location).expanduser()).resolve()
    kind = kind_of(file)[0] if file.is_file() else ""
    if kind == "duckdb":
        return Grant(file=file, dialect="duckdb")
    if kind == "sqlite":
        return Grant(file=file, dialect="sqlite")
    raise Refused("Only a DuckDB or SQLite file can be changed from a cell.")


def _not_granted(word: str) -> Refused:
    return Refused(
        f"{word!r} would change data, and sources are read only.",
        hint="For cells of your own, declare the file in a source.yaml with writes: true.",
    )


def run_write(sql: str, grant: Grant, deadline: Deadline) -> int | None:
    """Run a statement that writes, whole or not at all.

    Args:
        sql: one statement.
        grant: the file; nobody in this process may have it open.
        deadline: ends it, and takes it back.

    Returns:
        How many rows it changed, where the engine says so.

    Raises:
        Refused: it is none of the five statements, or touches something else than the file's
            tables.
        RetryByModel: the engine does not understand it.
        BudgetEnded, Cancelled: it was stopped; nothing is changed.
        SourceError: the file can't be written.
    """
    checked = check_write(sql, grant.dialect, _tables(grant))
    run = _run_duckdb if grant.dialect == "duckdb" else _run_sqlite
    return run(checked, grant.file, deadline)


def _tables(grant: Grant) -> tuple[Stored, ...]:
    engine: Engine
    if grant.dialect == "duckdb":
        engine = DuckDBEngine(grant.file, threads=1)
    else:
        engine = SQLiteEngine(grant.file)
    with closing(engine):
        return engine.tables()


def check_write(sql: str, dialect: Dialect, stored: tuple[Stored, ...]) -> str:
    """Let one statement that writes through, with its tables named in full, or refuse it.

    Raises:
        Refused, RetryByModel: as ``run_write``.
    """
    try:
        tree = _parse(sql, dialect)
        _check(tree, dialect)
        _name_tables(tree, dialect, stored)
        return write(tree, dialect)
    except RecursionError:
        raise Refused("The statement is nested too deeply.") from None


def _parse(sql: str, dialect: Dialect) -> exp.Expr:
    if len(sql) > LONGEST:
        raise Refused(f"The statement has {len(sql):,} characters; {LONGEST:,} are allowed.")
    grammar = GRAMMARS[dialect]()
    try:
        trees = [tree for tree in grammar.parser().parse(grammar.tokenize(sql), sql) if tree]
    except ClewError:
        raise
    except (SqlglotError, AttributeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise RetryByModel("The statement is no valid SQL.") from error
    trees = [tree for tree in trees if not isinstance(tree, exp.Semicolon)]
    if len(trees) != 1 or not isinstance(trees[0], _ROOTS):
        raise Refused(
            "Only one INSERT, UPDATE, DELETE, CREATE TABLE or DROP TABLE may stand in a cell."
        )
    return trees[0]


def _check(tree: exp.Expr, dialect: Dialect) -> None:
    """Hold the outer part to what is allowed here, and all inside of it to the guard."""
    stack = [tree]
    while stack:
        node = stack.pop()
        name = type(node).__name__
        if name not in _PARTS or (isinstance(node, _ROOTS) and node is not tree):
            check_nodes(node, dialect, frozenset())
            continue
        for part in sorted(filled(node)):
            if part not in _PARTS[name]:
                raise Refused(f"{name.upper()} with {part.strip('_')!r} is not allowed in a cell.")
        if isinstance(node, exp.Drop) and len(list(node.find_all(exp.Table))) != 1:
            raise Refused("Only one table can be dropped at a time.")
        if isinstance(node, (exp.Create, exp.Drop)) and str(node.args.get("kind")) != "TABLE":
            raise Refused(f"Only tables can be made or dropped, not {node.args.get('kind')!r}.")
        stack.extend(node.iter_expressions())


def _name_tables(tree: exp.Expr, dialect: Dialect, stored: tuple[Stored, ...]) -> None:
    by_name = {fold(table.name): table for table in stored}
    target = _target(tree)
    made = target if isinstance(tree, exp.Create) else None
    for table, in_scope in list(tables_in(tree)):
        schema = table.args.get("db")
        if not isinstance(table.this, exp.Identifier):
            raise Refused("A function can't stand in place of a table.")
        if not schema and fold(table.name) in in_scope:
            continue
        written = f"{schema.name}.{table.name}" if schema else table.name
        known = by_name.get(fold(written))
        if known is None and schema and fold(schema.name) == "main":
            known = by_name.get(fold(table.name))
        if table.args.get("catalog") or (known is None and table is not made):
            raise Refused(f"There is no table {table.name!r} in this file.")
        if table is made and schema and fold(schema.name) != "main":
            raise Refused("A new table can only be made in the main schema.")
        if known is not None and known.view and table is target:
            raise Refused(f"{table.name!r} is a view: change the table behind it.")
        path = known.path if known is not None else ("main", table.name)
        for part, value in zip(("this", "db"), reversed(path), strict=False):
            table.set(part, exp.to_identifier(value, quoted=True))
        if table is not target and not table.alias:
            # The rest of the statement knows it by this name.
            table.set("alias", exp.TableAlias(this=exp.to_identifier(path[-1], quoted=True)))


def _target(tree: exp.Expr) -> exp.Table | None:
    if isinstance(tree, exp.Drop):
        return tree.find(exp.Table)
    this = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return this if isinstance(this, exp.Table) else None


# --- running ---------------------------------------------------------------------------------


def _run_duckdb(sql: str, file: Path, deadline: Deadline) -> int | None:
    rules = cage.ruleset([], [file.parent, scratch.folder()])
    opened: list[duckdb.DuckDBPyConnection] = []

    def work() -> int | None:
        connection = duckdb.connect(
            str(file),
            config={
                "memory_limit": f"{deadline.budget.memory_mb}MB",
                "temp_directory": str(scratch.folder()),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "allow_community_extensions": "false",
                "threads": "1",
                "async_threads": "0",
            },
        )
        opened.append(connection)
        progress_bar.leave_out(connection)
        with closing(connection):
            if rules is not None:
                cage.enter(rules)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            row = connection.execute(sql).fetchone()
            return int(row[0]) if row and isinstance(row[0], int) else None

    def interrupt() -> None:
        for connection in opened:
            connection.interrupt()

    workers = Workers(threads=1)
    try:
        return workers.run(work, deadline, interrupt)
    except duckdb.Error as error:
        raise mapped(error, file, deadline.budget.memory_mb) from error
    finally:
        workers.close()
        if rules is not None:
            os.close(rules)


def _run_sqlite(sql: str, file: Path, deadline: Deadline) -> int | None:
    try:
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=rw",
            uri=True, check_same_thread=False, isolation_level=None, timeout=2,
        )  # fmt: skip
    except sqlite3.Error as error:
        raise SourceError(f"{str(file)!r} can't be written: {error}.") from error
    workers = Workers(threads=1)
    with closing(connection):
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.set_authorizer(authorise_writes)
            connection.set_progress_handler(
                lambda: deadline.cancelled or deadline.remaining_s == 0, 50_000
            )
            changed = workers.run(
                lambda: connection.execute(sql).rowcount, deadline, connection.interrupt
            )
        except sqlite3.Error as error:
            raise mapped_of(error, file) from error
        finally:
            workers.close()
    return changed if changed >= 0 else None
