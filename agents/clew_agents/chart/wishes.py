"""How a chart follows what the question said besides its mark: stacked, lying, sorted."""

from __future__ import annotations

from dataclasses import replace

from clew_agents.chart.shape import Shape
from clew_core.chart_spec import ChartSpec, Sort


def follow(chart: ChartSpec, shape: Shape) -> tuple[ChartSpec, str]:
    """Change a chart as the question wished.

    Args:
        chart: made by the rules.
        shape: of the result.

    Returns:
        the chart, and what of the wishes could not be followed, in words.
    """
    wish = shape.spec.chart
    if wish is None:
        return chart, ""
    refused: list[str] = []
    layout, x = chart.layout, chart.x
    if wish.stacking is not None and wish.stacking != layout.stacking:
        if chart.mark not in ("bar", "area") or chart.color is None:
            refused.append("There is nothing to stack.")
        elif wish.stacking != "none" and not shape.numbers[0].additive:
            refused.append("These numbers don't add up, so they can't be stacked.")
        else:
            layout = replace(layout, stacking=wish.stacking)
    if wish.horizontal is not None:
        if chart.mark == "bar" and x is not None and x.type == "nominal":
            layout = replace(layout, horizontal=wish.horizontal)
        else:
            refused.append("Only bars of categories can lie.")
    if wish.sort is not None:
        if x is not None and x.type == "nominal" and chart.mark in ("bar", "point", "pie"):
            by_size = Sort(by=shape.numbers[0].name, direction="descending")
            x = replace(x, sort=by_size if wish.sort == "size" else Sort())
        else:
            refused.append("What runs along an axis in an order of its own keeps it.")
    return replace(chart, layout=layout, x=x), " ".join(refused)
