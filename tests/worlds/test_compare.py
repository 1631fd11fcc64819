"""Does the rule of answers let through what is right in another dress, and nothing else?"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from worlds.compare import fits
from worlds.question import Gold

DAY = dt.date(2023, 4, 1)
# Rows of an answer, the gold (required columns first), how it is compared, and whether it fits.
CASES: list[tuple[list[Any], list[Any], dict[str, Any], bool]] = [
    ([(3,)], [(3.0,)], {"required": 1}, True),
    ([(Decimal("3.10"),)], [(3.1,)], {"required": 1}, True),
    ([(3.1001,)], [(3.1,)], {"required": 1}, False),
    ([(3.1000001,)], [(3.1,)], {"required": 1}, True),
    ([("3",)], [(3.0,)], {"required": 1}, False),
    ([], [], {"required": 1}, True),
    ([], [("a",)], {"required": 1}, False),
    ([("a",)], [("a",), ("a",)], {"required": 1}, False),
    ([("a",), ("a",)], [("a",), ("b",)], {"required": 1}, False),
    # an optional column may be there or not, a column of its own may not
    ([("a",)], [("a", 7)], {"required": 1}, True),
    ([(7, "a")], [("a", 7)], {"required": 1}, True),
    ([("a", 8)], [("a", 7)], {"required": 1}, False),
    ([(7,)], [("a", 7)], {"required": 1}, False),
    ([("a", 1), ("b", 2)], [("a", 2), ("b", 1)], {"required": 2}, False),
    # order counts only where it is asked for
    ([("b",), ("a",)], [("a",), ("b",)], {"required": 1}, True),
    ([("b",), ("a",)], [("a",), ("b",)], {"required": 1, "ordered": True}, False),
    # shares, periods and truth values come in several dresses
    ([("a", 25.0)], [("a", 0.25)], {"required": 2, "percent": (1,)}, True),
    ([("a", 0.25)], [("a", 0.25)], {"required": 2, "percent": (1,)}, True),
    ([("a", 25.0)], [("a", 0.25)], {"required": 2}, False),
    ([("2023-04", 1)], [(DAY, 1)], {"required": 2, "grains": ((0, "month"),)}, True),
    ([("Apr 2023", 1)], [(DAY, 1)], {"required": 2, "grains": ((0, "month"),)}, True),
    ([("2023-Q2", 1)], [(DAY, 1)], {"required": 2, "grains": ((0, "quarter"),)}, True),
    ([(2023, 1)], [(dt.date(2023, 1, 1), 1)], {"required": 2, "grains": ((0, "year"),)}, True),
    ([("2023-05", 1)], [(DAY, 1)], {"required": 2, "grains": ((0, "month"),)}, False),
    ([(dt.datetime(2023, 4, 1), 1)], [(DAY, 1)], {"required": 2}, True),
    ([("x", "Y")], [("x", True)], {"required": 1}, True),
    ([("x", 1)], [("x", True)], {"required": 1}, True),
    ([("x", "N")], [("x", True)], {"required": 1}, False),
    ([(None, 1)], [(None, 1)], {"required": 2}, True),
    ([("", 1)], [(None, 1)], {"required": 2}, False),
]


@pytest.mark.parametrize(("rows", "gold", "how", "right"), CASES)
def test_rows_are_judged_by_the_rule(
    rows: list[Any], gold: list[Any], how: dict[str, Any], right: bool
) -> None:
    assert fits(rows, [Gold(sql="", rows=tuple(gold), **how)]) is right


def test_one_of_several_golds_is_enough() -> None:
    one = Gold(sql="", rows=(("a", 1),), required=2)
    other = Gold(sql="", rows=(("a", 1), ("b", 0)), required=2)
    assert fits([("b", 0), ("a", 1)], [one, other])
    assert not fits([("b", 1), ("a", 1)], [one, other])
