"""How is a model server kept running? Started, seen to be ready, started again when it dies, ended.

It listens on a Unix socket in a folder that its user alone may enter: vLLM's own key does not guard
all its routes. What it prints goes to a file. Not here: several servers, and stopping one that is
idle.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clew_core.deadline import Deadline
from clew_core.errors import BackendUnavailable, UsageError

SOCKET, LOG_FILE = "vllm.sock", "vllm.log"
_LONGEST_PATH = 100  # of a Unix socket, by the kernel: 107
_LOOK_S, _GRACE_S = 0.2, 15.0
_SHOWN_LINES = 5
Tell = Callable[[str], None]


@dataclass(kw_only=True)
class Supervisor:
    """Keeps one server running.

    Attributes:
        folder: of the socket and the log; made with mode 0700.
        command: given the socket, writes the command.
        environment: variables beside those of the process.
        ready_s: that a start may take.
        most_restarts: in a row, without having been ready for ``steady_s`` between.
        backoff_s: before the first restart; doubles.
        steady_s: after which a server counts as sound.
        tell: is called with what happens, one line each.
    """

    folder: Path
    command: Callable[[Path], Sequence[str]]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_s: float = 900.0
    most_restarts: int = 5
    backoff_s: float = 1.0
    steady_s: float = 60.0
    tell: Tell = lambda line: None
    _process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where the server listens."""
        return self.folder / SOCKET

    def run(self, deadline: Deadline, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until the deadline is cancelled.

        Args:
            deadline: its end, or its stop button, ends the server gracefully.
            ready: is called each time the server can be asked.

        Raises:
            UsageError: the folder is not one's own, or another server runs in it.
            BackendUnavailable: it does not start, or dies again and again; with its last words.
        """
        restarts = 0
        with self._held():
            while not _over(deadline):
                started = time.monotonic()
                self._start()
                try:
                    if self._wait_until_ready(deadline):
                        self.tell(f"ready after {time.monotonic() - started:.0f} s")
                        ready()
                        self._wait_for_the_end(deadline)
                finally:
                    code = self._stop()
                if _over(deadline):
                    return
                restarts = 0 if time.monotonic() - started > self.steady_s else restarts
                restarts += 1
                if restarts > self.most_restarts:
                    raise BackendUnavailable(
                        f"The model server ended {restarts} times, the last time with {code}: "
                        f"{self._last_words()}",
                        hint=f"See {self.folder / LOG_FILE}.",
                    )
                pause = self.backoff_s * 2 ** (restarts - 1)
                self.tell(f"ended with {code}; started again in {pause:g} s")
                _sleep(pause, deadline)

    @contextlib.contextmanager
    def _held(self) -> Iterator[None]:
        """Own the folder while the server runs."""
        import fcntl

        if len(str(self.socket)) > _LONGEST_PATH:
            raise UsageError(
                f"The path {str(self.socket)!r} is too long for a socket.",
                hint="Choose a shorter folder.",
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.folder.stat().st_uid != os.geteuid():
            raise UsageError(f"The folder {str(self.folder)!r} belongs to another user.")
        self.folder.chmod(0o700)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UsageError(
                    f"Another server runs in {str(self.folder)!r}.", hint="Stop it first."
                ) from None
            yield

    def _start(self) -> None:
        self.socket.unlink(missing_ok=True)
        with (self.folder / LOG_FILE).open("wb") as log:
            try:
                # A session of its own: Ctrl-C reaches us alone, and all it starts can be ended.
                self._process = subprocess.Popen(
                    list(self.command(self.socket)),
                    env={**os.environ, **self.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise BackendUnavailable(
                    f"The model server can't be started: {error}.", hint="See serve.python."
                ) from error

    def _wait_until_ready(self, deadline: Deadline) -> bool:
        """Wait for the server; False where it died or the run is over."""
        assert self._process is not None
        end = time.monotonic() + self.ready_s
        while self._process.poll() is None and not _over(deadline):
            if is_ready(self.socket):
                return True
            if time.monotonic() > end:
                raise BackendUnavailable(
                    f"The model server was not ready after {self.ready_s:g} s.",
                    hint=f"See {self.folder / LOG_FILE}.",
                )
            time.sleep(_LOOK_S)
        return False

    def _wait_for_the_end(self, deadline: Deadline) -> None:
        assert self._process is not None
        while self._process.poll() is None and not _over(deadline):
            time.sleep(_LOOK_S)

    def _stop(self) -> int | None:
        """End the server and all that it started: first asked, then not."""
        process, self._process = self._process, None
        if process is None:
            return None
        code = process.poll()
        if code is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(_GRACE_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        self.socket.unlink(missing_ok=True)
        return process.wait() if code is None else code

    def _last_words(self) -> str:
        try:
            lines = (self.folder / LOG_FILE).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "nothing"
        return " / ".join(line.strip() for line in lines.splitlines()[-_SHOWN_LINES:]) or "nothing"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=2)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def is_ready(path: Path) -> bool:
    """Ask a server on a socket whether it can be asked."""
    connection = _Connection(path)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _over(deadline: Deadline) -> bool:
    return deadline.cancelled or deadline.remaining_s == 0


def _sleep(seconds: float, deadline: Deadline) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and not _over(deadline):
        time.sleep(min(_LOOK_S, max(0.0, end - time.monotonic())))
