"""`%%sql` and `%clew` in a notebook: what they bind, what they show, and how they fail."""

import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

import clew
from clew.magics import (
    CellFailed,
    SqlCall,
    load_ipython_extension,
    parse,
    to_pandas,
    unload_ipython_extension,
)
from clew.notebook import write_notebook
from clew_core.errors import UsageError

CSV = "region,amount\nnorth,1000.5\nnorth,2000.25\nsouth,30\neast,4\n"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """Load the extension in a shell that runs in a folder with a file."""
    (tmp_path / "sales.csv").write_text(CSV, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    load_ipython_extension(shell)
    yield shell
    unload_ipython_extension(shell)
    InteractiveShell.clear_instance()


def _run(shell: InteractiveShell, cell: str) -> Any:
    return shell.run_cell(cell, store_history=False)


@pytest.mark.parametrize(
    ("line", "body", "call"),
    [
        ("--source s --name v", "SELECT 1", SqlCall(sql="SELECT 1", source="s", name="v")),
        ("", "SELECT 1", SqlCall(sql="SELECT 1")),
        ("--as arrow --name v", "SELECT 1", SqlCall(sql="SELECT 1", name="v", kind="arrow")),
        ("v <<", "SELECT 1", SqlCall(sql="SELECT 1", name="v")),
        ("v << SELECT 1", "", SqlCall(sql="SELECT 1\n", name="v")),
        ("--source 'a b' v <<", "SELECT 1", SqlCall(sql="SELECT 1", name="v", source="a b")),
    ],
)
def test_the_magic_line_is_understood(line: str, body: str, call: SqlCall) -> None:
    assert parse(line, body) == call


@pytest.mark.parametrize(
    ("line", "body", "names"),
    [
        ("--nam v", "SELECT 1", "--nam"),
        ("--name 1v", "SELECT 1", "'1v'"),
        ("--as excel", "SELECT 1", "'excel'"),
        ("--name 'v", "SELECT 1", "quotation"),
        ("v", "SELECT 1", "v"),
        ("a b <<", "SELECT 1", "b"),
        ("--name v", "  \n", "no statement"),
    ],
)
def test_a_wrong_magic_line_is_said_so(line: str, body: str, names: str) -> None:
    with pytest.raises(UsageError, match=names):
        parse(line, body)


def test_a_result_is_bound_and_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(shell, "%clew source sales sales.csv")
    result = _run(
        shell,
        "%%sql --source sales --name by_region\n"
        "SELECT region, sum(amount) AS total FROM sales GROUP BY region ORDER BY total DESC",
    )
    assert result.success
    frame = shell.user_ns["by_region"]
    assert isinstance(frame, pd.DataFrame)
    assert frame["region"].tolist() == ["north", "south", "east"]
    assert frame["total"].tolist() == [3000.75, 30.0, 4.0]
    assert "north   3000.75" in capsys.readouterr().out


def test_the_only_source_needs_no_name_and_arrow_keeps_decimals(shell: InteractiveShell) -> None:
    _run(shell, "%clew source sales sales.csv")
    _run(shell, "%%sql --as arrow --name t\nSELECT CAST(1.10 AS DECIMAL(9, 2)) AS d FROM sales")
    assert shell.user_ns["t"].column("d")[0].as_py() == Decimal("1.10")


def test_names_and_places_with_blanks_braces_and_dollars(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    (tmp_path / "my {x} $x.csv").write_text(CSV, encoding="utf-8")
    shell.user_ns["x"] = "expanded"
    _run(shell, "%clew source 'my $x' 'my {x} $x.csv'")
    result = _run(
        shell,
        "%%sql --source 'my $x' --name t\nSELECT count(*) AS n, '{x} $x ?' AS s FROM my_x_x",
    )
    assert result.success, result.error_in_exec
    assert shell.user_ns["t"].values.tolist() == [[4, "{x} $x ?"]]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("%%sql --source nope\nSELECT 1", "There is no source 'nope'; declared: 'sales'"),
        ("%%sql --source sales --name t\nSELECT nope FROM sales", "nope"),
        ("%%sql --source sales --name t\nDROP TABLE sales", "DROP"),
        ("%%sql --source sales --name t\nSELECT * FROM read_csv('/etc/passwd')", "read_csv"),
        ("%%sql --source sales --name t\nCOPY sales TO 'x.csv'", "COPY"),
        ("%%sql --source sales\n  \n", "no statement"),
        ("%%sql --nam v\nSELECT 1", "--nam"),
        ("%clew sauce a b", "'sauce a b'"),
        ("%clew source a", "'source a'"),
        ("%clew source 'a b", "does not understand"),
    ],
)
def test_an_error_is_one_line_without_a_traceback_and_the_cell_fails(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, says: str
) -> None:
    _run(shell, "%clew source sales sales.csv")
    shell.user_ns["t"] = "what it was"
    result = _run(shell, cell)
    assert isinstance(result.error_in_exec, CellFailed)
    printed = capsys.readouterr()
    shown = (printed.out + printed.err).strip()
    assert says in shown
    assert "\n" not in shown
    assert shell.user_ns["t"] == "what it was"
    assert Path("sales.csv").read_text(encoding="utf-8") == CSV


