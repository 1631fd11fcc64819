"""How does Jupyter Server load Clew, and how does Clew end with it?"""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp

from clew_notebook_ext.routes import handlers
from clew_notebook_ext.service import Service


class ClewExtension(ExtensionApp):
    """Registers the handlers and stops the work when the server stops."""

    name = "clew_notebook_ext"
    app_name = "Clew"
    description = "Answers the questions of the panel"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Make the service; it opens nothing before somebody asks."""
        root = self.serverapp.root_dir if self.serverapp is not None else "."
        self.settings["clew_service"] = Service(Path(root))

    def initialize_handlers(self) -> None:
        """Name the routes."""
        self.handlers.extend(handlers())

    async def stop_extension(self) -> None:
        """End all runs and close the sources."""
        service = self.settings.get("clew_service")
        if isinstance(service, Service):
            await asyncio.to_thread(service.close)
