"""Which information units may a step see? The shared buffer: a view of a run's units by edge.

Outdated units go: of one step only the newest counts, and a step that the plan has lost takes its
unit with it. Bounded: more than the answer may hold ends the run in words. It has no state of its
own that a checkpoint would not bring back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clew_agents.information_unit import Combined, Found, InformationUnit
from clew_agents.plan.plan import Plan
from clew_core.errors import BudgetEnded

MOST_UNITS = 64
MOST_BYTES = 256_000_000


class Buffer:
    """The units of one run, seen through the edges of its plan."""

    def __init__(
        self,
        plan: Plan,
        units: Mapping[str, InformationUnit] | None = None,
        *,
        most_units: int = MOST_UNITS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Take the plan and what is known already.

        Args:
            plan: its edges say who may see what.
            units: step → its unit.
            most_units: so many are held.
            most_bytes: so large may their tables be, together.
        """
        self.plan = plan
        self.most_units, self.most_bytes = most_units, most_bytes
        self._units: dict[str, InformationUnit] = {}
        for step, unit in (units or {}).items():
            self.put(step, unit)

    def put(self, step: str, unit: InformationUnit) -> None:
        """Keep a unit of a step; an older one of the same step, or of no step, is outdated.

        Raises:
            BudgetEnded: the buffer would hold more than it may.
        """
        old = self._units.get(step)
        if not self.plan.has(step) or (old is not None and old.timestamp > unit.timestamp):
            return
        self._units[step] = unit
        if len(self._units) > self.most_units or self._bytes() > self.most_bytes:
            raise BudgetEnded(
                f"What the steps found is more than {self.most_units} units or "
                f"{self.most_bytes:,} bytes.",
                hint="Ask for less at a time.",
            )

    def for_step(self, step: str) -> dict[str, InformationUnit]:
        """Give what an edge of the plan lets a step see: step → unit, in the order of ``needs``."""
        needs = self.plan.step(step).needs
        return {need: self._units[need] for need in needs if need in self._units}

    def units(self) -> dict[str, InformationUnit]:
        """Give all units, in the order of the plan."""
        return {step.id: self._units[step.id] for step in self.plan.steps if step.id in self._units}

    def _bytes(self) -> int:
        return sum(_sizes(self._units.values()))


def _sizes(units: Iterable[InformationUnit]) -> Iterable[int]:
    for unit in units:
        if isinstance(unit.content, Found | Combined):
            yield int(unit.content.table.nbytes)
