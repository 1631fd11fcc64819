"""The command line: what is printed where, exit codes, JSON, pipes, encodings and Ctrl-C."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import clew
from app.fakes import FakeClew, answered, asked_back
from clew.cli import main
from clew.cli.entry import COMMANDS, parser
from clew.cli.exits import BY_STATUS, exit_code, status_of
from clew_core import errors

ROOT = Path(__file__).resolve().parents[2]
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Ask]:
    """Run `clew ask` on a workspace that answers as it is told."""

    def run(fake: FakeClew, *args: str, data: str = "gap.csv") -> tuple[int, str, str]:
        monkeypatch.setattr(clew, "open", fake.open, raising=False)
        code = main(["ask", *args, *(["--data", data] if data else [])])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def _subclasses(cls: type[errors.ClewError]) -> list[type[errors.ClewError]]:
    return [cls, *(found for sub in cls.__subclasses__() for found in _subclasses(sub))]


# The table of DESIGN.md, "Command line".
EXIT_CODES: dict[str, int] = {
    "answered": 0, "needs_clarification": 3, "cannot_answer": 3, "refused": 6, "failed": 1,
    "cancelled": 130,
    "ClewError": 1, "UsageError": 2, "RetryByModel": 1, "ToolFailed": 1, "OutputNotWritten": 1,
    "ApprovalNeeded": 1, "RunEnded": 1, "BudgetEnded": 1, "Cancelled": 130, "SourceError": 4,
    "BackendUnavailable": 5, "Refused": 6,
}  # fmt: skip


def test_the_exit_code_is_a_function_of_status_and_kind_of_error() -> None:
    seen: dict[str, int] = {status: exit_code(status) for status in BY_STATUS}
    for cls in _subclasses(errors.ClewError):
        if cls.__module__ == "clew_core.errors":
            seen[cls.__name__] = exit_code(cls("x"))
    assert seen == EXIT_CODES
    assert exit_code(ValueError("a bug")) == 1
    assert status_of(errors.Refused("x")) == "refused"
    assert status_of(errors.SourceError("x")) == "failed"


def test_an_answer_is_text_then_table_then_where_the_numbers_come_from(ask: Ask) -> None:
    code, out, err = ask(FakeClew(answered()), "how many per continent?")
    assert code == 0
    assert out == (
        "Africa has the most: 1,052. There are 3 continents.\n"
        "\n"
        "continent      n\n"
        "---------  -----\n"
        "Africa     1,052\n"
        "Asia          33\n"
        "Europe        30\n"
        "\n"
        "Receipts: 2 numbers from 1 query, data as of 2026-01-02 03:04; --show receipts,sql\n"
    )
    assert "--thread abc123" in err


def test_sql_receipts_spec_and_plan_are_shown_when_asked_for(ask: Ask) -> None:
    code, out, _ = ask(FakeClew(answered()), "q", "--show", "sql,receipts")
    assert code == 0
    assert "  SELECT continent, count(*) AS n\n" in out
    assert "  1,052  'n' in row 1 of q1\n" in out
    assert "      3  the number of rows of q1\n" in out
    assert "Understood" not in out
    _, out, _ = ask(FakeClew(answered()), "q", "--show", "all")
    assert '"aggregate": "count"' in out


def test_twenty_rows_are_printed_and_the_rest_is_counted(ask: Ask) -> None:
    table = pa.table({"year": list(range(1900, 2055)), "note": ["x"] * 155})
    _, out, _ = ask(FakeClew(answered(table=table, spec=None)), "q")
    assert "… and 135 more rows" in out
    assert "1919" in out
    assert "1920" not in out


def test_a_table_that_says_no_more_than_the_text_is_not_printed(ask: Ask) -> None:
    _, out, _ = ask(FakeClew(answered(text="There are 3.", table=pa.table({"n": [3]}))), "q")
    assert out.startswith("There are 3.\n\nReceipts")


def test_what_is_asked_back_has_numbered_options_and_a_thread(ask: Ask) -> None:
    code, out, err = ask(FakeClew(asked_back()), "best?")
    assert (code, out) == (3, "")
    assert "What is 'best'?\n  1. the most rows\n  2. the highest n\n" in err
    assert "--thread abc123" in err


@pytest.mark.parametrize(
    ("status", "code"), [("cannot_answer", 3), ("refused", 6), ("failed", 1), ("cancelled", 130)]
)
@pytest.mark.parametrize("as_json", [False, True])
def test_a_reason_stands_on_stderr(ask: Ask, status: str, code: int, as_json: bool) -> None:
    answer = answered(status=status, text="", reason="Because of 'x'.", table=None, receipts=())
    got, out, err = ask(FakeClew(answer), "q", *(["--json"] if as_json else []))
    assert got == code
    assert ("Stopped." if code == 130 else "Because of 'x'.") in err
    if as_json:
        assert json.loads(out)["status"] == status
    else:
        assert out == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.SourceError("'a.csv' is empty."), 4),
        (errors.BackendUnavailable("No model."), 5),
        (errors.Refused("No DROP."), 6),
        (errors.BudgetEnded("Too long."), 1),
        (KeyError("a bug"), 1),
    ],
)
def test_an_error_is_one_line_and_with_json_one_object(
    ask: Ask, error: Exception, code: int
) -> None:
    fake = FakeClew(error)
    got, out, err = ask(fake, "q")
    assert (got, out) == (code, "")
    assert err.startswith("clew: ") and err.count("\n") == 1
    assert "Traceback" not in err
    assert fake.closed.is_set()
    got, out, err = ask(fake, "q", "--json")
    assert got == code
    found = json.loads(out)
    assert found["status"] in ("failed", "refused")
    assert found["reason"] in err


def test_no_error_prints_a_password(ask: Ask) -> None:
    error = errors.SourceError("'postgresql://ana:hunter2@host/db' does not answer.")
    code, out, err = ask(FakeClew(error), "q", "--json", data="postgresql://ana:hunter2@host/db")
    assert code == 4
    assert "ana:***@host" in err
    assert "hunter2" not in out + err


def test_warnings_stand_once_on_stderr_and_in_the_object(ask: Ask) -> None:
    fake = FakeClew(answered(warnings=("b.csv is broken",)), warnings=("b.csv is broken", "old"))
    code, out, err = ask(fake, "q", "--json")
    assert code == 0
    assert json.loads(out)["warnings"] == ["b.csv is broken", "old"]
    assert err.count("b.csv is broken") == 1


@pytest.mark.parametrize(
    ("args", "names"),
    [
        ([], "question is empty"),
        (["   "], "question is empty"),
        (["x" * 10_001], "10,001"),
        (["q", "--now", "yesterday"], "'yesterday'"),
        (["q", "--now", ""], "''"),
        (["q", "--notebook", "out.txt"], "'out.txt'"),
        (["q", "--show", "sqll"], "'sqll'"),
        (["q", "--threadd", "x"], "--threadd"),
        (["q", "--thread", "last"], "no earlier thread"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_use_is_exit_2_with_an_empty_stdout(
    ask: Ask, args: list[str], names: str, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_HOME", str(Path.cwd() / "home"))
    fake = FakeClew(answered())
    code, out, err = ask(fake, *args, *(["--json"] if as_json else []))
    assert (code, out) == (2, "")
    assert names in err
    assert fake.asked == []


def test_without_data_the_sources_of_the_settings_are_asked(ask: Ask, here: Path) -> None:
    fake = FakeClew(answered())
    code, _, err = ask(fake, "q", data="")
    assert code == 2
    assert "--data" in err and "clew example" in err
    (here / "clew.toml").write_text('sources = ["a.csv", "b.csv"]', encoding="utf-8")
    code, _, _ = ask(fake, "q", data="")
    assert code == 0
    assert fake.asked[0]["locations"] == ("a.csv", "b.csv")
    ask(fake, "q", data="c.csv")
    assert fake.asked[1]["locations"] == ("c.csv",)


def test_the_question_may_stand_behind_the_data_or_without_quotes(ask: Ask) -> None:
    fake = FakeClew(answered())
    main_args = ["--data", "a.csv", "b.csv", "how many countries?"]
    ask(fake, *main_args, data="")
    ask(fake, "how", "many", "countries?", "--data", "a.csv", data="b.csv")
    assert [a["question"] for a in fake.asked] == ["how many countries?"] * 2
    assert [a["locations"] for a in fake.asked] == [("a.csv", "b.csv")] * 2


def test_what_the_session_is_given(ask: Ask) -> None:
    fake = FakeClew(answered())
    code, _, err = ask(fake, "q", "--now", "2008-02-29", "--model", "m", "--thread", "t9")
    assert code == 0
    (asked,) = fake.asked
    assert (asked["now"], asked["model"]) == ("2008-02-29", "m")
    assert "--thread t9" in err


def test_signs_of_the_data_cannot_steer_the_terminal(ask: Ask) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\r"
    answer = answered(
        text=f"It is {evil}.",
        table=pa.table({evil: [evil, "b"], "n": [1, 2]}),
        sql=f"SELECT '{evil}'",
        warnings=(evil,),
    )
    _, out, err = ask(FakeClew(answer), "q", "--show", "all")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out + err)
    assert "gnp.exe" in out


def test_an_ascii_stream_gets_what_it_can_print(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    answer = answered(text="Zürich … 1,052 × 東京", table=None)
    code, _, _ = ask(FakeClew(answer), "q")
    assert code == 0
    assert raw.getvalue().startswith(b"Z?rich ... 1,052 x ??")
    raw.truncate(0)
    raw.seek(0)
    code, _, _ = ask(FakeClew(answer), "q", "--json")
    assert code == 0
    assert json.loads(raw.getvalue())["text"] == "Zürich … 1,052 × 東京"


def test_a_notebook_that_cannot_be_written_costs_no_answer(ask: Ask, here: Path) -> None:
    code, out, err = ask(FakeClew(answered()), "q", "--notebook", "nowhere/out.ipynb")
    assert code == 1
    assert "1,052" in out
    assert "nowhere/out.ipynb" in err
    code, out, _ = ask(FakeClew(answered()), "q", "--notebook", "nowhere/out.ipynb", "--json")
    assert code == 1
    assert "nowhere/out.ipynb" in json.loads(out)["warnings"][-1]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["t.csv", "t.xlsx", "t.parquet"])
def test_a_table_is_written_and_named(ask: Ask, here: Path, name: str) -> None:
    code, _, err = ask(FakeClew(answered()), "q", "--out", name)
    assert code == 0 and f"Table: {name}" in err
    assert (here / name).stat().st_size > 0


def test_a_table_that_cannot_be_written_costs_no_answer(ask: Ask, here: Path) -> None:
    code, out, err = ask(FakeClew(answered()), "q", "--out", "nowhere/t.csv")
    assert code == 1 and out and "can't be written" in err
    code, out, err = ask(FakeClew(answered()), "q", "--out", "t.doc")
    assert code == 2 and not out and "'t.doc'" in err


def test_a_notebook_is_written_and_named(ask: Ask, here: Path) -> None:
    code, _, err = ask(FakeClew(answered()), "q", "--notebook", "out.ipynb")
    assert code == 0
    assert "Notebook: out.ipynb" in err
    assert json.loads((here / "out.ipynb").read_text(encoding="utf-8"))["nbformat"] == 4


def test_every_command_has_json_and_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        verbs = {"receipts": ["check"], "model": ["serve"]}.get(name, [])
        assert main([name, *verbs, "--help"]) == 0
        assert "--json" in capsys.readouterr().out


def test_every_command_is_in_the_help() -> None:
    printed = parser().format_help()
    for command in COMMANDS:
        assert f"\n    {command.__name__.rpartition('.')[2]}" in printed


def test_no_command_prints_the_help_and_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "usage: clew" in printed.err


# ----------------------------------------------------------------- in a process of its own

SLOW = """
import sys, time
sys.path.insert(0, {tests!r})
import clew
from app.fakes import FakeClew, answered
def slow(deadline):
    print("asking", file=sys.stderr, flush=True)
    while {endless} or not deadline.cancelled:
        time.sleep(0.02)
    return answered(status="cancelled")
