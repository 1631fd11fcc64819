"""May the owner's cells change her own file, and nobody anything else?"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, Cancelled, ClewError, Refused, RetryByModel, SourceError
from clew_core.principal import Policy, Principal
from clew_tools.database import cage, writing
from clew_tools.database.open import open_source
from clew_tools.database.writing import Grant, granted, run_write, written_by

ANA = Principal()
CREATE = """
CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c');
CREATE TABLE n AS SELECT id, id * 10 AS x FROM t;
CREATE VIEW v AS SELECT id FROM t;
"""
ALLOWED = """
INSERT INTO t VALUES (4, 'd'), (5, 'e'); 2
INSERT INTO t (id, name) SELECT id + 10, name FROM t WHERE id > 1; 2
INSERT INTO main.t SELECT x, 'n' FROM n; 3
UPDATE t SET name = upper(name) WHERE id IN (SELECT id FROM n WHERE x > 10); 2
UPDATE t SET name = 'z'; 3
DELETE FROM t WHERE t.id = 1; 1
DELETE FROM n; 3
DELETE FROM n /* all */; 3
""".strip().splitlines()
TABLES = """
CREATE TABLE made AS SELECT id, count(*) AS c FROM t GROUP BY id
CREATE TABLE IF NOT EXISTS made (id INTEGER NOT NULL, name VARCHAR(10), PRIMARY KEY (id))
CREATE TABLE main.made (id INTEGER PRIMARY KEY, name TEXT UNIQUE)
DROP TABLE n
DROP TABLE IF EXISTS n
""".strip().splitlines()
# {other} is another file, {folder} the folder of both.
REFUSED = """
COPY t TO '{folder}/out.csv'
COPY t FROM '{other}'
ATTACH '{other}' AS o
DETACH main
PRAGMA writable_schema = ON
SET enable_external_access = true
INSTALL httpfs
LOAD httpfs
EXPORT DATABASE '{folder}/x'
VACUUM INTO '{folder}/copy.db'
ALTER TABLE t ADD COLUMN m INTEGER
CREATE VIEW w AS SELECT 1 AS one
CREATE TEMP TABLE w AS SELECT 1 AS one
CREATE TEMPORARY TABLE w (n INTEGER)
CREATE OR REPLACE TABLE t AS SELECT 1 AS one
CREATE INDEX i ON t (name)
CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM n; END
CREATE SCHEMA s
CREATE SEQUENCE s
CREATE MACRO f(a) AS a + 1
CREATE TABLE w AS SELECT * FROM read_csv('{other}')
CREATE TABLE w AS SELECT * FROM '{other}'
CREATE TABLE w (n INTEGER DEFAULT (random()))
CREATE TABLE w (n INTEGER CHECK (n > 1))
CREATE TABLE elsewhere.w (n INTEGER)
CREATE TABLE main.elsewhere.w (n INTEGER)
CREATE VIRTUAL TABLE w USING fts5(x)
INSERT INTO t SELECT 9, content FROM read_text('{other}')
INSERT INTO t SELECT 9, name FROM '{other}'
INSERT INTO t SELECT 9, getenv('HOME')
INSERT INTO t SELECT 9, current_setting('temp_directory')
INSERT INTO t VALUES (9, load_extension('{other}'))
INSERT INTO t VALUES (9, (SELECT content FROM read_text('{other}')))
INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 0, 'x')
INSERT INTO other.t VALUES (9, 'x')
INSERT INTO nothing VALUES (9)
INSERT INTO v VALUES (9)
INSERT INTO t VALUES (9, 'x') RETURNING *
INSERT OR REPLACE INTO t VALUES (1, 'x')
INSERT INTO t VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y'
UPDATE sqlite_master SET sql = 'x'
UPDATE t SET name = readfile('{other}')
UPDATE t SET name = 'x' FROM n WHERE n.id = t.id
UPDATE t SET name = (SELECT sql FROM sqlite_master LIMIT 1)
UPDATE t SET name = (WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT max(i) FROM r)
DELETE FROM sqlite_master
DELETE FROM t WHERE EXISTS (SELECT 1 FROM duckdb_settings())
DELETE FROM t; DELETE FROM n
DELETE FROM t; ATTACH '{other}' AS o
DROP VIEW v
DROP SCHEMA main
DROP TABLE t; DROP TABLE n
DROP TABLE nothing
DROP TABLE t, n
DROP TABLE t CASCADE
DROP TABLE v
DROP TABLE sqlite_master
CREATE USER x
INSERT INTO t SELECT * FROM query('DROP TABLE n')
""".strip().splitlines()  # noqa: E501


@pytest.fixture(params=["duckdb", "sqlite"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def grant(engine: str, tmp_path: Path) -> Iterator[Grant]:
    """Make a file, one beside it, and a declaration that lets cells write the first."""
    for name in ("own", "other"):
        file = tmp_path / f"{name}.{engine}"
        if engine == "sqlite":
            lite = sqlite3.connect(file)
            lite.executescript(CREATE)
            lite.close()
        else:
            with duckdb.connect(str(file)) as maker:
                maker.execute(CREATE)
    declare(tmp_path, f"own.{engine}")
    yield granted(str(tmp_path / "source.yaml"), ANA, "DELETE")


def declare(folder: Path, location: str, more: str = "writes: true") -> str:
    file = folder / "source.yaml"
    file.write_text(f"name: own\nlocation: {location}\n{more}\n", encoding="utf-8")
    return str(file)


def rows(grant: Grant, sql: str) -> list[dict[str, object]]:
    source = open_source(grant.file)
    try:
        return list(source.run(sql, ANA, Deadline()).table.to_pylist())
    finally:
        source.close()


def digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("case", ALLOWED)
def test_rows_of_ones_own_file_can_be_changed(grant: Grant, case: str) -> None:
    sql, _, changed = case.rpartition("; ")
    assert run_write(sql, grant, Deadline()) == int(changed)
    assert [path.name for path in grant.file.parent.glob("own.*")] == [grant.file.name]


@pytest.mark.parametrize("sql", TABLES)
def test_tables_of_ones_own_file_can_be_made_and_dropped(grant: Grant, sql: str) -> None:
    run_write(sql, grant, Deadline())
    source = open_source(grant.file)
    names = {table.name for table in source.catalog(ANA).tables}
    source.close()
    assert names == ({"t", "v", "made", "n"} if "CREATE" in sql else {"t", "v"})


@pytest.mark.parametrize("sql", REFUSED)
def test_all_else_is_refused_and_leaves_every_file_as_it_was(grant: Grant, sql: str) -> None:
    folder = grant.file.parent
    before = digests(folder)
    with pytest.raises((Refused, RetryByModel)):
        run_write(sql.format(folder=folder, other=folder / "other.csv"), grant, Deadline())
    assert digests(folder) == before


@pytest.mark.parametrize("sql", REFUSED)
def test_without_the_check_other_files_stay_as_they_were(
    grant: Grant, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check taken away: the engine's own walls hold all but the file itself."""
    folder = grant.file.parent
    secret = folder / "other.csv"
    secret.write_text("id,name\n7,canary\n", encoding="utf-8")
    before = digests(folder)
    monkeypatch.setattr(writing, "check_write", lambda sql, *_: sql)
    try:
        run_write(sql.format(folder=folder, other=secret), grant, Deadline(Budget(seconds=2)))
    except ClewError:
        pass
    after = digests(folder)
    after[grant.file.name] = before[grant.file.name]
    assert after == before
    if "name FROM" in sql or "read" in sql:
        assert "canary" not in str(rows(grant, "SELECT * FROM t"))


