"""How does Clew answer in the chat of Jupyter AI?

An entry point of the group `jupyter_ai.personas` names `ClewPersona`; Jupyter AI loads it where it
is installed, nothing else does. The persona asks the same service as the panel. It shows; it writes
no notebook. Chats carry no proof of who wrote a message, so it answers only on a server of one
person.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.sanitise import markdown_text, one_line, plain_text
from clew_core.errors import ClewError
from clew_core.events import Request
from clew_core.secrets import redact
from clew_notebook_ext.handler import only_one_person
from clew_notebook_ext.service import Service

if TYPE_CHECKING:
    from clew_notebook_ext.live import LiveRun

    ClewPersona: type[Any]

NAME = "Clew"
AVATAR = Path(__file__).with_name("persona.svg")
ROWS = 20
_MENTION = re.compile(rf"@{NAME}\b:?", re.IGNORECASE)


class Chat:
    """The conversation of one chat with Clew."""

    def __init__(self, service: Service, user: str) -> None:
        """Ask nothing yet."""
        self._service, self._user = service, user
        self._thread: str | None = None
        self._live: LiveRun | None = None

    async def answer(self, message: str) -> AsyncIterator[str]:
        """Answer a message as Markdown."""
        question = _MENTION.sub("", message).strip()
        try:
            request = Request(question=question, thread=self._thread)
            live = await self._service.apart(self._service.ask, self._user, request, None)
        except ClewError as error:
            yield markdown_text(one_line(redact(str(error))))
            return
        self._live, self._thread = live, live.thread
        await live.ended()
        yield as_markdown(live.last_data or {"reason": "Stopped."})

    def stop(self) -> None:
        """End the answer that is being worked on."""
        if self._live is not None:
            self._live.deadline.cancel()


def as_markdown(answer: dict[str, Any]) -> str:
    """Write an answer's object for a chat: its text, its first rows, its SQL; nothing is HTML."""
    asked = answer.get("clarification") or {}
    text = asked.get("question") or answer.get("text") or answer.get("reason") or "No answer."
    parts = [markdown_text(text)]
    parts += [
        f"{number}\\. {markdown_text(one_line(option['label']))}"
        for number, option in enumerate(asked.get("options") or (), start=1)
    ]
    parts += [f"*{markdown_text(one_line(warning))}*" for warning in answer.get("warnings") or ()]
    for part in answer.get("parts") or [answer]:
        parts += _table(part)
        if part.get("sql"):
            parts.append(_code(part["sql"]))
    return "\n\n".join(parts)


def _table(part: dict[str, Any]) -> list[str]:
    names = [column["name"] for column in part.get("columns") or ()]
    rows = part.get("rows") or []
    if not rows or len(rows) * len(names) < 2:
        return []
    lines = [_line(names), _line(["---"] * len(names), raw=True)]
    lines += [_line(row) for row in rows[:ROWS]]
    left = (part.get("row_count") or len(rows)) - min(len(rows), ROWS)
    more = [f"… and {left:,} more rows"] if left > 0 else []
    return ["\n".join(lines), *more]


def _line(values: list[Any], *, raw: bool = False) -> str:
    shown = ["null" if value is None else str(value) for value in values]
    cells = shown if raw else [markdown_text(one_line(value)) for value in shown]
    return f"| {' | '.join(cells)} |"


def _code(sql: str) -> str:
    """Fence code with more backticks than it holds."""
    longest = max((len(run) for run in re.findall("`+", sql)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}sql\n{plain_text(sql)}\n{fence}"


def _make() -> type[Any]:
    """Make the class that Jupyter AI wants: it can only be named where that is installed.

    Raises:
        ImportError: it is not.
    """
    from jupyter_ai_persona_manager import BasePersona, PersonaDefaults

    class ClewPersona(BasePersona):  # type: ignore[misc, unused-ignore]
        """Answers questions about the server's data."""

        _chat: Chat | None = None

        @property
        def defaults(self) -> Any:
            return PersonaDefaults(
                name=NAME,
                description="Answers questions about your data, with the query behind each number",
                avatar_path=str(AVATAR),
                system_prompt="",
                slash_commands=set(),
            )

        async def process_message(self, message: Any) -> None:
            server = self.parent.parent.serverapp
            if not only_one_person(server.identity_provider):
                self.send_message(
                    "In a chat of several people Clew can't tell who may see what. Use the panel."
                )
                return
            if self._chat is None:
                service = server.web_app.settings.get("clew_service")
                if not isinstance(service, Service):
                    self.send_message("Clew's server extension is switched off here.")
                    return
                self._chat = Chat(service, "local")
            await self.stream_message(self._chat.answer(message.body))

        async def cancel_response(self) -> None:
            if self._chat is not None:
                self._chat.stop()

    ClewPersona.__module__ = __name__
    return ClewPersona


def __getattr__(name: str) -> Any:
    if name == "ClewPersona":
        globals()[name] = _make()
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
