"""How rows themselves are asked for: those of a histogram, and the first of a ranking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clew_agents.proposer import Candidate
from clew_agents.sql.conditions import Placed
from clew_agents.sql.measures import Computed
from clew_agents.sql.reading import Reading
from clew_agents.sql.resolve import NotUnderstood
from clew_agents.sql.vocabulary import Name
from clew_core import query_spec as q

if TYPE_CHECKING:
    from clew_agents.sql.assemble import Assembler


def ranked_table(reading: Reading) -> str | None:
    """The table whose rows are ranked, where columns of the first ones are asked for."""
    if not reading.superlative or not reading.columns or reading.groups:
        return None
    tables = reading.entity.tables if reading.entity is not None else reading.owner
    return tables[0] if len(tables) == 1 else None


def ranks_rows(reading: Reading, computed: Computed) -> bool:
    """Whether things are ranked by a column of their own: "the doctor with most salary"."""
    entity = reading.entity
    owners = entity.tables if entity is not None else reading.owner
    return owners == (computed.table,) and not reading.groups


def says_most(reading: Reading, computed: Computed) -> bool:
    """Whether "the most amount" is asked of things that have many: their totals."""
    said = any(item.text.lower() in ("most", "the most") for item in reading.ranked)
    entity = reading.entity
    return said and entity is not None and computed.table not in entity.tables


def first_rows(
    assembler: Assembler,
    base: str,
    by: Name,
    dimensions: list[tuple[q.Dimension, Name]],
    placed: Placed,
) -> Candidate:
    """Read "the city of the tallest student": the rows themselves, in the order of a column."""
    shown = dimensions
    if all(name != by for _, name in dimensions):
        shown = [*dimensions, (assembler.groups.dimension(by, None), by)]
    direction, limit = assembler.reading.direction, assembler.reading.limit
    assembler.reading.direction = None  # of rows, not of groups
    candidate = assembler.candidate(base, [], shown, placed)
    assembler.reading.direction = direction
    name = next(dimension.name for dimension, one in shown if one == by)
    way: q.Direction = "descending" if direction == "max" else "ascending"
    spec = replace(
        candidate.spec, order=(q.Order(by=name, direction=way),), limit=limit or 1,
        distinct=False,
    )  # fmt: skip
    return replace(candidate, spec=spec)


def told_apart(
    assembler: Assembler, table: str, dimensions: list[tuple[q.Dimension, Name]]
) -> list[tuple[q.Dimension, Name]]:
    """Group by the key as well: two parties may have one location."""
    own = assembler.vocabulary.catalog.table(table)
    key = own.primary_key if own else ()
    names = [n for n in assembler.vocabulary.of_table(table) if n.column in key]
    known = {name for _, name in dimensions}
    added = [(assembler.groups.dimension(n, None), n) for n in names if n not in known]
    return [*dimensions, *added]


def rows_drawn(
    assembler: Assembler,
    base: str,
    computed: list[Computed],
    dimensions: list[tuple[q.Dimension, Name]],
    placed: Placed,
) -> Candidate:
    """Read "histogram of prices": its rows, one by one."""
    names = [c.column for c in computed if c.column is not None]
    numbers = [(assembler.groups.dimension(name, None), name) for name in names]
    candidate = assembler.candidate(base, [], [*dimensions, *numbers], placed)
    return replace(candidate, spec=replace(candidate.spec, distinct=False))


def see_that_it_tells(dimensions: list[tuple[q.Dimension, Name]], placed: Placed) -> None:
    """Refuse to list what the question itself has said: the names of those called X."""
    fixed = {
        test.on: test.values[0]
        for test in placed.conditions
        if isinstance(test, q.Predicate) and test.operator == "=" and test.values
    }
    if dimensions and all(dimension.of in fixed for dimension, _ in dimensions):
        said = str(next(iter(fixed.values())))
        raise NotUnderstood([], f"{said!r} is itself what would be listed: ask for more of it.")
