"""Do all forms hold the same rows, and can every file be read by its own kind of reader?"""

import ast
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import jsonschema
import pytest
import yaml

from acme.confirm import key_of, read
from clew_acme import generate
from clew_core.schema import schema
from conftest import NOBODY, Unprivileged


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("acme") / "small", seed=9, scale=0.03)


def counted(key: dict[str, object]) -> dict[str, int]:
    rows = key["tables"]
    assert isinstance(rows, dict)
    return rows


def test_every_form_holds_the_same_rows_in_the_same_order(small: Path) -> None:
    company = small / "company"
    lite = sqlite3.connect(company / "acme.sqlite")
    with duckdb.connect(str(company / "acme.duckdb"), read_only=True) as db:
        for table, rows in counted(key_of(small)).items():
            first = db.execute(f"SELECT * FROM {table}").fetchall()
            assert len(first) == rows
            for source in (
                f"read_parquet('{company}/parquet/{table}.parquet')",
                f"read_csv('{company}/csv/{table}.csv', all_varchar = true)",
            ):
                names = [c[0] for c in db.execute(f"SELECT * FROM {table} LIMIT 0").description]
                texts = ", ".join(f"{n}::VARCHAR" for n in names)
                mine = db.execute(f"SELECT {texts} FROM {table}").fetchall()
                assert db.execute(f"SELECT {texts} FROM {source}").fetchall() == mine
            second = lite.execute(f"SELECT * FROM {table}").fetchall()
            assert [[plain(v) for v in r] for r in second] == [[plain(v) for v in r] for r in first]
    lite.close()


def plain(value: object) -> object:
    if isinstance(value, bool):
        return float(value)
    if value is None or isinstance(value, str):
        return value
    return float(value) if hasattr(value, "__float__") else str(value)


def test_the_chosen_forms_and_no_others_are_written(tmp_path: Path) -> None:
    folder = generate(tmp_path / "a", seed=4, scale=0.02, forms=["csv", "sqlite"])
    names = {p.name for p in (folder / "company").iterdir()}
    assert names == {"acme.sqlite", "csv", "source.yaml", "roles.yaml", "knowledge", "scripts",
                     "wiki", "logs"}  # fmt: skip
    source = yaml.safe_load((folder / "company" / "source.yaml").read_text("utf-8"))
    assert source["location"] == "acme.sqlite"


@pytest.mark.parametrize(
    ("file", "form"),
    [
        ("source.yaml", "source.v1"),
        ("wiki/source.yaml", "source.v1"),
        ("logs/source.yaml", "source.v1"),
        ("roles.yaml", "roles.v1"),
        ("knowledge/metrics.yaml", "metrics.v1"),
        ("knowledge/glossary.yaml", "glossary.v1"),
    ],
)
def test_workspace_files_fit_their_schemas(file: str, form: str, small: Path) -> None:
    content = yaml.safe_load((small / "company" / file).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema(form))
    jsonschema.validate(content, schema(form))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**content, "x": {"nonsense": 1}}, schema(form))


def test_source_and_roles_name_what_is_there(small: Path) -> None:
    company = small / "company"
    with duckdb.connect(str(company / "acme.duckdb"), read_only=True) as db:
        found = db.execute("SELECT table_name, column_name FROM information_schema.columns")
        there = {(t, c) for t, c in found.fetchall()}
        source = yaml.safe_load((company / "source.yaml").read_text("utf-8"))
        for table, entry in source["tables"].items():
            for field in [*entry.get("fields", {}), *entry.get("key", [])]:
                assert (table, field) in there
            for field in entry.get("fields", {}).values():
                if "references" in field:
                    assert tuple(field["references"].split(".")) in there
        roles = yaml.safe_load((company / "roles.yaml").read_text("utf-8"))
        for role in roles.values():
            for hidden in role.get("hide", []):
                assert tuple(hidden.split(".")) in there
            for table, condition in role.get("rows", {}).items():
                assert table in role["tables"]
                db.execute(f"SELECT count(*) FROM {table} WHERE {condition}")
        for name in ("metrics", "glossary"):
            words = yaml.safe_load((company / "knowledge" / f"{name}.yaml").read_text("utf-8"))
            for word in words.values():
                expression = word.get("expression") or word["condition"]
                tables = sorted({t for t, _ in there if f"{t}." in expression})
                db.execute(f"EXPLAIN SELECT {expression} FROM {', '.join(tables)}")


def test_documents_are_listed_with_who_may_read_them(small: Path) -> None:
    wiki = small / "company" / "wiki"
    listed = yaml.safe_load((wiki / "source.yaml").read_text("utf-8"))["documents"]
    there = {p.relative_to(wiki).as_posix() for p in wiki.rglob("*") if p.is_file()}
    assert set(listed) == there - {"source.yaml"}
    labels = {label for entry in listed.values() for label in entry.get("access", [])}
    assert {"board", "people", "finance", "it"} <= labels
    for case in key_of(small)["roles"]:
        if "document" in case and case["allowed"] is False:
            assert listed[case["document"].removeprefix("wiki/")]["access"]


