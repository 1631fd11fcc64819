"""What is tried when a step of a plan failed? One other way each, at most twice a run.

A query that found nothing in the source that it was pinned to is asked of the others; a value that
gave nothing as a condition is put into words. Charts are not tried again: the result stands without
one. What still fails is said in the answer, beside what succeeded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clew_agents.information_unit import Failure, Found, InformationUnit
from clew_agents.plan.plan import Plan, Step
from clew_agents.plan.port import OpenSource
from clew_agents.plan.sql_step import chosen_by
from clew_core.errors import ClewError

MOST_REPLANS = 2


def replan(
    plan: Plan, units: Mapping[str, InformationUnit], sources: Sequence[OpenSource]
) -> Plan | None:
    """Change the steps that failed for which there is another way; None where there is none.

    Args:
        plan: that ran.
        units: step → what it told.
        sources: that are open.
    """
    changed = False
    steps: list[Step] = []
    for step in plan.steps:
        unit = units.get(step.id)
        other = None
        if unit is not None and isinstance(unit.content, Failure) and not unit.content.because:
            other = _other_way(step, unit.content, units, sources)
        steps.append(other or step)
        changed = changed or other is not None
    return plan.edited(tuple(steps)) if changed else None


def _other_way(
    step: Step,
    failure: Failure,
    units: Mapping[str, InformationUnit],
    sources: Sequence[OpenSource],
) -> Step | None:
    if step.agent != "sql" or failure.status not in ("cannot_answer", "failed"):
        return None
    if step.narrows is not None:
        chosen = units.get(step.narrows)
        if chosen is None or not isinstance(chosen.content, Found) or step.asks is None:
            return None
        try:
            words = chosen_by(chosen.content).words()
        except ClewError:
            return None
        return replace(step, narrows=None, splits=False, asks=f"{step.asks} for {words}")
    if step.source is not None and len(sources) > 1:
        return replace(step, source=None)
    return None
