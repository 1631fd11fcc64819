"""How a question is cut into words, numbers, dates and quoted texts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

TokenKind = Literal["word", "number", "date", "quoted", "sign"]

_PATTERN = re.compile(
    r"""
    (?P<quoted>"[^"]+"|“[^”]+”|(?<!\w)'[^']+'(?!\w))
  | (?P<date>\b\d{4}-\d{2}-\d{2}\b|\b\d{4}-(?:0[1-9]|1[0-2])\b(?!-))
  | (?P<number>(?:(?<![^\s(<>=])-)?(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?
       (?:\s?(?:k|thousand|m|mn|mio|million|bn|billion)\b)?(?![\w]))
  | (?P<word>[^\W\d][\w]*|\d+\w+)
  | (?P<sign><=|>=|<>|!=|=|<|>|%)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUOTES = str.maketrans("‘’“”", "''\"\"")
_SCALES = {
    "k": 1e3, "thousand": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6,
    "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
} | {"thirty": 30, "forty": 40, "fifty": 50, "hundred": 100, "dozen": 12}


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word of the question.

    Attributes:
        text: as it was typed, without quotes and without a possessive ending.
        norm: case-folded.
        start: 0-based place of the first sign in the question.
        end: place after the last one.
        kind: what it is; a number word stays a ``word`` that has a number.
        number: its value, for numbers and number words.
        first: it begins the question or a sentence.
    """

    text: str
    norm: str
    start: int
    end: int
    kind: TokenKind
    number: int | float | None = None
    first: bool = False

    @property
    def capital(self) -> bool:
        """Whether it is written like a name, away from the beginning of a sentence."""
        return self.text[:1].isupper() and not self.first


def tokenize(question: str) -> tuple[Token, ...]:
    """Cut a question into tokens; other signs only separate.

    >>> [t.norm for t in tokenize("Which 5 customers' orders are over 400k?")]
    ['which', '5', 'customers', 'orders', 'are', 'over', '400k']
    """
    tokens: list[Token] = []
    for match in _PATTERN.finditer(question.translate(_QUOTES)):
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]
        text, end = match.group(), match.end()
        number: int | float | None = None
        if kind == "quoted":
            text = text[1:-1]
        elif kind == "number":
            number = _number(text)
        elif kind == "word":
            if text.lower() == "s" and question[match.start() - 1 : match.start()] in ("'", "’"):
                continue
            number = _NUMBER_WORDS.get(text.lower())
        before = question[: match.start()].rstrip()
        tokens.append(
            Token(
                text=text,
                norm=text.casefold(),
                start=match.start(),
                end=end,
                kind=kind,
                number=number,
                first=not before or before[-1] in ".!?:",
            )
        )
    return tuple(tokens)


def _number(text: str) -> int | float:
    match = re.match(r"(-?[\d,.]+)\s*([A-Za-z]*)", text)
    assert match is not None  # the pattern begins with a digit
    value = float(match[1].replace(",", "")) * _SCALES.get(match[2].lower(), 1)
    return int(value) if value.is_integer() else value
