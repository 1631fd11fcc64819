"""Which names could a text speak of? Which of them exist, only the whole notebook says."""

from __future__ import annotations

import re

from clew_tools.cells.facts import Facts

LONGEST = 200_000
"""Characters of a text that are read."""

_CODE = re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]+`", re.S)
_NAME = re.compile(r"[A-Za-z_]\w*")
_TAGS = re.compile(r"data:[^)\s]+|https?://\S+|<[^>]{1,200}>")


def read_markdown(source: str) -> Facts:
    """Collect the names in code spans, and the words of the text in their order."""
    text = _TAGS.sub(" ", source[:LONGEST])
    code: set[str] = set()
    for span in _CODE.findall(text):
        code |= set(_NAME.findall(span))
    words = tuple(_NAME.findall(_CODE.sub(" ", text)))
    return Facts(code_words=frozenset(code), words=words)
