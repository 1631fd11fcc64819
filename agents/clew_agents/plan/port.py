"""What an agent is to a plan: a card, and a run over the information units that reach it.

Third parties add one by an entry point of the group ``clew.agents`` that names a class or a
function without arguments which gives an ``Agent``.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from clew_agents.information_unit import InformationUnit
from clew_agents.plan.plan import Card, Step
from clew_agents.proposer import Proposer
from clew_agents.sql.builtin import SqlContext
from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_tools.database.source import Source

GROUP = "clew.agents"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class OpenSource:
    """A source with what its agents need."""

    source: Source
    context: SqlContext


@dataclass(frozen=True, kw_only=True)
class World:
    """What every step of a run may use.

    Attributes:
        principal: who asks.
        sources: at least one.
        proposer: makes candidates for queries.
        deadline: of the run.
        now: ISO 8601 with offset; stands in units and provenance.
    """

    principal: Principal
    sources: Sequence[OpenSource]
    proposer: Proposer[SqlContext]
    deadline: Deadline
    now: str


class Agent(Protocol):
    """Does one kind of step. Must be safe to run twice: a killed step starts again."""

    @property
    def card(self) -> Card:
        """What it needs and gives."""
        ...

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        """Do a step.

        Args:
            step: what to do.
            units: what reaches it, step → unit, in the order of ``step.needs``.
            world: what every step may use.

        Raises:
            ClewError: the step failed, or the run ended.
        """
        ...


class ActingAgent(Agent, Protocol):
    """An agent whose step changes something outside: it says first what exactly it would do."""

    def intends(self, step: Step, units: Mapping[str, InformationUnit], world: World) -> str:
        """Write out what will run; an approval is bound to the hash of this text."""
        ...


@functools.cache
def third_party_agents() -> tuple[Agent, ...]:
    """Load the agents that installed packages add; one that can't be loaded is left out."""
    found: list[Agent] = []
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            make: Callable[[], Agent] = point.load()
            found.append(make())
        except Exception as error:  # whatever a stranger's package raises
            LOG.warning("the agent %r can't be loaded: %s", point.name, error)
    return tuple(found)
