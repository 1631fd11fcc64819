"""How is a page written as a PDF of one or more sheets, the same bytes every time?

Text only, in the standard fonts that every reader has; letters outside of Latin-1 get codes of
their own with their names for display and a table for extraction. Nothing is compressed.
"""

from clew_acme.wiki.blocks import Block, parse, plain
from clew_acme.wiki.weave import Page, long_date

__all__ = ["pdf"]

_WIDTHS = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 "
    "556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 "
    "722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 "
    "556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 "
    "260 334 584"
).split()
_NAMES = {
    "Ł": "Lslash", "ł": "lslash", "ą": "aogonek", "Ą": "Aogonek", "ć": "cacute", "Ć": "Cacute",
    "ę": "eogonek", "ń": "nacute", "ś": "sacute", "Ś": "Sacute", "ź": "zacute", "Ź": "Zacute",
    "ż": "zdotaccent", "Ż": "Zdotaccent", "č": "ccaron", "Č": "Ccaron", "ď": "dcaron",
    "ě": "ecaron", "ň": "ncaron", "ř": "rcaron", "Ř": "Rcaron", "š": "scaron", "Š": "Scaron",
    "ť": "tcaron", "ů": "uring", "ž": "zcaron", "Ž": "Zcaron", "ő": "ohungarumlaut",
    "ű": "uhungarumlaut", "ė": "edotaccent", "ū": "umacron", "–": "endash", "—": "emdash",
    "“": "quotedblleft", "”": "quotedblright", "’": "quoteright", "…": "ellipsis", "•": "bullet",
    "€": "Euro", "−": "minus", "→": "arrowright",
}  # fmt: skip
_BOTTOM, _TOP, _LEFT, _WIDTH = 64.0, 790.0, 60.0, 475.0


def _width(text: str, size: float) -> float:
    total = 0
    for letter in text:
        code = ord(letter) - 32
        total += int(_WIDTHS[code]) if 0 <= code < len(_WIDTHS) else 556
    return total * size / 1000


class _Sheets:
    """Lay lines out on sheets."""

    def __init__(self) -> None:
        self.sheets: list[list[str]] = [[]]
        self.y = _TOP
        self.codes: dict[str, int] = {}

    def _string(self, text: str) -> str:
        out = []
        for letter in text:
            code = ord(letter)
            if code > 255 or 127 <= code < 161:
                code = self.codes.setdefault(letter, 128 + len(self.codes))
            if letter in "()\\":
                out.append("\\" + letter)
            elif code < 127:
                out.append(letter)
            else:
                out.append(f"\\{code:03o}")
        return "".join(out)

    def space(self, points: float) -> None:
        """Leave room, on a new sheet when this one is full."""
        self.y -= points
        if self.y < _BOTTOM:
            self.sheets.append([])
            self.y = _TOP

    def line(self, text: str, x: float, size: float, font: str = "F1") -> None:
        """Set one line at the current height."""
        self.sheets[-1].append(
            f"BT /{font} {size:g} Tf {x:g} {self.y:.1f} Td ({self._string(text)}) Tj ET"
        )

    def rule(self) -> None:
        """Draw a thin line across."""
        self.sheets[-1].append(
            f"0.6 w {_LEFT:g} {self.y:.1f} m {_LEFT + _WIDTH:g} {self.y:.1f} l S"
        )

    def flow(self, text: str, size: float, indent: float = 0.0, font: str = "F1") -> None:
        """Break a paragraph into lines."""
        room = _WIDTH - indent
        current = ""
        for word in text.split():
            longer = f"{current} {word}" if current else word
            if current and _width(longer, size) > room * (0.93 if font == "F2" else 1.0):
                self.space(size * 1.32)
                self.line(current, _LEFT + indent, size, font)
                current = word
            else:
                current = longer
        if current:
            self.space(size * 1.32)
            self.line(current, _LEFT + indent, size, font)


def _table(sheets: _Sheets, block: Block) -> None:
    columns = max(len(row) for row in block.rows)
    step = _WIDTH / columns
    for number, row in enumerate(block.rows):
        wrapped = []
        for cell in row:
            lines, current = [], ""
            for word in plain(cell).split():
                longer = f"{current} {word}" if current else word
                if current and _width(longer, 9.5) > step - 8:
                    lines.append(current)
                    current = word
                else:
                    current = longer
            wrapped.append([*lines, current])
        for depth in range(max(len(lines) for lines in wrapped)):
            sheets.space(13)
            for place, lines in enumerate(wrapped):
                if depth < len(lines):
                    font = "F2" if number == 0 and block.level else "F1"
                    sheets.line(lines[depth], _LEFT + place * step, 9.5, font)
        if number == 0 and block.level:
            sheets.space(4)
            sheets.rule()
    sheets.space(8)


