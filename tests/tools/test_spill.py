"""Does what is larger than memory go to a disk, come back the same, and leave nothing behind?"""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded
from clew_core.principal import Policy, Principal
from clew_tools.database import scratch, spill
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

ANA = Principal(policy=Policy(budget=Budget(rows=10**8)))
COUNT = 60_000
SQL = "SELECT n, f, t FROM many ORDER BY n"


@pytest.fixture(scope="module", params=["duckdb", "sqlite", "postgres"])
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Source]:
    """Open 60 000 rows of some 10 MB; SQLite's change their kinds on the way."""
    folder = tmp_path_factory.mktemp("spill")
    location: str | Path = folder / f"t.{request.param}"
    if request.param == "postgres":
        import psycopg

        url = request.getfixturevalue("postgres_url")
        name = f"spill_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        location = url.replace("/postgres?", f"/{name}?")
        with psycopg.connect(location, autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE many AS SELECT n, CASE WHEN n % 3 = 0 THEN 'NaN' ELSE n / 8.0 END "
                f"::numeric AS f, repeat('é', 80) AS t FROM generate_series(0, {COUNT - 1}) n"
            )
    elif request.param == "sqlite":
        lite = sqlite3.connect(location)
        lite.execute("CREATE TABLE many (n INTEGER, f, t)")
        half = COUNT // 2
        lite.executemany(
            "INSERT INTO many VALUES (?, ?, ?)",
            ((n, n if n < half else n / 8, "é" * 80 if n < half else n) for n in range(COUNT)),
        )
        lite.commit()
        lite.close()
    else:
        with duckdb.connect(str(location)) as maker:
            maker.execute(
                "CREATE TABLE many AS SELECT range n, range / 8.0 AS f, repeat('é', 80) AS t "
                f"FROM range({COUNT})"
            )
    opened = open_source(location, threads=1)
    yield opened
    opened.close()


def files() -> list[str]:
    return [name for name in os.listdir(scratch.folder()) if name.endswith(".arrow")]


