"""How does a process put itself behind walls, run the code, and tell what became of it?

    main ──▶ leave the namespaces ──fork──▶ raise_walls ──▶ work (the code)
      └──▶ watch: end it when the asking process says so or dies; report how it ended

The process that asked talks to the launcher over two pipes: `status`, JSON lines, and `control`,
whose end is the order to stop. The code holds neither.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any

from clew_tools import landlock
from clew_tools.sandbox_process import namespaces, seccomp, worker

_PARENT_DEATH, _DUMPABLE = 1, 4
# Landlock from here on holds signals and abstract sockets by itself.
_HOLDS_ALONE = 6
# What the interpreter and the libraries map before any data is there, in MB.
BASE_MB = 512
_MB = 1 << 20
_LOOK_MS = 100
# Where the linker finds what the libraries are linked with: Debian's folder, or Fedora's.
_LIBRARIES = (f"/usr/lib/{os.uname().machine}-linux-gnu", "/usr/lib64")

Config = dict[str, Any]


class MissingWall(Exception):
    """A wall that the setting demands can't be raised here."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.what, self.hint = what, hint


def main(config_fd: int, own_paths: int) -> None:
    """Read what to do from a file descriptor, do it, and report on `status`."""
    with open(config_fd, encoding="utf-8") as file:
        config: Config = json.load(file)
    find_python(config, own_paths)
    status = config["status_fd"]
    try:
        way = enter_namespaces(config)
    except MissingWall as missing:
        tell(status, refused=missing.what, hint=missing.hint)
        return
    os.set_blocking(status, True)
    child = os.fork()
    if child == 0:
        try:
            walls = raise_walls(config, way)
            fence(config)
        except MissingWall as missing:
            tell(status, refused=missing.what, hint=missing.hint)
            os._exit(1)
        except (OSError, ValueError) as error:
            words = error.strerror if isinstance(error, OSError) else ""
            tell(status, refused=f"a wall of the sandbox: {words or error}", hint="")
            os._exit(1)
        tell(status, walls=walls)
        os.close(status)
        worker.work(config)
    watch(child, config, way)


def find_python(config: Config, own_paths: int) -> None:
    """Note where the code imports from, and what of the file system that takes."""
    own = [path for path in map(os.path.realpath, sys.path[:own_paths])]
    config["paths"] = [path for path in [*own, *config["sites"]] if os.path.isdir(path)]
    needed = [*config["paths"], "/usr/share/zoneinfo", *_LIBRARIES]
    if sys.base_prefix not in ("/usr", "/usr/local"):
        needed.append(f"{sys.base_prefix}/lib")
    config["readable"] = sorted({os.path.realpath(path) for path in needed if os.path.isdir(path)})


def enter_namespaces(config: Config) -> namespaces.Way:
    """Leave the machine's namespaces where the kernel lets; say what holds otherwise.

    Raises:
        MissingWall: without them, the setting or this kernel leaves a gap.
    """
    kernel = landlock.version()
    if kernel < 1:
        raise MissingWall(
            "Landlock, which keeps code from files",
            "Use Linux 5.13 or later, with landlock in the kernel's list of security modules.",
        )
    way = namespaces.leave()
    if way != "none":
        return way
    allow = "Let this user make user namespaces, or start the container with a policy that does."
    if os.geteuid() == 0:
        raise MissingWall(
            "namespaces for root, whom no limit on processes holds without them",
            f"Run Clew as an ordinary user, or give it CAP_SYS_ADMIN. {allow}",
        )
    if config["namespaces"] == "required":
        raise MissingWall("namespaces, which the setting requires", allow)
    if kernel < _HOLDS_ALONE:
        raise MissingWall(
            f"namespaces; and version {kernel} of Landlock does not hold signals without them",
            f"Use Linux 6.12 or later. {allow}",
        )
    return way


