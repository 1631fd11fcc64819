"""How is JSON read out of a reply, and when is it what was asked for?

Guided decoding gives JSON and nothing else; other endpoints put words or a fence around it. What
does not fulfil the schema is named, so that the model may be asked once more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clew_backend.errors import MalformedReply

_SHOWN = 160
_DEEPEST = 200
LONGEST = 200_000


def read_json(text: str, schema: Mapping[str, Any], *, cut: bool = False) -> Any:
    """Read the JSON of a reply.

    Args:
        text: as it came.
        schema: that it has to fulfil.
        cut: the reply ended because it grew too long.

    Raises:
        MalformedReply: there is none, or it is another one; the message says what is wrong.
    """
    import jsonschema

    data = _first_value(text, cut)
    try:
        jsonschema.Draft202012Validator(dict(schema)).validate(data)
    except jsonschema.ValidationError as problem:
        where = "/".join(map(str, problem.absolute_path)) or "the reply"
        message = problem.message[:_SHOWN]
        raise MalformedReply(f"{where}: {message}", text=text) from None
    except RecursionError:
        raise MalformedReply("The reply is nested too deeply.", text=text) from None
    return data


def _first_value(text: str, cut: bool) -> Any:
    if len(text) > LONGEST:
        raise MalformedReply(f"The reply has {len(text):,} characters.", text=text[:_SHOWN])
    begins = text.find("{")
    if begins < 0:
        raise MalformedReply(f"There is no JSON in {text[:_SHOWN]!r}.", text=text)
    if _depth(text[begins:]) > _DEEPEST:
        raise MalformedReply("The reply is nested too deeply.", text=text)
    try:
        decoder = json.JSONDecoder(parse_constant=_no_constant)
        return decoder.raw_decode(text, begins)[0]
    except (ValueError, RecursionError) as problem:
        why = "it was cut off" if cut else str(problem)
        raise MalformedReply(f"The JSON can't be read: {why}.", text=text) from None


def _depth(text: str) -> int:
    deepest = depth = 0
    for sign in text:
        if sign in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "}]":
            depth -= 1
    return deepest


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
