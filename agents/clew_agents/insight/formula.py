"""Did the sum change by which a number follows from the other numbers of its row?

A few rows of the first and of the last days are fetched; of all signed sums of the other numbers
the one that gives the value most often is taken. Rows of a kind for which it never holds
(cancelled orders) are left out. How often it holds is then counted day by day, and the day is
the one that parts the days best (likelihood ratio of two shares, all days counted).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew_agents.insight.asking import Asking, Sheet
from clew_agents.insight.finding import Finding
from clew_agents.insight.spoken import is_key
from clew_agents.insight.subject import Place
from clew_agents.insight.understand import data_span, place_name
from clew_agents.insight.wording import Value, Words, capital, cell
from clew_agents.sql.describe_time import as_date
from clew_core.query_spec import (
    AllOf,
    Arithmetic,
    Condition,
    Dimension,
    Measure,
    Order,
    Predicate,
    QuerySpec,
)
from clew_core.query_spec import Column as SpecColumn
from clew_tools.database.catalog import Column, Table
from clew_tools.statistics.tails import normal_tail

_NUMERIC = frozenset({"integer", "number", "decimal"})
_MOST_TERMS = 6
_SAMPLE = 800
_LEAST_SAMPLE = 60
_HOLDS = 0.9
_RULE = 0.97
_LEAST_DROP = 0.015
_LEVEL = 1e-4
_AGAIN = 0.01
_SAME = 0.006
_LEAST_DAYS = 14
_MOST_KINDS = 12


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A signed sum of columns.

    Attributes:
        terms: columns with their signs, 1 or -1.
    """

    terms: tuple[tuple[int, SpecColumn], ...]

    def rest(self, of: SpecColumn) -> Arithmetic:
        """Give what is left of a number when the sum is taken off: nothing, where it holds."""
        left: SpecColumn | Arithmetic = of
        for sign, on in self.terms:
            left = Arithmetic(op="subtract" if sign > 0 else "add", args=(left, on))
        assert isinstance(left, Arithmetic)
        return left

    def holds(self, of: SpecColumn) -> Predicate:
        """Ask for the rows in which it holds."""
        return Predicate(on=self.rest(of), operator="between", values=(-_SAME, _SAME))

    @property
    def said(self) -> str:
        """Say it: "gross amount less discount amount"."""
        ordered = sorted(self.terms, key=lambda term: -term[0])
        words = [place_name(ordered[0][1]) if ordered[0][0] > 0 else f"less {ordered[0][1].column}"]
        words += [f"{'plus' if s > 0 else 'less'} {place_name(on)}" for s, on in ordered[1:]]
        return " ".join(words)


def formula_change(
    table: Table, target: Column, time: SpecColumn, asking: Asking, words: Words
) -> Finding | None:
    """Find the day from which a sum does not give a number any more, or first does."""
    of = SpecColumn(table=table.name, column=target.name)
    others = [
        SpecColumn(table=table.name, column=c.name)
        for c in table.columns
        if c.type in _NUMERIC and c.name != target.name and not is_key(table, c)
    ][:_MOST_TERMS]
    if not others:
        return None
    low, high = data_span(table.name, time, asking)
    first = _sample(of, others, time, low, low + (high - low) / 8, table, asking)
    last = _sample(of, others, time, high - (high - low) / 8, high, table, asking)
    tried: list[tuple[Formula, tuple[Condition, ...]]] = []
    early, late = _best(first, of, others), _best(last, of, others)
    if len(early) > 1 and set(early) & set(late):
        return None  # one of several sums goes on: what changed is another number
    for rows, best_of in ((first, early), (last, late)):
        for found in best_of[:1]:
            if all(found != known for known, _ in tried):
                tried.append((found, _apart(rows, found, of, table)))
    for formula, apart in tried:
        successor = next((f for f, _ in tried if f != formula), None)
        finding = _told(formula, successor, apart, of, time, asking, words)
        if finding is not None:
            return finding
    return None


def _sample(
    of: SpecColumn,
    others: Sequence[SpecColumn],
    time: SpecColumn,
    low: dt.date,
    high: dt.date,
    table: Table,
    asking: Asking,
) -> list[dict[str, Any]]:
    """Fetch rows of some days, with the texts that may tell kinds of rows apart."""
    texts = [c.name for c in table.columns if c.type in ("text", "boolean")]
    keys = {*table.primary_key, *(c for k in table.foreign_keys for c in k.columns)}
    dimensions = [Dimension(name="at", of=time), Dimension(name="y", of=of)]
    dimensions += [Dimension(name=f"x{i}", of=on) for i, on in enumerate(others)]
    dimensions += [
        Dimension(name=f"t_{name}", of=SpecColumn(table=table.name, column=name))
        for name in texts
        if name not in keys
    ]
    spec = QuerySpec(
        source="",
        table=table.name,
        dimensions=tuple(dimensions),
        conditions=(
            Predicate(on=time, operator="between", values=(low.isoformat(), high.isoformat())),
            Predicate(on=of, operator="is_not_null"),
        ),
        order=(Order(by="at"),),
        limit=_SAMPLE,
    )
    return list(asking.run(spec).table.to_pylist())


