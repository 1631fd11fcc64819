"""How does Ctrl-C reach work that is deep inside an engine?

Python tells only the main thread, and only between two of its own instructions: the work is done
in another thread while the main one waits and listens.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from clew_core.deadline import Deadline
from clew_core.errors import Cancelled

T = TypeVar("T")
GRACE_S = 5.0


def run_stoppable(
    work: Callable[[], T], deadline: Deadline, tick: Callable[[float], None] | None = None
) -> T:
    """Do work and give its result; Ctrl-C cancels the deadline.

    Args:
        work: looks at the deadline.
        deadline: cancelled by the first Ctrl-C.
        tick: called about ten times a second with the seconds that have passed.

    Raises:
        Cancelled: Ctrl-C was pressed, and the work came to its end or did not within 5 s.
        KeyboardInterrupt: Ctrl-C was pressed again meanwhile; the work may still run.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed over to the thread that waits
            errors.append(error)
        finally:
            done.set()

    begin = time.monotonic()
    threading.Thread(target=target, name="clew-work", daemon=True).start()
    try:
        while not done.wait(0.1):
            if tick:
                tick(time.monotonic() - begin)
    except KeyboardInterrupt:
        deadline.cancel()
        done.wait(GRACE_S)
        raise Cancelled("Stopped.") from None
    if errors:
        raise errors[0]
    return results[0]
