"""Live variables as a source: what is a table, what SQL reads of it, and what it can't do."""

import datetime as dt
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Refused, SourceError
from clew_core.principal import Policy, Principal
from clew_tools.database.live_frames import FramesEngine, as_arrow, frames_in, open_frames

ANYBODY = Principal()


def _ask(sql: str, frames: dict[str, Any], principal: Principal = ANYBODY) -> list[dict[str, Any]]:
    source = open_frames(frames, threads=1)
    try:
        rows: list[dict[str, Any]] = source.run(sql, principal, Deadline()).table.to_pylist()
        return rows
    finally:
        source.close()


def _sales() -> pd.DataFrame:
    return pd.DataFrame(
        {"region": ["north", "south", "north", None], "amount": [1.5, 2.0, 3.0, None]}
    )


def test_frames_and_arrow_tables_are_tables_and_nothing_else_is() -> None:
    table = pa.table({"a": [1]})
    names = {
        "sales": _sales(), "Sales": _sales(), "_hidden": _sales(), "arrow": table,
        "batch": table.to_batches()[0], "n": 5, "text": "x", "kind": pd.DataFrame,
    }  # fmt: skip
    assert list(frames_in(names)) == ["sales", "arrow", "batch"]


def test_sql_reads_what_a_variable_holds_now() -> None:
    sales = _sales()
    count = "SELECT sum(amount) AS s FROM sales WHERE region = 'north'"
    assert _ask(count, {"sales": sales}) == [{"s": 4.5}]
    sales.loc[0, "amount"] = 100.0  # the same object: only its values are new
    assert _ask(count, {"sales": sales}) == [{"s": 103.0}]


def test_frames_join_each_other_and_arrow() -> None:
    rows = _ask(
        "SELECT r.boss, count(*) AS n FROM sales s JOIN regions r USING (region) GROUP BY 1",
        {"sales": _sales(), "regions": pa.table({"region": ["north"], "boss": ["Ana"]})},
    )
    assert rows == [{"boss": "Ana", "n": 2}]


COLUMNS: list[tuple[str, Callable[[], Any], Any]] = [
    ("category", lambda: pd.Categorical(["a", "b"]), ["a", "b"]),
    ("numbers beside texts", lambda: [1, "b"], ["1", "b"]),
    ("gaps in whole numbers", lambda: pd.array([1, None], dtype="Int64"), [1, None]),
    ("months", lambda: pd.period_range("2024-01", periods=2, freq="M"), ["2024-01", "2024-02"]),
    ("days", lambda: [dt.date(2024, 1, 1), None], [dt.date(2024, 1, 1), None]),
    ("lists", lambda: [[1], [2, 3]], [[1], [2, 3]]),
    ("truth", lambda: [True, None], [True, None]),
    ("nothing", lambda: [None, None], [None, None]),
]


@pytest.mark.parametrize(("made", "values"), [c[1:] for c in COLUMNS], ids=[c[0] for c in COLUMNS])
def test_a_column_keeps_its_values(made: Callable[[], Any], values: list[Any]) -> None:
    frame = pd.DataFrame({"v": made()})
    assert [row["v"] for row in _ask("SELECT v FROM t", {"t": frame})] == values


def test_what_no_table_can_hold_is_left_out_and_said() -> None:
    frame = pd.DataFrame({"a": [1], "thing": [object()], "c": [1j]})
    source = open_frames({"t": frame}, threads=1)
    try:
        result = source.run("SELECT * FROM t", ANYBODY, Deadline())
        assert result.table.to_pylist() == [{"a": 1}]
        assert ["thing" in text for text in source.warnings] == [True, False]
    finally:
        source.close()
    with pytest.raises(SourceError, match="No column of 't'"):
        as_arrow("t", frame[["thing"]])


def test_a_named_index_is_a_column_and_names_of_columns_are_made_unique() -> None:
    grouped = _sales().groupby("region").sum()
    assert as_arrow("g", grouped)[0].column_names == ["region", "amount"]
    wide = pd.DataFrame([[1, 2, 3, 4]], columns=["a", "A", 5, ""])
    assert as_arrow("w", wide)[0].column_names == ["a", "A_2", "5", "column"]
    two = pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("x", "y")]))
    assert as_arrow("m", two)[0].column_names == ["x_y"]
    assert as_arrow("s", _sales())[0].column_names == ["region", "amount"]


