"""How does a question of insight become a subject: which measure, of which rows, when?

The words are tagged by the sql agent's tagger, so that names, values, periods and their typos
are understood alike everywhere; the frame of the question (``intent.py``) is left out. A word
that nothing takes is named: a question that is half understood is not explored.
"""

from __future__ import annotations

import datetime as dt

from clew_agents.insight import schema
from clew_agents.insight.asking import Asking, Days
from clew_agents.insight.intent import Frame
from clew_agents.insight.spoken import Reader, is_key, kin
from clew_agents.insight.subject import Kind, Place, Span, Subject
from clew_agents.proposer import CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.describe_time import as_date
from clew_agents.sql.tagging import Item, tag
from clew_agents.sql.thesaurus import ADDITIVE, AVERAGED, STOCK
from clew_agents.sql.words import abbreviates, same, split_name
from clew_core.query_spec import Column as SpecColumn
from clew_core.query_spec import Measure, Named, Predicate, QuerySpec, Ratio
from clew_tools.database.catalog import Column, Table
from clew_tools.database.source import ValueHit

_NUMERIC = frozenset({"integer", "number", "decimal"})
_MEASURED = _NUMERIC | {"boolean"}
_DEFAULT_WEEKS = 13
_OVERVIEW_WEEKS = 52
_LEAST_MEANING = 4
_BETTER = frozenset("better worse best worst faster slower stronger weaker reliable".split())
_PROMISE = frozenset("promised promise punctual punctuality delay delayed late".split())


def understand(question: str, frame: Frame, context: SqlContext, asking: Asking) -> Subject:
    """Read a question.

    Raises:
        CannotAnswer: it names what the data don't hold, or nothing that can be measured in time.
    """
    items = tag(question, context.vocabulary, context.values, context.today)
    return _Reader(items, frame, context, asking).subject()


