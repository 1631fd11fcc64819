"""Does every file open as what it is, and every bad one fail in one clear line?"""

import gzip
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from clew_core.deadline import Deadline
from clew_core.errors import SourceError
from clew_core.principal import Principal
from clew_tools.database.catalog import Catalog
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

ANA = Principal()
Opener = Callable[..., Source]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Open sources, close them, and see that no file was touched."""
    sources: list[Source] = []
    before: dict[Path, str] = {}

    def open_it(location: Path, **options: object) -> Source:
        before.update(_digests(tmp_path))
        sources.append(open_source(location, **options))  # type: ignore[arg-type]
        return sources[-1]

    yield open_it
    for source in sources:
        source.close()
        source.close()
    assert _digests(tmp_path) == (before or _digests(tmp_path))


def _digests(folder: Path) -> dict[Path, str]:
    return {
        path: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and os.access(path, os.R_OK)
    }


def fails(location: Path) -> str:
    """Say how opening fails: one line, a SourceError."""
    before = _digests(location.parent)
    with pytest.raises(SourceError) as caught:
        open_source(location)
    assert _digests(location.parent) == before
    text = str(caught.value)
    assert "\n" not in text and len(text) < 400
    return text


def rows(source: Source, sql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = source.run(sql, ANA, Deadline()).table.to_pylist()
    return found


def types(catalog: Catalog, table: str) -> dict[str, str]:
    found = catalog.table(table)
    assert found is not None, catalog
    return {column.name: column.type for column in found.columns}


def csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# ------------------------------------------------------------------------------- what can be opened


def test_a_csv_file_becomes_a_table_named_by_its_stem(tmp_path: Path, opened: Opener) -> None:
    source = opened(
        csv(tmp_path / "2014 q4.csv", "day,price,n\n2014-10-01,1.5,3\n2014-10-02,2,4\n")
    )
    assert (source.name, source.dialect, source.warnings) == ("source_2014_q4", "duckdb", ())
    catalog = source.catalog(ANA)
    assert [(t.name, t.row_count) for t in catalog.tables] == [("source_2014_q4", 2)]
    assert types(catalog, "source_2014_q4") == {"day": "date", "price": "number", "n": "integer"}


@pytest.mark.parametrize("name", ["a.tsv", "a.csv.gz", "a.csv"])
def test_tsv_and_packed_files_open_too(tmp_path: Path, opened: Opener, name: str) -> None:
    text = "x\ty\n1\tone\n2\ttwo\n".replace("\t", "\t" if "tsv" in name else ",").encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    source = opened(tmp_path / name)
    assert rows(source, "SELECT sum(x) AS s, max(y) AS m FROM a") == [{"s": 3, "m": "two"}]


def test_a_parquet_file_opens(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "it's [1] é.parquet"
    duckdb.sql("SELECT range AS n, 'x' AS t FROM range(5)").write_parquet(str(tmp_path / "p"))
    (tmp_path / "p").rename(path)
    source = opened(path)
    assert source.name == "it_s_1_é"
    assert rows(source, f"SELECT count(*) AS c FROM {source.name}") == [{"c": 5}]


def test_a_sqlite_file_is_known_by_its_content(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "shop.duckdb"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, price NUMERIC(10,2))")
    connection.close()
    source = opened(path)
    assert source.dialect == "sqlite"
    assert source.warnings == ("'shop.duckdb' is a SQLite database, whatever its name says.",)


def test_a_duckdb_file_opens_read_only_and_twice(tmp_path: Path, opened: Opener) -> None:
    path = tmp_path / "shop.db"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA sales; CREATE TABLE sales.item (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE item AS SELECT 1 AS a")
    first, second = opened(path), opened(path)
    assert sorted(table.name for table in first.catalog(ANA).tables) == ["item", "sales.item"]
    assert rows(second, 'SELECT count(*) AS n FROM sales.item, "sales.item" AS b') == [{"n": 0}]


def test_a_folder_opens_with_all_its_tables(tmp_path: Path, opened: Opener) -> None:
    csv(tmp_path / "a.csv", "x\n1\n")
    csv(tmp_path / "b.tsv", "x\ty\n1\t2\n")
    duckdb.sql("SELECT 1 AS z").write_parquet(str(tmp_path / "c.parquet"))
    csv(tmp_path / "notes.txt", "not a table")
    source = opened(tmp_path, name="mine")
    assert source.name == "mine"
    assert [table.name for table in source.catalog(ANA).tables] == ["a", "b", "c"]
    assert rows(source, "SELECT a.x + b.y + c.z AS n FROM a, b, c") == [{"n": 4}]


def test_a_company_folder_stands_for_its_database(tmp_path: Path, opened: Opener) -> None:
    inner = tmp_path / "acme" / "company"
    inner.mkdir(parents=True)
    with duckdb.connect(str(inner / "acme.duckdb")) as connection:
        connection.execute("CREATE TABLE orders AS SELECT 1 AS id")
    csv(tmp_path / "acme" / "other.csv", "x\n1\n")
    source = opened(tmp_path / "acme")
    assert [table.name for table in source.catalog(ANA).tables] == ["orders"]
    assert (source.name, source.location) == ("acme", str(tmp_path / "acme"))


# ------------------------------------------------------------------------------------- bad input


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    assert "no file or folder" in fails(tmp_path / "missing.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.duckdb", "a.sqlite"])
def test_a_file_without_bytes_says_so(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert "is empty" in fails(tmp_path / name)


def test_a_csv_of_names_only_has_no_rows_and_a_warning(tmp_path: Path, opened: Opener) -> None:
    source = opened(csv(tmp_path / "a.csv", "x,y\n"))
    assert source.warnings == ("'a.csv': it has column names but no rows.",)
    assert source.catalog(ANA).tables[0].row_count == 0
    assert rows(source, "SELECT x FROM a") == []
    assert source.values(ANA, Deadline()).find("x") == ()


def test_two_encodings_in_one_file_fail_with_the_byte(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("x\nGröße\n".encode() + "Größe\n".encode("cp1252"))
    text = fails(tmp_path / "a.csv")
    assert "mixes two encodings" in text and "byte 12 " in text


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", ""), ("utf-8-sig", "UTF-8 with a mark"), ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("cp1252", "Windows-1252"),
    ],
)  # fmt: skip
def test_each_encoding_is_read_and_said(
    tmp_path: Path, opened: Opener, encoding: str, said: str
) -> None:
    source = opened(csv(tmp_path / "a.csv", "name,n\nGröße,1\nZoë,2\n", encoding))
    assert said in "".join(source.warnings) and bool(source.warnings) == bool(said)
    assert rows(source, "SELECT name FROM a ORDER BY n") == [{"name": "Größe"}, {"name": "Zoë"}]


def test_two_files_of_two_encodings_are_fine(tmp_path: Path, opened: Opener) -> None:
    csv(tmp_path / "a.csv", "x\né\n")
    csv(tmp_path / "b.csv", "x\né\n", "cp1252")
    source = opened(tmp_path)
    assert rows(source, "SELECT count(*) AS n FROM a JOIN b ON a.x = b.x") == [{"n": 1}]
    assert [warning[:7] for warning in source.warnings] == ["'b.csv'"]


def test_a_broken_file_leaves_the_rest_of_a_folder_open(tmp_path: Path, opened: Opener) -> None:
    csv(tmp_path / "good.csv", "x\n1\n")
    csv(tmp_path / "ragged.csv", "x,y\n1,2\n3\n")
    csv(tmp_path / "wide.csv", "x,y\n1,2,3\n4,5,6\n")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    source = opened(tmp_path)
    assert [table.name for table in source.catalog(ANA).tables] == ["good"]
    assert set(source.broken) == {"ragged", "cut", "wide"}
    assert "line 3" in source.broken["ragged"]
    assert any("'cut.parquet'" in warning for warning in source.warnings)


def test_a_folder_of_broken_files_fails(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    assert "is empty" in fails(tmp_path)


def test_a_folder_without_tables_fails(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    assert "holds no table" in fails(tmp_path / "inner")


@pytest.mark.parametrize("name", ["select.csv", "Ünï côdé.csv", 'it"s; drop.csv', "a b'c.csv"])
def test_tables_may_have_any_name(tmp_path: Path, opened: Opener, name: str) -> None:
    csv(tmp_path / name, 'select,"a ""b""",größe\n1,2,x\n')
    source = opened(tmp_path)
    table = name.removesuffix(".csv")
    assert [t.name for t in source.catalog(ANA).tables] == [table]
    quoted = '"' + table.replace('"', '""') + '"'
    sql = f'SELECT "select" + "a ""b""" AS n, größe FROM {quoted} WHERE {quoted}."select" = 1'
    assert rows(source, sql) == [{"n": 3, "größe": "x"}]
    assert source.values(ANA, Deadline()).find("X")[0].table == table


