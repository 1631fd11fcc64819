"""A chart cell is changed by its form, and the form follows its code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "number of orders by month in 2024 as a line chart"
FORM = ".jp-Notebook .clew-ChartForm"


def chart_text(analyst: Analyst) -> str:
    """Read the code of the chart cell."""
    return next(text for text in analyst.cells() if "go.Figure" in text)


def waits_for_code(analyst: Analyst, part: str) -> None:
    """Wait until the chart cell's code holds a text."""
    analyst.page.wait_for_function(
        """part => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
          .some(cell => cell.source.includes('go.Figure') && cell.source.includes(part))""",
        arg=part,
    )


def with_chart(lab: Any, analyst: Analyst, name: str, *, run: bool = True) -> None:
    """Open a notebook with a chart cell of an answer."""
    analyst.open(lab.notebook(name, "x = 1"))
    analyst.ask(QUESTION)
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    if run:
        analyst.press("Run the cells")
        analyst.page.wait_for_selector(".jp-Notebook .js-plotly-plot .main-svg")
    analyst.page.locator(FORM).scroll_into_view_if_needed()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_form_writes_the_code_and_the_chart_is_drawn_again(
    lab: Any, analyst: Analyst, theme: str
) -> None:
    with_chart(lab, analyst, f"chart-{theme}.ipynb")
    if theme == "dark":
        analyst.dark()
    analyst.page.click(f"{FORM} >> text=Change the chart")
    form = analyst.page.locator(FORM)
    columns = form.get_by_role("combobox", name="Colour", exact=True).locator("option")
    analyst.page.wait_for_function("form => form.querySelectorAll('option').length > 10",
                                   arg=form.element_handle())  # fmt: skip
    assert columns.count() >= 3
    form.get_by_label("Mark").select_option("bar")
    waits_for_code(analyst, "add_bar")
    analyst.page.wait_for_selector(".jp-Notebook .js-plotly-plot .bars")
    form.get_by_label("Title").fill("Orders of 2024")
    waits_for_code(analyst, "Orders of 2024")
    analyst.page.wait_for_selector(".jp-Notebook .js-plotly-plot .gtitle:has-text('Orders of')")
    analyst.page.set_viewport_size({"width": 1280, "height": 1000})
    form.scroll_into_view_if_needed()
    analyst.page.mouse.move(5, 5)
    analyst.shot(f"chart-form-{theme}")
    assert form.get_by_label("Order of x").count() == 0  # time has its own order
    form.get_by_label("Type of x").select_option("nominal")
    waits_for_code(analyst, 'type="category"')
    form.get_by_label("Order of x").select_option("y descending")
    waits_for_code(analyst, "total descending")
    form.get_by_text("Add a filter").click()
    waits_for_code(analyst, "notna()")
    analyst.save()
    saved = lab.saved(f"chart-{theme}.ipynb")
    spec = next(c for c in saved.cells if "go.Figure" in c.source).metadata.clew.spec
    assert spec["mark"] == "bar" and spec["layout"]["title"] == "Orders of 2024"
    assert spec["filters"][0]["operator"] == "is_not_null"
    analyst.light()


def test_the_form_follows_code_that_is_edited_and_says_where_it_can_not(
    lab: Any, analyst: Analyst
) -> None:
    with_chart(lab, analyst, "two-way.ipynb", run=False)
    form = analyst.page.locator(FORM)
    form.get_by_text("Change the chart").click()
    form.get_by_label("Mark").select_option("bar")
    waits_for_code(analyst, "add_bar")
    form.get_by_label("Title").fill("First")
    waits_for_code(analyst, "First")
    edit = """([old, now]) => {
      const cells = window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells;
      const cell = cells.find(cell => cell.source.includes('go.Figure'));
      cell.setSource(cell.source.replace(old, now));
    }"""
    analyst.page.evaluate(edit, ["First", "By hand"])
    analyst.page.wait_for_function(
        "form => form.querySelector('input[value=\"By hand\"]')", arg=form.element_handle()
    )
    analyst.page.evaluate(edit, ["go.Figure()", "go.Figure()\nfig.add_hline(y=3)"])
    form.get_by_text("The code was changed by hand").wait_for()
    analyst.shot("chart-by-hand")
    assert "add_hline" in chart_text(analyst)
    form.get_by_text("Write the code of the form").click()
    analyst.page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
          .every(cell => !cell.source.includes('add_hline'))"""
    )
    waits_for_code(analyst, "By hand")
    form.get_by_label("Mark").wait_for()


def test_a_spec_that_can_not_be_drawn_is_told_and_the_code_stays(
    lab: Any, analyst: Analyst
) -> None:
    with_chart(lab, analyst, "no-chart.ipynb", run=False)
    form = analyst.page.locator(FORM)
    form.get_by_text("Change the chart").click()
    before = chart_text(analyst)
    form.get_by_role("combobox", name="y", exact=True).select_option("")
    form.get_by_role("alert").wait_for()
    assert chart_text(analyst) == before


@pytest.mark.parametrize("form", ["PNG", "SVG"])
def test_the_picture_is_saved(lab: Any, analyst: Analyst, form: str, tmp_path: Path) -> None:
    with_chart(lab, analyst, f"picture-{form}.ipynb")
    with analyst.page.expect_download() as waiting:
        analyst.page.locator(FORM).get_by_role("button", name=form).click()
    path = tmp_path / "picture"
    waiting.value.save_as(path)
    assert waiting.value.suggested_filename.endswith(form.lower())
    body = path.read_bytes()
    if form == "PNG":
        assert body.startswith(b"\x89PNG") and len(body) > 4_000
    else:
        assert body.startswith(b"<svg") and b"scatterlayer" in body


def test_the_chart_of_an_answer_is_pinned_as_a_cell(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("pin.ipynb", "x = 1"))
    analyst.ask(QUESTION)
    analyst.answered()
    analyst.page.wait_for_selector(".clew-Chart .js-plotly-plot .trace")
    analyst.press("Pin as a cell")
    waits_for_code(analyst, "add_scatter")
    assert any(text.startswith("%%sql") for text in analyst.cells())
    analyst.page.wait_for_selector(".clew-Figure >> text=In the notebook")
