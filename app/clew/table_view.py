"""How is the table of a result shown, as text and as HTML?

Shows a few rows and says how many are left out. Measures get thousands separators, counts and
totals keep all digits, averages and shares are rounded; what rows are grouped by (a year, an id)
is printed as it is.
"""

from __future__ import annotations

import datetime
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from clew.sanitise import cut, one_line, width
from clew_core.number_format import digits_for, format_number
from clew_core.query_spec import QuerySpec

if TYPE_CHECKING:
    import pyarrow as pa

Style = Literal["plain", "exact", "rounded"]
LONGEST_VALUE = 60
NARROWEST = 8
ROUNDED = frozenset({"avg", "median", "quantile", "stddev", "variance"})
ROUNDED_COMPARISONS = frozenset({"growth", "share", "rolling_avg"})
GAP = "  "


@dataclass(frozen=True, kw_only=True)
class TableView:
    """A table as text.

    Attributes:
        names: of the columns.
        rows: the first rows, every value as text.
        right: whether a column holds numbers, which stand on the right.
        left_out: rows that are not shown.
        truncated: the result itself was cut.
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[bool, ...]
    left_out: int = 0
    truncated: bool = False

    def text(self, columns: int | None = None) -> str:
        """Align the table for a terminal.

        Args:
            columns: width of the terminal; None does not cut.
        """
        wanted = [
            max([width(name), *(width(row[i]) for row in self.rows)])
            for i, name in enumerate(self.names)
        ]
        widths = _fit(wanted, columns)
        lines = [self._line(self.names, widths), GAP.join("-" * size for size in widths)]
        lines += [self._line(row, widths) for row in self.rows]
        if more := self.note():
            lines.append(more)
        if hidden := self.names[len(widths) :]:
            lines.append(f"… and {_count(len(hidden), 'more column')}: {', '.join(hidden)}")
        return "\n".join(lines)

    def html(self) -> str:
        """Write the table as HTML in which every value is escaped."""
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.names)
        body = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align: {"right" if right else "left"}">{html.escape(value)}</td>'
                for value, right in zip(row, self.right, strict=True)
            )
            + "</tr>"
            for row in self.rows
        )
        note = f"<p>{html.escape(self.note())}</p>" if self.note() else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"

    def note(self) -> str:
        """Say how many rows are not shown."""
        more = f"… and {_count(self.left_out, 'more row')}" if self.left_out else ""
        if self.truncated:
            return f"{more or '…'}; there are others that were not read (setting run.rows)"
        return more

    def _line(self, values: Sequence[str], widths: Sequence[int]) -> str:
        cells = []
        for value, size, right in zip(values, widths, self.right, strict=False):
            value = cut(value, size)
            space = " " * (size - width(value))
            cells.append(space + value if right else value + space)
        return GAP.join(cells).rstrip()


def view(
    table: pa.Table, *, rows: int = 20, spec: QuerySpec | None = None, truncated: bool = False
) -> TableView:
    """Choose what is shown of a result, and how.

    Args:
        table: the result.
        rows: at most so many are shown.
        spec: says which columns are measures; without it numbers are printed as they are.
        truncated: the result was cut at the row budget.
    """
    styles = column_styles(spec)
    shown = table.slice(0, rows)
    columns = [
        _texts(column.to_pylist(), styles.get(name, "plain"))
        for name, column in zip(shown.column_names, shown.columns, strict=True)
    ]
    return TableView(
        names=tuple(one_line(name) for name in table.column_names),
        rows=tuple(zip(*columns, strict=True)),
        right=tuple(_is_number(field.type) for field in table.schema),
        left_out=table.num_rows - shown.num_rows,
        truncated=truncated,
    )


def column_styles(spec: QuerySpec | None) -> dict[str, Style]:
    """Read off a spec how the columns of its result are printed."""
    if spec is None:
        return {}
    styles: dict[str, Style] = {}
    for measure in spec.measures:
        rounded = measure.ratio is not None or measure.aggregate in ROUNDED
        styles[measure.name] = "rounded" if rounded else "exact"
    for comparison in spec.comparisons:
        inherited = styles.get(comparison.measure, "exact")
        styles[comparison.name] = "rounded" if comparison.kind in ROUNDED_COMPARISONS else inherited
    return styles


def _texts(values: list[Any], style: Style) -> list[str]:
    """Print the values of one column alike."""
    if any(isinstance(value, datetime.datetime) for value in values):
        midnight = all(
            value is None or value.time() == datetime.time() and value.tzinfo is None
            for value in values
        )
        return ["null" if v is None else str(v.date() if midnight else v) for v in values]
    digits = None
    if style == "rounded":
        wanted = [
            digits_for(value, exact=False) or 0
            for value in values
            if isinstance(value, (float, Decimal)) and _finite(value)
        ]
        digits = min(max(wanted, default=0), 6)
    return [_text(value, style, digits) for value in values]


def _text(value: Any, style: Style, digits: int | None) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)) and _finite(value):
        if style == "rounded":
            return format_number(value, None if isinstance(value, int) else digits)
        printed = format_number(value)
        return printed if style == "exact" else printed.replace(",", "")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return cut(one_line(str(value)), LONGEST_VALUE)


def _finite(value: int | float | Decimal) -> bool:
    return isinstance(value, int) or math.isfinite(value)


def _is_number(type_: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_)
    )


def _fit(wanted: list[int], columns: int | None) -> list[int]:
    """Narrow the widest columns, then leave out the last ones, until a line fits."""
    widths = list(wanted)
    while columns and sum(widths) + len(GAP) * (len(widths) - 1) > columns:
        over = sum(widths) + len(GAP) * (len(widths) - 1) - columns
        widest = max(range(len(widths)), key=lambda i: widths[i])
        if widths[widest] > NARROWEST:
            second = max([NARROWEST, *(size for size in widths if size < widths[widest])])
            widths[widest] = max(second, widths[widest] - over)
        elif len(widths) > 1:
            widths.pop()
        else:
            break
    return widths


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
