"""What users do wrong: each ends with one clear line, and their files stay as they were.

One row per case: the files, the question, the exit code, and what has to be said.
"""

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from clew.cli import main

GOOD = b"region,amount\nnorth,10\nsouth,20\nsouth,30\n"
COUNT = "how many sales"
Files = Mapping[str, bytes | Callable[[Path], None]]


def _select_table(path: Path) -> None:
    db = duckdb.connect(str(path))
    db.execute('CREATE TABLE "select" ("Ort" VARCHAR, "größe" INTEGER)')
    db.execute("INSERT INTO \"select\" VALUES ('a', 1), ('b', 2)")
    db.close()


def _mixed_types(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE sales (region TEXT, amount)")
    db.executemany("INSERT INTO sales VALUES (?, ?)", [("n", 1), ("n", "two"), ("s", 3.5)])
    db.commit()
    db.close()


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is there, what is asked, and what has to come of it.

    Attributes:
        files: name → content, or what makes it.
        data: what `--data` names.
        question: what is asked.
        code: the exit code.
        said: on stderr.
        out: on stdout.
        options: more words of the command line.
    """

    code: int
    files: Files = field(default_factory=lambda: {"sales.csv": GOOD})
    data: tuple[str, ...] = ("sales.csv",)
    question: str = COUNT
    said: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


LATIN = "region,amount\nZürich,10\n".encode("latin-1")
UTF8 = "region,amount\nZürich,20\n".encode()
CASES = {
    "a missing file": Case(code=4, data=("nope.csv",), said=("nope.csv",)),
    "a missing file among others": Case(code=4, data=("sales.csv", "nope.csv"), said=("nope.csv",)),
    "a zero-byte CSV": Case(code=4, files={"sales.csv": b""}, said=("sales.csv", "empty")),
    "a CSV with a header only": Case(
        code=0, files={"sales.csv": b"region,amount\n"}, said=("Warning", "sales"), out=("0 ",)
    ),
    "one file that mixes two encodings": Case(
        code=4,
        files={"sales.csv": UTF8 + LATIN.partition(b"\n")[2]},
        said=("sales.csv", str(len(UTF8) + 1)),
    ),
    "two files of different encodings": Case(
        code=0,
        files={"d/sales.csv": UTF8, "d/returns.csv": LATIN},
        data=("d",),
        question="total amount by region in returns",
        out=("Zürich",),
    ),
    "a folder with one broken file": Case(
        code=0,
        files={"d/sales.csv": GOOD, "d/broken.parquet": b"PAR1 no"},
        data=("d",),
        said=("Warning", "broken"),
        out=("3",),
    ),
    "a question about the broken file of a folder": Case(
        code=4,
        files={"d/sales.csv": GOOD, "d/returns.parquet": b"PAR1 no"},
        data=("d",),
        question="how many returns",
        said=("returns",),
    ),
    "a folder without tables": Case(
        code=4, files={"d/readme.txt": b"hello"}, data=("d",), said=("'d'",)
    ),
    "a picture": Case(
        code=4, files={"sales.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20}, said=("sales",)
    ),
    "a broken DuckDB file": Case(
        code=4, files={"s.duckdb": b"not a database" * 1000}, data=("s.duckdb",), said=("s.duckdb",)
    ),
    "a broken SQLite file": Case(
        code=4,
        files={"s.sqlite": b"SQLite format 3\0" + b"x" * 2000},
        data=("s.sqlite",),
        said=("s.sqlite",),
    ),
    "a table named select and a column named größe": Case(
        code=0,
        files={"s.duckdb": _select_table},
        data=("s.duckdb",),
        question="total größe by Ort",
        out=("a", "b"),
    ),
    "Unicode names of file, table, column and value": Case(
        code=0,
        files={"売上.csv": "地域,金額\n東京,10\n大阪,20\n".encode()},
        data=("売上.csv",),
        question="total 金額 by 地域",
        out=("東京", "20"),
    ),
    "a column of mixed types": Case(
        code=0,
        files={"s.sqlite": _mixed_types},
        data=("s.sqlite",),
        question="how many sales by region",
        out=("2",),
    ),
    "duplicate column names": Case(
        code=0,
        files={"sales.csv": b"x,x\n1,2\n3,4\n"},
        question="total x_2",
        said=("x_2",),
        out=("6",),
    ),
    "an empty question": Case(code=2, question="", said=("empty",)),
    "a question of blanks": Case(code=2, question=" \n\t ", said=("empty",)),
    "a question that is too long": Case(code=2, question="a " * 5_001, said=("10,00",)),
    "a question of 10 000 characters": Case(code=3, question="z" * 10_000),
    "a question that asks to drop a table": Case(
        code=6, question="drop the table sales", said=("drop",)
    ),
    "SQL that drops a table": Case(code=6, question="DROP TABLE sales;"),
    "SQL that is hidden in a question": Case(
        code=6, question="how many sales'; DELETE FROM sales; --"
    ),
    "a notebook in a folder that is not there": Case(
        code=1, options=("--notebook", "nowhere/o.ipynb"), said=("nowhere/o.ipynb",), out=("3",)
    ),
    "a notebook over the data": Case(
        code=1,
        files={"sales.csv": GOOD, "o.ipynb": b"my notes"},
        options=("--notebook", "o.ipynb"),
        said=("o.ipynb",),
        out=("3",),
    ),
    "a time that is none": Case(code=2, options=("--now", "soon"), said=("'soon'",)),
    "a thread that is not there": Case(code=2, options=("--thread", "nope"), said=("'nope'",)),
    "control characters in the question": Case(code=3, question="\x1b[2Jxyzzy\x07"),
}


def _make(files: Files, folder: Path) -> dict[str, str]:
    """Write the files; give their hashes."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if callable(content):
            content(path)
        else:
            path.write_bytes(content)
    return _hashes(folder)


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_bad_input_ends_with_one_clear_line_and_loses_nothing(
    name: str,
    as_json: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    case = CASES[name]
    monkeypatch.chdir(tmp_path)
    before = _make(case.files, tmp_path)
    words = ["ask", case.question, "--data", *case.data, *case.options]
    code = main([*words, *(["--json"] if as_json else [])])
    printed = capsys.readouterr()
    assert code == case.code, printed.err
    assert "Traceback" not in printed.err and "inside Clew" not in printed.err
    assert "\x1b" not in printed.out + printed.err
    for text in case.said:
        assert text in printed.err
    if case.code in (2, 4):
        complaints = [line for line in printed.err.splitlines() if line.startswith("clew: ")]
        assert len(complaints) == 1
    if case.code in (0, 1) and not as_json:
        for text in case.out:
            assert text in printed.out
    if as_json and case.code == 2:
        assert printed.out == ""
    elif as_json:
        assert {"status", "reason"} <= json.loads(printed.out).keys()
    assert _hashes(tmp_path) == before


def test_a_locked_duckdb_file_is_said_to_be_locked(
    tmp_path: Path, python_env: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "s.duckdb"
    _select_table(path)
    before = _hashes(tmp_path)["s.duckdb"]
    code = f"import duckdb, sys; db = duckdb.connect({str(path)!r}); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout and holder.stdin
        holder.stdout.readline()
        assert main(["ask", "how many select", "--data", str(path)]) == 4
        holder.stdin.write("\n")
    assert "s.duckdb" in capsys.readouterr().err
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before


def _ask(
    folder: Path, env: dict[str, str], *words: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clew.cli", "ask", COUNT, "--data", "sales.csv", *words],
        cwd=folder, env=env, capture_output=True, text=True, timeout=120, **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"NO_COLOR": "1"},
        {"TERM": "dumb"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
    ],
    ids=["piped", "no color", "dumb", "C locale", "ascii"],
)
def test_it_works_without_a_terminal_and_in_any_locale(
    tmp_path: Path, python_env: dict[str, str], env: dict[str, str]
) -> None:
    (tmp_path / "sales.csv").write_bytes("region,amount\nZürich,1\n東京,2\n".encode())
    done = subprocess.run(
        [
            sys.executable, "-m", "clew.cli", "ask", "total amount by region",
            "--data", "sales.csv",
        ],
        cwd=tmp_path, env={**python_env, **env}, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"rich" in done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


def test_a_home_that_cannot_be_written_costs_the_thread_only(
    unprivileged: Any, python_env: dict[str, str]
) -> None:
    home = unprivileged.folder / "home"
    home.mkdir()
    (home / "sales.csv").write_bytes(GOOD)
    home.chmod(0o555)
    done = unprivileged.run(
        sys.executable, "-m", "clew.cli", "ask", COUNT, "--data", str(home / "sales.csv"),
        PYTHONPATH=python_env["PYTHONPATH"], HOME=str(home), CLEW_HOME="", XDG_DATA_HOME="",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "3" in done.stdout
    assert "kept in memory only" in done.stderr


def test_a_file_without_permission_is_exit_4(unprivileged: Any, python_env: dict[str, str]) -> None:
    path = unprivileged.folder / "sales.csv"
    path.write_bytes(GOOD)
    path.chmod(0)
    done = unprivileged.run(
        sys.executable, "-m", "clew.cli", "ask", COUNT, "--data", str(path),
        PYTHONPATH=python_env["PYTHONPATH"],
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "sales.csv" in done.stderr and "Permission" in done.stderr


def test_two_at_once_both_answer(tmp_path: Path, python_env: dict[str, str]) -> None:
    (tmp_path / "sales.csv").write_bytes(GOOD)
    started = [
        subprocess.Popen(
            [
                sys.executable, "-m", "clew.cli", "ask", COUNT, "--data", "sales.csv",
                "--notebook", "out.ipynb", "--json",
            ],
            cwd=tmp_path, env=python_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["status"] == "answered"
    assert json.loads((tmp_path / "out.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.ipynb", "sales.csv"]


LONG = """
import sys
from clew.cli import main
from clew_tools.database.guarded_source import GuardedSource
run = GuardedSource.run
def long(self, sql, principal, deadline):
    print("running", file=sys.stderr, flush=True)
    return run(self, "SELECT count(*) AS c FROM n a, n b, n c, n d WHERE a.i + b.i > c.i + d.i",
               principal, deadline)
GuardedSource.run = long
sys.exit(main(["ask", "how many n", "--data", sys.argv[1], "--notebook", "out.ipynb"]))
"""


@pytest.mark.parametrize("name", ["s.sqlite", "n.csv"])
def test_ctrl_c_reaches_a_query_inside_its_engine(
    tmp_path: Path, python_env: dict[str, str], name: str
) -> None:
    numbers = range(20_000)
    if name == "n.csv":
        (tmp_path / name).write_text("i\n" + "\n".join(map(str, numbers)), encoding="utf-8")
    else:
        db = sqlite3.connect(tmp_path / name)
        db.execute("CREATE TABLE n (i INTEGER)")
        db.executemany("INSERT INTO n VALUES (?)", [(i,) for i in numbers])
        db.commit()
        db.close()
    process = subprocess.Popen(
        [sys.executable, "-c", LONG, name],
        cwd=tmp_path, env=python_env | {"CLEW_RUN_ESTIMATED_ROWS": "1e30"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    while process.stderr.readline() != "running\n":
        assert process.poll() is None
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, (out, err)
    assert time.monotonic() - begin < 4
    assert "Stopped." in err and "Traceback" not in err
    assert out == ""
    assert sorted(os.listdir(tmp_path)) == [name]
