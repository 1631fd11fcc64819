"""What users of such panels know: rows of docs/panel_conventions.md that no journey shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from browser.analyst import Analyst
from browser.canned import answers

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_enter_and_shift_enter_are_swapped_by_a_setting(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("enter.ipynb", "x = 1"))
    analyst.page.fill(".clew-Field", "how many")
    analyst.page.press(".clew-Field", "Shift+Enter")
    analyst.page.keyboard.type("orders in 2024")
    assert analyst.page.input_value(".clew-Field") == "how many\norders in 2024"
    folder = lab.env["JUPYTERLAB_SETTINGS_DIR"]
    url = f"{lab.url}lab/api/settings/clew-notebook-ext:panel"
    script = """async ([url, on]) => {
      const token = /_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? '';
      const raw = JSON.stringify({ sendWithShiftEnter: on });
      const headers = { 'Content-Type': 'application/json', 'X-XSRFToken': token };
      await fetch(url, { method: 'PUT', headers, body: JSON.stringify({ raw }) });
    }"""
    analyst.page.evaluate(script, [url, True])
    assert folder
    try:
        analyst.open("enter.ipynb")
        analyst.sees("Shift+Enter sends")
        analyst.page.fill(".clew-Field", "how many orders in 2024")
        analyst.page.press(".clew-Field", "Enter")
        assert analyst.page.locator(".clew-Turn").count() == 0
        analyst.page.press(".clew-Field", "Shift+Enter")
        analyst.page.wait_for_selector(".clew-Turn")
    finally:
        analyst.page.evaluate(script, [url, False])


def test_the_text_pulls_the_view_down_only_while_the_reader_is_at_its_end(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("scroll.ipynb", "x = 1"))
    analyst.page.set_viewport_size({"width": 1280, "height": 520})
    analyst.ask("number of orders by month in 2024 as a line chart")
    analyst.answered()
    analyst.ask("slowly 4 how many orders in 2024")
    analyst.page.wait_for_selector(".clew-Turn:last-child .clew-Prose:has-text('1 2 3')")
    at_end = """() => { const log = document.querySelector('.clew-Log');
      return log.scrollHeight - log.scrollTop - log.clientHeight < 40; }"""
    analyst.page.wait_for_function(at_end)
    analyst.page.evaluate("() => { document.querySelector('.clew-Log').scrollTop = 100; }")
    analyst.answered("orders")
    assert analyst.page.evaluate("() => document.querySelector('.clew-Log').scrollTop") == 100


def test_who_answers_is_named_and_an_agent_is_chosen_by_its_name(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("speaker.ipynb", "x = 1"))
    analyst.ask("number of orders by region in 2023, then chart the number of orders by quarter")
    analyst.answered()
    speaker = analyst.page.locator(".clew-Speaker")
    assert speaker.locator("svg").count() == 1
    assert speaker.locator(".clew-Agent").all_inner_texts() == ["sql", "chart"]
    analyst.shot("speaker")


def test_a_cell_is_dragged_into_the_question_and_its_chip_can_be_taken_away(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("drag-cell.ipynb", "x = 1", "y = 2"))
    prompt = analyst.page.locator(".jp-Notebook .jp-InputPrompt").nth(1)
    start = prompt.bounding_box()
    goal = analyst.page.locator(".clew-Field").bounding_box()
    assert start and goal
    mouse = analyst.page.mouse
    analyst.page.locator(".jp-Notebook .jp-Cell").nth(1).click()
    mouse.move(start["x"] + 8, start["y"] + 8)
    mouse.down()
    mouse.move(start["x"] + 40, start["y"] + 40, steps=4)
    mouse.move(goal["x"] + 40, goal["y"] + 10, steps=8)
    analyst.page.wait_for_selector(".clew-Composer.clew-mod-drop")
    mouse.up()
    chip = analyst.page.get_by_label("Leave out cell-2")
    chip.wait_for()
    analyst.shot("dragged-cell")
    chip.click()
    chip.wait_for(state="detached")


def test_selected_cells_and_marked_text_go_along_visibly(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("selected.ipynb", "first = 1", "second = 2", "third = 3"))
    analyst.page.evaluate("""() => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.activeCellIndex = 1;
      content.activeCell.editor.setSelection(
        { start: { line: 0, column: 0 }, end: { line: 0, column: 6 } });
    }""")
    analyst.page.focus(".clew-Field")
    analyst.page.wait_for_selector(".clew-Chip >> text=Marked: second")
    analyst.page.evaluate("""() => {
      const { content } = window.jupyterapp.shell.currentWidget;
      content.extendContiguousSelectionTo(2);
    }""")
    analyst.page.wait_for_selector(".clew-Chip >> text=2 selected cells")
    analyst.shot("selected-cells")
    with analyst.page.expect_request("**/clew/v1/ask*") as asked:
        analyst.ask("how many orders in 2024")
    names = [each["name"] for each in json.loads(asked.value.post_data)["attachments"]]
    assert names == ["cell-2", "cell-3"]


def test_the_schema_of_a_data_frame_is_known_and_none_of_its_values(
    lab: Any, analyst: Analyst
) -> None:
    source = "import pandas as pd\ndf = pd.DataFrame({'secret_city': ['Ravensburg'], 'n': [1]})"
    analyst.open(lab.notebook("frame.ipynb", source))
    analyst.run_cell()
    analyst.page.wait_for_function("""() => window.jupyterapp.shell.currentWidget.content
      .widgets[0].model.executionCount === 1""")
    analyst.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[0]"
        ".setSource('pass')"
    )
    with analyst.page.expect_request("**/clew/v1/ask*") as asked:
        analyst.ask("how many orders in 2024")
    sent = json.loads(asked.value.post_data)
    (frame,) = [each for each in sent["variables"] if each["name"] == "df"]
    assert list(frame["schema"]) == ["secret_city", "n"] and frame["shape"] == [1, 2]
    assert "Ravensburg" not in asked.value.post_data


def test_a_proposed_cell_replaces_the_one_asked_from_after_it_was_shown_as_a_change(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("instead.ipynb", "x = 1", "y = 2"))
    analyst.ask("how many orders in 2024")
    analyst.answered()
    card = analyst.page.locator(".clew-Panel .clew-Proposal", has_text="New: SQL cell")
    card.get_by_role("button", name="Replace cell 1").click()
    changed = analyst.page.locator(".clew-Panel .clew-Proposal", has_text="Change: SQL cell")
    changed.locator(".clew-mod-out >> text=x = 1").wait_for()
    assert analyst.cells() == ["x = 1", "y = 2"]
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    kinds = [text.split(maxsplit=1)[0] for text in analyst.cells()]
    assert kinds == ["%load_ext", "%%sql", "##", "y"]
    analyst.page.keyboard.press("Control+Alt+z")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-undone")
    assert analyst.cells() == ["x = 1", "y = 2"]


def test_cells_say_where_they_are_from_and_so_does_the_saved_notebook(
    lab: Any, analyst: Analyst
) -> None:
    name = lab.notebook("origin.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.press("Accept all")
    badge = analyst.page.locator(".jp-Notebook .clew-Origin .clew-Badge >> text=Clew · sql")
    badge.wait_for()
    assert "how many orders in 2024" in (badge.get_attribute("title") or "")
    analyst.save()
    cell = next(c for c in lab.saved(name).cells if c.source.startswith("%%sql"))
    assert {"agent", "run", "question", "at", "proposer"} <= set(cell.metadata.clew.provenance)


def test_nothing_is_written_beside_the_notebook(lab: Any, analyst: Analyst) -> None:
    folder = lab.folder / "tidy"
    folder.mkdir()
    name = lab.notebook("tidy/only.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask("how many orders in 2024")
    analyst.answered()
    files = [path.name for path in folder.rglob("*") if ".ipynb_checkpoints" not in path.parts]
    assert files == ["only.ipynb"]


def test_time_model_and_confidence_stand_below_each_answer(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("cost.ipynb", "x = 1"))
    answers(
        analyst, text="Done.", model="tiny", proposer="model", confidence=0.9,
        usage={"calls": 2, "prompt_tokens": 310, "completion_tokens": 42, "cached_tokens": 0},
        seconds={"total": 2.5, "model": 2.0, "database": 0.1},
    )  # fmt: skip
    analyst.ask("anything")
    analyst.answered("Done.")
    cost = analyst.page.locator(".clew-Cost").inner_text()
    for part in ("2.5 s", "tiny", "2 calls", "310 tokens in, 42 out", "90 %"):
        assert part in cost


def test_the_model_is_tested_by_a_button(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("model.ipynb", "x = 1"))
    analyst.press("Sources")
    analyst.page.locator(".clew-Model").get_by_role("button", name="Test").click()
    analyst.sees("rules answer, without a model")
    analyst.page.locator(".clew-Model").scroll_into_view_if_needed()
    analyst.shot("model")


def test_the_high_contrast_theme_reaches_the_panel(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("contrast.ipynb", "x = 1"))
    color = "() => getComputedStyle(document.querySelector('.clew-Panel')).backgroundColor"
    light = analyst.page.evaluate(color)
    analyst.command("apputils:change-theme", {"theme": "JupyterLab Dark High Contrast"})
    analyst.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    analyst.page.wait_for_function(f"old => ({color})() !== old", arg=light)
    analyst.ask("how many orders in 2024")
    analyst.answered()
    analyst.shot("high-contrast")
    analyst.light()


def test_a_toast_covers_nothing_that_is_written(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("toast.ipynb", "x = 1"))
    analyst.command(
        "apputils:notify",
        {
            "message": "A long word about something.",
            "type": "info",
            "options": {"autoClose": False},
        },
    )
    analyst.page.wait_for_selector(".Toastify__toast")
    analyst.page.click(".clew-Field", trial=True)
    analyst.page.fill(".clew-Field", "how many orders in 2024")
    analyst.page.click(".clew-Composer .clew-mod-main")
    analyst.answered()
    analyst.shot("toast")
