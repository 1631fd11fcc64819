"""How a number is printed: the one formatter that answers, charts and receipts share."""

from __future__ import annotations

from decimal import Decimal

from clew_core.receipts import Number, round_half_up


def digits_for(value: Number, *, exact: bool) -> int | None:
    """Choose how many decimals a number is printed with; None for all that it has.

    Args:
        value: what is printed.
        exact: it is a count or a total and keeps all its digits; else it is a mean, a share or
            the like and is rounded: to two decimals, or to three significant digits below 1.
    """
    if isinstance(value, int) or value == 0:
        return 0
    if exact:
        return None
    size = abs(Decimal(repr(value)) if isinstance(value, float) else value)
    return 2 if size >= 1 else 2 - size.adjusted()


def format_number(value: Number, digits: int | None = None, unit: str | None = None) -> str:
    """Print a number with thousands separators.

    Args:
        value: finite.
        digits: decimals after rounding half up; None prints all (floats: 15 significant digits,
            what lies beyond is noise of binary fractions).
        unit: put behind it; ``%`` without a space.

    >>> format_number(1234567), format_number(0.1 + 0.2), format_number(2 / 3, 2)
    ('1,234,567', '0.3', '0.67')
    >>> format_number(Decimal("1234.50"), unit="EUR"), format_number(12.5, 1, "%")
    ('1,234.50 EUR', '12.5%')
    """
    if digits is not None:
        value = round_half_up(value, digits)
        # An integer formatted with "f" goes through a float, which has no digit beyond the 16th.
        exact = Decimal(value) if isinstance(value, int) else value
        text = f"{exact:,.{max(digits, 0)}f}"
    elif isinstance(value, float):
        text = f"{Decimal(f'{value:.15g}'):,f}"
    else:
        text = f"{value:,}"
    if not unit:
        return text
    return f"{text}%" if unit == "%" else f"{text} {unit}"
