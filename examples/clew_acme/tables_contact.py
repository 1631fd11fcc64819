"""Who visited the shop, and who had to ask customer service, in one month?"""

from typing import Any

import numpy as np

from clew_acme.effects import of_kind
from clew_acme.frames import Columns, day_number, words
from clew_acme.policies import policy
from clew_acme.streams import Draws, Floats, Ints
from clew_acme.tables_customers import Accounts
from clew_acme.tables_trade import Counters, Month, Trade
from clew_acme.world import World

__all__ = ["sessions", "tickets"]

_HOURS = (3, 1, 0, 0, 0, 0, 3, 6, 8, 8, 9, 9, 11, 10, 8, 8, 9, 11, 13, 17, 19, 18, 12, 6)
_CONVERT = (0.19, 0.085, 0.12)


def sessions(
    world: World, month: Month, trade: Trade, load: Floats, people: Accounts, counters: Counters
) -> Columns:
    """Make the visits of a month; some converted ones are linked to the orders of their day."""
    c = world.company
    draws = Draws(world.seed, "sessions", month.index)
    epoch = day_number(c.start)
    want = load[month.first : month.last] * 0.57 * world.scale
    number = np.asarray(want + draws.unit(len(want)), dtype=np.int64)
    day = epoch + month.first + np.repeat(np.arange(len(number), dtype=np.int64), number)
    rows = len(day)
    channel = draws.weighted((3, 2.4, 2.6, 1.8, 1.6, 1.2), rows)
    device, lift = _devices(world, draws, channel)
    browser = np.where(
        device == 1,
        draws.weighted((4, 3, 0.6, 0.5, 1.2), rows),
        draws.weighted((3, 2, 2, 2, 0.1), rows),
    )
    rate = np.asarray(_CONVERT)[device] * lift[channel]
    for effect in of_kind(world.effects, "checkout_error"):
        hit = (
            (device == 1)
            & (browser == c.browsers.index(effect.place["browser"]))
            & (day >= day_number(effect.starts))
            & (day <= day_number(effect.ends or c.end))
        )
        rate = np.where(hit, rate * (1 + effect.size), rate)
    converted = draws.even(rate, (device * 8 + browser) * 8 + channel)
    pages = 1 + draws.below(4, rows) * draws.below(4, rows) + 4 * converted
    duration = 3 + draws.below(40, rows) * pages * draws.between(1, 3, rows) // 2
    limit = np.asarray([_bounce_limit(world, month.first + n) for n in range(len(number))])
    bounced = (pages == 1) & (duration < limit[day - epoch - month.first])
    known = draws.chance(0.31, rows)
    pool = np.flatnonzero(people.signup < epoch + month.first)
    who = np.ma.masked_array(people.number[pool[draws.below(len(pool), rows)]], mask=~known)
    region = draws.weighted([r.weight for r in c.regions], rows)
    second = draws.weighted(_HOURS, rows) * 3600 + draws.below(3600, rows)
    at = day * 86_400 + second
    order = np.ma.masked_array(np.zeros(rows, np.int64), mask=np.ones(rows, bool))
    linked, orders = _link(draws, day, converted, trade)
    if len(linked):
        order[linked] = np.asarray(trade.orders["order_id"])[orders]
        who[linked] = np.asarray(trade.orders["customer_id"])[orders]
        region[linked] = trade.region[orders]
        placed = np.asarray(trade.orders["ordered_at"])[orders]
        at[linked] = placed - 120 - draws.below(1500, len(linked))
    sort = np.argsort(at, kind="stable")
    counters.session += rows
    return {
        "session_id": counters.session - rows + np.arange(rows, dtype=np.int64),
        "customer_id": who[sort],
        "started_at": at[sort],
        "traffic_channel": words(c.traffic, channel[sort]),
        "device": words(c.devices, device[sort]),
        "browser": words(c.browsers, browser[sort]),
        "region": words([r.name for r in c.regions], region[sort]),
        "pages": pages[sort],
        "duration_s": duration[sort],
        "bounced": bounced[sort],
        "converted": converted[sort],
        "order_id": order[sort],
        "_day": at[sort] // 86_400,
    }


