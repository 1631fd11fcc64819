"""What a name is that words of a question may mean, and how well they fit it."""

from __future__ import annotations

from dataclasses import dataclass

from clew_agents.sql.words import split_name
from clew_core.query_spec import Arithmetic, Column


@dataclass(frozen=True, kw_only=True)
class Name:
    """A table or a column and the words of its name.

    Attributes:
        table: the table.
        column: None for the table itself.
        words: of the name, a prefix that the table's columns share taken off.
        letters: the words run together.
        full: all words run together, with units and prefixes.
        type: of the column; empty for a table.
        metric: the name of the company's measure that it stands for; then ``column`` is that too.
        role: the column that points at the table under this name: a buyer is an employee.
        told: a meaning gives the name, not the schema.
        is_audit: a meaning says that the column dates the row itself: when it was loaded.
        computed: in each row of the table, from its columns; then ``column`` names no column.
        truth: its numbers are 0 and 1, and stand for false and true.
        term: the company's word for some rows of the table; then ``column`` is None.
    """

    table: str
    column: str | None
    words: tuple[str, ...]
    letters: str
    full: str = ""
    type: str = ""
    metric: str = ""
    term: str = ""
    told: bool = False
    truth: bool = False
    role: tuple[str, str] | None = None
    is_audit: bool = False
    computed: Arithmetic | None = None

    @property
    def is_flag(self) -> bool:
        """Whether it is a column of truth values, also where the engine has only numbers."""
        if self.truth:
            return True
        if self.type == "integer" and self.column is not None:
            return split_name(self.column)[0] in ("is", "has")
        return self.type == "boolean"

    @property
    def value(self) -> Column | Arithmetic:
        """What a row holds under this name."""
        return self.computed or Column(table=self.table, column=self.column or "")

    @property
    def raw(self) -> str:
        """The name as the source spells it, case-folded."""
        return (self.column or self.table).casefold()


@dataclass(frozen=True, kw_only=True)
class Match:
    """A name that words may mean, and how well they fit, in (0, 1]."""

    name: Name
    score: float
