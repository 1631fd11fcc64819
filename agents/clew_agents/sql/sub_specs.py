"""How an average becomes a spec within the spec: that of all rows, or that of the groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.proposer import Candidate
from clew_agents.sql.reading import AverageTest
from clew_agents.sql.resolve import NotUnderstood
from clew_core import query_spec as q


def above_average(
    groups: q.QuerySpec, per: q.Column | None, averages: Sequence[AverageTest]
) -> list[q.Predicate]:
    """Compare the number of each group with the average of the groups.

    Args:
        groups: that are compared.
        per: what tells them apart.
        averages: the comparisons; those of single rows are not looked at.

    Raises:
        NotUnderstood: it is not clear which groups, or which number.
    """
    tests = [test for test in averages if test.counted]
    if not tests:
        return []
    if len(tests) > 1 or len(groups.measures) != 1 or per is None:
        raise NotUnderstood([tests[0].text], f"{tests[0].text!r} of which groups?")
    measure = groups.measures[0]
    things = q.Measure(name="groups", aggregate="count_distinct", of=per)
    average = q.Measure(name="average", ratio=q.Ratio(numerator=measure, denominator=things))
    spec = replace(groups, measures=(average,), dimensions=())
    on = q.MeasureRef(measure=measure.name)
    return [q.Predicate(on=on, operator=tests[0].operator, spec=spec)]


def averaged_within(found: list[Candidate], averages: Sequence[AverageTest]) -> list[Candidate]:
    """Where rows are chosen, the average may be that of all rows or of those chosen."""
    if not any(not test.counted for test in averages):
        return found
    made: list[Candidate] = []
    for candidate in found:
        made.append(candidate)
        spec = candidate.spec
        chosen = tuple(c for c in spec.conditions if not _is_average(c))
        if not chosen:
            continue
        narrowed = tuple(
            replace(c, spec=replace(c.spec, table=spec.table, conditions=chosen))
            if isinstance(c, q.Predicate) and c.spec is not None and _is_average(c)
            else c
            for c in spec.conditions
        )
        narrow = replace(spec, conditions=narrowed)
        made.append(replace(candidate, spec=narrow, confidence=0.4))
    return made


def _is_average(condition: q.Condition) -> bool:
    return isinstance(condition, q.Predicate) and condition.spec is not None
