"""`clew bench` and `clew example`: what they run, where, and what they refuse."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clew.cli import bench, main

PROGRAM = '''"""Measure something.

More of it.
"""
import os, sys
if __name__ == "__main__":
    print("measured", sys.argv[1:], os.environ.get("CLEW_BENCH_DATA"))
    sys.exit(int(os.environ.get("FAKE_EXIT", "0")))
'''


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make what looks like a checkout and work inside it."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "clew"\n', encoding="utf-8")
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "speed.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "benchmarks" / "shared.py").write_text("X = 1\n", encoding="utf-8")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    return tmp_path


def test_benchmarks_are_listed_with_their_first_line(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "--list"]) == 0
    assert capsys.readouterr().out.split() == ["speed", "Measure", "something."]
    assert main(["bench", "--list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["benchmarks"] == {"speed": "Measure something."}


def test_a_benchmark_runs_in_a_process_of_its_own(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (checkout / "inner" / "data").mkdir()
    assert main(["bench", "speed", "--limit", "3", "--data", "data"]) == 0
    folder = checkout / "inner" / "data"
    assert capfd.readouterr().out == f"measured ['--limit', '3'] {folder}\n"


def test_with_json_its_output_goes_to_stderr(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "speed", "--json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["status"] == "done"
    assert "measured" in printed.err


@pytest.mark.parametrize(("exit_", "code"), [("0", 0), ("1", 1), ("2", 2), ("7", 1), ("130", 130)])
def test_its_exit_code_becomes_one_of_ours(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, exit_: str, code: int
) -> None:
    monkeypatch.setenv("FAKE_EXIT", exit_)
    assert main(["bench", "speed"]) == code


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["nope"], "'nope'"),
        (["../pyproject"], "'../pyproject'"),
        ([], "Which"),
        (["speed", "--limit", "0"], "0"),
        (["speed", "--limit", "few"], "few"),
        (["speed", "--data", "nowhere"], "'nowhere'"),
    ],
)
def test_wrong_use_of_bench_is_exit_2(
    checkout: Path, capsys: pytest.CaptureFixture[str], words: list[str], names: str
) -> None:
    assert main(["bench", *words]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and names in printed.err


def test_outside_a_checkout_bench_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bench, "__file__", str(tmp_path / "a" / "b" / "c" / "d.py"))
    assert main(["bench", "--list"]) == 2
    assert "clone" in capsys.readouterr().err


# -------------------------------------------------------------------------------- example


@pytest.fixture
def generated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[dict[str, Any]]:
    """Put a quick generator in place of the real one; keep what it is told."""
    calls: list[dict[str, Any]] = []

    def generate(
        folder: Path,
        *,
        seed: int = 1,
        scale: float = 1.0,
        forms: Sequence[str] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> Path:
        calls.append({"folder": folder, "seed": seed, "scale": scale, "forms": forms})
        if progress:
            progress("orders")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    module = ModuleType("clew_acme")
    module.generate = generate  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "clew_acme", module)
    monkeypatch.chdir(tmp_path)
    return calls


def test_an_example_is_made_as_told_and_a_question_is_proposed(
    generated: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["example", "acme", "here", "--seed", "7", "--scale", "0.1", "--forms", "csv,duckdb"]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.out == "here\n"
    assert "clew ask" in printed.err
    (call,) = generated
    assert call == {"folder": Path("here"), "seed": 7, "scale": 0.1, "forms": ["csv", "duckdb"]}
    assert main(["example", "acme", "there", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["folder"] == "there"


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["acme", "full"], "full"),
        (["acme", "file"], "file"),
        (["nope", "new"], "'nope'"),
        (["acme"], "DIR"),
        (["acme", "new", "--scale", "0"], "0"),
        (["acme", "new", "--scale", "nan"], "nan"),
        (["acme", "new", "--seed", "x"], "'x'"),
        (["acme", "new", "--forms", "word"], "'word'"),
    ],
)
def test_wrong_use_of_example_is_exit_2_and_overwrites_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    names: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert main(["example", *words]) == 2
    assert names in capsys.readouterr().err
    assert (tmp_path / "full" / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]
