"""What really happened in the company's history: which effects, where, when and how large?

Every kind is drawn at least once under every seed; places are kept apart, so that one effect
does not hide another. How the effects enter the rows stands in `demand.py` and `tables_*.py`;
how they are confirmed in `key_effects.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from clew_acme.company import Category, Company, Region, Supplier
from clew_acme.streams import Stream

__all__ = ["KINDS", "Effect", "draw_effects", "of_kind"]

KINDS = (
    "stock_out", "campaign_lift", "price_change", "churn_wave", "supplier_returns",
    "simpson", "definition_change", "checkout_error", "delivery_delay", "ticket_surge",
    "coupon_leak", "region_slide", "currency_shock",
)  # fmt: skip
"""The first seven are the kinds that every company must show; the rest are there as well."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One planted effect.

    Attributes:
        place: plain column or thing -> value, such as region or category.
        starts: first day.
        ends: last day, or None when it lasts.
        size: the planted size in the unit of the kind (see docs/acme.md).
        detail: what else the tables need to know.
    """

    id: str
    kind: str
    place: Mapping[str, str]
    starts: date
    ends: date | None
    size: float
    detail: Mapping[str, str | int | float] = field(default_factory=dict)


def of_kind(effects: tuple[Effect, ...], kind: str) -> list[Effect]:
    """List the effects of a kind."""
    return [effect for effect in effects if effect.kind == kind]


class _Places:
    """Hand out categories, regions and stretches of time without repeats."""

    def __init__(self, company: Company, draw: Stream) -> None:
        self.company = company
        self.draw = draw
        self._categories = draw.shuffled(company.categories)
        self._regions = draw.shuffled(company.regions)
        self._suppliers = draw.shuffled(company.suppliers)

    def category(self) -> Category:
        return self._categories.pop()

    def region(self) -> Region:
        self._regions = self._regions or self.draw.shuffled(self.company.regions)
        return self._regions.pop()

    def supplier(self) -> Supplier:
        return self._suppliers.pop()

    def window(self, low: int, high: int, lead: int = 130, tail: int = 75) -> tuple[date, date]:
        length = self.draw.between(low, high)
        first = self.draw.between(lead, self.company.days - tail - length)
        return self.company.day(first), self.company.day(first + length - 1)


def draw_effects(company: Company) -> tuple[Effect, ...]:
    """Draw the effects of a company: one of each kind and one or two more."""
    draw = Stream(company.seed, "effects")
    places = _Places(company, draw)
    extra = draw.sample(("stock_out", "campaign_lift", "price_change"), draw.between(1, 2))
    found: list[Effect] = []
    for kind in (*KINDS, *extra):
        number = sum(effect.kind == kind for effect in found) + 1
        found.append(_DRAWERS[kind](f"{kind}-{number}", places))
    return tuple(found)


def _stock_out(name: str, p: _Places) -> Effect:
    starts, ends = p.window(26, 44)
    region, category = p.region(), p.category()
    house = p.company.warehouses[p.company.serves[region.name]]
    return Effect(
        id=name,
        kind="stock_out",
        place={"region": region.name, "category": category.name, "warehouse": house.name},
        starts=starts,
        ends=ends,
        size=-p.draw.decimal(0.55, 0.88),
        detail={"cause": p.draw.pick(("late container", "supplier strike", "wrong reorder point",
                                      "customs hold", "mould in the goods-in hall"))},
    )  # fmt: skip


def _campaign(name: str, p: _Places) -> Effect:
    starts, ends = p.window(16, 30)
    return Effect(
        id=name,
        kind="campaign_lift",
        place={"category": p.category().name},
        starts=starts,
        ends=ends,
        size=p.draw.decimal(0.65, 1.4),
        detail={"discount_pct": p.draw.pick((10, 15, 20))},
    )


def _price(name: str, p: _Places) -> Effect:
    starts, _ = p.window(1, 30, lead=400, tail=230)
    rise = p.draw.decimal(0.14, 0.27, 3)
    return Effect(
        id=name,
        kind="price_change",
        place={"category": p.category().name},
        starts=starts.replace(day=p.draw.pick((1, 1, 15))),
        ends=None,
        size=-p.draw.decimal(1.3, 2.6),
        detail={"rise": rise},
    )


def _churn(name: str, p: _Places) -> Effect:
    first, _ = p.window(1, 25, lead=300, tail=120)
    first = first.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return Effect(
        id=name,
        kind="churn_wave",
        place={
            "segment": p.draw.pick(p.company.segments[:3]),
            "acquisition_channel": p.draw.pick(p.company.acquisition[:4]),
        },
        starts=first,
        ends=last,
        size=p.draw.decimal(0.28, 0.5),
        detail={"cause": p.draw.pick(("service fee for small orders", "points expired unannounced",
                                      "rival's welcome offer", "terms changed by e-mail"))},
    )  # fmt: skip


def _supplier(name: str, p: _Places) -> Effect:
    starts, ends = p.window(100, 220, tail=40)
    supplier = p.supplier()
    return Effect(
        id=name,
        kind="supplier_returns",
        place={"supplier": supplier.name},
        starts=starts,
        ends=ends,
        size=p.draw.decimal(3.2, 5.5),
        detail={"supplier_id": supplier.number, "reason": p.draw.pick(p.company.reasons[:3])},
    )


def _simpson(name: str, p: _Places) -> Effect:
    c, draw = p.company, p.draw
    kind = draw.pick(("conversion", "service level", "late parcels"))
    if kind == "conversion":
        better, worse = draw.sample(c.traffic, 2)
        place = {"traffic_channel": better, "against": worse, "within": "device"}
    elif kind == "service level":
        better, worse = draw.sample(c.teams, 2)
        place = {"team": better, "against": worse, "within": "priority"}
    else:
        better, worse = (x.name for x in draw.sample(c.carriers, 2))
        place = {"carrier": better, "against": worse, "within": "service"}
    return Effect(
        id=name,
        kind="simpson",
        place={"measure": kind, **place},
        starts=c.start,
        ends=c.day(c.days - 1),
        size=draw.decimal(0.16, 0.26),
    )


def _definition(name: str, p: _Places) -> Effect:
    draw = p.draw
    which = draw.pick(("net amount and shipping", "net amount and coupons", "bounce", "service"))
    starts, _ = p.window(1, 20, lead=380, tail=240)
    limits = {
        "bounce": (draw.pick((5, 10)), draw.pick((20, 30))),
        "service": (draw.pick((48, 72)), draw.pick((24, 36))),
    }
    low, high = limits.get(which, (0, 0))
    return Effect(
        id=name,
        kind="definition_change",
        place={"definition": which},
        starts=starts.replace(day=1),
        ends=None,
        size=1.0,
        detail={"before": low, "after": high},
    )


def _checkout(name: str, p: _Places) -> Effect:
    starts, ends = p.window(12, 19)
    letters = p.draw.pick(("PAY", "CHK", "TKN", "3DS", "BSK"))
    return Effect(
        id=name,
        kind="checkout_error",
        place={"browser": p.company.browsers[0], "device": "mobile"},
        starts=starts,
        ends=ends,
        size=-p.draw.decimal(0.75, 0.95),
        detail={"code": f"{letters}-{p.draw.between(1103, 9871)}"},
    )


def _delay(name: str, p: _Places) -> Effect:
    starts, ends = p.window(24, 44)
    house = p.draw.pick(p.company.warehouses[:2])
    carrier = p.draw.pick(p.company.carriers)
    return Effect(
        id=name,
        kind="delivery_delay",
        place={"warehouse": house.name, "carrier": carrier.name},
        starts=starts,
        ends=ends,
        size=float(p.draw.between(3, 6)),
        detail={"cause": p.draw.pick(("hub fire", "strike", "flooded motorway", "new sorter",
                                      "border checks"))},
    )  # fmt: skip


def _surge(name: str, p: _Places) -> Effect:
    starts, ends = p.window(18, 35)
    return Effect(
        id=name,
        kind="ticket_surge",
        place={"category": p.category().name, "topic": p.draw.pick(p.company.topics[:5])},
        starts=starts,
        ends=ends,
        size=p.draw.decimal(7.0, 14.0, 1),
    )


def _leak(name: str, p: _Places) -> Effect:
    starts, ends = p.window(20, 45)
    word = p.draw.pick(("STAFF", "CREW", "FRIENDS", "TEAM", "INHOUSE", "PARTNER"))
    return Effect(
        id=name,
        kind="coupon_leak",
        place={"coupon_code": f"{word}{p.draw.between(20, 40)}",
               "sales_channel": p.draw.pick(p.company.sales_channels[:2])},
        starts=starts,
        ends=ends,
        size=p.draw.decimal(0.18, 0.34),
        detail={"discount_pct": p.draw.pick((25, 30, 35, 40))},
    )  # fmt: skip


def _slide(name: str, p: _Places) -> Effect:
    starts, _ = p.window(150, 180, lead=420, tail=150)
    return Effect(
        id=name,
        kind="region_slide",
        place={"region": p.region().name},
        starts=starts,
        ends=starts + timedelta(days=150),
        size=-p.draw.decimal(0.32, 0.5),
        detail={"cause": p.draw.pick(("new competitor", "marketplace delisting", "shop closed"))},
    )


def _currency(name: str, p: _Places) -> Effect:
    day, _ = p.window(1, 20)
    # No market is open on a weekend.
    day -= timedelta(days=max(0, day.weekday() - 4))
    others = [c for c in p.company.currencies if c not in ("DKK", "CNY")]
    return Effect(
        id=name,
        kind="currency_shock",
        place={"currency": p.draw.pick(others)},
        starts=day,
        ends=None,
        size=-p.draw.decimal(0.09, 0.19, 3),
    )


_DRAWERS = {
    "stock_out": _stock_out,
    "campaign_lift": _campaign,
    "price_change": _price,
    "churn_wave": _churn,
    "supplier_returns": _supplier,
    "simpson": _simpson,
    "definition_change": _definition,
    "checkout_error": _checkout,
    "delivery_delay": _delay,
    "ticket_surge": _surge,
    "coupon_leak": _leak,
    "region_slide": _slide,
    "currency_shock": _currency,
}
