"""Run the escapes of sandbox_escapes.yaml between canaries, and say which got out.

    python sandbox_corpus.py [--without WALL …] [--only NAME …] [--skip MECHANISM …]

prints one line of JSON: how many ran and, by name, what got out or ended wrongly. As a program
it can be started as another user; ``--without`` takes a wall away for the whole run.
"""

import argparse
import contextlib
import ctypes
import functools
import json
import os
import secrets
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from clew_core.deadline import Deadline
from clew_tools.sandbox import Limits, Refusal
from clew_tools.sandbox import run as run_in_sandbox
from clew_tools.sandbox_process.launcher import BASE_MB

run_module = sys.modules[run_in_sandbox.__module__]

CASES = Path(__file__).with_name("sandbox_escapes.yaml")
PRELUDE = Path(__file__).with_name("sandbox_prelude.txt")
LIMITS = Limits(
    seconds=20, cpu_s=5, memory_mb=200, threads=8, scratch_mb=16, result_mb=32, json_mb=8
)
# Where the end is the point, it may come soon.
SOON = replace(LIMITS, seconds=0.7)
SLACK_S = 3.0
# Of what the cases would make: a segment of this size, queues and semaphores of this key.
SIZE, KEY = 4242, 0x434C4557
# A case that fails by these proves nothing.
BROKEN = ("NameError", "SyntaxError", "IndentationError", "AttributeError", "UnboundLocalError")

# How each wall is taken away: what the launcher does before it begins.
WITHOUT = {
    "seccomp": "from clew_tools.sandbox_process import seccomp; seccomp.install = lambda *a: None",
    "landlock": "from clew_tools.sandbox_process import launcher; "
    "launcher.keep_from_files = lambda *a: None",
    "limits": "from clew_tools.sandbox_process import launcher; launcher.limit = lambda *a: None",
    "namespaces": "from clew_tools.sandbox_process import namespaces; "
    "namespaces.leave = lambda: 'none'",
    "descriptors": "import os; os.closerange = lambda *a: None",
    "environment": "import os; os.environ['CLEW_CANARY'] = sys.argv[3]",
}


@functools.cache
def refusal() -> str:
    """Say why the sandbox runs nothing on this machine, or nothing."""
    found = run_in_sandbox("1", {}, LIMITS, Deadline())
    return str(found) if isinstance(found, Refusal) else ""


def skip_where_refused() -> None:
    """Skip a test where the kernel lacks a wall; what else keeps code from running is a fault."""
    if any(word in refusal() for word in ("namespaces", "Landlock", "that others may read")):
        import pytest

        pytest.skip(refusal())


@dataclass
class Canaries:
    """What must be found untouched, and what was seen of it."""

    folder: Path
    word: str
    port: int = 0
    abstract: str = ""
    segment: int = -1
    victim: int = 0
    inherited: int = -1
    heard: list[str] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)

    @property
    def secret(self) -> Path:
        return self.folder / "secret.txt"

    def look(self) -> dict[str, Any]:
        """Take down everything that a case could have changed."""
        seen: dict[str, Any] = {}
        for path in sorted(self.folder.rglob("*")):
            status = path.lstat()
            seen[str(path)] = (status.st_mode, status.st_uid, status.st_size, status.st_mtime_ns)
        seen["secret"] = self.secret.read_text()
        seen["shm"] = sorted(name for name in os.listdir("/dev/shm") if "canary" in name)
        seen["tmp"] = os.path.exists(f"{tempfile.gettempdir()}/clew-canary-file")
        # Other programs of this machine have such things too: ours are known by size and key.
        for kind, column, mark in (("shm", 3, SIZE), ("sem", 0, KEY), ("msg", 0, KEY)):
            lines = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()[1:]
            rows = [line.split() for line in lines]
            seen[kind] = sorted(row[:2] for row in rows if row[column] == str(mark))
            if kind == "shm":
                seen["segment"] = [row[1] for row in rows if row[1] == str(self.segment)]
        state = Path(f"/proc/{self.victim}/stat").read_text().rsplit(")", 1)[1].split()
        seen["victim"] = (state[0] in "SR", state[16])
        seen["affinity"] = sorted(os.sched_getaffinity(self.victim))
        seen["heard"] = list(self.heard)
        seen["core"] = [str(p) for p in Path.cwd().glob("core*")]
        seen["host"] = socket.gethostname()
        return seen


