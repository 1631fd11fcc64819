"""Which tables does the company have, and what does each column mean?

The tables are data (`words/tables.txt`), under plain names; `naming.py` gives the real ones.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

from clew_acme.words import text

__all__ = ["Column", "Kind", "Table", "tables"]

Kind = Literal["int", "text", "bool", "date", "time", "money", "rate"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column by meaning."""

    name: str
    kind: Kind
    meaning: str
    unit: str
    references: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """One table by meaning."""

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """Find a column by its plain name."""
        return next(column for column in self.columns if column.name == name)


@cache
def tables() -> dict[str, Table]:
    """Read all tables, in the order in which they are made."""
    found: dict[str, Table] = {}
    head: list[str] = []
    columns: list[Column] = []

    def close() -> None:
        if head:
            name, meaning, key = head
            found[name] = Table(
                name=name, meaning=meaning, key=tuple(key.split(", ")), columns=tuple(columns)
            )

    for line in text("tables.txt").splitlines():
        parts = [part.strip() for part in line.split("|")]
        if not line or line.startswith("#"):
            continue
        if line.startswith("table "):
            close()
            head = [parts[0][6:], parts[1], parts[2].removeprefix("key ")]
            columns = []
            continue
        name, kind, *reference = parts[0].replace(" -> ", " ").split()
        columns.append(
            Column(
                name=name,
                kind=cast(Any, kind),
                meaning=parts[1],
                unit=parts[2] if len(parts) > 2 else "",
                references=reference[0] if reference else "",
            )
        )
    close()
    return found
