"""Questions about time: in a period, before, since, lately, and one period against another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from worlds.groups import dated, whole_years
from worlds.query import Period, Phrase, Query, month, months_before, quarter, year
from worlds.question import Aggregate, Gold, Maker, Question, Unfit
from worlds.schema import Column, Table

_ENDLESS = dt.date(9999, 1, 1)
_EVER = dt.date(1, 1, 1)


def _in_periods(maker: Maker, construct: str, periods: list[Period], words: str) -> Question:
    """Count, or add up, what happened in a period; each period is one way to read the words."""
    table = maker.table(lambda table: table.event_dates)
    column = maker.pick(table.event_dates)
    aggregate, phrases = Aggregate(words="", kind="count"), "date_count"
    slots = {"p": table.plural, "verb": column.verb, "when": words}
    sums = [c for c in table.numbers if c.adds_up]
    if sums and maker.rng.random() < 0.4:
        number = maker.pick(sums)
        aggregate, phrases = Aggregate(words="", kind="sum", column=number), "date_sum"
        slots["m"] = number.said
    golds = []
    for period in periods:
        query = Query(maker.schema, table)
        value = aggregate.sql(query)
        rest = query.source([period.sql(query.column(column.name))])
        golds.append(maker.gold(f"SELECT {value} {rest}", 1))
        if not golds[-1].rows[0][0]:
            raise Unfit
    return maker.question(construct, table, maker.say(phrases, **slots), golds=tuple(golds))


def in_year(maker: Maker) -> Question:
    """Ask about a calendar year."""
    period = year(maker.pick(whole_years(maker)))
    words = maker.pick(
        [f"in {period.words}", f"during {period.words}", f"in the year {period.words}"]
    )
    return _in_periods(maker, "date_year", [period], words)


def in_month(maker: Maker) -> Question:
    """Ask about a month."""
    period = month(maker.pick(whole_years(maker)), maker.rng.randint(1, 12))
    iso = f"{period.start.year}-{period.start.month:02}"
    words = maker.pick(
        [f"in {period.words}", f"in {period.words}", f"during {period.words}", f"in {iso}"]
    )
    return _in_periods(maker, "date_month", [period], words)


def in_quarter(maker: Maker) -> Question:
    """Ask about a quarter."""
    number, place = maker.pick(whole_years(maker)), maker.rng.randint(1, 4)
    ordinal = ("first", "second", "third", "fourth")[place - 1]
    words = maker.pick(
        [
            f"in Q{place} {number}",
            f"in the {ordinal} quarter of {number}",
            f"in {number} Q{place}",
            f"during Q{place} of {number}",
        ]
    )
    return _in_periods(maker, "date_quarter", [quarter(number, place, "")], words)


def since(maker: Maker) -> Question:
    """Ask about all that came from a day on."""
    number = maker.pick(whole_years(maker))
    start, words = maker.pick([(year(number), str(number)), (month(number, 4), f"April {number}")])
    period = Period(start=start.start, end=_ENDLESS, words="")
    form = maker.pick(["since {}", "from {} on", "since the beginning of {}", "in {} or later"])
    return _in_periods(maker, "date_since", [period], form.format(words))


def before(maker: Maker) -> Question:
    """Ask about all that came before a day."""
    number = maker.pick(whole_years(maker))
    day = dt.date(number, maker.rng.randint(1, 12), maker.rng.choice((1, 15)))
    start, words = maker.pick([(dt.date(number, 1, 1), str(number)), (day, day.isoformat())])
    period = Period(start=_EVER, end=start, words="")
    form = maker.pick(["before {}", "earlier than {}", "prior to {}"])
    return _in_periods(maker, "date_before", [period], form.format(words))


def between(maker: Maker) -> Question:
    """Ask about the time between two years or days, both included."""
    years = whole_years(maker)
    if len(years) < 2:
        raise Unfit
    if maker.rng.random() < 0.5:
        one, other = years[-2], years[-1]
        period = Period(start=year(one).start, end=year(other).end, words="")
        words = maker.pick([f"between {one} and {other}", f"from {one} to {other}"])
    else:
        start = dt.date(years[-1], maker.rng.randint(1, 6), 1)
        last = dt.date(years[-1], maker.rng.randint(7, 12), 20)
        period = Period(start=start, end=last + dt.timedelta(days=1), words="")
        words = maker.pick([f"between {start} and {last}", f"from {start} to {last}"])
    return _in_periods(maker, "date_between", [period], words)


def relative(maker: Maker) -> Question:
    """Ask about lately: the last 30 days, last month, this year, last quarter."""
    now = maker.world.now
    tomorrow = now + dt.timedelta(days=1)
    choice = maker.rng.randrange(6)
    if choice == 0:
        days = maker.pick([30, 60, 90])
        start = now - dt.timedelta(days=days)
        spans = [(start, tomorrow), (start + dt.timedelta(days=1), tomorrow), (start, now)]
        words = maker.pick([f"in the last {days} days", f"in the past {days} days"])
    elif choice == 1:
        months = maker.pick([2, 3, 6])
        first = now.replace(day=1)
        back = months_before(now, months)
        spans = [
            (back, tomorrow),
            (back + dt.timedelta(days=1), tomorrow),
            (back, now),
            (months_before(first, months), first),
            (months_before(first, months - 1), tomorrow),
        ]
        words = maker.pick([f"in the last {months} months", f"in the past {months} months"])
    elif choice == 2:
        first = now.replace(day=1)
        spans, words = [(months_before(first, 1), first)], "last month"
    elif choice == 3:
        spans, words = [(dt.date(now.year - 1, 1, 1), dt.date(now.year, 1, 1))], "last year"
    elif choice == 4:
        spans, words = [(dt.date(now.year, 1, 1), tomorrow)], "this year"
        if now.month < 3:
            raise Unfit
    else:
        first = dt.date(now.year, 3 * ((now.month - 1) // 3) + 1, 1)
        spans, words = [(months_before(first, 3), first)], "last quarter"
    periods = [Period(start=start, end=end, words=words) for start, end in spans]
    return _in_periods(maker, "date_relative", periods, words)


# ----------------------------------------------------------------------- one period against another


def _two(maker: Maker) -> tuple[Period, Period]:
    years = whole_years(maker)
    if len(years) < 2:
        raise Unfit
    if maker.rng.random() < 0.6:
        return year(years[-2]), year(years[-1])
    place = maker.rng.randint(1, 11)
    return month(years[-1], place), month(years[-1], place + 1)


def _change(
    maker: Maker, table: Table, column: Column, aggregate: Aggregate, two: tuple[Period, Period]
) -> tuple[float, float, tuple[str, str]]:
    values, written = [], []
    for period in two:
        written.append(_written(maker, table, column, aggregate, period))
        values.append(maker.world.ask(written[-1])[0][0])
    if not values[0] or not values[1] or values[0] == values[1]:
        raise Unfit
    return float(values[0]), float(values[1]), (written[0], written[1])


def _written(
    maker: Maker, table: Table, column: Column, aggregate: Aggregate, period: Period
) -> str:
    query = Query(maker.schema, table)
    value = aggregate.sql(query)
    return f"SELECT {value} {query.source([period.sql(query.column(column.name))])}"


def _value(
    maker: Maker, table: Table, column: Column, aggregate: Aggregate, period: Period
) -> float | None:
    found: float | None = maker.world.ask(_written(maker, table, column, aggregate, period))[0][0]
    return found


def _compared(maker: Maker, construct: str, *, relative: bool) -> Question:
    table, column = dated(maker)
    aggregate, two = maker.aggregate(table), _two(maker)
    old, new, (one, other) = _change(maker, table, column, aggregate, two)
    by, rate = new - old, (new - old) / old
    key, rest = (rate, (by,)) if relative else (by, (rate,))
    written = f"({other}) - ({one})" + (f" / ({one})" if relative else "")
    starts = (two[0].start, two[1].start)
    grain = "year" if (two[0].end - two[0].start).days > 300 else "month"
    golds = [
        Gold(
            sql=written,
            rows=((key, old, new, *rest, starts[1], starts[0]),),
            required=1,
            percent=(0,) if relative else (3,),
            grains=((4, grain), (5, grain)),
        ),
        Gold(
            sql=f"{written} -- beside the periods",
            rows=(
                (starts[0], old, None, None, None),
                (starts[1], new, key, *rest, old),
            ),
            required=3,
            percent=(2,) if relative else (3,),
            grains=((0, grain),),
        ),
    ]
    text = maker.say(
        construct,
        a=aggregate.of(Phrase(table=table)),
        one=two[0].words,
        two=two[1].words,
    )
    return maker.question(construct, table, text, golds=tuple(golds))


def growth(maker: Maker) -> Question:
    """Ask for the change from one period to the next, in percent."""
    return _compared(maker, "growth", relative=True)


def difference(maker: Maker) -> Question:
    """Ask for the change from one period to the next."""
    return _compared(maker, "difference", relative=False)


def _by_month(
    maker: Maker,
    construct: str,
    roll: Callable[[list[float], list[float]], list[list[float | None]]],
) -> Question:
    from worlds.groups import by_period

    table, column = dated(maker)
    aggregate, number = maker.aggregate(table), maker.pick(whole_years(maker))
    if aggregate.kind == "average":
        raise Unfit
    phrase = Phrase(table=table)
    (gold,) = by_period(maker, phrase, aggregate, column, number, "month")
    ordered = sorted(gold.rows)
    plain = [float(row[1]) for row in ordered]
    two_before = [
        float(_value(maker, table, column, aggregate, month(number - 1, place)) or 0)
        for place in (11, 12)
    ]
    if not all(two_before):  # an empty month is averaged by some and left out by others
        raise Unfit
    golds = []
    for rolled in roll(plain, two_before):
        rows = [
            (row[0], value, base) for row, value, base in zip(ordered, rolled, plain, strict=True)
        ]
        golds.append(
            Gold(
                sql=f"{gold.sql} -- {construct.replace('_', ' ')}",
                rows=tuple(rows),
                required=2,
                grains=((0, "month"),),
            )
        )
        if rolled[0] is None:  # months without a full window may be left out
            left = tuple(row for row in rows if row[1] is not None)
            golds.append(Gold(sql=golds[-1].sql, rows=left, required=2, grains=((0, "month"),)))
    text = maker.say(construct, a=aggregate.of(phrase), year=number)
    return maker.question(construct, table, text, golds=tuple(golds))


def running_total(maker: Maker) -> Question:
    """Add up month by month."""

    def roll(plain: list[float], before: list[float]) -> list[list[float | None]]:
        return [[sum(plain[: place + 1]) for place in range(len(plain))]]

    return _by_month(maker, "running_total", roll)


def rolling_average(maker: Maker) -> Question:
    """Average three months at a time; the first windows may be short, missing, or reach back."""

    def roll(plain: list[float], before: list[float]) -> list[list[float | None]]:
        short = [plain[max(0, place - 2) : place + 1] for place in range(len(plain))]
        means: list[float | None] = [sum(window) / len(window) for window in short]
        full = [None if place < 2 else mean for place, mean in enumerate(means)]
        every = [*before, *plain]
        back: list[float | None] = [sum(every[at : at + 3]) / 3 for at in range(len(plain))]
        return [means, full, back]

    return _by_month(maker, "rolling_average", roll)
