"""The notebooks of the fixed question sets run with `jupyter execute`, and every receipt checks."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import clew
from clew.notebook import write_notebook
from clew.receipt_check import check_receipts
from clew_core.deadline import Budget
from questions.data import chinook_sqlite, gapminder_csv, tpch_parquet

QUESTIONS = Path(__file__).resolve().parents[1] / "questions"


def _data(name: str, folder: Path) -> str:
    """Put the data of a set into a folder and give the location, relative to it."""
    if name == "gapminder":
        return gapminder_csv(folder).name
    if name == "tpch":
        return tpch_parquet(folder / "tpch").name
    path = chinook_sqlite()
    if path is None:
        pytest.skip("CLEW_BENCH_DATA names no folder with chinook/Chinook_Sqlite.sqlite")
    return shutil.copy(path, folder / "chinook.sqlite").name


@pytest.mark.parametrize("name", ["gapminder", "tpch", "chinook"])
def test_the_notebook_of_a_set_runs_and_its_receipts_check(
    name: str, tmp_path: Path, python_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    location = _data(name, tmp_path)
    monkeypatch.chdir(tmp_path)
    asked = yaml.safe_load((QUESTIONS / f"{name}.yaml").read_text(encoding="utf-8"))["questions"]
    workspace = clew.open(location)
    try:
        # A thread each: these are no follow-ups.
        answers = [workspace.session().ask(question["phrasings"][0]) for question in asked]
        locations = {name: source.location for name, source in workspace.sources.items()}
    finally:
        workspace.close()
    write_notebook(tmp_path / "out.ipynb", answers, locations)
    answered = [answer for answer in answers if answer.status == "answered"]
    assert len(answered) >= 0.85 * len(asked)

    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", "out.ipynb"],
        cwd=tmp_path, env=python_env, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["cells"]
    for kind in ("sql", "chart"):
        ran = [cell for cell in cells if cell["metadata"]["clew"]["kind"] == kind]
        assert ran and all(cell["outputs"] for cell in ran)

    check = check_receipts(tmp_path / "out.ipynb", Budget())
    assert check.broken == ()
    assert check.receipts == sum(len(answer.receipts) for answer in answered)
    assert check.receipts >= len(answered)
