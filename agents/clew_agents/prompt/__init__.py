"""Prompts: how they are laid out, and the files that hold their words."""

__all__: list[str] = []
