"""Receipts of a notebook: all hold when nothing changed, and each kind of change breaks one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clew
from clew import receipt_check
from clew.cli import main
from clew.notebook import write_notebook
from clew.receipt_check import check_receipts
from clew_core.deadline import Budget, Deadline
from clew_core.errors import Cancelled, SourceError, UsageError
from clew_core.receipts import Receipt, Ref

CSV = "region,amount,year\nnorth,1000.5,2023\nnorth,2000.25,2024\nsouth,30,2024\neast,4,2024\n"
QUESTIONS = (
    "how many sales",
    "total amount by region",
    "average amount in 2024",
    "total amount per year",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Answer questions on a small file and write their notebook beside it."""
    (tmp_path / "sales.csv").write_text(CSV, encoding="utf-8")
    _write(tmp_path)
    return tmp_path


def _write(folder: Path, questions: tuple[str, ...] = QUESTIONS) -> None:
    workspace = clew.open(str(folder / "sales.csv"))
    try:
        session = workspace.session()
        answers = [session.ask(question) for question in questions]
        locations = {name: s.location for name, s in workspace.sources.items()}
        write_notebook(folder / "out.ipynb", answers, locations)
    finally:
        workspace.close()


def _edit(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "out.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def _cells(notebook: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [cell for cell in notebook["cells"] if cell["metadata"]["clew"]["kind"] == kind]


def _whys(folder: Path) -> list[str]:
    return [broken.why for broken in check_receipts(folder / "out.ipynb", Budget()).broken]


def test_every_receipt_of_an_untouched_notebook_holds(folder: Path) -> None:
    check = check_receipts(folder / "out.ipynb", Budget())
    assert check.receipts >= 8
    assert check.broken == ()


def test_it_does_not_matter_where_the_check_runs_or_where_the_folder_went(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    moved = folder.rename(elsewhere / "moved")
    assert _whys(moved) == []


def test_changed_data_break_the_receipts_they_reach(folder: Path) -> None:
    (folder / "sales.csv").write_text(CSV.replace("2000.25", "2000.26"), encoding="utf-8")
    whys = _whys(folder)
    assert any("3,000.75" in why or "3000.75" in why for why in whys), whys
    assert not any("The receipt says 4," in why for why in whys)


def test_a_number_that_is_changed_in_the_text_breaks(folder: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        cell = _cells(notebook, "markdown")[0]
        cell["source"] = ["".join(cell["source"]).replace("4 sales", "5 sales")]
        assert "5 sales" in cell["source"][0]

    _edit(folder, change)
    assert _whys(folder) == ["'4' does not stand in the text any more."]


def test_a_digit_added_to_a_number_in_the_text_breaks(folder: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        cell = _cells(notebook, "markdown")[0]
        cell["source"] = ["".join(cell["source"]).replace("4 sales", "1,004 sales")]

    _edit(folder, change)
    assert _whys(folder) == ["'4' does not stand in the text any more."]


@pytest.mark.parametrize("value", [5, 4.5, "5", "x", 10**30])
def test_a_value_that_is_changed_in_the_receipt_breaks(folder: Path, value: Any) -> None:
    def change(notebook: dict[str, Any]) -> None:
        _cells(notebook, "markdown")[0]["metadata"]["clew"]["receipts"][0]["value"] = value

    _edit(folder, change)
    assert _whys(folder) == [f"The receipt says {value}, the data say 4."]


def test_text_and_receipt_that_are_changed_together_break(folder: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        cell = _cells(notebook, "markdown")[0]
        cell["source"] = ["".join(cell["source"]).replace("4 sales", "5 sales")]
        cell["metadata"]["clew"]["receipts"][0]["text"] = "5"

    _edit(folder, change)
    assert _whys(folder) == ["'5' is not how 4 is printed."]


def test_edited_sql_breaks_even_when_its_result_is_the_same(folder: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        _cells(notebook, "sql")[0]["source"].append("\n-- looked at")

    _edit(folder, change)
    assert ["was changed" in why for why in _whys(folder)] == [True]


def test_sql_and_hash_that_are_changed_together_break_by_the_value(folder: Path) -> None:
    from clew_core.cells import sha256

    def change(notebook: dict[str, Any]) -> None:
        cell = _cells(notebook, "sql")[0]
        sql = "SELECT 7 AS sales_count FROM sales LIMIT 1"
        cell["source"] = [cell["source"][0], sql]
        for receipt in _cells(notebook, "markdown")[0]["metadata"]["clew"]["receipts"]:
            for ref in receipt["refs"]:
                ref["sql_sha256"] = sha256(sql)
                ref["column"] = "sales_count"

    _edit(folder, change)
    assert _whys(folder) == ["The receipt says 4, the data say 7."]


def test_a_deleted_sql_cell_breaks(folder: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"].remove(_cells(notebook, "sql")[0])

    _edit(folder, change)
    assert ["is not in the notebook" in why for why in _whys(folder)] == [True]


def test_a_column_that_went_breaks_with_the_engines_words(folder: Path) -> None:
    (folder / "sales.csv").write_text(CSV.replace("amount", "price"), encoding="utf-8")
    whys = _whys(folder)
    assert whys and all("does not run any more" in why and "amount" in why for why in whys)


def test_sql_that_is_no_query_is_not_run(folder: Path) -> None:
    from clew_core.cells import sha256

    def change(notebook: dict[str, Any]) -> None:
        sql = "DROP TABLE sales"
        cell = _cells(notebook, "sql")[0]
        cell["source"] = [cell["source"][0], sql]
        for receipt in _cells(notebook, "markdown")[0]["metadata"]["clew"]["receipts"]:
            receipt["refs"][0]["sql_sha256"] = sha256(sql)

    _edit(folder, change)
    assert ["DROP" in why for why in _whys(folder)] == [True]
    assert (folder / "sales.csv").read_text(encoding="utf-8") == CSV


@pytest.mark.parametrize(
    "expression",
    [
        {},
        {"op": "value", "ref": 9},
        {"op": "ratio", "args": [{"op": "value", "ref": 0}]},
        {"op": 1},
    ],
)
def test_an_expression_that_makes_no_sense_breaks(folder: Path, expression: dict[str, Any]) -> None:
    def change(notebook: dict[str, Any]) -> None:
        receipt = _cells(notebook, "markdown")[0]["metadata"]["clew"]["receipts"][0]
        receipt["expression"] = expression

    _edit(folder, change)
    assert len(_whys(folder)) == 1


def test_a_source_that_went_is_an_error_of_its_own(folder: Path) -> None:
    (folder / "sales.csv").unlink()
    with pytest.raises(SourceError, match=r"sales\.csv"):
        check_receipts(folder / "out.ipynb", Budget())


def test_a_cell_with_a_source_that_the_notebook_does_not_name_is_an_error(folder: Path) -> None:
    def change(notebook: dict[str, Any]) -> None:
        notebook["metadata"]["clew"]["sources"] = {}

    _edit(folder, change)
    with pytest.raises(SourceError, match="'sales'"):
        check_receipts(folder / "out.ipynb", Budget())


def test_a_check_can_be_stopped(folder: Path) -> None:
    deadline = Deadline()
    deadline.cancel()
    with pytest.raises(Cancelled):
        check_receipts(folder / "out.ipynb", Budget(), deadline=deadline)


def test_what_is_no_notebook_of_clew_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        check_receipts(tmp_path / "none.ipynb", Budget())


# ------------------------------------------------------------------------------ the command


def _check(folder: Path, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = main(["receipts", "check", str(folder / "out.ipynb"), *args])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_the_command_says_how_many_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _check(folder, capsys)
    assert code == 0
    assert out.endswith("receipts, all hold.\n")
    code, out, _ = _check(folder, capsys, "--json")
    found = json.loads(out)
    assert (code, found["status"], found["broken"]) == (0, "done", [])
    assert found["receipts"] == found["holding"] >= 8


def test_the_command_prints_a_line_for_each_broken_receipt(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sales.csv").write_text(CSV + "west,5,2024\n", encoding="utf-8")
    code, out, _ = _check(folder, capsys)
    lines = out.splitlines()
    assert code == 1
    assert lines[0].startswith("broken: r1 in cell ")
    assert lines[-1].endswith(f"{len(lines) - 1} broken.")
    code, out, _ = _check(folder, capsys, "--json")
    found = json.loads(out)
    assert (code, found["status"]) == (1, "failed")
    assert (found["broken"][0]["text"], found["broken"][0]["now"]) == ("4", 5)


def test_the_command_says_that_there_are_no_receipts(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write(folder, ("what is the xyzzy",))
    code, out, _ = _check(folder, capsys)
    assert code == 0
    assert "nothing to check" in out


def test_the_command_ends_with_4_without_the_data_and_2_without_the_notebook(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "sales.csv").unlink()
    code, out, err = _check(folder, capsys, "--json")
    assert (code, json.loads(out)["status"]) == (4, "failed")
    assert "sales.csv" in err
    (folder / "out.ipynb").unlink()
    code, out, _ = _check(folder, capsys, "--json")
    assert (code, out) == (2, "")


@pytest.mark.parametrize(
    ("text", "holds"), [("2023-09-14", True), ("2023-09-15", False), ("20230914", False)]
)
def test_a_day_is_printed_as_iso_8601(text: str, holds: bool) -> None:
    ref = Ref(cell="c", sql_sha256="0" * 64, row=0, column="day")
    receipt = Receipt(
        id="r1", text=text, value=20230914, expression={"op": "day", "ref": 0}, refs=(ref,)
    )
    assert receipt_check._prints_as(receipt) is holds
