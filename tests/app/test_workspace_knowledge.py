"""Does a workspace answer in the company's words, and say where its knowledge is wrong?"""

from pathlib import Path
from typing import Any

import pytest

import clew
from clew.cli import main
from clew_core.errors import SourceError
from knowledge.pool import make_pool, write_knowledge

NOW = "2023-12-01"
# question; the rows of its answer
QUESTIONS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("What was the kept money in 2023?", [(140,)]),
    ("net takings 2022", [(10,)]),
    ("total kept money", [(150,)]),
    ("kept money by channel", [("door", 80), ("phone", 70)]),
    ("Which member had the highest kept money?", [("Cy", 90)]),
    ("bill of a visit by channel", [("door", 80 / 3), ("phone", 35)]),
    # Two tables: each complaint and each line once. Line 3 has two complaints, line 2 none.
    ("complaint rate", [(4 / 8,)]),
    ("complaint rate in 2023", [(3 / 7,)]),
    ("complaint rate by channel", [("door", 2 / 3), ("phone", 2 / 5)]),
    ("complaint rates of golden guests", [(3 / 7,)]),
    ("paper gain", [((233 - 61) / 233,)]),
    ("return rate", [(3 / 4,)]),
    ("punctuality", [(3 / 4,)]),
    ("How many big-fish members are there?", [(2,)]),
    ("How many visits of big-fish members began in 2023?", [(3,)]),
    ("number of half-price visits", [(2,)]),
    ("How many visits were not half-price visits?", [(3,)]),
    ("How many half-price visits came from golden guests?", [(1,)]),
    ("how many boomerangs by channel", [("door", 2), ("phone", 1)]),
    ("How many members have half-price visits?", [(2,)]),
    ("How many members have no half-price visits?", [(1,)]),
    ("kept money of gone members", [(30,)]),
]


def rows_of(answer: clew.Answer) -> list[tuple[Any, ...]]:
    assert answer.status == "answered" and answer.table is not None, (answer.reason, answer.text)
    return [
        tuple(value if isinstance(value, str) else pytest.approx(float(value)) for value in row)
        for row in (tuple(r.values()) for r in answer.table.to_pylist())
    ]


@pytest.mark.parametrize("engine", ["duckdb", "sqlite"])
def test_the_companys_words_are_answered(tmp_path: Path, engine: str) -> None:
    with clew.open(str(make_pool(tmp_path, engine))) as workspace:
        for question, wanted in QUESTIONS:
            answer = workspace.session().ask(question, now=NOW)
            assert sorted(rows_of(answer)) == sorted(wanted), (question, answer.sql)


def test_follow_ups_keep_and_change_the_companys_words(tmp_path: Path) -> None:
    with clew.open(str(make_pool(tmp_path))) as workspace:
        session = workspace.session()
        assert rows_of(session.ask("kept money in 2023", now=NOW)) == [(140,)]
        assert rows_of(session.ask("and in 2022?", now=NOW)) == [(10,)]
        assert rows_of(session.ask("only half-price visits", now=NOW)) == [(10,)]
        assert rows_of(session.ask("by channel", now=NOW)) == [("door", 10)]


def test_an_answer_says_which_of_the_companys_words_it_used(tmp_path: Path) -> None:
    with clew.open(str(make_pool(tmp_path))) as workspace:
        said = workspace.ask("kept money of half-price visits in 2023", now=NOW).text
        assert said == (
            "The kept money for half-price visits in 2023 is 30.00 EUR. "
            "Kept money: what stays with us after reductions (knowledge/metrics.yaml); "
            "half-price visit: more was let go than we like (knowledge/glossary.yaml)."
        )
        assert "knowledge" not in workspace.ask("How many visits are there?", now=NOW).text


def test_without_its_knowledge_the_words_are_unknown(tmp_path: Path) -> None:
    with clew.open(str(make_pool(tmp_path, knowledge=False))) as workspace:
        assert workspace.ask("kept money in 2023", now=NOW).status != "answered"
        reason = workspace.ask("number of boomerangs", now=NOW).reason
        assert "'boomerangs'" in (reason or "")


