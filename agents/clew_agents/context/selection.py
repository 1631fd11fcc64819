"""Which cells does a task need, at least, and why each of them?

    chosen = select(graph, Task(kind="chart", question="orders by region"), "c7", 4_000)
    chosen.kept       cell and reason, in the order of the notebook
    chosen.dropped    what was left out, and why

Asked from a cell: the cell, what made the values that it reads (``CellGraph`` ends at the
definitions and changes that reach it), and the texts about those. Asked from the notebook: the same
for the variables that the question is about, and of what is made from them as much as the question
speaks of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from clew_agents.context.reasons import because, leads_in, tells_of
from clew_agents.context.subject import Subject, find_subject
from clew_agents.context.texts import lead_of, spoken_of
from clew_agents.context.tokens import FRAME, estimate_tokens
from clew_core.cells import Cell
from clew_core.events import CellView
from clew_tools.cells import CellGraph, Edge

AnyCell = Cell | CellView
TaskKind = Literal["sql", "python", "chart", "insight", "explain", "edit"]

DISPLAY = "display settings"


@dataclass(frozen=True, kw_only=True)
class Task:
    """What the cells are wanted for.

    Attributes:
        kind: what will be made: a chart also needs the cells that set how charts look; an edit
            also the cells that read what is edited.
        question: in the user's words; says what a notebook-level task is about.
        variables: names that it is about for sure, such as an attached variable.
    """

    kind: TaskKind = "python"
    question: str = ""
    variables: tuple[str, ...] = ()


class Kept(NamedTuple):
    """A cell that is kept, and why, in words that the panel shows."""

    cell: AnyCell
    reason: str


class Dropped(NamedTuple):
    """A cell that is left out, and why."""

    cell: AnyCell
    reason: str


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The cells for a task.

    Attributes:
        kept: in the order of the notebook.
        dropped: in the order of the notebook.
        tokens: of the kept cells, estimated.
        complete: nothing that the task needs fell to the budget.
    """

    kept: tuple[Kept, ...]
    dropped: tuple[Dropped, ...]
    tokens: int
    complete: bool = True

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the kept cells."""
        return tuple(kept.cell.id for kept in self.kept)


@dataclass
class _Wanted:
    """A cell that should be kept: the lower the rank, the surer."""

    rank: tuple[int, int]
    reason: str


_CODE, _LEAD, _TEXT, _MORE = range(4)


def select(
    graph: CellGraph,
    task: Task,
    anchor: str | None,
    budget: int,
    count: Callable[[str], int] = estimate_tokens,
) -> Selection:
    """Choose the fewest cells that a task needs.

    Args:
        graph: of the notebook.
        task: what they are for.
        anchor: id of the cell that was asked from; None means the whole notebook.
        budget: tokens that the cells may cost together. The anchor is kept in any case; then
            come the cells that it needs, nearest first, then texts, then what is only of use.
        count: counts the tokens of a text.

    Raises:
        UsageError: the notebook has no cell of this id.
    """
    wanted: dict[str, _Wanted] = {}
    if anchor is not None:
        graph.cell(anchor)
        start = [(anchor, "the cell that was asked from")]
        subject = Subject(cells=())
        if graph.cell(anchor).kind == "markdown":
            start += _of_names(graph, graph.mentions(anchor), "the text mentions")
    else:
        subject = find_subject(graph, task.question, task.variables)
        start = list(subject.cells)
    edges = _need(graph, task, start, wanted, anchor)
    _add_texts(graph, wanted, edges, anchor, [id_ for id_, _ in start])
    _add_readers(graph, task, wanted, anchor, subject)
    return _within(graph, wanted, budget, count, anchor)


def _of_names(graph: CellGraph, names: Iterable[str], why: str) -> list[tuple[str, str]]:
    imported = graph.modules()
    return [
        (id_, f"makes `{name}`, which {why}")
        for name in sorted(names)
        if name not in imported
        for id_ in graph.makers(name)
    ]


def _need(
    graph: CellGraph,
    task: Task,
    start: list[tuple[str, str]],
    wanted: dict[str, _Wanted],
    anchor: str | None,
) -> list[tuple[str, Edge]]:
    """Take in what is asked about and all that it needs, nearest first; give the edges walked."""
    walked: list[tuple[str, Edge]] = []
    for id_, reason in start:
        wanted.setdefault(id_, _Wanted((_CODE, 0), reason))
    todo = list(wanted)
    for id_ in todo:  # grows while it is walked
        distance = wanted[id_].rank[1] + 1
        by_maker: dict[str, list[Edge]] = {}
        for edge in graph.dependencies(id_):
            if edge.thing.name == DISPLAY and task.kind != "chart":
                continue
            walked.append((id_, edge))
            by_maker.setdefault(edge.maker, []).append(edge)
        for maker, edges in by_maker.items():
            if maker not in wanted:
                reason = because(graph, edges, id_, anchor)
                wanted[maker] = _Wanted((_CODE, distance), reason)
                todo.append(maker)
    return walked


def _add_texts(
    graph: CellGraph,
    wanted: dict[str, _Wanted],
    edges: list[tuple[str, Edge]],
    anchor: str | None,
    start: list[str],
) -> None:
    """Keep the text that leads into what is asked about, and texts about names that are kept.

    Above the anchor it is the nearest text, since the anchor may be one of several cells below
    it; above other cells only one that stands directly there.
    """
    for id_ in start:
        lead = lead_of(graph, id_, far=id_ == anchor)
        if lead is not None and lead not in wanted:
            wanted[lead] = _Wanted((_LEAD, 0), leads_in(graph, id_, anchor))
    code = {id_ for id_, want in wanted.items() if want.rank[0] == _CODE}
    names = {edge.thing.name for _, edge in edges}
    imported = graph.modules()
    # What stands beside a value in its cell often made it; beside an import it is by chance.
    for id_ in {edge.maker for _, edge in edges if edge.thing.name not in imported} | set(start):
        names |= set(graph.facts(id_).defines)
    for text, name, sure in spoken_of(graph, names, code):
        if text not in wanted:
            wanted[text] = _Wanted((_TEXT, 0 if sure else 1), tells_of(name, sure))


def _add_readers(
    graph: CellGraph,
    task: Task,
    wanted: dict[str, _Wanted],
    anchor: str | None,
    subject: Subject,
) -> None:
    """Take in cells further down where the task has a use for them."""
    if anchor is not None:
        if task.kind != "edit":
            return
        for cell in graph.cells:
            for edge in graph.dependencies(cell.id):
                if edge.maker == anchor and cell.id not in wanted:
                    reason = f"reads {edge.thing}, which the anchor {_verb(edge)}"
                    wanted[cell.id] = _Wanted((_MORE, 0), reason)
        return
    for id_, reason in subject.further:
        fits = task.kind == "chart" or not graph.facts(id_).draws
        if id_ not in wanted and fits:
            wanted[id_] = _Wanted((_MORE, graph.position(id_)), reason)


def _verb(edge: Edge) -> str:
    return "changes" if edge.role == "changes" else "defines"


def _within(
    graph: CellGraph,
    wanted: dict[str, _Wanted],
    budget: int,
    count: Callable[[str], int],
    anchor: str | None,
) -> Selection:
    """Keep what the budget pays for, the surest first."""
    spent = 0
    kept: set[str] = set()
    left_out: dict[str, str] = {}
    complete = True
    for id_, want in sorted(wanted.items(), key=lambda item: item[1].rank):
        cost = count(graph.cell(id_).source) + FRAME
        if spent + cost <= budget or id_ == anchor:
            kept.add(id_)
            spent += cost
        else:
            left_out[id_] = f"the budget of {budget} tokens is spent; {want.reason}"
            complete &= want.rank[0] != _CODE
    return Selection(
        kept=tuple(Kept(c, wanted[c.id].reason) for c in graph.cells if c.id in kept),
        dropped=tuple(
            Dropped(c, left_out.get(c.id, "nothing that is kept needs it"))
            for c in graph.cells
            if c.id not in kept
        ),
        tokens=spent,
        complete=complete,
    )
