"""How does the panel see sources, results, the notebook's graph and the state of things?"""

from __future__ import annotations

import io
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jupyter_server
from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

import clew
from clew.sanitise import one_line
from clew_core.cells import sha256
from clew_core.chart_spec import ChartSpec
from clew_core.errors import ClewError
from clew_core.json_form import to_json
from clew_core.secrets import redact
from clew_notebook_ext.errors import NotFound
from clew_notebook_ext.graph import GraphRequest, describe
from clew_notebook_ext.handler import ClewHandler
from clew_notebook_ext.service import Service

if TYPE_CHECKING:
    from clew.session import Session
    from clew_notebook_ext.results import Piece
    from clew_tools.database.catalog import Column, Table
    from clew_tools.database.source import Source

ARROW_STREAM = "application/vnd.apache.arrow.stream"


class StatusHandler(ClewHandler):
    """`GET status`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Say how things stand, and begin to open the sources."""
        self.service.begin_opening()
        self.finish(_status(self.service, self.user))


class SourcesHandler(ClewHandler):
    """`GET sources`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """List tables and columns that the user may see."""
        await self.answer(_sources, self.service, self.user)


class TableHandler(ClewHandler):
    """`GET sources/{source}/tables/{table}`."""

    @authenticated
    @authorized
    async def get(self, source: str, table: str) -> None:
        """Show one table with a few values of each column."""
        await self.answer(_table_with_samples, self.service, self.user, source, table)


class SamplesHandler(ClewHandler):
    """`GET samples`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Suggest questions."""
        await self.answer(_samples, self.service, self.user)


class ResultHandler(ClewHandler):
    """`GET results/{run}[/{step}]`."""

    @authenticated
    @authorized
    async def get(self, run: str, step: str | None = None) -> None:
        """Send rows."""
        offset, limit = self.number("offset", 0), self.number("limit", 1000)
        sort = self.get_query_argument("sort", "")
        as_arrow = ARROW_STREAM in self.request.headers.get("Accept", "")
        body, headers = await self.apart(
            _rows, self.service, self.user, run, step or "", offset, limit, sort, as_arrow
        )
        for name, value in headers.items():
            self.set_header(name, value)
        self.finish(body, set_content_type=ARROW_STREAM if as_arrow else "application/json")


class FigureHandler(ClewHandler):
    """`GET figures/{run}[/{step}]`."""

    @authenticated
    @authorized
    async def get(self, run: str, step: str | None = None) -> None:
        """Send a chart."""
        await self.answer(_figure, self.service, self.user, run, step or "")


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A chart that somebody edits.

    Attributes:
        spec: as it is now.
        run: whose result it shows; None draws nothing.
        step: of the run's plan; empty means the answer's own result.
        code: of the cell as it is now, to be read back into a spec.
    """

    spec: ChartSpec
    run: str | None = None
    step: str = ""
    code: str | None = None


class ChartsHandler(ClewHandler):
    """`POST charts`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Write a chart's code, and draw it."""
        await self.answer(_chart, self.service, self.user, self.fields(Drawing))


class GraphHandler(ClewHandler):
    """`POST graph`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Describe how cells hang together."""
        await self.answer(describe, self.fields(GraphRequest))


def _status(service: Service, user: str) -> dict[str, Any]:
    state, problem, workspace = service.state()
    sources: list[dict[str, Any]] = []
    warnings: list[str] = []
    if workspace is not None:
        sources = [
            {"id": name, "dialect": source.dialect, "warnings": _lines(source.warnings)}
            for name, source in workspace.sources.items()
        ]
        warnings = _lines(workspace.warnings)
    try:
        model = redact(service.settings().model)
    except ClewError as error:
        model, state, problem = "builtin", "problem", redact(str(error))
    return {
        "clew": clew.__version__,
        "python": platform.python_version(),
        "jupyter_server": jupyter_server.__version__,
        "user": user,
        "state": state,
        "problem": problem,
        "sources": sources,
        "warnings": warnings,
        "model": model,
        "running": sorted(service.running(user).values()),
    }


