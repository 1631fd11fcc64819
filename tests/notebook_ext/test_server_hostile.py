"""Does the panel's server say no to what is wrong, too long, not there or outside, in one line?"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from notebook_ext.server import Server, question

CELLS = [{"id": "a", "kind": "python", "source": "x = 1"}]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[1]", b'"a"', b"\xff\xfe", b'{"question": 1}', b'{"question": null}',
        b'{"question": "  "}', b'{"question": "a", "path": "/etc/passwd"}', b"[" * 100_000,
        b'{"question": "a", "cells": [{"id": "x"}]}', b'{"question": "a", "mode": "root"}',
        b'{"question": "' + b"a" * 10_001 + b'"}', b'{"question": "a", "time_zone": 3}',
    ],
    ids=range(14),
)  # fmt: skip
def test_a_wrong_body_is_refused_in_one_line(server: Server, body: bytes) -> None:
    reply = server.ask("POST", "ask", body)
    assert reply.status == 400
    said = reply.json
    assert said["status"] == "failed" and said["kind"] == "UsageError" and said["reason"]
    assert "Traceback" not in said["reason"] and "\n" not in said["reason"]


def test_a_huge_body_is_refused(server: Server) -> None:
    cell = {"id": "a", "kind": "python", "source": "x" * 5_000_000}
    reply = server.ask("POST", "ask", question("total amount", cells=[cell]))
    assert reply.status == 413 and reply.json["kind"] == "TooLarge"


def test_a_cell_that_is_endless_or_deep_keeps_nobody_waiting(server: Server) -> None:
    cells = [
        {"id": "a", "kind": "python", "source": "x = [" + "1, " * 1_000_000 + "]"},
        {"id": "b", "kind": "python", "source": "(" * 100_000},
    ]
    with ThreadPoolExecutor(1) as pool:
        graph = pool.submit(server.ask, "POST", "graph", {"cells": cells})
        took = []
        while not graph.done():
            began = time.monotonic()
            server.ask("GET", "/api/status")
            took.append(time.monotonic() - began)
        assert graph.result().status == 200
    assert not took or max(took) < 1.0, took
    many = [{"id": str(number), "kind": "python", "source": ""} for number in range(5_001)]
    assert server.ask("POST", "graph", {"cells": many}).status == 400
    assert server.ask("POST", "ask", question("total amount", cells=many)).status == 400


def test_halves_of_characters_and_zero_bytes_do_no_harm(server: Server) -> None:
    body = b'{"question": "total \\ud800 amount \\u0000", "cells": []}'
    reply = server.ask("POST", "ask", body)
    assert reply.status == 200 and reply.json["status"] != "failed", reply.json
    shown = server.ask("GET", f"threads/{reply.json['thread']}").json
    assert "amount" in shown["messages"][0]["question"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "runs/none"), ("GET", "runs/none/events"), ("POST", "runs/none/cancel"),
        ("POST", "runs/none/resume"), ("POST", "runs/none/approvals/a"),
        ("PUT", "runs/none/plan"), ("GET", "threads/none"), ("PATCH", "threads/none"),
        ("POST", "threads/none/branch"), ("GET", "results/none"), ("GET", "figures/none"),
        ("GET", "nothing"), ("GET", "runs/../../etc"), ("GET", "/clew/v2/status"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(server: Server, method: str, path: str) -> None:
    bodies = {"approvals": {"granted": True}, "plan": {"steps": []}, "branch": {"run": "x"},
              "threads/none": {"title": "x"}}  # fmt: skip
    body = next((value for key, value in bodies.items() if key in path), None)
    reply = server.ask(method, path, body if method != "GET" else None)
    assert reply.status == 404 and reply.json["kind"] == "NotFound"


@pytest.mark.parametrize("notebook", ["../../etc/a.ipynb", "/../../a.ipynb", "a/../../../b.ipynb"])
def test_a_notebook_outside_of_the_folder_is_refused(server: Server, notebook: str) -> None:
    reply = server.ask("POST", f"ask?notebook={notebook}", question("total amount", cells=CELLS))
    assert reply.status == 400


def test_an_unknown_thread_of_a_question_is_not_found(server: Server) -> None:
    assert server.ask("POST", "ask", question("total amount", thread="none")).status == 404