def _devices(world: World, draws: Draws, channel: Ints) -> tuple[Ints, Floats]:
    mixes = np.tile(np.asarray((0.42, 0.47, 0.11)), (len(world.company.traffic), 1))
    lift = np.ones(len(world.company.traffic))
    effect = of_kind(world.effects, "simpson")[0]
    if "traffic_channel" in effect.place:
        better = world.company.traffic.index(effect.place["traffic_channel"])
        worse = world.company.traffic.index(effect.place["against"])
        mixes[better], mixes[worse] = (0.12, 0.80, 0.08), (0.80, 0.12, 0.08)
        lift[better] = 1 + effect.size
    edges = np.cumsum(mixes, axis=1)[channel]
    luck = draws.unit(len(channel))
    return (luck >= edges[:, 0]).astype(np.int64) + (luck >= edges[:, 1]), lift


def _bounce_limit(world: World, offset: int) -> int:
    change = of_kind(world.effects, "definition_change")[0]
    if change.place["definition"] != "bounce":
        return 10
    before = world.company.day(offset) < change.starts
    return int(change.detail["before"] if before else change.detail["after"])


def _link(draws: Draws, day: Ints, converted: Any, trade: Trade) -> tuple[Ints, Ints]:
    """Pair converted visits with online orders of the same day, none twice."""
    visits = np.flatnonzero(converted & draws.chance(0.8, len(day)))
    online = trade.online[np.argsort(draws.unit(len(trade.online)), kind="stable")]
    online = online[np.argsort(trade.day[online], kind="stable")]
    starts = np.searchsorted(trade.day[online], day[visits], side="left")
    ends = np.searchsorted(trade.day[online], day[visits], side="right")
    first = np.searchsorted(day[visits], day[visits], side="left")
    place = starts + np.arange(len(visits)) - first
    fits = place < ends
    return visits[fits].astype(np.int64), online[place[fits]]


_PRIORITY = (0.18, 0.52, 0.30)
_TOPICS = (4, 2, 1.5, 1.4, 1.8, 1, 0.9, 0.8)
_WITHIN = (0.58, 0.78, 0.90)


