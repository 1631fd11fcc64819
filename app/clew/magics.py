"""How does `%%sql` run in a notebook?

    %load_ext clew
    %clew source NAME LOCATION          declares a source; a path is meant from the kernel's folder
    %clew sources                       lists them
    %%sql [--source S] [--name V] [--as pandas|arrow|polars]
    %%sql V << SELECT …

The statement is guarded and runs read-only. V is bound to a pandas DataFrame in which decimals are
floats and whole numbers with gaps are `Int64`; `--as arrow` and `--as polars` keep decimals exact.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from weakref import WeakKeyDictionary

from clew.settings import Settings, load_settings
from clew.stoppable import run_stoppable
from clew.table_view import TableView, view
from clew_core.deadline import Deadline
from clew_core.errors import ClewError, UsageError
from clew_core.principal import Policy, Principal

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from IPython.core.interactiveshell import InteractiveShell

    from clew_tools.database.source import Source

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
    """The sources that the cells of one kernel run on."""

    def __init__(self, shell: InteractiveShell, settings: Settings) -> None:
        """Start without sources."""
        self._shell = shell
        self._settings = settings
        self._locations: dict[str, str] = {}
        self._open: dict[str, Source] = {}
        policy = Policy(budget=settings.budget)
        self._principal = Principal(policy=policy)

    def clew(self, line: str) -> None:
        """Declare a source or list them.

        Raises:
            CellFailed: the line is not understood.
        """
        try:
            words = shlex.split(line)
        except ValueError:
            words = []
        if len(words) == 3 and words[0] == "source":
            _, name, location = words
            if (old := self._open.pop(name, None)) is not None:
                old.close()
            self._locations[name] = location
        elif words == ["sources"]:
            lines = [f"{name}  {location}" for name, location in self._known().items()]
            self._say("\n".join(lines) or "No source is declared.")
        else:
            raise CellFailed(
                f"%clew does not understand {line!r}.", hint="Write %clew source NAME LOCATION."
            )

    def sql(self, line: str, body: str | None = None) -> None:
        """Run a cell, bind its result and show the first rows.

        Raises:
            CellFailed: it did not run; the variable keeps what it held.
        """
        try:
            call = parse(line, body or "")
            if self._wrote(call):
                return
            source = self._source(call.source)
            deadline = Deadline(self._settings.budget)
            result = run_stoppable(
                lambda: source.run(call.sql, self._principal, deadline), deadline
            )
            value = _converted(result.table, call.kind) if call.name else None
        except ClewError as error:
            raise CellFailed(str(error)) from error
        if call.name:
            self._shell.user_ns[call.name] = value
        for warning in result.warnings:
            self._say(warning)
        from IPython.display import display

        shown = view(result.table, rows=self._settings.display_rows, truncated=result.truncated)
        display(Preview(shown))  # type: ignore[no-untyped-call]

    def _wrote(self, call: SqlCall) -> bool:
        """Run a cell that changes a file, where its owner allows that; say if it was one."""
        from clew_tools.database import writing

        word = writing.written_by(call.sql)
        if word is None:
            return False
        name = self._named(call.source)
        grant = writing.granted(self._known()[name], self._principal, word)
        if call.name:
            raise UsageError("A cell that changes data gives no result.", hint="Leave --name out.")
        # A file that is open for reading can't be written; the next cell opens it again.
        if (source := self._open.pop(name, None)) is not None:
            source.close()
        deadline = Deadline(self._settings.budget)
        rows = run_stoppable(lambda: writing.run_write(call.sql, grant, deadline), deadline)
        done = "Done." if rows is None else f"{rows:,} row{'s' if rows != 1 else ''} changed."
        self._say(done)
        return True

    def close(self) -> None:
        """Let go of all files."""
        while self._open:
            self._open.popitem()[1].close()

    def _known(self) -> dict[str, str]:
        return _sources_of_this_notebook(self._shell.user_ns) | self._locations

    def _named(self, name: str | None) -> str:
        known = self._known()
        if name is None and len(known) == 1:
            name = next(iter(known))
        if name is None:
            raise UsageError("Which source?", hint=f"Write --source with one of: {_list(known)}.")
        if name not in known:
            raise UsageError(
                f"There is no source {name!r}; declared: {_list(known)}.",
                hint=f"Declare it: %clew source {shlex.quote(name)} LOCATION.",
            )
        return name

    def _source(self, named: str | None) -> Source:
        name = self._named(named)
        if name not in self._open:
            from clew_tools.database import scratch
            from clew_tools.database.open import open_source

            scratch.keep_under(self._settings.home / "temp")
            self._open[name] = open_source(self._known()[name], name=name)
            for warning in self._open[name].warnings:
                self._say(warning)
        return self._open[name]

    def _say(self, text: str) -> None:
        from clew.sanitise import plain_text

        print(plain_text(text))  # noqa: T201 - the output of the cell


class Preview:
    """What a notebook shows below a SQL cell."""

    def __init__(self, table: TableView) -> None:
        """Keep the text of the first rows."""
        self._table = table

    def __repr__(self) -> str:
        """Show it where there is only text."""
        return self._table.text()

    def _repr_html_(self) -> str:
        return self._table.html()


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
    for kind, name in (("line", "clew"), ("cell", "sql")):
        shell.register_magic_function(no_var_expand(_plain(kernel, name)), kind, name)
    unload_ipython_extension(shell)
    _loaded[shell] = kernel
    atexit.register(kernel.close)
    _keep_charts_here()


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Close the sources that cells opened: what `%unload_ext clew` and `%reload_ext clew` call."""
    import atexit

    kernel = _loaded.pop(shell, None)
    if kernel:
        atexit.unregister(kernel.close)
        kernel.close()


def _plain(kernel: Kernel, name: str) -> Any:
    """Wrap a method, which can't carry the mark that IPython sets on a magic."""

    def magic(line: str, body: str | None = None) -> None:
        if name == "clew":
            kernel.clew(line)
        else:
            kernel.sql(line, body)

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


def _sources_of_this_notebook(variables: dict[str, Any]) -> dict[str, str]:
    """Read the sources from the notebook's metadata, where the front end says which file it is."""
    path = variables.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    if not str(path).endswith(".ipynb"):
        return {}
    for place in (Path(str(path)), Path(Path(str(path)).name)):
        try:
            data = json.loads(place.read_text(encoding="utf-8"))
            return {str(k): str(v) for k, v in data["metadata"]["clew"]["sources"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    return {}


def _list(names: dict[str, str]) -> str:
    return ", ".join(map(repr, names)) or "none"
