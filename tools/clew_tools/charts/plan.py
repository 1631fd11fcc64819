"""What of a chart follows from its spec alone, before any row is seen.

``figure_json`` fills the plan with rows and ``python_source`` prints it, so that both give one
figure. What can't be drawn is refused here or, where only rows can tell, in ``rows.py``.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass, field
from typing import Any, Literal

from clew_core.chart_spec import ChartSpec, Encoding, FieldType
from clew_core.errors import RetryByModel
from clew_core.query_spec import Aggregate, Direction
from clew_tools.charts import palette
from clew_tools.charts.words import FRACTION, PARTS, PERIODS, lines, plain, with_unit, words

Json = dict[str, Any]
SlotKind = Literal["column", "columns", "value", "name", "color", "sizeref", "categories"]

NUMBER = ",.4~f"  # d3: thousands separators, up to four decimals, no zeros at the end
PERCENT = ",.2~%"
TITLE_SIGNS, SUBTITLE_SIGNS = 70, 95
MARKER_PIXELS = 40  # across the largest marker
FACET_COLUMNS = 3
FACET_HEIGHT = 240  # pixels of a row of small charts
FEW_PERIODS = 12  # each has a tick of its own

# Which channels a mark needs, and which it can show besides.
_CHANNELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "bar": (("x", "y"), ("color", "facet", "text")),
    "line": (("x", "y"), ("color", "facet", "text")),
    "area": (("x", "y"), ("color", "facet")),
    "point": (("x", "y"), ("color", "size", "facet", "text")),
    "histogram": (("x",), ("color", "facet")),
    "box": (("y",), ("x", "color", "facet")),
    "heatmap": (("x", "y", "color"), ("facet", "text")),
    "pie": (("x", "y"), ()),
    "table": ((), ("x", "y", "color", "size", "facet", "text")),
    "number": (("y",), ()),
}
_AGGREGATE_WORDS: dict[str, str] = {
    "count": "Number of {}", "count_distinct": "Number of different {}", "sum": "Total {}",
    "avg": "Average {}", "min": "Lowest {}", "max": "Highest {}", "median": "Median {}",
    "stddev": "Standard deviation of {}", "variance": "Variance of {}", "first": "First {}",
    "last": "Last {}",
}  # fmt: skip
# Plotly's own names of what it computes per class of a binned axis.
BIN_FUNCTIONS = {"count": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max"}


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in the figure that rows fill.

    Attributes:
        kind: a column's values, several columns' values row by row, the one value of a column,
            the name or the colour of the trace, Plotly's scale for marker areas, or a column's
            categories in their order.
        fields: the columns.
    """

    kind: SlotKind
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PeriodTicks:
    """Ticks that stand at the periods themselves while these are few.

    Attributes:
        axis: which.
        field: the periods.
        tickformat: of d3; None leaves that of the axis.
    """

    axis: Literal["x", "y"]
    field: str
    tickformat: str | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A figure with slots.

    Attributes:
        spec: what it draws.
        types: of the encoded fields.
        aggregates: field → how rows become one number.
        keys: fields that rows are grouped by where there are aggregates.
        labels: fields whose nulls are shown as a category.
        sort: rows are put in this order; nulls last.
        split: one trace per value of this field.
        split_sorted: its values in their own order; None keeps that of the data.
        facet: one small chart per value of this field.
        trace: arguments of a trace, nested; slots stand for what rows give.
        layout: arguments of the layout but for axes.
        x_axis: arguments of the axis; empty where the mark has none.
        y_axis: likewise.
        ticks: axes whose ticks stand at the periods.
        columns: all columns that are read; None for all that there are.
    """

    spec: ChartSpec
    types: dict[str, FieldType] = field(default_factory=dict)
    aggregates: dict[str, Aggregate] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sort: tuple[str, Direction] | None = None
    split: str | None = None
    split_sorted: Direction | None = None
    facet: str | None = None
    trace: Json
    layout: Json
    x_axis: Json = field(default_factory=dict)
    y_axis: Json = field(default_factory=dict)
    ticks: tuple[PeriodTicks, ...] = ()
    columns: tuple[str, ...] | None = None


def plan(spec: ChartSpec) -> Plan:
    """Decide all that the spec decides.

    Raises:
        RetryByModel: the spec can't be drawn; the message names the channel or field and why.
    """
    encodings = _encodings(spec)
    _check(spec, encodings)
    if spec.mark in ("table", "number", "pie"):
        return _plan_without_axes(spec, encodings)
    lies = _lies(spec)
    trace = _trace(spec, lies)
    split = _split(spec)
    if spec.mark == "line" and spec.x and spec.x.type != "nominal":
        sort: tuple[str, Direction] | None = (spec.x.field, "ascending")
    elif spec.mark == "area" and spec.x and spec.x.type != "nominal":
        sort = (spec.x.field, "ascending")
    else:
        sort = _row_order(spec)
    shown: list[tuple[Literal["x", "y"], Encoding | None]] = [("x", spec.x), ("y", spec.y)]
    if lies and _flipped(spec):
        shown = [("x", spec.y), ("y", spec.x)]
    axes = {axis: _axis(spec, encoding, axis, lies) for axis, encoding in shown}
    ticks = tuple(
        PeriodTicks(axis=axis, field=encoding.field, tickformat=_tick_format(encoding))
        for axis, encoding in shown
        if encoding and encoding.bin is None and _is_period(encoding)
    )
    return Plan(
        spec=spec,
        **_data_side(spec, encodings),
        sort=sort,
        split=split.field if split else None,
        split_sorted=split.sort.direction if split and split.sort else None,
        facet=spec.facet.field if spec.facet else None,
        trace=trace,
        layout=_layout(spec, split),
        x_axis=axes["x"],
        y_axis=axes["y"],
        ticks=ticks,
    )


def is_discrete(encoding: Encoding) -> bool:
    """Tell whether an encoding's values are separate places, not points of a scale."""
    return encoding.type in ("nominal", "ordinal") or encoding.bin is not None


