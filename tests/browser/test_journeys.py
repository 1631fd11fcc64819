"""The ways that an analyst goes through the panel, each from a first click to its end."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from browser.analyst import Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "number of orders by month in 2024 as a line chart"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_first_open_ask_accept_run_and_follow_up(lab: Any, analyst: Analyst, theme: str) -> None:
    name = lab.notebook(f"first-{theme}.ipynb", "import pandas as pd", "x = 1")
    analyst.open(name)
    if theme == "dark":
        analyst.dark()
    analyst.page.wait_for_selector(".clew-Welcome .clew-Options")
    analyst.shot(f"welcome-{theme}")
    analyst.ask(QUESTION)
    analyst.answered("number of orders")
    analyst.page.wait_for_selector(".clew-Ghost")
    analyst.page.wait_for_selector(".clew-Chart .js-plotly-plot .trace")
    analyst.shot(f"proposed-{theme}")
    assert analyst.cells() == ["import pandas as pd", "x = 1"]
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    kinds = [text.split(maxsplit=1)[0] for text in analyst.cells()]
    assert kinds == ["%load_ext", "import", "##", "%%sql", "import", "x"]
    analyst.press("Run the cells")
    analyst.page.wait_for_selector(".jp-Notebook .js-plotly-plot")
    assert len(lab.saved(name).cells) == 2  # nothing is written behind the notebook
    analyst.page.hover(".clew-Receipt-number >> nth=0")
    analyst.page.wait_for_selector(".clew-Receipt-card")
    analyst.shot(f"receipt-{theme}")
    analyst.page.click(".clew-Receipt-number >> nth=0")
    found = analyst.page.locator(".jp-Cell.clew-mod-found")
    assert "%%sql" in found.inner_text()
    analyst.page.mouse.move(600, 400)
    analyst.ask("and by quarter?")
    analyst.page.wait_for_selector(".clew-Turn:nth-child(2).clew-mod-over")
    analyst.shot(f"follow-up-{theme}")
    analyst.press("Sources")
    analyst.page.wait_for_selector(".clew-Table")
    analyst.page.click(".clew-Table summary >> nth=0")
    analyst.shot(f"sources-{theme}")
    analyst.press("Context")
    analyst.page.wait_for_selector(".clew-MapCell")
    analyst.page.wait_for_selector(".clew-Variables li")
    analyst.shot(f"context-{theme}")
    analyst.light()


def test_a_proposal_is_edited_before_it_is_accepted(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("edit.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered()
    card = analyst.page.locator(".clew-Panel .clew-Proposal", has_text="New: Text cell")
    card.get_by_role("button", name="Edit").click()
    analyst.page.fill(".clew-Panel .clew-Editor", "My own words.")
    analyst.shot("edit")
    analyst.press("Accept this text")
    analyst.sees("accepted with your text")
    assert "My own words." in analyst.cells()
    analyst.save()
    cell = next(c for c in lab.saved("edit.ipynb").cells if c.source == "My own words.")
    assert cell.metadata.clew.provenance.edited is True
    assert cell.metadata.clew.provenance.question == "how many orders in 2024"


def test_accept_all_is_taken_back_as_one_step_but_not_what_was_edited_since(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("back.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    assert len(analyst.cells()) > 2
    analyst.page.keyboard.press("Control+Alt+z")
    analyst.sees("taken back")
    assert analyst.cells() == ["x = 1"]
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    analyst.page.evaluate("""() => {
      const { model } = window.jupyterapp.shell.currentWidget.content;
      const cell = model.sharedModel.cells.find(cell => cell.source.startsWith('%%sql'));
      cell.setSource(cell.source + '\\n-- mine');
    }""")
    analyst.press("Take back")
    analyst.sees("You changed a cell since")
    assert [text.endswith("-- mine") for text in analyst.cells()] == [False, True]
    analyst.shot("taken-back-edited")


def test_reject_all_leaves_the_notebook_as_it_was(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("reject.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Reject all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-rejected")
    analyst.page.wait_for_selector(".clew-Ghost", state="detached")
    assert analyst.cells() == ["x = 1"]


def test_the_status_shows_at_once_and_stop_ends_the_answer(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("stop.ipynb", "x = 1"))
    analyst.page.fill(".clew-Field", "slowly 30 how many orders")
    shown = analyst.page.evaluate("""() => new Promise(done => {
      const start = performance.now();
      new MutationObserver((_, watch) => {
        if (document.querySelector('.clew-Status') && document.querySelector('.clew-mod-stop')) {
          watch.disconnect();
          requestAnimationFrame(() => done(performance.now() - start));
        }
      }).observe(document.body, { childList: true, subtree: true });
      document.querySelector('.clew-Composer .clew-mod-main').click();
    })""")
    assert shown < 300
    analyst.page.wait_for_selector(".clew-Prose:has-text('1 2 3')")
    analyst.shot("streaming")
    began = time.monotonic()
    analyst.press("Stop")
    analyst.sees("Stopped.")
    assert time.monotonic() - began < 5


def test_a_reload_in_mid_answer_loses_nothing(lab: Any, analyst: Analyst) -> None:
    name = lab.notebook("reload.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask("slowly 15 how many orders in 2024")  # a page takes seconds to load
    analyst.page.wait_for_selector(".clew-Prose:has-text('1 2 3')")
    analyst.open(name)
    analyst.page.wait_for_selector(".clew-Prose:has-text('1 2 3')")
    analyst.answered("orders")
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    assert len(analyst.cells()) > 1


def test_two_notebooks_have_threads_of_their_own(lab: Any, analyst: Analyst) -> None:
    one, two = lab.notebook("one.ipynb", "a = 1"), lab.notebook("two.ipynb", "b = 2")
    analyst.open(one, two)
    analyst.ask("slowly 2 how many customers")
    analyst.command("docmanager:open", {"path": one})
    analyst.page.wait_for_selector(".clew-Welcome")
    analyst.ask("how many orders in 2024")
    analyst.answered("orders")
    analyst.command("docmanager:open", {"path": two})
    analyst.answered("customers")
    assert analyst.cells() == ["b = 2"]


def test_a_notebook_is_renamed_while_an_answer_streams(lab: Any, analyst: Analyst) -> None:
    name = lab.notebook("old name.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask("slowly 3 how many orders in 2024")
    analyst.page.wait_for_selector(".clew-Prose:has-text('1 2 3')")
    analyst.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.rename('new name.ipynb')"
    )
    analyst.answered("orders")
    analyst.open("new name.ipynb")
    analyst.answered("orders")


def test_a_read_only_notebook_is_told_and_left_alone(lab: Any, analyst: Analyst) -> None:
    name = lab.notebook("locked.ipynb", "x = 1")

    def lock(route: Any) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, json={**reply.json(), "writable": False})

    analyst.page.route(f"**/api/contents/{name}?*", lock)
    analyst.open(name)
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.sees("This notebook is read-only")
    assert analyst.cells() == ["x = 1"]
    analyst.shot("read-only")


def test_no_kernel_is_told_with_a_way_out(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("headless.ipynb", "x = 1"))
    analyst.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.ready.then(() =>"
        " window.jupyterapp.shell.currentWidget.sessionContext.shutdown())"
    )
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    analyst.press("Run the cells")
    analyst.sees("This notebook has no kernel")
    analyst.press("Choose a kernel")
    analyst.page.wait_for_selector(".jp-Dialog")
    analyst.shot("no-kernel")


def test_a_restarted_kernel_runs_the_cells_again(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("restart.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    analyst.press("Run the cells")
    analyst.page.wait_for_selector(".jp-Notebook .jp-OutputArea-output table")
    analyst.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    analyst.press("Run the cells")
    analyst.page.wait_for_function("""() => window.jupyterapp.shell.currentWidget.content
      .widgets.some(cell => cell.model.executionCount === 2)""")
    assert analyst.page.locator(".clew-Notice").count() == 0


def test_an_error_is_explained_and_fixed_without_a_model(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("error.ipynb", "pd.DataFrame({'a': [1]})"), panel=False)
    analyst.run_cell()
    analyst.page.click(".clew-ErrorBar >> text=Fix")
    analyst.sees("It is usually imported")
    analyst.shot("fix")
    analyst.press("Accept")
    analyst.sees("accepted")
    assert analyst.cells() == ["import pandas as pd\npd.DataFrame({'a': [1]})"]


def test_unsaved_work_is_offered_after_a_reload_and_never_put_back_unasked(
    lab: Any, analyst: Analyst
) -> None:
    name = lab.notebook("journal.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    accepted = analyst.cells()
    analyst.page.evaluate("() => { window.onbeforeunload = null; }")
    analyst.page.on("dialog", lambda dialog: dialog.accept())
    analyst.open(name)
    analyst.sees("Unsaved changes from")
    assert analyst.cells() == ["x = 1"]
    analyst.shot("recovery")
    analyst.page.locator(".clew-Turn", has_text="Unsaved changes").get_by_role(
        "button", name="Accept all"
    ).click()
    analyst.page.wait_for_selector(".clew-Turn:has-text('Unsaved') .clew-Badge.clew-mod-accepted")
    assert analyst.cells() == accepted
    analyst.save()
    analyst.open(name)
    analyst.page.wait_for_selector(".clew-Turn")
    assert analyst.page.locator("text=Unsaved changes from").count() == 0


def test_a_changed_cell_is_a_conflict_and_never_overwritten(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("conflict.ipynb", "pd.DataFrame()"), panel=False)
    analyst.run_cell()
    analyst.page.click(".clew-ErrorBar >> text=Fix")
    analyst.sees("It is usually imported")
    analyst.page.evaluate("""() => {
      const { model } = window.jupyterapp.shell.currentWidget.content;
      model.sharedModel.cells[0].setSource('mine = 1');
    }""")
    analyst.press("Accept")
    analyst.sees("The cell changed since this was proposed.")
    assert analyst.cells() == ["mine = 1"]
    analyst.shot("conflict")
    analyst.press("Compare with the cell as it is now")
    analyst.press("Accept")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    assert analyst.cells() == ["import pandas as pd\npd.DataFrame()"]


def test_threads_are_renamed_deleted_and_survive_a_reload(lab: Any, analyst: Analyst) -> None:
    name = lab.notebook("threads.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask("how many orders in 2024")
    analyst.answered("orders")
    analyst.press("New thread")
    analyst.page.wait_for_selector(".clew-Welcome")
    analyst.ask("how many customers")
    analyst.answered("customers")
    analyst.open(name)
    analyst.answered("customers")
    analyst.page.click(".clew-Threads-title")
    analyst.page.wait_for_selector(".clew-ThreadList li >> nth=1")
    analyst.shot("threads")
    analyst.press("Rename how many orders in 2024")
    analyst.page.keyboard.press("Control+a")
    analyst.page.keyboard.type("My orders")
    analyst.page.keyboard.press("Enter")
    analyst.press("My orders")
    analyst.answered("orders")
    analyst.page.click(".clew-Threads-title")
    analyst.press("Delete how many customers")
    analyst.press("Delete how many customers for good")
    analyst.page.wait_for_selector(".clew-ThreadList li >> nth=1", state="detached")


def test_a_clarification_is_answered_by_a_button(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("which.ipynb", "x = 1"))
    analyst.ask("revenue by region in 2024")
    analyst.sees("Which one?")
    analyst.shot("clarification")
    analyst.page.click(".clew-Turn .clew-Options .clew-Button >> nth=0")
    analyst.page.wait_for_selector(".clew-Turn:nth-child(2) .clew-Result")


def test_commands_and_agents_complete_and_escape_keeps_the_text(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("complete.ipynb", "x = 1"))
    analyst.page.keyboard.type("/un")
    analyst.page.wait_for_selector(".clew-Choices li")
    analyst.page.keyboard.press("Enter")
    assert analyst.page.input_value(".clew-Field") == "/undo "
    analyst.page.fill(".clew-Field", "")
    analyst.page.keyboard.type("@cha")
    analyst.page.wait_for_selector(".clew-Choices li")
    analyst.shot("completion")
    analyst.page.keyboard.press("Escape")
    assert analyst.page.locator(".clew-Choices").count() == 0
    assert analyst.page.input_value(".clew-Field") == "@cha"


def test_hostile_text_of_an_answer_does_nothing(lab: Any, analyst: Analyst) -> None:
    evil = [
        "<script>window.hit = 1</script>",
        "<img src=x onerror='window.hit = 1'>",
        "![a](http://203.0.113.5/a.png)",
        "[a](javascript:window.hit=1)",
        "<svg onload='window.hit = 1'></svg>",
        "<iframe src='http://203.0.113.5/'></iframe>",
        "<a href='http://203.0.113.5/' onmouseover='window.hit=1'>x</a>",
        "`<b>code</b>`",
        "<style>* { display: none }</style>",
    ]
    events = [
        {"type": "answer", "data": {"status": "answered", "text": "\n\n".join(evil)}},
    ]
    blank: dict[str, Any] = {
        "question": "q", "reason": None, "plan": [], "sql": None, "rows": [], "columns": [],
        "row_count": 0, "truncated": False, "as_of": None, "cells": [], "receipts": [],
        "clarification": None, "proposer": "builtin", "confidence": None, "model": None,
        "usage": {}, "seconds": {"total": 0, "model": 0, "database": 0}, "warnings": [],
    }  # fmt: skip
    frames = "event: run\ndata: " + json.dumps({"run": "r", "thread": "t"}) + "\n\n"
    for seq, event in enumerate(events, start=1):
        whole = {"v": 1, "run": "r", "thread": "t", "seq": seq, "at": "2026-01-01T00:00:00Z"}
        whole |= {"type": event["type"], "data": {**blank, **dict(event["data"])}}
        frames += f"id: {seq}\nevent: answer\ndata: {json.dumps(whole)}\n\n"
    analyst.open(lab.notebook("hostile.ipynb", "x = 1"))
    analyst.page.route(
        "**/clew/v1/ask*",
        lambda route: route.fulfill(content_type="text/event-stream", body=frames),
    )
    analyst.ask("anything")
    analyst.answered("code")
    prose = analyst.page.locator(".clew-Answer .clew-Prose")
    assert (
        prose.locator("img, script, svg, iframe, style, [onmouseover], [href^=java]").count() == 0
    )
    assert prose.locator("code").inner_text() == "<b>code</b>"
    assert analyst.page.evaluate("() => window.hit") is None
    analyst.shot("hostile")


def test_the_panel_is_usable_at_250_pixels_with_reduced_motion(lab: Any, analyst: Analyst) -> None:
    analyst.page.emulate_media(reduced_motion="reduce")
    analyst.page.set_viewport_size({"width": 900, "height": 640})
    analyst.open(lab.notebook("narrow.ipynb", "x = 1"))
    analyst.ask("slowly 1 how many orders by region")
    analyst.page.wait_for_selector(".clew-Spinner")
    spin = "() => getComputedStyle(document.querySelector('.clew-Spinner')).animationName"
    assert analyst.page.evaluate(spin) == "none"
    analyst.answered()
    width, content = analyst.page.evaluate("""() => {
      const node = document.querySelector('.clew-Log');
      return [node.clientWidth, node.scrollWidth];
    }""")
    assert 200 < width <= 260
    assert content <= width
    analyst.shot("narrow")


def test_a_server_that_restarts_is_waited_for(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("server.ipynb", "x = 1"))
    analyst.ask("slowly 20 how many orders in 2024")
    analyst.page.wait_for_selector(".clew-Prose:has-text('1 2 3')")
    lab.process.kill()
    analyst.sees("Connection lost")
    lab.process.wait()
    lab.start()
    analyst.sees("Go on")
    analyst.shot("server-restarted")
    assert analyst.cells() == ["x = 1"]
    if analyst.page.locator(".jp-Dialog").count():
        analyst.page.click(".jp-Dialog >> text=Close")
    analyst.ask("how many customers")
    analyst.answered("customers")
    analyst.faults.clear()  # JupyterLab's own, of a server that was away
