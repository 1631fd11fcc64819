"""Did the meaning of a column change: the rule by which its values follow from the rest of a row?

A truth value may follow from thresholds ("a visit of one page under 10 s"), a number from a sum
of others ("gross less discount"). Such a rule is looked for without being told: the bounds of the
rows for which a truth value holds, and signed sums of the other numbers. What is told is exact:
a rule that held for nearly all rows up to a day, and not any more from then on.

What it does not do: rules over several tables, or over texts. Those of numbers are in
``formula.py``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from clew_agents.insight import schema
from clew_agents.insight.asking import Asking, Days, Sheet
from clew_agents.insight.finding import Finding
from clew_agents.insight.formula import formula_change
from clew_agents.insight.intent import CHANGE, FRAME
from clew_agents.insight.spoken import is_key, kin
from clew_agents.insight.subject import Place
from clew_agents.insight.understand import place_name
from clew_agents.insight.wording import Words, capital, cell
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.describe_time import as_date
from clew_agents.sql.tagging import Item, tag
from clew_core.query_spec import AllOf, Condition, Dimension, Measure, Order, Predicate, QuerySpec
from clew_core.query_spec import Column as SpecColumn
from clew_tools.database.catalog import Column, Table
from clew_tools.semantic.measures import columns_of, leaves, resolve

_NUMERIC = frozenset({"integer", "number", "decimal"})
_LEAST_BEFORE, _LEAST_AFTER = 2, 1
_LEAST_ROWS = 10
_PURE = 0.99
_LEVEL = 1e-4
_LEAST_MONTHS = 6
_FAR = 10.0
_MOST_TARGETS = 4
_MOST_COLUMNS = 9


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A bound that moved, and the month in which it did."""

    on: SpecColumn
    upper: bool
    month: dt.date
    before: float
    after: float

    @property
    def wider(self) -> bool:
        """Whether rows fulfil the rule that did not before."""
        return (self.after > self.before) == self.upper


def definition(
    question: str, context: SqlContext, asking: Asking, words: Words
) -> tuple[list[Finding], int, str]:
    """Look for a change of the rule behind what a question names.

    Returns:
        Findings, how many rules were tried, and the name of what was looked at.

    Raises:
        CannotAnswer: nothing that is computed in each row is named, or it has no date.
    """
    items = tag(question, context.vocabulary, context.values, context.today)
    targets = _targets(items, context, asking)
    if not targets:
        raise CannotAnswer(
            "I don't see which column or measure this asks about: name a number, or a column "
            "that is true or false."
        )
    findings: list[Finding] = []
    for table, column in targets[:_MOST_TARGETS]:
        time = schema.time_of(asking.catalog, table.name, asking.empty)
        if time is None or time.table != table.name:
            continue
        if column.type == "boolean":
            found = _bound_change(table, column, time, asking, words)
        else:
            found = formula_change(table, column, time, asking, words)
        if found is not None:
            findings.append(found)
            break  # of the columns that may be meant the best known: others repeat it
    return findings, len(targets), _said(targets[0][1])


def _targets(
    items: Sequence[Item], context: SqlContext, asking: Asking
) -> list[tuple[Table, Column]]:
    """List the columns that the words may mean, the best first."""
    spoken = [
        word
        for item in items
        if item.tag != "P"
        for word in item.text.casefold().replace("_", " ").split()
        if word not in FRAME and word not in CHANGE and len(word) > 2
    ]
    metrics = {
        match.name.metric for item in items for match in item.matches[:1] if match.name.metric
    }
    measured: dict[tuple[str, str], float] = {}
    for metric in context.vocabulary.known.metrics.values():
        named = {w for name in metric.names for w in schema.words_in(name)}
        meant = named | set(schema.words_in(metric.meaning or ""))
        if metric.name in metrics or (spoken and all(_is_said(w, meant) for w in spoken)):
            measure = resolve(Measure(name="value", metric=metric.name), asking.metrics)
            for leaf in leaves(measure):
                on = leaf.where.on if isinstance(leaf.where, Predicate) else None
                conditioned = [on] if isinstance(on, SpecColumn) else []
                found = [*columns_of(leaf.of), *conditioned]
                exact = metric.name in metrics or all(_is_said(w, named) for w in spoken)
                weight = 2.0 if exact else 1.0
                for c in found:
                    known = measured.get((c.table, c.column), 0.0)
                    measured[c.table, c.column] = max(known, weight)
    ranked: list[tuple[float, int, Table, Column]] = []
    for table in asking.catalog.tables:
        for column in table.columns:
            if (column.type not in _NUMERIC and column.type != "boolean") or is_key(table, column):
                continue
            by_name = sum(_is_said(w, set(schema.words_of(column))) for w in spoken)
            by_meaning = sum(
                _is_said(w, set(schema.words_in(column.meaning or ""))) for w in spoken
            )
            score = max(by_name, 0.8 * by_meaning) / max(1, len(spoken))
            score += measured.get((table.name, column.name), 0.0)
            if score > 0:
                ranked.append((-score, len(ranked), table, column))
    ranked.sort(key=lambda entry: entry[:2])
    return [(table, column) for _, _, table, column in ranked]


