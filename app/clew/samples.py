"""Which questions does a new source answer? Made from its catalog, and each tried.

Measures, categories and dates are put into the forms that people ask: how many, how much, by what,
over time, the most. A question is kept if the query runs and finds something.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from clew_agents.plan.port import OpenSource
from clew_agents.plan.sql_step import verify
from clew_agents.sql.builtin import BuiltinProposer
from clew_core.deadline import Deadline
from clew_core.errors import BackendUnavailable, ClewError, RunEnded, SourceError
from clew_core.principal import Principal
from clew_tools.database.catalog import Table

MOST_TRIED = 60
_NUMBERS = ("integer", "number", "decimal")
_FEW = 2  # of one form, so that the list shows what else can be asked


def sample_questions(
    sources: Sequence[OpenSource], principal: Principal, deadline: Deadline, most: int = 8
) -> tuple[str, ...]:
    """Suggest questions, each of which was answered.

    Args:
        sources: that are open.
        principal: who will ask: only what she may see is named.
        deadline: what is left untried when it ends is left out.
        most: so many are enough.
    """
    kept: list[str] = []
    forms: dict[str, int] = {}
    # In turns over the sources, so that each has its say.
    turns = itertools.zip_longest(*(_questions(source) for source in sources))
    offered = [(s, q) for turn in turns for s, q in zip(sources, turn, strict=True) if q]
    for source, (form, question) in offered[:MOST_TRIED]:
        if len(kept) >= most:
            break
        if forms.get(form, 0) >= _FEW or question in kept:
            continue
        try:
            if _answers(source, question, sources, principal, deadline):
                kept.append(question)
                forms[form] = forms.get(form, 0) + 1
        except RunEnded:
            break
    return tuple(kept)


def _answers(
    source: OpenSource,
    question: str,
    sources: Sequence[OpenSource],
    principal: Principal,
    deadline: Deadline,
) -> bool:
    try:
        verified, _ = verify(question, sources, BuiltinProposer(), principal, deadline)
    except (RunEnded, SourceError, BackendUnavailable):
        raise
    except ClewError:
        return False
    table, spec = verified.result.table, verified.candidate.spec
    counts = [m.name for m in spec.measures if m.aggregate == "count"]
    if table.num_rows > 1 and any(set(table.column(n).to_pylist()) == {1} for n in counts):
        return False  # each row is a group of its own
    return table.num_rows > 0 and not verified.result.truncated


def _questions(source: OpenSource) -> Iterator[tuple[str, str]]:
    """Put what a source holds into the forms of questions: (form, question)."""
    catalog = source.context.vocabulary.catalog
    tables = sorted(catalog.tables, key=lambda t: -len(t.foreign_keys))
    ways = [list(_of_table(table, [t.name for t in tables])) for table in tables]
    for turn in itertools.zip_longest(*ways):
        yield from (found for found in turn if found)


def _of_table(table: Table, others: Sequence[str]) -> Iterator[tuple[str, str]]:
    things = table.name.replace("_", " ")
    keys = {*table.primary_key, *(c for key in table.foreign_keys for c in key.columns)}
    own = [c for c in table.columns if c.name not in keys and not c.name.lower().endswith("id")]
    numbers = [c.name.replace("_", " ") for c in own if c.type in _NUMBERS]
    groups = [c.name.replace("_", " ") for c in own if c.type == "text"]
    groups += [k.table.replace("_", " ") for k in table.foreign_keys
               if k.table in others]  # fmt: skip
    dates = [c.name for c in own if c.type in ("date", "timestamp")]
    yield "count", f"how many {things} are there"
    for number, group in itertools.islice(itertools.product(numbers, groups), 4):
        yield "total by group", f"total {number} by {group}"
    if dates:
        yield "count over time", f"number of {things} by month"
        for number in numbers[:2]:
            yield "total over time", f"total {number} by month"
    for group in groups[:2]:
        yield "count by group", f"number of {things} by {group}"
    for number, group in itertools.islice(itertools.product(numbers, groups), 2):
        yield "top", f"top 5 {group} by total {number}"
    for number in numbers[:2]:
        yield "average", f"average {number}"
