"""How the conditions of a reading find their columns and become conditions of a query spec."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from clew_agents.sql.condition_parts import Inner, all_of
from clew_agents.sql.contradictions import refuse_contradiction
from clew_agents.sql.periods import Period
from clew_agents.sql.reading import (
    AverageTest,
    FlagTest,
    NamedTest,
    NullTest,
    NumberTest,
    Reading,
    RelatedTest,
    Tested,
    TextTest,
    TimeTest,
    ValueTest,
)
from clew_agents.sql.resolve import DATES, NUMERIC, Ambiguous, NotUnderstood, Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.thesaurus import LEFT, NOW
from clew_agents.sql.time_tests import between, whole_years
from clew_agents.sql.vocabulary import Name, Vocabulary
from clew_agents.sql.words import split_name
from clew_core import query_spec as q
from clew_tools.semantic.keys import reaches


@dataclass(kw_only=True)
class Placed:
    """Conditions with their columns.

    Attributes:
        conditions: on rows.
        time_fixed: the time stands still: one period is named, not a span.
    """

    conditions: tuple[q.Condition, ...] = ()
    time_fixed: bool = False


@dataclass(kw_only=True)
class ConditionMaker:
    """Makes the conditions of one reading on one base table.

    Attributes:
        reading: with the tests.
        resolver: settles the columns.
        vocabulary: of the source.
        base: the table whose rows are tested.
        source: the name of the source, for specs within the spec.
        counting: rows are counted or listed, so that a condition on rows below them is clear.
        entity: the table of what is listed or ranked, where it is not the base.
    """

    reading: Reading
    resolver: Resolver
    vocabulary: Vocabulary
    base: str
    source: str = ""
    counting: bool = True
    entity: str | None = None
    _below: dict[str, list[Inner]] = field(default_factory=dict)
    _of_entity: dict[str, list[Inner]] = field(default_factory=dict)

    def make(self) -> Placed:
        """Make all conditions.

        Raises:
            Ambiguous, NotUnderstood: a column could not be settled.
        """
        found: list[q.Condition] = []
        reading = self.reading
        tests: list[Tested] = [
            *reading.values,
            *reading.numbers,
            *reading.flags,
            *reading.nulls,
            *reading.texts,
            *reading.times,
        ]
        either = reading.either or ()
        refuse_contradiction(
            [t for t in reading.values if not t.negated and not any(t is one for one in either)]
        )
        if sum(test.comparator == "in" and test.item is None for test in reading.times) > 1:
            raise NotUnderstood([test.text for test in reading.times])
        for test in tests:
            if isinstance(test, NumberTest) and test.having:
                continue  # on groups, not on rows
            if isinstance(test, ValueTest) and (test.lacking or self._is_below(test)):
                if not test.negated:
                    self._place(found, *self._tested(test), proper=_is_proper(test))
                    continue
                if not self._is_below(test):
                    said = test.values[0].text
                    raise NotUnderstood([said], f"Without {said!r}: say what is not {said}.")
                lacked, below = self._value(replace(test, negated=False))
                if not reaches(self.vocabulary.catalog, below, self.base):
                    below = self._between_tables(below)
                found.append(q.Related(has=False, table=below, where=lacked))
            elif not any(test is one for one in either):
                self._place(found, *self._tested(test), proper=_is_proper(test))
        if reading.either is not None:
            found.append(self._either(*reading.either))
        found += [self._average(test) for test in reading.averages if not test.counted]
        for named in reading.named:
            self._place(found, *self._named(named), proper=False)
        found += [self._related(test) for test in reading.related]
        if reading.weekend:
            weekend, table = self._weekend()
            self._place(found, weekend, table, proper=False)
        lacking = [self._lacking(item) for item in self.reading.lacking]
        found += self._roles({one.table for one in lacking})
        found += [
            one for item in reading.having
            if not self._is_said_above(item.tables[0])
            and (one := replace(self._lacking(item), has=True)).table not in self._below
        ]  # fmt: skip
        for table, inner in self._below.items():
            where = all_of(inner)
            if any(one.table == table for one in lacking):
                # "without orders in 2023": others may have orders, only none in 2023
                lacking = [
                    replace(one, where=all_of([*([one.where] if one.where else []), *inner]))
                    if one.table == table
                    else one
                    for one in lacking
                ]
            else:
                found.append(q.Related(has=True, table=table, where=where))
        found += lacking
        found += [self._chosen(table, inner) for table, inner in self._of_entity.items()]
        fixed = any(t.comparator == "in" and len(t.periods) == 1 for t in self.reading.times)
        return Placed(conditions=tuple(found), time_fixed=fixed)

    def _is_said_above(self, table: str) -> bool:
        """Whether a thing that each row has is only named for what it is like itself."""
        catalog = self.vocabulary.catalog
        if table == self.base or not reaches(catalog, self.base, table):
            return False
        return any(reaches(catalog, table, used) for used, column in self.resolver.used if column)

    def _roles(self, lacked: set[str]) -> list[q.Condition]:
        """Ask that things are what they are called by: that a buyer has something to buy."""
        found: list[q.Condition] = []
        for item in self.resolver.items:
            roles = {match.name.role for match in item.matches} if item.tag == "F" else {None}
            role = roles.pop() if len(roles) == 1 else None
            if role is None or self.base != item.tables[0] or role[0] in {*self._below, *lacked}:
                continue
            found.append(q.Related(has=True, table=role[0]))
        return found

    def _is_below(self, test: ValueTest) -> bool:
        """Whether the values stand in rows of which the base's rows may have many."""
        table = self._value(test)[1]
        return not reaches(self.vocabulary.catalog, self.base, table)

    def _tested(self, test: Tested) -> tuple[q.Predicate | q.AllOf | q.AnyOf, str]:
        if isinstance(test, ValueTest):
            return self._value(test)
        if isinstance(test, NumberTest):
            return self._number(test)
        if isinstance(test, NullTest):
            return self._null(test)
        if isinstance(test, TextTest):
            return self._text(test)
        return self._time(test) if isinstance(test, TimeTest) else self._flag(test)

    def _either(self, first: Tested, second: Tested) -> q.AnyOf:
        """Join two tests by "or"; both must be where the base is or above it."""
        parts = [self._tested(first), self._tested(second)]
        for _, table in parts:
            if not reaches(self.vocabulary.catalog, self.base, table):
                raise NotUnderstood(["or"])
        return q.AnyOf(any=tuple(condition for condition, _ in parts))

    def _null(self, test: NullTest) -> tuple[q.Predicate | q.AnyOf, str]:
        name = self.resolver.column(test.item) if test.item.tag == "F" else self._hinted(test)
        if name is None:
            raise NotUnderstood([test.item.text])
        on = q.Column(table=name.table, column=name.column or "")
        null = q.Predicate(on=on, operator="is_null" if test.empty else "is_not_null")
        if test.empty and name.type == "integer" and not self.vocabulary.is_key(name):
            zero = q.Predicate(on=on, operator="=", values=(0,))
            return q.AnyOf(any=(zero, null)), name.table  # "no kids" is none, or none written
        return null, name.table

    def _text(self, test: TextTest) -> tuple[q.Predicate, str]:
        """Test a part of a text; without a column named, of what names the rows."""
        own = [n.table for n in self.vocabulary.labels(self.base)]
        name = self.resolver.column(test.item, ("text",), own) if test.item is not None else None
        if test.item is not None and test.item.text.lower() in ("name", "names"):
            labels = self.vocabulary.labels(self.base)
            name = labels[0] if len(labels) == 1 else name
        if name is None:
            raise NotUnderstood([test.text], f"{test.text!r}: of which text?")
        on = q.Column(table=name.table, column=name.column or "")
        self.resolver.used.add((on.table, on.column))
        return q.Predicate(on=on, operator=test.operator, values=(test.held,)), name.table

    def _hinted(self, test: NullTest) -> Name | None:
        """The one column of the base whose name holds the word: a manager's id, a closing date."""
        hinted = self.vocabulary.hints(test.item.value)
        own = [
            n for n in self.vocabulary.of_table(self.base)
            if (n.table, n.column) in hinted and (not test.dated or self._can_be_undone(n))
        ]  # fmt: skip
        if len(own) != 1:
            return None
        self.resolver.used.add((own[0].table, own[0].column or ""))
        return own[0]

    def _can_be_undone(self, name: Name) -> bool:
        """Whether a date is missing where something was not done (yet)."""
        return name.type in DATES and self.vocabulary.column(name).nullable

    def _average(self, test: AverageTest) -> q.Predicate:
        """Compare a column with its average over all rows of its table."""
        name = self.resolver.column(test.item, NUMERIC)
        if name is None or self.vocabulary.is_key(name):
            raise NotUnderstood([test.text], f"{test.text!r}: of what?")
        if not reaches(self.vocabulary.catalog, self.base, name.table):
            raise NotUnderstood([], f"{test.text!r}: of one row of {name.table!r} or of all?")
        on = name.value
        measure = q.Measure(name="average", aggregate="avg", of=on)
        spec = q.QuerySpec(source=self.source, table=name.table, measures=(measure,))
        return q.Predicate(on=on, operator=test.operator, spec=spec)

    def _flag(self, test: FlagTest) -> tuple[q.Predicate, str]:
        name = self.resolver.column(test.item, ("boolean", "integer"))
        assert name is not None  # the reader saw that it is one
        on = q.Column(table=name.table, column=name.column or "")
        holds: q.Scalar = test.holds if name.type == "boolean" else int(test.holds)
        if name.type != "boolean":  # told in words, where the data have 1 and 0
            words = " ".join(split_name(name.column or "")).removeprefix("is ")
            said = words if test.holds else f"not {words}"
            self.resolver.terms[name.table, f"{name.column}={holds}"] = said
        return q.Predicate(on=on, operator="=", values=(holds,)), name.table

    def _place(
        self,
        found: list[q.Condition],
        condition: Inner,
        table: str,
        *,
        proper: bool,
    ) -> None:
        """Put a condition where its table is: at the base, above it, or below it (exists).

        Args:
            found: where it is put.
            condition: on a column of the table.
            table: its table.
            proper: the question writes its values like names, which few other things have.
        """
        catalog = self.vocabulary.catalog
        if reaches(catalog, self.base, table):
            found.append(condition)
        elif not self.counting and self._belongs_to_entity(table):
            self._of_entity.setdefault(table, []).append(condition)
        elif not self.counting:
            raise NotUnderstood(
                [],
                f"Per row of {self.base!r} or per row of {table!r}? The question leaves it open.",
            )
        elif not reaches(catalog, table, self.base):
            if table not in self.reading.context and not proper:
                raise NotUnderstood([], f"No key leads from {self.base!r} to {table!r}.")
            self._below.setdefault(self._between_tables(table), []).append(condition)
        elif not (
            table in self._below or table in self.reading.context or _is_named_value(condition)
        ):
            raise NotUnderstood(
                [], f"The only column that fits is one of {table!r}, of which nothing is said."
            )
        else:
            self._below.setdefault(table, []).append(condition)

    def _belongs_to_entity(self, table: str) -> bool:
        """Whether a table's rows belong to what is listed: the addresses of customers."""
        catalog = self.vocabulary.catalog
        own = catalog.table(self.entity) if self.entity is not None else None
        if own is None or self.entity == self.base or len(own.primary_key) != 1:
            return False
        return reaches(catalog, table, own.name) and reaches(catalog, self.base, own.name)

    def _chosen(self, table: str, inner: list[Inner]) -> q.Predicate:
        """Keep the rows of things that are chosen by other rows of theirs: by their address."""
        own = self.vocabulary.catalog.table(self.entity or "")
        assert own is not None
        key = q.Column(table=own.name, column=own.primary_key[0])
        spec = q.QuerySpec(
            source=self.source,
            table=own.name,
            dimensions=(q.Dimension(name=key.column, of=key),),
            conditions=(q.Related(has=True, table=table, where=all_of(inner)),),
        )
        return q.Predicate(on=key, operator="in", spec=spec)

    def _named(self, test: NamedTest) -> tuple[q.Named | q.NoneOf, str]:
        table = test.item.tables[0]
        self.resolver.terms[table, ""] = test.item.text
        self.resolver.terms["", test.item.term] = test.item.text
        named = q.Named(term=test.item.term)
        return (named if test.holds else q.NoneOf(none=(named,))), table

    def _between_tables(self, table: str) -> str:
        """The one table whose rows belong to the base and to a table: enrolments of courses.

        Raises:
            NotUnderstood: there is none, or there are several.
        """
        catalog = self.vocabulary.catalog
        found = [
            one.name
            for one in catalog.tables
            if reaches(catalog, one.name, self.base) and reaches(catalog, one.name, table)
        ]
        # Not those that lie further below: grades of enrolments.
        found = [o for o in found if not any(o != p and reaches(catalog, o, p) for p in found)]
        if len(found) > 1:
            found = [one for one in found if one in self.reading.context] or found
        if len(found) > 1:
            raise NotUnderstood([], f"From {self.base!r} several ways lead to {table!r}.")
        if not found:
            raise NotUnderstood([], f"No key leads from {self.base!r} to {table!r}.")
        self.resolver.used.add((found[0], ""))
        return found[0]

    def _weekend(self) -> tuple[q.Predicate, str]:
        name = self.resolver.time(None, "weekend")
        if name.type not in DATES:
            raise NotUnderstood(["weekend"], f"{name.column!r} holds whole years.")
        on = q.Column(table=name.table, column=name.column or "")
        return q.Predicate(on=on, operator="in", values=(6, 7), grain="day_of_week"), name.table

    def _related(self, test: RelatedTest) -> q.Related:
        """Demand rows below, or none: of a period or with a value."""
        table = test.item.tables[0] if test.item is not None else None
        where: q.Predicate | q.AllOf
        if test.of.period is not None and table is not None:
            name = self._date_of(table, test.of.text)
            on = q.Column(table=name.table, column=name.column or "")
            told = TimeTest(
                places=(), item=None, beside=None, comparator="in",
                periods=(test.of.period,), text=test.of.text,
            )  # fmt: skip
            where = self._period(on, name, told, test.of.period)
        else:
            values = ValueTest(places=(), values=(test.of,), names=())
            where, holds = self._value(values)
            table = table or holds
        catalog = self.vocabulary.catalog
        if table == self.base or not reaches(catalog, table, self.base):
            raise NotUnderstood([test.of.text], f"No key leads from {table!r} to {self.base!r}.")
        return q.Related(has=test.has, table=table, where=where)

    def _date_of(self, table: str, words: str) -> Name:
        """The one date of a table that a period beside its name speaks of."""
        dates = self.resolver.dates_of(table)
        if len(dates) > 1:
            raise Ambiguous(words, [(n.table, n.column or "") for n in dates])
        if not dates:
            raise NotUnderstood([words], f"{table!r} has no date that {words!r} could speak of.")
        self.resolver.used.add((table, dates[0].column or ""))
        return dates[0]

    def _lacking(self, item: Item) -> q.Related:
        table = item.tables[0]
        where = q.Named(term=item.term) if item.term else None
        if table == self.base:
            raise NotUnderstood([table], f"No key leads from {table!r} to {self.base!r}.")
        if not reaches(self.vocabulary.catalog, table, self.base):
            between = self._between_tables(table)
            if between == self.base:
                raise NotUnderstood([item.text])
            return q.Related(has=False, table=between, where=where)
        return q.Related(has=False, table=table, where=where)

    def _value(self, test: ValueTest) -> tuple[q.Predicate, str]:
        values: list[str] = []
        column: q.Column | None = None
        for item in test.values:
            hits = self.resolver.value(item, test.names)
            found = q.Column(table=hits[0].table, column=hits[0].column)
            if column is not None and found != column:
                raise NotUnderstood([item.text])
            column = found
            values += [hit.value for hit in hits if hit.value not in values]
        assert column is not None
        if len(values) == 1:
            operator: q.Operator = "!=" if test.negated else "="
        else:
            operator = "not_in" if test.negated else "in"
        predicate = q.Predicate(on=column, operator=operator, values=tuple(values))
        return predicate, column.table

    def _number(self, test: NumberTest) -> tuple[q.Predicate, str]:
        if test.item is None:
            raise NotUnderstood([test.text], f"{test.text!r}: of what?")
        name = self.resolver.column(test.item, NUMERIC)
        if name is None:
            raise NotUnderstood([test.text], f"{test.item.text!r} is no number.")
        on = q.Column(table=name.table, column=name.column or "")
        values = tuple(sorted(test.values)) if test.operator == "between" else test.values
        if test.item.value and test.operator == "=":  # said in other words: "out of stock"
            self.resolver.terms[name.table, f"{name.column}={values[0]}"] = test.item.value
        return q.Predicate(on=on, operator=test.operator, values=values), name.table

    def _time(self, test: TimeTest) -> tuple[q.Predicate | q.AllOf | q.AnyOf, str]:
        if (left := self._left_open(test)) is not None:
            on = q.Column(table=left.table, column=left.column or "")
            self.resolver.used.add((left.table, left.column or ""))
            return q.Predicate(on=on, operator="is_null"), left.table
        lacked = [i for i in self.reading.lacking if test.beside is i and test.item is None]
        if lacked and len(self.resolver.dates_of(lacked[0].tables[0])) == 1:
            name = self._date_of(lacked[0].tables[0], test.text)
        else:
            per = any(test.beside is op.per for op in self.reading.ops)
            name = self.resolver.time(test.item, test.text, None if per else test.beside)
        on = q.Column(table=name.table, column=name.column or "")
        parts = [self._period(on, name, test, period) for period in self._periods(test)]
        return (parts[0] if len(parts) == 1 else q.AnyOf(any=tuple(parts))), name.table

    def _left_open(self, test: TimeTest) -> Name | None:
        """The date that is empty as long as it goes on, where "today" asks for what still does.

        "Employees who work here today" have not left; orders of today were placed today.
        """
        if test.text.casefold() not in NOW or test.item is not None or test.comparator != "in":
            return None
        if self.vocabulary.known.dated(self.base) is not None:
            return None
        own = [n for n in self.vocabulary.of_table(self.base) if n.type in DATES]
        left = [n for n in own if self._can_be_undone(n) and not LEFT.isdisjoint(n.words)]
        return left[0] if len(left) == 1 and len(own) == 2 else None

    def _periods(self, test: TimeTest) -> tuple[Period, ...]:
        """Turn the comparison into spans: "since 1997" has no end."""
        first, last = test.periods[0], test.periods[-1]
        if any(period.month is not None for period in test.periods):
            if test.comparator == "in":
                return test.periods
            raise NotUnderstood([test.text], f"{test.text!r}: of which year?")
        if test.comparator == "between":
            if first.low is not None and last.low is not None and first.low > last.low:
                first, last = last, first
            return (Period(low=first.low, high=last.high, unit=first.unit),)
        if test.comparator == "in":
            return test.periods
        spans = {
            "since": Period(low=first.low, unit=first.unit),
            "after": Period(low=first.high, unit=first.unit),
            "before": Period(high=first.low, unit=first.unit),
            "until": Period(high=first.high, unit=first.unit),
        }
        return (spans[test.comparator],)

    def _period(
        self, on: q.Column, name: Name, test: TimeTest, period: Period
    ) -> q.Predicate | q.AllOf:
        if period.month is not None:
            if name.type not in DATES:
                raise NotUnderstood([test.text], f"{name.column!r} holds whole years.")
            return q.Predicate(on=on, operator="=", values=(period.month,), grain="month_of_year")
        if name.type in DATES:
            return between(on, period.low, period.high)
        if not period.years:
            raise NotUnderstood([test.text], f"{name.column!r} holds whole years.")
        return whole_years(on, period, test.comparator)


def _is_named_value(condition: Inner) -> bool:
    """Whether a condition is on a text that the question names."""
    return isinstance(condition, q.Predicate) and all(
        isinstance(value, str) for value in condition.values
    )


def _is_proper(test: Tested) -> bool:
    """Whether all values of a test are in quotes, or written in capitals as names are."""
    return isinstance(test, ValueTest) and all(
        item.value or item.text[:1].isupper() for item in test.values
    )
