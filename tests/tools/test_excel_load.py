"""Do workbooks become tables: merged headers, several tables on a sheet, formulas, dates?"""

import datetime as dt
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from clew_core.deadline import Deadline
from clew_core.errors import SourceError
from clew_core.principal import Principal
from clew_tools.database.open import open_source

ANA = Principal()
Rows = Sequence[Sequence[Any]]


def book(path: Path, sheets: dict[str, Rows], merged: Sequence[str] = ()) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for span in merged:
            sheet.merge_cells(span)
    made.save(path)
    return path


def read(path: Path) -> tuple[dict[str, list[tuple[object, ...]]], tuple[str, ...]]:
    """Give each table as a list of rows, the names first."""
    source = open_source(path)
    try:
        found = {}
        for table in source.catalog(ANA).tables:
            rows = source.run(f'SELECT * FROM "{table.name}"', ANA, Deadline()).table
            found[table.name] = [
                tuple(rows.column_names), *(tuple(row.values()) for row in rows.to_pylist())
            ]  # fmt: skip
        return found, source.warnings
    finally:
        source.close()


def test_a_sheet_becomes_a_table_named_by_its_file(tmp_path: Path) -> None:
    day = dt.datetime(2024, 1, 2)
    path = book(
        tmp_path / "sales.xlsx",
        {"Sheet1": [("n", "price", "day", "at", "ok"),
                    (1, 1.5, day, dt.datetime(2024, 1, 2, 3, 4), True),
                    (2, None, day, dt.datetime(2024, 1, 2), False)]},
    )  # fmt: skip
    tables, warnings = read(path)
    assert warnings == ()
    assert tables == {
        "sales": [
            ("n", "price", "day", "at", "ok"),
            (1, 1.5, dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4), True),
            (2, None, dt.date(2024, 1, 2), dt.datetime(2024, 1, 2), False),
        ]
    }


def test_merged_headers_are_joined_with_the_names_below(tmp_path: Path) -> None:
    rows = [
        ("Sales of all shops", None, None, None, None),
        ("Region", 2023, None, 2024, None),
        (None, "units", "value", "units", "value"),
        ("North", 1, 2.5, 3, 4.5),
        ("South", 5, 6.5, 7, 8.5),
    ]
    path = book(tmp_path / "a.xlsx", {"s": rows}, ["A1:E1", "A2:A3", "B2:C2", "D2:E2"])
    tables, warnings = read(path)
    names = ("Region", "2023 units", "2023 value", "2024 units", "2024 value")
    assert tables == {"a": [names, ("North", 1, 2.5, 3, 4.5), ("South", 5, 6.5, 7, 8.5)]}
    assert "'Sales of all shops', was taken for a title" in warnings[0]


def test_three_tables_on_a_sheet_are_three_tables(tmp_path: Path) -> None:
    rows = [
        ("a", "b", None, "x", "y", "z"),
        (1, 2, None, "p", 1, 2),
        (3, 4, None, "q", 3, 4),
        (),
        ("notes",),
        (),
        ("c", "d"),
        ("k", 5),
    ]
    tables, warnings = read(book(tmp_path / "a.xlsx", {"my sheet": rows}))
    assert tables == {
        "my_sheet": [("a", "b"), (1, 2), (3, 4)],
        "my_sheet_2": [("x", "y", "z"), ("p", 1, 2), ("q", 3, 4)],
        "my_sheet_3": [("c", "d"), ("k", 5)],
    }
    assert any("A5, 'notes', is no table" in warning for warning in warnings)


def test_an_empty_row_inside_a_table_does_not_part_it(tmp_path: Path) -> None:
    tables, warnings = read(book(tmp_path / "a.xlsx", {"s": [("a", "b"), (1, 2), (), (3, 4)]}))
    assert tables == {"a": [("a", "b"), (1, 2), (3, 4)]}
    assert "empty rows in it were skipped" in warnings[0]


def test_sheets_of_a_workbook_in_a_folder_bear_its_name(tmp_path: Path) -> None:
    book(tmp_path / "b.xlsx", {"one": [("a", "b"), (1, 2)], "two": [("a", "b"), (3, 4)], "no": []})
    (tmp_path / "c.json").write_text('[{"x": 1}]')
    tables, warnings = read(tmp_path)
    assert sorted(tables) == ["b_one", "b_two", "c"]
    assert warnings == ("'b.xlsx': sheet 'no' is empty and is left out.",)


def test_formulas_count_as_their_stored_values_and_missing_ones_are_said(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", {"s": [("a", "b"), (1, "=A2*2"), (2, "=A3*2")]})
    tables, warnings = read(path)
    assert tables == {"a": [("a", "b"), (1, None), (2, None)]}
    assert "2 formulas without a stored result" in warnings[0]
    stored = tmp_path / "stored.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(stored, "w") as new:
        for item in old.namelist():
            text = old.read(item)
            if item.endswith("sheet1.xml"):
                text = text.replace(b"</f><v />", b"</f><v>9</v>").replace(
                    b"</f><v/>", b"</f><v>9</v>"
                )
            new.writestr(item, text)
    assert read(stored) == ({"stored": [("a", "b"), (1, 9), (2, 9)]}, ())


def test_mixed_columns_and_error_values_are_said(tmp_path: Path) -> None:
    rows = [("n", "e"), *((number, 1) for number in range(20)), ("n/a", "#DIV/0!")]
    tables, warnings = read(book(tmp_path / "a.xlsx", {"s": rows}))
    assert tables["a"][-1] == ("n/a", None)
    assert "1 of 21 values are no numbers, such as 'n/a'" in warnings[0]
    assert "1 error values" in warnings[1]


def test_hidden_sheets_are_left_out_and_said(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    made.active.append(["a", "b"])
    made.active.append([1, 2])
    made.create_sheet("salaries").append(["x", "y"])
    made["salaries"].sheet_state = "hidden"
    made.save(tmp_path / "a.xlsx")
    tables, warnings = read(tmp_path / "a.xlsx")
    assert list(tables) == ["a"]
    assert warnings == ("'a.xlsx': sheet 'salaries' is hidden and is left out.",)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04 cut", "damaged"),
        (b"\xd0\xcf\x11\xe0 old", "Save it as .xlsx"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_workbook_fails_in_words(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(data)
    with pytest.raises(SourceError, match=said):
        open_source(tmp_path / "a.xlsx")


def test_a_workbook_without_a_table_fails_in_words(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no table"):
        open_source(book(tmp_path / "a.xlsx", {"s": [("only",)]}))
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("xl/nothing", "")
    with pytest.raises(SourceError, match="ZIP file, not an Excel"):
        open_source(tmp_path / "b.xlsx")
