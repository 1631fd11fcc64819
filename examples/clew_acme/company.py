"""What is this seed's company: its trade, places, people, lists of words, and clock?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clew_acme.people import Person, hire
from clew_acme.streams import Stream
from clew_acme.words import load

__all__ = ["MONTHS", "Carrier", "Category", "Company", "Region", "Supplier", "Warehouse", "found"]


MONTHS = tuple(
    "January February March April May June July August September October November December".split()
)
"""Names of the months: strftime's follow the locale of the process."""


@dataclass(frozen=True, kw_only=True)
class Region:
    """A sales region and its share of demand."""

    name: str
    countries: tuple[str, ...]
    weight: float


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """A warehouse; it serves one or more regions."""

    number: int
    name: str
    city: str
    country: str
    utc_offset_h: int
    capacity: int
    opened: date


@dataclass(frozen=True, kw_only=True)
class Category:
    """A product category with its habits."""

    number: int
    name: str
    department: str
    nouns: tuple[str, ...]
    weight: float
    peak_month: int
    swing: float
    return_rate: float
    price_low: int
    price_high: int
    target_margin: float


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """A supplier and the brands it makes."""

    number: int
    name: str
    country: str
    currency: str
    brands: tuple[str, ...]
    lead_days: int


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """A carrier and the days it promises by service."""

    name: str
    promised: dict[str, int]
    weight: float


@dataclass(frozen=True, kw_only=True)
class Company:
    """All facts that do not change with scale."""

    seed: int
    name: str
    domain: str
    industry: str
    kind: str
    city: str
    country: str
    currency: str
    start: date
    days: int
    now: datetime
    fiscal_month: int
    trend: float
    regions: tuple[Region, ...]
    warehouses: tuple[Warehouse, ...]
    serves: dict[str, int]
    categories: tuple[Category, ...]
    suppliers: tuple[Supplier, ...]
    carriers: tuple[Carrier, ...]
    currencies: tuple[str, ...]
    people: tuple[Person, ...]
    tiers: tuple[str, ...]
    segments: tuple[str, ...]
    acquisition: tuple[str, ...]
    sales_channels: tuple[str, ...]
    payments: tuple[str, ...]
    traffic: tuple[str, ...]
    devices: tuple[str, ...]
    browsers: tuple[str, ...]
    teams: tuple[str, ...]
    topics: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def end(self) -> date:
        """The day after the last day of history."""
        return self.start + timedelta(days=self.days)

    def day(self, offset: int) -> date:
        """Turn a day number into a date."""
        return self.start + timedelta(days=offset)

    def offset(self, day: date) -> int:
        """Turn a date into a day number."""
        return (day - self.start).days

    def who(self, department: str, rank: int = 0) -> Person:
        """Find a person of a department who is still here, by rank of seniority."""
        team = [p for p in self.people if p.department == department and p.left is None]
        return team[rank % len(team)]

    def countries(self) -> dict[str, Any]:
        """Countries traded in, with their words."""
        everywhere: dict[str, Any] = load("places.yaml")
        return {c: everywhere[c] for region in self.regions for c in region.countries}


_SEATS = ("DE", "NL", "DK", "GB", "IE", "PT", "PL", "SE", "BE", "AT", "FR", "IT", "ES", "CZ")
_PRICES = {"low": (6, 45), "mid": (15, 120), "high": (60, 420)}
_TIERS = (
    ("none", "silver", "gold", "platinum"),
    ("none", "member", "plus", "premium"),
    ("none", "B", "A", "P"),
    ("none", "friend", "regular", "inner circle"),
    ("none", "bronze", "silver", "gold"),
)
_TOPICS = (
    "where is my order", "damaged item", "wrong item", "missing part", "refund not received",
    "invoice question", "change address", "voucher problem", "login problem", "warranty",
)  # fmt: skip
_REASONS = (
    "does not fit", "damaged", "faulty", "not as described", "changed mind", "arrived too late",
    "ordered twice", "wrong article",
)  # fmt: skip