def _best(
    rows: Sequence[dict[str, Any]], of: SpecColumn, others: Sequence[SpecColumn]
) -> list[Formula]:
    """List the signed sums that hold most often, the shortest first."""
    if len(rows) < _LEAST_SAMPLE:
        return []
    y = np.array([float(row["y"]) for row in rows])
    x = np.array([[float(row[f"x{i}"] or 0) for i in range(len(others))] for row in rows])
    signs = _signs(len(others))
    if len(np.unique(y)) < 10 or not len(signs):
        return []
    share = (np.abs(x @ signs.T - y[:, None]) <= _SAME).mean(axis=0)
    score = share - 0.001 * np.abs(signs).sum(axis=1)
    near = np.flatnonzero((share >= _HOLDS) & (score >= score.max() - 0.01))
    return [
        Formula(terms=tuple((int(s), on) for s, on in zip(signs[at], others, strict=True) if s))
        for at in near[np.argsort(-score[near], kind="stable")]
    ]


def _signs(count: int) -> NDArray[np.float64]:
    """List all ways to add, take off, or leave out so many numbers, but for none at all."""
    grid = np.stack(np.meshgrid(*[[0.0, 1.0, -1.0]] * count, indexing="ij"), axis=-1)
    flat = grid.reshape(-1, count)
    return np.asarray(flat[(np.abs(flat).sum(axis=1) > 1) & (flat.max(axis=1) > 0)])


def _apart(
    rows: Sequence[dict[str, Any]], formula: Formula, of: SpecColumn, table: Table
) -> tuple[Condition, ...]:
    """Leave out kinds of rows for which a sum never holds."""
    place = {on.column: f"x{i}" for i, on in enumerate(_others(table, of))}

    def holds(row: dict[str, Any]) -> bool:
        given = sum(s * float(row[place[on.column]] or 0) for s, on in formula.terms)
        return abs(given - float(row["y"])) <= _SAME

    fits = [holds(row) for row in rows]
    found: list[Condition] = []
    for name in [n for n in rows[0] if n.startswith("t_")]:
        kinds: dict[object, list[bool]] = {}
        for row, fit in zip(rows, fits, strict=True):
            kinds.setdefault(row[name], []).append(fit)
        if len(kinds) > _MOST_KINDS:
            continue
        never = [
            k for k, known in kinds.items() if k is not None and len(known) >= 3 and not any(known)
        ]
        if never and all(isinstance(k, str) for k in never):
            on = SpecColumn(table=table.name, column=name[2:])
            values = tuple(str(k) for k in never)
            found.append(Predicate(on=on, operator="not_in", values=values))
    return tuple(found[:1])


def _others(table: Table, of: SpecColumn) -> list[SpecColumn]:
    return [
        SpecColumn(table=table.name, column=c.name)
        for c in table.columns
        if c.type in _NUMERIC and c.name != of.column and not is_key(table, c)
    ][:_MOST_TERMS]


def _told(
    formula: Formula,
    successor: Formula | None,
    apart: tuple[Condition, ...],
    of: SpecColumn,
    time: SpecColumn,
    asking: Asking,
    words: Words,
) -> Finding | None:
    sheet = asking.run(
        QuerySpec(
            source="",
            table=of.table,
            measures=(
                Measure(name="rows", aggregate="count"),
                Measure(name="fitting", aggregate="count", where=formula.holds(of)),
            ),
            dimensions=(Dimension(name="day", of=time, grain="day"),),
            conditions=(*apart, Predicate(on=of, operator="is_not_null")),
            order=(Order(by="day"),),
        )
    )
    rows = [r for r in sheet.table.to_pylist() if as_date(r["day"]) is not None]
    found = _first_parting([r["rows"] for r in rows], [r["fitting"] for r in rows])
    if found is None:
        return None
    at, p, before, after = found
    if p > _LEVEL or max(before, after) < _RULE or abs(before - after) < _LEAST_DROP:
        return None
    start = as_date(rows[at]["day"])
    assert start is not None
    sides = _sides(formula, successor if before > after else None, apart, of, time, start, asking)
    shares = {name: _share(sides, name) for name in ("before", "after", "new_before", "new_after")}
    if shares["before"] is None or shares["after"] is None:
        return None
    words.use(sheet)
    named = place_name(of)
    day = words.day(sheet, "day", sheet.table.to_pylist().index(rows[at]))
    text = (
        f"The meaning of {named} changed on {day}: it equals {formula.said} in "
        f"{words.percent(shares['before'])} of the rows before that day and in "
        f"{words.percent(shares['after'])} from then on."
    )
    if shares["new_after"] is not None and successor is not None and before > after:
        new, old = shares["new_after"], shares["new_before"]
        if float(new.number) >= 100 * _RULE and old is not None:
            text += (
                f" Since then it equals {successor.said} in {words.percent(new)} of the rows, "
                f"against {words.percent(old)} before."
            )
    return Finding(
        kind="definition",
        text=capital(text),
        places=(Place(on=of, value=None, name=named),),
        low=start,
        high=None,
        effect=after - before,
        p=p,
    )


