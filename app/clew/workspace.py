"""What a workspace is: open sources and the store, shared by the sessions of its users."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from clew.answer import Answer
from clew.models import open_model
from clew.session import Session
from clew.settings import Settings, load_settings
from clew.store import Store
from clew_agents.proxy.proxy import OpenSource
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.model.choose import Asked
from clew_agents.sql.vocabulary import Vocabulary
from clew_core.deadline import Deadline
from clew_core.errors import UsageError
from clew_core.events import Request
from clew_core.principal import Policy, Principal
from clew_core.query_spec import QuerySpec
from clew_knowledge.files import Files, find_knowledge, read_files
from clew_knowledge.known import NOTHING, Known, bind, check
from clew_tools.database import scratch
from clew_tools.database.catalog import Catalog
from clew_tools.database.open import open_source
from clew_tools.database.roles import Roles, find_roles, read_roles
from clew_tools.database.source import Source

if TYPE_CHECKING:
    from clew_backend.model.client import Client


class Workspace:
    """Open sources and the store. Safe to use from several threads; close it at the end."""

    def __init__(
        self,
        sources: dict[str, Source],
        store: Store,
        settings: Settings,
        model: Client | None = None,
        *,
        require_model: bool = False,
    ) -> None:
        """Take what is open; use ``clew.open`` instead."""
        self._model, self._require_model = model, require_model
        self.sources = sources
        self.settings = settings
        self.store = store
        self._warnings: list[str] = []
        self._knowledge: dict[str, Files] = {}
        self._knowledge_checked = False
        self._vocabularies: dict[tuple[str, str, str, str], Vocabulary] = {}
        self._lock = threading.Lock()
        self._roles_read: tuple[Roles, ...] | None = None
        self._default: Session | None = None
        self._closed = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know about sources and store, one line each."""
        own = [*self._warnings, *self.store.warnings]
        return (*own, *(text for source in self.sources.values() for text in source.warnings))

    def warn(self, text: str) -> None:
        """Add a warning."""
        self._warnings.append(text)

    def session(
        self,
        user: str = "local",
        thread: str | None = None,
        *,
        roles: Sequence[str] | None = None,
    ) -> Session:
        """Open one user's view.

        Args:
            user: name of the user.
            thread: id of a thread to go on with; None starts one with the first question.
            roles: names of roles in the roles.yaml beside the source; None takes those that it
                gives the user. Whom it gives none sees all: it is for the owner of the files.

        Raises:
            UsageError: the user has no such thread, there is no such role, or the workspace is
                closed.
            SourceError: the roles.yaml is wrong.
        """
        self.check_open()
        principal = self._principal(user, roles)
        if thread is not None and not self.store.thread_exists(principal, thread):
            raise UsageError(f"There is no thread {thread!r}.", hint="Leave it out to start one.")
        return Session(self, principal, thread)

    def _principal(self, user: str, names: Sequence[str] | None) -> Principal:
        budget, roles = self.settings.budget, self._roles()
        if names is None:
            names = roles.of(user) if roles is not None else ()
            if not names:
                return Principal(user=user, policy=Policy(budget=budget))
        if roles is None:
            raise UsageError(
                f"There is no role {', '.join(names)!r}: no source has a roles.yaml.",
                hint="Put one beside the source.",
            )
        return Principal(user=user, roles=tuple(names), policy=roles.policy(names, budget))

    def _roles(self) -> Roles | None:
        with self._lock:
            if self._roles_read is None:
                files = {name: find_roles(s.location) for name, s in self.sources.items()}
                found = {file: name for name, file in files.items() if file is not None}
                if len(found) > 1:
                    raise UsageError(
                        f"{len(found)} sources have a roles.yaml of their own.",
                        hint="Open them one by one, or put all roles into one file.",
                    )
                read = []
                for file, name in found.items():
                    source = self.sources[name]
                    read.append(read_roles(file))
                    read[0].check(source.catalog(Principal()), source.dialect)
                self._roles_read = tuple(read)
            return self._roles_read[0] if self._roles_read else None

    def ask(
        self, question: str | Request, *, now: str | None = None, deadline: Deadline | None = None
    ) -> Answer:
        """Ask in a default local session, in which follow-ups work."""
        if self._default is None:
            self._default = self.session()
        return self._default.ask(question, now=now, deadline=deadline)

    def opened(
        self,
        principal: Principal,
        deadline: Deadline,
        today: dt.date,
        previous: QuerySpec | None,
    ) -> list[OpenSource]:
        """Give the sources with what the agents need of them, as a principal may see them."""
        return [
            self._opened(source, self._vocabulary(source, principal, deadline), principal,
                         deadline, today, previous)
            for source in self.sources.values()
        ]  # fmt: skip

    def opened_beside(
        self,
        source: Source,
        principal: Principal,
        deadline: Deadline,
        today: dt.date,
        previous: QuerySpec | None,
    ) -> OpenSource:
        """Give a source that belongs to one question only, as ``opened`` does; keeps nothing."""
        vocabulary = Vocabulary(catalog=source.catalog(principal, deadline), known=NOTHING)
        return self._opened(source, vocabulary, principal, deadline, today, previous)

    def _opened(
        self,
        source: Source,
        vocabulary: Vocabulary,
        principal: Principal,
        deadline: Deadline,
        today: dt.date,
        previous: QuerySpec | None,
    ) -> OpenSource:
        context = SqlContext(
            source=source.name,
            vocabulary=vocabulary,
            values=source.values(principal, deadline),
            today=today,
            previous=previous,
        )
        return OpenSource(source=source, context=context)

    def _vocabulary(self, source: Source, principal: Principal, deadline: Deadline) -> Vocabulary:
        # A source.yaml shows by role what a policy does not name.
        roles = " ".join(sorted(principal.roles))
        key = (source.name, principal.tenant, principal.policy.digest, roles)
        with self._lock:
            found = self._vocabularies.get(key)
        if found is not None:
            return found
        # Not under the lock: a source may take long, and others must not wait for it.
        catalog = source.catalog(principal, deadline)
        made = Vocabulary(catalog=catalog, known=self._known(source, catalog, deadline))
        with self._lock:
            return self._vocabularies.setdefault(key, made)

    def know(self, files: Files, sources: Sequence[str]) -> None:
        """Take what the files of a knowledge folder declare, for some of the sources."""
        if not files.declared:
            self.warn(f"The folder {str(files.folder)!r} holds no metrics.yaml or glossary.yaml.")
        self._knowledge.update(dict.fromkeys(sources, files))

    def _known(self, source: Source, catalog: Catalog, deadline: Deadline) -> Known:
        """Bind the company's knowledge to what a principal sees of a source.

        Raises:
            SourceError: a file names what no source has, or is no expression; with its line.
        """
        if not self._knowledge:
            return NOTHING
        if not self._knowledge_checked:
            for files in {id(files): files for files in self._knowledge.values()}.values():
                about = [self.sources[n] for n, f in self._knowledge.items() if f is files]
                check(files, [(s.catalog(Principal(), deadline), s.dialect) for s in about])
            self._knowledge_checked = True
        if source.name not in self._knowledge:
            return NOTHING
        known = bind(self._knowledge[source.name], catalog, source.dialect)
        for warning in known.warnings:
            if warning not in self._warnings:
                self.warn(warning)
        return known

    def asked(self) -> Asked | None:
        """Give the model that one run may ask; None where there is none."""
        if self._model is None:
            return None
        return Asked(
            model=self._model,
            ask_below=self.settings.models_ask_below,
            example_tokens=self.settings.models_example_tokens,
            required=self._require_model,
        )

    def check_open(self) -> None:
        """See that nothing was closed.

        Raises:
            UsageError: the workspace is closed.
        """
        if self._closed:
            raise UsageError("The workspace is closed.", hint="Open it again with clew.open.")

    def close(self) -> None:
        """Close sources and store. Calling it twice is harmless."""
        self._closed = True
        for source in self.sources.values():
            source.close()
        self.store.close()
        if self._model is not None:
            self._model.close()

    def __enter__(self) -> Workspace:
        """Open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


def open_workspace(
    *locations: str,
    knowledge: str | None = None,
    model: str | None = None,
    require_model: bool = False,
    settings: Settings | None = None,
) -> Workspace:
    """Open sources, for reading only.

    Args:
        locations: files, folders or URLs.
        knowledge: folder with the company's metrics.yaml and glossary.yaml; default: the folder
            ``knowledge`` beside the source.yaml of each source.
        model: ``builtin``, or ``openai:http://host:8000/v1#name``; default: the setting. It is
            asked where the rules are not sure, and believed where its query holds.
        require_model: that it does not answer is an error; else a warning.
        settings: default: ``clew.toml`` and ``CLEW_*``.

    Raises:
        UsageError: no location is given.
        SourceError: one can't be read, or the knowledge can't; with file and line.
        ToolFailed: the model needs the extra ``models``.
    """
    settings = settings or load_settings()
    locations = locations or settings.sources
    client = open_model(model or settings.model, settings)
    scratch.keep_under(settings.home / "temp")
    if not locations:
        raise UsageError("Which data?", hint='clew.open("sales.duckdb") opens a file.')
    sources: dict[str, Source] = {}
    try:
        for location in locations:
            source = open_source(location, memory_mb=settings.run_memory_mb)
            name, number = source.name, 2
            while name in sources:
                name, number = f"{source.name}_{number}", number + 1
            if name != source.name:
                source.close()
                source = open_source(location, name, memory_mb=settings.run_memory_mb)
            sources[name] = source
    except BaseException:
        for source in sources.values():
            source.close()
        raise
    store = Store.open(settings.home)
    workspace = Workspace(sources, store, settings, client, require_model=require_model)
    try:
        if knowledge is not None:
            workspace.know(read_files(Path(knowledge).expanduser()), list(sources))
        for name, source in sources.items() if knowledge is None else ():
            if (folder := find_knowledge(source.location)) is not None:
                workspace.know(read_files(folder), [name])
    except BaseException:
        workspace.close()
        raise
    return workspace
