"""Which errors the backend raises on purpose, below those of ``clew_core.errors``.

    BackendUnavailable        the owner of the endpoint
    ├── EndpointDown            it can't be reached, or fails (500, 502, 503, 504)
    ├── EndpointBusy            it has too much to do (429); ``retry_after_s`` says when
    ├── StreamCut               the reply ended before its end
    ├── UnknownModel            it has no model of that name (404)
    └── NotLetIn                the key is missing or wrong (401, 403)
    RetryByModel
    ├── MalformedReply          no JSON, other JSON than was asked for, or cut in the middle
    └── EndlessRepetition       the model says the same over and over
    ToolFailed
    ├── ContextOverflow         the prompt is longer than the model can read
    ├── ModelDeclined           the model said that it won't
    └── BadRequest              the endpoint does not understand the request

That the tokens of a question are used up is ``BudgetEnded``, of the core.
"""

from __future__ import annotations

from clew_core.errors import BackendUnavailable, RetryByModel, ToolFailed


class EndpointDown(BackendUnavailable):
    """The endpoint can't be reached, or fails."""


class EndpointBusy(BackendUnavailable):
    """The endpoint has too much to do.

    Attributes:
        retry_after_s: when it wants to be asked again; None where it does not say.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after_s: float | None = None) -> None:
        """Keep when to come back."""
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class StreamCut(BackendUnavailable):
    """The reply ended before its end."""


class UnknownModel(BackendUnavailable):
    """The endpoint has no model of that name."""


class NotLetIn(BackendUnavailable):
    """The key is missing or wrong."""


class MalformedReply(RetryByModel):
    """What came is not the JSON that was asked for.

    Attributes:
        text: what came.
    """

    def __init__(self, message: str, *, text: str = "") -> None:
        """Keep what came."""
        super().__init__(message)
        self.text = text


class EndlessRepetition(RetryByModel):
    """The model says the same over and over."""


class ContextOverflow(ToolFailed):
    """The prompt is longer than the model can read."""


class ModelDeclined(ToolFailed):
    """The model said that it won't.

    Attributes:
        text: what it said; no message shows it, for a model may say anything.
    """

    def __init__(self, message: str, *, text: str = "") -> None:
        """Keep what it said."""
        super().__init__(message)
        self.text = text


class BadRequest(ToolFailed):
    """The endpoint does not understand the request."""
