"""What a chart's title says: the finding that the marks show, or nothing where none stands out.

A finding names groups and periods and tells which is ahead or which way a number went; it holds no
number of its own, so it needs no receipt. What can't be seen with confidence is not said: a rise
or a fall has to pass the test of Mann (Mann 1945, Econometrica 13(3)), points that go together
that of Kendall, both at one in a hundred; the largest of equals is not named.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from clew_agents.chart.build import axis_group, lower, title_of
from clew_agents.chart.shape import Group, Number, Shape
from clew_agents.sql.describe import period_text
from clew_core.chart_spec import ChartSpec
from clew_tools.charts import words

_CARRIED = ("running_total", "rolling_sum", "rolling_avg")  # each holds the one before
FEWEST = 6  # periods or points that a test is made of
MOST = 200  # of more, every n-th is tested
LEVEL = 0.01
MODERATE = 0.3  # a weaker association is not worth a title
LEAD = 0.02  # a smaller lead can't be seen
PEAK = 1.25  # a single peak stands this much above the next
LONGEST = 40  # signs of a group's name in a title


def finding(shape: Shape, chart: ChartSpec) -> str:
    """Say what the chart shows; empty where nothing stands out.

    Args:
        shape: the result.
        chart: made of it.
    """
    if chart.mark in ("histogram", "box", "table", "number"):
        return ""
    if chart.mark == "point" and len(shape.numbers) == 2:
        return _together(shape)
    groups = [group for group in shape.groups if group.number > 1]
    if not shape.numbers or len(groups) not in (1, 2):
        return ""
    axis = axis_group(shape)
    if len(groups) == 1:
        return _course(shape, axis) if axis.kind == "time" else _leader(shape, axis)
    other = next(group for group in groups if group is not axis)
    if axis.kind == "time":
        return _ahead(shape, axis, other)
    return _highest_pair(shape) if chart.mark == "heatmap" else _ahead(shape, axis, other)


# ------------------------------------------------------------------------------ one group


def _course(shape: Shape, time: Group) -> str:
    """Tell which way a number went, or when it peaked."""
    what = title_of(shape.numbers[0])
    pairs = _known(shape, time)
    if any(comparison.kind in _CARRIED for comparison in shape.spec.comparisons):
        return ""
    if shape.spec.limit is not None or len({period for period, _ in pairs}) < len(pairs):
        return ""
    pairs.sort(key=lambda pair: str(pair[0]))
    values = [value for _, value in pairs]
    if len(values) < FEWEST:
        return ""
    span = f"from {_named(shape, time, pairs[0][0])} to {_named(shape, time, pairs[-1][0])}"
    tau, p = kendall(range(len(values)), values)
    if p < LEVEL and abs(tau) >= MODERATE:
        return f"{what} {'rose' if tau > 0 else 'fell'} {span}"
    top = max(values)
    if sum(value == top for value in values) == 1 and top > 0:
        rest = max(value for value in values if value != top)
        if rest > 0 and top >= PEAK * rest:
            period = pairs[values.index(top)][0]
            return f"{what} peaked in {_named(shape, time, period)}"
    return ""


def _leader(shape: Shape, group: Group) -> str:
    """Name the value of a group with the highest number, or the lowest where that was asked."""
    number = shape.numbers[0]
    pairs = _known(shape, group)
    if len(pairs) < 2 or (shape.spec.limit is not None and not shape.ranked):
        return ""
    lowest = shape.ranked and shape.spec.order[0].direction == "ascending"
    best = (min if lowest else max)(value for _, value in pairs)
    leaders = [name for name, value in pairs if value == best]
    if len(leaders) != 1 or leaders[0] is None:
        return ""
    name = _named(shape, group, leaders[0])
    others = sorted((value for _, value in pairs if value != best), reverse=not lowest)
    if not shape.ranked and abs(best - others[0]) < LEAD * max(abs(best), abs(others[0])):
        return ""
    if group.kind in ("part", "classes"):
        place = "in" if group.encoding.unit in ("month_of_year", "quarter_of_year") else "on"
        if group.encoding.unit != "day_of_week" and place == "on":
            return ""  # "highest at 9:00" of an average day says less than the bars
        return f"{title_of(number)} is {'lowest' if lowest else 'highest'} {place} {name}"
    far = not lowest and others[0] > 0 and best >= 2 * others[0]
    return f"{name} has {'by far ' if far else ''}the {_superlative(number, lowest)}"


# ------------------------------------------------------------------------------ two groups


def _ahead(shape: Shape, axis: Group, other: Group) -> str:
    """Tell which of several is ahead at every place, or who overtook whom over time."""
    leaders = [_leader_at(shape, axis, other, place) for place in _sorted(axis)]
    known = [leader for leader in leaders if leader is not None]
    if len(known) < 2 or shape.spec.limit is not None:
        return ""
    number = shape.numbers[0]
    if len(set(known)) == 1 and len(known) == len(leaders):
        where = "throughout" if axis.kind == "time" else f"in every {_singular(axis)}"
        return f"{_named(shape, other, known[0])} has the {_superlative(number)} {where}"
    if axis.kind != "time" or known[0] == known[-1]:
        return ""
    turns = sum(a != b for a, b in zip(known, known[1:], strict=False))
    if turns != 1:
        return ""
    first, last = (_named(shape, other, value) for value in (known[0], known[-1]))
    return f"{last} has overtaken {first} in {lower(title_of(number))}"


def _leader_at(shape: Shape, axis: Group, other: Group, place: Any) -> Any:
    """Find the one value of a group with the highest number at a place."""
    found = [
        (size, value)
        for at, value, size in zip(
            shape.columns[axis.name],
            shape.columns[other.name],
            shape.numbers[0].values,
            strict=True,
        )
        if at == place and size is not None
    ]
    best = max((size for size, _ in found), default=None)
    leaders = [value for size, value in found if size == best]
    return leaders[0] if len(leaders) == 1 and len(found) > 1 else None


def _highest_pair(shape: Shape) -> str:
    number = shape.numbers[0]
    known = [(size, row) for row, size in enumerate(number.values) if size is not None]
    best = max(size for size, _ in known)
    rows = [row for size, row in known if size == best]
    groups = [group for group in shape.groups if group.number > 1]
    values = [shape.columns[group.name][rows[0]] for group in groups]
    if len(rows) != 1 or None in values:
        return ""
    names = [_named(shape, group, value) for group, value in zip(groups, values, strict=True)]
    return f"{title_of(number)} is highest for {names[0]} and {names[1]}"


# ------------------------------------------------------------------------------ two numbers


def _together(shape: Shape) -> str:
    """Tell whether two numbers go together; never which of them is the cause."""
    x, y = shape.numbers
    pairs = [
        (a, b) for a, b in zip(x.values, y.values, strict=True) if a is not None and b is not None
    ]
    if len(pairs) < FEWEST:
        return ""
    tau, p = kendall([a for a, _ in pairs], [b for _, b in pairs])
    if p >= LEVEL or abs(tau) < MODERATE:
        return ""
    way = "higher" if tau > 0 else "lower"
    return f"A higher {lower(title_of(x))} goes along with a {way} {lower(title_of(y))}"


def kendall(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """Measure by Kendall's rank correlation whether two series go together.

    Args:
        x: values; of more than 200, every n-th is taken.
        y: as many.

    Returns:
        tau-b, and its two-sided p by the normal approximation with ties (Kendall 1970, Rank
        Correlation Methods, chapters 3 and 4).

    >>> tau, p = kendall(range(10), [1, 3, 2, 5, 4, 7, 6, 9, 8, 10])
    >>> round(tau, 3), p < 0.01
    (0.822, True)
    """
    step = math.ceil(len(x) / MOST)
    x, y = list(x)[::step], list(y)[::step]
    n = len(x)
    score = sum(
        (x[i] > x[j]) * (y[i] > y[j])
        + (x[i] < x[j]) * (y[i] < y[j])
        - (x[i] > x[j]) * (y[i] < y[j])
        - (x[i] < x[j]) * (y[i] > y[j])
        for i in range(n)
        for j in range(i)
    )
    tied_x, tied_y = ([list(s).count(value) for value in set(s)] for s in (x, y))
    pairs = n * (n - 1) / 2
    free_x = pairs - sum(t * (t - 1) / 2 for t in tied_x)
    free_y = pairs - sum(t * (t - 1) / 2 for t in tied_y)
    if not free_x or not free_y:
        return 0.0, 1.0
    variance = n * (n - 1) * (2 * n + 5)
    variance -= sum(t * (t - 1) * (2 * t + 5) for t in tied_x + tied_y)
    if variance <= 0:
        return 0.0, 1.0
    z = (abs(score) - 1) / math.sqrt(variance / 18)
    return score / math.sqrt(free_x * free_y), math.erfc(max(z, 0.0) / math.sqrt(2))


# ------------------------------------------------------------------------------ words


def _known(shape: Shape, group: Group) -> list[tuple[Any, float]]:
    column = shape.columns[group.name]
    values = shape.numbers[0].values
    return [(at, size) for at, size in zip(column, values, strict=True) if size is not None]


def _sorted(group: Group) -> list[Any]:
    known = [value for value in group.values if value is not None]
    return sorted(known, key=str) if group.kind == "time" else known


def _superlative(number: Number, lowest: bool = False) -> str:
    what = lower(title_of(number))
    for start in ("highest ", "lowest "):  # "the highest highest price"
        what = what.removeprefix(start)
    if what.startswith("number of "):
        return f"{'fewest' if lowest else 'most'} {what.removeprefix('number of ')}"
    return f"{'lowest' if lowest else 'highest'} {what}"


def _named(shape: Shape, group: Group, value: Any) -> str:
    """Write a value of a group as its chart writes it."""
    dimension = next((d for d in shape.spec.dimensions if d.name == group.name), None)
    grain: str | None = dimension.grain if dimension else None
    if group.kind == "time" and grain is None:
        grain = group.encoding.unit
    if grain == "year" and not isinstance(value, int):
        return str(value)[:4]
    text = period_text(value, grain) if grain else str(value)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _singular(group: Group) -> str:
    return lower(group.encoding.title or words(group.name))
