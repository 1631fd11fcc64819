"""Where do tests get a MariaDB server from: one of their own, gone when they end.

The server runs as an unprivileged user in a temporary folder and keeps nothing on disk for good.
"""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres import NOBODY, free_port

# A server of tests may lose its data; what it must not do is wait for a disk.
_SETTINGS = (
    "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=8M", "--innodb-flush-method=nosync", "--skip-log-bin",
    "--bind-address=127.0.0.1", "--max-connections=60", "--performance-schema=OFF",
    "--default-time-zone=+00:00", "--secure-file-priv=", "--skip-name-resolve",
)  # fmt: skip


def program(name: str) -> str | None:
    """Find a program of the server; some lie off the PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/libexec")


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """Start a server and hand out the URL of an empty database on it, or skip."""
    pytest.importorskip("pymysql", reason="PyMySQL is not installed")
    if program("mariadbd") is None or program("mariadb-install-db") is None:
        pytest.skip("there is no MariaDB server (on Debian: apt-get install mariadb-server-core)")
    # Short: the path of a socket may have 107 signs. Not pytest's: that one is closed to others.
    folder = Path(tempfile.mkdtemp(prefix="clew-my-", dir="/tmp"))
    user = NOBODY if os.geteuid() == 0 else None
    if user is not None:
        os.chown(folder, user, -1)
    try:
        yield from _served(folder, user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _served(folder: Path, user: int | None) -> Iterator[str]:
    data, log = folder / "data", folder / "log"
    identity = {"user": user, "group": user, "extra_groups": None if user is None else []}
    made = subprocess.run(
        [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db",
         "--auth-root-authentication-method=normal", "--innodb-flush-method=nosync"],
        cwd=folder, capture_output=True, text=True, timeout=120, **identity,  # type: ignore[arg-type]
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"mariadb-install-db does not work here: {made.stderr.strip()[-300:]}")
    port = free_port()
    with log.open("wb") as written:
        server = subprocess.Popen(
            [program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}",
             f"--socket={folder}/s", f"--pid-file={folder}/pid", *_SETTINGS],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=written, stderr=written,
            **identity,  # type: ignore[arg-type]
        )  # fmt: skip
    try:
        _wait_for(port, server, log)
        yield f"mysql+pymysql://root@127.0.0.1:{port}/shop"
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(timeout=20)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    import pymysql

    until = time.monotonic() + 60
    while True:
        try:
            connection = pymysql.connect(host="127.0.0.1", port=port, user="root")
            with connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            connection.close()
            return
        except pymysql.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(f"MariaDB did not start: {log.read_text('utf-8', 'replace')}")
            time.sleep(0.05)
