"""How the sql agent works: candidates are compiled, guarded, run and checked before one is chosen.

What is checked: the spec against the catalog, the SQL by the guard, the result for emptiness and
for periods outside the data, names that stand for several rows, and that all readings of a
question agree. What is not: that the words were understood as they were meant.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from clew_agents.proposer import AsksBack, Candidate, CannotAnswer, Proposer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.confidence import with_risk
from clew_agents.sql.describe import Describer, period_text
from clew_agents.sql.describe_time import as_date
from clew_agents.sql.dropped import ROWS, counts
from clew_agents.sql.partial import HIGH, LOW, cut_periods, span
from clew_core.answer import Clarification, Option, ProposerName
from clew_core.deadline import Deadline
from clew_core.errors import RetryByModel, ToolFailed
from clew_core.principal import Principal
from clew_core.query_spec import (
    AllOf,
    AnyOf,
    Column,
    Condition,
    Dimension,
    Measure,
    NoneOf,
    Order,
    Predicate,
    QuerySpec,
    Related,
)
from clew_tools.database.catalog import Catalog
from clew_tools.database.source import Result, Source
from clew_tools.semantic.compile import Compiled, compile_spec
from clew_tools.semantic.keys import AmbiguousPath

if TYPE_CHECKING:
    import pyarrow as pa

MOST_NUMBER_GROUPS = 50
MOST_NAMES, MOST_KEYS = 50, 10
# A reading that is so many times less likely than the first one is not asked about.
_UNLIKELY = 4


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A candidate that was run and holds.

    Attributes:
        candidate: what was accepted.
        compiled: its SQL.
        result: its rows.
        proposer: who made it.
        seconds: wall-clock time inside the engine, all queries together.
        cpu_seconds: CPU time there.
    """

    candidate: Candidate
    compiled: Compiled
    result: Result
    proposer: ProposerName
    seconds: float
    cpu_seconds: float


