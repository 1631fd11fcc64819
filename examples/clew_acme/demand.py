"""How many order lines does each day, region and category see: trend, season, holidays, effects?"""

import math
from datetime import date, timedelta

import numpy as np

from clew_acme.company import Company
from clew_acme.effects import Effect
from clew_acme.streams import Draws, Floats

__all__ = ["LINES_PER_DAY", "demand", "easter", "holidays"]

LINES_PER_DAY = 205
"""Order lines on a middling day at scale 1."""

_FIXED = {
    "New Year's Day": (1, 1), "Epiphany": (1, 6), "Labour Day": (5, 1), "Assumption": (8, 15),
    "All Saints": (11, 1), "Christmas Day": (12, 25), "Boxing Day": (12, 26),
}  # fmt: skip
_MOVABLE = {"Good Friday": -2, "Easter Monday": 1, "Ascension": 39, "Whit Monday": 50}
_NOT_IN = {
    "Epiphany": "NL BE DK NO GB IE FR PT CZ HU CH LT",
    "Labour Day": "NL DK GB IE",
    "Assumption": "NL DK SE NO GB IE CZ HU CH",
    "All Saints": "NL DK SE NO GB IE CZ DE CH",
    "Boxing Day": "FR ES PT BE",
    "Good Friday": "AT FR IT PL BE NL LT",
    "Ascension": "GB IE ES PT IT PL CZ HU LT",
    "Whit Monday": "GB IE ES PT IT PL CZ SE LT",
}


def easter(year: int) -> date:
    """Find Easter Sunday (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def holidays(company: Company) -> list[tuple[date, str, str]]:
    """List the public holidays of the countries traded in, with those of the years around."""
    out = []
    for country in sorted(company.countries()):
        for year in range(company.start.year, company.end.year + 1):
            days = {n: date(year, *md) for n, md in _FIXED.items()}
            days |= {n: easter(year) + timedelta(days=d) for n, d in _MOVABLE.items()}
            out += [(d, country, n) for n, d in days.items() if country not in _NOT_IN.get(n, "")]
    return sorted(out)


_WEEK = (1.06, 1.0, 0.97, 1.0, 1.08, 0.96, 0.93)


def _base(company: Company) -> Floats:
    draws = Draws(company.seed, "noise")
    wobble = 1.0 + 0.08 * (draws.unit(company.days) + draws.unit(company.days) - 1.0)
    level = []
    for n in range(company.days):
        day = company.day(n)
        growth = 1.0 + company.trend * (n / 365.25 - 1.5)
        season = 1.0 + 0.1 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 345) / 365.25)
        last = date(day.year, 11, 30)
        black_friday = last - timedelta(days=(last.weekday() - 4) % 7)
        days_to_christmas = (date(day.year, 12, 24) - day).days
        special = 1.0
        if 0 <= (day - black_friday).days <= 3:
            special = 1.9
        elif 3 <= days_to_christmas <= 20:
            special = 1.35
        elif -3 <= days_to_christmas <= 0:
            special = 0.55
        level.append(round(growth * season * special * _WEEK[day.weekday()], 9))
    return np.asarray(level) * wobble


def demand(company: Company, effects: tuple[Effect, ...]) -> Floats:
    """Expect order lines at scale 1, shape (day, region, category)."""
    base = _base(company)
    regions = np.asarray([r.weight for r in company.regions])
    categories = np.asarray([c.weight for c in company.categories])
    season = np.asarray(
        [
            [
                round(1 + c.swing * math.cos(2 * math.pi * (month - c.peak_month) / 12), 9)
                for c in company.categories
            ]
            for month in range(1, 13)
        ]
    )
    months = np.asarray([company.day(n).month - 1 for n in range(company.days)])
    out: Floats = (
        LINES_PER_DAY
        * base[:, None, None]
        * (regions / regions.sum())[None, :, None]
        * (categories / categories.sum())[None, None, :]
        * season[months][:, None, :]
    )
    _quiet_holidays(company, out)
    for effect in effects:
        _bend(company, effect, out)
    return out


def _quiet_holidays(company: Company, out: Floats) -> None:
    for day, country, _ in holidays(company):
        n = company.offset(day)
        if 0 <= n < company.days:
            for r, region in enumerate(company.regions):
                if country == region.countries[0]:
                    out[n, r, :] *= 0.72


def _bend(company: Company, effect: Effect, out: Floats) -> None:
    first = company.offset(effect.starts)
    last = company.offset(effect.ends) + 1 if effect.ends else company.days
    region = {r.name: i for i, r in enumerate(company.regions)}.get(effect.place.get("region", ""))
    category = {c.name: i for i, c in enumerate(company.categories)}.get(
        effect.place.get("category", "")
    )
    if effect.kind == "stock_out":
        out[first:last, region, category] *= 1 + effect.size
    elif effect.kind == "campaign_lift":
        out[first:last, :, category] *= 1 + effect.size
        # Some of the demand was only pulled forward.
        out[last : last + 14, :, category] *= 0.93
    elif effect.kind == "price_change":
        out[first:, :, category] *= (1 + float(effect.detail["rise"])) ** effect.size
    elif effect.kind == "region_slide":
        steps = np.minimum((np.arange(company.days) - first) / (last - first), 1.0)
        slope = 1 + effect.size * np.maximum(steps, 0.0)
        out[:, region, :] *= slope[:, None]
