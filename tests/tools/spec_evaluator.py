"""What is the right answer to a spec: worked out over small tables, without any SQL.

Written apart from the compiler and on purpose in another way: rows are joined by pandas, and each
group is a list of Python rows. Knows the tables of ``spec_world`` and what the generator asks.
"""

import datetime as dt
import math
import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from clew_core import query_spec as q
from tools.semantic import plain
from tools.spec_values import aggregate, at, back, simple, years_back
from tools.spec_world import TABLES

Row = dict[str, Any]
# child → (its column, parent): every parent's key is id.
_PARENT = {
    "customers": ("region_id", "regions"),
    "orders": ("customer_id", "customers"),
    "order_lines": ("order_id", "orders"),
    "tickets": ("customer_id", "customers"),
}
_CHILDREN: dict[str, set[str]] = {"regions": {"customers", "orders", "order_lines", "tickets"},
             "customers": {"orders", "order_lines", "tickets"},
             "orders": {"order_lines"}}  # fmt: skip


def answer(spec: q.QuerySpec) -> list[tuple[Any, ...]]:
    """Work out a spec's rows, in order."""
    return plain(_limited(spec, _Evaluation(spec).rows()))


def _table(name: str, alias: str) -> pd.DataFrame:
    columns = [text.split()[0] for text in TABLES[name]["columns"]]
    rows = [[simple(value) for value in row] for row in TABLES[name]["rows"]]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    return frame.rename(columns=lambda column: f"{alias}.{column}")


def _columns(part: Any) -> list[q.Column]:
    """Find all columns that a part of a spec speaks of, but not those inside other rows."""
    if isinstance(part, q.Column):
        return [part]
    if isinstance(part, q.Related | q.MeasureRef | q.QuerySpec | q.Below):
        return []
    if isinstance(part, q.Predicate):
        return _columns(part.on)
    if isinstance(part, list | tuple):
        return [column for item in part for column in _columns(item)]
    names = ("args", "of", "by", "all", "any", "none", "where")
    return [c for name in names for c in _columns(getattr(part, name, ()) or ())]


def _called(column: q.Column) -> str:
    return f"{column.path or column.table}.{column.column}"


