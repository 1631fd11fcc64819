"""Can everybody use the panel? axe in each of its states, keys alone, 200 %, high contrast."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from browser.analyst import SHORTCUT, Analyst

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Ours only: what JupyterLab itself draws is not in our hands.
LOOK = """async () => {
  const ours = [...document.querySelectorAll('.clew-Panel, .clew-Ghost, .clew-ErrorBar')];
  const result = await window.axe.run(ours, { resultTypes: ['violations'] });
  return result.violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(
    v => `${v.id}: ${v.nodes.map(node => `${node.html.slice(0, 140)} ${node.failureSummary}`)}`
  );
}"""
DOUBLE = "() => { document.body.style.zoom = '2'; window.dispatchEvent(new Event('resize')); }"


def _serious(analyst: Analyst) -> list[str]:
    """List the serious findings of axe-core (MPL-2.0, of a package for tests) in our parts."""
    page = analyst.page
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    page.wait_for_timeout(250)  # animations end: a half-faded text has a poor contrast
    return list(page.evaluate(LOOK))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_any_state(lab: Any, analyst: Analyst, theme: str) -> None:
    page = analyst.page
    analyst.open(lab.notebook(f"axe-{theme}.ipynb", "pd.DataFrame()"))
    if theme == "dark":
        analyst.dark()
    found: dict[str, list[str]] = {}

    def look(state: str) -> None:
        found[state] = _serious(analyst)
        analyst.shot(f"access-{state}-{theme}")

    page.wait_for_selector(".clew-Welcome .clew-Options")
    look("welcome")
    page.fill(".clew-Field", "@")
    page.wait_for_selector(".clew-Choices li")
    look("completion")
    analyst.ask("slowly 3 number of orders by month in 2024")
    page.wait_for_selector(".clew-Prose:has-text('1 2 3')")
    look("streaming")
    analyst.answered("orders")
    page.wait_for_selector(".clew-Ghost")
    look("proposed")
    page.locator(".clew-Panel").get_by_role("button", name="Edit", exact=True).last.click()
    look("editing")
    page.keyboard.press("Escape")
    page.focus(".clew-Receipt-number >> nth=0")
    page.wait_for_selector(".clew-Receipt-card")
    look("receipt")
    analyst.press("Accept all")
    page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    look("accepted")
    page.keyboard.press("Control+Alt+z")
    analyst.sees("taken back")
    look("taken back")
    analyst.ask("revenue by region in 2024")
    analyst.sees("Which one?")
    look("clarification")
    analyst.press("Sources")
    page.wait_for_selector(".clew-Table")
    look("sources")
    analyst.press("Context")
    page.wait_for_selector(".clew-MapCell")
    look("context")
    analyst.light()
    assert {state: lines for state, lines in found.items() if lines} == {}


def test_axe_would_see_a_button_without_a_name(lab: Any, analyst: Analyst) -> None:
    analyst.open(lab.notebook("axe-fails.ipynb", "x = 1"))
    analyst.page.evaluate("""() => document.querySelector('.clew-Panel').append(
      document.createElement('button'))""")
    assert any(line.startswith("button-name") for line in _serious(analyst))


def test_a_journey_by_keys_alone(lab: Any, analyst: Analyst) -> None:
    page = analyst.page
    analyst.open(lab.notebook("keys.ipynb", "x = 1"), panel=False)
    page.keyboard.press(SHORTCUT)
    page.wait_for_selector(".clew-Field:focus")
    page.keyboard.type("how many orders in 2024")
    page.keyboard.press("Enter")
    analyst.answered("orders")

    def reach(name: str) -> None:
        """Go by Tab, backwards from the field, to a button of the panel."""
        for _ in range(80):
            page.keyboard.press("Shift+Tab")
            focused = page.evaluate(
                "() => document.activeElement.closest('.clew-Panel')"
                " && (document.activeElement.getAttribute('aria-label')"
                " || document.activeElement.textContent)"
            )
            if focused == name:
                return
        raise AssertionError(f"Tab does not reach {name!r}")

    reach("Accept all")
    page.keyboard.press("Enter")
    page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    assert len(analyst.cells()) > 1
    page.keyboard.press("Control+Alt+z")
    analyst.sees("taken back")
    assert analyst.cells() == ["x = 1"]
    page.keyboard.press(SHORTCUT)
    page.wait_for_selector(".clew-Field:focus")
    page.keyboard.press("ArrowUp")
    assert page.input_value(".clew-Field") == "how many orders in 2024"


def test_a_reader_is_told_of_the_answer_once(lab: Any, analyst: Analyst) -> None:
    page = analyst.page
    analyst.open(lab.notebook("spoken.ipynb", "x = 1"))
    page.evaluate("""() => {
      window.spoken = [];
      const box = document.querySelector('.clew-Spoken');
      new MutationObserver(() => window.spoken.push(box.textContent))
        .observe(box, { childList: true, characterData: true, subtree: true });
    }""")
    analyst.ask("slowly 2 how many orders in 2024")
    analyst.answered("orders")
    page.wait_for_function("() => window.spoken.at(-1)?.includes('orders')")
    told = page.evaluate("() => window.spoken")
    assert len(told) <= 3  # not each token
    assert "proposed" in told[-1]


def test_at_200_percent_all_is_in_reach(lab: Any, analyst: Analyst) -> None:
    page = analyst.page
    analyst.open(lab.notebook("zoom.ipynb", "x = 1"))
    page.evaluate(DOUBLE)
    analyst.ask("how many orders by region in 2024")
    analyst.answered("orders")
    analyst.shot("access-200-percent")
    wide = page.evaluate("""() => {
      const log = document.querySelector('.clew-Log');
      return [log.scrollWidth, log.clientWidth, log.clientHeight];
    }""")
    assert wide[0] <= wide[1] + 1
    assert wide[2] > 60
    page.locator(".clew-Panel").get_by_role("button", name="Accept all", exact=True).click()
    page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    field = page.locator(".clew-Field").bounding_box()
    assert field and field["y"] + field["height"] <= 800


def test_in_high_contrast_buttons_and_changed_lines_are_seen(lab: Any, analyst: Analyst) -> None:
    page = analyst.page
    page.emulate_media(forced_colors="active")
    analyst.open(lab.notebook("contrast.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered("orders")
    analyst.shot("access-high-contrast")
    border = page.evaluate(
        "() => getComputedStyle(document.querySelector('.clew-Proposal .clew-Button'))"
        ".borderTopStyle"
    )
    assert border == "solid"
    # A changed line is told by its sign too, not by its colour alone.
    assert page.locator(".clew-Panel .clew-Diff-sign").first.inner_text().strip() == "+"
