"""Which errors Clew raises on purpose, sorted by who must act.

    ClewError
    ├── UsageError            the caller: a wrong option, an empty question            exit 2
    ├── RetryByModel          the proposer: it gets the message and tries again        exit 1
    ├── ToolFailed            nobody at once: the step failed, no retry                exit 1
    │   └── OutputNotWritten  the caller: the answer stands, its file does not         exit 1
    ├── ApprovalNeeded        a person: something would act                            exit 1
    ├── RunEnded              the caller: the run was over before its end              exit 1
    │   ├── BudgetEnded         time, rows or money ran out                            exit 1
    │   └── Cancelled           somebody stopped it                                    exit 130
    ├── SourceError           the owner of the source or of the knowledge              exit 4
    ├── BackendUnavailable    the owner of the model backend                           exit 5
    └── Refused               nobody: it is against the rules and stays so             exit 6

Each part adds its own kinds in its ``errors.py``, below one of these. Attributes carry the facts,
the message names the value and the next step; errors do no I/O.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Actor = Literal["caller", "model", "person", "owner", "nobody"]


class ClewError(Exception):
    """The root of all errors that Clew raises on purpose.

    Attributes:
        who_acts: who can do something about it.
        exit_code: what the command line returns for it (DESIGN: Command line).
        hint: the next step, one line; also part of ``str(error)``.
    """

    who_acts: ClassVar[Actor] = "nobody"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the message and the hint."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Put message and hint on one line."""
        text = f"{self.message} {self.hint}" if self.hint else self.message
        return " ".join(text.split())


class UsageError(ClewError):
    """The caller asked in a way that can't work."""

    who_acts = "caller"
    exit_code = 2


class RetryByModel(ClewError):
    """The candidate is not valid; its proposer gets the message and may try again."""

    who_acts = "model"


class ToolFailed(ClewError):
    """A tool could not do its work; trying the same again won't help."""


class OutputNotWritten(ToolFailed):
    """The answer stands but a file that was asked for can't be written."""

    who_acts = "caller"


class ApprovalNeeded(ClewError):
    """A step would act on something; a person has to agree first."""

    who_acts = "person"


class RunEnded(ClewError):
    """The run was over before it came to its end."""

    who_acts = "caller"


class BudgetEnded(RunEnded):
    """Time, rows, memory or money that the run was given ran out."""


class Cancelled(RunEnded):
    """Somebody stopped the run."""

    exit_code = 130


class SourceError(ClewError):
    """A source or the knowledge can't be read."""

    who_acts = "owner"
    exit_code = 4


class BackendUnavailable(ClewError):
    """The model backend does not answer and was required."""

    who_acts = "owner"
    exit_code = 5


class Refused(ClewError):
    """What was asked is against the rules: unsafe SQL, a change of data, a forbidden name."""

    exit_code = 6
