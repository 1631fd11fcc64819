"""How do the cells of a notebook hang together, and which would go along with a question?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clew_agents.plan.notebook_context import TOKENS, task_kind
from clew_core.errors import UsageError
from clew_core.events import Attachment, CellView, Variable

MOST_CELLS = 5_000
LONGEST_CELL = 200_000
"""Signs of a cell that are read: Python's parser lets nobody else work meanwhile."""


@dataclass(frozen=True, kw_only=True)
class GraphRequest:
    """What the panel wants to know of a notebook.

    Attributes:
        cells: in the order of the notebook.
        ran: ids in the order in which they ran; may repeat.
        variables: that the kernel has.
        anchor: id of the cell that would be asked from.
        question: that would be asked.
        attachments: that would go along.
    """

    cells: tuple[CellView, ...]
    ran: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()
    anchor: str | None = None
    question: str = ""
    attachments: tuple[Attachment, ...] = ()


def describe(request: GraphRequest) -> dict[str, Any]:
    """Read the cells and describe their graph as JSON; nothing is run.

    Raises:
        UsageError: two cells have one id, or one that is named is not there, or there are too many.
    """
    from clew_agents.context import Task, select
    from clew_tools.cells import CellGraph

    cells = readable(request.cells)
    known = [variable.name for variable in request.variables]
    ids = {cell.id for cell in cells}
    ran = [id_ for id_ in request.ran if id_ in ids]  # cells that ran and were deleted
    graph = CellGraph.build(cells, ran=ran, known=known)
    stale = graph.stale()
    nodes, edges = [], []
    for cell in graph.cells:
        facts = graph.facts(cell.id)
        nodes.append(
            {
                "id": cell.id,
                "kind": cell.kind,
                "defines": list(facts.defines),
                "reads": sorted(str(thing) for thing in facts.reads),
                "stale": stale.get(cell.id),
            }
        )
        edges += _edges(cell.id, graph.dependencies(cell.id))
    attached = tuple(a.name for a in request.attachments if a.kind == "variable")
    kind = task_kind(request.question)
    task = Task(kind=kind, question=request.question, variables=attached)
    chosen = select(graph, task, request.anchor, TOKENS)
    return {
        "nodes": nodes,
        "edges": edges,
        "problems": [
            {"kind": p.kind, "cells": list(p.cells), "name": p.name, "text": p.text}
            for p in graph.problems()
        ],
        "context": {
            "kept": [{"id": kept.cell.id, "reason": kept.reason} for kept in chosen.kept],
            "dropped": [{"id": d.cell.id, "reason": d.reason} for d in chosen.dropped],
            "tokens": chosen.tokens,
            "complete": chosen.complete,
        },
    }


def readable(cells: Sequence[CellView]) -> tuple[CellView, ...]:
    """Cut cells to what is read of them.

    Raises:
        UsageError: there are too many.
    """
    if len(cells) > MOST_CELLS:
        raise UsageError(f"The notebook has {len(cells):,} cells; at most {MOST_CELLS:,} are read.")
    return tuple(
        cell
        if len(cell.source) <= LONGEST_CELL
        else replace(cell, source=cell.source[:LONGEST_CELL])
        for cell in cells
    )


def _edges(user: str, found: Sequence[Any]) -> list[dict[str, Any]]:
    """Put what one cell needs of another by one role into one edge."""
    together: dict[tuple[str, str], list[str]] = {}
    for edge in found:
        things = together.setdefault((edge.maker, edge.role), [])
        if str(edge.thing) not in things:
            things.append(str(edge.thing))
    return [
        {"from": maker, "to": user, "things": things, "role": role}
        for (maker, role), things in together.items()
    ]
