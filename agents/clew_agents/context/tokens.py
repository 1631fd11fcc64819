"""About how many tokens does a text cost? An estimate that needs no tokeniser and no download."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|\d+|[!-/:-@\[-`{-~]+|[^\s\x21-\x7e]|\n\s*|[ \t]{2,}")
_LETTERS, _DIGITS, _SIGNS = 8, 3, 2
FRAME = 4
"""Tokens that a cell costs beside its text: its id, its kind, the fence around it."""


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens of a common byte-pair vocabulary a text is.

    A word costs one token per eight letters, a number one per three digits, signs one per two,
    a line break with its indentation one; what is not ASCII costs one per sign.
    """
    tokens = 0
    for piece in _PIECE.findall(text):
        first = piece[0]
        if first.isascii() and first.isalpha():
            tokens += -(-len(piece) // _LETTERS)
        elif first.isascii() and first.isdigit():
            tokens += -(-len(piece) // _DIGITS)
        elif first.isascii() and not first.isspace():
            tokens += -(-len(piece) // _SIGNS)
        else:
            tokens += 1
    return tokens
