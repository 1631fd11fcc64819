"""Which tests of a question can't hold of one row?"""

from __future__ import annotations

from clew_agents.sql.reading import ValueTest
from clew_agents.sql.resolve import NotUnderstood


def refuse_contradiction(tests: list[ValueTest]) -> None:
    """Refuse two values of one column that both must hold: no row has both."""
    seen: list[tuple[str, str]] = []
    for test in tests:
        columns = {(hit.table, hit.column) for item in test.values for hit in item.hits}
        if len(columns) == 1 and next(iter(columns)) in seen:
            raise NotUnderstood([item.text for other in tests for item in other.values])
        seen += columns if len(columns) == 1 else []
