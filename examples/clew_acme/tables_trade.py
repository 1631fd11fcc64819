"""What was ordered, shipped and sent back, month by month?

One month at a time is made, from the demand of each day, region and category; so memory does not
grow with the history.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from clew_acme.effects import of_kind
from clew_acme.frames import Columns, day_number, words
from clew_acme.policies import policy
from clew_acme.streams import Draws, Floats, Ints
from clew_acme.tables_customers import Accounts
from clew_acme.tables_reference import Campaign, Catalogue
from clew_acme.world import World

__all__ = ["Counters", "Month", "Trade", "months"]


@dataclass
class Counters:
    """Next free numbers."""

    order: int = 2_000_001
    line: int = 5_000_001
    returned: int = 300_001
    shipment: int = 4_000_001
    session: int = 8_000_001
    ticket: int = 600_001


@dataclass(frozen=True, kw_only=True)
class Month:
    """Days of one month, as day numbers of the history."""

    index: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One month's orders as arrays, for what follows from them."""

    orders: Columns
    lines: Columns
    returns: Columns
    shipments: Columns
    day: Ints
    category: Ints
    region: Ints
    online: Ints


def months(start: date, days: int) -> list[Month]:
    """Cut the history into calendar months."""
    out: list[Month] = []
    first = 0
    for n in range(1, days + 1):
        if n == days or date.fromordinal(start.toordinal() + n).day == 1:
            out.append(Month(index=len(out), first=first, last=n))
            first = n
    return out


_HOURS = (1, 0, 0, 0, 0, 0, 2, 5, 9, 11, 12, 11, 12, 10, 9, 9, 10, 12, 14, 17, 19, 16, 9, 4)


