"""How are numbers, places and days put into sentences? Numbers come from result cells only.

Like ``proxy/prose.py``, over several results: what is printed is what the receipt's expression
gives, rounded, so a changed cell breaks it. So are days.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from clew_agents.insight.asking import Sheet
from clew_agents.insight.subject import Place, Subject
from clew_core.number_format import digits_for, format_number
from clew_core.receipts import Expression, Number, Receipt, Ref, evaluate, json_number


@dataclass(frozen=True, kw_only=True)
class Value:
    """A number that can be re-computed: an expression over cells.

    Attributes:
        expression: JSON tree over refs.
        refs: the cells.
        sheets: the results of the cells.
    """

    expression: Expression
    refs: tuple[Ref, ...]
    sheets: tuple[Sheet, ...]

    @property
    def number(self) -> Number:
        """Compute it."""
        known = {sheet.cell: sheet.table for sheet in self.sheets}
        return evaluate(self.expression, self.refs, lambda ref: known[ref.cell])

    def with_(self, op: str, other: Value) -> Value:
        """Combine with another one: ``difference``, ``ratio``, ``percent`` or ``sum``."""
        shifted = _shifted(other.expression, len(self.refs))
        return Value(
            expression={"op": op, "args": [self.expression, shifted]},
            refs=(*self.refs, *other.refs),
            sheets=(
                *self.sheets,
                *(s for s in other.sheets if all(s.cell != k.cell for k in self.sheets)),
            ),
        )


def _shifted(expression: Expression, by: int) -> Expression:
    found = dict(expression)
    if "ref" in found:
        found["ref"] = found["ref"] + by
    if "args" in found:
        found["args"] = [_shifted(arg, by) for arg in found["args"]]
    return found


def cell(sheet: Sheet, column: str, row: int = 0) -> Value | None:
    """Take a number from a result; None where there is none."""
    value = sheet.table.column(column)[row].as_py() if sheet.table.num_rows > row else None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if not math.isfinite(value):
        return None
    ref = Ref(cell=sheet.cell, sql_sha256=sheet.sql_sha256, row=row, column=column)
    return Value(expression={"op": "value", "ref": 0}, refs=(ref,), sheets=(sheet,))


def text_at(sheet: Sheet, column: str, row: int = 0) -> str:
    """Take a name or a day from a result."""
    return plain(sheet.table.column(column)[row].as_py())


def plain(value: Any) -> str:
    """Print a name or a day: a moment as its day."""
    text = " ".join(str(value).split())
    return text[:10] if len(text) >= 19 and text[4:5] == "-" and text[10:11] in " T" else text


@dataclass(kw_only=True)
class Words:
    """Collects receipts and sheets while sentences are written."""

    receipts: list[Receipt] = field(default_factory=list)
    sheets: dict[str, Sheet] = field(default_factory=dict)

    def mark(self) -> int:
        """Remember how many numbers there are, to take later ones back."""
        return len(self.receipts)

    def take_back(self, mark: int) -> None:
        """Forget the numbers after a mark: their sentence was not said."""
        del self.receipts[mark:]

    def number(
        self,
        value: Value,
        *,
        exact: bool = False,
        unit: str | None = None,
        digits: int | None = None,
    ) -> str:
        """Print a number and keep its receipt."""
        plain_number = value.number
        if digits is None:
            digits = digits_for(plain_number, exact=exact)
        expression = value.expression
        if digits is not None and not isinstance(plain_number, int):
            expression = {"op": "round", "args": [expression], "digits": digits}
        rounded = Value(expression=expression, refs=value.refs, sheets=value.sheets)
        shown = rounded.number
        text = format_number(shown, digits if not isinstance(shown, int) else 0, unit)
        for sheet in value.sheets:
            self.sheets.setdefault(sheet.cell, sheet)
        self.receipts.append(
            Receipt(
                id=f"r{len(self.receipts) + 1}",
                text=text,
                value=json_number(shown),
                unit=unit,
                expression=expression,
                refs=value.refs,
            )
        )
        return text

    def whole(self, value: Value, unit: str | None = None) -> str:
        """Print a number rounded to a whole one, or to three digits where it is small."""
        size = abs(float(value.number))
        return self.number(value, digits=0 if size >= 10 or size == 0 else 1, unit=unit)

    def percent(self, value: Value) -> str:
        """Print a percentage without its sign."""
        size = abs(float(value.number))
        return self.number(value, digits=0 if size >= 10 else 1 if size >= 1 else 2, unit="%")

    def day(self, sheet: Sheet, column: str, row: int = 0) -> str:
        """Print a day as it stands in a cell, and keep its receipt."""
        text = text_at(sheet, column, row)
        ref = Ref(cell=sheet.cell, sql_sha256=sheet.sql_sha256, row=row, column=column)
        value = Value(expression={"op": "day", "ref": 0}, refs=(ref,), sheets=(sheet,))
        self.use(sheet)
        self.receipts.append(
            Receipt(
                id=f"r{len(self.receipts) + 1}",
                text=text,
                value=json_number(value.number),
                expression=value.expression,
                refs=value.refs,
            )
        )
        return text

    def rows(self, sheet: Sheet) -> str:
        """Print how many rows a result has."""
        ref = Ref(cell=sheet.cell, sql_sha256=sheet.sql_sha256)
        value = Value(expression={"op": "count", "ref": 0}, refs=(ref,), sheets=(sheet,))
        return self.number(value, exact=True)

    def use(self, sheet: Sheet) -> None:
        """Keep a sheet from which names or days were printed."""
        self.sheets.setdefault(sheet.cell, sheet)


def said_place(place: Place) -> str:
    """Say a place: "Bike Bags", "carrier DPX", "no coupon code", "not bounced"."""
    name = place.name
    if place.value is None:
        return f"no {name}"
    if isinstance(place.value, bool):
        return name if place.value else f"not {name}"
    value = " ".join(str(place.value).split())
    words = name.split()
    if words[-1:] == ["name"] and len(words) > 1:
        return f"{' '.join(words[:-1])} {value}"
    return f"{name} {value}"


def said_places(places: Sequence[Place]) -> str:
    """Say several places: "category Tents, region France"."""
    return ", ".join(said_place(place) for place in places)


def of_places(subject: Subject, places: Sequence[Place]) -> str:
    """Say what is measured, and where."""
    everything = (*subject.places, *places)
    return f"{subject.noun} ({said_places(everything)})" if everything else subject.noun


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]


def listed(parts: Sequence[str]) -> str:
    """Put parts in a row: "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"
