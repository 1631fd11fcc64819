"""How a follow-up ("and in 2008?", "same by nation") changes the question before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Literal, cast

from clew_agents.proposer import Candidate
from clew_agents.sql.analysis import analysed
from clew_agents.sql.assemble import Assembler
from clew_agents.sql.conditions import ConditionMaker
from clew_agents.sql.lexicon import FOLLOW_UP_CUES
from clew_agents.sql.measures import metric_measure
from clew_agents.sql.reading import Group, Op, Reading
from clew_agents.sql.resolve import NUMERIC, NotUnderstood, Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.tokens import tokenize
from clew_core import query_spec as q

_ADDS = frozenset("also additionally too and_by".split())


def has_cue(question: str) -> bool:
    """Whether a question begins as follow-ups do, or ends with "instead"."""
    words = tuple(token.norm for token in tokenize(question))
    if words[-1:] in (("instead",), ("only",)):
        return True
    return any(words[: len(cue)] == cue for cue in FOLLOW_UP_CUES)


def says_same(question: str) -> bool:
    """Whether a question asks for what the one before asked for."""
    words = [token.norm for token in tokenize(question)]
    return "same" in words[:4]


def is_elliptical(reading: Reading) -> bool:
    """Whether a reading lacks what is computed or listed, so that it can only be a follow-up."""
    named = [op for op in reading.ops if op.target is not None]
    return not named and reading.entity is None and not reading.columns


def only_narrows(reading: Reading) -> bool:
    """Whether all that is named are words of the company for some rows: "only gold members"."""
    named = any(reading.entity is test.item for test in reading.named)
    named |= any(reading.entity is name for test in reading.values for name in test.names)
    return named and not reading.ops and not reading.columns


def columns_of(spec: q.QuerySpec) -> frozenset[tuple[str, str]]:
    """List the columns that a spec speaks of."""
    found: set[tuple[str, str]] = set()
    for dimension in spec.dimensions:
        found |= set(_columns(dimension.of))
    for measure in spec.measures:
        found |= set(_columns(measure.of))
    for condition in spec.conditions:
        found |= set(_tested(condition))
    return frozenset(found)


def continue_spec(
    previous: q.QuerySpec, reading: Reading, resolver: Resolver, assembler: Assembler
) -> list[Candidate]:
    """Change the spec of the question before by what the follow-up says.

    Conditions on a column replace those on the same column; other conditions are added. New
    groups replace the old ones, except with "also". A new aggregate keeps the column.

    Raises:
        Ambiguous, NotUnderstood: something could not be settled, or nothing was changed.
    """
    resolver.base = previous.table
    for test in reading.values:
        test.lacking = False  # "without cancelled ones" says what rows must not be
    placed = ConditionMaker(
        reading=reading,
        resolver=resolver,
        vocabulary=resolver.vocabulary,
        base=previous.table,
        source=previous.source,
        counting=all(m.aggregate in ("count", "count_distinct") for m in previous.measures),
    ).make()
    spec = _moved(previous, reading)
    _regrain(reading)
    if placed.conditions:
        spec = replace(spec, conditions=_merged(spec.conditions, placed.conditions))
    if reading.groups:
        spec = _regrouped(spec, reading, resolver, assembler)
    if spec.order and spec.limit is not None and (way_ := _turns(reading.ops)):
        spec = _turned(spec, way_)
    elif reading.ops:
        spec = _recomputed(spec, reading.ops, resolver)
    if reading.limit is not None and not spec.order and spec.measures and spec.dimensions:
        first = spec.comparisons[0].name if spec.comparisons else spec.measures[0].name
        spec = replace(spec, order=(q.Order(by=first, direction="descending"),))
    if reading.limit is not None and spec.order:
        spec = replace(spec, limit=reading.limit)
    if reading.direction is not None and spec.order:
        way: q.Direction = "descending" if reading.direction == "max" else "ascending"
        spec = replace(spec, order=(replace(spec.order[0], direction=way), *spec.order[1:]))
    if reading.analysis is not None:
        before = Candidate(spec=replace(spec, comparisons=()), confidence=0.85, reason="")
        if not spec.measures or (reading.analysis.kind == "share" and not spec.dimensions):
            raise NotUnderstood([reading.analysis.text], f"{reading.analysis.text!r} of what?")
        spec = analysed([before], reading.analysis, None, spec.dimensions)[0].spec
    if reading.hint is not None:
        spec = replace(spec, chart=_changed(spec.chart, reading.hint))
    if spec == previous:  # before the words change
        raise NotUnderstood([], "The follow-up changes nothing in the question before it.")
    spec = replace(spec, terms={**previous.terms, **resolver.said_terms()}, asked=())
    return [
        Candidate(
            spec=spec,
            confidence=0.85,
            reason="the question before, changed",
            labels=dict(assembler.labels),
            single_row=not spec.measures and previous.limit is None and not previous.distinct,
        )
    ]


def _moved(spec: q.QuerySpec, reading: Reading) -> q.QuerySpec:
    """Move the period by what "the month after", "the year before" says."""
    steps = [i for i in reading.rest if i.tag == "T" and i.value.split()[0] in ("back", "ahead")]
    months = {"month": 1, "quarter": 3, "year": 12}
    if len(steps) != 1 or steps[0].value.split()[1] not in months:
        return spec
    way, unit = steps[0].value.split()
    by = months[unit] * (1 if way == "ahead" else -1)
    moved = tuple(_later(condition, by) for condition in spec.conditions)
    if moved == spec.conditions:
        return spec
    reading.rest = [item for item in reading.rest if item is not steps[0]]
    return replace(spec, conditions=moved)


def _later(condition: q.Condition, months: int) -> q.Condition:
    """Move both ends of a span of whole months."""
    if not isinstance(condition, q.AllOf) or len(condition.all) != 2:
        return condition
    parts: list[q.Predicate] = []
    for test in condition.all:
        if not isinstance(test, q.Predicate) or test.operator not in (">=", "<"):
            return condition
        try:
            day = dt.date.fromisoformat(str(test.values[0]))
        except ValueError:
            return condition
        if day.day != 1:
            return condition
        total = day.year * 12 + day.month - 1 + months
        moved = dt.date(total // 12, total % 12 + 1, 1).isoformat()
        parts.append(replace(test, values=(moved,)))
    return q.AllOf(all=tuple(parts))


def _regrain(reading: Reading) -> None:
    """Take a grain that stands alone as what to group by: "as quarters"."""
    grains = [item for item in reading.rest if item.tag == "R"]
    if len(grains) == 1 and not reading.groups:
        reading.groups.append(Group(item=grains[0], grain=cast(q.Grain, grains[0].value)))
        reading.rest = [item for item in reading.rest if item is not grains[0]]


def _changed(old: q.ChartHint | None, new: q.ChartHint) -> q.ChartHint:
    """Keep of the chart before what the new words leave open."""
    if old is None or (new.mark is not None and new.mark != old.mark):
        return new
    said = {field.name: getattr(new, field.name) for field in fields(new)}
    return replace(old, **{name: value for name, value in said.items() if value is not None})


def _merged(old: Sequence[q.Condition], new: Sequence[q.Condition]) -> tuple[q.Condition, ...]:
    changed = {column for condition in new for column in _tested(condition)}
    kept = [c for c in old if changed.isdisjoint(_tested(c)) or _on_measure(c)]
    return (*kept, *new)


def _regrouped(
    spec: q.QuerySpec, reading: Reading, resolver: Resolver, assembler: Assembler
) -> q.QuerySpec:
    words = {item.text.lower() for item in resolver.items}
    made: list[q.Dimension] = []
    for group in reading.groups:
        if group.grain is not None:
            made.append(assembler.groups.time_group(group)[0])
        else:
            made += [dimension for dimension, _ in assembler.groups.things(group.item)]
    if not spec.measures:
        raise NotUnderstood([], "A list of rows can't be grouped.")
    old = spec.dimensions if words & _ADDS else ()
    if "as" in words and all(group.grain is not None for group in reading.groups):
        old = tuple(d for d in spec.dimensions if d.grain is None)  # "as quarters"
    kept = [d for d in old if all(d.name != m.name for m in made)]
    names = {d.name for d in (*kept, *made)} | {m.name for m in spec.measures}
    order = tuple(o for o in spec.order if o.by in names)
    return replace(spec, dimensions=(*kept, *made), order=order)


def _turns(ops: Sequence[Op]) -> Literal["max", "min"] | None:
    """Whether "and the lowest?" after a ranking only turns its direction."""
    if len(ops) != 1 or ops[0].target is not None or ops[0].count:
        return None
    aggregate = ops[0].aggregate
    return aggregate if aggregate == "max" or aggregate == "min" else None


def _turned(spec: q.QuerySpec, way: Literal["max", "min"]) -> q.QuerySpec:
    """Rank the other way round; what was ranked by its maximum then is by its minimum."""
    old = spec.measures[0]
    measure = old
    if old.aggregate in ("max", "min") and old.aggregate != way:
        name = old.name.replace(f"{old.aggregate}_", f"{way}_", 1)
        measure = replace(old, aggregate=way, name=name)
    direction: q.Direction = "descending" if way == "max" else "ascending"
    first = q.Order(by=measure.name, direction=direction)
    return replace(spec, measures=(measure, *spec.measures[1:]), order=(first, *spec.order[1:]))


def _recomputed(spec: q.QuerySpec, ops: Sequence[Op], resolver: Resolver) -> q.QuerySpec:
    measures: list[q.Measure] = []
    old = spec.measures[0] if spec.measures else None
    for op in ops:
        if op.target is None:
            if old is None or old.of is None or op.aggregate is None or op.count:
                raise NotUnderstood([], "Of what?")
            of = old.of
        else:
            column = resolver.column(op.target, NUMERIC)
            if column is not None and column.metric and column.table == spec.table:
                measures.append(metric_measure(column.metric, resolver.vocabulary))
                continue
            if column is None or column.metric or column.table != spec.table:
                raise NotUnderstood([op.target.text])
            of = q.Column(table=column.table, column=column.column or "")
        aggregate = op.aggregate or (old.aggregate if old else None) or "sum"
        title = of.column if isinstance(of, q.Column) else "value"
        measures.append(q.Measure(name=f"{aggregate}_{title}", aggregate=aggregate, of=of))
    order = tuple(replace(o, by=measures[0].name) for o in spec.order[:1])
    adds = len(measures) == 1 and measures[0].aggregate in ("count", "sum")
    compared = tuple(
        replace(c, measure=measures[0].name)
        for c in spec.comparisons
        if len(measures) == 1 and (adds or c.kind not in ("share", "running_total"))
    )
    spec = replace(spec, comparisons=compared)
    return replace(spec, measures=tuple(measures), order=order)


def _columns(
    value: q.Column | q.Arithmetic | q.Below | int | float | None,
) -> Iterable[tuple[str, str]]:
    if isinstance(value, q.Column):
        yield value.table, value.column
    elif isinstance(value, q.Arithmetic):
        for arg in value.args:
            yield from _columns(arg)


def _tested(condition: q.Condition) -> frozenset[tuple[str, str]]:
    """The columns that a condition tests."""
    if isinstance(condition, q.Predicate):
        on = condition.on
        return frozenset() if isinstance(on, q.MeasureRef) else frozenset(_columns(on))
    if isinstance(condition, q.Related):
        return _tested(condition.where) if condition.where else frozenset()
    if isinstance(condition, q.Named):
        return frozenset({("", condition.term)})
    parts: Sequence[q.Condition]
    if isinstance(condition, q.AllOf):
        parts = condition.all
    elif isinstance(condition, q.AnyOf):
        parts = condition.any
    else:
        parts = condition.none
    return frozenset(column for part in parts for column in _tested(part))


def _on_measure(condition: q.Condition) -> bool:
    return isinstance(condition, q.Predicate) and isinstance(condition.on, q.MeasureRef)


def without_words(items: Sequence[Item]) -> list[Item]:
    """Drop the words that only say that a follow-up follows, and what it replaces.

    In "by nation rather than by market segment" the part after "rather than" is what goes.
    """
    kept: list[Item] = []
    for item in items:
        if item.tag == "W" and item.text.lower() != "instead":
            break
        if item.tag != "W":
            kept.append(item)
    return kept
