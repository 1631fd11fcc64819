"""About how many tokens does a text cost? An estimate that needs no tokeniser and no download."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|\d+|[^\sA-Za-z\d]|\n[ \t]*|[ \t]{2,}")
_LETTERS, _DIGITS = 6, 3
FRAME = 4
"""Tokens that a cell costs beside its text: its id, its kind, the fence around it."""


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens of a common byte-pair vocabulary a text is.

    A word costs one token per six letters, a number one per three digits, anything else one; what
    is not ASCII costs one per sign. Against cl100k this comes out a little too high for code and
    for English (docs/context.md), which is the safe side.
    """
    tokens = 0
    for piece in _PIECE.findall(text):
        first = piece[0]
        if first.isascii() and first.isalpha():
            tokens += -(-len(piece) // _LETTERS)
        elif first.isascii() and first.isdigit():
            tokens += -(-len(piece) // _DIGITS)
        else:
            tokens += 1
    return tokens
