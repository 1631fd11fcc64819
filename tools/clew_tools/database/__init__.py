"""Databases: open a source, look at it, guard a statement, run it."""

__all__: list[str] = []
