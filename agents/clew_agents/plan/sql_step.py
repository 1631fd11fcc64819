"""How does the sql agent take part in a plan, and which of several sources answers?

What another step found reaches the query as data: a chosen value becomes a condition on the column
that it came from, a query that is changed becomes the one before. Only where the value lies in
another source is it put into words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from clew_agents.information_unit import Combined, Found, InformationUnit
from clew_agents.plan.plan import Card, Step
from clew_agents.plan.port import OpenSource, World
from clew_agents.proposer import AsksBack, Candidate, CannotAnswer, Proposer
from clew_agents.sql.agent import SqlAgent, Verified
from clew_agents.sql.builtin import SqlContext
from clew_core.answer import Clarification, Option, ProposerName
from clew_core.deadline import Deadline
from clew_core.errors import ClewError
from clew_core.principal import Principal
from clew_core.query_spec import (
    AllOf,
    AnyOf,
    Column,
    Condition,
    Dimension,
    NoneOf,
    Predicate,
    QuerySpec,
    Related,
    Scalar,
)
from clew_tools.database.source import Source

MOST_VALUES = 10


def verify(
    question: str,
    sources: Sequence[OpenSource],
    proposer: Proposer[SqlContext],
    principal: Principal,
    deadline: Deadline,
    chosen: Option | None = None,
) -> tuple[Verified, Source]:
    """Ask each source; one answer is taken, several are asked back.

    Raises:
        AsksBack, CannotAnswer, Refused: the reason is in the error.
        SourceError, BudgetEnded, Cancelled: a query did not come to its end.
    """
    found: list[tuple[Verified, Source]] = []
    problems: list[ClewError] = []
    for opened in sources:
        agent = SqlAgent(opened.source, principal, opened.context)
        try:
            if chosen is not None and chosen.spec is not None:
                if chosen.spec.source == opened.source.name:
                    return agent.run_option(chosen, proposer.name, deadline), opened.source
                continue
            found.append((agent.answer(question, proposer, deadline), opened.source))
        except (AsksBack, CannotAnswer) as problem:
            problems.append(problem)
    if len(found) == 1:
        return found[0]
    if found:
        raise _which_source(question, found)
    asking = [problem for problem in problems if isinstance(problem, AsksBack)]
    if not problems:
        raise CannotAnswer("The source of that choice is not open any more.")
    raise (asking or problems)[0]


class SqlStep:
    """The sql agent as plans see it."""

    card = Card(name="sql", gives="result", says="answers a question about data with a query")

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        """Answer the question of a step; see ``Agent.run``."""
        question, proposer = step.asks or step.task, world.proposer
        sources = [s for s in world.sources if step.source in (None, s.source.name)]
        if step.follows is not None:
            followed = _found(units, step.follows).spec
            sources = [after(source, followed) for source in sources]
        elif not step.continues:
            sources = [after(source, None) for source in sources]
        if step.narrows is not None:
            chosen = chosen_by(_found(units, step.narrows))
            proposer = _Narrowed(proposer, chosen, splits=step.splits)
        verified, source = verify(question, sources, proposer, world.principal, world.deadline)
        return InformationUnit(
            data_source=source.name,
            role=self.card.name,
            action="query",
            description=step.task,
            content=found_of(verified, source),
            timestamp=world.now,
        )


def found_of(verified: Verified, source: Source) -> Found:
    """Make the content of a unit from what the sql agent verified."""
    return Found(
        spec=verified.candidate.spec,
        sql=verified.compiled.sql,
        dialect=source.dialect,
        table=verified.result.table,
        as_of=verified.result.as_of,
        truncated=verified.result.truncated,
        confidence=verified.candidate.confidence,
        proposer=verified.proposer,
        seconds=verified.seconds,
        warnings=verified.result.warnings,
    )


# --------------------------------------------------------------------------- what reaches the step


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What a result chose: "the region with the highest revenue".

    Attributes:
        source: where it was chosen.
        dimensions: what was chosen among.
        rows: one tuple of values per chosen group, in the order of ``dimensions``.
        terms: what the question called them.
    """

    source: str
    dimensions: tuple[Dimension, ...]
    rows: tuple[tuple[object, ...], ...]
    terms: dict[str, str]

    def condition(self) -> Condition:
        """Say it as a condition on the columns that it was chosen from."""
        if len(self.dimensions) == 1 and self.dimensions[0].grain is None and len(self.rows) > 1:
            values = tuple(_scalar(row[0]) for row in self.rows)
            return Predicate(on=self.dimensions[0].of, operator="in", values=values)
        groups = [self._group(row) for row in self.rows]
        return groups[0] if len(groups) == 1 else AnyOf(any=tuple(groups))

    def _group(self, row: tuple[object, ...]) -> Predicate | AllOf:
        tests: list[Predicate] = []
        for dimension, value in zip(self.dimensions, row, strict=True):
            tests += _tests(dimension, value)
        return tests[0] if len(tests) == 1 else AllOf(all=tuple(tests))

    def words(self) -> str:
        """Say it in words, for a source that has other columns."""
        return " or ".join(f'"{row[0]}"' for row in self.rows)


def chosen_by(found: Found) -> Chosen:
    """Read what a result chose.

    Raises:
        CannotAnswer: it chose nothing, or too many to go on with.
    """
    spec, table = found.spec, found.table
    dimensions = tuple(d for d in spec.dimensions if d.name in table.column_names)
    if not dimensions or table.num_rows == 0:
        raise CannotAnswer("The step before found no value to go on with.")
    if table.num_rows > MOST_VALUES:
        raise CannotAnswer(
            f"The step before found {table.num_rows} values; at most {MOST_VALUES} can be gone on "
            "with."
        )
    columns = [table.column(d.name).to_pylist() for d in dimensions]
    return Chosen(
        source=spec.source,
        dimensions=dimensions,
        rows=tuple(zip(*columns, strict=True)),
        terms={**spec.terms, **_labels(dimensions)},
    )


