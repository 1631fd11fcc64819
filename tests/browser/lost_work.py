"""Is anything lost that was acknowledged? Sequences of edits and faults, drawn from a seed.

Ten notebooks are edited side by side in two tabs of one browser; each is a sequence of its own,
while the faults strike all that are open: a tab that is reloaded or crashes, a browser or a server
that is killed, a network that drops, a machine that sleeps, a disk that is full.

Acknowledged is what Jupyter saved; what stood in a page for a second (of the page's own clock);
and what the panel called accepted. At the end each acknowledged token must be in the file, or be
offered as a diff when the notebook is opened again; nothing may have been put back unasked, and
nothing that another tab saved may be gone without Jupyter's own question.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

HELP = Path(__file__).with_suffix(".js")
TOKEN = re.compile(r"# t\d+t")
SIDE_BY_SIDE = 10


class Lost(AssertionError):
    """Acknowledged work is gone, or work was put back unasked."""


@dataclass(kw_only=True)
class Book:
    """One notebook: its name now, what is promised of it, and what each tab typed of late."""

    name: str
    kept: set[str] = field(default_factory=set)
    fresh: dict[str, set[str]] = field(default_factory=lambda: {"a": set(), "b": set()})
    open: set[str] = field(default_factory=set)


def tokens(text: str) -> set[str]:
    """Find the tokens in a text."""
    return set(TOKEN.findall(text))


class Desk:
    """A browser with two tabs on a lab, and what happens to them."""

    def __init__(self, playwright: Any, lab: Any, profile: Path, seed: int, init: str = "") -> None:
        self.playwright, self.lab, self.profile, self.init = playwright, lab, profile, init
        self.seed = seed
        self.random = random.Random(seed)
        self.count = self.opened = 0
        self.pages: dict[str, Any] = {}
        self.books: list[Book] = []
        self.log: list[str] = []
        self.server_down = False
        self._launch()

    # --- the machine ------------------------------------------------------------------------

    def _launch(self) -> None:
        from browser.conftest import CHROMIUM, FLAGS

        self.browser = self.playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path=CHROMIUM, args=FLAGS, accept_downloads=False
        )
        self.browser.set_default_timeout(30_000)
        self.browser.add_init_script(path=HELP)
        if self.init:
            self.browser.add_init_script(self.init)
        self.browser.route("**/clew/v1/ask*", self._answer)
        self.pages = {}

    def _processes(self) -> list[int]:
        """List the processes of this browser, the first one first."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if f"--user-data-dir={self.profile}".encode() in words:
                found.append(int(folder.name))
        return sorted(found)

    def _answer(self, route: Any) -> None:
        """Answer a question with one proposed cell, that holds the question."""
        question = json.loads(route.request.post_data)["question"]
        run = f"run{self.seed}x{question.strip('# ')}"
        token = {
            "id": f"{run}-1", "op": "insert", "cell_id": run, "after_cell": None,
            "kind": "python", "cell_type": "code", "old": "", "new": question, "uses": [],
            "base_sha256": None, "defines": [], "risk": "none", "group": run, "metadata": {},
        }  # fmt: skip
        answer = {
            "status": "answered", "text": question, "question": question, "reason": None,
            "plan": [], "sql": None, "rows": [], "columns": [], "row_count": 0, "cells": [],
            "truncated": False, "as_of": None, "receipts": [], "clarification": None,
            "proposer": "builtin", "confidence": None, "model": None, "usage": {},
            "seconds": {"total": 0, "model": 0, "database": 0}, "warnings": [],
        }  # fmt: skip
        frames = f"event: run\ndata: {json.dumps({'run': run, 'thread': run})}\n\n"
        for seq, (kind, data) in enumerate([("proposal", token), ("answer", answer)], start=1):
            event = {"v": 1, "run": run, "thread": run, "seq": seq, "at": "", "type": kind}
            text = json.dumps({**event, "data": data})
            frames += f"id: {seq}\nevent: {kind}\ndata: {text}\n\n"
        route.fulfill(content_type="text/event-stream", body=frames)

    def close(self) -> None:
        """End the browser."""
        self.browser.close()

    # --- opening ----------------------------------------------------------------------------

    def start(self, books: int) -> None:
        """Write the notebooks and open them in the first tab, some in the second."""
        for i in range(books):
            name = f"s{self.seed}-{i}.ipynb"
            self.lab.notebook(name, "a = 1", "b = 2", "# A title")
            self.books.append(Book(name=name))
        self.tab("a", self.books)
        self.tab("b", self.books[::2])

    def tab(self, tab: str, books: list[Book]) -> None:
        """Open a tab anew on notebooks."""
        page = self.pages.get(tab)
        if page is None or page.is_closed():
            page = self.pages[tab] = self.browser.new_page()
            page.on("dialog", lambda dialog: dialog.accept())
        self.opened += 1
        page.goto(f"{self.lab.url}lab/workspaces/w{self.seed}-{self.opened}")
        page.wait_for_function("() => window.jupyterapp?.shell && window.seen")
        page.evaluate("() => window.jupyterapp.restored.then(() => undefined)")
        page.evaluate("() => window.jupyterapp.commands.execute('clew:open').then(() => 1)")
        for book in books:
            page.evaluate("name => window.seen.open(name)", book.name)
            book.open.add(tab)

    def _gone(self, tab: str) -> list[Book]:
        """Forget what a tab that ended had not kept; list what it had open."""
        books = [book for book in self.books if tab in book.open]
        for book in books:
            book.open.discard(tab)
            book.fresh[tab].clear()
        return books

    # --- steps of one notebook --------------------------------------------------------------

    def _token(self) -> str:
        self.count += 1
        return f"# t{self.count}t"

    def _pick(self, book: Book) -> tuple[str, Any] | None:
        if not book.open:
            return None
        tab = self.random.choice(sorted(book.open))
        page = self.pages[tab]
        if not page.evaluate("name => window.seen.has(name)", book.name):
            # JupyterLab closes what it could not load.
            self.log.append(f"{book.name} {tab} was closed")
            book.fresh[tab].clear()
            if self.server_down:
                return None
            page.evaluate("name => window.seen.open(name).catch(() => 0)", book.name)
            if not page.evaluate("name => window.seen.has(name)", book.name):
                return None
        return tab, page

    def edit(self, book: Book, tab: str, page: Any) -> None:
        """Type a token into a cell, or a cell of its own."""
        token = self._token()
        where = self.random.randrange(100)
        page.evaluate(
            "([name, token, where]) => window.seen.edit(name, token, where)",
            [book.name, token, where],
        )
        book.fresh[tab].add(token)

    def type(self, book: Book, tab: str, page: Any) -> None:
        """Type a token by the keyboard."""
        page.evaluate("name => window.seen.show(name)", book.name)
        selector = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-content"
        page.locator(selector).first.click()
        page.keyboard.press("Control+End")
        token = self._token()
        page.keyboard.type(f"\n{token}\n")
        book.fresh[tab].add(token)

    def accept(self, book: Book, tab: str, page: Any) -> None:
        """Ask, and accept the proposed cell; once it is called accepted it is kept."""
        page.evaluate("name => window.seen.show(name)", book.name)
        token = self._token()
        page.fill(".clew-Field", token)
        page.press(".clew-Field", "Enter")
        turn = page.locator(".clew-Panel .clew-Turn", has_text=token).last
        turn.get_by_role("button", name="Accept", exact=True).click()
        turn.locator(".clew-Badge.clew-mod-accepted").wait_for()
        book.kept.add(token)

    def save(self, book: Book, tab: str, page: Any) -> None:
        """Save, answering Jupyter's question as somebody would; sometimes typing meanwhile."""
        before = self._disk(book)
        choice = self.random.choice(["Cancel", "Revert", "Overwrite"])
        during = self._token() if self.random.random() < 0.4 else ""
        live = tokens(page.evaluate("name => window.seen.text(name)", book.name))
        done = page.evaluate(
            "([name, choice, during]) => window.seen.save(name, choice, during)",
            [book.name, choice, during],
        )
        sent = tokens(done["sent"])
        if done["asked"] and choice == "Revert":
            book.kept -= live - before  # she was asked
            book.fresh[tab].clear()
            return
        if during:
            book.fresh[tab].add(during)
        if done["state"] == "saved":
            if done["asked"]:
                book.kept -= before - sent  # she was asked
            elif before - sent:
                gone = sorted((before & book.kept) - sent)
                if gone:
                    raise self._lost(book, f"saved by one tab, overwritten unasked: {gone}")
            book.kept |= sent

    def take(self, book: Book, tab: str, page: Any) -> None:
        """Accept all that is offered."""
        page.evaluate("name => window.seen.show(name)", book.name)
        before = tokens(page.evaluate("name => window.seen.text(name)", book.name))
        panel = page.locator(".clew-Panel")
        for label in ("Accept all", "Accept"):
            buttons = panel.get_by_role("button", name=label, exact=True)
            while buttons.count():
                had = buttons.count()
                buttons.last.click()
                time.sleep(0.15)
                if buttons.count() >= had:
                    break  # a conflict: it stays offered
        after = tokens(page.evaluate("name => window.seen.text(name)", book.name))
        book.kept -= before - after  # shown as lines that go, and accepted
        book.fresh[tab] -= before - after

    def wait(self) -> None:
        """Let a second go by: what was typed before is kept then."""
        open_pages = {tab for book in self.books for tab in book.open}
        for tab in sorted(open_pages):
            self.pages[tab].evaluate("() => window.seen.second()")
        for book in self.books:
            for tab in book.open:
                book.kept |= book.fresh[tab]
                book.fresh[tab].clear()

    # --- faults -----------------------------------------------------------------------------

    def reload(self) -> None:
        """Load a tab anew, in the middle of whatever it does."""
        tab = self.random.choice("ab")
        self.tab(tab, self._gone(tab))

    def crash(self) -> None:
        """Crash a tab and open another one."""
        tab = self.random.choice("ab")
        page = self.pages[tab]
        books = self._gone(tab)
        with page.expect_event("crash"):
            session = self.browser.new_cdp_session(page)
            session.on("error", lambda _: None)
            try:
                page.goto("chrome://crash", timeout=5000)
            except Exception as error:  # the page is gone, which is what was asked for
                self.log.append(str(error)[:60])
        page.close()
        self.tab(tab, books)

    def kill_browser(self) -> None:
        """Kill the whole browser at once."""
        books = {tab: self._gone(tab) for tab in "ab"}
        for process in self._processes():
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            self.browser.close()
        except Exception as error:  # it is dead already
            self.log.append(str(error)[:60])
        (self.profile / "SingletonLock").unlink(missing_ok=True)
        self._launch()
        for tab, held in books.items():
            self.tab(tab, held)

    def kill_server(self) -> None:
        """Kill the server; it comes back after some steps."""
        if not self.server_down:
            self.lab.process.kill()
            self.lab.process.wait()
            self.server_down = True

    def drop(self) -> None:
        """Let the network drop for some steps."""
        self.browser.set_offline(True)

    def sleep(self) -> None:
        """Stop browser and server for a moment, as a machine does that sleeps."""
        stopped = self._processes()
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        time.sleep(0.8)
        for process in stopped:
            os.kill(process, signal.SIGCONT)

    def fill_disk(self) -> None:
        """Fill the disk of the server for some steps."""
        (self.lab.folder / ".full").touch()

    def rename(self) -> None:
        """Rename a notebook that only one tab has open."""
        for book in self.books:
            if book.open == {"a"} and not self.server_down:
                name = f"r{self.count}-{book.name}"
                self.pages["a"].evaluate(
                    "([from, to]) => window.seen.widget(from).context.rename(to)", [book.name, name]
                )
                book.name = name
                return

    def calm(self) -> None:
        """End what lasts: network, server and disk are as they should be."""
        (self.lab.folder / ".full").unlink(missing_ok=True)
        if self.server_down:
            self.lab.start()
            self.server_down = False
        self.browser.set_offline(False)
        for page in self.pages.values():
            if not page.is_closed():
                page.evaluate("() => window.seen?.close('')")

    # --- sequences --------------------------------------------------------------------------

    def play(self, rounds: int) -> None:
        """Draw steps for each notebook and a fault for all, some times over."""
        steps = [self.edit] * 5 + [self.save] * 2 + [self.type, self.accept, self.take]
        lasting: list[Callable[[], None]] = [self.kill_server, self.drop, self.fill_disk]
        sudden: list[Callable[[], None]] = [
            self.reload, self.reload, self.crash, self.kill_browser, self.sleep, self.rename,
        ]  # fmt: skip
        for _ in range(rounds):
            fault = self.random.choice(lasting + sudden)
            self.log.append(fault.__name__)
            if fault in lasting:
                fault()
            for book in self.books:
                for _ in range(self.random.randint(1, 2)):
                    picked = self._pick(book)
                    step = self.random.choice(steps)
                    if picked is None or (fault in lasting and step == self.take):
                        continue
                    self.log.append(f"{book.name} {picked[0]} {step.__name__}")
                    step(book, *picked)
            if self.random.random() < 0.6:
                self.log.append("wait")
                self.wait()
            if fault in lasting:
                self.calm()
            else:
                fault()

    def check(self) -> None:
        """End all at once, open everything again, and look for what was promised."""
        for page in self.pages.values():
            page.close()
        for tab in "ab":
            self._gone(tab)
        self.calm()
        self.tab("a", [])
        page = self.pages["a"]
        for book in self.books:
            on_disk = self._disk(book)
            page.evaluate("name => window.seen.open(name)", book.name)
            page.evaluate("name => window.seen.show(name)", book.name)
            live = tokens(page.evaluate("name => window.seen.text(name)", book.name))
            until = time.monotonic() + 5
            found: set[str] = set()
            while time.monotonic() < until and not book.kept <= live | found:
                found = tokens(page.evaluate("() => window.seen.offered()"))
                time.sleep(0.02)
            if not book.kept <= live | found:
                raise self._lost(book, f"gone: {sorted(book.kept - live - found)}")
            again = tokens(page.evaluate("name => window.seen.text(name)", book.name))
            if live != on_disk or again != on_disk:
                raise self._lost(book, f"put back unasked: {sorted((live | again) - on_disk)}")

    def _disk(self, book: Book) -> set[str]:
        path = self.lab.folder / book.name
        if not path.exists():
            return set()
        spare = path.with_name(f".~{path.name}")
        for file in (path, spare):  # Jupyter reads the spare one where a write broke off
            try:
                notebook = nbformat.read(file, as_version=4)
                return tokens("\n".join(cell.source for cell in notebook.cells))
            except Exception as error:
                self.log.append(f"{file.name}: {error!s:.80}")
        return set()

    def _lost(self, book: Book, what: str) -> Lost:
        lines = [line for line in self.log if ".ipynb" not in line or book.name[-12:] in line]
        return Lost(f"seed {self.seed}, {book.name}: {what}\n" + "\n".join(lines))


def run_batch(
    playwright: Any, lab: Any, profile: Path, seed: int, books: int = SIDE_BY_SIDE, rounds: int = 3
) -> None:
    """Play sequences side by side and check them."""
    desk = Desk(playwright, lab, profile, seed)
    try:
        desk.start(books)
        desk.play(rounds)
        desk.check()
    finally:
        desk.calm()
        desk.close()
