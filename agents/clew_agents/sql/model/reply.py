"""In which form does a model say a query, and how does that become a query spec?

Columns and measures are short texts (``orders.placed_at:month``, ``avg(orders.total)``): the JSON
Schema of the whole spec would cost more tokens than a question may. What the form can't say, free
SQL says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.catalog import Catalog, Table

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
# As they are written → as a spec has them; longer ones first.
_OPERATORS: dict[str, q.Operator] = {
    "is not null": "is_not_null", "is null": "is_null", "not in": "not_in", "in": "in",
    "between": "between", "contains": "contains", "starts with": "starts_with",
    "ends with": "ends_with", "like": "contains", "!=": "!=", "<>": "!=", "<=": "<=", ">=": ">=",
    "=": "=", "<": "<", ">": ">",
}  # fmt: skip
_FUNCTIONS = ("count", "count_distinct", "sum", "avg", "min", "max", "median")
_GRAINS = ("year", "quarter", "month", "week", "day", "month_of_year", "day_of_week", "hour")
_CALL = re.compile(r"\s*([a-z_]+)\s*\(\s*(.*?)\s*\)\s*", re.I | re.S)
_COLUMN = re.compile(r"(?P<column>.+?)(:(?P<grain>[a-z_]+))?(@(?P<key>\w+))?", re.S)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_DISTINCT = re.compile(r"\b(distinct|different|unique|various|kinds?)\b", re.I)
_TEST = re.compile(
    r"\s*(?P<on>[^=<>!\s].*?)\s*(?P<operator>"
    + "|".join(rf"\b{op}\b" if op[0].isalpha() else op for op in _OPERATORS)
    + r")\s*(?P<value>.*)",
    re.I | re.S,
)
_LITERAL = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[^,()\s][^,()]*")
_MOST_PARTS, _MOST_ROWS = 12, 100_000


def reply_schema(question: str) -> dict[str, Any]:
    """Write the JSON Schema of a reply, with the parts that the question can need."""
    parts: dict[str, Any] = {
        "table": _TEXT,
        "by": _TEXTS,
        "measures": _TEXTS,
        "where": _TEXTS,
        "order": _TEXT,
        "limit": {"type": "integer"},
        "sql": _TEXT,
        "no": _TEXT,
    }
    if _DISTINCT.search(question):
        parts["distinct"] = {"type": "boolean"}
    return {"type": "object", "properties": parts, "additionalProperties": False}


def read_spec(data: Mapping[str, Any], source: str, catalog: Catalog) -> q.QuerySpec:
    """Make a query spec of a reply that fulfils its schema.

    Raises:
        RetryByModel: it names what the catalog does not have, or asks for nothing.
    """
    return _Reader(source, catalog, data).spec()


@dataclass(kw_only=True)
class _Named:
    """What a text of the reply stands for in the result."""

    name: str
    measure: q.Measure | None = None
    dimension: q.Dimension | None = None


@dataclass
class _Reader:
    source: str
    catalog: Catalog
    data: Mapping[str, Any]
    joins: dict[str, q.JoinPath] = field(default_factory=dict)
    known: dict[str, _Named] = field(default_factory=dict)

    def spec(self) -> q.QuerySpec:
        data = self.data
        for part in ("by", "measures", "where"):
            if len(data.get(part) or ()) > _MOST_PARTS:
                raise RetryByModel(f"{part!r} has more than {_MOST_PARTS} entries.")
        self.table = self._base()
        for text in (*(data.get("by") or ()), *(data.get("measures") or ())):
            self._take(text)
        asked = [named.name for named in self.known.values()]
        if not asked:
            raise RetryByModel("It asks for no column and no measure.")
        conditions = tuple(self._condition(test) for test in data.get("where") or ())
        order = self._order()
        measures = tuple(n.measure for n in self.known.values() if n.measure)
        dimensions = tuple(n.dimension for n in self.known.values() if n.dimension)
        limit = data.get("limit")
        if limit is not None and not 0 < limit <= _MOST_ROWS:
            raise RetryByModel(f"The limit is {limit}.")
        spec = q.QuerySpec(
            source=self.source,
            table=self.table.name,
            measures=measures,
            dimensions=dimensions,
            conditions=conditions,
            joins=tuple(self.joins.values()),
            order=order,
            limit=limit,
            distinct=bool(data.get("distinct")) and not measures,
        )
        return replace(spec, asked=tuple(asked)) if len(asked) < len(self.known) else spec

    def _base(self) -> Table:
        named = self.data.get("table")
        if named is None:
            texts = [*(self.data.get("measures") or ()), *(self.data.get("by") or ())]
            inner = [m[2] if (m := _CALL.fullmatch(text)) else text for text in texts]
            named = inner[0].partition(".")[0] if inner else ""
        return self._table(named)

    def _table(self, name: str) -> Table:
        clean = name.strip().strip('"')
        found = [t for t in self.catalog.tables if t.name.casefold() == clean.casefold()]
        if not found:
            raise RetryByModel(f"There is no table {clean[:60]!r}.")
        return next((t for t in found if t.name == clean), found[0])

    def _column(self, text: str) -> tuple[q.Column, str | None]:
        match = _COLUMN.fullmatch(text.strip())
        if match is None:
            raise RetryByModel(f"{text[:60]!r} is no column.")
        table_name, dot, column_name = match["column"].partition(".")
        table = self._table(table_name) if dot else self.table
        wanted = (column_name if dot else table_name).strip().strip('"')
        found = [c for c in table.columns if c.name.casefold() == wanted.casefold()]
        if not found:
            raise RetryByModel(f"There is no column {wanted[:60]!r} in {table.name!r}.")
        grain = match["grain"]
        if grain is not None and (
            grain not in _GRAINS or found[0].type not in ("date", "timestamp")
        ):
            raise RetryByModel(f"{text[:60]!r}: {grain!r} is no part of that column.")
        path = self._path(match["key"], table) if match["key"] else None
        return q.Column(table=table.name, column=found[0].name, path=path), grain

    def _path(self, key: str, table: Table) -> str:
        """Name the way to a table that goes through a key of the spec's table."""
        for foreign in self.table.foreign_keys:
            if foreign.table == table.name and key in foreign.columns:
                keys = tuple(
                    q.Key(
                        left=q.Column(table=self.table.name, column=one),
                        right=q.Column(table=table.name, column=other),
                    )
                    for one, other in zip(foreign.columns, foreign.other_columns, strict=True)
                )
                self.joins[key] = q.JoinPath(name=key, keys=keys)
                return key
        raise RetryByModel(f"{key!r} is no key of {self.table.name!r} to {table.name!r}.")

    def _take(self, text: str) -> _Named:
        """Give a column or measure its place in the result."""
        plain = re.sub(r"\s+", "", text).casefold()
        if plain not in self.known:
            call = _CALL.fullmatch(text)
            self.known[plain] = self._measure(call) if call else self._dimension(text)
        return self.known[plain]

    def _free(self, *names: str) -> str:
        taken = {named.name.casefold() for named in self.known.values()}
        for name in names:
            if name.casefold() not in taken:
                return name
        return next(n for i in range(2, 99) if (n := f"{names[0]}_{i}").casefold() not in taken)

    def _dimension(self, text: str) -> _Named:
        column, grain = self._column(text)
        own = grain if grain else column.column
        name = self._free(own, f"{column.table}_{own}", f"{column.path}_{own}")
        dimension = q.Dimension(name=name, of=column, grain=cast("q.Grain | None", grain))
        return _Named(name=name, dimension=dimension)

    def _measure(self, call: re.Match[str]) -> _Named:
        function, inner = call[1].lower(), call[2]
        if function not in _FUNCTIONS:
            raise RetryByModel(f"{function[:40]!r} is none of {', '.join(_FUNCTIONS)}.")
        aggregate = cast("q.Aggregate", function)
        if function == "count" and (inner in ("", "*") or "." not in inner):
            table = self.table if inner in ("", "*") else self._table(inner)
            return self._rows(table)
        if re.match(r"distinct\b", inner, re.I) and function == "count":
            aggregate, inner = "count_distinct", inner[8:].strip()
        column, grain = self._column(inner)
        if grain is not None:
            raise RetryByModel(f"{inner[:60]!r} can't be counted by parts.")
        kind = self.catalog.table(column.table)
        type_ = next(c.type for c in kind.columns if c.name == column.column) if kind else "other"
        if function in ("sum", "avg", "median") and type_ not in ("integer", "number", "decimal"):
            raise RetryByModel(f"{column.column!r} is no number: it has no {function}.")
        name = self._free(f"{function}_{column.column}")
        return _Named(name=name, measure=q.Measure(name=name, aggregate=aggregate, of=column))

    def _rows(self, table: Table) -> _Named:
        name = self._free(f"{table.name.lower()}_count")
        if table.name == self.table.name:
            return _Named(name=name, measure=q.Measure(name=name, aggregate="count"))
        if not table.primary_key:
            raise RetryByModel(f"{table.name!r} has no key: its rows can't be counted from here.")
        of = q.Column(table=table.name, column=table.primary_key[0])
        return _Named(name=name, measure=q.Measure(name=name, aggregate="count", of=of))

    def _condition(self, text: str) -> q.Condition:
        test = _TEST.fullmatch(text)
        if test is None:
            raise RetryByModel(f"{text[:60]!r} is no condition.")
        operator = _OPERATORS[" ".join(test["operator"].lower().split())]
        values = _values(test["value"], operator)
        if _CALL.fullmatch(test["on"]):
            measure = q.MeasureRef(measure=self._take(test["on"]).name)
            return q.Predicate(on=measure, operator=operator, values=_numbers(values))
        column, grain = self._column(test["on"])
        table = self.catalog.table(column.table)
        kind = table.column(column.column) if table else None
        if kind is not None and kind.type == "boolean":
            values = tuple(str(value).lower() in ("true", "1", "yes") for value in values)
        elif kind is not None and (grain or kind.type in ("integer", "number", "decimal")):
            values = _numbers(values)
        return q.Predicate(
            on=column, operator=operator, values=values, grain=cast("q.Grain | None", grain)
        )

    def _order(self) -> tuple[q.Order, ...]:
        by = self.data.get("order")
        if not by:
            return ()
        text, _, way = by.strip().rpartition(" ")
        if way.lower() not in ("asc", "desc"):
            text, way = by, "asc"
        falls = way.lower() == "desc"
        named = self._take(text)
        return (q.Order(by=named.name, direction="descending" if falls else "ascending"),)


