"""Which tables does a statement read, make, change and drop?"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 200_000
"""Characters of SQL that are parsed; more are looked through for names only."""

_STARTS = re.compile(
    r"^\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(?\s*(select|with|from|create|insert|update|delete|drop"
    r"|alter|merge|copy|show|describe|summarize|explain|pragma|attach|truncate|replace|values)\b",
    re.I | re.S,
)
_READS = re.compile(r"\b(?:from|join|into|update|table|view)\s+([\w.\"`]+)", re.I)
_FILLED = re.compile(r"\{\{?\s*([A-Za-z_]\w*)[^{}]*\}?\}")
_ONLY_READS = frozenset({"select", "with", "from", "show", "describe", "summarize", "values"})


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What a text of SQL does; names in lower case, without quotes.

    Attributes:
        reads: tables and views; file names in quotes as they stand.
        makes: tables and views made anew.
        changes: tables whose rows or columns change.
        drops: tables that are gone.
        names: variables that are filled in: `{{x}}`, `:x`, `$x`.
        files: files that it writes.
        views: those of what it makes that are views.
        unread: it was not understood and looked through for names only.
    """

    reads: frozenset[str] = frozenset()
    makes: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    drops: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    unread: bool = False

    @property
    def only_reads(self) -> bool:
        """Say whether it leaves everything as it was."""
        return not (self.makes or self.changes or self.drops or self.files)


def looks_like_sql(text: str) -> bool:
    """Say whether a text in Python is probably a statement."""
    found = _STARTS.match(text)
    return bool(found) and len(text.split(None, 2)) > 2


def only_reads(text: str) -> bool:
    """Say whether a statement is of a kind that changes nothing, by its first word."""
    found = _STARTS.match(text)
    return bool(found) and found[1].lower() in _ONLY_READS  # type: ignore[index]


def read_sql(text: str) -> Statement:
    """Read statements, several if need be; never raises."""
    import logging

    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    names = set(_FILLED.findall(text))
    filled = _FILLED.sub(lambda found: found[1], text)
    log = logging.getLogger("sqlglot")
    before, log.disabled = log.disabled, True  # it warns of each statement that it leaves unread
    try:
        if len(text) > LONGEST:
            return _by_words(filled, names)
        trees = [tree for tree in sqlglot.parse(filled, dialect="duckdb") if tree is not None]
    except (SqlglotError, RecursionError, ValueError):
        return _by_words(filled, names)
    finally:
        log.disabled = before
    reads: set[str] = set()
    makes: set[str] = set()
    changes: set[str] = set()
    drops: set[str] = set()
    files: set[str] = set()
    views: set[str] = set()
    unread = False
    for tree in trees:
        target = _target(tree)
        if isinstance(tree, exp.Command):
            changes |= _by_words(tree.sql(), set()).reads
            unread = True
            continue
        common: set[str] = set()  # a CTE hides a table of its name
        tables: list[exp.Table] = []
        for node in tree.walk():
            if isinstance(node, exp.Table):
                tables.append(node)
            elif isinstance(node, exp.CTE):
                common.add(node.alias_or_name.lower())
            elif isinstance(node, exp.Anonymous):
                reads.add(node.name.lower())  # perhaps a function that another cell made
            elif isinstance(node, exp.Placeholder | exp.Parameter):
                if node.name.isidentifier():
                    names.add(node.name)
            elif isinstance(node, exp.UserDefinedFunction) and isinstance(tree, exp.Create):
                makes.add(str(node.this.name).lower())
        for table in tables:
            if not isinstance(table.this, exp.Identifier):
                reads |= {str(t.this) for t in table.find_all(exp.Literal) if t.is_string}
                continue
            name = _name(table)
            if table is not target:
                if name not in common:
                    reads.add(name)
            elif isinstance(tree, exp.Create):
                if str(tree.args.get("kind")).upper() == "VIEW":
                    views.add(name)
                (makes if tree.args.get("exists") is not True else changes).add(name)
            elif isinstance(tree, exp.Drop):
                drops.add(name)
            else:
                changes.add(name)
        if isinstance(tree, exp.Copy):
            files |= {
                str(f.this) for f in tree.args.get("files") or () if isinstance(f, exp.Literal)
            }
    return Statement(
        reads=frozenset(reads - makes),
        makes=frozenset(makes),
        changes=frozenset(changes - makes),
        drops=frozenset(drops - makes),
        names=frozenset(names),
        files=frozenset(files),
        views=frozenset(views),
        unread=unread,
    )


def _target(tree: object) -> object:
    """Find the table that a statement is about, where it is not a query."""
    from sqlglot import exp

    kinds = (
        exp.Create, exp.Insert, exp.Update, exp.Delete, exp.Drop, exp.Alter, exp.Merge,
        exp.TruncateTable,
    )  # fmt: skip
    if not isinstance(tree, kinds):
        return None
    if isinstance(tree, exp.TruncateTable):
        return next(iter(tree.expressions), None)
    target = tree.this
    if isinstance(target, exp.Schema):
        target = target.this
    return target if isinstance(target, exp.Table) else None


def _name(table: object) -> str:
    from sqlglot import exp

    assert isinstance(table, exp.Table)
    return ".".join(part.name for part in table.parts).lower()


def _by_words(text: str, names: set[str]) -> Statement:
    found = {name.strip('"`').lower() for name in _READS.findall(text)}
    return Statement(reads=frozenset(found), names=frozenset(names), unread=True)
