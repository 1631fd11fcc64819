"""How a chart spec is put together from the shape of a result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from clew_agents.chart.shape import Group, Number, Shape
from clew_core.chart_spec import ChartSpec, Encoding, Filter, Layout, Sort
from clew_core.query_spec import Mark, Stacking
from clew_tools.charts import LONG_NAME, words

COLORS = 8
BARS = 25
BAR_PIXELS = 24
LONG_LABEL = 12
LEGEND_PIXELS = 20
MANY_BARS = 8


@dataclass(frozen=True, kw_only=True)
class Cut:
    """The part of a group that is shown.

    Attributes:
        filters: none where all is shown.
        note: says what is left out.
        values: those that are shown.
    """

    filters: tuple[Filter, ...] = ()
    note: str = ""
    values: tuple[Any, ...] = ()


def lines(shape: Shape, mark: Mark = "line") -> ChartSpec:
    """Draw a number over time or over a part of a date, one line per value of another group."""
    x = axis_group(shape)
    other = next((group for group in shape.groups if group is not x and group.number > 1), None)
    if other is None:
        return _spec(shape, mark, x=x.encoding, y=_number(shape))
    cut = largest(shape, other, COLORS)
    stacking: Stacking = "stack" if mark == "area" else "none"
    below = max((len(str(value)) for value in cut.values), default=0) > LONG_NAME
    height = 420 + LEGEND_PIXELS * len(cut.values) if below else 420
    return _spec(
        shape, mark, x=x.encoding, y=_number(shape), color=_color(other), cut=cut,
        stacking=stacking, height=height,
    )  # fmt: skip


def small_lines(shape: Shape) -> ChartSpec:
    """Draw a number over time, coloured by one group, a small chart per value of another."""
    x = axis_group(shape)
    color, facet = sorted((g for g in shape.groups if g is not x), key=lambda g: -g.number)
    return _spec(
        shape, "line", x=x.encoding, y=_number(shape), color=_color(color), facet=facet.encoding
    )


def time_bars(shape: Shape) -> ChartSpec:
    """Draw a bar per period, or several where there is another group."""
    return lines(shape, "bar")


def ranked_bars(shape: Shape) -> ChartSpec:
    """Draw a bar per category: in the question's order, else from the largest down."""
    (group,) = [g for g in shape.groups if g.number > 1] or shape.groups[:1]
    number = shape.numbers[0]
    encoding = group.encoding
    cut = Cut(values=group.values)
    if group.kind == "category":
        cut = first(shape, group, BARS) if shape.ordered else largest(shape, group, BARS)
        if not shape.ordered:
            encoding = replace(encoding, sort=Sort(by=number.name, direction="descending"))
    elif group.kind == "classes" and not isinstance(group.values[0], str):
        encoding = replace(encoding, sort=Sort())
    lying = group.kind == "category" and _should_lie(cut.values)
    height = max(420, BAR_PIXELS * len(cut.values) + 120) if lying else 420
    return _spec(
        shape, "bar", x=encoding, y=_number(shape), cut=cut, horizontal=lying, height=height
    )


