"""How is said why a cell is kept?"""

from __future__ import annotations

from collections.abc import Sequence

from clew_tools.cells import CellGraph, Edge

_ROLES = {"defines": "defines", "may define": "may define", "changes": "changes"}
_TABLES = {"defines": "makes", "may define": "may make", "changes": "changes"}
_FILES = {"defines": "writes", "may define": "may write", "changes": "changes"}
_STATES = {"defines": "sets", "may define": "may set", "changes": "changes"}
_MOST = 3


def because(graph: CellGraph, edges: Sequence[Edge], user: str, anchor: str | None) -> str:
    """Say what a cell makes that another needs, as "defines `orders`, which the anchor reads"."""
    imports = graph.facts(edges[0].maker).imports
    parts: dict[str, list[str]] = {}
    for edge in edges:
        words = {"table": _TABLES, "file": _FILES, "state": _STATES}.get(edge.thing.space, _ROLES)
        verb = words[edge.role]
        if edge.thing.space == "variable" and edge.thing.name in imports:
            verb = "imports"
        parts.setdefault(verb, []).append(str(edge.thing))
    said = []
    for verb, things in parts.items():
        things = list(dict.fromkeys(things))
        shown = ", ".join(things[:_MOST]) + (" …" if len(things) > _MOST else "")
        said.append(f"{verb} {shown}")
    return f"{' and '.join(said)}, which {_who(graph, user, anchor)} reads"


def leads_in(graph: CellGraph, id_: str, anchor: str | None) -> str:
    """Say that a text stands above what is asked about."""
    return f"leads into {_who(graph, id_, anchor)}"


def tells_of(name: str, sure: bool) -> str:
    """Say that a text mentions a name, and whether it may mean another value of it."""
    return f"mentions `{name}`" if sure else f"mentions `{name}`, perhaps an earlier or later value"


def _who(graph: CellGraph, id_: str, anchor: str | None) -> str:
    if id_ == anchor:
        return "the anchor"
    defines = graph.facts(id_).defines
    return f"the cell of `{defines[0]}`" if defines else f"the cell {id_}"
