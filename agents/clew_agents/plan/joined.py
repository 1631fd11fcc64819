"""Which sentences of a question are read as one, and is none read without its condition?"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from clew_agents.plan.probe import Prober
from clew_agents.plan.standing import Pair, forms, pairs_of, sentences, with_things
from clew_core.query_spec import Column, Condition, Predicate, QuerySpec

MOST_FORMS = 12


def joined(question: str, prober: Prober) -> str:
    """Join sentences that only say what to show of the one before; others stay as they are."""
    for place, pair in pairs_of(question):
        form = _one_question(pair, prober)
        if form is not None:
            said = sentences(question)
            if pair.adds:
                return form
            rest = [*said[:place], form, *said[place + 2 :]]
            if len(rest) == 1:
                return form
            whole = " ".join(_ended(one) for one in rest)
            # A form that falls into sentences again would be joined without an end.
            return joined(whole, prober) if len(sentences(whole)) < len(said) else whole
    return _named(question, prober)


def _named(question: str, prober: Prober) -> str:
    """Name the set that a later sentence points at, so that it keeps its conditions.

    What the first sentence chose by a ranking is left to an edge of the plan: its value is found
    first.
    """
    said, changed = sentences(question), False
    for place in range(len(said) - 1):
        first = prober.ask(said[place].strip(" ?.!")).spec
        if first is None or first.limit is not None or not first.conditions:
            continue
        for form in itertools.islice(with_things(said[place], said[place + 1]), MOST_FORMS):
            spec = prober.ask(form).spec
            if spec is not None and keeps(spec, first):
                said[place + 1] = f"{form[0].upper()}{form[1:]}?"
                changed = True
                break
    return " ".join(_ended(one) for one in said) if changed else question


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."


def _one_question(pair: Pair, prober: Prober) -> str | None:
    """Find the form that is understood and keeps all that the first part says."""
    first = prober.ask(pair.first.strip(" ?.!")).spec
    for form in itertools.islice(dict.fromkeys(forms(pair)), MOST_FORMS):
        spec = prober.ask(form).spec
        if spec is None or (first is not None and not keeps(spec, first)):
            continue
        if pair.columns and _shown(spec) < _listed(pair.columns) + bool(pair.adds):
            continue
        if pair.sorts and not _sorted(spec, pair.sorts, first):
            continue
        if first is not None and (pair.adds or pair.sorts) and not shows_all(spec, first):
            continue
        return form
    return None


def _sorted(spec: QuerySpec, way: str, first: QuerySpec | None) -> bool:
    """Whether a query is sorted the way that was said, and by no condition that was not."""
    if not spec.order or (first is not None and len(spec.conditions) != len(first.conditions)):
        return False
    falls = re.search(r"\b(?:descend|decreas|revers)", way, re.IGNORECASE) is not None
    rises = re.search(r"\b(?:ascend|increas|alphabet)", way, re.IGNORECASE) is not None
    direction = spec.order[0].direction
    return not (falls and direction != "descending") and not (rises and direction != "ascending")


def asks_the_same(spec: QuerySpec, before: Sequence[QuerySpec]) -> bool:
    """Whether a query measures what one before measured, which had no conditions to lose."""
    return any(_measured(spec) & _measured(one) for one in before) and not any(
        one.conditions or one.limit is not None for one in before
    )


def _listed(columns: str) -> int:
    return columns.count(",") + len(columns.split(" and ")) - columns.count(", and ")


def _shown(spec: QuerySpec) -> int:
    return len(spec.asked) or len(spec.dimensions) + len(spec.measures)


def keeps(spec: QuerySpec, before: QuerySpec) -> bool:
    """Whether a query holds as many conditions as another, and chooses as it does."""
    return (
        len(spec.conditions) >= len(before.conditions)
        and (before.limit is None or spec.limit == before.limit)
        and (before.top_per_group is None) == (spec.top_per_group is None)
        and (before.set_operation is None or spec.set_operation is not None)
    )


def shows_all(spec: QuerySpec, before: QuerySpec) -> bool:
    """Whether a query shows all groups or columns of another one."""
    return {d.of for d in before.dimensions} <= {d.of for d in spec.dimensions}


def lists_columns(spec: QuerySpec) -> bool:
    """Whether a query lists columns that were named, and not things of a table."""
    return bool(spec.dimensions) and any("." in term for term in spec.terms)


def only_shows(spec: QuerySpec, before: QuerySpec) -> bool:
    """Whether a query only shows what another one chose, without the words by which it did."""
    if spec.conditions or spec.limit is not None or spec.set_operation or not spec.dimensions:
        return False
    chooses = bool(before.conditions) or before.limit is not None
    if spec.measures and not (chooses and _measured(spec) & _measured(before)):
        return False
    return not _tables(spec).isdisjoint(_tables(before)) or spec.table == before.table


def _measured(spec: QuerySpec) -> set[tuple[object, object]]:
    return {(measure.aggregate, measure.of) for measure in spec.measures}


def _tables(spec: QuerySpec) -> set[str]:
    return {
        dimension.of.table for dimension in spec.dimensions if isinstance(dimension.of, Column)
    } | set(_of_conditions(spec.conditions))


def _of_conditions(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for condition in conditions:
        if isinstance(condition, Predicate) and isinstance(condition.on, Column):
            yield condition.on.table
