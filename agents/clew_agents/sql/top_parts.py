"""How "the top 10 percent of customers" is answered: listed, or as a share of a whole.

The question is asked without the part ("net sales of 2023", "top 10 customers by net sales"), and
the part is put on the spec that comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clew_agents.proposer import Candidate
from clew_agents.sql.confidence import with_risk
from clew_agents.sql.vocabulary import GOOD, Vocabulary
from clew_core import query_spec as q
from clew_tools.semantic.keys import reaches

_PARTS = {"tenth": 10.0, "decile": 10.0, "fifth": 20.0, "quintile": 20.0, "quarter": 25.0,
          "quartile": 25.0, "half": 50.0}  # fmt: skip
_PART = (
    r"(?:the |our )?(?P<way>top|best|biggest|largest|bottom|worst|smallest) "
    r"(?:(?P<number>\d{1,2}(?:\.\d+)?) ?(?:percent|per cent|pct|%)|(?P<word>"
    + "|".join(_PARTS)
    + r"))"
    r" (?:of )?(?:the |our |all )?(?P<things>[a-z]+)"
)
_CAME = re.compile(
    rf"^what (?:share|part|percentage|percent|proportion) of (?:the |our )?(?P<whole>.+?) "
    rf"(?:came|comes|come|is|was|were|stems|stemmed) (?:from|by|due to|made by) {_PART}\s*[?.]?$",
    re.IGNORECASE,
)
_SHARE = re.compile(
    rf"^(?:what (?:is|was) )?(?:the )?share of {_PART} "
    rf"(?:in|of) (?:the |our )?(?P<whole>.+?)\s*[?.]?$",
    re.IGNORECASE,
)
_LIST = re.compile(rf"^(?P<before>.*?\b){_PART}(?P<by> by .+)$", re.IGNORECASE)
_WORST = ("bottom", "worst", "smallest")


@dataclass(frozen=True, kw_only=True)
class TopPart:
    """A part of all things, the best of them first.

    Attributes:
        question: without the part.
        percent: of the things.
        things: the word for them.
        worst: from the other end.
        share: what the part makes of the whole is asked for; else the things.
    """

    question: str
    percent: float
    things: str
    worst: bool
    share: bool


def top_part(question: str) -> TopPart | None:
    """Find a part of all things in a question.

    >>> top_part("Share of the best tenth of customers in the net sales of 2023").question
    'total net sales of 2023'
    >>> top_part("top 5 % of suppliers by number of orders").question
    'top 10 suppliers by number of orders'
    """
    for pattern in (_CAME, _SHARE, _LIST):
        found = pattern.search(question.strip())
        if found is None:
            continue
        worst = found["way"].casefold() in _WORST
        shared = pattern is not _LIST
        number = found["number"]
        said = (
            f"total {found['whole']}"
            if shared
            else (
                f"{found['before']}{'bottom' if worst else 'top'} 10 {found['things']}{found['by']}"
            )
        )
        return TopPart(
            question=said, things=found["things"], worst=worst, share=shared,
            percent=float(number) if number else _PARTS[found["word"].casefold()],
        )  # fmt: skip
    return None


def with_part(part: TopPart, found: Sequence[Candidate], vocabulary: Vocabulary) -> list[Candidate]:
    """Put the part on the specs of the question without it; those that can't take it go."""
    put: Callable[[TopPart, q.QuerySpec, Vocabulary], q.QuerySpec | None]
    put = _shared if part.share else _listed
    specs = [(one, put(part, one.spec, vocabulary)) for one in found]
    return [
        replace(one, spec=spec, confidence=with_risk(one.confidence, "analysis"), labels={})
        if part.share
        else replace(one, spec=spec)
        for one, spec in specs
        if spec is not None
    ]


def _listed(part: TopPart, spec: q.QuerySpec, vocabulary: Vocabulary) -> q.QuerySpec | None:
    if spec.limit != 10 or not spec.order or spec.top_per_group is not None:
        return None
    return replace(spec, limit=None, limit_percent=part.percent)


def _shared(part: TopPart, spec: q.QuerySpec, vocabulary: Vocabulary) -> q.QuerySpec | None:
    key = _key(part.things, spec.table, vocabulary)
    if key is None or len(spec.measures) != 1 or spec.dimensions or spec.comparisons:
        return None
    [measure] = spec.measures
    if measure.ratio is not None or not _adds(measure, vocabulary):
        return None
    best = q.QuerySpec(
        source=spec.source,
        table=spec.table,
        measures=(measure,),
        dimensions=(q.Dimension(name=key.column, of=key),),
        conditions=spec.conditions,
        joins=spec.joins,
        order=(q.Order(by=measure.name, direction="ascending" if part.worst else "descending"),),
        limit_percent=part.percent,
    )
    chosen = q.Predicate(on=key, operator="in", spec=best)
    top = replace(measure, name=f"{measure.name}_of_part", where=chosen)
    ratio = q.Ratio(numerator=top, denominator=measure)
    share = q.Measure(name=f"share_of_{measure.name}", ratio=ratio)
    return replace(spec, measures=(share,), order=(), asked=())


def _adds(measure: q.Measure, vocabulary: Vocabulary) -> bool:
    if measure.metric is not None:
        return vocabulary.known.metrics[measure.metric].adds
    return measure.where is None and measure.aggregate in ("sum", "count")


def _key(things: str, base: str, vocabulary: Vocabulary) -> q.Column | None:
    """Find what tells the things apart, on the rows that are added up where it stands there."""
    matches = vocabulary.match((things.casefold(),))
    tables = {m.name.table for m in matches if m.name.column is None and m.score >= GOOD}
    own = vocabulary.catalog.table(base)
    table = vocabulary.catalog.table(tables.pop()) if len(tables) == 1 else None
    if table is None or own is None or not reaches(vocabulary.catalog, base, table.name):
        return None
    ways = [key for key in own.foreign_keys if key.table == table.name]
    if len(ways) == 1 and len(ways[0].columns) == 1:
        return q.Column(table=base, column=ways[0].columns[0])
    single = len(table.primary_key) == 1 and not ways
    return q.Column(table=table.name, column=table.primary_key[0]) if single else None