@contextlib.contextmanager
def canaries() -> Iterator[Canaries]:
    """Set canaries out, and take them in again."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="clew-canaries-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        word = f"CANARY-{secrets.token_hex(8)}"
        birds = Canaries(folder=folder, word=word, abstract=f"clew-{secrets.token_hex(8)}")
        birds.secret.write_text(f"a\n{word}\n")
        birds.secret.chmod(0o644)
        (folder / "evil.py").write_text("print('ESCAPED by import')\n")
        (folder / "sitecustomize.py").write_text(f"print('ESCAPED {word}')\n")
        _listen(birds, stack)
        memory = ctypes.CDLL(None, use_errno=True)
        memory.shmat.restype = ctypes.c_void_p
        birds.segment = memory.shmget(0, 4096, 0o1666)
        stack.callback(memory.shmctl, birds.segment, 0, None)
        at = memory.shmat(birds.segment, None, 0)
        ctypes.memmove(at, word.encode(), len(word))
        memory.shmdt(ctypes.c_void_p(at))
        victim = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        birds.victim = victim.pid
        # Open in this process and inheritable: what starts processes carelessly hands it on.
        birds.inherited = os.memfd_create("canary")
        stack.callback(os.close, birds.inherited)
        os.write(birds.inherited, word.encode())
        os.set_inheritable(birds.inherited, True)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGUSR1, signal.SIGHUP, signal.SIGIO):
                old = signal.signal(number, lambda n, _: birds.heard.append(f"signal {n}"))
                stack.callback(signal.signal, number, old)
        for name, value in (("CLEW_CANARY", word), ("PYTHONPATH", str(folder))):
            stack.callback(_set_back, name, os.environ.get(name))
            os.environ[name] = value
        birds.before = birds.look()
        yield birds


def _set_back(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _listen(birds: Canaries, stack: contextlib.ExitStack) -> None:
    """Open every kind of door that a case could knock at, and note who does."""
    tcp = stack.enter_context(socket.socket())
    tcp.bind(("127.0.0.1", 0))
    birds.port = tcp.getsockname()[1]
    udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    udp.bind(("127.0.0.1", birds.port))
    file = stack.enter_context(socket.socket(socket.AF_UNIX))
    file.bind(str(birds.folder / "socket"))
    (birds.folder / "socket").chmod(0o777)
    name = stack.enter_context(socket.socket(socket.AF_UNIX))
    name.bind("\0" + birds.abstract)
    letters = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    letters.bind("\0" + birds.abstract + "-letters")
    doors = {tcp: "tcp", udp: "udp", file: "socket file", name: "abstract", letters: "letters"}
    for door in (tcp, file, name):
        door.listen()
    ended, end = os.pipe()

    def watch() -> None:
        waiting = selectors.DefaultSelector()
        for door in (*doors, ended):
            waiting.register(door, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in waiting.select()]
            if ended in ready:
                waiting.close()
                return
            for door in (door for door in doors if door in ready):
                birds.heard.append(doors[door])
                door.accept()[0].close() if door in (tcp, file, name) else door.recv(99)

    watcher = threading.Thread(target=watch)
    watcher.start()
    stack.callback(watcher.join)
    stack.callback(os.write, end, b".")


def cases() -> list[dict[str, Any]]:
    """Read the corpus, less what this machine's kind of processor has no way to try."""
    listed: list[dict[str, Any]] = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    return [case for case in listed if not case.get("x86_64") or os.uname().machine == "x86_64"]


