"""Where do tests get a PostgreSQL server from: one of their own, gone when they end.

The server runs as an unprivileged user in a temporary folder, keeps nothing on disk for good and
sorts text by the rules of English (ICU), as many servers do: what forgets to say how text is
ordered is found out.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NOBODY = 65534
# A server of tests may lose its data; what it must not do is wait for a disk.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "listen_addresses": "127.0.0.1",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "timezone": "UTC",
}


def programs() -> Path | None:
    """Find the folder of initdb and postgres, the newest that Debian has first."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: float(path.parts[-3]),
        reverse=True,
    )
    found = debian[0] if debian else shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a server and hand out the URL of an empty database on it, or skip."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    binaries = programs()
    if binaries is None:
        pytest.skip("there is no PostgreSQL server (on Debian: apt-get install postgresql-15)")
    # Short: the path of a socket may have 107 signs. Not pytest's: that one is closed to others.
    folder = Path(tempfile.mkdtemp(prefix="clew-pg-", dir="/tmp"))
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user, -1)
    try:
        yield from _served(binaries, folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _served(binaries: Path, folder: Path, user: int | None) -> Iterator[str]:
    data, log = folder / "data", folder / "log"
    identity = {"user": user, "group": user, "extra_groups": None if user is None else []}
    made = subprocess.run(
        [binaries / "initdb", "--pgdata", data, "--username", "clew", "--auth", "trust",
         "--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu",
         "--icu-locale", "en-US", "--no-sync"],
        cwd=folder, capture_output=True, text=True, timeout=120, **identity,  # type: ignore[arg-type]
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"initdb does not work here: {made.stderr.strip()[-300:]}")
    port = free_port()
    options = [part for item in _SETTINGS.items() for part in ("-c", "=".join(item))]
    with log.open("wb") as written:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", folder, "-p", str(port), *options],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=written, stderr=written,
            **identity,  # type: ignore[arg-type]
        )  # fmt: skip
    try:
        url = f"postgresql://clew@/postgres?host={folder}&port={port}"
        _wait_for(url, server, log)
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # at once, but in order
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(timeout=20)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    until = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start: {log.read_text('utf-8', 'replace')}")
            time.sleep(0.05)
