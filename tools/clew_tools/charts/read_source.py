"""Which chart spec does the code of a chart cell say, after somebody edited it by hand?

The code is not interpreted. A spec that is near the one before is taken, its code written anew, and
both are compared as syntax trees: only where they are the same is the spec what the code says.
Covers: another mark, aggregate, order or stacking; other columns, titles, numbers and values of
filters; comments and layout of the text. All else is code that no spec writes: None.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

from clew_core.chart_spec import ChartSpec, Encoding, Sort
from clew_core.errors import ClewError
from clew_core.json_form import from_json, to_json
from clew_core.query_spec import Mark, Stacking
from clew_tools.charts.source import python_source

MOST_TRIES = 600
LONGEST = 20_000
_MOST_PLACES = 7
_CHANNELS = ("x", "y", "color", "size", "facet")
_AGGREGATES = (None, "sum", "avg", "median", "min", "max", "count", "count_distinct")
Pair = tuple[Any, Any]


def read_source(code: str, before: ChartSpec) -> ChartSpec | None:
    """Read a chart cell's code back into a spec; None where no spec near ``before`` writes it.

    Args:
        code: of the cell, as it is now.
        before: the spec that the code was written from.
    """
    wanted = _tree(code) if len(code) <= LONGEST else None
    if wanted is None:
        return None
    as_text = ast.dump(wanted)
    tries = itertools.count()
    for near in _variants(before):
        made = _code_of(near, tries)
        if made is None:
            continue
        pairs = _differences(made, wanted)
        if pairs is None:
            continue
        if not pairs:
            return near
        for spec in _with_other_values(near, pairs):
            again = _code_of(spec, tries)
            left = None if again is None else _differences(again, wanted)
            if left == []:
                return spec
            # A title that was made from a column's name stays when the column goes.
            for titled in _with_titles(spec, left or []):
                again = _code_of(titled, tries)
                if again is not None and ast.dump(again) == as_text:
                    return titled
    return None


def _tree(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _code_of(spec: ChartSpec, tries: Iterator[int]) -> ast.Module | None:
    if next(tries) > MOST_TRIES:
        return None
    try:
        return _tree(python_source(spec))
    except ClewError:
        return None


def _variants(spec: ChartSpec) -> Iterator[ChartSpec]:
    """Give the spec, and those that differ from it in one choice that changes the code's form."""
    yield spec
    for mark in get_args(Mark):
        if mark != spec.mark:
            yield replace(spec, mark=mark)
    layout = spec.layout
    for stacking in get_args(Stacking):
        yield replace(spec, layout=replace(layout, stacking=stacking))
    yield replace(spec, layout=replace(layout, horizontal=not layout.horizontal))
    yield replace(spec, layout=replace(layout, legend=not layout.legend))
    for at in range(len(spec.filters)):
        yield replace(spec, filters=spec.filters[:at] + spec.filters[at + 1 :])
    for channel in _CHANNELS:
        encoding: Encoding | None = getattr(spec, channel)
        if encoding is None:
            continue
        for aggregate in _AGGREGATES if channel in ("y", "size") else ():
            yield _with(spec, channel, aggregate=aggregate)
        orders: list[Sort | None] = [None, Sort(), Sort(direction="descending")]
        if spec.y and channel != "y":
            orders += [Sort(by=spec.y.field), Sort(by=spec.y.field, direction="descending")]
        for sort in orders:
            yield _with(spec, channel, sort=sort)
    if spec.color is not None:
        yield replace(spec, color=None)


def _with(spec: ChartSpec, channel: str, **change: Any) -> ChartSpec:
    changes: dict[str, Any] = {channel: replace(getattr(spec, channel), **change)}
    return replace(spec, **changes)


def _differences(one: ast.AST, other: ast.AST) -> list[Pair] | None:
    """Find the names and literals in which two trees differ; None where their forms do."""
    found: list[Pair] = []

    def walk(a: Any, b: Any) -> bool:
        if isinstance(a, ast.Constant) and isinstance(b, ast.Constant):
            if type(a.value) is not type(b.value) or a.value != b.value:
                found.append((a.value, b.value))
            return True
        if isinstance(a, ast.Name) and isinstance(b, ast.Name):
            if a.id != b.id:
                found.append((a.id, b.id))
            return True
        if type(a) is not type(b):
            return False
        if isinstance(a, ast.keyword) and a.arg != b.arg:
            found.append((a.arg, b.arg))
            return walk(a.value, b.value)
        if isinstance(a, ast.AST):
            return all(walk(getattr(a, name), getattr(b, name)) for name in a._fields)
        if isinstance(a, list):
            return len(a) == len(b) and all(map(walk, a, b))
        return bool(a == b)

    if not walk(one, other):
        return None
    unique: list[Pair] = []
    for pair in found:
        if pair not in unique:
            unique.append(pair)
    return unique


def _with_other_values(spec: ChartSpec, pairs: list[Pair]) -> Iterator[ChartSpec]:
    """Give specs in which values stand that the code has instead of those that it had."""
    data = to_json(spec)
    places = [
        (path, new) for path, value in _leaves(data) for old, new in pairs if _same(value, old)
    ][:_MOST_PLACES]
    for size in range(len(places), -1, -1):
        for chosen in itertools.combinations(places, size):
            changed = _changed(data, list(chosen))
            try:
                yield from_json(ChartSpec, changed)
            except ClewError:
                continue


def _with_titles(spec: ChartSpec, pairs: list[Pair]) -> Iterator[ChartSpec]:
    """Give specs whose axes or colours have the titles that the code has."""
    texts = [new for _, new in pairs if isinstance(new, str)][:2]
    for channel in _CHANNELS:
        if getattr(spec, channel) is not None:
            for text in texts:
                yield _with(spec, channel, title=text)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves(item, (*path, at))
    elif value is not None:
        yield path, value


def _changed(value: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """Copy JSON with other values at some places."""
    copy = _copy(value)
    for path, new in changes:
        *way, last = path
        at = copy
        for step in way:
            at = at[step]
        at[last] = new
    return copy


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, (list, tuple)) else value
