"""The client: a task becomes a request, what comes back is checked."""

__all__: list[str] = []
