"""Who leads whom: a table that points at itself, such as employees at their managers."""

from __future__ import annotations

from clew_agents.sql.resolve import NotUnderstood, Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import Vocabulary
from clew_agents.sql.words import split_name
from clew_core import query_spec as q
from clew_tools.database.catalog import Catalog

_LEADS = frozenset("manager boss supervisor lead leader head chief superior reports".split())


def led_by(
    leader: Item, table: str, vocabulary: Vocabulary, resolver: Resolver
) -> tuple[q.JoinPath, q.Predicate]:
    """Make the join to the leader in the same table, and the condition on the leader's name.

    Raises:
        NotUnderstood: the table does not point at itself, or the value is none of its names.
    """
    path = _path(table, vocabulary.catalog)
    hits = [hit for hit in leader.hits if hit.table == table]
    labels = {name.column for name in vocabulary.labels(table)}
    hits = [hit for hit in hits if hit.column in labels] or hits
    if path is None or not hits:
        raise NotUnderstood([leader.text], f"{table!r} does not say who leads whom.")
    resolver.used.add((table, hits[0].column))
    on = q.Column(table=table, column=hits[0].column, path=path.name)
    return path, q.Predicate(on=on, operator="=", values=(hits[0].value,))


def rows_of(
    source: str, table: str, dimensions: tuple[q.Dimension, ...], terms: dict[str, str]
) -> q.QuerySpec:
    """List the rows of a table by what names them."""
    return q.QuerySpec(source=source, table=table, dimensions=dimensions, terms=terms)


def table_of_leaders(vocabulary: Vocabulary) -> str | None:
    """The one table that points at its own leaders."""
    names = [table.name for table in vocabulary.catalog.tables]
    found = [name for name in names if _path(name, vocabulary.catalog) is not None]
    return found[0] if len(found) == 1 else None


def _path(table: str, catalog: Catalog) -> q.JoinPath | None:
    own = catalog.table(table)
    for key in own.foreign_keys if own is not None else ():
        words = {word for column in key.columns for word in split_name(column)}
        if key.table != table or words.isdisjoint(_LEADS):
            continue
        pairs = zip(key.columns, key.other_columns, strict=True)
        return q.JoinPath(
            name="leader",
            keys=tuple(
                q.Key(
                    left=q.Column(table=table, column=left),
                    right=q.Column(table=table, column=right),
                )
                for left, right in pairs
            ),
        )
    return None
