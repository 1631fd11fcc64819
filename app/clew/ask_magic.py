"""How does `%%ask` answer in a notebook, whatever front end shows it?

    %ask QUESTION
    %%ask [--source S …] [--name V] [--as pandas|arrow|polars] [--now ISO] [--new] [--next]
    QUESTION

Shows text, table and chart, and the cells of the answer as code to take over: nothing is put into
the notebook unasked. `%clew cell N` turns the cell that it stands in into the N-th of them;
`--next` offers the first as the next cell.
"""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.grid import Grid
from clew.sanitise import cut, one_line, plain_text
from clew_core.errors import UsageError

if TYPE_CHECKING:
    from clew.answer import Answer

_FLAGS = ("--new", "--next")
_VALUES = ("--source", "--name", "--as", "--now")
_OPTION = re.compile(r"(--[\w-]*)(?:[ =]+('[^']*'|\"[^\"]*\"|\S+))?")


@dataclass(frozen=True, kw_only=True)
class AskCall:
    """What an `%%ask` cell says.

    Attributes:
        question: in the user's words.
        sources: names; empty means all that are declared.
        name: the variable of the table; None binds nothing.
        kind: of the variable.
        now: dates relative words.
        new: forgets what was asked before.
        next: offers the first cell as the next one.
    """

    question: str
    sources: tuple[str, ...] = ()
    name: str | None = None
    kind: str = "pandas"
    now: str | None = None
    new: bool = False
    next: bool = False


def parse_ask(line: str, body: str) -> AskCall:
    """Understand the magic line and the body of an `%%ask` cell; options come first.

    Raises:
        UsageError: an unknown option, a name that Python can't bind, no question.

    >>> parse_ask("--source shop --new what's new?", "").question
    "what's new?"
    """
    given: dict[str, Any] = {"sources": [], "kind": "pandas"}
    rest = line.strip()
    while rest.startswith("--") and (found := _OPTION.match(rest)) is not None:
        option, value = found[1], found[2]
        if option in _FLAGS:
            given[option[2:]] = True
            rest = rest[len(option) :].lstrip()
            continue
        if option not in _VALUES:
            known = ", ".join((*_VALUES, *_FLAGS))
            raise UsageError(f"%%ask: there is no option {option!r}.", hint=f"There are {known}.")
        if value is None:
            raise UsageError(f"%%ask: {option} wants a value.")
        value = shlex.split(value)[0] if value[0] in "'\"" and len(value) > 2 else value
        if option == "--source":
            given["sources"].append(value)
        else:
            given["kind" if option == "--as" else option[2:]] = value
        rest = rest[found.end() :].lstrip()
    question = "\n".join(part for part in (rest, body.strip()) if part)
    if not question:
        raise UsageError("%%ask: there is no question.", hint="Write it below the line.")
    from clew.magics import KINDS

    if given["kind"] not in KINDS:
        raise UsageError(f"%%ask: --as takes {', '.join(KINDS)}, not {given['kind']!r}.")
    if (name := given.get("name")) is not None and not name.isidentifier():
        raise UsageError(f"%%ask: {name!r} is no name that Python can bind.")
    return AskCall(**{**given, "sources": tuple(given["sources"]), "question": question})


@dataclass(frozen=True, kw_only=True)
class OfferedCell:
    """A cell of an answer that can be taken over.

    Attributes:
        kind: what it holds.
        source: its whole text.
    """

    kind: str
    source: str


