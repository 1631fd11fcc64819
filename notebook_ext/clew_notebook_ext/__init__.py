"""The server side of the JupyterLab panel: Clew behind Jupyter's own login, under ``/clew/``."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter Server what to load."""
    from clew_notebook_ext.extension import ClewExtension

    return [{"module": "clew_notebook_ext", "app": ClewExtension}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell ``jupyter labextension develop`` where the built panel lies."""
    return [{"src": "labextension", "dest": "clew-notebook-ext"}]
