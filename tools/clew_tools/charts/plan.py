"""What of a chart follows from its spec alone, before any row is seen.

``figure_json`` fills the plan with rows and ``python_source`` prints it, so that both give one
figure. What can't be drawn is refused in ``check.py`` or, where only rows can tell, in
``rows.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from clew_core.chart_spec import ChartSpec, Encoding, FieldType
from clew_core.errors import RetryByModel
from clew_core.query_spec import Aggregate, Direction
from clew_tools.charts import palette
from clew_tools.charts.check import check
from clew_tools.charts.encodings import (
    BIN_FUNCTIONS,
    encodings_of,
    is_flipped,
    is_label,
    is_period,
    lies_of,
    row_order,
    split_of,
    title_of,
)
from clew_tools.charts.frame import axis_of, layout_of
from clew_tools.charts.slot import Json, Slot
from clew_tools.charts.words import (
    FRACTION,
    NUMBER,
    PARTS,
    PERCENT,
    PERIODS,
    plain,
    with_unit,
    words,
)

MARKER_PIXELS = 40  # across the largest marker
FACET_COLUMNS = 3
FACET_HEIGHT = 270  # pixels of a row of small charts
FEW_PERIODS = 12  # each has a tick of its own
FEW_BESIDE = 8  # so many beside a legend
FEW_SMALL = 4  # so many in small charts
LONG_NAME = 20  # signs of a legend's name; longer ones would take the place of the marks
LEGEND_BELOW: Json = {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"}


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

    @property
    def few_periods(self) -> int:
        """How many periods have a tick each, without turning their labels."""
        return FEW_SMALL if self.facet else FEW_BESIDE if self.split else FEW_PERIODS


def plan(spec: ChartSpec) -> Plan:
    """Decide all that the spec decides.

    Raises:
        RetryByModel: the spec can't be drawn; the message names the channel or field and why.
    """
    encodings = encodings_of(spec)
    check(spec, encodings)
    if spec.mark in ("table", "number", "pie"):
        return _plan_without_axes(spec, encodings)
    lies = lies_of(spec)
    trace = _trace(spec, lies)
    split = split_of(spec)
    if spec.mark == "line" and spec.x and spec.x.type != "nominal":
        sort: tuple[str, Direction] | None = (spec.x.field, "ascending")
    elif spec.mark == "area" and spec.x and spec.x.type != "nominal":
        sort = (spec.x.field, "ascending")
    else:
        sort = row_order(spec)
    shown: list[tuple[Literal["x", "y"], Encoding | None]] = [("x", spec.x), ("y", spec.y)]
    if lies and is_flipped(spec):
        shown = [("x", spec.y), ("y", spec.x)]
    axes = {axis: axis_of(spec, encoding, axis, lies) for axis, encoding in shown}
    ticks = tuple(
        PeriodTicks(axis=axis, field=encoding.field, tickformat=_tick_format(encoding))
        for axis, encoding in shown
        if encoding and encoding.bin is None and is_period(encoding)
    )
    return Plan(
        spec=spec,
        **_data_side(spec, encodings),
        sort=sort,
        split=split.field if split else None,
        split_sorted=split.sort.direction if split and split.sort else None,
        facet=spec.facet.field if spec.facet else None,
        trace=trace,
        layout=layout_of(spec, split),
        x_axis=axes["x"],
        y_axis=axes["y"],
        ticks=ticks,
    )


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


def _trace(spec: ChartSpec, lies: bool) -> Json:
    color: Slot | str = Slot(kind="color") if split_of(spec) else palette.COLORS[0]
    trace: Json = {}
    x, y = (spec.y, spec.x) if lies and is_flipped(spec) else (spec.x, spec.y)
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
    if split_of(spec):
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
            "size": Slot(kind="numbers", fields=(spec.size.field,)),
            "sizemode": "area",
            "sizeref": Slot(kind="sizeref", fields=(spec.size.field,)),
            "sizemin": 3,
        }
    return marker


def _color_scale(encoding: Encoding) -> Json:
    title = with_unit(title_of(encoding), encoding.unit)
    return {
        "color": Slot(kind="numbers", fields=(encoding.field,)),
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
    if split_of(spec):
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


def _tick_format(encoding: Encoding) -> str | None:
    return PERIODS[encoding.unit or ""].tick if encoding.type == "temporal" else None


def _plan_without_axes(spec: ChartSpec, encodings: dict[str, Encoding]) -> Plan:
    side = _data_side(spec, encodings)
    sort = row_order(spec)
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
            "texttemplate": "%{label}<br>%{percent:.1%}",
            "textposition": "outside",
            "domain": {"y": [0.04, 0.9]},  # labels outside need room below the title
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
    layout = layout_of(spec, None)
    return Plan(spec=spec, **side, sort=sort, trace=trace, layout=layout)
