"""How do answers become a notebook on disk, and what does Clew read back from one?

Layout: `%load_ext clew`; a cell that names the sources for the kernel, which is not told where its
notebook lies; then per answer its text, its SQL, its chart. `metadata.clew` of the notebook and of
each cell is the record that `clew receipts check` goes by. Does not run anything.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.answer_cells import with_own_names
from clew.locations import for_notebook
from clew.sanitise import markdown_text, one_line
from clew_core.answer import Answer
from clew_core.cells import CellKind, sha256
from clew_core.errors import ClewError, OutputNotWritten, UsageError
from clew_core.json_form import from_json, to_json
from clew_core.receipts import Receipt

VERSION = 1
SUFFIX = ".ipynb"
LOAD = "%load_ext clew"
Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class NotebookCell:
    """A cell as it stands in the file.

    Attributes:
        id: that receipts name.
        kind: what it holds; None for a cell that Clew did not write.
        source: its whole text.
        receipts: of the numbers in the text of a Markdown cell.
    """

    id: str
    kind: CellKind | None
    source: str
    receipts: tuple[Receipt, ...] = ()

    @property
    def sql(self) -> str:
        """The statement of a SQL cell, without its magic line."""
        return self.source.partition("\n")[2]

    @property
    def data_source(self) -> str | None:
        """The source that a SQL cell names."""
        words = _words(self.source.partition("\n")[0])
        return next((b for a, b in zip(words, words[1:], strict=False) if a == "--source"), None)


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """What Clew needs to know of a notebook.

    Attributes:
        path: of the file.
        sources: name → location; a relative path is meant from the notebook's folder.
        cells: in order.
    """

    path: Path
    sources: dict[str, str]
    cells: tuple[NotebookCell, ...] = field(default=())

    def cell(self, id_: str) -> NotebookCell | None:
        """Find a cell by its id."""
        return next((cell for cell in self.cells if cell.id == id_), None)

    def location(self, name: str) -> str | None:
        """Say where a source is, for a process that runs anywhere."""
        location = self.sources.get(name)
        if location is None or "://" in location:
            return location
        return str(self.path.parent / location)


def write_notebook(path: Path, answers: Sequence[Answer], sources: Mapping[str, str]) -> None:
    """Write answers as a notebook that runs; whole or not at all.

    Args:
        path: ends in `.ipynb`; only a notebook that Clew wrote and nobody changed is replaced.
        answers: in order; those without cells become a note.
        sources: name → location (a path as this process sees it, or a URL).

    Raises:
        OutputNotWritten: the folder can't be written, or something else stands there.
    """
    path = Path(os.path.realpath(path))  # a link stays one
    _may_replace(path)
    locations = {name: for_notebook(location, path.parent) for name, location in sources.items()}
    text = json.dumps(_notebook(answers, locations), indent=1, sort_keys=True, ensure_ascii=False)
    _write_whole(path, text + "\n")


def read_notebook(path: Path) -> Notebook:
    """Read what Clew wrote into a notebook.

    Raises:
        UsageError: there is none, or Clew did not write it.
    """
    data = _read(path)
    about = data.get("metadata", {}).get("clew")
    if not isinstance(about, dict) or not isinstance(about.get("sources"), dict):
        raise UsageError(
            f"{str(path)!r} is no notebook of Clew.",
            hint="`clew ask … --notebook OUT.ipynb` writes one.",
        )
    try:
        cells = tuple(_read_cell(cell) for cell in data["cells"])
    except (KeyError, TypeError, AttributeError, ClewError) as error:
        raise UsageError(f"{str(path)!r} holds a cell that can't be read: {error}.") from error
    return Notebook(
        path=path, sources={str(k): str(v) for k, v in about["sources"].items()}, cells=cells
    )


def magic_line(data_source: str, name: str) -> str:
    """Write the first line of a SQL cell."""
    return f"%%sql --source {shlex.quote(data_source)} --name {name}"


def _notebook(answers: Sequence[Answer], locations: Mapping[str, str]) -> Json:
    cells = [_cell("clew-load", "code", LOAD, {"kind": "python"})]
    if locations:
        lines = [
            f"%clew source {shlex.quote(name)} {shlex.quote(location)}"
            for name, location in locations.items()
        ]
        cells.append(_cell("clew-sources", "code", "\n".join(lines), {"kind": "python"}))
    for number, answer in enumerate(with_own_names(answers), start=1):
        cells += cells_of_answer(answer, number)
    return {
        "cells": cells,
        "metadata": {
            "clew": {
                "v": VERSION,
                "sources": dict(locations),
                "cells_sha256": _fingerprint(cells),
            },
            "kernelspec": {
                "display_name": "Python 3 (ipykernel)",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def cells_of_answer(answer: Answer, number: int) -> Iterator[Json]:
    """Lay one answer out: its text with receipts, then its cells in their order.

    Args:
        answer: with ids and names of its own.
        number: of the answer in the notebook; for the id of a text that has none.
    """
    told = next((cell for cell in answer.cells if cell.kind == "markdown"), None)
    text = answer.text or answer.reason or ""
    if answer.clarification:
        lines = [
            f"{option.id}\\. {markdown_text(option.label)}"
            for option in answer.clarification.options
        ]
        text = markdown_text(answer.clarification.question or text)
        text = "\n\n".join([text, *lines])
    else:
        text = markdown_text(text)
    parts = [f"## {markdown_text(one_line(answer.question))}", text]
    parts += [f"*{markdown_text(one_line(warning))}*" for warning in answer.warnings]
    metadata: Json = {"kind": "markdown", "receipts": [to_json(r) for r in answer.receipts]}
    if told and told.provenance:
        metadata["provenance"] = to_json(told.provenance)
    yield _cell(
        told.id if told else f"text-{number}",
        "markdown",
        "\n\n".join(part for part in parts if part),
        metadata,
    )
    specs = {part.cell: part.spec for part in answer.parts}
    drawn = [part.chart for part in answer.parts if part.chart is not None]
    for cell in answer.cells:
        if cell.kind == "markdown":
            continue
        metadata = {"kind": cell.kind}
        source = cell.source
        if cell.kind == "sql":
            source = f"{magic_line(cell.data_source or '', cell.defines[0])}\n{cell.source}"
            spec = specs.get(cell.id) if answer.parts else answer.spec
            metadata["spec"] = to_json(spec) if spec else None
        elif cell.kind == "chart":
            # The chart of this cell: of several, the one that reads what this cell reads.
            chart = next((c for c in drawn if c.data in cell.uses), None) or answer.chart
            metadata["spec"] = to_json(chart) if chart else None
        if cell.provenance:
            metadata["provenance"] = to_json(cell.provenance)
        yield _cell(cell.id, "code", source, metadata)


def _cell(id_: str, type_: str, source: str, clew: Json) -> Json:
    clew = {"v": VERSION, "id": id_, "spec": None, "provenance": None, "receipts": []} | clew
    cell: Json = {
        "cell_type": type_,
        "id": id_,
        "metadata": {"clew": clew},
        "source": source.splitlines(keepends=True),
    }
    return cell | {"execution_count": None, "outputs": []} if type_ == "code" else cell


def _read_cell(cell: Json) -> NotebookCell:
    about = cell.get("metadata", {}).get("clew") or {}
    return NotebookCell(
        id=str(about.get("id") or cell.get("id", "")),
        kind=about.get("kind"),
        source=_source(cell),
        receipts=tuple(from_json(Receipt, receipt) for receipt in about.get("receipts") or ()),
    )


def _source(cell: Json) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _read(path: Path) -> Json:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"There is no notebook {str(path)!r}.") from error
    except OSError as error:
        raise UsageError(f"{str(path)!r} can't be read: {error.strerror}.") from error
    except ValueError as error:  # not UTF-8, not JSON
        raise UsageError(f"{str(path)!r} is no notebook.") from error
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        raise UsageError(f"{str(path)!r} is no notebook of format 4.")
    return data


def _fingerprint(cells: Sequence[Json]) -> str:
    """Hash what a person could have changed: running the notebook leaves this as it is."""
    return sha256(json.dumps([[cell.get("cell_type"), _source(cell)] for cell in cells]))


def _may_replace(path: Path) -> None:
    if not os.path.lexists(path):
        return
    hint = "Name another file, or move it away."
    try:
        data = _read(path)
        written = data["metadata"]["clew"]["cells_sha256"]
        untouched = written == _fingerprint(data["cells"])
    except (UsageError, KeyError, TypeError, AttributeError):
        raise OutputNotWritten(
            f"{str(path)!r} is there already and Clew did not write it.", hint=hint
        ) from None
    if not untouched:
        raise OutputNotWritten(
            f"{str(path)!r} was changed after Clew wrote it and is left as it is.", hint=hint
        )


def _write_whole(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(draft, "x", encoding="utf-8", errors="replace", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        raise OutputNotWritten(
            f"The notebook {str(path)!r} can't be written: {error.strerror}.",
            hint="Name a file in a folder that you may write.",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
