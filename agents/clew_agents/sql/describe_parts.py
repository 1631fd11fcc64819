"""How days between dates, parts of all and measures against each other are said in words."""

from __future__ import annotations

from typing import Protocol

from clew_core import query_spec as q


class Says(Protocol):
    """Who has the question's words for tables and columns."""

    def things(self, table: str | None = None, *, one: bool = False) -> str:
        """Say the rows of a table, or one of them."""
        ...

    def column(self, value: q.Column | q.Arithmetic | None) -> str:
        """Say a column."""
        ...

    def measure(self, measure: q.Measure) -> str:
        """Say a measure."""
        ...


def days_between(days: q.Arithmetic, words: Says) -> str:
    """Say both ends: by their tables, or by their columns where both have one table."""
    others = [arg.of if isinstance(arg, q.Below) else arg for arg in days.args]
    tables = {other.table for other in others if isinstance(other, q.Column)}
    ends = []
    for arg in days.args:
        if isinstance(arg, q.Below):
            pick = "first" if arg.aggregate == "min" else "last"
            ends.append(f"{pick} {words.things(arg.of.table, one=True)}")
        elif isinstance(arg, q.Column):
            own = words.column(arg)
            ends.append(words.things(arg.table, one=True) if len(tables) > 1 else own)
    return f"days from {' to '.join(ends)}"


def top_part(spec: q.QuerySpec, words: Says) -> str:
    """Say the best so many in a hundred: "the top 10 % by net sales"."""
    worst = bool(spec.order) and spec.order[0].direction == "ascending"
    of = spec.dimensions[0].name.removesuffix("_id").replace("_", " ")
    by = f" by {words.measure(spec.measures[0])}" if spec.measures else ""
    return f"{of} among the {'last' if worst else 'top'} {spec.limit_percent:g} %{by}"


def against(said: str, test: q.Predicate) -> str:
    """Say a measure that is held against another one: "margin below target margin"."""
    signs = {"<": "below", ">": "above", "<=": "at most", ">=": "at least", "=": "equal to"}
    other = test.than.measure.replace("_", " ") if test.than is not None else ""
    return f"{said} {signs.get(test.operator, 'other than')} {other}"


def lower_plain(text: str) -> str:
    """Lower the first letter of a phrase, but keep names as the schema spells them."""
    head = text.split()[0]
    kept = "_" in head or head[1:] != head[1:].lower() or head.isupper()
    return text if kept else text[0].lower() + text[1:]
