"""The notebook of answers of several steps runs in Jupyter, shows the same and can be checked."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import clew
from agents.plan_world import NOW, make_world
from clew.notebook import write_notebook
from clew.receipt_check import check_receipts
from clew.settings import Settings
from clew_core.deadline import Budget

QUESTIONS = (
    "compare the revenue by region with the number of orders by region in one chart",
    "orders per month in sales.duckdb and visits per month in web.csv, side by side",
    "revenue by category in 2023, then the same for 2024, and put both in one chart",
    "compare revenue in 2023 with revenue in 2024",
    "find the region with the most orders, then show its revenue by month, then plot it as bars",
    "orders per month in sales.duckdb and visits per month in web.csv, side by side",
)


@pytest.mark.slow
def test_the_notebook_of_several_plans_runs_and_its_receipts_hold(
    tmp_path: Path, python_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, visits = make_world(tmp_path)
    monkeypatch.chdir(tmp_path)
    with clew.open(shop, visits, settings=Settings(home=tmp_path / "home")) as workspace:
        answers = [workspace.session().ask(question, now=NOW) for question in QUESTIONS]
        locations = {name: source.location for name, source in workspace.sources.items()}
    assert all(len(answer.plan) >= 3 for answer in answers)
    write_notebook(tmp_path / "out.ipynb", answers, locations)
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", "out.ipynb"],
        cwd=tmp_path, env=python_env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    ran = [cell for cell in cells if cell["metadata"]["clew"]["kind"] in ("sql", "chart")]
    assert ran and all(cell["outputs"] for cell in ran)
    assert len({cell["id"] for cell in cells}) == len(cells)
    specs = [c["metadata"]["clew"]["spec"] for c in cells if c["source"][0].startswith("%%sql")]
    assert all(specs) and len({json.dumps(spec) for spec in specs}) > len(QUESTIONS)

    check = check_receipts(tmp_path / "out.ipynb", Budget())
    assert check.broken == ()
    assert check.receipts == sum(len(answer.receipts) for answer in answers)


def test_the_figure_of_results_side_by_side_draws_both(tmp_path: Path) -> None:
    places = make_world(tmp_path)
    with clew.open(*places, settings=Settings(home=tmp_path / "home")) as workspace:
        answer = workspace.ask(QUESTIONS[1], now=NOW)
    figure = answer.figure
    assert figure is not None
    assert {trace.name for trace in figure.data} == {"number of orders", "number of visits"}
    assert all(len(trace.x) == 24 for trace in figure.data)
