"""Which names are those of columns that say yes or no: "insured", "not seasonal", "uninsured"?

Columns of truth values are, and those that hold "yes" and "no", or 0 and 1, and are called by what
rows are: "insured", and not "kids".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.names import Match
from clew_agents.sql.plainer import is_adjective, negated_flag
from clew_agents.sql.tagging import Item
from clew_agents.sql.vocabulary import GOOD, Vocabulary
from clew_tools.database.source import ValueHit, ValueIndex

_TRUE = ("yes", "y", "true", "t")
_FALSE = ("no", "n", "false", "f")


def flagged(items: Sequence[Item], vocabulary: Vocabulary, values: ValueIndex) -> list[Item]:
    """Let a part of a name be a name where it is that of columns of truth values: "insured".

    Where a column holds "yes" and "no" its name stands for its "yes", except where it groups.
    """
    truths = _truths(values)
    found: list[Item] = []
    for item in _turned(items, vocabulary):
        if item.tag == "F" and item.text.lower().startswith(("is ", "are ")):
            found.append(replace(item, tag="E", text=item.text.split()[0], matches=(), weak=()))
            item = replace(item, text=item.text.split(maxsplit=1)[1], gap="")
        if item.tag in "Fh" and truths and not (found and found[-1].tag in "GD"):
            hits = _true_hits(item, vocabulary, truths)
            if hits:
                found.append(replace(item, tag="V", matches=(), hits=hits, value=item.text))
                continue
        if item.tag == "h":
            hinted = vocabulary.hints(item.value)
            names = [n for n in vocabulary.columns if (n.table, n.column) in hinted]
            called = all(_is_called(n.column or "", item.value) for n in names)
            if names and (all(name.is_flag for name in names) or called):
                matches = tuple(Match(name=name, score=GOOD) for name in names)
                truth = _binary(replace(item, matches=matches), values)
                if truth.matches[0].name.is_flag:
                    item = replace(truth, tag="F", value="")
        found.append(_binary(item, values) if item.tag == "F" else item)
    return found


def _is_called(column: str, word: str) -> bool:
    """Whether a column has a word at its end: the seasonal of ``bee_seasonal``."""
    return column.casefold().endswith(word.casefold())


def _binary(item: Item, values: ValueIndex) -> Item:
    """Make a name that of truth values where all columns that it means hold 0 and 1 alone."""
    names = [match.name for match in item.matches]
    binary = bool(names) and all(
        name.column is not None
        and (name.is_flag or (name.table, name.column) in values.binary)
        and (name.is_flag or is_adjective(name.column))
        for name in names
    )
    if not binary:
        return item
    return replace(
        item, matches=tuple(replace(m, name=replace(m.name, truth=True)) for m in item.matches)
    )


def _turned(items: Sequence[Item], vocabulary: Vocabulary) -> list[Item]:
    """Read "uninsured" as "not insured", where something is called insured."""
    found: list[Item] = []
    for item in items:
        bare = negated_flag(item.value) if item.tag in "?h" else None
        matches = vocabulary.match((bare,)) if bare else ()
        matches = tuple(m for m in matches if m.name.column is not None)
        if bare is None or not matches or matches[0].score < 0.65:
            found.append(item)
            continue
        found.append(replace(item, tag="X", text="not", value="", end=item.start))
        found.append(replace(item, tag="F", text=bare, value="", matches=matches, gap=""))
    return found


def _truths(values: ValueIndex) -> dict[tuple[str, str], ValueHit]:
    """The columns that hold "yes" and "no", or other words for these, and their "yes"."""
    false = {(h.table, h.column) for word in _FALSE for h in values.find(word)}
    return {
        (hit.table, hit.column): hit
        for word in _TRUE
        for hit in values.find(word)
        if (hit.table, hit.column) in false
    }


def _true_hits(
    item: Item, vocabulary: Vocabulary, truths: dict[tuple[str, str], ValueHit]
) -> tuple[ValueHit, ...]:
    if item.tables:
        return ()
    named = {(m.name.table, m.name.column or "") for m in item.matches}
    named = named or set(vocabulary.hints(item.value))
    if not named or not named <= truths.keys():
        return ()
    return tuple(truths[place] for place in sorted(named))
