"""A model that is named in the settings and does not answer: one plain line, and answers go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser.analyst import Analyst
from browser.conftest import running_lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOBODY = "openai:http://127.0.0.1:9/v1#gone"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Run a lab whose model is gone."""
    with running_lab(tmp_path_factory.mktemp("dead"), more={"CLEW_MODEL": NOBODY}) as running:
        yield running


@pytest.fixture
def page(lab: Any, playwright: Any) -> Iterator[Any]:
    """Give a page of this lab."""
    from browser.conftest import CHROMIUM, FLAGS

    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser.new_page(viewport={"width": 1280, "height": 800})
    browser.close()


def test_a_dead_model_is_told_in_one_line_and_the_planner_goes_on(
    lab: Any, page: Any, shots: Path
) -> None:
    analyst = Analyst(lab=lab, page=page, shots=shots, faults=[])
    analyst.open(lab.notebook("dead.ipynb", "x = 1"))
    analyst.ask("how many orders in 2024")
    analyst.answered("orders")
    analyst.ask("which of our things went best of late, roughly?")
    page.wait_for_selector(".clew-Turn:nth-child(2).clew-mod-over", timeout=60_000)
    analyst.shot("dead-model")
    lines = [
        line
        for line in page.locator(".clew-Panel .clew-Note").all_inner_texts()
        if "model" in line and "127.0.0.1:9" in line
    ]
    assert lines and all("\n" not in line and "Traceback" not in line for line in lines)
    analyst.ask("how many customers")
    page.wait_for_selector(".clew-Turn:nth-child(3) .clew-Answer:has-text('customers')")
