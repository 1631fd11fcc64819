"""What stands in the small tables: suppliers, categories, products, people, houses, campaigns?"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from clew_acme.demand import holidays
from clew_acme.effects import of_kind
from clew_acme.frames import Columns, day_number, words
from clew_acme.streams import Draws, Floats, Ints, Stream
from clew_acme.words import load
from clew_acme.world import World

__all__ = ["Catalogue", "campaigns", "catalogue", "reference_tables"]


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """All articles, as arrays by position; money in cents, days since 1970."""

    number: Ints
    category: Ints
    supplier: Ints
    price_before: Ints
    price_after: Ints
    price_day: Ints
    cost: Ints
    weight: Floats
    launched: Ints
    gone: Any
    columns: Columns

    def price(self, article: Ints, day: Ints) -> Ints:
        """Give the price of articles on days."""
        old = day < self.price_day[article]
        return np.where(old, self.price_before[article], self.price_after[article])


def catalogue(world: World) -> Catalogue:
    """Make the articles and their prices."""
    c = world.company
    rows = round(640 * max(1.0, world.scale**0.5))
    draws, draw = Draws(world.seed, "products"), Stream(world.seed, "product words")
    trade = load("industries.yaml")
    category = draws.weighted([x.weight for x in c.categories], rows)
    category[: 6 * len(c.categories)] = np.arange(6 * len(c.categories)) % len(c.categories)
    brands = [(brand, s) for s, supplier in enumerate(c.suppliers) for brand in supplier.brands]
    brand = draws.below(len(brands), rows)
    supplier = np.asarray([s for _, s in brands])[brand]
    low = np.asarray([x.price_low for x in c.categories])[category]
    high = np.asarray([x.price_high for x in c.categories])[category]
    luck = draws.unit(rows)
    before = np.asarray(low + (high - low) * luck * luck, dtype=np.int64) * 100
    before += np.asarray([95, 90, 99, 0, 50])[draws.below(5, rows)]
    first, days = day_number(c.start), c.days
    launched = first - draws.between(20, 2600, rows)
    late = draws.chance(0.22, rows)
    launched = np.where(late, first + draws.between(20, days - 100, rows), launched)
    gone = np.ma.masked_array(
        first + draws.between(200, days - 1, rows), mask=~(draws.chance(0.12, rows) & ~late)
    )
    price_day = first + draws.between(100, days - 100, rows)
    step = draws.between(-6, 6, rows)
    after = before + before * np.where(draws.chance(0.3, rows), step, 0) // 100
    for effect in of_kind(world.effects, "price_change"):
        mine = np.asarray([x.name == effect.place["category"] for x in c.categories])[category]
        rise = 1000 + round(1000 * float(effect.detail["rise"]))
        price_day = np.where(mine, day_number(effect.starts), price_day)
        after = np.where(mine, before * rise // 1000, after)
    # No change of price is recorded before an article was on sale.
    price_day = np.where((after == before) | (price_day <= launched), launched, price_day)
    before = np.where(price_day == launched, after, before)
    cost = before * draws.between(38, 66, rows) // 100
    names, skus, codes = [], [], []
    style = draw.pick(("{a}-{n:05d}", "{n:06d}{a}", "{a}{n:04d}/{v}", "{a}.{n:05d}.{v}"))
    letter = [x.name[:2].upper().replace(" ", "X") for x in c.categories]
    per_category = [draw.between(3, 5) for _ in c.categories]
    for i, (k, b) in enumerate(zip(category.tolist(), brand.tolist(), strict=True)):
        noun = draw.pick(c.categories[k].nouns)
        name = f"{brands[b][0]} {draw.pick(trade['models'])} {noun}"
        names.append(f"{name}, {draw.pick(trade['finishes'])}" if draw.chance(0.6) else name)
        skus.append(style.format(a=letter[k], n=i * 7 + 1204, v=draw.between(1, 9)))
        codes.append(f"{letter[k][0]}{c.categories[k].number}-{draw.below(per_category[k]) + 1}")
    number = 10_001 + np.arange(rows, dtype=np.int64)
    weight: Floats = np.asarray(1.0 / (2.0 + draws.below(40, rows)), dtype=np.float64)
    columns: Columns = {
        "product_id": number,
        "sku": skus,
        "product_name": names,
        "brand": words([b for b, _ in brands], brand),
        "category_id": np.asarray([x.number for x in c.categories])[category],
        "class_code": words(codes, np.arange(rows)),
        "supplier_id": np.asarray([s.number for s in c.suppliers])[supplier],
        "list_price": after,
        "unit_cost": cost,
        "weight_g": draws.between(4, 90, rows) * np.asarray([10, 20, 50, 80])[draws.below(4, rows)],
        "launched_on": launched,
        "discontinued_on": gone,
    }
    return Catalogue(
        number=number,
        category=category,
        supplier=supplier,
        price_before=before,
        price_after=after,
        price_day=price_day,
        cost=cost,
        weight=weight,
        launched=launched,
        gone=gone,
        columns=columns,
    )


def price_list(goods: Catalogue) -> Columns:
    """List the periods of one price of every article."""
    changed = np.flatnonzero(goods.price_day > goods.launched)
    rows = np.concatenate([np.arange(len(goods.number)), changed])
    second = np.concatenate([np.zeros(len(goods.number), bool), np.ones(len(changed), bool)])
    order = np.argsort(rows * 2 + second, kind="stable")
    rows, second = rows[order], second[order]
    has_change = np.isin(rows, changed)
    return {
        "product_id": goods.number[rows],
        "valid_from": np.where(second, goods.price_day[rows], goods.launched[rows]),
        "valid_to": np.ma.masked_array(goods.price_day[rows] - 1, mask=second | ~has_change),
        "price": np.where(second | ~has_change, goods.price_after[rows], goods.price_before[rows]),
    }


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One campaign; `lifts` says whether it did anything."""

    number: int
    name: str
    channel: str
    category: str | None
    region: str | None
    starts: date
    ends: date
    budget: int
    currency: str
    code: str | None
    discount: int
    owner: int
    lifts: bool


