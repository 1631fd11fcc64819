"""How is a CSV file laid out: comments, separator, names of the columns?

DuckDB reads the rows; what it would guess silently (skipping odd rows, renaming columns) is
decided here, so that it can be said.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from clew_core.errors import SourceError
from clew_tools.database.names import numbered

_HEAD = 256 * 1024
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
        warnings: what was decided, one line each.
    """

    separator: str
    names: tuple[str, ...]
    skip: int
    cut: bool
    rows: bool
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
    separator = _separator(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=False)
    first = next(reader)
    named = not (
        all(_NO_NAME.fullmatch(cell.strip()) for cell in first if cell.strip())
        and any(re.search(r"[.,-]", cell) or len(first) > 1 for cell in first)
    )
    warnings = []
    if named:
        names, said = _names(first)
        warnings += said
        skip = before + reader.line_num
        cut = reader.line_num > 1
        rows = any(any(cell.strip() for cell in row) for row in reader) or not whole
    else:
        names = tuple(f"column_{number}" for number in range(1, len(first) + 1))
        warnings.append("it has no line with column names; they are called column_1, …")
        skip, cut, rows = before, False, True
    cut = cut or any('"' in line for line in lines[:before])
    return Layout(
        separator=separator,
        names=names,
        skip=skip,
        cut=cut,
        rows=rows,
        warnings=tuple(warnings),
    )


def _separator(text: str) -> str:
    """Choose the separator that cuts the first rows into the same number of values, most."""
    best, score = ",", (0, 0)
    for separator in _SEPARATORS:
        counts = []
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            for row in reader:
                if row:
                    counts.append(len(row))
                if len(counts) == 50:
                    break
        except csv.Error:
            continue
        if not counts or counts[0] == 1:
            continue
        found = (sum(count == counts[0] for count in counts), counts[0])
        if found > score:
            best, score = separator, found
    return best


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