def test_what_fails_changes_nothing(grant: Grant) -> None:
    with pytest.raises((RetryByModel, SourceError)):
        run_write("INSERT INTO t VALUES (8, 'x'), (1, 'twice')", grant, Deadline())
    assert rows(grant, "SELECT count(*) AS n FROM t") == [{"n": 3}]


def test_what_is_stopped_changes_nothing(grant: Grant) -> None:
    run_write(
        "CREATE TABLE big AS SELECT a.id FROM t a, t b, t c, t d, t e, t f", grant, Deadline()
    )
    endless = "INSERT INTO n SELECT a.id, b.id FROM big a, big b, big c, big d"
    with pytest.raises(BudgetEnded):
        run_write(endless, grant, Deadline(Budget(seconds=0.4)))
    deadline = Deadline()
    threading.Timer(0.4, deadline.cancel).start()
    with pytest.raises(Cancelled):
        run_write(endless, grant, deadline)
    assert rows(grant, "SELECT count(*) AS n FROM n") == [{"n": 3}]


def test_a_file_that_is_open_is_told(grant: Grant) -> None:
    if grant.dialect == "sqlite":
        pytest.skip("SQLite lets one write while others read")
    source = open_source(grant.file)
    try:
        with pytest.raises(SourceError, match="open in this process"):
            run_write("DELETE FROM t", grant, Deadline())
    finally:
        source.close()


