"""What goes along with a question, and what is shown of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_shows_exactly_what_was_sent(lab: Any, analyst: Analyst, theme: str) -> None:
    analyst.open(lab.notebook(f"sent-{theme}.ipynb", "x = 1", "# Notes", "y = x + 1"))
    if theme == "dark":
        analyst.dark()
    with analyst.page.expect_request("**/clew/v1/ask*") as asked:
        analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.page.click(".clew-Sent > summary")
    analyst.page.click(".clew-Sent details summary")
    shown = analyst.page.locator(".clew-Sent details pre").inner_text()
    assert json.loads(shown) == json.loads(asked.value.post_data)
    assert analyst.page.locator(".clew-SentCells li").count() == 3
    analyst.page.click(".clew-Sent details summary")
    analyst.page.locator(".clew-Said").scroll_into_view_if_needed()
    analyst.shot(f"sent-{theme}")
    analyst.page.click(".clew-SentCells >> text=Cell 3")
    analyst.page.wait_for_selector(".jp-Cell.clew-mod-found >> text=y = x + 1")
    analyst.light()


def test_the_live_text_is_sent_and_stale_cells_are_marked_so(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("stale-sent.ipynb", "x = 1", "y = x + 1"), panel=False)
    analyst.page.evaluate("""async () => {
      await window.jupyterapp.shell.currentWidget.sessionContext.ready;
      await window.jupyterapp.commands.execute('notebook:run-all-cells');
    }""")
    analyst.page.wait_for_function("""() => window.jupyterapp.shell.currentWidget.content
      .widgets.every(cell => cell.model.executionCount)""")
    analyst.page.evaluate("""() => window.jupyterapp.shell.currentWidget.content.model
      .sharedModel.cells[0].setSource('x = 7')""")
    analyst.page.wait_for_selector(".jp-Notebook .clew-Origin >> text=out of date")
    analyst.page.wait_for_selector(".clew-Origin >> nth=1")  # what uses it is out of date too
    analyst.shot("stale-cells")
    analyst.command("clew:open")
    analyst.page.wait_for_selector(".clew-Field:focus")
    with analyst.page.expect_request("**/clew/v1/ask*") as asked:
        analyst.ask("how many orders in 2024")
    first = json.loads(asked.value.post_data)["cells"][0]
    assert first["source"] == "x = 7" and first["stale"] is True
    analyst.answered()
    analyst.page.click(".clew-Sent > summary")
    analyst.page.wait_for_selector(".clew-SentCells >> text=out of date")
    analyst.page.click(".clew-Origin >> text=Run again >> nth=0")
    analyst.page.wait_for_function("""() => window.jupyterapp.shell.currentWidget.content
      .widgets[0].model.executionCount === 3""")


def test_the_query_that_was_run_stands_on_a_card_that_opens(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("tools.ipynb", "x = 1"))
    analyst.ask("number of orders by month in 2024 as a line chart")
    analyst.answered()
    card = analyst.page.locator(".clew-Tool", has_text="Query")
    assert "6 rows" in card.locator("summary").inner_text()
    card.locator("summary").click()
    assert "SELECT" in card.locator("pre").inner_text().upper()
    card.scroll_into_view_if_needed()
    analyst.shot("tool-card")


def test_cells_and_files_complete_after_an_at_sign_and_go_along(lab: Any, analyst: Analyst) -> None:
    (lab.folder / "notes of sales.csv").write_text("a\n1\n")
    analyst.open(lab.notebook("at.ipynb", "x = 1", "special = 2"))
    analyst.page.keyboard.type("explain @cell-2")
    analyst.page.wait_for_selector(".clew-Choices li >> text=special = 2")
    analyst.page.keyboard.press("Enter")
    analyst.page.wait_for_selector(".clew-Chip >> text=Cell 2")
    assert analyst.page.input_value(".clew-Field") == "explain cell 2 "
    analyst.page.keyboard.type("and @notes")
    analyst.page.wait_for_selector(".clew-Choices li >> text=notes of sales.csv")
    analyst.shot("completion-file")
    analyst.page.keyboard.press("Enter")
    analyst.page.wait_for_selector(".clew-Chip >> text=notes of sales.csv")
    with analyst.page.expect_request("**/clew/v1/ask*") as asked:
        analyst.page.fill(".clew-Field", "how many orders in 2024")
        analyst.page.press(".clew-Field", "Enter")
    kinds = [each["kind"] for each in json.loads(asked.value.post_data)["attachments"]]
    assert kinds == ["cell", "file"]


def test_a_table_is_dragged_from_the_sources_into_the_question(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("drag.ipynb", "x = 1"))
    analyst.press("Sources")
    analyst.page.wait_for_selector(".clew-Table >> text=orders")
    table = analyst.page.locator(".clew-Table summary", has_text="campaigns").first
    table.drag_to(analyst.page.locator(".clew-Field"))
    analyst.page.wait_for_selector(".clew-Chip >> text=campaigns")
    analyst.shot("dragged")
    analyst.page.get_by_label("Leave out campaigns").click()
    analyst.page.wait_for_selector(".clew-Chip >> text=campaigns", state="detached")


def test_a_thread_branches_from_an_earlier_answer(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("branch.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered("orders")
    analyst.ask("how many customers")
    analyst.answered("customers")
    analyst.page.locator(".clew-Turn").first.get_by_role("button", name="Branch").click()
    analyst.page.wait_for_function("() => document.querySelectorAll('.clew-Turn').length === 1")
    analyst.page.click(".clew-Threads-title")
    analyst.page.wait_for_selector(".clew-ThreadList li >> nth=1")


def test_a_slow_answer_says_how_long_it_takes(lab: Any, analyst: Analyst) -> None:
    analyst.page.clock.install()
    analyst.open(lab.notebook("slow.ipynb", "x = 1"))
    analyst.page.route("**/clew/v1/ask*", lambda route: None)  # no word ever comes
    analyst.ask("how many orders in 2024")
    analyst.page.wait_for_selector(".clew-Status")
    analyst.page.clock.run_for(20_000)
    analyst.sees("This takes longer than usual")
    assert "s" in analyst.page.locator(".clew-Status .clew-Elapsed").inner_text()
    analyst.shot("slow")