class SqlAgent:
    """Answers one question over one source."""

    def __init__(self, source: Source, principal: Principal, context: SqlContext) -> None:
        """Take what it works on.

        Args:
            source: open.
            principal: who asks.
            context: what its proposers are given.
        """
        self.source, self.principal, self.context = source, principal, context
        self.catalog: Catalog = context.vocabulary.catalog
        self.seconds = self.cpu_seconds = 0.0

    def answer(self, question: str, proposer: Proposer[SqlContext], deadline: Deadline) -> Verified:
        """Propose, verify, choose.

        Raises:
            AsksBack, CannotAnswer, Refused: the reason is in the error.
            SourceError, BudgetEnded, Cancelled: the query did not come to its end.
        """
        candidates = proposer.propose(question, self.context, deadline)
        held = [
            verified
            for candidate in candidates
            if (verified := self._verify(candidate, proposer.name, deadline)) is not None
        ]
        if not held:
            raise CannotAnswer("No reading of the question gives a result.")
        alone = candidates[0].single_row and held[0].candidate.single_row
        likely = [one for one in held if _rivals(one.candidate, held[0].candidate)]
        if not alone and differ(likely):
            raise self._ask_reading(question, likely)
        if held[0].candidate.sql is not None:
            return _with_warnings(held[0], held[0].candidate.warnings)
        chosen = self._with_ties(self._nonempty(held[0], deadline), deadline)
        warnings = (
            *chosen.candidate.warnings,
            *self._dropped(chosen, deadline),
            *self._partial(chosen, deadline),
        )
        return _with_warnings(chosen, warnings)

    def run_option(self, option: Option, proposer: ProposerName, deadline: Deadline) -> Verified:
        """Run the reading that a person chose."""
        assert option.spec is not None  # options without a spec are asked as questions
        candidate = Candidate(
            spec=option.spec, confidence=1.0, reason="chosen by the user", labels=option.labels
        )
        verified = self._verify(candidate, proposer, deadline)
        assert verified is not None  # only single-row candidates can fail silently
        return self._nonempty(verified, deadline)

    # --- verification --------------------------------------------------------------------------

    def _verify(
        self, candidate: Candidate, proposer: ProposerName, deadline: Deadline
    ) -> Verified | None:
        """Run a candidate; None if it supposed one row and there are more."""
        if candidate.sql is not None:
            return self._free(candidate, candidate.sql, proposer, deadline)
        candidate = self._with_keys(candidate, deadline)
        try:
            compiled = self._compiled(candidate.spec)
        except AmbiguousPath as problem:
            raise AsksBack(Clarification(question=f"{problem} Which one?")) from problem
        except (RetryByModel, ToolFailed) as problem:
            raise CannotAnswer(str(problem)) from problem
        result = self._run(compiled.sql, deadline)
        if candidate.many is not None and result.table.num_rows > self._readable(candidate):
            counted = replace(candidate, spec=candidate.many, many=None)
            return self._verify(counted, proposer, deadline)
        self._see_groups(candidate.spec, result)
        if candidate.single_row and result.table.num_rows > 1:
            return None
        return Verified(
            candidate=candidate,
            compiled=compiled,
            result=result,
            proposer=proposer,
            seconds=self.seconds,
            cpu_seconds=self.cpu_seconds,
        )

    def _free(
        self, candidate: Candidate, sql: str, proposer: ProposerName, deadline: Deadline
    ) -> Verified:
        """Run free SQL: the guard decides what it may read, and nothing is no answer."""
        result = self._run(sql, deadline)
        if all(column.null_count == result.table.num_rows for column in result.table.columns):
            raise CannotAnswer("The query finds nothing.")
        return Verified(
            candidate=candidate,
            compiled=Compiled(sql=sql, dimensions=(), measures=()),
            result=result,
            proposer=proposer,
            seconds=self.seconds,
            cpu_seconds=self.cpu_seconds,
        )

    def _readable(self, candidate: Candidate) -> int:
        """How many rows somebody reads who only named them; numbers of rows say less than names."""
        named = any(
            isinstance(d.of, Column) and _type_of(d.of, self.catalog) == "text"
            for d in candidate.spec.dimensions
        )
        return MOST_NAMES if named else MOST_KEYS

    def _see_groups(self, spec: QuerySpec, result: Result) -> None:
        """Refuse groups of a number that nearly every row has for itself."""
        for dimension in spec.dimensions if spec.measures and spec.limit is None else ():
            if dimension.grain is not None or not isinstance(dimension.of, Column):
                continue
            table = self.catalog.table(dimension.of.table)
            keyed = table is not None and dimension.of.column in table.primary_key
            whole = _type_of(dimension.of, self.catalog) == "integer"
            if not whole or keyed or dimension.of.column.lower().endswith("year"):
                continue
            if len(set(result.table.column(dimension.name).to_pylist())) > MOST_NUMBER_GROUPS:
                raise CannotAnswer(
                    f"{dimension.name!r} is a number with more than {MOST_NUMBER_GROUPS} "
                    "different values: it makes no groups that can be read."
                )

    def _run(self, sql: str, deadline: Deadline) -> Result:
        deadline.check()
        try:
            result = self.source.run(sql, self.principal, deadline)
        except RetryByModel as problem:
            raise CannotAnswer(f"The query did not run: {problem}") from problem
        self.seconds += result.seconds
        self.cpu_seconds += result.cpu_seconds
        return result

    def _with_keys(self, candidate: Candidate, deadline: Deadline) -> Candidate:
        """Group by the key as well where two rows share a name: two people called Smith."""
        spec = candidate.spec
        if not spec.measures:
            return candidate
        added: list[Dimension] = []
        for table_name in dict.fromkeys(candidate.labels.values()):
            table = self.catalog.table(table_name)
            names = [
                d.of.column
                for d in spec.dimensions
                if candidate.labels.get(d.name) == table_name and isinstance(d.of, Column)
            ]
            if table is None or not names or not table.primary_key:
                continue
            if any(name in table.primary_key for name in names):
                continue
            if self._names_repeat(table_name, names, deadline):
                added += [
                    Dimension(name=key, of=Column(table=table_name, column=key))
                    for key in table.primary_key
                ]
        if not added:
            return candidate
        known = {d.name for d in spec.dimensions}
        dimensions = (*spec.dimensions, *(d for d in added if d.name not in known))
        return replace(candidate, spec=replace(spec, dimensions=dimensions))

    def _names_repeat(self, table: str, columns: Sequence[str], deadline: Deadline) -> bool:
        rows = "rows__"
        check = QuerySpec(
            source=self.source.name,
            table=table,
            measures=(Measure(name=rows, aggregate="count"),),
            dimensions=tuple(
                Dimension(name=f"name_{i}", of=Column(table=table, column=column))
                for i, column in enumerate(columns)
            ),
            limit=1,
        )
        compiled = self._compiled(replace(check, order=(_descending(rows),)))
        found = self._run(compiled.sql, deadline).table
        return bool(found.num_rows) and int(found.column(rows)[0].as_py()) > 1

    def _compiled(self, spec: QuerySpec) -> Compiled:
        known = self.context.vocabulary.known
        return compile_spec(
            spec, self.catalog, self.source.dialect, known.measures, known.conditions
        )

    # --- what the result says ------------------------------------------------------------------

    def _nonempty(self, verified: Verified, deadline: Deadline) -> Verified:
        """Refuse to call nothing an answer; zero rows counted is one, inside the data's time."""
        spec, table = verified.candidate.spec, verified.result.table
        if not _is_empty(table, spec):
            return verified
        row = table.slice(0, 1).to_pylist()[0] if table.num_rows else {}
        counted = all(_can_be_none(m) and row.get(m.name) is not None for m in spec.measures)
        outside = self._outside(spec, deadline)
        if spec.measures and not spec.dimensions and counted and not outside:
            return verified
        if not spec.conditions:
            raise CannotAnswer(f"{spec.table!r} has no rows that could be used.")
        told = Describer(spec)
        things = told.things() if not spec.measures and not spec.distinct else "rows"
        raise CannotAnswer(f"There are no {things} {told.conditions()}.{outside}")

    def _with_ties(self, verified: Verified, deadline: Deadline) -> Verified:
        """Warn where a ranking was cut between equals."""
        spec, table = verified.candidate.spec, verified.result.table
        if not spec.order or spec.limit is None or table.num_rows < spec.limit:
            return verified
        longer = replace(spec, limit=spec.limit + 1)
        compiled = self._compiled(longer)
        ranks = self._run(compiled.sql, deadline).table.column(spec.order[0].by).to_pylist()
        if len(ranks) <= spec.limit or ranks[-1] != ranks[-2]:
            return verified
        warning = "Others come equal to the last one shown; which of them is shown is arbitrary."
        result = replace(verified.result, warnings=(*verified.result.warnings, warning))
        confidence = with_risk(verified.candidate.confidence, "ties")
        candidate = replace(verified.candidate, confidence=confidence)
        return replace(verified, candidate=candidate, result=result)

    def _dropped(self, verified: Verified, deadline: Deadline) -> tuple[str, ...]:
        """Say that rows are in no group, where some belong to none."""
        found = counts(verified.candidate.spec, self.catalog)
        if found is None:
            return ()
        whole, grouped, table = found
        rows = [
            int(self._run(self._compiled(spec).sql, deadline).table.column(ROWS)[0].as_py())
            for spec in (whole, grouped)
        ]
        if rows[0] == rows[1]:
            return ()
        said = f"Rows of {whole.table!r} that belong to none of {table!r} are in no group."
        return (said,)

    def _partial(self, verified: Verified, deadline: Deadline) -> tuple[str, ...]:
        """Say that the data begin or end within a period that is shown."""
        asked = span(verified.candidate.spec)
        if asked is None:
            return ()
        probe, dimension = asked
        row = self._run(self._compiled(probe).sql, deadline).table.to_pylist()[0]
        low, high = as_date(row[LOW]), as_date(row[HIGH])
        shown = verified.result.table.column(dimension.name).to_pylist()
        days = [dt.date(v, 1, 1) if isinstance(v, int) else as_date(v) for v in shown]
        periods = [day for day in days if day is not None]
        if low is None or high is None:
            return ()
        what = "the data run"
        for test in _predicates(verified.candidate.spec):
            bound = as_date(test.values[0]) if test.values and test.on == dimension.of else None
            if bound is not None and test.operator == ">=" and bound > low:
                low, what = bound, "the question goes"
            if bound is not None and test.operator == "<" and bound <= high:
                high, what = bound - dt.timedelta(days=1), "the question goes"
        cut = cut_periods(dimension, periods, low, high)
        if not cut:
            return ()
        named = " and ".join(period_text(day, dimension.grain) for day in cut)
        verb = "is" if len(cut) == 1 else "are"
        return (f"{named} {verb} not whole: {what} from {low} to {high}.",)

    def _outside(self, spec: QuerySpec, deadline: Deadline) -> str:
        """Say the span of the data where a period lies outside of it or in a gap."""
        for column in _time_columns(spec, self.catalog):
            probe = QuerySpec(
                source=spec.source,
                table=column.table,
                measures=(
                    Measure(name="low__", aggregate="min", of=column),
                    Measure(name="high__", aggregate="max", of=column),
                ),
            )
            compiled = self._compiled(probe)
            row = self._run(compiled.sql, deadline).table.to_pylist()[0]
            low, high = str(row["low__"])[:10], str(row["high__"])[:10]
            if self._is_outside(spec, column, low, high):
                return f" {column.column!r} runs from {low} to {high}."
        return ""

    def _is_outside(self, spec: QuerySpec, column: Column, low: str, high: str) -> bool:
        kind = _type_of(column, self.catalog)
        for test in _predicates(spec):
            if test.on != column or test.grain is not None:
                continue
            if kind in ("integer", "number", "decimal") and test.operator == "=":
                return True  # whole years that the data skip
            value = str(test.values[0]) if test.values else ""
            if test.operator in (">", ">=") and value[: len(high)] > high:
                return True
            if test.operator in ("<", "<=") and value[: len(low)] <= low:
                return True
        return False

    def _ask_reading(self, question: str, held: Sequence[Verified]) -> AsksBack:
        options = []
        for number, verified in enumerate(held, 1):
            label = Describer(verified.candidate.spec).reading()
            options.append(
                Option(
                    id=str(number),
                    label=label,
                    question=f"{question.rstrip(' ?.')} ({label})",
                    spec=verified.candidate.spec,
                )
            )
        labels = " or ".join(option.label for option in options)
        return AsksBack(
            Clarification(
                question=f"There are several rows per answer. Which one is meant: {labels}?",
                options=tuple(options),
            )
        )