def grouped_bars(shape: Shape, stacking: Stacking = "none") -> ChartSpec:
    """Draw bars of two groups: places for the one with more values, colours for the other."""
    x, color = _places_and_colors(shape)
    x_cut, color_cut = largest(shape, x, BARS), largest(shape, color, COLORS)
    cut = Cut(
        filters=x_cut.filters + color_cut.filters,
        note=" ".join(filter(None, (x_cut.note, color_cut.note))),
    )
    encoding = x.encoding
    if x.kind == "category" and not shape.ordered:
        encoding = replace(encoding, sort=Sort(by=shape.numbers[0].name, direction="descending"))
    lying = x.kind == "category" and _should_lie(x_cut.values)
    bars = len(x_cut.values) * (len(color_cut.values) if stacking == "none" else 1)
    height = max(420, BAR_PIXELS * bars * 3 // 4 + 120) if lying else 420
    return _spec(
        shape, "bar", x=encoding, y=_number(shape), color=_color(color), cut=cut,
        stacking=stacking, horizontal=lying, height=height,
    )  # fmt: skip


def stacked_bars(shape: Shape) -> ChartSpec:
    """Draw bars of parts that stand on each other, over time or over the larger group."""
    over_time = axis_group(shape).kind == "time"
    return lines(shape, "bar") if over_time else grouped_bars(shape, "stack")


def heatmap(shape: Shape) -> ChartSpec:
    """Draw a field of colours over two groups; time runs from left to right."""
    x, y = sorted(shape.groups, key=lambda g: (g.kind == "category", g.number))
    if x.kind == "category" and x.longest > LONG_LABEL >= y.longest:
        x, y = y, x
    return _spec(
        shape, "heatmap", x=x.encoding, y=replace(y.encoding), color=_number(shape),
        height=max(420, BAR_PIXELS * y.number + 120),
    )  # fmt: skip


def pie(shape: Shape) -> ChartSpec:
    """Draw slices from the largest down."""
    (group,) = shape.groups
    number = shape.numbers[0]
    sort = Sort(by=number.name, direction="descending")
    return _spec(shape, "pie", x=replace(group.encoding, sort=sort), y=_number(shape))


def scatter(shape: Shape) -> ChartSpec:
    """Draw a point per row: the second number over the first."""
    x, y = shape.numbers[0], shape.numbers[1]
    tooltip = tuple(group.name for group in shape.groups)
    few = [g for g in shape.groups if g.kind == "category" and 1 < g.number <= COLORS]
    color = _color(few[0]) if few and few[0].number < shape.rows else None
    return replace(_spec(shape, "point", x=x.encoding, y=y.encoding, color=color), tooltip=tooltip)


def dots(shape: Shape) -> ChartSpec:
    """Draw a point per category."""
    bars = ranked_bars(shape)
    standing = replace(bars.layout, horizontal=False, height=420)
    return replace(bars, mark="point", layout=standing)


def histogram(shape: Shape) -> ChartSpec:
    """Draw how often a number takes which values."""
    return _spec(shape, "histogram", x=replace(shape.numbers[0].encoding, bin=20))


def boxes(shape: Shape) -> ChartSpec:
    """Draw the spread of a number, in each value of the smallest group."""
    group = min(shape.groups, key=lambda g: g.number, default=None)
    x = group.encoding if group and group.number * 5 <= shape.rows else None
    return _spec(shape, "box", x=x, y=_number(shape))


# ------------------------------------------------------------------------------ parts


def axis_group(shape: Shape) -> Group:
    """Give the group that a line runs along: time, else part of a date, else classes."""
    ranks = {"time": 0, "part": 1, "classes": 2, "category": 3}
    groups = [group for group in shape.groups if group.number > 1] or shape.groups
    return min(groups, key=lambda group: ranks[group.kind])


def largest(shape: Shape, group: Group, most: int) -> Cut:
    """Keep the values of a group with the highest number: its total, or its mean."""
    named = [value for value in group.values if value is not None]
    if group.number <= most or group.kind != "category":
        return Cut(values=group.values)
    number = shape.numbers[0]
    found: dict[Any, list[float]] = {value: [] for value in named}
    for value, size in zip(shape.columns[group.name], number.values, strict=True):
        if value is not None and size is not None:
            found[value].append(size)
    weight = {
        value: sum(sizes) / (1 if number.additive else len(sizes) or 1)
        for value, sizes in found.items()
    }
    kept = sorted(named, key=lambda value: -weight[value])[:most]
    return _cut(group, kept, f"top {most} of {group.number:,} by {lower(title_of(number))}")


def first(shape: Shape, group: Group, most: int) -> Cut:
    """Keep the values of a group that come first in the order of the rows."""
    named = [value for value in group.values if value is not None]
    if group.number <= most:
        return Cut(values=group.values)
    return _cut(group, named[:most], f"first {most} of {group.number:,}")


def _cut(group: Group, kept: list[Any], which: str) -> Cut:
    condition = Filter(field=group.name, operator="in", values=tuple(kept))
    note = f"{group.encoding.title or words(group.name)}: {which}."
    return Cut(filters=(condition,), note=note, values=tuple(kept))


def title_of(number: Number) -> str:
    """Write what a number is."""
    return number.encoding.title or words(number.name)


def lower(text: str) -> str:
    """Write a title inside a sentence; acronyms keep their capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _places_and_colors(shape: Shape) -> tuple[Group, Group]:
    """Time and its parts are places; of two categories, the one with more values."""
    groups = [group for group in shape.groups if group.number > 1]
    color, place = sorted(groups, key=lambda g: (g.kind != "category", g.number))
    return place, color


def _should_lie(values: tuple[Any, ...]) -> bool:
    longest = max((len(str(value)) for value in values), default=0)
    return longest > LONG_LABEL or len(values) > MANY_BARS


def _color(group: Group) -> Encoding:
    """Colour by categories; what counts up is ordinal and sorted."""
    if group.kind == "category":
        return group.encoding
    return Encoding(field=group.name, type="ordinal", sort=Sort())


def _number(shape: Shape) -> Encoding:
    return shape.numbers[0].encoding


def _spec(
    shape: Shape,
    mark: Mark,
    *,
    x: Encoding | None = None,
    y: Encoding | None = None,
    color: Encoding | None = None,
    facet: Encoding | None = None,
    cut: Cut | None = None,
    stacking: Stacking = "none",
    horizontal: bool = False,
    height: int = 420,
) -> ChartSpec:
    return ChartSpec(
        data=shape.data,
        mark=mark,
        x=x,
        y=y,
        color=color,
        facet=facet,
        filters=cut.filters if cut else (),
        layout=Layout(
            title=shape.title,
            subtitle=_subtitle(shape, cut, x),
            stacking=stacking,
            horizontal=horizontal,
            height=height,
        ),
    )


def _subtitle(shape: Shape, cut: Cut | None, x: Encoding | None) -> str:
    """Say what the chart leaves out."""
    told = [cut.note] if cut and cut.note else []
    if x and (x.type != "nominal" or x.bin):
        missing = sum(value is None for value in shape.columns.get(x.field, ()))
        if missing:
            rows = "row has" if missing == 1 else "rows have"
            told.append(f"{missing:,} {rows} no {lower(words(x.field))} and can't be shown.")
    if left := shape.numbers[1:]:
        if shape.hint and shape.hint != "point":
            told.append(f"Without {', '.join(lower(title_of(number)) for number in left)}.")
    return " ".join(told)
