"""The same spec gives the same SQL, and the same rows in the same order on every engine."""

import datetime as dt
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clew_core import query_spec as q
from clew_core.errors import RetryByModel, ToolFailed
from clew_tools.semantic import compile as compiler
from clew_tools.semantic.compile import compile_spec
from clew_tools.semantic.grains import at_grain
from clew_tools.semantic.keys import AmbiguousPath, NoPath, reaches, shortest_path
from tools.semantic import ENGINES, TABLES, Engines, catalog_of, plain, spec_of

HERE = Path(__file__).parent
CATALOG = catalog_of(TABLES)
CASES = yaml.safe_load((HERE / "semantic_cases.yaml").read_text("utf-8"))
REFUSED = yaml.safe_load((HERE / "semantic_refused.yaml").read_text("utf-8"))
KEYWORDS = (HERE / "semantic_keywords.txt").read_text("utf-8").split()


@pytest.fixture(scope="module")
def shop() -> Iterator[Engines]:
    engines = Engines(TABLES)
    yield engines
    engines.close()


def sql_of(told: dict[str, Any], engine: str) -> str:
    return compile_spec(spec_of(told), CATALOG, engine).sql


def answers(shop: Engines, told: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run a spec on both engines; they have to agree."""
    first, second = (shop.run(engine, sql_of(told, engine)) for engine in ENGINES)
    assert first == second
    return first


# ------------------------------------------------------------------------------------- as text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["is"]))
def test_a_spec_becomes_its_sql(case: dict[str, Any], engine: str) -> None:
    wanted = case.get(engine) or case["duckdb"]
    found = " ".join(sql_of(case["spec"], engine).split())
    assert _bare(found) == _bare(wanted)


def _bare(sql: str) -> str:
    """Leave out what every line has: SQLite is told where nulls go, and the order is `ASC`."""
    return re.sub(r" ASC(?= NULLS LAST|,|$| LIMIT)( NULLS LAST)?", "", sql)


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["is"]))
def test_both_engines_answer_a_spec_alike(shop: Engines, case: dict[str, Any]) -> None:
    assert answers(shop, case["spec"]) == plain(case["rows"])


@pytest.mark.parametrize("engine", ENGINES)
def test_nulls_come_last_and_sqlite_is_told_so(engine: str) -> None:
    told = {"table": "orders", "dimensions": [{"name": "note", "of": "orders.note"}]}
    sql = sql_of(told, engine)
    assert sql.endswith("NULLS LAST" if engine == "sqlite" else "note ASC")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_columns_of_the_result_are_named_in_their_order(engine: str) -> None:
    told = CASES[[case["is"] for case in CASES].index("two branches of joins")]["spec"]
    compiled = compile_spec(spec_of(told), CATALOG, engine)
    assert (compiled.dimensions, compiled.measures) == (("product", "region"), ("n",))
    assert "\n" in compiled.sql  # for people


@pytest.mark.parametrize(
    ("case", "engine"),
    [(case, engine) for case in REFUSED for engine in case.get("engines", ENGINES)],
    ids=lambda value: str(value["is"] if isinstance(value, dict) else value),
)
def test_what_can_not_be_compiled_is_refused_in_words(case: dict[str, Any], engine: str) -> None:
    kind = {"retry": RetryByModel, "fail": ToolFailed}[case["kind"]]
    with pytest.raises(kind) as refused:
        sql_of(case["spec"], engine)
    assert case["says"] in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [("median", 20.25), ("quantile", 71.994), ("stddev", 39.6001612), ("variance", 1568.17277)],
)
def test_both_engines_have_medians_quantiles_and_deviations(
    shop: Engines, aggregate: str, value: float
) -> None:
    measure = {"name": "m", "aggregate": aggregate, "of": "orders.amount", "quantile": 0.9}
    found = answers(shop, {"table": "orders", "measures": [measure]})
    assert found[0][0] == pytest.approx(value, rel=1e-6)


# --------------------------------------------------------------------------------------- names


@pytest.mark.parametrize("engine", ENGINES)
def test_every_word_that_an_engine_reserves_can_be_a_name(engine: str) -> None:
    assert len(KEYWORDS) > 150
    tables = {word: {"columns": [f"{word} integer *"], "rows": [[2], [1]]} for word in KEYWORDS}
    engines, catalog = Engines(tables), catalog_of(tables)
    for word in KEYWORDS:
        value = f"{word}.{word}"
        told = {
            "table": word,
            "measures": [{"name": "n", "aggregate": "sum", "of": value}],
            "dimensions": [{"name": word, "of": value}],
            "conditions": [{"on": value, "operator": ">", "values": [0]}],
        }
        sql = compile_spec(spec_of(told), catalog, engine).sql
        assert engines.run(engine, sql) == [(1, 1), (2, 2)], sql
    engines.close()


def test_without_quotes_a_reserved_word_would_not_run(
    shop: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in CASES if case["is"] == "reserved words as names")
    assert answers(shop, case["spec"])
    monkeypatch.setattr(
        compiler.Writer, "name", lambda self, name: compiler.exp.to_identifier(name)
    )
    with pytest.raises(Exception, match="syntax error"):
        answers(shop, case["spec"])


@settings(max_examples=60)
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(
        lambda name: name.strip() and name.casefold() not in ("n", "t")
    )
)
def test_any_name_can_be_a_column(name: str) -> None:
    catalog = catalog_of({"t": {"columns": [f"{name} text"], "rows": []}})
    column = q.Column(table="t", column=name)
    spec = q.QuerySpec(
        source="shop",
        table="t",
        dimensions=(q.Dimension(name=name, of=column),),
        measures=(q.Measure(name="n", aggregate="count"),),
        conditions=(q.Predicate(on=column, operator="=", values=(name,)),),
    )
    engines = Engines({"t": {"columns": [f"{name} text"], "rows": [[name], ["other" + name]]}})
    for engine in ENGINES:
        assert engines.run(engine, compile_spec(spec, catalog, engine).sql) == [(name, 1)]
    engines.close()


# --------------------------------------------------------------------------------------- joins


def test_the_way_along_the_keys_is_the_shortest_and_never_repeats_rows() -> None:
    way = shortest_path(CATALOG, "order_lines", "regions")
    assert [edge.parent for edge in way] == ["orders", "customers", "regions"]
    assert shortest_path(CATALOG, "orders", "orders") == ()
    with pytest.raises(NoPath, match="No key leads from 'regions' to 'orders'"):
        shortest_path(CATALOG, "regions", "orders")


def test_two_equally_short_ways_are_named_by_their_columns() -> None:
    with pytest.raises(AmbiguousPath) as several:
        shortest_path(CATALOG, "orders", "people")
    assert "orders.seller_id or orders.packer_id" in str(several.value)
    assert len(several.value.paths) == 2
    assert reaches(CATALOG, "orders", "people") and not reaches(CATALOG, "orders", "islands")


def test_keys_that_lead_in_a_circle_come_to_an_end() -> None:
    tables = {
        "a": {"columns": ["id integer *", "b_id integer"], "keys": ["b_id > b"], "rows": []},
        "b": {"columns": ["id integer *", "a_id integer"], "keys": ["a_id > a"], "rows": []},
        "c": {"columns": ["id integer *", "c_id integer"], "keys": ["c_id > c"], "rows": []},
    }
    catalog = catalog_of(tables)
    assert [edge.parent for edge in shortest_path(catalog, "a", "b")] == ["b"]
    for start, goal in (("a", "c"), ("c", "a")):
        with pytest.raises(NoPath):
            shortest_path(catalog, start, goal)


def test_a_join_never_counts_a_row_twice(shop: Engines) -> None:
    told: dict[str, Any] = {"table": "order_lines", "measures": [
        {"name": "n", "aggregate": "count"},
    ]}  # fmt: skip
    whole = answers(shop, told)[0][0]
    told["dimensions"] = [{"name": "region", "of": "regions.name"}]
    assert sum(row[1] for row in answers(shop, told)) <= whole


# --------------------------------------------------------------------------------------- dates

DAYS = sorted(
    dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)
    for seconds in random.Random(7).sample(range(80 * 366 * 86_400), 400)
)
_PYTHON: dict[str, Any] = {
    "year": lambda day: day.year,
    "quarter": lambda day: dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
    "month": lambda day: dt.date(day.year, day.month, 1),
    "week": lambda day: day.date() - dt.timedelta(days=day.weekday()),
    "day": lambda day: day.date(),
    "hour": lambda day: day.replace(minute=0, second=0),
    "minute": lambda day: day.replace(second=0),
    "quarter_of_year": lambda day: (day.month + 2) // 3,
    "month_of_year": lambda day: day.month,
    "week_of_year": lambda day: day.isocalendar().week,
    "day_of_month": lambda day: day.day,
    "day_of_week": lambda day: day.isoweekday(),
    "hour_of_day": lambda day: day.hour,
}


@pytest.fixture(scope="module")
def calendar() -> Iterator[Engines]:
    edges = [dt.datetime(y, m, d) for y in (1999, 2000, 2004, 2015, 2016, 2020, 2021, 2026)
             for m, d in ((1, 1), (1, 3), (1, 4), (2, 28), (12, 28), (12, 31))]  # fmt: skip
    rows = [[str(day)] for day in (*DAYS, *edges)]
    engines = Engines({"days": {"columns": ["moment timestamp"], "rows": rows}})
    yield engines
    engines.close()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("grain", _PYTHON)
def test_a_grain_of_time_is_what_python_says(calendar: Engines, grain: Any, engine: str) -> None:
    moment = compiler.exp.column("moment")
    value = at_grain(moment, grain, engine).sql(engine)
    found = calendar.run(engine, f"SELECT moment, {value} FROM days")
    assert len(found) >= 400
    for text, part in found:
        day = dt.datetime.fromisoformat(text)
        assert plain([(_PYTHON[grain](day),)]) == [(part,)], f"{grain} of {day}"


def test_every_grain_of_a_spec_is_tested_here() -> None:
    assert set(_PYTHON) == set(q.Grain.__args__)  # type: ignore[attr-defined]


@pytest.mark.parametrize("engine", ENGINES)
def test_a_grain_of_no_date_is_null(engine: str) -> None:
    engines = Engines({"days": {"columns": ["moment timestamp"], "rows": [[None]]}})
    for grain in _PYTHON:
        value = at_grain(compiler.exp.column("moment"), grain, engine).sql(engine)
        assert engines.run(engine, f"SELECT {value} FROM days") == [(None,)], grain
    engines.close()


# ----------------------------------------------------------------------------------- properties

PAIR: dict[str, Any] = {
    "child": {
        "columns": ["id integer *", "parent_id integer", "word text", "amount decimal",
                    "size number", "day date", "flag boolean"],
        "keys": ["parent_id > parent"], "rows": [],
    },
    "parent": {"columns": ["id integer *", "name text", "rate number"], "rows": []},
}  # fmt: skip
PAIR_CATALOG = catalog_of(PAIR)
WORDS = ["", "a", "A", "ab", "aB%", "a_b", "50%", "it's", "é", "É", "x!y", None]
NUMBERS = [0, 1, 2, 5, -1, 2.5, None]
DATES = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-06-30", None]
CHILD_ROWS = st.lists(
    st.tuples(
        st.sampled_from([1, 2, 3, 9, None]),
        st.sampled_from(WORDS),
        st.sampled_from(["0.00", "1.50", "2.50", "-1.00", "10.00", None]),
        st.sampled_from([0.0, 0.5, 2.5, -1.0, None]),
        st.sampled_from(DATES),
        st.sampled_from([True, False, None]),
    ),
    max_size=8,
)
PARENT_ROWS = st.lists(
    st.tuples(st.sampled_from(WORDS), st.sampled_from([0.0, 0.5, 2.0, None])),
    min_size=1,
    max_size=3,
)
VALUES = {"word": WORDS[:-1], "amount": NUMBERS[:-1], "size": NUMBERS[:-1], "day": DATES[:-1]}


@st.composite
def predicates(draw: st.DrawFn) -> dict[str, Any]:
    column = draw(st.sampled_from([*VALUES, "flag", "name"]))
    on = "parent.name" if column == "name" else f"child.{column}"
    values = {**VALUES, "flag": [True, False], "name": WORDS[:-1]}[column]
    plain_operators = ["=", "!=", "is_null", "is_not_null", "in", "not_in"]
    ordered = ["<", "<=", ">", ">=", "between"] if column != "flag" else []
    texts = ["contains", "not_contains", "starts_with", "ends_with"]
    operator = draw(
        st.sampled_from(plain_operators + ordered + (texts if column in ("word", "name") else []))
    )
    counts = {"is_null": 0, "is_not_null": 0, "between": 2, "in": 3, "not_in": 2}
    number = counts.get(operator, 1)
    chosen = [draw(st.sampled_from(values)) for _ in range(number)]
    if operator in texts and not all(str(value).isascii() for value in chosen):
        chosen = ["b"]  # letters beyond ASCII: what SQLite can do is told in the cases
    return {"on": on, "operator": operator, "values": chosen}


CONDITIONS = st.recursive(
    predicates(),
    lambda inner: st.lists(inner, min_size=1, max_size=2).flatmap(
        lambda parts: st.sampled_from([{"all": parts}, {"any": parts}, {"none": parts}])
    ),
    max_leaves=4,
)
DIMENSIONS = st.lists(
    st.sampled_from([
        {"name": "word", "of": "child.word"},
        {"name": "parent", "of": "parent.name"},
        {"name": "month", "of": "child.day", "grain": "month"},
        {"name": "weekday", "of": "child.day", "grain": "day_of_week"},
        {"name": "flag", "of": "child.flag"},
        {"name": "amount", "of": "child.amount"},
    ]),
    unique_by=lambda d: d["name"], max_size=2,
)  # fmt: skip
_PRODUCT = {"op": "multiply", "args": ["child.amount", "parent.rate"]}
_QUOTIENT = {"op": "divide", "args": ["child.amount", "child.size"]}
_COUNT = {"name": "rows", "aggregate": "count"}
MEASURES = st.lists(
    st.sampled_from([
        {"name": "n", "aggregate": "count"},
        {"name": "words", "aggregate": "count_distinct", "of": "child.word"},
        {"name": "total", "aggregate": "sum", "of": "child.amount"},
        {"name": "mean", "aggregate": "avg", "of": "child.size"},
        {"name": "low", "aggregate": "min", "of": "child.day"},
        {"name": "high", "aggregate": "max", "of": "child.word"},
        {"name": "product", "aggregate": "sum", "of": _PRODUCT},
        {"name": "quotient", "aggregate": "max", "of": _QUOTIENT},
        {"name": "ratio", "ratio": {
            "numerator": {"name": "a", "aggregate": "sum", "of": "child.amount"},
            "denominator": {"name": "b", "aggregate": "sum", "of": "child.size"},
        }},
        {"name": "flagged", "aggregate": "count",
         "where": {"on": "child.flag", "operator": "=", "values": [True]}},
    ]),
    unique_by=lambda m: m["name"], max_size=2,
)  # fmt: skip


@st.composite
def specs(draw: st.DrawFn) -> dict[str, Any]:
    dimensions, measures = draw(DIMENSIONS), draw(MEASURES)
    if not dimensions and not measures:
        measures = [_COUNT]
    told: dict[str, Any] = {"table": "child", "dimensions": dimensions, "measures": measures}
    told["conditions"] = draw(st.lists(CONDITIONS, max_size=2))
    if measures and measures[0]["name"] in ("n", "total", "words") and draw(st.booleans()):
        having = {"on": {"measure": measures[0]["name"]}, "operator": ">", "values": [1]}
        told["conditions"].append(having)
    names = [part["name"] for part in (*dimensions, *measures)]
    ways = st.sampled_from(["ascending", "descending"])
    order = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    told["order"] = [{"by": name, "direction": draw(ways)} for name in order]
    told["limit"] = draw(st.sampled_from([None, 0, 1, 3]))
    told["distinct"] = not measures and draw(st.booleans())
    return told


@pytest.fixture(scope="module")
def pair() -> Iterator[Engines]:
    engines = Engines(PAIR)
    yield engines
    engines.close()


def fill(pair: Engines, children: list[tuple[Any, ...]], parents: list[tuple[Any, ...]]) -> None:
    pair.refill("child", [[number, *row] for number, row in enumerate(children, 1)])
    pair.refill("parent", [[number, *row] for number, row in enumerate(parents, 1)])


@settings(max_examples=150)
@given(specs(), CHILD_ROWS, PARENT_ROWS)
def test_duckdb_and_sqlite_give_the_same_answer(
    pair: Engines, told: dict[str, Any], children: list[Any], parents: list[Any]
) -> None:
    fill(pair, children, parents)
    spec = spec_of(told)
    found = [pair.run(engine, compile_spec(spec, PAIR_CATALOG, engine).sql) for engine in ENGINES]
    assert found[0] == found[1], compile_spec(spec, PAIR_CATALOG, "sqlite").sql


@settings(max_examples=80)
@given(specs(), CHILD_ROWS, PARENT_ROWS, st.randoms(use_true_random=False))
def test_rows_stay_put_however_the_data_lie(
    pair: Engines,
    told: dict[str, Any],
    children: list[Any],
    parents: list[Any],
    chance: random.Random,
) -> None:
    shuffled = list(children)
    chance.shuffle(shuffled)
    found: dict[str, list[Any]] = {engine: [] for engine in ENGINES}
    for rows in (children, shuffled):
        fill(pair, rows, parents)
        for engine in ENGINES:
            sql = compile_spec(spec_of(told), PAIR_CATALOG, engine).sql
            found[engine].append(pair.run(engine, sql))
    for before, after in found.values():
        assert before == after


def test_without_the_total_order_rows_would_move(
    pair: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"table": "child", "dimensions": [{"name": "word", "of": "child.word"}], "limit": 2}
    rows = [(1, word, None, None, None, None) for word in "abcdefgh"]

    def found(children: list[Any]) -> list[tuple[Any, ...]]:
        fill(pair, children, [("p", 1.0)])
        return pair.run("sqlite", compile_spec(spec_of(told), PAIR_CATALOG, "sqlite").sql)

    assert found(rows) == found(rows[::-1]) == [("a",), ("b",)]
    monkeypatch.setattr(compiler._Compiler, "_keys", lambda self, order: [compiler.exp.null()])
    assert found(rows) != found(rows[::-1])
