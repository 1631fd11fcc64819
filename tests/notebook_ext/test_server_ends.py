"""How the server begins and ends: without data, with wrong settings, in mid-answer, and again."""

from pathlib import Path

import pytest

from notebook_ext.server import TOKEN, Server, running

# Each starts a server or two.
pytestmark = pytest.mark.slow


def _begin(server: Server, question: str) -> dict[str, str]:
    headers = {**server.headers, "Prefer": "respond-async"}
    reply = server.ask("POST", "ask", {"question": question}, headers=headers)
    assert reply.status == 202
    started: dict[str, str] = reply.json
    return started


def _read_until(server: Server, run: str, seq: int) -> None:
    """Read the events of a run up to a number, and leave."""
    for event in server.stream("GET", f"runs/{run}/events"):
        if (event.id or 0) >= seq:
            return


def test_without_data_one_line_says_so_and_naming_some_helps(shop: Path, tmp_path: Path) -> None:
    settings = tmp_path / "root" / "clew.toml"
    with running(tmp_path, []) as server:
        status = server.ask("GET", "status").json
        assert status["state"] == "problem" and "clew.toml" in status["problem"]
        reply = server.ask("POST", "ask", {"question": "total amount"})
        assert reply.status == 503 and reply.json["kind"] == "NoSources"
        settings.write_text("sources = 3", encoding="utf-8")
        status = server.ask("GET", "status").json
        assert status["state"] == "problem" and "sources" in status["problem"]
    settings.write_text(f'sources = ["{shop}"]\nmodel = "openai:http://dead/v1"', encoding="utf-8")
    with running(tmp_path, []) as server:
        status = server.ask("GET", "status").json
        assert status["state"] == "ready"
        assert status["model"].startswith("openai:http://dead/v1")
        reply = server.ask("POST", "ask", {"question": "how many orders are there?"})
        assert reply.json["status"] == "answered"


def test_a_stopping_server_ends_its_runs_and_the_next_one_knows_them(
    shop: Path, tmp_path: Path
) -> None:
    with running(tmp_path, [str(shop)]) as server:
        done = server.ask("POST", "ask", {"question": "total amount by channel"}).json
        started = _begin(server, "slowly 60 total amount")
        events = server.stream("GET", f"runs/{started['run']}/events")
        assert next(events).type
        assert server.stop() < 10
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")
    with running(tmp_path, [str(shop)]) as server:
        shown = server.ask("GET", f"threads/{started['thread']}").json
        assert shown["runs"][0]["status"] == "cancelled" and not shown["runs"][0]["active"]
        told = list(server.stream("GET", f"runs/{started['run']}/events"))
        assert told[-1].type == "cancelled"
        told = list(server.stream("GET", f"runs/{done['run']}/events"))
        answer = told[-1].data["data"]
        assert answer["text"] == done["text"] and answer["rows"] is None
        assert answer["markdown"] == done["markdown"]
        assert server.ask("GET", f"results/{done['run']}").status == 404


def test_a_run_whose_server_was_killed_is_taken_up_again(shop: Path, tmp_path: Path) -> None:
    with running(tmp_path, [str(shop)]) as server:
        started = _begin(server, "slowly 2 total amount")
        _read_until(server, started["run"], 45)
        server.process.kill()
        server.process.wait()
    with running(tmp_path, [str(shop)]) as server:
        told = list(server.stream("GET", f"runs/{started['run']}/events"))
        assert told[-1].type == "gone" and told[-1].id is None
        last = max(event.id or 0 for event in told)
        assert 0 < last == told[-1].data["last_seq"]
        assert server.ask("GET", f"runs/{started['run']}").json["status"] is None
        rest = list(server.stream("POST", f"runs/{started['run']}/resume", {}))
        assert rest[-1].type == "answer", rest[-1]
        assert rest[1].id == last + 1
        every = list(server.stream("GET", f"runs/{started['run']}/events?after={last}"))
        assert [event.id for event in every] == [event.id for event in rest[1:]]


def test_no_secret_of_a_source_is_told(tmp_path: Path) -> None:
    with running(tmp_path, ["postgresql://ana:geheim@127.0.0.1:1/db"]) as server:
        status = server.ask("GET", "status").json
        reply = server.ask("POST", "ask", {"question": "total amount"})
        assert status["state"] == "problem" and reply.status in (500, 503)
    log = (tmp_path / "log").read_text(encoding="utf-8")
    for text in (str(status), reply.body.decode(), log):
        assert "geheim" not in text
    assert TOKEN not in log
