"""Tables as text: what is printed of values, how columns are cut, and what is said of the rest."""

import datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from clew.table_view import view
from clew_core.query_spec import Column, Comparison, Dimension, Measure, QuerySpec

SPEC = QuerySpec(
    source="s",
    table="t",
    dimensions=(Dimension(name="year", of=Column(table="t", column="year")),),
    measures=(
        Measure(name="n", aggregate="count"),
        Measure(name="total", aggregate="sum", of=Column(table="t", column="x")),
        Measure(name="mean", aggregate="avg", of=Column(table="t", column="x")),
    ),
    comparisons=(Comparison(name="part", kind="share", measure="n"),),
)
TABLE = pa.table(
    {
        "year": [1952, None],
        "n": [1234567, 0],
        "total": [Decimal("1234567.890123"), Decimal("0.100000")],
        "mean": [65.494557, 100.0],
        "part": [0.123456, 0.5],
    }
)


def test_years_stay_years_totals_keep_their_digits_and_means_are_rounded() -> None:
    lines = view(TABLE, spec=SPEC).text().splitlines()
    assert lines[2].split() == ["1952", "1,234,567", "1,234,567.890123", "65.49", "0.123"]
    assert lines[3].split() == ["null", "0", "0.100000", "100.00", "0.500"]


def test_without_a_spec_numbers_are_printed_as_they_are() -> None:
    assert view(TABLE).rows[0] == ("1952", "1234567", "1234567.890123", "65.494557", "0.123456")


@pytest.mark.parametrize(
    ("values", "printed"),
    [
        ([True, None], ("true", "null")),
        ([datetime.date(2020, 1, 2)], ("2020-01-02",)),
        ([datetime.datetime(2020, 1, 2), None], ("2020-01-02", "null")),
        ([datetime.datetime(2020, 1, 2, 3)], ("2020-01-02 03:00:00",)),
        ([float("nan"), 1e300], ("nan", "1" + "0" * 300)),
        ([b"\x00\x01"], ("2 bytes",)),
        (["a\nb\tc\x1b[0m"], ("a b c\ufffd[0m",)),
        (["x" * 100], ("x" * 59 + "…",)),
        ([[1, 2]], ("[1, 2]",)),
        (["", "null"], ("", "null")),
    ],
)
def test_values_as_text(values: list[object], printed: tuple[str, ...]) -> None:
    assert tuple(row[0] for row in view(pa.table({"x": values})).rows) == printed


def test_columns_stand_straight_with_wide_and_combining_signs() -> None:
    text = view(pa.table({"name": ["日本", "e\u0301", "abc"], "n": [1, 2, 3]})).text()
    assert text.splitlines()[2:] == ["日本  1", "e\u0301     2", "abc   3"]


@pytest.mark.parametrize("columns", [1, 10, 24, 40, 80])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    table = pa.table({f"column {i}": ["some text " * 3, "b"] for i in range(6)})
    lines = view(table).text(columns).splitlines()
    body = [line for line in lines if not line.startswith("… and")]
    assert all(len(line) <= max(columns, 8) for line in body)
    if columns < 80:
        assert "more column" in lines[-1]


def test_rows_that_are_not_shown_are_counted() -> None:
    table = pa.table({"n": list(range(1_500))})
    assert view(table, rows=20).text().endswith("… and 1,480 more rows")
    assert view(table, rows=1_499).text().endswith("… and 1 more row")
    assert view(table, rows=1_500).note() == ""
    assert "not read" in view(table, rows=1_500, truncated=True).note()


def test_an_empty_result_has_its_columns() -> None:
    assert view(pa.table({"a": pa.array([], pa.int64())})).text() == "a\n-"


def test_html_escapes_every_value_and_name() -> None:
    html = view(pa.table({"<b>": ["<script>alert(1)</script>"]})).html()
    assert "<script>" not in html and "<b>" not in html
