"""`%%ask` and the source `kernel` in a notebook: what they show, bind, offer, and how they fail."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

from clew.ask_magic import AskCall, parse_ask
from clew.magics import CellFailed, load_ipython_extension, unload_ipython_extension
from clew.session import Session
from clew_core.deadline import Deadline
from clew_core.errors import UsageError

CSV = "region,amount\nnorth,1000.5\nnorth,2000.25\nsouth,30\neast,4\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """Load the extension in a shell that runs in a folder with a file."""
    (tmp_path / "sales.csv").write_text(CSV, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "home"))
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    load_ipython_extension(shell)
    yield shell
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


def _run(shell: InteractiveShell, cell: str) -> Any:
    return shell.run_cell(cell, store_history=False)


def _shown(shell: InteractiveShell, cell: str) -> tuple[str, str]:
    """Run a cell and give its text and its HTML."""
    with capture_output() as captured:
        result = _run(shell, cell)
    assert result.success, captured.stdout
    data = captured.outputs[0].data
    return data["text/plain"], data["text/html"]


@pytest.mark.parametrize(
    ("line", "body", "call"),
    [
        ("", "how many?\n", AskCall(question="how many?")),
        ("what's new?", "", AskCall(question="what's new?")),
        ("--new how many", "by\nregion", AskCall(question="how many\nby\nregion", new=True)),
        (
            "--source a --source 'b c' --name v --as arrow --next",
            "q",
            AskCall(question="q", sources=("a", "b c"), name="v", kind="arrow", next=True),
        ),
        ("--now=2024-05-01 last month", "", AskCall(question="last month", now="2024-05-01")),
    ],
)
def test_the_magic_line_is_understood(line: str, body: str, call: AskCall) -> None:
    assert parse_ask(line, body) == call


@pytest.mark.parametrize(
    ("line", "names"),
    [("--nam v", "--nam"), ("--name 1v q", "'1v'"), ("--as excel q", "'excel'"),
     ("--source", "--source wants"), ("--new", "no question")],
)  # fmt: skip
def test_a_wrong_magic_line_is_said_so(line: str, names: str) -> None:
    with pytest.raises(UsageError, match=names):
        parse_ask(line, "  \n")


def test_an_answer_shows_text_with_receipts_table_and_cells_and_binds_its_table(
    shell: InteractiveShell,
) -> None:
    _run(shell, "%clew source sales sales.csv")
    text, page = _shown(shell, "%%ask --name t\ntotal amount by region")
    assert "3,000.75" in text and "north" in text
    assert "%clew cell 1  sql: SELECT" in text
    assert '<abbr title="3000.75: ' in page and "<details>" in page
    assert shell.user_ns["t"].set_index("region")["sum_amount"]["north"] == 3000.75
    # A follow-up in a later cell goes on with the conversation; --new forgets it.
    text, _ = _shown(shell, "%ask only for north")
    assert "3,000.75" in text
    assert not _run(shell, "%ask --new only for north").success


def test_cells_are_taken_over_by_hand_and_run(shell: InteractiveShell) -> None:
    _run(shell, "%clew source sales sales.csv")
    shell.user_ns["sum_amount_by_region"] = "mine"
    _run(shell, "%%ask\ntotal amount by region")
    assert not hasattr(shell, "rl_next_input")  # nothing is put in unasked
    assert _run(shell, "%clew cell 1").success
    cell = shell.rl_next_input
    assert cell is not None and cell.startswith(
        "%%sql --source sales --name sum_amount_by_region_2"
    )
    assert _run(shell, cell).success
    assert shell.user_ns["sum_amount_by_region"] == "mine"
    assert len(shell.user_ns["sum_amount_by_region_2"]) == 3
    shell.rl_next_input = None
    _run(shell, "%%ask --next\nhow many sales")
    assert shell.rl_next_input is not None and shell.rl_next_input.startswith("%%sql")
    assert isinstance(_run(shell, "%clew cell 7").error_in_exec, CellFailed)
    assert isinstance(_run(shell, "%clew cell x").error_in_exec, CellFailed)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%ask how many sales are there in atlantis", "atlantis"),
        ("%ask delete all sales", "read"),
        ("%ask --source nope how many", "'nope'"),
        ("%ask --bogus how many", "'--bogus'"),
        ("%%ask\n   ", "no question"),
        ("%ask --now yesterday how many sales", "'yesterday'"),
    ],
)
def test_an_error_is_one_line_and_the_variable_keeps_what_it_held(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, says: str
) -> None:
    _run(shell, "%clew source sales sales.csv")
    shell.user_ns["t"] = "what it was"
    result = _run(shell, cell)
    assert isinstance(result.error_in_exec, CellFailed)
    printed = capsys.readouterr()
    shown = (printed.out + printed.err).strip()
    assert says in shown and "\n" not in shown
    assert shell.user_ns["t"] == "what it was"


def test_without_data_the_next_step_is_said(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not _run(shell, "%ask how many").success
    assert "%clew source NAME LOCATION" in capsys.readouterr().out


def test_a_question_of_several_meanings_is_asked_back_and_chosen(shell: InteractiveShell) -> None:
    _run(shell, "%clew source sales sales.csv\n%clew source other sales.csv")
    text, _ = _shown(shell, "%ask how many sales")
    assert "1. sales" in text and "%ask 1" in text
    text, _ = _shown(shell, "%ask 1")
    assert "There are 4 sales" in text


def test_an_interrupt_stops_an_answer(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import _thread

    stopped: list[bool] = []

    def slow(self: Session, question: str, *, now: object, deadline: Deadline) -> None:
        threading.Timer(0.2, _thread.interrupt_main).start()
        for _ in range(100):
            if deadline.cancelled:
                stopped.append(True)
            deadline.check()
            threading.Event().wait(0.05)

    monkeypatch.setattr(Session, "ask", slow)
    _run(shell, "%clew source sales sales.csv")
    result = _run(shell, "%ask how many sales")
    assert isinstance(result.error_in_exec, CellFailed) and stopped == [True]
    assert capsys.readouterr().out.strip() == "Stopped."


# ------------------------------------------------------------------------- the source `kernel`


@pytest.fixture
def trips(shell: InteractiveShell) -> pd.DataFrame:
    """Put a frame into the kernel."""
    frame = pd.DataFrame({"city": ["Bern", "Basel", "Bern"], "price": [1.0, 2.0, 5.0]})
    shell.user_ns["trips"] = frame
    return frame


def test_a_frame_is_asked_about_and_a_changed_one_gives_the_new_answer(
    shell: InteractiveShell, trips: pd.DataFrame
) -> None:
    assert "Bern 6" in _shown(shell, "%ask total price by city")[0]
    trips.loc[0, "price"] = 100.0
    assert "Bern 105" in _shown(shell, "%ask total price by city")[0]
    shell.user_ns["trips"] = trips.rename(columns={"city": "colour"})
    assert "Bern 105" in _shown(shell, "%ask --new total price by colour")[0]
    assert not _run(shell, "%ask --new total price by city").success


def test_sql_over_the_kernel_binds_and_sees_changes(
    shell: InteractiveShell, trips: pd.DataFrame
) -> None:
    cell = "%%sql --source kernel --name t\nSELECT sum(price) AS s FROM trips"
    assert _run(shell, cell).success and shell.user_ns["t"]["s"].tolist() == [8.0]
    trips.loc[1, "price"] = 12.0
    assert _run(shell, cell).success and shell.user_ns["t"]["s"].tolist() == [18.0]
    assert _run(shell, "%%sql u <<\nSELECT s + 1 AS s FROM t").success  # of a bound result, too
    assert shell.user_ns["u"]["s"].tolist() == [19.0]


@pytest.mark.parametrize(
    "sql",
    ["DROP TABLE trips", "INSERT INTO trips VALUES ('x', 1)", "COPY trips TO 'x.csv'",
     "SELECT * FROM 'sales.csv'", "SELECT * FROM nope"],
)  # fmt: skip
def test_the_kernel_is_guarded_as_every_source(
    shell: InteractiveShell, trips: pd.DataFrame, sql: str
) -> None:
    result = _run(shell, f"%%sql --source kernel\n{sql}")
    assert isinstance(result.error_in_exec, CellFailed)
    assert len(trips) == 3 and not Path("x.csv").exists()


def test_a_frame_that_is_named_is_asked_beside_the_declared_sources(
    shell: InteractiveShell, trips: pd.DataFrame
) -> None:
    _run(shell, "%clew source sales sales.csv")
    assert "3,034.75" in _shown(shell, "%ask total amount")[0]
    assert "8" in _shown(shell, "%ask total price of the trips")[0]
    # A declared source of that name stands before the variables.
    _run(shell, "%clew source kernel sales.csv")
    assert "3,034.75" in _shown(shell, "%ask --new --source kernel total amount")[0]


def test_the_cell_of_an_answer_over_the_kernel_runs_as_it_is(
    shell: InteractiveShell, trips: pd.DataFrame
) -> None:
    _run(shell, "%ask total price by city")
    _run(shell, "%clew cell 1")
    cell = shell.rl_next_input
    assert cell is not None and cell.startswith("%%sql --source kernel --name ")
    assert _run(shell, cell).success


def test_sources_are_listed_with_the_frames_and_without_passwords(
    shell: InteractiveShell, trips: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(shell, "%clew source sales sales.csv\n%clew source db postgresql://u:secret@host/db")
    _run(shell, "%clew sources")
    shown = capsys.readouterr().out
    assert "sales  sales.csv" in shown and "kernel  trips" in shown and "secret" not in shown


def test_the_sources_of_the_settings_are_asked_where_none_is_declared(
    tmp_path: Path, shell: InteractiveShell
) -> None:
    (tmp_path / "clew.toml").write_text('sources = ["sales.csv"]\n', encoding="utf-8")
    load_ipython_extension(shell)
    assert "There are 4 sales" in _shown(shell, "%ask how many sales")[0]
    assert _run(shell, "%%sql --source sales --name n\nSELECT count(*) AS n FROM sales").success


def test_a_notebook_with_questions_runs_as_a_whole(
    tmp_path: Path, python_env: dict[str, str]
) -> None:
    (tmp_path / "sales.csv").write_text(CSV, encoding="utf-8")
    sources = (
        "%load_ext clew\n%clew source sales sales.csv",
        "%%ask --name t --next\ntotal amount by region",
        "assert len(t) == 3",
        "%ask --source kernel how many rows are in t",
    )
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in sources]
    )
    nbformat.write(notebook, tmp_path / "n.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", "n.ipynb"],
        cwd=tmp_path, env={**python_env, "CLEW_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = json.loads((tmp_path / "n.ipynb").read_text(encoding="utf-8"))["cells"]
    assert len(cells) == len(sources)  # a question adds no cell
    kinds = [set(out["data"]) for out in cells[1]["outputs"]]
    assert kinds[0] == {"text/plain", "text/html"}
    assert "application/vnd.plotly.v1+json" in kinds[1]
    assert "3" in "".join(cells[3]["outputs"][0]["data"]["text/plain"])
