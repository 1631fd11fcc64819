"""What are the series of a measure: per week or day, for all rows, for one place, for a split?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from clew_agents.insight.asking import Asking
from clew_agents.insight.dimensions import MOST_VALUES, Split
from clew_agents.insight.subject import Place, Subject
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.describe_time import as_date
from clew_core.query_spec import (
    AllOf,
    AnyOf,
    Arithmetic,
    Condition,
    Dimension,
    Grain,
    Measure,
    NoneOf,
    Order,
    Predicate,
    QuerySpec,
)
from clew_core.query_spec import Column as SpecColumn
from clew_tools.semantic.definitions import Formula
from clew_tools.semantic.measures import resolve
from clew_tools.statistics.windows import Amounts, Means, Stretch

Matrix = NDArray[np.float64]
YEAR = dt.timedelta(weeks=52)
_FURTHER = ("squares", "dated")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The weeks that are looked at.

    Attributes:
        first: the first day, a Monday for weeks.
        count: how many periods.
        step: days of a period, 7 or 1.
        years: other years of which the same weeks are there as well: -1 the one before.
    """

    first: dt.date
    count: int
    step: int = 7
    years: tuple[int, ...] = ()

    @property
    def end(self) -> dt.date:
        """The day after the last one."""
        return self.first + dt.timedelta(days=self.count * self.step)

    def place(self, day: dt.date) -> int:
        """Say in which period a day lies; it may be outside."""
        return (day - self.first).days // self.step

    def day(self, place: int) -> dt.date:
        """Give the first day of a period."""
        return self.first + dt.timedelta(days=place * self.step)

    def spans(self) -> list[tuple[dt.date, dt.date]]:
        """List the spans of days that are asked for."""
        return [(self.first + n * YEAR, self.end + n * YEAR) for n in sorted({0, *self.years})]

    def found(self, day: dt.date) -> tuple[int, int] | None:
        """Say in which year, 0 for this, and in which period a day lies."""
        for year in (0, *self.years):
            place = (day - self.first - year * YEAR).days // self.step
            if 0 <= place < self.count:
                return year, place
        return None


