"""How the sql agent asks a model, and when it believes it."""

__all__: list[str] = []
