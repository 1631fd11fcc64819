"""Does the same question see what has changed since, in the rows and in what was looked up?"""

import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

import clew
from clew.settings import Settings
from clew_core.deadline import Budget, Deadline
from clew_core.principal import Policy, Principal
from clew_tools.database.guarded_source import GuardedSource
from clew_tools.database.open import open_source

ANA = Principal()
SQL = "SELECT sum(amount) AS s FROM sales"
FIRST = "INSERT INTO sales VALUES ('north', 10), ('south', 20)"
MORE = "INSERT INTO sales VALUES ('harbour', 70)"

Change = Callable[[str], None]


@pytest.fixture(
    params=[
        "duckdb",
        "sqlite",
        "csv",
        "parquet",
        pytest.param("postgres", marks=pytest.mark.postgres),
    ]
)
def data(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Change]:
    """Make a table and hand out its place and how to run a statement on it."""
    kind = request.param
    create = "CREATE TABLE sales (place VARCHAR(20), amount INTEGER)"
    if kind == "postgres":
        import psycopg

        url = request.getfixturevalue("postgres_url")
        name = f"fresh_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        url = url.replace("/postgres?", f"/{name}?")

        def change(sql: str) -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(sql.encode())

        change(create)
        change(FIRST)
        return url, change
    file = tmp_path / f"sales.{kind}"
    database = tmp_path / "made.duckdb" if kind in ("csv", "parquet") else file

    def change_file(sql: str) -> None:
        if kind == "sqlite":
            lite = sqlite3.connect(file)
            lite.execute(sql)
            lite.commit()
            lite.close()
            return
        with duckdb.connect(str(database)) as maker:
            maker.execute(sql)
            if kind != "duckdb" and sql != create:
                file.unlink(missing_ok=True)
                maker.execute(f"COPY sales TO '{file}'")

    change_file(create)
    change_file(FIRST)
    return str(file), change_file


def total(location: str) -> int:
    source = open_source(location)
    try:
        return int(source.run(SQL, ANA, Deadline()).table.column("s")[0].as_py())
    finally:
        source.close()


def test_the_same_statement_after_a_change_gives_the_new_value(data: tuple[str, Change]) -> None:
    location, change = data
    assert total(location) == total(location) == 30
    change(MORE)
    assert total(location) == 100


def test_the_same_question_after_a_change_gives_the_new_value(
    data: tuple[str, Change], tmp_path: Path
) -> None:
    location, change = data
    told = []
    for sql in (None, MORE):
        if sql:
            change(sql)
        with clew.open(location, settings=Settings(home=tmp_path / "home")) as workspace:
            answer = workspace.ask("total amount of sales")
            assert answer.status == "answered", answer.reason
            told.append([row for row in answer.table.to_pylist()])
    assert "30" in str(told[0]) and "100" in str(told[1])


def test_a_source_that_stays_open_sees_what_others_commit(data: tuple[str, Change]) -> None:
    location, change = data
    if not location.endswith("sqlite") and "://" not in location:
        pytest.skip("nobody else can write a DuckDB file that is open; a file is read when opened")
    source = open_source(location)
    try:
        assert source.run(SQL, ANA, Deadline()).table.to_pylist() == [{"s": 30}]
        change(MORE)
        assert source.run(SQL, ANA, Deadline()).table.to_pylist() == [{"s": 100}]
    finally:
        source.close()


def test_catalogue_and_values_are_kept_by_content_and_made_anew_for_another(
    data: tuple[str, Change],
) -> None:
    location, change = data

    def looked(source: GuardedSource) -> tuple[int | None, list[str]]:
        table = source.catalog(ANA).table("sales")
        assert table is not None
        return table.row_count, [
            hit.value for hit in source.values(ANA, Deadline()).find("harbour")
        ]

    def opened() -> GuardedSource:
        source = open_source(location)
        assert isinstance(source, GuardedSource)
        return source

    source = opened()
    assert looked(source) == (2, [])
    source.close()
    again = opened()
    kept = again._kept is source._kept
    # A server can't say that nothing has changed: nothing is kept of it.
    assert kept == ("://" not in location)
    assert looked(again) == (2, [])
    again.close()
    change(MORE)
    new = opened()
    assert new._kept is not source._kept and looked(new) == (3, ["harbour"])
    new.close()


def test_what_is_kept_is_kept_by_policy_and_tenant(data: tuple[str, Change]) -> None:
    source = open_source(data[0])
    some = Principal(policy=Policy(rows={"sales": "place = 'north'"}))
    other = Principal(tenant="other", policy=Policy(budget=Budget(rows=5)))
    try:
        assert isinstance(source, GuardedSource)
        catalogs = [source.catalog(who) for who in (ANA, some, other)]
        assert [catalog.tables[0].row_count for catalog in catalogs] == [2, 1, 2]
        values = [source.values(who, Deadline()) for who in (ANA, some, other)]
        assert [bool(index.find("south")) for index in values] == [True, False, True]
        assert len({id(found) for found in catalogs}) == len({id(found) for found in values}) == 3
        assert source.catalog(some) is catalogs[1]
    finally:
        source.close()


def test_words_of_one_role_are_not_kept_for_another(tmp_path: Path) -> None:
    import datetime as dt

    with duckdb.connect(str(tmp_path / "s.duckdb")) as maker:
        maker.execute("CREATE TABLE sales (place VARCHAR, secret_margin INTEGER)")
    declaration = tmp_path / "source.yaml"
    declaration.write_text(
        "name: s\nlocation: s.duckdb\n"
        "tables: {sales: {fields: {secret_margin: {access: [boss]}}}}\n",
        encoding="utf-8",
    )
    settings = Settings(home=tmp_path / "home")
    with clew.open(str(declaration), settings=settings) as workspace:
        for roles, columns in ((("boss",), 2), ((), 1)):
            who = Principal(roles=roles)
            opened = workspace.opened(who, Deadline(), dt.date(2025, 1, 1), None)
            table = opened[0].context.vocabulary.catalog.tables[0]
            assert len(table.columns) == columns
