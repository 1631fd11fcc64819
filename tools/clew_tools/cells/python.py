"""What does a Python cell do to what it shares with other cells?

Nothing is executed and no module is looked at. A cell that can't be parsed is looked through for
names: more than it uses, rather than less.
"""

from __future__ import annotations

import ast
import re

from clew_tools.cells.facts import Facts, variable
from clew_tools.cells.flow import Flow
from clew_tools.cells.magics import plain
from clew_tools.cells.names import BUILTINS
from clew_tools.cells.shape import parse

LONGEST = 200_000
"""Characters of a cell that are parsed; more are looked through for names only."""

_LIGHT_BIND = re.compile(r"^([A-Za-z_]\w*)\s*(?::[^=\n]+)?=(?!=)|^(?:def|class)\s+(\w+)", re.M)
_LIGHT_IMPORT = re.compile(r"^(?:from\s+(\S+)\s+)?import\s+([^\n#]+)", re.M)
_LIGHT_NAME = re.compile(r"(?<![.\w])[A-Za-z_]\w*")
_KEYWORDS = frozenset(
    "and as assert async await break class continue def del elif else except False finally for "
    "from global if import in is lambda None nonlocal not or pass raise return True try while "
    "with yield match case type".split()
)


def read_python(source: str) -> Facts:
    """Read a Python cell, IPython's lines included; never raises."""
    cut = plain(source)
    if len(cut.text) > LONGEST:
        return read_lightly(cut.text, "too large to be read fully: looked through for names only")
    if cut.language != "python":
        flow = Flow(cut.notes)
        for note in cut.notes:
            flow.take_note(note)
        return flow.facts(shows=cut.language == "sql")
    try:
        tree = parse(cut.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return read_lightly(cut.text, f"can't be read as Python ({_reason(error)})")
    flow = Flow(cut.notes)
    try:
        flow.run(tree.body)
    except RecursionError:
        return read_lightly(cut.text, "nested too deeply to be read")
    return flow.facts(shows=bool(tree.body) and isinstance(tree.body[-1], ast.Expr))


def read_lightly(text: str, broken: str) -> Facts:
    """Collect names from a text that can't be parsed: more than it uses, rather than less."""
    bound = {a or b for a, b in _LIGHT_BIND.findall(text)}
    for _, names in _LIGHT_IMPORT.findall(text):
        bound |= {part.split()[-1].split(".")[0] for part in names.split(",") if part.strip()}
    bound = {name for name in bound if name.isidentifier()}
    used = set(_LIGHT_NAME.findall(text)) - _KEYWORDS
    return Facts(
        reads=frozenset(variable(n) for n in used - BUILTINS),
        may_bind=frozenset(variable(n) for n in bound),
        unknown=(broken,),
        broken=broken,
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    return str(error) or type(error).__name__
