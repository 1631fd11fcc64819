"""Keep a Python process on this machine: no connection leaves the loopback interface.

Covers Python's own sockets, in the tests and in every Python they start (this folder is on
their PYTHONPATH, and Python imports a module of this name by itself). Does not cover programs
that aren't Python, nor libraries that open sockets in C.
"""

import os
import sys

_INET = (2, 10)  # AF_INET and AF_INET6 on Linux; importing socket here would slow every start
_LOG = "CLEW_TEST_NETWORK_LOG"


def _is_here(host: object) -> bool:
    """Tell whether host names this machine."""
    if host is None:
        return True
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    name = str(host).strip("[]").lower()
    return (
        name in ("", "localhost", "::1", "::", "0.0.0.0", os.uname().nodename.lower())
        or name.startswith("127.")
        or name.startswith("::ffff:127.")
    )


def _refuse(what: str) -> None:
    log = os.environ.get(_LOG)
    if log:
        try:
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"{what} from {' '.join(sys.argv[:2])!r}\n")
        except OSError:
            pass  # another user's process: the refusal below still holds
    raise ConnectionRefusedError(f"a test tried to reach {what}; tests stay on this machine")


def _look(event: str, args: tuple[object, ...]) -> None:
    """Refuse the audit events that would leave this machine."""
    if not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        family, address = getattr(args[0], "family", None), args[1]
        if family in _INET and isinstance(address, tuple) and not _is_here(address[0]):
            _refuse(f"{address[0]}:{address[1]}")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_here(args[0]):
        _refuse(f"the name {args[0]!r}")


sys.addaudithook(_look)
