"""Clew: questions about data become notebook cells, and every number has a receipt.

    import clew
    ws = clew.open("sales.duckdb")
    answer = ws.ask("monthly revenue by region in 2024")

Names are imported when they are first used, so that ``import clew`` is cheap.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.answer import Answer
    from clew.magics import load_ipython_extension, unload_ipython_extension
    from clew.session import Session
    from clew.settings import Settings
    from clew.workspace import Workspace, open_workspace
    from clew_core.events import Event, Request

    open = open_workspace

__version__ = "0.1.0"
__all__ = [
    "Answer",
    "Event",
    "Request",
    "Session",
    "Settings",
    "Workspace",
    "load_ipython_extension",
    "unload_ipython_extension",
    "open",
]

_PLACES = {
    "Answer": ("clew.answer", "Answer"),
    "Event": ("clew_core.events", "Event"),
    "Request": ("clew_core.events", "Request"),
    "Session": ("clew.session", "Session"),
    "Settings": ("clew.settings", "Settings"),
    "Workspace": ("clew.workspace", "Workspace"),
    "load_ipython_extension": ("clew.magics", "load_ipython_extension"),
    "unload_ipython_extension": ("clew.magics", "unload_ipython_extension"),
    "open": ("clew.workspace", "open_workspace"),
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'clew' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
