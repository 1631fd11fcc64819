"""Which specs are asked of the three engines: made from a seed, of every part that a spec has."""

import random
from typing import Any

from clew_core import query_spec as q
from tools.spec_world import WORDS

# Columns by the table that is asked about: those of its parents are reached along the keys.
_OF = {
    "orders": {
        "text": ["orders.note", "customers.name", "regions.name", "people.name@seller",
                 "people.name@packer"],
        "number": ["orders.amount", "orders.quantity", "customers.credit", "regions.rate"],
        "date": ["orders.placed_at", "orders.shipped_on", "customers.since"],
        "boolean": ["orders.paid"],
    },
    "customers": {
        "text": ["customers.name", "regions.name"],
        "number": ["customers.credit", "regions.rate"],
        "date": ["customers.since"],
    },
    "tickets": {
        "text": ["tickets.topic", "customers.name", "regions.name"],
        "number": ["tickets.minutes", "customers.credit"],
        "date": ["tickets.opened", "customers.since"],
    },
    "order_lines": {
        "text": ["order_lines.product", "orders.note", "customers.name"],
        "number": ["order_lines.pieces", "orders.amount"],
        "date": ["orders.placed_at"],
        "boolean": ["orders.paid"],
    },
    "regions": {"text": ["regions.name"], "number": ["regions.rate"]},
}  # fmt: skip
# Columns of tables whose rows point at the one that is asked about.
_BELOW = {
    "customers": ["orders.amount", "orders.quantity", "tickets.minutes", "order_lines.pieces"],
    "orders": ["order_lines.pieces"],
    "regions": ["orders.amount", "tickets.minutes", "customers.credit"],
}
_DAYS = {"orders": "orders.shipped_on", "customers": "customers.since", "tickets": "tickets.opened"}
_DATES_BELOW = {"customers": ["orders.placed_at", "orders.shipped_on", "tickets.opened"]}
_RELATED = {"customers": ["orders", "tickets"], "orders": ["order_lines"], "regions": ["tickets"]}
_PATHS = {
    "seller": ("orders.seller_id", "people.id", "inner"),
    "packer": ("orders.packer_id", "people.id", "left"),
}
_PERIODS: list[q.Grain] = ["year", "quarter", "month", "week", "day"]
_PARTS: list[q.Grain] = [
    "quarter_of_year", "month_of_year", "week_of_year", "day_of_month", "day_of_week",
]  # fmt: skip
_INEXACT = ("stddev", "variance")


def column(text: str) -> q.Column:
    """Read ``table.column@path``."""
    table, _, name = text.partition(".")
    name, _, path = name.partition("@")
    return q.Column(table=table, column=name, path=path or None)


