"""What did three services log around the days on which the mobile checkout failed?

One request leaves a trace in several services under one id: that is how a clock that is off shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clew_acme.database import Placed, log_days
from clew_acme.effects import of_kind
from clew_acme.knowledge import yaml_text
from clew_acme.log_formats import FORMATS, Line
from clew_acme.streams import Stream
from clew_acme.world import World

__all__ = ["write_logs"]

_SHARE = (0, 0, 0, 0, 0, 1, 3, 6, 8, 9, 9, 10, 11, 10, 9, 9, 10, 12, 15, 18, 19, 16, 10, 5)
_SERVICES = ("gateway", "checkout", "fulfilment")


@dataclass
class _Book:
    """Lines of one service, on its own clock."""

    lines: list[tuple[datetime, int, Line]] = field(default_factory=list)

    def add(self, at: datetime, line: Line) -> None:
        self.lines.append((at, len(self.lines), line))


class _Services:
    """Make the days of one world."""

    def __init__(self, world: World, online: list[Placed]) -> None:
        self.world, self.draw = world, Stream(world.seed, "logs")
        self.effect = of_kind(world.effects, "checkout_error")[0]
        self.code = str(self.effect.detail["code"])
        self.first, self.last = log_days(world)
        self.online = online
        self.books = {name: _Book() for name in _SERVICES}
        self.facts: dict[str, Any] = {"bursts": []}
        self.skewed = self.draw.pick(("checkout", "fulfilment"))
        self.skew = self.draw.pick((-1, 1)) * self.draw.between(37, 290)
        days = (self.last - self.first).days
        begin = self.draw.between(1, days // 3)
        self.skew_days = (
            self.first + timedelta(days=begin),
            self.first + timedelta(days=begin + self.draw.between(5, days - begin - 1)),
        )
        self.broken = 0
        self.size = min(1.0, max(world.scale, 0.05))
        # Each order leaves five lines, a twelfth of the pages are baskets with a line more.
        wanted = 96_000 * self.size - 5 * len(online)
        self.pages = max(50, round((wanted / (days + 1) - 1150 * self.size) / 1.09))

    def put(self, service: str, at: datetime, line: Line) -> None:
        """Write a line at the service's own idea of the time."""
        low, high = self.skew_days
        if service == self.skewed and low <= at.date() <= high:
            at = at + timedelta(seconds=self.skew)
        self.books[service].add(at, line)

    def id(self) -> str:
        """Draw a request id."""
        return f"{self.draw.below(16**8):08x}{self.draw.below(16**4):04x}"

    def moments(self, number: int, count: int) -> list[datetime]:
        """Draw moments of a day as people are awake, in order."""
        day = self.first + timedelta(days=number)
        midnight = datetime(day.year, day.month, day.day)
        draw = self.draw
        return sorted(
            midnight
            + timedelta(
                hours=draw.weighted(range(24), _SHARE),
                seconds=draw.below(3600),
                milliseconds=draw.below(1000),
            )
            for _ in range(count)
        )

    def client(self) -> tuple[str, str]:
        """Draw a browser and a device."""
        browser = self.draw.weighted(self.world.company.browsers, (4, 3, 1, 1, 1.2))
        return browser, self.draw.weighted(("desktop", "mobile"), (45, 55))

    def seen(self, at: datetime, rid: str, path: str, status: int, took: int, who: str) -> None:
        """Log a request at the gateway."""
        draw = self.draw
        self.put("gateway", at, Line("INFO", "", rid, {
            "method": "POST" if path == "/checkout" else "GET", "path": path, "status": status,
            "ms": took, "agent": who,
            "ip": f"10.{draw.below(250)}.{draw.below(250)}.{draw.between(1, 250)}",
        }))  # fmt: skip

    def agent(self, client: tuple[str, str]) -> str:
        """Write a browser as the gateway sees it."""
        return f"{client[0]}/{self.draw.between(88, 119)} ({client[1]})"

    def day(self, number: int) -> None:
        """Make one day: pages and baskets, failing payments, and the house-keeping."""
        draw = self.draw
        for at in self.moments(number, self.pages):
            self.page(at)
        affected = self.first + timedelta(days=number)
        last = self.effect.ends or self.effect.starts
        if self.effect.starts <= affected <= last:
            tries = round(draw.between(14, 30) * -self.effect.size * self.size)
            for at in self.moments(number, max(1, tries)):
                self.fail(at)
        count = round(1150 * self.size)
        for n in range(count):
            at = datetime(affected.year, affected.month, affected.day) + timedelta(
                seconds=86_400 * n // count + draw.below(9), milliseconds=draw.below(1000)
            )
            self.keep_house(at)

    def page(self, at: datetime) -> None:
        """Make one request for a page, a search, a basket or the health check."""
        draw, c = self.draw, self.world.company
        client, rid = self.client(), self.id()
        kind = draw.weighted(("view", "search", "basket", "health"), (6, 2.2, 0.85, 0.6))
        path = {
            "view": f"/p/{10_001 + draw.below(640)}",
            "search": f"/search?q={draw.pick(c.categories).name.split()[0].lower()}",
            "basket": "/basket",
            "health": "/healthz",
        }[kind]
        status = draw.pick((301, 404, 404, 500)) if draw.chance(0.012) else 200
        took = draw.between(8, 240)
        if kind == "basket":
            self.put("checkout", at + timedelta(milliseconds=draw.between(2, 40)), Line(
                "INFO", "basket priced", rid, {"lines": draw.between(1, 6)}))  # fmt: skip
            status = 200
        who = "kube-probe/1.27" if kind == "health" else self.agent(client)
        self.seen(at, rid, path, status, took, who)

    def fail(self, at: datetime) -> None:
        """Make one payment that the browser cannot do."""
        client, rid = (self.effect.place["browser"], "mobile"), self.id()
        self.broken += 1
        self.put("checkout", at + timedelta(milliseconds=self.draw.between(30, 400)), Line(
            "ERROR", "payment token rejected", rid,
            {"code": self.code, "agent": f"{client[0]} {client[1]}"},
        ))  # fmt: skip
        self.seen(at, rid, "/checkout", 422, self.draw.between(60, 700), self.agent(client))

    def order(self, placed: Placed) -> None:
        """Make the payment of an order that is in the database, now and then after a decline."""
        draw = self.draw
        done = datetime(1970, 1, 1) + timedelta(seconds=placed.at, milliseconds=draw.below(900))
        client = self.client()
        while client == (self.effect.place["browser"], "mobile"):
            client = self.client()
        if draw.chance(0.08):
            rid, early = self.id(), done - timedelta(seconds=draw.between(20, 200))
            code = draw.pick(("PAY-2040", "CHK-1001", "PAY-2071"))
            self.put("checkout", early, Line("WARN", "payment declined", rid,
                                             {"code": code, "method": placed.payment}))  # fmt: skip
            self.seen(early, rid, "/checkout", 402, draw.between(200, 1500), self.agent(client))
        rid, took = self.id(), draw.between(200, 1800)
        asked = done - timedelta(milliseconds=took)
        self.seen(asked, rid, "/checkout", 201, took, self.agent(client))
        self.put("checkout", asked + timedelta(milliseconds=draw.between(2, 40)), Line(
            "INFO", "basket priced", rid, {"lines": draw.between(1, 6)}))  # fmt: skip
        facts = {"order": placed.number, "method": placed.payment}
        self.put("checkout", done, Line("INFO", "payment authorised", rid, facts))
        self.fulfil(done + timedelta(milliseconds=draw.between(5, 60)), rid, placed)

    def fulfil(self, at: datetime, rid: str, placed: Placed) -> None:
        """Log the reservation of an order."""
        draw, c = self.draw, self.world.company
        house = c.warehouses[placed.house].name
        self.put("fulfilment", at, Line("INFO", "reserved", rid,
                                        {"order": placed.number, "house": house}))  # fmt: skip
        later = at + timedelta(seconds=draw.between(1, 20))
        if draw.chance(0.015):
            self.put("fulfilment", later, Line(
                "ERROR", "label printer timed out", rid, {"house": house},
                trace=("PrinterTimeout: no answer within 10 s", "labels.py", "send_label"),
            ))  # fmt: skip
            later += timedelta(seconds=draw.between(15, 90))
        carrier = draw.pick(c.carriers).name
        self.put("fulfilment", later, Line("INFO", "label printed", rid, {"carrier": carrier}))

    def keep_house(self, at: datetime) -> None:
        """Log what the warehouse system does by itself."""
        draw, c = self.draw, self.world.company
        house = draw.pick(c.warehouses).name
        events: list[tuple[str, str, dict[str, Any]]] = [
            ("INFO", "stock sync done", {"house": house, "articles": draw.between(3, 420)}),
            ("INFO", "pick list printed", {"house": house, "lines": draw.between(1, 36)}),
            ("INFO", "queue", {"waiting": draw.below(draw.between(2, 40))}),
            ("WARN", "stock below reorder point", {"article": 10_001 + draw.below(640)}),
            ("WARN", "scanner lost its session", {"scanner": f"H{draw.between(10, 64)}"}),
        ]
        level, message, facts = draw.weighted(events, (5, 3, 3, 1, 0.4))
        self.put("fulfilment", at, Line(level, message, self.id(), facts))

    def bursts(self) -> None:
        """Plant a crawler at the gateway and a locked database in fulfilment."""
        draw = self.draw
        scale = self.size
        span = (self.last - self.first).days
        for service, what, lines, minutes in (
            ("gateway", "crawler", round(draw.between(1500, 3200) * scale), draw.between(9, 30)),
            ("fulfilment", "deadlock", round(draw.between(350, 900) * scale), draw.between(6, 25)),
            ("checkout", "bank", round(draw.between(250, 700) * scale), draw.between(8, 40)),
        ):
            day = self.first + timedelta(days=draw.between(0, span))
            start = datetime(day.year, day.month, day.day, draw.between(1, 22), draw.below(60))
            bot = f"{draw.pick(('Grabbot', 'PriceSpider', 'Feedhopper'))}/{draw.between(1, 9)}.0"
            stamps: list[datetime] = []
            for _ in range(max(20, lines)):
                at = start + timedelta(milliseconds=draw.below(minutes * 60_000))
                rid = self.id()
                if what == "crawler":
                    line = Line("INFO", "", rid, {
                        "method": "GET", "path": f"/p/{10_001 + draw.below(640)}", "status": 429,
                        "ms": draw.between(1, 9), "agent": bot, "ip": "10.9.9.9"})  # fmt: skip
                elif what == "deadlock":
                    line = Line(
                        "ERROR",
                        "could not reserve: deadlock detected",
                        rid,
                        {"order": draw.pick(self.online).number if self.online else 0},
                    )
                else:
                    line = Line("WARN", "bank does not answer, retrying", rid,
                                {"attempt": draw.between(1, 4)})  # fmt: skip
                stamps.append(at)
                self.put(service, at, line)
            low, high = self.skew_days
            off = self.skew if service == self.skewed and low <= start.date() <= high else 0
            pattern = {"crawler": bot, "deadlock": "deadlock detected", "bank": "bank does not"}
            self.facts["bursts"].append({
                "service": service, "text": pattern[what], "lines": len(stamps),
                "from": f"{min(stamps) + timedelta(seconds=off):%Y-%m-%d %H:%M:%S}",
                "to": f"{max(stamps) + timedelta(seconds=off):%Y-%m-%d %H:%M:%S}",
            })  # fmt: skip


