"""Questions are cut into parts, parts are put so that they stand alone, and no part is dropped."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import clew
from agents.plan_world import make_world
from agents.planning import TODAY, ask, planned
from clew.settings import Settings
from clew_agents.plan import phrases
from clew_agents.plan.agents import agents_by_name
from clew_agents.plan.cut import cut, mark_of
from clew_agents.plan.insight_question import is_insight_question, names_nothing
from clew_agents.plan.planner import plan_question
from clew_agents.plan.port import OpenSource
from clew_agents.proposer import AsksBack, Candidate
from clew_agents.sql.builtin import BuiltinProposer, SqlContext
from clew_core.answer import ProposerName
from clew_core.deadline import Deadline
from clew_core.errors import Refused
from clew_core.principal import Principal

PARTS: list[dict[str, list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "plan_parts.yaml").read_text("utf-8")
)
JOINTS = set(
    "then and also after that afterwards finally but this in addition please first".split()
)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[OpenSource]]:
    places = make_world(tmp_path_factory.mktemp("world"))
    home = Settings(home=tmp_path_factory.mktemp("home"))
    with clew.open(*places, settings=home) as workspace:
        yield workspace.opened(Principal(), Deadline(), TODAY, None)


@pytest.mark.parametrize("case", PARTS, ids=lambda case: next(iter(case)))
def test_a_question_is_cut(case: dict[str, list[str]]) -> None:
    ((question, parts),) = case.items()
    assert [f"{part.kind} {part.text}" for part in cut(question)] == parts


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            "revenue orders by region , ; then and chart it as a line say what stands out show its "
            "how did develop ? compare with also . after that find outliers top 3 the".split()
        ),
        max_size=25,
    ).map(" ".join)
)
def test_every_word_lands_in_a_part_or_was_a_joint(question: str) -> None:
    left = words(question)
    for part in cut(question):
        for word in words(part.text):
            left.remove(word)
    assert set(left) <= JOINTS


@pytest.mark.parametrize(
    ("said", "nouns", "rest"),
    [
        ("show its revenue by month", (), "revenue by month"),
        ("show their monthly revenue", (), "monthly revenue"),
        ("revenue of that region by month", ("region",), "revenue by month"),
        ("how many orders did it have", (), "how many orders"),
        ("for it show the revenue", (), "show the revenue"),
        ("number of orders for those 3 categories", ("categories",), "number of orders"),
        ("revenue in this month", (), "revenue in this month"),
    ],
)
def test_words_that_point_back_are_taken_out(said: str, nouns: tuple[str, ...], rest: str) -> None:
    pointed = phrases.without_pointers(said)
    assert (pointed.nouns, pointed.text) == (nouns, rest)
    assert (pointed.pointers > 0) == (rest != said)


@pytest.mark.parametrize(
    ("said", "of", "rest"),
    [
        ("how did it develop by quarter?", "", "by quarter"),
        ("how has its revenue changed over time", "revenue", "by month"),
        ("how did that region do in 2024", "", "by month in 2024"),
    ],
)
def test_a_development_is_a_measure_over_time(said: str, of: str, rest: str) -> None:
    went = phrases.development(said)
    assert went is not None and (went.of, went.rest) == (of, rest)
    assert phrases.development("how many orders did it have") is None


@pytest.mark.parametrize(
    ("said", "rest", "choice"),
    [
        (
            "the sales of the customer with the most orders",
            "the sales",
            "customer with the most orders",
        ),
        (
            "monthly revenue of the best-selling category of 2023",
            "monthly revenue",
            "category with the highest total sales in 2023",
        ),
        (
            "for the region with the highest revenue show the orders by category",
            "orders by category",
            "region with the highest total revenue",
        ),
        ("revenue for the 2 regions with the fewest orders", "revenue",
         "2 regions with the fewest orders"),
    ],
)  # fmt: skip
def test_a_description_is_a_question_of_its_own(said: str, rest: str, choice: str) -> None:
    described = next(phrases.descriptions(said))
    assert phrases.without_opener(described.rest).removeprefix("the ") == rest.removeprefix("the ")
    assert choice in described.choices


def test_two_times_are_two_phrases() -> None:
    alike = ("revenue by category in 2023", "revenue by category in 2024")
    for said in ("2023 and 2024 revenue by category", "revenue by category in 2023 vs 2024"):
        assert phrases.two_times(said) == alike
    assert phrases.two_times("revenue in 2023 by category") is None


@pytest.mark.parametrize(
    ("question", "tasks"),
    [
        (
            "Take the worst region and break its revenue down by category. Draw it as a pie.",
            ["region with the lowest total revenue",
             "revenue by category for the region with the lowest total revenue", "chart"],
        ),
        (
            "who is the top customer? chart their orders by quarter.",
            ["customer with the highest number of orders", "orders by quarter for the", "chart"],
        ),
        ("compare 2023 and 2024 revenue by category",
         ["revenue by category in 2023", "revenue by category in 2024", "revenue", "chart"]),
        ("total revenue by region, then the average", ["total revenue by region", "total revenue"]),
        ("revenue by region, as a bar chart, then the same as a pie",
         ["revenue by region", "chart revenue by region as a bar",
          "chart revenue by region as a pie"]),
        ("plot orders per month, and visits per month from web.csv next to it",
         ["orders per month", "visits per month", "orders", "chart"]),
    ],
)  # fmt: skip
def test_a_wording_becomes_its_steps(
    sources: list[OpenSource], question: str, tasks: list[str]
) -> None:
    plan = planned(question, sources)
    assert plan is not None and len(plan.steps) == len(tasks)
    for step, task in zip(plan.steps, tasks, strict=True):
        assert step.task.startswith(task), plan


@pytest.mark.parametrize(
    ("said", "mark"),
    [("plot it as a pie", "pie"), ("as bars, chart it", "bar"), ("the line of duty", None),
     ("draw a scatter chart", "point")],
)  # fmt: skip
def test_a_chart_is_named(said: str, mark: str | None) -> None:
    assert mark_of(said) == mark


@pytest.mark.parametrize(
    "question",
    [
        "monthly revenue in 2024, then sing a song",
        "revenue by region, then email it to Bob",
        "revenue by region; book a table for two; chart it",
        "sing a song, then revenue by region",
        "revenue by region, then for the region with the most dragons show the revenue",
        "compare the revenue by region with the number of dragons by region",
        "orders per month in web.csv and visits per month in web.csv, side by side",
    ],
)
def test_a_part_that_has_no_step_is_named_and_never_dropped(
    sources: list[OpenSource], question: str
) -> None:
    answer = ask(question, sources).answer
    assert answer.status in ("needs_clarification", "cannot_answer")
    odd = re.search(r"song|email|book|dragons|orders per month", question)
    assert odd is not None and odd[0] in str(answer.reason)
    assert answer.plan and answer.plan[0].state == "failed"


class Greedy:
    """A proposer that takes a whole question for its first part, as one that drops words does."""

    name: ProposerName = "builtin"

    def __init__(self, question: str) -> None:
        """Take the question."""
        self.question, self.inner = question, BuiltinProposer()

    def propose(self, task: str, context: SqlContext, deadline: Deadline) -> list[Candidate]:
        first = "revenue by region" if task == self.question else task
        return self.inner.propose(first, context, deadline)


@pytest.mark.parametrize("joint", [", then ", "; "])
def test_what_is_ordered_is_not_left_to_a_query_that_would_take_it(
    sources: list[OpenSource], joint: str
) -> None:
    question = f"revenue by region{joint}sing a song"
    cards = {name: agent.card for name, agent in agents_by_name().items()}
    with pytest.raises(AsksBack, match="sing a song"):
        plan_question(question, sources, Greedy(question), cards, Deadline())


def test_the_question_without_the_odd_part_is_offered(sources: list[OpenSource]) -> None:
    answer = ask("monthly revenue in 2024, then sing a song, then chart it", sources).answer
    assert answer.clarification is not None
    (option,) = answer.clarification.options
    assert option.question == "monthly revenue in 2024, then chart it"
    assert ask(option.question, sources).answer.status == "answered"


def test_a_part_that_would_change_data_refuses_the_whole(sources: list[OpenSource]) -> None:
    asked = ask("revenue by region, then delete all orders", sources)
    assert asked.answer.status == "refused" and "delete" in str(asked.answer.reason)
    with pytest.raises(Refused):
        planned("revenue by region; drop table orders", sources)


@pytest.mark.parametrize(
    "question",
    [
        "revenue by region", "plot monthly revenue", "monthly revenue as a line chart",
        "top 3 categories by total revenue", "revenue and quantity by region",
        "which customer has the most orders", "total revenue in 2023 and 2024",
    ],
)  # fmt: skip
def test_a_question_of_one_step_stays_one(sources: list[OpenSource], question: str) -> None:
    assert planned(question, sources) is None
    assert len(ask(question, sources).answer.plan) == 1


def test_a_result_that_is_only_drawn_needs_no_second_step(sources: list[OpenSource]) -> None:
    answer = ask("monthly revenue in 2024, then chart it as bars", sources).answer
    assert len(answer.plan) == 1 and answer.chart is not None and answer.chart.mark == "bar"


@pytest.mark.parametrize(
    ("question", "whole", "bare"),
    [
        ("why did revenue fall in March?", True, False),
        ("find outliers", True, True),
        ("what stands out in revenue by month?", True, False),
        ("revenue by month, then find outliers", False, False),
        ("revenue by month", False, False),
    ],
)
def test_questions_of_insight_are_told_apart(question: str, whole: bool, bare: bool) -> None:
    assert is_insight_question(question) == whole
    assert names_nothing(question) == bare


def test_a_question_of_insight_that_names_nothing_is_about_the_one_before(
    sources: list[OpenSource],
) -> None:
    answer = ask("anything interesting?", sources).answer
    assert answer.status == "needs_clarification" and "which numbers" in str(answer.reason)
    assert [step.agent for step in ask("what stands out in revenue?", sources).answer.plan] == [
        "insight"
    ]


@pytest.mark.parametrize(
    "question",
    ["then " * 2000, "a; " * 3000, "and chart it " * 150, "the best " * 200,
     "compare a with b and " * 90, "revenue by region; " * 13],
)  # fmt: skip
def test_an_endless_question_is_planned_or_asked_back_in_time(
    sources: list[OpenSource], question: str
) -> None:
    began = time.process_time()
    answer: Any = ask(question[:10_000], sources).answer
    assert answer.status != "answered" and time.process_time() - began < 10