def _lines(texts: tuple[str, ...]) -> list[str]:
    return [one_line(redact(text)) for text in texts]


def _sources(service: Service, user: str) -> dict[str, Any]:
    session = service.session(user)
    with service.deadline(session) as deadline:
        found = []
        for name, source in session.workspace.sources.items():
            catalog = source.catalog(session.principal, deadline)
            found.append(
                {
                    "id": name,
                    "dialect": source.dialect,
                    "tables": [_table(table) for table in catalog.tables],
                    "warnings": _lines(source.warnings),
                }
            )
    return {"sources": found}


def _table_with_samples(service: Service, user: str, name: str, table: str) -> dict[str, Any]:
    session = service.session(user)
    source = _source(session, name)
    with service.deadline(session) as deadline:
        found = source.catalog(session.principal, deadline).table(table)
        if found is None:
            raise NotFound(f"The source {name!r} has no table {table!r}.")
        values = source.samples(table, session.principal, deadline)
    return _table(found, {column: list(some) for column, some in values.items()})


def _source(session: Session, name: str) -> Source:
    found = session.workspace.sources.get(name)
    if found is None:
        raise NotFound(f"There is no source {name!r}.")
    return found


def _table(table: Table, samples: dict[str, list[str]] | None = None) -> dict[str, Any]:
    columns = []
    for column in table.columns:
        shown = _column(table, column)
        if samples is not None:
            shown["samples"] = samples.get(column.name, [])
        columns.append(shown)
    return {
        "name": table.name,
        "meaning": table.meaning,
        "rows": table.row_count,
        "columns": columns,
    }


def _column(table: Table, column: Column) -> dict[str, Any]:
    key: str | dict[str, str] | None = "primary" if column.name in table.primary_key else None
    for foreign in table.foreign_keys:
        if column.name in foreign.columns:
            other = foreign.other_columns[foreign.columns.index(column.name)]
            key = {"table": foreign.table, "column": other}
    return {
        "name": column.name,
        "type": column.type,
        "engine_type": column.engine_type,
        "nullable": column.nullable,
        "meaning": column.meaning,
        "unit": column.unit,
        "key": key,
    }


def _samples(service: Service, user: str) -> dict[str, Any]:
    session = service.session(user)
    return {"questions": list(service.samples(session))}


def _rows(
    service: Service,
    user: str,
    run: str,
    step: str,
    offset: int,
    limit: int,
    sort: str,
    as_arrow: bool,
) -> tuple[bytes, dict[str, str]]:
    key = service.result_of(user, run)
    piece = service.results.piece(key, step, offset=offset, limit=limit, sort=sort)
    headers = {"X-Clew-Rows": str(piece.row_count), "X-Clew-As-Of": piece.as_of or ""}
    return (_arrow(piece) if as_arrow else _json(piece)), headers


def _figure(service: Service, user: str, run: str, step: str) -> dict[str, Any]:
    return service.results.figure(service.result_of(user, run), step)


def _chart(service: Service, user: str, drawing: Drawing) -> dict[str, Any]:
    from clew_tools.charts.source import python_source

    source = python_source(drawing.spec)
    figure: dict[str, Any] | None = None
    if drawing.run is not None:
        run = service.result_of(user, drawing.run)
        figure = service.results.figure(run, drawing.step, drawing.spec)
    found: dict[str, Any] = {"source": source, "sha256": sha256(source), "figure": figure}
    if drawing.code is not None:
        from clew_tools.charts.read_source import read_source

        read = read_source(drawing.code, drawing.spec)
        found["spec"] = None if read is None else to_json(read)
    return found


def _arrow(piece: Piece) -> bytes:
    import pyarrow as pa

    out = io.BytesIO()
    with pa.ipc.new_stream(out, piece.rows.schema) as writer:
        writer.write_table(piece.rows)
    return out.getvalue()


def _json(piece: Piece) -> bytes:
    import json

    from clew.answer import table_json

    data = {**table_json(piece.rows), "row_count": piece.row_count}
    return json.dumps(data, ensure_ascii=False, default=str).encode()
