"""How a number gets into prose: emitted from a result cell, together with its receipt.

No number of a result is ever written into a text in another way, so none is without a receipt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clew_core.number_format import digits_for, format_number
from clew_core.query_spec import Measure
from clew_core.receipts import Expression, Number, Receipt, Ref, json_number, round_half_up

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(kw_only=True)
class Prose:
    """Numbers of one result, each with a receipt.

    Attributes:
        cell: id of the SQL cell.
        sql_sha256: hash of its SQL.
        table: its result.
        receipts: of the numbers so far, in the order of the text.
    """

    cell: str
    sql_sha256: str
    table: pa.Table
    receipts: list[Receipt] = field(default_factory=list)

    def value(self, row: int, column: str) -> Any:
        """Read a value without printing it."""
        return self.table.column(column)[row].as_py()

    def is_float(self, column: str) -> bool:
        """Say whether a column holds binary numbers, which a division gives."""
        return str(self.table.schema.field(column).type) in ("double", "float")

    def number(self, row: int, column: str, *, exact: bool, unit: str | None = None) -> str:
        """Print the number at a place.

        Args:
            row: 0-based.
            column: its name.
            exact: a count or total keeps all digits, a mean is rounded.
            unit: put behind it; a fraction is printed as percent.
        """
        if unit == "fraction":
            return self.percent(row, column)
        value = self.value(row, column)
        if not is_number(value):
            return "no value" if value is None else str(value).removesuffix(" 00:00:00")
        ref = Ref(cell=self.cell, sql_sha256=self.sql_sha256, row=row, column=column)
        return self._emit(
            value, {"op": "value", "ref": 0}, ref, digits_for(value, exact=exact), unit
        )

    def percent(self, row: int, column: str, *, signed: bool = False) -> str:
        """Print a fraction as a percentage; with ``signed`` a rise has a plus."""
        value = self.value(row, column)
        if not is_number(value):
            return "no value"
        ref = Ref(cell=self.cell, sql_sha256=self.sql_sha256, row=row, column=column)
        itself: Expression = {"op": "value", "ref": 0}
        if value == 0:
            return self._emit(value, itself, ref, 0, "%")
        one: Expression = {"op": "ratio", "args": [itself, itself]}
        hundredfold = value * 100
        digits = 1 if abs(hundredfold) >= 1 else digits_for(hundredfold, exact=False)
        tree: Expression = {"op": "percent", "args": [itself, one]}
        text = self._emit(hundredfold, tree, ref, digits, "%")
        return f"+{text}" if signed and value > 0 else text

    def plain(self, row: int, column: str) -> str:
        """Print a number that names something, a year or a key: without separators."""
        value = self.value(row, column)
        if not is_number(value):
            return "(none)" if value is None else " ".join(str(value).split())
        ref = Ref(cell=self.cell, sql_sha256=self.sql_sha256, row=row, column=column)
        self._keep(str(value), value, {"op": "value", "ref": 0}, ref, None)
        return str(value)

    def rows(self) -> str:
        """Print the number of rows of the result."""
        ref = Ref(cell=self.cell, sql_sha256=self.sql_sha256)
        return self._emit(self.table.num_rows, {"op": "count", "ref": 0}, ref, 0, None)

    def _emit(
        self, value: Number, expression: Expression, ref: Ref, digits: int | None, unit: str | None
    ) -> str:
        if digits is not None and not isinstance(value, int):
            value = round_half_up(value, digits)
            expression = {"op": "round", "args": [expression], "digits": digits}
        text = format_number(value, digits, unit)
        self._keep(text, value, expression, ref, unit)
        return text

    def _keep(
        self, text: str, value: Number, expression: Expression, ref: Ref, unit: str | None
    ) -> None:
        self.receipts.append(
            Receipt(
                id=f"r{len(self.receipts) + 1}",
                text=text,
                value=json_number(value),
                unit=unit,
                expression=expression,
                refs=(ref,),
            )
        )


def is_number(value: Any) -> bool:
    """Whether a value is a finite number and no truth value."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    return math.isfinite(value)


def unit_of(measure: Measure) -> str | None:
    """Give the unit to put behind a number; none where its name says it: "number of orders"."""
    unit, name = measure.unit, measure.name.replace("_", " ").lower()
    return None if unit and name.endswith(f" {unit.lower()}") else unit
