"""What does a reader of a run see who may have read half of it already? All of it, once, in order.

What this server still holds comes from memory, with rows; what came before, or from a server that
is gone, comes from the store.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from clew_core.events import Event
from clew_notebook_ext.live import as_text
from clew_notebook_ext.service import Service

SILENCE_S = 10.0
POLL_S = 0.5
"""How often the store is looked at for a run of another process."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One event as it is sent.

    Attributes:
        seq: its number; None for what is no event of the run.
        type: of the event.
        text: JSON.
    """

    type: str
    text: str
    seq: int | None = None


class Reader:
    """Reads one run for one user."""

    def __init__(self, service: Service, user: str, run: str) -> None:
        """Read nothing yet."""
        self.service, self.user, self.run = service, user, run

    def check(self) -> None:
        """See that the user has such a run.

        Raises:
            NotFound: she has not.
        """
        if self.service.live(self.user, self.run) is None:
            self.run = self.service.stored_run(self.user, self.run).run

    async def lines(self, after: int) -> AsyncIterator[Line | None]:
        """Give what comes after a number until the run is over; None while nothing happens."""
        live = self.service.live(self.user, self.run)
        if live is None:
            async for line in self._from_store(after):
                yield line
            return
        if after < live.before:
            for event in await self.service.apart(self.service.events, self.user, live.run, after):
                if event.seq <= live.before:
                    after = event.seq
                    yield _line(event)
        async for told in live.follow(after, SILENCE_S):
            if told is not None:
                after = told[0]
            yield None if told is None else Line(seq=told[0], type=told[1], text=told[2])
        if self.service.closing:
            return
        # What was noted after its end: an edited plan, what became of proposals.
        for event in await self.service.apart(self.service.events, self.user, live.run, after):
            yield _line(event)

    async def _from_store(self, after: int) -> AsyncIterator[Line | None]:
        silent = 0.0
        while True:
            stored = await self.service.apart(self.service.stored_run, self.user, self.run)
            elsewhere = stored.status is None and await self.service.apart(
                self.service.works_elsewhere, self.run
            )
            events = await self.service.apart(self.service.events, self.user, self.run, after)
            for event in events:
                after = event.seq
                yield _line(event)
            if not elsewhere:
                break
            silent = 0.0 if events else silent + POLL_S
            if silent >= SILENCE_S:
                silent = 0.0
                yield None
            await asyncio.sleep(POLL_S)
        if stored.status is None:
            reason = "The server stopped while this question was worked on. It can be taken up."
            # Tokens of its last half second were not kept: what comes next counts on from here.
            gone = {"run": self.run, "reason": reason, "last_seq": stored.last_seq}
            yield Line(type="gone", text=json.dumps(gone))


def _line(event: Event) -> Line:
    return Line(seq=event.seq, type=event.type, text=as_text(event))
