"""An analyst opens JupyterLab, asks, accepts and runs."""

from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "number of orders by month in 2024 as a line chart"
# What the cells of the notebook hold now, saved or not.
CELLS = """() => [...document.querySelectorAll('.jp-Notebook .jp-Cell')].map(
    cell => cell.querySelector('.cm-content, .jp-MarkdownOutput')?.textContent ?? '')"""


def test_a_question_becomes_cells_that_are_accepted_and_run(
    lab: Any, page: Any, shots: Path
) -> None:
    name = lab.notebook("first.ipynb", "import pandas as pd", "x = 1")
    page.goto(f"{lab.url}lab/tree/{name}")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.keyboard.press("Control+Alt+d")
    page.wait_for_selector(".clew-Field:focus")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    page.wait_for_selector(".clew-Ghost")
    page.wait_for_selector(".clew-Receipt-number")
    page.screenshot(path=shots / "first-proposed.png")
    assert page.evaluate(CELLS) == ["import pandas as pd", "x = 1"]
    page.click("text=Accept all")
    page.wait_for_selector(".clew-Badge.clew-mod-accepted")
    kinds = [text.split(maxsplit=1)[0] for text in page.evaluate(CELLS)]
    assert kinds == ["%load_ext", "import", "##", "%%sql", "import", "x"]
    page.click("text=Run the cells")
    page.wait_for_selector(".jp-Notebook .js-plotly-plot")
    page.screenshot(path=shots / "first-run.png")
    assert len(lab.saved(name).cells) == 2  # nothing is written behind the notebook
