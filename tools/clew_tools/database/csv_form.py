"""How is a CSV file laid out: comments, separator, names of the columns?

DuckDB reads the rows; what it would guess silently (skipping odd rows, renaming columns) is
decided here, so that it can be said.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clew_core.errors import SourceError
from clew_tools.database.names import numbered

_HEAD = 256 * 1024
_LOOKED_AT = 50
_SEPARATORS = (",", ";", "\t", "|")
_NO_NAME = re.compile(r"[+-]?(\d[\d.,]*|\d{4}-\d\d-\d\d.*)%?")
_LONGEST_FIELD = 16 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How to read a file.

    Attributes:
        separator: between values.
        names: of the columns, unique.
        skip: lines before the first row of data.
        cut: whether these must be cut off for DuckDB, which takes quotes and line ends in them
            for those of values.
        rows: whether there is any row of data.
        sample: the values of the first row of data.
        warnings: what was decided, one line each.
    """

    separator: str
    names: tuple[str, ...]
    skip: int
    cut: bool
    rows: bool
    sample: tuple[str, ...]
    warnings: tuple[str, ...]


def layout(path: Path, shown: str) -> Layout:
    """Look at the beginning of a file.

    Args:
        path: UTF-8.
        shown: its name for people.

    Raises:
        SourceError: there is no line with names.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.read(_HEAD)
        whole = not file.read(1)
    if "\0" in head:
        raise SourceError(f"{shown!r} is no text file: it holds zero bytes.")
    lines = head.splitlines(keepends=True)
    before = 0
    while before < len(lines) and (
        lines[before].startswith("#") or not lines[before].strip(" \t\r\n,;|")
    ):
        before += 1
    if before == len(lines):
        raise SourceError(f"{shown!r} has no line with column names.")
    text = "".join(lines[before:])
    if not whole:
        # The last line may be cut.
        text = text[: text.rfind("\n") + 1] or text
    separator, columns = _separator(text)
    warnings = []
    if title := _title_lines(text, separator, columns) if columns > 1 else 0:
        above = text.splitlines(keepends=True)
        warnings.append(f"the lines above the column names were skipped: {above[0].strip()!r}")
        text, before = "".join(above[title:]), before + title
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    first = next(reader)
    named = not (
        all(_NO_NAME.fullmatch(cell.strip()) for cell in first if cell.strip())
        and any(re.search(r"[.,-]", cell) or len(first) > 1 for cell in first)
    )
    if named:
        names, said = _names(first)
        warnings += said
        skip = before + reader.line_num
        cut = reader.line_num > 1
        sample = next((row for row in reader if any(cell.strip() for cell in row)), [])
        rows = bool(sample) or not whole
    else:
        names = tuple(f"column_{number}" for number in range(1, len(first) + 1))
        warnings.append("it has no line with column names; they are called column_1, …")
        skip, cut, rows, sample = before, False, True, first
    cut = cut or any('"' in line for line in lines[:before])
    return Layout(
        separator=separator,
        names=names,
        skip=skip,
        cut=cut,
        rows=rows,
        sample=tuple(sample),
        warnings=tuple(warnings),
    )


def _separator(text: str) -> tuple[str, int]:
    """Choose the separator that cuts most of the first rows into the same number of values."""
    best, columns, score = ",", 1, (0, 0)
    for separator in _SEPARATORS:
        try:
            rows = itertools.islice(filter(None, _reader(text, separator)), _LOOKED_AT)
            counts = Counter(len(row) for row in rows)
        except csv.Error:
            continue
        several = [(rows, count) for count, rows in counts.items() if count > 1]
        if several and max(several) > score:
            score = max(several)
            best, columns = separator, score[1]
    return best, columns


def _reader(text: str, separator: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _title_lines(text: str, separator: str, columns: int) -> int:
    """Count the lines of a title above the table: they have one value where rows have several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines = 0
    for row in itertools.islice(reader, _LOOKED_AT):
        if sum(bool(cell.strip()) for cell in row) > 1 or len(row) == columns == 1:
            return lines
        lines = reader.line_num
    return 0


def _names(first: list[str]) -> tuple[tuple[str, ...], list[str]]:
    warnings = []
    given = [" ".join(cell.split()) for cell in first]
    filled = [name or f"column_{number}" for number, name in enumerate(given, 1)]
    empty = [name for name, cell in zip(filled, given, strict=True) if not cell]
    if empty:
        warnings.append(f"columns without a name are called {', '.join(map(repr, empty))}")
    names = numbered(filled)
    for old, new in zip(filled, names, strict=True):
        if old != new:
            warnings.append(f"a second column {old!r} is called {new!r}")
    return names, warnings


def ragged_row(path: Path, form: Layout) -> tuple[int, int] | None:
    """Find the first row with another number of values: its line and that number."""
    for line, row in _rows(path, form):
        if row and len(row) != len(form.names):
            return line, len(row)
    return None


def _rows(path: Path, form: Layout) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(_LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for _ in range(form.skip):
            file.readline()
        reader = csv.reader(file, delimiter=form.separator)
        line = form.skip + 1
        try:
            for row in reader:
                yield line, row
                line = form.skip + reader.line_num + 1
        except csv.Error:
            return