def test_a_column_of_mixed_types_stays_text(tmp_path: Path, opened: Opener) -> None:
    text = "n,m\n" + "".join(f"{i},{i}\n" for i in range(30)) + "n/a,\n"
    source = opened(csv(tmp_path / "a.csv", text))
    assert types(source.catalog(ANA), "a") == {"n": "text", "m": "integer"}
    assert source.warnings == (
        "'a.csv': column 'n' stays text: 1 of 31 values are no numbers, such as 'n/a'.",
    )


def test_a_second_column_of_a_name_gets_a_number(tmp_path: Path, opened: Opener) -> None:
    source = opened(csv(tmp_path / "a.csv", "x,X,x,\n1,2,3,4\n"))
    assert list(types(source.catalog(ANA), "a")) == ["x", "X_2", "x_3", "column_4"]
    assert len(source.warnings) == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.parquet", b"x,y\n1,2\n", "is not a Parquet file"),
        ("a.duckdb", b"x,y\n1,2\n", "is not a DuckDB database"),
        ("a.sqlite", b"SQLite format 3\0 and nonsense" * 50, "SQLite"),
        ("a.duckdb", b"12345678DUCK and nonsense" * 400, "DuckDB"),
        ("a.csv", b"PK\x03\x04 an Excel file", "ZIP or Excel"),
        ("a.csv", b"x,y\n1,\x00\x01\x02\n", "zero"),
        ("a.csv.gz", b"\x1f\x8b\x08 cut off", "can't be read"),
        ("a.csv", b"\n\n  \n", "no line with column names"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_fails(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in fails(tmp_path / name)


def test_a_parquet_file_called_csv_is_opened_with_a_warning(tmp_path: Path, opened: Opener) -> None:
    duckdb.sql("SELECT 7 AS n").write_parquet(str(tmp_path / "a.csv"))
    source = opened(tmp_path / "a.csv")
    assert rows(source, "SELECT n FROM a") == [{"n": 7}]
    assert source.warnings == ("'a.csv' is a Parquet file, whatever its name says.",)


def test_a_file_that_may_not_be_read_says_so(unprivileged: object) -> None:
    folder = unprivileged.folder  # type: ignore[attr-defined]
    secret = csv(folder / "a.csv", "x\n1\n")
    os.chown(secret, unprivileged.uid, -1)  # type: ignore[attr-defined]
    secret.chmod(0)
    code = "from clew_tools.database.open import open_source; open_source('a.csv')"
    path = os.pathsep.join(sys.path)
    ran = unprivileged.run(sys.executable, "-c", code, PYTHONPATH=path)  # type: ignore[attr-defined]
    assert "SourceError: 'a.csv' can't be read: Permission denied." in ran.stderr


def test_a_locked_duckdb_file_says_who_holds_it(tmp_path: Path, held_open: Path) -> None:
    text = fails(held_open)
    assert "is locked" in text and "process" in text


@pytest.fixture
def held_open(tmp_path: Path) -> Iterator[Path]:
    """Have another process write to a database."""
    import subprocess

    path = tmp_path / "held.duckdb"
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(path)!r}); "
        "c.execute('CREATE TABLE t (x INT)'); c.execute('CHECKPOINT'); "
        "print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield path
        process.stdin.close()


