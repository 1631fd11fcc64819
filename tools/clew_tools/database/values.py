"""Which text columns hold a value that somebody names?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clew_core.deadline import Deadline
from clew_tools.database.catalog import Catalog
from clew_tools.database.names import quoted
from clew_tools.database.source import Dialect, ValueHit


class TextValues:
    """Values of text columns by their normalised form."""

    def __init__(self, hits: dict[str, list[ValueHit]]) -> None:
        """Take hits by normalised value."""
        self._hits = hits
        self.longest = max((value.count(" ") + 1 for value in hits), default=0)

    @classmethod
    def read(
        cls,
        catalog: Catalog,
        rows: Callable[[str], list[tuple[Any, ...]]],
        dialect: Dialect,
        deadline: Deadline,
    ) -> TextValues:
        """Read the values of name-like text columns."""
        hits: dict[str, list[ValueHit]] = {}
        for table in catalog.tables:
            for column in table.columns:
                if column.type != "text":
                    continue
                name = quoted(column.name)
                for (value,) in rows(
                    f"SELECT DISTINCT {name} FROM {quoted(table.name)} "
                    f"WHERE {name} IS NOT NULL LIMIT 50001"
                ):
                    hits.setdefault(normal(str(value)), []).append(
                        ValueHit(table=table.name, column=column.name, value=str(value))
                    )
        return cls(hits)

    def find(self, phrase: str) -> tuple[ValueHit, ...]:
        """Find values equal to phrase, ignoring case and spacing."""
        return tuple(self._hits.get(normal(phrase), ()))

    def near(self, phrase: str) -> tuple[ValueHit, ...]:
        """Find values that differ from phrase by a typo; best first, at most five."""
        return ()


def normal(text: str) -> str:
    """Fold case, hyphens and spaces.

    >>> normal("North-West   Coast")
    'north west coast'
    """
    return " ".join(text.casefold().replace("-", " ").split())
