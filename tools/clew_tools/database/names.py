"""How are the names of sources, tables and columns made plain, unique and quoted?"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)

_BACKTICKS = frozenset({"mysql", "bigquery", "spark"})
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|`[^`]*`|"(?:[^"]|"")*\"""")


def fold(name: str) -> str:
    """Fold a name as the engines do: ASCII capitals only.

    Python's own casefold would make 'straße' and 'strasse' one name, which no engine does.
    """
    return name.translate(_LOWER)


def raised(name: str) -> str:
    """Turn a name to capitals as Snowflake does: ASCII letters only."""
    return name.translate(_UPPER)


def quoted(name: str) -> str:
    """Quote a name for SQL.

    >>> print(quoted('3" pipe'))
    "3"" pipe"
    """
    return '"' + name.replace('"', '""') + '"'


def respelled(sql: str, dialect: str) -> str:
    """Put the names of a statement of Clew's own, as ``quoted`` writes them, as an engine does.

    Texts stay as they are; a statement that is already the engine's own does, too.

    >>> print(respelled('SELECT "a`b" FROM t', "mysql"))
    SELECT `a``b` FROM t
    """
    if dialect not in _BACKTICKS:
        return sql
    return _QUOTED.sub(lambda found: _in_backticks(found[0]), sql)


def _in_backticks(text: str) -> str:
    if not text.startswith('"'):
        return text
    return "`" + text[1:-1].replace('""', '"').replace("`", "``") + "`"


def text_literal(value: str) -> str:
    """Quote a text for SQL.

    >>> text_literal("it's")
    "'it''s'"
    """
    return "'" + value.replace("'", "''") + "'"


def plain(name: str) -> str:
    """Make a name that needs no quotes from any text.

    >>> plain("2014 q4"), plain("Größe (m)"), plain("--")
    ('source_2014_q4', 'Größe_m', 'source')
    """
    found = re.sub(r"\W+", "_", name).strip("_")
    if not found:
        return "source"
    return found if found.isidentifier() else f"source_{found}"


def numbered(names: Iterable[str]) -> tuple[str, ...]:
    """Make names unique, ignoring case, as engines do: the second ``x`` becomes ``x_2``.

    >>> numbered(["x", "X", "x_2", "x"])
    ('x', 'X_2', 'x_2_2', 'x_3')
    """
    taken: set[str] = set()
    unique = []
    for name in names:
        number, candidate = 1, name
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{name}_{number}"
        taken.add(candidate.casefold())
        unique.append(candidate)
    return tuple(unique)
