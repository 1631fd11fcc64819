"""Which sources do the cells of one kernel run on, and when are they opened?

Those that cells declared, those of the notebook's metadata, else those of clew.toml; besides them
`kernel`: the kernel's own variables, opened anew for each statement, so that it sees what they hold
now.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.settings import Settings
from clew_core.errors import ClewError, UsageError
from clew_core.principal import Policy, Principal

if TYPE_CHECKING:
    from clew_tools.database.catalog import Table
    from clew_tools.database.source import Source

KERNEL = "kernel"


class KernelSources:
    """The sources of one kernel; opened when first used, closed at the end."""

    def __init__(self, variables: Callable[[], Mapping[str, Any]], settings: Settings) -> None:
        """Open nothing yet.

        Args:
            variables: gives the kernel's variables as they are now.
            settings: of this kernel.
        """
        self.variables, self.settings = variables, settings
        self.principal = Principal(policy=Policy(budget=settings.budget))
        self._declared: dict[str, str] = {}
        self._open: dict[str, Source] = {}
        self._configured: dict[str, str] | None = None
        self._tables: dict[str, tuple[Source, tuple[Table, ...]]] = {}
        self._lock = threading.RLock()
        self._looking: set[str] = set()

    def declare(self, name: str, location: str) -> None:
        """Name a source; one of that name is closed."""
        self.forget(name)
        self._declared[name] = location

    def forget(self, name: str) -> None:
        """Close a source; the next cell opens it again."""
        with self._lock:
            self._tables.pop(name, None)
            old = self._open.pop(name, None)
        if old is not None:
            old.close()

    def close(self) -> None:
        """Let go of all files."""
        for name in list(self._open):
            self.forget(name)

    def known(self) -> dict[str, str]:
        """Give name → location of what is named, without the kernel itself."""
        named = _of_the_notebook(self.variables()) | self._declared
        return named or self._of_the_settings()

    def names(self) -> list[str]:
        """List what `--source` takes."""
        return list(dict.fromkeys([*self.known(), KERNEL]))

    def frames(self) -> dict[str, Any]:
        """Find the variables that are tables."""
        from clew_tools.database.live_frames import frames_in

        return frames_in(self.variables())

    def named(self, name: str | None) -> str:
        """Find the source that a cell means.

        Raises:
            UsageError: it names none, and there are several; or there is none of that name.
        """
        known = self.known()
        if name is None and len(known) == 1:
            name = next(iter(known))
        if name is None and not known and self.frames():
            name = KERNEL
        if name is None:
            raise UsageError("Which source?", hint=f"Write --source with one of: {_list(known)}.")
        if name not in known and name != KERNEL:
            raise UsageError(
                f"There is no source {name!r}; declared: {_list(known)}.",
                hint=f"Declare it: %clew source {shlex.quote(name)} LOCATION.",
            )
        return name

    def is_kernel(self, name: str) -> bool:
        """Say whether a name means the kernel's variables."""
        return name == KERNEL and name not in self.known()

    @contextlib.contextmanager
    def using(self, name: str) -> Iterator[tuple[Source, list[str]]]:
        """Give a source, and what is to be said of it because it was opened just now.

        Raises:
            SourceError: it can't be read.
        """
        if not self.is_kernel(name):
            yield self._opened(name)
            return
        from clew_tools.database import scratch
        from clew_tools.database.live_frames import open_frames

        scratch.keep_under(self.settings.home / "temp")
        source = open_frames(self.frames(), memory_mb=self.settings.run_memory_mb)
        said: list[str] = []
        try:
            yield source, said
            said += source.warnings
        finally:
            source.close()

    def _opened(self, name: str) -> tuple[Source, list[str]]:
        with self._lock:
            if name in self._open:
                return self._open[name], []
            from clew_tools.database import scratch
            from clew_tools.database.open import open_source

            scratch.keep_under(self.settings.home / "temp")
            source = open_source(self.known()[name], name=name)
            self._open[name] = source
            return source, list(source.warnings)

    def _of_the_settings(self) -> dict[str, str]:
        """Name the sources of clew.toml by what they call themselves; opens them once."""
        with self._lock:
            if self._configured is None:
                self._configured = {}
                for location in self.settings.sources:
                    from clew_tools.database import scratch
                    from clew_tools.database.open import open_source

                    scratch.keep_under(self.settings.home / "temp")
                    source = open_source(location)
                    self._configured[source.name] = location
                    self._open[source.name] = source
            return self._configured

    # --- what can be completed -----------------------------------------------------------------

    def tables(self, name: str, wait_s: float) -> tuple[Table, ...]:
        """Give the tables of a source, or none where it can't be read within a moment.

        The source is opened and looked at in the background; who asks again finds it.
        """
        if self.is_kernel(name):
            return tuple(_table(name, frame) for name, frame in self.frames().items())
        if (found := self._tables.get(name)) is not None and self._open.get(name) is found[0]:
            return found[1]
        done = threading.Event()

        def look() -> None:
            # What is wrong with it is said when a cell uses it.
            with contextlib.suppress(ClewError):
                source, _ = self._opened(name)
                self._tables[name] = source, source.catalog(self.principal).tables
            self._looking.discard(name)
            done.set()

        if name not in self._looking:
            self._looking.add(name)
            threading.Thread(target=look, name="clew-look", daemon=True).start()
            done.wait(wait_s)
        found = self._tables.get(name)
        return found[1] if found is not None else ()


def _table(name: str, frame: Any) -> Table:
    from clew_tools.database.catalog import Column, Table

    labels = getattr(frame, "columns", ())
    if hasattr(frame, "schema") and hasattr(frame, "num_rows"):  # of Arrow
        labels = frame.schema.names
    columns = tuple(Column(name=str(label), type="other") for label in labels)
    return Table(name=name, columns=columns, row_count=None)


def _of_the_notebook(variables: Mapping[str, Any]) -> dict[str, str]:
    """Read the sources from the notebook's metadata, where the front end says which file it is."""
    path = variables.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    if not str(path).endswith(".ipynb"):
        return {}
    for place in (Path(str(path)), Path(Path(str(path)).name)):
        try:
            data = json.loads(place.read_text(encoding="utf-8"))
            return {str(k): str(v) for k, v in data["metadata"]["clew"]["sources"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return {}


def _list(names: Mapping[str, str]) -> str:
    return ", ".join(map(repr, names)) or "none"