def _is_said(word: str, names: set[str]) -> bool:
    return any(kin(word, name) for name in names)


# --- bounds ------------------------------------------------------------------------------------


def _bound_change(
    table: Table, target: Column, time: SpecColumn, asking: Asking, words: Words
) -> Finding | None:
    """Find the bound of another number by which a truth value holds, and that moved."""
    days = _spans(table, time)
    asking.days = (*asking.days, *(d for d in days if d not in asking.days))
    columns = [
        SpecColumn(table=table.name, column=c.name)
        for c in table.columns
        if c.type in _NUMERIC and not is_key(table, c)
    ][:_MOST_COLUMNS]
    columns += [SpecColumn(table=table.name, column=d.name) for d in days]
    if not columns:
        return None
    of = SpecColumn(table=table.name, column=target.name)
    steps: list[tuple[bool, _Step, tuple[Condition, ...]]] = []
    for holds in (True, False):
        sheet = _bounds(of, holds, columns, (), time, asking)
        limits = _limits(sheet, columns)
        if limits:
            sheet = _bounds(of, holds, columns, limits, time, asking)
        steps += [(holds, step, limits) for step in _steps(sheet, columns)]
    # A rule of one bound is told before one of several.
    for alone in (True, False):
        for holds, step, limits in steps:
            kept = [step.on] if alone else columns
            found = _tested(step, of, holds, kept, limits, time, asking, words)
            if found is not None:
                return found
    return None