def tickets(
    world: World, month: Month, trade: Trade, load: Floats, people: Accounts, counters: Counters
) -> Columns:
    """Make the contacts of a month."""
    c = world.company
    draws = Draws(world.seed, "tickets", month.index)
    epoch = day_number(c.start)
    want = load[month.first : month.last] * 0.095 * world.scale
    number = np.asarray(want + draws.unit(len(want)), dtype=np.int64)
    day = epoch + month.first + np.repeat(np.arange(len(number), dtype=np.int64), number)
    rows = len(day)
    about = draws.chance(0.68, rows)
    order = draws.below(len(trade.day), rows)
    topic = draws.weighted(_TOPICS[: len(c.topics)], rows)
    day = np.where(about, np.minimum(trade.day[order] + draws.below(16, rows), _last(world)), day)
    for effect in of_kind(world.effects, "ticket_surge"):
        extra = _surge(world, month, trade, draws, effect, want)
        day, order = np.concatenate([day, extra[0]]), np.concatenate([order, extra[1]])
        about = np.concatenate([about, np.ones(len(extra[0]), bool)])
        topic = np.concatenate([topic, np.full(len(extra[0]), extra[2])])
    rows = len(day)
    at = day * 86_400 + draws.weighted(_HOURS, rows) * 3600 + draws.below(3600, rows)
    sort = np.argsort(at, kind="stable")
    day, order, about, topic, at = day[sort], order[sort], about[sort], topic[sort], at[sort]
    team, priority, within = _teams(world, draws, rows)
    base = policy(world.policies, "service_level")
    limits = np.asarray([base.at(c.day(n)) for n in range(c.days)])[day - epoch]
    start = base.at(c.start)
    luck = draws.unit(rows)
    hours = np.where(within, 1 + luck * 0.94 * (start - 1), start * (1.04 + 2.5 * luck))
    closed = at + np.asarray(hours * 3600, dtype=np.int64)
    still = closed >= (_last(world) + 1) * 86_400
    some = np.flatnonzero(people.signup < epoch + month.first)
    stranger = people.number[some[draws.below(len(some), rows)]]
    counters.ticket += rows
    mark = np.clip(5 - draws.below(3, rows) * draws.below(2, rows) - 1 * ~within, 1, 5)
    return {
        "ticket_id": counters.ticket - rows + np.arange(rows, dtype=np.int64),
        "customer_id": np.where(about, np.asarray(trade.orders["customer_id"])[order], stranger),
        "order_id": np.ma.masked_array(np.asarray(trade.orders["order_id"])[order], mask=~about),
        "category_id": np.ma.masked_array(
            np.asarray([x.number for x in c.categories])[trade.category[order]], mask=~about
        ),
        "opened_at": at,
        "closed_at": np.ma.masked_array(closed, mask=still),
        "topic": words(c.topics, topic),
        "priority": words(("P1", "P2", "P3"), priority),
        "team": words(c.teams, team),
        "channel": words(("mail", "phone", "chat", "social"), draws.weighted((4, 3, 2, 1), rows)),
        "due_on": (at + limits * 3600) // 86_400,
        "within_sla": closed - at <= limits * 3600,
        "csat": np.ma.masked_array(mark, mask=draws.chance(0.55, rows)),
        "handle_minutes": 2 + draws.below(9, rows) * draws.between(1, 4, rows),
        "_day": day,
    }


def _last(world: World) -> int:
    return day_number(world.company.end) - 1


def _surge(
    world: World, month: Month, trade: Trade, draws: Draws, effect: Any, want: Floats
) -> tuple[Ints, Ints, int]:
    c = world.company
    topic = c.topics.index(effect.place["topic"])
    k = [x.name for x in c.categories].index(effect.place["category"])
    first = max(month.first, c.offset(effect.starts))
    last = min(month.last, c.offset(effect.ends) + 1)
    nothing = np.zeros(0, dtype=np.int64)
    in_time = trade.day < day_number(c.start) + last
    pool = np.flatnonzero((trade.category == k) & in_time)
    if first >= last or not len(pool):
        return nothing, nothing, topic
    weights = [x.weight for x in c.categories]
    usual = 0.68 * float(want.mean()) * weights[k] / sum(weights)
    usual *= _TOPICS[topic] / sum(_TOPICS[: len(c.topics)])
    rows = max(2, round(usual * (effect.size - 1) * (last - first)))
    day = day_number(c.start) + first + draws.below(last - first, rows)
    order = pool[draws.below(len(pool), rows)]
    # A contact follows its order.
    return np.maximum(day, trade.day[order]), order, topic


def _teams(world: World, draws: Draws, rows: int) -> tuple[Ints, Ints, Any]:
    teams = world.company.teams
    team = draws.weighted((3, 2.5, 2, 1.5)[: len(teams)], rows)
    mixes = np.tile(np.asarray(_PRIORITY), (len(teams), 1))
    gain = np.zeros(len(teams))
    effect = of_kind(world.effects, "simpson")[0]
    if "team" in effect.place:
        better, worse = teams.index(effect.place["team"]), teams.index(effect.place["against"])
        mixes[better], mixes[worse] = (0.62, 0.27, 0.11), (0.06, 0.40, 0.54)
        gain[better] = 1.5 * effect.size
    edges = np.cumsum(mixes, axis=1)[team]
    luck = draws.unit(rows)
    priority = (luck >= edges[:, 0]).astype(np.int64) + (luck >= edges[:, 1])
    base = np.asarray(_WITHIN)[priority]
    return team, priority, draws.even(base + (1 - base) * gain[team], team * 3 + priority)
