"""The button that tests the model says in one line how things stand."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notebook_ext.server import Server, running


class _Models(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"object": "list", "data": [{"id": "tiny", "object": "model"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Run an endpoint that has one model."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Models)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()
    thread.join()


def test_without_a_model_rules_answer(server: Server) -> None:
    told = server.ask("POST", "model/test", {}).json
    assert told["state"] == "builtin" and "rules" in told["text"]


@pytest.mark.parametrize(
    ("model", "state", "says"),
    [("#tiny", "up", "tiny"), ("#huge", "down", "no model 'huge'"), (None, "down", "")],
    ids=["it has it", "it has another", "nobody answers"],
)
def test_the_endpoint_of_the_settings_is_asked(
    model: str | None, state: str, says: str, endpoint: str, shop: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pytest.importorskip("langchain_openai")
    where = "http://127.0.0.1:9/v1" if model is None else endpoint + model
    monkeypatch.setenv("CLEW_MODEL", f"openai:{where}")
    with running(tmp_path, [str(shop)]) as server:
        told = server.ask("POST", "model/test", {}).json
        assert told["state"] == state and says in told["text"], told
        assert told["text"] and "\n" not in told["text"]