# ------------------------------------------------------------------- who is granted what


@pytest.mark.parametrize("more", ["", "writes: false", "writes: true\naccess: [sales]",
                                  "writes: true\ntables: {t: {access: [sales]}}"])  # fmt: skip
def test_without_a_grant_nothing_is_written(grant: Grant, tmp_path: Path, more: str) -> None:
    place = declare(tmp_path, grant.file.name, more)
    with pytest.raises(Refused, match="read only|hidden"):
        granted(place, ANA, "DELETE")


@pytest.mark.parametrize(
    "policy",
    [Policy(tables=("t",)), Policy(hide=("t.name",)), Policy(rows={"t": "id = 1"})],
)
def test_who_sees_a_part_changes_nothing(grant: Grant, tmp_path: Path, policy: Policy) -> None:
    with pytest.raises(Refused, match="hidden"):
        granted(str(tmp_path / "source.yaml"), Principal(policy=policy), "DELETE")


def test_only_a_declared_file_is_granted(grant: Grant, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a\n1\n", encoding="utf-8")
    for location in (str(grant.file), str(tmp_path / "nothing"), "postgresql://ana@host/db"):
        with pytest.raises(Refused, match="read only"):
            granted(location, ANA, "DELETE")
    assert granted(str(tmp_path), ANA, "DELETE") == grant
    for location in ("t.csv", "postgresql://ana@host/db", "nothing.duckdb"):
        with pytest.raises((Refused, SourceError)):
            granted(declare(tmp_path, location), ANA, "DELETE")


def test_agents_have_no_road_to_writing(grant: Grant, tmp_path: Path) -> None:
    """What agents hold is a source: it refuses, whatever its source.yaml grants."""
    import ast

    source = open_source(tmp_path / "source.yaml")
    for sql in ("DELETE FROM t", "INSERT INTO t VALUES (9, 'x')", "DROP TABLE t",
                "CREATE TABLE w AS SELECT 1 AS one", "UPDATE t SET name = 'x'"):  # fmt: skip
        for call in (lambda sql=sql: source.run(sql, ANA, Deadline()),
                     lambda sql=sql: list(source.check(sql, ANA))):  # fmt: skip
            with pytest.raises(Refused):
                call()
    assert not hasattr(source, "write")
    source.close()
    assert rows(grant, "SELECT count(*) AS n FROM t") == [{"n": 3}]
    root = Path(writing.__file__).parents[3]
    for path in (root / "agents").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Import | ast.ImportFrom):
                continue
            named = getattr(node, "module", "") or ""
            names = [alias.name for alias in node.names]
            assert "writing" not in f"{named} {names}", path


@pytest.mark.parametrize(
    "text", ["select 1", "with x as (select 1) delete from t", "", "-- delete"]
)
def test_what_only_looks_like_writing_goes_to_the_guard(text: str) -> None:
    assert written_by(text) is None


def test_the_thread_that_writes_is_kept_to_the_files_folder(
    grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    if grant.dialect == "sqlite" or cage.ruleset([], [grant.file.parent]) is None:
        pytest.skip("only DuckDB's thread is kept, where the kernel has Landlock")
    entered: list[int] = []
    enter = cage.enter
    monkeypatch.setattr(cage, "enter", lambda rules: (entered.append(rules), enter(rules))[1])
    run_write("DELETE FROM t", grant, Deadline())
    assert len(entered) >= 2
