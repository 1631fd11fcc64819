"""Stop a build of the wheel that would leave the panel out: hatchling says nothing of a gap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PanelHook(BuildHookInterface[Any]):
    """Looks for the built panel before anything is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fail where the built files are missing."""
        built = Path(self.root) / "notebook_ext" / "clew_notebook_ext" / "labextension"
        if not (built / "package.json").is_file():
            raise FileNotFoundError(
                "The panel is not built: run 'python notebook_ext/front_end.py build' (needs Node)."
            )
