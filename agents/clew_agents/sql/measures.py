"""What is computed: which column an operator of the question works on, or which rows it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clew_agents.sql.reading import NumberTest, Op, Reading
from clew_agents.sql.resolve import DATES, NUMERIC, NotUnderstood, Resolver
from clew_agents.sql.tagging import Item
from clew_agents.sql.thesaurus import ADDITIVE, ADJECTIVES, AVERAGED, STOCK
from clew_agents.sql.vocabulary import Name, Vocabulary
from clew_agents.sql.words import singular, split_name
from clew_core import query_spec as q
from clew_tools.semantic.keys import reaches

_LARGE = frozenset("largest biggest smallest greatest".split())
_SIZES = frozenset("area size population".split())


@dataclass(frozen=True, kw_only=True)
class Computed:
    """One measure, with its column settled.

    Attributes:
        aggregate: None: the question does not say which.
        column: None: rows are counted.
        table: that it is computed on.
        per: rows are counted for each value of this column, and averaged.
    """

    aggregate: q.Aggregate | None
    column: Name | None
    table: str
    per: Name | None = None


@dataclass(kw_only=True)
class MeasureMaker:
    """Settles the measures of one reading."""

    vocabulary: Vocabulary
    reading: Reading
    resolver: Resolver

    def computed(self, op: Op) -> Computed:
        """Settle what an operator computes.

        Raises:
            Ambiguous, NotUnderstood: its column could not be settled.
        """
        item = op.target
        if item is None:
            return self._rows_or_worth(op)
        if op.per is not None:
            return self._averaged_count(op, op.per)
        if op.count:
            return self._counted(op)
        dated = op.aggregate in ("min", "max")
        column = self.resolver.column(item, (*NUMERIC, *DATES) if dated else NUMERIC)
        if column is not None and column.metric:
            return self._metric(op, column)
        table = self.resolver.table(item)
        if column is not None and (table is None or item.matches[0].name.column is not None):
            if self.vocabulary.is_key(column) and op.aggregate in ("sum", "avg", "median"):
                raise NotUnderstood([item.text], f"{column.column!r} only numbers the rows.")
            return Computed(aggregate=op.aggregate, column=column, table=column.table)
        if table is None:
            verb = {"sum": "added up", "avg": "averaged"}.get(op.aggregate or "", "computed")
            raise NotUnderstood([item.text], f"{item.text!r} can't be {verb}: it is no number.")
        if op.aggregate != "sum" and self.reading.groups and item.text.lower().endswith("s"):
            # "average orders per day": of their number, which has to be counted first
            raise NotUnderstood([], f"Counting {item.text!r} per group first can't be done yet.")
        if op.aggregate == "sum" and op.direct and not item.text.lower().endswith("ed"):
            return self._total_of_rows(item.text, table)
        return self.worth_of(table, op.aggregate)

    def _averaged_count(self, op: Op, per: Item) -> Computed:
        """Count, or add up, per thing: the things are told apart by their key, or are a column."""
        inner = self.computed(replace(op, per=None))
        table = self.resolver.table(per)
        catalog = self.vocabulary.catalog
        if inner.aggregate is None and inner.column is not None:
            adds = not self.said_of(inner.column).isdisjoint(ADDITIVE)
            inner = replace(inner, aggregate="sum" if adds else None)
        metric = inner.column.metric if inner.column is not None else ""
        adds = not metric or self.vocabulary.known.metrics[metric].adds
        if inner.aggregate not in ("count", "sum") or not adds:
            raise NotUnderstood([per.text])
        if table is None:
            column = self.resolver.column(per)
        else:
            own = catalog.table(table)
            key = own.primary_key if own else ()
            names = self.vocabulary.of_table(table)
            column = next((n for n in names if len(key) == 1 and n.column == key[0]), None)
        if column is None or not reaches(catalog, inner.table, column.table):
            raise NotUnderstood(
                [per.text], f"A row of {inner.table!r} belongs to no one {per.text!r}."
            )
        self.resolver.used.add((column.table, column.column or ""))
        return replace(inner, per=column)

    def _total_of_rows(self, words: str, table: str) -> Computed:
        """Read "total rides": their number, unless a ride is worth something too."""
        worth = self.vocabulary.worth(table)
        if worth is not None:
            raise NotUnderstood(
                [], f"'total {words}': how many {words}, or the sum of their {worth.column!r}?"
            )
        return Computed(aggregate="count", column=None, table=table)

    def _rows_or_worth(self, op: Op) -> Computed:
        if op.count and not self.reading.context and self.reading.values:
            # "how many ETFs": the rows that have the value
            hits = self.resolver.value(self.reading.values[0].values[0], ())
            return Computed(aggregate="count", column=None, table=hits[0].table)
        table = self._only_table()
        if op.count:
            said = next((item.text for item in self.resolver.items if item.tag == "O"), "rows")
            self.resolver.terms.setdefault((table, ""), said)
            return Computed(aggregate="count", column=None, table=table)
        if op.aggregate != "sum" and self.reading.groups:
            # "average daily orders": of their number, which has to be counted first
            raise NotUnderstood([], f"Counting {table!r} per group first can't be done yet.")
        return self.worth_of(table, op.aggregate)

    def _only_table(self) -> str:
        entity = self.reading.entity
        if entity is not None and not entity.tables and entity.tag == "F":
            column = self.resolver.column(entity)  # "the most common city": of the rows it is in
            if column is not None:
                return column.table
        names = list(self.reading.context) or [t.name for t in self.vocabulary.catalog.tables]
        if len(names) != 1:
            spoken = [item.text for item in self.resolver.items if item.tag in "FV#P"]
            about = f" The question speaks of {listed(spoken)} only." if spoken else ""
            raise NotUnderstood([], f"Rows of which table? There are {listed(names)}.{about}")
        return names[0]

    def _counted(self, op: Op) -> Computed:
        item = op.target
        assert item is not None
        table = self.resolver.table(item)
        if table is not None:
            return Computed(aggregate="count", column=None, table=table)
        column = self.resolver.column(item)
        if column is None:
            raise NotUnderstood([item.text])
        if column.metric:
            return self._metric(op, column)
        if column.type in NUMERIC and not op.distinct and not self.discrete(column):
            aggregate: q.Aggregate | None = "sum"
            if not self.said_of(column).isdisjoint(STOCK):
                aggregate = None  # a stock: summed only where the time stands still
            return Computed(aggregate=aggregate, column=column, table=column.table)
        return Computed(aggregate="count_distinct", column=column, table=column.table)

    def _metric(self, op: Op, name: Name) -> Computed:
        """Take a named metric: it says itself how it is computed."""
        metric = self.vocabulary.known.metrics[name.metric]
        ranks = op.aggregate in ("max", "min") and self.reading.direction is not None
        total = (op.aggregate == "sum" or op.count) and metric.adds
        if op.aggregate is not None and not ranks and not total:
            said = {"sum": "total", "count": "number"}.get(op.aggregate, op.aggregate)
            raise NotUnderstood([], f"The {said} of {metric.name!r}: over what is it taken?")
        if metric.time is not None:
            self.resolver.dated = (metric.time.table, metric.time.column)
        return Computed(aggregate="sum", column=name, table=metric.table)

    def said_of(self, column: Name) -> set[str]:
        """The words of a column's name and those that the question has for it."""
        said = self.resolver.terms.get((column.table, column.column or ""), "")
        found = {*column.words, *said.casefold().split()}
        if column.metric or column.column is None:
            return found
        percent = self.vocabulary.column(column).unit in ("percent", "%")
        return {*found, "percent"} if percent or column.letters.endswith("pct") else found

    def see_that_it_adds_up(self, computed: Sequence[Computed]) -> None:
        """Refuse the share or running total of a price, a rate: these don't add up.

        Raises:
            NotUnderstood: one was asked for.
        """
        analysis = self.reading.analysis
        if analysis is None or analysis.kind not in ("share", "running"):
            return
        supposed = {id(op.target) for op in self.reading.ops if op.supposed}
        for op, one in zip(self.reading.ops, computed, strict=False):
            if one.aggregate != "sum" or one.column is None or id(op.target) not in supposed:
                continue
            if one.column.metric:
                if not self.vocabulary.known.metrics[one.column.metric].adds:
                    raise NotUnderstood([], f"{one.column.metric!r} does not add up.")
                continue
            if not self.said_of(one.column).isdisjoint((*AVERAGED, "price")):
                raise NotUnderstood(
                    [], f"{analysis.text!r} needs what adds up: {one.column.column!r} does not."
                )

    def discrete(self, column: Name) -> bool:
        """Whether a number only tells rows apart: a key, a year."""
        return self.vocabulary.is_key(column) or column.words[-1] == "year"

    def worth_of(self, table: str, aggregate: q.Aggregate | None) -> Computed:
        """Compute on what a row of a table is worth."""
        worth = self.vocabulary.worth(table) or self._size_of(table)
        if worth is None:
            what = {"sum": "total", "avg": "average"}.get(aggregate or "", "measure")
            raise NotUnderstood(
                [], f"The {what} of which column of {table!r}? {self._numbers_of(table)}"
            )
        self.resolver.used.add((worth.table, worth.column or ""))
        return Computed(aggregate=aggregate, column=worth, table=table)

    def _size_of(self, table: str) -> Name | None:
        """The one column that says how large a row is: the area of "the largest studio"."""
        said = {item.text.lower() for item in self.reading.ranked}
        own = [n for n in self.vocabulary.of_table(table) if n.type in NUMERIC]
        sizes = [n for n in own if not _SIZES.isdisjoint(n.words)]
        return sizes[0] if said & _LARGE and len(sizes) == 1 else None

    def _numbers_of(self, table: str) -> str:
        names = [
            n.column or "" for n in self.vocabulary.of_table(table)
            if n.type in NUMERIC and not self.vocabulary.is_key(n)
        ]  # fmt: skip
        return f"It has the numbers {listed(names)}." if names else "It has no numbers."

    def adjective(self, base: str) -> Computed:
        """Find the column that "longest" or "oldest" speaks of."""
        words = ADJECTIVES.get(self.reading.adjective, ())
        common = self.reading.adjective == "common" and self.reading.ranked
        said = self.reading.ranked[-1].text if common else self.reading.adjective
        if self.reading.adjective == "date":
            found = [n for n in self.vocabulary.of_table(base) if n.type in DATES]
        else:
            found = [
                n
                for n in self.vocabulary.of_table(base)
                if n.type in (*NUMERIC, *DATES) and not set(n.words).isdisjoint(words)
            ]
        if len(found) != 1:
            raise NotUnderstood(
                [said],
                f"{said!r} by what? {self._numbers_of(base)}",
            )
        self.resolver.used.add((base, found[0].column or ""))
        direction: q.Aggregate = "max" if self.reading.direction == "max" else "min"
        if self.reading.adjective in ("old", "young") and found[0].words[-1] == "age":
            self.reading.direction = "max" if self.reading.adjective == "old" else "min"
            direction = self.reading.direction
        return Computed(aggregate=direction, column=found[0], table=base)

    def counted_from(self, base: str, one: Computed) -> Computed:
        """Count rows of another table by their key: the customers of rides, each once.

        Raises:
            NotUnderstood: they can't be told apart from there.
        """
        if one.aggregate != "count" or one.column is not None or one.table == base:
            return one
        table = self.vocabulary.catalog.table(one.table)
        key = table.primary_key if table else ()
        if len(key) != 1 or not reaches(self.vocabulary.catalog, base, one.table):
            raise NotUnderstood([], f"{one.table!r} can't be counted beside {base!r}.")
        name = next(n for n in self.vocabulary.of_table(one.table) if n.column == key[0])
        return replace(one, aggregate="count_distinct", column=name)

    def having(self) -> list[tuple[Computed, NumberTest]]:
        """Settle what groups are chosen by: the tracks of "genres with more than 100 tracks"."""
        found: list[tuple[Computed, NumberTest]] = []
        for test in self.reading.numbers:
            if not test.having or test.item is None:
                continue
            measured = all(match.name.metric for match in test.item.matches)
            if test.aggregate is not None or (measured and test.item.matches):
                op = Op(aggregate=test.aggregate, target=test.item)
            else:
                op = Op(aggregate="count", target=test.item, count=True)
            found.append((self.computed(op), test))
        return found

    def measure(self, computed: Computed) -> q.Measure:
        """Name and write what is computed."""
        aggregate, column = computed.aggregate, computed.column
        if computed.per is not None:
            per = self.measure(Computed(
                aggregate="count_distinct", column=computed.per, table=computed.per.table
            ))  # fmt: skip
            whole = self.measure(replace(computed, per=None))
            name = f"{whole.name}_per_{_plain(computed.per.table)}"
            if computed.per.table != self.resolver.base:  # rows of no department are in none's
                there = q.Predicate(on=_column(computed.per), operator="is_not_null")
                whole = replace(whole, where=there)
            return q.Measure(name=name, ratio=q.Ratio(numerator=whole, denominator=per))
        if column is not None and column.metric:
            return metric_measure(column.metric, self.vocabulary)
        if column is None:
            return q.Measure(name=f"{_plain(computed.table)}_count", aggregate="count")
        of = column.value
        head = {"count_distinct": "", "count": ""}.get(aggregate or "", f"{aggregate}_")
        tail = "_count" if aggregate in ("count", "count_distinct") else ""
        title = _plain(computed.table) if computed.table != column.table else column.column
        if tail and self.vocabulary.is_key(column):
            title = _plain(column.table)
        return q.Measure(
            name=f"{head}{title}{tail}", aggregate=aggregate, of=of,
            unit=self.vocabulary.column(column).unit,
        )  # fmt: skip


def metric_measure(metric: str, vocabulary: Vocabulary) -> q.Measure:
    """Make the measure of a named metric."""
    unit = vocabulary.known.metrics[metric].unit
    name = "_".join(split_name(metric)) or metric
    return q.Measure(name=name, metric=metric, unit=unit)


def _column(name: Name) -> q.Column:
    return q.Column(table=name.table, column=name.column or "")


def _plain(table: str) -> str:
    return singular("_".join(split_name(table))) or table


def listed(names: Sequence[str]) -> str:
    """List names in quotes."""
    return ", ".join(map(repr, names))
