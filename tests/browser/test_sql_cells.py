"""A SQL cell has its source, its completion, and its rows as a grid."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SQL = (
    "%%sql --source acme --name paid\n"
    "SELECT order_id, ordered_at, gross_amount, coupon_code, shipping_fee > 5 AS dear FROM orders"
)
TOOLS = ".jp-Notebook .clew-SqlTools"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_rows_of_a_cell_page_sort_and_leave_as_a_file(
    lab: Any, analyst: Analyst, theme: str, tmp_path: Path
) -> None:
    analyst.open(lab.notebook(f"sql-{theme}.ipynb", SQL))
    if theme == "dark":
        analyst.dark()
    tools = analyst.page.locator(TOOLS)
    tools.get_by_text("Show the rows").click()
    tools.locator("tbody tr").first.wait_for()
    first = tools.locator("tbody tr").first.inner_text()
    for _ in range(6):  # beyond the rows that came with the first answer
        tools.get_by_label("Next page").click()
    tools.get_by_text("7 / ").wait_for()
    analyst.page.wait_for_function(
        "([tools, first]) => tools.querySelector('tbody tr')"
        " && tools.querySelector('tbody tr').innerText !== first",
        arg=[tools.element_handle(), first],
    )
    head = tools.locator("thead button").first
    head.click()
    head.click()
    analyst.page.wait_for_selector(f"{TOOLS} th[aria-sort=descending]")
    tools.locator("tbody tr").first.wait_for()
    numbers = [int(text) for text in tools.locator("tbody td:first-child").all_inner_texts()]
    assert numbers == sorted(numbers, reverse=True) and len(numbers) == 10
    analyst.shot(f"sql-grid-{theme}")
    with analyst.page.expect_download() as waiting:
        tools.get_by_role("button", name="CSV").click()
    path = tmp_path / "rows.csv"
    waiting.value.save_as(path)
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) > 60 and waiting.value.suggested_filename == "paid.csv"
    analyst.light()


def test_pages_read_as_arrow_show_what_the_first_rows_show(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("arrow.ipynb", SQL))
    tools = analyst.page.locator(TOOLS)
    tools.get_by_text("Show the rows").click()
    tools.locator("tbody tr").first.wait_for()
    # Row 60 and what follows come as Arrow; JSON of the same rows is read beside.
    for _ in range(6):
        tools.get_by_label("Next page").click()
    tools.get_by_text("7 / ").wait_for()
    tools.locator("tbody tr").nth(9).wait_for()
    shown = analyst.page.evaluate(
        "selector => [...document.querySelectorAll(selector + ' tbody tr')].map(row =>"
        " [...row.children].map(cell => cell.innerText))",
        TOOLS,
    )
    rows = analyst.page.evaluate(
        """async sql => {
          const headers = { 'Content-Type': 'application/json',
            'X-XSRFToken': /_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '' };
          const body = JSON.stringify({ source: 'acme', sql });
          const made = await fetch('/clew/v1/queries', { method: 'POST', headers, body });
          const { query } = await made.json();
          const page = await fetch(`/clew/v1/results/${query}?offset=60&limit=10`);
          return (await page.json()).rows;
        }""",
        SQL.partition("\n")[2],
    )
    words = {None: "empty", True: "true", False: "false"}
    assert shown == [
        [words.get(v, str(v)) if v is None or isinstance(v, bool) else str(v) for v in row]
        for row in rows
    ]


def test_the_source_and_the_name_of_the_result_are_chosen_below_the_cell(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("source.ipynb", "%%sql\nSELECT 1 AS one", "x = 1"))
    tools = analyst.page.locator(TOOLS)
    tools.get_by_label("Source").select_option("acme")
    tools.get_by_label("Result as").fill("my result")
    tools.get_by_label("Result as").press("Enter")
    tools.get_by_text("is no name that Python can bind").wait_for()
    tools.get_by_label("Result as").fill("mine")
    tools.get_by_label("Result as").press("Enter")
    analyst.page.wait_for_function(
        """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[0]
          .source.startsWith('%%sql --name mine\\n')
          || window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[0]
          .source.startsWith('%%sql --source acme --name mine\\n')"""
    )
    tools.get_by_text("Show the rows").click()
    tools.locator("tbody tr >> text=1").wait_for()


def test_tables_and_columns_complete_in_a_sql_cell(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("complete-sql.ipynb", "%%sql --source acme\n"), panel=False)
    analyst.page.wait_for_selector(f"{TOOLS} option >> nth=0", state="attached")
    analyst.page.click(".jp-Notebook .cm-content")
    analyst.page.keyboard.press("Control+End")
    analyst.page.keyboard.type("SELECT * FROM ord")
    analyst.page.keyboard.press("Tab")
    analyst.page.wait_for_selector(".jp-Completer-item >> text=orders")
    analyst.shot("sql-completion")


def test_what_can_not_be_read_is_said_below_the_cell(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("bad-sql.ipynb", "%%sql --source acme\nDELETE FROM orders"))
    tools = analyst.page.locator(TOOLS)
    tools.get_by_text("Show the rows").click()
    tools.get_by_role("alert").wait_for()
    analyst.shot("sql-refused")