def write_logs(world: World, online: list[Placed], folder: Path) -> dict[str, Any]:
    """Write the logs of three services and tell the key what is in them."""
    made = _Services(world, online)
    for placed in online:
        made.order(placed)
    for number in range((made.last - made.first).days + 1):
        made.day(number)
    made.bursts()
    index: dict[str, Any] = {}
    counts: dict[str, int] = {}
    forms: dict[str, str] = {}
    for service in _SERVICES:
        form, write = made.draw.pick(FORMATS[service])
        forms[service] = form
        counts[service] = _write(made, service, write, folder / service)
        index[f"{service}/*.log"] = {"meaning": _MEANING[service], "service": service,
                                     "format": form, "access": ["it", "data"]}  # fmt: skip
    source = {
        "name": "logs",
        "kind": "logs",
        "location": "HERE",
        "meaning": f"application logs of {made.first} to {made.last}, local time of the servers",
        "owner": world.company.who("IT").name,
        "licence": "CC0-1.0 (generated)",
        "logs": index,
    }
    text = yaml_text(source).replace("location: HERE\n", 'location: "."\n')
    (folder / "source.yaml").write_text(text, encoding="utf-8")
    low, high = made.skew_days
    return {
        "from": made.first.isoformat(),
        "to": made.last.isoformat(),
        "lines": counts,
        "formats": forms,
        "bursts": made.facts["bursts"],
        "rare_error": {
            "code": made.code,
            "service": "checkout",
            "lines": made.broken,
            "from": made.effect.starts.isoformat(),
            "to": (made.effect.ends or made.effect.starts).isoformat(),
            "explains": made.effect.id,
        },
        "clock_skew": {
            "service": made.skewed,
            "against": "gateway",
            "seconds": made.skew,
            "from": low.isoformat(),
            "to": high.isoformat(),
        },
    }


_MEANING: Mapping[str, str] = {
    "gateway": "every request from outside",
    "checkout": "baskets and payments",
    "fulfilment": "reservations and labels",
}


def _write(
    made: _Services, service: str, write: Callable[[datetime, Line], str], folder: Path
) -> int:
    """Write one file for each week, in the order of the service's clock."""
    folder.mkdir(parents=True, exist_ok=True)
    weeks: dict[str, list[str]] = {}
    for at, _, line in sorted(made.books[service].lines, key=lambda x: (x[0], x[1])):
        week = (at.date() - made.first).days // 7
        stamp = (made.first + timedelta(days=7 * max(0, week))).isoformat()
        weeks.setdefault(stamp, []).append(write(at, line))
    count = 0
    for stamp, lines in weeks.items():
        text = "\n".join(lines) + "\n"
        count += text.count("\n")
        (folder / f"{service}-{stamp}.log").write_text(text, encoding="utf-8", newline="\n")
    return count
