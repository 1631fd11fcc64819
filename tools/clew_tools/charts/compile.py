"""How a chart spec and its rows become a Plotly figure.

``figure_json`` imports neither plotly nor pandas: it is made for every answer with a chart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from clew_core.chart_spec import ChartSpec
from clew_core.errors import ToolFailed
from clew_tools.charts import palette
from clew_tools.charts.plan import (
    FACET_COLUMNS,
    FACET_HEIGHT,
    LEGEND_BELOW,
    LONG_NAME,
    MARKER_PIXELS,
    Plan,
    plan,
)
from clew_tools.charts.rows import Columns, Group, distinct, groups, read
from clew_tools.charts.slot import Json, Slot
from clew_tools.charts.source import python_source

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import pyarrow as pa

__all__ = ["figure", "figure_json", "python_source"]


def figure_json(spec: ChartSpec, table: pa.Table) -> Json:
    """Draw a chart as plain JSON: what Plotly's JavaScript takes.

    Args:
        spec: the chart.
        table: its rows; decimals are drawn as floats, what is not finite as a gap.

    Raises:
        RetryByModel: the spec can't be drawn with these rows; the message names field and reason.
    """
    planned = plan(spec)
    columns = read(planned, table)
    traces: list[Json] = []
    named: set[Any] = set()
    for group in groups(planned, columns):
        trace = _fill(planned.trace, group, columns)
        if group.facet:
            place = str(group.facet[1] + 1) if group.facet[1] else ""
            trace |= {"xaxis": f"x{place}", "yaxis": f"y{place}"}
        if planned.facet and planned.split:
            trace |= {"legendgroup": trace["name"], "showlegend": group.name not in named}
            named.add(group.name)
        traces.append(trace)
    return {"data": traces, "layout": _layout(planned, columns)}


def figure(spec: ChartSpec, table: pa.Table) -> go.Figure:
    """Draw a chart as a Plotly figure.

    Raises:
        RetryByModel: the spec can't be drawn with these rows.
        ToolFailed: Plotly does not take the figure, which is a fault of Clew.
    """
    import plotly.graph_objects as go

    drawn = figure_json(spec, table)
    try:
        return go.Figure({**drawn, "data": [_with_gaps(trace) for trace in drawn["data"]]})
    except ValueError as error:
        raise ToolFailed(f"Plotly does not take the {spec.mark} chart: {error}") from error


def _with_gaps(trace: Json) -> Json:
    """Write a missing colour or size as not-a-number: Plotly's Python refuses null there."""
    if "marker" not in trace:
        return trace
    marker = {
        key: [math.nan if item is None else item for item in value]
        if key in ("color", "size") and isinstance(value, list)
        else value
        for key, value in trace["marker"].items()
    }
    return {**trace, "marker": marker}


def _layout(planned: Plan, columns: Columns) -> Json:
    layout = dict(planned.layout)
    axes: dict[str, Json] = {}
    for name, template in (("xaxis", planned.x_axis), ("yaxis", planned.y_axis)):
        if template:
            axes[name] = _fill(template, Group(columns=columns), columns)
    for ticks in planned.ticks:
        periods = [value for value in distinct(columns[ticks.field]) if value is not None]
        if len(periods) <= planned.few_periods:
            axes[f"{ticks.axis}axis"]["tickvals"] = periods
            if ticks.tickformat:
                axes[f"{ticks.axis}axis"]["tickformat"] = ticks.tickformat
    if planned.split and max((len(str(v)) for v in columns[planned.split]), default=0) > LONG_NAME:
        layout["legend"] = {**layout["legend"], **LEGEND_BELOW}
    if planned.facet is None:
        return layout | axes
    values = distinct(columns[planned.facet])
    across = min(len(values), FACET_COLUMNS) or 1
    down = math.ceil(len(values) / across) or 1
    layout["grid"] = {"rows": down, "columns": across, "pattern": "independent"}
    layout["height"] = max(planned.spec.layout.height, FACET_HEIGHT * down)
    layout["annotations"] = []
    for number, value in enumerate(values, start=1):
        place = "" if number == 1 else str(number)
        x_axis, y_axis = dict(axes["xaxis"]), dict(axes["yaxis"])
        if place:  # all have the scales of the first one: they are there to be compared
            x_axis["matches"], y_axis["matches"] = "x", "y"
        if number + across <= len(values):
            del x_axis["title"]  # the chart below has it
        if (number - 1) % across:
            del y_axis["title"]  # the chart to the left has it
        layout[f"xaxis{place}"], layout[f"yaxis{place}"] = x_axis, y_axis
        layout["annotations"].append(
            {
                "text": str(value),
                "x": 0,
                "xref": f"x{place} domain",
                "xanchor": "left",
                "y": 1,
                "yref": f"y{place} domain",
                "yanchor": "bottom",
                "showarrow": False,
            }
        )
    return layout


def _fill(template: Any, group: Group, columns: Columns) -> Any:
    """Put values into the slots of a template; scales come from all rows, not from the group's."""
    if isinstance(template, dict):
        return {key: _fill(value, group, columns) for key, value in template.items()}
    if isinstance(template, list):
        return [_fill(value, group, columns) for value in template]
    if not isinstance(template, Slot):
        return template
    if template.kind == "name":
        return str(group.name)
    if template.kind == "color":
        return palette.COLORS[group.place % len(palette.COLORS)]
    if template.kind == "columns":
        return [list(row) for row in zip(*map(group.columns.get, template.fields), strict=True)]
    (name,) = template.fields
    if template.kind in ("column", "numbers"):
        return group.columns[name]
    if template.kind == "value":
        return group.columns[name][0]
    if template.kind == "categories":
        return distinct(columns[name])
    largest = max((value for value in columns[name] if value is not None), default=0)
    return 2 * largest / MARKER_PIXELS**2
