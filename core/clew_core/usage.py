"""What a run used of models and of time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What models were asked for. All zero when no model took part.

    Attributes:
        calls: requests to a model.
        prompt_tokens: tokens sent, cached ones included.
        completion_tokens: tokens that came back.
        cached_tokens: prompt tokens whose KV was reused.
    """

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Add two usages field by field."""
        return Usage(
            calls=self.calls + other.calls,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
        )


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """Where the wall-clock time of a run went, in seconds.

    Attributes:
        total: from the question to the answer.
        model: waiting for models.
        database: inside the engine's execute and fetch.
    """

    total: float = 0.0
    model: float = 0.0
    database: float = 0.0
