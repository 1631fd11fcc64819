"""What names of metrics and words of a glossary stand for, and how they are put in their place.

What somebody wrote as SQL ("sum(a.x) / count(b.y)") was read, checked and bound to the catalog by
who hands it in (``clew_knowledge``). Here it is a value like any other: its aggregates are
measures of their own, so that each is taken over the rows of its own table, each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel


@dataclass(frozen=True, kw_only=True)
class Written(q.Arithmetic):
    """A value of a row that was written as SQL; ``args`` are its columns.

    Attributes:
        tree: what was written; its columns are named as the catalog spells them.
        kind: of the value, as of a column.
    """

    tree: exp.Expr
    kind: str = "number"


@dataclass(frozen=True, kw_only=True)
class Formula(q.Measure):
    """A measure that is computed from others.

    Attributes:
        tree: the formula; a placeholder ``n`` stands for the n-th part.
        parts: aggregates.
    """

    tree: exp.Expr
    parts: tuple[q.Measure, ...]


def with_parts(formula: Formula, values: list[exp.Expr]) -> exp.Expr:
    """Put the values of a formula's parts in their places."""

    def put(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Placeholder):
            return node
        value = values[int(node.name)]
        return exp.paren(value) if isinstance(value, exp.Binary) else value

    return formula.tree.copy().transform(put)


def with_terms(spec: q.QuerySpec, terms: Mapping[str, q.Condition]) -> q.QuerySpec:
    """Put what the words of the glossary mean in their places, in all of a spec.

    Raises:
        RetryByModel: there is no such word.
    """
    operation = spec.set_operation
    return replace(
        spec,
        conditions=tuple(_meant(condition, terms) for condition in spec.conditions),
        measures=tuple(with_meant(measure, terms) for measure in spec.measures),
        set_operation=operation and replace(operation, spec=with_terms(operation.spec, terms)),
    )


def with_meant(measure: q.Measure, terms: Mapping[str, q.Condition]) -> q.Measure:
    """Put what words of the glossary mean in the filters of a measure."""
    ratio = measure.ratio and q.Ratio(
        numerator=with_meant(measure.ratio.numerator, terms),
        denominator=with_meant(measure.ratio.denominator, terms),
    )
    where = None if measure.where is None else _meant(measure.where, terms)
    return replace(measure, where=where, ratio=ratio)


def _meant(condition: q.Condition, terms: Mapping[str, q.Condition]) -> q.Condition:
    if isinstance(condition, q.Named):
        if condition.term not in terms:
            raise RetryByModel(f"The glossary has no word {condition.term!r}.")
        return terms[condition.term]
    if isinstance(condition, q.AllOf):
        return q.AllOf(all=tuple(_meant(part, terms) for part in condition.all))
    if isinstance(condition, q.AnyOf):
        return q.AnyOf(any=tuple(_meant(part, terms) for part in condition.any))
    if isinstance(condition, q.NoneOf):
        return q.NoneOf(none=tuple(_meant(part, terms) for part in condition.none))
    if isinstance(condition, q.Related):
        if condition.where is None:
            return condition
        where = _meant(condition.where, terms)
        assert not isinstance(where, q.Related)  # a word of the glossary relates no rows
        return replace(condition, where=where)
    if condition.spec is not None:
        return replace(condition, spec=with_terms(condition.spec, terms))
    return condition