class _Evaluation:
    """One spec, worked out."""

    def __init__(self, spec: q.QuerySpec) -> None:
        self.spec = spec
        self.names = [d.name for d in spec.dimensions] + [m.name for m in spec.measures]
        self.names += [c.name for c in spec.comparisons]

    def rows(self) -> list[Row]:
        """Work out the result's rows, by name of column, in no order."""
        spec = self.spec
        on_groups = [c for c in spec.conditions if _has_measure(c)]
        before = [c for c in spec.conditions if not _has_measure(c)]
        if not spec.measures:
            rows = [self._dimensions(row) for row in self._read(spec.table, before, ())]
            found = _once(rows) if spec.distinct else rows
        else:
            found = self._grouped(before)
            self._compare(found, before)
        for condition in on_groups:
            found = [row for row in found if self._holds_on_group(condition, row)]
        if spec.top_per_group is not None:
            found = self._tops(found, spec.top_per_group)
        if spec.limit_percent is not None:
            ordered = _sorted(spec, found, spec.order, self.names)
            found = ordered[: math.ceil(round(spec.limit_percent * len(found) / 100, 9))]
        if spec.set_operation is not None:
            found = self._combined(found, spec.set_operation)
        return found

    # --- rows ------------------------------------------------------------------------------------

    def _read(self, base: str, conditions: list[Any], optional: Any) -> list[Row]:
        """Join what is needed, and keep the rows that fulfil the conditions."""
        needed = _columns(list(self.spec.dimensions)) + _columns(conditions)
        if base != self.spec.table:
            needed.insert(0, q.Column(table=self.spec.table, column="id"))
        wanted = [(column, True) for column in needed]
        wanted += [(column, False) for column in _columns(optional)]
        frame = _table(base, base)
        for column, must in wanted:
            if column.path is not None:
                if column.path not in {name.split(".")[0] for name in frame.columns}:
                    frame = self._along_path(frame, column.path)
                path = next(p for p in self.spec.joins if p.name == column.path)
                if must and path.kind == "inner":
                    frame = frame[frame[f"{column.path}.id"].notna()]
                continue
            here = base
            while here != column.table:
                key, parent = _PARENT[here]
                if f"{parent}.id" not in frame.columns:
                    frame = frame.merge(
                        _table(parent, parent), how="left",
                        left_on=f"{here}.{key}", right_on=f"{parent}.id",
                    )  # fmt: skip
                if must:
                    frame = frame[frame[f"{parent}.id"].notna()]
                here = parent
        rows = [
            {name: simple(value) for name, value in row.items()} for row in frame.to_dict("records")
        ]
        return [row for row in rows if all(self._holds(c, row) is True for c in conditions)]

    def _along_path(self, frame: pd.DataFrame, name: str) -> pd.DataFrame:
        path = next(p for p in self.spec.joins if p.name == name)
        [key] = path.keys
        return frame.merge(
            _table(key.right.table, name), how="left",
            left_on=f"{key.left.table}.{key.left.column}", right_on=f"{name}.{key.right.column}",
        )  # fmt: skip

    def _value(self, value: Any, row: Row) -> Any:
        if isinstance(value, q.Column):
            return row[_called(value)]
        if isinstance(value, q.Below):
            return self._below(value, row)
        if not isinstance(value, q.Arithmetic):
            return value
        parts = [self._value(arg, row) for arg in value.args]
        if None in parts:
            return None
        if value.op == "days":
            return parts[1].toordinal() - parts[0].toordinal()
        result = float(parts[0])
        for part in parts[1:]:
            if value.op == "divide":
                if part == 0:
                    return None
                result /= part
            else:
                result = {"add": result + part, "subtract": result - part,
                          "multiply": result * part}[value.op]  # fmt: skip
        return result

    def _below(self, below: q.Below, row: Row) -> Any:
        key = q.Column(table=self.spec.table, column="id")
        every = q.QuerySpec(
            source="w", table=below.of.table,
            dimensions=(q.Dimension(name="k", of=key), q.Dimension(name="v", of=below.of)),
        )  # fmt: skip
        known = [
            found["v"] for found in _Evaluation(every).rows()
            if found["k"] == row[_called(key)] and found["v"] is not None
        ]  # fmt: skip
        return {"min": min, "max": max}[below.aggregate](known, default=None)

    def _dimensions(self, row: Row) -> Row:
        return {d.name: at(d, self._value(d.of, row)) for d in self.spec.dimensions}

    # --- conditions: True, False, or None for unknown --------------------------------------------

    def _holds(self, condition: Any, row: Row) -> bool | None:
        if isinstance(condition, q.AllOf):
            return _all([self._holds(c, row) for c in condition.all])
        if isinstance(condition, q.AnyOf):
            return _any([self._holds(c, row) for c in condition.any])
        if isinstance(condition, q.NoneOf):
            return not any(self._holds(c, row) for c in condition.none)
        if isinstance(condition, q.Related):
            return self._is_related(condition, row) == condition.has
        value = self._value(condition.on, row)
        if condition.grain is not None:
            value = at(q.Dimension(name="", of=condition.on, grain=condition.grain), value)
        return _test(condition, value)

    def _is_related(self, related: q.Related, row: Row) -> bool:
        own = self.spec.table
        inner = _Evaluation(q.QuerySpec(source="w", table=related.table, joins=()))
        if related.path is not None:
            [key] = next(p for p in self.spec.joins if p.name == related.path).keys
            near, far = f"{own}.{key.left.column}", f"{related.table}.{key.right.column}"
            where = [related.where] if related.where else []
            others = inner._read(related.table, where, ())
            return any(other[far] is not None and other[far] == row[near] for other in others)
        inner_spec = q.QuerySpec(
            source="w", table=related.table,
            dimensions=(q.Dimension(name="k", of=q.Column(table=own, column="id")),),
            conditions=(related.where,) if related.where else (),
        )  # fmt: skip
        keys = [found["k"] for found in _Evaluation(inner_spec).rows()]
        return row[f"{own}.id"] in keys

    def _holds_on_group(self, condition: Any, row: Row) -> bool:
        named = {f"{d.of.table}.{d.of.column}": row[d.name]
                 for d in self.spec.dimensions if isinstance(d.of, q.Column)}  # fmt: skip
        return _on_group(condition, row, named) is True

    # --- groups ----------------------------------------------------------------------------------

    def _grouped(self, before: list[Any]) -> list[Row]:
        spec = self.spec
        groups: dict[tuple[Any, ...], Row] = {}
        own: dict[tuple[Any, ...], list[Row]] = {}
        optional = [leaf for m in spec.measures for leaf in _leaves(m) if self._home(leaf) is None]
        for row in self._read(spec.table, before, optional):
            dimensions = self._dimensions(row)
            key = tuple(dimensions.values())
            groups.setdefault(key, dimensions)
            own.setdefault(key, []).append(row)
        if not spec.dimensions:
            groups.setdefault((), {})
        children: dict[int, dict[tuple[Any, ...], list[Row]]] = {}
        for measure in spec.measures:
            for leaf in _leaves(measure):
                if home := self._home(leaf):
                    sorted_: dict[tuple[Any, ...], list[Row]] = {}
                    for row in self._read(home, before, [leaf]):
                        key = tuple(self._dimensions(row).values())
                        sorted_.setdefault(key, []).append(row)
                    children[id(leaf)] = sorted_
        for key, group in groups.items():
            for measure in spec.measures:
                group[measure.name] = self._measure(
                    measure, lambda leaf, key=key: children.get(id(leaf), own).get(key, [])
                )
        return list(groups.values())

    def _home(self, leaf: q.Measure) -> str | None:
        """Name the child table whose rows are aggregated, where it is one."""
        tables = {c.table for c in _columns(leaf.of or ()) if c.path is None}
        below = tables & _CHILDREN.get(self.spec.table, set())
        return min(below) if below else None

    def _measure(self, measure: q.Measure, rows_of: Callable[[q.Measure], list[Row]]) -> Any:
        if measure.ratio is not None:
            top = self._measure(measure.ratio.numerator, rows_of)
            bottom = self._measure(measure.ratio.denominator, rows_of)
            return None if top is None or not bottom else top / bottom
        rows = rows_of(measure)
        if measure.where is not None:
            rows = [row for row in rows if self._holds(measure.where, row) is True]
        if measure.of is None:
            return len(rows)
        pairs = [(row, self._value(measure.of, row)) for row in rows]
        pairs = [(row, value) for row, value in pairs if value is not None]
        if measure.aggregate in ("first", "last"):
            by = [measure.by] if measure.by else [q.Column(table=measure.of.table, column="id")]  # type: ignore[union-attr]
            last = measure.aggregate == "last"
            pairs.sort(key=lambda p: _keys([*(p[0][_called(c)] for c in by), p[1]], down=last))
            return pairs[0][1] if pairs else None
        return aggregate(measure, [value for _, value in pairs])

    # --- comparisons -----------------------------------------------------------------------------

    def _compare(self, groups: list[Row], before: list[Any]) -> None:
        spec = self.spec
        for c in spec.comparisons:
            if c.kind in ("share", "rank"):
                for row in groups:
                    alike = [r[c.measure] for r in groups if all(r[w] == row[w] for w in c.within)]
                    known = [v for v in alike if v is not None]
                    mine = row[c.measure]
                    if c.kind == "rank":
                        row[c.name] = None if mine is None else 1 + sum(v > mine for v in known)
                    else:
                        whole = sum(known)
                        row[c.name] = None if mine is None or not whole else mine / whole
                continue
            over = next(d for d in spec.dimensions if d.name == c.over)
            others = [d.name for d in spec.dimensions if d.name != c.over]
            kept = [b for b in before if not (isinstance(b, q.Predicate) and b.on == over.of)]
            every = groups
            if c.kind != "running_total" and len(kept) < len(before):
                every = _Evaluation(replace(spec, comparisons=()))._grouped(kept)
            for row in groups:
                series = [r for r in every if all(r[o] == row[o] for o in others)]
                row[c.name] = _along(c, over, row, series)

    def _tops(self, rows: list[Row], top: q.TopPerGroup) -> list[Row]:
        kept: list[Row] = []
        counts: dict[tuple[Any, ...], int] = {}
        for row in _sorted(self.spec, rows, top.order, self.names):
            key = tuple(row[name] for name in top.within)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] <= top.limit:
                kept.append(row)
        return kept

    def _combined(self, rows: list[Row], operation: q.SetOperation) -> list[Row]:
        other = _Evaluation(operation.spec)
        limited = _limited(operation.spec, other.rows())
        theirs = {tuple(plain([row])[0]) for row in limited}
        ours = _once([{n: row[n] for n in self.names} for row in rows])

        def has(row: Row) -> bool:
            return plain([tuple(row.values())])[0] in theirs

        if operation.op == "intersect":
            return [row for row in ours if has(row)]
        if operation.op == "except":
            return [row for row in ours if not has(row)]
        more = [dict(zip(self.names, row, strict=True)) for row in limited]
        return _once([*ours, *more])