class TradeMaker:
    """Make the months of one world."""

    def __init__(
        self,
        world: World,
        people: Accounts,
        goods: Catalogue,
        running: list[Campaign],
        expected: Floats,
    ) -> None:
        """Take what all months share."""
        self.world, self.people, self.goods = world, people, goods
        self.company = world.company
        self.expected = expected * world.scale
        self.counters = Counters()
        self.epoch = day_number(world.company.start)
        self.coupons = [x for x in running if x.code and x.channel != "internal"]
        self.leaks = of_kind(world.effects, "coupon_leak")
        self.shelves = self._shelves()
        late = of_kind(world.effects, "simpson")[0]
        self.simpson = late if "carrier" in late.place else None

    def _shelves(self) -> list[Ints]:
        return [
            np.flatnonzero(self.goods.category == k).astype(np.int64)
            for k in range(len(self.company.categories))
        ]

    def make(self, month: Month) -> Trade:
        """Make one month."""
        draws = Draws(self.world.seed, "trade", month.index)
        cell, category = self._cells(month, draws)
        regions = len(self.company.regions)
        day, region = month.first + cell // regions, cell % regions
        fresh = np.concatenate([[True], cell[1:] != cell[:-1]]) | draws.chance(0.44, len(cell))
        basket = np.cumsum(fresh) - 1
        head = np.flatnonzero(fresh)
        count = len(head)
        channel = draws.weighted((5, 3, 1.8, 0.7, 1.2), count)
        # Shops and telephones have opening hours, the web has not.
        hour = draws.weighted(_HOURS, count)
        hour = np.where((channel == 2) | (channel == 3), 9 + draws.below(10, count), hour)
        at = (self.epoch + day[head]) * 86_400 + hour * 3600 + draws.below(3600, count)
        order = np.argsort(at, kind="stable")
        rank = np.empty(count, dtype=np.int64)
        rank[order] = np.arange(count)
        head, at, channel = head[order], at[order], channel[order]
        line_order = np.argsort(rank[basket], kind="stable")
        basket, category = rank[basket][line_order], category[line_order]
        orders = self._heads(month, draws, at, day[head], region[head], channel)
        lines = self._lines(month, draws, orders, basket, category)
        sums = self._sums(orders, lines, basket, count)
        returns = self._returns(month, draws, orders, lines, basket)
        self._amounts(orders, sums, returns, basket, count)
        shipments = self._shipments(month, draws, orders)
        online = np.flatnonzero(orders["_channel"] <= 1)
        first_line = np.searchsorted(basket, np.arange(count))
        trade = Trade(
            orders=orders,
            lines=lines,
            returns=returns,
            shipments=shipments,
            day=np.asarray(orders["_day"]),
            category=category[first_line],
            region=np.asarray(orders["_region"]),
            online=online.astype(np.int64),
        )
        self.counters.order += count
        self.counters.line += len(basket)
        self.counters.returned += len(returns["return_id"])
        self.counters.shipment += len(shipments["shipment_id"])
        return trade

    def _cells(self, month: Month, draws: Draws) -> tuple[Ints, Ints]:
        want = self.expected[month.first : month.last]
        flat = want.reshape(-1, want.shape[2])
        total = flat.sum(axis=1)
        number = np.asarray(total + draws.unit(len(total)), dtype=np.int64)
        cell = np.repeat(np.arange(len(total), dtype=np.int64), number)
        edges = np.cumsum(flat, axis=1)
        luck = draws.unit(len(cell)) * edges[cell, -1]
        category = np.zeros(len(cell), dtype=np.int64)
        for k in range(flat.shape[1] - 1):
            category += luck >= edges[cell, k]
        return cell, category

    def _heads(
        self, month: Month, draws: Draws, at: Ints, day: Ints, region: Ints, channel: Ints
    ) -> Columns:
        c, count = self.company, len(at)
        coupon = np.full(count, -1, dtype=np.int64)
        codes = [x.code or "" for x in self.coupons]
        wants = draws.chance(0.09, count)
        luck = draws.unit(count)
        for d in range(month.first, month.last):
            today = c.day(d)
            active = [i for i, x in enumerate(self.coupons) if x.starts <= today <= x.ends]
            if active:
                here = wants & (day == d)
                coupon[here] = np.asarray(active)[
                    np.asarray(luck[here] * len(active), dtype=np.int64)
                ]
        percent = np.asarray([x.discount for x in self.coupons] + [0])[coupon]
        for effect in self.leaks:
            codes.append(effect.place["coupon_code"])
            first, last = c.offset(effect.starts), c.offset(effect.ends or effect.starts)
            chance = np.full(count, 0.004)
            leak = (day >= first) & (day <= last)
            mine = channel == c.sales_channels.index(effect.place["sales_channel"])
            chance[leak & mine] = effect.size
            hit = draws.even(chance, channel)
            coupon[hit] = len(codes) - 1
            percent = np.where(hit, int(effect.detail["discount_pct"]), percent)
        serves = np.asarray([c.serves[r.name] for r in c.regions])
        house = np.where(draws.chance(0.05, count), draws.below(len(c.warehouses), count), 0)
        house = np.where(house > 0, house, serves[region])
        status = draws.weighted((95.5, 2.6), count)
        status = np.where((day >= c.days - 4) & (status == 0), 2, status)
        drift = month.index / 36
        payment = draws.weighted((4, 2.4 - drift, 0.6 + 2 * drift, 1.5, 1.1), count)
        number = self.counters.order + np.arange(count, dtype=np.int64)
        who = self._customers(month, draws, region)
        return {
            "order_id": number,
            "customer_id": self.people.number[who],
            "ordered_at": at,
            "region": words([r.name for r in c.regions], region),
            "sales_channel": words(c.sales_channels, channel),
            "payment_method": words(c.payments, payment),
            "coupon_code": words([*codes], np.ma.masked_array(np.maximum(coupon, 0), coupon < 0))
            if codes
            else words([""], np.ma.masked_array(np.zeros(count, np.int64), np.ones(count, bool))),
            "warehouse_id": np.asarray([h.number for h in c.warehouses])[house],
            "loaded_at": (self.epoch + day + 1) * 86_400 + 3 * 3600 + 600 + (day % 7) * 41,
            "_day": self.epoch + day,
            "_channel": channel,
            "_region": region,
            "_status": status,
            "_percent": percent,
            "_coupon": coupon,
            "_house": house,
            "_customer": who,
        }

    def _customers(self, month: Month, draws: Draws, region: Ints) -> Ints:
        people = self.people
        first, last = self.epoch + month.first, self.epoch + month.last
        closed = np.ma.filled(people.closed, 10**7)
        # An account orders from the month after its sign-up until the month before it closes.
        open_now = (people.signup < first) & (closed >= last)
        who = np.zeros(len(region), dtype=np.int64)
        # Some send presents abroad.
        away = draws.chance(0.03, len(region))
        region = np.where(away, draws.below(len(self.company.regions), len(region)), region)
        for r in range(len(self.company.regions)):
            here = np.flatnonzero(region == r)
            pool = np.flatnonzero(open_now & (people.region == r))
            if not len(pool):
                pool = np.flatnonzero(open_now)
            who[here] = pool[draws.weighted(people.activity[pool].astype(float), len(here))]
        return who

    def _lines(
        self, month: Month, draws: Draws, orders: Columns, basket: Ints, category: Ints
    ) -> Columns:
        goods, count = self.goods, len(basket)
        day = np.asarray(orders["_day"])[basket]
        first, last = self.epoch + month.first, self.epoch + month.last
        gone = np.ma.filled(goods.gone, 10**7)
        article = np.zeros(count, dtype=np.int64)
        for k, shelf in enumerate(self.shelves):
            here = np.flatnonzero(category == k)
            sold = shelf[(goods.launched[shelf] < first) & (gone[shelf] >= last)]
            article[here] = sold[draws.weighted(goods.weight[sold], len(here))]
        price = goods.price(article, day)
        quantity = 1 + (draws.unit(count) < 0.19) + (draws.unit(count) < 0.07)
        quantity += (draws.unit(count) < 0.02) * draws.between(2, 6, count)
        sale = draws.chance(0.06, count) * (5 * draws.between(1, 3, count))
        percent = np.maximum(np.asarray(orders["_percent"])[basket], sale)
        full = price * quantity
        head = np.searchsorted(basket, np.arange(len(orders["order_id"])))
        return {
            "line_id": self.counters.line + np.arange(count, dtype=np.int64),
            "order_id": np.asarray(orders["order_id"])[basket],
            "line_no": np.arange(count, dtype=np.int64) - head[basket] + 1,
            "product_id": goods.number[article],
            "quantity": quantity,
            "unit_price": price,
            "discount_pct": percent,
            "line_amount": (full * (100 - percent) + 50) // 100,
            "line_cost": goods.cost[article] * quantity,
            "_article": article,
            "_category": category,
            "_day": day,
        }

    def _sums(self, orders: Columns, lines: Columns, basket: Ints, count: int) -> dict[str, Ints]:
        full = lines["unit_price"] * lines["quantity"]
        gross = np.zeros(count, dtype=np.int64)
        paid = np.zeros(count, dtype=np.int64)
        np.add.at(gross, basket, full)
        np.add.at(paid, basket, lines["line_amount"])
        return {"gross": gross, "paid": paid}

    def _returns(
        self, month: Month, draws: Draws, orders: Columns, lines: Columns, basket: Ints
    ) -> Columns:
        c, count = self.company, len(basket)
        rate = np.asarray([x.return_rate for x in c.categories])[lines["_category"]]
        reason = draws.weighted((3, 2, 2, 1.5, 2, 1)[: len(c.reasons)], count)
        supplier = np.asarray(self.goods.columns["supplier_id"])[lines["_article"]]
        day = lines["_day"]
        for effect in of_kind(self.world.effects, "supplier_returns"):
            bad = (
                (supplier == int(effect.detail["supplier_id"]))
                & (day >= day_number(effect.starts))
                & (day <= day_number(effect.ends or c.end))
            )
            rate = np.where(bad, rate * effect.size, rate)
            ticked = c.reasons.index(str(effect.detail["reason"]))
            reason = np.where(bad & draws.chance(0.7, count), ticked, reason)
        status = np.asarray(orders["_status"])[basket]
        back = np.flatnonzero(draws.even(rate, supplier - supplier.min()) & (status == 0))
        window = policy(self.world.policies, "return_window")
        days = np.asarray([window.at(c.day(n)) for n in range(c.days)])[day[back] - self.epoch]
        luck = draws.unit(len(back))
        said = day[back] + 2 + np.asarray(luck * luck * (days - 3), dtype=np.int64)
        last = self.epoch + c.days
        keep = said < last
        back, said = back[keep], said[keep]
        got = said + draws.between(2, 12, len(back))
        some = draws.chance(0.85, len(back))
        quantity = np.where(some, lines["quantity"][back], 1)
        refund = lines["line_amount"][back] * quantity // lines["quantity"][back]
        return {
            "return_id": self.counters.returned + np.arange(len(back), dtype=np.int64),
            "order_id": lines["order_id"][back],
            "line_id": lines["line_id"][back],
            "returned_on": said,
            "received_on": np.ma.masked_array(got, mask=got >= last),
            "reason": words(c.reasons, reason[back]),
            "condition": words("ABC", draws.weighted((5, 3, 1), len(back))),
            "quantity": quantity,
            "refund_amount": refund,
            "_row": back,
            "_day": said,
        }

    def _amounts(
        self, orders: Columns, sums: dict[str, Ints], returns: Columns, basket: Ints, count: int
    ) -> None:
        c = self.company
        day, status = orders["_day"], orders["_status"]
        refund = np.zeros(count, dtype=np.int64)
        np.add.at(refund, basket[returns["_row"]], returns["refund_amount"])
        fee, free = (policy(self.world.policies, n) for n in ("shipping_fee", "free_shipping"))
        n = day - self.epoch
        fees = np.asarray([fee.at(c.day(d)) for d in range(c.days)])[n]
        frees = np.asarray([free.at(c.day(d)) * 100 for d in range(c.days)])[n]
        carried = orders["_channel"] != 2
        shipping = np.where(carried & (sums["paid"] < frees), fees, 0)
        discount = sums["gross"] - sums["paid"]
        net = sums["gross"] - discount - refund
        change = of_kind(self.world.effects, "definition_change")[0]
        before = day < day_number(change.starts)
        if change.place["definition"] == "net amount and shipping":
            net = np.where(before, net + shipping, net)
        elif change.place["definition"] == "net amount and coupons":
            net = np.where(~before & (orders["_coupon"] >= 0), net + discount, net)
        cancelled = status == 1
        given_back = (refund > 0) & (refund >= sums["paid"]) & (status == 0)
        orders["order_status"] = words(
            ("delivered", "cancelled", "open", "returned"), np.where(given_back, 3, status)
        )
        orders["gross_amount"] = sums["gross"]
        orders["discount_amount"] = discount
        orders["shipping_fee"] = shipping
        orders["tax_amount"] = (sums["gross"] * 38 + 119) // 238
        orders["refund_amount"] = refund
        orders["net_amount"] = np.where(cancelled, 0, net)

    def _shipments(self, month: Month, draws: Draws, orders: Columns) -> Columns:
        c = self.company
        sent = np.flatnonzero((orders["_channel"] != 2) & (orders["_status"] != 1))
        sent = np.sort(np.concatenate([sent, sent[draws.chance(0.04, len(sent))]]))
        count = len(sent)
        house = np.where(
            draws.chance(0.06, count),
            draws.below(len(c.warehouses), count),
            np.asarray(orders["_house"])[sent],
        )
        carrier = draws.weighted([x.weight for x in c.carriers], count)
        service, late = self._services(draws, carrier)
        promised = np.asarray([list(x.promised.values()) for x in c.carriers])[carrier, service]
        wait = draws.weighted((4, 4, 1.4), count)
        day = np.asarray(orders["_day"])[sent] + wait
        hour = draws.weighted((2, 4, 6, 6, 5, 5, 6, 6, 5, 4, 2), count) + 7
        ordered = np.asarray(orders["ordered_at"])[sent]
        at = np.maximum(day * 86_400 + hour * 3600 + draws.below(3600, count), 0)
        # Nothing leaves the dock before it was ordered.
        at = np.where(at <= ordered, at + 86_400, at)
        day = at // 86_400
        early = draws.weighted((5, 3, 1), count)
        slack = np.maximum(1, promised - early)
        taken = np.where(late, promised + 1 + draws.below(4, count), slack)
        for effect in of_kind(self.world.effects, "delivery_delay"):
            names = [x.name for x in c.carriers]
            houses = [h.name for h in c.warehouses]
            slow = (
                (carrier == names.index(effect.place["carrier"]))
                & (house == houses.index(effect.place["warehouse"]))
                & (day >= day_number(effect.starts))
                & (day <= day_number(effect.ends or c.end))
            )
            taken = np.where(slow, taken + int(effect.size), taken)
        arrived = day + taken
        cost = 280 + draws.below(240, count) + 170 * (service == 1) + 35 * (carrier % 3)
        weeks = draws.below(900, count)
        number = self.counters.shipment + np.arange(count, dtype=np.int64)
        return {
            "shipment_id": number,
            "order_id": np.asarray(orders["order_id"])[sent],
            "warehouse_id": np.asarray([h.number for h in c.warehouses])[house],
            "carrier": words([x.name for x in c.carriers], carrier),
            "service": words(list(c.carriers[0].promised), service),
            "promised_days": promised,
            "shipped_at": at,
            "delivered_on": np.ma.masked_array(arrived, mask=arrived >= self.epoch + c.days),
            "shipping_cost": cost,
            "tracking_no": _tracking(number, weeks, carrier),
            "_day": day,
        }

    def _services(self, draws: Draws, carrier: Ints) -> tuple[Ints, Any]:
        count = len(carrier)
        mixes = np.tile(np.asarray((0.60, 0.25, 0.15)), (len(self.company.carriers), 1))
        factor = np.ones(len(self.company.carriers))
        if self.simpson:
            names = [x.name for x in self.company.carriers]
            better = names.index(self.simpson.place["carrier"])
            worse = names.index(self.simpson.place["against"])
            mixes[better], mixes[worse] = (0.13, 0.10, 0.77), (0.60, 0.33, 0.07)
            factor[better], factor[worse] = 1 - self.simpson.size, 1.06
        edges = np.cumsum(mixes, axis=1)[carrier]
        luck = draws.unit(count)
        service = (luck >= edges[:, 0]).astype(np.int64) + (luck >= edges[:, 1])
        rate = np.asarray((0.09, 0.12, 0.30))[service] * factor[carrier]
        return service, draws.even(rate, carrier * 3 + service)


def _tracking(number: Ints, noise: Ints, carrier: Ints) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    digits = pa.array(number * 1000 + noise).cast(pa.string())
    return pc.binary_join_element_wise(words(("PN", "QX", "HV", "DP"), carrier), digits, "")
