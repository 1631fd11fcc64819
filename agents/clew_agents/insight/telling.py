"""How is a departure told: how much there was, how much was to be expected, and from what?

The numbers come from one query per departure, made for the reader: the place and the rest, in
the time found and in a usual one. They are simpler than the test (one usual stretch instead of
all weeks), so the stated expectation may differ a little from the tested one.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from clew_agents.insight.asking import Asking, Sheet
from clew_agents.insight.explore import Departure
from clew_agents.insight.finding import Finding
from clew_agents.insight.series import YEAR, not_in, parts, within
from clew_agents.insight.subject import Subject
from clew_agents.insight.wording import (
    Value,
    Words,
    capital,
    cell,
    of_places,
)
from clew_core.query_spec import AllOf, Condition, Measure, QuerySpec
from clew_tools.semantic.definitions import Formula
from clew_tools.semantic.measures import resolve

_USUAL = dt.timedelta(weeks=8)
_LEAST_USUAL = dt.timedelta(weeks=4)
Days = tuple[dt.date, dt.date]


@dataclass(frozen=True, kw_only=True)
class _Usual:
    days: Days
    said: str


def tell(
    departure: Departure, subject: Subject, asking: Asking, words: Words, data: Days
) -> Finding | None:
    """Write one departure; None where its numbers do not bear it out."""
    usual = _usual(departure, subject, data)
    sheet = _sheet(departure, subject, asking, usual)
    direction = 1 if departure.stretch.z > 0 else -1
    told = (_amount if subject.kind == "amount" else _mean)(
        departure, subject, sheet, words, usual, direction
    )
    if told is None:
        return None
    return Finding(
        kind="change",
        text=told[0],
        places=(*subject.places, *departure.places),
        low=departure.low,
        high=None if departure.open else departure.high - dt.timedelta(days=1),
        direction=direction,
        effect=told[1],
        p=departure.p,
    )


def _usual(departure: Departure, subject: Subject, data: Days) -> _Usual:
    """Choose what to compare with: for what lasts the year before, else the weeks before."""
    low, high = departure.low, departure.high
    if high - low >= dt.timedelta(weeks=13) and low - YEAR >= data[0]:
        return _Usual(days=(low - YEAR, high - YEAR), said="in the same weeks of the year before")
    before = (max(data[0], low - _USUAL), low)
    if before[1] - before[0] >= _LEAST_USUAL:
        return _Usual(days=before, said="in the weeks before")
    return _Usual(days=(high, high + _USUAL), said="in the weeks after")


def _sheet(departure: Departure, subject: Subject, asking: Asking, usual: _Usual) -> Sheet:
    """Ask for the place and the rest, in the time found and in the usual one."""
    own = tuple(p.condition() for p in (departure.places or subject.places))
    rest = not_in(departure.places or subject.places)
    fixed = subject.conditions() if departure.places else subject.conditions(places=False)
    during = within(subject, [(departure.low, departure.high)])
    before = within(subject, [usual.days])
    assert subject.time is not None
    measures: list[Measure] = []
    for name, where in (
        ("here_during", (*own, *during)),
        ("here_usual", (*own, *before)),
        ("rest_during", (rest, *during)),
        ("rest_usual", (rest, *before)),
    ):
        measures += _leaves(subject, asking, name, AllOf(all=where))
    measures += [
        Measure(name="first_day", aggregate="min", of=subject.time, where=AllOf(all=during)),
        Measure(name="last_day", aggregate="max", of=subject.time, where=AllOf(all=during)),
    ]
    return asking.run(
        QuerySpec(
            source="",
            table=subject.base,
            measures=tuple(measures),
            conditions=(
                *fixed,
                *within(subject, sorted([usual.days, (departure.low, departure.high)])),
            ),
        )
    )


def _leaves(subject: Subject, asking: Asking, name: str, where: Condition) -> list[Measure]:
    """Give a measure a filter: a ratio as its two parts, so that both can be seen."""
    found = []
    for number, leaf in enumerate(told_parts(subject, asking)):
        both = AllOf(all=(leaf.where, where)) if leaf.where is not None else where
        found.append(_renamed(leaf, f"{name}{('', '_of')[number]}", both))
    return found


def told_parts(subject: Subject, asking: Asking) -> tuple[Measure, ...]:
    """Give what is shown of a measure: itself, or the two parts of a quotient."""
    measure = resolve(subject.measure, asking.metrics)
    if measure.ratio is None and not isinstance(measure, Formula):
        return (measure,)
    return parts(subject, asking)


def _renamed(measure: Measure, name: str, where: Condition) -> Measure:
    return Measure(
        name=name,
        aggregate=measure.aggregate,
        of=measure.of,
        by=measure.by,
        quantile=measure.quantile,
        where=where,
    )


def _span(departure: Departure, sheet: Sheet, words: Words) -> str:
    first = words.day(sheet, "first_day")
    if departure.open:
        return f"since {first}"
    return f"from {first} to {words.day(sheet, 'last_day')}"


def _amount(
    departure: Departure,
    subject: Subject,
    sheet: Sheet,
    words: Words,
    usual: _Usual,
    direction: int,
) -> tuple[str, float] | None:
    here, before = cell(sheet, "here_during"), cell(sheet, "here_usual")
    rest, rest_before = cell(sheet, "rest_during"), cell(sheet, "rest_usual")
    if here is None and before is None:
        return None
    what = capital(of_places(subject, departure.places))
    count = subject.measure.aggregate == "count"

    def said(value: Value) -> str:
        return words.number(value, exact=True) if count else words.whole(value, subject.unit)

    if here is None or not _is_some(before) or not _is_some(rest) or not _is_some(rest_before):
        if here is None or direction < 0:
            return None
        return (
            f"{what}: {said(here)} {_span(departure, sheet, words)}; there were none {usual.said}.",
            float("inf"),
        )
    assert before is not None and rest is not None and rest_before is not None
    expected = before.with_("ratio", rest_before.with_("ratio", rest))
    change = here.with_("difference", expected).with_("percent", expected)
    effect = float(change.number) / 100
    if effect * direction <= 0:
        return None
    went = "more" if direction > 0 else "fewer" if count else "less"
    text = f"{what} came to {said(here)} {_span(departure, sheet, words)}, "
    if effect >= 20:
        return f"{text}against {said(before)} {usual.said}.", effect
    if effect >= 1.5:
        times = here.with_("ratio", expected)
        text += (
            f"{words.number(times, digits=1)} times the {words.whole(expected, subject.unit)} "
            "that would have gone along with the rest"
        )
    else:
        size = change if direction > 0 else expected.with_("difference", here).with_(
            "percent", expected
        )  # fmt: skip
        text += (
            f"{words.percent(size)} {went} than the {words.whole(expected, subject.unit)} "
            "that would have gone along with the rest"
        )
    text += f" ({said(before)} {usual.said})."
    return text.strip(), effect


def _is_some(value: Value | None) -> bool:
    return value is not None and value.number != 0


def _mean(
    departure: Departure,
    subject: Subject,
    sheet: Sheet,
    words: Words,
    usual: _Usual,
    direction: int,
) -> tuple[str, float] | None:
    here, before = (_level(sheet, name, subject) for name in ("here_during", "here_usual"))
    rest, rest_before = (_level(sheet, name, subject) for name in ("rest_during", "rest_usual"))
    if here is None or before is None:
        return None
    change = float(here.number) - float(before.number)
    if change * direction <= 0:
        return None

    def said(value: Value) -> str:
        if subject.share:
            return words.percent(value)
        return words.number(value, unit=subject.unit)

    what = capital(of_places(subject, departure.places))
    text = (
        f"{what} was {said(here)} {_span(departure, sheet, words)}, "
        f"against {said(before)} {usual.said}"
    )
    if rest is not None and rest_before is not None:
        text += f"; elsewhere it was {said(rest)}, and {said(rest_before)} before"
    base = float(before.number)
    return f"{text}.", change / base if base else float("inf")


def _level(sheet: Sheet, name: str, subject: Subject) -> Value | None:
    """Take a mean: one cell, or a percentage of two."""
    if f"{name}_of" not in sheet.table.column_names:
        return cell(sheet, name)
    part, whole = cell(sheet, name), cell(sheet, f"{name}_of")
    if part is None or whole is None or whole.number == 0:
        return None
    return part.with_("percent" if subject.share else "ratio", whole)
