"""The commands around plans: steps are shown, runs taken up, feedback kept, questions suggested."""

import json
from pathlib import Path

import pytest

from agents.plan_world import make_world
from clew.cli import main

SIDE = "compare the revenue by region with the number of orders by region"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return ["--data", *make_world(tmp_path)]


def test_a_plan_is_printed_with_what_each_step_needs(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", SIDE, "--show", "plan,sql", *data]) == 0
    out = capsys.readouterr().out
    assert "  s3  combine: the revenue by region and the number of orders by region" in out
    assert "(needs s1, s2)" in out
    assert out.count("SQL (duckdb)") == 2
    # Put side by side, the two results are not printed once more alone.
    assert out.count("\nAfrica ") == 1 and "number_of_orders" in out


def test_each_result_that_stands_alone_has_its_table_and_its_heading(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "revenue by region; orders by category", *data]) == 0
    out = capsys.readouterr().out
    assert "Revenue by region:\n" in out and "Orders by category:\n" in out


def test_a_run_that_is_over_can_not_be_resumed(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", SIDE, "--json", *data]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    for wanted, said in ((run, "is over"), ("last", "no unfinished run"), ("0", "no run '0'")):
        assert main(["ask", "--resume", wanted, *data]) == 2
        assert said in capsys.readouterr().err


def test_feedback_is_kept_and_listed(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["feedback", "last", "wrong"]) == 2
    assert "Ask something first" in capsys.readouterr().err
    assert main(["feedback"]) == 0
    assert main(["ask", "total revenue", *data]) == 0
    assert main(["feedback", "last", "net", "of", "returns", "--right", "12 EUR"]) == 0
    capsys.readouterr()
    assert main(["feedback"]) == 0
    assert "'total revenue': net of returns It should be: 12 EUR" in capsys.readouterr().out
    assert main(["feedback", "--json"]) == 0
    (kept,) = json.loads(capsys.readouterr().out)["feedback"]
    assert kept["state"] == "proposed" and kept["expected"] == "12 EUR"
    assert main(["feedback", "nonsense", "wrong"]) == 2
    assert main(["feedback", "last"]) == 2
    assert "feedback is empty" in capsys.readouterr().err


def test_questions_are_suggested(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--samples", *data]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 5 <= len(lines) <= 8
    assert main(["ask", "--samples", "--json", *data]) == 0
    assert json.loads(capsys.readouterr().out)["questions"] == lines
    assert main(["ask", lines[0], *data]) == 0


def test_samples_need_data(capsys: pytest.CaptureFixture[str], data: list[str]) -> None:
    assert main(["ask", "--samples"]) == 2
    assert "Which data?" in capsys.readouterr().err


def test_a_part_without_a_step_is_asked_back(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "revenue by region, then sing a song", *data]) == 3
    err = capsys.readouterr().err
    assert "'sing a song'" in err and "1. leave 'sing a song' out" in err
    assert main(["ask", "1", "--thread", "last", *data]) == 0
    assert "Asia 12,606.66" in capsys.readouterr().out
