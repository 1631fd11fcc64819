"""Where on a sheet do its tables lie, and which of their rows are column names?"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
# A formula that is followed by no value.
_UNSTORED = re.compile(rb"(?:</f>|<f[^>]*/>)\s*(?:<v\s*/>|<v></v>|</c>)")
_CHUNK, _OVERLAP = 1 << 20, 256
_MOST_HEADER_ROWS = 4
_MOST_MERGED = 100_000


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A merged range, all ends included, from 1."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The filled cells of a sheet.

    Attributes:
        name: as its tab says.
        rows: number from 1 → values from column A on; rows without a value are absent.
        merged: its merged ranges.
    """

    name: str
    rows: dict[int, list[Any]]
    merged: tuple[Merged, ...] = ()

    def cell(self, row: int, column: int) -> Any:
        """Give the value of a cell; None where it is empty."""
        values = self.rows.get(row, ())
        return values[column - 1] if column <= len(values) else None


@dataclass(frozen=True, kw_only=True)
class Region:
    """A table on a sheet.

    Attributes:
        sheet: where it lies.
        names: of its columns, not unique yet.
        left: its first column, from 1.
        rows: the numbers of its rows below the names.
        first: the number of its topmost row.
        warnings: what the reader must know.
    """

    sheet: Sheet
    names: tuple[str, ...]
    left: int
    rows: tuple[int, ...]
    first: int
    warnings: tuple[str, ...] = field(default=())

    @property
    def place(self) -> str:
        """Name its upper left cell, as Excel does."""
        return f"table at {_letters(self.left)}{self.first}"

    def columns(self) -> Iterator[list[Any]]:
        """Give the values column by column."""
        for column in range(self.left, self.left + len(self.names)):
            yield [self.sheet.cell(row, column) for row in self.rows]


def scan(path: Path, sheet: Any) -> tuple[tuple[Merged, ...], int]:
    """Find merged ranges, and formulas without a value, which openpyxl's reader does not tell.

    Args:
        path: of the workbook.
        sheet: of openpyxl, read-only.
    """
    merged: dict[Merged, None] = {}
    unstored = 0
    with zipfile.ZipFile(path) as archive, archive.open(sheet._worksheet_path) as part:
        rest = b""
        while chunk := part.read(_CHUNK):
            text = rest + chunk
            cut = max(0, len(text) - _OVERLAP)
            for found in _MERGED.finditer(text):
                if len(merged) < _MOST_MERGED:
                    left, top, right, bottom = found.groups()
                    merged[
                        Merged(
                            top=int(top), left=_number(left), bottom=int(bottom),
                            right=_number(right),
                        )
                    ] = None  # fmt: skip
            unstored += sum(found.start() < cut for found in _UNSTORED.finditer(text))
            rest = text[cut:]
        unstored += len(_UNSTORED.findall(rest))
    return tuple(merged), unstored


def regions(sheet: Sheet) -> tuple[list[Region], list[str]]:
    """Find the tables of a sheet, in reading order, and say what is left out."""
    covered = _covered(sheet)
    masks = {
        row: sum(1 << i for i, value in enumerate(values) if value is not None)
        for row, values in sheet.rows.items()
    }
    for row, mask in covered.items():
        if row in masks or row - 1 in masks:
            masks[row] = masks.get(row, 0) | mask
    blocks = [block for block in _cut(masks) if block[0]]
    tables: list[Region] = []
    left_out = []
    for rows, mask in blocks:
        left, right = (mask & -mask).bit_length(), mask.bit_length()
        above = next(
            (
                (i, t)
                for i, t in enumerate(tables)
                if t.rows and t.rows[-1] < rows[0]
                and t.left <= left and right < t.left + len(t.names)
                and not any(o.first > t.rows[-1] and o.left <= right
                            and left < o.left + len(o.names) for o in tables)
            ),
            None,
        )  # fmt: skip
        if above and right > left and not _is_header(sheet, rows[0], left, right):
            index, table = above
            tables[index] = Region(
                sheet=sheet, names=table.names, left=table.left, rows=(*table.rows, *rows),
                first=table.first,
                warnings=tuple(dict.fromkeys((*table.warnings, "empty rows in it were skipped"))),
            )  # fmt: skip
            continue
        if len(rows) == 1 and left == right:
            text = str(sheet.cell(rows[0], left))[:60]
            left_out.append(f"the cell {_letters(left)}{rows[0]}, {text!r}, is no table")
            continue
        found, said = _region(sheet, rows, left, right)
        left_out += said
        if found is not None:
            tables.append(found)
    return tables, left_out


