"""The fixed sets are answered: each at 85 % or more, all at 90 %, and nothing wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from question_sets import SETS, Score, locate, score

SCALES = [
    pytest.param(0.1, id="sf0.1"),
    pytest.param(1.0, id="sf1", marks=pytest.mark.soak),
]


@pytest.fixture(scope="module", params=SCALES)
def scores(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Score]:
    """Ask every question of every set whose data are here."""
    found = []
    for name in SETS:
        location = locate(name, tmp_path_factory.mktemp(name), request.param)
        if location is not None:
            found.append(score(name, Path(location)))
    return found


def _failures(result: Score) -> str:
    every = (*result.answerable, *result.unanswerable)
    return "\n".join(f"{o.verdict}: {o.question} → {o.said}" for o in every if o.verdict != "right")


def test_nothing_wrong_is_given_as_right(scores: list[Score]) -> None:
    wrong = [
        f"{result.name}: {outcome.question} → {outcome.said}"
        for result in scores
        for outcome in (*result.answerable, *result.unanswerable)
        if outcome.verdict == "wrong"
    ]
    assert not wrong, "\n".join(wrong)


def test_each_set_is_right_at_85_percent_and_all_at_90(scores: list[Score]) -> None:
    for result in scores:
        assert result.share("right") >= 0.85, _failures(result)
    outcomes = [outcome for result in scores for outcome in result.answerable]
    assert sum(outcome.verdict == "right" for outcome in outcomes) >= 0.9 * len(outcomes)


def test_what_has_no_answer_is_declined_and_the_words_are_named(scores: list[Score]) -> None:
    for result in scores:
        assert all(o.verdict == "right" for o in result.unanswerable), _failures(result)


def test_chinook_is_scored_where_its_data_are(scores: list[Score]) -> None:
    if len(scores) < len(SETS):
        pytest.skip("CLEW_BENCH_DATA names no folder with chinook/Chinook_Sqlite.sqlite")
    assert {result.name for result in scores} == set(SETS)