def is_label(encoding: Encoding) -> bool:
    """Tell whether an encoding's values are shown as categories, null among them."""
    return encoding.type in ("nominal", "ordinal") and encoding.unit not in PARTS


def title_of(encoding: Encoding) -> str:
    """Write what an encoding shows, without its unit."""
    if encoding.title is not None:
        return encoding.title
    if encoding.aggregate is None:
        return words(encoding.field)
    name = words(encoding.field)
    name = name if name[:2].isupper() else name[:1].lower() + name[1:]
    return _AGGREGATE_WORDS[encoding.aggregate].format(name)


# ------------------------------------------------------------------------------ what can't be


def _encodings(spec: ChartSpec) -> dict[str, Encoding]:
    named = {
        "x": spec.x, "y": spec.y, "color": spec.color, "size": spec.size,
        "facet": spec.facet, "text": spec.text,
    }  # fmt: skip
    return {channel: encoding for channel, encoding in named.items() if encoding is not None}


def _check(spec: ChartSpec, encodings: dict[str, Encoding]) -> None:
    if not spec.data.isidentifier() or keyword.iskeyword(spec.data):
        raise RetryByModel(f"The chart's data {spec.data!r} is not the name of a variable.")
    needed, allowed = _CHANNELS[spec.mark]
    for channel in needed:
        if channel not in encodings:
            raise RetryByModel(f"A {spec.mark} chart needs {channel!r}, which the spec lacks.")
    for channel, encoding in encodings.items():
        if channel not in needed + allowed:
            raise RetryByModel(
                f"A {spec.mark} chart can't show {encoding.field!r} as {channel!r}.",
                hint=f"It can show {', '.join(needed + allowed)}.",
            )
        _check_encoding(spec, channel, encoding)
    _check_numbers(spec)
    if spec.layout.stacking != "none" and spec.mark not in ("bar", "area"):
        raise RetryByModel(f"Only bars and areas are stacked, not a {spec.mark} chart.")
    if spec.mark == "area" and spec.color and spec.layout.stacking == "none":
        raise RetryByModel(
            f"Areas coloured by {spec.color.field!r} would hide each other.",
            hint="Set stacking to 'stack', or use lines.",
        )
    plain_fields = {e.field for e in encodings.values() if e.aggregate is None}
    for channel, encoding in encodings.items():
        if encoding.aggregate and encoding.field in plain_fields:
            raise RetryByModel(
                f"{channel!r} aggregates {encoding.field!r}, which another channel shows as it is.",
                hint="Aggregate another field; numbers of rows per value are a histogram.",
            )
    if any(encoding.aggregate for encoding in encodings.values()):
        for name in spec.tooltip:
            if name not in {encoding.field for encoding in encodings.values()}:
                raise RetryByModel(f"Tooltip {name!r} is lost when rows are aggregated.")


