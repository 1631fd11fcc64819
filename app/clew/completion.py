"""What can stand at the cursor of a `%%sql`, `%%ask` or `%clew` line?

Works in every front end that asks IPython for completions. Names come from the sources as the
user may see them; a source that is not open yet is opened in the background.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clew.kernel_sources import KernelSources
from clew_core.errors import ClewError

if TYPE_CHECKING:
    from clew_tools.database.catalog import Table

WAIT_S = 0.4
MOST = 300
_OPTIONS = {
    "%%sql": {"--source": None, "--name": (), "--as": ("pandas", "arrow", "polars")},
    "%%ask": {
        "--source": None, "--name": (), "--as": ("pandas", "arrow", "polars"), "--now": (),
        "--new": (), "--next": (),
    },
}  # fmt: skip
_VERBS = ("source", "sources", "cell")
_WORDS = (
    "SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "LIMIT", "JOIN", "LEFT JOIN",
    "ON", "USING", "WITH", "AS", "AND", "OR", "NOT", "IN", "IS NULL", "BETWEEN", "CASE", "WHEN",
    "THEN", "ELSE", "END", "DISTINCT", "UNION ALL", "DESC", "ASC",
)  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_AT_CURSOR = re.compile(r'(?:("[^"\n]*"|\w+)\s*\.\s*)?("[^"\n]*|\w*)\Z')
_HIDDEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.S)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_CLAUSE = re.compile(
    r"\b(select|from|join|where|on|using|group|order|having|limit|set|into|update|with|by)\b", re.I
)
_TABLE_NEXT = re.compile(r"(?:\b(?:from|join|into|update)|,)\s*\Z", re.I)
_USED = re.compile(
    r'(?:\b(?:from|join|update|into)|,)\s+("[^"]+"|[\w.]+)(?:\s+(?:as\s+)?("[^"]+"|\w+))?', re.I
)
_NO_ALIAS = frozenset(
    """where on using group order having limit join left right inner outer full cross natural union
    set select as qualify window offset""".split()
)


@dataclass(frozen=True, kw_only=True)
class Completion:
    """Something that can stand at the cursor.

    Attributes:
        text: as it is written.
        kind: what it is, for the front end's icon.
    """

    text: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What can stand at the cursor.

    Attributes:
        fragment: what stands before the cursor and is replaced.
        completions: best first.
    """

    fragment: str
    completions: tuple[Completion, ...]


def complete(cell: str, at: int, sources: KernelSources) -> Found | None:
    """Complete a cell at a place; None where the cell is none of Clew's."""
    before = cell[:at]
    line = before.rpartition("\n")[2].lstrip()
    magic = cell.split(None, 1)[0] if cell.strip() else ""
    if magic in _OPTIONS and "\n" not in before.lstrip():
        return _options(line, magic, sources)
    if line.startswith("%ask "):
        return _options(line, "%%ask", sources)
    if line.startswith("%clew "):
        word = line.rpartition(" ")[2]
        verbs = _VERBS if line.count(" ") == 1 else ()
        return _starting(word, ((verb, "magic") for verb in verbs))
    if magic == "%%sql":
        start = cell.index("\n") + 1
        head = cell[: start - 1]
        return _sql(cell[start:], at - start, _source(head, sources), sources)
    return None


def _options(line: str, magic: str, sources: KernelSources) -> Found:
    words = line.split(" ")
    word, last = words[-1], words[-2] if len(words) > 1 else ""
    options = _OPTIONS[magic]
    if last in options and options[last] != () or last == "--source":
        values = options[last]
        names = _names(sources) if values is None else list(values)
        return _starting(word, ((name, "source") for name in names))
    if magic == "%%ask" and not word.startswith("-"):
        return Found(fragment=word, completions=())
    return _starting(word, ((o, "option") for o in options if o not in words[:-1]))


def _names(sources: KernelSources) -> list[str]:
    import shlex

    try:
        return [shlex.quote(name) for name in sources.names()]
    except ClewError:
        return []


