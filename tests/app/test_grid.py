"""The grid of a result: what it shows, that nothing of the data is HTML, and how it sorts."""

import re
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from clew.grid import MOST_ROWS, Grid, ranks


def _table(rows: int) -> pa.Table:
    return pa.table({"n": list(range(rows)), "word": [f"w{i % 7}" for i in range(rows)]})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([10, 9, None, 10], [1, 0, -1, 1]),
        ([Decimal("1.10"), Decimal("1.09"), Decimal("NaN")], [1, 0, -1]),
        ([float("nan"), 2.0, 1.0], [-1, 1, 0]),
        (["b", "B", "a"], [2, 0, 1]),
        ([[1, 2], [1], None], [1, 0, -1]),
        ([{"a": 1}, "text"], [1, 0]),
        ([], []),
    ],
)
def test_values_are_ranked_in_their_own_order(values: list[Any], expected: list[int]) -> None:
    got = ranks(values)
    if any(isinstance(value, list | dict) for value in values):  # by their text
        assert sorted(got) == sorted(expected)
    else:
        assert got == expected


def test_the_first_page_is_seen_without_a_script_and_the_rest_is_counted() -> None:
    shown = Grid(_table(50), page=20).html()
    rows = re.findall(r"<tr( hidden)?><td", shown)
    assert len(rows) == 50 and rows.count("") == 20
    assert "30 more rows" in shown
    assert "30 more rows" in repr(Grid(_table(50), page=20))


def test_a_long_result_is_cut_for_the_notebook_only() -> None:
    shown = Grid(_table(5_000), page=20).html()
    assert shown.count("<tr") == MOST_ROWS + 1
    assert "4,980 more rows" in shown
    wide = pa.table({"t": ["x" * 60] * 400} | {f"c{i}": ["y" * 60] * 400 for i in range(30)})
    assert len(Grid(wide, page=20).html()) < 500_000


def test_nothing_of_the_data_is_html_and_the_script_is_always_the_same() -> None:
    hostile = ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a"]
    table = pa.table({"<b onclick=x>": hostile, "n": [1, 2, 3]})
    shown = Grid(table, page=2).html()
    assert "<img" not in shown and "<b " not in shown and "alert(1)</script>" not in shown
    script = re.findall(r"<script>(.*?)</script>", shown, re.S)
    assert script == re.findall(r"<script>(.*?)</script>", Grid(_table(9), page=2).html(), re.S)
    assert "http" not in shown and "innerHTML" not in script[0]


def test_one_row_and_no_row_need_no_script() -> None:
    assert "<script" not in Grid(_table(1), page=20).html()
    assert "<script" not in Grid(_table(0), page=20).html()
    assert "<table>" in Grid(_table(0), page=20).html()
