"""Which files may the threads of an engine touch, whatever SQL reaches them?

Linux's Landlock takes file access away from single threads and from those that they start. It
does not hold other threads of the process, network, memory or time. Where the kernel has no
Landlock, ``ruleset`` returns None and the caller needs another wall.

Source: Linux, Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

# The same numbers on every architecture, being younger than the unified table.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH, _NO_NEW_PRIVS = 1, 1, 38

_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_WRITE_FILE, _REMOVE_FILE, _MAKE_REG, _TRUNCATE = 1 << 1, 1 << 5, 1 << 8, 1 << 14
_SCRATCH = _READ_FILE | _READ_DIR | _WRITE_FILE | _REMOVE_FILE | _MAKE_REG | _TRUNCATE
# Rights about files that each version of Landlock knows: what is not named can't be taken away.
_KNOWN = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_KNOWN_FROM_5 = (1 << 16) - 1


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _Path(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def ruleset(readable: Iterable[Path], scratch: Iterable[Path]) -> int | None:
    """Make a set of rules that `enter` puts threads under.

    Args:
        readable: the only files that may be opened, for reading.
        scratch: folders where files may be made, written and deleted.

    Returns:
        A file descriptor that the caller closes; None where the kernel can't hold threads.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        return None
    known = _KNOWN.get(version, _KNOWN_FROM_5)
    attributes = _Ruleset(handled_access_fs=known)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    rules: int = libc.syscall(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    if rules < 0:
        return None
    try:
        for path in readable:
            _allow(libc, rules, path, _READ_FILE)
        for path in scratch:
            _allow(libc, rules, path, _SCRATCH & known)
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


def _allow(libc: ctypes.CDLL, rules: int, path: Path, access: int) -> None:
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Path(allowed_access=access, parent_fd=handle)
        if libc.syscall(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(rule), 0):
            raise OSError(ctypes.get_errno(), f"No rule can be made for {str(path)!r}.")
    finally:
        os.close(handle)