def _limits(sheet: Sheet, columns: Sequence[SpecColumn]) -> tuple[Condition, ...]:
    """Leave out single values that are far from all others: written down in another unit."""
    rows = [r for r in sheet.table.to_pylist() if r["rows"]]
    found: list[Condition] = []
    for at, on in enumerate(columns):
        tops = sorted(float(r[f"high_{at}"]) for r in rows if r[f"high_{at}"] is not None)
        if len(tops) < _LEAST_MONTHS:
            continue
        usual = tops[len(tops) // 2]
        if usual > 0 and tops[-1] > _FAR * usual:
            found.append(Predicate(on=on, operator="<=", values=(_FAR * usual,)))
    return tuple(found)


def _spans(table: Table, time: SpecColumn) -> list[Days]:
    """Take the time from the row's own date to each other one as a number."""
    kinds = {c.name: c.type for c in table.columns}
    found = []
    for at, column in enumerate(schema.dates(table)):
        if column.name == time.column:
            continue
        exact = column.type == "timestamp" and kinds[time.column] == "timestamp"
        found.append(
            Days(
                name=f"span__{at}",
                table=table.name,
                start=time.column,
                end=column.name,
                unit="hours" if exact else "days",
            )
        )
    return found[:3]


def _is(of: SpecColumn, holds: bool) -> Predicate:
    return Predicate(on=of, operator="=", values=(holds,))


def _bounds(
    of: SpecColumn,
    holds: bool,
    columns: Sequence[SpecColumn],
    conditions: Sequence[Condition],
    time: SpecColumn,
    asking: Asking,
) -> Sheet:
    """Ask for the least and largest value of each column, month by month, where it holds."""
    where = _is(of, holds)
    measures = [Measure(name="rows", aggregate="count", where=where)]
    for at, on in enumerate(columns):
        measures.append(Measure(name=f"low_{at}", aggregate="min", of=on, where=where))
        measures.append(Measure(name=f"high_{at}", aggregate="max", of=on, where=where))
    return asking.run(
        QuerySpec(
            source="",
            table=of.table,
            measures=tuple(measures),
            dimensions=(Dimension(name="month", of=time, grain="month"),),
            conditions=tuple(conditions),
            order=(Order(by="month"),),
        )
    )


def _steps(sheet: Sheet, columns: Sequence[SpecColumn]) -> list[_Step]:
    """Find bounds that were on one side up to a month, and on the other from then on."""
    rows = [r for r in sheet.table.to_pylist() if r["rows"] and as_date(r["month"]) is not None]
    found: list[tuple[float, _Step]] = []
    for at, on in enumerate(columns):
        for upper in (True, False):
            name = f"{'high' if upper else 'low'}_{at}"
            bounds = [(as_date(r["month"]), r[name]) for r in rows if r[name] is not None]
            months = [(day, float(b)) for day, b in bounds if day is not None]
            best = _best_step(months, on, upper)
            if best is not None:
                found.append(best)
    found.sort(key=lambda entry: -entry[0])
    return [step for _, step in found[:3]]


def _best_step(
    months: Sequence[tuple[dt.date, float]], on: SpecColumn, upper: bool
) -> tuple[float, _Step] | None:
    """Find the month that parts the bounds best; the month itself may hold both."""
    values = [value for _, value in months]
    best: tuple[float, _Step] | None = None
    for at in range(_LEAST_BEFORE, len(months) - _LEAST_AFTER + 1):
        before, after = values[:at], values[at:]
        inner = after[1:] if len(after) > _LEAST_AFTER else after
        gap = max(min(inner) - max(before), min(before) - max(inner))
        spread = max(max(before) - min(before), max(inner) - min(inner))
        if gap <= 0 or gap < spread:
            continue
        pick = max if upper else min
        step = _Step(
            on=on,
            upper=upper,
            month=months[at][0],
            before=pick(before),
            after=pick(inner),
        )
        # The first month of two that part alike: it may hold the day of the change.
        score = gap / (spread + abs(gap) * 0.01)
        if best is None or score > best[0] * 1.001:
            best = (score, step)
    return best


def _tested(
    step: _Step,
    of: SpecColumn,
    holds: bool,
    columns: Sequence[SpecColumn],
    limits: tuple[Condition, ...],
    time: SpecColumn,
    asking: Asking,
    words: Words,
) -> Finding | None:
    """Find the day, and see whether the bounds make a rule before and after."""
    day_sheet = _day(step, of, holds, limits, time, asking)
    day = as_date(day_sheet.table.column("day")[0].as_py())
    if day is None:
        return None
    start = day if step.wider else day + dt.timedelta(days=1)
    before = Predicate(on=time, operator="<", values=(start.isoformat(),))
    after = Predicate(on=time, operator=">=", values=(start.isoformat(),))
    sheet = _whole_bounds(of, holds, columns, limits, (before, after), asking)
    row = sheet.table.to_pylist()[0]
    rules = []
    for at, name in enumerate(("before", "after")):
        rules.append((*_rule(row, name, columns), (before, after)[at]))
    counted = _pure(rules, of, holds, asking)
    if counted is not None and len(columns) > 1:
        without = [tuple(p for p in rule if p.on != step.on) for rule in rules]
        if _pure(without, of, holds, asking) is not None:
            return None  # the other bounds do it alone
    old_rows, new_rows = (row[f"rows_{name}_t"] or 0 for name in ("before", "after"))
    if counted is None or min(old_rows, new_rows) < _LEAST_ROWS:
        return None
    # Rows beyond the narrower bound lie on one side of the day only: by chance, all of so many
    # would with the power of that side's part.
    beyond = int(day_sheet.table.column("rows")[0].as_py() or 0)
    part = (new_rows if step.wider else old_rows) / (old_rows + new_rows)
    p = min(1.0, math.exp(beyond * math.log(part)) * len(columns) * 4) if part < 1 else 1.0
    if p > _LEVEL:
        return None
    at = columns.index(step.on)
    end = "high" if step.upper else "low"
    old, new = cell(sheet, f"{end}_{at}_before_t"), cell(sheet, f"{end}_{at}_after_t")
    share_old, share_new = cell(counted, "kept_0"), cell(counted, "kept_1")
    all_old, all_new = cell(counted, "in_0"), cell(counted, "in_1")
    assert old and new and share_old and share_new and all_old and all_new
    words.use(day_sheet)
    what = _measured(step.on, asking)
    named = place_name(of)
    side = "at most" if step.upper else "at least"
    when = (
        f"since {words.day(day_sheet, 'day')}"
        if step.wider
        else f"since the day after {words.day(day_sheet, 'day')}"
    )
    text = (
        f"The meaning of {named} changed: {when}, rows that are "
        f"{'' if holds else 'not '}{named} have {what} of {side} "
        f"{words.number(new, digits=1)}, and of {side} {words.number(old, digits=1)} before. "
        f"Of the rows within these bounds, {words.percent(share_old.with_('percent', all_old))} "
        f"were {'' if holds else 'not '}{named} before and "
        f"{words.percent(share_new.with_('percent', all_new))} since then."
    )
    return Finding(
        kind="definition",
        text=capital(text),
        places=(Place(on=of, value=holds, name=named),),
        low=start,
        high=None,
        direction=0,
        effect=(step.after - step.before) / abs(step.before) if step.before else math.inf,
        p=p,
    )


def _day(
    step: _Step,
    of: SpecColumn,
    holds: bool,
    limits: tuple[Condition, ...],
    time: SpecColumn,
    asking: Asking,
) -> Sheet:
    """Ask for the first day beyond the old bound, or the last one beyond the new."""
    inner = step.before if step.wider else step.after
    beyond = Predicate(on=step.on, operator=">" if step.upper else "<", values=(inner,))
    where = AllOf(all=(_is(of, holds), beyond))
    day = Measure(name="day", aggregate="min" if step.wider else "max", of=time)
    rows = Measure(name="rows", aggregate="count")
    return asking.run(
        QuerySpec(source="", table=of.table, measures=(day, rows), conditions=(where, *limits))
    )


def _whole_bounds(
    of: SpecColumn,
    holds: bool,
    columns: Sequence[SpecColumn],
    limits: tuple[Condition, ...],
    times: tuple[Predicate, Predicate],
    asking: Asking,
) -> Sheet:
    """Ask for the bounds before and after, of rows for which it holds (t) and of the others (f)."""
    measures = []
    for name, when in zip(("before", "after"), times, strict=True):
        for side, where in (("t", _is(of, holds)), ("f", _is(of, not holds))):
            both = AllOf(all=(when, where))
            label = f"{name}_{side}"
            measures.append(Measure(name=f"rows_{label}", aggregate="count", where=both))
            for at, on in enumerate(columns):
                low, high = f"low_{at}_{label}", f"high_{at}_{label}"
                measures.append(Measure(name=low, aggregate="min", of=on, where=both))
                measures.append(Measure(name=high, aggregate="max", of=on, where=both))
    spec = QuerySpec(source="", table=of.table, measures=tuple(measures), conditions=limits)
    return asking.run(spec)


def _rule(
    row: dict[str, float | None], name: str, columns: Sequence[SpecColumn]
) -> tuple[Predicate, ...]:
    """Keep the bounds that leave rows of the other kind out."""
    found = []
    for at, on in enumerate(columns):
        low, other_low = row[f"low_{at}_{name}_t"], row[f"low_{at}_{name}_f"]
        high, other_high = row[f"high_{at}_{name}_t"], row[f"high_{at}_{name}_f"]
        if low is not None and other_low is not None and other_low < low:
            found.append(Predicate(on=on, operator=">=", values=(float(low),)))
        if high is not None and other_high is not None and other_high > high:
            found.append(Predicate(on=on, operator="<=", values=(float(high),)))
    return tuple(found)


def _pure(
    rules: Sequence[tuple[Predicate, ...]], of: SpecColumn, holds: bool, asking: Asking
) -> Sheet | None:
    """Count rows within the bounds, and those of them for which it holds; None: it is no rule."""
    measures = []
    for at, rule in enumerate(rules):
        inside = (*rule, Predicate(on=of, operator="is_not_null"))
        kept = AllOf(all=(*rule, _is(of, holds)))
        measures.append(Measure(name=f"in_{at}", aggregate="count", where=AllOf(all=inside)))
        measures.append(Measure(name=f"kept_{at}", aggregate="count", where=kept))
    sheet = asking.run(QuerySpec(source="", table=of.table, measures=tuple(measures)))
    row = sheet.table.to_pylist()[0]
    pure = all(row[f"in_{at}"] and row[f"kept_{at}"] >= _PURE * row[f"in_{at}"] for at in (0, 1))
    return sheet if pure else None


def _measured(on: SpecColumn, asking: Asking) -> str:
    span = next((d for d in asking.days if d.name == on.column and d.table == on.table), None)
    if span is None:
        return f"a {place_name(on)}"
    start = place_name(SpecColumn(table=on.table, column=span.start))
    end = place_name(SpecColumn(table=on.table, column=span.end))
    return f"{span.unit} from {start} to {end}"


def _said(column: Column) -> str:
    return column.name.replace("_", " ")
