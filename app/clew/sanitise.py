"""How is text that comes from data made harmless before people read it?

Terminals act on control characters, Markdown on HTML, images, links and formulas, and readers are
fooled by text that changes its direction. All front doors go through here. Does not judge what the
text says.
"""

from __future__ import annotations

import re
import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# C0, DEL and C1; surrogates; marks and overrides of direction; invisible joiners and tags.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!$~&])")
_BLOCK = re.compile(r"^(\s*)([-+=]|\d+[.)])(?=\s|$)", re.MULTILINE)
_LINK = re.compile(r"(?i)\b(https?|ftp)://")


def plain_text(text: str) -> str:
    r"""Replace what a terminal would act on; line breaks and tabs stay.

    >>> plain_text("a\x1b[31mred\r\nb")
    'a�[31mred\nb'
    """
    return _CONTROLS.sub(_REPLACEMENT, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    r"""Put text on one harmless line.

    >>> one_line(" a\n  b\tc ")
    'a b c'
    """
    return plain_text(" ".join(text.split()))


def markdown_text(text: str) -> str:
    r"""Write text so that Markdown shows it as it is: no HTML, image, link, list or formula.

    >>> print(markdown_text("<b>5*3</b> ![x](y)"))
    \<b\>5\*3\</b\> \!\[x\](y)
    """
    text = _MARKDOWN.sub(r"\\\1", plain_text(text))
    text = _BLOCK.sub(lambda m: f"{m[1]}{m[2][:-1]}\\{m[2][-1]}", text)
    # JupyterLab makes links of bare addresses; a zero-width space keeps them text.
    return _LINK.sub(lambda m: f"{m[1]}:\u200b//", text)


def width(text: str) -> int:
    r"""Count the columns that text takes in a terminal.

    >>> width("abc"), width("日本"), width("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def cut(text: str, columns: int) -> str:
    """Cut text to a number of terminal columns, with an ellipsis where something is missing.

    >>> cut("abcdef", 4), cut("日本語", 4)
    ('abc…', '日…')
    """
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > columns - 1:
            break
        kept += char
    return kept + "…"
