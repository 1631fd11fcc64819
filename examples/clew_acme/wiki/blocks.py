"""Which blocks does a page consist of: headings, paragraphs, lists, tables, quotes?

All formats are written from these, so that a page says the same whatever its format.
"""

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "Span", "parse", "plain", "spans"]

Kind = Literal["heading", "paragraph", "bullet", "number", "table", "quote"]


@dataclass(frozen=True, kw_only=True)
class Block:
    """One block; `rows` is for tables, `level` for headings and for tables with a head row."""

    kind: Kind
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


Span = tuple[Literal["plain", "bold", "italic", "code"], str]


def parse(text: str) -> list[Block]:
    """Split plain Markdown into blocks; consecutive lines are one paragraph."""
    out: list[Block] = []
    waiting: list[str] = []
    table: list[tuple[str, ...]] = []

    def flush() -> None:
        if waiting:
            out.append(Block(kind="paragraph", text="\n".join(waiting)))
            waiting.clear()
        if table:
            headed = int(any(table[0]))
            out.append(Block(kind="table", rows=tuple(r for r in table if any(r)), level=headed))
            table.clear()

    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("|"):
            if waiting:
                flush()
            cells = tuple(cell.strip() for cell in line.strip("|").split("|"))
            if not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                table.append(cells)
            continue
        heading = re.match(r"(#{1,3}) (.*)", line)
        item = re.match(r"[-*] (.*)", line)
        number = re.match(r"\d+\. (.*)", line)
        if heading or item or number or line.startswith(">") or not line:
            flush()
        if heading:
            out.append(Block(kind="heading", text=heading[2], level=len(heading[1])))
        elif item:
            out.append(Block(kind="bullet", text=item[1]))
        elif number:
            out.append(Block(kind="number", text=number[1]))
        elif line.startswith(">"):
            out.append(Block(kind="quote", text=line[1:].strip()))
        elif line:
            if table:
                flush()
            waiting.append(line)
    flush()
    return out


_SPAN = re.compile(r"\*\*(.+?)\*\*|(?<![\w*])\*([^*\s][^*]*)\*|`([^`]+)`")


def spans(text: str) -> list[Span]:
    """Split a line into plain, bold, italic and code."""
    out: list[Span] = []
    place = 0
    for match in _SPAN.finditer(text):
        if match.start() > place:
            out.append(("plain", text[place : match.start()]))
        if match[1]:
            out.append(("bold", match[1]))
        elif match[2]:
            out.append(("italic", match[2]))
        else:
            out.append(("code", match[3]))
        place = match.end()
    if place < len(text):
        out.append(("plain", text[place:]))
    return out


def plain(text: str) -> str:
    """Take the marks out of a line."""
    return "".join(part for _, part in spans(text))
