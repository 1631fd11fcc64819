"""Which mark fits which shape of a result: one table of rules, the first that holds decides.

``docs/charts.md`` is made from this table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from clew_agents.chart import build
from clew_agents.chart.shape import Group, Shape
from clew_core.chart_spec import ChartSpec

FEW_PERIODS = 3
SLICES = 7
FACETS = 6
GROUPED_COLORS, GROUPED_BARS = 5, 30
POINTS = 8
SAMPLE = 20

SOURCES = {
    "cleveland": "Cleveland, McGill 1984, Graphical Perception, JASA 79(387)",
    "mackinlay": "Mackinlay 1986, Automating the Design of Graphical Presentations, ACM TOG 5(2)",
    "zacks": "Zacks, Tversky 1999, Bars and lines, Memory & Cognition 27(6)",
    "compassql": "Wongsuphasawat et al. 2016, Towards a General-Purpose Query Language for "
    "Visualization Recommendation, HILDA",
    "draco": "Moritz et al. 2019, Formalizing Visualization Design Knowledge as Constraints, "
    "IEEE TVCG 25(1)",
    "tufte": "Tufte 1983, The Visual Display of Quantitative Information",
    "axes": "Few 2008, Dual-Scaled Axes in Graphs, Visual Business Intelligence Newsletter, March",
    "few": "Few 2012, Show Me the Numbers, 2nd edition",
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table.

    Attributes:
        name: of the rule.
        when: the condition in words.
        mark: what is drawn, or none.
        reason: why; part of the answer's trace.
        source: a key of ``SOURCES``, or where else it comes from.
        holds: the condition.
        draw: makes the chart; None where a chart shows nothing.
    """

    name: str
    when: str
    mark: str
    reason: str
    source: str
    holds: Callable[[Shape], bool]
    draw: Callable[[Shape], ChartSpec] | None = None


def _asked(*marks: str) -> Callable[[Shape], bool]:
    return lambda shape: shape.hint in marks


def _groups(shape: Shape) -> list[Group]:
    """Give the groups that tell rows apart: those with more than one value."""
    return [group for group in shape.groups if group.number > 1]


def _no_values(shape: Shape) -> bool:
    return all(value is None for number in shape.numbers for value in number.values)


def _runs(shape: Shape) -> bool:
    """Tell whether there is something that a line can run along."""
    groups = _groups(shape)
    return 1 <= len(groups) <= 2 and any(group.kind != "category" for group in groups)


def _over_time(shape: Shape) -> bool:
    time = shape.time
    return time is not None and time.number > 1


def _is_whole(shape: Shape) -> bool:
    """Tell whether the rows are the parts of a whole: all of them, adding up, none negative."""
    number = shape.numbers[0]
    sizes = [size for size in number.values if size is not None]
    return number.additive and shape.spec.limit is None and min(sizes, default=-1) >= 0


def _can_be_pie(shape: Shape) -> bool:
    groups = shape.groups
    return len(groups) == 1 and groups[0].number <= SLICES and _is_whole(shape)


def _grouped(shape: Shape) -> bool:
    groups = sorted(group.number for group in _groups(shape))
    return groups[0] <= GROUPED_COLORS and groups[0] * groups[1] <= GROUPED_BARS


def _small_charts(shape: Shape) -> bool:
    others = sorted(g.number for g in _groups(shape) if g is not shape.time)
    return len(others) == 2 and others[0] <= FACETS and others[1] <= build.COLORS


def _stacked(shape: Shape) -> bool:
    return shape.spec.chart is not None and shape.spec.chart.stacking in ("stack", "normalize")


def _two(shape: Shape) -> bool:
    return len(_groups(shape)) == 2


