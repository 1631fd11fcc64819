"""What does a piece of Python look like?"""

from __future__ import annotations

import ast
import warnings

_LAZY_METHODS = frozenset(
    "open reader DictReader iterrows itertuples finditer iterdir glob rglob scandir chain islice "
    "cycle permutations combinations".split()
)
_LAZY = _LAZY_METHODS | frozenset("iter map filter zip enumerate reversed product".split())
NAMESPACES = frozenset("globals locals vars dir".split())


def parse(text: str) -> ast.Module:
    """Parse without telling of escapes that Python will refuse one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def all_args(args: ast.arguments) -> list[ast.arg]:
    """List all parameters, those that can be given by place first."""
    more = [arg for arg in (args.vararg, args.kwarg) if arg is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *more]


def last_name(node: ast.AST | None) -> str:
    """Give the last name of `a.b.c`; empty where it is no name."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def dotted(node: ast.expr) -> tuple[str, ...]:
    """List the names of `a.b["c"].d`, first to last."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            break
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return tuple(reversed(parts))


def namespace_key(node: ast.AST) -> str | None:
    """Read `globals()["x"]` as x."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Call):
        return None
    if last_name(node.value.func) not in ("globals", "locals", "vars"):
        return None
    key = node.slice
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def asks_namespace(node: ast.AST) -> bool:
    """Recognise `"x" in globals()`."""
    return (
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Constant)
        and isinstance(node.left.value, str)
        and isinstance(node.comparators[0], ast.Call)
        and last_name(node.comparators[0].func) in NAMESPACES
    )


def is_lazy(node: ast.expr | None) -> bool:
    """Recognise a value that is used up by going through it."""
    if isinstance(node, ast.Call):
        plain = isinstance(node.func, ast.Name)  # a frame has methods `map` and `filter`
        return last_name(node.func) in (_LAZY if plain else _LAZY_METHODS)
    return isinstance(node, ast.GeneratorExp)


def is_false(node: ast.expr) -> bool:
    """Recognise a written `False`."""
    return isinstance(node, ast.Constant) and node.value is False
