"""Which names do the meanings of a source.yaml give to tables and columns?

"One row per parcel" names a table parcels, "promised days" a column; the noun that heads such a
phrase names it too, with less weight. A plain name comes before a meaning, and a row that is one
of several things together ("per article and period") is called by none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clew_agents.sql.names import Match, Name
from clew_agents.sql.thesaurus import synonyms
from clew_agents.sql.words import is_participle, same, singular, split_name
from clew_tools.database.catalog import Catalog

_WHOLE, _PLAIN, _HEAD, _ALIKE = 0.85, 0.65, 0.65, 0.62
_ROW = re.compile(
    r"^(?:(?:one|each|every|a) )?(?:row|record|line|entry)s? "
    r"(?:per|for (?:each|every)|is (?:an?|one|the)|=|stands for (?:an?|one)|represents an?) (.+)$"
)
_JOINED = frozenset("and or per by plus".split())
_ENDS = frozenset(
    "that which who whom whose where when in on at for with from to through by per as is was are "
    "were during before after until since if while because and or but of than within without "
    "the between".split()
)
_INSIDE = frozenset("in of on at".split())
_SMALL = frozenset("a an the its their our this each one".split())
# Nouns that say nothing about what a row or a value is.
_BARE = frozenset(
    "row record entry thing item number id key name code day date time month week year value "
    "text kind type flag list one count result copy field column data units part address "
    "period amount unit number".split()
)
_PARTICLES = frozenset("back out off up in over".split())
_DONE = frozenset("sold sent given bought paid left held kept made done".split())
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Told:
    """A name that a meaning gives.

    Attributes:
        name: with the words of the meaning.
        weight: of a whole match.
    """

    name: Name
    weight: float


def told_names(catalog: Catalog) -> dict[str, list[Told]]:
    """List what meanings call tables and columns, by the singular of the last word."""
    found: dict[str, list[Told]] = {}
    for told in _told(catalog):
        found.setdefault(singular(told.name.words[-1]), []).append(told)
    return found


def _told(catalog: Catalog) -> Iterator[Told]:
    heads = {singular(split_name(table.name)[-1]) for table in catalog.tables}
    for table in catalog.tables:
        for words, weight in _of_table(table.meaning or ""):
            if weight == _HEAD and singular(words[-1]) in heads:
                continue  # the last word of another table's name
            yield Told(name=_name(table.name, None, words, ""), weight=weight)
        keys = {*table.primary_key, *(c for key in table.foreign_keys for c in key.columns)}
        for column in table.columns:
            plain = not is_cryptic(column.name)
            for words, weight in _of_column("" if column.name in keys else column.meaning or ""):
                if plain:  # its own name says more
                    weight = min(weight, _PLAIN)
                yield Told(name=_name(table.name, column.name, words, column.type), weight=weight)


def is_cryptic(name: str) -> bool:
    """Say whether a name says nothing to people: attr_12, c7, brnd, LINEAMOU.

    >>> [is_cryptic(name) for name in ("attr_12", "brnd", "LINEAMOU", "amount", "col3", "AMOUNT")]
    [True, True, True, False, True, False]
    """
    if re.search(r"\d$", name) or re.fullmatch(r"[A-Z]{7,}", name):
        return True
    parts = [part for part in split_name(name) if len(part) >= 3]
    return any(not re.search(r"[aeiouy]", part) for part in parts)


def _name(table: str, column: str | None, words: tuple[str, ...], type_: str) -> Name:
    letters = "".join(words)
    return Name(
        table=table, column=column, words=words, letters=letters, full=letters, type=type_,
        told=True,
    )  # fmt: skip


def _of_table(meaning: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """Name a table by what a row of it is."""
    row = _ROW.match(meaning.strip().casefold())
    if row is None:
        return
    words = _WORDS.findall(row[1])
    phrase, stop = _phrase(words)
    if not phrase or stop in _JOINED or stop == ",":
        return
    # "One row per article in an order" is no article: others may be.
    inside = (
        re.search(rf"\b{stop} (?:an?|the|each|one|every) ", row[1]) if stop in _INSIDE else None
    )
    yield phrase, _ALIKE if inside else _WHOLE
    plain = not any(word.endswith("ed") for word in phrase)
    if len(phrase) > 1 and phrase[-1] not in _BARE and plain:
        yield phrase[-1:], _HEAD


def _of_column(meaning: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """Name a column by the noun phrase that its meaning begins with."""
    words = _WORDS.findall(meaning.casefold())
    phrase, stop = _phrase(words)
    if not phrase or stop in (",", "/", "=") or len(phrase) > 4:
        return  # a list of values, or a sentence
    if len(phrase) > 1 or phrase[-1] not in _BARE:
        yield phrase, _WHOLE
    if len(phrase) > 1 and phrase[-1] not in _BARE:
        yield phrase[-1:], _HEAD


def _phrase(words: list[str]) -> tuple[tuple[str, ...], str]:
    """Take the words before the first that ends a noun phrase, and give that one too."""
    taken: list[str] = []
    for word in words:
        if word in _SMALL and not taken:
            continue
        if word in _ENDS or not word[0].isalnum():
            return _bare(taken), word
        taken.append(word)
    return _bare(taken), ""


def _bare(words: list[str]) -> tuple[str, ...]:
    """Take off what was done to it: the pieces of "pieces sent back"."""
    while len(words) > 1 and (
        words[-1] in _PARTICLES or words[-1] in _DONE or words[-1].endswith("ed")
    ):
        words = words[:-1]
    return tuple(words)


def told_matches(words: tuple[str, ...], told: dict[str, list[Told]]) -> list[Match]:
    """Find what words may mean by what meanings say."""
    last = {singular(words[-1]), *map(singular, synonyms(words[-1]))}
    best: dict[tuple[str, str | None], Match] = {}
    for key in last:
        for one in told.get(key, ()):
            score = _score(words, one)
            place = one.name.table, one.name.column
            if score and (place not in best or score > best[place].score):
                best[place] = Match(name=one.name, score=score)
    return list(best.values())


def _score(words: tuple[str, ...], told: Told) -> float:
    parts = told.name.words
    if len(words) != len(parts) or (len(words) == 1 and is_participle(words[0])):
        return 0.0
    if all(map(same, words, parts)):
        return told.weight
    alike = all(
        same(w, p) or singular(p) in map(singular, synonyms(w))
        for w, p in zip(words, parts, strict=True)
    )
    return _ALIKE if alike and told.weight == _WHOLE else 0.0
