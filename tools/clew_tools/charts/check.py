"""What a chart spec can't say: seen from the spec alone, before any row."""

from __future__ import annotations

import keyword

from clew_core.chart_spec import ChartSpec, Encoding
from clew_core.errors import RetryByModel
from clew_tools.charts.encodings import BIN_FUNCTIONS, is_label

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


def check(spec: ChartSpec, encodings: dict[str, Encoding]) -> None:
    """Refuse what can't be drawn.

    Raises:
        RetryByModel: the message names the channel or the field, and why.
    """
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
    labels = {encoding.field for encoding in encodings.values() if is_label(encoding)}
    for channel, encoding in encodings.items():
        if encoding.field in labels and not is_label(encoding):
            raise RetryByModel(
                f"{channel!r} shows {encoding.field!r} as {encoding.type}, another channel as "
                "categories; it can't be both."
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
