"""Which files may the threads of an engine touch, whatever SQL reaches them?

Holds files only, not network, memory or time. Where the kernel has no Landlock, ``ruleset``
returns None and the caller needs another wall.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from clew_tools import landlock


def ruleset(readable: Iterable[Path], scratch: Iterable[Path]) -> int | None:
    """Make a set of rules that `enter` puts threads under.

    Args:
        readable: the only files that may be opened, for reading.
        scratch: folders where files may be made, written and deleted.

    Returns:
        A file descriptor that the caller closes; None where the kernel can't hold threads.
    """
    return landlock.ruleset(
        [
            *((path, landlock.READ_FILES) for path in readable),
            *((folder, landlock.FILES) for folder in scratch),
        ]
    )


def enter(rules: int) -> None:
    """Put the calling thread, and those that it will start, under rules, for good.

    Raises:
        OSError: the kernel refused; nothing may run in this thread then.
    """
    landlock.enter(rules)
