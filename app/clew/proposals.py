"""Which cells does an answer propose for a notebook that is open, and where would they stand?

Nothing is written: a front end shows the proposals and applies those that a person accepts. Cells
get ids and names that the notebook does not have yet. Where it does not load Clew or does not name
a source that is asked, a first proposal does.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.answer import Answer
from clew.answer_cells import with_own_names
from clew.locations import for_notebook
from clew.notebook import LOAD, VERSION, cells_of_answer
from clew_core.cells import Cell, Proposal
from clew_core.errors import OutputNotWritten, UsageError
from clew_core.events import CellView

Json = dict[str, Any]
LIVE = "kernel://"
"""Location of the kernel's own variables, which no cell has to name."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the cells of an answer would stand.

    Attributes:
        folder: in which the notebook's kernel runs: paths are written relative to it.
        cells: of the notebook as it is now.
        anchor: id of the cell that was asked from; None puts new cells at the end.
        names: that the kernel has besides those of the cells.
    """

    folder: Path
    cells: tuple[CellView, ...]
    anchor: str | None = None
    names: tuple[str, ...] = ()


def fit_in(answer: Answer, place: Place) -> Answer:
    """Give the answer's cells ids and names that the notebook does not have.

    Raises:
        UsageError: two cells of the notebook have one id.
    """
    from clew_tools.cells import CellGraph

    names = {*CellGraph.build(place.cells).names(), *place.names}
    ids = {cell.id for cell in place.cells}
    (fitted,) = with_own_names([answer], ids=ids, names=names)
    return Answer.of(fitted)


def propose(answer: Answer, place: Place, locations: Mapping[str, str]) -> tuple[Json, ...]:
    """Write the cells of an answer as data of ``proposal`` events, in the notebook's order.

    Args:
        answer: whose ids and names fit.
        place: where.
        locations: source → path or URL.
    """
    if not answer.cells:
        return ()
    run = answer.run or ""
    by_id = {cell.id: cell for cell in answer.cells}
    found: list[Json] = []
    setup = _setup(answer, place, locations)
    if setup is not None:
        found.append(_data(f"{run}-0", run, setup[0], setup[1], None, setup=True))
    after = place.anchor or (place.cells[-1].id if place.cells else None)
    if setup is not None and (after is None or after == setup[1]):
        after = setup[0]["id"]
    for number, cell in enumerate(cells_of_answer(answer, 1), start=1):
        found.append(_data(f"{run}-{number}", run, cell, after, by_id.get(cell["id"])))
        after = cell["id"]
    return tuple(found)


def _data(
    id_: str, run: str, cell: Json, after: str | None, of: Cell | None, *, setup: bool = False
) -> Json:
    about = cell["metadata"]["clew"]
    proposal = Proposal(
        id=id_, op="insert", cell_id=cell["id"], kind=about["kind"], after_cell=after,
        new="".join(cell["source"]), uses=of.uses if of else (), group=run,
    )  # fmt: skip
    return {
        **vars(proposal),
        "uses": list(proposal.uses),
        "defines": list(of.defines) if of and of.kind != "markdown" else [],
        "cell_type": cell["cell_type"],
        "metadata": cell["metadata"],
        "setup": setup,
    }


def _setup(
    answer: Answer, place: Place, locations: Mapping[str, str]
) -> tuple[Json, str | None] | None:
    """Make the cell that lets the others run, and say after which it stands."""
    asked = [cell.data_source for cell in answer.cells if cell.kind == "sql" and cell.data_source]
    loads, named = None, set()
    for cell in place.cells:
        for words in _magics(cell):
            if words[:2] in (["%load_ext", "clew"], ["%reload_ext", "clew"]):
                loads = loads or cell.id
            elif words[:2] == ["%clew", "source"]:
                named.add(words[2])
    lines = [] if loads else [LOAD]
    for name in dict.fromkeys(asked):
        if name not in named and locations.get(name, LIVE) != LIVE:
            try:
                where = for_notebook(locations[name], place.folder)
            except OutputNotWritten as error:
                raise UsageError(error.message, hint=error.hint) from error
            lines.append(f"%clew source {shlex.quote(name)} {shlex.quote(where)}")
    if not lines or not asked:
        return None
    taken = {cell.id for cell in place.cells} | {cell.id for cell in answer.cells}
    id_ = next(i for i in _ids("clew-sources" if loads else "clew-load") if i not in taken)
    about = {"v": VERSION, "id": id_, "kind": "python", "spec": None, "provenance": None,
             "receipts": []}  # fmt: skip
    cell_json = {
        "cell_type": "code", "id": id_, "metadata": {"clew": about}, "source": ["\n".join(lines)]
    }  # fmt: skip
    return cell_json, loads


def _magics(cell: CellView) -> Iterator[Sequence[str]]:
    if cell.kind == "markdown":
        return
    for line in cell.source.splitlines():
        if line.startswith("%") and not line.startswith("%%"):
            try:
                words = shlex.split(line)
            except ValueError:
                continue
            if len(words) > 2 or words[0] != "%clew":
                yield words


def _ids(wanted: str) -> Iterator[str]:
    yield wanted
    number = 2
    while True:
        yield f"{wanted}-{number}"
        number += 1
