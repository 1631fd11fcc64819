"""What stands around the marks of a chart: axes, titles, legend and margins."""

from __future__ import annotations

from typing import Literal

from clew_core.chart_spec import ChartSpec, Encoding
from clew_tools.charts import palette
from clew_tools.charts.encodings import is_discrete, row_order, title_of
from clew_tools.charts.slot import Json, Slot
from clew_tools.charts.words import (
    FRACTION,
    NUMBER,
    PARTS,
    PERCENT,
    PERIODS,
    lines,
    plain,
    with_unit,
)

TITLE_SIGNS, SUBTITLE_SIGNS = 70, 95


def axis_of(
    spec: ChartSpec, encoding: Encoding | None, axis: Literal["x", "y"], lies: bool
) -> Json:
    """Describe one axis: its scale, title, ticks and order."""
    drawn: Json = {"automargin": True, "gridcolor": palette.GRID, "zerolinecolor": palette.GRID}
    if encoding is None:
        title = "Number of rows" if spec.mark == "histogram" else ""
        return drawn | {"title": _axis_title(title), "separatethousands": True}
    title, unit = title_of(encoding), encoding.unit
    value = "x" if lies else "y"
    if axis == value and spec.layout.stacking == "normalize":
        drawn["title"] = _axis_title(plain(f"Share of {title[:1].lower()}{title[1:]}"))
        return drawn | {"ticksuffix": "%", "hoverformat": ".1f"}
    drawn["title"] = _axis_title(plain(with_unit(title, unit)))
    if encoding.type == "temporal":
        drawn |= {"type": "date", "showgrid": False}
        if unit in PERIODS:
            drawn["hoverformat"] = PERIODS[unit].hover
        if spec.facet is not None:
            drawn |= {"nticks": 3, "tickangle": 0}  # little room, and no labels upright
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


def _axis_title(text: str) -> Json:
    """Place a title; with a fixed distance Plotly makes room for it beside long labels."""
    return {"text": text, "standoff": 12}


def _category_order(spec: ChartSpec, encoding: Encoding, axis: Literal["x", "y"]) -> Json:
    if encoding.sort is None or (encoding.sort.by and row_order(spec)):
        if spec.color is None and spec.facet is None:
            return {}  # one trace: the order of its rows
        # Traces may lack a category; without this it would come last.
        categories = Slot(kind="categories", fields=(encoding.field,))
        return {"categoryorder": "array", "categoryarray": categories}
    what = "total" if encoding.sort.by else "category"
    return {"categoryorder": f"{what} {encoding.sort.direction}"}


def layout_of(spec: ChartSpec, split: Encoding | None) -> Json:
    """Describe all around the axes; split is the encoding that the legend explains."""
    title = lines(spec.layout.title, TITLE_SIGNS)
    subtitle = lines(spec.layout.subtitle, SUBTITLE_SIGNS)
    layout: Json = {
        # Nothing of Plotly's own theme: one look in a notebook, on a page and in an image.
        "template": {"data": {"scatter": [{"type": "scatter"}]}},
        "font": {"color": palette.TEXT},
        "paper_bgcolor": palette.CLEAR,
        "plot_bgcolor": palette.CLEAR,
        "margin": {"l": 60, "r": 30, "b": 50, "t": 34 + 22 * len(title) + 18 * len(subtitle)},
        "height": spec.layout.height,
        "showlegend": bool(split) and spec.layout.legend,
    }
    if spec.layout.width is not None:
        layout["width"] = spec.layout.width
    if title or subtitle:
        layout["title"] = {
            "text": "<br>".join(map(plain, title)),
            "font": {"size": 16},
            "x": 0, "xanchor": "left", "y": 1, "yanchor": "top",
            "pad": {"l": 12, "t": 12 + 6 * len(title)},
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
