"""How an analysis changes a spec: comparisons are added, a measure becomes the ratio of a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.proposer import Candidate
from clew_agents.sql.conditions import Placed
from clew_agents.sql.reading import Analysis
from clew_agents.sql.resolve import NotUnderstood
from clew_core import query_spec as q

_ADDS_UP = ("count", "sum")


def analysed(
    found: Sequence[Candidate],
    analysis: Analysis,
    part: Placed | None,
    dimensions: tuple[q.Dimension, ...],
) -> list[Candidate]:
    """Make an analysis of candidates that compute what it is made of.

    Args:
        found: candidates of the plain question.
        analysis: what is made of them.
        part: conditions of the part, for a share of rows.
        dimensions: of the candidates, those of the entity first.

    Raises:
        NotUnderstood: it can't be made of what they compute.
    """
    made = []
    for candidate in found:
        spec = candidate.spec
        if not spec.measures or candidate.single_row:
            continue
        if analysis.kind == "share":
            shares = _shares(candidate, analysis, part, dimensions)
            made += [replace(one, spec=replace(one.spec, asked=_asked(one.spec))) for one in shares]
        else:
            spec = _along_time(spec, analysis)
            spec = replace(spec, asked=_asked(spec, with_before=analysis.against))
            made.append(replace(candidate, spec=spec, confidence=0.85))
    if not made:
        raise NotUnderstood([analysis.text], f"{analysis.text!r} of what?")
    return made


def _asked(spec: q.QuerySpec, *, with_before: bool = False) -> tuple[str, ...]:
    """The columns that an analysis is about: its groups and what was made of the measure.

    Args:
        spec: with the analysis.
        with_before: two values are compared, so that both are asked for too.
    """
    made = [c.name for c in spec.comparisons if with_before or c.kind != "previous_period"]
    if not made:
        return ()
    shown = [m.name for m in spec.measures] if with_before else []
    if spec.order and spec.limit is not None:
        made = [c.name for c in spec.comparisons if c.name == spec.order[0].by] or made
    return (*(d.name for d in spec.dimensions), *shown, *made)


# --- shares ------------------------------------------------------------------------------------


def _shares(
    candidate: Candidate,
    analysis: Analysis,
    part: Placed | None,
    dimensions: tuple[q.Dimension, ...],
) -> list[Candidate]:
    spec = candidate.spec
    if any(
        m.metric is None and m.aggregate not in (*_ADDS_UP, "count_distinct") for m in spec.measures
    ):
        raise NotUnderstood([analysis.text], "A share needs something that adds up.")
    if part is None:
        return [replace(candidate, spec=_share_of_whole(spec), confidence=0.85)]
    where = _all(part.conditions)
    if where is None:
        raise NotUnderstood([analysis.text])
    ratio = replace(candidate, spec=_share_of_part(spec, where), confidence=0.85)
    if not analysis.open_part or not dimensions:
        return [ratio]
    spread = replace(spec, conditions=(*spec.conditions, *part.conditions))
    return [ratio, replace(candidate, spec=_share_of_whole(spread), confidence=0.5)]


def _share_of_whole(spec: q.QuerySpec) -> q.QuerySpec:
    """Add each group's share of the total; in each period where there are periods."""
    if len(spec.measures) != 1:
        raise NotUnderstood(["share"], "A share of which of the measures?")
    measure = spec.measures[0]
    times = tuple(d.name for d in spec.dimensions if d.grain is not None)
    others = [d for d in spec.dimensions if d.grain is None]
    within = times if others else ()
    comparison = q.Comparison(name="share", kind="share", measure=measure.name, within=within)
    order = spec.order
    if spec.limit is None and not order and not times:
        order = (q.Order(by="share", direction="descending"),)
    return replace(spec, comparisons=(comparison,), order=order)


def _share_of_part(spec: q.QuerySpec, where: q.Condition) -> q.QuerySpec:
    if len(spec.measures) != 1:
        raise NotUnderstood(["share"], "A share of which of the measures?")
    measure = spec.measures[0]
    ratio = q.Ratio(numerator=replace(measure, where=where), denominator=measure)
    order = tuple(replace(o, by="share") if o.by == measure.name else o for o in spec.order)
    return replace(spec, measures=(q.Measure(name="share", ratio=ratio),), order=order)


def _all(conditions: Sequence[q.Condition]) -> q.Condition | None:
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else q.AllOf(all=tuple(conditions))


# --- along time --------------------------------------------------------------------------------


def _along_time(spec: q.QuerySpec, analysis: Analysis) -> q.QuerySpec:
    over = _time(spec, analysis)
    if len(spec.measures) != 1 and analysis.order is not None:
        raise NotUnderstood([analysis.text], f"{analysis.text!r} of which of the measures?")
    comparisons: list[q.Comparison] = []
    several = len(spec.measures) > 1
    for measure in spec.measures:
        tail = f"_{measure.name}" if several else ""
        comparisons += _comparisons(measure, analysis, over, tail)
    spec = replace(spec, comparisons=tuple(comparisons))
    if analysis.order is None:
        if not spec.order:
            spec = replace(spec, order=(q.Order(by=over.name),))
        return spec
    by = "growth" if analysis.relative else "difference"
    way: q.Direction = "descending" if analysis.order == "max" else "ascending"
    signs: dict[str, q.Operator] = {"max": ">", "min": "<"}
    fell = analysis.order == "min"
    moved = q.Predicate(on=q.MeasureRef(measure=by), operator=signs[analysis.order], values=(0,))
    known = q.Predicate(on=q.MeasureRef(measure=by), operator="is_not_null")
    return replace(
        spec,
        order=(q.Order(by=by, direction=way),),
        limit=analysis.limit or 1,
        conditions=(*spec.conditions, moved if fell and not analysis.relative else known),
    )


def _time(spec: q.QuerySpec, analysis: Analysis) -> q.Dimension:
    for dimension in spec.dimensions:
        years = dimension.grain is None and dimension.name.lower().endswith("year")
        if dimension.grain == analysis.grain or (years and analysis.grain == "year"):
            return dimension
    raise NotUnderstood([analysis.text], f"{analysis.text!r} along which time?")


def _comparisons(
    measure: q.Measure, analysis: Analysis, over: q.Dimension, tail: str
) -> list[q.Comparison]:
    def made(name: str, kind: q.ComparisonKind, periods: int) -> q.Comparison:
        return q.Comparison(
            name=f"{name}{tail}", kind=kind, measure=measure.name, over=over.name, periods=periods
        )

    if analysis.kind == "running":
        if measure.metric is None and measure.aggregate not in _ADDS_UP:
            raise NotUnderstood([analysis.text], f"A {analysis.text} needs something that adds up.")
        return [made("running_total", "running_total", 1)]
    if analysis.kind == "rolling":
        if analysis.summed:
            return [made("rolling_sum", "rolling_sum", analysis.periods)]
        return [made("rolling_avg", "rolling_avg", analysis.periods)]
    periods = analysis.periods
    if analysis.last_year:
        periods = {"year": 1, "quarter": 4, "month": 12, "week": 52}.get(analysis.grain or "", 1)
    before = made("before", "previous_period", periods)
    return [before, made("difference", "difference", periods), made("growth", "growth", periods)]
