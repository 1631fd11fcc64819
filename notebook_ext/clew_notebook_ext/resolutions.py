"""What became of a proposed cell? Kept as an event of its run, so that a reload knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from clew.threads import Run
from clew_core.errors import UsageError
from clew_core.events import Event
from clew_notebook_ext.errors import NotFound

if TYPE_CHECKING:
    from clew.session import Session


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """What a person did with a proposal.

    Attributes:
        resolution: what.
        sha256: hash of the text that now stands in the notebook; None where none does.
    """

    resolution: Literal["accepted", "edited", "rejected", "undone"]
    sha256: str | None = None


def resolve(session: Session, run: Run, proposal: str, resolution: Resolution) -> Event:
    """Note what a person did with a proposal of a run that is over; the last word counts.

    Raises:
        NotFound: the run made no such proposal.
        UsageError: the run is not over, or the hash is none.
    """
    if run.status is None:
        raise UsageError(f"Run {run.run!r} is not over yet.")
    if resolution.sha256 is not None and len(resolution.sha256) != 64:
        raise UsageError("sha256 is the hash of the cell's text, in hex.")
    store = session.workspace.store
    events = store.events(session.principal, run.run)
    if not any(e.type == "proposal" and e.data.get("id") == proposal for e in events):
        raise NotFound(f"There is no proposal {proposal!r}.")
    event = Event(
        thread=run.thread,
        run=run.run,
        seq=events[-1].seq + 1,
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        type="proposal_resolved",
        data={
            "id": proposal,
            "resolution": resolution.resolution,
            "sha256": resolution.sha256,
            "by": session.principal.user,
        },
    )
    store.append(session.principal, event)
    return event
