"""Does a request ask to change data? Then it is refused, before anything else is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from clew_agents.sql.lexicon import CHANGES, POLITE
from clew_agents.sql.tokens import Token, tokenize
from clew_core.errors import Refused


def refuse_changes(question: str) -> None:
    """Refuse requests that would change data.

    Raises:
        Refused: a clause begins with a verb such as delete, drop or update.
    """
    tokens = tokenize(question)
    for at, token in enumerate(tokens):
        if token.norm not in CHANGES or not _begins_clause(tokens, at, question):
            continue
        following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
        if following in ("in", "of", "up", "") and token.norm != "truncate":
            continue  # "change in sales", "add up the amounts"
        raise Refused(
            f"{token.text!r} would change data: Clew only reads.",
            hint="Ask a question about the data instead.",
        )


def _begins_clause(tokens: Sequence[Token], at: int, question: str) -> bool:
    before = tokens[:at]
    if before and ";" in question[before[-1].end : tokens[at].start]:
        return True
    while before:
        if before[-1].norm not in POLITE and before[-1].kind != "sign":
            gap = question[before[-1].end : tokens[at].start]
            return any(sign in gap for sign in ".;:!?\n")
        before = before[:-1]
    return True
