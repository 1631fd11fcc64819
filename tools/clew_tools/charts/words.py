"""How columns, units and periods of time are written on a chart."""

from __future__ import annotations

import html
import re
import textwrap
from dataclasses import dataclass

# Written in capitals wherever they stand in a column's name.
_ACRONYMS = frozenset({"eur", "gbp", "gdp", "id", "ip", "iso", "kpi", "sku", "url", "usd", "vat"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

NUMBER = ",.4~f"
"""How d3 prints numbers: thousands separators, at most four decimals, no zeros at the end."""
PERCENT = ",.2~%"
FRACTION = "fraction"
"""The unit of a share or a growth: 0.25 is drawn as 25%."""
NONE = "(none)"
"""What stands for null among categories."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """How a period of time is written, in the date formats of d3.

    Attributes:
        tick: on an axis; what follows the line break is shown where it changes.
        hover: in a tooltip, where it stands alone.
    """

    tick: str
    hover: str


PERIODS = {
    "year": Period(tick="%Y", hover="%Y"),
    "quarter": Period(tick="Q%q\n%Y", hover="Q%q %Y"),
    "month": Period(tick="%b\n%Y", hover="%b %Y"),
    "week": Period(tick="%-d %b\n%Y", hover="week of %-d %b %Y"),
    "day": Period(tick="%-d %b\n%Y", hover="%-d %b %Y"),
    "hour": Period(tick="%H:%M\n%-d %b %Y", hover="%-d %b %Y %H:%M"),
    "minute": Period(tick="%H:%M\n%-d %b %Y", hover="%-d %b %Y %H:%M"),
}
"""The unit of a ``temporal`` encoding is the grain of its dates."""

PARTS: dict[str, dict[int, str]] = {
    "quarter_of_year": {number: f"Q{number}" for number in range(1, 5)},
    "month_of_year": dict(enumerate(_MONTHS, start=1)),
    "week_of_year": {},
    "day_of_month": {},
    "day_of_week": dict(enumerate(_DAYS, start=1)),
    "hour_of_day": {hour: f"{hour}:00" for hour in range(0, 24, 3)},
}
"""The unit of an ``ordinal`` encoding may be a part of a date; names of its numbers, if any."""


def words(name: str) -> str:
    """Write a column's name as words: parts of snake_case and camelCase become words.

    >>> words("order_date"), words("lifeSpan"), words("customer_id"), words("GDP_usd")
    ('Order date', 'Life span', 'Customer ID', 'GDP USD')
    >>> words("costPerhead"), words("Net income"), words("n"), words("_")
    ('Cost perhead', 'Net income', 'N', '_')
    """
    if re.search(r"\s", name):
        return name.strip()  # its owner already wrote words
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    parts = [part for part in split.split("_") if part]
    if not parts:
        return name
    said = [_word(part) for part in parts]
    return " ".join([said[0][0].upper() + said[0][1:], *said[1:]])


def _word(part: str) -> str:
    if part.lower() in _ACRONYMS:
        return part.upper()
    return part if part.isupper() and len(part) > 1 else part.lower()


def with_unit(title: str, unit: str | None) -> str:
    """Put a unit behind a title, unless it is a form in which values are written.

    >>> with_unit("Revenue", "EUR"), with_unit("Month", "month"), with_unit("Share", "fraction")
    ('Revenue (EUR)', 'Month', 'Share')
    """
    if not unit or unit in PERIODS or unit in PARTS or unit == FRACTION:
        return title
    return f"{title} ({unit})"


def plain(text: str) -> str:
    """Make text mean itself to Plotly, which reads some HTML and, between dollars, TeX."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def lines(text: str, width: int) -> list[str]:
    """Break text into at most three lines of width signs; what is longer ends in an ellipsis."""
    return textwrap.wrap(text, width, max_lines=3, placeholder=" …")