def _check_encoding(spec: ChartSpec, channel: str, encoding: Encoding) -> None:
    if encoding.aggregate == "quantile":
        raise RetryByModel(
            f"{channel!r}: a chart spec can't say which quantile of {encoding.field!r} is meant.",
            hint="Use median, or compute it in the query.",
        )
    if encoding.aggregate and (is_label(encoding) or encoding.type == "temporal"):
        raise RetryByModel(
            f"{channel!r} aggregates {encoding.field!r} but is {encoding.type}.",
            hint="An aggregate is quantitative.",
        )
    if encoding.bin is not None:
        places = {"histogram": ("x",), "bar": ("x",), "heatmap": ("x", "y")}.get(spec.mark, ())
        if channel not in places or encoding.bin < 1 or encoding.type != "quantitative":
            raise RetryByModel(
                f"{channel!r} of a {spec.mark} chart can't cut {encoding.field!r} into "
                f"{encoding.bin} classes.",
                hint="Only quantitative fields on x of a histogram, bar or heatmap have classes.",
            )
    if encoding.sort and channel == "color" and encoding.sort.by is not None:
        raise RetryByModel(f"Colours are sorted by {encoding.field!r} itself, by no other field.")
    if channel == "facet" and encoding.type == "quantitative":
        raise RetryByModel(f"Small charts need categories; facet {encoding.field!r} is numbers.")
    if channel in ("color", "facet") and encoding.type == "temporal":
        raise RetryByModel(
            f"{channel!r} can't show the dates of {encoding.field!r}.",
            hint="Put time on x, or make it ordinal.",
        )
    if channel == "size" and encoding.type != "quantitative":
        raise RetryByModel(f"An area shows a number; size {encoding.field!r} is {encoding.type}.")


def _check_numbers(spec: ChartSpec) -> None:
    x, y = spec.x, spec.y
    if spec.mark in ("line", "area", "pie", "number") and y and y.type != "quantitative":
        raise RetryByModel(f"y of a {spec.mark} chart must be a number; {y.field!r} is {y.type}.")
    if spec.mark == "box" and y and y.type != "quantitative":
        if x is None or x.type != "quantitative":
            raise RetryByModel(f"A box chart needs numbers on one axis; {y.field!r} is {y.type}.")
    if spec.mark == "bar" and x and y:
        if "quantitative" not in (x.type, y.type):
            raise RetryByModel(
                f"A bar's length is a number, but {x.field!r} and {y.field!r} are both "
                "categories or dates."
            )
        if x.bin is not None:
            if y.aggregate not in BIN_FUNCTIONS:
                raise RetryByModel(
                    f"Bars over classes of {x.field!r} need an aggregate of {y.field!r}.",
                    hint=f"One of {', '.join(BIN_FUNCTIONS)}.",
                )
            if spec.layout.horizontal:
                raise RetryByModel(f"Bars over classes of {x.field!r} stand: not horizontal.")
        if False in (x.zero, y.zero):
            raise RetryByModel("A bar's length is its value: its axis must start at zero.")
    if spec.mark == "heatmap":
        if spec.color and spec.color.type != "quantitative":
            raise RetryByModel(
                f"A heatmap's colour is a number; {spec.color.field!r} is {spec.color.type}."
            )
        binned = [e for e in (x, y) if e and e.bin is not None]
        if binned and spec.color and spec.color.aggregate not in BIN_FUNCTIONS:
            raise RetryByModel(f"Classes of {binned[0].field!r} need an aggregate as colour.")


