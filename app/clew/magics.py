"""How do `%%sql`, `%%ask` and `%clew` run in a notebook?

    %load_ext clew
    %clew source NAME LOCATION          declares a source; a path is meant from the kernel's folder
    %clew sources                       lists them, and the variables that are tables
    %clew cell N                        turns this cell into the N-th of the last answer
    %%sql [--source S] [--name V] [--as pandas|arrow|polars]
    %%sql V << SELECT …
    %%ask [--source S …] [--name V] [--as pandas|arrow|polars] [--now ISO] [--new] [--next]
    %ask QUESTION

The statement is guarded and runs read-only. V is bound to a pandas DataFrame in which decimals are
floats and whole numbers with gaps are `Int64`; `--as arrow` and `--as polars` keep decimals exact.
The source `kernel` is the kernel's own DataFrames and Arrow tables, as they are now.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

from clew.ask_magic import AnswerView, OfferedCell, offered, parse_ask
from clew.asking import Asking
from clew.completion import matcher
from clew.grid import Grid
from clew.kernel_sources import KERNEL, KernelSources
from clew.sanitise import one_line, plain_text
from clew.settings import Settings, load_settings
from clew.stoppable import run_stoppable
from clew_core.deadline import Deadline
from clew_core.errors import ClewError, UsageError
from clew_core.secrets import redact

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from IPython.core.interactiveshell import InteractiveShell

KINDS = ("pandas", "arrow", "polars")
# The shells of this process that know the magics; each has its own sources.
_loaded: WeakKeyDictionary[InteractiveShell, Kernel] = WeakKeyDictionary()


class CellFailed(ClewError):
    """A cell did not run; the notebook shows one line, not where in Clew it happened."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True, kw_only=True)
class SqlCall:
    """What a `%%sql` cell says.

    Attributes:
        sql: the statement.
        source: name of the source; None where only one is declared.
        name: the variable; None only shows the result.
        kind: of the variable.
    """

    sql: str
    source: str | None = None
    name: str | None = None
    kind: str = "pandas"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%sql: {message}.", hint="Write %%sql --source S --name V.")


def parse(line: str, body: str) -> SqlCall:
    """Understand the magic line and the body of a `%%sql` cell.

    Raises:
        UsageError: an unknown option, a name that Python can't bind, no statement.
    """
    before, arrow, after = line.partition("<<")
    parser = _Parser(prog="%%sql", add_help=False, allow_abbrev=False)
    parser.add_argument("--source")
    parser.add_argument("--name")
    parser.add_argument("--as", dest="kind", choices=KINDS, default="pandas")
    if arrow:
        parser.add_argument("variable")
    try:
        given = parser.parse_args(shlex.split(before))
    except ValueError as error:
        raise UsageError(f"%%sql: {error} in {line!r}.") from error
    name = given.variable if arrow else given.name
    if name is not None and not name.isidentifier():
        raise UsageError(f"%%sql: {name!r} is no name that Python can bind.")
    sql = f"{after.strip()}\n{body}" if after.strip() else body
    if not sql.strip():
        raise UsageError("%%sql: the cell has no statement.", hint="Write SELECT … below the line.")
    return SqlCall(sql=sql, source=given.source, name=name, kind=given.kind)


class Kernel:
    """What the magics of one kernel share."""

    def __init__(self, shell: InteractiveShell, settings: Settings) -> None:
        """Start without sources."""
        self._shell = shell
        self._settings = settings
        self.sources = KernelSources(lambda: shell.user_ns, settings)
        self._asking: Asking | None = None
        self._offered: tuple[OfferedCell, ...] = ()

    def clew(self, line: str, body: str | None = None) -> None:
        """Declare a source, list them, or take over a cell of the last answer.

        Raises:
            CellFailed: the line is not understood.
        """
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        if len(words) == 3 and words[0] == "source":
            self.sources.declare(words[1], words[2])
        elif words == ["sources"]:
            with _one_line():
                self._say("\n".join(self._listed()))
        elif len(words) == 2 and words[0] == "cell":
            self._take_over(words[1])
        else:
            raise CellFailed(
                f"%clew does not understand {line!r}.", hint="Write %clew source NAME LOCATION."
            )

    def _listed(self) -> Iterator[str]:
        known = self.sources.known()
        if not known:
            yield "No source is declared."
        longest = max(map(len, known), default=0)
        for name, location in known.items():
            yield f"{name.ljust(longest)}  {redact(location)}"
        if self.sources.is_kernel(KERNEL) and (frames := self.sources.frames()):
            yield f"{KERNEL.ljust(longest)}  {', '.join(frames)}"

    def _take_over(self, number: str) -> None:
        if not number.isdecimal() or not 0 < int(number) <= len(self._offered):
            count = len(self._offered)
            hint = f"The last answer has cells 1 to {count}." if count else "Ask first: %ask …"
            raise CellFailed(f"There is no cell {number!r} of an answer.", hint=hint)
        self._shell.set_next_input(self._offered[int(number) - 1].source, replace=True)

    def sql(self, line: str, body: str | None = None) -> None:
        """Run a cell, bind its result and show the first rows.

        Raises:
            CellFailed: it did not run; the variable keeps what it held.
        """
        with _one_line():
            call = parse(line, body or "")
            if self._wrote(call):
                return
            deadline = Deadline(self._settings.budget)
            with self.sources.using(self.sources.named(call.source)) as (source, said):
                result = run_stoppable(
                    lambda: source.run(call.sql, self.sources.principal, deadline), deadline
                )
            value = _converted(result.table, call.kind) if call.name else None
        if call.name:
            self._shell.user_ns[call.name] = value
        for warning in (*said, *result.warnings):
            self._say(warning)
        self._display(
            Grid(result.table, page=self._settings.display_rows, truncated=result.truncated)
        )

    def ask(self, line: str, body: str | None = None) -> None:
        """Answer a question, show the answer and offer its cells.

        Raises:
            CellFailed: there is no answer; the variable keeps what it held.
        """
        with _one_line():
            call = parse_ask(line, body or "")
            self._asking = self._asking or Asking(self.sources, self._settings)
            answer, warnings = self._asking.ask(call)
            if answer.status not in ("answered", "needs_clarification"):
                raise CellFailed(one_line(answer.reason or answer.text or "There is no answer."))
            answer, cells = offered(answer, set(self._shell.user_ns))
            if call.name and answer.table is None:
                raise UsageError(f"This answer has no table for {call.name!r}.")
            value = _converted(answer.table, call.kind) if call.name else None
        if call.name:
            self._shell.user_ns[call.name] = value
        self._offered = cells
        view = AnswerView(
            answer=answer, cells=cells, page=self._settings.display_rows, warnings=warnings
        )
        self._display(view)
        figure = answer.figure
        # A terminal would open a browser.
        if figure is not None and hasattr(self._shell, "kernel"):
            self._display(figure)
        if call.next and cells:
            self._shell.set_next_input(cells[0].source, replace=False)

    def _display(self, thing: object) -> None:
        from IPython.display import display

        display(thing)  # type: ignore[no-untyped-call]

    def _wrote(self, call: SqlCall) -> bool:
        """Run a cell that changes a file, where its owner allows that; say if it was one."""
        from clew_tools.database import writing

        word = writing.written_by(call.sql)
        if word is None:
            return False
        name = self.sources.named(call.source)
        if self.sources.is_kernel(name):
            return False  # refused as every statement that is no query
        grant = writing.granted(self.sources.known()[name], self.sources.principal, word)
        if call.name:
            raise UsageError("A cell that changes data gives no result.", hint="Leave --name out.")
        # A file that is open for reading can't be written; the next cell opens it again.
        self.sources.forget(name)
        deadline = Deadline(self._settings.budget)
        rows = run_stoppable(lambda: writing.run_write(call.sql, grant, deadline), deadline)
        done = "Done." if rows is None else f"{rows:,} row{'s' if rows != 1 else ''} changed."
        self._say(done)
        return True

    def close(self) -> None:
        """Let go of all files."""
        if self._asking is not None:
            self._asking.close()
        self.sources.close()

    def _say(self, text: str) -> None:
        print(plain_text(text))  # noqa: T201 - the output of the cell


