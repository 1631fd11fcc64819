"""How do results of several queries come into one table, side by side?

They are matched by what they are grouped by: equal columns, or equal periods of time. A group that
one side lacks has no value there; nothing is computed, so every number keeps its own query.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew_agents.information_unit import Combined, Found, InformationUnit, Side
from clew_agents.plan.plan import Card, Step
from clew_agents.plan.port import World
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.describe import Describer, shown
from clew_core.query_spec import Column, Dimension, Measure, Order, QuerySpec

if TYPE_CHECKING:
    import pyarrow as pa

TABLE = "combined"


class CombineStep:
    """Puts results side by side."""

    card = Card(
        name="combine", needs=("result", "result"), gives="result", says="puts results side by side"
    )

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        """Combine the results that reach the step; see ``Agent.run``.

        Raises:
            CannotAnswer: fewer than two do, or they are grouped by different things.
        """
        world.deadline.check()
        found = {of: u.content for of, u in units.items() if isinstance(u.content, Found)}
        if len(found) < 2:
            raise CannotAnswer("Fewer than two results reached the step that puts them together.")
        sources = dict.fromkeys(unit.data_source for unit in units.values())
        return InformationUnit(
            data_source=", ".join(sources),
            role=self.card.name,
            action="combine",
            description=step.task,
            content=combine(found),
            timestamp=world.now,
        )


def combine(found: Mapping[str, Found]) -> Combined:
    """Match results by their groups.

    Args:
        found: step → its result, at least two.

    Raises:
        CannotAnswer: they are grouped by different things, or not grouped.
    """
    steps, results = list(found), list(found.values())
    keys = _matched([result.spec for result in results])
    names = [d.name for d in keys[0]]
    sides: list[Side] = []
    measures: list[Measure] = []
    taken = set(names)
    alike = _alike(results)
    for step, side_keys, result in zip(steps, keys, results, strict=True):
        own: dict[str, str] = {}
        scales: dict[str, str] = {}
        grouped = {d.name for d in result.spec.dimensions}
        for column in result.table.column_names:
            if column in grouped:
                continue
            own[column] = name = _free(_title(column, result.spec, alike), taken)
            scales[name] = _scale(column, result.spec)
            # Named by itself: its aggregate would be told as one of the first query's table.
            measures.append(Measure(name=name, metric=name, unit=_unit(column, result.spec)))
        of = tuple(d.name for d in side_keys)
        sides.append(Side(step=step, keys=of, columns=own, scales=scales))
    first = results[0].spec
    spec = QuerySpec(
        source=first.source,
        table=first.table,
        dimensions=tuple(replace(d, name=n) for d, n in zip(keys[0], names, strict=True)),
        measures=tuple(measures),
        order=tuple(Order(by=name) for name in names),
        terms={k: v for result in reversed(results) for k, v in result.spec.terms.items()},
    )
    return Combined(
        spec=spec,
        table=_joined(results, sides, names),
        sides=tuple(sides),
        as_of=min(result.as_of for result in results),
        truncated=any(result.truncated for result in results),
    )


def _matched(specs: Sequence[QuerySpec]) -> list[tuple[Dimension, ...]]:
    """Find the groups of each query that mean the same as those of the first."""
    if all(spec.measures and not spec.dimensions for spec in specs):
        return [() for _ in specs]  # single numbers
    base = shown(specs[0])
    if not base or any(not spec.measures for spec in specs):
        raise CannotAnswer(
            "Results can be put side by side where each gives numbers by group: by month, by "
            "region."
        )
    matched = [tuple(specs[0].dimensions)]
    for spec in specs[1:]:
        left = list(spec.dimensions)
        own: list[Dimension] = []
        for dimension in specs[0].dimensions:
            fit = next((other for other in left if _same(dimension, other)), None)
            if fit is None:
                raise CannotAnswer(
                    f"One result is by {Describer(specs[0]).dimensions()}, the other by "
                    f"{Describer(spec).dimensions() or 'nothing'}: they can't be put side by side."
                )
            left.remove(fit)
            own.append(fit)
        if left:
            raise CannotAnswer(
                f"One result is by {Describer(specs[0]).dimensions()}, the other by "
                f"{Describer(spec).dimensions()}: they can't be put side by side."
            )
        matched.append(tuple(own))
    return matched


def _same(one: Dimension, other: Dimension) -> bool:
    """Whether two groups are matched: one column, one period, or columns of one name."""
    if one.grain is not None or other.grain is not None:
        return one.grain == other.grain
    if one.of == other.of or one.name.lower() == other.name.lower():
        return True
    both = isinstance(one.of, Column) and isinstance(other.of, Column)
    return both and _tail(one.of) == _tail(other.of)


def _tail(value: object) -> str:
    return value.column.lower() if isinstance(value, Column) else ""


def _alike(results: Sequence[Found]) -> bool:
    """Whether all measure the same, so that only the conditions tell them apart."""
    words = {Describer(result.spec).measures() for result in results}
    conditions = [Describer(result.spec).conditions() for result in results]
    return len(words) == 1 and len(set(conditions)) == len(conditions)


def _title(column: str, spec: QuerySpec, alike: bool) -> str:
    """Name a column after what it measures: ``number_of_visits``, ``total_revenue_in_2023``."""
    measure = next((m for m in spec.measures if m.name == column), None)
    words = Describer(spec).measure(measure) if measure else column
    if alike:
        words = f"{words} {Describer(spec).conditions()}"
    return "_".join("".join(c if c.isalnum() else " " for c in words.lower()).split())


def _scale(column: str, spec: QuerySpec) -> str:
    measure = next((m for m in spec.measures if m.name == column), None)
    if measure is None:
        return column
    if measure.aggregate in ("count", "count_distinct"):
        return "count"
    return measure.unit or Describer(spec).measure(measure)


def _unit(column: str, spec: QuerySpec) -> str | None:
    return next((m.unit for m in spec.measures if m.name == column), None)


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


def _joined(results: Sequence[Found], sides: Sequence[Side], names: Sequence[str]) -> pa.Table:
    import pyarrow as pa

    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for result, side in zip(results, sides, strict=True):
        for row in result.table.to_pylist():
            key = tuple(_plain(row[name]) for name in side.keys)
            mine = rows.setdefault(key, dict(zip(names, key, strict=True)))
            mine.update({new: row[old] for old, new in side.columns.items()})
    ordered = sorted(rows, key=lambda key: [_rank(value) for value in key])
    columns: dict[str, list[Any]] = {
        name: [rows[key].get(name) for key in ordered]
        for name in (*names, *(new for side in sides for new in side.columns.values()))
    }
    first = results[0].table
    fields = [
        (name, _type(columns[name], first.schema.field(key).type))
        for name, key in zip(names, sides[0].keys, strict=True)
    ]
    for result, side in zip(results, sides, strict=True):
        fields += [(new, result.table.schema.field(old).type) for old, new in side.columns.items()]
    return pa.table({name: pa.array(columns[name], type_) for name, type_ in fields})


def _type(values: list[Any], own: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    days = any(isinstance(v, dt.date) and not isinstance(v, dt.datetime) for v in values)
    return pa.date32() if days else own


def _rank(value: Any) -> tuple[bool, str, Any]:
    """Order values of one kind by themselves, and nothing last."""
    number = isinstance(value, int | float | Decimal)
    return value is None, "" if number else type(value).__name__, 0 if value is None else value


def _plain(value: Any) -> Any:
    """Read a moment at midnight as its day: the periods of two engines differ in type only."""
    if isinstance(value, dt.datetime) and value.time() == dt.time(0) and value.tzinfo is None:
        return value.date()
    return value
