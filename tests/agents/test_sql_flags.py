"""Are columns that say yes or no read by what rows are, also where they hold 0 and 1?"""

from dataclasses import replace

import pytest

from agents.reading import TODAY, candidates_of, short
from clew_agents.proposer import AsksBack, CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.typos import together
from clew_agents.sql.vocabulary import Vocabulary
from clew_tools.database.values import TextValues
from tools.semantic import catalog_of

TABLES = {
    "clients": {
        "columns": "id integer *, name text, insured integer, kids integer, active text".split(
            ", "
        ),
        "rows": [],
    }
}


def _context(*binary: str) -> SqlContext:
    places = {word: [("clients", "active", word)] for word in ("yes", "no")}
    values = TextValues(places, frozenset(("clients", column) for column in binary))
    catalog = replace(catalog_of(TABLES), source="office")
    return SqlContext(
        source="office", vocabulary=Vocabulary(catalog=catalog), values=values, today=TODAY
    )


@pytest.mark.parametrize(
    ("asked", "condition"),
    [
        ("how many clients are insured?", "insured = 1"),
        ("how many insured clients are there?", "insured = 1"),
        ("how many clients that are not insured are there?", "insured = 0"),
        ("how many uninsured clients are there?", "insured = 0"),
        ("how many clients are active?", "active = yes"),
    ],
)
def test_what_rows_are_is_read_from_columns_of_0_and_1(asked: str, condition: str) -> None:
    spec = candidates_of(asked, _context("insured", "kids"))[0].spec
    assert short(spec) == f"clients: count | if {condition}"


def test_a_number_that_is_not_only_0_and_1_says_no_yes_or_no() -> None:
    with pytest.raises((CannotAnswer, AsksBack)):
        candidates_of("how many clients are insured?", _context())


def test_what_rows_have_stays_a_number_though_it_is_0_or_1() -> None:
    spec = candidates_of("average kids of clients", _context("insured", "kids"))[0].spec
    assert short(spec) == "clients: avg kids"


@pytest.mark.parametrize(
    ("words", "question", "found"),
    [
        (("sppeaker", "smart"), "streams on a smart sppeaker in 2023", "smart sppeaker"),
        (("ovrnight",), "admitted ovrnight", "ovrnight"),
        (("smart", "red"), "smart and red ones", None),
    ],
)
def test_words_are_one_mistyped_value_only_side_by_side(
    words: tuple[str, ...], question: str, found: str | None
) -> None:
    assert together(words, question) == found
