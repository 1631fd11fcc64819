"""Do the numbers in a notebook still stand on its data?

Every SQL cell that a receipt names is run again, the receipt's expression is computed anew, and
the number is looked for in its text. Shows that text, SQL and data agree; does not show that the
SQL says what the question meant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from clew.notebook import Notebook, NotebookCell, read_notebook
from clew.sanitise import markdown_text
from clew_core.cells import sha256
from clew_core.deadline import Budget, Deadline
from clew_core.errors import ClewError, Refused, RetryByModel, SourceError, ToolFailed
from clew_core.number_format import format_number
from clew_core.principal import Policy, Principal
from clew_core.receipts import Number, Receipt, Ref, agrees, evaluate, json_number

if TYPE_CHECKING:
    import pyarrow as pa

    from clew_tools.database.source import Source

    Opener = Callable[[str, str], Source]


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A receipt that does not hold.

    Attributes:
        id: of the receipt.
        cell: id of the cell whose text has the number.
        text: the number as it was printed.
        now: what the expression gives today; None where it can't be computed.
        why: one line.
    """

    id: str
    cell: str
    text: str
    why: str
    now: int | float | str | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """What came of checking a notebook.

    Attributes:
        notebook: its path.
        receipts: how many there are.
        broken: those that do not hold.
    """

    notebook: str
    receipts: int
    broken: tuple[Broken, ...] = field(default=())


def check_receipts(
    path: Path,
    budget: Budget,
    *,
    deadline: Deadline | None = None,
    open_source: Opener | None = None,
) -> Check:
    """Check every receipt of a notebook against its sources.

    Args:
        path: of the notebook.
        budget: of each query.
        deadline: its cancel button stops the check; default: one that nobody presses.
        open_source: opens a location under a name; default: `clew_tools.database.open`.

    Raises:
        UsageError: the file is no notebook of Clew.
        SourceError: a source can't be read.
        RunEnded: a query took too long, or somebody pressed stop.
    """
    notebook = read_notebook(path)
    results = _Results(notebook, budget, deadline, open_source)
    broken: list[Broken] = []
    total = 0
    try:
        for cell in notebook.cells:
            total += len(cell.receipts)
            missing = _missing_numbers(cell)
            for receipt in cell.receipts:
                if fault := _fault(receipt, cell, missing, results):
                    broken.append(fault)
    finally:
        results.close()
    return Check(notebook=str(path), receipts=total, broken=tuple(broken))


class _Results:
    """The results of a notebook's SQL cells, each run once."""

    def __init__(
        self,
        notebook: Notebook,
        budget: Budget,
        deadline: Deadline | None,
        open_source: Opener | None,
    ) -> None:
        self._notebook = notebook
        self._budget = budget
        self._deadline = deadline or Deadline()
        self._opener = open_source
        self._principal = Principal(policy=Policy(budget=budget))
        self._sources: dict[str, Source] = {}
        self._tables: dict[str, pa.Table | ToolFailed] = {}

    def table(self, ref: Ref) -> pa.Table:
        """Give the result that a ref names.

        Raises:
            ToolFailed: the cell is gone, was edited, or does not run any more.
            SourceError: its source can't be read.
        """
        cell = self._notebook.cell(ref.cell)
        if cell is None or cell.kind != "sql":
            raise ToolFailed(f"Its SQL cell {ref.cell!r} is not in the notebook any more.")
        if sha256(cell.sql) != ref.sql_sha256:
            raise ToolFailed(f"The SQL of cell {ref.cell!r} was changed.")
        if cell.id not in self._tables:
            self._tables[cell.id] = self._run(cell)
        table = self._tables[cell.id]
        if isinstance(table, ToolFailed):
            raise table
        return table

    def close(self) -> None:
        """Let go of all sources."""
        for source in self._sources.values():
            source.close()

    def _run(self, cell: NotebookCell) -> pa.Table | ToolFailed:
        source = self._source(cell)
        deadline = Deadline(self._budget)
        with self._deadline.on_cancel(deadline.cancel):
            try:
                return source.run(cell.sql, self._principal, deadline).table
            except (RetryByModel, Refused, ToolFailed) as error:
                return ToolFailed(f"The SQL of cell {cell.id!r} does not run any more: {error}")

    def _source(self, cell: NotebookCell) -> Source:
        name = cell.data_source or ""
        location = self._notebook.location(name)
        if location is None:
            raise SourceError(
                f"Cell {cell.id!r} runs on {name!r}, which the notebook's metadata does not name.",
                hint="It was written with another source.",
            )
        if name not in self._sources:
            opener = self._opener or _open
            self._sources[name] = opener(location, name)
        return self._sources[name]


def _open(location: str, name: str) -> Source:
    from clew_tools.database.open import open_source

    return open_source(location, name=name)


def _fault(
    receipt: Receipt, cell: NotebookCell, missing: set[str], results: _Results
) -> Broken | None:
    """Say what is wrong with a receipt, or None."""

    def broken(why: str, now: Number | None = None) -> Broken:
        return Broken(
            id=receipt.id,
            cell=cell.id,
            text=receipt.text,
            why=why,
            now=None if now is None else json_number(now),
        )

    try:
        now = evaluate(receipt.expression, receipt.refs, results.table)
    except (ToolFailed, ArithmeticError, TypeError, ValueError, KeyError) as error:
        return broken(error.message if isinstance(error, ClewError) else f"{error!r}")
    if not _agrees(receipt.value, now):
        return broken(f"The receipt says {receipt.value}, the data say {now}.", now)
    if not _prints_as(receipt):
        return broken(f"{receipt.text!r} is not how {receipt.value} is printed.", now)
    if receipt.text in missing:
        return broken(f"{receipt.text!r} does not stand in the text any more.", now)
    return None


def _agrees(before: int | float | str, now: Number) -> bool:
    try:
        return agrees(before, now)
    except ArithmeticError:  # the value is no number any more
        return False


def _missing_numbers(cell: NotebookCell) -> set[str]:
    """Find numbers with a receipt that stand in the text less often than they have receipts."""
    wanted = Counter(receipt.text for receipt in cell.receipts)
    body = cell.source.partition("\n")[2] if cell.source.startswith("#") else cell.source
    return {text for text, count in wanted.items() if _occurrences(text, body) < count}


def _occurrences(text: str, body: str) -> int:
    """Count how often a number stands in a text as a number of its own."""
    number = re.escape(markdown_text(text))
    return len(re.findall(rf"(?<![\w.,])(?<!\d-){number}(?!\w|[.,]\d)", body))


def _prints_as(receipt: Receipt) -> bool:
    """Say whether the text is the value, printed by the one formatter with some rounding.

    Years and keys are printed without separators, days as ISO 8601.
    """
    value: Number
    try:
        value = Decimal(receipt.value) if isinstance(receipt.value, str) else receipt.value
    except ArithmeticError:
        return False
    if receipt.expression.get("op") == "day":
        day = f"{value:08}"
        return receipt.text == f"{day[:4]}-{day[4:6]}-{day[6:]}"
    fraction = re.search(r"\.(\d+)", receipt.text)
    digits = (None, len(fraction[1]) if fraction else 0)
    printed = {format_number(value, d, unit) for d in digits for unit in (None, receipt.unit)}
    plain = {text.replace(",", "") for text in printed} | {str(receipt.value)}
    return receipt.text in printed | plain
