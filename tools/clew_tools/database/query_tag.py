"""How does the owner of a server see who runs a statement?

By a comment in front of it: lists of running statements cut the end off. DuckDB and SQLite work
in Clew's own process and have nobody who would look; their statements stay as they are.
"""

from __future__ import annotations

import re

from clew_core.principal import Principal

_EMBEDDED = ("duckdb", "sqlite")
# It takes comments in front of a statement out of its history.
_COMMENT_BEHIND = ("snowflake",)
_LONGEST = 40
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9_.@-]")


def tag(principal: Principal, run: str | None) -> str:
    """Name user, tenant and run in plain signs: nothing in it can end a comment.

    >>> tag(Principal(user="ana */ DROP"), "r1")
    'clew user=ana____DROP run=r1 tenant=local'
    """
    parts = {"user": principal.user, "run": run or "-", "tenant": principal.tenant}
    said = (f"{name}={_NOT_PLAIN.sub('_', text)[:_LONGEST]}" for name, text in parts.items())
    return f"clew {' '.join(said)}"


def tagged(sql: str, dialect: str, principal: Principal, run: str | None) -> str:
    """Put the tag before a statement for a server."""
    if dialect in _EMBEDDED:
        return sql
    comment = f"/* {tag(principal, run)} */"
    return f"{sql} {comment}" if dialect in _COMMENT_BEHIND else f"{comment} {sql}"
