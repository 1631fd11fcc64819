"""Tests of the chart agent: the rule that decides, the chart that comes of it, the page."""

import re
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from clew_agents.chart import choose
from clew_agents.chart.rules import RULES, SOURCES, rules_as_markdown
from clew_core.query_spec import (
    Bucket,
    ChartHint,
    Column,
    Comparison,
    Dimension,
    Measure,
    Order,
    QuerySpec,
)
from clew_tools.charts import figure, python_source

CASES = yaml.safe_load((Path(__file__).parent / "test_chart_cases.yaml").read_text("utf-8"))
PAGE = Path(__file__).parents[2] / "docs" / "charts.md"


def group_of(name: str, kind: str, number: int) -> tuple[Dimension, list[Any]]:
    """Make a dimension and its values."""
    column = Column(table="orders", column=name)
    values: dict[str, list[Any]] = {
        "names": [f"{name} {i}" for i in range(number)],
        "same": [f"{name} 0"] * number,
        "long": [f"{name} with a very long name {i}" for i in range(number)],
        "nulls": [None, *(f"{name} {i}" for i in range(1, number))],
        "years": [1990 + 5 * i for i in range(number)],
        "months": [date(2020 + i // 12, 1 + i % 12, 1) for i in range(number)],
        "texts": [f"{2020 + i // 12}-{1 + i % 12:02d}-01" for i in range(number)],
        "gaps": [None, *(date(2019 + i, 1, 1) for i in range(1, number))],
        "values": [1.5 * i for i in range(number)],
        "classes": [10.0 * i for i in range(number)],
    }
    if kind in values:
        grain = "month" if kind in ("months", "texts", "gaps") else None
        bucket = Bucket(width=10) if kind == "classes" else None
        return Dimension(name=name, of=column, grain=grain, bucket=bucket), values[kind]
    first = 0 if kind == "hour_of_day" else 1
    return Dimension(name=name, of=column, grain=kind), list(range(first, number + first))


def result_of(case: dict[str, Any]) -> tuple[QuerySpec, pa.Table]:
    """Make the spec and the result that a case describes."""
    groups = [group_of(name, *_counted(kind)) for name, kind in case["groups"].items()]
    rows = list(product(*(values for _, values in groups)))
    columns: dict[str, Any] = {
        dimension.name: pa.array([row[i] for row in rows])
        for i, (dimension, _) in enumerate(groups)
    }
    measures, compared = [], ()
    for name, words in case["numbers"].items():
        aggregate, *rest = words.split()
        unit = next((word for word in rest if word.isupper()), None)
        of = None if aggregate == "count" else Column(table="orders", column=name)
        aggregate = "sum" if aggregate == "nothing" else aggregate
        measures.append(Measure(name=name, aggregate=aggregate, of=of, unit=unit))
        sizes: list[float | None] = [float(i * 37 % 101) for i in range(len(rows))]
        if "negative" in rest:
            sizes[-1] = -5.0
        if "nothing" in words:
            sizes = [None] * len(rows)
        if case.get("order"):
            sizes.sort(key=lambda size: -(size or 0))
        columns[name] = pa.array(sizes, pa.float64())
    if kind := case.get("compared"):
        compared = (Comparison(name="compared", kind=kind, measure=measures[0].name),)
        columns["compared"] = pa.array([i / 100 for i in range(len(rows))], pa.float64())
    spec = QuerySpec(
        source="shop",
        table="orders",
        dimensions=tuple(dimension for dimension, _ in groups),
        measures=tuple(measures),
        comparisons=compared,
        order=(Order(by=case["order"], direction="descending"),) if "order" in case else (),
        limit=case.get("limit"),
        chart=ChartHint(mark=case.get("asked"), **case.get("wishes", {}))
        if "asked" in case or "wishes" in case
        else None,
    )
    return spec, pa.table(columns)


def _counted(words: str) -> tuple[str, int]:
    kind, number = words.split()
    return kind, int(number)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["is"])
def test_the_chart_fits_the_result(case):
    spec, table = result_of(case)
    choice = choose(spec, table, title="A title", data="result")
    assert choice.rule == case["rule"], choice.reason
    chart = choice.chart
    assert (chart.mark if chart else None) == case.get("mark")
    assert case.get("reason", "") in choice.reason
    if chart is None:
        return
    assert chart.data == "result"
    title, below = chart.layout.title, chart.layout.subtitle
    if title != "A title":  # it says the finding, and what the chart shows stands below
        assert below.startswith("A title")
        below = below.removeprefix("A title").removeprefix(". ")
    assert case.get("note", "") in below
    assert bool(case.get("note")) == bool(below), below
    assert len(chart.filters[0].values if chart.filters else ()) == case.get("kept", 0)
    for name in ("stacking", "horizontal"):
        if name in case:
            assert getattr(chart.layout, name) == case[name]
    if "x" in case:
        assert f"{chart.x.type} {chart.x.unit}" == case["x"]
    if "y" in case:
        assert chart.y.unit == case["y"]
    if "sort" in case:
        way = "ascending" if case.get("ascending") else "descending"
        assert (chart.x.sort.by, chart.x.sort.direction) == (case["sort"], way)
    if "tooltip" in case:
        assert chart.tooltip == (case["tooltip"],)
    drawn = figure(chart, table)  # raises what can't be drawn
    assert drawn.data
    compile(python_source(chart), "cell", "exec")


def test_each_rule_decides_some_case():
    assert {case["rule"] for case in CASES} == {rule.name for rule in RULES}
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_result_with_other_columns_has_no_chart():
    spec, _ = result_of(CASES[-1])
    choice = choose(spec, pa.table({"x": [1, 2]}), title="", data="result")
    assert choice.chart is None and "other columns" in choice.reason


def test_each_rule_has_a_source():
    for rule in RULES:
        assert rule.source in SOURCES or rule.source in ("by definition", "the question"), rule.name


def test_the_page_has_the_rules_as_they_are():
    block = re.search(r"<!-- rules -->\n(.*)<!-- end of rules -->", PAGE.read_text("utf-8"), re.S)
    assert block, "docs/charts.md has no place for the rules"
    assert block[1] == rules_as_markdown(), (
        "put what clew_agents.chart.rules.rules_as_markdown() gives between the two comments"
    )


def test_the_page_says_how_units_are_written():
    page = PAGE.read_text("utf-8")
    for unit in ("year", "quarter", "month", "week", "day", "hour", "minute", "month_of_year",
                 "day_of_week", "fraction"):  # fmt: skip
        assert f"`{unit}`" in page, unit
