"""How does the result of free SQL become text? Without a spec: its columns say what they are."""

from __future__ import annotations

import re

from clew_agents.proxy.compose import Text
from clew_agents.proxy.prose import Prose, is_number

TITLE = "Result of a query"
_WORDS = re.compile(r"[A-Za-z_]+( [A-Za-z_]+)*")
_NAMED = 4


def compose_free(prose: Prose, *, truncated: bool) -> Text:
    """Write the text of a result; every number in it has a receipt.

    Args:
        prose: over the result.
        truncated: there are more rows than the result has.
    """
    table = prose.table
    if table.num_rows == 1 and table.num_columns <= _NAMED:
        parts = [_cell(prose, column) for column in table.column_names]
        return Text(text=f"{_joined(parts)}.", title=TITLE, receipts=tuple(prose.receipts))
    begins = "The first" if truncated else "The query gives"
    rows = "row" if table.num_rows == 1 else "rows"
    text = f"{begins} {prose.rows()} {rows}{' are shown' if truncated else ''}."
    return Text(text=text, title=TITLE, receipts=tuple(prose.receipts))


def _cell(prose: Prose, column: str) -> str:
    value = prose.value(0, column)
    label = column.replace("_", " ") if _WORDS.fullmatch(column) else "value"
    if is_number(value):
        return f"{label} is {prose.number(0, column, exact=not prose.is_float(column))}"
    return f"{label} is {prose.plain(0, column)}"


def _joined(parts: list[str]) -> str:
    text = "; ".join(parts)
    return text[:1].upper() + text[1:]
