"""Where do engines put what does not fit into memory, and who cleans it up?"""

from __future__ import annotations

import atexit
import functools
import itertools
import os
import shutil
import tempfile
from pathlib import Path

from clew_core.errors import SourceError

_numbers = itertools.count(1)


def folder() -> Path:
    """Find this process's private folder (0700); it is deleted when the process ends.

    Raises:
        SourceError: no folder for temporary files can be written.
    """
    return _folder(os.getpid())


def fresh(suffix: str) -> Path:
    """Name a file in the private folder that is not there yet."""
    return folder() / f"{next(_numbers)}{suffix}"


@functools.cache
def _folder(process: int) -> Path:
    try:
        made = Path(tempfile.mkdtemp(prefix="clew-"))
    except OSError as error:
        raise SourceError(
            f"No folder for temporary files can be written: {error.strerror or error}.",
            hint="Free some space, or set TMPDIR to a folder that can be written.",
        ) from error
    atexit.register(_forget, made, process)
    return made


def _forget(made: Path, process: int) -> None:
    # A forked child must not take its parent's files away.
    if os.getpid() == process:
        shutil.rmtree(made, ignore_errors=True)
