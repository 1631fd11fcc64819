"""Does the engine keep from files, and from changing anything, when the guard is taken away?"""

import gc
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from clew_core.deadline import Deadline
from clew_core.errors import ClewError, SourceError
from clew_core.principal import Principal
from clew_tools.database import cage
from clew_tools.database.engine import Engine
from clew_tools.database.open import open_source

ANA = Principal()

# {source} is the file of the source, {other} another file, {folder} their folder.
DUCKDB_ROADS = """
COPY (SELECT 1 AS n) TO '{source}' (FORMAT parquet, USE_TMP_FILE false)
COPY (SELECT 1 AS n) TO '{source}' (FORMAT csv, USE_TMP_FILE false)
COPY (SELECT 1 AS n) TO '{source}' (FORMAT parquet)
COPY (SELECT 1 AS n) TO '{folder}/new.parquet'
COPY (SELECT 1 AS n) TO '{other}' (FORMAT csv, USE_TMP_FILE false)
COPY (SELECT 1 AS n) TO '{folder}' (FORMAT csv, PARTITION_BY n)
EXPORT DATABASE '{folder}/export'
SELECT * FROM read_csv('/etc/passwd', delim = ':')
SELECT * FROM read_text('{other}')
SELECT * FROM read_blob('{other}')
SELECT * FROM '{other}'
SELECT * FROM glob('{folder}/*')
CREATE TABLE t AS SELECT * FROM read_csv('{other}')
ATTACH '{folder}/new.duckdb' AS new
ATTACH '{other}' AS other
INSTALL httpfs
INSTALL '{other}'
LOAD '{other}'
LOAD httpfs
SET enable_external_access = true
SET lock_configuration = false
SET allowed_paths = ['{other}']
SET temp_directory = '{folder}'
PRAGMA enable_logging
SET logging_storage = 'file'
CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')
CREATE PERSISTENT SECRET s (TYPE http, BEARER_TOKEN 'x')
PRAGMA enable_profiling = 'json'
SET profiling_output = '{folder}/profile.json'
CREATE TABLE main.extra AS SELECT 1
CREATE OR REPLACE VIEW main.t AS SELECT 1
DROP VIEW main.t
DROP TABLE main.t
INSERT INTO main.t SELECT 99
UPDATE main.t SET n = 99
DELETE FROM main.t
ALTER TABLE main.t ADD COLUMN m INT
CHECKPOINT
SELECT * FROM 'http://127.0.0.1:9/x.parquet'
""".strip().splitlines()

SQLITE_ROADS = """
ATTACH '{folder}/new.db' AS new
ATTACH '{other}' AS other
VACUUM INTO '{folder}/copy.db'
VACUUM
CREATE TABLE extra (n)
CREATE TEMP TABLE extra (n)
CREATE VIEW v AS SELECT 1
DROP TABLE t
INSERT INTO t VALUES (99)
UPDATE t SET n = 99
DELETE FROM t
ALTER TABLE t ADD COLUMN m
PRAGMA query_only = OFF
PRAGMA writable_schema = ON
PRAGMA journal_mode = WAL
PRAGMA user_version = 7
PRAGMA temp_store_directory = '{folder}'
PRAGMA table_info(t)
SELECT * FROM pragma_table_info('t')
SELECT * FROM sqlite_master
SELECT load_extension('{other}')
SELECT writefile('{folder}/new', 'x')
SELECT readfile('{other}')
SELECT * FROM dbstat
REINDEX
ANALYZE
BEGIN IMMEDIATE
""".strip().splitlines()


def folder_digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def make(kind: str, folder: Path) -> Path:
    """Write a source with one table t that has one row, n = 1."""
    folder.mkdir()
    (folder / "other.csv").write_text("secret\ncanary\n")
    if kind == "parquet":
        duckdb.sql("SELECT 1 AS n").write_parquet(str(folder / "t.parquet"))
        return folder / "t.parquet"
    if kind == "csv":
        (folder / "t.csv").write_text("n\n1\n")
        return folder / "t.csv"
    if kind == "duckdb":
        with duckdb.connect(str(folder / "t.duckdb")) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS n")
        return folder / "t.duckdb"
    with closing(sqlite3.connect(folder / "t.db")) as connection, connection:
        connection.execute("CREATE TABLE t (n)")
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    return folder / "t.db"


def needs_landlock() -> None:
    rules = cage.ruleset([], [])
    if rules is None:
        pytest.skip("this kernel has no Landlock")
    os.close(rules)


