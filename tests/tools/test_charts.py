"""Tests of the chart compiler: the figure, its JSON and the cell's source are one chart."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pyarrow as pa
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from clew.magics import to_pandas
from clew_core.chart_spec import ChartSpec, Encoding, Filter, Layout, Sort
from clew_core.errors import RetryByModel
from clew_core.json_form import from_json
from clew_tools.charts import figure, figure_json, python_source

CASES = yaml.safe_load((Path(__file__).parent / "test_charts_specs.yaml").read_text("utf-8"))
NUMBER = 40

rows = pa.table(
    {
        "month": [date(2024, 1 + i * 5 % 6, 1) for i in range(NUMBER)],
        "moment": [datetime(2024, 1, 1) + timedelta(hours=7 * i) for i in range(NUMBER)],
        "day": [f"2024-01-{1 + i % 28:02d}" for i in range(NUMBER)],
        "year": [1990 + i % 5 for i in range(NUMBER)],
        "part": [1 + i % 12 for i in range(NUMBER)],
        "region": [["EMEA", None, "APAC", "Americas"][i % 4] for i in range(NUMBER)],
        "channel": [["web", "shop"][i // 3 % 2] for i in range(NUMBER)],
        "note": [f"a {i % 11} <i>note</i>" for i in range(NUMBER)],
        "many": [f"value {i}" for i in range(NUMBER)],
        "orders": [i * 7 % 13 for i in range(NUMBER)],
        "gaps": [None if i % 7 == 2 else i * 7 % 5 for i in range(NUMBER)],
        "revenue": [None if i % 9 == 4 else i * 17.25 % 700 for i in range(NUMBER)],
        "share": [0.5 - i / NUMBER for i in range(NUMBER)],
        "price": pa.array([Decimal(i) / 4 for i in range(NUMBER)], pa.decimal128(12, 2)),
        "odd \"name'": [float(i) for i in range(NUMBER)],
    }
)


def spec_of(case: dict[str, Any]) -> ChartSpec:
    return from_json(ChartSpec, {"version": 1, "data": "rows", **case})


def run_cell(
    source: str, frame_of: Callable[[pa.Table], Any] = to_pandas, **frames: pa.Table
) -> go.Figure:
    """Run a chart cell over frames, without showing its figure, and hand back the figure."""
    quiet = re.sub(r"(?m)^fig\.show\(.*\)$", "", source)
    assert quiet != source, "the cell does not show its figure"
    names = {name: frame_of(table) for name, table in frames.items()}
    exec(compile(quiet, "cell", "exec"), names)  # noqa: S102
    return names["fig"]


def plain(figure: go.Figure | dict[str, Any]) -> Any:
    """Give a figure as JSON, arrays as lists, midnights as dates, numbers to 12 digits.

    Plotly's Python writes named colour scales out, and texts of numbers as texts.
    """
    text = figure.to_json() if isinstance(figure, go.Figure) else json.dumps(figure)
    return _plain(json.loads(text))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() >= {"dtype", "bdata"}:
            array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
            shape = [int(side) for side in str(value.get("shape", array.size)).split(",")]
            return _plain(array.reshape(shape).tolist())
        texts = [re.sub(r"\.0$", "", str(item)) for item in _plain(value.get("text")) or ()]
        written = {"text": texts} if isinstance(value.get("text"), list | dict) else {}
        kept = {key: item for key, item in value.items() if item is not None}
        return {key: _plain(item) for key, item in kept.items() if key != "colorscale"} | written
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"T00:00:00$", "", re.sub(r"(T\d\d:\d\d:\d\d)\.0+$", r"\1", value))
    if isinstance(value, float):
        return None if value != value else float(f"{value:.12g}")
    return value


@pytest.mark.parametrize("name", CASES["drawn"])
def test_the_cell_and_the_figure_are_one_chart(name):
    spec = spec_of(CASES["drawn"][name])
    drawn = figure(spec, rows)
    assert plain(drawn) == plain(figure_json(spec, rows))
    assert plain(run_cell(python_source(spec), rows=rows)) == plain(drawn)
    # A frame may also come from elsewhere, with decimals and dates as objects.
    assert plain(run_cell(python_source(spec), pa.Table.to_pandas, rows=rows)) == plain(drawn)


@pytest.mark.parametrize("case", CASES["refused"], ids=str)
def test_what_cant_be_drawn_names_the_field_and_the_reason(case):
    spec, *words = case
    with pytest.raises(RetryByModel) as caught:
        figure_json(spec_of(spec), rows)
    for word in words:
        assert word in str(caught.value)


def encoding(kind: str, *fields: str, **more: Any) -> st.SearchStrategy[Encoding]:
    return st.builds(
        Encoding,
        field=st.sampled_from(fields),
        type=st.just(kind),
        sort=st.sampled_from([None, Sort(direction="descending")]),
        **{name: st.sampled_from(values) for name, values in more.items()},
    )


categories = encoding("nominal", "region", "channel") | encoding("ordinal", "year", "gaps")
times = encoding("temporal", "month", "moment", "day", unit=[None, "month", "day"])
numbers = encoding(
    "quantitative",
    *("orders", "revenue", "price", "gaps"),
    aggregate=[None, "sum", "avg", "count", "max", "stddev"],
    unit=[None, "EUR", "%", "fraction"],
)
plain_numbers = encoding("quantitative", "orders", "price", bin=[None, None, 5])
places = categories | times | plain_numbers
PLACES = {"line": categories | times, "heatmap": categories, "pie": categories}
specs = st.sampled_from(
    ["bar", "line", "area", "point", "histogram", "box", "heatmap", "pie"]
).flatmap(
    lambda mark: st.builds(
        ChartSpec,
        data=st.just("rows"),
        mark=st.just(mark),
        x=PLACES.get(mark, places),
        y={"heatmap": categories, "histogram": st.none()}.get(mark, numbers),
        color={"heatmap": numbers, "pie": st.none()}.get(mark, st.none() | categories | numbers),
        facet=st.none() if mark == "pie" else st.none() | categories,
        filters=st.sampled_from([(), (Filter(field="orders", operator=">", values=(4,)),)]),
        layout=st.builds(
            Layout,
            title=st.text(max_size=90),
            horizontal=st.booleans(),
            stacking=st.sampled_from(["none", "stack"] if mark in ("bar", "area") else ["none"]),
        ),
    )
)


# Not shrunk: a spec is short as it is, and drawing it hundreds of times takes minutes.
@settings(max_examples=100, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(specs)
def test_any_spec_is_drawn_alike_or_refused(spec):
    try:
        drawn = figure(spec, rows)
    except RetryByModel:
        return
    assert plain(run_cell(python_source(spec), rows=rows)) == plain(drawn)


def test_null_is_a_category_of_its_own():
    spec = spec_of(CASES["drawn"]["bar"])
    assert figure_json(spec, rows)["data"][0]["x"] == ["EMEA", "(none)", "APAC", "Americas"]


def test_what_is_not_finite_is_a_gap():
    table = pa.table({"x": [1, 2, 3], "y": [1.5, float("nan"), float("inf")]})
    spec = ChartSpec(
        data="rows",
        mark="line",
        x=Encoding(field="x", type="quantitative"),
        y=Encoding(field="y", type="quantitative"),
    )
    assert figure_json(spec, table)["data"][0]["y"] == [1.5, None, None]


def test_rows_of_a_line_are_put_in_the_order_of_time():
    spec = spec_of(CASES["drawn"]["line"])
    months = figure_json(spec, rows)["data"][0]["x"]
    assert months == sorted(months) and len(months) == 6


def test_few_periods_have_a_tick_each_and_many_have_not():
    spec = spec_of(CASES["drawn"]["line"])
    assert len(figure_json(spec, rows)["layout"]["xaxis"]["tickvals"]) == 6
    many = pa.table({"month": [date(2000 + i // 12, 1 + i % 12, 1) for i in range(60)],
                     "revenue": [float(i) for i in range(60)]})  # fmt: skip
    assert "tickvals" not in figure_json(spec, many)["layout"]["xaxis"]


def test_a_title_means_itself_and_is_broken_into_lines():
    title = "Do <a href='http://example.org'>we</a> earn $5 or $6 & more? " + "word " * 60
    spec = ChartSpec(
        data="rows",
        mark="box",
        y=Encoding(field="orders", type="quantitative"),
        layout=Layout(title=title),
    )
    text = figure_json(spec, rows)["layout"]["title"]["text"]
    assert "<a" not in text and "$" not in text and text.count("<br>") == 2


@pytest.mark.parametrize("name", CASES["drawn"])
def test_nothing_is_fetched_or_uploaded(name):
    spec = spec_of(CASES["drawn"][name])
    source = python_source(spec)
    assert "http" not in json.dumps(figure_json(spec, rows)) + source
    assert 'fig.show(config={"showSendToCloud": False})' in source


def test_the_cell_is_read_without_scrolling_sideways():
    for name, case in CASES["drawn"].items():
        for line in python_source(spec_of(case)).splitlines():
            assert len(line) <= 200, (name, line)


def test_the_users_frame_is_left_as_it_was():
    for case in CASES["drawn"].values():
        frame = rows.to_pandas()
        before = frame.copy(deep=True)
        source = re.sub(r"(?m)^fig\.show\(.*\)$", "", python_source(spec_of(case)))
        exec(source, {"rows": frame})  # noqa: S102
        assert frame.equals(before)


@pytest.mark.parametrize("data", ["shown", "fig", "part", "rows"])
def test_a_frame_may_have_a_name_that_the_cell_uses(data):
    case = {**CASES["drawn"]["line in small charts"], "data": data}
    cell = run_cell(python_source(spec_of(case)), **{data: rows})
    assert plain(cell) == plain(figure(spec_of(case), rows))


def test_figure_json_needs_neither_plotly_nor_pandas():
    code = """
import sys
import duckdb
from clew.magics import to_pandas
from clew_core.chart_spec import ChartSpec, Encoding
from clew_tools.charts import figure_json, python_source
table = duckdb.sql("select timestamp_ns '2024-01-01' as at, 1.5::decimal(4, 1) as n")
table = table.to_arrow_table()
spec = ChartSpec(data="d", mark="line", x=Encoding(field="at", type="temporal"),
                 y=Encoding(field="n", type="quantitative"))
assert figure_json(spec, table)["data"][0]["x"] == ["2024-01-01T00:00:00"]
python_source(spec)
print([name for name in ("pandas", "plotly") if name in sys.modules])
"""
    paths = {"PYTHONPATH": ":".join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=paths)
    assert (run.stdout.strip(), run.stderr) == ("[]", "")
