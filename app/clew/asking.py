"""How is a question of a cell answered in the kernel itself, over its open sources?

One conversation per kernel: a follow-up in a later cell is understood. The sources are those of the
`%%sql` cells, opened once for both.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clew.kernel_sources import KERNEL, KernelSources
from clew.settings import Settings
from clew.stoppable import run_stoppable
from clew_core.deadline import Deadline
from clew_core.errors import UsageError

if TYPE_CHECKING:
    from clew.answer import Answer
    from clew.ask_magic import AskCall
    from clew.store import Store
    from clew.workspace import Workspace
    from clew_tools.database.source import Source


class Asking:
    """The conversation of one kernel; close it at the end."""

    def __init__(self, sources: KernelSources, settings: Settings) -> None:
        """Ask nothing yet."""
        self._sources, self._settings = sources, settings
        self._thread: str | None = None
        self._store: Store | None = None
        self._workspace: Workspace | None = None

    def ask(self, call: AskCall) -> tuple[Answer, tuple[str, ...]]:
        """Answer, with what the reader must know of the sources; Ctrl-C stops it.

        Raises:
            UsageError: there is nothing to ask, or no such source.
            SourceError: a source can't be read.
            Cancelled: Ctrl-C was pressed.
        """
        deadline = Deadline(self._settings.budget)
        names = self._names(call)
        with contextlib.ExitStack() as opened:
            found = {name: opened.enter_context(self._sources.using(name)) for name in names}
            workspace = self._over({name: source for name, (source, _) in found.items()})
            thread = None if call.new else self._thread
            session = workspace.session(thread=thread)
            answer = run_stoppable(
                lambda: session.ask(call.question, now=call.now, deadline=deadline), deadline
            )
            self._thread = session.thread
        said = [text for _, texts in found.values() for text in texts]
        return replace(answer, session=None), tuple(dict.fromkeys((*said, *answer.warnings)))

    def _names(self, call: AskCall) -> list[str]:
        """Choose the sources: those named, else the declared, and variables that are named."""
        if call.sources:
            return list(dict.fromkeys(self._sources.named(name) for name in call.sources))
        names = list(self._sources.known())
        frames = self._sources.frames() if self._sources.is_kernel(KERNEL) else {}
        words = set(re.findall(r"\w+", call.question.casefold()))
        if frames and (not names or any(name.casefold() in words for name in frames)):
            names.append(KERNEL)
        if not names:
            raise UsageError(
                "There is nothing to ask.", hint="Declare data: %clew source NAME LOCATION."
            )
        return names

    def _over(self, sources: dict[str, Source]) -> Workspace:
        """Put the open sources together; what was learned of them is kept while they stay."""
        from clew.store import Store
        from clew.workspace import Workspace
        from clew_knowledge.files import find_knowledge, read_files

        if self._store is None:
            self._store = Store.open(self._settings.home)
        kept = self._workspace
        if kept is not None and kept.sources == sources:
            return kept
        made = Workspace(sources, self._store, self._settings)
        for name, source in sources.items():
            if name != KERNEL and (folder := find_knowledge(source.location)) is not None:
                made.know(read_files(Path(folder)), [name])
        self._workspace = made
        return made

    def close(self) -> None:
        """Close the store; the sources belong to the kernel."""
        self._workspace = None
        if self._store is not None:
            self._store.close()
            self._store = None