def found(seed: int) -> Company:
    """Draw the company of a seed."""
    draw = Stream(seed, "company")
    places: dict[str, Any] = load("places.yaml")
    trades: dict[str, Any] = load("industries.yaml")
    industry = draw.pick(sorted(trades["company_tails"]))
    trade = trades[industry]
    name = f"{draw.pick(trades['company_stems'])} {draw.pick(trades['company_tails'][industry])}"
    country = draw.pick(_SEATS)
    city = draw.pick(sorted(places[country]["cities"]))
    currency = places[country]["currency"] if draw.chance(0.5) else "EUR"
    start = date(draw.between(2020, 2022), draw.pick((1, 1, 3, 4, 6, 7, 9, 10)), 1)
    days = (date(start.year + 3, start.month, 1) - start).days
    now_day = start + timedelta(days=days)
    while now_day.weekday() > 4:
        now_day += timedelta(days=1)
    now = datetime(now_day.year, now_day.month, now_day.day, draw.between(8, 11), 30)
    regions = _regions(draw, places, country)
    warehouses, serves = _warehouses(draw, places, regions, start)
    categories = _categories(draw, trade)
    suppliers = _suppliers(draw, trades, trade, places)
    carriers = _carriers(draw, trades)
    stem = "".join(c for c in name.lower() if c.isalnum())
    domain = f"{stem}.example"
    sites = [city, *(w.name for w in warehouses)]
    people = hire(Stream(seed, "people"), places[country]["names"], domain, sites, start, days)
    currencies = sorted(
        {places[c]["currency"] for r in regions for c in r.countries}
        | {s.currency for s in suppliers}
        | {"USD", "CNY"}
    )
    return Company(
        seed=seed,
        name=name,
        domain=domain,
        industry=industry,
        kind=trade["kind"],
        city=city,
        country=country,
        currency=currency,
        start=start,
        days=days,
        now=now,
        fiscal_month=draw.pick((1, 2, 4, 7, 10)),
        trend=draw.decimal(0.06, 0.22),
        regions=regions,
        warehouses=warehouses,
        serves=serves,
        categories=categories,
        suppliers=suppliers,
        carriers=carriers,
        currencies=tuple(c for c in currencies if c != currency),
        people=people,
        tiers=draw.pick(_TIERS),
        segments=draw.pick(
            (
                ("consumer", "family", "business", "school"),
                ("private", "household", "trade", "public sector"),
                ("B2C", "B2C family", "B2B", "education"),
            )
        ),
        acquisition=tuple(
            draw.sample(
                ("organic", "paid search", "referral", "social", "affiliate", "store", "fair",
                 "partner shop", "print", "influencer"), 6
            )
        ),
        sales_channels=draw.pick(
            (
                ("web", "app", "store", "phone", "marketplace"),
                ("online shop", "mobile app", "shop floor", "call centre", "marketplace"),
            )
        ),
        payments=tuple(
            draw.sample(
                ("card", "invoice", "PayLater", "bank transfer", "wallet", "direct debit",
                 "gift card", "instalments"), 5
            )
        ),
        traffic=tuple(
            draw.sample(
                ("direct", "paid search", "organic search", "newsletter", "social", "affiliate",
                 "display", "price comparison"), 6
            )
        ),
        devices=("desktop", "mobile", "tablet"),
        browsers=tuple(draw.shuffled(("Chrome", "Safari", "Firefox", "Edge", "Samsung Internet"))),
        teams=tuple(
            draw.sample(
                ("Front Desk", "Blue Team", "Late Shift", "Specialists", "Night Owls", "Desk North",
                 "Desk South", "Evening Crew"), 4
            )
        ),
        topics=tuple(draw.sample(_TOPICS, 8)),
        reasons=tuple(draw.sample(_REASONS, 6)),
    )  # fmt: skip


def _regions(draw: Stream, places: dict[str, Any], seat: str) -> tuple[Region, ...]:
    home = places[seat]["region"]
    rest = sorted({p["region"] for p in places.values()} - {home})
    chosen = [home, *draw.sample(rest, draw.between(4, 5))]
    out = []
    for rank, name in enumerate(chosen):
        countries = [c for c, p in places.items() if p["region"] == name]
        if name == home:
            countries.sort(key=lambda c: c != seat)
        weight = draw.decimal(1.6, 2.2) if rank == 0 else draw.decimal(0.7, 1.3)
        out.append(Region(name=name, countries=tuple(countries), weight=weight))
    return tuple(out)


