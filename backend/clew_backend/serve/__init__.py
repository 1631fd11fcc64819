"""Serving: how vLLM is started, watched and ended."""

__all__: list[str] = []
