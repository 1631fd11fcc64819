"""A chart cell's code is read back into its spec, or not at all."""

import pytest

from clew_core.chart_spec import ChartSpec, Encoding, Filter, Layout, Sort
from clew_tools.charts.read_source import read_source
from clew_tools.charts.source import python_source

SPEC = ChartSpec(
    data="sales",
    mark="bar",
    x=Encoding(field="region", type="nominal"),
    y=Encoding(field="amount", type="quantitative", aggregate="sum"),
    filters=(Filter(field="year", operator=">=", values=(2020,)),),
    layout=Layout(title="Sales"),
)
CODE = python_source(SPEC)


def test_the_codes_own_spec_is_found_whatever_its_comments_and_blanks() -> None:
    assert read_source(CODE, SPEC) == SPEC
    assert read_source("# mine\n\n" + CODE.replace("\n", "\n\n"), SPEC) == SPEC


@pytest.mark.parametrize(
    ("old", "new"),
    [("2020", "2023"), ('"Sales"', '"Sales by region"'), ("sales[", "orders["), (">=", "<=")],
    ids=["number of a filter", "title", "variable", "comparison is code"],
)
def test_other_values_are_read(old: str, new: str) -> None:
    edited = CODE.replace(old, new)
    assert edited != CODE
    found = read_source(edited, SPEC)
    if old == ">=":
        assert found is None
        return
    assert found is not None
    assert python_source(found) == edited


def test_another_column_is_read_and_the_title_of_the_axis_stays() -> None:
    edited = CODE.replace('"region"', '"country"').replace("region=", "country=")
    found = read_source(edited, SPEC)
    assert found is not None and found.x is not None and found.x.field == "country"
    assert found.x.title == "Region"
    titled = CODE.replace('"Region"', '"Where"')
    again = read_source(titled, SPEC)
    assert again is not None and again.x is not None and again.x.title == "Where"


@pytest.mark.parametrize(
    "changed",
    [
        ChartSpec(data="sales", mark="bar", x=SPEC.x, y=SPEC.y, layout=SPEC.layout),
        ChartSpec(
            data="sales", mark="bar", filters=SPEC.filters, layout=SPEC.layout,
            x=Encoding(field="region", type="nominal", sort=Sort(by="amount")), y=SPEC.y,
        ),
        ChartSpec(
            data="sales", mark="bar", filters=SPEC.filters, layout=SPEC.layout, x=SPEC.x,
            y=Encoding(field="amount", type="quantitative", aggregate="median"),
        ),
        ChartSpec(
            data="sales", mark="line", filters=SPEC.filters, layout=SPEC.layout, x=SPEC.x, y=SPEC.y,
        ),
    ],
    ids=["no filter", "order", "aggregate", "mark"],
)  # fmt: skip
def test_another_choice_of_the_form_is_read_from_the_code(changed: ChartSpec) -> None:
    found = read_source(python_source(changed), SPEC)
    assert found is not None and python_source(found) == python_source(changed)


@pytest.mark.parametrize(
    "code",
    ["", "fig = ", CODE + "import os\n", CODE.replace("fig.show", "fig.write_html"), "x" * 30_000],
    ids=["nothing", "broken", "more", "something else", "huge"],
)
def test_what_no_spec_writes_is_not_read(code: str) -> None:
    assert read_source(code, SPEC) is None
