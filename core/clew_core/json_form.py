"""How a frozen dataclass of Clew becomes JSON, comes back, and describes itself as a schema."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
import typing
from typing import Any, Literal, TypeVar, Union, cast

from clew_core.errors import UsageError

T = TypeVar("T")
Json = dict[str, Any]


def to_json(value: Any) -> Any:
    """Turn dataclasses (nested, in tuples and mappings) into plain JSON values.

    Fields that hold their default are left out, so that a spec is as short as what it says.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kept = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.name == "version" or item != _default(field):
                kept[_json_name(field.name)] = to_json(item)
        return kept
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(cls: type[T], data: Any) -> T:
    """Build cls from what ``to_json`` gave.

    Raises:
        UsageError: a field is unknown, missing, or of the wrong kind; the message names it.
    """
    return cast(T, _read(cls, data, cls.__name__))


def schema_of(cls: type, *, title: str) -> Json:
    """Describe cls as a JSON Schema (draft 2020-12); descriptions come from the docstrings."""
    definitions: dict[str, Json] = {}
    _object_schema(cls, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$ref": f"#/$defs/{cls.__name__}",
        "$defs": dict(sorted(definitions.items())),
    }


def _json_name(name: str) -> str:
    return name.rstrip("_")


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(hint: Any, data: Any, where: str) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return data
    if origin in (Union, types.UnionType):
        return _read_union(args, data, where)
    if origin is Literal:
        if data not in args:
            raise UsageError(f"{where}: {data!r} is not one of {', '.join(map(repr, args))}.")
        return data
    if origin is tuple:
        if not isinstance(data, (list, tuple)):
            raise UsageError(f"{where}: a list is expected, not {data!r}.")
        return tuple(_read(args[0], item, f"{where}[{i}]") for i, item in enumerate(data))
    if origin is dict:
        if not isinstance(data, dict):
            raise UsageError(f"{where}: an object is expected, not {data!r}.")
        return {key: _read(args[1], item, f"{where}.{key}") for key, item in data.items()}
    if dataclasses.is_dataclass(hint):
        return _read_object(cast(type, hint), data, where)
    if hint is float and isinstance(data, int) and not isinstance(data, bool):
        return data
    if hint is type(None) and data is None:
        return None
    wrong_bool = isinstance(data, bool) and hint is not bool
    if not isinstance(hint, type) or not isinstance(data, hint) or wrong_bool:
        raise UsageError(f"{where}: {data!r} is not a {getattr(hint, '__name__', hint)}.")
    return data


def _read_union(args: tuple[Any, ...], data: Any, where: str) -> Any:
    """Take the first member that fits; of dataclasses, the one whose field names fit."""
    if isinstance(data, dict):
        shapes = [cast(type, arg) for arg in args if dataclasses.is_dataclass(arg)]
        for shape in shapes:
            fields = {_json_name(f.name): f for f in dataclasses.fields(shape)}
            needed = {name for name, field in fields.items() if _required(field)}
            if needed <= data.keys() <= fields.keys():
                return _read_object(shape, data, where)
        if shapes and not any(typing.get_origin(arg) is dict for arg in args):
            names = ", ".join(shape.__name__ for shape in shapes)
            raise UsageError(f"{where}: {sorted(data)} fits none of {names}.")
    problem: UsageError | None = None
    for arg in args:
        try:
            return _read(arg, data, where)
        except UsageError as error:
            problem = problem or error
    raise problem or UsageError(f"{where}: {data!r} fits nothing.")


def _read_object(cls: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise UsageError(f"{where}: an object is expected, not {data!r}.")
    fields = {_json_name(f.name): f for f in dataclasses.fields(cls)}
    if unknown := sorted(data.keys() - fields.keys()):
        raise UsageError(f"{where}: unknown field {unknown[0]!r}; known: {', '.join(fields)}.")
    missing = sorted(name for name, f in fields.items() if _required(f) and name not in data)
    if missing:
        raise UsageError(f"{where}: field {missing[0]!r} is missing.")
    hints = _hints(cls)
    values = {
        fields[name].name: _read(hints[fields[name].name], item, f"{where}.{name}")
        for name, item in data.items()
    }
    return cls(**values)


_PRIMITIVES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def _type_schema(hint: Any, definitions: dict[str, Json]) -> Json:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return {}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_type_schema(arg, definitions) for arg in args]}
    if origin is Literal:
        return {"enum": list(args)}
    if origin is tuple:
        return {"type": "array", "items": _type_schema(args[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _type_schema(args[1], definitions)}
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        name = hint.__name__
        _object_schema(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": _PRIMITIVES[hint]}


def _object_schema(cls: type, definitions: dict[str, Json]) -> None:
    if cls.__name__ in definitions:
        return
    definitions[cls.__name__] = {}  # stands while its own fields are read: specs nest
    hints, told = _hints(cls), _attribute_texts(cls)
    properties: dict[str, Json] = {}
    for field in dataclasses.fields(cls):
        described = _type_schema(hints[field.name], definitions)
        if field.name == "version":
            described = {"const": field.default}
        if field.name in told:
            described = {**described, "description": told[field.name]}
        properties[_json_name(field.name)] = described
    definitions[cls.__name__] = {
        "type": "object",
        "description": (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " "),
        "properties": properties,
        "required": [_json_name(f.name) for f in dataclasses.fields(cls) if _required(f)],
        "additionalProperties": False,
    }


def _attribute_texts(cls: type) -> dict[str, str]:
    """Read the ``Attributes:`` section of a Google docstring: field name → its text."""
    section = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2]
    texts: dict[str, str] = {}
    name = ""
    for line in section.splitlines():
        if match := re.match(r" {4}(\w+): (.*)", line):
            name = match[1]
            texts[name] = match[2].strip()
        elif name and line.startswith(" " * 6):
            texts[name] += " " + line.strip()
        elif line and not line.startswith(" "):
            break
    return texts
