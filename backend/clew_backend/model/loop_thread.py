"""Where do calls to models wait? In one event loop in a thread of its own.

Two hundred of them cost one thread; a call that is cancelled there closes its connection, which is
how the server learns that nobody wants the rest.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
_GRACE_S = 5.0


class LoopThread:
    """An event loop that other threads hand work to. Close it at the end."""

    def __init__(self) -> None:
        """Start the thread."""
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="clew-models", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def submit(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Begin some work; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancel what runs, do a last thing and end the thread."""
        self.submit(_end(last)).result(_GRACE_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_GRACE_S)
        self.loop.close()


async def _end(last: Coroutine[Any, Any, None]) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await last
