"""How a query spec is said in an analyst's words, as far as possible those of the question."""

from __future__ import annotations

import calendar
from collections.abc import Container, Sequence
from dataclasses import replace

from clew_agents.sql.describe_parts import against, days_between, lower_plain, top_part
from clew_agents.sql.describe_time import as_date, is_year, span_text, years_text
from clew_agents.sql.words import singular, split_name
from clew_core import query_spec as q
from clew_core.number_format import format_number

_AGGREGATES = {
    "sum": "total", "avg": "average", "min": "lowest", "max": "highest", "median": "median",
    "stddev": "standard deviation of", "variance": "variance of", "quantile": "quantile of",
}  # fmt: skip
_SIGNS = {
    ">": "above", ">=": "at least", "<": "below", "<=": "at most", "!=": "other than",
    "contains": "containing", "not_contains": "not containing", "starts_with": "beginning with",
    "ends_with": "ending with", "not_in": "other than",
}  # fmt: skip
_COMPARED = {
    "running_total": "running total", "rolling_avg": "rolling average",
    "rolling_sum": "rolling total", "difference": "change", "growth": "growth",
}  # fmt: skip
_TIMELY = {"highest": "latest", "lowest": "earliest"}


class Describer:
    """Says the parts of one spec."""

    def __init__(self, spec: q.QuerySpec) -> None:
        """Take the spec, which brings the question's words for its tables and columns."""
        self.spec, self.terms = spec, spec.terms

    # --- names ---------------------------------------------------------------------------------

    def things(self, table: str | None = None, *, one: bool = False) -> str:
        """Say the rows of a table: "orders", "line items"; with ``one`` in the singular."""
        name = table or self.spec.table
        said = self.terms.get(name)
        if said and not said.lower().endswith("ed"):
            return _singular(said.lower()) if one else _plural(said.lower())
        words = [word for word in split_name(name) if not word.isdigit()] or ["row"]
        if words[-1].endswith("ed"):
            words.append("row")
        text = " ".join(words)
        return _singular(text) if one else _plural(text)

    def column(self, value: q.Column | q.Arithmetic | None) -> str:
        """Say a column: in the question's words, else by its name."""
        if isinstance(value, q.Arithmetic) and value.op == "days":
            return days_between(value, self)
        if not isinstance(value, q.Column):
            return "value"
        said = self.terms.get(f"{value.table}.{value.column}")
        if value.path == "leader":
            return f"leader's {value.column.replace('_', ' ')}"
        if not said or said.lower().endswith(("ing", "ed")):  # "costing over 5" names no column
            snake = value.column.islower() and "_" in value.column
            return value.column.replace("_", " ") if snake else value.column
        return lower_plain(said)

    def measure(self, measure: q.Measure) -> str:
        """Say a measure: "total pop", "number of orders"."""
        if measure.aggregate == "count" and measure.of is None:
            return f"number of {self.things()}"
        if measure.aggregate in ("count", "count_distinct"):
            return f"number of {self.counted(measure)}"
        if measure.metric is not None:
            return measure.metric
        if measure.ratio is not None:
            return self._ratio(measure, measure.ratio)
        if measure.aggregate is None:
            return measure.name.replace("_", " ")
        name = self.column(measure.of)
        head = _AGGREGATES.get(measure.aggregate, measure.aggregate)
        if head in _TIMELY and _is_date(measure.of):
            head = _TIMELY[head]
        if name.startswith(f"{head} ") or name == head:
            return name
        if head == "total" and name.lower() == "total":
            return "total"
        if head == "total" and name.endswith("totals"):
            return f"sum of {name}"
        return f"{head} {name}"

    def _ratio(self, measure: q.Measure, ratio: q.Ratio) -> str:
        """Say a share, or a count per thing."""
        top, bottom = ratio.numerator, ratio.denominator
        if is_share(measure):
            assert top.where is not None
            return f"share of {self.whole(bottom)} {self.said((top.where,))}".rstrip()
        if bottom.aggregate in ("count", "count_distinct") and bottom.where is None:
            of = self.counted(bottom, one=True).removeprefix("different ")
            what = self.counted(top) if _counts(top) else self.measure(top)
            average = f"average number of {what}" if _counts(top) else what
            keyed = isinstance(bottom.of, q.Column) and bottom.of.table != self.spec.table
            return f"{average} per {of}{' that has any' if keyed else ''}"
        return f"ratio of {self.measure(top)} to {self.measure(bottom)}"

    def whole(self, measure: q.Measure) -> str:
        """Say what a share is taken of: "rides", "total amount"."""
        return self.counted(measure) if _counts(measure) else self.measure(measure)

    def counted(self, measure: q.Measure, *, one: bool = False) -> str:
        """Say what a count counts; with ``one`` in the singular."""
        if not isinstance(measure.of, q.Column):
            return self.things(one=one)
        table_said = self.terms.get(measure.of.table)
        said = self.terms.get(f"{measure.of.table}.{measure.of.column}")
        if said is None and (table_said or measure.name.startswith(measure.of.table.lower())):
            return self.things(measure.of.table, one=one)
        word = self.column(measure.of)
        return f"different {_singular(word) if one else _plural(word)}"

    def measures(self) -> str:
        """Say all measures, or the listed columns where there are none."""
        texts = [self.measure(measure) for measure in self.spec.measures]
        kinds = {c.kind: c for c in self.spec.comparisons}
        if len(texts) == 1 and "share" in kinds:
            return f"share of {self.whole(self.spec.measures[0])}"
        for kind, said in _COMPARED.items():
            if kind in kinds:
                return f"{said} of {_and(texts)}"
        return _and(texts) if texts else "each single row"

    def reading(self) -> str:
        """Say what is computed so that it can be told from another reading."""
        if any(c.kind == "share" for c in self.spec.comparisons):
            whole = f"{self.whole(self.spec.measures[0])} {self.conditions()}".rstrip()
            return f"the part of all {whole} that each {self.dimensions()} has"
        if any(isinstance(c, q.Predicate) and c.spec is not None for c in self.spec.conditions):
            return f"{self.listed() if not self.spec.measures else self.measures()} " + (
                self.conditions()
            )
        return self.measures()

    def dimension(self, dimension: q.Dimension) -> str:
        """Say what a group is: "continent", "month"."""
        if dimension.grain is not None:
            return dimension.grain.replace("_", " ")
        if isinstance(dimension.of, q.Column):
            bare = dimension.name.lower() != dimension.of.column.lower()
            if bare:  # a label stands for its table
                return dimension.name.replace("_", " ")
            said = self.terms.get(f"{dimension.of.table}.{dimension.of.column}")
            if said:
                return singular(lower_plain(said))
            table_said = self.terms.get(dimension.of.table)
            if table_said and dimension.of.table != self.spec.table:
                return singular(table_said.lower())
            return self.column(dimension.of)
        return dimension.name

    def dimensions(self) -> str:
        """Say the groups."""
        texts = [self.dimension(dimension) for dimension in shown(self.spec)]
        return _and(list(dict.fromkeys(texts)))

    def listed(self, *, one: bool = False) -> str:
        """Say what is listed: the things of a table, or a column's values."""
        first = self.spec.dimensions[0]
        if not isinstance(first.of, q.Column):
            return "row" if one else "rows"
        if first.name.lower() != first.of.column.lower() or first.of.table in self.terms:
            return self.things(first.of.table, one=one)
        word = self.column(first.of)
        return _singular(word) if one else _plural(word)

    # --- conditions ----------------------------------------------------------------------------

    def conditions(self) -> str:
        """Say all conditions, the times last: "for country Brazil in 1997"."""
        known = {measure.name for measure in self.spec.measures}
        return self.said(
            tuple(
                c
                for c in self.spec.conditions
                if not self._is_told(c) and (not _on_measure(c) or _refers(c, known))
            )
        )

    def said(self, conditions: Sequence[q.Condition]) -> str:
        """Say some conditions, the times last; but before other rows, which they are not of."""
        parts = [(c, *self._condition(c)) for c in conditions]
        plain = [(c, text) for c, text, timed in parts if not timed]
        timed_texts = [text for _, text, timed in parts if timed]
        equal = all(
            isinstance(c, q.Named) or (isinstance(c, q.Predicate) and c.operator in ("=", "in"))
            for c, _ in plain
        )
        intro = "for" if equal and self._is_value() else "with"
        texts = [f"{intro} {_and([text for _, text in plain])}"] if plain else []
        if any(isinstance(c, q.Related) for c, _ in plain):
            return " ".join([*timed_texts, *texts])
        return " ".join([*texts, *timed_texts])

    def _is_value(self) -> bool:
        """Whether something is computed or looked up, and not counted or listed."""
        if not self.spec.measures:
            return not self.spec.distinct
        wholes = [m.ratio.denominator if m.ratio else m for m in self.spec.measures]
        return any(not _counts(whole) for whole in wholes)

    def _condition(self, condition: q.Condition) -> tuple[str, bool]:
        if isinstance(condition, q.Predicate):
            return self._predicate(condition)
        if isinstance(condition, q.Related):
            inner = self._condition(condition.where)[0] if condition.where else ""
            if inner and condition.where and not self._condition(condition.where)[1]:
                inner = f"with {inner}"
            things = self.things(condition.table)
            return " ".join(
                filter(None, [f"{'' if condition.has else 'no '}{things}", inner])
            ), False
        if isinstance(condition, q.Named):
            return self._named(condition), False
        if isinstance(condition, q.AllOf) and (span := span_text(condition)):
            return span, True
        if isinstance(condition, q.NoneOf) and (other := _other_than(condition)):
            return self._predicate(other)
        parts: Sequence[q.Condition]
        if isinstance(condition, q.AllOf):
            parts, joint = condition.all, " and "
        elif isinstance(condition, q.AnyOf):
            parts, joint = condition.any, " or "
        else:
            parts, joint = condition.none, " or "
        if isinstance(condition, q.AnyOf) and (names := self._named_by(condition)):
            return f"one of {len(parts)} combinations of {_and(names)}", False
        said = [self._condition(part) for part in parts]
        text = joint.join(text for text, _ in said)
        none = "none of " if isinstance(condition, q.NoneOf) else ""
        return f"{none}{text}", all(timed for _, timed in said)

    def _named_by(self, one_of: q.AnyOf) -> list[str]:
        """The columns by which each of several things is named; the things are too long to say."""
        columns: list[list[str]] = []
        for part in one_of.any:
            tests = part.all if isinstance(part, q.AllOf) else ()
            said = [
                self.column(test.on) for test in tests
                if isinstance(test, q.Predicate) and test.operator == "=" and not test.grain
                and isinstance(test.on, q.Column)
            ]  # fmt: skip
            columns.append(said if len(said) == len(tests) > 1 else [])
        return columns[0] if all(one == columns[0] for one in columns) else []

    def _named(self, named: q.Named) -> str:
        return self.terms.get(f".{named.term}", named.term)

    def _is_told(self, condition: q.Condition) -> bool:
        """Whether what is counted or listed is called by the company's word already."""
        if not isinstance(condition, q.Named):
            return False
        counted = not self._is_value() or not self.spec.measures
        return counted and self.terms.get(self.spec.table, "") == self._named(condition)

    def _predicate(self, test: q.Predicate) -> tuple[str, bool]:
        if isinstance(test.on, q.MeasureRef):
            said = test.on.measure.replace("_", " ")
            measure = next((m for m in self.spec.measures if m.name == test.on.measure), None)
            if measure is not None:
                said = self.measure(measure)
            if test.than is not None:
                return against(said, test), False
            if test.spec is not None:
                return f"{said} {self._against(test, test.spec)}", False
            if measure is not None and _counts(measure):
                exactly = "exactly " if test.operator == "=" else ""
                return f"{exactly}{self._compared(test)} {self.counted(measure)}", False
            return f"{said} {self._compared(test)}", False
        if test.grain == "month_of_year" and test.operator == "=":
            return f"in {calendar.month_name[int(str(test.values[0]))]}", True
        if test.grain == "day_of_week" and test.operator == "in" and test.values == (6, 7):
            return "on weekends", True
        if isinstance(test.on, q.Column) and is_year(test.on):
            return years_text(test), True
        if span := span_text(q.AllOf(all=(test,))):
            return span, True
        if said := self._as_asked(test):
            return said, False
        name = "" if self._is_code(test) else self.column(test.on)
        if test.spec is not None and test.spec.limit_percent is not None:
            return top_part(test.spec, self), False
        if test.spec is not None and test.operator == "in" and test.spec.measures:
            inner = Describer(replace(test.spec, terms={**self.terms, **test.spec.terms}))
            return inner.conditions().removeprefix("with ").removeprefix("for "), False
        if test.spec is not None:
            return f"{name} {self._against(test, test.spec)}".strip(), False
        return f"{name} {self._compared(test)}".strip(), False

    def _as_asked(self, test: q.Predicate) -> str:
        """Give the question's own words for a condition: "out of stock"; empty: there are none."""
        if not isinstance(test.on, q.Column) or test.operator != "=" or not test.values:
            return ""
        return self.terms.get(f"{test.on.table}.{test.on.column}={test.values[0]}", "")

    def _is_code(self, test: q.Predicate) -> bool:
        """Whether a column's name says nothing, attr_25, and what it equals says enough."""
        if not isinstance(test.on, q.Column) or test.operator not in ("=", "in", "not_in"):
            return False
        said = self.terms.get(f"{test.on.table}.{test.on.column}", "")
        if said and not any(word.isdigit() for word in split_name(said)):
            return False
        named = test.spec is not None or all(isinstance(value, str) for value in test.values)
        return named and any(word.isdigit() for word in split_name(test.on.column))

    def _compared(self, test: q.Predicate) -> str:
        values = [self._value(value) for value in test.values]
        if test.operator == "=":
            return values[0]
        if test.operator == "between":
            return f"between {values[0]} and {values[1]}"
        if test.operator == "is_null":
            return "missing"
        if test.operator == "is_not_null":
            return "present"
        if test.operator == "in":
            return " or ".join(values)
        return f"{_SIGNS[test.operator]} {' or '.join(values)}"

    def _value(self, value: q.Scalar) -> str:
        """Say a value; a number that was converted as the question has it: "3 kg"."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.terms.get(f"={value}") or format_number(value)
        return str(value)

    def _against(self, test: q.Predicate, spec: q.QuerySpec) -> str:
        """Say what is compared with the result of another spec."""
        inner = Describer(replace(spec, terms={**self.terms, **spec.terms}))
        sign = _SIGNS.get(test.operator, test.operator)
        if test.operator in ("in", "not_in"):
            what = f"those {inner.conditions()}".strip()
            return f"{'not ' if test.operator == 'not_in' else ''}among {what}"
        if spec.measures and spec.measures[0].aggregate == "avg":
            of = f" of {inner.things()} {inner.conditions()}".rstrip() if spec.conditions else ""
            return f"{sign} its average{of}"
        return f"{sign} the average"


def _other_than(none: q.NoneOf) -> q.Predicate | None:
    """Turn "none of: category tea" into "category other than tea", which reads better."""
    only = none.none[0] if len(none.none) == 1 else None
    if not isinstance(only, q.Predicate) or only.spec is not None:
        return None
    if only.operator == "=":
        return replace(only, operator="!=")
    return replace(only, operator="not_in") if only.operator == "in" else None


def is_share(measure: q.Measure) -> bool:
    """Whether a measure is the part of rows that fulfil more than the others."""
    ratio = measure.ratio
    if ratio is None or ratio.numerator.where is None or ratio.denominator.where is not None:
        return False
    top, bottom = ratio.numerator, ratio.denominator
    return (top.aggregate, top.of) == (bottom.aggregate, bottom.of)


def _counts(measure: q.Measure) -> bool:
    return measure.aggregate in ("count", "count_distinct")


def shown(spec: q.QuerySpec) -> tuple[q.Dimension, ...]:
    """The dimensions that name a group; a key beside a name says nothing to people."""
    keys = ("id", "key", "no", "code", "uuid")
    named = [d for d in spec.dimensions if split_name(d.name)[-1:] not in {(k,) for k in keys}]
    return tuple(named) or spec.dimensions


def _is_date(value: q.Column | q.Arithmetic | None) -> bool:
    if not isinstance(value, q.Column):
        return False
    words = split_name(value.column)
    return any(word.endswith("date") or word in ("day", "time", "at", "on") for word in words)


def _singular(text: str) -> str:
    *head, last = text.split()
    return " ".join([*head, singular(last)])


def period_text(value: object, grain: str | None) -> str:
    """Say a period of a result: "March 2009" for the first day of a month.

    >>> period_text("2009-03-01", "month"), period_text("2009-04-01T13:00:00", "hour")
    ('March 2009', '2009-04-01 13:00')
    """
    if grain == "day_of_week" and isinstance(value, int):
        return calendar.day_name[value - 1]
    if grain == "month_of_year" and isinstance(value, int):
        return calendar.month_name[value]
    if grain == "hour_of_day":
        return f"{value}:00"
    day = as_date(value)
    if day is None:
        return str(value)
    if grain in ("hour", "minute"):
        return str(value)[:16].replace("T", " ")
    if grain == "month":
        return f"{calendar.month_name[day.month]} {day.year}"
    if grain == "quarter":
        return f"Q{(day.month + 2) // 3} {day.year}"
    if grain == "year":
        return str(day.year)
    if grain == "week":
        return f"the week of {day.isoformat()}"
    return day.isoformat()


def _refers(condition: q.Condition, names: Container[str]) -> bool:
    if not isinstance(condition, q.Predicate) or condition.operator == "is_not_null":
        return False  # that there is a number at all goes without saying
    on = condition.on
    return isinstance(on, q.MeasureRef) and on.measure in names


def _on_measure(condition: q.Condition) -> bool:
    return isinstance(condition, q.Predicate) and isinstance(condition.on, q.MeasureRef)


def _plural(text: str) -> str:
    if not text or (text.endswith("s") and not text.endswith("ss")):
        return text
    if text.endswith("y") and text[-2:-1] not in "aeiou":
        return f"{text[:-1]}ies"
    return f"{text}es" if text.endswith(("ss", "x", "ch", "sh")) else f"{text}s"


def _and(texts: Sequence[str]) -> str:
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"
