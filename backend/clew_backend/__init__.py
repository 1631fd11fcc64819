"""The backend talks to models: one client for every OpenAI-compatible endpoint.

Import from the modules: ``from clew_backend.model.client import Client``.
"""

__all__: list[str] = []
