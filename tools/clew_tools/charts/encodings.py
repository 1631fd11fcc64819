"""What the encodings of a chart spec mean: categories or scales, directions, titles, orders."""

from __future__ import annotations

from clew_core.chart_spec import ChartSpec, Encoding
from clew_core.query_spec import Direction
from clew_tools.charts.words import PARTS, PERIODS, words

_AGGREGATE_WORDS: dict[str, str] = {
    "count": "Number of {}", "count_distinct": "Number of different {}", "sum": "Total {}",
    "avg": "Average {}", "min": "Lowest {}", "max": "Highest {}", "median": "Median {}",
    "stddev": "Standard deviation of {}", "variance": "Variance of {}", "first": "First {}",
    "last": "Last {}",
}  # fmt: skip
BIN_FUNCTIONS = {"count": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max"}
"""Aggregate → Plotly's name of it, for classes that Plotly cuts."""


def encodings_of(spec: ChartSpec) -> dict[str, Encoding]:
    """Give the encodings that are set, by channel."""
    named = {
        "x": spec.x, "y": spec.y, "color": spec.color, "size": spec.size,
        "facet": spec.facet, "text": spec.text,
    }  # fmt: skip
    return {channel: encoding for channel, encoding in named.items() if encoding is not None}


def is_discrete(encoding: Encoding) -> bool:
    """Tell whether an encoding's values are separate places, not points of a scale."""
    return encoding.type in ("nominal", "ordinal") or encoding.bin is not None


def is_label(encoding: Encoding) -> bool:
    """Tell whether an encoding's values are shown as categories, null among them."""
    return encoding.type in ("nominal", "ordinal") and encoding.unit not in PARTS


def is_period(encoding: Encoding) -> bool:
    """Tell whether values are periods of time, which get ticks of their own while they are few."""
    if encoding.type == "temporal":
        return encoding.unit in PERIODS
    return encoding.type == "quantitative" and encoding.unit == "year"


def title_of(encoding: Encoding) -> str:
    """Write what an encoding shows, without its unit."""
    if encoding.title is not None:
        return encoding.title
    if encoding.aggregate is None:
        return words(encoding.field)
    name = words(encoding.field)
    name = name if name[:2].isupper() else name[:1].lower() + name[1:]
    return _AGGREGATE_WORDS[encoding.aggregate].format(name)


def split_of(spec: ChartSpec) -> Encoding | None:
    """Give the encoding whose values become traces: colours of categories."""
    if spec.color and spec.mark != "heatmap" and spec.color.type != "quantitative":
        return spec.color
    return None


def lies_of(spec: ChartSpec) -> bool:
    """Tell whether bars or boxes lie, with their categories on the vertical axis."""
    if spec.mark not in ("bar", "box"):
        return False
    given = spec.x is not None and spec.x.type == "quantitative"
    across = spec.y is not None and spec.y.type != "quantitative"
    return spec.layout.horizontal or (given and across)


def is_flipped(spec: ChartSpec) -> bool:
    """Tell whether lying marks have their categories on x of the spec, so that axes change."""
    return not (spec.y is not None and spec.y.type != "quantitative")


def row_order(spec: ChartSpec) -> tuple[str, Direction] | None:
    """Sort rows where an axis is sorted by a field that is neither itself nor the value."""
    for encoding, other in ((spec.x, spec.y), (spec.y, spec.x)):
        if encoding and encoding.sort and encoding.sort.by:
            if other is None or encoding.sort.by != other.field:
                return (encoding.sort.by, encoding.sort.direction)
    return None
