"""Does Trino's own client send what it should? Against a stand-in for the server's protocol."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest

from clew_core.deadline import Budget, Deadline
from clew_core.errors import BudgetEnded, RetryByModel
from clew_core.principal import Principal
from clew_tools.database.open import open_source
from clew_tools.database.source import Source

TEXT = {"rawType": "varchar", "arguments": [{"kind": "LONG", "value": 100}]}
ANSWERS: list[tuple[str, list[str], list[list[Any]]]] = [
    ("system.metadata.table_comments", ["table_name", "comment"], []),
    ("views", ["table_name"], []),
    ('information_schema"."columns',
     ["column_name", "data_type", "column_default", "is_nullable", "comment"],
     [["id", "bigint", None, "NO", None], ["note", "varchar(9)", None, "YES", "what"]]),
    ("tables", ["table_name"], [["orders"]]),
    ("SELECT id", ["id", "note"], [["1", "a"], ["2", None]]),
    ("count(", ["n"], [["2"]]),
]  # fmt: skip


class Stand(BaseHTTPRequestHandler):
    """Answers as a coordinator does, by a list."""

    protocol_version = "HTTP/1.1"
    heard: list[tuple[str, str, str | None]] = []

    def log_message(self, *_: Any) -> None:
        pass

    def _send(self, told: Any, *headers: tuple[str, str], status: int = 200) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in (("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def _next(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1/statement/executing/q/1"  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        sql = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.heard.append(("POST", sql, self.headers.get("X-Trino-Session")))
        told: dict[str, Any] = {"id": "q", "infoUri": "http://x", "stats": {"state": "FINISHED"}}
        if sql.startswith("SET SESSION"):
            value = "query_max_run_time=" + quote(sql.split("'")[1])
            return self._send({**told, "updateType": "SET"}, ("X-Trino-Set-Session", value))
        if "7777" in sql:
            return self._send({**told, "stats": {"state": "RUNNING"}, "nextUri": self._next})
        if "planet" in sql:
            return self._send({**told, "error": _error("line 1:8: Column 'planet' ...", "COLUMN")})
        found = (answer[1:] for answer in ANSWERS if answer[0] in sql)
        names, rows = next(found, (["x"], [["1"]]))
        columns = [{"name": name, "type": "varchar", "typeSignature": TEXT} for name in names]
        return self._send({**told, "columns": columns, "data": rows})

    def do_GET(self) -> None:
        if "executing" not in self.path:
            return self._send({"nodeVersion": {"version": "450"}, "starting": False})
        time.sleep(0.1)
        told: dict[str, Any] = {"id": "q", "infoUri": "http://x", "stats": {"state": "FAILED"}}
        if any(verb == "DELETE" for verb, _, _ in self.heard):
            return self._send({**told, "error": _error("Query was canceled", "USER_CANCELED")})
        return self._send({**told, "stats": {"state": "RUNNING"}, "nextUri": self._next})

    def do_DELETE(self) -> None:
        self.heard.append(("DELETE", self.path, None))
        self._send({}, status=204)


def _error(message: str, name: str) -> dict[str, Any]:
    return {"message": message, "errorCode": 1, "errorName": name, "errorType": "USER_ERROR",
            "failureInfo": {"type": "x", "message": message}}  # fmt: skip


@pytest.fixture
def source() -> Iterator[Source]:
    """Open a source on a stand-in, or skip."""
    pytest.importorskip("trino", reason="Trino's client is not installed")
    Stand.heard = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stand)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    opened = open_source(f"trino://ana@127.0.0.1:{server.server_port}/hive/shop")
    yield opened
    opened.close()
    server.shutdown()
    server.server_close()


def test_a_question_goes_with_its_limit_and_its_tag(source: Source) -> None:
    table = source.run("SELECT id, note FROM orders", Principal(user="ana"), Deadline()).table
    assert table.to_pylist() == [{"id": "1", "note": "a"}, {"id": "2", "note": None}]
    verb, sql, session = Stand.heard[-1]
    assert sql.startswith('/* clew user=ana run=- tenant=local */ SELECT id, note FROM "shop".')
    assert session is not None and session.startswith("query_max_run_time=")


def test_a_statement_is_cancelled_within_a_second(source: Source) -> None:
    source.catalog(Principal())
    started = time.monotonic()
    with pytest.raises(BudgetEnded):
        source.run("SELECT note FROM orders WHERE id = 7777", Principal(),
                   Deadline(Budget(seconds=0.5)))  # fmt: skip
    assert time.monotonic() - started < 1.5
    assert Stand.heard[-1][0] == "DELETE"


def test_wrong_sql_goes_back_with_the_servers_words(source: Source) -> None:
    with pytest.raises(RetryByModel, match="planet"):
        source.run("SELECT planet FROM orders", Principal(), Deadline())
