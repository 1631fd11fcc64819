"""How is an engine's error told to somebody who may not see all of the data?

Engines put values into their messages ("Could not convert string 'Ana' to INT32"), and may work
on a row before its filter has dropped it. What such a message quotes is told only if it stands in
the statement itself. What is left: that a statement failed may itself say that some hidden row
has a value that can't be computed with.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from clew_core.errors import ClewError
from clew_core.principal import Policy

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_NUMBER = re.compile(r"(?<![\w.])-?\d[\w.:\-+]*")
_GUESSES = re.compile(r"\s*(?:Candidate \w+:|Did you mean|HINT:).*", re.DOTALL)


@contextlib.contextmanager
def told_without_values(sql: str, policy: Policy) -> Iterator[None]:
    """Take what stands in the data out of the messages of errors, under a policy that hides.

    Args:
        sql: the statement as its author wrote it: what it says itself is no secret.
        policy: of the reader.
    """
    try:
        yield
    except ClewError as error:
        if policy.rows or policy.hide or policy.tables is not None:
            hidden = type(error)(without_values(error.message, sql), hint=error.hint)
            # Not "from error": whoever prints the chain would print the value.
            raise hidden from None
        raise


def without_values(message: str, sql: str) -> str:
    """Put … in the place of all that a message quotes and the statement does not say.

    >>> without_values("Could not convert string 'Ana' to INT32", "SELECT name::INT FROM t")
    "Could not convert string '…' to INT32"
    """

    def quoted(found: re.Match[str]) -> str:
        text = found[0]
        return text if text[1:-1] and text[1:-1].lower() in said else f"{text[0]}…{text[0]}"

    said = sql.lower()
    # A table with something hidden is a sub-query: DuckDB calls it so, which nobody has to know.
    text = _GUESSES.sub("", message).replace("Values list", "Table")
    text = _QUOTED.sub(quoted, text)
    if text.count("'") % 2 or text.count('"') % 2:
        # A value with a quote in it: no telling where it ends.
        text = re.split(r"['\"]", text)[0].rstrip(" :") + " …"
    return _NUMBER.sub(lambda found: found[0] if found[0].lower() in said else "…", text)
