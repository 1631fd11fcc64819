"""When is a question about live variables of a notebook's kernel, and who lets it be answered?

A front door that can reach a kernel gives the session one of these. Names, types and columns come
with the request; values are read in the kernel itself, by a silent request, only after the user
said so for this conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from clew_core.answer import Answer, Clarification, Option
from clew_core.deadline import Deadline
from clew_core.events import Request

if TYPE_CHECKING:
    from clew_tools.database.source import Source

ALLOW = "yes"
"""Id of the option that lets the kernel be asked."""
_TABLES = frozenset({"DataFrame", "Table", "RecordBatch"})
# Words of any question: a variable of that name has to be attached to be meant.
_COMMON = frozenset({"data", "table", "tables", "result", "results", "answer", "total", "count"})


class LiveKernel(Protocol):
    """The kernel of the notebook that a question was asked from."""

    allowed: set[str]
    """Threads whose user let Clew compute on variables."""

    def open(self, names: Sequence[str], deadline: Deadline) -> AbstractContextManager[Source]:
        """Open some of its variables as a source.

        Raises:
            SourceError: the kernel is busy, gone, or does not know Clew.
        """
        ...


def frames_meant(request: Request, question: str, tables: Iterable[str]) -> tuple[str, ...]:
    """Name the live frames that a question is about: attached ones, else those that it names.

    Args:
        request: with the variables of the kernel.
        question: as it is answered.
        tables: of the sources; a name that both have means the source.
    """
    frames = [v.name for v in request.variables if v.type in _TABLES]
    attached = {a.name for a in request.attachments if a.kind == "variable"}
    if found := tuple(name for name in frames if name in attached):
        return found
    words = set(re.findall(r"\w+", question.casefold()))
    others = {table.rpartition(".")[2].casefold() for table in tables} | _COMMON
    return tuple(
        name for name in frames if name.casefold() in words and name.casefold() not in others
    )


def ask_for_leave(question: str, names: Sequence[str]) -> Answer:
    """Ask whether variables may be read."""
    shown = " and ".join(names)
    text = (
        f"This is about {shown} in your kernel, of which Clew has read names and types only. May "
        "it compute there, silently, in this conversation? Its values are looked at to understand "
        "the question; the answer's rows leave the kernel, and nothing is changed."
    )
    leave = Option(id=ALLOW, label=f"Yes, compute on {shown}", question=question)
    return Answer(
        status="needs_clarification",
        question=question,
        reason=text,
        clarification=Clarification(question=text, options=(leave,)),
    )