def run_case(case: dict[str, Any], birds: Canaries) -> str:
    """Run one case; give what got out or ended wrongly, or nothing."""
    facts = {
        "SECRET": str(birds.secret), "FOLDER": str(birds.folder), "PORT": birds.port,
        "SOCKET": str(birds.folder / "socket"), "ABSTRACT": birds.abstract,
        "VICTIM": birds.victim, "PARENT": os.getpid(), "SEGMENT": birds.segment,
        "RESULT_BYTES": LIMITS.result_mb << 20, "TEMPORARY": tempfile.gettempdir(),
    }  # fmt: skip
    given = "".join(f"{name} = {value!r}\n" for name, value in facts.items())
    ends = case.get("ends")
    limits = SOON if ends and {"time", "cpu"} & set(ends) else LIMITS
    begin = time.monotonic()
    code = given + PRELUDE.read_text(encoding="utf-8") + case["code"]
    ran = run_in_sandbox(code, {"t": pa.table({"n": [1, 2, 3]})}, limits, Deadline())
    wall_s = time.monotonic() - begin
    if isinstance(ran, Refusal):
        return f"was not run: {ran}"
    told = f"{ran.stdout}{ran.stderr}{ran.values}{list(ran.tables.items())}{ran.error}"
    if birds.word in told:
        return "the canary got out"
    if "ESCAPED" in ran.stdout:
        return "ESCAPED"
    if wall_s > limits.seconds + SLACK_S:
        return f"ran for {wall_s:.1f} s"
    if ran.peak_mb > BASE_MB + limits.memory_mb + limits.result_mb + 1:
        return f"held {ran.peak_mb:.0f} MB"
    if len(ran.stdout) + len(ran.stderr) > 2 * limits.output_kb * 1024:
        return f"printed {len(ran.stdout)} characters"
    if sum(table.nbytes for table in ran.tables.values()) > limits.result_mb << 20:
        return "handed over too much"
    if ran.error.startswith(BROKEN):
        return f"is no attempt: {ran.error}"
    if ends and ran.status not in ends:
        return f"ended by {ran.status!r}: {ran.error}"
    return ""


def run_all(chosen: list[dict[str, Any]], workers: int = 2) -> dict[str, str]:
    """Run cases, two at a time; give by name what got out, and what the canaries saw."""
    found: dict[str, str] = {}
    with canaries() as birds:
        with ThreadPoolExecutor(workers) as pool:
            for case, said in zip(
                chosen, pool.map(lambda c: run_case(c, birds), chosen), strict=True
            ):
                if said:
                    found[f"{case['mechanism']}: {case['name']}"] = said
        after = birds.look()
        for what, seen in after.items():
            if birds.before.get(what) != seen:
                found[f"canary {what}"] = f"{birds.before.get(what)} became {seen}"
        for what in birds.before.keys() - after.keys():
            found[f"canary {what}"] = "is gone"
    return found


@contextlib.contextmanager
def walls_taken(*walls: str) -> Iterator[None]:
    """Start every launcher without these walls."""
    old = run_module._START
    pieces = [f"exec({WITHOUT[wall]!r}); " for wall in walls]
    marker = "from clew_tools.sandbox_process.launcher import main; "
    run_module._START = old.replace(marker, "".join(pieces) + marker)
    assert not walls or run_module._START != old
    try:
        yield
    finally:
        run_module._START = old


def main() -> int:
    """Run the corpus as a program."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    chosen = [
        case
        for case in cases()
        if not (case.get("namespaces") and "namespaces" in args.without)
        and case["mechanism"] not in args.skip
        and (not args.only or case["name"] in args.only or case["mechanism"] in args.only)
    ]
    with walls_taken(*args.without):
        found = run_all(chosen, args.workers)
    sys.stdout.write(json.dumps({"ran": len(chosen), "found": found}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
