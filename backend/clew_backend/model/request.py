"""How does a task become the parameters of one chat completion?

A reply to a schema can be asked for in several forms; endpoints differ in those they know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from clew_backend.model.endpoint import Endpoint
from clew_core.model import ModelTask, Turn

Form = Literal["json_schema", "structured_outputs", "tool", "json_object", "text"]
# Tried in this order until one is taken; the first two guide the decoding on vLLM.
FORMS: tuple[Form, ...] = ("json_schema", "structured_outputs", "tool", "json_object", "text")


def messages(turns: tuple[Turn, ...], endpoint: Endpoint) -> list[dict[str, Any]]:
    """Write the turns; chunks are marked for the gateway alone."""
    return [{"role": turn.speaker, "content": _content(turn, endpoint)} for turn in turns]


def _content(turn: Turn, endpoint: Endpoint) -> str | list[dict[str, Any]]:
    if not endpoint.chunks or all(block.chunk is None for block in turn.blocks):
        return turn.text
    parts: list[dict[str, Any]] = []
    for block in turn.blocks:
        part: dict[str, Any] = {"type": "text", "text": block.text}
        if block.chunk is not None:
            part["clew"] = {"chunk": block.chunk, "sha256": block.sha256}
        parts.append(part)
    return parts


def parameters(task: ModelTask, form: Form, most_tokens: int) -> dict[str, Any]:
    """Write what is asked beside the messages, in words of langchain-openai."""
    # In the body, not as arguments: langchain-openai reads a response_format in its own way, and
    # renames max_tokens to a word that older endpoints don't know.
    body: dict[str, Any] = {"max_tokens": most_tokens}
    asked: dict[str, Any] = {"temperature": task.temperature, "extra_body": body}
    if task.schema is None or form == "text":
        return asked
    schema: Mapping[str, Any] = task.schema
    if form == "json_schema":
        named = {"name": task.name, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    elif form == "structured_outputs":
        body["structured_outputs"] = {"json": schema}
    elif form == "json_object":
        body["response_format"] = {"type": "json_object"}
    else:
        function = {"name": task.name, "parameters": schema}
        body["tools"] = [{"type": "function", "function": function}]
        body["tool_choice"] = {"type": "function", "function": {"name": task.name}}
    return asked
