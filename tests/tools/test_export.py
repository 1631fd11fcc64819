"""Do exported files hold what the table holds, and nothing that a spreadsheet would run?"""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clew_core.errors import OutputNotWritten, UsageError
from clew_tools.export import clipboard_text, write_table

EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "plain"]
TABLE = pa.table(
    {
        "=name": EVIL,
        "n": [-1, 2**60, None, 0, 1, 2, 3, 4, 5],
        "x": [-1.5, 1e300, None, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        "d": [Decimal("-1.50")] * 9,
        "day": [dt.date(2024, 1, 2)] * 9,
        "at": [dt.datetime(2024, 1, 2, 3, 4, tzinfo=dt.UTC)] * 9,
    }
)


def test_csv_quotes_formulas_and_leaves_numbers(tmp_path: Path) -> None:
    assert write_table(TABLE, tmp_path / "a.csv") == ()
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "'=name"
    assert [row[0] for row in rows[1:]] == [*(f"'{text}" for text in EVIL[:-1]), "plain"]
    assert rows[1][1:5] == ["-1", "-1.5", "-1.50", "2024-01-02"]
    assert rows[2][1] == str(2**60) and rows[3][1] == ""


def test_xlsx_holds_no_formula_and_keeps_types(tmp_path: Path) -> None:
    said = write_table(TABLE, tmp_path / "a.xlsx")
    assert any("15 digits" in text for text in said) and any("offset" in text for text in said)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    cells = list(sheet.iter_rows())
    assert all(cell.data_type != "f" for row in cells for cell in row)
    assert cells[0][0].value == "'=name" and cells[1][0].value == "'=1+1"
    assert [cell.value for cell in cells[1][1:4]] == [-1, -1.5, -1.5]
    assert cells[2][1].value == str(2**60)
    assert cells[1][4].value == dt.datetime(2024, 1, 2)


def test_parquet_is_the_table_itself(tmp_path: Path) -> None:
    write_table(TABLE, tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").equals(TABLE)


def test_the_clipboard_takes_one_line_for_a_row() -> None:
    text = clipboard_text(pa.table({"a": ["x\ty\nz", "=1"], "n": [1, -2]}))
    assert text == "a\tn\nx y z\t1\n'=1\t-2\n"


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.parquet"])
def test_an_empty_table_keeps_its_names(tmp_path: Path, name: str) -> None:
    write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / name)
    assert (tmp_path / name).stat().st_size > 0


def test_an_unknown_suffix_and_a_missing_folder_say_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=".parquet"):
        write_table(TABLE, tmp_path / "a.doc")
    with pytest.raises(OutputNotWritten, match="can't be written"):
        write_table(TABLE, tmp_path / "missing" / "a.csv")


def test_a_failed_export_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_text("old")
    wide = pa.table({f"c{number}": [1] for number in range(16_385)})
    with pytest.raises(OutputNotWritten, match="16,384"):
        write_table(wide, tmp_path / "a.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["a.xlsx"]
    assert (tmp_path / "a.xlsx").read_text() == "old"
