"""What may a run in the sandbox use, and what can become of it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from clew_core.errors import UsageError

if TYPE_CHECKING:
    import pyarrow

Status = Literal[
    "done",  # it ran to its end
    "error",  # it raised, or ended itself
    "time",  # the wall clock
    "cpu",  # the CPU's clock
    "memory",
    "files",  # more in the scratch folder than fits
    "output",  # more on stdout and stderr than anybody reads
    "results",  # what it handed over is too large, or is not what it says
    "killed",  # by the kernel, for another reason
]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one run may use; the kernel counts.

    Attributes:
        seconds: wall-clock time, in seconds; the deadline may end it earlier.
        cpu_s: CPU time of all its threads, in whole seconds.
        memory_mb: memory for data, in MB, beside the tables that come in and what the
            interpreter and the libraries map (512 MB).
        threads: how many threads; processes it can't start.
        open_files: how many files may be open at once.
        scratch_mb: the size of its scratch folder, in MB.
        input_mb: the size of the tables that come in, in MB.
        result_mb: the size of all results together, in MB.
        json_mb: how much of that may be plain values and figures, in MB; the asking process may
            need some thirty times as much for a moment.
        rows: rows of one table that comes out.
        output_kb: how much of stdout and of stderr is kept, in kB; the rest is cut.
        namespaces: whether a kernel that gives no namespaces is a reason to refuse.
    """

    seconds: float = 30.0
    cpu_s: int = 30
    memory_mb: int = 1024
    threads: int = 16
    open_files: int = 64
    scratch_mb: int = 64
    input_mb: int = 2048
    result_mb: int = 256
    json_mb: int = 8
    rows: int = 10_000_000
    output_kb: int = 64
    namespaces: Literal["where possible", "required"] = "where possible"

    def __post_init__(self) -> None:
        """Refuse limits that let nothing run.

        Raises:
            UsageError: a limit is not above zero, or namespaces is no known word.
        """
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name == "namespaces":
                if value not in ("where possible", "required"):
                    raise UsageError(
                        f"namespaces can't be {value!r}.",
                        hint="Say 'where possible' or 'required'.",
                    )
            elif not value > 0:
                raise UsageError(
                    f"The limit {each.name} can't be {value!r}.", hint="Give a number above zero."
                )


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What became of code that was started.

    Attributes:
        status: how it ended; results are there only after `done`, `error` and `memory`.
        error: why it did not end well, in words; empty after `done`.
        tables: results that are tables, of plain types.
        values: results that are JSON values.
        figures: results that are Plotly figures, as JSON text, checked to have data and layout;
            it may name addresses: render it without loading any.
        stdout, stderr: what it printed, cut; output_cut says whether.
        cpu_s, wall_s: seconds used, the start included.
        peak_mb: the most memory it held at once, in MB, the libraries included.
        walls: what stood around it: landlock, seccomp, limits, namespaces.
    """

    status: Status
    error: str = ""
    tables: Mapping[str, pyarrow.Table] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, str] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""
    output_cut: bool = False
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    walls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why code was not started.

    Attributes:
        missing: what is missing on this machine, or too large, in words.
        hint: what to do.
    """

    missing: str
    hint: str = ""

    def __str__(self) -> str:
        """Say it in a sentence or two."""
        return f"The sandbox does not run code here: it lacks {self.missing}. {self.hint}".strip()
