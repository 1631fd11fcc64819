"""Who asks, and what that person may see."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from clew_core.deadline import Budget
from clew_core.json_form import to_json


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What a principal may see; invisible tables and columns do not exist for it.

    Attributes:
        tables: names of the visible tables; None means all.
        hide: invisible columns as ``table.column``.
        rows: table → SQL condition that its visible rows fulfil.
        budget: what one question may cost.
    """

    tables: tuple[str, ...] | None = None
    hide: tuple[str, ...] = ()
    rows: dict[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    @property
    def digest(self) -> str:
        """A short hash that is equal for equal policies: part of the key of every cache."""
        text = json.dumps(to_json(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def shows_table(self, table: str) -> bool:
        """Say whether the table exists for this policy."""
        return self.tables is None or table in self.tables

    def shows_column(self, table: str, column: str) -> bool:
        """Say whether the column exists for this policy."""
        return self.shows_table(table) and f"{table}.{column}" not in self.hide


@dataclass(frozen=True, kw_only=True)
class Principal:
    """One user of one tenant, with the policy that its roles add up to.

    Attributes:
        tenant: whose data and caches these are; nothing is shared across tenants.
        user: the user's name within the tenant.
        roles: names of roles, as in ``roles.yaml``.
        policy: what this principal may see and spend.
    """

    tenant: str = "local"
    user: str = "local"
    roles: tuple[str, ...] = ()
    policy: Policy = field(default_factory=Policy)
