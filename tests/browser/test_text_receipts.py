"""The numbers of a text cell show where they are from, and when they are out of date."""

from __future__ import annotations

from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NUMBER = ".jp-MarkdownOutput .clew-Receipt-number"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_number_of_a_text_cell_shows_its_query_leads_there_and_goes_stale(
    lab: Any, analyst: Analyst, theme: str
) -> None:
    name = lab.notebook(f"receipts-{theme}.ipynb", "x = 1")
    analyst.open(name)
    if theme == "dark":
        analyst.dark()
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(NUMBER)
    analyst.press("Run the cells")
    analyst.page.wait_for_selector(".jp-Notebook .jp-OutputArea-output table")
    analyst.page.hover(NUMBER)
    analyst.page.wait_for_selector(".clew-Receipt-card .clew-Receipt-sql >> text=SELECT")
    analyst.shot(f"text-receipt-{theme}")
    analyst.page.click(NUMBER)
    analyst.page.wait_for_selector(".jp-Cell.clew-mod-found >> text=%%sql")
    analyst.page.mouse.move(900, 700)
    analyst.page.evaluate("""() => {
      const { model } = window.jupyterapp.shell.currentWidget.content;
      const cell = model.sharedModel.cells.find(cell => cell.source.startsWith('%%sql'));
      cell.setSource(cell.source + '\\n-- mine');
    }""")
    analyst.page.wait_for_selector(f"{NUMBER}.clew-mod-stale")
    analyst.page.hover(NUMBER)
    analyst.page.wait_for_selector(".clew-Receipt-stale >> text=the query that it comes from")
    analyst.shot(f"text-receipt-stale-{theme}")
    analyst.page.wait_for_selector(".clew-Panel .clew-Receipt-number.clew-mod-stale")
    # It survives a save and a reload, since it stands in the notebook.
    analyst.save()
    analyst.open(name)
    analyst.page.wait_for_selector(f"{NUMBER}.clew-mod-stale")
    analyst.light()


def test_a_text_that_is_edited_keeps_the_receipts_of_the_numbers_that_are_left(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("receipts-edit.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(NUMBER)
    number = analyst.page.inner_text(NUMBER)
    edit = """text => {
      const { model } = window.jupyterapp.shell.currentWidget.content;
      model.sharedModel.cells.find(cell => cell.cell_type === 'markdown').setSource(text);
    }"""
    analyst.page.evaluate(edit, f"Well, {number} it is, and 99 of mine.")
    analyst.page.wait_for_selector(f".jp-MarkdownOutput:has-text('Well') >> text={number}")
    analyst.page.wait_for_selector(NUMBER)
    assert analyst.page.locator(NUMBER).all_inner_texts() == [number]
    analyst.page.evaluate(edit, "No number of it is left: 99.")
    analyst.page.wait_for_selector(".jp-MarkdownOutput:has-text('is left')")
    assert analyst.page.locator(NUMBER).count() == 0
