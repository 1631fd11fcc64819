"""What goes wrong between the panel and its server, and which HTTP status each has.

ClewError
├── UsageError              400
│   ├── NotFound            404   also clew.threads.NoThread
│   ├── Busy                409
│   └── TooLarge            413
├── Refused                 403
├── SourceError             503
│   └── NoSources           503
└── all others              500
"""

from __future__ import annotations

from clew.threads import NoThread
from clew_core.errors import (
    BackendUnavailable,
    ClewError,
    Refused,
    RetryByModel,
    SourceError,
    UsageError,
)


class NotFound(UsageError):
    """There is no such thing, or it belongs to somebody else."""


class Busy(UsageError):
    """The thread still answers another question."""

    def __init__(self, run: str) -> None:
        """Name the run that goes on."""
        super().__init__("This thread still answers a question.", hint="Stop it, or wait for it.")
        self.run = run


class TooLarge(UsageError):
    """The body of a request is longer than what is read."""


class NoSources(SourceError):
    """Nobody has said which data are meant."""


_STATUS: tuple[tuple[type[ClewError], int], ...] = (
    (NotFound, 404),
    (NoThread, 404),
    (Busy, 409),
    (TooLarge, 413),
    (UsageError, 400),
    (RetryByModel, 400),
    (Refused, 403),
    (SourceError, 503),
    (BackendUnavailable, 503),
)


def http_status(error: ClewError) -> int:
    """Choose the HTTP status of an error.

    >>> http_status(NotFound("…")), http_status(UsageError("…")), http_status(ClewError("…"))
    (404, 400, 500)
    """
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def kind_of(error: ClewError) -> str:
    """Name the kind of an error as the panel knows it."""
    return "NotFound" if isinstance(error, NoThread) else type(error).__name__
