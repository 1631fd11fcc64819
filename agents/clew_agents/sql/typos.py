"""Which one value of the data is a mistyped word meant to be?

Only where there is no doubt: it is written like a name, one value alone is near, and it differs by
one slip of the fingers. All else is asked back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from clew_agents.sql.words import same, split_name
from clew_tools.database.source import ValueHit, ValueIndex

_SHORTEST, _LONG = 5, 9


def together(words: Sequence[str], question: str) -> str | None:
    """Find the words that are not understood side by side in a question: "smart sppeaker".

    None: they stand apart.
    """
    if len(words) == 1:
        return words[0]
    told = question.casefold().split()
    sought = sorted(word.casefold() for word in words)
    spans = (told[at : at + len(words)] for at in range(len(told) - len(words) + 1))
    for at, span in enumerate(spans):
        if sorted(part.strip("?.,!") for part in span) == sought:
            return " ".join(question.split()[at : at + len(words)]).strip("?.,!")
    return None


def misspelt(word: str, question: str, values: ValueIndex) -> str | None:
    """Find the one value that a word of a question is meant to be; None: none, or several.

    Args:
        word: that is no name and no value.
        question: that it stands in.
        values: of the source.
    """
    if len(word) < _SHORTEST or not word.replace(" ", "").isalpha():
        return None
    hits = values.near(word)
    if len({hit.value for hit in hits}) != 1:
        return None
    if not _is_written_as_a_name(word, question) and not _is_named(word, question, hits):
        return None
    value = hits[0].value
    slips = _slips(word.casefold(), value.casefold())
    return value if slips == 1 or (slips == 2 and len(word) >= _LONG) else None


def _is_written_as_a_name(word: str, question: str) -> bool:
    """Whether a word has a capital, or is said to be the value of something."""
    if word[0].isupper() and not question.startswith(word):
        return True
    before = rf"(?:\bis|\bare|\bwas|=|\bnamed|\bcalled)\s+{re.escape(word)}\b"
    return re.search(before, question, re.IGNORECASE) is not None


def _is_named(word: str, question: str, hits: Sequence[ValueHit]) -> bool:
    """Whether the column of the value stands right before it: "with the channel telpehone"."""
    words = re.findall(r"\w+", question.casefold())
    first = word.casefold().split()[0]
    place = words.index(first) if first in words else 0
    before = words[place - 1] if place else ""
    return any(same(before, part) for hit in hits for part in split_name(hit.column))


def _slips(one: str, other: str) -> int:
    """Count letters left out, added, changed or swapped with their neighbour.

    >>> [_slips("estoina", word) for word in ("estonia", "estoina", "estona", "latvia")]
    [1, 0, 1, 4]
    """
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, wanted in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != wanted))
            if i > 1 and j > 1 and (one[i - 2], letter) == (wanted, other[j - 2]):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
