"""How "categories whose margin is below target" is answered: a measure against a column beside it.

The things have a column that says what a measure of theirs should reach. The question is read as
that measure and that column by the things, and only the groups are kept that the words speak of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clew_agents.proposer import Candidate
from clew_agents.sql.resolve import NUMERIC, NotUnderstood
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import EXACT, Match, Name, Vocabulary
from clew_agents.sql.words import same, split_name
from clew_core import query_spec as q

_AIMS = frozenset("target goal quota plan aim".split())
_VERBS: dict[str, q.Operator] = {
    "miss": "<", "missed": "<", "misses": "<", "undershoot": "<", "beat": ">", "beats": ">",
    "exceed": ">", "exceeds": ">", "exceeded": ">", "reach": ">=", "reached": ">=", "meet": ">=",
    "met": ">=", "hit": ">=",
}  # fmt: skip
_SIGNS: dict[str, q.Operator] = {"<": "<", ">": ">", "<=": "<=", ">=": ">="}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A measure that is held against a column of the things.

    Attributes:
        items: the question without the comparison: the measure by the things.
        aim: the column of the things.
        operator: how the measure must lie to the column.
    """

    items: tuple[Item, ...]
    aim: Name
    operator: q.Operator


def target_of(items: Sequence[Item], vocabulary: Vocabulary) -> Target | None:
    """Find a measure that is compared with the target of the things."""
    said = [item for item in items if item.tag != "."]
    if said and said[0].tag in "QL":
        said = said[1:]
    if len(said) < 3 or len(set(said[0].tables)) != 1:
        return None
    rest: Sequence[Item]
    things, table = said[0], said[0].tables[0]
    verb = _VERBS.get(said[1].text.casefold())
    if verb is not None:
        aim = _aim(said[2], table, vocabulary)
        measure = _measure_of(said[2], aim, vocabulary) if aim is not None else None
        sign, rest = verb, said[3:]
    else:
        read = _compared(said, table, vocabulary)
        if read is None:
            return None
        measure, sign, aim, rest = read
    if aim is None or measure is None:
        return None
    return Target(items=_plain(things, measure, rest), aim=aim, operator=sign)


def with_target(target: Target, found: Sequence[Candidate]) -> list[Candidate]:
    """Keep the groups whose measure lies so to the column.

    Raises:
        NotUnderstood: the question is of something else.
    """
    # Of one thing all rows have the same target: the lowest is it.
    aim = q.Measure(name=target.aim.column or "target", aggregate="min", of=target.aim.value)
    put = []
    for one in found:
        if len(one.spec.measures) != 1 or not one.spec.dimensions:
            continue
        test = q.Predicate(
            on=q.MeasureRef(measure=one.spec.measures[0].name),
            operator=target.operator,
            than=q.MeasureRef(measure=aim.name),
        )
        spec = replace(
            one.spec,
            measures=(*one.spec.measures, aim),
            conditions=(*one.spec.conditions, test),
        )
        put.append(replace(one, spec=spec))
    if not put:
        raise NotUnderstood([], f"{target.aim.column!r} can't be held against this measure.")
    return put


def _compared(
    said: Sequence[Item], table: str, vocabulary: Vocabulary
) -> tuple[Item, q.Operator, Name, Sequence[Item]] | None:
    """Read "whose goods margin is below target"."""
    words = [item for item in said[1:] if item.tag not in "QE"]
    if len(words) < 3 or words[1].tag != "C":
        return None
    sign = _SIGNS.get(words[1].value) or {"below": "<", "under": "<", "above": ">"}.get(
        words[1].text.casefold()
    )
    aim = _aim(words[2], table, vocabulary)
    if sign is None or aim is None or not _is_metric(words[0]):
        return None
    return words[0], sign, aim, words[3:]  # type: ignore[return-value]


def _is_metric(item: Item) -> bool:
    metrics = {match.name.metric for match in item.matches}
    return len(metrics) == 1 and bool(next(iter(metrics)))


def _aim(item: Item, table: str, vocabulary: Vocabulary) -> Name | None:
    """Find the one column of the things that says what is to be reached."""
    words = split_name(item.text)
    if not any(same(word, aim) for word in words for aim in _AIMS):
        return None
    named = {(m.name.table, m.name.column) for m in item.matches}
    hinted = set().union(*(vocabulary.hints(word) for word in words if word in _AIMS))
    own = [n for n in vocabulary.of_table(table) if n.type in NUMERIC]
    found = [n for n in own if (n.table, n.column) in named]
    found = found or [n for n in own if (n.table, n.column) in hinted]
    return found[0] if len(found) == 1 else None


def _measure_of(item: Item, aim: Name, vocabulary: Vocabulary) -> Item | None:
    """Find the company's measure that a target is of: the margin of a target margin."""
    words = [w for w in (*split_name(item.text), *aim.words) if w not in _AIMS]
    found = {
        name.metric: name for name in vocabulary.company
        if name.metric and any(same(word, name.words[-1]) for word in words)
    }  # fmt: skip
    if len(found) != 1:
        return None
    name = next(iter(found.values()))
    return replace(item, tag="F", text=" ".join(name.words), matches=_match(name), weak=())


def _plain(things: Item, measure: Item, rest: Sequence[Item]) -> tuple[Item, ...]:
    """Write "goods margin by category"."""
    by = Item(tag="G", start=things.start, end=things.start, text="by")
    return (measure, by, things, *rest)


def _match(name: Name) -> tuple[Match, ...]:
    return (Match(name=name, score=EXACT),)