def _labels(dimensions: Sequence[Dimension]) -> dict[str, str]:
    """Call a column what the group was called: a region's name is the region."""
    return {
        f"{d.of.table}.{d.of.column}": d.name.replace("_", " ")
        for d in dimensions
        if isinstance(d.of, Column) and d.name.lower() != d.of.column.lower()
    }


class _Narrowed:
    """A proposer whose candidates are all about a value that another step chose."""

    def __init__(self, inner: Proposer[SqlContext], chosen: Chosen, *, splits: bool) -> None:
        """Take the proposer that reads the question, and the value."""
        self.inner, self.chosen, self.splits = inner, chosen, splits

    @property
    def name(self) -> ProposerName:
        """That of the inner one."""
        return self.inner.name

    def propose(self, task: str, context: SqlContext, deadline: Deadline) -> Sequence[Candidate]:
        """Propose, then narrow."""
        if context.source != self.chosen.source:
            return self.inner.propose(f"{task} for {self.chosen.words()}", context, deadline)
        return [self._narrow(c) for c in self.inner.propose(task, context, deadline)]

    def _narrow(self, candidate: Candidate) -> Candidate:
        spec = candidate.spec
        narrowed = replace(
            spec,
            conditions=(*spec.conditions, self.chosen.condition()),
            terms={**self.chosen.terms, **spec.terms},
        )
        if self.splits and spec.measures and len(self.chosen.rows) > 1:
            known = {d.name for d in spec.dimensions}
            more = tuple(d for d in self.chosen.dimensions if d.name not in known)
            narrowed = replace(narrowed, dimensions=(*spec.dimensions, *more))
        return replace(candidate, spec=narrowed, reason=f"{candidate.reason}; one value chosen")


def _found(units: Mapping[str, InformationUnit], step: str) -> Found:
    unit = units.get(step)
    if unit is None or not isinstance(unit.content, Found | Combined):
        raise CannotAnswer(f"The result of step {step} did not reach this step.")
    if isinstance(unit.content, Combined):
        raise CannotAnswer("A query can't go on from results that were put side by side.")
    return unit.content


def after(opened: OpenSource, previous: QuerySpec | None) -> OpenSource:
    """Give a source the query that the question may change."""
    return replace(opened, context=replace(opened.context, previous=previous))


def _tests(dimension: Dimension, value: object) -> list[Predicate]:
    on = dimension.of
    if value is None:
        return [Predicate(on=on, operator="is_null")]
    if dimension.bucket is not None:
        raise CannotAnswer(f"The class {value!r} can't be gone on with: ask for its range.")
    if dimension.grain is None:
        return [Predicate(on=on, operator="=", values=(_scalar(value),))]
    if "_of_" in dimension.grain:
        return [Predicate(on=on, operator="=", values=(_scalar(value),), grain=dimension.grain)]
    low, high = _span(value, dimension.grain)
    return [
        Predicate(on=on, operator=">=", values=(low.isoformat(),)),
        Predicate(on=on, operator="<", values=(high.isoformat(),)),
    ]


def _span(value: object, grain: str) -> tuple[dt.date, dt.date]:
    """Find the first day of a period and of the next one."""
    if isinstance(value, dt.datetime):
        low = value.date()
    elif isinstance(value, dt.date):
        low = value
    else:
        try:
            text = str(value)
            low = dt.date(int(text), 1, 1) if len(text) == 4 else dt.date.fromisoformat(text[:10])
        except ValueError:
            raise CannotAnswer(f"{value!r} is no period that can be gone on with.") from None
    days = {"day": 1, "week": 7}
    months = {"month": 1, "quarter": 3, "year": 12}
    if grain in days:
        return low, low + dt.timedelta(days=days[grain])
    if grain not in months:
        raise CannotAnswer(f"A {grain} can't be gone on with.")
    month = low.month - 1 + months[grain]
    return low, dt.date(low.year + month // 12, month % 12 + 1, 1)


def _scalar(value: object) -> Scalar:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return str(value)


def _which_source(question: str, found: Sequence[tuple[Verified, Source]]) -> AsksBack:
    options = tuple(
        Option(
            id=str(number),
            label=source.name,
            question=f"{question.rstrip(' ?.')} (in {source.name})",
            spec=verified.candidate.spec,
        )
        for number, (verified, source) in enumerate(found, 1)
    )
    names = " or ".join(option.label for option in options)
    return AsksBack(
        Clarification(question=f"Several sources can answer this: {names}?", options=options)
    )


def has_inner(spec: QuerySpec) -> bool:
    """Whether a query holds another one, as "of the customer with the most orders" does."""
    waiting: list[Condition] = list(spec.conditions)
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, Predicate):
            if condition.spec is not None:
                return True
        elif isinstance(condition, AllOf):
            waiting += condition.all
        elif isinstance(condition, AnyOf):
            waiting += condition.any
        elif isinstance(condition, NoneOf):
            waiting += condition.none
        elif isinstance(condition, Related) and condition.where is not None:
            waiting.append(condition.where)
    return False


def is_choice(spec: QuerySpec) -> bool:
    """Whether a query chooses few groups: "the region with the highest revenue"."""
    return (
        bool(spec.dimensions and spec.order)
        and spec.limit is not None
        and spec.limit <= MOST_VALUES
        and all(isinstance(d.of, Column) for d in spec.dimensions)
    )
