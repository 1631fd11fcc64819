"""How does the list of system calls become a filter that the kernel runs?

Refused calls fail with EPERM instead of killing: libraries probe and fall back, and the person
reads an error of the line that did it. A call by another architecture's numbering kills.

Source: Linux, Documentation/userspace-api/seccomp_filter.rst.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from clew_tools.sandbox_process import syscalls

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16
_X32 = 0x40000000

_FILTER_MODE, _ALL_THREADS = 1, 1
_NO_NEW_PRIVS = 38

_THREAD = 0x00010000
# New namespaces, tracing and its like: what no thread asks for.
_NOT_A_THREAD = 0x7E020000 | 0x00002000 | 0x00004000

# Duplicate, flags, record locks, pipe size, seals to read: not who gets a signal.
_FCNTL = (0, 1, 2, 3, 4, 5, 6, 7, 1030, 1032, 1034, 36, 37, 38)
# Is it a terminal, how large is it, bytes to read, close on exec, non-blocking.
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451, 0x5421)
# The thread's name, names of memory, whether huge pages are off.
_PRCTL = (15, 16, 0x53564D41, 42)

_Step = tuple[int, int, int, int]


def program(machine: str, own_pid: int) -> list[_Step]:
    """Write the filter: steps of code, jump if true, jump if false, constant."""
    steps: list[_Step] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, syscalls.AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _KILL)]
    for number in syscalls.allowed(machine).values():
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for number in syscalls.without_effect(machine).values():
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO)]
    special = syscalls.by_argument(machine)
    # Libraries then fall back to clone, whose flags a filter can read.
    steps += [(_EQUAL, 0, 1, special["clone3"]), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]
    bodies = {
        "ioctl": _one_of(1, _IOCTL),
        "fcntl": _one_of(1, _FCNTL),
        "prctl": _one_of(0, _PRCTL),
        "kill": _one_of(0, (own_pid,)),
        "tgkill": _one_of(0, (own_pid,)),
        "clone": [
            *_load(0),
            (_AND, 0, 0, _THREAD | _NOT_A_THREAD),
            (_EQUAL, 0, 1, _THREAD),
            (_RETURN, 0, 0, _ALLOW),
        ],
        # Reading one's own limits, not setting them: no new limit, and pid 0.
        "prlimit64": [
            *_load(0),
            (_EQUAL, 0, 5, 0),
            *_load(2),
            (_EQUAL, 0, 3, 0),
            (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * 2 + 4),
            (_EQUAL, 0, 1, 0),
            (_RETURN, 0, 0, _ALLOW),
        ],
    }
    refuse: _Step = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    for name, body in bodies.items():
        steps += [(_EQUAL, 0, len(body) + 1, special[name]), *body, refuse]
    return [*steps, refuse]


def install(steps: list[_Step], machine: str) -> None:
    """Put this process, all its threads and all that it starts under the filter, for good.

    Raises:
        OSError: the kernel has no such filters.
    """
    packed = b"".join(struct.pack("=HBBI", *step) for step in steps)
    buffer = ctypes.create_string_buffer(packed, len(packed))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    program = Program(len(steps), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    number = syscalls.of_the_walls(machine)["seccomp"]
    if libc.syscall(number, _FILTER_MODE, _ALL_THREADS, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _load(argument: int) -> list[_Step]:
    """Load the lower half of an argument (both architectures are little-endian)."""
    return [(_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * argument)]


def _one_of(argument: int, values: tuple[int, ...]) -> list[_Step]:
    steps = _load(argument)
    for value in values:
        steps += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return steps
