"""Is a mistyped value corrected where it can be only one, with a word said, and else asked back?"""

import pytest

from agents.reading import candidates_of, context_of, short
from clew_agents.proposer import AsksBack, CannotAnswer

CORRECTED = [
    ("how many students from Pairs?", "students: count | if city = Paris"),
    ("how many students from Oslor?", "students: count | if city = Oslo"),
    ("how many students are there in Bergne", "students: count | if city = Bergen"),
    (
        "students whose city is bergem",
        "students: list | by first_name, last_name | if city = Bergen",
    ),
]
ASKED = [
    "how many students from oslor?",  # written like any word
    "how many students from Osxxo?",  # two slips in a short word
    "how many students from Osl?",  # too short
    "Bergne students",  # the first word of a question always has a capital
]


@pytest.mark.parametrize(("question", "spec"), CORRECTED)
def test_one_slip_in_a_name_is_corrected_and_said(question: str, spec: str) -> None:
    [found] = candidates_of(question, context_of("school"))
    assert short(found.spec) == spec
    [said] = found.warnings
    assert "stands nowhere in the data" in said and found.confidence < 0.9


@pytest.mark.parametrize("question", ASKED)
def test_what_may_be_something_else_is_asked_back(question: str) -> None:
    with pytest.raises((AsksBack, CannotAnswer)):
        candidates_of(question, context_of("school"))
