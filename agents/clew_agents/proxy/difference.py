"""How are two numbers that were put side by side compared? In one sentence, with receipts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from clew_agents.information_unit import Found
from clew_agents.proxy.prose import is_number
from clew_agents.sql.describe import Describer
from clew_core.cells import sha256
from clew_core.number_format import digits_for, format_number
from clew_core.receipts import Expression, Number, Receipt, Ref, json_number, round_half_up


def difference(
    first: Found, second: Found, cells: tuple[str, str], unit: str | None = None
) -> tuple[str, tuple[Receipt, ...]]:
    """Say how much more or less the second number is; nothing where that says nothing.

    Args:
        first: a result of one number.
        second: another one, of the same scale.
        cells: their ids.
        unit: of both.
    """
    refs: list[Ref] = []
    values: list[Any] = []
    for found, cell in zip((first, second), cells, strict=True):
        column = found.spec.measures[0].name
        value = found.table.column(column)[0].as_py() if found.table.num_rows else None
        if not is_number(value):
            return "", ()
        values.append(value)
        refs.append(Ref(cell=cell, sql_sha256=sha256(found.sql), row=0, column=column))
    if any(isinstance(value, float) for value in values):
        values = [float(value) for value in values]
    old, new = values
    names = [_name(found) for found in (first, second)]
    if old == new:
        return f"{_capital(names[1])} is the same as {names[0]}.", ()
    more = new > old
    ends = (1, 0) if more else (0, 1)
    change: Expression = {
        "op": "difference", "args": [{"op": "value", "ref": end} for end in ends],
    }  # fmt: skip
    gap = values[ends[0]] - values[ends[1]]
    average = any(f.spec.measures[0].aggregate in ("avg", "median") for f in (first, second))
    receipts = [_receipt(gap, change, refs, digits_for(gap, exact=not average), unit)]
    text = (
        f"{_capital(names[1])} is {receipts[0].text} {'more' if more else 'less'} than {names[0]}"
    )
    if old > 0:
        share: Expression = {"op": "percent", "args": [change, {"op": "value", "ref": 0}]}
        part = (
            gap / old * 100
            if isinstance(gap, float)
            else Decimal(gap) / Decimal(old) * Decimal(100)
        )
        receipts.append(_receipt(part, share, refs, 1, "%"))
        text += f" ({receipts[1].text})"
    return f"{text}.", tuple(receipts)


def _receipt(
    value: Number, expression: Expression, refs: list[Ref], digits: int | None, unit: str | None
) -> Receipt:
    if digits is not None and not isinstance(value, int):
        value = round_half_up(value, digits)
        expression = {"op": "round", "args": [expression], "digits": digits}
    return Receipt(
        id="r1",
        text=format_number(value, digits, unit),
        value=json_number(value),
        unit=unit,
        expression=expression,
        refs=tuple(refs),
    )


def _name(found: Found) -> str:
    words = Describer(found.spec)
    return f"the {words.measure(found.spec.measures[0])} {words.conditions()}".strip()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
