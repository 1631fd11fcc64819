"""Which of the notebook's cells does a question come with, and why each? For the plan's event.

The selection is that of ``context/``; imported only where a front door sent cells. What the agents
make of the cells' results as tables is not here yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clew_core.events import Request

if TYPE_CHECKING:
    from clew_agents.context.selection import TaskKind

TOKENS = 8_000


def context_of(request: Request) -> dict[str, object] | None:
    """Choose the cells of a request; None where it brought none.

    Returns:
        JSON: ``kept`` with id and reason, ``dropped`` with ids, ``tokens``, ``complete``, and the
        ``variables`` that the kernel has.

    Raises:
        UsageError: two cells have one id, or the anchor is none of them.
    """
    names = tuple(variable.name for variable in request.variables)
    if not request.cells:
        return {"variables": list(names)} if names else None
    from clew_agents.context import Task, select
    from clew_tools.cells import CellGraph

    attached = tuple(a.name for a in request.attachments if a.kind == "variable")
    graph = CellGraph.build(request.cells, known=names)
    task = Task(kind=task_kind(request.question), question=request.question, variables=attached)
    chosen = select(graph, task, request.anchor, TOKENS)
    return {
        "kept": [{"id": kept.cell.id, "reason": kept.reason} for kept in chosen.kept],
        "dropped": [dropped.cell.id for dropped in chosen.dropped],
        "tokens": chosen.tokens,
        "complete": chosen.complete,
        "variables": list(names),
    }


def task_kind(question: str) -> TaskKind:
    """Say what the cells are wanted for, by the words of the question."""
    from clew_agents.plan.cut import cut

    kinds = {part.kind for part in cut(question)}
    if kinds & {"chart", "side_by_side"}:
        return "chart"
    return "insight" if "findings" in kinds else "sql"