def test_a_metric_over_a_hidden_column_does_not_exist(tmp_path: Path) -> None:
    folder = make_pool(tmp_path)
    roles = "door: {tables: '*', hide: [visits.kept], members: [ana]}\n"
    (folder / "roles.yaml").write_text(roles, encoding="utf-8")
    with clew.open(str(folder)) as workspace:
        assert rows_of(workspace.session().ask("kept money", now=NOW)) == [(150,)]
        ana = workspace.session("ana")
        said = [
            (answer.status, (answer.reason or "").replace(words, "…"))
            for words in ("kept money", "lost sheep")
            if (answer := ana.ask(f"What is the {words} in 2023?", now=NOW))
        ]
        assert said[0][0] == said[1][0] == "cannot_answer"
        assert "kept money" not in str(ana.ask("half-price visits", now=NOW).reason)
        assert rows_of(ana.ask("complaint rate", now=NOW)) == [(0.5,)]


WRONG = [
    (
        "takings: {expression: sum(visits.lost)}",
        "line 1: takings: There is no column 'visits.lost'",
    ),
    ("takings:\n  unit: EUR\n  expression: sum(visit.kept)", "line 3: takings: There is no table"),
    ("takings: {expression: visits.kept}", "It has no aggregate"),
    ("takings: {expression: sum(visits.kept) + visits.kept}", "stands outside of an aggregate"),
    ("takings: {expression: (SELECT sum(kept) FROM visits)}", "It reads tables by itself"),
    ("takings: {expression: 'sum(kept)) FROM visits; DROP TABLE visits --'}", "line 1: takings: "),
    ("takings: {expression: 'sum(kept), (sum(kept))'}", "line 1: takings: "),
    ("takings: {expression: sum(length(getenv('HOME')))}", "The function 'getenv' is not allowed"),
    ("takings: {expression: sum(sum(visits.kept))}", "can't stand inside of an aggregate"),
    ("takings: {expression: sum(visits.kept) OVER ()}", "It looks at other rows"),
    ("takings: {expression: string_agg(members.name)}", "'string_agg' can't be used here"),
    ("takings: {expression: count(*)}", "count(*) of which table?"),
    ("takings: {expression: sum(visits.kept), filter: visits.kept + 1}", "neither true nor false"),
    ("takings: {expression: sum(visits.kept), time: visits.when}", "no column 'visits.when'"),
    ("takings: {expresion: sum(visits.kept)}", "line 1"),
    ("takings: {expression: sum(visits.kept)}\ntakings: {expression: sum(visits.kept)}", "twice"),
    ("a b: {expression: sum(visits.kept)}\nc: {expression: sum(pieces), aliases: [A B]}", "line 2"),
    ("takings: {expression: sum(member_id)}", "stands in several tables"),
]


@pytest.mark.parametrize(("metrics", "said"), WRONG)
def test_a_wrong_file_is_said_with_its_line(tmp_path: Path, metrics: str, said: str) -> None:
    folder = make_pool(tmp_path)
    write_knowledge(folder, metrics=metrics + "\n", glossary="")
    (folder / "knowledge" / "glossary.yaml").unlink()
    with pytest.raises(SourceError) as wrong, clew.open(str(folder)) as workspace:
        workspace.ask("How many visits are there?", now=NOW)
    assert said in str(wrong.value) and "knowledge/metrics.yaml" in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_wrong_file_ends_the_command_with_exit_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_pool(tmp_path, knowledge=False)
    write_knowledge(tmp_path, glossary="boomerang: {condition: visits.came}\n")
    ask = ["ask", "How many visits are there?", "--data", str(folder)]
    assert main([*ask, "--knowledge", str(tmp_path / "knowledge")]) == 4
    assert "line 1: boomerang: There is no column 'visits.came'" in capsys.readouterr().err
    assert main([*ask, "--knowledge", str(tmp_path / "nothing")]) == 4
    assert "There is no knowledge folder" in capsys.readouterr().err


def test_what_no_key_joins_is_said_and_left_out(tmp_path: Path) -> None:
    folder = make_pool(tmp_path)
    write_knowledge(folder, metrics="heat: {expression: sum(weather.degrees) / sum(visits.kept)}\n")
    with clew.open(str(folder)) as workspace:
        assert workspace.ask("what is the heat?", now=NOW).status == "cannot_answer"
        assert any("no keys join 'weather' and 'visits'" in text for text in workspace.warnings)


def test_an_empty_folder_is_said(tmp_path: Path) -> None:
    folder = make_pool(tmp_path, knowledge=False)
    (tmp_path / "empty").mkdir()
    with clew.open(str(folder), knowledge=str(tmp_path / "empty")) as workspace:
        assert any("no metrics.yaml" in text for text in workspace.warnings)
