"""Which of the company's measures and words a few words of a question may mean.

They are found by their names and aliases, in any number and form, and measures also by their head
("turnover" for "net turnover") and by words that mean the same. Two that fit equally well are
asked back.
"""

from __future__ import annotations

from collections.abc import Sequence

from clew_agents.sql.names import Match, Name
from clew_agents.sql.thesaurus import synonyms
from clew_agents.sql.tokens import tokenize
from clew_agents.sql.words import is_participle, same, singular
from clew_knowledge.known import Known

_WHOLE, _NOUN, _ALIKE, _HEAD = 1.0, 0.86, 0.75, 0.65


def company_names(known: Known) -> tuple[Name, ...]:
    """Make a name of each name and alias that the company has for measures and rows."""
    found = [
        _name(words, Name(table=metric.table, column=metric.name, words=(), letters="",
                          type="number", metric=metric.name))
        for metric in known.metrics.values()
        for words in metric.names
    ]  # fmt: skip
    found += [
        _name(words, Name(table=term.table, column=None, words=(), letters="", term=term.name))
        for term in known.terms.values()
        for words in term.names
    ]
    return tuple(name for name in found if name.words)


def _name(text: str, name: Name) -> Name:
    words = tuple(token.norm for token in tokenize(text) if token.kind != "sign")
    letters = "".join(words)
    return Name(
        table=name.table, column=name.column, words=words, letters=letters, full=letters,
        type=name.type, metric=name.metric, term=name.term,
    )  # fmt: skip


def matches_of(words: tuple[str, ...], names: Sequence[Name]) -> list[Match]:
    """Find the company's names that words may mean; each thing once, by its best name."""
    best: dict[tuple[str, str], Match] = {}
    for name in names:
        score = _score(words, name)
        found = best.get((name.metric, name.term))
        if score and (found is None or score > found.score):
            best[name.metric, name.term] = Match(name=name, score=score)
    return list(best.values())


def _score(words: tuple[str, ...], name: Name) -> float:
    if words == name.words:
        return _WHOLE
    if len(words) == len(name.words):
        if all(map(same, words, name.words)):
            return 0.99
        if name.metric and all(map(_alike, words, name.words)):
            return _ALIKE
    if not name.metric or len(words) >= len(name.words):
        return 0.0
    if len(words) == len(name.words) - 1 and is_participle(name.words[-1]):
        if all(map(same, words, name.words)):
            return _NOUN  # the pieces of "pieces sold"
    if singular(words[-1]) in _BARE:
        return 0.0
    return _HEAD if all(map(_alike, words, name.words[-len(words) :])) else 0.0


# Heads that say nothing alone: what they are of is the name.
_BARE = frozenset("rate ratio share number count value amount time level order percent".split())


def _alike(word: str, part: str) -> bool:
    return same(word, part) or part in synonyms(word) or singular(part) in synonyms(word)