def _along(c: q.Comparison, over: q.Dimension, row: Row, series: list[Row]) -> Any:
    time, mine = row[over.name], row[c.measure]
    if time is None:
        return None
    dated = [r for r in series if r[over.name] is not None]
    if c.kind == "running_total":
        known = [r[c.measure] for r in dated if r[over.name] <= time]
        return _total(known)
    if c.kind in ("rolling_sum", "rolling_avg"):
        window = {back(time, over, n) for n in range(c.periods)}
        known = [r[c.measure] for r in dated if r[over.name] in window]
        present = [v for v in known if v is not None]
        if c.kind == "rolling_avg":
            return sum(present) / len(present) if present else None
        return _total(known)
    if c.kind == "same_period_last_year":
        then = years_back(time, over, c.periods)
    else:
        then = back(time, over, c.periods)
    earlier = next((r[c.measure] for r in dated if r[over.name] == then), None)
    if c.kind in ("previous_period", "same_period_last_year"):
        return earlier
    if earlier is None or mine is None:
        return None
    if c.kind == "difference":
        return mine - earlier
    return (mine - earlier) / earlier if earlier else None


def _total(values: list[Any]) -> Any:
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def _leaves(measure: q.Measure) -> list[q.Measure]:
    if measure.ratio is None:
        return [measure]
    return [*_leaves(measure.ratio.numerator), *_leaves(measure.ratio.denominator)]


