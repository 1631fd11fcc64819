"""In which order does a prompt stand, so that a server can reuse what it has read?

Stable parts first (what to do, the schema), then passages that were found, each a block of its own,
then the conversation, then the question. What changes with every question (dates, hints) stands
with the question. Two prompts on the same source so begin with the same bytes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path

from clew_core.chunk import Chunk
from clew_core.model import Block, Speaker, Turn

_FOLDER = Path(__file__).parent
_WORD = re.compile(r"[^\W\d_]+|\d{1,3}|_|[^\w\s]|\s+")
_SPACED = re.compile(r" (?=\S)")
# Letters of a long word that a token holds at least.
_LETTERS = 5


@functools.cache
def prompt_file(name: str) -> str:
    """Read the words of a prompt: a file beside this one."""
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8")


def lay_out(
    *,
    instructions: str,
    schema: str,
    passages: Sequence[Chunk] = (),
    conversation: Sequence[tuple[Speaker, str]] = (),
    question: str,
) -> tuple[Turn, ...]:
    """Put the parts of a prompt into their order.

    Args:
        instructions: the same for every question.
        schema: of the source, as its principal sees it.
        passages: what was found for the question, best first.
        conversation: turns before this one, oldest first.
        question: with all that holds for it alone.
    """
    stable = [Block(text=instructions), Block(text=fenced("schema", schema))]
    found = [
        Block(text=fenced("passage", chunk.text), chunk=f"{chunk.document}#{chunk.position}")
        for chunk in passages
    ]
    said = [Turn(speaker=who, blocks=(Block(text=text),)) for who, text in conversation]
    return (
        Turn(speaker="system", blocks=(*stable, *found)),
        *said,
        Turn(speaker="user", blocks=(Block(text=question),)),
    )


def fenced(name: str, text: str) -> str:
    """Put data between marks that it can't close itself."""
    return f"<{name}>\n{text.replace(f'</{name}', f'< /{name}')}\n</{name}>\n"


def estimated_tokens(text: str) -> int:
    """Guess how many tokens a text has; mostly a few percent too many.

    >>> estimated_tokens("SELECT count(*) FROM orders")
    7
    """
    found = 0
    for piece in _WORD.findall(_SPACED.sub("", text) if text.isspace() else text):
        if piece == " ":
            continue
        letters = piece.isalpha()
        found += -(-len(piece) // _LETTERS) if letters and len(piece) > 2 * _LETTERS else 1
    return found
