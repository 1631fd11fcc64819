"""Which world does the process see: its own network, processes, shared memory and root folder?

`leave` goes there, `rebuild_root` leaves nothing of the file system but what code needs to read
and an empty scratch folder in memory, `drop_powers` gives up what both took. Where the kernel
gives no namespaces (containers, hardened laptops), `leave` says so and the other walls stand.

Source: Linux, namespaces(7), user_namespaces(7), pivot_root(2).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from clew_tools.sandbox_process import syscalls

Way = Literal["as root", "as a user", "none"]

SCRATCH = Path("/scratch")
NULL = Path("/dev/null")

_MOUNTS, _CGROUP, _NAMES, _SHARED_MEMORY = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_USER, _PROCESSES, _NETWORK = 0x10000000, 0x20000000, 0x40000000
_ALL_BUT_USER = _MOUNTS | _CGROUP | _NAMES | _SHARED_MEMORY | _PROCESSES | _NETWORK

_READ_ONLY, _NO_SETUID, _NO_DEVICES, _NO_PROGRAMS = 1, 2, 4, 8
_BIND, _RECURSIVE, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2
_SET_ATTRIBUTES, _HERE, _ALL_BELOW = 442, -100, 0x8000

_FILES_IN_SCRATCH = 10_000
# One user per run, whom nobody else is: the count of its threads is the run's own.
_FIRST_USER, _USERS = 0x70000000, 0x0FFFFFFF


def leave() -> Way:
    """Take this process, and what it starts, out of the machine's namespaces.

    The process must have one thread. Its children, not itself, are alone with their processes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and libc.unshare(_ALL_BUT_USER) == 0:
        return "as root"
    user, group = os.geteuid(), os.getegid()
    if user == 0 or libc.unshare(_ALL_BUT_USER | _USER):
        # Root without power would go on as root, whom no limit on processes holds.
        return "none"
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return "as a user"


def rebuild_root(way: Way, at: Path, readable: Iterable[Path], scratch_mb: int) -> None:
    """Make a root folder of readable paths (real ones) and an empty scratch folder, and enter it.

    Raises:
        OSError: the kernel refused; `strerror` says what.
    """
    _mount("none", Path("/"), "", _RECURSIVE | _PRIVATE)
    _mount("tmpfs", at, "tmpfs", _NO_SETUID | _NO_DEVICES, "mode=0755,size=1m,nr_inodes=2000")
    os.umask(0o022)
    covered: list[Path] = []
    for path in sorted(readable):
        if any(path.is_relative_to(other) for other in covered):
            continue
        target = at / path.relative_to("/")
        target.mkdir(parents=True)
        _mount(str(path), target, "", _BIND | _RECURSIVE)
        _set(target, _READ_ONLY | _NO_SETUID | _NO_DEVICES)
        covered.append(path)
    null = at / NULL.relative_to("/")
    null.parent.mkdir()
    null.touch()
    _mount(str(NULL), null, "", _BIND)
    scratch = at / SCRATCH.relative_to("/")
    scratch.mkdir()
    # Its owner becomes whoever the code runs as, which root decides later.
    mode = "1777" if way == "as root" else "0700"
    size = f"mode={mode},size={scratch_mb}m,nr_inodes={_FILES_IN_SCRATCH}"
    _mount("tmpfs", scratch, "tmpfs", _NO_SETUID | _NO_DEVICES | _NO_PROGRAMS, size)
    os.chdir(at)
    libc = ctypes.CDLL(None, use_errno=True)
    pivot = syscalls.of_the_walls(os.uname().machine)["pivot_root"]
    _check(libc.syscall(pivot, b".", b"."), "pivot_root")
    _check(libc.umount2(b".", _DETACH), "umount2")
    _set(Path("/"), _READ_ONLY, below=False)
    os.chdir(SCRATCH)
    os.umask(0o077)


def drop_powers(way: Way) -> None:
    """Become nobody in particular, without any capability.

    Raises:
        OSError: the kernel refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if way == "as root":
        stranger = _FIRST_USER + int.from_bytes(os.urandom(4), "little") % _USERS
        os.setgroups([])
        os.setresgid(stranger, stranger, stranger)
        os.setresuid(stranger, stranger, stranger)
        # One wall more where the kernel allows it: then root itself is out of reach.
        libc.unshare(_USER)
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    nothing = ctypes.create_string_buffer(24)
    capset = syscalls.of_the_walls(os.uname().machine)["capset"]
    _check(libc.syscall(capset, header, nothing), "capset")


def readable_by_a_stranger(paths: Iterable[Path]) -> Path | None:
    """Find a path that this user, who is nobody by now, can't look into; None is good."""
    for path in paths:
        with contextlib.suppress(OSError):
            os.scandir(path).close()
            continue
        return path
    return None


def _mount(source: str, target: Path, kind: str, flags: int, data: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.mount(
        source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    _check(done, f"mount {target}")


def _set(target: Path, attributes: int, *, below: bool = True) -> None:
    """Add attributes to a mount and, below, to those beneath it; none can be lost this way."""
    libc = ctypes.CDLL(None, use_errno=True)
    what = ctypes.create_string_buffer(struct.pack("=QQQQ", attributes, 0, 0, 0), 32)
    flags = _ALL_BELOW if below else 0
    path = os.fsencode(target)
    done = libc.syscall(_SET_ATTRIBUTES, _HERE, path, flags, what, ctypes.c_size_t(32))
    _check(done, f"mount_setattr {target}")


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