def _lay(page: Page) -> _Sheets:
    sheets = _Sheets()
    blocks = parse(page.text)
    if not blocks or blocks[0].kind != "heading":
        blocks = [Block(kind="heading", text=page.title, level=1), *blocks]
    count = 0
    for place, block in enumerate(blocks):
        count = count + 1 if block.kind == "number" else 0
        if block.kind == "heading":
            size = {1: 18.0, 2: 13.5}.get(block.level, 11.5)
            if sheets.y < _BOTTOM + 60:
                sheets.space(_TOP)
            sheets.space(0 if place == 0 else 12)
            sheets.flow(plain(block.text), size, font="F2")
            sheets.space(4)
            if place == 0:
                sheets.flow(f"{page.author.name}, {page.author.job} - {long_date(page.day)}", 9)
                sheets.space(6)
                sheets.rule()
                sheets.space(4)
        elif block.kind == "table":
            _table(sheets, block)
        elif block.kind in ("bullet", "number"):
            mark = "-" if block.kind == "bullet" else f"{count}."
            before = len(sheets.sheets[-1])
            sheets.flow(plain(block.text), 10.5, indent=16)
            if len(sheets.sheets[-1]) > before:
                first = sheets.sheets[-1][before]
                height = first.split(" Td")[0].split()[-1]
                sheets.sheets[-1].append(f"BT /F1 10.5 Tf {_LEFT + 3:g} {height} Td ({mark}) Tj ET")
            sheets.space(2)
        else:
            indent = 14.0 if block.kind == "quote" else 0.0
            for part in block.text.split("\n"):
                sheets.flow(plain(part), 10.5, indent=indent)
            sheets.space(6)
    return sheets


def _cmap(codes: dict[str, int]) -> str:
    chars = "\n".join(f"<{code:02X}> <{ord(letter):04X}>" for letter, code in codes.items())
    more = f"{len(codes)} beginbfchar\n{chars}\nendbfchar\n" if codes else ""
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CMapName /Letters def\n/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\n"
        "endcodespacerange\n2 beginbfrange\n<20> <7E> <0020>\n<A1> <FF> <00A1>\nendbfrange\n"
        f"{more}endcmap\nend\nend"
    )


def pdf(page: Page) -> bytes:
    """Write a page as PDF."""
    sheets = _lay(page)
    count = len(sheets.sheets)
    for number, sheet in enumerate(sheets.sheets, start=1):
        foot = sheets._string(f"{page.title} - {number}/{count}")
        sheet.append(f"BT /F1 8 Tf {_LEFT:g} 40 Td ({foot}) Tj ET")
    names = " ".join(
        f"{code} /{_NAMES.get(letter, f'uni{ord(letter):04X}')}"
        for letter, code in sheets.codes.items()
    )
    differences = f" /Differences [{names}]" if names else ""
    kids = " ".join(f"{7 + 2 * i} 0 R" for i in range(count))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>",
        f"<< /Type /Encoding /BaseEncoding /WinAnsiEncoding{differences} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding 3 0 R /ToUnicode 6 0 R >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding 3 0 R "
        "/ToUnicode 6 0 R >>",
    ]
    cmap = _cmap(sheets.codes)
    bodies.append(f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream")
    for i, sheet in enumerate(sheets.sheets):
        content = "\n".join(sheet)
        bodies.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R "
            f"/F2 5 0 R >> >> /Contents {8 + 2 * i} 0 R >>"
        )
        bodies.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    stamp = f"D:{page.day:%Y%m%d}090000Z"
    title, author = (_utf16(x) for x in (page.title, page.author.name))
    bodies.append(f"<< /Title {title} /Author {author} /CreationDate ({stamp}) >>")
    out = "%PDF-1.5\n"
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(bodies) + 1
    out_end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R "
        f"/Info {size - 1} 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    )
    return (out + out_end).encode("ascii")


def _utf16(text: str) -> str:
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"
