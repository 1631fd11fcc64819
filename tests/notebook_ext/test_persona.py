"""Clew in the chat of Jupyter AI: what it shows, and a real chat where Jupyter AI is installed."""

import asyncio
import json
import os
import tomllib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clew_notebook_ext.persona import AVATAR, as_markdown
from notebook_ext.server import ROOT, TOKEN, Server, running

PARTS = ("core", "knowledge", "tools", "agents", "app", "notebook_ext", "examples")
ENTRY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
    "entry-points"
]["jupyter_ai.personas"]["clew"]


def test_an_answer_is_text_table_and_sql_and_nothing_in_it_is_html() -> None:
    shown = as_markdown(
        {
            "text": "There are 2 <b>rows</b>.",
            "columns": [{"name": "a|b"}, {"name": "n"}],
            "rows": [["<img src=x>", 1], ["![x](http://x)", None]],
            "row_count": 30,
            "sql": "SELECT '```' AS a",
            "warnings": ["*careful*"],
        }
    )
    assert "<b>" not in shown and "\n| \\<img src=x\\> | 1 |" in shown
    assert "![x]" not in shown and "| null |" in shown
    assert "a\\|b" in shown and "28 more rows" in shown
    assert "````sql\nSELECT '```' AS a\n````" in shown and "\\*careful\\*" in shown


def test_what_is_asked_back_is_numbered_and_what_failed_has_its_reason() -> None:
    options = [{"id": "1", "label": "shop"}, {"id": "2", "label": "other"}]
    asked = as_markdown({"clarification": {"question": "Which?", "options": options}})
    assert asked == "Which?\n\n1\\. shop\n\n2\\. other"
    assert as_markdown({"status": "failed", "reason": "No *data*."}) == "No \\*data\\*."
    assert as_markdown({}) == "No answer."
    assert AVATAR.is_file()


def test_the_persona_is_made_only_where_it_is_named() -> None:
    import clew_notebook_ext.persona as module

    assert ENTRY == f"{module.__name__}:ClewPersona"
    with pytest.raises(AttributeError, match="nothing"):
        module.nothing  # noqa: B018


# ------------------------------------------------------------------- with Jupyter AI, for real


@pytest.fixture(scope="module")
def chatting(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with Jupyter AI, to which the entry point is known."""
    pytest.importorskip("jupyter_ai_persona_manager", reason="Jupyter AI is not installed")
    folder = tmp_path_factory.mktemp("persona")
    about = folder / "site" / "clew_persona-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: clew-persona\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[jupyter_ai.personas]\nclew = {ENTRY}\n")
    patch = pytest.MonkeyPatch()
    paths = [str(folder / "site"), *(str(ROOT / part) for part in PARTS)]
    patch.setenv("PYTHONPATH", os.pathsep.join(paths))
    with running(folder, [str(shop)]) as server:
        yield server
    patch.undo()


def _talk(server: Server, *bodies: str) -> list[str]:
    """Say something in a fresh chat, wait for what Clew says, and go on."""
    from tornado.httpclient import HTTPRequest
    from tornado.websocket import websocket_connect

    path = f"{uuid.uuid4().hex}.chat"
    (server.folder / "root" / path).write_text("{}")

    async def talk() -> list[str]:
        url = f"ws://{server.host}:{server.port}/api/chat/ws/{path}?token={TOKEN}"
        socket = await websocket_connect(HTTPRequest(url))
        users: dict[str, Any] = {}
        said: dict[str, str] = {}
        sent = 0
        while True:
            text = await asyncio.wait_for(socket.read_message(), 60)
            assert text is not None
            told = json.loads(text)
            users |= told.get("users") or {}
            clew = next((id_ for id_ in users if id_.endswith("::ClewPersona")), None)
            message = told.get("message") or {}
            if clew is not None and message.get("sender") == clew and message["body"]:
                said[message["id"]] = message["body"]
            if len(said) == len(bodies):
                socket.close()
                return list(said.values())
            if clew is not None and len(said) == sent:
                await socket.write_message(
                    json.dumps(
                        {
                            "type": "client",
                            "action": "send",
                            "id": uuid.uuid4().hex,
                            "body": f"@Clew {bodies[sent]}",
                            "metadata": {"to_persona": clew},
                        }  # fmt: skip
                    )
                )
                sent += 1

    return asyncio.run(talk())


@pytest.mark.slow
def test_a_question_in_a_chat_is_answered_and_followed_up(chatting: Server) -> None:
    first, second, third = _talk(
        chatting, "total amount by channel", "only for app", "what is the xyzzy"
    )
    assert "Total amount by channel" in first and "| app | " in first and "```sql" in first
    assert "1,030.30" in second or "1030.30" in second
    assert "xyzzy" in third and "SELECT" not in third


@pytest.mark.slow
def test_hostile_text_of_a_chat_is_shown_as_text(chatting: Server) -> None:
    (said,) = _talk(chatting, "<img src=x onerror=alert(1)> ![x](http://example.org/x.png)")
    assert "<img" not in said and "![x]" not in said
