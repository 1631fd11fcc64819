"""What every open source can do, whatever engine is behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_tools.database.catalog import Catalog

if TYPE_CHECKING:
    import pyarrow as pa

Dialect = Literal[
    "duckdb", "sqlite", "postgres", "mysql", "trino", "snowflake", "bigquery", "spark"
]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a statement gave.

    Attributes:
        table: rows, at most as many as the budget allows; column names are unique.
        truncated: there were more.
        seconds: wall-clock time inside the engine's execute and fetch.
        cpu_seconds: CPU time of the process there (for the costs table).
        as_of: when it was read, ISO 8601 with offset.
        warnings: what the reader must know, one line each (NaN or infinity became null …).
    """

    table: pa.Table
    truncated: bool
    seconds: float
    cpu_seconds: float
    as_of: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ValueHit:
    """A text value that stands in the data.

    Attributes:
        table: where.
        column: where.
        value: as it is spelled there.
    """

    table: str
    column: str
    value: str


class ValueIndex(Protocol):
    """Which text columns hold a value; built per policy."""

    longest: int
    """Words of the longest value that is indexed."""
    binary: frozenset[tuple[str, str]]
    """Columns (table, column) of whole numbers that hold nothing but 0 and 1."""

    def find(self, phrase: str) -> tuple[ValueHit, ...]:
        """Find values equal to phrase, ignoring case and spacing."""
        ...

    def near(self, phrase: str) -> tuple[ValueHit, ...]:
        """Find values that differ from phrase by a typo; best first, at most five."""
        ...

    def holding(self, word: str) -> tuple[ValueHit, ...]:
        """Find values that hold word among others, in columns of few values; at most twenty."""
        ...


class Source(Protocol):
    """An open source. Safe to use from several threads. Closing it twice is harmless."""

    name: str
    location: str
    """For people and notebooks: a path or a URL without credentials."""
    dialect: Dialect

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know, one line each."""
        ...

    @property
    def broken(self) -> dict[str, str]:
        """Files of a folder, and views, that can't be read: name → one line that says why."""
        ...

    def catalog(self, principal: Principal, deadline: Deadline | None = None) -> Catalog:
        """Look at tables, columns and keys; only what the policy shows.

        Raises:
            BudgetEnded, Cancelled: the deadline ended it; the next call begins again.
        """
        ...

    def values(self, principal: Principal, deadline: Deadline) -> ValueIndex:
        """Index the text values that the policy shows; built at the first call."""
        ...

    def samples(
        self, table: str, principal: Principal, deadline: Deadline
    ) -> dict[str, tuple[str, ...]]:
        """Show a few values of each column of a table, as text, that the policy shows."""
        ...

    def run(self, sql: str, principal: Principal, deadline: Deadline) -> Result:
        """Guard a statement, apply the policy, and run it read-only.

        Raises:
            Refused: the statement is not a plain SELECT over visible tables.
            RetryByModel: the engine does not understand it.
            BudgetEnded, Cancelled: it took too long, or was stopped.
            SourceError: the data can't be read any more.
        """
        ...

    def check(self, sql: str, principal: Principal) -> Iterable[str]:
        """Guard a statement without running it; gives the tables that it reads.

        Raises:
            Refused: as ``run``.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