# ------------------------------------------------------------------------------ the data side


def _data_side(spec: ChartSpec, encodings: dict[str, Encoding]) -> dict[str, Any]:
    """Name what happens to rows; bins leave aggregation to Plotly, which alone knows the bins."""
    binned = any(encoding.bin is not None for encoding in encodings.values())
    aggregates = {e.field: e.aggregate for e in encodings.values() if e.aggregate and not binned}
    fields = list(dict.fromkeys(encoding.field for encoding in encodings.values()))
    sorts = [e.sort.by for e in encodings.values() if e.sort and e.sort.by]
    if aggregates and (lost := [by for by in sorts if by not in fields]):
        raise RetryByModel(f"Sorting by {lost[0]!r} is lost when rows are aggregated.")
    named = [*fields, *sorts, *spec.tooltip, *(f.field for f in spec.filters)]
    return {
        "types": {e.field: e.type for e in encodings.values()},
        "aggregates": aggregates,
        "keys": tuple(name for name in fields if name not in aggregates) if aggregates else (),
        "labels": tuple(
            dict.fromkeys(
                e.field
                for channel, e in encodings.items()
                if is_label(e) or (channel in ("color", "facet") and e.type == "ordinal")
            )
        ),
        "columns": tuple(dict.fromkeys(named)),
    }


def _split(spec: ChartSpec) -> Encoding | None:
    """Give the encoding whose values become traces: colours of categories."""
    if spec.color and spec.mark != "heatmap" and spec.color.type != "quantitative":
        return spec.color
    return None


def _lies(spec: ChartSpec) -> bool:
    if spec.mark not in ("bar", "box"):
        return False
    given = spec.x is not None and spec.x.type == "quantitative"
    across = spec.y is not None and spec.y.type != "quantitative"
    return spec.layout.horizontal or (given and across)


def _flipped(spec: ChartSpec) -> bool:
    """Tell whether lying marks have their categories on x of the spec, so that axes change."""
    return not (spec.y is not None and spec.y.type != "quantitative")


def _row_order(spec: ChartSpec) -> tuple[str, Direction] | None:
    """Sort rows where an axis is sorted by a field that is neither itself nor the value."""
    for encoding, other in ((spec.x, spec.y), (spec.y, spec.x)):
        if encoding and encoding.sort and encoding.sort.by:
            if other is None or encoding.sort.by != other.field:
                return (encoding.sort.by, encoding.sort.direction)
    return None


# ------------------------------------------------------------------------------ traces


def _trace(spec: ChartSpec, lies: bool) -> Json:
    color: Slot | str = Slot(kind="color") if _split(spec) else palette.COLORS[0]
    trace: Json = {}
    x, y = (spec.y, spec.x) if lies and _flipped(spec) else (spec.x, spec.y)
    for axis, encoding in (("x", x), ("y", y)):
        if encoding:
            trace[axis] = Slot(kind="column", fields=(encoding.field,))
    if spec.mark == "bar":
        trace = {"type": "bar", **trace, "marker": {"color": color}}
        if spec.x and spec.x.bin is not None and spec.y and spec.y.aggregate:
            trace |= {
                "type": "histogram",
                "histfunc": BIN_FUNCTIONS[spec.y.aggregate],
                "nbinsx": spec.x.bin,
            }
        if lies:
            trace["orientation"] = "h"
    elif spec.mark in ("line", "area"):
        trace = {"type": "scatter", **trace, "line": {"color": color, "width": 2}}
        if spec.mark == "area":
            trace["mode"] = "lines"
            if spec.layout.stacking == "none":
                trace["fill"] = "tozeroy"
            else:
                trace["stackgroup"] = "one"
                if spec.layout.stacking == "normalize":
                    trace["groupnorm"] = "percent"
    elif spec.mark == "point":
        trace = {"type": "scatter", "mode": "markers", **trace, "marker": _marker(spec, color)}
    elif spec.mark == "histogram":
        trace = {"type": "histogram", **trace, "marker": {"color": color}}
        if spec.x and spec.x.bin is not None:
            trace["nbinsx"] = spec.x.bin
        if spec.color:
            trace["opacity"] = 0.65
    elif spec.mark == "box":
        trace = {"type": "box", **trace, "marker": {"color": color, "size": 4}}
        if lies:
            trace["orientation"] = "h"
    else:
        trace = _heatmap(spec, trace)
    if spec.mark == "bar" and spec.color and spec.color.type == "quantitative":
        trace["marker"] = _color_scale(spec.color)
    if spec.text:
        trace |= _text(spec)
    if spec.tooltip:
        trace["customdata"] = Slot(kind="columns", fields=spec.tooltip)
    if _split(spec):
        trace["name"] = Slot(kind="name")
    if spec.mark != "box":  # a box has five numbers to tell, Plotly tells them
        trace["hovertemplate"] = _hover(spec, x, y)
    return trace


