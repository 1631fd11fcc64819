"""What draws a chart spec: figure JSON, a Plotly figure, the source of a chart cell."""

from clew_tools.charts.compile import figure, figure_json
from clew_tools.charts.plan import LONG_NAME
from clew_tools.charts.rows import plain_values
from clew_tools.charts.source import python_source
from clew_tools.charts.words import FRACTION, words

__all__ = [
    "FRACTION",
    "LONG_NAME",
    "figure",
    "figure_json",
    "plain_values",
    "python_source",
    "words",
]
