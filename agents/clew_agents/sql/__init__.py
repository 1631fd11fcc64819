"""The sql agent: a question over one source becomes a verified query and its result."""

__all__: list[str] = []