# --------------------------------------------------------------------------- conditions


def _all(parts: list[bool | None]) -> bool | None:
    return False if False in parts else None if None in parts else True


def _any(parts: list[bool | None]) -> bool | None:
    return True if True in parts else None if None in parts else False


def _has_measure(condition: Any) -> bool:
    if isinstance(condition, q.Predicate):
        return isinstance(condition.on, q.MeasureRef)
    parts = [*getattr(condition, "all", ()), *getattr(condition, "any", ())]
    return any(_has_measure(part) for part in [*parts, *getattr(condition, "none", ())])


def _on_group(condition: Any, row: Row, named: Row) -> bool | None:
    if isinstance(condition, q.AnyOf):
        return _any([_on_group(part, row, named) for part in condition.any])
    if isinstance(condition.on, q.MeasureRef) and condition.than is not None:
        pair = row[condition.on.measure], row[condition.than.measure]
        signs = {"<": operator.lt, ">=": operator.ge, "!=": operator.ne}
        return None if None in pair else bool(signs[condition.operator](*pair))
    if isinstance(condition.on, q.MeasureRef):
        return _test(condition, row[condition.on.measure])
    return _test(condition, named[_called(condition.on)])


def _test(test: q.Predicate, value: Any) -> bool | None:
    sign = test.operator
    if sign in ("is_null", "is_not_null"):
        return (value is None) == (sign == "is_null")
    if value is None:
        return None
    given: list[Any] = [_as(value, v) for v in test.values]
    if test.spec is not None:
        rows = _limited(test.spec, _Evaluation(test.spec).rows())
        given = [row[0] for row in rows if row[0] is not None]
        if sign in ("in", "not_in"):
            return (value in given) == (sign == "in")
        if not given:
            return None
    if isinstance(value, dt.datetime) and any(isinstance(g, _Day) for g in given):
        value, given = _Day.fromordinal(value.toordinal()), [_Day.of(g) for g in given]
    if sign == "between":
        return bool(given[0] <= value <= given[1])
    if sign in ("in", "not_in"):
        return (value in given) == (sign == "in")
    other = given[0]
    text, part = str(value).lower(), str(other).lower()
    return bool({
        "=": lambda: value == other, "!=": lambda: value != other,
        "<": lambda: value < other, "<=": lambda: value <= other,
        ">": lambda: value > other, ">=": lambda: value >= other,
        "contains": lambda: part in text, "not_contains": lambda: part not in text,
        "starts_with": lambda: text.startswith(part), "ends_with": lambda: text.endswith(part),
    }[sign]())  # fmt: skip


