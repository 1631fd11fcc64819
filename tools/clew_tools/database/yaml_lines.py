"""What does a YAML file of a workspace say, on which lines, and does its schema allow it?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clew_core.errors import SourceError
from clew_core.schema import schema
from clew_tools.database.schema_check import problems

_LARGEST = 5 << 20
Place = tuple[Any, ...]


def load(file: Path, wanted: str) -> tuple[dict[str, Any], dict[Place, int]]:
    """Read YAML, with the line of each value by its place: keys and indexes that lead to it.

    Args:
        file: at most 5 MB, in UTF-8, without aliases.
        wanted: what it should hold, for those who wrote something else.

    Raises:
        SourceError: it can't be read, or says something twice; with the line.
    """
    import yaml

    try:
        if file.stat().st_size > _LARGEST:
            raise SourceError(f"{str(file)!r} is larger than {_LARGEST >> 20} MB.")
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{str(file)!r} is not in UTF-8.", hint="Save it as UTF-8.") from error
    except OSError as error:
        raise SourceError(f"{str(file)!r} can't be read: {error.strerror or error}.") from error
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for token in yaml.scan(text, Loader=fast):
            if isinstance(token, yaml.AliasToken):
                # An alias of an alias of an alias … is a small file and a huge value.
                line = token.start_mark.line + 1
                raise SourceError(
                    f"{str(file)!r}, line {line}: aliases (*{token.value}) are not read.",
                    hint="Write it out.",
                )
        loader = fast(text)
        try:
            node = loader.get_single_node()
            lines: dict[Place, int] = {}
            if node is not None:
                _note_lines(node, (), lines, file)
            data = loader.construct_document(node) if node is not None else None
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f", line {mark.line + 1}" if mark else ""
        raise SourceError(f"{str(file)!r}{at}: {error.problem or 'it is no YAML'}.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError(f"{str(file)!r} is no YAML: {' '.join(str(error).split())[:200]}") from (
            error
        )
    if not isinstance(data, dict):
        raise SourceError(f"{str(file)!r}, line 1: it has to hold names and values.", hint=wanted)
    return data, lines


def _note_lines(node: Any, path: Place, lines: dict[Place, int], file: Path) -> None:
    import yaml

    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, key.value)
            line = key.start_mark.line + 1
            if inner in lines:
                raise SourceError(
                    f"{str(file)!r}, line {line}: {key.value!r} stands there twice (first on "
                    f"line {lines[inner]})."
                )
            lines[inner] = line
            _note_lines(value, inner, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines.setdefault((*path, str(value.value)), value.start_mark.line + 1)
            _note_lines(value, (*path, index), lines, file)


def validate(data: Mapping[str, Any], lines: Mapping[Place, int], file: Path, name: str) -> None:
    """See that data are what a schema says.

    Raises:
        SourceError: they are not; says the first place, with its line.
    """
    found = [(line_of(p.path, lines), p) for p in problems(data, schema(name))]
    if not found:
        return
    line, first = min(found, key=lambda one: one[0])
    place = ".".join(str(part) for part in first.path)
    more = f" {len(found) - 1} more such errors follow." if len(found) > 1 else ""
    raise SourceError(
        f"{str(file)!r}, line {line}: {place + ': ' if place else ''}{first.said}.{more}"
    )


def line_of(path: Place, lines: Mapping[Place, int]) -> int:
    """Say on which line a value stands, or the nearest one around it."""
    parts = tuple(str(part) if not isinstance(part, int) else part for part in path)
    while parts and parts not in lines:
        parts = parts[:-1]
    return lines.get(parts, 1)
