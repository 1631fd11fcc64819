"""What is one row of the guard's table of rules?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clew_tools.database.source import Dialect

Kind = Literal["node", "function", "start", "root", "part", "check"]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that is allowed, or looked for.

    Attributes:
        kind: what ``name`` names.
        name: of the class, the function, the word, the clause or the check.
        engines: where it holds.
        purpose: the group it belongs to, for people.
    """

    kind: Kind
    name: str
    engines: tuple[Dialect, ...]
    purpose: str


def rows(kind: Kind, purpose: str, engines: tuple[Dialect, ...], names: str) -> tuple[Rule, ...]:
    """Make a rule of each name; checks are parted by commas, all else by spaces."""
    split = "," if kind == "check" else None
    return tuple(
        Rule(kind=kind, name=name.strip(), engines=engines, purpose=purpose)
        for name in names.split(split)
    )
