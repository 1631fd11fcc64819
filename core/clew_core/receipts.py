"""How a number in prose is tied to the result cells that it comes from, and how that is re-checked.

A receipt holds an expression, a JSON tree:

    {"op": "value", "ref": 0}                       the value at refs[0]
    {"op": "count", "ref": 0}                       number of rows of the result of refs[0]
    {"op": "sum", "ref": 0}                         sum of the column of refs[0], nulls left out
    {"op": "day", "ref": 0}                         the day at refs[0] as a number: 20240131
    {"op": "sum" | "difference" | "ratio" | "percent", "args": [tree, tree]}
    {"op": "round", "args": [tree], "digits": 2}    half away from zero, as people round

``percent`` is 100 × first / second. Decimals and integers are computed exactly. What a receipt
does not show: that the SQL says what the question meant.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from typing import TYPE_CHECKING, Any, TypeAlias

from clew_core.errors import ToolFailed

if TYPE_CHECKING:
    import pyarrow as pa

Number: TypeAlias = int | float | Decimal
Expression: TypeAlias = dict[str, Any]
_MOST_DIGITS = 350  # the smallest float is 5e-324
# Holds every float and every DECIMAL(38) with so many digits: Python's own 28 do not.
_EXACT = Context(prec=700)


@dataclass(frozen=True, kw_only=True)
class Ref:
    """One place in a result.

    Attributes:
        cell: id of the SQL cell.
        sql_sha256: hash of its UTF-8 SQL without the magic line.
        row: 0-based; None for the whole column or result.
        column: its name; None for the whole result.
    """

    cell: str
    sql_sha256: str
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """Where one number of a text comes from.

    Attributes:
        id: ``r1``, ``r2``, … in the order of the text.
        text: the number as it is printed.
        value: what the expression gave: an integer or float; a decimal as string.
        unit: of the value, if known.
        expression: JSON tree over refs, see the module.
        refs: the places that it reads.
    """

    id: str
    text: str
    value: int | float | str
    expression: Expression
    refs: tuple[Ref, ...]
    unit: str | None = None


Lookup: TypeAlias = "Callable[[Ref], pa.Table]"


def evaluate(expression: Expression, refs: Sequence[Ref], lookup: Lookup) -> Number:
    """Compute an expression over results.

    Args:
        expression: JSON tree, see the module.
        refs: the places that it names by index.
        lookup: gives the result table of a ref's cell.

    Raises:
        ToolFailed: a place is not there, is null or no number, or the tree is malformed.
    """
    if not isinstance(expression, dict):  # receipts come from files too
        raise _not_understood(expression)
    op, args = expression.get("op"), expression.get("args", [])
    if "ref" in expression:
        place = expression["ref"]
        if type(place) is not int or not 0 <= place < len(refs):
            raise ToolFailed(f"The receipt names ref {place!r}, which it does not have.")
        ref = refs[place]
        table = lookup(ref)
        if op == "count":
            return int(table.num_rows)
        if op == "sum":
            values = [_number(v, ref) for v in _column(table, ref).to_pylist() if v is not None]
            return _total(values)
        if op == "value":
            return _number(_cell(table, ref), ref)
        if op == "day":
            return _day(_cell(table, ref), ref)
    if not isinstance(args, (list, tuple)):
        raise _not_understood(expression)
    values = [evaluate(arg, refs, lookup) for arg in args]
    if op == "sum" and values:
        return _total(values)
    digits = expression.get("digits", 0)
    if op == "round" and len(values) == 1 and type(digits) is int and abs(digits) <= _MOST_DIGITS:
        return round_half_up(values[0], digits)
    if op in ("difference", "ratio", "percent") and len(values) == 2:
        first, second = _alike(values[0], values[1])
        if op == "difference":
            with localcontext(_EXACT):
                difference: Number = first - second
            return difference
        if second == 0:
            raise ToolFailed("The receipt divides by zero.")
        if isinstance(first, int) and isinstance(second, int):
            first, second = Decimal(first), Decimal(second)
        ratio: Number = first / second * (100 if op == "percent" else 1)
        return ratio
    raise _not_understood(expression)


def round_half_up(value: Number, digits: int) -> Number:
    """Round half away from zero; a float stays a float, a decimal a decimal.

    >>> round_half_up(2.675, 2), round_half_up(Decimal("-0.5"), 0), round_half_up(1250, -2)
    (2.68, Decimal('-1'), 1300)
    """
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _EXACT)
    if isinstance(value, Decimal):
        return rounded
    return int(rounded) if isinstance(value, int) else float(rounded)


def agrees(before: int | float | str, now: Number) -> bool:
    """Say whether a stated value is what was computed again.

    Integers and decimals must be equal. Floats may differ by 1e-9 of their size: engines add
    floats in an order that changes from run to run.
    """
    if isinstance(before, str):
        return Decimal(before) == Decimal(str(now))
    if isinstance(before, float) or isinstance(now, float):
        return math.isclose(before, float(now), rel_tol=1e-9, abs_tol=1e-12)
    return before == now


def json_number(value: Number) -> int | float | str:
    """Write a number for JSON: decimals and integers over 53 bits become strings."""
    if isinstance(value, Decimal) or (isinstance(value, int) and abs(value) > 2**53):
        return str(value)
    return value


def _not_understood(expression: object) -> ToolFailed:
    return ToolFailed(f"The receipt has an expression that is not understood: {expression!r}.")


def _column(table: pa.Table, ref: Ref) -> pa.ChunkedArray:
    if ref.column not in table.column_names:
        raise ToolFailed(f"The result of cell {ref.cell!r} has no column {ref.column!r}.")
    return table.column(ref.column)


def _cell(table: pa.Table, ref: Ref) -> Any:
    column = _column(table, ref)
    if ref.row is None or not 0 <= ref.row < table.num_rows:
        raise ToolFailed(f"The result of cell {ref.cell!r} has no row {ref.row!r}.")
    return column[ref.row].as_py()


def _number(value: Any, ref: Ref) -> Number:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ToolFailed(f"Row {ref.row}, column {ref.column!r} holds {value!r}: not a number.")
    return value


def _day(value: Any, ref: Ref) -> int:
    try:
        day = value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise ToolFailed(
            f"Row {ref.row}, column {ref.column!r} holds {value!r}: not a day."
        ) from error
    return day.year * 10_000 + day.month * 100 + day.day


def _alike(first: Number, second: Number) -> tuple[Any, Any]:
    if isinstance(first, float) or isinstance(second, float):
        return float(first), float(second)
    return first, second


def _total(values: Sequence[Number]) -> Number:
    if any(isinstance(value, float) for value in values):
        return math.fsum(values)
    with localcontext(_EXACT):
        exact = values and isinstance(values[0], Decimal)
        return sum(values, start=Decimal(0)) if exact else sum(values)
