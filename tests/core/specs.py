"""Random values of Clew's dataclasses, made from their type hints."""

import dataclasses
import types
import typing
from typing import Any, Literal, Union

from hypothesis import strategies as st

_NAMES = st.text(min_size=1, max_size=8)
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _NAMES,
    int: st.integers(-(2**60), 2**60),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    Any: st.none() | st.booleans() | st.integers() | _NAMES,
}


def values_of(hint: Any, depth: int = 3) -> st.SearchStrategy[Any]:
    """Make values of a hint; below depth, optional parts are left out."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        kept = [arg for arg in args if depth > 0 or not _nests(arg)] or list(args[:1])
        return st.one_of(*(values_of(arg, depth - 1) for arg in kept))
    if origin is tuple:
        if depth <= 0:
            return st.just(())
        return st.lists(st.deferred(lambda: values_of(args[0], depth - 1)), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(_NAMES, values_of(args[1], depth - 1), max_size=2)
    assert dataclasses.is_dataclass(hint), hint
    return st.deferred(lambda: _object(hint, depth - 1))


def _object(cls: Any, depth: int) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    needed, optional = {}, {}
    for field in dataclasses.fields(cls):
        has_default = (
            field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
        )
        if not has_default:
            needed[field.name] = values_of(hints[field.name], depth)
        elif depth > 0 and field.name != "version":
            optional[field.name] = values_of(hints[field.name], depth)
    return st.fixed_dictionaries(needed, optional=optional).map(lambda given: cls(**given))


def _nests(hint: Any) -> bool:
    return dataclasses.is_dataclass(hint)
