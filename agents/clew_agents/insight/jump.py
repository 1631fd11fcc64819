"""Did a daily level (a rate, a price) jump, and on which day? Told from the two days around it.

A level with one row a day is told differently from a rate over many rows: people want to know
the day and the step.
"""

from __future__ import annotations

import datetime as dt

from clew_agents.insight.asking import Asking
from clew_agents.insight.explore import Departure
from clew_agents.insight.finding import Finding
from clew_agents.insight.series import within
from clew_agents.insight.subject import Subject
from clew_agents.insight.wording import Words, capital, cell, of_places
from clew_agents.sql.describe_time import as_date
from clew_core.query_spec import Dimension, Measure, Order, QuerySpec

_AROUND = dt.timedelta(days=90)
_NEAR = dt.timedelta(days=10)
_BEYOND = 5.0
_LEAST = 0.02


def jump(departure: Departure, subject: Subject, asking: Asking, words: Words) -> Finding | None:
    """Tell a departure as a jump; None where there are many rows a day, or no day stands out."""
    if subject.kind != "mean" or subject.share or subject.time is None:
        return None
    sheet = asking.run(
        QuerySpec(
            source="",
            table=subject.base,
            measures=(subject.measure, Measure(name="rows", aggregate="count")),
            dimensions=(Dimension(name="day", of=subject.time, grain="day"),),
            conditions=(
                *subject.conditions(),
                *within(subject, [(departure.low - _AROUND, departure.low + _AROUND)]),
            ),
            order=(Order(by="day"),),
        )
    )
    rows = sheet.table.to_pylist()
    name = subject.measure.name
    if len(rows) < 20 or any(row["rows"] > 1 for row in rows):
        return None
    levels = [float(row[name]) for row in rows]
    steps = [(b - a) / abs(a) if a else 0.0 for a, b in zip(levels, levels[1:], strict=False)]
    usual = sorted(abs(step) for step in steps)[len(steps) // 2] / 0.6745
    near = []
    for at, step in enumerate(steps):
        day = as_date(rows[at + 1]["day"])
        if day is not None and abs(day - departure.low) <= _NEAR:
            near.append((abs(step), at))
    if not near:
        return None
    size, at = max(near)
    if size < _LEAST or (usual and size < _BEYOND * usual):
        return None
    before, after = cell(sheet, name, at), cell(sheet, name, at + 1)
    if before is None or after is None:
        return None
    down = steps[at] < 0
    change = before.with_("difference", after) if down else after.with_("difference", before)
    day = as_date(rows[at + 1]["day"])
    went = "fell" if down else "rose"
    by = words.percent(change.with_("percent", before))
    text = (
        f"{capital(of_places(subject, ()))} {went} by {by} on {words.day(sheet, 'day', at + 1)}: "
        f"from {words.number(before, digits=4)} on {words.day(sheet, 'day', at)} to "
        f"{words.number(after, digits=4)}."
    )
    return Finding(
        kind="jump",
        text=text,
        places=subject.places,
        low=day,
        high=None,
        direction=-1 if down else 1,
        effect=steps[at],
        p=departure.p,
    )