def _marker(spec: ChartSpec, color: Slot | str) -> Json:
    marker: Json = {"color": color, "size": 8, "opacity": 0.8}
    if spec.color and spec.color.type == "quantitative":
        marker |= _color_scale(spec.color)
    if spec.size:
        marker |= {
            "size": Slot(kind="column", fields=(spec.size.field,)),
            "sizemode": "area",
            "sizeref": Slot(kind="sizeref", fields=(spec.size.field,)),
            "sizemin": 3,
        }
    return marker


def _color_scale(encoding: Encoding) -> Json:
    title = with_unit(title_of(encoding), encoding.unit)
    return {
        "color": Slot(kind="column", fields=(encoding.field,)),
        "colorscale": palette.SCALE,
        "showscale": True,
        "colorbar": {"title": {"text": plain(title)}, "outlinewidth": 0},
    }


def _heatmap(spec: ChartSpec, trace: Json) -> Json:
    assert spec.color and spec.x and spec.y
    scale = _color_scale(spec.color)
    trace = {
        "type": "heatmap",
        **trace,
        "z": scale["color"],
        "colorscale": scale["colorscale"],
        "colorbar": scale["colorbar"],
        "xgap": 1,
        "ygap": 1,
    }
    if spec.x.bin is not None or spec.y.bin is not None:
        trace |= {"type": "histogram2d", "histfunc": BIN_FUNCTIONS[spec.color.aggregate or ""]}
        for name, encoding in (("nbinsx", spec.x), ("nbinsy", spec.y)):
            if encoding.bin is not None:
                trace[name] = encoding.bin
    return trace


def _text(spec: ChartSpec) -> Json:
    assert spec.text
    number = spec.text.type == "quantitative"
    form = PERCENT if spec.text.unit == FRACTION else NUMBER
    trace: Json = {
        "text": Slot(kind="column", fields=(spec.text.field,)),
        "texttemplate": f"%{{text:{form}}}" if number else "%{text}",
    }
    if spec.mark == "bar":
        return trace | {"textposition": "auto", "cliponaxis": False}
    if spec.mark in ("line", "point"):
        mode = "markers+text" if spec.mark == "point" else "lines+markers+text"
        return trace | {"mode": mode, "textposition": "top center"}
    return trace


def _hover(spec: ChartSpec, x: Encoding | None, y: Encoding | None) -> str:
    told: list[str] = []
    if _split(spec):
        told.append("%{fullData.name}")
    placed = [("%{x}", x), ("%{y}", y)]
    if spec.mark == "histogram":
        told += [_told(title_of(x), "%{x}", x.unit) if x else "", "Number of rows: %{y}"]
        placed = []
    for place, encoding in placed:
        if encoding:
            named = not is_label(encoding) and encoding.type == "quantitative"
            named = named and encoding.unit not in PERIODS
            told.append(_told(title_of(encoding), place, encoding.unit) if named else place)
    inner = {"heatmap": "%{z%s}", "point": "%{marker.color%s}", "bar": "%{marker.color%s}"}
    if spec.color and spec.color.type == "quantitative" and spec.mark in inner:
        told.append(_told_number(spec.color, inner[spec.mark]))
    if spec.size:
        told.append(_told_number(spec.size, "%{marker.size%s}"))
    shown = {encoding.field for encoding in (x, y, spec.color, spec.size) if encoding}
    if spec.text and spec.text.field not in shown:
        told.insert(0, "%{text}")
    for number, name in enumerate(spec.tooltip):
        told.append(f"{plain(words(name))}: %{{customdata[{number}]}}")
    return "<br>".join(told) + "<extra></extra>"