@dataclass(frozen=True, kw_only=True)
class Block:
    """Sums and rows per group and period.

    Attributes:
        sums: shape (groups, periods).
        rows: the same, of a mean; of an amount only where ``dated`` is known.
        squares: of a mean of single values: the sum of their squares; else None.
        dated: of an amount whose rows have their date from another table: that table's rows.
    """

    sums: Matrix
    rows: Matrix
    squares: Matrix | None = None
    dated: Matrix | None = None

    def __sub__(self, other: Block) -> Block:
        return Block(sums=self.sums - other.sums, rows=self.rows - other.rows)


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The series of a split.

    Attributes:
        pairs: the values of each group, one per column.
        now: the periods of the frame.
        years: the same, summed over other years; None where there are none.
        cut: rows are missing, the budget did not allow them all.
    """

    pairs: tuple[tuple[str | bool | int | None, ...], ...]
    now: Block
    years: Block | None
    cut: bool = False

    @property
    def values(self) -> tuple[str | bool | int | None, ...]:
        """The values of the first column."""
        return tuple(pair[0] for pair in self.pairs)


def parts(subject: Subject, asking: Asking) -> tuple[Measure, ...]:
    """Take a measure apart into what adds up: the amount, or sum and rows of a mean."""
    measure = resolve(subject.measure, asking.metrics)
    if isinstance(measure, Formula):
        return _quotient(measure)
    if measure.ratio is not None:
        return (
            replace(measure.ratio.numerator, name="amount"),
            replace(measure.ratio.denominator, name="rows"),
        )
    if measure.aggregate == "avg":
        return (
            replace(measure, name="mean", unit=None),
            replace(measure, name="rows", aggregate="count", unit=None),
        )
    return (replace(measure, name="amount", unit=None),)


def _swings(subject: Subject, leaves: Sequence[Measure], asking: Asking) -> tuple[Measure, ...]:
    """Add what says how far the parts swing by chance.

    Of a mean the squares of the values; of an amount whose rows have their date from another
    table (lines from their order), how many rows of that table there are: lines of one order fall
    into one week together.
    """
    leaf = leaves[0]
    if subject.kind == "mean":
        if len(leaves) != 2 or leaf.aggregate != "avg" or not isinstance(leaf.of, SpecColumn):
            return ()
        square = Arithmetic(op="multiply", args=(leaf.of, leaf.of))
        return (Measure(name="squares", aggregate="sum", of=square, where=leaf.where),)
    assert subject.time is not None
    owner = asking.catalog.table(subject.time.table)
    if len(leaves) != 1 or subject.time.table == subject.base or owner is None:
        return ()
    if len(owner.primary_key) != 1:
        return ()
    key = SpecColumn(table=owner.name, column=owner.primary_key[0], path=subject.time.path)
    return (
        Measure(name="rows", aggregate="count", where=leaf.where),
        Measure(name="dated", aggregate="count_distinct", of=key, where=leaf.where),
    )


def _quotient(formula: Formula) -> tuple[Measure, ...]:
    """Take a company's quotient of two aggregates apart.

    Raises:
        CannotAnswer: it is put together in another way.
    """
    tree = formula.tree
    below = tree.expression if isinstance(tree, exp.Div) else None
    if isinstance(below, exp.Nullif):
        below = below.this
    above = tree.this if isinstance(tree, exp.Div) else None
    while isinstance(above, exp.Paren | exp.Mul | exp.Cast):
        above = above.expression if isinstance(above, exp.Mul) else above.this
    while isinstance(below, exp.Paren | exp.Cast):
        below = below.this
    if not isinstance(above, exp.Placeholder) or not isinstance(below, exp.Placeholder):
        raise CannotAnswer(
            f"{formula.name!r} is no quotient of two sums or counts: it can't be taken apart "
            "into what its groups contribute."
        )
    top, bottom = formula.parts[int(above.name)], formula.parts[int(below.name)]
    return replace(top, name="amount"), replace(bottom, name="rows")


def within(subject: Subject, spans: Sequence[tuple[dt.date, dt.date]]) -> tuple[Condition, ...]:
    """Ask for the rows of some spans of days [low, high)."""
    assert subject.time is not None
    each = [
        AllOf(
            all=(
                Predicate(on=subject.time, operator=">=", values=(low.isoformat(),)),
                Predicate(on=subject.time, operator="<", values=(high.isoformat(),)),
            )
        )
        for low, high in spans
    ]
    return tuple(each) if len(each) == 1 else (AnyOf(any=tuple(each)),)


def not_in(places: Sequence[Place]) -> Condition:
    """Ask for the rows outside of a place."""
    return NoneOf(none=(AllOf(all=tuple(p.condition() for p in places)),))


def series(
    subject: Subject, conditions: Sequence[Condition], frame: Frame, asking: Asking
) -> tuple[Block, Block | None]:
    """Ask for one series: of this year, and of others summed."""
    grid = _grid(subject, conditions, (), frame, asking)
    return grid.now, grid.years


def split_series(
    subject: Subject,
    conditions: Sequence[Condition],
    split: Split,
    frame: Frame,
    asking: Asking,
    focus: tuple[dt.date, dt.date],
) -> Grid:
    """Ask for the series of the values of a column; of many values the largest in the focus."""
    chosen = list(conditions)
    if split.values > MOST_VALUES:
        largest = _largest(subject, conditions, split, focus, asking)
        if not largest:
            return Grid(pairs=(), now=_empty(0, frame.count), years=None)
        chosen.append(Predicate(on=split.on, operator="in", values=tuple(largest)))
    return _grid(subject, chosen, (split,), frame, asking)


def pair_series(
    subject: Subject,
    conditions: Sequence[Condition],
    pair: tuple[Split, Split],
    frame: Frame,
    asking: Asking,
) -> Grid:
    """Ask for the series of the cells of two columns."""
    return _grid(subject, conditions, pair, frame, asking)


def _largest(
    subject: Subject,
    conditions: Sequence[Condition],
    split: Split,
    focus: tuple[dt.date, dt.date],
    asking: Asking,
) -> list[str]:
    spec = QuerySpec(
        source="",
        table=subject.base,
        measures=(Measure(name="amount", aggregate="count"),),
        dimensions=(Dimension(name="value", of=split.on),),
        conditions=(
            *conditions,
            *within(subject, [focus]),
            Predicate(on=split.on, operator="is_not_null"),
        ),
        order=(Order(by="amount", direction="descending"),),
        limit=MOST_VALUES,
    )
    return [str(v) for v in asking.run(spec).table.column("value").to_pylist()]


def _grid(
    subject: Subject,
    conditions: Sequence[Condition],
    by: Sequence[Split],
    frame: Frame,
    asking: Asking,
) -> Grid:
    assert subject.time is not None
    grain: Grain = "week" if frame.step == 7 else "day"
    dimensions = [Dimension(name="period", of=subject.time, grain=grain)]
    dimensions += [Dimension(name=f"value_{i}", of=split.on) for i, split in enumerate(by)]
    leaves = parts(subject, asking)
    spec = QuerySpec(
        source="",
        table=subject.base,
        measures=(*leaves, *_swings(subject, leaves, asking)),
        dimensions=tuple(dimensions),
        conditions=(*conditions, *within(subject, frame.spans())),
    )
    sheet = asking.run(spec)
    columns = {name: sheet.table.column(name).to_pylist() for name in sheet.table.column_names}
    empty: list[tuple[str | bool | int | None, ...]] = [()] * sheet.table.num_rows
    values = list(zip(*(columns[f"value_{i}"] for i in range(len(by))), strict=True)) or empty
    kept = tuple(dict.fromkeys(values)) if by else ((),)
    place = {value: at for at, value in enumerate(kept)}
    blocks = {
        year: _empty(len(kept), frame.count, [n for n in _FURTHER if n in columns])
        for year in (False, True)
    }
    weighted = "mean" in columns
    amounts = columns["mean" if weighted else "amount"]
    rows = columns.get("rows", [0] * len(amounts))
    for row, (period, value) in enumerate(zip(columns["period"], values, strict=True)):
        day = as_date(period)
        found = frame.found(day) if day is not None else None
        if found is None:
            continue
        year, at = found
        block, group = blocks[bool(year)], place[value]
        n = float(rows[row] or 0)
        block.rows[group, at] += n
        block.sums[group, at] += float(amounts[row] or 0) * (n if weighted else 1.0)
        for name in _FURTHER:
            if (further := getattr(block, name)) is not None:
                further[group, at] += float(columns[name][row] or 0)
    years = blocks[True] if frame.years else None
    return Grid(pairs=kept, now=blocks[False], years=years, cut=sheet.truncated)


def _empty(groups: int, periods: int, further: Sequence[str] = ()) -> Block:
    def zeros() -> Matrix:
        return np.zeros((groups, periods))

    return Block(sums=zeros(), rows=zeros(), **{name: zeros() for name in further})


def lumpiness(subject: Subject, asking: Asking) -> float:
    """Say how much a total swings by chance: squares of the rows' amounts by the amounts.

    A count has 1. Of a total that can't be squared (a company's formula), 1 too.
    """
    measure = resolve(subject.measure, asking.metrics)
    of = measure.of
    if measure.aggregate != "sum" or not isinstance(of, SpecColumn):
        return 1.0
    square = Arithmetic(op="multiply", args=(of, of))
    spec = QuerySpec(
        source="",
        table=subject.base,
        measures=(
            Measure(name="squares", aggregate="sum", of=square),
            Measure(name="amount", aggregate="sum", of=of),
        ),
        conditions=subject.conditions(),
    )
    row = asking.run(spec).table.to_pylist()[0]
    amount, squares = float(row["amount"] or 0), float(row["squares"] or 0)
    # Twice: rows of different size have a longer tail than as many rows of one size.
    return 2 * squares / amount if amount > 0 else 1.0


def against(
    subject: Subject, group: Block, others: Block | None, least: float = 1.0
) -> Amounts | Means:
    """Set groups against others, in the form that ``windows.scan`` takes.

    Args:
        subject: what is measured.
        group: the groups.
        others: what they are compared with; None: nothing.
        least: see ``lumpiness``.
    """
    if subject.kind == "amount":
        level = group.sums.mean(axis=1, keepdims=True)
        rest = level if others is None else np.maximum(others.sums, 0.0)
        return Amounts(
            group=group.sums,
            others=np.broadcast_to(rest, group.sums.shape),
            least=least * _together(group),
        )
    mean = _ratio(group.sums, group.rows)
    if others is None:
        nothing = np.zeros_like(mean)
        return Means(
            mean=mean,
            rows=group.rows,
            other_mean=nothing,
            other_rows=nothing + np.inf,
            share=subject.share,
            row_spread=_row_spread(group),
        )
    other_rows = np.maximum(np.broadcast_to(others.rows, group.rows.shape), 0.0)
    other_sums = np.broadcast_to(others.sums, group.sums.shape)
    return Means(
        mean=mean,
        rows=group.rows,
        other_mean=_ratio(other_sums, other_rows),
        other_rows=other_rows,
        share=subject.share,
        row_spread=_row_spread(group),
    )


def _together(block: Block) -> Matrix:
    """Say how many rows of each group have their date from one row of another table."""
    if block.dated is None:
        return np.ones(len(block.sums))
    rows, dated = block.rows.sum(axis=1), block.dated.sum(axis=1)
    return np.asarray(np.divide(rows, dated, out=np.ones(len(rows)), where=dated > 0))


def _row_spread(block: Block) -> Matrix | None:
    """Give the variance of a row of each group; None where single rows are not known."""
    if block.squares is None:
        return None
    rows, sums, squares = (v.sum(axis=1) for v in (block.rows, block.sums, block.squares))
    many = np.maximum(rows, 1)
    return np.asarray(np.clip(squares / many - (sums / many) ** 2, 0.0, None))


def _ratio(sums: Matrix, rows: Matrix) -> Matrix:
    return np.divide(sums, rows, out=np.zeros_like(sums, dtype=np.float64), where=rows > 0)


def of_both(among: Stretch | None, own: Stretch | None) -> Stretch | None:
    """Compare a share with its own past alone where the others agree with it.

    Others that are few swing themselves, and would hide what their own past shows.
    """
    if among is None or own is None or among.z * own.z <= 0:
        return among
    if abs(own.expected - among.expected) > 0.3 * abs(own.excess):
        return among
    p = min(1.0, 2 * own.p)  # two were looked at
    return replace(own, p=p) if p < among.p else among
