"""Which Markdown cells speak of what is kept?"""

from __future__ import annotations

from collections.abc import Iterator

from clew_tools.cells import CellGraph

_NEAR = 3


def lead_of(graph: CellGraph, id_: str, *, far: bool) -> str | None:
    """Find the text that leads into a cell of code.

    Args:
        graph: of the notebook.
        id_: of the cell.
        far: the nearest text above will do; else only one that stands directly above.
    """
    lead = None
    for cell in graph.cells:
        if cell.id == id_:
            return None if cell.kind == "markdown" else lead
        if cell.kind == "markdown":
            lead = cell.id
        elif not far:
            lead = None
    return None


def spoken_of(graph: CellGraph, names: set[str], code: set[str]) -> Iterator[tuple[str, str, bool]]:
    """List texts that mention a name, and whether they mean the value that a kept cell binds.

    What is said of a name often holds for all its values, so that a text about another one is
    told too.

    Args:
        graph: of the notebook.
        names: that kept cells hand to each other.
        code: ids of the kept cells.
    """
    binders = graph.names()
    imported = graph.modules()
    place = {cell.id: at for at, cell in enumerate(graph.cells)}
    after = _code_after(graph)
    for cell in graph.cells:
        if cell.kind != "markdown":
            continue
        spoken = sorted(graph.mentions(cell.id) & names - imported.keys())
        sure = [n for n in spoken if _meant(binders[n], place[cell.id], place, after) & code]
        if spoken:
            yield cell.id, (sure or spoken)[0], bool(sure)


def _code_after(graph: CellGraph) -> list[list[str]]:
    """List for each place the next few code cells."""
    found: list[list[str]] = []
    ahead: list[str] = []
    for cell in reversed(graph.cells):
        found.append(ahead)
        if cell.kind != "markdown":
            ahead = [cell.id, *ahead[: _NEAR - 1]]
    return found[::-1]


def _meant(
    binders: tuple[str, ...], at: int, place: dict[str, int], after: list[list[str]]
) -> set[str]:
    """Tell which cells bind the value that a text at a place may speak of.

    Where a name is bound more than once, a text speaks of what the next cell makes, else of what
    was made last; a binding that follows soon may be meant too.
    """
    before = [b for b in binders if place[b] < at]
    later = [b for b in binders if place[b] > at]
    if not before or not later:
        return set(binders)
    if after[at][:1] == later[:1]:
        return {later[0]}
    near = {later[0]} if later[0] in after[at] else set()
    return {before[-1]} | near