# ------------------------------------------------------------------------------ how a CSV is read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\r\n1,x\r\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("a;b\n1;x,y\n2;z\n", [(1, "x,y"), (2, "z")]),
        ("a|b\n1|x\n2|y\n", [(1, "x"), (2, "y")]),
        ("# made by hand\n# twice, really\na,b\n1,x\n2,y\n", [(1, "x"), (2, "y")]),
        ("\n\na,b\n1,x\n2,y\n", [(1, "x"), (2, "y")]),
        ('a,b\n1,"x\ny"\n2,"z ""q"""\n', [(1, "x\ny"), (2, 'z "q"')]),
        ('a,"b\nc"\n1,x\n2,y\n', [(1, "x"), (2, "y")]),
        ('# it"s\na,b\n1,x\n2,y\n', [(1, "x"), (2, "y")]),
        ("a,b\n1,x\n\n2,#y\n\n", [(1, "x"), (2, "#y")]),
        ("a;b\n1,5;x\n2,25;y\n", [(1.5, "x"), (2.25, "y")]),
        ("a;b\n1.234,5;x\n2;y\n", [(1234.5, "x"), (2.0, "y")]),
        ('a,b\n"1,5",x\n"2,25",y\n', [(1.5, "x"), (2.25, "y")]),
        ("a,b\n00123,x\n10234,y\n", [("00123", "x"), ("10234", "y")]),
        ("a,b\n1,x\n2,y", [(1, "x"), (2, "y")]),
        ("a,b\r\n1,x\n2,y\r\n", [(1, "x"), (2, "y")]),
        ("a,b\r1,x\r2,y\r", [(1, "x"), (2, "y")]),
        ("Sales 2020\n\na,b\n1,x\n2,y\n", [(1, "x"), (2, "y")]),
    ],
)  # fmt: skip
def test_a_csv_is_read_as_people_mean_it(
    tmp_path: Path, opened: Opener, text: str, expected: list[tuple[object, ...]]
) -> None:
    source = opened(csv(tmp_path / "t.csv", text))
    result = source.run("SELECT * FROM t", ANA, Deadline()).table
    assert [tuple(row.values()) for row in result.to_pylist()] == expected


