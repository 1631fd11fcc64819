"""What is wrong with a notebook, or can't be known, going by its graph?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from clew_tools.cells.facts import Facts
from clew_tools.cells.linking import Links

ProblemKind = Literal["broken", "unknown", "undefined", "defined later", "redefined", "cycle"]


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that a person should know.

    Attributes:
        kind: what is wrong. ``undefined``: a name that no cell defines, so that the notebook runs
            on what the kernel happens to hold. ``defined later``: it runs only out of order.
        cells: the cells that it is about.
        name: of the variable, where it is about one.
        text: the same in words.
    """

    kind: ProblemKind
    cells: tuple[str, ...]
    name: str | None = None
    text: str


def find_problems(
    order: Sequence[str], facts: Mapping[str, Facts], links: Links
) -> tuple[Problem, ...]:
    """List the problems, in the order of their first cells."""
    at = {id_: place for place, id_ in enumerate(order)}
    found = [*_of_cells(order, facts, links), *_redefined(facts, links), *_cycles(order, links)]
    return tuple(sorted(found, key=lambda problem: at[problem.cells[0]]))


def _of_cells(order: Sequence[str], facts: Mapping[str, Facts], links: Links) -> Iterator[Problem]:
    for id_ in order:
        if facts[id_].broken:
            yield Problem(kind="broken", cells=(id_,), text=f"The cell {facts[id_].broken}.")
        for word in facts[id_].unknown:
            if word != facts[id_].broken:
                yield Problem(kind="unknown", cells=(id_,), text=f"{word[0].upper()}{word[1:]}.")
        for name in dict.fromkeys(links.undefined.get(id_, ())):
            text = f"`{name}` is used, but no cell defines it."
            yield Problem(kind="undefined", cells=(id_,), name=name, text=text)
        for name in dict.fromkeys(links.ahead.get(id_, ())):
            text = f"`{name}` is used before the cell that defines it."
            yield Problem(kind="defined later", cells=(id_,), name=name, text=text)


def _redefined(facts: Mapping[str, Facts], links: Links) -> Iterator[Problem]:
    for name, cells in links.binders.items():
        if len(cells) < 2 or name.startswith("_"):
            continue
        if len({facts[id_].imports.get(name, id_) for id_ in cells}) < 2:
            continue  # the same import, twice
        text = f"`{name}` is defined in {len(cells)} cells."
        yield Problem(kind="redefined", cells=tuple(cells), name=name, text=text)


def _cycles(order: Sequence[str], links: Links) -> Iterator[Problem]:
    """Find cells that need each other: strongly connected ones, after Tarjan."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for root in order:
        if root in index:
            continue
        work = [(root, iter(_needs(root, links)))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            id_, needs = work[-1]
            for other in needs:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    work.append((other, iter(_needs(other, links))))
                    break
                if other in stack:
                    low[id_] = min(low[id_], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[id_])
                if low[id_] == index[id_]:
                    group = stack[stack.index(id_) :]
                    del stack[stack.index(id_) :]
                    if len(group) > 1:
                        cells = tuple(sorted(group, key=order.index))
                        text = f"{len(cells)} cells need each other: no order runs them."
                        yield Problem(kind="cycle", cells=cells, text=text)


def _needs(id_: str, links: Links) -> list[str]:
    return list(dict.fromkeys(edge.maker for edge in links.edges[id_]))
