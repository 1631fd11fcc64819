"""May calling this method change its object?"""

from __future__ import annotations

from collections.abc import Mapping

from clew_tools.cells.facts import MethodCall
from clew_tools.cells.method_names import BY_USE, PURE


def may_change(call: MethodCall, methods: Mapping[str, bool]) -> bool:
    """Go by the notebook's own classes, then by the method's name and whether its result is used.

    Args:
        call: of the method.
        methods: of classes in the notebook: name → whether it changes its object.
    """
    by_use = call.method in BY_USE and not call.taken
    if call.method in methods:
        return methods[call.method] or by_use
    if call.method in BY_USE:
        return by_use
    return call.method not in PURE
