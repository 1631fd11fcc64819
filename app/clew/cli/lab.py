"""How does `clew lab` open JupyterLab with the panel beside the notebook?

Jupyter runs in a process of its own, with its own settings and login; this one waits for it and
passes Ctrl-C on. Nothing in it asks the network for news, updates or extensions.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from clew.cli import exits
from clew.cli.terminal import Progress, note, print_json
from clew_core.errors import OutputNotWritten, SourceError, ToolFailed, UsageError
from clew_core.secrets import redact

if TYPE_CHECKING:
    from clew.settings import Settings

EXTENSION = "clew_notebook_ext"
STOP_S = 10.0
START_S = 60.0
QUIET = (
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "lab", help="open JupyterLab with the panel", allow_abbrev=False,
        description="Open JupyterLab with the panel beside the notebook. Ctrl-C stops it.",
        epilog="Example: clew lab sales.duckdb",
    )  # fmt: skip
    parser.add_argument(
        "sources", nargs="*", metavar="SOURCE",
        help="files, folders or URLs; default: the sources of clew.toml, else the example acme",
    )  # fmt: skip
    parser.add_argument("--folder", metavar="DIR", help="of the notebooks; default: this one")
    parser.add_argument("--port", type=int, metavar="N", help="default: 8888, or the next free one")
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parser.add_argument("--allow-root", action="store_true", help="run even as root")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object once it runs: url, token"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Start JupyterLab and wait for its end."""
    from clew.settings import load_settings

    folder = Path(args.folder or ".").expanduser().resolve()
    if not folder.is_dir():
        raise UsageError(f"{str(args.folder)!r} is no folder.")
    if args.port is not None and not 0 < args.port < 65536:
        raise UsageError(f"--port {args.port} is out of range.", hint="Give 1 to 65535.")
    if importlib.util.find_spec(EXTENSION) is None:
        raise ToolFailed("The panel is not installed.", hint="Install Clew again: pip install .")
    settings = load_settings(folder)
    sources = [_absolute(source) for source in args.sources] or list(settings.sources)
    if not sources:
        sources = [str(_example(settings))]
        note("No source is named: this is acme, a small company that is made up.")
    env = {**os.environ, "CLEW_SOURCES": json.dumps(sources)}
    process = subprocess.Popen(
        command(folder, args), cwd=folder, env=env, start_new_session=True,
        stdout=sys.stderr if args.json else None,
    )  # fmt: skip
    with _stopped_with_us(process):
        if args.json:
            print_json({"status": "running", "sources": _shown(sources), **_running(process)})
            sys.stdout.flush()
        code = process.wait()
    if code != 0:
        raise ToolFailed(f"JupyterLab ended with exit code {code}.", hint="Its reason is above.")
    return exits.DONE


def command(folder: Path, args: argparse.Namespace) -> list[str]:
    """Write the command line that starts JupyterLab."""
    words = [sys.executable, "-m", "jupyterlab", *QUIET, f"--ServerApp.root_dir={folder}"]
    # Also where the wheel's own configuration does not lie, as in a checkout.
    words.append(f"--ServerApp.jpserver_extensions={EXTENSION}=True")
    if args.port is not None:
        words += [f"--ServerApp.port={args.port}", "--ServerApp.port_retries=0"]
    if args.no_browser or args.json:
        words.append("--no-browser")
    if args.allow_root:
        words.append("--allow-root")
    return words


@contextlib.contextmanager
def _stopped_with_us(process: subprocess.Popen[Any]) -> Iterator[None]:
    """End Jupyter when we are told to end; it has its own process group and hears nothing."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, stop) for number in signals]
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()  # stops the runs, then the kernels, then itself
            try:
                process.wait(STOP_S)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.kill()
                process.wait()
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _running(process: subprocess.Popen[Any]) -> dict[str, Any]:
    """Wait until the server listens, and say where."""
    from jupyter_core.paths import jupyter_runtime_dir

    file = Path(jupyter_runtime_dir()) / f"jpserver-{process.pid}.json"
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            about = json.loads(file.read_text(encoding="utf-8"))
            where = urlsplit(about["url"])
            socket.create_connection((where.hostname, where.port), timeout=5).close()
        except (OSError, ValueError):  # the file is there a moment before anybody listens
            time.sleep(0.1)
            continue
        return {key: about[key] for key in ("url", "token", "root_dir", "pid")}
    raise ToolFailed("JupyterLab does not start.", hint="Its reason is above.")


def _absolute(source: str) -> str:
    """Write a source so that another folder's process finds it.

    Raises:
        SourceError: there is no such file.
    """
    if "://" in source:
        return source
    path = Path(source).expanduser()
    if not path.exists():
        raise SourceError(f"There is no file or folder {source!r}.")
    return str(path.resolve())


def _shown(sources: list[str]) -> list[str]:
    return [redact(source) for source in sources]


def _example(settings: Settings) -> Path:
    """Give the example, made once and kept beside the threads."""
    from clew.stoppable import run_stoppable
    from clew_acme import generate
    from clew_core.deadline import Budget, Deadline

    folder = settings.home / "examples" / "acme"
    if (folder / "company").is_dir():
        return folder / "company"
    progress = Progress()
    progress.step = "Making acme"
    deadline = Deadline(Budget(seconds=1e9))

    def said(step: str) -> None:
        deadline.check()
        progress.step = f"Making acme: {step}"

    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = run_stoppable(
            lambda: generate(folder, forms=["duckdb"], progress=said), deadline, progress.tick
        )
    except OSError as error:
        raise OutputNotWritten(
            f"{str(folder)!r} can't be written: {error.strerror}.",
            hint="Set CLEW_HOME to a folder that you may write, or name a source.",
        ) from error
    return made / "company"