def _region(
    sheet: Sheet, rows: Sequence[int], left: int, right: int
) -> tuple[Region | None, list[str]]:
    said = []
    start = 0
    while left < right and start < len(rows) and _is_title(sheet, rows[start], left, right):
        text = next(v for c in range(left, right + 1) if (v := sheet.cell(rows[start], c)))
        said.append(f"row {rows[start]}, {str(text)[:60]!r}, was taken for a title")
        start += 1
    rows = rows[start:]
    if not rows:
        return None, said
    warnings: tuple[str, ...] = ()
    depth = _header_rows(sheet, rows, left, right)
    if depth:
        names = tuple(_name(sheet, rows[:depth], column, left) for column in range(left, right + 1))
    else:
        names = tuple(f"column_{number}" for number in range(1, right - left + 2))
        warnings = ("it has no row with column names; they are made up",)
    region = Region(
        sheet=sheet, names=names, left=left, rows=tuple(rows[depth:]), first=rows[0],
        warnings=warnings,
    )  # fmt: skip
    return region, said


def _is_title(sheet: Sheet, row: int, left: int, right: int) -> bool:
    filled = [column for column in range(left, right + 1) if sheet.cell(row, column) is not None]
    if len(filled) != 1 or not isinstance(sheet.cell(row, filled[0]), str):
        return False
    over = next((m for m in sheet.merged if m.top == row and m.left == filled[0]), None)
    # Merged over some columns only, it is a header of those.
    return over is None or over.right == over.left or (over.left <= left and right <= over.right)


def _is_header(sheet: Sheet, row: int, left: int, right: int) -> bool:
    values = [v for c in range(left, right + 1) if (v := sheet.cell(row, c)) is not None]
    texts = sum(isinstance(value, str) for value in values)
    return bool(values) and texts > 0 and all(_may_name(value) for value in values)


def _may_name(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        return 1900 <= value <= 2100 and value == int(value)
    return isinstance(value, (str, dt.date))


def _header_rows(sheet: Sheet, rows: Sequence[int], left: int, right: int) -> int:
    if not _is_header(sheet, rows[0], left, right):
        return 0
    depth = 1
    while depth < min(len(rows), _MOST_HEADER_ROWS):
        inside = [
            m for m in sheet.merged
            if m.top in rows[:depth] and left <= m.left and m.right <= right
        ]  # fmt: skip
        last = rows[depth - 1]
        deeper = any(m.bottom > last for m in inside)
        group = any(m.bottom == last and m.right > m.left for m in inside)
        if not deeper and not (group and _is_header(sheet, rows[depth], left, right)):
            break
        depth += 1
    return depth


def _name(sheet: Sheet, rows: Sequence[int], column: int, left: int) -> str:
    parts: list[str] = []
    for row in rows:
        value = sheet.cell(row, column)
        if value is None:
            over = next(
                (m for m in sheet.merged
                 if m.top <= row <= m.bottom and m.left <= column <= m.right),
                None,
            )  # fmt: skip
            value = sheet.cell(over.top, over.left) if over else None
        if value is None:
            continue
        if isinstance(value, dt.datetime):
            value = value.date()
        text = " ".join(str(value).split())
        if text and text not in parts:
            parts.append(text)
    return " ".join(parts) or f"column_{column - left + 1}"


def _covered(sheet: Sheet) -> dict[int, int]:
    """Mark what merged ranges cover in rows: it belongs to their block."""
    covered: dict[int, int] = {}
    for merged in sheet.merged:
        if merged.bottom - merged.top > 100 or sheet.cell(merged.top, merged.left) is None:
            continue
        mask = ((1 << (merged.right - merged.left + 1)) - 1) << (merged.left - 1)
        for row in range(merged.top, merged.bottom + 1):
            covered[row] = covered.get(row, 0) | mask
    return covered


def _cut(masks: dict[int, int]) -> list[tuple[list[int], int]]:
    """Part filled cells at empty rows and columns until nothing can be parted.

    Args:
        masks: row → one bit for each filled column.

    Returns:
        Rows and columns (as bits) of each block, from top to bottom, from left to right.
    """
    todo = [sorted(masks)]
    limits = [~0]
    done: list[tuple[list[int], int]] = []
    while todo:
        rows, limit = todo.pop(), limits.pop()
        bands: list[list[int]] = []
        for row in rows:
            if masks[row] & limit:
                if bands and bands[-1][-1] == row - 1:
                    bands[-1].append(row)
                else:
                    bands.append([row])
        for band in bands:
            union = 0
            for row in band:
                union |= masks[row] & limit
            groups = _runs(union)
            if len(groups) == 1 and len(bands) == 1:
                done.append((band, union))
                continue
            for group in groups:
                todo.append(band)
                limits.append(group)
    return sorted(done, key=lambda block: (block[0][0], block[1] & -block[1]))


def _runs(mask: int) -> list[int]:
    """Part a row of bits into runs of ones."""
    runs = []
    while mask:
        low = mask & -mask
        # Adding the lowest bit carries through the run.
        run = mask & ~(mask + low)
        runs.append(run)
        mask &= ~run
    return runs


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
