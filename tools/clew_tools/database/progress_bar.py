"""How DuckDB is kept from drawing a progress bar among what is printed."""

from __future__ import annotations

import contextlib

import duckdb


def leave_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Switch the bar off for a connection and its cursors.

    DuckDB draws it after two seconds wherever it takes a process for an interactive one: in
    ``python -c`` as well. In a notebook without ipywidgets it can't be drawn, nor switched off.
    """
    with contextlib.suppress(duckdb.Error):
        connection.execute("SET enable_progress_bar = false")
