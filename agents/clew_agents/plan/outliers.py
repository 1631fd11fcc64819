"""Which numbers of a result stand out from the others of the same result?

By the median and the median absolute deviation (Iglewicz and Hoaglin 1993: beyond 3.5), which a
few outliers can't hide from. Says nothing of causes, and nothing of results with few groups.
"""

from __future__ import annotations

import statistics

from clew_agents.information_unit import Found, Sentence
from clew_agents.proxy.prose import Prose, is_number
from clew_agents.sql.describe import Describer, period_text, shown
from clew_core.cells import sha256
from clew_core.number_format import digits_for, format_number
from clew_core.receipts import Receipt, Ref, json_number, round_half_up

LEAST = 8
BEYOND = 3.5
_MAD = 0.6745
_MOST = 2


def outliers(found: Found, cell: str) -> tuple[Sentence, ...]:
    """Say what stands out in a result, in at most two sentences; nothing where it is too small.

    Args:
        found: the result.
        cell: what the receipts name as its cell.
    """
    spec, table = found.spec, found.table
    if not spec.measures or not spec.dimensions or table.num_rows < LEAST:
        return ()
    measure = spec.measures[0]
    values = table.column(measure.name).to_pylist()
    rows = [row for row, value in enumerate(values) if is_number(value)]
    numbers = [float(values[row]) for row in rows]
    if len(numbers) < LEAST:
        return ()
    middle = statistics.median(numbers)
    spread = statistics.median(abs(number - middle) for number in numbers)
    odd = [
        row
        for row, number in zip(rows, numbers, strict=True)
        if spread and _MAD * abs(number - middle) / spread > BEYOND
    ]
    prose = Prose(cell=cell, sql_sha256=sha256(found.sql), table=table)
    what = f"the {Describer(spec).measure(measure)}"
    if not odd or len(odd) > len(rows) / 4:
        text = f"None of the {prose.rows()} values of {what} stands out from the others."
        return (Sentence(text=text, receipts=tuple(prose.receipts)),)
    odd.sort(key=lambda row: -abs(float(values[row]) - middle))
    usual = [row for row in rows if row not in odd]
    return tuple(_told(found, row, usual, cell, middle, what) for row in odd[:_MOST])


def _told(
    found: Found, row: int, usual: list[int], cell: str, middle: float, what: str
) -> Sentence:
    """Compare one number with the nearest of those that do not stand out."""
    measure = found.spec.measures[0]
    column = found.table.column(measure.name)
    prose = Prose(cell=cell, sql_sha256=sha256(found.sql), table=found.table)
    high = float(column[row].as_py()) > middle
    near = max(usual, key=lambda r: column[r].as_py() if high else -column[r].as_py())
    exact = measure.aggregate in ("count", "count_distinct", "sum")
    said = prose.number(row, measure.name, exact=exact, unit=measure.unit)
    text = f"{_group(found, row)} stands out: {what} is {said}"
    mine, other = column[row].as_py(), column[near].as_py()
    if high and other > 0:
        refs = tuple(
            Ref(cell=cell, sql_sha256=prose.sql_sha256, row=place, column=measure.name)
            for place in (row, near)
        )
        times = float(mine) / float(other)
        digits = 1 if times >= 1 else digits_for(times, exact=False) or 1
        ratio = {"op": "ratio", "args": [{"op": "value", "ref": 0}, {"op": "value", "ref": 1}]}
        rounded = round_half_up(times, digits)
        times_text = format_number(rounded, digits)
        prose.receipts.append(
            Receipt(
                id=f"r{len(prose.receipts) + 1}",
                text=times_text,
                value=json_number(rounded),
                expression={"op": "round", "args": [ratio], "digits": digits},
                refs=refs,
            )
        )
        text += f", {times_text} times the highest of the others"
    else:
        text += f", where the {'highest' if high else 'lowest'} of the others is "
        text += prose.number(near, measure.name, exact=exact, unit=measure.unit)
    return Sentence(text=f"{text}.", receipts=tuple(prose.receipts))


def _group(found: Found, row: int) -> str:
    names = []
    for dimension in shown(found.spec):
        value = found.table.column(dimension.name)[row].as_py()
        names.append("(none)" if value is None else period_text(value, dimension.grain)
                     if dimension.grain else str(value))  # fmt: skip
    return ", ".join(names)