def _rivals(other: Candidate, first: Candidate) -> bool:
    """Whether a reading is likely enough, beside the first one, to be asked about."""
    return other.confidence * _UNLIKELY >= first.confidence


def _with_warnings(verified: Verified, warnings: Sequence[str]) -> Verified:
    if not warnings:
        return verified
    result = replace(verified.result, warnings=(*warnings, *verified.result.warnings))
    return replace(verified, result=result)


def differ(held: Sequence[Verified]) -> bool:
    """Whether the readings give other values, whatever their columns are called."""
    forms = [
        [[_plain(value) for value in row.values()] for row in verified.result.table.to_pylist()]
        for verified in held
    ]
    return any(form != forms[0] for form in forms[1:])


def _plain(value: object) -> object:
    """Read numbers as floats: a total and a maximum of one row differ in type only."""
    number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return float(value) if number else value  # type: ignore[arg-type]


def _is_empty(table: pa.Table, spec: QuerySpec) -> bool:
    if table.num_rows == 0:
        return True
    if not spec.measures:
        return False
    names = [measure.name for measure in spec.measures]
    if spec.dimensions:
        return all(table.column(name).null_count == table.num_rows for name in names)
    row = table.slice(0, 1).to_pylist()[0]
    counts = {m.name for m in spec.measures if _can_be_none(m)}
    return all(row[name] is None or (name in counts and row[name] == 0) for name in names)


