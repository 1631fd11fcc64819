"""Which agents are there? The built-in ones, those of installed packages, and those handed in."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from clew_agents.plan.chart_step import ChartStep
from clew_agents.plan.combine_step import CombineStep
from clew_agents.plan.insight_step import InsightStep
from clew_agents.plan.port import Agent, third_party_agents
from clew_agents.plan.sql_step import SqlStep
from clew_core.errors import UsageError


@functools.cache
def _built_in() -> tuple[Agent, ...]:
    return (SqlStep(), ChartStep(), CombineStep(), InsightStep())


def agents_by_name(more: Sequence[Agent] = ()) -> dict[str, Agent]:
    """Give all agents by the name on their card.

    Raises:
        UsageError: two have one name.
    """
    found: dict[str, Agent] = {}
    for agent in (*_built_in(), *third_party_agents(), *more):
        if agent.card.name in found:
            raise UsageError(f"Two agents are called {agent.card.name!r}.")
        found[agent.card.name] = agent
    return found
