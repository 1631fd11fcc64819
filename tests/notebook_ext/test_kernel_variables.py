"""Questions about live variables: only names and types are read before the user allows more."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notebook_ext.server import Server, question, running

TRIPS = {"name": "trips", "type": "DataFrame", "shape": [3, 2],
         "schema": {"city": "str", "price": "float64"}}  # fmt: skip
MAKE = (
    "import pandas as pd\n"
    "trips = pd.DataFrame({'city': ['Bern', 'Basel', 'Bern'], 'price': [1.0, 2.0, 5.0]})"
)


class Kernel:
    """The kernel of one notebook, as its own front end speaks to it."""

    def __init__(self, server: Server, notebook: str) -> None:
        from jupyter_client.blocking.client import BlockingKernelClient

        made = server.ask(
            "POST", "/api/sessions",
            {"path": notebook, "name": notebook, "type": "notebook", "kernel": {"name": "python3"}},
        ).json  # fmt: skip
        self.id, self.session = made["kernel"]["id"], made["id"]
        file = server.folder / "runtime" / f"kernel-{self.id}.json"
        self.client = BlockingKernelClient()
        self.client.load_connection_info(json.loads(file.read_text()))
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str) -> Any:
        return self.client.execute(code, reply=True, timeout=60)["content"]

    def begin(self, code: str) -> None:
        self.client.execute(code)


@pytest.fixture(scope="module")
def server(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server whose kernels find this checkout."""
    with running(tmp_path_factory.mktemp("kernels"), [str(shop)]) as server:
        yield server


@pytest.fixture(scope="module")
def kernel(server: Server) -> Iterator[Kernel]:
    """Open a notebook with a kernel."""
    made = Kernel(server, "a.ipynb")
    yield made
    made.client.stop_channels()
    server.ask("DELETE", f"/api/sessions/{made.session}")


def _ask(server: Server, text: str, thread: str | None = None, **more: Any) -> Any:
    body = question(text, variables=[TRIPS], thread=thread, **more)
    return server.ask("POST", "ask?notebook=a.ipynb", body).json


@pytest.mark.slow
def test_values_are_read_only_after_leave_and_always_as_they_are_now(
    server: Server, kernel: Kernel
) -> None:
    kernel.run(MAKE)
    before = kernel.run("1")["execution_count"]
    asked = _ask(server, "total price by city in trips", cells=[])
    assert asked["status"] == "needs_clarification" and asked["rows"] == []
    (option,) = asked["clarification"]["options"]
    assert "trips in your kernel" in asked["reason"] and option["id"] == "yes"
    kernel.run("import sys; seen = 'clew.kernel_answers' in sys.modules; assert not seen")

    answer = _ask(server, "yes", asked["thread"], reply_to=asked["run"])
    assert answer["status"] == "answered", answer
    assert sorted(answer["rows"]) == [["Basel", 2.0], ["Bern", 6.0]]
    assert "Bern 6" in answer["text"] and answer["receipts"]
    sql = next(cell for cell in answer["cells"] if cell["kind"] == "sql")
    assert sql["uses"] == ["kernel.trips"]

    kernel.run("trips.loc[0, 'price'] = 100.0")
    again = _ask(server, "total price by city in trips", asked["thread"])
    assert ["Bern", 105.0] in again["rows"]  # allowed in this conversation, and read anew
    other = _ask(server, "total price by city in trips")
    assert other["status"] == "needs_clarification"  # another one asks again
    # Nothing of it is seen in the notebook, and the kernel keeps nothing open.
    assert kernel.run("1")["execution_count"] == before + 3
    kernel.run("import clew.kernel_answers as k; assert not k._open and len(trips) == 3")


@pytest.mark.slow
def test_the_proposed_cell_runs_in_the_kernel(server: Server, kernel: Kernel) -> None:
    kernel.run(MAKE)
    asked = _ask(server, "total price by city in trips")
    events = list(
        server.stream(
            "POST", "ask?notebook=a.ipynb",
            question("yes", variables=[TRIPS], thread=asked["thread"], reply_to=asked["run"],
                     cells=[]),
        )
    )  # fmt: skip
    cells = [event.data["data"]["new"] for event in events if event.type == "proposal"]
    assert cells[0] == "%load_ext clew"  # and no source is named: the kernel needs no location
    (sql,) = [cell for cell in cells if cell.startswith("%%sql --source kernel")]
    for cell in ("%load_ext clew", sql):
        assert kernel.run(cell)["status"] == "ok"


@pytest.mark.slow
def test_tables_of_the_sources_stand_before_variables_unless_one_is_attached(
    server: Server, kernel: Kernel
) -> None:
    kernel.run("import pandas as pd\norders = pd.DataFrame({'id': [1]})")
    orders = {"name": "orders", "type": "DataFrame", "shape": [1, 1], "schema": {"id": "int64"}}
    body = question("how many orders are there?", variables=[orders])
    assert server.ask("POST", "ask?notebook=a.ipynb", body).json["rows"] == [[5]]
    body["attachments"] = [{"kind": "variable", "name": "orders"}]
    asked = server.ask("POST", "ask?notebook=a.ipynb", body).json
    assert asked["status"] == "needs_clarification" and "about orders" in asked["reason"]


@pytest.mark.slow
def test_a_busy_kernel_a_gone_variable_and_a_foreign_notebook_are_told_in_one_line(
    server: Server, kernel: Kernel
) -> None:
    kernel.run(MAKE)
    asked = _ask(server, "total price in trips")
    yes = {"thread": asked["thread"], "reply_to": asked["run"]}
    kernel.begin("import time; time.sleep(9); done = True")
    began = time.monotonic()
    told = _ask(server, "yes", **yes)
    assert told["status"] == "failed" and "busy" in told["reason"]
    assert time.monotonic() - began < 9
    time.sleep(max(0.0, 9.5 - (time.monotonic() - began)))
    assert kernel.run("assert done; del trips")["status"] == "ok"  # the cell was left alone
    told = _ask(server, "total price in trips", asked["thread"])
    assert told["status"] == "failed" and "'trips' any more" in told["reason"]
    # Of a notebook without a kernel nothing can be read: the sources are asked.
    body = question("total price in trips", variables=[TRIPS])
    assert server.ask("POST", "ask?notebook=b.ipynb", body).json["status"] == "cannot_answer"