class _Reader(Reader):
    # --- the subject ---------------------------------------------------------------------------

    def subject(self) -> Subject:
        """Put the parts together."""
        frame = self.frame
        if frame.intent == "change" and not frame.direction and not frame.moved:
            raise CannotAnswer(
                "This asks for a cause: the data only say what was recorded. Ask what changed, "
                "and when: why something rose or fell."
            )
        if self.spoken.unknown:
            words = " and ".join(repr(word) for word in self.spoken.unknown)
            raise CannotAnswer(
                f"I don't understand {words} in this question. No table, column or value of "
                f"{self.context.source!r} has that name."
            )
        if self.spoken.metrics:
            return self._of_metric(self.spoken.metrics[0])
        base, measure_on = self._measured()
        table = self.catalog.table(base)
        assert table is not None
        time = self._time(table)
        days: tuple[Days, ...] = ()
        measure, kind, noun, share, unit = self._measure(table, measure_on)
        if (
            frame.slow
            and measure_on is None
            and (pair := schema.duration(table, self.asking.empty(table))) is not None
        ):
            days = (Days(name="days__", table=base, start=pair[0].name, end=pair[1].name),)
            measure = Measure(
                name="days", aggregate="avg", of=SpecColumn(table=base, column="days__")
            )
            kind, noun, share, unit = "mean", "", False, "days"
            noun = f"time from {_clear_name(pair[0])} to {_clear_name(pair[1])} of {_rows(table)}"
        if frame.left and measure_on is None:
            noun = f"{_rows(table)} that left"
        places, versus = self._places(base)
        return Subject(
            intent=frame.intent,
            base=base,
            measure=measure,
            kind=kind,
            time=time,
            noun=noun,
            places=places,
            others=self._terms(base),
            span=self._span(base, time),
            direction=frame.direction,
            asked=self._asked(base) if frame.intent == "which" else (),
            versus=versus,
            share=share,
            days=days,
            unit=unit,
        )

    def _of_metric(self, name: str) -> Subject:
        """Take one of the company's own measures."""
        metric = self.context.vocabulary.known.metrics[name]
        reach = schema.reach(self.catalog, metric.table)
        for item, hits in self.spoken.values:
            if not any(hit.table in reach for hit in hits):
                raise CannotAnswer(
                    f"{item.text!r} can't be told apart in {name!r}, which is of {metric.table!r}."
                )
        places, versus = self._places(metric.table)
        time = metric.time or schema.time_of(self.catalog, metric.table, self.asking.empty)
        fraction = metric.unit == "fraction"
        return Subject(
            intent=self.frame.intent,
            base=metric.table,
            measure=Measure(name="value", metric=name, unit=metric.unit),
            kind="amount" if metric.adds else "mean",
            time=time,
            noun=name,
            places=places,
            others=self._terms(metric.table),
            span=self._span(metric.table, time),
            direction=self.frame.direction,
            asked=self._asked(metric.table) if self.frame.intent == "which" else (),
            versus=versus,
            fraction=fraction,
            unit=None if fraction else metric.unit,
        )

    def _terms(self, base: str) -> tuple[Named, ...]:
        """Turn the company's words into conditions."""
        reach = schema.reach(self.catalog, base)
        for term, table in self.spoken.terms:
            if table not in reach:
                raise CannotAnswer(f"{term!r} says nothing of the rows of {base!r}.")
        return tuple(Named(term=term) for term, _ in self.spoken.terms)

    def _measured(self) -> tuple[str, tuple[str, str] | None]:
        """Choose the base table and the column that is measured, None for counting rows."""
        numbers = self._measurable()
        best: tuple[tuple[float, ...], str, tuple[str, str] | None] | None = None
        for table in self.catalog.tables:
            reach = schema.reach(self.catalog, table.name)
            distance = 0
            for _, hits in self.spoken.values:
                steps = [reach.steps[h.table] for h in hits if h.table in reach]
                if not steps:
                    break
                distance += min(steps)
            else:
                if any(name not in reach for _, name in self.spoken.terms):
                    continue
                for on in numbers or [None]:
                    key = self._rank(table, reach, distance, on)
                    if key is not None and (best is None or key < best[0]):
                        best = (key, table.name, on)
        if best is None:
            raise CannotAnswer(
                "No table has rows to which all of this question applies: name what is counted "
                "or added up."
            )
        return best[1], best[2]

    def _rank(
        self, table: Table, reach: schema.Reach, distance: int, on: tuple[str, str] | None
    ) -> tuple[float, ...] | None:
        """Rank a base; smaller is better, None: it does not do."""
        named = self.spoken.tables or tuple(name for _, name in self.spoken.terms)
        rows = -(table.row_count or 0)
        timed = (
            schema.time_of(self.catalog, table.name, self.asking.empty) is not None
            or self.frame.left
        )
        if not timed and self.frame.intent != "versus":
            return None
        if on is not None:
            if on[0] != table.name:
                return None
            spoken = sum(name == table.name for name in self.spoken.tables)
            column = table.column(on[1])
            kind = 0 if column is not None and column.type == "boolean" else 1
            if set(split_name(on[1])) & ADDITIVE:
                kind = 0
            return (-spoken, distance, kind, rows)
        if named:
            if any(name not in reach for name in named):
                return None
            own = 0 if table.name in named else 1
            return (own, rows if own else 0, distance)
        return (0, rows, distance)

    def _measurable(self) -> list[tuple[str, str] | None]:
        """List the columns that the words may measure."""
        found: list[tuple[str, str] | None] = []
        for group in self.spoken.columns:
            for name, column_name in group:
                table = self.catalog.table(name)
                column = table.column(column_name) if table else None
                if table is None or column is None or is_key(table, column):
                    continue
                if column.type in _NUMERIC or column.type == "boolean":
                    found.append((name, column_name))
        if self.spoken.tables and not self.frame.intent == "versus":
            # "tickets by channel": the table is counted; a number named beside it is measured.
            found = [f for f in found if f is not None and f[0] in self.spoken.tables]
        return found

    def _measure(
        self, table: Table, on: tuple[str, str] | None
    ) -> tuple[Measure, Kind, str, bool, str | None]:
        if on is None:
            return Measure(name="count", aggregate="count"), "amount", _rows(table), False, None
        column = table.column(on[1])
        assert column is not None
        of = SpecColumn(table=table.name, column=column.name)
        name = _said_name(column)
        if column.type == "boolean":
            words = self._term(on) or name
            true = Predicate(on=of, operator="=", values=(True,))
            share = Ratio(
                numerator=Measure(name="yes", aggregate="count", where=true),
                denominator=Measure(name="all", aggregate="count", of=of),
            )
            return Measure(name="share", ratio=share), "mean", words, True, None
        words_of = {*split_name(column.name), *schema.words_in(column.meaning or "")}
        mean = bool(words_of & (AVERAGED | STOCK)) and not set(split_name(column.name)) & ADDITIVE
        if self.spoken.average or mean:
            return (
                Measure(name="mean", aggregate="avg", of=of, unit=column.unit),
                "mean", f"mean {name}", False, column.unit,
            )  # fmt: skip
        return (
            Measure(name="total", aggregate="sum", of=of, unit=column.unit),
            "amount", f"total {name}", False, column.unit,
        )  # fmt: skip

    def _term(self, on: tuple[str, str]) -> str:
        """Say a column as the question does: "conversion" for converted."""
        for item in self.items:
            if item.tag in "h?F" and not self._is_frame(item):
                if any(kin(item.text.casefold(), w) for w in split_name(on[1])):
                    return item.text.casefold()
        return ""

    def _time(self, table: Table) -> SpecColumn | None:
        if (
            self.frame.left
            and (end := schema.end_time(table, self.asking.empty(table))) is not None
        ):
            return SpecColumn(table=table.name, column=end.name)
        return schema.time_of(self.catalog, table.name, self.asking.empty)

    def _places(self, base: str) -> tuple[tuple[Place, ...], tuple[Place, Place] | None]:
        """Turn values into conditions on the column that lies nearest."""
        reach = schema.reach(self.catalog, base)
        near = [(item, [h for h in hits if h.table in reach]) for item, hits in self.spoken.values]
        versus: tuple[Place, Place] | None = None
        if self.frame.intent == "versus":
            versus, near = self._contest(near, reach)
        places = [_place(min(hits, key=lambda h: reach.steps[h.table])) for _, hits in near if hits]
        return tuple(dict.fromkeys(places)), versus

    def _contest(
        self, near: list[tuple[Item, list[ValueHit]]], reach: schema.Reach
    ) -> tuple[tuple[Place, Place] | None, list[tuple[Item, list[ValueHit]]]]:
        """Find the two values of one column that stand against each other."""
        for at in range(len(near) - 1):
            one, other = near[at][1], near[at + 1][1]
            shared = [
                (a, b)
                for a in one
                for b in other
                if (a.table, a.column) == (b.table, b.column) and a.value != b.value
            ]
            if shared:
                a, b = min(shared, key=lambda pair: reach.steps[pair[0].table])
                return (_place(a), _place(b)), near[:at] + near[at + 2 :]
        return None, near

    def _asked(self, base: str) -> tuple[SpecColumn, ...]:
        """Find what "which …" asks for: a column that can be reached from the base."""
        reach = schema.reach(self.catalog, base)
        found = [
            SpecColumn(table=table, column=column)
            for group in self.spoken.columns
            for table, column in sorted(group, key=lambda on: reach.steps.get(on[0], 99))
            if table in reach
        ]
        return tuple((found or self._shortly_asked(reach))[:1])

    def _shortly_asked(self, reach: schema.Reach) -> list[SpecColumn]:
        """Find what "which region" asks for under a short name, or by a meaning: rgn."""
        after = [item for at, item in enumerate(self.items) if at and self.items[at - 1].tag == "Q"]
        words = [item.text.casefold() for item in after[:1] if not item.tables]
        near = sorted(reach.steps, key=lambda name: reach.steps[name])
        return [
            SpecColumn(table=name, column=column.name)
            for word in words
            for name in near
            if (table := self.catalog.table(name)) is not None
            for column in table.columns
            if column.type == "text"
            and (
                any(abbreviates(part, (word,)) >= 0.8 for part in schema.words_of(column))
                or any(same(word, w) for w in schema.words_in(column.meaning or ""))
            )
        ]

    # --- time ----------------------------------------------------------------------------------

    def _span(self, base: str, time: SpecColumn | None) -> Span | None:
        if time is None:
            return None
        low, high = data_span(base, time, self.asking)
        lasting, text = False, ""
        for place, item in enumerate(self.items):
            if item.tag != "P" or item.period is None:
                continue
            before = self.items[place - 1] if place else None
            word = before.value if before is not None and before.tag == "C" else ""
            lasting = word in ("since", "after", ">")
            first, last = item.period.low, item.period.high
            text = item.text
            if item.period.month is not None:
                first = _latest_month(item.period.month, min(high, self.context.today))
                last = _month_later(first)
            if first is None or last is None:
                continue
            if last <= low or first > high:
                raise CannotAnswer(
                    f"{time.column!r} runs from {low.isoformat()} to {high.isoformat()}: there "
                    f"is nothing to compare in {text}."
                )
            return Span(low=first, high=last, lasting=lasting, text=text)
        wide = self.frame.intent in ("overview", "trend")
        weeks = dt.timedelta(weeks=_OVERVIEW_WEEKS if wide else _DEFAULT_WEEKS)
        return Span(low=max(low, high - weeks), high=high, given=False, text="the last weeks")


