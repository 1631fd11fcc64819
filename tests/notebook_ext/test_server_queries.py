"""A SQL cell's grid asks for rows, and a result leaves as a file."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from notebook_ext.server import Server, question


def run(server: Server, sql: str, source: str = "shop") -> Any:
    """Run a statement as the grid does."""
    return server.ask("POST", "queries", {"source": source, "sql": sql})


def test_a_statement_gives_its_first_rows_and_the_others_page_by_page(server: Server) -> None:
    lines = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(120))
    found = run(server, lines).json
    assert found["row_count"] == 120 and len(found["rows"]) == 50 and not found["truncated"]
    sent = {**server.headers, "Accept": "application/vnd.apache.arrow.stream"}
    path = f"results/{found['query']}?sort=-n&offset=1&limit=2"
    reply = server.ask("GET", path, headers=sent)
    with pa.ipc.open_stream(io.BytesIO(reply.body)) as reader:
        assert reader.read_all().column("n").to_pylist() == [118, 117]
    assert reply.headers["X-Clew-Rows"] == "120"


def test_a_result_leaves_as_a_file_that_runs_nothing_in_a_spreadsheet(server: Server) -> None:
    key = run(server, "SELECT '=1+1' AS t, 2 AS n").json["query"]
    text = server.ask("GET", f"exports/{key}?format=csv").body.decode()
    assert "'=1+1" in text
    sheet = server.ask("GET", f"exports/{key}?format=xlsx")
    assert sheet.body[:2] == b"PK" and "result.xlsx" in sheet.headers["Content-Disposition"]
    parquet = server.ask("GET", f"exports/{key}?format=parquet")
    assert pq.read_table(io.BytesIO(parquet.body)).column("n").to_pylist() == [2]
    assert server.ask("GET", f"exports/{key}?format=exe").status == 400
    assert server.ask("GET", "exports/q-0000?format=csv").status == 404


def test_the_result_of_an_answer_leaves_as_a_file_too(server: Server) -> None:
    answer = server.ask("POST", "ask", question("total amount by channel")).json
    text = server.ask("GET", f"exports/{answer['run']}").body.decode()
    assert len(text.splitlines()) == 3


def test_a_statements_rows_are_drawn_by_a_chart_spec(server: Server) -> None:
    key = run(server, "SELECT 'a' AS k, 2 AS n").json["query"]
    spec = {
        "data": "v", "mark": "bar",
        "x": {"field": "k", "type": "nominal"}, "y": {"field": "n", "type": "quantitative"},
    }  # fmt: skip
    drawn = server.ask("POST", "charts", {"spec": spec, "run": key}).json
    assert drawn["figure"]["data"][0]["type"] == "bar"


@pytest.mark.parametrize(
    "sql",
    ["DELETE FROM orders", "SELECT 1; SELECT 2", "SELECT * FROM read_csv('/etc/passwd')", "", "x("],
)
def test_what_is_no_reading_select_is_not_run(server: Server, sql: str) -> None:
    reply = run(server, sql)
    assert reply.status in (400, 403) and reply.json["reason"]


def test_a_source_that_is_not_there_is_named(server: Server) -> None:
    reply = run(server, "SELECT 1", source="nowhere")
    assert reply.status == 404 and "shop" in reply.json["hint"]