@contextlib.contextmanager
def _one_line() -> Iterator[None]:
    """Let a cell fail with one line."""
    try:
        yield
    except CellFailed:
        raise
    except ClewError as error:
        raise CellFailed(redact(str(error))) from error


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make `%clew` and `%%sql` known: what `%load_ext clew` calls.

    Raises:
        CellFailed: clew.toml or a variable can't be understood.
    """
    import atexit

    from IPython.core.magic import no_var_expand

    try:
        kernel = Kernel(shell, load_settings())
    except UsageError as error:
        raise CellFailed(str(error)) from error
    # Braces and dollars of a path are no variables.
    for kind, name in (("line", "clew"), ("cell", "sql"), ("line_cell", "ask")):
        shell.register_magic_function(no_var_expand(_plain(kernel, name)), kind, name)
    unload_ipython_extension(shell)
    _loaded[shell] = kernel
    if (completer := shell.Completer) is not None:
        completer.custom_matchers.append(matcher(kernel.sources))
    atexit.register(kernel.close)
    _keep_charts_here()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Close the sources that cells opened: what `%unload_ext clew` and `%reload_ext clew` call."""
    import atexit

    if (completer := shell.Completer) is not None:
        completer.custom_matchers[:] = [
            found
            for found in completer.custom_matchers
            if getattr(found, "matcher_identifier", "") != "clew"
        ]
    kernel = _loaded.pop(shell, None)
    if kernel:
        atexit.unregister(kernel.close)
        kernel.close()


def _plain(kernel: Kernel, name: str) -> Any:
    """Wrap a method, which can't carry the mark that IPython sets on a magic."""
    method = getattr(kernel, name)

    def magic(line: str, body: str | None = None) -> None:
        method(line, body)

    magic.__doc__ = __doc__
    return magic


def _keep_charts_here() -> None:
    """Switch off Plotly's "Share chart…", which uploads the data of a chart to a cloud."""
    import plotly.io as pio

    for name in ("plotly_mimetype", "jupyterlab", "vscode", "notebook", "notebook_connected"):
        renderer = pio.renderers[name]
        renderer.config = {**(renderer.config or {}), "showSendToCloud": False}


def _converted(table: pa.Table, kind: str) -> Any:
    if kind == "arrow":
        return table
    if kind == "polars":
        try:
            polars = importlib.import_module("polars")
        except ImportError as error:
            raise UsageError("polars is not installed.", hint="pip install polars") from error
        return polars.from_arrow(table)
    return to_pandas(table)


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Turn a result into what pandas and Plotly compute with.

    Decimals become floats (whole ones integers where they fit), whole numbers with gaps `Int64`,
    dates timestamps.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = {
        pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(), pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(),
        pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(),
    }  # fmt: skip
    series = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        type_ = column.type
        if pa.types.is_decimal(type_):
            column = column.cast(pa.float64(), safe=False)
            if type_.scale == 0 and (pc.max(pc.abs(column)).as_py() or 0) < 2**53:
                column = column.cast(pa.int64())
        elif pa.types.is_date(type_):
            column = column.cast(pa.timestamp("s"))
        gaps = whole if column.null_count else {}
        series[name] = column.to_pandas(types_mapper=gaps.get)
    return pd.DataFrame(series)