@dataclass(kw_only=True)
class AnswerView:
    """What a notebook shows of an answer."""

    answer: Answer
    cells: tuple[OfferedCell, ...]
    page: int
    warnings: tuple[str, ...] = ()
    grids: list[tuple[str, Grid]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose the tables that are shown: one value stands in the text already."""
        parts = self.answer.parts
        shown = [(p.task, p.table, p.spec, p.truncated) for p in parts] or [
            ("", self.answer.table, self.answer.spec, self.answer.truncated)
        ]
        for task, table, spec, truncated in shown:
            if table is not None and table.num_rows and table.num_rows * table.num_columns > 1:
                grid = Grid(table, page=self.page, spec=spec, truncated=truncated)
                self.grids.append((task if len(shown) > 1 else "", grid))

    def __repr__(self) -> str:
        """Show it where there is only text."""
        lines = [plain_text(_said(self.answer)), *map(one_line, self.warnings)]
        for task, grid in self.grids:
            lines += ["", *([f"{one_line(task)}:"] if task else []), repr(grid)]
        if self.cells:
            lines.append("")
            lines += [
                f"%clew cell {number}  {cell.kind}: {_first(cell)}"
                for number, cell in enumerate(self.cells, start=1)
            ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """Write it as HTML in which every text is escaped."""
        parts = [_paragraphs(self.answer)]
        parts += [f"<p><em>{html.escape(one_line(text))}</em></p>" for text in self.warnings]
        for task, grid in self.grids:
            head = f"<p><strong>{html.escape(one_line(task))}</strong></p>" if task else ""
            parts.append(head + grid.html())
        if self.cells:
            listed = "".join(
                f"<li><code>%clew cell {number}</code> ({cell.kind})"
                f"<pre>{html.escape(plain_text(cell.source))}</pre></li>"
                for number, cell in enumerate(self.cells, start=1)
            )
            parts.append(
                "<details><summary>Cells of this answer: run one of these lines in a cell "
                f"of its own to turn it into the code</summary><ol>{listed}</ol></details>"
            )
        return f'<div class="clew-answer">{"".join(parts)}</div>'


def _first(cell: OfferedCell) -> str:
    lines = cell.source.splitlines()
    return cut(one_line(" ".join(lines[cell.source.startswith("%%") :])), 72)


def _said(answer: Answer) -> str:
    asked = answer.clarification
    if answer.status == "answered" or asked is None:
        return answer.text or answer.reason or "There is no answer."
    lines = [f"  {option.id}. {option.label}" for option in asked.options]
    hint = ["Choose one: %ask 1"] if lines else []
    return "\n".join([asked.question or answer.reason or "What do you mean?", *lines, *hint])


def _paragraphs(answer: Answer) -> str:
    text = plain_text(_said(answer))
    marked = "".join(
        f'<abbr title="{html.escape(title)}">{html.escape(piece)}</abbr>'
        if title
        else html.escape(piece)
        for piece, title in _with_receipts(text, answer)
    )
    return "".join(f"<p>{part}</p>" for part in marked.replace("\n\n", "\0").split("\0")).replace(
        "\n", "<br>"
    )


def _with_receipts(text: str, answer: Answer) -> Iterator[tuple[str, str]]:
    """Cut a text into pieces, each with where its number comes from; receipts are in its order."""
    from clew.receipt_text import describe

    at = 0
    for receipt in answer.receipts:
        found = text.find(receipt.text, at)
        if found < 0:
            continue
        yield text[at:found], ""
        yield receipt.text, f"{receipt.value}: {describe(receipt)}"
        at = found + len(receipt.text)
    yield text[at:], ""


def offered(answer: Answer, taken: set[str]) -> tuple[Answer, tuple[OfferedCell, ...]]:
    """Give the cells of an answer, under names that the kernel does not use yet."""
    from clew.notebook import cells_of_answer
    from clew.proposals import Place, fit_in

    if answer.status != "answered" or not answer.cells:
        return answer, ()
    answer = fit_in(answer, Place(folder=Path.cwd(), cells=(), names=tuple(taken)))
    cells = [
        OfferedCell(kind=cell["metadata"]["clew"]["kind"], source="".join(cell["source"]))
        for cell in cells_of_answer(answer, 1)
        if cell["cell_type"] == "code"
    ]
    return answer, tuple(cells)
