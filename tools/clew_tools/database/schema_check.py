"""Where does data break a JSON Schema, said in words?

Knows the keywords that the schemas of a workspace's files use, and refuses schemas with others: the
jsonschema package takes longer to import than everything else that opening a source needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KNOWN = frozenset(
    ("$schema", "$id", "$defs", "$ref", "title", "description", "default", "type", "required",
     "additionalProperties", "properties", "propertyNames", "enum", "pattern", "minLength",
     "minItems", "uniqueItems", "items", "const", "oneOf", "anyOf", "minimum",
     "exclusiveMinimum")
)  # fmt: skip
_KINDS: dict[str, tuple[type | tuple[type, ...], str]] = {
    "object": (dict, "names and values"),
    "array": (list, "a list"),
    "string": (str, "a text"),
    "integer": (int, "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": (bool, "true or false"),
}


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        path: keys and indexes that lead to it.
        said: what is wrong, without a full stop.
    """

    path: tuple[Any, ...]
    said: str


def problems(data: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """Find what is wrong, in the order of the data."""
    return _walk(data, schema, schema, ())


def _walk(
    data: Any, schema: Mapping[str, Any], root: Mapping[str, Any], path: tuple[Any, ...]
) -> Iterator[Problem]:
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        yield from _walk(data, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, path)
    if "oneOf" in schema:
        found = [list(_walk(data, choice, root, path)) for choice in schema["oneOf"]]
        if all(found):  # none fits: the choice with the deepest fault is the one that was meant
            yield from max(found, key=lambda ones: max(len(one.path) for one in ones))
        return
    choices = [list(_walk(data, choice, root, path)) for choice in schema.get("anyOf", ())]
    if choices and all(choices):
        said = " or ".join(one.said for found in choices for one in found[:1])
        yield Problem(path=path, said=said)
    kind = schema.get("type")
    # Python takes truth values for whole numbers.
    fits = kind is None or isinstance(data, _KINDS[kind][0])
    if not fits or (kind is not None and isinstance(data, bool) and kind != "boolean"):
        assert kind is not None
        yield Problem(path=path, said=f"{_shown(data)} has to be {_KINDS[kind][1]}")
        return
    if "enum" in schema and data not in schema["enum"]:
        yield Problem(path=path, said=f"{_shown(data)} has to be {' or '.join(schema['enum'])}")
    if "const" in schema and data != schema["const"]:
        yield Problem(path=path, said=f"{_shown(data)} has to be {_shown(schema['const'])}")
    if isinstance(data, int | float):
        if data < schema.get("minimum", data) or data <= schema.get("exclusiveMinimum", data - 1):
            yield Problem(path=path, said=f"{_shown(data)} is too small")
    if isinstance(data, str):
        if len(data) < schema.get("minLength", 0):
            yield Problem(path=path, said="it is empty")
        elif "pattern" in schema and not re.search(schema["pattern"], data):
            yield Problem(path=path, said=f"{_shown(data)} has not the form {schema['pattern']}")
    elif isinstance(data, list):
        if len(data) < schema.get("minItems", 0):
            yield Problem(path=path, said="the list is empty")
        if schema.get("uniqueItems") and any(item in data[:i] for i, item in enumerate(data)):
            yield Problem(path=path, said="the list names something twice")
        for index, item in enumerate(data):
            yield from _walk(item, schema.get("items", {}), root, (*path, index))
    elif isinstance(data, dict):
        yield from _walk_object(data, schema, root, path)


def _walk_object(
    data: dict[Any, Any], schema: Mapping[str, Any], root: Mapping[str, Any], path: tuple[Any, ...]
) -> Iterator[Problem]:
    for name in schema.get("required", ()):
        if name not in data:
            yield Problem(path=path, said=f"{name!r} is missing")
    known = schema.get("properties", {})
    rest = schema.get("additionalProperties", {})
    for name, value in data.items():
        inner = (*path, name)
        if not isinstance(name, str):
            yield Problem(path=inner, said=f"the name {name!r} needs quotes")
        elif len(name) < schema.get("propertyNames", {}).get("minLength", 0):
            yield Problem(path=inner, said="a name is empty")
        elif name in known:
            yield from _walk(value, known[name], root, inner)
        elif rest is False:
            names = ", ".join(known)
            yield Problem(path=inner, said=f"{name!r} is not known here; known are {names}")
        else:
            yield from _walk(value, rest, root, inner)


def _shown(data: Any) -> str:
    text = str(data)
    return repr(text if len(text) <= 60 else text[:60] + "…")