def test_a_result_beyond_its_memory_is_the_same_from_a_file(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    write = spill.Rows._write
    monkeypatch.setattr(
        spill.Rows, "_write", lambda self, t: (written.append(t.num_rows), write(self, t))[1]
    )
    whole = source.run(SQL, ANA, Deadline(Budget(rows=COUNT, result_mb=500)))
    assert written == []
    parts = source.run(SQL, ANA, Deadline(Budget(rows=COUNT, result_mb=1)))
    assert sum(written) >= COUNT - 1 and len(written) > 3
    assert parts.table.num_rows == COUNT and not parts.truncated
    assert parts.table.column("n").to_pylist() == list(range(COUNT))
    assert parts.table.column("f").to_pylist() == whole.table.column("f").to_pylist()
    assert parts.table.column("t").to_pylist() == whole.table.column("t").to_pylist()
    assert parts.warnings == whole.warnings
    # The names of the files are gone while the tables live.
    assert files() == []


def test_what_is_cut_is_cut_on_disk_too(source: Source) -> None:
    result = source.run(SQL, ANA, Deadline(Budget(rows=30_000, result_mb=1)))
    assert result.truncated and result.table.num_rows == 30_000
    assert result.table.column("n")[29_999].as_py() == 29_999


def test_a_full_disk_is_one_clear_line(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "MOST_ON_DISK_BYTES", 1 << 20)
    with pytest.raises(BudgetEnded, match="GB it may take on disk"):
        source.run(SQL, ANA, Deadline(Budget(rows=COUNT, result_mb=1)))

    monkeypatch.undo()

    class Full:
        def write_table(self, table: pa.Table) -> None:
            raise OSError(28, "No space left on device")

        def close(self) -> None:
            return None

    monkeypatch.setattr(pa.ipc, "new_file", lambda *_: Full())
    with pytest.raises(BudgetEnded, match="is full"):
        source.run(SQL, ANA, Deadline(Budget(rows=COUNT, result_mb=1)))
    assert files() == []
    monkeypatch.undo()
    assert source.run("SELECT count(*) AS n FROM many", ANA, Deadline()).table.num_rows == 1


def test_parts_of_several_types_join_in_the_one_that_holds_them() -> None:
    parts = [
        pa.table({"a": [1, None], "b": pa.nulls(2), "c": [1, 2], "d": [b"x", None]}),
        pa.table({"a": [0.5, 1.5], "b": ["x", None], "c": ["y", None], "d": pa.nulls(2)}),
    ]
    table, mixed = spill.joined(parts)
    assert table.to_pydict() == {
        "a": [1.0, None, 0.5, 1.5],
        "b": [None, None, "x", None],
        "c": ["1", "2", "y", None],
        "d": [b"x", None, None, None],
    }
    assert mixed == (2,)
    import decimal

    tens = pa.table({"a": pa.array([decimal.Decimal("1.25")], pa.decimal128(38, 2))})
    ones = pa.table({"a": pa.array([decimal.Decimal("10.5")], pa.decimal128(38, 1))})
    assert spill.joined([tens, ones])[0].to_pydict()["a"] == [
        decimal.Decimal("1.25"),
        decimal.Decimal("10.50"),
    ]


def test_no_rows_need_no_pandas_in_the_cage(large: Path) -> None:
    code = """
        import sys
        from clew_core.deadline import Deadline
        from clew_core.principal import Principal
        from clew_tools.database.open import open_source

        source = open_source(sys.argv[1], threads=1)
        result = source.run("SELECT k, t FROM big WHERE k < 0", Principal(), Deadline())
        source.close()
        assert result.table.column_names == ["k", "t"] and "pandas" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(large)], check=True)


# ----------------------------------------------------------- a file larger than the memory

LARGE = {
    "sort": "SELECT k, v, t FROM big ORDER BY v, k LIMIT 5 OFFSET 1500000",
    "group": "SELECT count(*) AS n, max(c) AS m FROM "
    "(SELECT k, t, count(*) AS c FROM big GROUP BY k, t) AS q",
    "join": "SELECT count(*) AS n, sum(a.v) AS s FROM big a JOIN big b ON a.k = b.k AND a.t = b.t",
}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a file of some 80 MB that can't be packed."""
    file = tmp_path_factory.mktemp("large") / "big.duckdb"
    with duckdb.connect(str(file), config={"threads": 2}) as maker:
        maker.execute(
            "CREATE TABLE big AS SELECT range AS k, hash(range) % 1000000007 AS v, "
            "md5(range::VARCHAR) AS t FROM range(2000000)"
        )
    return file


@pytest.mark.parametrize("kind", LARGE)
def test_a_file_larger_than_the_memory_is_sorted_grouped_and_joined(large: Path, kind: str) -> None:
    source = open_source(large, memory_mb=60, threads=1)
    try:
        result = source.run(LARGE[kind], ANA, Deadline(Budget(seconds=60)))
    finally:
        source.close()
    with duckdb.connect(str(large), read_only=True) as peer:
        assert result.table.to_pylist() == peer.sql(LARGE[kind]).to_arrow_table().to_pylist()


def test_without_a_place_to_spill_it_is_one_clear_line(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wall taken away: with nothing to spill to, the same statement must end in words."""
    connect = duckdb.connect

    def without(path: str, **given: object) -> duckdb.DuckDBPyConnection:
        config = dict(given.pop("config"))  # type: ignore[call-overload]
        config["max_temp_directory_size"] = "1MB"
        return connect(path, config=config, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(duckdb, "connect", without)
    source = open_source(large, memory_mb=60, threads=1)
    try:
        with pytest.raises(BudgetEnded, match="more memory than the 60 MB") as caught:
            source.run(LARGE["sort"].replace("OFFSET 1500000", ""), ANA, Deadline())
            source.run(LARGE["join"], ANA, Deadline())
        assert "\n" not in str(caught.value)
    finally:
        source.close()


MEASURED = """
    import sys, pathlib
    from clew_core.deadline import Budget, Deadline
    from clew_core.principal import Policy, Principal
    from clew_tools.database.open import open_source

    def anonymous():
        lines = pathlib.Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) >> 10

    source = open_source(sys.argv[1], memory_mb=60, threads=1)
    source.run("SELECT count(*) AS n FROM big", Principal(), Deadline())
    before = anonymous()
    deadline = Deadline(Budget(rows=10**7, result_mb=int(sys.argv[2])))
    ana = Principal(policy=Policy(budget=deadline.budget))
    result = source.run("SELECT k, v, t, t || 'x' AS u FROM big", ana, deadline)
    assert result.table.num_rows == 2_000_000
    print(result.table.nbytes >> 20, anonymous() - before)
    source.close()
"""


@pytest.mark.parametrize(("result_mb", "in_memory"), [(16, False), (2000, True)])
def test_a_result_on_disk_takes_no_memory(large: Path, result_mb: int, in_memory: bool) -> None:
    """Measured in a process of its own; the second run shows that the measure sees memory."""
    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEASURED), str(large), str(result_mb)],
        check=True, capture_output=True, text=True, timeout=120,
    ).stdout.split()  # fmt: skip
    size, grown = map(int, said)
    assert size > 150
    assert (grown > 150) if in_memory else (grown < 100), (size, grown)


# ----------------------------------------------------------------------- the private folder


def test_the_folder_is_private_and_what_the_dead_left_is_swept(tmp_path: Path) -> None:
    code = """
        import os, signal, sys, pathlib
        from clew_tools.database import scratch
        scratch.keep_under(pathlib.Path(sys.argv[1]) / "temp")
        scratch.keep_under(pathlib.Path("/nowhere"))
        print(scratch.folder(), oct(scratch.folder().stat().st_mode & 0o777), flush=True)
        scratch.fresh(".arrow").write_bytes(b"x")
        if sys.argv[2] == "wait":
            sys.stdin.read()
        if sys.argv[2] == "die":
            os.kill(os.getpid(), signal.SIGKILL)
    """

    def start(how: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(tmp_path), how],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    alive = start("wait")
    assert alive.stdout
    place, mode = alive.stdout.readline().split()
    assert Path(place).parent == tmp_path / "temp" and mode == "0o700"
    start("die").communicate(timeout=30)
    assert len(list((tmp_path / "temp").iterdir())) == 2
    start("end").communicate(timeout=30)
    # Both are young: one that is just being made must not be taken for left behind.
    assert len(list((tmp_path / "temp").iterdir())) == 2
    for left in (tmp_path / "temp").iterdir():
        os.utime(left, (0, 0))
    start("end").communicate(timeout=30)
    assert [str(path) for path in (tmp_path / "temp").iterdir()] == [place]
    alive.communicate(timeout=30)
    assert list((tmp_path / "temp").iterdir()) == []


def test_where_the_chosen_folder_cant_be_made_another_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    monkeypatch.setattr(scratch, "_parents", [blocked / "temp"])
    made = scratch._folder.__wrapped__(os.getpid())
    assert made.is_dir() and not str(made).startswith(str(tmp_path / "file"))
    scratch._forget(made, os.getpid())


def test_a_folder_that_somebody_deleted_is_made_again() -> None:
    before = scratch.folder()
    shutil.rmtree(before)
    after = scratch.folder()
    assert after.is_dir() and after != before