def _sides(
    formula: Formula,
    successor: Formula | None,
    apart: tuple[Condition, ...],
    of: SpecColumn,
    time: SpecColumn,
    start: dt.date,
    asking: Asking,
) -> Sheet:
    """Count the rows before and after the day, and those for which the sums hold."""
    measures = []
    for name, operator in (("before", "<"), ("after", ">=")):
        when = (
            Predicate(on=time, operator="<", values=(start.isoformat(),))
            if operator == "<"
            else Predicate(on=time, operator=">=", values=(start.isoformat(),))
        )
        measures.append(Measure(name=f"rows_{name}", aggregate="count", where=when))
        for label, known in (("", formula), ("new_", successor)):
            if known is not None:
                both = AllOf(all=(when, known.holds(of)))
                measures.append(Measure(name=f"{label}{name}", aggregate="count", where=both))
    conditions = (*apart, Predicate(on=of, operator="is_not_null"))
    return asking.run(
        QuerySpec(source="", table=of.table, measures=tuple(measures), conditions=conditions)
    )


def _share(sheet: Sheet, name: str) -> Value | None:
    if name not in sheet.table.column_names:
        return None
    part, rows = cell(sheet, name), cell(sheet, f"rows_{name.removeprefix('new_')}")
    return part.with_("percent", rows) if part is not None and rows is not None else None


def parting(rows: Sequence[int], fitting: Sequence[int]) -> tuple[int, float, float, float] | None:
    """Find the day that parts the days best by the share of rows in which a rule holds.

    Returns:
        Index of the first day after the change, p with all days counted, and both shares; None
        where there are too few days.

    >>> parting([10] * 40, [10] * 20 + [2] * 20)[0]
    20
    """
    if len(rows) < 2 * _LEAST_DAYS:
        return None
    n, k = np.cumsum(np.asarray(rows, float)), np.cumsum(np.asarray(fitting, float))
    at = np.arange(_LEAST_DAYS, len(rows) - _LEAST_DAYS + 1)
    gain = (
        _likelihood(k[at - 1], n[at - 1])
        + _likelihood(k[-1] - k[at - 1], n[-1] - n[at - 1])
        - _likelihood(k[-1:], n[-1:])
    )
    best = int(gain.argmax())
    day = int(at[best])
    before = float(k[day - 1] / max(1.0, n[day - 1]))
    after = float((k[-1] - k[day - 1]) / max(1.0, n[-1] - n[day - 1]))
    p = 2 * normal_tail(math.sqrt(max(0.0, 2 * float(gain[best])))) * len(at)
    return day, min(1.0, p), before, after


def _first_parting(
    rows: Sequence[int], fitting: Sequence[int]
) -> tuple[int, float, float, float] | None:
    """Part the days; then again the side where the rule holds, while that still shows a change.

    How many rows break a rule may swing later on: the change is where they first do.
    """
    found = parting(rows, fitting)
    low, high = 0, len(rows)
    while found is not None:
        at, _, before, after = found
        low, high = (low, at) if before > after else (at, high)
        inner = parting(rows[low:high], fitting[low:high])
        if inner is None or inner[1] > _AGAIN or (inner[2] > inner[3]) != (before > after):
            return found
        day = low + inner[0]
        n, k = sum(rows[:day]), sum(fitting[:day])
        m, j = sum(rows[day:]), sum(fitting[day:])
        found = (day, found[1], k / max(1, n), j / max(1, m))
    return None


def _likelihood(k: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the logarithm of the likelihood of k of n at their own share."""
    share = np.clip(np.divide(k, n, out=np.zeros_like(k), where=n > 0), 1e-12, 1 - 1e-12)
    return np.asarray(k * np.log(share) + (n - k) * np.log(1 - share))
