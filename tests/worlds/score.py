"""How does a workspace do on the questions of worlds? Asked as a user asks, judged by construct."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import clew
from worlds.compare import fits
from worlds.grammar import questions
from worlds.question import Question
from worlds.world import World, draw_world

# ``right`` and ``wrong`` were answered; ``refused`` has an answer but got none; ``detected`` has
# none and was not answered, its words named; ``unnamed`` likewise, but they were not named;
# ``answered`` has none and was answered all the same.
Verdict = Literal["right", "wrong", "refused", "detected", "unnamed", "answered"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one question.

    Attributes:
        world: name of the world.
        question: that was asked.
        verdict: see above.
        status: of the answer, or ``raised``.
        said: text, reason or what was asked back.
        sql: of the answer.
        rows: the first ones of the answer.
        confidence: of the answer.
        seconds: wall clock, the last turn alone.
        answer: itself; None where there was an error.
    """

    world: str
    question: Question
    verdict: Verdict
    status: str
    said: str
    sql: str | None = None
    rows: tuple[tuple[Any, ...], ...] = ()
    confidence: float | None = None
    seconds: float = 0.0
    answer: clew.Answer | None = None


def ask_worlds(seeds: Iterable[int], each: int, folder: Path) -> list[Outcome]:
    """Draw worlds and ask each its questions.

    Args:
        seeds: of the worlds.
        each: questions a world.
        folder: where the worlds' files may lie.
    """
    outcomes = []
    for seed in seeds:
        world = draw_world(seed)
        try:
            place = folder / str(seed)
            place.mkdir(parents=True)
            outcomes += ask_world(world, questions(world, each), place)
        finally:
            world.close()
    return outcomes


def ask_world(world: World, asked: Sequence[Question], folder: Path) -> list[Outcome]:
    """Open a world and ask it questions, each in a thread of its own."""
    with clew.open(str(world.write(folder))) as workspace:
        return [ask(workspace, world, question) for question in asked]


def ask(workspace: clew.Workspace, world: World, question: Question) -> Outcome:
    """Ask one question, after those that come before it, and judge the answer."""
    session, now = workspace.session(), world.now.isoformat()
    started = time.perf_counter()
    try:
        for text in question.before:
            session.ask(text, now=now)
        started = time.perf_counter()
        answer = session.ask(question.text, now=now)
    except Exception as error:  # a crash is an outcome too; the others are still asked
        verdict: Verdict = "refused" if question.kind == "answerable" else "unnamed"
        return Outcome(
            world=world.name,
            question=question,
            verdict=verdict,
            status="raised",
            said=f"{type(error).__name__}: {error}",
        )
    seconds = time.perf_counter() - started
    rows = _rows(answer)
    return Outcome(
        world=world.name,
        question=question,
        verdict=judge(question, answer),
        status=answer.status,
        said=said(answer),
        sql=answer.sql,
        rows=tuple(rows[:5]),
        confidence=answer.confidence,
        seconds=seconds,
        answer=answer,
    )


def judge(question: Question, answer: clew.Answer) -> Verdict:
    """Judge an answer."""
    answered = answer.status == "answered"
    if question.kind == "answerable":
        if not answered:
            return "refused"
        return "right" if fits(_rows(answer), question.golds) else "wrong"
    if answered:
        return "answered"
    told = said(answer)
    return "detected" if all(names(told, words) for words in question.words) else "unnamed"


def said(answer: clew.Answer) -> str:
    """Give what was told: the text, or the reason and what was asked back."""
    parts = [answer.text, answer.reason or ""]
    if answer.clarification:
        asked = answer.clarification
        parts += [asked.question, *asked.words, *(option.label for option in asked.options)]
    return " ".join(part for part in parts if part)


def names(text: str, words: str) -> bool:
    """Tell whether a text names one of some words, in the singular or plural.

    Written as an identifier a word is named too: "doctor" by "tbl_doctors" or "DoctorId".
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", text)
    told = set(re.findall(r"\w+", apart.casefold()))
    told |= {word.removesuffix("s") for word in told} | {word.removesuffix("es") for word in told}
    wanted = [word for word in words.casefold().split() if word not in ("most", "of", "the")]
    return any(word in told or word.removesuffix("s") in told for word in wanted)


def _rows(answer: clew.Answer) -> list[tuple[Any, ...]]:
    if answer.table is None:
        return []
    columns = [column.to_pylist() for column in answer.table.columns]
    return list(zip(*columns, strict=True))


# ------------------------------------------------------------------------------------------ adding


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How many of what.

    Attributes:
        answerable: questions that have an answer.
        right: of them.
        wrong: of them, answered otherwise.
        refused: of them, not answered.
        others: questions that have none, or two.
        detected: of them, not answered, with the words named.
        answered: of them, answered all the same.
    """

    answerable: int = 0
    right: int = 0
    wrong: int = 0
    refused: int = 0
    others: int = 0
    detected: int = 0
    answered: int = 0

    @property
    def wrong_share(self) -> float:
        """Answered, but wrongly or where there is no answer: of all questions."""
        return (self.wrong + self.answered) / max(1, self.answerable + self.others)


def tally(outcomes: Sequence[Outcome]) -> Tally:
    """Count verdicts."""
    verdicts = [outcome.verdict for outcome in outcomes]
    others = sum(outcome.question.kind != "answerable" for outcome in outcomes)
    return Tally(
        answerable=len(outcomes) - others,
        right=verdicts.count("right"),
        wrong=verdicts.count("wrong"),
        refused=verdicts.count("refused"),
        others=others,
        detected=verdicts.count("detected"),
        answered=verdicts.count("answered"),
    )


def by_construct(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    """Sort outcomes by what their questions are made of."""
    found: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        found[outcome.question.construct].append(outcome)
    return dict(found)