clew.open = FakeClew(slow).open
from clew.cli import main
sys.exit(main(["ask", "q", "--data", "gap.csv", "--notebook", "out.ipynb", *sys.argv[1:]]))
"""


def _interrupt(
    folder: Path, env: dict[str, str], *args: str, times: int = 1
) -> tuple[int, str, str]:
    code = SLOW.format(tests=str(ROOT / "tests"), endless=times > 1)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args],
        cwd=folder, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    assert process.stderr.readline() == "asking\n"
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.mark.parametrize("args", [[], ["--json"]])
def test_ctrl_c_stops_with_a_word_and_leaves_nothing(
    tmp_path: Path, python_env: dict[str, str], args: list[str]
) -> None:
    code, out, err = _interrupt(tmp_path, python_env, *args)
    assert (code, out) == (130, "")
    assert "Stopped." in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_second_ctrl_c_ends_what_does_not_listen(
    tmp_path: Path, python_env: dict[str, str]
) -> None:
    begin = time.monotonic()
    code, _, err = _interrupt(tmp_path, python_env, times=2)
    assert code == 130
    assert "Traceback" not in err
    assert time.monotonic() - begin < 15


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, python_env: dict[str, str]) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "import clew, pyarrow as pa\n"
        "from app.fakes import FakeClew, answered\n"
        "from clew.settings import Settings\n"
        "table = pa.table({'n': list(range(60_000))})\n"
        "clew.open = FakeClew(answered(table=table)).open\n"
        "from clew.cli import main\n"
        "sys.exit(main(['ask', 'q', '--data', 'gap.csv', *sys.argv[1:]]))"
    )
    for args in ("", "--json"):
        command = f'"{sys.executable}" -c "$CODE" {args} | head -c 10'
        done = subprocess.run(
            ["/bin/bash", "-c", command],
            cwd=tmp_path,
            env={**python_env, "CODE": code, "CLEW_DISPLAY_ROWS": "60000"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert len(done.stdout) == 10
        assert "Broken" not in done.stderr and "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    "env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0"}]
)
def test_help_works_in_any_environment_and_has_no_escapes(
    tmp_path: Path, python_env: dict[str, str], env: dict[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "clew.cli", "--help"],
        cwd=tmp_path, env={**python_env, **env}, stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert done.stderr == b""


def test_the_help_is_light(tmp_path: Path, python_env: dict[str, str]) -> None:
    code = (
        "import sys, os\nfrom clew.cli import main\nmain(['--help'])\n"
        "heavy = {'pyarrow', 'pandas', 'duckdb', 'sqlglot', 'plotly', 'sqlalchemy', 'IPython',"
        " 'sqlite3', 'jsonschema', 'nbformat'} & set(sys.modules)\n"
        "print(heavy, sum(os.times()[:2]), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=python_env, capture_output=True, text=True
    )
    heavy, seconds = done.stderr.rsplit(maxsplit=1)
    assert heavy == "set()"
    assert float(seconds) < 0.4  # the gate; the goal, 0.25 s, is measured in benchmarks


def test_a_progress_line_is_wiped_from_a_terminal(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom clew.cli.terminal import Progress, note\n"
        "progress = Progress(); progress.step = 'Opening a.csv'\n"
        "progress.tick(0.1); progress.tick(0.5); note('done')"
    )
    for term, expected in (("xterm", "\rOpening a.csv … 0 s\x1b[K\r\x1b[Kdone"), ("dumb", "done")):
        assert _on_a_terminal(code, term).strip() == expected.strip()


def _on_a_terminal(code: str, term: str) -> str:
    """Run code with stderr on a pseudo-terminal and give what it wrote there."""
    import pty

    ours, theirs = pty.openpty()
    paths = os.pathsep.join(str(ROOT / part) for part in ("core", "app"))
    env: dict[str, Any] = {**os.environ, "TERM": term, "PYTHONPATH": paths, "PYTHONUTF8": "1"}
    process = subprocess.Popen([sys.executable, "-c", code], stderr=theirs, env=env)
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 1000):
            written += chunk
    except OSError:  # the other end was closed
        pass
    process.wait(timeout=20)
    os.close(ours)
    return written.decode()


def test_the_page_of_commands_is_what_the_program_prints() -> None:
    from clew.cli.document import document

    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == document(), "python -m clew.cli.document > docs/commands.md"
    for command in COMMANDS:
        assert f"## `clew {command.__name__.rpartition('.')[2]}" in page
    for code in {*EXIT_CODES.values()}:
        assert f"\n| {code} |" in page