def _told(title: str, place: str, unit: str | None) -> str:
    if not unit or unit == FRACTION or unit in PERIODS or unit in PARTS:
        return f"{plain(title)}: {place}"
    return f"{plain(title)}: {place}{'' if unit == '%' else ' '}{plain(unit)}"


def _told_number(encoding: Encoding, place: str) -> str:
    form = PERCENT if encoding.unit == FRACTION else NUMBER
    return _told(title_of(encoding), place.replace("%s", f":{form}"), encoding.unit)


# ------------------------------------------------------------------------------ axes and layout


def _is_period(encoding: Encoding) -> bool:
    if encoding.type == "temporal":
        return encoding.unit in PERIODS
    return encoding.type == "quantitative" and encoding.unit == "year"


def _tick_format(encoding: Encoding) -> str | None:
    return PERIODS[encoding.unit or ""].tick if encoding.type == "temporal" else None


def _axis(spec: ChartSpec, encoding: Encoding | None, axis: Literal["x", "y"], lies: bool) -> Json:
    drawn: Json = {"automargin": True, "gridcolor": palette.GRID, "zerolinecolor": palette.GRID}
    if encoding is None:
        title = "Number of rows" if spec.mark == "histogram" else ""
        return drawn | {"title": {"text": title}, "separatethousands": True}
    title, unit = title_of(encoding), encoding.unit
    value = "x" if lies else "y"
    if axis == value and spec.layout.stacking == "normalize":
        return drawn | {"title": {"text": plain(f"Share of {title}")}, "ticksuffix": "%",
                        "hoverformat": ".1f"}  # fmt: skip
    drawn["title"] = {"text": plain(with_unit(title, unit))}
    if encoding.type == "temporal":
        drawn |= {"type": "date", "showgrid": False}
        if unit in PERIODS:
            drawn["hoverformat"] = PERIODS[unit].hover
    elif encoding.type == "quantitative":
        if unit == "year":
            drawn |= {"tickformat": "d", "hoverformat": "d", "showgrid": False, "zeroline": False}
        elif unit == FRACTION:
            drawn |= {"tickformat": ",~%", "hoverformat": PERCENT}
        else:
            drawn |= {"separatethousands": True, "hoverformat": NUMBER}
        if encoding.zero:
            drawn["rangemode"] = "tozero"
    elif unit in PARTS:
        drawn |= {"tickformat": "d", "showgrid": False, "zeroline": False}
        if names := PARTS[unit]:
            drawn |= {"tickvals": list(names), "ticktext": list(names.values())}
    else:
        drawn |= {"type": "category", "showgrid": False}
        drawn |= _category_order(spec, encoding, axis)
    # The first category stands on top, as in a list.
    if axis == "y" and is_discrete(encoding) and (lies or spec.mark == "heatmap"):
        drawn |= {"autorange": "reversed"}
    return drawn


def _category_order(spec: ChartSpec, encoding: Encoding, axis: Literal["x", "y"]) -> Json:
    if encoding.sort is None or (encoding.sort.by and _row_order(spec)):
        if spec.color is None and spec.facet is None:
            return {}  # one trace: the order of its rows
        # Traces may lack a category; without this it would come last.
        categories = Slot(kind="categories", fields=(encoding.field,))
        return {"categoryorder": "array", "categoryarray": categories}
    what = "total" if encoding.sort.by else "category"
    return {"categoryorder": f"{what} {encoding.sort.direction}"}


