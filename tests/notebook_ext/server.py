"""A Jupyter server for tests, in a process of its own, and a client that speaks to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOKEN = "test-token"
START_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer of the server."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One frame of a stream."""

    type: str
    data: Any
    id: int | None = None


@dataclass(kw_only=True)
class Server:
    """A server that runs. Its own folders lie under `folder`."""

    folder: Path
    process: subprocess.Popen[bytes]
    host: str
    port: int
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"token {TOKEN}"})

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Reply:
        """Send a request below /clew/v1/ (or anywhere, with a leading slash), read the answer."""
        response, connection = self.open(method, path, body, headers=headers, timeout=timeout)
        try:
            found = dict(response.getheaders())
            return Reply(status=response.status, headers=found, body=response.read())
        finally:
            connection.close()

    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
        """Send a request; the body of the answer is still to be read."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        where = path if path.startswith("/") else f"/clew/v1/{path}"
        sent = self.headers if headers is None else headers
        connection.request(method, where, raw, sent)
        return connection.getresponse(), connection

    def stream(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Iterator[Told]:
        """Read a stream frame by frame; leaving it drops the connection."""
        sent = {**(self.headers if headers is None else headers), "Accept": "text/event-stream"}
        response, connection = self.open(method, path, body, headers=sent)
        try:
            assert response.status == 200, response.read()
            assert response.headers["Content-Type"].startswith("text/event-stream")
            frame: dict[str, str] = {}
            for line in response:
                text = line.decode().rstrip("\n")
                if text and not text.startswith(":"):
                    name, _, value = text.partition(": ")
                    frame[name] = value
                elif frame:
                    number = int(frame["id"]) if "id" in frame else None
                    yield Told(type=frame["event"], data=json.loads(frame["data"]), id=number)
                    frame = {}
        finally:
            connection.close()

    def stop(self, grace: float = 20) -> float:
        """Tell the server to stop; gives the seconds that it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        return time.monotonic() - began


def start(folder: Path, sources: list[str], *, config: dict[str, Any] | None = None) -> Server:
    """Start a server whose notebooks lie in `folder/root`; starting again finds the same threads.

    Args:
        folder: of all that it writes.
        sources: absolute paths; none leaves it to clew.toml.
        config: more of Jupyter's own settings.
    """
    made = {name: folder / name for name in ("config", "data", "runtime", "root", "home")}
    for place in made.values():
        place.mkdir(parents=True, exist_ok=True)
    extensions = {"clew_notebook_ext": True, "slow_questions": True, "jupyterlab": False}
    settings: dict[str, Any] = {
        "ServerApp": {"jpserver_extensions": extensions, **(config or {}).pop("ServerApp", {})},
        **(config or {}),
    }
    (made["config"] / "jupyter_server_config.json").write_text(json.dumps(settings))
    paths = [str(HERE), os.environ.get("PYTHONPATH", "")]
    variables = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(made["config"]),
        "JUPYTER_DATA_DIR": str(made["data"]),
        "JUPYTER_RUNTIME_DIR": str(made["runtime"]),
        "JUPYTER_TOKEN": TOKEN,
        "CLEW_HOME": str(made["home"]),
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        **({"CLEW_SOURCES": json.dumps(sources)} if sources else {}),
    }
    with open(folder / "log", "ab") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
                f"--ServerApp.root_dir={made['root']}", "--ServerApp.port=0",
                "--ServerApp.ip=127.0.0.1",
            ],
            cwd=made["root"], env=variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    about = made["runtime"] / f"jpserver-{process.pid}.json"
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            port = urlsplit(json.loads(about.read_text())["url"]).port or 0
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except (OSError, ValueError):  # the file is there a moment before anybody listens
            time.sleep(0.05)
            continue
        return Server(folder=folder, process=process, host="127.0.0.1", port=port)
    process.kill()
    raise AssertionError((folder / "log").read_text())


@contextlib.contextmanager
def running(
    folder: Path, sources: list[str], *, config: dict[str, Any] | None = None, user: str = ""
) -> Iterator[Server]:
    """Start a server, wait until its sources are open or can't be, and stop it at the end."""
    server = start(folder, sources, config=config)
    try:
        wait_until_ready(server, **({"headers": {"X-User": user}} if user else {}))
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def wait_until_ready(server: Server, **headers: Any) -> dict[str, Any]:
    """Wait until the sources are open, or can't be."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        status: dict[str, Any] = server.ask("GET", "status", **headers).json
        if status["state"] != "opening":
            return status
        time.sleep(0.1)
    raise AssertionError("the sources do not open")


def question(text: str, **more: Any) -> dict[str, Any]:
    """Write a request."""
    return {"question": text, "now": "2024-05-15T12:00:00+00:00", **more}
