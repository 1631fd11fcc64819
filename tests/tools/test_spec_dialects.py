"""What MySQL, Trino, Snowflake, BigQuery and Spark would get: read as text, not run."""

import logging
import re
from typing import get_args

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel

from clew_core import query_spec as q
from clew_tools.semantic.compile import compile_spec
from clew_tools.semantic.grain_words import TEMPLATES
from tools.spec_generator import column, make
from tools.spec_world import CATALOG

# What an engine does not know, and what other engines would have said.
UNKNOWN = {
    "mysql": (
        r"FILTER\s*\(|NULLS (LAST|FIRST)|DATE_TRUNC|IS (NOT )?DISTINCT FROM|COLLATE|STRFTIME"
        r"|PERCENTILE|QUANTILE|MEDIAN|\bTRUNC\(|AS (VARCHAR|BIGINT|INT|TIMESTAMP)\b|INTERVAL '"
    ),
    "trino": r"COLLATE|STRFTIME|QUANTILE|MEDIAN|PERCENTILE|ISODOW|`|\bTEXT\b|TO_CHAR|<=>",
    "snowflake": r"FILTER\s*\(|COLLATE|STRFTIME|QUANTILE_CONT|ISODOW|`|<=>",
    "bigquery": (
        r"FILTER\s*\(|COLLATE|STRFTIME|QUANTILE|PERCENTILE|MEDIAN|ISODOW|ESCAPE|TO_CHAR"
        r"|DATE_TRUNC\('|\bTEXT\b|VARCHAR|AS (DOUBLE|BIGINT|INT)\b|<=>| % "
        r"|(UNION|INTERSECT|EXCEPT)\s+SELECT"
    ),
    "spark": r"COLLATE|STRFTIME|QUANTILE|ISODOW|TO_CHAR|\bTEXT\b|WITHIN GROUP|\"",
}
SEEDS = range(150)


@pytest.mark.parametrize("dialect", UNKNOWN)
def test_specs_hold_nothing_that_an_engine_does_not_know(
    dialect: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "sqlglot"):
        for seed in SEEDS:
            sql = compile_spec(make(seed), CATALOG, dialect).sql
            tree = sqlglot.parse_one(sql, dialect=dialect, error_level=ErrorLevel.RAISE)
            assert not list(tree.find_all(sqlglot.exp.Command)), sql
            bare = re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", sql)
            found = re.search(UNKNOWN[dialect], bare)
            assert found is None, f"seed {seed}: {found and found[0]!r} in\n{sql}"
    assert not caplog.records, caplog.text


@pytest.mark.parametrize("dialect", TEMPLATES)
@pytest.mark.parametrize("start", [1, 5])
@pytest.mark.parametrize("week_start", get_args(q.Weekday))
def test_every_grain_has_words_in_every_dialect(
    dialect: str, start: int, week_start: q.Weekday
) -> None:
    for grain in get_args(q.Grain):
        time = q.Dimension(
            name="t",
            of=column("orders.placed_at"),
            grain=grain,
            week_start=week_start,
            fiscal_year_start=start,
        )
        periods = grain in ("year", "quarter", "month", "week", "day", "hour", "minute")
        kinds = get_args(q.ComparisonKind) if periods else ("previous_period", "rolling_sum")
        spec = q.QuerySpec(
            source="w",
            table="orders",
            dimensions=(time,),
            measures=(q.Measure(name="n", aggregate="count"),),
            comparisons=tuple(q.Comparison(name=kind, kind=kind, measure="n") for kind in kinds),
        )
        sql = compile_spec(spec, CATALOG, dialect).sql
        sqlglot.parse_one(sql, dialect=dialect, error_level=ErrorLevel.RAISE)
        assert "x__" not in sql


@pytest.mark.parametrize("dialect", UNKNOWN)
def test_divisions_and_averages_keep_their_digits(dialect: str) -> None:
    """1.0 * 3 / 7 is 0.4 on Trino and 0.42857 on MySQL."""
    amount = column("orders.amount")
    parts = q.Arithmetic(op="divide", args=(amount, column("orders.quantity")))
    count = q.Measure(name="a", aggregate="count")
    spec = q.QuerySpec(
        source="w",
        table="orders",
        measures=(
            q.Measure(name="part", ratio=q.Ratio(numerator=count, denominator=count)),
            q.Measure(name="mean", aggregate="avg", of=amount),
            q.Measure(name="parts", aggregate="sum", of=parts),
        ),
    )
    sql = compile_spec(spec, CATALOG, dialect).sql
    tree = sqlglot.parse_one(sql, dialect=dialect)
    assert len(list(tree.find_all(sqlglot.exp.Div))) >= 2
    for node in tree.find_all(sqlglot.exp.Div, sqlglot.exp.Avg):
        inner = node.this
        exact = isinstance(inner, sqlglot.exp.Cast) and inner.is_type("double")
        assert exact or dialect == "bigquery", sql
