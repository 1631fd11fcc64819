"""What does "only" ask for: "customers who bought only tea" bought nothing else.

Beside a verb or "with" the word is about the other rows of the same thing: there must be none
that lack the value. In "show only tea", "for the West only" it adds nothing and is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import clew_core.query_spec as q
from clew_agents.proposer import Candidate
from clew_agents.sql.neutral_verbs import VERBS
from clew_agents.sql.resolve import NotUnderstood
from clew_agents.sql.tagging import Item
from clew_tools.database.catalog import Catalog

_ONLY = frozenset(("only", "solely", "exclusively", "nothing but"))
_HAVING = frozenset(("with", "have", "has", "had", "having"))
_DOING = frozenset(" ".join(verb.split()) for verb in VERBS.split(",")) | _HAVING


def exclusive(
    found: Sequence[Candidate], items: Sequence[Item], catalog: Catalog
) -> list[Candidate]:
    """Add to each candidate that nothing but the value behind "only" may be there.

    Raises:
        NotUnderstood: it is not clear whose other rows are meant.
    """
    said = _only_value(items)
    if said is None:
        return list(found)
    only, value = said
    return [_narrowed(candidate, only, value, catalog) for candidate in found]


def _only_value(items: Sequence[Item]) -> tuple[Item, Item] | None:
    """Find "only" that stands beside a verb, and the value that it is about."""
    for at, item in enumerate(items):
        if item.tag != "." or item.text.lower() not in _ONLY:
            continue
        right = next((i for i in range(at + 1, len(items)) if items[i].tag != "."), None)
        if right is None or items[right].tag != "V":
            continue
        around = [*items[max(at - 1, 0) : at], *items[at + 1 : right]]
        if any(_is_doing(one) for one in around):
            return item, items[right]
    return None


def _is_doing(item: Item) -> bool:
    text = item.text.lower()
    return text in _DOING or (item.tag in "Fh" and text.endswith("ed"))


def _narrowed(candidate: Candidate, only: Item, value: Item, catalog: Catalog) -> Candidate:
    spec = candidate.spec
    places = {(hit.table, hit.column) for hit in value.hits}
    for condition in spec.conditions:
        if isinstance(condition, q.Related) and condition.has:
            other = _without(condition, places)
            if other is not None:
                return _with(candidate, other)
        if not isinstance(condition, q.Predicate) or not _tests(condition, places):
            continue
        who = _whose(spec, catalog)
        if who is None:
            break
        own = catalog.table(spec.table)
        if own is not None and own.primary_key == (who.column,) and who.table == spec.table:
            return candidate  # each row has one value: nothing else can be there
        kept = tuple(
            one for one in spec.conditions
            if one is not condition and not (
                isinstance(one, q.Predicate) and isinstance(one.on, q.MeasureRef)
            )
        )  # fmt: skip
        others = q.QuerySpec(
            source=spec.source,
            table=spec.table,
            dimensions=(q.Dimension(name="other", of=who),),
            conditions=(*kept, q.NoneOf(none=(condition,))),
            joins=spec.joins,
            distinct=True,
            terms=spec.terms,
        )
        return _with(candidate, q.Predicate(on=who, operator="not_in", spec=others))
    raise NotUnderstood(
        [only.text], f"{only.text!r}: say whose other rows must not be there, one thing by name."
    )


def _with(candidate: Candidate, condition: q.Condition) -> Candidate:
    spec = replace(candidate.spec, conditions=(*candidate.spec.conditions, condition))
    return replace(candidate, spec=spec, many=None)


def _tests(condition: q.Predicate, places: set[tuple[str, str]]) -> bool:
    on = condition.on
    return isinstance(on, q.Column) and (on.table, on.column) in places


def _without(related: q.Related, places: set[tuple[str, str]]) -> q.Related | None:
    """Give "has none of the others" for "has one of these"."""
    where = related.where
    if isinstance(where, q.Predicate) and _tests(where, places):
        return replace(related, has=False, where=q.NoneOf(none=(where,)))
    if isinstance(where, q.AllOf):
        for part in where.all:
            if isinstance(part, q.Predicate) and _tests(part, places):
                rest = tuple(one for one in where.all if one is not part)
                inner = q.AllOf(all=(*rest, q.NoneOf(none=(part,))))
                return replace(related, has=False, where=inner)
    return None


def _whose(spec: q.QuerySpec, catalog: Catalog) -> q.Column | None:
    """Find the column that tells apart what is listed or counted; None where several do."""
    if spec.measures:
        if len(spec.measures) > 1 or spec.dimensions or spec.measures[0].where is not None:
            return None
        measure = spec.measures[0]
        if measure.aggregate == "count_distinct" and isinstance(measure.of, q.Column):
            return measure.of
        if measure.aggregate == "count" and measure.of is None:
            return _key(spec.table, catalog)
        return None
    columns = [d.of for d in spec.dimensions if isinstance(d.of, q.Column) and d.grain is None]
    if len(columns) != len(spec.dimensions) or len({c.table for c in columns}) != 1:
        return None
    key = _key(columns[0].table, catalog)
    if columns[0].table != spec.table or not spec.distinct or key in columns:
        return key
    return columns[0] if len(columns) == 1 else None


def _key(table: str, catalog: Catalog) -> q.Column | None:
    own = catalog.table(table)
    if own is None or len(own.primary_key) != 1:
        return None
    return q.Column(table=table, column=own.primary_key[0])
