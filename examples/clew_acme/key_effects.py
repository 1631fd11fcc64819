"""By which plain SQL is each planted effect confirmed, and what must come out?

Each query gives one row of one number, `measured`, in the unit of the effect's size; a Simpson's
paradox and a change of definition give one row for each stratum or rule.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from clew_acme.company import MONTHS
from clew_acme.effects import Effect
from clew_acme.world import World

__all__ = ["Proof", "prove"]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A query that confirms an effect, what it measures, and the question it answers."""

    sql: str
    measures: str
    tolerance: float
    question: str
    answer: str


def prove(world: World, effect: Effect) -> Proof:
    """Write the proof of an effect on the real column names."""
    proof = _PROOFS[effect.kind](world, effect)
    sql = "\n".join(line.rstrip() for line in world.names.sql(proof.sql).strip().splitlines())
    return Proof(
        sql=sql,
        measures=proof.measures,
        tolerance=proof.tolerance,
        question=proof.question,
        answer=proof.answer,
    )


def _q(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _d(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def _ends(effect: Effect) -> date:
    return effect.ends or effect.starts


_LINES = """
FROM {order_lines} l
JOIN {orders} o ON o.{orders.order_id} = l.{order_lines.order_id}
JOIN {products} p ON p.{products.product_id} = l.{order_lines.product_id}
JOIN {categories} g ON g.{categories.category_id} = p.{products.category_id}"""
_DAY = "CAST(o.{orders.ordered_at} AS DATE)"
_RATIO = """
SELECT round((sum(n) FILTER (here AND during) * sum(n) FILTER (NOT here AND NOT during))
  / (sum(n) FILTER (here AND NOT during) * sum(n) FILTER (NOT here AND during) + 0.0) - 1, 4)
  AS measured"""


def _versus(here: str, during: str, where: str) -> str:
    return (
        f"WITH counted AS (\nSELECT {here} AS here, {during} AS during, count(*) AS n{_LINES}\n"
        f"WHERE {where}\nGROUP BY ALL)\n{_RATIO.strip()}\nFROM counted"
    )


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"


def _stock_out(world: World, e: Effect) -> Proof:
    first, last = e.starts, _ends(e)
    around = (first - timedelta(days=56), last + timedelta(days=56))
    region, category = e.place["region"], e.place["category"]
    return Proof(
        sql=_versus(
            f"o.{{orders.region}} = {_q(region)}",
            f"{_DAY} BETWEEN {_d(first)} AND {_d(last)}",
            f"g.{{categories.category_name}} = {_q(category)}\n"
            f"  AND {_DAY} BETWEEN {_d(around[0])} AND {_d(around[1])}",
        ),
        measures="change of order lines of the category in the region, against other regions and "
        "the eight weeks before and after",
        tolerance=0.22,
        question=f"Why did orders of {category} in {region} fall in {_month(first)}?",
        answer=f"{category} was out of stock in {e.place['warehouse']} from {first} to {last} "
        f"({e.detail['cause']}); other regions went on as usual.",
    )


def _campaign(world: World, e: Effect) -> Proof:
    first, last = e.starts, _ends(e)
    category = e.place["category"]
    return Proof(
        sql=_versus(
            f"g.{{categories.category_name}} = {_q(category)}",
            f"{_DAY} BETWEEN {_d(first)} AND {_d(last)}",
            f"({_DAY} BETWEEN {_d(first - timedelta(days=35))} AND {_d(last)}\n"
            f"  OR {_DAY} BETWEEN {_d(last + timedelta(days=15))}"
            f" AND {_d(last + timedelta(days=49))})",
        ),
        measures="change of order lines of the category, against other categories and the five "
        "weeks before and after (less the fortnight after, when demand is low)",
        tolerance=0.4,
        question=f"What lifted {category} in {_month(first)}?",
        answer=f"A campaign for {category} ran from {first} to {last}.",
    )


def _price(world: World, e: Effect) -> Proof:
    day, category = e.starts, e.place["category"]
    year = timedelta(days=365)
    half = timedelta(days=179)
    ratio = _versus(
        f"g.{{categories.category_name}} = {_q(category)}",
        f"{_DAY} >= {_d(day)}",
        f"({_DAY} BETWEEN {_d(day - year)} AND {_d(day - year + half)}\n"
        f"  OR {_DAY} BETWEEN {_d(day)} AND {_d(day + half)})",
    )
    return Proof(
        sql=f"""
WITH demand AS ({ratio}),
rise AS (
  SELECT avg(b.{{price_list.price}} / a.{{price_list.price}}) AS step
  FROM {{price_list}} a
  JOIN {{price_list}} b ON b.{{price_list.product_id}} = a.{{price_list.product_id}}
    AND b.{{price_list.valid_from}} = a.{{price_list.valid_to}} + 1
  JOIN {{products}} p ON p.{{products.product_id}} = a.{{price_list.product_id}}
  JOIN {{categories}} g ON g.{{categories.category_id}} = p.{{products.category_id}}
  WHERE g.{{categories.category_name}} = {_q(category)}
    AND b.{{price_list.valid_from}} = {_d(day)})
SELECT round(ln(1 + measured) / ln(step), 3) AS measured FROM demand, rise""",
        measures="price elasticity: logarithm of the change of order lines against other "
        "categories and the same half-year before, by that of the price",
        tolerance=0.75,
        question=f"Why has demand for {category} been lower since {_month(day)}?",
        answer=f"List prices of {category} rose by {float(e.detail['rise']):.1%} on {day}.",
    )


def _churn(world: World, e: Effect) -> Proof:
    segment, channel = e.place["segment"], e.place["acquisition_channel"]
    return Proof(
        sql=f"""
SELECT round(count(*) FILTER ({{customers.closed_on}} BETWEEN {_d(e.starts)} AND {_d(_ends(e))})
  / (count(*) + 0.0), 4) AS measured
FROM {{customers}}
WHERE {{customers.segment}} = {_q(segment)}
  AND {{customers.acquisition_channel}} = {_q(channel)}
  AND {{customers.signup_on}} < {_d(e.starts)}
  AND ({{customers.closed_on}} IS NULL OR {{customers.closed_on}} >= {_d(e.starts)})""",
        measures="share of the open accounts of the group that were closed in the month",
        tolerance=0.08,
        question=f"Which customers left in {_month(e.starts)}?",
        answer=f"Accounts of segment {segment} won through {channel} ({e.detail['cause']}).",
    )


def _supplier(world: World, e: Effect) -> Proof:
    inside = f"{_DAY} BETWEEN {_d(e.starts)} AND {_d(_ends(e))}"
    return Proof(
        sql=f"""
SELECT round((count(r.{{returns.return_id}}) FILTER ({inside})
  / (count(*) FILTER ({inside}) + 0.0))
  / (count(r.{{returns.return_id}}) FILTER (NOT {inside})
  / (count(*) FILTER (NOT {inside}) + 0.0)), 3) AS measured
FROM {{order_lines}} l
JOIN {{orders}} o ON o.{{orders.order_id}} = l.{{order_lines.order_id}}
JOIN {{products}} p ON p.{{products.product_id}} = l.{{order_lines.product_id}}
JOIN {{suppliers}} s ON s.{{suppliers.supplier_id}} = p.{{products.supplier_id}}
LEFT JOIN {{returns}} r ON r.{{returns.line_id}} = l.{{order_lines.line_id}}
WHERE s.{{suppliers.supplier_name}} = {_q(e.place["supplier"])}""",
        measures="return rate of the supplier's lines ordered in the period, by that outside it",
        tolerance=0.3 * e.size,
        question=f"Why did returns rise after {_month(e.starts)}?",
        answer=f"Goods of {e.place['supplier']} came back {e.size:.1f} times as often as before, "
        f"mostly as {e.detail['reason']!r}.",
    )


_SIMPSON = {
    "conversion": ("traffic_channel", "{web_sessions}", "{web_sessions.traffic_channel}",
                   "{web_sessions.device}", "{web_sessions.converted}", "1 = 1"),
    "service level": ("team", "{tickets}", "{tickets.team}", "{tickets.priority}",
                      "{tickets.within_sla}", "{tickets.closed_at} IS NOT NULL"),
    "late parcels": ("carrier", "{shipments}", "{shipments.carrier}", "{shipments.service}",
                     "{shipments.delivered_on} - CAST({shipments.shipped_at} AS DATE)"
                     " <= {shipments.promised_days}", "{shipments.delivered_on} IS NOT NULL"),
}  # fmt: skip


def _simpson(world: World, e: Effect) -> Proof:
    thing, table, group, stratum, good, where = _SIMPSON[e.place["measure"]]
    better, worse = e.place[thing], e.place["against"]
    rate = (
        f"round(avg(CASE WHEN {good} THEN 1.0 ELSE 0.0 END) FILTER ({group} = {_q(better)})\n"
        f"  - avg(CASE WHEN {good} THEN 1.0 ELSE 0.0 END) FILTER ({group} = {_q(worse)}), 4)"
    )
    return Proof(
        sql=f"""
SELECT 'all' AS stratum, {rate} AS measured
FROM {table} WHERE {where}
UNION ALL
SELECT * FROM (SELECT {stratum}, {rate}
FROM {table} WHERE {where}
GROUP BY 1 ORDER BY 1)""",
        measures=f"rate of {better} less rate of {worse}: negative over all, positive in each "
        f"{e.place['within']}",
        tolerance=0.0,
        question=f"Is {better} or {worse} the better {thing.replace('_', ' ')} by "
        f"{e.place['measure']}?",
        answer=f"{worse} looks better over all, but {better} is better in every "
        f"{e.place['within']}: its mix is harder.",
    )


def _definition(world: World, e: Effect) -> Proof:
    which = e.place["definition"]
    low, high = e.detail["before"], e.detail["after"]
    bare = "{orders.gross_amount} - {orders.discount_amount} - {orders.refund_amount}"
    if which == "net amount and shipping":
        old = f"{{orders.net_amount}} = {bare} + {{orders.shipping_fee}}"
        new = f"{{orders.net_amount}} = {bare}"
        what = "net amount included shipping fees until then"
    elif which == "net amount and coupons":
        old = f"{{orders.net_amount}} = {bare}"
        new = (
            f"{{orders.net_amount}} = CASE WHEN {{orders.coupon_code}} IS NULL THEN {bare} "
            "ELSE {orders.gross_amount} - {orders.refund_amount} END"
        )
        what = "coupons are no longer taken off the net amount since then"
    elif which == "bounce":
        old, new = (f"{{web_sessions.bounced}} = ({{web_sessions.pages}} = 1 AND "
                    f"{{web_sessions.duration_s}} < {n})" for n in (low, high))  # fmt: skip
        what = f"a bounce is a one-page visit under {high} s instead of {low} s"
    else:
        old, new = (f"{{tickets.within_sla}} = ({{tickets.closed_at}} - {{tickets.opened_at}} "
                    f"<= INTERVAL {n} HOUR)" for n in (low, high))  # fmt: skip
        what = f"the service level is {high} hours instead of {low}"
    table, day, where = {
        "bounce": ("{web_sessions}", "{web_sessions.started_at}", "1 = 1"),
        "service": ("{tickets}", "{tickets.opened_at}", "{tickets.closed_at} IS NOT NULL"),
    }.get(which, ("{orders}", "{orders.ordered_at}", "{orders.order_status} <> 'cancelled'"))
    parts = [
        f"SELECT '{rule} rule, {when}' AS stratum,\n"
        f"  round(avg(CASE WHEN {test} THEN 1.0 ELSE 0.0 END), 4) AS measured\n"
        f"FROM {table} WHERE {where} AND {day} {sign} {_d(e.starts)}"
        for when, sign in (("before", "<"), ("after", ">="))
        for rule, test in (("old", old), ("new", new))
    ]
    return Proof(
        sql="\nUNION ALL\n".join(parts),
        measures="share of rows that fit the old and the new rule, before and after the change",
        tolerance=0.02,
        question=f"Did the meaning of {which.split(' and ')[0]} change over time?",
        answer=f"Yes, on {e.starts}: {what}.",
    )


def _checkout(world: World, e: Effect) -> Proof:
    inside = f"CAST({{web_sessions.started_at}} AS DATE) BETWEEN {_d(e.starts)} AND {_d(_ends(e))}"
    around = (e.starts - timedelta(days=75), _ends(e) + timedelta(days=75))
    good = "CASE WHEN {web_sessions.converted} THEN 1.0 ELSE 0.0 END"
    browser, device = e.place["browser"], e.place["device"]
    return Proof(
        sql=f"""
SELECT round(avg({good}) FILTER ({inside}) / avg({good}) FILTER (NOT {inside}) - 1, 4) AS measured
FROM {{web_sessions}}
WHERE {{web_sessions.browser}} = {_q(browser)} AND {{web_sessions.device}} = {_q(device)}
  AND {{web_sessions.started_at}} BETWEEN {_d(around[0])} AND {_d(around[1])}""",
        measures="change of the conversion of the browser on the device against 75 days before "
        "and after",
        tolerance=0.25,
        question=f"Why did mobile conversion drop in {_month(e.starts)}?",
        answer=f"{browser} on {device} hardly converted from {e.starts} to {_ends(e)}: the "
        f"checkout service failed with {e.detail['code']}.",
    )


def _delay(world: World, e: Effect) -> Proof:
    inside = f"CAST({{shipments.shipped_at}} AS DATE) BETWEEN {_d(e.starts)} AND {_d(_ends(e))}"
    taken = "{shipments.delivered_on} - CAST({shipments.shipped_at} AS DATE)"
    house, carrier = e.place["warehouse"], e.place["carrier"]
    return Proof(
        sql=f"""
SELECT round(avg({taken}) FILTER ({inside}) - avg({taken}) FILTER (NOT {inside}), 3) AS measured
FROM {{shipments}} x
JOIN {{warehouses}} w ON w.{{warehouses.warehouse_id}} = x.{{shipments.warehouse_id}}
WHERE w.{{warehouses.warehouse_name}} = {_q(house)} AND x.{{shipments.carrier}} = {_q(carrier)}"""
        .replace("{shipments.delivered_on}", "x.{shipments.delivered_on}"),
        measures="days that parcels took in the period less days outside it",
        tolerance=0.9,
        question=f"Why were parcels slow in {_month(e.starts)}?",
        answer=f"{carrier} took {e.size:.0f} days longer from {house} between {e.starts} and "
        f"{_ends(e)} ({e.detail['cause']}).",
    )  # fmt: skip


def _surge(world: World, e: Effect) -> Proof:
    first, last = e.starts, _ends(e)
    days = (last - first).days + 1
    inside = f"CAST(t.{{tickets.opened_at}} AS DATE) BETWEEN {_d(first)} AND {_d(last)}"
    rest = world.company.days - days
    category, topic = e.place["category"], e.place["topic"]
    return Proof(
        sql=f"""
SELECT round((count(*) FILTER ({inside}) / {days}.0)
  / (count(*) FILTER (NOT {inside}) / {rest}.0), 3) AS measured
FROM {{tickets}} t
JOIN {{categories}} g ON g.{{categories.category_id}} = t.{{tickets.category_id}}
WHERE g.{{categories.category_name}} = {_q(category)} AND t.{{tickets.topic}} = {_q(topic)}""",
        measures="tickets a day in the period by tickets a day in the rest of the history",
        tolerance=0.6 * e.size,
        question=f"What drove the rise in tickets in {_month(first)}?",
        answer=f"Tickets on {topic!r} about {category} from {first} to {last}.",
    )


def _leak(world: World, e: Effect) -> Proof:
    code, channel = e.place["coupon_code"], e.place["sales_channel"]
    return Proof(
        sql=f"""
SELECT round(count(*) FILTER ({{orders.coupon_code}} = {_q(code)}) / (count(*) + 0.0), 4)
  AS measured
FROM {{orders}}
WHERE {{orders.sales_channel}} = {_q(channel)}
  AND CAST({{orders.ordered_at}} AS DATE) BETWEEN {_d(e.starts)} AND {_d(_ends(e))}""",
        measures="share of the channel's orders in the period that used the code",
        tolerance=0.03,
        question=f"Why did discounts in the {channel} channel rise in {_month(e.starts)}?",
        answer=f"The internal code {code} got out and was used by about {e.size:.0%} of the "
        f"{channel} orders until {_ends(e)}.",
    )


def _slide(world: World, e: Effect) -> Proof:
    region, last = e.place["region"], _ends(e)
    first, year = last + timedelta(days=1), timedelta(days=365)
    until = first + timedelta(days=89)
    return Proof(
        sql=_versus(
            f"o.{{orders.region}} = {_q(region)}",
            f"{_DAY} >= {_d(first)}",
            f"({_DAY} BETWEEN {_d(first - year)} AND {_d(until - year)}\n"
            f"  OR {_DAY} BETWEEN {_d(first)} AND {_d(until)})",
        ),
        measures="change of the region's order lines in the 90 days after the slide against other "
        "regions and the same days a year before",
        tolerance=0.12,
        question=f"Which region has been losing orders since {_month(e.starts)}?",
        answer=f"{region}: {e.size:.0%} within five months ({e.detail['cause']}).",
    )


def _currency(world: World, e: Effect) -> Proof:
    week = timedelta(days=7)
    after = f"{{fx_rates.rate_date}} >= {_d(e.starts)}"
    return Proof(
        sql=f"""
SELECT round(avg({{fx_rates.rate}}) FILTER ({after})
  / avg({{fx_rates.rate}}) FILTER (NOT {after}) - 1, 4) AS measured
FROM {{fx_rates}}
WHERE {{fx_rates.currency}} = {_q(e.place["currency"])}
  AND {{fx_rates.rate_date}} BETWEEN {_d(e.starts - week)} AND {_d(e.starts + week)}""",
        measures="change of the mean rate of the week after against the week before",
        tolerance=0.02,
        question=f"What happened to the {e.place['currency']} rate in {_month(e.starts)}?",
        answer=f"It fell by {-e.size:.1%} on {e.starts}.",
    )


_PROOFS: dict[str, Callable[[World, Effect], Any]] = {
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
