"""Do the question sets hold together, and does every gold query answer on the real data?"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from questions.data import TPCH_TABLES, chinook_sqlite, gapminder_csv, tpch_parquet

LIMIT = re.compile(r"\s+LIMIT\s+(\d+)\s*$", re.IGNORECASE)
HERE = Path(__file__).parent
SETS: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in ("gapminder", "tpch", "chinook")
}
QUESTIONS = [
    pytest.param(name, question, id=f"{name}-{question['id']}")
    for name, questions in SETS.items()
    for question in questions["questions"]
]
TOP_K = [
    pytest.param(name, question, id=f"{name}-{question['id']}")
    for name, questions in SETS.items()
    for question in questions["questions"]
    if LIMIT.search(question["sql"])
]
UNANSWERABLE = [
    pytest.param(entry, id=f"{name}-{entry['id']}")
    for name, questions in SETS.items()
    for entry in questions["unanswerable"]
]

Row = tuple[Any, ...]
Run = Callable[[str, str], list[Row]]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Give a function that runs SQL on a set's data; each set is opened on its first use."""
    folder = tmp_path_factory.mktemp("questions")
    opened: dict[str, duckdb.DuckDBPyConnection] = {}

    def duck(name: str) -> duckdb.DuckDBPyConnection:
        if name not in opened:
            connection = opened[name] = duckdb.connect()
            if name == "gapminder":
                path = gapminder_csv(folder)
                connection.execute(f"CREATE TABLE gapminder AS FROM read_csv('{path}')")
            else:
                tables = tpch_parquet(folder / "tpch")
                for table in TPCH_TABLES:
                    path = tables / f"{table}.parquet"
                    connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{path}')")
        return opened[name]

    def run_sql(name: str, sql: str) -> list[Row]:
        if name != "chinook":
            return [tuple(row) for row in duck(name).execute(sql).fetchall()]
        path = chinook_sqlite()
        if path is None:
            pytest.skip("CLEW_BENCH_DATA names no folder with chinook/Chinook_Sqlite.sqlite")
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return [tuple(row) for row in connection.execute(sql).fetchall()]

    yield run_sql
    for connection in opened.values():
        connection.close()


def listed_operations() -> set[str]:
    """Read the operations from the table in the README."""
    rows = re.findall(r"^\| ([a-z_, ]+) \| ", (HERE / "README.md").read_text("utf-8"), re.MULTILINE)
    words = {word.strip() for row in rows for word in row.split(",")}
    return words - {"operation"}


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_gold_query_returns_rows_that_are_not_all_null(
    name: str, question: dict[str, Any], run: Run
) -> None:
    rows = run(name, question["sql"])
    assert rows
    assert not [row for row in rows if all(value is None for value in row)]


@pytest.mark.parametrize(("name", "question"), TOP_K)
def test_a_top_k_has_no_tie_that_the_query_breaks_by_chance(
    name: str, question: dict[str, Any], run: Run
) -> None:
    limit = LIMIT.search(question["sql"])
    assert limit is not None
    kept = int(limit[1])
    measures = [row[-1] for row in run(name, LIMIT.sub("", question["sql"]))[: kept + 1]]
    assert len(measures) == kept + 1
    assert len(set(measures)) == kept + 1


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_an_answer_is_ordered_when_its_query_orders_it(name: str, question: dict[str, Any]) -> None:
    assert question["ordered"] is ("ORDER BY" in question["sql"])


@pytest.mark.parametrize("name", SETS)
def test_a_set_has_20_questions_and_15_without_an_answer(name: str) -> None:
    assert SETS[name]["source"] == name
    assert len(SETS[name]["questions"]) == 20
    assert len(SETS[name]["unanswerable"]) == 15


@pytest.mark.parametrize("name", SETS)
def test_ids_of_a_set_are_unique(name: str) -> None:
    entries = SETS[name]["questions"] + SETS[name]["unanswerable"]
    assert not [key for key, n in Counter(entry["id"] for entry in entries).items() if n > 1]


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_a_question_has_the_agreed_fields_and_three_different_phrasings(
    name: str, question: dict[str, Any]
) -> None:
    assert set(question) - {"follows"} == {"id", "operation", "phrasings", "sql", "ordered"}
    words = {" ".join(re.findall(r"\w+", text.lower())) for text in question["phrasings"]}
    assert len(question["phrasings"]) == len(words) == 3


@pytest.mark.parametrize(("name", "question"), QUESTIONS)
def test_only_a_follow_up_follows_and_it_follows_a_whole_question(
    name: str, question: dict[str, Any]
) -> None:
    whole = {q["id"] for q in SETS[name]["questions"] if "follows" not in q}
    assert ("follows" in question) is (question["operation"] == "follow_up")
    assert "follows" not in question or question["follows"] in whole


def test_every_listed_operation_is_asked_in_at_least_three_phrasings() -> None:
    asked: Counter[str] = Counter()
    for questions in SETS.values():
        for question in questions["questions"]:
            asked[question["operation"]] += len(question["phrasings"])
    assert set(asked) == listed_operations()
    assert min(asked.values()) >= 3


@pytest.mark.parametrize("entry", UNANSWERABLE)
def test_a_question_without_an_answer_says_what_the_reply_may_be(entry: dict[str, Any]) -> None:
    assert set(entry) - {"names"} == {"id", "question", "status", "why"}
    assert entry["status"]
    assert set(entry["status"]) <= {"cannot_answer", "needs_clarification", "refused"}
    for word in entry.get("names", []):
        assert re.search(rf"\b{re.escape(word)}\b", entry["question"], re.IGNORECASE)
