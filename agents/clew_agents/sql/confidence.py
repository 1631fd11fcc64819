"""How sure is a reading? Risks that it takes, each with a weight, make a probability.

The weights are log-odds written by hand: what an analyst would look at twice. They were checked on
generated worlds (``tests/worlds``), where nearly all that is answered is right, and are ordered
rather than exact; ``benchmarks/spider.py`` and ``answers.py`` print how precise the surest are.
No weight was fitted to a benchmark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from clew_agents.proposer import Candidate
from clew_agents.sql.reading import Reading
from clew_agents.sql.resolve import Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import GOOD
from clew_core import query_spec as q

_BASE, _LEAST, _MOST = 3.2, 0.05, 0.97
_SHORT, _STEP = 9, 5  # words of a plain question; words that make another step of risk
WEIGHTS = {
    "loose name": -0.8,  # found by a synonym or a part of a name
    "near name": -0.3,  # found by an abbreviation
    "far name": -0.9,  # fits less well than another one
    "word passed over": -0.7,  # part of a name that was used, said again
    "name passed over": -0.7,
    "verb passed over": -0.4,  # what is done to things is not looked at
    "and passed over": -0.9,
    "second question": -0.7,
    "word beyond a short question": -0.3,
    "table joined": -0.35,
    "table not named": -0.5,  # crossed on the way
    "label guessed": -0.25,  # which column names the rows
    "key as label": -0.5,
    "ranking": -0.3,
    "ranking by totals": -0.6,  # and not by rows
    "other readings": -0.8,
    "ties": -0.5,
    "distinct guessed": -0.2,
    "typo": -1.2,
    "value in several columns": -0.6,
    "value in a column not named": -0.3,
    "value not written as a name": -0.3,
    "operator supposed": -0.4,
    "further condition": -0.2,
    "rows below": -0.4,  # there must be some, or none
    "only named": -0.3,
    "follow-up": -0.3,
    "analysis": -0.2,
    "parts": -0.8,  # several queries that may have been meant as one
}


def with_risk(confidence: float, risk: str) -> float:
    """Lower a confidence by one more risk."""
    odds = math.log(confidence / (1 - confidence)) if confidence < 1 else _BASE
    return _chance(odds + WEIGHTS[risk])


def calibrated(
    found: Sequence[Candidate], reading: Reading, resolver: Resolver, *, follows: bool = False
) -> list[Candidate]:
    """Give candidates probabilities; what one is beside the others stays as it was.

    Args:
        found: likeliest first.
        reading: that they were made of.
        resolver: that settled its columns.
        follows: they go on from the question before.
    """
    if not found:
        return []
    rivals = [one for one in found if one.confidence * 2 >= found[0].confidence]
    if found[0].single_row:
        rivals = []  # one row shows it
    risks = [*_risks(found[0], reading, resolver)]
    risks += ["follow-up"] * follows + ["other readings"] * (len(rivals) > 1)
    chance = _chance(_BASE + sum(WEIGHTS[risk] for risk in risks))
    first = found[0].confidence
    return [replace(one, confidence=chance * min(1.0, one.confidence / first)) for one in found]


def _chance(odds: float) -> float:
    return round(min(_MOST, max(_LEAST, 1 / (1 + math.exp(-odds)))), 3)


def _risks(one: Candidate, reading: Reading, resolver: Resolver) -> Iterator[str]:
    spec = one.spec
    yield from _of_names(resolver)
    yield from _of_words(reading, resolver)
    yield from _of_tables(spec, reading, resolver)
    yield from _of_values(reading)
    if one.labels and not reading.columns:
        yield "label guessed"
        keys = {resolver.vocabulary.is_key(n) for n in _label_names(one, resolver)}
        if keys == {True}:
            yield "key as label"
    if reading.direction is not None:
        yield "ranking"
        if any(m.aggregate in ("sum", "avg") for m in spec.measures[:1]):
            yield "ranking by totals"
    if spec.distinct and not reading.distinct:
        yield "distinct guessed"
    if any(op.supposed for op in reading.ops):
        yield "operator supposed"
    yield from ["further condition"] * max(0, len(spec.conditions) - 1)
    yield from ["rows below"] * sum(isinstance(c, q.Related) for c in spec.conditions)
    if reading.bare:
        yield "only named"
    if reading.analysis is not None:
        yield "analysis"


def _of_names(resolver: Resolver) -> Iterator[str]:
    """How well the words fit the names that they were read as."""
    for item in resolver.items:
        if item.tag != "F" or not item.matches:
            continue
        best = item.matches[0].score
        named = {(m.name.table, m.name.column or "") for m in item.matches}
        if best < GOOD:
            yield "loose name"
        elif best < 0.95:
            yield "near name"
        weak = {(m.name.table, m.name.column or "") for m in item.weak}
        if not item.tables and not (named & resolver.used) and weak & resolver.used:
            yield "far name"


def _of_words(reading: Reading, resolver: Resolver) -> Iterator[str]:
    """What of the question no part took."""
    for item in reading.rest:
        yield "word passed over" if item.tag == "h" else "name passed over"
    items = resolver.items
    if any(item.tag == "." and item.value == "verb" for item in items):
        yield "verb passed over"
    yield from ["and passed over"] * min(2, reading.unread)
    asked = [at for at, item in enumerate(items) if item.tag == "Q" and _asks(items, at)]
    if len(asked) > 1:
        yield "second question"
    words = sum(item.end - item.start for item in items)
    yield from ["word beyond a short question"] * min(4, max(0, words - _SHORT) // _STEP)


def _asks(items: Sequence[Item], at: int) -> bool:
    """Whether a question word begins a clause: "which" behind "and", or at the beginning."""
    return at == 0 or items[at - 1].tag == "J" or items[at].gap in (",", ".", ";", "?")


def _of_tables(spec: q.QuerySpec, reading: Reading, resolver: Resolver) -> Iterator[str]:
    tables = {table for table, column in resolver.used if column or table != spec.table}
    tables.add(spec.table)
    yield from ["table joined"] * min(3, len(tables) - 1)
    named = {table for item in resolver.items for table in item.tables}
    named |= {m.name.table for item in resolver.items if item.tag == "F" for m in item.matches}
    held = {hit.table for test in reading.values for item in test.values for hit in item.hits}
    if tables - named - held:
        yield "table not named"


def _of_values(reading: Reading) -> Iterator[str]:
    for test in reading.values:
        columns = {(hit.table, hit.column) for item in test.values for hit in item.hits}
        if len(columns) > 1:
            yield "value in several columns"
        if not test.names:
            yield "value in a column not named"
        if any(item.text.islower() and not item.value for item in test.values):
            yield "value not written as a name"


def _label_names(one: Candidate, resolver: Resolver) -> list:  # type: ignore[type-arg]
    held = [d.of for d in one.spec.dimensions if d.name in one.labels]
    return [
        name
        for of in held
        if isinstance(of, q.Column)
        for name in resolver.vocabulary.of_table(of.table)
        if name.column == of.column
    ]
