"""Does somebody still work on a run? A lock that goes with the process that holds it.

The kernel lets go of it when the process ends, however it ends: a run without status whose lock is
free was killed. Where the store is in memory there is nothing to take up, and no lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

FOLDER = "running"


class RunLock:
    """Held while a process works on a run."""

    def __init__(self, path: Path, file: int) -> None:
        """Take what is held; use ``RunLock.take`` instead."""
        self.path, self._file = path, file

    @classmethod
    def take(cls, home: Path, run: str) -> RunLock | None:
        """Take the lock of a run; None where somebody else holds it.

        Raises:
            OSError: the folder can't be written.
        """
        folder = home / FOLDER
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{run}.lock"
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return None
            except BaseException:
                os.close(file)
                raise
            if _is_the_file(path, file):
                return cls(path, file)
            os.close(file)  # its holder has just let go and unlinked it

    @classmethod
    def is_held(cls, home: Path, run: str) -> bool:
        """Say whether somebody works on a run."""
        try:
            lock = cls.take(home, run)
        except OSError:
            return False
        if lock is not None:
            lock.release()
        return lock is None

    def release(self) -> None:
        """Let go. Calling it twice is harmless."""
        if self._file < 0:
            return
        file, self._file = self._file, -1
        self.path.unlink(missing_ok=True)
        os.close(file)


def _is_the_file(path: Path, file: int) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    held = os.fstat(file)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)
