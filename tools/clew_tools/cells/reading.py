"""What does a cell of any kind do to what it shares with other cells?"""

from __future__ import annotations

import dataclasses
import json

from clew_core.cells import Cell
from clew_core.events import CellView
from clew_tools.cells.facts import Facts, Thing, variable
from clew_tools.cells.flow import Flow
from clew_tools.cells.markdown import read_markdown
from clew_tools.cells.python import read_python
from clew_tools.cells.sql import read_sql


def read_cell(cell: Cell | CellView) -> Facts:
    """Read a cell without running it; never raises."""
    if cell.kind == "markdown":
        return read_markdown(cell.source)
    if cell.kind == "sql" and not cell.source.lstrip().startswith("%"):
        return _read_sql_cell(cell)
    if cell.kind == "chart" and cell.source.lstrip().startswith("{"):
        return _read_chart_spec(cell.source)
    facts = read_python(cell.source)
    if cell.kind == "chart":
        facts = dataclasses.replace(facts, draws=True)
    return facts


def _read_sql_cell(cell: Cell | CellView) -> Facts:
    """Read a statement without a magic line; the name of its result is told by the cell."""
    flow = Flow()
    statement = read_sql(cell.source)
    flow.statement(statement)
    for name in cell.defines if isinstance(cell, Cell) else ():
        flow.bind(name)
    for name in cell.uses if isinstance(cell, Cell) else ():
        flow.reads.add(Thing("table", name.lower()))
    if statement.unread:
        flow.unknown.append("its SQL is not understood: looked through for names only")
    return flow.facts(shows=True)


def _read_chart_spec(source: str) -> Facts:
    """Read a chart as JSON: it needs its data."""
    try:
        spec = json.loads(source)
    except (ValueError, RecursionError) as error:
        return Facts(broken=f"can't be read as JSON ({error})", draws=True)
    name = spec.get("data") if isinstance(spec, dict) else None
    reads = frozenset({variable(name)} if isinstance(name, str) else ())
    return Facts(reads=reads, draws=True, shows=True)