@pytest.fixture(params=["caged", "uncaged"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run once as the kernel is, and once as if it could not hold threads."""
    if request.param == "uncaged":
        monkeypatch.setattr(cage, "ruleset", lambda readable, scratch: None)
    else:
        needs_landlock()
    return str(request.param)


def walls_hold(kind: str, folder: Path, roads: list[str], run: str) -> None:
    source_file = make(kind, folder)
    before = folder_digest(folder)
    source = open_source(source_file)
    engine: Engine = source._engine  # type: ignore[attr-defined]
    names = {"source": source_file, "other": folder / "other.csv", "folder": folder}
    try:
        for road in roads:
            sql = road.format(**names)
            found: object = None
            try:
                if run == "rows" and kind != "sqlite":
                    found = engine.rows(sql, Deadline())
                else:
                    found = engine.query(sql, 10, Deadline()).table.to_pylist()
            except (ClewError, duckdb.Error):
                pass
            assert "canary" not in repr(found) and "root:" not in repr(found), sql
            # A copy of Clew's own may be overwritten in memory at most: never the answer.
            assert folder_digest(folder) == before, sql
        result = source.run("SELECT n FROM t", ANA, Deadline())
        assert result.table.to_pylist() == [{"n": 1}]
    finally:
        source.close()
    assert folder_digest(folder) == before


@pytest.mark.parametrize("run", ["rows", "query"])
@pytest.mark.parametrize("kind", ["parquet", "csv", "duckdb"])
def test_duckdb_has_no_road_to_a_file(tmp_path: Path, kernel: str, kind: str, run: str) -> None:
    walls_hold(kind, tmp_path / "source", DUCKDB_ROADS, run)


def test_sqlite_has_no_road_to_a_file(tmp_path: Path) -> None:
    walls_hold("sqlite", tmp_path / "source", SQLITE_ROADS, "query")


@pytest.fixture
def caged_parquet(tmp_path: Path, kernel: str) -> Iterator[Engine]:
    source = open_source(make("parquet", tmp_path / "source"))
    yield source._engine  # type: ignore[attr-defined]
    source.close()


def test_the_caller_s_own_thread_stays_free(caged_parquet: Engine, tmp_path: Path) -> None:
    caged_parquet.rows("SELECT 1", Deadline())
    (tmp_path / "mine").write_text("written")
    assert (tmp_path / "mine").read_text() == "written"


def test_every_thread_that_duckdb_starts_is_in_the_cage(tmp_path: Path) -> None:
    needs_landlock()
    file = make("duckdb", tmp_path / "source")
    threads = Path("/proc/self/task")
    open_source(file).close()
    before = set(os.listdir(threads))
    source = open_source(file, threads=4)
    source._engine.rows("SELECT count(*) FROM range(1000000)", Deadline())  # type: ignore[attr-defined]
    started = set(os.listdir(threads)) - before
    bound = {
        thread: "NoNewPrivs:\t1" in (threads / thread / "status").read_text() for thread in started
    }
    source.close()
    assert len(bound) >= 4 and all(bound.values()), bound


def test_the_kernel_holds_where_duckdb_would_not(tmp_path: Path) -> None:
    # The paths that DuckDB may read it may also overwrite: only the cage stops this.
    needs_landlock()
    file = make("parquet", tmp_path / "source")
    source = open_source(file)
    sql = f"COPY (SELECT 1 AS n) TO '{file}' (FORMAT parquet, USE_TMP_FILE false)"
    with pytest.raises(SourceError, match="Permission denied|reads a file outside"):
        source._engine.rows(sql, Deadline())  # type: ignore[attr-defined]
    source.close()


def test_a_view_on_an_outside_file_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("secret\ncanary\n")
    with duckdb.connect(str(tmp_path / "t.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
        connection.execute(f"CREATE VIEW v AS SELECT * FROM '{tmp_path}/other.csv'")
    source = open_source(tmp_path / "t.duckdb")
    assert [table.name for table in source.catalog(ANA).tables] == ["t"]
    assert "outside" in source.broken["v"]
    with pytest.raises(SourceError, match="outside"):
        source.run("SELECT * FROM v", ANA, Deadline())
    source.close()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    from clew_tools.database import scratch

    source = open_source(make("csv", tmp_path / "source"))
    source.run("SELECT n FROM t", ANA, Deadline())
    source.close()
    del source
    gc.collect()
    assert [path.name for path in scratch.folder().iterdir() if path.is_file()] == []
