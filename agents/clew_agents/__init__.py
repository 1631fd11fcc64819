"""Agents decide: they propose, tools verify, and what holds becomes the answer."""

__all__: list[str] = []