def _values(text: str, operator: str) -> tuple[q.Scalar, ...]:
    """Read what is compared with: quoted texts, or bare words and numbers."""
    if operator in ("is_null", "is_not_null"):
        if text.strip():
            raise RetryByModel(f"{text[:60]!r} stands behind a test for null.")
        return ()
    if operator == "between":
        text = re.sub(r"\s+and\s+", ",", text, flags=re.I)
    found = [match[0].strip() for match in _LITERAL.finditer(text)]
    wanted = 2 if operator == "between" else None if operator in ("in", "not_in") else 1
    if wanted == 1 and len(found) > 1 and text[:1] not in "'\"":
        found = [text.strip()]  # a bare text with a comma
    if not found or (wanted is not None and len(found) != wanted):
        raise RetryByModel(f"{operator!r} does not take {len(found)} values.")
    return tuple(_bare(value).strip("%") if operator == "contains" else _bare(value)
                 for value in found)  # fmt: skip


def _bare(text: str) -> str:
    if text[:1] == "'":
        return text[1:-1].replace("''", "'")
    return text[1:-1] if text[:1] == '"' else text


def _numbers(values: Iterable[q.Scalar]) -> tuple[q.Scalar, ...]:
    found: list[q.Scalar] = []
    for value in values:
        if isinstance(value, str):
            if not _NUMBER.fullmatch(value.strip()):
                raise RetryByModel(f"{value[:60]!r} is no number.")
            value = float(value) if "." in value else int(value)
        found.append(value)
    return tuple(found)