def test_a_missing_file_is_said_when_it_is_used(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(shell, "%clew source gone gone.csv").success
    assert not _run(shell, "%%sql --source gone\nSELECT 1 AS a").success
    printed = capsys.readouterr()
    assert "gone.csv" in printed.out + printed.err


def test_sources_are_listed_and_declared_anew(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _run(shell, "%clew sources")
    assert "No source is declared." in capsys.readouterr().out
    (tmp_path / "other.csv").write_text("a\n1\n", encoding="utf-8")
    _run(shell, "%clew source s sales.csv\n%clew source s other.csv\n%clew sources")
    assert "s  other.csv" in capsys.readouterr().out
    _run(shell, "%%sql v <<\nSELECT a FROM other")
    assert shell.user_ns["v"]["a"].tolist() == [1]


def test_the_front_end_may_say_where_the_notebook_lies(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notebook = {"cells": [], "metadata": {"clew": {"sources": {"sales": "sales.csv"}}}}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", "some/folder/n.ipynb")
    assert _run(shell, "%%sql v <<\nSELECT count(*) AS n FROM sales").success
    assert shell.user_ns["v"]["n"].tolist() == [4]


def test_a_preview_cannot_carry_html(shell: InteractiveShell) -> None:
    _run(shell, "%clew source sales sales.csv")
    with capture_output() as captured:
        _run(shell, "%%sql v <<\nSELECT '<script>' AS \"<b>\" FROM sales LIMIT 1")
    (data,) = [output.data for output in captured.outputs]
    assert "<script>" not in data["text/html"] and "<b>" not in data["text/html"]
    assert "<script>" in data["text/plain"]


def test_no_chart_offers_to_upload_its_data(shell: InteractiveShell) -> None:
    import plotly.io as pio

    for name in ("plotly_mimetype", "jupyterlab", "vscode", "notebook"):
        assert pio.renderers[name].config["showSendToCloud"] is False


def test_values_become_what_pandas_and_plotly_compute_with() -> None:
    big = 2**60 + 1
    table = pa.table(
        {
            "money": pa.array([Decimal("1.50"), None], pa.decimal128(18, 2)),
            "huge": pa.array([Decimal(3), Decimal(4)], pa.decimal128(38, 0)),
            "gap": pa.array([big, None], pa.int64()),
            "day": pa.array([18262, None], pa.date32()),
            "flag": pa.array([True, None]),
        }
    )
    frame = to_pandas(table)
    assert frame["money"].dtype == "float64"
    assert frame["huge"].dtype == "int64"
    assert frame["gap"].iloc[0] == big and pd.isna(frame["gap"].iloc[1])
    assert frame["day"].iloc[0] == pd.Timestamp("2020-01-01")
    assert frame["flag"].iloc[0]


def test_empty_results_and_all_null_columns_are_no_obstacle() -> None:
    table = pa.table({"d": pa.array([None], pa.decimal128(38, 0)), "n": pa.array([None])})
    assert to_pandas(table).isna().all(axis=None)
    assert to_pandas(table.slice(0, 0)).shape == (0, 2)


# -------------------------------------------------------------- notebooks that run as a whole


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answer questions and write their notebook beside the data."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "sales.csv").write_text(CSV, encoding="utf-8")
    workspace = clew.open(str(folder / "sales.csv"))
    session = workspace.session()
    answers = [
        session.ask(question)
        for question in ("total amount by region", "how many sales", "what is the xyzzy")
    ]
    locations = {name: source.location for name, source in workspace.sources.items()}
    workspace.close()
    write_notebook(folder / "out.ipynb", answers, locations)
    return folder / "out.ipynb"


def test_a_notebook_runs_with_jupyter_execute_in_its_own_folder(
    notebook: Path, python_env: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter", "execute", "--inplace", notebook.name],
        cwd=notebook.parent, env=python_env, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    outputs = {
        cell["metadata"]["clew"]["kind"]: [key for out in cell["outputs"] for key in out["data"]]
        for cell in cells
        if cell["cell_type"] == "code" and cell["outputs"]
    }
    assert outputs["sql"] == ["text/html", "text/plain"]
    assert "application/vnd.plotly.v1+json" in outputs["chart"]


def test_a_notebook_whose_data_went_fails_with_one_line(
    notebook: Path, tmp_path: Path, python_env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    monkeypatch.setenv("PYTHONPATH", python_env["PYTHONPATH"])
    client = NotebookClient(
        nbformat.read(notebook, as_version=4),
        timeout=120,
        resources={"metadata": {"path": str(tmp_path)}},
    )
    with pytest.raises(CellExecutionError, match=r"There is no file or folder 'sales\.csv'"):
        client.execute()
    outputs = [out for cell in client.nb.cells for out in cell.get("outputs", [])]
    (error,) = [out for out in outputs if out.output_type == "error"]
    assert error["traceback"] == [str(error["evalue"])]


def test_a_cell_changes_her_own_file_only_where_she_says_so(
    shell: InteractiveShell, tmp_path: Path
) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "own.duckdb")) as maker:
        maker.execute("CREATE TABLE t AS SELECT range AS n FROM range(3)")
    declaration = tmp_path / "source.yaml"
    declaration.write_text("name: own\nlocation: own.duckdb\n", encoding="utf-8")
    _run(shell, "%clew source own source.yaml")
    insert = "%%sql --source own\nINSERT INTO t VALUES (7)"
    refused = _run(shell, insert)
    assert isinstance(refused.error_in_exec, CellFailed)
    assert "writes: true" in str(refused.error_in_exec)

    declaration.write_text("name: own\nlocation: own.duckdb\nwrites: true\n", encoding="utf-8")
    count = "%%sql --source own --name v\nSELECT count(*) AS n FROM t"
    assert _run(shell, count).success
    with capture_output() as said:
        assert _run(shell, insert).success
    assert "1 row changed." in said.stdout
    assert _run(shell, count).success and int(shell.user_ns["v"].n[0]) == 4
    for cell in (
        "%%sql --source own\nCOPY t TO 'out.csv'",
        "%%sql --source own\nDELETE FROM t; DELETE FROM t",
        "%%sql --source own --name w\nDELETE FROM t",
        "%%sql --source own\nCREATE TABLE w AS SELECT * FROM 'sales.csv'",
    ):
        assert isinstance(_run(shell, cell).error_in_exec, CellFailed)
    assert _run(shell, count).success and int(shell.user_ns["v"].n[0]) == 4
    assert not (tmp_path / "out.csv").exists()
