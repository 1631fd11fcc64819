"""How the insight agent works: understand, explore, test, tell, look for what went along with it.

The order is that of a careful colleague: what is measured and when, whether it departed at all,
where most of it lies, on which days, what else was recorded about that place and time. What is
not checked: whether one thing caused the other. Nothing here says "because".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from clew_agents.insight.asking import Asking
from clew_agents.insight.contest import compare
from clew_agents.insight.days import sharpen
from clew_agents.insight.definition import definition
from clew_agents.insight.evidence import evidence
from clew_agents.insight.explore import Departure, Explored, Explorer
from clew_agents.insight.finding import Finding, InsightAnswer
from clew_agents.insight.intent import Frame, read_frame, sides
from clew_agents.insight.jump import jump
from clew_agents.insight.subject import Subject
from clew_agents.insight.telling import tell
from clew_agents.insight.together import together
from clew_agents.insight.trend import trends
from clew_agents.insight.understand import understand
from clew_agents.insight.wording import Words, capital, said_places
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_core.deadline import Deadline
from clew_core.principal import Principal
from clew_tools.database.arrow_form import column_of, text_column
from clew_tools.database.source import Source

if TYPE_CHECKING:
    import pyarrow as pa

_MOST = 5
_EPOCH = dt.date(1970, 1, 1)


class InsightAgent:
    """Answers one question of insight over one source."""

    def __init__(self, source: Source, principal: Principal, context: SqlContext) -> None:
        """Take what it works on.

        Args:
            source: open.
            principal: who asks.
            context: as the sql agent's proposers are given it.
        """
        self.source, self.principal, self.context = source, principal, context
        self._said: set[str] = set()

    def answer(self, question: str, deadline: Deadline) -> InsightAnswer:
        """Answer a question.

        Raises:
            CannotAnswer: the question is none of insight, or not understood; the reason is said.
            SourceError, BudgetEnded, Cancelled: the queries did not come to their end.
        """
        frame = read_frame(question)
        if frame is None:
            raise CannotAnswer("This question asks for no cause, pattern or comparison.")
        asking = Asking(
            source=self.source,
            principal=self.principal,
            catalog=self.context.vocabulary.catalog,
            deadline=deadline,
            metrics=self.context.vocabulary.known.measures,
            terms=self.context.vocabulary.known.conditions,
        )
        words = Words()
        self._said = set()
        if frame.intent == "definition":
            findings, tried, noun = definition(question, self.context, asking, words)
            nothing = (
                f"In {noun} no rule was found that held up to some day and not any more from "
                "then on: neither a threshold nor a sum of other numbers of the row."
            )
            return _answer(findings, nothing, tried, asking, words)
        if frame.intent == "together":
            return self._together(question, frame, asking, words)
        subject = understand(question, frame, self.context, asking)
        asking.days = subject.days
        if frame.intent == "trend":
            findings, tried = trends(subject, asking, words)
            nothing = _no_trend(subject)
        elif frame.intent == "versus":
            findings, tried = compare(subject, asking, words)
            nothing = _no_difference(subject)
        else:
            findings, tried = self._changes(subject, asking, words)
            nothing = _nothing(subject, frame)
        return _answer(findings, nothing, tried, asking, words)

    def _together(self, question: str, frame: Frame, asking: Asking, words: Words) -> InsightAnswer:
        """Put the two measures of a question side by side."""
        left, right = sides(question)
        plain = replace(frame, intent="overview")
        one = understand(left, plain, self.context, asking)
        other = understand(right, plain, self.context, asking)
        asking.days = (*one.days, *other.days)
        findings, tried = together(one, other, asking, words)
        nothing = (
            f"{capital(one.noun)} and {other.noun} do not go along with each other week by week "
            "beyond chance, once trend and season are taken off."
        )
        return _answer(findings, nothing, tried, asking, words)

    def _changes(self, subject: Subject, asking: Asking, words: Words) -> tuple[list[Finding], int]:
        """Explore, and tell what was found with what went along with it."""
        if subject.span is None:
            raise CannotAnswer(f"{subject.base!r} has no date: a change can't be looked for.")
        explored = Explorer(subject=subject, asking=asking).run()
        findings: list[Finding] = []
        if subject.intent == "overview":
            with suppress(CannotAnswer):
                findings += trends(subject, asking, words)[0]
        if explored.whole is not None:
            findings += self._told(explored.whole, subject, asking, words, explored)
        for departure in explored.found[: _MOST - len(findings)]:
            if asking.deadline.remaining_s < 0.4:
                break
            findings += self._told(departure, subject, asking, words, explored)
        return findings, explored.tried

    def _told(
        self,
        departure: Departure,
        subject: Subject,
        asking: Asking,
        words: Words,
        explored: Explored,
    ) -> list[Finding]:
        sharp = sharpen(departure, subject, asking, explored.data)
        if not departure.places and (found := jump(sharp, subject, asking, words)) is not None:
            return [found]
        mark = words.mark()
        finding = tell(sharp, subject, asking, words, explored.data)
        if finding is None:
            words.take_back(mark)
            return []
        also = evidence(sharp, subject, asking, words, self._said)
        places = list(finding.places)
        for piece in also:
            places += [p for p in piece.places if p not in places]
        text = " ".join([finding.text, *(piece.text for piece in also)])
        return [replace(finding, text=text, places=tuple(places))]


def _answer(
    findings: Sequence[Finding], nothing: str, tried: int, asking: Asking, words: Words
) -> InsightAnswer:
    text = " ".join(finding.text for finding in findings) if findings else nothing
    return InsightAnswer(
        findings=tuple(findings),
        text=text,
        receipts=tuple(words.receipts),
        sheets=tuple(words.sheets.values()),
        table=_table(findings) if findings else None,
        warnings=tuple(asking.warnings),
        tried=tried,
        queries=asking.queries,
        seconds=asking.seconds,
        cpu_seconds=asking.cpu_seconds,
        as_of=asking.as_of,
    )


def _table(findings: Sequence[Finding]) -> pa.Table:
    """List the findings in rows, without pandas: pyarrow imports it to look at a list."""
    import pyarrow as pa

    def days(values: Sequence[dt.date | None]) -> pa.Array:
        numbers = [None if day is None else (day - _EPOCH).days for day in values]
        return column_of(numbers)[0].cast(pa.int32()).cast(pa.date32())

    effects = [f.effect if abs(f.effect) != float("inf") else None for f in findings]
    columns = {
        "finding": text_column([f.kind for f in findings]),
        "place": text_column([said_places(f.places) for f in findings]),
        "from": days([f.low for f in findings]),
        "to": days([f.high for f in findings]),
        "effect": column_of(effects)[0].cast(pa.float64()),
        "p": column_of([float(f.p) for f in findings])[0],
    }
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))


def _nothing(subject: Subject, frame: Frame) -> str:
    way = {1: "a rise", -1: "a fall", 0: "a change"}[frame.direction]
    where = f" ({said_places(subject.places)})" if subject.places else ""
    when = f" around {subject.span.text}" if subject.span is not None and subject.span.text else ""
    return (
        f"{capital(subject.noun)}{where} shows no {way.removeprefix('a ')}{when} that goes beyond "
        "its usual swings, neither as a whole nor in any place that was looked at."
    )


def _no_trend(subject: Subject) -> str:
    where = f" ({said_places(subject.places)})" if subject.places else ""
    return (
        f"{capital(subject.noun)}{where} shows neither a steady trend over the months nor a season "
        "that goes beyond its usual swings."
    )


def _no_difference(subject: Subject) -> str:
    assert subject.versus is not None
    one, other = subject.versus
    return (
        f"{capital(subject.noun)} does not differ beyond chance between {one.value} and "
        f"{other.value}."
    )
