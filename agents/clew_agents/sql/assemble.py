"""How a reading becomes query specs: the table to stand on, the columns, the joins that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clew_agents.proposer import Candidate
from clew_agents.sql.analysis import analysed
from clew_agents.sql.bases import BaseChooser
from clew_agents.sql.conditions import ConditionMaker, Placed
from clew_agents.sql.dimensions import DimensionMaker
from clew_agents.sql.leaders import led_by, rows_of, table_of_leaders
from clew_agents.sql.many import count_instead
from clew_agents.sql.measures import Computed, MeasureMaker
from clew_agents.sql.ordering import Ordering
from clew_agents.sql.read_averages import counted
from clew_agents.sql.reading import Op, Reading
from clew_agents.sql.resolve import DATES, NotUnderstood, Resolver
from clew_agents.sql.row_specs import (
    first_rows,
    ranked_table,
    ranks_rows,
    rows_drawn,
    says_most,
    see_that_it_tells,
    told_apart,
)
from clew_agents.sql.sub_specs import above_average, averaged_within
from clew_agents.sql.tagging import Item
from clew_agents.sql.thesaurus import ADDITIVE, AVERAGED, STOCK
from clew_agents.sql.vocabulary import Name, Vocabulary
from clew_agents.sql.words import split_name
from clew_core import query_spec as q
from clew_tools.semantic.keys import reaches

# Charts of rows, not of totals.
_OF_ROWS = ("histogram", "box", "point")


@dataclass(kw_only=True)
class Assembler:
    """Makes the specs of one reading over one source."""

    source: str
    vocabulary: Vocabulary
    reading: Reading
    resolver: Resolver
    labels: dict[str, str] = field(default_factory=dict)
    ordering: Ordering = field(init=False)

    @property
    def made(self) -> MeasureMaker:
        """Settles what is computed."""
        return MeasureMaker(
            vocabulary=self.vocabulary, reading=self.reading, resolver=self.resolver
        )

    @property
    def groups(self) -> DimensionMaker:
        """Makes the dimensions."""
        return DimensionMaker(
            vocabulary=self.vocabulary,
            reading=self.reading,
            resolver=self.resolver,
            made=self.made,
            labels=self.labels,
        )

    @property
    def bases(self) -> BaseChooser:
        """Chooses the table to stand on."""
        return BaseChooser(
            vocabulary=self.vocabulary,
            reading=self.reading,
            resolver=self.resolver,
            groups=self.groups,
        )

    def candidates(self) -> list[Candidate]:
        """Make the specs that the reading may mean, the likeliest first.

        Raises:
            Ambiguous, NotUnderstood: something could not be settled.
        """
        reading = self.reading
        if reading.missing:
            raise NotUnderstood([], reading.missing)
        if reading.leader is not None:
            return self._led(reading.leader)
        counted(reading.averages, reading.ops)
        self._rank_by_children()
        computed = [self.made.computed(op) for op in reading.ops]
        computed = [self._doers(op, one) for op, one in zip(reading.ops, computed, strict=True)]
        self.made.see_that_it_adds_up(computed)
        entity_table = self.bases.entity_table()
        self.ordering = Ordering(reading=reading, resolver=self.resolver, made=self.made)
        computed = self.ordering.computed(computed)
        self.resolver.base = base = self.bases.base(computed, entity_table)
        computed = [self.made.counted_from(base, one) for one in computed]
        if reading.adjective == "common":  # by the number of its rows
            if reading.entity is None or reading.entity.tables:
                words = [item.text for item in reading.ranked]
                raise NotUnderstood(words, f"{' '.join(words)!r} by what? Name a number.")
            computed.insert(0, Computed(aggregate="count", column=None, table=base))
        elif reading.adjective:
            computed.insert(0, self.made.adjective(base))  # it ranks, whatever else is shown
        if reading.direction and not computed:
            computed.append(self.made.worth_of(base, None))
        chosen_by = self.made.having()
        if self._counts_chosen(chosen_by):
            target = reading.ops[0].target
            for one, test in chosen_by:  # "employees of departments with more than 30 employees"
                if target is not None and one.table in target.tables:
                    raise NotUnderstood([test.text], f"{test.text!r}: of each what?")
            return self._chosen_counted(reading.ops[0])
        listed = reading.columns and len(reading.owner) == 1 and not reading.direction
        if chosen_by and reading.entity is None and not reading.groups and not listed:
            raise NotUnderstood([chosen_by[0][1].text], f"{chosen_by[0][1].text!r}: of each what?")
        computed += [one for one, _ in chosen_by if one not in computed]
        dimensions = self.groups.all(base, computed)
        if chosen_by and listed:  # "names of customers with two orders": each by itself
            owned = [d.name for d, name in dimensions if name.table == reading.owner[0]]
            self.labels.update(dict.fromkeys(owned, reading.owner[0]))
        base, computed = self.bases.finest(base, computed, dimensions)
        self.resolver.base = base
        if reading.direction is not None and not dimensions:
            raise NotUnderstood([item.text for item in reading.ranked])
        placed = self._placed(reading, base, computed)
        part = reading.analysis.part if reading.analysis is not None else None
        # Before the specs, which keep the words that it is told in.
        inner = self._placed(part, base, computed) if part is not None else None
        found = averaged_within(self._specs(base, computed, dimensions, placed), reading.averages)
        if reading.analysis is None:
            return found
        return analysed(found, reading.analysis, inner, tuple(d for d, _ in dimensions))

    def _led(self, leader: Item) -> list[Candidate]:
        """Answer "who reports to …": the rows of a table that point at one of its own."""
        reading = self.reading
        named = [op.target for op in reading.ops] + [reading.entity]
        tables = [table for item in named if item is not None for table in item.tables]
        table = tables[0] if tables else table_of_leaders(self.vocabulary)
        if table is None:
            raise NotUnderstood([leader.text], "No table says who leads whom.")
        path, test = led_by(leader, table, self.vocabulary, self.resolver)
        if tables:
            plain = replace(self, reading=replace(reading, leader=None))
            found = plain.candidates()
        else:
            self.resolver.base = table
            names = self.vocabulary.labels(table)
            plain_dimensions = tuple(self.groups.dimension(n, None, of_table=True) for n in names)
            spec = rows_of(self.source, table, plain_dimensions, self.resolver.said_terms())
            placed = self._placed(replace(reading, leader=None), table, [])
            spec = replace(spec, conditions=placed.conditions)
            found = [Candidate(spec=spec, confidence=0.85, reason="who leads whom is a key")]
        return [
            replace(
                one,
                spec=replace(
                    one.spec,
                    joins=(*one.spec.joins, path),
                    conditions=(*one.spec.conditions, test),
                ),
            )
            for one in found
        ]

    def _placed(self, reading: Reading, base: str, computed: list[Computed]) -> Placed:
        return ConditionMaker(
            reading=reading,
            resolver=self.resolver,
            vocabulary=self.vocabulary,
            base=base,
            source=self.source,
            counting=all(c.aggregate in ("count", "count_distinct") for c in computed),
            entity=self._entity_named(),
        ).make()

    def _doers(self, op: Op, one: Computed) -> Computed:
        """Count the "different customers who ordered" over the orders, each customer once.

        What they are grouped by is then what the orders have, before what the customers have.
        """
        catalog = self.vocabulary.catalog
        table = catalog.table(one.table)
        done = {t.beside.tables for t in self.reading.times if t.beside and t.item is None}
        if not op.distinct or one.column is not None or len(done) != 1 or table is None:
            return one
        tables = done.pop()
        keyed = len(table.primary_key) == 1 and len(self.reading.ops) == 1
        if not keyed or len(tables) != 1 or tables[0] == one.table:
            return one
        if not reaches(catalog, tables[0], one.table) or self.reading.lacking:
            return one
        self.reading.having = [i for i in self.reading.having if i.tables != tables]
        doing = " ".join(split_name(tables[0]))
        said = op.target.text if op.target is not None else one.table
        self.resolver.terms[one.table, ""] = f"{said} with {doing}"
        names = self.vocabulary.of_table(one.table)
        key = next(name for name in names if name.column == table.primary_key[0])
        return replace(one, aggregate="count_distinct", column=key, table=tables[0])

    def _entity_named(self) -> str | None:
        """The table that what is listed is named by."""
        entity = self.reading.entity
        tables = set(entity.tables) if entity is not None else set()
        return tables.pop() if len(tables) == 1 else None

    def _rank_by_children(self) -> None:
        """Read "top 5 customers by orders" as by their number: a customer has many orders."""
        reading = self.reading
        if reading.direction is None or reading.entity is None or reading.ops:
            return
        owners = reading.entity.tables
        for group in reading.groups:
            tables = group.item.tables
            if len(owners) != 1 or len(tables) != 1 or owners == tables:
                continue
            if reaches(self.vocabulary.catalog, tables[0], owners[0]):
                reading.ops.append(Op(aggregate="count", target=group.item, count=True))
                reading.groups.remove(group)
                return

    def _counts_chosen(self, chosen_by: Sequence[object]) -> bool:
        """Whether things are counted that are chosen by their rows: "with 3 orders or more"."""
        reading = self.reading
        chosen = bool(chosen_by) or any(test.counted for test in reading.averages)
        one = len(reading.ops) == 1 and reading.ops[0].count and reading.ops[0].target is not None
        return chosen and one and reading.entity is None and not reading.direction

    def _chosen_counted(self, op: Op) -> list[Candidate]:
        """Count the things of a spec within the spec that chooses them."""
        item = op.target
        assert item is not None
        if self.reading.groups:
            raise NotUnderstood([item.text], f"{item.text!r} chosen and grouped can't be done yet.")
        inner = replace(self.reading, ops=[], entity=item, listing=True)
        assembler = replace(self, reading=inner, labels={})
        found = []
        for candidate in assembler.candidates():
            per = assembler._one_of([(d, self._name_of(d)) for d in candidate.spec.dimensions])
            if per is None:
                raise NotUnderstood([item.text])
            key = q.Dimension(name=per.column, of=per)
            chosen = replace(candidate.spec, dimensions=(key,), order=(), limit=None)
            measure = self.made.measure(self.made.computed(op))
            if measure.of is not None or per.table not in item.tables:
                measure = replace(measure, aggregate="count_distinct", of=per)
            spec = q.QuerySpec(
                source=self.source,
                table=per.table,
                measures=(measure,),
                conditions=(q.Predicate(on=per, operator="in", spec=chosen),),
                terms=self.resolver.said_terms(),
            )
            found.append(replace(candidate, spec=spec, labels={}))
        return found

    def _name_of(self, dimension: q.Dimension) -> Name:
        of = dimension.of
        assert isinstance(of, q.Column)
        names = self.vocabulary.of_table(of.table)
        return next(name for name in names if name.column == of.column)

    # --- specs ---------------------------------------------------------------------------------

    def _specs(
        self,
        base: str,
        computed: list[Computed],
        dimensions: list[tuple[q.Dimension, Name]],
        placed: Placed,
    ) -> list[Candidate]:
        ranked = ranked_table(self.reading)
        if ranked is not None and computed:
            rank = computed[0]
            if rank.column is not None and rank.table == base == ranked and len(computed) == 1:
                return [first_rows(self, base, rank.column, dimensions, placed)]
            dimensions = told_apart(self, ranked, dimensions)
        open_ended = [c for c in computed if c.aggregate is None]
        if not open_ended:
            return [self.candidate(base, computed, dimensions, placed)]
        hint = self.reading.hint
        if hint and hint.mark in _OF_ROWS and len(open_ended) == len(computed):
            return [rows_drawn(self, base, computed, dimensions, placed)]
        if all(c.column is not None and self.vocabulary.is_key(c.column) for c in open_ended):
            if len(open_ended) == len(computed) and not dimensions:
                return [replace(self._lookup(base, computed, placed), single_row=False)]
            raise NotUnderstood([], "A number that only names rows can't be computed with.")
        grouped = bool(dimensions)
        choices = self._aggregates(open_ended[0], grouped, placed)
        if not grouped and self.reading.direction is None and choices is None:
            return [self._lookup(base, computed, placed), *(
                self.candidate(base, _with(computed, a), dimensions, placed)
                for a in ("sum", "avg")
            )]  # fmt: skip
        found = [
            self.candidate(base, _with(computed, aggregate), dimensions, placed)
            for aggregate in choices or ("sum", "avg")
        ]
        if self._adds_up_by(base) and choices is not None and choices[-1] == "sum":
            return [found[-1], *(replace(one, confidence=0.15) for one in found[:-1])]
        return found

    def _adds_up_by(self, base: str) -> bool:
        """Whether "top 3 categories by amount" ranks things with many rows: by their totals."""
        reading = self.reading
        if reading.entity is None or base in reading.entity.tables:
            return False
        top = any(item.tag == "K" for item in reading.ranked)
        by = any(item.text.lower() == "by" for item in self.resolver.items)
        several = reading.limit is not None and reading.limit > 1
        return (top or several) and (by or several)

    def _aggregates(
        self, computed: Computed, grouped: bool, placed: Placed
    ) -> tuple[q.Aggregate, ...] | None:
        """Which aggregates a bare column may mean; None: any, or the value of a single row."""
        assert computed.column is not None
        words = self.made.said_of(computed.column)
        adds = not words.isdisjoint(ADDITIVE) and words.isdisjoint(AVERAGED)
        if self.reading.direction is not None:
            if adds and says_most(self.reading, computed):
                return ("sum",)
            extreme: q.Aggregate = self.reading.direction
            other: q.Aggregate = "sum" if adds or words & STOCK else "avg"
            return (extreme,) if ranks_rows(self.reading, computed) else (extreme, other)
        if words & STOCK and words.isdisjoint(AVERAGED):
            still = placed.time_fixed or not self._has_time(computed.table)
            return ("sum",) if still and grouped else None
        if adds:
            return ("sum",)
        if grouped and not words.isdisjoint(AVERAGED):
            return ("avg",)
        return None

    def _has_time(self, table: str) -> bool:
        return any(
            n.type in DATES or n.words[-1] == "year" for n in self.vocabulary.of_table(table)
        )

    def candidate(
        self,
        base: str,
        computed: list[Computed],
        dimensions: list[tuple[q.Dimension, Name]],
        placed: Placed,
    ) -> Candidate:
        """Make the spec of settled measures, dimensions and conditions."""
        measures: list[q.Measure] = []
        for one in computed:
            measure = self.made.measure(one)
            if all(measure.name != other.name for other in measures):
                measures.append(measure)
        having: list[q.Predicate] = []
        for one, test in self.made.having() if measures else ():
            ref = q.MeasureRef(measure=self.made.measure(one).name)
            having.append(q.Predicate(on=ref, operator=test.operator, values=test.values))
        order: tuple[q.Order, ...] = ()
        limit = None
        if self.reading.direction is not None and dimensions:
            way: q.Direction = "descending" if self.reading.direction == "max" else "ascending"
            order = (q.Order(by=measures[0].name, direction=way),)
            limit = self.reading.limit or 10
        top = self._first_of_each(dimensions, order, limit)
        if top is not None:
            known = q.MeasureRef(measure=measures[0].name)
            if measures[0].aggregate in ("max", "min"):
                having.append(q.Predicate(on=known, operator="is_not_null"))
            order, limit = (*(q.Order(by=name) for name in top.within), *order), None
        plain = tuple(dimension for dimension, _ in dimensions)
        per = self._one_of(dimensions) if self.reading.averages else None
        having += above_average(
            q.QuerySpec(
                source=self.source,
                table=base,
                measures=tuple(measures),
                dimensions=plain,
                conditions=placed.conditions,
            ),
            per,
            self.reading.averages,
        )
        asked = self._asked(measures, dimensions, having=bool(having))
        if not order and self.reading.sortings:
            names = [self.made.measure(one).name for one in computed]
            order, added = self.ordering.orders(names, computed, dimensions)
            dimensions = [*dimensions, *((self.groups.dimension(n, None), n) for n in added)]
            if added or self.ordering.added:
                kept = set(names[: len(names) - self.ordering.added])
                measured = {measure.name for measure in measures}
                asked = tuple(name for name in asked if name not in measured or name in kept)
        if not measures:
            see_that_it_tells(dimensions, placed)
        spec = q.QuerySpec(
            source=self.source,
            table=base,
            measures=tuple(measures),
            dimensions=tuple(dimension for dimension, _ in dimensions),
            conditions=(*placed.conditions, *having),
            order=order,
            limit=limit,
            top_per_group=top,
            distinct=not measures and self._distinct(),
            chart=self.reading.hint,
            terms=self.resolver.said_terms(),
            asked=asked,
        )
        return Candidate(
            spec=spec, confidence=0.9, reason="each word of the question has its place",
            labels=dict(self.labels), many=self._counted(spec),
        )  # fmt: skip

    def _one_of(self, dimensions: list[tuple[q.Dimension, Name]]) -> q.Column | None:
        """The column that tells the groups apart: of one column itself, of a table its key."""
        if self.reading.entity is None or any(d.grain for d, _ in dimensions):
            return None
        tables = {name.table for _, name in dimensions}
        if len(tables) != 1:
            return None
        table = self.vocabulary.catalog.table(next(iter(tables)))
        if self.reading.entity.tables and table is not None and len(table.primary_key) == 1:
            return q.Column(table=table.name, column=table.primary_key[0])
        of = dimensions[0][0].of
        return of if len(dimensions) == 1 and isinstance(of, q.Column) else None

    def _first_of_each(
        self,
        dimensions: list[tuple[q.Dimension, Name]],
        order: tuple[q.Order, ...],
        limit: int | None,
    ) -> q.TopPerGroup | None:
        """Rank within each group where the question ranks and groups."""
        if not order or limit is None or not self.reading.groups or self.reading.entity is None:
            return None
        things = {d.name for d, _ in self.groups.things(self.reading.entity)}
        within = tuple(d.name for d, _ in dimensions if d.name not in things)
        return q.TopPerGroup(within=within, order=order, limit=limit) if within else None

    def _counted(self, spec: q.QuerySpec) -> q.QuerySpec | None:
        """Count rows that are only named, where they are too many to be read: "orders of May"."""
        if not self.reading.bare or not self.labels:
            return None
        table = next(iter(self.labels.values())) if spec.measures else spec.table
        count = self.made.measure(Computed(aggregate="count", column=None, table=table))
        return count_instead(spec, self.labels, self.vocabulary.catalog, count.name)

    def _distinct(self) -> bool:
        """Whether equal rows of a list come once: where no table says whose they are."""
        reading = self.reading
        if reading.distinct:
            return True
        if self.labels or reading.columns:
            return False
        return reading.entity is None or self.resolver.table_after(reading.entity) is None

    def _asked(
        self,
        measures: Sequence[q.Measure],
        dimensions: Sequence[tuple[q.Dimension, Name]],
        *,
        having: bool,
    ) -> tuple[str, ...]:
        """Name the columns that were asked for, apart from what a ranking or a test is by."""
        reading = self.reading
        groups = tuple(dimension.name for dimension, _ in dimensions)
        if reading.columns and (not measures or reading.superlative):
            columns = {name for _, name in self.groups.listed()}
            said = tuple(dimension.name for dimension, name in dimensions if name in columns)
            return said + tuple(measure.name for measure in measures[1:])
        if reading.superlative and dimensions:
            others = tuple(measure.name for measure in measures[1:])
            return (groups if reading.entity_asked or not others else ()) + others
        if having and (reading.entity is not None or reading.columns) and not reading.ops:
            return groups
        return (*groups, *(measure.name for measure in measures))

    def _lookup(self, base: str, computed: list[Computed], placed: Placed) -> Candidate:
        """Read "the population of Brazil in 1997" as the value of one row."""
        names = [c.column for c in computed if c.column is not None]
        dimensions = [(self.groups.dimension(name, None), name) for name in names]
        candidate = self.candidate(base, [], dimensions, placed)
        spec = replace(candidate.spec, distinct=False)
        return replace(candidate, spec=spec, single_row=True)


def _with(computed: list[Computed], aggregate: q.Aggregate) -> list[Computed]:
    return [replace(c, aggregate=c.aggregate or aggregate) for c in computed]
