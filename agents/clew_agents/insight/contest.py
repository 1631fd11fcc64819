"""Which of two is better, over all and within every part? Where these contradict, it is said.

A comparison over all can turn round in every part (Simpson's paradox) when one of the two has
the harder mix. Each column in reach is tried as the one that makes the parts; the difference in
the parts is tested by Cochran, Mantel and Haenszel, weighted by the rows of both.

Source: Simpson 1951, J. R. Stat. Soc. B 13, 238–241; Mantel and Haenszel 1959, JNCI 22, 719–748.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from clew_agents.insight.asking import Asking, Sheet
from clew_agents.insight.dimensions import Split, splits
from clew_agents.insight.finding import Finding
from clew_agents.insight.series import parts
from clew_agents.insight.subject import Place, Subject
from clew_agents.insight.wording import (
    Value,
    Words,
    capital,
    cell,
    listed,
    plain,
    said_place,
    said_places,
)  # fmt: skip
from clew_agents.proposer import CannotAnswer
from clew_core.query_spec import Dimension, Measure, Order, Predicate, QuerySpec
from clew_tools.statistics.multiplicity import benjamini_hochberg
from clew_tools.statistics.tails import normal_tail

_MOST_PARTS = 12
_LEAST_ROWS = 30
LEVEL = 0.005


@dataclass(frozen=True, kw_only=True)
class _Arm:
    rows: float
    mean: float
    value: Value
    spread: float = 0.0


@dataclass(frozen=True, kw_only=True)
class _Parts:
    split: Split
    sheet: Sheet
    arms: list[tuple[str, _Arm, _Arm]]
    z: float


def compare(subject: Subject, asking: Asking, words: Words) -> tuple[list[Finding], int]:
    """Compare two things over all and in the parts of every column; what turns round first.

    Raises:
        CannotAnswer: the two are not values of one column, or have too few rows.
    """
    if subject.versus is None:
        raise CannotAnswer("I don't see two values of one column to compare in this question.")
    one, other = subject.versus
    whole = _whole(subject, asking)
    a, b = _arm(whole, subject, one), _arm(whole, subject, other)
    if a is None or b is None:
        raise CannotAnswer(
            f"There are too few rows of {said_place(one)} or of {said_place(other)} to compare."
        )
    over_all = _z(subject, a, b)
    named = [
        s
        for s in splits(subject, asking)
        if s.values <= _MOST_PARTS * 3 and s.on != one.on and s.steps <= 1
    ]
    found = [p for s in named if (p := _parts(subject, s, asking)) is not None]
    adjusted = benjamini_hochberg([2 * normal_tail(abs(p.z)) for p in found])
    turned = [
        (p, q)
        for p, q in zip(found, adjusted, strict=True)
        if q <= LEVEL and p.z * over_all < 0 and _all_turned(p, a.mean - b.mean)
    ]
    turned.sort(key=lambda entry: (entry[0].split.steps, -abs(entry[0].z)))
    first = _first(subject, whole, a, b, over_all, words)
    findings = [first] if first is not None else []
    reversals = [_reversal(subject, p, a, b, q, words) for p, q in turned[:2]]
    return [*findings, *reversals], len(named) + 1


def _whole(subject: Subject, asking: Asking) -> Sheet:
    assert subject.versus is not None
    return _ask(subject, (), asking)


def _ask(subject: Subject, by: tuple[Split, ...], asking: Asking) -> Sheet:
    assert subject.versus is not None
    one, other = subject.versus
    return asking.run(
        QuerySpec(
            source="",
            table=subject.base,
            measures=_measures(subject, asking),
            dimensions=(
                *(Dimension(name="part", of=s.on) for s in by),
                Dimension(name="side", of=one.on),
            ),
            conditions=(
                *subject.conditions(),
                Predicate(on=one.on, operator="in", values=(one.value, other.value)),
            ),
            order=(Order(by="part"),) if by else (),
        )
    )


def _measures(subject: Subject, asking: Asking) -> tuple[Measure, ...]:
    found = list(parts(subject, asking))
    if subject.kind == "mean" and found[0].aggregate == "avg":
        found.append(replace(found[0], name="spread", aggregate="stddev"))
    if subject.kind == "amount":
        raise CannotAnswer(
            "Which is better needs a rate or a mean to compare: name one, such as a share."
        )
    return tuple(found)


def _arm(sheet: Sheet, subject: Subject, side: Place, part: object = ...) -> _Arm | None:
    rows = sheet.table.to_pylist()
    for at, row in enumerate(rows):
        if row["side"] != side.value or (part is not ... and row.get("part") != part):
            continue
        n = float(row["rows"] or 0)
        if n < _LEAST_ROWS:
            return None
        if "mean" in row:
            value = cell(sheet, "mean", at)
            if value is None:
                return None
            spread = float(row.get("spread") or 0.0)
            return _Arm(rows=n, mean=float(row["mean"]), value=value, spread=spread)
        top, bottom = cell(sheet, "amount", at), cell(sheet, "rows", at)
        if top is None or bottom is None:
            return None
        value = top.with_("percent" if subject.share else "ratio", bottom)
        return _Arm(rows=n, mean=float(row["amount"] or 0) / n, value=value)
    return None


def _z(subject: Subject, a: _Arm, b: _Arm) -> float:
    variance = _variance(subject, a, b)
    return (a.mean - b.mean) / math.sqrt(variance) if variance > 0 else 0.0


def _variance(subject: Subject, a: _Arm, b: _Arm) -> float:
    if subject.share or subject.fraction:
        p = (a.mean * a.rows + b.mean * b.rows) / (a.rows + b.rows)
        return p * (1 - p) * (1 / a.rows + 1 / b.rows)
    if a.spread or b.spread:
        return a.spread**2 / a.rows + b.spread**2 / b.rows
    level = (abs(a.mean) + abs(b.mean)) / 2  # a quotient of sums: as spread as it is large
    return level**2 * (1 / a.rows + 1 / b.rows)


def _parts(subject: Subject, split: Split, asking: Asking) -> _Parts | None:
    """Compare within the values of a column; None where fewer than two can be compared."""
    assert subject.versus is not None
    one, other = subject.versus
    sheet = _ask(subject, (split,), asking)
    if sheet.truncated:
        return None
    arms: list[tuple[str, _Arm, _Arm]] = []
    top = bottom = 0.0
    for part in dict.fromkeys(row["part"] for row in sheet.table.to_pylist()):
        if part is None:
            continue
        a, b = _arm(sheet, subject, one, part), _arm(sheet, subject, other, part)
        if a is None or b is None:
            continue
        arms.append((plain(part), a, b))
        variance = _variance(subject, a, b)
        if variance > 0:
            weight = a.rows * b.rows / (a.rows + b.rows)
            top += weight * (a.mean - b.mean)
            bottom += weight**2 * variance
    if len(arms) < 2 or len(arms) > _MOST_PARTS or bottom <= 0:
        return None
    return _Parts(split=split, sheet=sheet, arms=arms, z=top / math.sqrt(bottom))


def _all_turned(found: _Parts, over_all: float) -> bool:
    return all((a.mean - b.mean) * over_all < 0 for _, a, b in found.arms)


def _said(subject: Subject, arm: _Arm, words: Words) -> str:
    if subject.share:
        return words.percent(arm.value)
    return words.number(arm.value, unit=subject.unit)


def _first(
    subject: Subject, sheet: Sheet, a: _Arm, b: _Arm, z: float, words: Words
) -> Finding | None:
    """State the comparison over all."""
    assert subject.versus is not None
    one, other = subject.versus
    p = 2 * normal_tail(abs(z))
    if p > LEVEL:
        return None
    more, less = (one, other) if z > 0 else (other, one)
    high, low = (a, b) if z > 0 else (b, a)
    where = f" ({said_places(subject.places)})" if subject.places else ""
    text = (
        f"Over all, {subject.noun}{where} is {_said(subject, high, words)} for {more.value} and "
        f"{_said(subject, low, words)} for {less.value}."
    )
    return Finding(
        kind="contest",
        text=text,
        places=(*subject.places, more, less),
        direction=1,
        effect=high.mean - low.mean,
        p=p,
    )


def _reversal(subject: Subject, found: _Parts, a: _Arm, b: _Arm, p: float, words: Words) -> Finding:
    assert subject.versus is not None
    one, other = subject.versus
    hidden, seeming = (one, other) if found.z > 0 else (other, one)
    told = []
    for part, x, y in found.arms:
        high, low = (x, y) if found.z > 0 else (y, x)
        told.append(f"{part} {_said(subject, high, words)} against {_said(subject, low, words)}")
    text = (
        f"But within every {found.split.name} it is the other way round: {hidden.value} is "
        f"higher than {seeming.value} ({listed(told)}). They have a different mix of "
        f"{found.split.name}, so the comparison over all misleads."
    )
    column = Place(on=found.split.on, value=None, name=found.split.name)
    return Finding(
        kind="reversal",
        text=capital(text),
        places=(*subject.places, hidden, seeming, column),
        direction=1,
        effect=a.mean - b.mean,
        p=p,
    )
