"""What do the files of a knowledge folder say, and on which lines?

``metrics.yaml`` names measures, ``glossary.yaml`` words; both are optional. Their text is data:
what is SQL in it is read by ``expressions``, which lets nothing through but values of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from clew_core.errors import SourceError
from clew_tools.database.yaml_lines import Place, line_of, load, validate

FOLDER = "knowledge"
METRICS, GLOSSARY = "metrics.yaml", "glossary.yaml"
_DECLARATION = "source.yaml"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One name of a file, as it is written there; see the schemas.

    Attributes:
        kind: which file it stands in.
        name: as people say it.
        file: for people: ``knowledge/metrics.yaml``.
        lines: of its parts, by their names; of itself under "".
        sql: the expression of a metric, the condition of a word; None: the word has only a meaning.
        filter: of a metric: condition that always applies.
        aliases: other names.
        time: of a metric: ``table.column`` by which it is dated.
    """

    kind: Literal["metric", "term"]
    name: str
    file: str
    lines: Mapping[str, int]
    sql: str | None = None
    filter: str | None = None
    aliases: tuple[str, ...] = ()
    time: str | None = None
    unit: str | None = None
    meaning: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its aliases."""
        return (self.name, *self.aliases)

    def wrong(self, part: str, said: str) -> SourceError:
        """Say that a part of it is wrong, with file and line."""
        line = self.lines.get(part) or self.lines[""]
        return SourceError(f"{self.file!r}, line {line}: {self.name}: {said}")


@dataclass(frozen=True, kw_only=True)
class Files:
    """What the files of one folder declare."""

    folder: Path
    declared: tuple[Declared, ...] = field(default=())


def find_knowledge(location: str) -> Path | None:
    """Find the knowledge folder of a source that is declared by a source.yaml: beside that file."""
    if "://" in location:
        return None
    path = Path(location).expanduser()
    if path.is_file():
        folders = [path.parent] if path.suffix.lower() in (".yaml", ".yml") else []
    else:
        folders = [f for f in (path, path / "company") if (f / _DECLARATION).is_file()]
    return next((f / FOLDER for f in folders if (f / FOLDER).is_dir()), None)


def read_files(folder: Path) -> Files:
    """Read the files of a knowledge folder.

    Raises:
        SourceError: there is no such folder, or a file can't be read or breaks its schema; file
            and line are named.
    """
    if not folder.is_dir():
        raise SourceError(
            f"There is no knowledge folder {str(folder)!r}.",
            hint=f"It holds {METRICS} and {GLOSSARY}.",
        )
    found = [*_read(folder / METRICS, "metrics.v1"), *_read(folder / GLOSSARY, "glossary.v1")]
    _see_names_differ(found)
    return Files(folder=folder, declared=tuple(found))


def _read(file: Path, schema: str) -> list[Declared]:
    if not file.is_file():
        return []
    data, lines = load(file, "Write names, and under each what it means.")
    validate(data, lines, file, schema)
    return [_declared(file, name, said, lines) for name, said in data.items()]


def _declared(
    file: Path, name: str, said: Mapping[str, Any], lines: Mapping[Place, int]
) -> Declared:
    metric = file.name == METRICS
    return Declared(
        kind="metric" if metric else "term",
        name=" ".join(name.split()),
        file=f"{file.parent.name}/{file.name}",
        lines={"": line_of((name,), lines)} | {p: line_of((name, p), lines) for p in said},
        sql=said.get("expression" if metric else "condition"),
        filter=said.get("filter"),
        aliases=tuple(" ".join(alias.split()) for alias in said.get("aliases", ())),
        time=said.get("time"),
        unit=said.get("unit"),
        meaning=said.get("meaning"),
    )


def _see_names_differ(found: list[Declared]) -> None:
    """See that no name stands for two things: nobody could say which one is meant."""
    taken: dict[str, Declared] = {}
    for one in found:
        for name in dict.fromkeys(name.casefold() for name in one.names):
            other = taken.setdefault(name, one)
            if other is not one:
                part = "" if name == one.name.casefold() else "aliases"
                raise one.wrong(
                    part,
                    f"{name!r} is a name of {other.name!r} already ({other.file}, "
                    f"line {other.lines['']}).",
                )
