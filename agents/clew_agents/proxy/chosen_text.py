"""How does a text speak of a value that another step chose? By its name, numbers with a receipt."""

from __future__ import annotations

from dataclasses import replace

from clew_agents.information_unit import Found
from clew_agents.proxy.prose import is_number
from clew_agents.sql.words import split_name
from clew_core.cells import sha256
from clew_core.number_format import format_number
from clew_core.query_spec import AllOf, AnyOf, Column, Condition, Predicate, QuerySpec
from clew_core.receipts import Receipt, Ref, json_number

_KEYS = ("id", "key", "no", "nr", "code", "uuid")


def by_name(spec: QuerySpec) -> QuerySpec:
    """Leave the key out of "customer Smith with id 7": it keeps two Smiths apart, in the query."""
    return replace(spec, conditions=tuple(_by_name(condition) for condition in spec.conditions))


def _by_name(condition: Condition) -> Condition:
    if isinstance(condition, AnyOf):
        return replace(condition, any=tuple(_by_name(part) for part in condition.any))
    if not isinstance(condition, AllOf):
        return condition
    tests = condition.all
    if not all(isinstance(test, Predicate) and test.operator == "=" for test in tests):
        return condition
    named = tuple(test for test in tests if not _is_key(test))
    if not named or len(named) == len(tests):
        return condition
    return named[0] if len(named) == 1 else AllOf(all=named)


def _is_key(test: Condition) -> bool:
    on = test.on if isinstance(test, Predicate) else None
    return isinstance(on, Column) and split_name(on.column)[-1:] in {(key,) for key in _KEYS}


def chosen_receipts(text: str, found: Found, cell: str) -> tuple[Receipt, ...]:
    """Receipt the numbers of a text that were chosen in another step's result.

    Args:
        text: speaks of the values.
        found: the result that chose them.
        cell: its cell.
    """
    made: list[Receipt] = []
    digest = sha256(found.sql)
    for dimension in found.spec.dimensions:
        if dimension.name not in found.table.column_names:
            continue
        for row, value in enumerate(found.table.column(dimension.name).to_pylist()):
            if not is_number(value) or format_number(value) not in text:
                continue
            ref = Ref(cell=cell, sql_sha256=digest, row=row, column=dimension.name)
            made.append(
                Receipt(
                    id="r1",
                    text=format_number(value),
                    value=json_number(value),
                    expression={"op": "value", "ref": 0},
                    refs=(ref,),
                )
            )
    return tuple(made)
