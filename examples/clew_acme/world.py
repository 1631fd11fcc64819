"""What does one seed and scale fix before any row is made?"""

from dataclasses import dataclass

from clew_acme.company import Company, found
from clew_acme.defects import Defects, plan_defects
from clew_acme.effects import Effect, draw_effects
from clew_acme.naming import Names, christen
from clew_acme.policies import Policy, decide

__all__ = ["World", "imagine"]


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that the generators of tables and texts share."""

    seed: int
    scale: float
    company: Company
    effects: tuple[Effect, ...]
    policies: tuple[Policy, ...]
    names: Names
    defects: Defects

    def count(self, at_scale_one: int, least: int = 8) -> int:
        """Scale a number of rows."""
        return max(least, round(at_scale_one * self.scale))


def imagine(seed: int, scale: float) -> World:
    """Draw the world of a seed."""
    company = found(seed)
    effects = draw_effects(company)
    return World(
        seed=seed,
        scale=scale,
        company=company,
        effects=effects,
        policies=decide(company, effects),
        names=christen(seed),
        defects=plan_defects(company, scale),
    )