RULES = (
    Rule(
        name="nothing",
        when="no rows, or no numbers in them",
        mark="none",
        reason="There is nothing to draw.",
        source="by definition",
        holds=lambda s: s.rows == 0 or not s.numbers or _no_values(s),
    ),
    Rule(
        name="one row",
        when="the result has one row",
        mark="none",
        reason="One number is read faster than a chart of it.",
        source="few",
        holds=lambda s: s.rows == 1,
    ),
    Rule(
        name="table asked for",
        when="the question asks for a table or a number",
        mark="none",
        reason="A table was asked for.",
        source="the question",
        holds=_asked("table", "number"),
    ),
    Rule(
        name="histogram asked for",
        when=f"a histogram is asked for, and there is one number in at least {SAMPLE} rows",
        mark="histogram",
        reason="How often which values occur was asked for.",
        source="the question",
        holds=lambda s: s.hint == "histogram" and s.rows >= SAMPLE,
        draw=build.histogram,
    ),
    Rule(
        name="boxes asked for",
        when=f"boxes are asked for, and there is one number in at least {SAMPLE} rows",
        mark="box",
        reason="The spread of the values was asked for.",
        source="the question",
        holds=lambda s: s.hint == "box" and s.rows >= SAMPLE,
        draw=build.boxes,
    ),
    Rule(
        name="scatter asked for",
        when="points are asked for, and there are two numbers",
        mark="point",
        reason="Two positions show best how two numbers go together.",
        source="cleveland",
        holds=lambda s: s.hint == "point" and len(s.numbers) == 2,
        draw=build.scatter,
    ),
    Rule(
        name="list",
        when="rows are listed, nothing is measured, and no chart is asked for",
        mark="none",
        reason="A list is read, not compared.",
        source="few",
        holds=lambda s: s.listing and s.hint is None,
    ),
    Rule(
        name="two numbers per category",
        when=f"two numbers for each of at least {POINTS} values of one or two groups without time, "
        "and no other chart is asked for",
        mark="point",
        reason="Two positions show best how two numbers go together.",
        source="cleveland",
        holds=lambda s: (
            s.hint is None
            and len(s.numbers) == 2
            and not s.listing
            and s.rows >= POINTS
            and 1 <= len(s.groups) <= 2
            and all(group.kind == "category" for group in s.groups)
        ),
        draw=build.scatter,
    ),
    Rule(
        name="several numbers",
        when="two or more numbers, and no chart is asked for",
        mark="none",
        reason="Numbers of different scales need a chart each; the table has them side by side.",
        source="axes",
        holds=lambda s: s.hint is None and len(s.numbers) >= 2,
    ),
    Rule(
        name="one group only",
        when="no column tells the rows apart",
        mark="none",
        reason="There is nothing to compare along an axis.",
        source="by definition",
        holds=lambda s: not _groups(s),
    ),
    Rule(
        name="pie asked for",
        when=f"a pie is asked for; the rows are all parts of a whole, at most {SLICES}, none "
        "negative",
        mark="pie",
        reason=f"A pie was asked for; of a whole with at most {SLICES} parts it can be read.",
        source="the question",
        holds=lambda s: s.hint == "pie" and _can_be_pie(s),
        draw=build.pie,
    ),
    Rule(
        name="line asked for",
        when="a line is asked for, and there is time, a part of a date or classes to run along",
        mark="line",
        reason="A line was asked for, and its axis has an order.",
        source="the question",
        holds=lambda s: s.hint == "line" and _runs(s),
        draw=build.lines,
    ),
    Rule(
        name="area asked for",
        when="an area is asked for, there is time, and parts, if any, add up",
        mark="area",
        reason="An area was asked for, and what it stacks adds up.",
        source="the question",
        holds=lambda s: (
            s.hint == "area" and _runs(s) and (len(_groups(s)) == 1 or s.numbers[0].additive)
        ),
        draw=lambda s: build.lines(s, "area"),
    ),
    Rule(
        name="heatmap asked for",
        when="a heatmap is asked for, and there are two groups",
        mark="heatmap",
        reason="A heatmap was asked for.",
        source="the question",
        holds=lambda s: s.hint == "heatmap" and _two(s) and max(g.number for g in s.groups) <= 60,
        draw=build.heatmap,
    ),
    Rule(
        name="points asked for",
        when="points are asked for, for one number per category",
        mark="point",
        reason="Points were asked for; position is read as well as length.",
        source="cleveland",
        holds=lambda s: s.hint == "point" and len(_groups(s)) == 1,
        draw=build.dots,
    ),
    Rule(
        name="stacked bars asked for",
        when="stacked bars are asked for, of two groups whose parts add up",
        mark="bar, stacked",
        reason="Stacked bars were asked for; their parts add up, so the sums show too.",
        source="the question",
        holds=lambda s: (
            _stacked(s) and s.hint in (None, "bar") and _two(s) and s.numbers[0].additive
        ),
        draw=build.stacked_bars,
    ),
    Rule(
        name="bars of two groups asked for",
        when="bars are asked for, of two groups whose parts add up",
        mark="bar, stacked",
        reason="Bars were asked for; parts that add up are stacked, so that the sums show too.",
        source="draco",
        holds=lambda s: s.hint == "bar" and _two(s) and s.numbers[0].additive and not _grouped(s),
        draw=lambda s: build.grouped_bars(s, "stack"),
    ),
    Rule(
        name="bars over time asked for",
        when="bars are asked for, along time or a part of a date",
        mark="bar",
        reason="Bars were asked for; they stand in the order of time.",
        source="the question",
        holds=lambda s: s.hint in ("bar", "histogram") and _runs(s),
        draw=build.time_bars,
    ),
    Rule(
        name="few periods",
        when=f"time of at most {FEW_PERIODS} periods, alone or with one group",
        mark="bar",
        reason="So few periods are compared one by one, which bars are read for; lines are read "
        "as trends.",
        source="zacks",
        holds=lambda s: (
            _over_time(s)
            and s.time is not None
            and s.time.number <= FEW_PERIODS
            and len(_groups(s)) <= 2
        ),
        draw=build.time_bars,
    ),
    Rule(
        name="time",
        when="time alone",
        mark="line",
        reason="A line shows a trend; aggregates over time rank line before bar and point.",
        source="compassql",
        holds=lambda s: _over_time(s) and len(_groups(s)) == 1,
        draw=build.lines,
    ),
    Rule(
        name="time and a group",
        when=f"time and one other group; of more than {build.COLORS} values, the {build.COLORS} "
        "largest",
        mark="line, a colour per value",
        reason="Time is best on x; colours tell few categories apart, so the rest is left out.",
        source="draco",
        holds=lambda s: _over_time(s) and _two(s),
        draw=build.lines,
    ),
    Rule(
        name="time and two groups",
        when=f"time and two other groups, of at most {build.COLORS} and {FACETS} values",
        mark="line, small charts",
        reason="Small charts with equal scales can be compared; a third channel in one can't.",
        source="tufte",
        holds=lambda s: _over_time(s) and _small_charts(s),
        draw=build.small_lines,
    ),
    Rule(
        name="more than two groups",
        when="three groups or more, otherwise",
        mark="none",
        reason="More than two groups are easier to read in the table.",
        source="draco",
        holds=lambda s: len(_groups(s)) > 2,
    ),
    Rule(
        name="two small groups",
        when=f"two groups, of at most {GROUPED_COLORS} colours and {GROUPED_BARS} bars together",
        mark="bar, side by side",
        reason="Bars that stand on one line are compared best.",
        source="cleveland",
        holds=lambda s: _two(s) and _grouped(s),
        draw=build.grouped_bars,
    ),
    Rule(
        name="two larger groups",
        when=f"two groups of at most {build.BARS} values each",
        mark="heatmap",
        reason="So many bars can't be told apart; two positions and a colour can.",
        source="mackinlay",
        holds=lambda s: _two(s) and all(g.number <= build.BARS for g in _groups(s)),
        draw=build.heatmap,
    ),
    Rule(
        name="two large groups",
        when="two groups, otherwise",
        mark="none",
        reason="So many pairs are easier to find in the table.",
        source="draco",
        holds=_two,
    ),
    Rule(
        name="part of a date or classes",
        when="one group that has an order of its own: months, weekdays, classes of a number",
        mark="bar, in its own order",
        reason="Readers look for Monday where Monday stands.",
        source="mackinlay",
        holds=lambda s: _groups(s)[0].kind in ("part", "classes"),
        draw=build.ranked_bars,
    ),
    Rule(
        name="top of a ranking",
        when="one group in the order of its number, as the question asked",
        mark="bar, in rank order",
        reason="Length on one line is read most exactly; the order is the answer.",
        source="cleveland",
        holds=lambda s: s.ranked,
        draw=build.ranked_bars,
    ),
    Rule(
        name="one category",
        when="one group, otherwise",
        mark="bar, sorted by size",
        reason="Length on one line is read most exactly; sorted bars show the rank as well.",
        source="cleveland",
        holds=lambda s: True,
        draw=build.ranked_bars,
    ),
)


