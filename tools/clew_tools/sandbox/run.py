"""How is code run apart from everything, watched, and ended?

`run` hands tables in through sealed memory, starts ``clew_tools.sandbox_process.launcher`` in a
process of its own, keeps what is printed, and reads the results when all of it is dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import importlib.util
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew_core.deadline import Deadline
from clew_core.errors import ToolFailed, UsageError
from clew_tools.sandbox.outcome import Limits, Ran, Refusal, Status
from clew_tools.sandbox.results import BadResults, read
from clew_tools.sandbox_process.syscalls import AUDIT_ARCH

if TYPE_CHECKING:
    import pyarrow

_MB = 1 << 20
_LIBRARIES = ("pandas", "pyarrow", "numpy", "plotly")
# Isolated from the environment, the user's and the site's settings; writes no bytecode.
_OPTIONS = ("-I", "-S", "-B", "-X", "utf8")
_START = (
    "import sys; own = len(sys.path); sys.path.append(sys.argv[1]); "
    "from clew_tools.sandbox_process.launcher import main; main(int(sys.argv[2]), own)"
)
_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "2",
    # Others reserve more addresses than the limit has.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
}
# Printed by code that runs wild: reading on costs more than it tells.
_OUTPUT_ENDS = 64 * _MB
_GRACE_S = 2.0


def run(
    code: str, tables: Mapping[str, pyarrow.Table], limits: Limits, deadline: Deadline
) -> Ran | Refusal:
    """Run code where it can reach nothing but these tables and an empty scratch folder.

    The code finds `tables` (name to pyarrow.Table), `frame(name)` (the same as a pandas
    DataFrame) and `results`, a dict into which it puts tables, frames, Plotly figures and plain
    values by name. It may import what is installed beside Clew. Its clock is UTC.

    Raises:
        Cancelled: somebody stopped the run; the code is dead.
        BudgetEnded: the deadline, not the limit in seconds, ended it.
        UsageError: code or a name is no text, or a table is no Arrow table.
        ToolFailed: this machine has no room for a run: open files, memory, disk.
    """
    deadline.check()
    if sys.platform != "linux" or os.uname().machine not in AUDIT_ARCH:
        return Refusal(
            missing="a Linux kernel on x86_64 or aarch64",
            hint="Use one, for instance in a virtual machine.",
        )
    try:
        return _run(_text(code), tables, limits, deadline)
    except OSError as error:
        raise ToolFailed(
            f"The sandbox can't be set up: {error.strerror or error}.",
            hint="Free some space, memory or open files, and try again.",
        ) from error


def _run(
    code: str, tables: Mapping[str, pyarrow.Table], limits: Limits, deadline: Deadline
) -> Ran | Refusal:
    begin = time.monotonic()
    with contextlib.ExitStack() as stack:
        inputs = _memory("tables", stack)
        places, size = _hand_in(tables, inputs)
        if size > limits.input_mb * _MB:
            return Refusal(
                missing=f"room for {size // _MB} MB of tables; {limits.input_mb} MB may come in",
                hint="Select fewer rows or columns, or raise input_mb.",
            )
        results = _memory("results", stack)
        os.ftruncate(results, limits.result_mb * _MB)
        _seal(results)
        folder = stack.enter_context(_scratch())
        config = {
            "code": code,
            "tables": places,
            "input_bytes": size,
            "inputs_fd": inputs,
            "results_fd": results,
            "folder": str(folder),
            "sites": list(_sites()),
            **{
                name: getattr(limits, name)
                for name in (
                    "cpu_s", "memory_mb", "threads", "open_files", "scratch_mb", "result_mb",
                    "namespaces",
                )
            },
        }  # fmt: skip
        watched = _watch(config, [inputs, results], begin, limits, deadline)
        if deadline.cancelled:
            deadline.check()
        if watched.refused is not None:
            return watched.refused
        return _judge(watched, results, time.monotonic() - begin, limits, deadline)


class _Watched:
    """What was seen of a process while it lived."""

    def __init__(self) -> None:
        self.kept = {"stdout": bytearray(), "stderr": bytearray()}
        self.printed = 0
        self.status = bytearray()
        self.stopped: Status | None = None
        self.told: dict[str, Any] = {}
        self.refused: Refusal | None = None


def _watch(
    config: dict[str, Any], handed: list[int], begin: float, limits: Limits, deadline: Deadline
) -> _Watched:
    """Start the process, keep what it prints, end it when it is time, and wait for its end."""
    watched = _Watched()
    ends = min(begin + limits.seconds, time.monotonic() + deadline.remaining_s)
    with contextlib.ExitStack() as stack:
        (status, status_end), (control_end, control) = _pipe(stack), _pipe(stack)
        config |= {"status_fd": status_end.number, "control_fd": control_end.number}
        settings = _memory("settings", stack)
        _write(settings, json.dumps(config).encode())
        os.lseek(settings, 0, os.SEEK_SET)
        process = subprocess.Popen(
            [sys.executable, *_OPTIONS, "-c", _START, str(_parts_folder()), str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            pass_fds=[*handed, status_end.number, control_end.number, settings],
            start_new_session=True,
        )
        stack.enter_context(process)
        assert process.stdout and process.stderr
        # Whatever happens here, nothing of it lives on.
        stack.callback(process.kill)
        status_end.close()
        control_end.close()

        def stop() -> None:
            control.close(b".")

        with selectors.DefaultSelector() as selector, deadline.on_cancel(stop):
            selector.register(process.stdout, selectors.EVENT_READ, "stdout")
            selector.register(process.stderr, selectors.EVENT_READ, "stderr")
            selector.register(status.number, selectors.EVENT_READ, "status")
            patience = ends + _GRACE_S
            while selector.get_map():
                now = time.monotonic()
                if now > ends and watched.stopped is None:
                    watched.stopped = "time"
                if watched.printed > _OUTPUT_ENDS and watched.stopped is None:
                    watched.stopped = "output"
                if watched.stopped or deadline.cancelled:
                    stop()
                    patience = min(patience, now + _GRACE_S)
                if now > patience:
                    process.kill()
                wait = max(0.0, ends - now) if watched.stopped is None else _GRACE_S
                for key, _ in selector.select(min(wait + 0.001, 1.0)):
                    _keep(watched, key, selector, limits)
        process.wait()
    _interpret(watched)
    return watched


def _keep(
    watched: _Watched,
    key: selectors.SelectorKey,
    selector: selectors.BaseSelector,
    limits: Limits,
) -> None:
    data = os.read(key.fd, 1 << 16)
    if not data:
        selector.unregister(key.fileobj)
    elif key.data == "status":
        watched.status += data
    else:
        watched.printed += len(data)
        kept = watched.kept[key.data]
        kept += data[: limits.output_kb * 1024 - len(kept)]


def _interpret(watched: _Watched) -> None:
    """Read what the launcher said; without a word of walls, no code was run."""
    for line in watched.status.splitlines():
        watched.told |= json.loads(line)
    told = watched.told
    if "refused" in told:
        watched.refused = Refusal(missing=told["refused"], hint=told["hint"])
    elif "walls" not in told and watched.stopped is None:
        said = watched.kept["stderr"].decode(errors="replace").strip().splitlines()
        watched.refused = Refusal(
            missing="a Python that starts by itself",
            hint=f"It said: {said[-1][:200]}" if said else "",
        )


def _judge(
    watched: _Watched, results: int, wall_s: float, limits: Limits, deadline: Deadline
) -> Ran:
    """Say what became of the code, and read what it left."""
    told = watched.told
    status, error = _end(watched, limits)
    left = None
    if status == "time":
        # The question's own time may have ended it: then the question is over.
        deadline.check()
    if status == "done":
        try:
            left = read(results, limits)
        except BadResults as bad:
            status, error = "results", f"The results can't be read: {bad.message}."
        else:
            if left is None:
                status, error = "error", "The code ended itself before it handed anything over."
            else:
                status, error = left.status, left.error
    texts = {name: kept.decode("utf-8", "replace") for name, kept in watched.kept.items()}
    kept_bytes = sum(map(len, watched.kept.values()))
    return Ran(
        status=status,
        error=error,
        tables=left.tables if left else {},
        values=left.values if left else {},
        figures=left.figures if left else {},
        stdout=texts["stdout"],
        stderr=texts["stderr"],
        output_cut=watched.printed > kept_bytes,
        cpu_s=float(told.get("cpu_s", 0.0)),
        wall_s=wall_s,
        peak_mb=float(told.get("peak_mb", 0.0)),
        walls=tuple(told.get("walls", ())),
    )


def _end(watched: _Watched, limits: Limits) -> tuple[Status, str]:
    told = watched.told
    exit_code = int(told.get("exit", -signal.SIGKILL))
    if watched.stopped == "time":
        return "time", f"It was stopped after {limits.seconds:g} s."
    if watched.stopped == "output":
        return "output", f"It printed more than {_OUTPUT_ENDS // _MB} MB."
    if told.get("too_full"):
        return "files", f"Its scratch folder held more than {limits.scratch_mb} MB."
    if exit_code >= 0:
        return "done", ""
    if exit_code == -signal.SIGKILL and told.get("cpu_s", 0.0) > limits.cpu_s - 0.5:
        return "cpu", f"It used up {limits.cpu_s} s of CPU time."
    name = signal.strsignal(-exit_code) or str(-exit_code)
    return "killed", f"The kernel ended it ({name}); memory that ran out is one reason."


def _hand_in(
    tables: Mapping[str, pyarrow.Table], target: int
) -> tuple[list[tuple[str, int, int]], int]:
    """Write tables into memory, one stream after the other, and seal it; give where they lie."""
    places: list[tuple[str, int, int]] = []
    size = 0
    if tables:
        import pyarrow as pa

        with pa.OSFile(f"/proc/self/fd/{target}", "wb") as sink:
            for name, table in tables.items():
                if not isinstance(table, pa.Table):
                    raise UsageError(
                        f"{name!r} is a {type(table).__name__}, and no Arrow table.",
                        hint="Make it one with pyarrow.Table.from_pandas or its like.",
                    )
                begin = sink.tell()
                with pa.ipc.new_stream(sink, table.schema) as writer:
                    writer.write_table(table)
                places.append((_text(name), begin, sink.tell() - begin))
                sink.write(b"\0" * (-sink.tell() % 64))
            size = sink.tell()
    _seal(target, fcntl.F_SEAL_WRITE)
    return places, size


def _seal(handle: int, more: int = 0) -> None:
    """Fix the size of memory for good, and more that is asked for."""
    size = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    fcntl.fcntl(handle, fcntl.F_ADD_SEALS, size | more)


def _text(words: str) -> str:
    try:
        words.encode()
    except (AttributeError, UnicodeEncodeError) as error:
        raise UsageError(
            f"{words!r:.80} is no text that the sandbox takes.", hint="Use plain Unicode text."
        ) from error
    return words


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="clew-sandbox-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            # Folders that nobody may enter, or nested deeper than Python deletes.
            subprocess.run(["chmod", "-R", "u+rwX", "--", folder], stderr=subprocess.DEVNULL)
            subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL)


def _memory(name: str, stack: contextlib.ExitStack) -> int:
    handle = os.memfd_create(f"clew-{name}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    stack.callback(os.close, handle)
    return handle


class _End:
    """One end of a pipe, closed once: later, its number may be another file's."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._lock, self._open = threading.Lock(), True

    def close(self, last_word: bytes = b"") -> None:
        """Close it if it is open, after a last word; nobody need be there to hear it."""
        with self._lock:
            if self._open:
                self._open = False
                with contextlib.suppress(BrokenPipeError):
                    if last_word:
                        os.write(self.number, last_word)
                os.close(self.number)


def _pipe(stack: contextlib.ExitStack) -> tuple[_End, _End]:
    read_end, write_end = map(_End, os.pipe())
    stack.callback(read_end.close)
    stack.callback(write_end.close)
    return read_end, write_end


def _write(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(target, rest) :]


@functools.cache
def _parts_folder() -> Path:
    """Find the folder that holds the package whose modules build the walls."""
    import clew_tools

    return Path(clew_tools.__file__).resolve().parent.parent


@functools.cache
def _sites() -> tuple[str, ...]:
    """Find the folders where the libraries are installed that code may import."""
    found: dict[str, None] = {}
    for name in _LIBRARIES:
        spec = importlib.util.find_spec(name)
        for place in (spec and spec.submodule_search_locations) or ():
            found[os.path.realpath(Path(place).parent)] = None
    return tuple(found)