def _layout(spec: ChartSpec, split: Encoding | None) -> Json:
    title = lines(spec.layout.title, TITLE_SIGNS)
    subtitle = lines(spec.layout.subtitle, SUBTITLE_SIGNS)
    layout: Json = {
        # Nothing of Plotly's own theme: one look in a notebook, on a page and in an image.
        "template": {"data": {"scatter": [{"type": "scatter"}]}},
        "font": {"color": palette.TEXT},
        "paper_bgcolor": palette.CLEAR,
        "plot_bgcolor": palette.CLEAR,
        "margin": {"l": 60, "r": 30, "b": 50, "t": 40 + 22 * len(title) + 18 * len(subtitle)},
        "height": spec.layout.height,
        "showlegend": bool(split) and spec.layout.legend,
    }
    if spec.layout.width is not None:
        layout["width"] = spec.layout.width
    if title or subtitle:
        layout["title"] = {
            "text": "<br>".join(map(plain, title)),
            "font": {"size": 16},
            "x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yanchor": "top",
            "pad": {"t": 16},
        }  # fmt: skip
        if subtitle:
            layout["title"]["subtitle"] = {
                "text": "<br>".join(map(plain, subtitle)),
                "font": {"size": 13},
            }
    if split:
        layout["legend"] = {"title": {"text": plain(with_unit(title_of(split), split.unit))}}
    if spec.mark == "bar":
        layout["bargap"] = 0.25
        if spec.color:
            layout["barmode"] = "group" if spec.layout.stacking == "none" else "relative"
        if spec.layout.stacking == "normalize":
            layout["barnorm"] = "percent"
    if spec.mark == "histogram":
        layout["bargap"] = 0.03
        layout["barmode"] = "overlay"
    if spec.mark == "box" and spec.color:
        layout["boxmode"] = "group"
    return layout


def _plan_without_axes(spec: ChartSpec, encodings: dict[str, Encoding]) -> Plan:
    side = _data_side(spec, encodings)
    sort = _row_order(spec)
    if spec.mark == "pie":
        assert spec.x and spec.y
        if spec.x.sort and spec.x.sort.by is not None:
            sort = (spec.x.sort.by, spec.x.sort.direction)
        trace: Json = {
            "type": "pie",
            "labels": Slot(kind="column", fields=(spec.x.field,)),
            "values": Slot(kind="column", fields=(spec.y.field,)),
            "sort": False,
            "direction": "clockwise",
            "marker": {"colors": list(palette.COLORS)},
            "textinfo": "label+percent",
            "textposition": "outside",
            "hovertemplate": "%{label}<br>"
            + _told(title_of(spec.y), f"%{{value:{NUMBER}}}", spec.y.unit)
            + " (%{percent})<extra></extra>",
        }
    elif spec.mark == "number":
        assert spec.y
        unit = spec.y.unit
        suffix = "" if not unit or unit == FRACTION else unit if unit == "%" else f" {unit}"
        trace = {
            "type": "indicator",
            "mode": "number",
            "value": Slot(kind="value", fields=(spec.y.field,)),
            "number": {
                "valueformat": PERCENT if unit == FRACTION else NUMBER,
                "suffix": plain(suffix),
            },
            "title": {"text": plain(title_of(spec.y))},
        }
    else:
        shown = list(dict.fromkeys([*(e.field for e in encodings.values()), *spec.tooltip]))
        side["columns"] = side["columns"] if shown else None
        titles = {e.field: with_unit(title_of(e), e.unit) for e in encodings.values()}
        trace = {
            "type": "table",
            "header": {"values": [plain(titles.get(name, words(name))) for name in shown],
                       "align": "left"},
            "cells": {"values": [Slot(kind="column", fields=(name,)) for name in shown],
                      "align": "left"},
        }  # fmt: skip
        if not shown:
            raise RetryByModel("A table chart needs fields: name them as x, y or tooltip.")
    layout = _layout(spec, None)
    return Plan(spec=spec, **side, sort=sort, trace=trace, layout=layout)