_SUMMER_ZONE = {"GB": 0, "IE": 0, "PT": 0}


def _warehouses(
    draw: Stream, places: dict[str, Any], regions: Sequence[Region], start: date
) -> tuple[tuple[Warehouse, ...], dict[str, int]]:
    style = draw.pick(("city", "code", "nick"))
    nicks = draw.shuffled(("Big Shed", "Harbour", "The Barn", "Depot 9", "Hangar", "Mill"))
    spots = draw.sample(list(regions[1:]), 3)
    hosts = [regions[0], *spots]
    out: list[Warehouse] = []
    for number, region in enumerate(hosts, start=1):
        country = region.countries[0]
        city = draw.pick(sorted(places[country]["cities"]))
        name = {
            "city": f"{city} DC",
            "code": f"WH-{country}{number}",
            "nick": f"{nicks[number]} ({city})",
        }[style]
        out.append(
            Warehouse(
                number=number,
                name=name,
                city=city,
                country=country,
                utc_offset_h=_SUMMER_ZONE.get(country, 1),
                capacity=draw.between(30, 160) * 100,
                opened=start - timedelta(days=draw.between(200, 4000)),
            )
        )
    serves = {region.name: i for i, region in enumerate(hosts)}
    for region in regions:
        serves.setdefault(region.name, draw.below(len(out)))
    return tuple(out), serves


def _categories(draw: Stream, trade: Any) -> tuple[Category, ...]:
    every = [
        (department, name, tuple(nouns))
        for department, names in trade["categories"].items()
        for name, nouns in names.items()
    ]
    kept = sorted(draw.sample(range(len(every)), draw.between(9, 11)))
    out = []
    for number, index in enumerate(kept, start=1):
        department, name, nouns = every[index]
        low, high = _PRICES[draw.weighted(("low", "mid", "high"), (3, 4, 1.5))]
        out.append(
            Category(
                number=number * 10 + draw.below(10),
                name=name,
                department=department,
                nouns=nouns,
                weight=draw.decimal(0.7, 1.5),
                peak_month=draw.between(1, 12),
                swing=draw.decimal(0.05, 0.32),
                return_rate=draw.decimal(0.03, 0.08, 3),
                price_low=low,
                price_high=high,
                target_margin=draw.decimal(0.32, 0.55),
            )
        )
    return tuple(out)


def _suppliers(
    draw: Stream, trades: Any, trade: Any, places: dict[str, Any]
) -> tuple[Supplier, ...]:
    brands = draw.shuffled(trade["brands"])
    family = [name for group in load("people.yaml").values() if isinstance(group, dict)
              for name in group["family"]]  # fmt: skip
    names = draw.sample(sorted(set(family)), 14)
    out = []
    for number, name in enumerate(names, start=1):
        country = draw.pick([*sorted(places), "CN", "CN", "VN", "TR"])
        currency = places[country]["currency"] if country in places else "USD"
        mine = tuple(brands[number - 1 :: len(names)])
        out.append(
            Supplier(
                number=500 + number,
                name=f"{name} {draw.pick(trades['supplier_tails'])}",
                country=country,
                currency=currency,
                brands=mine,
                lead_days=draw.pick((7, 10, 14, 21, 30, 45, 60)),
            )
        )
    return tuple(out)


def _carriers(draw: Stream, trades: Any) -> tuple[Carrier, ...]:
    services = draw.pick((("STD", "EXP", "ECO"), ("standard", "express", "saver")))
    out = []
    for rank, name in enumerate(draw.sample(trades["carriers"], 4)):
        base = 3 + rank % 3
        promised = {services[0]: base, services[1]: 1 + rank % 2, services[2]: base + 2 + rank % 2}
        out.append(Carrier(name=name, promised=promised, weight=draw.decimal(0.7, 1.5)))
    return tuple(out)