def _source(head: str, sources: KernelSources) -> str | None:
    from clew.magics import parse

    try:
        return sources.named(parse(head.strip().removeprefix("%%sql"), "x").source)
    except ClewError:
        return None


def _sql(sql: str, at: int, source: str | None, sources: KernelSources) -> Found:
    before = sql[:at]
    bare = _HIDDEN.sub(" ", before)
    if "'" in bare or "/*" in bare or "--" in _TEXT.sub("", before.rpartition("\n")[2]):
        return Found(fragment="", completions=())  # in a text or a comment
    found = _AT_CURSOR.search(before)
    assert found is not None
    owner, fragment = found[1], found[2]
    tables = sources.tables(source, WAIT_S) if source is not None else ()
    used = dict(_used(_HIDDEN.sub(" ", sql[: found.start(2)] + " " + sql[at:]), tables))
    if owner is not None:
        table = used.get(owner.strip('"').casefold()) or _table(owner.strip('"'), tables)
        columns = table.columns if table is not None else ()
        return _starting(fragment, ((column.name, "column") for column in columns), named=True)
    bare = bare[: len(bare) - len(fragment)]
    clause = ["", *_CLAUSE.findall(bare)][-1].lower()
    if clause in ("from", "join", "into", "update") and _TABLE_NEXT.search(bare):
        return _starting(fragment, ((table.name, "table") for table in tables), named=True)

    def all_names() -> Iterator[tuple[str, str]]:
        mine = list(dict.fromkeys(used.values()))
        for table in mine or tables:
            yield from ((column.name, "column") for column in table.columns)
        yield from ((table.name, "table") for table in tables)

    names = _starting(fragment, all_names(), named=True)
    words = _starting(fragment, ((word, "keyword") for word in _WORDS)) if fragment else names
    merged = dict.fromkeys((*names.completions, *words.completions))
    return Found(fragment=fragment, completions=tuple(merged))


def _used(sql: str, tables: tuple[Table, ...]) -> Iterator[tuple[str, Table]]:
    """Pair the names that a statement uses with their tables."""
    for name, alias in _USED.findall(sql):
        table = _table(name.strip('"'), tables)
        if table is None:
            continue
        yield table.name.casefold(), table
        if alias and alias.casefold() not in _NO_ALIAS:
            yield alias.strip('"').casefold(), table


def _table(name: str, tables: tuple[Table, ...]) -> Table | None:
    wanted = name.casefold()
    return next((table for table in tables if table.name.casefold() == wanted), None)


def _starting(fragment: str, found: Any, *, named: bool = False) -> Found:
    wanted = fragment.strip("\"'").casefold()
    quote = fragment.startswith('"')
    kept: dict[Completion, None] = {}
    for text, kind in found:
        if text.strip("'").casefold().startswith(wanted):
            kept[Completion(text=_written(text, quote) if named else text, kind=kind)] = None
        if len(kept) == MOST:
            break
    return Found(fragment=fragment, completions=tuple(kept))


def _written(name: str, quote: bool) -> str:
    """Write a name so that SQL reads it; the parts of a table's name one by one."""
    from clew_tools.database.names import quoted

    if quote:
        return quoted(name)
    parts = name.split(".")
    return ".".join(part if _PLAIN.match(part) else quoted(part) for part in parts)


def matcher(sources: KernelSources) -> Callable[[Any], Any]:
    """Make what IPython asks for completions."""
    from IPython.core.completer import SimpleCompletion, context_matcher

    def clew_matcher(context: Any) -> Any:
        lines = context.full_text.split("\n")[: context.cursor_line]
        at = sum(len(line) + 1 for line in lines) + context.cursor_position
        try:
            found = complete(context.full_text, at, sources)
        except Exception:  # a completion never gets in the way of typing
            found = None
        if found is None:
            return {"completions": [], "suppress": False}
        return {
            "completions": [SimpleCompletion(one.text, type=one.kind) for one in found.completions],
            "matched_fragment": found.fragment,
            "suppress": True,
            "ordered": True,
        }

    marked: Callable[[Any], Any] = context_matcher(identifier="clew", priority=1000)(clew_matcher)
    return marked
