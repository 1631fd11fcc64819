"""Which cells must run for a cell to give what it gives? Found by running, never by reading.

    needed(notebook, server)    the smallest set, by leaving cells out until nothing more can go

A process of its own has the libraries loaded; each trial runs in a fork of it, in an empty folder
that holds the notebook's data files. Plotting libraries are stand-ins that keep what they are
called with, which counts as value: they need not be installed.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import hashlib
import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

CPU_SECONDS = 5
MEMORY_BYTES = 4 << 30
STAND_INS = (
    "matplotlib", "matplotlib.pyplot", "matplotlib.dates", "matplotlib.ticker", "matplotlib.cm",
    "matplotlib.patches", "matplotlib.lines", "seaborn", "plotly.express", "wordcloud",
)  # fmt: skip


class Server:
    """The process that runs trials; a context manager."""

    def __enter__(self) -> Server:
        """Start it."""
        self._folder = tempfile.TemporaryDirectory()
        environment = {
            k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "LD_LIBRARY_PATH")
        }
        environment |= {
            "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "HOME": self._folder.name, "PYTHONWARNINGS": "ignore",
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, "--serve", self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()
        self._folder.cleanup()

    def value(self, sources: Sequence[str], anchor: str, files: dict[str, str]) -> str:
        """Run cells and then the anchor; give a digest of what the anchor gave.

        What goes wrong is a value too, which begins with `error`.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        request = {"cells": list(sources), "anchor": anchor, "files": files}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        answered = json.loads(answer)
        self.failed: list[int] = answered["failed"]
        return str(answered["value"])


def value(notebook: Any, kept: Iterable[str], server: Server) -> str:
    """Run the kept cells of a notebook and its anchor; see ``Server.value``."""
    wanted = set(kept)
    code = [c for c in notebook.cells if c.kind != "markdown"]
    anchor = next(c for c in code if c.id == notebook.anchor)
    sources = [c.source for c in code[: code.index(anchor)] if c.id in wanted]
    return server.value(sources, anchor.source, notebook.files)


def runnable(notebook: Any, server: Server) -> Any | None:
    """Leave out cells that do not run here (no such library, an older pandas).

    None where the anchor does not run, or what it gives is not the same twice.
    """
    code = [c.id for c in notebook.cells if c.kind != "markdown"]
    before = code[: code.index(notebook.anchor)]
    first = value(notebook, before, server)
    failed = {before[at] for at in server.failed}
    left = [id_ for id_ in before if id_ not in failed]
    wanted = value(notebook, left, server)
    if wanted.startswith("error") or first != wanted or server.failed:
        return None
    return dataclasses.replace(
        notebook, cells=tuple(c for c in notebook.cells if c.id not in failed)
    )


