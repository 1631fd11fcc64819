"""Where do engines put what does not fit into memory, and who cleans it up?"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import itertools
import os
import shutil
import tempfile
import time
from pathlib import Path

from clew_core.errors import SourceError

_PREFIX = "clew-"
# A folder that is just being made is not held yet.
_YOUNG_S = 60.0
_numbers = itertools.count(1)
_parents: list[Path] = []


def keep_under(parent: Path) -> None:
    """Choose where the private folder is made: on a disk, where /tmp may lie in memory.

    The first choice of a process holds. Where it can't be written, the system's folder for
    temporary files is taken.
    """
    if not _parents:
        _parents.append(parent)


def folder() -> Path:
    """Find this process's private folder (0700); it is deleted when the process ends.

    Raises:
        SourceError: no folder for temporary files can be written.
    """
    made = _folder(os.getpid())
    if not made.is_dir():  # somebody cleaned up
        _folder.cache_clear()
        made = _folder(os.getpid())
    return made


def fresh(suffix: str) -> Path:
    """Name a file in the private folder that is not there yet."""
    return folder() / f"{next(_numbers)}{suffix}"


@functools.cache
def _folder(process: int) -> Path:
    for parent in _parents:
        with contextlib.suppress(OSError):
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(parent)
            return _made(process, parent)
    try:
        return _made(process, None)
    except OSError as error:
        raise SourceError(
            f"No folder for temporary files can be written: {error.strerror or error}.",
            hint="Free some space, or set TMPDIR to a folder that can be written.",
        ) from error


def _made(process: int, parent: Path | None) -> Path:
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    # Held until the process ends, however it does: who can take it finds a folder of the dead.
    handle = os.open(made, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    atexit.register(_forget, made, process)
    return made


def _sweep(parent: Path) -> None:
    """Delete what processes left behind that were killed."""
    for left in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if time.time() - os.fstat(handle).st_mtime < _YOUNG_S:
                    continue
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)


def _forget(made: Path, process: int) -> None:
    # A forked child must not take its parent's files away.
    if os.getpid() == process:
        shutil.rmtree(made, ignore_errors=True)
