"""What a question of insight is about: a measure, whose rows, which time, which way it went.

A subject is what the other files work on; how words become one stands in ``understand.py``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from clew_agents.insight.asking import Days
from clew_core.query_spec import Column, Condition, Measure, Predicate

Kind = Literal["amount", "mean"]
Intent = Literal[
    "change", "which", "level", "versus", "overview", "trend", "together", "definition",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """One value of one dimension.

    Attributes:
        on: the column.
        value: as it stands in the data.
        name: what the column is called in sentences.
    """

    on: Column
    value: str | bool | int | None
    name: str

    def condition(self) -> Predicate:
        """Ask for the rows of the place."""
        if self.value is None:
            return Predicate(on=self.on, operator="is_null")
        return Predicate(on=self.on, operator="=", values=(self.value,))


@dataclass(frozen=True, kw_only=True)
class Span:
    """A span of days [low, high); None: open.

    Attributes:
        low: first day on which a change may begin.
        high: day after the last one on which it may begin.
        lasting: "since": the change is said to have lasted from then on.
        text: as the question says it.
        given: the question named it.
    """

    low: dt.date
    high: dt.date
    lasting: bool = False
    text: str = ""
    given: bool = True


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is looked at.

    Attributes:
        intent: what is asked.
        base: table whose rows are counted or aggregated.
        measure: the number.
        kind: an amount adds up over rows, a mean does not.
        time: the date that puts rows in time.
        places: conditions "column = value" of the question.
        others: further conditions.
        span: when.
        direction: 1 up, -1 down, 0 not said.
        asked: the column that "which …" asks for.
        versus: the two values that are compared.
        noun: what is measured, in words, for the beginning of a sentence.
        share: the measure is a share of rows (a mean of truth values), counted.
        fraction: it lies between 0 and 1.
        days: virtual columns that the measure needs.
        unit: of the measure.
        second: the other measure, where two are put side by side.
    """

    intent: Intent
    base: str
    measure: Measure
    kind: Kind
    time: Column | None
    noun: str
    places: tuple[Place, ...] = ()
    others: tuple[Condition, ...] = ()
    span: Span | None = None
    direction: int = 0
    asked: tuple[Column, ...] = ()
    versus: tuple[Place, Place] | None = None
    share: bool = False
    fraction: bool = False
    days: tuple[Days, ...] = ()
    unit: str | None = None
    second: Measure | None = None
    second_noun: str = ""

    def conditions(self, *, places: bool = True) -> tuple[Condition, ...]:
        """List the conditions, with or without those of the places."""
        return (*self.others, *(p.condition() for p in self.places if places))