def needed(notebook: Any, server: Server, within: Iterable[str] | None = None) -> list[str] | None:
    """Find the cells without which the anchor gives something else; None if it can't be told.

    Cells are left out one after the other, first in blocks, from the top: where two would do, the
    later one stays, which is mostly the one that the anchor saw.

    Args:
        notebook: whose anchor it is about.
        server: runs the trials.
        within: look among these cells only; None if they give something else.
    """
    code = [c.id for c in notebook.cells if c.kind != "markdown"]
    left = code[: code.index(notebook.anchor)]
    wanted = value(notebook, left, server)
    if within is not None:
        inside = set(within)
        left = [id_ for id_ in left if id_ in inside]
        if value(notebook, left, server) != wanted:
            return None
    if wanted.startswith("error") or value(notebook, left, server) != wanted:
        return None
    size = max(len(left) // 4, 1)
    while True:
        at, smaller = 0, False
        while at < len(left):
            trial = left[:at] + left[at + size :]
            if value(notebook, trial, server) == wanted:
                left, smaller = trial, True
            else:
                at += size
        if size > 1:
            size //= 2
        elif not smaller:
            return left


# The process.


class _StandIn(types.ModuleType):
    """Anything that a plotting library may be: it keeps what it is called with."""

    calls: list[str] = []
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _StandIn(name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        _StandIn.calls.append(digest([self.__name__, *args, dict(named)]))
        return _StandIn(self.__name__)

    def __iter__(self) -> Any:
        return iter((_StandIn("first"), _StandIn("second")))

    def __getitem__(self, key: Any) -> Any:
        return _StandIn("item")

    def __setitem__(self, key: Any, what: Any) -> None:
        _StandIn.calls.append(digest([self.__name__, key, what]))

    def __format__(self, form: str) -> str:
        return "something"

    def __len__(self) -> int:
        return 2

    def __float__(self) -> float:
        return 1.0

    def __add__(self, other: Any) -> Any:
        return _StandIn("sum")

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __add__

    def __lt__(self, other: Any) -> bool:
        return False

    __gt__ = __le__ = __ge__ = __lt__


def digest(what: Any, depth: int = 0) -> str:
    """Write a value so that equal values give equal texts."""
    import numpy as np
    import pandas as pd

    if isinstance(what, pd.DataFrame | pd.Series | pd.Index):
        text = io.StringIO()
        frame = what if isinstance(what, pd.DataFrame) else pd.Series(what).to_frame()
        frame.to_csv(text)
        return hashlib.sha256(
            f"{list(map(str, frame.dtypes))}{text.getvalue()}".encode()
        ).hexdigest()
    if isinstance(what, np.ndarray):
        if what.dtype == object:
            return digest(what.tolist(), depth + 1)
        return f"{what.dtype}{what.shape}{hashlib.sha256(what.tobytes()).hexdigest()}"
    if isinstance(what, _StandIn | types.ModuleType) or callable(what):
        return "something"
    if depth > 6:
        return "deep"
    if isinstance(what, dict):
        return (
            "{" + ",".join(sorted(f"{k!r}:{digest(v, depth + 1)}" for k, v in what.items())) + "}"
        )
    if isinstance(what, list | tuple | set | frozenset):
        parts = [digest(v, depth + 1) for v in what]
        return (
            f"{type(what).__name__}({','.join(sorted(parts) if isinstance(what, set) else parts)})"
        )
    text = repr(what)
    return re.sub(r" at 0x[0-9a-f]+", "", text)


class _Shell:
    """As much of IPython as the notebooks use."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self._database: Any = None

    def run(self, source: str) -> Any:
        from IPython.core.inputtransformer2 import TransformerManager

        tree = ast.parse(TransformerManager().transform_cell(source))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), self.names)
        if last is not None:
            return eval(compile(ast.Expression(last.value), "cell", "eval"), self.names)
        return None

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> Any:
        if name == "time":
            return self.run(line)
        if name == "timeit":
            return None
        return None

    def run_cell_magic(self, name: str, line: str, body: str) -> Any:
        if name == "time":
            return self.run(body)
        if name == "sql":
            return self._sql(line, body)
        return None

    def system(self, *_: Any) -> None:
        return None

    def getoutput(self, *_: Any) -> list[str]:
        return []

    def _sql(self, line: str, body: str) -> None:
        import duckdb
        import pandas as pd

        if self._database is None:
            self._database = duckdb.connect()
        for name, what in self.names.items():
            if isinstance(what, pd.DataFrame):
                self._database.register(name, what)
        result = self._database.execute(body)
        words = line.split()
        name = words[0] if "<<" in words else None
        if "--name" in words:
            name = words[words.index("--name") + 1]
        if name:
            self.names[name] = result.df()


def _try(request: dict[str, Any], failed: list[int]) -> str:
    """Run cells and the anchor in this process; give the digest."""
    names: dict[str, Any] = {"__name__": "__main__"}
    shell = _Shell(names)
    names["get_ipython"] = lambda: shell
    names["display"] = lambda *_: None
    for at, source in enumerate(request["cells"]):
        # As in a notebook: a cell that fails leaves what it had done, and the next ones run.
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                shell.run(source)
        except Exception:
            failed.append(at)
    _StandIn.calls.clear()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        shown = shell.run(request["anchor"])
    text = re.sub(r"^\s*[%!].*$", "", request["anchor"], flags=re.M)
    with contextlib.suppress(SyntaxError):
        bound = {
            node.id
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        changed = {
            base.id
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store)
            for base in ast.walk(node)
            if isinstance(base, ast.Name)
        }
        values = {n: digest(names[n]) for n in sorted(bound | changed) if n in names}
        return hashlib.sha256(
            json.dumps([digest(shown), printed.getvalue(), values, _StandIn.calls]).encode()
        ).hexdigest()
    return digest(shown)


def _serve(folder: str) -> None:
    """Answer requests, each in a fork."""
    import duckdb  # noqa: F401
    import IPython.core.inputtransformer2  # noqa: F401
    import numpy  # noqa: F401
    import pandas as pd

    for name in STAND_INS:
        sys.modules[name] = _StandIn(name)
    drawing = types.ModuleType("stand_in_plots")
    drawing.plot = lambda data, kind, **named: _StandIn("plot")(data, kind, named)  # type: ignore
    sys.modules["stand_in_plots"] = drawing
    pd.options.plotting.backend = "stand_in_plots"
    pd.Series([1.0]).to_csv(io.StringIO())
    for line in sys.stdin:
        request = json.loads(line)
        reading, writing = os.pipe()
        place = tempfile.mkdtemp(dir=folder)
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(BaseException):
                os.close(reading)
                resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
                os.chdir(place)
                for name, path in request["files"].items():
                    Path(name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(path, name)
                failed: list[int] = []
                try:
                    answer = _try(request, failed)
                except BaseException as error:
                    answer = f"error {type(error).__name__}: {error}"[:300]
                os.write(writing, json.dumps({"value": answer, "failed": failed}).encode())
                status = 0
            os._exit(status)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = pipe.read().decode()
        os.waitpid(child, 0)
        shutil.rmtree(place, ignore_errors=True)
        sys.stdout.write((answer or '{"value": "error: it ended", "failed": []}') + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[2])
