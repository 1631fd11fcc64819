"""Journeys with real-time collaboration: two tabs share one notebook, whose server saves it.

Runs where jupyter-collaboration is installed beside JupyterLab and Playwright, which is not the
case in the usual environment: docs/panel.md says how.
"""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from nbformat.reader import NotJSONError

from browser.analyst import Analyst

pytest.importorskip("jupyter_collaboration", reason="jupyter-collaboration is not installed")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "how many orders in 2024"
KINDS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
  .map(cell => cell.id)"""


@pytest.fixture
def neighbour(lab: Any, context: Any, analyst: Analyst) -> Iterator[Analyst]:
    """Give the same person at a second tab."""
    page = context.new_page()
    yield Analyst(lab=lab, page=page, shots=analyst.shots, faults=analyst.faults)
    page.screenshot(path=analyst.shots / "end-neighbour.png")


def _until(check: Any, what: str) -> None:
    end = time.monotonic() + 15
    while not check():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def _same(one: Analyst, other: Analyst, wanted: list[str] | None = None) -> None:
    """Wait until two tabs show the same cells."""
    _until(
        lambda: one.cells() == other.cells() and (wanted is None or one.cells() == wanted),
        f"{one.cells()} and {other.cells()}",
    )
    ids = one.page.evaluate(KINDS)
    assert len(set(ids)) == len(ids)


def _saved(lab: Any, name: str) -> list[Any]:
    """Read the cells on the disk; none while the server is writing them."""
    try:
        return list(lab.saved(name).cells)
    except NotJSONError:
        return []


def _write(at: Analyst, start: str, text: str) -> None:
    """Change the cell that begins so, as typing does."""
    at.page.evaluate(
        """([start, text]) => {
          const { model } = window.jupyterapp.shell.currentWidget.content;
          const cell = model.sharedModel.cells.find(cell => cell.source.startsWith(start));
          cell.setSource(cell.source + text);
        }""",
        [start, text],
    )


def test_what_one_tab_accepts_and_takes_back_the_other_sees_once(
    lab: Any, analyst: Analyst, neighbour: Analyst
) -> None:
    name = lab.notebook("shared.ipynb", "x = 1")
    analyst.open(name)
    neighbour.open(name, panel=False)
    analyst.ask(QUESTION)
    analyst.answered()
    assert neighbour.cells() == ["x = 1"]  # proposals are nobody else's matter
    assert neighbour.page.locator(".clew-Ghost").count() == 0
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    _same(analyst, neighbour)
    assert len(neighbour.cells()) > 2
    # The server saves the shared notebook; its file has each cell once, with its origin.
    _until(lambda: len(_saved(lab, name)) == len(analyst.cells()), "not saved")
    about = [cell.metadata.get("clew", {}).get("kind") for cell in _saved(lab, name)]
    assert about.count("sql") == 1 and about.count("markdown") == 1
    analyst.page.keyboard.press("Control+Alt+z")
    analyst.sees("taken back")
    _same(analyst, neighbour, ["x = 1"])


def test_a_cell_that_the_other_tab_edited_is_not_taken_back_unasked(
    lab: Any, analyst: Analyst, neighbour: Analyst
) -> None:
    name = lab.notebook("shared-edit.ipynb", "x = 1")
    analyst.open(name)
    neighbour.open(name, panel=False)
    analyst.ask(QUESTION)
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    _same(analyst, neighbour)
    _write(neighbour, "%%sql", "\n-- of the neighbour")
    _same(analyst, neighbour)
    analyst.press("Take back")
    analyst.sees("You changed a cell since")
    _same(analyst, neighbour)
    assert [text.endswith("-- of the neighbour") for text in analyst.cells()].count(True) == 1
    analyst.shot("collaboration-taken-back")


def test_cells_go_where_they_belong_though_the_other_tab_moved_everything(
    lab: Any, analyst: Analyst, neighbour: Analyst
) -> None:
    name = lab.notebook("shared-move.ipynb", "x = 1", "y = 2")
    analyst.open(name)
    neighbour.open(name, panel=False)
    analyst.ask(QUESTION)
    analyst.answered()
    neighbour.page.evaluate("""() => {
      const { sharedModel } = window.jupyterapp.shell.currentWidget.content.model;
      sharedModel.insertCell(0, { cell_type: 'code', source: 'first = 0' });
      sharedModel.deleteCell(2);
    }""")
    _same(analyst, neighbour, ["first = 0", "x = 1"])
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    _same(analyst, neighbour)
    cells = analyst.cells()
    assert "first = 0" in cells and "x = 1" in cells
    assert cells.index("x = 1") < next(i for i, c in enumerate(cells) if c.startswith("%%sql"))


def test_both_tabs_accept_the_same_answer_and_it_stands_there_once(
    lab: Any, analyst: Analyst, neighbour: Analyst
) -> None:
    name = lab.notebook("shared-both.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask(QUESTION)
    analyst.answered()
    neighbour.open(name)
    neighbour.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    _same(analyst, neighbour)
    before = analyst.cells()
    button = neighbour.page.locator(".clew-Panel").get_by_role("button", name="Accept all")
    if button.count():  # it was not told what the other tab did
        button.last.click()
        neighbour.page.wait_for_timeout(1000)
    _same(analyst, neighbour, before)


def test_a_reload_offers_nothing_that_the_server_has(lab: Any, analyst: Analyst) -> None:
    name = lab.notebook("shared-reload.ipynb", "x = 1")
    analyst.open(name)
    analyst.ask(QUESTION)
    analyst.answered()
    analyst.press("Accept all")
    analyst.page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    accepted = analyst.cells()
    analyst.page.on("dialog", lambda dialog: dialog.accept())
    analyst.open(name)
    analyst.page.wait_for_selector(".clew-Turn")
    _until(lambda: analyst.cells() == accepted, "the shared notebook lost cells")
    analyst.page.wait_for_timeout(1500)
    assert analyst.page.locator("text=Unsaved changes from").count() == 0
    analyst.shot("collaboration-reload")
