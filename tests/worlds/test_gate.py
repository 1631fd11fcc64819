"""Do the limits on worlds bite, each of them?"""

from dataclasses import replace

import pytest

from worlds.gate import FULL, Limits, drawn_seeds, faults, fixed_seeds
from worlds.question import Question
from worlds.score import Outcome, Verdict

ASKED = Question(construct="count", text="How many?", table="t")
UNCLEAR = replace(ASKED, kind="ambiguous", construct="two_roles", words=("who",))


def _outcomes(construct: str, question: Question, **verdicts: int) -> list[Outcome]:
    about = replace(question, construct=construct)
    return [
        Outcome(world="w", question=about, verdict=_verdict(name), status="", said="")
        for name, count in verdicts.items()
        for _ in range(count)
    ]


def _verdict(name: str) -> Verdict:
    verdicts: dict[str, Verdict] = {
        "right": "right",
        "wrong": "wrong",
        "refused": "refused",
        "detected": "detected",
        "unnamed": "unnamed",
        "answered": "answered",
    }
    return verdicts[name]


GOOD = [
    *_outcomes("count", ASKED, right=92, wrong=1, refused=7),
    *_outcomes("two_roles", UNCLEAR, detected=19, unnamed=1),
]


def test_good_answers_pass_the_gate() -> None:
    assert faults(GOOD, FULL) == []


@pytest.mark.parametrize(
    ("further", "fault"),
    [
        (_outcomes("count", ASKED, wrong=4), "answered wrongly"),
        (_outcomes("two_roles", UNCLEAR, answered=4), "answered wrongly"),
        (_outcomes("count", ASKED, refused=6), "refused"),
        (_outcomes("count", ASKED, refused=6), "right"),
        (_outcomes("two_roles", UNCLEAR, unnamed=3), "detected"),
        (_outcomes("median", ASKED, right=2, refused=1), "median"),
    ],
)
def test_each_limit_is_told(further: list[Outcome], fault: str) -> None:
    found = faults([*GOOD, *further], FULL)
    assert any(line.startswith(fault) for line in found), found


def test_the_limits_of_the_full_counts_are_those_that_were_set() -> None:
    assert FULL == Limits(right=0.90, construct=0.75, wrong=0.03, refused=0.10, detected=0.90)


def test_the_gates_seeds_are_not_those_that_are_developed_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert fixed_seeds(6) == fixed_seeds(6)
    assert len(set(drawn_seeds(30))) == 30
    assert all(seed >= 1000 for seed in fixed_seeds(6) + drawn_seeds(30))
    monkeypatch.setenv("CLEW_TEST_WORLDS", "1000,1017")
    assert drawn_seeds(30) == [1000, 1017]