def _can_be_none(measure: Measure) -> bool:
    """Whether zero says that there are none: of a count, maybe of a named metric."""
    return measure.aggregate in ("count", "count_distinct") or measure.metric is not None


def _descending(by: str) -> Order:
    return Order(by=by, direction="descending")


def _predicates(spec: QuerySpec) -> list[Predicate]:
    found: list[Predicate] = []
    waiting: list[Condition] = list(spec.conditions)
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, Predicate):
            found.append(condition)
        elif isinstance(condition, Related):
            waiting += [condition.where] if condition.where else []
        elif isinstance(condition, AllOf):
            waiting += condition.all
        elif isinstance(condition, AnyOf):
            waiting += condition.any
        elif isinstance(condition, NoneOf):
            waiting += condition.none
    return found


def _type_of(column: Column, catalog: Catalog) -> str:
    table = catalog.table(column.table)
    found = table.column(column.column) if table else None
    return found.type if found else "other"


def _time_columns(spec: QuerySpec, catalog: Catalog) -> list[Column]:
    """Columns of dates, or of years, that the conditions test."""
    columns: list[Column] = []
    for test in _predicates(spec):
        on = test.on
        if not isinstance(on, Column) or on in columns:
            continue
        whole = _type_of(on, catalog) in ("integer", "number", "decimal")
        years = on.column.lower().endswith("year") and whole
        if years or _type_of(on, catalog) in ("date", "timestamp"):
            columns.append(on)
    return columns
