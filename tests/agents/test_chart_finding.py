"""Tests of chart titles: a finding is said where it can be seen, and nothing otherwise."""

import datetime as dt
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from clew_agents.chart import choose
from clew_agents.chart.finding import kendall
from clew_core.query_spec import Column, Dimension, Measure, Order, QuerySpec

CASES = yaml.safe_load((Path(__file__).parent / "chart_findings.yaml").read_text("utf-8"))
AGGREGATES = {"n": "count", "net": "sum", "price": "avg"}


def result_of(case: dict[str, Any]) -> tuple[QuerySpec, pa.Table]:
    """Make the spec and the result that a case describes."""
    columns: dict[str, Any] = {}
    dimensions = []
    for title, values in case["groups"].items():
        name, _, grain = title.partition("|")
        column = Column(table="orders", column=name)
        dimensions.append(Dimension(name=name, of=column, grain=grain or None))
        if isinstance(values[0], str) and values[0][:2] == "20":
            values = [dt.date.fromisoformat(f"{value}-01") for value in values]
        columns[name] = pa.array(values)
    measures = []
    for name, values in case["numbers"].items():
        of = None if name == "n" else Column(table="orders", column=name)
        measures.append(Measure(name=name, aggregate=AGGREGATES[name], of=of))
        columns[name] = pa.array(values, pa.float64())
    order = (Order(by=measures[0].name, direction=case["order"]),) if "order" in case else ()
    spec = QuerySpec(
        source="shop",
        table="orders",
        dimensions=tuple(dimensions),
        measures=tuple(measures),
        order=order,
        limit=case.get("limit"),
    )
    return spec, pa.table(columns)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['says']} {case.get('is', '')}")
def test_the_title_says_the_finding_and_the_subtitle_what_is_shown(case):
    spec, table = result_of(case)
    chart = choose(spec, table, title="A title", data="result").chart
    assert chart is not None
    if case["says"] == "-":
        assert chart.layout.title == "A title"
    else:
        assert (chart.layout.title, chart.layout.subtitle) == (case["says"], "A title")


@pytest.mark.parametrize(
    ("x", "y", "tau", "p"),
    [  # scipy.stats.kendalltau(x, y, method="asymptotic"), here with a continuity correction
        ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], 1.0, 0.0085),
        ([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], -1.0, 0.0085),
        ([1, 2, 3, 4], [1, 1, 1, 1], 0.0, 1.0),
        ([1, 1, 2, 2, 3, 3], [1, 2, 2, 3, 3, 4], 0.8006, 0.0503),
    ],
)
def test_kendalls_tau_has_the_known_values(x, y, tau, p):
    found = kendall(x, y)
    assert found == pytest.approx((tau, p), abs=0.02)


def test_a_series_without_order_is_hardly_ever_called_a_trend():
    import random

    chance = random.Random(11)
    series = [[chance.random() for _ in range(24)] for _ in range(500)]
    alarms = sum(kendall(range(24), values)[1] < 0.01 for values in series)
    assert alarms <= 12  # five are expected of five hundred
