"""Which of the company's knowledge does a query use, and how is that said in one sentence?

A meaning with digits in it is not quoted: each number of a text is one of the result, with a
receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from clew_core import query_spec as q
from clew_knowledge.known import Known, Metric, Term


def cite(spec: q.QuerySpec, known: Known) -> str:
    """Say what the company's words in a spec mean and where that is written; empty: none."""
    used: list[Metric | Term] = [
        known.metrics[name] for name in _metrics(spec.measures) if name in known.metrics
    ]
    used += [known.terms[name] for name in _words(spec) if name in known.terms]
    parts = [_said(one) for one in dict.fromkeys(used)]
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}." if said else ""


def _said(one: Metric | Term) -> str:
    meaning = one.meaning if one.meaning and not re.search(r"\d", one.meaning) else None
    name = one.name if not re.search(r"\d", one.name) else "The word"
    return f"{name}: {meaning.rstrip('.')} ({one.file})" if meaning else f"{name}: see {one.file}"


def _metrics(measures: Iterable[q.Measure]) -> Iterable[str]:
    for measure in measures:
        if measure.metric is not None:
            yield measure.metric
        if measure.ratio is not None:
            yield from _metrics((measure.ratio.numerator, measure.ratio.denominator))


def _words(spec: q.QuerySpec) -> Iterable[str]:
    for condition in spec.conditions:
        yield from _named(condition)
    for measure in spec.measures:
        if measure.where is not None:
            yield from _named(measure.where)


def _named(condition: q.Condition) -> Iterable[str]:
    if isinstance(condition, q.Named):
        yield condition.term
    elif isinstance(condition, q.Related):
        if condition.where is not None:
            yield from _named(condition.where)
    elif isinstance(condition, q.Predicate):
        if condition.spec is not None:
            yield from _words(condition.spec)
    else:
        parts: tuple[q.Condition, ...]
        if isinstance(condition, q.AllOf):
            parts = condition.all
        else:
            parts = condition.any if isinstance(condition, q.AnyOf) else condition.none
        for part in parts:
            yield from _named(part)
