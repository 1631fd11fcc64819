"""Proposed changes: their data before and after, the way through them, and what a mode lets by."""

from __future__ import annotations

from typing import Any

import pytest

from browser.analyst import Analyst
from browser.canned import answers, replaces

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OLD = "%%sql --source acme --name o\nSELECT order_id FROM orders ORDER BY order_id LIMIT 20"
STEPS = "number of orders by region in 2023, then chart the number of orders by quarter"
NEW = OLD.replace("order_id FROM", "order_id, region FROM").replace("20", "12")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_changed_query_shows_its_data_before_and_after(
    lab: Any, analyst: Analyst, theme: str
) -> None:
    analyst.open(lab.notebook(f"preview-{theme}.ipynb", OLD, "x = 1"))
    if theme == "dark":
        analyst.dark()
    answers(analyst, replaces("cell-1", OLD, NEW, kind="sql"), text="Shorter.")
    analyst.ask("shorten it")
    ghost = analyst.page.locator(".clew-Ghost")
    ghost.get_by_text("Preview the data").click()
    ghost.get_by_text("8 rows less · new columns: region").wait_for()
    assert ghost.get_by_role("region", name="Data before").locator("tbody tr").count() == 5
    assert ghost.get_by_role("region", name="Data after").locator("th").count() == 2
    ghost.scroll_into_view_if_needed()
    analyst.shot(f"preview-{theme}")
    assert analyst.cells() == [OLD, "x = 1"]
    ghost.get_by_role("button", name="Accept", exact=True).click()
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    assert analyst.cells() == [NEW, "x = 1"]
    analyst.light()


def test_the_preview_of_a_new_query_runs_and_a_python_cell_has_none(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("preview-new.ipynb", "x = 1"))
    analyst.ask("number of orders by month in 2024 as a line chart")
    analyst.answered()
    card = analyst.page.locator(".clew-Panel .clew-Proposal", has_text="New: SQL cell")
    card.get_by_text("Preview the data").click()
    card.get_by_text("What the cell would show:").wait_for()
    assert card.locator("tbody tr").count() == 5
    chart = analyst.page.locator(".clew-Panel .clew-Proposal", has_text="New: Chart cell")
    assert chart.get_by_text("Preview the data").count() == 0


def test_the_keyboard_goes_from_change_to_change_and_accepts_all(
    lab: Any, analyst: Analyst
) -> None:
    texts = [f"a{i} = {i}" for i in range(1, 31)]
    analyst.open(lab.notebook("walk.ipynb", *texts))
    changed = (3, 17, 29)
    answers(
        analyst,
        *(
            replaces(f"cell-{n}", f"a{n} = {n}", f"a{n} = 0", number=n)
            for n in changed
        ),
        text="Three changes.",
    )  # fmt: skip
    analyst.ask("zero them")
    analyst.answered()
    focused = """id => document.activeElement
      .closest('.clew-Ghost [data-proposal]')?.dataset.proposal === id"""
    for n in (*changed, changed[0]):
        analyst.page.keyboard.press("Control+Alt+n")
        analyst.page.wait_for_function(focused, arg=f"canned-{n}")
    analyst.page.keyboard.press("Control+Alt+p")
    analyst.page.wait_for_function(focused, arg="canned-29")
    analyst.shot("walk")
    analyst.page.keyboard.press("Enter")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    assert analyst.cells()[28] == "a29 = 0" and analyst.cells()[2] == "a3 = 3"
    analyst.command("clew:accept-all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted >> nth=2")
    assert [analyst.cells()[n - 1] for n in changed] == ["a3 = 0", "a17 = 0", "a29 = 0"]


def test_edits_accepts_what_is_safe_and_leaves_what_is_risky(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("mode-edits.ipynb", "a = 1", "b = 2"))
    analyst.page.select_option(".clew-Composer select", "edits")
    risky = replaces("cell-2", "b = 2", "open('x', 'w')", number=2, risk="writes_files")
    answers(analyst, replaces("cell-1", "a = 1", "a = 3"), risky, text="Two.")
    analyst.ask("change them")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    analyst.sees("One cell could do more than read")
    assert analyst.cells() == ["a = 3", "b = 2"]
    assert analyst.page.locator(".clew-Panel .clew-Proposal >> text=writes files").count() == 1
    analyst.shot("mode-edits")
    analyst.press("Take back")
    analyst.sees("taken back")
    assert analyst.cells() == ["a = 1", "b = 2"]


def test_auto_runs_the_cells_too_and_ask_does_neither(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("mode-auto.ipynb", "x = 1"))
    assert analyst.page.input_value(".clew-Composer select") == "ask"
    analyst.ask("how many orders in 2024")
    analyst.answered()
    assert analyst.cells() == ["x = 1"]
    analyst.press("Reject all")
    analyst.page.select_option(".clew-Composer select", "auto")
    analyst.ask("number of orders by month in 2024 as a line chart")
    analyst.page.wait_for_selector(".jp-Notebook .js-plotly-plot")


def test_a_plan_is_shown_changed_and_run_with_the_time_of_each_step(
    lab: Any, analyst: Analyst
) -> None:
    analyst.open(lab.notebook("plan.ipynb", "x = 1"))
    analyst.page.select_option(".clew-Composer select", "plan")
    analyst.ask(STEPS)
    analyst.sees("Run this plan?")
    analyst.shot("plan")
    assert analyst.page.locator(".clew-Panel .clew-Proposal .clew-PlanEdit").count() == 3
    analyst.press("Leave out step s3")
    analyst.press("Leave out step s2")
    analyst.press("Run")
    analyst.page.wait_for_selector(".clew-Turn.clew-mod-over .clew-Result table")
    analyst.page.wait_for_selector(".clew-Ghost")
    heads = analyst.page.locator(".clew-Panel .clew-Result thead").all_inner_texts()
    assert len(heads) == 1 and "region" in heads[0]


def test_a_run_of_several_steps_shows_each_steps_state_and_time(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("steps.ipynb", "x = 1"))
    analyst.ask(STEPS)
    analyst.answered()
    steps = analyst.page.locator(".clew-Plan .clew-Step")
    assert steps.count() == 3
    assert steps.locator(".clew-Step-mark[aria-label=done]").count() == 3
    assert all(text for text in steps.locator(".clew-Elapsed").all_inner_texts())
    analyst.shot("steps")


def test_a_step_that_acts_waits_until_it_is_allowed(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("approve.ipynb", "x = 1"))
    analyst.ask("number of orders by region in 2023, then mail it")
    analyst.sees("May this run?")
    analyst.sees("send mail it")
    analyst.shot("approval")
    analyst.press("Allow once")
    analyst.answered("The mail was sent.")
