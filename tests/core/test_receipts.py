"""A receipt computes what its number says, exactly, and refuses what it can't compute."""

import math
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from clew_core.errors import ToolFailed
from clew_core.receipts import (
    Number,
    Ref,
    agrees,
    evaluate,
    json_number,
    round_half_up,
)

CASES = yaml.safe_load((Path(__file__).parent / "receipt_cases.yaml").read_text("utf-8"))
TABLE = pa.table(
    {
        "n": pa.array([3, None, 4]),
        "d": pa.array([Decimal("0.10"), Decimal("0.20"), None]),
        "f": pa.array([0.1, 0.2, None]),
        "t": pa.array(["a", "b", "c"]),
        "b": pa.array([True, False, None]),
        "z": pa.array([0, 0, 0]),
        "day": pa.array(["2024-01-31", "2024-02-01 10:30:00", None]),
        "empty": pa.array([None, None, None], pa.int64()),
    }
)
NAMES = {"value": Decimal, "float": float}


def place(row: int | None, column: str | None) -> Ref:
    return Ref(cell="q1", sql_sha256="ab", row=row, column=column)


def computed(case: dict[str, Any], table: pa.Table = TABLE) -> Number:
    refs = [place(row, column) for row, column in case["refs"]]
    return evaluate(case["tree"], refs, lambda ref: table)


@pytest.mark.parametrize("case", CASES["hold"], ids=lambda case: str(case["is"]))
def test_an_expression_gives_its_value(case: dict[str, Any]) -> None:
    value = computed(case)
    wanted = case["gives"]
    exact = Decimal(wanted) if isinstance(wanted, str) else wanted
    assert value == exact
    assert type(value) is type(exact)


@pytest.mark.parametrize("case", CASES["fail"], ids=lambda case: str(case["is"]))
def test_a_malformed_expression_is_refused_in_words(case: dict[str, Any]) -> None:
    with pytest.raises(ToolFailed) as refused:
        computed(case)
    assert case["says"] in str(refused.value)
    assert "\n" not in str(refused.value)


def test_each_cell_is_looked_up_by_its_own_ref() -> None:
    tables = {"a": pa.table({"n": [10]}), "b": pa.table({"n": [4]})}
    refs = [Ref(cell=cell, sql_sha256="", row=0, column="n") for cell in "ab"]
    tree = {"op": "difference", "args": [{"op": "value", "ref": 0}, {"op": "value", "ref": 1}]}
    assert evaluate(tree, refs, lambda ref: tables[ref.cell]) == 6


def test_a_changed_value_does_not_agree() -> None:
    case = {"refs": [[0, "n"]], "tree": {"op": "value", "ref": 0}}
    before = json_number(computed(case))
    changed = TABLE.set_column(0, "n", pa.array([4, None, 4]))
    assert agrees(before, computed(case))
    assert not agrees(before, computed(case, changed))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2))
def test_a_decimal_agrees_with_itself_and_not_with_a_cent_more(value: Decimal) -> None:
    stated = json_number(value)
    assert isinstance(stated, str)
    assert agrees(stated, value)
    with localcontext(prec=80):
        more = value + Decimal("0.01")
    assert not agrees(stated, more)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_a_float_may_differ_by_noise_and_by_no_more(value: float) -> None:
    assert agrees(value, value * (1 + 1e-12))
    if abs(value) > 1e-6:
        assert not agrees(value, value * (1 + 1e-6))


def test_integers_must_be_equal_however_long_they_are() -> None:
    long = 2**60 + 1
    assert json_number(long) == str(long)
    assert agrees(json_number(long), long)
    assert not agrees(json_number(long), long + 1)
    assert agrees(5, 5) and not agrees(5, 6)
    assert agrees(5, Decimal("5.00")) and agrees(5, 5.0)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(0, 5))
def test_rounding_moves_a_decimal_by_half_a_unit_at_most(value: Decimal, digits: int) -> None:
    rounded = round_half_up(value, digits)
    assert isinstance(rounded, Decimal)
    with localcontext(prec=80):  # the usual 28 digits would round the difference
        assert abs(rounded - value) <= Decimal(5).scaleb(-digits - 1)
    assert rounded == round_half_up(rounded, digits)
    assert round_half_up(value.copy_negate(), digits) == rounded.copy_negate()


@given(st.lists(st.decimals(min_value=-(10**9), max_value=10**9, places=2), min_size=1))
def test_a_sum_of_decimals_is_exact(values: list[Decimal]) -> None:
    table = pa.table({"d": pa.array(values, pa.decimal128(20, 2))})
    total = evaluate({"op": "sum", "ref": 0}, [place(None, "d")], lambda ref: table)
    assert total == sum(values)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_a_sum_of_floats_does_not_depend_on_their_order(values: list[float]) -> None:
    tree, refs = {"op": "sum", "ref": 0}, [place(None, "f")]
    forward = evaluate(tree, refs, lambda ref: pa.table({"f": values}))
    backward = evaluate(tree, refs, lambda ref: pa.table({"f": values[::-1]}))
    assert forward == backward == math.fsum(values)


def test_numbers_of_more_digits_than_pythons_decimals_keep_are_exact() -> None:
    high, low = Decimal("99999999999999999999999999999999999.99"), Decimal("0.01")
    table = pa.table({"d": pa.array([high, low], pa.decimal128(38, 2))})
    refs = [Ref(cell="q1", sql_sha256="", row=row, column="d") for row in (0, 1)]
    values = [{"op": "value", "ref": 0}, {"op": "value", "ref": 1}]
    whole = Decimal("1E35")
    assert evaluate({"op": "sum", "ref": 0}, refs, lambda ref: table) == whole
    assert evaluate({"op": "sum", "args": values}, refs, lambda ref: table) == whole
    less = evaluate({"op": "difference", "args": values}, refs, lambda ref: table)
    assert less == Decimal("99999999999999999999999999999999999.98")
    assert round_half_up(high, 1) == whole
    assert round_half_up(1e300, 2) == 1e300
    tiny = evaluate(
        {"op": "round", "args": [{"op": "value", "ref": 0}], "digits": 326},
        [Ref(cell="q1", sql_sha256="", row=0, column="f")],
        lambda ref: pa.table({"f": [5e-324]}),
    )
    assert tiny == 5e-324
