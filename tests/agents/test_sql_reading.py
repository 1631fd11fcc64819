"""Each question becomes the spec that it means, or is declined with the words that stand out."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.reading import SOURCES, candidates_of, context_of, short, tags_of
from clew_agents.proposer import AsksBack, CannotAnswer
from clew_agents.sql import builtin
from clew_agents.sql.lexicon import PHRASES, TAGS
from clew_core.errors import ClewError, Refused
from clew_core.query_spec import QuerySpec
from clew_tools.semantic.compile import compile_spec
from clew_tools.semantic.keys import AmbiguousPath

HERE = Path(__file__).parent
READINGS = yaml.safe_load((HERE / "readings.yaml").read_text("utf-8"))
ANALYSES = yaml.safe_load((HERE / "readings_analysis.yaml").read_text("utf-8"))
WORDINGS = yaml.safe_load((HERE / "readings_wordings.yaml").read_text("utf-8"))
DECLINED = yaml.safe_load((HERE / "readings_declined.yaml").read_text("utf-8"))
KINDS = {"cannot": CannotAnswer, "asks": AsksBack, "refused": Refused}


def _cases(told: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(source, case, id=f"{source}: {case['asks']}")
        for source, cases in told.items()
        for case in cases
    ]


def read(source: str, case: dict[str, Any], previous: QuerySpec | None = None) -> QuerySpec:
    """Read one question and compare; gives the likeliest spec."""
    context = context_of(source, previous)
    assert tags_of(case["asks"], context) == case["tags"]
    found = candidates_of(case["asks"], context)
    wanted = case.get("specs") or [case["spec"]]
    assert [short(candidate.spec) for candidate in found] == wanted
    return found[0].spec


@pytest.mark.parametrize(
    ("source", "case"), [*_cases(READINGS), *_cases(ANALYSES), *_cases(WORDINGS)]
)
def test_a_question_becomes_the_spec_that_it_means(source: str, case: dict[str, Any]) -> None:
    previous = read(source, case)
    for following in case.get("then", ()):
        previous = read(source, following, previous)


@pytest.mark.parametrize(
    ("source", "case"), [*_cases(READINGS), *_cases(ANALYSES), *_cases(WORDINGS)]
)
def test_what_was_read_compiles(source: str, case: dict[str, Any]) -> None:
    context = context_of(source)
    for candidate in candidates_of(case["asks"], context):
        for dialect in ("duckdb", "sqlite"):
            if dialect == "duckdb" or "median" not in case["asks"]:
                compile_spec(candidate.spec, context.vocabulary.catalog, dialect)


@pytest.mark.parametrize(("source", "case"), _cases(DECLINED))
def test_what_has_no_answer_is_declined_and_the_words_are_named(
    source: str, case: dict[str, Any]
) -> None:
    with pytest.raises(KINDS[case["is"]]) as declined:
        candidates_of(case["asks"], context_of(source))
    for part in case["says"]:
        assert part in str(declined.value)
    if isinstance(declined.value, AsksBack):
        options = declined.value.clarification.options
        assert [short(option.spec) for option in options if option.spec] == case["options"]
        assert [option.id for option in options] == [str(i + 1) for i in range(len(options))]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "question", ["and in 2022?", "only Oslo", "same by city", "as a pie chart"]
)
def test_a_follow_up_to_nothing_is_declined(source: str, question: str) -> None:
    with pytest.raises((CannotAnswer, AsksBack)):
        candidates_of(question, context_of(source))


def test_a_follow_up_that_can_not_be_carried_over_says_so() -> None:
    before = candidates_of("how many students are there per city?", context_of("school"))[0].spec
    for question in ("same for teachers", "do the same for courses"):
        with pytest.raises(CannotAnswer, match="ask it in full"):
            candidates_of(question, context_of("school", before))
    with pytest.raises(CannotAnswer, match="changes nothing"):
        candidates_of("and by city?", context_of("school", before))


def test_a_whole_question_forgets_the_one_before() -> None:
    before = candidates_of("students from Oslo", context_of("school"))[0].spec
    found = candidates_of("how many courses are there?", context_of("school", before))
    assert short(found[0].spec) == "courses: count"


def test_without_its_guard_a_change_would_not_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "refuse_changes", lambda question: None)
    with pytest.raises(CannotAnswer):
        candidates_of("delete all students", context_of("school"))


def test_there_are_enough_questions() -> None:
    told = [*READINGS.values(), *ANALYSES.values()]
    asked = [case for cases in told for case in cases]
    follow = [case for one in asked for case in one.get("then", ())]
    assert len(asked) + len(follow) >= 200 and len(follow) >= 15
    assert sum(len(cases) for cases in DECLINED.values()) >= 60


def test_each_tag_of_a_phrase_is_explained() -> None:
    assert {entry.tag for entry in PHRASES.values()} <= TAGS.keys()


WORDS = sorted({" ".join(phrase) for phrase in PHRASES})
NAMES = ["students", "courses", "fee", "grade", "Oslo", "Algebra", "2023", "5", "city", "month"]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(WORDS) | st.sampled_from(NAMES), min_size=1, max_size=9))
def test_any_words_are_read_or_declined_in_words(words: list[str]) -> None:
    context = context_of("school")
    try:
        for candidate in candidates_of(" ".join(words), context):
            compile_spec(candidate.spec, context.vocabulary.catalog, "duckdb")
    except (CannotAnswer, AsksBack, Refused, AmbiguousPath) as declined:
        assert str(declined).strip()


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_is_read_or_declined_in_words(text: str) -> None:
    try:
        candidates_of(text, context_of("bikes"))
    except ClewError as declined:
        assert str(declined).strip() and "\n" not in str(declined)
