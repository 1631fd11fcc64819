"""The chart agent: which chart fits a result, by published rules."""

from clew_agents.chart.builtin import Choice, choose

__all__ = ["Choice", "choose"]