def raise_walls(config: Config, way: namespaces.Way) -> list[str]:
    """Raise every wall but the filter of system calls; name them and the filter."""
    libc = ctypes.CDLL(None, use_errno=True)
    readable = [Path(path) for path in config["readable"]]
    outside = Path(config["folder"])
    if way == "none":
        os.chdir(outside)
    else:
        namespaces.rebuild_root(way, outside, readable, config["scratch_mb"])
        outside = namespaces.SCRATCH
    if way != "none":
        namespaces.drop_powers(way)
    if closed := namespaces.readable_by_a_stranger(readable):
        raise MissingWall(
            f"a Python that others may read: {str(closed)!r} is closed to them",
            "Open it for reading (chmod -R o+rX), or run Clew as its owner.",
        )
    os.environ["HOME"] = os.environ["TMPDIR"] = str(outside)
    limit(config, way)
    keep_from_files(readable, outside)
    # The launcher's end ends the code. Late, for a change of user forgets it.
    libc.prctl(_PARENT_DEATH, signal.SIGKILL, 0, 0, 0)
    libc.prctl(_DUMPABLE, 0, 0, 0, 0)
    names = ["landlock", "seccomp", "limits"]
    return names if way == "none" else [*names, "namespaces"]


def limit(config: Config, way: namespaces.Way) -> None:
    """Set the limits that the kernel counts by itself."""
    memory = (BASE_MB + config["memory_mb"] + config["result_mb"]) * _MB + config["input_bytes"]
    threads = config["threads"]
    if way == "none":
        # Counted for the user, not for the run.
        threads += _threads_of(os.getuid())
    for what, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, config["cpu_s"]),
        (resource.RLIMIT_FSIZE, max(config["scratch_mb"], config["result_mb"]) * _MB),
        (resource.RLIMIT_NOFILE, config["open_files"]),
        (resource.RLIMIT_NPROC, threads),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
    ):
        _, hard = resource.getrlimit(what)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (value, value))


def keep_from_files(readable: list[Path], scratch: Path) -> None:
    """Let Landlock close all paths but these."""
    rules = landlock.ruleset(
        [
            *((path, landlock.READ_TREE) for path in readable),
            (scratch, landlock.TREE),
            (namespaces.NULL, landlock.FILES),
        ],
        alone=True,
    )
    if rules is None:
        raise MissingWall("Landlock, which keeps code from files", "Use Linux 5.13 or later.")
    landlock.enter(rules)
    os.close(rules)


def fence(config: Config) -> None:
    """Close what the code has no business with, then filter its system calls.

    The status stays open for one last word, before the code begins.
    """
    # Who asked may have stopped or died before this process was bound to the launcher's life.
    # poll, not select: a server that holds more than 1,024 descriptors hands on high numbers.
    asker = select.poll()
    asker.register(config["control_fd"], select.POLLIN | select.POLLHUP)
    if asker.poll(0):
        os._exit(1)
    kept = sorted({0, 1, 2, config["inputs_fd"], config["results_fd"], config["status_fd"]})
    for low, high in zip(kept, [*kept[1:], 1 << 16], strict=True):
        os.closerange(low + 1, high)
    machine = os.uname().machine
    seccomp.install(seccomp.program(machine, os.getpid()), machine)


def watch(child: int, config: Config, way: namespaces.Way) -> None:
    """Wait for the code's end, or bring it about; report it."""
    status, control = config["status_fd"], config["control_fd"]
    null = os.open(os.devnull, os.O_RDWR)
    for output in (1, 2):
        os.dup2(null, output)
    handle = os.pidfd_open(child)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(control, select.POLLIN | select.POLLHUP)
    too_full = False
    # In namespaces the scratch folder is memory of a fixed size; elsewhere somebody must look.
    look = _LOOK_MS if way == "none" else None
    while True:
        ready = [fd for fd, _ in poll.poll(look)]
        if handle in ready:
            break
        too_full = not ready and _size(Path(config["folder"])) > config["scratch_mb"] * _MB
        if ready or too_full:
            os.kill(child, signal.SIGKILL)
            break
    _, code, usage = os.wait4(child, 0)
    tell(
        status,
        exit=os.waitstatus_to_exitcode(code),
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        too_full=too_full,
    )


def tell(status: int, **words: object) -> None:
    """Write one line of JSON to whoever asked."""
    os.write(status, json.dumps(words).encode() + b"\n")


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(f"{place}/{name}").st_blocks * 512
            except OSError:
                continue
    return total


def _threads_of(user: int) -> int:
    total = 0
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                if os.stat(f"/proc/{name}").st_uid == user:
                    total += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return total
