"""By which columns can a measure be split: its own table's, and those of what its rows point at?"""

from __future__ import annotations

from dataclasses import dataclass

from clew_agents.insight import schema
from clew_agents.insight.asking import Asking
from clew_agents.insight.subject import Subject
from clew_agents.insight.understand import place_name
from clew_agents.sql.thesaurus import LABELS
from clew_core.query_spec import Column as SpecColumn
from clew_core.query_spec import Measure, Predicate, QuerySpec
from clew_tools.semantic.measures import columns_of, leaves, resolve

MOST_VALUES = 60
"""More are cut to the largest."""
_TOO_MANY = 3_000
_MOST_ROWS_COUNTED = 2_000_000


@dataclass(frozen=True, kw_only=True)
class Split:
    """A column that rows can be split by.

    Attributes:
        on: the column.
        name: what it is called in sentences.
        steps: over how many keys it is reached.
        values: how many different values its table holds.
        label: it names the rows of its table.
    """

    on: SpecColumn
    name: str
    steps: int
    values: int
    label: bool


def splits(subject: Subject, asking: Asking) -> list[Split]:
    """List the columns to split by, near ones first; what the question fixes is left out."""
    fixed = {place.on for place in subject.places}
    measured = {
        c for leaf in leaves(resolve(subject.measure, asking.metrics)) for c in _measured(leaf)
    }
    found: list[Split] = []
    reached = schema.reach(asking.catalog, subject.base).steps
    for name, steps in sorted(reached.items(), key=lambda entry: entry[1]):
        table = asking.catalog.table(name)
        if table is None or (table.row_count or 0) > _MOST_ROWS_COUNTED:
            continue
        keys = {*table.primary_key, *(c for k in table.foreign_keys for c in k.columns)}
        columns = [c for c in table.columns if c.type in ("text", "boolean") and c.name not in keys]
        if not columns:
            continue
        counts = _distinct(asking, name, [c.name for c in columns])
        rows = table.row_count or 0
        for column in columns:
            on = SpecColumn(table=name, column=column.name)
            values = counts[column.name]
            if on in fixed or on in measured or values < 2 or values > _TOO_MANY:
                continue
            label = _is_label(column.name)
            if values > MOST_VALUES and steps and not label:
                continue
            if values > MOST_VALUES and values > 0.5 * rows and not (steps and label):
                continue  # nearly every row has its own: a text, an address
            found.append(Split(on=on, name=place_name(on), steps=steps, values=values, label=label))
    return found


def _measured(leaf: Measure) -> list[SpecColumn]:
    on = leaf.where.on if isinstance(leaf.where, Predicate) else None
    return [*columns_of(leaf.of), *([on] if isinstance(on, SpecColumn) else [])]


def _is_label(column: str) -> bool:
    words = schema.words_of(column)
    return bool(words) and (words[-1] in LABELS or "name" in words)


def _distinct(asking: Asking, table: str, columns: list[str]) -> dict[str, int]:
    measures = tuple(
        Measure(name=f"n{i}", aggregate="count_distinct", of=SpecColumn(table=table, column=name))
        for i, name in enumerate(columns)
    )
    row = asking.run(QuerySpec(source="", table=table, measures=measures)).table.to_pylist()[0]
    return {name: int(row[f"n{i}"] or 0) for i, name in enumerate(columns)}
