"""Does the Spider benchmark go on where it was stopped, and count what it says?"""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from intervals import precision_of_surest, wilson
from spider import Journal, Judged, shape, table_of
from spider_data import Question

QUESTION = Question(id="7", text="How many?", gold="SELECT count(*) FROM t", db="d")
JUDGED = Judged(
    id="7",
    db="d",
    question="How many?",
    before=("First?",),
    gold="SELECT count(*) FROM t",
    status="answered",
    right=True,
    sql="SELECT 1",
    confidence=0.9,
    reason=None,
    seconds=0.1,
)


def test_a_stopped_run_goes_on_with_what_it_had(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file, {"code": "a"}, fresh=False).add(QUESTION, JUDGED)
    with file.open("a") as text:
        text.write('{"id": "8", "judg')  # killed while it wrote
    again = Journal(file, {"code": "a"}, fresh=False)
    assert again.done == {"7": JUDGED}
    again.add(replace(QUESTION, id="8"), None)
    assert Journal(file, {"code": "a"}, fresh=False).done == {"7": JUDGED, "8": None}


@pytest.mark.parametrize(("code", "fresh"), [("b", False), ("a", True)])
def test_other_code_or_fresh_starts_anew(code: str, fresh: bool, tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file, {"code": "a"}, fresh=False).add(QUESTION, JUDGED)
    assert Journal(file, {"code": code}, fresh=fresh).done == {}
    assert json.loads(file.read_text()) == {"code": code}


def test_the_surest_answers_share_ties_and_count_what_is_missing_as_wrong() -> None:
    judged = [(0.9, True), (0.5, True), (0.5, False)]
    assert precision_of_surest(judged, 1) == 1
    assert precision_of_surest(judged, 2) == 0.75
    assert precision_of_surest(judged, 4) == 0.5
    assert precision_of_surest([], 0) == 0


def test_an_interval_is_wilsons() -> None:
    assert [round(end, 4) for end in wilson(8, 10)] == [0.4902, 0.9433]
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_table_counts_declined_questions_as_not_right() -> None:
    declined = replace(JUDGED, status="cannot_answer", right=False, confidence=None)
    table = table_of([JUDGED, declined])
    assert "| right, of all | 50.0%" in table
    assert "| right, of the answered | 100.0%" in table


@pytest.mark.parametrize(
    ("gold", "kind"),
    [
        ("SELECT a FROM t", "one table"),
        ("SELECT a FROM t JOIN u ON 1 GROUP BY a", "joined, grouped"),
        ("SELECT a FROM t WHERE b IN (SELECT b FROM u)", "nested"),
        ("SELECT a FROM t EXCEPT SELECT a FROM u", "set operation"),
    ],
)
def test_a_gold_query_is_sorted_by_its_shape(gold: str, kind: str) -> None:
    assert shape(gold) == kind
