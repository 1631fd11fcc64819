"""Numbers are printed with all the digits that count, and never with those that don't."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clew_core.number_format import digits_for, format_number
from clew_core.receipts import Number, round_half_up

CASES = """
1234567                 -> 1,234,567
-1234567                -> -1,234,567
0                       -> 0
0.0                     -> 0
1e15                    -> 1,000,000,000,000,000
0.30000000000000004     -> 0.3
123456.7                -> 123,456.7
1e-7                    -> 0.0000001
-0.5                    -> -0.5
d 1234.50               -> 1,234.50
d -0.00                 -> -0.00
d 123456789012345678.99 -> 123,456,789,012,345,678.99
2.5 digits 0            -> 3
-2.5 digits 0           -> -3
2.675 digits 2          -> 2.68
1234.5 digits 3         -> 1,234.500
1250 digits -2          -> 1,300
d 2.665 digits 2        -> 2.67
5 unit EUR              -> 5 EUR
12.5 digits 1 unit %    -> 12.5%
d 9.99 unit USD         -> 9.99 USD
"""


def cases() -> list[tuple[str, str]]:
    pairs = [line.split("->") for line in CASES.strip().splitlines()]
    return [(given_.strip(), printed.strip()) for given_, printed in pairs]


def read(text: str) -> tuple[Number, int | None, str | None]:
    head, _, unit = text.partition(" unit ")
    head, _, digits = head.partition(" digits ")
    value: Number
    if head.startswith("d "):
        value = Decimal(head[2:])
    else:
        value = int(head) if head.lstrip("-").isdigit() else float(head)
    return value, int(digits) if digits else None, unit or None


@pytest.mark.parametrize(("text", "printed"), cases())
def test_a_number_is_printed(text: str, printed: str) -> None:
    assert format_number(*read(text)) == printed


@given(st.integers())
@example(2**53 + 1)
def test_an_integer_keeps_all_its_digits(value: int) -> None:
    for digits in (None, 0, 2):
        assert Decimal(format_number(value, digits).replace(",", "")) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3))
@example(Decimal("99999999999999999999999999999999999.999"))
def test_a_decimal_keeps_all_its_digits(value: Decimal) -> None:
    for digits in (None, 3):
        assert Decimal(format_number(value, digits).replace(",", "")) == value


@given(st.floats(-1e300, 1e300))
def test_a_float_is_printed_without_exponent_and_to_fifteen_digits(value: float) -> None:
    printed = format_number(value).replace(",", "")
    assert "e" not in printed.lower()
    assert float(printed) == pytest.approx(value, rel=1e-14, abs=0)


@given(st.floats(-1e9, 1e9) | st.decimals(-(10**9), 10**9, places=5), st.integers(0, 6))
def test_a_rounded_number_is_printed_as_it_was_rounded(value: Number, digits: int) -> None:
    printed = Decimal(format_number(value, digits).replace(",", ""))
    assert printed == Decimal(repr(float(round_half_up(value, digits)))) or printed == (
        round_half_up(Decimal(repr(value)) if isinstance(value, float) else value, digits)
    )
    assert abs(printed.as_tuple().exponent) == digits


@pytest.mark.parametrize(
    ("value", "exact", "digits"),
    [
        (5, True, 0),
        (5, False, 0),
        (0.0, False, 0),
        (Decimal("0.00"), True, 0),
        (12.3456, True, None),
        (Decimal("1.5"), True, None),
        (12.3456, False, 2),
        (1.0, False, 2),
        (0.123456, False, 3),
        (0.00123456, False, 5),
        (Decimal("-0.0456"), False, 4),
    ],
)
def test_totals_keep_their_digits_and_means_are_rounded(
    value: Number, exact: bool, digits: int | None
) -> None:
    assert digits_for(value, exact=exact) == digits


@given(st.floats(min_value=1e-9, max_value=0.999))
def test_a_share_below_one_shows_three_significant_digits(value: float) -> None:
    digits = digits_for(value, exact=False)
    assert digits is not None
    assert float(format_number(value, digits).replace(",", "")) == pytest.approx(value, rel=0.006)
