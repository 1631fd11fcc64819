"""A contents manager for tests, whose disk is full while a file `.full` lies in its folder."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

ROOM = 200


class FullDisk(AsyncLargeFileManager):  # type: ignore[misc]
    """Fails as a full disk does: in the middle of a file."""

    @contextlib.contextmanager
    def atomic_writing(self, os_path: str, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Write through Jupyter's own way, with room for a few signs only."""
        with super().atomic_writing(os_path, *args, **kwargs) as file:
            full = (Path(self.root_dir) / ".full").exists()
            yield _Small(file) if full else file


class _Small:
    def __init__(self, file: Any) -> None:
        self._file = file
        self._left = ROOM

    def write(self, text: Any) -> int:
        """Write what there is room for."""
        written = self._file.write(text[: self._left])
        self._left -= written
        if written < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(written)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