_SEASONS = ("Spring", "Summer", "Autumn", "Winter")
_EVENTS = {1: "New Year", 3: "Easter", 9: "Back to Work", 11: "Black Week", 12: "Christmas"}
_HOOKS = ("Kick-off", "Push", "Weeks", "Festival", "Deals", "Story", "Club Days", "Refresh", "Drop")


def _season(day: date, draw: Stream) -> str:
    season = _SEASONS[((day.month % 12) // 3 + 3) % 4]
    return _EVENTS.get(day.month, season) if draw.chance(0.5) else season


def campaigns(world: World) -> list[Campaign]:
    """Draw all campaigns, those behind the planted effects among them, by first day."""
    c, draw = world.company, Stream(world.seed, "campaigns")
    channels = draw.sample(("newsletter", "paid social", "search ads", "print", "radio", "posters",
                            "influencer", "in-store"), 5)  # fmt: skip
    owners = [p for p in c.people if p.department == "Marketing" and p.left is None]
    busy = {e.place.get("category") for e in world.effects}
    drafts: list[dict[str, Any]] = []
    for effect in of_kind(world.effects, "campaign_lift"):
        drafts.append({
            "category": effect.place["category"], "region": None, "lifts": True,
            "starts": effect.starts, "ends": effect.ends, "discount": effect.detail["discount_pct"],
        })  # fmt: skip
    for effect in of_kind(world.effects, "coupon_leak"):
        drafts.append({
            "category": None, "region": None, "lifts": False, "channel": "internal",
            "name": "Staff benefit", "code": effect.place["coupon_code"],
            "discount": effect.detail["discount_pct"],
            "starts": c.start - timedelta(days=300), "ends": c.end + timedelta(days=300),
        })  # fmt: skip
    for _ in range(34):
        starts = c.day(draw.between(5, c.days - 40))
        drafts.append({
            "category": draw.pick([x.name for x in c.categories] + [None] * 3),
            "region": draw.pick([r.name for r in c.regions] + [None] * 4), "lifts": False,
            "starts": starts, "ends": starts + timedelta(days=draw.between(6, 30)),
            "discount": draw.pick((0, 5, 5, 10, 10, 15)),
        })  # fmt: skip
    out: list[Campaign] = []
    taken: set[str] = set()
    drafts.sort(key=lambda d: (d["starts"], str(d["category"]), str(d["region"])))
    for number, d in enumerate(drafts, start=1):
        season = _season(d["starts"], draw)
        what = d["category"] or c.name.split()[0]
        name = d.get("name") or f"{season} {what} {draw.pick(_HOOKS)}"
        while name in taken:
            name += f" {d['starts'].year}" if str(d["starts"].year) not in name else " II"
        taken.add(name)
        code = d.get("code")
        if code is None and d["discount"]:
            stem = "".join(x for x in (d["category"] or season).upper() if x.isalpha())[:6]
            code = f"{stem}{d['discount']}{draw.pick('ABCDEFGHJKLMNPQRSTUVWXYZ')}{number}"
        out.append(
            Campaign(
                number=number + 200,
                name=name,
                channel=d.get("channel") or draw.pick(channels),
                category=d["category"],
                region=d["region"],
                starts=d["starts"],
                ends=d["ends"],
                budget=draw.between(6, 190) * 50_000 if "name" not in d else 0,
                currency=draw.pick((c.currency, c.currency, c.currency, *c.currencies[:2])),
                code=code,
                discount=d["discount"],
                owner=draw.pick(owners).number,
                lifts=d["lifts"] or d["category"] in busy,
            )
        )
    return out


def _fx(world: World) -> Columns:
    c = world.company
    days: list[int] = []
    rates: list[int] = []
    currencies: list[str] = []
    start = load("rates.yaml")
    for currency in c.currencies:
        draw = Stream(world.seed, "fx", currency)
        level = start[currency] / start[c.currency]
        shocks = {e.starts: e.size for e in of_kind(world.effects, "currency_shock")
                  if e.place["currency"] == currency}  # fmt: skip
        pull, factor = 1.0, 1.0
        for n in range(c.days):
            day = c.day(n)
            if day.weekday() > 4 and rates and n:
                days.append(day_number(day))
                currencies.append(currency)
                rates.append(rates[-1])
                continue
            pull += 0.004 * (draw.unit() - 0.5) - 0.004 * (pull - 1.0)
            factor *= 1.0 + shocks.get(day, 0.0)
            days.append(day_number(day))
            currencies.append(currency)
            rates.append(round(level * pull * factor * 1_000_000))
    return {"rate_date": np.asarray(days), "currency": currencies, "rate": np.asarray(rates)}


def _days(values: list[date | None]) -> Any:
    return np.ma.masked_array(
        [day_number(v) if v else 0 for v in values], mask=[v is None for v in values]
    )


def _people(world: World) -> Columns:
    people = world.company.people
    return {
        "employee_id": np.asarray([p.number for p in people]),
        "employee_name": [p.name for p in people],
        "work_email": [p.email for p in people],
        "department": [p.department for p in people],
        "job_title": [p.job for p in people],
        "manager_id": np.ma.masked_array(
            [p.manager or 0 for p in people], mask=[p.manager is None for p in people]
        ),
        "site": [p.site for p in people],
        "hired_on": _days([p.hired for p in people]),
        "left_on": _days([p.left for p in people]),
        "annual_salary": np.asarray([p.salary * 100 for p in people]),
    }


def _suppliers(world: World) -> Columns:
    c, draw = world.company, Stream(world.seed, "suppliers")
    since = [c.start - timedelta(days=draw.between(100, 3000)) for _ in c.suppliers]
    stems = ["".join(x for x in s.name.split()[0].lower() if x.isascii() and x.isalpha())
             for s in c.suppliers]  # fmt: skip
    return {
        "supplier_id": np.asarray([s.number for s in c.suppliers]),
        "supplier_name": [s.name for s in c.suppliers],
        "country": [s.country for s in c.suppliers],
        "currency": [s.currency for s in c.suppliers],
        "contract_since": _days(list(since)),
        "lead_time_days": np.asarray([s.lead_days for s in c.suppliers]),
        "quality_score": np.asarray([draw.between(58, 97) for _ in c.suppliers]),
        "contact_email": [f"orders@{stem or 'supplier'}-{s.number}.example"
                          for stem, s in zip(stems, c.suppliers, strict=True)],
    }  # fmt: skip


def reference_tables(
    world: World, goods: Catalogue, running: list[Campaign]
) -> list[tuple[str, Columns]]:
    """Make the small tables, ready to be written."""
    c, draw = world.company, Stream(world.seed, "reference")
    buyers = [p.number for p in c.people if p.department == "Buying" and p.left is None]
    ids = {x.name: x.number for x in c.categories}
    houses, days = c.warehouses, holidays(c)
    return [
        ("suppliers", _suppliers(world)),
        ("employees", _people(world)),
        ("categories", {
            "category_id": np.asarray([x.number for x in c.categories]),
            "category_name": [x.name for x in c.categories],
            "department": [x.department for x in c.categories],
            "buyer_id": np.asarray([draw.pick(buyers) for _ in c.categories]),
            "target_margin": np.asarray([round(x.target_margin * 1e6) for x in c.categories]),
        }),
        ("warehouses", {
            "warehouse_id": np.asarray([h.number for h in houses]),
            "warehouse_name": [h.name for h in houses],
            "city": [h.city for h in houses],
            "country": [h.country for h in houses],
            "utc_offset_h": np.asarray([h.utc_offset_h for h in houses]),
            "capacity_pallets": np.asarray([h.capacity for h in houses]),
            "opened_on": _days([h.opened for h in houses]),
        }),
        ("products", dict(goods.columns)),
        ("price_list", price_list(goods)),
        ("campaigns", {
            "campaign_id": np.asarray([x.number for x in running]),
            "campaign_name": [x.name for x in running],
            "channel": [x.channel for x in running],
            "category_id": np.ma.masked_array([ids.get(x.category or "", 0) for x in running],
                                              mask=[x.category is None for x in running]),
            "region": [x.region for x in running],
            "starts_on": _days([x.starts for x in running]),
            "ends_on": _days([x.ends for x in running]),
            "budget": np.asarray([x.budget for x in running]),
            "budget_currency": [x.currency for x in running],
            "coupon_code": [x.code for x in running],
            "discount_pct": np.asarray([x.discount for x in running]),
            "owner_id": np.asarray([x.owner for x in running]),
        }),
        ("fx_rates", _fx(world)),
        ("holidays", {
            "holiday_date": _days([d for d, _, _ in days]),
            "country": [x for _, x, _ in days],
            "holiday_name": [x for _, _, x in days],
        }),
    ]  # fmt: skip