def data_span(base: str, time: SpecColumn, asking: Asking) -> tuple[dt.date, dt.date]:
    """Ask from when to when there are rows.

    Raises:
        CannotAnswer: there are none.
    """
    sheet = asking.run(
        QuerySpec(
            source="",
            table=base,
            measures=(
                Measure(name="first_day", aggregate="min", of=time),
                Measure(name="last_day", aggregate="max", of=time),
            ),
        )
    )
    row = sheet.table.to_pylist()[0]
    low, high = as_date(row["first_day"]), as_date(row["last_day"])
    if low is None or high is None:
        raise CannotAnswer(f"{base!r} has no rows with a date in {time.column!r}.")
    return low, high


def _latest_month(month: int, until: dt.date) -> dt.date:
    year = until.year if month <= until.month else until.year - 1
    return dt.date(year, month, 1)


def _month_later(day: dt.date) -> dt.date:
    return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _place(hit: ValueHit) -> Place:
    on = SpecColumn(table=hit.table, column=hit.column)
    return Place(on=on, value=hit.value, name=place_name(on))


def place_name(on: SpecColumn) -> str:
    """Say a column in a sentence: the name of a thing is the thing itself."""
    words = [w for w in split_name(on.column) if not w.isdigit()]
    return " ".join(words) or on.column


def _rows(table: Table) -> str:
    words = [w for w in split_name(table.name) if not w.isdigit()]
    return " ".join(words) or table.name


def _said_name(column: Column) -> str:
    return column.name.replace("_", " ") if column.name.islower() else column.name


def _clear_name(column: Column) -> str:
    """Say a column by its name, or by its meaning where the name says nothing: dat_63."""
    if any(letter.isdigit() for letter in column.name) and column.meaning:
        return column.meaning.split(",")[0]
    return _said_name(column)