def test_scripts_can_be_parsed_and_the_sql_runs(small: Path) -> None:
    with duckdb.connect(str(small / "company" / "acme.duckdb"), read_only=True) as db:
        for path in sorted((small / "company" / "scripts").rglob("*")):
            text = path.read_text("utf-8") if path.is_file() else ""
            if path.suffix == ".py":
                ast.parse(text)
            elif path.suffix == ".sql":
                for statement in duckdb.extract_statements(text):
                    db.execute(statement)


def test_pdf_docx_and_mail_are_read_by_their_own_kind(small: Path) -> None:
    wiki = small / "company" / "wiki"
    for path in wiki.rglob("*.pdf"):
        data = path.read_bytes()
        table = int(data[data.rindex(b"startxref") :].split()[1])
        assert data[table : table + 4] == b"xref"
        for number, line in enumerate(data[table:].split(b"\n")[3:], start=1):
            if not line.endswith(b"n "):
                break
            assert data[int(line[:10]) :].startswith(b"%d 0 obj" % number)
        assert len(read(path)) > 60
    if shutil.which("pdftotext"):
        book = next(wiki.rglob("employee-handbook.pdf"))
        run = subprocess.run(["pdftotext", book, "-"], capture_output=True, text=True, check=True)
        assert "common sense" in run.stdout
        assert run.stderr == ""
    assert all(len(read(path)) > 40 for path in wiki.rglob("*.docx"))


def test_no_rule_is_told_before_the_error_it_is_about(small: Path) -> None:
    key = key_of(small)
    error = key["logs"]["rare_error"]
    listed = yaml.safe_load((small / "company" / "wiki" / "source.yaml").read_text("utf-8"))
    told = [
        entry["date"]
        for path, entry in listed["documents"].items()
        if error["code"] in read(small / "company" / "wiki" / path)
    ]
    assert told and min(told) >= error["from"]
    assert max(e["date"] for e in listed["documents"].values()) < key["now"]


def test_no_page_or_script_shows_the_seams_of_its_making(small: Path) -> None:
    seams = re.compile(
        r"<(?!br)[a-z_]+\d?>|%[a-z_]{3,}%|\^(up|down)|\[\[(?!\")|⟦|⟧|\{\w+\.\w+\}|\?\d\d "
    )
    for folder in ("wiki", "scripts", "knowledge"):
        for path in (small / "company" / folder).rglob("*"):
            if path.is_file():
                found = seams.search(read(path))
                assert not found, f"{path}: {found}"


@pytest.fixture
def server() -> Iterator[Unprivileged]:
    """Hand out a user who may run PostgreSQL, which root may not."""
    folder = Path(tempfile.mkdtemp(prefix="clew-postgres-"))
    uid = os.geteuid() or NOBODY
    os.chown(folder, uid, -1)
    yield Unprivileged(folder=folder, uid=uid)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.postgres
def test_postgres_takes_the_sql_and_answers_as_duckdb_does(
    small: Path, server: Unprivileged
) -> None:
    programs = [Path("/usr/lib/postgresql/15/bin"), *map(Path, os.environ["PATH"].split(":"))]
    home = next(
        (p for p in programs if (p / "initdb").exists() and (p / "postgres").exists()), None
    )
    if home is None or not shutil.which("psql"):
        pytest.skip("no PostgreSQL server's programs on this machine")
    data, socket = server.folder / "data", server.folder
    made = server.run(home / "initdb", "-D", data, "-U", "clew", "-E", "UTF8", "--locale=C",
                            "-N")  # fmt: skip
    assert made.returncode == 0, made.stderr
    options = f"-c listen_addresses= -c unix_socket_directories={socket} -c fsync=off"
    started = server.run(home / "pg_ctl", "-D", data, "-w", "-o", options, "-l",
                               server.folder / "log", "start")  # fmt: skip
    assert started.returncode == 0, started.stdout
    try:
        shutil.copy(small / "company" / "postgres.sql", server.folder / "acme.sql")
        os.chmod(server.folder / "acme.sql", 0o644)
        psql = ("psql", "-h", socket, "-U", "clew", "-d", "postgres", "-q", "-v", "ON_ERROR_STOP=1")
        loaded = server.run(*psql, "-f", server.folder / "acme.sql")
        assert loaded.returncode == 0, loaded.stderr
        for table, rows in counted(key_of(small)).items():
            asked = server.run(*psql, "-At", "-c", f"SELECT count(*) FROM {table}")
            assert int(asked.stdout) == rows
        key = key_of(small)
        money = next(c["column"] for c in key["columns"] if c["plain"] == "net_amount")
        asked = server.run(*psql, "-At", "-c", f"SELECT sum({money}) FROM orders")
        with duckdb.connect(str(small / "company" / "acme.duckdb"), read_only=True) as db:
            (total,) = db.execute(f"SELECT sum({money}) FROM orders").fetchall()[0]
        assert asked.stdout.strip() == str(total)
    finally:
        server.run(home / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        time.sleep(0.2)


def test_the_marker_says_which_part_to_open(small: Path) -> None:
    marker = json.loads((small / ".clew-example.json").read_text("utf-8"))
    assert marker["open"] == "company"
    assert {p.name for p in small.iterdir()} == {"company", "key", ".clew-example.json"}
