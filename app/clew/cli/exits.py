"""Which exit code does the command line return?

A function of an answer's status or of an error's kind, and of nothing else.
"""

from __future__ import annotations

from clew_core.answer import Status
from clew_core.errors import Cancelled, ClewError, Refused

DONE = 0
FAILED = 1
WRONG_USE = 2
NO_ANSWER = 3
CANCELLED = Cancelled.exit_code

BY_STATUS: dict[Status, int] = {
    "answered": DONE,
    "needs_clarification": NO_ANSWER,
    "cannot_answer": NO_ANSWER,
    "refused": Refused.exit_code,
    "failed": FAILED,
    "cancelled": CANCELLED,
}


def exit_code(outcome: Status | BaseException) -> int:
    """Choose the exit code for a status, or for the error that ended the command.

    >>> exit_code("cannot_answer"), exit_code(KeyboardInterrupt()), exit_code(KeyError("bug"))
    (3, 130, 1)
    """
    if isinstance(outcome, ClewError):
        return outcome.exit_code
    if isinstance(outcome, KeyboardInterrupt):
        return CANCELLED
    if isinstance(outcome, BaseException):
        return FAILED
    return BY_STATUS[outcome]


def status_of(error: BaseException) -> Status:
    """Name the status that stands in the object of `--json` when an error ended the command."""
    if isinstance(error, Refused):
        return "refused"
    return "cancelled" if exit_code(error) == CANCELLED else "failed"
