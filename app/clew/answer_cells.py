"""How do the cells of several answers live in one notebook without meaning each other?

Two answers may use the same ids and bind the same names; the later ones get others, and what
refers to them (receipts, charts) follows.
"""

from __future__ import annotations

import io
import keyword
import re
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import replace

from clew_core.answer import Answer
from clew_core.cells import Cell
from clew_core.receipts import Receipt

_BINDING = ("sql", "python")  # what a chart cell binds, no other cell reads


def with_own_names(
    answers: Sequence[Answer], *, ids: Iterable[str] = (), names: Iterable[str] = ()
) -> tuple[Answer, ...]:
    """Give every cell an id and every result a name that no other answer's cell has.

    Args:
        answers: in order.
        ids: that are taken already.
        names: that are taken already.
    """
    taken_ids, taken_names = set(ids), set(names)
    return tuple(_renamed(answer, taken_ids, taken_names) for answer in answers)


def _renamed(answer: Answer, ids: set[str], names: set[str]) -> Answer:
    new_id = {cell.id: _free(_as_id(cell.id), ids, "-") for cell in answer.cells}
    bound = [name for cell in answer.cells if cell.kind in _BINDING for name in _bound(cell)]
    new_name = {name: _free(_as_name(name), names, "_") for name in dict.fromkeys(bound)}
    cells = tuple(_renamed_cell(cell, new_id[cell.id], new_name) for cell in answer.cells)
    receipts = tuple(_renamed_receipt(receipt, new_id) for receipt in answer.receipts)
    chart = answer.chart and replace(
        answer.chart, data=new_name.get(answer.chart.data, answer.chart.data)
    )
    parts = tuple(replace(part, cell=new_id.get(part.cell, part.cell)) for part in answer.parts)
    return replace(answer, cells=cells, receipts=receipts, chart=chart, parts=parts)


def _bound(cell: Cell) -> tuple[str, ...]:
    return cell.defines or (("result",) if cell.kind == "sql" else ())


def _renamed_cell(cell: Cell, id_: str, names: dict[str, str]) -> Cell:
    defines = (
        tuple(names.get(name, name) for name in _bound(cell))
        if cell.kind in _BINDING
        else cell.defines
    )
    uses = tuple(names.get(name, name) for name in cell.uses)
    source = cell.source
    if cell.kind in ("chart", "python") and any(old != new for old, new in names.items()):
        source = _rename_in_python(source, names)
    return replace(cell, id=id_, defines=defines, uses=uses, source=source)


def _renamed_receipt(receipt: Receipt, ids: dict[str, str]) -> Receipt:
    refs = tuple(replace(ref, cell=ids.get(ref.cell, ref.cell)) for ref in receipt.refs)
    return replace(receipt, refs=refs)


def _rename_in_python(source: str, names: dict[str, str]) -> str:
    """Rename variables where they stand as names: not in texts, attributes or keywords."""
    lines = source.splitlines(keepends=True)
    depth, places = 0, []
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        depth += (token.string in "([{") - (token.string in ")]}") if token.string else 0
        attribute = before is not None and before.string == "."
        argument = depth > 0 and after.string == "="
        if token.type == tokenize.NAME and token.string in names:
            if not attribute and not argument:
                places.append((token.start, token.end, names[token.string]))
    for (row, column), (_, end), name in reversed(places):
        lines[row - 1] = lines[row - 1][:column] + name + lines[row - 1][end:]
    return "".join(lines)


def _free(wanted: str, taken: set[str], sign: str) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}{sign}{number}", number + 1
    taken.add(name)
    return name


def _as_id(text: str) -> str:
    """Make what a notebook accepts as the id of a cell."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)[:48] or "cell"


def _as_name(text: str) -> str:
    """Make a name that Python can bind."""
    name = re.sub(r"\W", "_", text)
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"result_{name}"