def make(seed: int) -> q.QuerySpec:
    """Make the spec of a seed."""
    return _Maker(random.Random(seed)).spec()


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def spec(self) -> q.QuerySpec:
        kind = self.chance.choices(
            ["groups", "rows", "time", "several", "sets"], [35, 12, 25, 18, 10]
        )[0]
        table = self.pick(["customers", "customers", "orders", "regions"]
                          if kind == "several" else ["orders", "orders", "orders", "tickets",
                                                     "customers", "order_lines"])  # fmt: skip
        if kind == "sets":
            return self.sets(table)
        dimensions = self.dimensions(table, kind)
        measures = () if kind == "rows" else self.measures(table, kind)
        conditions = [self.condition(table, 2) for _ in range(self.chance.choice([0, 0, 1, 1, 2]))]
        comparisons: tuple[q.Comparison, ...] = ()
        if kind == "time":
            comparisons = tuple(
                self.comparison(number, dimensions, measures)
                for number in range(self.chance.choice([1, 1, 2, 3]))
            )
            if self.chance.random() < 0.4:
                conditions.append(self.about_time(dimensions[0]))
        elif measures and dimensions and self.chance.random() < 0.2:
            comparisons = (self.comparison(0, dimensions, measures),)
        exact = [d.name for d in dimensions]
        exact += [m.name for m in measures if m.aggregate not in _INEXACT]
        if measures and self.chance.random() < 0.25:
            conditions.append(self.on_groups(measures, dimensions))
        top = None
        if dimensions and measures and self.chance.random() < 0.2:
            within = tuple(d.name for d in dimensions if self.chance.random() < 0.5)
            top = q.TopPerGroup(
                within=within, order=self.order(exact), limit=self.chance.randint(1, 3)
            )
        return self.made(
            table, dimensions=dimensions, measures=measures, conditions=tuple(conditions),
            comparisons=comparisons, top_per_group=top, order=self.order(exact),
            limit=self.pick([None, None, None, None, None, 0, 1, 5, 5]),
            limit_percent=self.pick([None] * 12 + [0, 10, 37.5, 100]),
            distinct=not measures and self.chance.random() < 0.5,
        )  # fmt: skip

    def made(self, table: str, **parts: Any) -> q.QuerySpec:
        spec = q.QuerySpec(source="w", table=table, **parts)
        said = repr(spec)
        joins = tuple(
            q.JoinPath(
                name=name, keys=(q.Key(left=column(left), right=column(right)),),
                kind=kind,  # type: ignore[arg-type]
            )
            for name, (left, right, kind) in _PATHS.items()
            if f"path='{name}'" in said
        )  # fmt: skip
        return q.QuerySpec(source="w", table=table, joins=joins, **parts)

    def pick(self, values: Any) -> Any:
        return self.chance.choice(list(values))

    def of(self, table: str, kind: str) -> q.Column:
        return column(self.pick(_OF[table][kind]))

    # --- dimensions and measures -----------------------------------------------------------------

    def dimensions(self, table: str, kind: str) -> tuple[q.Dimension, ...]:
        if kind == "time":
            time = self.period(table, "time")
            rest = [self.dimension(table, "d0")] if self.chance.random() < 0.5 else []
            return (time, *rest)
        numbers = {"rows": [1, 2, 3], "groups": [0, 1, 1, 2], "several": [0, 1, 1, 2]}[kind]
        return tuple(self.dimension(table, f"d{n}") for n in range(self.pick(numbers)))

    def period(self, table: str, name: str) -> q.Dimension:
        if table == "regions":
            return self.dimension(table, name)
        grain = self.pick(_PERIODS)
        return q.Dimension(
            name=name, of=self.of(table, "date"), grain=grain,
            week_start=self.pick(["monday", "sunday", "saturday"]) if grain == "week" else "monday",
            fiscal_year_start=self.pick([1, 1, 4, 7, 11, 2]),
        )  # fmt: skip

    def dimension(self, table: str, name: str) -> q.Dimension:
        kinds = [kind for kind in ("text", "text", "number", "date", "part", "boolean")
                 if ("date" if kind == "part" else kind) in _OF[table]]  # fmt: skip
        kind = self.pick(kinds)
        if kind == "date":
            return self.period(table, name)
        if kind == "part":
            grains = [*_PARTS]
            value = self.of(table, "date")
            if value.column == "placed_at":
                grains += ["hour_of_day", "hour", "minute"]
            return q.Dimension(
                name=name, of=value, grain=self.pick(grains),
                fiscal_year_start=self.pick([1, 4, 10]),
            )  # fmt: skip
        if kind == "number":
            bucket = self.pick([
                None, q.Bucket(width=10), q.Bucket(width=2.5, origin=1), q.Bucket(width=0.5),
                q.Bucket(edges=(0, 10, 50)), q.Bucket(edges=(2.5, 8, 100)), q.Bucket(edges=(5,)),
            ])  # fmt: skip
            return q.Dimension(name=name, of=self.of(table, "number"), bucket=bucket)
        return q.Dimension(name=name, of=self.of(table, kind))

    def measures(self, table: str, kind: str) -> tuple[q.Measure, ...]:
        found = [self.measure(table, f"m{n}") for n in range(self.pick([1, 1, 2, 3]))]
        if kind == "several":
            below = self.chance.sample(_BELOW[table], k=min(2, len(_BELOW[table])))
            found += [self.over(column(text), f"b{n}") for n, text in enumerate(below)]
            self.chance.shuffle(found)
        return tuple(found)

    def measure(self, table: str, name: str, depth: int = 1) -> q.Measure:
        kind = self.chance.choices(["count", "number", "other", "ratio", "first"],
                                   [3, 6, 2, 1.5 * depth, 1])[0]  # fmt: skip
        where = self.condition(table, 1, related=False) if self.chance.random() < 0.2 else None
        if kind == "count":
            return q.Measure(name=name, aggregate="count", where=where)
        if kind == "ratio":
            return q.Measure(
                name=name,
                ratio=q.Ratio(
                    numerator=self.measure(table, "top", 0),
                    denominator=q.Measure(name="bottom", aggregate="count", where=where),
                ),
            )
        if kind == "other" and depth:
            sort = self.pick([k for k in ("text", "date") if k in _OF[table]])
            aggregate = self.pick(["count", "count_distinct", "min", "max"])
            if aggregate in ("min", "max"):
                aggregate = self.pick(["count_distinct", "count"]) if not depth else aggregate
            return q.Measure(name=name, aggregate=aggregate, of=self.of(table, sort), where=where)
        if kind == "first" and depth and table != "order_lines":
            own = [c for c in _OF[table]["number"] + _OF[table]["text"]
                   if c.startswith(f"{table}.")]  # fmt: skip
            by = self.of(table, "date") if "date" in _OF[table] else None
            return q.Measure(
                name=name, aggregate=self.pick(["first", "last"]), of=column(self.pick(own)),
                by=self.pick([None, by]), where=where,
            )  # fmt: skip
        return self.over(self.of(table, "number"), name, where, table)

    def over(
        self, of: q.Column, name: str, where: Any = None, table: str | None = None
    ) -> q.Measure:
        value: Any = of
        if table is not None and self.chance.random() < 0.2:
            other = self.pick([self.of(table, "number"), 2, 0.5])
            op = self.pick(["add", "subtract", "multiply"])
            value = q.Arithmetic(op=op, args=(of, other))
        if table in _DAYS and self.chance.random() < 0.2:
            value = self.days(table)
        aggregate = self.pick(["sum", "sum", "sum", "avg", "min", "max", "count", "count_distinct",
                               "median", "quantile", "stddev", "variance"])  # fmt: skip
        return q.Measure(
            name=name, aggregate=aggregate, of=value, where=where,
            quantile=self.pick([0.25, 0.5, 0.75]) if aggregate == "quantile" else None,
        )  # fmt: skip

    def days(self, table: str) -> q.Arithmetic:
        """Make the days between two dates of a row, or to a date of the rows below it."""
        first, second = column(_DAYS[table]), self.of(table, "date")
        if table in _DATES_BELOW:
            earliest = q.Below(
                aggregate=self.pick(["min", "max"]), of=column(self.pick(_DATES_BELOW[table]))
            )
            return q.Arithmetic(op="days", args=(first, earliest))
        args = (first, second) if self.chance.random() < 0.5 else (second, first)
        return q.Arithmetic(op="days", args=args)

    # --- conditions ------------------------------------------------------------------------------

    def condition(self, table: str, depth: int, *, related: bool = True) -> Any:
        if depth and self.chance.random() < 0.35:
            parts = tuple(
                self.condition(table, depth - 1, related=related)
                for _ in range(self.pick([1, 2, 2]))
            )
            return self.pick([q.AllOf(all=parts), q.AnyOf(any=parts), q.NoneOf(none=parts)])
        if related and table in _RELATED and self.chance.random() < 0.3:
            other = self.pick(_RELATED[table])
            own = [k for k in ("text", "number", "date") if k in _OF[other]]
            where = (
                self.own_predicate(other, self.pick(own)) if self.chance.random() < 0.6 else None
            )
            return q.Related(has=self.pick([True, False]), table=other, where=where)
        if self.chance.random() < 0.12:
            return self.against_a_spec(table)
        return self.predicate(table)

    def own_predicate(self, table: str, kind: str) -> q.Predicate:
        own = [text for text in _OF[table][kind] if text.startswith(f"{table}.")]
        return self.test(column(self.pick(own or [_OF[table]["text"][0]])), kind if own else "text")

    def predicate(self, table: str) -> q.Predicate:
        kind = self.pick(_OF[table])
        on = self.of(table, kind)
        if kind == "date" and self.chance.random() < 0.3:
            grain = self.pick([*_PARTS, "year"])
            value = 2023 if grain == "year" else self.chance.randint(1, 6)
            return q.Predicate(
                on=on, operator=self.pick(["=", "!=", "<", ">="]), values=(value,), grain=grain
            )
        return self.test(on, kind)

    def test(self, on: q.Column, kind: str) -> q.Predicate:
        values: dict[str, list[Any]] = {
            "text": WORDS, "number": [0, 1, 2.5, 10, 30.25, -3], "boolean": [True, False],
            "date": ["2022-11-05", "2023-01-01", "2023-12-31", "2024-02-29", "2024-06-15"],
        }  # fmt: skip
        operators = ["=", "!=", "is_null", "is_not_null", "in", "not_in"]
        if kind != "boolean":
            operators += ["<", "<=", ">", ">=", "between"] * 2
        if kind == "text":
            operators += ["contains", "not_contains", "starts_with", "ends_with"] * 2
        operator = self.pick(operators)
        number = {"is_null": 0, "is_not_null": 0, "between": 2, "in": 2, "not_in": 2}
        chosen = [self.pick(values[kind]) for _ in range(number.get(operator, 1))]
        if operator.endswith(("contains", "_with")):
            chosen = [self.pick(["a", "B", "_", "%", "'", "-"])]
        if on.column == "placed_at" and operator in ("<", ">=") and self.chance.random() < 0.3:
            chosen = ["2023-06-30 08:00:00"]
        return q.Predicate(on=on, operator=operator, values=tuple(chosen))

    def about_time(self, time: q.Dimension) -> q.Predicate:
        values = self.pick([("2023-01-01", "2023-12-31"), ("2024-01-01", "2024-06-30")])
        return q.Predicate(on=time.of, operator="between", values=values)

    def against_a_spec(self, table: str) -> q.Predicate:
        if self.chance.random() < 0.5:
            on, other = self.of(table, "text"), self.pick(["customers", "tickets", "orders"])
            inner = q.Dimension(name="x", of=column(_OF[other]["text"][0]))
            measures: tuple[q.Measure, ...] = ()
            order: tuple[q.Order, ...] = ()
            if self.chance.random() < 0.5:
                measures = (q.Measure(name="n", aggregate="count"),)
                order = (q.Order(by="n", direction="descending"),)
            spec = q.QuerySpec(
                source="w", table=other, dimensions=(inner,), measures=measures, order=order,
                limit=self.pick([None, 0, 3]) if measures else None,
            )  # fmt: skip
            return q.Predicate(on=on, operator=self.pick(["in", "not_in"]), spec=spec)
        on = self.of(table, "number")
        aggregate = self.pick(["avg", "median", "max"])
        spec = q.QuerySpec(
            source="w", table="orders",
            measures=(q.Measure(name="x", aggregate=aggregate, of=column("orders.quantity")),),
        )  # fmt: skip
        return q.Predicate(on=on, operator=self.pick(["<", ">", ">=", "="]), spec=spec)

    def on_groups(self, measures: Any, dimensions: Any) -> Any:
        numbers = [m for m in measures if not (
            m.aggregate in ("min", "max", "first", "last") and m.of.__class__ is q.Column
            and m.of.column not in ("amount", "quantity", "credit", "rate", "minutes", "pieces")
        )]  # fmt: skip
        if not numbers:
            return q.AnyOf(any=(
                q.Predicate(on=q.MeasureRef(measure=measures[0].name), operator="is_not_null"),
            ))  # fmt: skip
        exact = [m for m in numbers if m.aggregate in ("count", "count_distinct", "sum")]
        if len(exact) > 1 and self.chance.random() < 0.6:
            return q.Predicate(
                on=q.MeasureRef(measure=exact[0].name), operator=self.pick(["<", ">=", "!="]),
                than=q.MeasureRef(measure=exact[1].name),
            )  # fmt: skip
        test = q.Predicate(
            on=q.MeasureRef(measure=self.pick(numbers).name),
            operator=self.pick([">", "<=", "is_not_null", "!="]), values=(2,),
        )  # fmt: skip
        if test.operator == "is_not_null":
            test = q.Predicate(on=test.on, operator="is_not_null")
        plain = [d for d in dimensions if not d.bucket and not d.grain and d.of.path is None]
        if plain and self.chance.random() < 0.3:
            return q.AnyOf(any=(test, q.Predicate(on=plain[0].of, operator="is_null")))
        return test

    # --- the rest --------------------------------------------------------------------------------

    def comparison(
        self, number: int, dimensions: tuple[q.Dimension, ...], measures: Any
    ) -> q.Comparison:
        numbers = [m.name for m in measures
                   if m.ratio is None and m.aggregate in ("count", "sum", "avg", "median",
                                                          "count_distinct")]  # fmt: skip
        measure = self.pick(numbers) if numbers else measures[0].name
        kinds = ["share", "rank"]
        over = dimensions[0]
        if over.grain in _PERIODS and numbers:
            kinds = ["previous_period", "same_period_last_year", "growth", "difference",
                     "running_total", "rolling_sum", "rolling_avg", "share", "rank"]  # fmt: skip
        kind = self.pick(kinds) if numbers else "rank"
        within = tuple(d.name for d in dimensions if self.chance.random() < 0.3)
        return q.Comparison(
            name=f"c{number}", kind=kind, measure=measure,
            over=over.name if kind not in ("share", "rank") else None,
            periods=self.pick([1, 1, 2, 3]),
            within=within if kind in ("share", "rank") else (),
        )  # fmt: skip

    def order(self, names: list[str]) -> tuple[q.Order, ...]:
        chosen = self.chance.sample(names, k=min(len(names), self.pick([0, 1, 2])))
        return tuple(
            q.Order(by=name, direction=self.pick(["ascending", "descending"])) for name in chosen
        )

    def sets(self, table: str) -> q.QuerySpec:
        other = self.pick(["customers", "orders", "tickets"])
        numbered = self.chance.random() < 0.3
        count = (q.Measure(name="n", aggregate="count"),) if numbered else ()

        def side(of: str) -> dict[str, Any]:
            return {
                "dimensions": (q.Dimension(name=f"x_{of}", of=self.of(of, "text")),),
                "measures": count,
                "conditions": (self.condition(of, 1),) if self.chance.random() < 0.5 else (),
            }

        theirs = self.made(other, **side(other), limit=self.pick([None, None, 4]))
        mine = side(table)
        return self.made(
            table, **mine,
            set_operation=q.SetOperation(op=self.pick(["union", "intersect", "except"]),
                                         spec=theirs),
            order=self.order([mine["dimensions"][0].name]), limit=self.pick([None, None, 3]),
        )  # fmt: skip
