"""The tree of errors is as drawn, and each kind has the exit code that is written beside it."""

import importlib
import inspect
import pkgutil
import re

import pytest

import clew_agents
import clew_core
import clew_tools
from clew_core import errors
from clew_core.errors import ClewError

# DESIGN: Command line. Exit codes are a promise to scripts.
CODES = {0, 1, 2, 3, 4, 5, 6, 130}


def drawn() -> list[tuple[str, str, int | None]]:
    """Read the tree in the docstring: (kind, parent, exit code)."""
    found: list[tuple[str, str, int | None]] = []
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"(?P<stem>[ │├└─]*)(?P<kind>[A-Z]\w+)(?P<rest>.*)$", line)
        if not match or not line.startswith("    "):
            continue
        depth = len(match["stem"])
        above = [(at, kind) for at, kind in above if at < depth]
        code = re.search(r"exit (\d+)$", match["rest"])
        parent = above[-1][1] if above else ""
        found.append((match["kind"], parent, int(code[1]) if code else None))
        above.append((depth, match["kind"]))
    return found


def kinds() -> list[type[ClewError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, ClewError)
    ]


def every_error() -> set[type[ClewError]]:
    """All kinds of all parts, once every module was imported."""
    for package in (clew_core, clew_tools, clew_agents):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found: set[type[ClewError]] = set()
    waiting = [ClewError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()
    return {kind for kind in found if kind.__module__.startswith("clew")}


def test_the_tree_in_the_docstring_is_the_real_tree() -> None:
    real = {(k.__name__, "" if k is ClewError else k.__bases__[0].__name__) for k in kinds()}
    assert {(kind, parent) for kind, parent, _ in drawn()} == real


def test_each_kind_has_the_exit_code_that_is_drawn_beside_it() -> None:
    written = {kind: code for kind, _, code in drawn() if code is not None}
    assert written == {k.__name__: k.exit_code for k in kinds() if k is not ClewError}


def test_exit_codes_of_all_parts_are_those_of_the_command_line() -> None:
    assert {kind.exit_code for kind in every_error()} <= CODES


def test_each_kind_says_in_a_docstring_what_happened() -> None:
    silent = [kind.__name__ for kind in every_error() if not kind.__dict__.get("__doc__")]
    assert not silent


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_an_error_is_one_line_and_ends_with_the_next_step(kind: type[ClewError]) -> None:
    error = kind("The table\n  'x' is   gone.", hint="Ask\tits owner.")
    assert str(error) == "The table 'x' is gone. Ask its owner."
    assert str(kind("Gone.")) == "Gone."
    assert error.hint == "Ask\tits owner."