def test_polars_is_read_by_its_arrow_without_python_objects() -> None:
    # Stands in for polars, which hands its tables over in this way.
    whole = SimpleNamespace(
        schema={"a": "Int64", "thing": "Object"},
        to_arrow=lambda: pa.table({"thing": [b"where it lies"]}),
        drop=lambda names: SimpleNamespace(
            to_arrow=lambda: pa.table({"a": [1, 2]}) if names == ["thing"] else None
        ),
    )
    table, warnings = as_arrow("p", whole)
    assert table.to_pylist() == [{"a": 1}, {"a": 2}]
    assert len(warnings) == 1 and "'thing'" in warnings[0]


def test_polars_itself_where_it_is_installed() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.DataFrame(
        {
            "city": ["Bern", None],
            "kind": polars.Series(["x", "y"], dtype=polars.Enum(["x", "y"])),
            "thing": polars.Series([object(), object()], dtype=polars.Object),
        }
    )
    assert list(frames_in({"frame": frame, "later": frame.lazy()})) == ["frame"]
    assert _ask("SELECT * FROM frame WHERE kind = 'x'", {"frame": frame}) == [
        {"city": "Bern", "kind": "x"}
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM secret",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO sales VALUES ('east', 1)",
        "COPY sales TO 'out.csv'",
        "SET python_enable_replacements = true",
        "SELECT 1; SELECT 2",
    ],
)
def test_statements_are_guarded_as_for_every_source(sql: str, tmp_path: Path) -> None:
    secret = pd.DataFrame({"password": ["x"]})  # a variable of this function is no table
    sales = _sales()
    with pytest.raises(Refused):
        _ask(sql, {"sales": sales})
    assert len(sales) == 4 and len(secret) == 1


def test_the_engine_itself_reads_no_file_and_no_other_variable(tmp_path: Path) -> None:
    other = pd.DataFrame({"password": ["x"]})
    (tmp_path / "f.csv").write_text("a\n1\n", encoding="utf-8")
    engine = FramesEngine({"sales": _sales()}, threads=1)
    try:
        assert engine.rows("SELECT count(*) FROM temp.main.sales", Deadline()) == [(4,)]
        closed = "current_setting('python_enable_replacements')"
        assert engine.rows(f"SELECT {closed}", Deadline()) == [(False,)]
        for sql in (
            "SELECT * FROM other",
            f"SELECT * FROM '{tmp_path / 'f.csv'}'",
            "SET enable_external_access = true",
            "SET python_enable_replacements = true",
            f"COPY temp.main.sales TO '{tmp_path / 'out.csv'}'",
        ):
            with pytest.raises(Exception, match=r"other|disabled|locked|configuration|closed"):
                engine.rows(sql, Deadline())
    finally:
        engine.close()
    assert len(other) == 1 and not (tmp_path / "out.csv").exists()


def test_a_policy_hides_variables_columns_and_rows() -> None:
    policy = Policy(hide=("sales.amount",), rows={"sales": "region = 'north'"})
    rows = _ask("SELECT * FROM sales", {"sales": _sales()}, Principal(policy=policy))
    assert rows == [{"region": "north"}, {"region": "north"}]


def test_a_long_statement_ends_with_its_time() -> None:
    frame = pd.DataFrame({"a": range(3_000)})
    source = open_frames({"t": frame}, threads=1)
    try:
        with pytest.raises(BudgetEnded):
            source.run(
                "SELECT sum(sqrt(a.a * b.a * c.a)) FROM t a, t b, t c",
                ANYBODY,
                Deadline(Budget(seconds=0.5)),
            )
    finally:
        source.close()


def test_only_what_a_statement_names_is_turned_into_arrow() -> None:
    engine = FramesEngine({"small": _sales(), "other": _sales()}, threads=1)
    try:
        engine.query("SELECT count(*) FROM temp.main.small", 10, Deadline())
        assert list(engine._arrow) == ["small"]
    finally:
        engine.close()


def test_sources_of_several_threads_do_not_meet() -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        frame = pd.DataFrame({"a": [number]})
        seen.append(_ask("SELECT a FROM t", {"t": frame})[0]["a"])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [0, 1, 2, 3]
