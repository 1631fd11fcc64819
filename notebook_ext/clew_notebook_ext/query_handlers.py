"""How does a SQL cell's grid get its rows, and how does a result leave as a file?

The statement runs as in an answer: guarded, read-only, under the user's policy and budget. What it
gave is kept beside the results of answers, and read, sorted, drawn and exported like them.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from clew.answer import table_json
from clew.sanitise import one_line
from clew_core.errors import UsageError
from clew_core.secrets import redact
from clew_notebook_ext.errors import NotFound
from clew_notebook_ext.handler import ClewHandler
from clew_notebook_ext.results import Kept
from clew_notebook_ext.service import Service

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_ROWS = 50
LONGEST_SQL = 100_000
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A statement that somebody wants to see the rows of.

    Attributes:
        source: id of the source.
        sql: without the magic line.
    """

    source: str
    sql: str


class QueriesHandler(ClewHandler):
    """`POST queries`."""

    @authenticated
    @authorized
    async def post(self) -> None:
        """Run a statement and give its first rows."""
        await self.answer(_run, self.service, self.user, self.fields(Query))


class ExportHandler(ClewHandler):
    """`GET exports/{run}[/{step}]`."""

    @authenticated
    @authorized
    async def get(self, run: str, step: str | None = None) -> None:
        """Send a result as a file."""
        form = self.get_query_argument("format", "csv")
        body, warnings = await self.apart(_file, self.service, self.user, run, step or "", form)
        self.set_header("Content-Disposition", f'attachment; filename="result.{form}"')
        # A header holds no line break, and Latin letters only.
        words = " ".join(map(one_line, warnings)).encode("ascii", "replace").decode()
        self.set_header("X-Clew-Warnings", words[:2000])
        self.finish(body, set_content_type=MEDIA[form])


def _run(service: Service, user: str, query: Query) -> dict[str, Any]:
    if len(query.sql) > LONGEST_SQL:
        raise UsageError(f"The statement has {len(query.sql):,} signs; {LONGEST_SQL:,} are read.")
    session = service.session(user)
    source = session.workspace.sources.get(query.source)
    if source is None:
        known = ", ".join(map(repr, session.workspace.sources)) or "none"
        raise NotFound(
            f"There is no source {query.source[:80]!r}.", hint=f"Sources of this server: {known}."
        )
    with service.deadline(session) as deadline:
        result = source.run(query.sql, session.principal, deadline)
    key = f"q-{secrets.token_hex(8)}"
    kept = Kept(table=result.table, as_of=result.as_of, chart=None, drawn=None)
    service.results.keep_one(key, kept, owner=user)
    return {
        "query": key,
        **table_json(result.table.slice(0, FIRST_ROWS)),
        "row_count": result.table.num_rows,
        "truncated": result.truncated,
        "as_of": result.as_of,
        "seconds": result.seconds,
        "warnings": [one_line(redact(text)) for text in result.warnings],
    }


def _file(
    service: Service, user: str, run: str, step: str, form: str
) -> tuple[bytes, tuple[str, ...]]:
    if form not in MEDIA:
        raise UsageError(f"format: {form[:20]!r} is none of {', '.join(MEDIA)}.")
    return _written(service.results.whole(service.result_of(user, run), step), form)


def _written(table: pa.Table, form: str) -> tuple[bytes, tuple[str, ...]]:
    from clew_tools.export import write_table

    with tempfile.TemporaryDirectory(prefix="clew-export-") as folder:
        path = Path(folder) / f"result.{form}"
        warnings = write_table(table, path)
        return path.read_bytes(), warnings
