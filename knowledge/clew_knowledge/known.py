"""What does the company know about one source, as one principal may see it?

A metric over a column that is hidden does not exist: it is left out, like one that was never
written. What is wrong for the owner of the files, who sees all, is an error with file and line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import SourceError
from clew_knowledge.expressions import NotAllowed, Reader
from clew_knowledge.files import Declared, Files
from clew_tools.database.catalog import Catalog
from clew_tools.database.source import Dialect
from clew_tools.semantic.conditions import predicates
from clew_tools.semantic.definitions import Written
from clew_tools.semantic.keys import reaches
from clew_tools.semantic.measures import columns_of, leaves


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named measure.

    Attributes:
        name: as people say it.
        names: it and its aliases.
        table: on which a spec with it stands.
        measure: what it is computed of.
        time: the column that dates it; None leaves it to the question.
        adds: it is one sum or count, so that "total" says nothing more.
        file: where it is declared, for people.
    """

    name: str
    names: tuple[str, ...]
    table: str
    measure: q.Measure
    time: q.Column | None
    adds: bool
    unit: str | None
    meaning: str | None
    file: str

    def __hash__(self) -> int:
        """Tell it by its name, which is given once."""
        return hash(("metric", self.name))


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word of the company for some rows of a table.

    Attributes:
        name: as people say it.
        names: it and its aliases.
        table: whose rows it speaks of.
        condition: that they fulfil.
        file: where it is declared, for people.
    """

    name: str
    names: tuple[str, ...]
    table: str
    condition: q.Predicate
    meaning: str | None
    file: str

    def __hash__(self) -> int:
        """Tell it by its name, which is given once."""
        return hash(("term", self.name))


@dataclass(frozen=True, kw_only=True)
class Known:
    """The metrics and words that hold for one catalog.

    Attributes:
        metrics: by name.
        terms: by name.
        warnings: what can't be used, and why.
    """

    metrics: Mapping[str, Metric]
    terms: Mapping[str, Term]
    warnings: tuple[str, ...] = ()

    def dated(self, table: str) -> q.Column | None:
        """Say which column dates the rows of a table, where all its metrics agree on one."""
        times = {metric.time for metric in self.metrics.values() if metric.table == table}
        return times.pop() if len(times) == 1 else None

    def subtracted(self) -> tuple[tuple[q.Column, q.Column], ...]:
        """List the pairs of columns of which one is taken from the other: (from it, what)."""
        found: dict[tuple[q.Column, q.Column], None] = {}
        values = [leaf.of for metric in self.metrics.values() for leaf in leaves(metric.measure)]
        values += [
            test.on
            for term in self.terms.values()
            for test in predicates(term.condition)
            if not isinstance(test.on, q.MeasureRef)
        ]
        for value in values:
            trees = value.tree.find_all(exp.Sub) if isinstance(value, Written) else ()
            for minus in trees:
                sides = [list(side.find_all(exp.Column)) for side in (minus.left, minus.right)]
                if all(len(columns) == 1 for columns in sides):
                    left, right = (q.Column(table=c[0].table, column=c[0].name) for c in sides)
                    found[left, right] = None
        return tuple(found)

    @property
    def measures(self) -> Mapping[str, q.Measure]:
        """What the names of metrics mean."""
        return {name: metric.measure for name, metric in self.metrics.items()}

    @property
    def conditions(self) -> Mapping[str, q.Condition]:
        """What the words mean."""
        return {name: term.condition for name, term in self.terms.items()}


NOTHING = Known(metrics={}, terms={})


def check(files: Files, catalogs: Sequence[tuple[Catalog, Dialect]]) -> None:
    """Hold what files declare to the sources: each name must hold for one of them.

    Args:
        files: of one folder.
        catalogs: all that each source has, with the dialect of its SQL.

    Raises:
        SourceError: a name holds for none; file and line are named.
    """
    for one in files.declared:
        problems: list[SourceError] = []
        for catalog, dialect in catalogs:
            try:
                _read(one, Reader(catalog=catalog, dialect=dialect))
                break
            except _Wrong as wrong:
                problems.append(one.wrong(wrong.part, str(wrong.problem)))
        else:
            if problems:
                raise problems[0]


def bind(files: Files, catalog: Catalog, dialect: Dialect) -> Known:
    """Keep what holds for a catalog: all whose columns are there, and can be put together."""
    metrics: dict[str, Metric] = {}
    terms: dict[str, Term] = {}
    warnings = []
    for one in files.declared:
        try:
            measure, time, condition = _read(one, Reader(catalog=catalog, dialect=dialect))
        except _Wrong:
            continue
        tables = _tables(measure) if measure is not None else _tables_of(condition)
        if not tables:  # a word with a meaning only
            continue
        table = _base(catalog, measure) if measure is not None else _lowest(catalog, tables)
        if table is None:
            listed = " and ".join(repr(name) for name in tables)
            warnings.append(f"{one.name!r} ({one.file}) can't be used: no keys join {listed}.")
        elif measure is not None:
            metrics[one.name] = Metric(
                name=one.name, names=one.names, table=table,
                measure=replace(measure, name=one.name, unit=one.unit), time=time,
                adds=measure.aggregate in ("sum", "count"), unit=one.unit, meaning=one.meaning,
                file=one.file,
            )  # fmt: skip
        elif condition is not None:
            terms[one.name] = Term(
                name=one.name, names=one.names, table=table, condition=condition,
                meaning=one.meaning, file=one.file,
            )  # fmt: skip
    return Known(metrics=metrics, terms=terms, warnings=tuple(warnings))


class _Wrong(Exception):
    def __init__(self, part: str, problem: NotAllowed) -> None:
        self.part, self.problem = part, problem


def _read(
    one: Declared, reader: Reader
) -> tuple[q.Measure | None, q.Column | None, q.Predicate | None]:
    part = "expression" if one.kind == "metric" else "condition"
    measure = time = condition = None
    try:
        if one.sql is not None and one.kind == "metric":
            measure = reader.measure(one.sql)
            if not _tables(measure):
                raise NotAllowed("count(*) of which table? Write count(table.column).")
            if one.filter is not None:
                part = "filter"
                measure = reader.measure(one.sql, one.filter)
            if one.time is not None:
                part = "time"
                time = reader.column(one.time)
        elif one.sql is not None:
            condition = reader.condition(one.sql)
    except NotAllowed as problem:
        raise _Wrong(part, problem) from problem
    return measure, time, condition


def _tables(measure: q.Measure | None) -> list[str]:
    """List the tables that a measure speaks of."""
    parts = leaves(measure) if measure is not None else ()
    return list(dict.fromkeys(table for leaf in parts for table in _spoken_of(leaf.of)))


def _tables_of(condition: q.Predicate | None) -> list[str]:
    on = condition.on if condition is not None else None
    return [] if on is None or isinstance(on, q.MeasureRef) else _spoken_of(on)


def _spoken_of(value: q.Column | q.Arithmetic | None) -> list[str]:
    return list(dict.fromkeys(column.table for column in columns_of(value)))


def _lowest(catalog: Catalog, tables: Sequence[str]) -> str | None:
    """Find the table whose rows point at those of all others."""
    found = [t for t in tables if all(reaches(catalog, t, other) for other in tables)]
    return found[0] if found else None


def _base(catalog: Catalog, measure: q.Measure) -> str | None:
    """Find the table to stand on: the others' rows point at its, so that none is counted twice."""
    homes: dict[str, None] = {}
    for leaf in leaves(measure):
        spoken = _spoken_of(leaf.of)
        where = leaf.where
        home = _lowest(catalog, spoken)
        if spoken and home is None:
            return None
        if home is not None:
            homes[home] = None
            filtered = [t for test in _tests(where) for t in _tables_of(test)]
            if not all(reaches(catalog, home, table) for table in filtered):
                return None
    if len(homes) == 1:
        return next(iter(homes))
    above = [
        table.name
        for table in catalog.tables
        if all(reaches(catalog, home, table.name) for home in homes)
    ]
    lowest = [a for a in above if not any(a != b and reaches(catalog, b, a) for b in above)]
    found = [a for a in lowest if a in homes] or lowest
    return found[0] if len(found) == 1 else None


def _tests(condition: q.Condition | None) -> list[q.Predicate]:
    return list(predicates(condition)) if condition is not None else []


__all__ = ["NOTHING", "Known", "Metric", "Term", "bind", "check"]
