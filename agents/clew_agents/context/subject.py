"""What is a question about the whole notebook about: which variables, which cells?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from clew_tools.cells import CellGraph
from clew_tools.cells.markdown import read_markdown
from clew_tools.cells.mentions import mentioned

_WORD = re.compile(r"[A-Za-z][a-z]+|[A-Z]+|\d{2,}")
_EMPTY = frozenset(
    """a about all an and any are as at be by can chart could did do does each for from give had
    has have how i in is it its make many me more most much my of on or over per please plot show
    than that the their them there these they this those to use was we were what when where which
    who why will with would you your""".split()
)
_ENOUGH = 0.5
_CELLS = 3


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a question is about.

    Attributes:
        cells: id and reason of the cells that made it.
        further: id and reason of cells made from them that the question speaks of.
    """

    cells: tuple[tuple[str, str], ...]
    further: tuple[tuple[str, str], ...] = ()


def find_subject(graph: CellGraph, question: str, variables: Iterable[str] = ()) -> Subject:
    """Find the cells that a question is about.

    By the variables and tables that it names; else by its words, in names, columns and texts; else
    the last result, which is what a person mostly means.
    """
    names = _names(graph, question, variables)
    if names:
        cells = [
            (id_, f"makes `{name}`, which the question is about")
            for name in names
            for id_ in graph.makers(name)
        ]
        return Subject(
            cells=tuple(dict(cells).items()),
            further=_further(graph, [id_ for id_, _ in cells], question, names),
        )
    asked = _words(question)
    ranked = _by_words(graph, asked)
    if ranked:
        return Subject(cells=tuple(ranked))
    last = [cell.id for cell in graph.cells if graph.facts(cell.id).defines]
    if not last:
        return Subject(cells=())
    return Subject(cells=((last[-1], "the last result: the question names none"),))


def _names(graph: CellGraph, question: str, variables: Iterable[str]) -> list[str]:
    known = graph.names()
    imported = graph.modules()
    found = [name for name in variables if name in known]
    spoken = mentioned(read_markdown(question), known)
    # In a question a common word may well be the variable: there is nothing else to talk about.
    words = set(re.findall(r"[A-Za-z_]\w*", question))
    spoken |= {name for name in known if name in words and len(name) > 1 and name not in _EMPTY}
    found += sorted(n for n in spoken if n not in imported and n not in found)
    # `sales` is not meant where the question says `sales_2024`'s words.
    return [n for n in found if not any(n != o and f"{n}_" in o and o in spoken for o in found)]


def _further(
    graph: CellGraph, makers: list[str], question: str, names: list[str]
) -> tuple[tuple[str, str], ...]:
    """Pick what is made from the subject and shares more words with the question."""
    asked = _words(question) - {w for name in names for w in _words(name)}
    if not asked:
        return ()
    below = {id_ for maker in makers for id_ in graph.descendants(maker)} - set(makers)
    found = []
    for cell in graph.cells:
        if cell.id in below and cell.kind != "markdown":
            shared = asked & _words(cell.source)
            if len(shared) >= max(1, _ENOUGH * len(asked)):
                said = ", ".join(sorted(shared)[:_CELLS])
                found.append((cell.id, f"is made from `{names[0]}` and speaks of {said}"))
    return tuple(found)


def _by_words(graph: CellGraph, asked: set[str]) -> list[tuple[str, str]]:
    scored = []
    for at, cell in enumerate(graph.cells):
        if cell.kind == "markdown":
            continue
        shared = asked & _words(cell.source)
        defined = {w for name in graph.facts(cell.id).defines for w in _words(name)}
        score = len(shared) + len(shared & defined)
        if score:
            said = ", ".join(sorted(shared)[:_CELLS])
            scored.append((-score, -at, cell.id, f"speaks of {said}"))
    scored.sort()
    best = scored[0][0] if scored else 0
    return [(id_, reason) for score, _, id_, reason in scored[:_CELLS] if score == best]


def _words(text: str) -> set[str]:
    """Cut a text into words without endings; names in snake or camel case count as several."""
    found = set()
    for word in _WORD.findall(text):
        low = word.lower()
        if low not in _EMPTY and len(low) > 1:
            found.add(low[:-1] if low.endswith("s") and len(low) > 3 else low)
    return found