def refusal(shape: Shape) -> str:
    """Say why a mark that was asked for does not fit; empty where it is left open."""
    mark = shape.hint
    groups = [group.number for group in shape.groups]
    if mark is None or mark in ("table", "number"):
        return ""
    if mark == "pie":
        if max(groups, default=0) > SLICES:
            return f"A pie of {max(groups):,} slices can't be read."
        return "A pie shows the parts of one whole, which these rows are not."
    if mark == "line":
        return "A line would suggest an order that these categories don't have."
    if mark == "area":
        return "An area needs time to run along, and parts that add up."
    if mark == "heatmap":
        return "A heatmap needs two groups of at most 60 values."
    if mark in ("histogram", "box"):
        return f"A {mark} of {shape.rows:,} rows says little."
    return f"A {mark} chart does not fit this result."


def rules_as_markdown() -> str:
    """Write the rules and their sources as they stand in ``docs/charts.md``."""
    table = ["| rule | when | mark | why | source |", "|---|---|---|---|---|"]
    for number, rule in enumerate(RULES, start=1):
        source = _authors(SOURCES[rule.source]) if rule.source in SOURCES else rule.source
        table.append(
            f"| {number}. {rule.name} | {rule.when} | {rule.mark} | {rule.reason} | {source} |"
        )
    used = [text for key, text in SOURCES.items() if key in {rule.source for rule in RULES}]
    return "\n".join([*table, "", "Sources:", "", *(f"- {text}." for text in used), ""])


def _authors(source: str) -> str:
    """Cut a source down to its authors and year."""
    year = re.search(r"\b\d{4}\b", source)
    return source[: year.end()] if year else source
