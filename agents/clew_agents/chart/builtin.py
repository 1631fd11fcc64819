"""Which chart fits a result, chosen by rules and without a model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clew_agents.chart.finding import finding
from clew_agents.chart.rules import RULES, refusal
from clew_agents.chart.shape import shape_of
from clew_agents.chart.wishes import follow
from clew_core.chart_spec import ChartSpec
from clew_core.query_spec import QuerySpec

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A chart, or the reason why there is none.

    Attributes:
        chart: None where a chart shows nothing.
        reason: why this chart, in words; names what was asked for and is not drawn.
        rule: name of the row in ``RULES`` that decided.
    """

    chart: ChartSpec | None
    reason: str
    rule: str = ""


def choose(
    spec: QuerySpec, table: pa.Table, *, title: str, data: str, truncated: bool = False
) -> Choice:
    """Choose the chart that fits a result.

    Args:
        spec: the question; its chart hint is followed where that can be read.
        table: the result, with the spec's names as columns.
        title: says what the chart shows; where a finding takes its place, it goes below.
        data: name of the variable that holds the result.
        truncated: rows are missing at the end of the result.
    """
    if truncated:
        return Choice(chart=None, reason="Rows were cut off, so a chart would show a part only.")
    shape = shape_of(spec, table, title=title, data=data)
    if shape is None:
        return Choice(chart=None, reason="The result has other columns than the question names.")
    rule = next(rule for rule in RULES if rule.holds(shape))
    if rule.draw is None:
        return Choice(chart=None, reason=rule.reason, rule=rule.name)
    chart, unfollowed = follow(rule.draw(shape), shape)
    refused = refusal(shape) if shape.hint and chart.mark != shape.hint else ""
    if found := finding(shape, chart):
        subtitle = f"{title}. {chart.layout.subtitle}".removesuffix(". ")
        chart = replace(chart, layout=replace(chart.layout, title=found, subtitle=subtitle))
    reason = " ".join(filter(None, (refused, unfollowed, rule.reason)))
    return Choice(chart=chart, reason=reason, rule=rule.name)