class _Day(dt.date):
    """A whole day that a moment is compared with."""

    @classmethod
    def of(cls, value: dt.date) -> "_Day":
        return cls(value.year, value.month, value.day)


def _as(value: Any, said: Any) -> Any:
    if isinstance(value, dt.datetime):
        return _Day.fromisoformat(said) if len(said) == 10 else dt.datetime.fromisoformat(said)
    return dt.date.fromisoformat(said) if isinstance(value, dt.date) else said


# -------------------------------------------------------------------------------- order


def _once(rows: list[Row]) -> list[Row]:
    seen = {plain([tuple(row.values())])[0]: row for row in reversed(rows)}
    return list(seen.values())


class _Down:
    """Sorts a value from large to small."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: "_Down") -> bool:
        return bool(other.value < self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Down) and self.value == other.value


def _keys(values: list[Any], *, down: bool = False) -> list[tuple[bool, Any]]:
    return [(v is None, 0 if v is None else _Down(v) if down else v) for v in values]


def _sorted(
    spec: q.QuerySpec, rows: list[Row], order: tuple[q.Order, ...], names: list[str]
) -> list[Row]:
    edges = {d.name: d.bucket.edges for d in spec.dimensions if d.bucket and d.bucket.edges}

    def place(name: str, value: Any) -> Any:
        if name in edges and value is not None:
            ends = [f"{edge:.15g}" for edge in edges[name]]
            return 0 if value.startswith("under") else ends.index(value.split()[0]) + 1
        return value

    said = {key.by: key.direction == "descending" for key in order}
    keys = [*said, *(name for name in names if name not in said)]
    return sorted(
        rows,
        key=lambda row: [
            _keys([place(name, row[name])], down=said.get(name, False))[0] for name in keys
        ],
    )


def _limited(spec: q.QuerySpec, rows: list[Row]) -> list[tuple[Any, ...]]:
    names = _Evaluation(spec).names
    found = [tuple(row[n] for n in names) for row in _sorted(spec, rows, spec.order, names)]
    return found if spec.limit is None else found[: spec.limit]
