"""What `%%sql` and the kernel's variables do in JupyterLab: the grid, completion, leave."""

from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SETUP = "%load_ext clew\nimport pandas as pd"
LONG = "%%sql --source kernel --name t\nSELECT * FROM frame ORDER BY n"


def test_the_grid_of_a_result_sorts_and_pages_by_keyboard(lab: Any, analyst: Analyst) -> None:
    frame = "frame = pd.DataFrame({'n': range(45), 'w': [f'w{i % 9}' for i in range(45)]})"
    name = lab.notebook("grid.ipynb", f"{SETUP}\nframe = None\n{frame}\nframe.loc[3, 'w'] = None",
                        LONG)  # fmt: skip
    analyst.open(name, panel=False)
    analyst.run_all()
    page = analyst.page
    grid = page.locator(".clew-grid")
    grid.wait_for()
    bar = grid.locator("output")
    assert bar.inner_text() == "1\N{EN DASH}20 / 45"
    assert grid.locator("tbody tr:visible").count() == 20
    grid.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert bar.inner_text() == "41\N{EN DASH}45 / 45"
    assert grid.get_by_role("button", name="Next").is_disabled()
    grid.get_by_role("columnheader", name="n").get_by_role("button").click()
    grid.get_by_role("columnheader", name="n").get_by_role("button").click()
    assert grid.locator("th").nth(0).get_attribute("aria-sort") == "descending"
    assert grid.locator("tbody tr:visible td").nth(0).inner_text() == "44"
    grid.get_by_role("columnheader", name="w").get_by_role("button").click()
    assert grid.locator("tbody tr:visible td").nth(1).inner_text() == "w0"
    assert grid.locator("tbody tr td").nth(89).inner_text() == "null"  # stays last
    analyst.shot("grid")


def test_a_sql_cell_completes_tables_and_columns(lab: Any, analyst: Analyst) -> None:
    name = lab.notebook("complete.ipynb", f"{SETUP}\nframe = pd.DataFrame({{'amount_paid': [1]}})",
                        "%%sql --source kernel\nSELECT amo FROM frame")  # fmt: skip
    analyst.open(name, panel=False)
    analyst.run_cell()
    page = analyst.page
    page.locator(".jp-Cell").nth(1).locator(".cm-line").nth(1).click()
    page.keyboard.press("Home")
    for _ in "SELECT amo":
        page.keyboard.press("ArrowRight")
    for _ in range(10):  # the front end waits a second for the kernel, which is slow at first
        page.keyboard.press("Tab")
        page.wait_for_timeout(1500)
        if any("amount_paid" in text for text in (analyst.cells()[1], _offered(page))):
            return
        page.keyboard.press("Escape")
        page.keyboard.press("Enter")  # back into the cell
    raise AssertionError(analyst.cells())


def _offered(page: Any) -> str:
    found = page.locator(".jp-Completer")
    return str(found.first.inner_text()) if found.count() else ""


def test_a_question_about_a_frame_asks_for_leave_and_is_answered(
    lab: Any, analyst: Analyst
) -> None:
    frame = "trips = pd.DataFrame({'city': ['Bern', 'Basel', 'Bern'], 'price': [1.0, 2.0, 5.0]})"
    analyst.open(lab.notebook("leave.ipynb", f"import pandas as pd\n{frame}"), panel=False)
    analyst.run_cell()
    analyst.page.wait_for_selector(".jp-InputPrompt:has-text('[1]')")
    analyst.page.keyboard.press("Control+Alt+d")
    analyst.page.wait_for_selector(".clew-Field:focus")
    analyst.ask("total price by city in trips")
    analyst.sees("May it compute there")
    analyst.shot("leave")
    analyst.press("Yes, compute on trips")
    analyst.answered("Bern 6")
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    analyst.press("Run the cells")
    analyst.page.wait_for_selector(".jp-Notebook .clew-grid")
    analyst.shot("leave-answered")


def test_cells_of_an_asked_answer_are_taken_over_by_hand(lab: Any, analyst: Analyst) -> None:
    frame = "trips = pd.DataFrame({'city': ['Bern', 'Basel', 'Bern'], 'price': [1.0, 2.0, 5.0]})"
    ask = "%ask --source kernel total price by city"
    name = lab.notebook("taken.ipynb", f"{SETUP}\n{frame}", ask, "%clew cell 1")
    analyst.open(name, panel=False)
    page = analyst.page
    analyst.run_all()
    page.wait_for_selector(".jp-Notebook .clew-answer .clew-grid")
    page.wait_for_selector(".jp-Notebook .js-plotly-plot")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.length === 3"
        " && window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[2]"
        ".source.startsWith('%%sql --source kernel')"
    )
    assert analyst.cells()[1] == ask  # and nothing else was put in
    number = page.locator(".clew-answer abbr").first
    assert "in row" in (number.get_attribute("title") or "")
    page.locator(".clew-answer summary").click()
    analyst.shot("asked")
    analyst.run_all()
    page.locator(".jp-Cell").nth(2).locator(".clew-grid").wait_for()
