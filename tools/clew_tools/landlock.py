"""Which files, ports and signals may this thread, and those that it starts, still reach?

Linux's Landlock takes rights away from single threads and from those that they start, for good.
It does not hold other threads of the process, nor memory or time; what is open stays open; it
does not hide that a file exists, and does not hold changes of mode, owner or times. Version 4
added TCP, version 6 signals and abstract Unix sockets.

Source: Linux, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

# The same numbers on every architecture, being younger than the unified table.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH, _NO_NEW_PRIVS = 1, 1, 38

_WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 4,
    1 << 5,
)
_MAKE_DIR, _MAKE_REG, _REFER, _TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
# Rights that make sense for a file; the kernel refuses a rule that gives a file any other.
_OF_A_FILE = 1 | _WRITE_FILE | _READ_FILE | _TRUNCATE | 1 << 15

READ_FILES = _READ_FILE
READ_TREE = _READ_FILE | _READ_DIR
FILES = _READ_FILE | _READ_DIR | _WRITE_FILE | _REMOVE_FILE | _MAKE_REG | _TRUNCATE
TREE = FILES | _MAKE_DIR | _REMOVE_DIR | _REFER

# Rights about files that each version of Landlock knows: what is not named can't be taken away.
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_KNOWN_FROM_5 = (1 << 16) - 1
_TCP_FROM, _TCP = 4, 0b11
_SCOPE_FROM, _SCOPE = 6, 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _Path(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def version() -> int:
    """Read which version of Landlock this kernel has; 0 means none."""
    if sys.platform != "linux":
        return 0
    libc = ctypes.CDLL(None, use_errno=True)
    found: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    return max(found, 0)


def ruleset(allowed: Iterable[tuple[Path, int]], *, alone: bool = False) -> int | None:
    """Make a set of rules that `enter` puts threads under.

    Args:
        allowed: the only paths that may be touched, each with its rights (READ_FILES …); a
            folder's rights hold for all beneath it.
        alone: also take away TCP, signals to processes outside and abstract Unix sockets, as
            far as the kernel's version knows them.

    Returns:
        A file descriptor that the caller closes; None where the kernel can't hold threads.
    """
    kernel = version()
    if kernel < 1:
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    known = _KNOWN.get(kernel, _KNOWN_FROM_5)
    attributes = _Ruleset(handled_access_fs=known)
    # A kernel refuses fields that it does not know, so they are cut off by their size.
    words = 1
    if alone and kernel >= _TCP_FROM:
        attributes.handled_access_net, words = _TCP, 2
    if alone and kernel >= _SCOPE_FROM:
        attributes.scoped, words = _SCOPE, 3
    rules: int = libc.syscall(
        _CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(8 * words), 0
    )
    if rules < 0:
        return None
    try:
        for path, rights in allowed:
            _allow(libc, rules, path, rights & known)
    except OSError:
        os.close(rules)
        raise
    return rules


def enter(rules: int) -> None:
    """Put the calling thread, and those that it will start, under rules, for good.

    Raises:
        OSError: the kernel refused; nothing may run in this thread then.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, rules, 0):
        raise OSError(ctypes.get_errno(), "This thread can't be kept from files.")


def _allow(libc: ctypes.CDLL, rules: int, path: Path, rights: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= _OF_A_FILE
        rule = _Path(allowed_access=rights, parent_fd=handle)
        if libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0):
            raise OSError(ctypes.get_errno(), f"No rule can be made for {str(path)!r}.")
    finally:
        os.close(handle)
