"""How do the cells of a notebook depend on each other, and which results are out of date?

    graph = CellGraph.build(cells, ran=["a", "b"])
    graph.ancestors("b")        what must run before b for b to give what it gives
    graph.update(changed_cell)  reads that cell alone anew
    graph.stale()               cell → why its output is out of date
    graph.problems()            names from nowhere, cycles, redefinitions, what can't be read

Nothing is run. What can't be seen from the text stands in docs/context.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from clew_core.cells import Cell, sha256
from clew_core.errors import UsageError
from clew_core.events import CellView
from clew_tools.cells.facts import Facts, Thing, variable
from clew_tools.cells.linking import Edge, Links, link
from clew_tools.cells.mentions import mentioned
from clew_tools.cells.problems import Problem, find_problems
from clew_tools.cells.reading import read_cell

AnyCell = Cell | CellView


class CellGraph:
    """The dependency graph of one notebook; not shared between threads without a lock."""

    def __init__(self, *, known: Iterable[str] = ()) -> None:
        """Start without cells.

        Args:
            known: names that the kernel has without a cell, such as live variables.
        """
        self._cells: dict[str, AnyCell] = {}
        self._facts: dict[str, Facts] = {}
        self._order: list[str] = []
        self._known = frozenset(known)
        self._ran: dict[str, tuple[int, str]] = {}
        self._tick = 0
        self._links: Links | None = None
        self._up: dict[str, frozenset[str]] = {}

    @classmethod
    def build(
        cls, cells: Iterable[AnyCell], *, ran: Sequence[str] = (), known: Iterable[str] = ()
    ) -> CellGraph:
        """Read all cells of a notebook.

        Args:
            cells: in the order of the notebook; ids differ.
            ran: ids in the order in which they ran, as execution counters tell; may repeat.
            known: names that the kernel has without a cell.

        Raises:
            UsageError: two cells have one id.
        """
        graph = cls(known=known)
        for cell in cells:
            if cell.id in graph._cells:
                raise UsageError(f"Two cells have the id {cell.id!r}.", hint="Give each its own.")
            graph._cells[cell.id] = cell
            graph._facts[cell.id] = read_cell(cell)
            graph._order.append(cell.id)
        for id_ in ran:
            graph.ran(id_)
        return graph

    def update(self, cell: AnyCell, *, after: str | None = None) -> None:
        """Replace the cell of the same id, or add it.

        A text that can't be parsed (somebody is typing) keeps what was known of the cell before,
        and is told by ``problems``.

        Args:
            cell: as it is now.
            after: id of the cell that a new one comes after; None adds it at the end.
        """
        old = self._cells.get(cell.id)
        if old is None:
            at = len(self._order) if after is None else self._order.index(self._known_id(after)) + 1
            self._order.insert(at, cell.id)
        self._cells[cell.id] = cell
        if old is None or (old.source, old.kind) != (cell.source, cell.kind) or cell != old:
            facts = read_cell(cell)
            before = self._facts.get(cell.id)
            if facts.broken and before is not None:
                unknown = (facts.broken, *(u for u in before.unknown if u != before.broken))
                facts = dataclasses.replace(before, broken=facts.broken, unknown=unknown)
            self._facts[cell.id] = facts
        self._forget()

    def remove(self, id_: str) -> None:
        """Take a cell out; an unknown one is no error."""
        if self._cells.pop(id_, None) is None:
            return
        del self._facts[id_]
        self._order.remove(id_)
        self._ran.pop(id_, None)
        self._forget()

    def move(self, id_: str, *, after: str | None) -> None:
        """Put a cell behind another one; None puts it at the top."""
        self._known_id(id_)
        self._order.remove(id_)
        self._order.insert(0 if after is None else self._order.index(after) + 1, id_)
        self._forget()

    def ran(self, id_: str) -> None:
        """Note that a cell has just run, with the text that it has now."""
        self._tick += 1
        self._ran[self._known_id(id_)] = (self._tick, sha256(self._cells[id_].source))

    # What is known.

    @property
    def cells(self) -> tuple[AnyCell, ...]:
        """The cells in the order of the notebook."""
        return tuple(self._cells[id_] for id_ in self._order)

    def cell(self, id_: str) -> AnyCell:
        """Give one cell.

        Raises:
            UsageError: there is none of this id.
        """
        return self._cells[self._known_id(id_)]

    def facts(self, id_: str) -> Facts:
        """Give what one cell alone reads, binds and changes."""
        return self._facts[self._known_id(id_)]

    def position(self, id_: str) -> int:
        """Say which place a cell has, from 0."""
        return self._order.index(self._known_id(id_))

    def dependencies(self, id_: str) -> tuple[Edge, ...]:
        """List why a cell directly needs others."""
        return tuple(self._linked().edges[self._known_id(id_)])

    def ancestors(self, id_: str) -> tuple[str, ...]:
        """List all cells that a cell needs, in order."""
        return self._sorted(self._ancestors(self._known_id(id_)))

    def descendants(self, id_: str) -> tuple[str, ...]:
        """List all cells that need a cell, in order."""
        self._known_id(id_)
        return self._sorted(
            other for other in self._order if other != id_ and id_ in self._ancestors(other)
        )

    def makers(self, name: str) -> tuple[str, ...]:
        """List the cells that made the value that a variable, or a table, has at the end."""
        reach = self._linked().makers
        found = reach.get(variable(name)) or reach.get(Thing("table", name.lower())) or ()
        return tuple(id_ for id_, _ in found)

    def names(self) -> dict[str, tuple[str, ...]]:
        """Give the variables and the tables that cells make: name → the cells that bind it."""
        links = self._linked()
        found = {name: tuple(ids) for name, ids in links.binders.items()}
        for thing, makers in links.makers.items():
            if thing.space == "table":
                found.setdefault(thing.name, tuple(id_ for id_, _ in makers))
        return found

    def modules(self) -> dict[str, str]:
        """Give the names that come from an import: name → dotted origin."""
        return dict(self._linked().imported)

    def mentions(self, id_: str) -> frozenset[str]:
        """Give the defined names that a Markdown cell speaks of."""
        return mentioned(self.facts(id_), self.names())

    def stale(self) -> dict[str, str]:
        """Say which outputs are out of date, and why.

        A cell that never ran is not stale. One is that was edited after it ran, or that needs
        something made by a cell that is stale, was edited, has not run, or ran later than it; or
        that read a name while another cell than the one above it had bound it.
        """
        found: dict[str, str] = {}
        links = self._linked()
        for id_ in self._order:
            reason = self._why_stale(id_, links, found)
            if reason is not None:
                found[id_] = reason
        return found

    def problems(self) -> tuple[Problem, ...]:
        """List what is wrong or can't be known, in the order of the cells."""
        return find_problems(self._order, self._facts, self._linked())

    # Inside.

    def _why_stale(self, id_: str, links: Links, stale: dict[str, str]) -> str | None:
        cell, facts = self._cells[id_], self._facts[id_]
        if cell.kind == "markdown":
            return None
        run = self._ran.get(id_)
        if run is None and cell.outputs_digest is None:
            return None
        if cell.stale:
            return "the notebook marks it as out of date"
        if run is not None and run[1] != sha256(cell.source):
            return "it was edited after it ran"
        for edge in links.edges[id_]:
            maker = self._ran.get(edge.maker)
            what = f"{edge.thing}"
            if edge.maker in stale:
                return f"it uses {what} of a cell that is out of date"
            if run is None or self._cells[edge.maker].kind == "markdown":
                continue
            if maker is None:
                if self._cells[edge.maker].outputs_digest is None:
                    return f"the cell that makes {what} has not run"
            elif maker[1] != sha256(self._cells[edge.maker].source):
                return f"the cell that makes {what} was edited"
            elif maker[0] > run[0]:
                return f"the cell that makes {what} ran again after it"
        return self._foreign(id_, facts, run, links)

    def _foreign(
        self, id_: str, facts: Facts, run: tuple[int, str] | None, links: Links
    ) -> str | None:
        """See whether a cell read what another than its own maker had bound."""
        if run is None:
            return None
        makers: dict[str, int] = {}
        for edge in links.edges[id_]:
            if edge.thing.space == "variable" and edge.maker in self._ran:
                name = edge.thing.name
                makers[name] = max(makers.get(name, 0), self._ran[edge.maker][0])
        for name, made in makers.items():
            own = {edge.maker for edge in links.edges[id_] if edge.thing.name == name}
            for other in links.binders.get(name, ()):
                if other in own or other == id_ or other not in self._ran:
                    continue
                if made < self._ran[other][0] < run[0]:
                    return f"it ran while `{name}` had the value of another cell"
        return None

    def _ancestors(self, id_: str) -> frozenset[str]:
        if (known := self._up.get(id_)) is not None:
            return known
        edges = self._linked().edges
        found: set[str] = set()
        todo = [id_]
        while todo:
            for edge in edges[todo.pop()]:
                if edge.maker in found:
                    continue
                found.add(edge.maker)
                done = self._up.get(edge.maker)
                if done is None:
                    todo.append(edge.maker)
                else:
                    found |= done
        self._up[id_] = frozenset(found - {id_})
        return self._up[id_]

    def _linked(self) -> Links:
        if self._links is None:
            self._links = link([(id_, self._facts[id_]) for id_ in self._order], self._known)
        return self._links

    def _forget(self) -> None:
        self._links = None
        self._up.clear()

    def _sorted(self, ids: Iterable[str]) -> tuple[str, ...]:
        wanted = set(ids)
        return tuple(id_ for id_ in self._order if id_ in wanted)

    def _known_id(self, id_: str) -> str:
        if id_ not in self._cells:
            raise UsageError(f"There is no cell {id_!r} in the notebook.", hint="Name one of it.")
        return id_