def test_commas_that_may_mean_thousands_stay_text(tmp_path: Path, opened: Opener) -> None:
    source = opened(csv(tmp_path / "t.csv", 'a,b\n"1,234",1\n"5,678",2\n'))
    assert types(source.catalog(ANA), "t")["a"] == "text"
    assert "thousands or decimals" in source.warnings[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a,b\n1,2\n3,4,5\n6,7\n", 3), ("a,b\n1,2\n3\n", 3), ('a,b\n"1\n1",2\n3\n', 4),
        ("# c\na,b\n1,2\n3,4,5\n", 4),
    ],
)  # fmt: skip
def test_a_ragged_row_is_named_by_its_line(tmp_path: Path, text: str, line: int) -> None:
    said = fails(csv(tmp_path / "a.csv", text))
    assert "is ragged" in said and f"line {line} " in said


def test_a_file_without_names_gets_some(tmp_path: Path, opened: Opener) -> None:
    source = opened(csv(tmp_path / "t.csv", "1,2.5\n3,4.5\n"))
    assert types(source.catalog(ANA), "t") == {"column_1": "integer", "column_2": "number"}
    assert source.catalog(ANA).tables[0].row_count == 2
    assert "no line with column names" in source.warnings[0]


def test_years_as_column_names_are_names(tmp_path: Path, opened: Opener) -> None:
    source = opened(csv(tmp_path / "t.csv", "country,1990,2000\nPeru,1,2\n"))
    assert list(types(source.catalog(ANA), "t")) == ["country", "1990", "2000"]


def test_a_title_above_the_table_is_skipped_and_said(tmp_path: Path, opened: Opener) -> None:
    source = opened(csv(tmp_path / "t.csv", "Sales of 2020;\n\na;b;c\n1;2;3\n"))
    assert list(types(source.catalog(ANA), "t")) == ["a", "b", "c"]
    assert "'Sales of 2020;'" in source.warnings[0]


def test_rows_with_more_values_than_names_are_ragged(tmp_path: Path) -> None:
    assert "line 2 has 3 values" in fails(csv(tmp_path / "t.csv", "a,b\n1,2,3\n4,5,6\n"))


def test_an_open_quote_fails_in_words(tmp_path: Path) -> None:
    assert "quote" in fails(csv(tmp_path / "t.csv", 'a,b\n1,"open\n2,3\n'))


@pytest.mark.parametrize(
    ("second", "guess"), [("05/06/2020", True), ("25/06/2020", False), ("06/25/2020", False)]
)
def test_dates_that_could_be_two_days_are_a_guess_and_said(
    tmp_path: Path, opened: Opener, second: str, guess: bool
) -> None:
    source = opened(csv(tmp_path / "t.csv", f"d,n\n03/04/2020,1\n{second},2\n"))
    assert types(source.catalog(ANA), "t")["d"] == "date"
    assert any("is a guess" in warning for warning in source.warnings) == guess


def test_no_progress_bar_is_drawn_where_duckdb_takes_a_process_for_interactive(
    tmp_path: Path,
) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    code = (
        "import sys\n"
        "from clew_tools.database.open import open_source\n"
        "engine = open_source(sys.argv[1])._engine\n"
        "cursor = engine._workers.run(engine._cursor, __import__('clew_core.deadline')"
        ".deadline.Deadline(), lambda: None)\n"
        "print(cursor.execute(\"SELECT current_setting('enable_progress_bar')\").fetchone()[0])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "t.csv"], capture_output=True, text=True
    )
    assert ran.stdout.split() == ["False"], ran.stderr
