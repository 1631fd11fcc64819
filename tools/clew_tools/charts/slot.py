"""What a place in a figure is that rows fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]
SlotKind = Literal[
    "column", "numbers", "columns", "value", "name", "color", "sizeref", "categories"
]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """A place in the figure that rows fill.

    Attributes:
        kind: a column's values, the same as plain numbers, several columns' values row by row,
            the one value of a column, the name or the colour of the trace, Plotly's scale for
            marker areas, or a column's categories in their order.
        fields: the columns.
    """

    kind: SlotKind
    fields: tuple[str, ...] = ()
