"""How does the command line speak: to a terminal, to a pipe, in any encoding?

Results go to stdout; reasons, warnings and progress to stderr. Nothing is coloured, so NO_COLOR
and pipes need no care. What can't be printed in the encoding of the stream is replaced.
"""

from __future__ import annotations

import codecs
import io
import json
import os
import shutil
import sys
from typing import Any

from clew.sanitise import one_line, plain_text
from clew_core.secrets import redact

# What is printed where the encoding has no such sign.
SIMPLER = {
    "…": "...", "–": "-", "—": "-", "−": "-", "·": "-", "×": "x", "÷": "/", "→": "->",
    "’": "'", "‘": "'", "“": '"', "”": '"', "\N{NO-BREAK SPACE}": " ",
}  # fmt: skip


def prepare_streams() -> None:
    """Let no character end the program; call before anything is printed."""
    codecs.register_error("clew", _simpler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="clew")


def _simpler(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(SIMPLER.get(char, "?") for char in text), error.end


def say(text: str) -> None:
    """Print a result."""
    print(plain_text(text))


def note(text: str) -> None:
    """Print what is not the result: a reason, a warning, how to go on."""
    clear_progress()
    print(plain_text(text), file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Print the one line of an error; whoever raised it may have named a URL with a password."""
    note(f"clew: {one_line(redact(text))}")


def print_json(data: Any) -> None:
    """Print one JSON object; characters that the stream has no bytes for are escaped."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    text = json.dumps(data, ensure_ascii=encoding != "utf8", allow_nan=False, default=str)
    print(text.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))


def table_width() -> int | None:
    """Count the columns of the terminal; None where stdout is a file or a pipe."""
    if not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


class Progress:
    """Says on stderr what is being done, on one line that is wiped again.

    Where stderr is no terminal, a step is named once, and only when it takes more than a second.
    """

    def __init__(self) -> None:
        """Say nothing yet."""
        self.step = ""
        self._named = ""
        self._live = sys.stderr.isatty() and os.environ.get("TERM", "") != "dumb"

    def tick(self, seconds: float) -> None:
        """Show the step and the time since the beginning."""
        if not self.step or seconds < (0.3 if self._live else 1.0):
            return
        if self._live:
            columns = shutil.get_terminal_size().columns
            text = one_line(f"{self.step} … {seconds:.0f} s")[: columns - 1]
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
            _Shown.progress = True
        elif self.step != self._named:
            self._named = self.step
            note(f"{self.step} …")


class _Shown:
    progress = False


def clear_progress() -> None:
    """Wipe the progress line, if there is one."""
    if _Shown.progress:
        _Shown.progress = False
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def close_broken_pipe() -> None:
    """Let the interpreter end without a word when the reader of stdout went away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
