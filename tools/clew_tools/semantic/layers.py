"""Which named sub-queries (WITH …) a statement is built of, one upon the other."""

from __future__ import annotations

from sqlglot import exp

from clew_tools.database.catalog import Catalog
from clew_tools.semantic.writer import Writer


class Layers:
    """The sub-queries of one statement, in the order in which they use each other."""

    def __init__(self, catalog: Catalog, writer: Writer) -> None:
        """Begin with none."""
        self._catalog, self._writer = catalog, writer
        self._made: list[tuple[str, exp.Query]] = []

    def add(self, name: str, query: exp.Query) -> str:
        """Name a sub-query; the name it got differs where a table or a sub-query has it."""
        taken = {table.name.casefold() for table in self._catalog.tables}
        taken.update(made.casefold() for made, _ in self._made)
        free, number = name, 1
        while free.casefold() in taken:
            number += 1
            free = f"{name}_{number}"
        self._made.append((free, query))
        return free

    def under(self, query: exp.Query) -> exp.Query:
        """Put the sub-queries before the query that uses them."""
        for name, made in self._made:
            alias = exp.TableAlias(this=self._writer.name(name))
            query = query.with_(alias, as_=made, copy=False)
        return query
