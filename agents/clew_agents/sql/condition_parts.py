"""How conditions are put together: several of which all must hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from clew_core import query_spec as q

Inner: TypeAlias = q.Predicate | q.AnyOf | q.AllOf | q.NoneOf | q.Named


def all_of(conditions: Sequence[Inner]) -> Inner:
    """Demand all of some conditions."""
    return conditions[0] if len(conditions) == 1 else q.AllOf(all=tuple(conditions))
