"""How the days between two dates are said: from order to first ticket."""

from __future__ import annotations

from typing import Protocol

from clew_core import query_spec as q


class Says(Protocol):
    """Who has the question's words for tables and columns."""

    def things(self, table: str | None = None, *, one: bool = False) -> str:
        """Say the rows of a table, or one of them."""
        ...

    def column(self, value: q.Column | q.Arithmetic | None) -> str:
        """Say a column."""
        ...


def days_between(days: q.Arithmetic, words: Says) -> str:
    """Say both ends: by their tables, or by their columns where both have one table."""
    others = [arg.of if isinstance(arg, q.Below) else arg for arg in days.args]
    tables = {other.table for other in others if isinstance(other, q.Column)}
    ends = []
    for arg in days.args:
        if isinstance(arg, q.Below):
            pick = "first" if arg.aggregate == "min" else "last"
            ends.append(f"{pick} {words.things(arg.of.table, one=True)}")
        elif isinstance(arg, q.Column):
            own = words.column(arg)
            ends.append(words.things(arg.table, one=True) if len(tables) > 1 else own)
    return f"days from {' to '.join(ends)}"
