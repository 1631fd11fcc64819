"""Can everybody use what stands below the cells, and what opens below an answer?"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOK = """async () => {
  const ours = [...document.querySelectorAll(
    '.clew-Panel, .clew-Ghost, .clew-Foot, .clew-ReceiptHost')];
  const result = await window.axe.run(ours, { resultTypes: ['violations'] });
  return result.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(
    v => `${v.id}: ${v.nodes.map(node => `${node.html.slice(0, 140)} ${node.failureSummary}`)}`
  );
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_below_cells_and_answers(
    lab: Any, analyst: Analyst, theme: str
) -> None:
    page = analyst.page
    analyst.open(lab.notebook(f"axe-cells-{theme}.ipynb", "x = 1"))
    if theme == "dark":
        analyst.dark()
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = list(page.evaluate(LOOK))
        analyst.shot(f"cells-access-{state}-{theme}")

    analyst.ask("number of orders by month in 2024 as a line chart")
    analyst.answered("orders")
    page.locator(".clew-Panel .clew-Preview button").first.click()
    page.wait_for_selector(".clew-Preview table")
    look("preview")
    page.click(".clew-Tool summary >> nth=0")
    page.click(".clew-Sent > summary")
    page.wait_for_selector(".clew-SentCells")
    look("opened")
    analyst.press("Accept all")
    page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    page.wait_for_selector(".jp-MarkdownOutput .clew-Receipt-number")
    page.locator(".clew-SqlTools").get_by_text("Show the rows").click()
    page.wait_for_selector(".clew-SqlTools tbody tr")
    look("sql cell")
    page.locator(".clew-ChartForm").get_by_text("Change the chart").click()
    page.locator(".clew-ChartForm").get_by_text("Add a filter").click()
    page.wait_for_selector(".clew-Filters .clew-ChannelRow")
    look("chart form")
    page.evaluate("""() => {
      const { model } = window.jupyterapp.shell.currentWidget.content;
      const cell = model.sharedModel.cells.find(cell => cell.source.startsWith('%%sql'));
      cell.setSource(cell.source + '\\n-- mine');
    }""")
    page.wait_for_selector(".clew-Panel .clew-Receipt-number.clew-mod-stale")
    look("out of date")
    analyst.light()
    assert {state: lines for state, lines in found.items() if lines} == {}
