"""What did three services log around the days on which the mobile checkout failed?

One request leaves a trace in several services under one id: that is how a clock that is off shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from clew_acme.effects import of_kind
from clew_acme.knowledge import yaml_text
from clew_acme.log_formats import FORMATS, Line
from clew_acme.streams import Stream
from clew_acme.tables_trade import Counters
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

    def __init__(self, world: World) -> None:
        self.world, self.draw = world, Stream(world.seed, "logs")
        self.effect = of_kind(world.effects, "checkout_error")[0]
        self.code = str(self.effect.detail["code"])
        self.first = self.effect.starts - timedelta(days=4)
        self.last = (self.effect.ends or self.effect.starts) + timedelta(days=3)
        self.books = {name: _Book() for name in _SERVICES}
        self.order = Counters().order + 40_000
        self.facts: dict[str, Any] = {"bursts": []}
        self.skewed = self.draw.pick(("checkout", "fulfilment"))
        self.skew = self.draw.pick((-1, 1)) * self.draw.between(37, 290)
        span = (self.last - self.first).days
        begin = self.draw.between(1, span // 3)
        self.skew_days = (
            self.first + timedelta(days=begin),
            self.first + timedelta(days=begin + self.draw.between(5, span - begin - 1)),
        )
        self.broken = 0
        # About 1.86 lines come of a request.
        wanted = 99_000 * min(1.0, max(world.scale, 0.05))
        self.per_day = round(wanted / (span + 1) / 1.86)

    def put(self, service: str, at: datetime, line: Line) -> None:
        """Write a line at the service's own idea of the time."""
        low, high = self.skew_days
        if service == self.skewed and low <= at.date() <= high:
            at = at + timedelta(seconds=self.skew)
        self.books[service].add(at, line)

    def id(self) -> str:
        """Draw a request id."""
        return f"{self.draw.below(16**8):08x}{self.draw.below(16**4):04x}"

    def day(self, number: int) -> None:
        """Make all requests of one day."""
        day = self.first + timedelta(days=number)
        midnight = datetime(day.year, day.month, day.day)
        for _ in range(self.per_day):
            hour = self.draw.weighted(range(24), _SHARE)
            at = midnight + timedelta(
                hours=hour, seconds=self.draw.below(3600), milliseconds=self.draw.below(1000)
            )
            self.request(at)

    def request(self, at: datetime) -> None:
        """Make one request and what follows from it."""
        draw, c = self.draw, self.world.company
        device = draw.weighted(("desktop", "mobile"), (45, 55))
        browser = draw.weighted(c.browsers, (4, 3, 1, 1, 1.2))
        kind = draw.weighted(("view", "search", "basket", "pay", "health"), (5, 2.2, 2, 2.3, 0.6))
        rid = self.id()
        agent = f"{browser}/{draw.between(88, 119)} ({device})"
        path = {
            "view": f"/p/{10_001 + draw.below(640)}",
            "search": f"/search?q={draw.pick(c.categories).name.split()[0].lower()}",
            "basket": "/basket",
            "pay": "/checkout",
            "health": "/healthz",
        }[kind]
        status, took = 200, draw.between(8, 240)
        if kind in ("pay", "basket"):
            status, took = self.pay(at, rid, browser, device, kind)
        elif draw.chance(0.012):
            status = draw.pick((301, 404, 404, 500))
        method = "POST" if kind == "pay" else "GET"
        self.put("gateway", at, Line("INFO", "", rid, {
            "method": method, "path": path, "status": status, "ms": took, "agent": agent,
            "ip": f"10.{draw.below(250)}.{draw.below(250)}.{draw.between(1, 250)}",
        }))  # fmt: skip

    def pay(self, at: datetime, rid: str, browser: str, device: str, kind: str) -> tuple[int, int]:
        """Log a basket or a payment; gives the status and the time it took."""
        draw, c = self.draw, self.world.company
        start = at + timedelta(milliseconds=draw.between(2, 40))
        self.put("checkout", start, Line("INFO", "basket priced", rid,
                                         {"lines": draw.between(1, 6)}))  # fmt: skip
        if kind == "basket":
            return 200, draw.between(20, 160)
        end = self.effect.ends or self.effect.starts
        hit = (
            self.effect.starts <= at.date() <= end
            and browser == self.effect.place["browser"]
            and device == "mobile"
        )
        if hit and draw.chance(-self.effect.size):
            self.broken += 1
            self.put("checkout", start + timedelta(milliseconds=draw.between(30, 400)), Line(
                "ERROR", "payment token rejected", rid,
                {"code": self.code, "agent": f"{browser} {device}"},
            ))  # fmt: skip
            return 422, draw.between(60, 700)
        payment = draw.pick(c.payments)
        done = start + timedelta(milliseconds=draw.between(90, 1400))
        if draw.chance(0.06):
            word = draw.pick(("PAY-2040", "CHK-1001", "PAY-2071"))
            self.put("checkout", done, Line("WARN", "payment declined", rid,
                                            {"code": word, "method": payment}))  # fmt: skip
            return 402, draw.between(200, 1500)
        self.order += 1
        self.put("checkout", done, Line("INFO", "payment authorised", rid,
                                        {"order": self.order, "method": payment}))  # fmt: skip
        self.fulfil(done + timedelta(milliseconds=draw.between(5, 60)), rid)
        return 201, draw.between(200, 1800)

    def fulfil(self, at: datetime, rid: str) -> None:
        """Log the reservation of an order."""
        draw, c = self.draw, self.world.company
        house = draw.pick(c.warehouses).name
        self.put("fulfilment", at, Line("INFO", "reserved", rid,
                                        {"order": self.order, "house": house}))  # fmt: skip
        luck = draw.unit()
        later = at + timedelta(seconds=draw.between(1, 20))
        if luck < 0.05:
            self.put("fulfilment", later, Line("WARN", "stock below reorder point", rid,
                                               {"article": 10_001 + draw.below(640)}))  # fmt: skip
        elif luck < 0.8:
            carrier = draw.pick(c.carriers).name
            self.put("fulfilment", later, Line("INFO", "label printed", rid, {"carrier": carrier}))
        elif luck < 0.805:
            self.put("fulfilment", later, Line(
                "ERROR", "label printer timed out", rid, {"house": house},
                trace=("PrinterTimeout: no answer within 10 s", "labels.py", "send_label"),
            ))  # fmt: skip

    def bursts(self) -> None:
        """Plant a crawler at the gateway and a locked database in fulfilment."""
        draw = self.draw
        scale = min(1.0, max(self.world.scale, 0.05))
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
                    line = Line("ERROR", "could not reserve: deadlock detected", rid,
                                {"order": self.order - draw.below(900)})  # fmt: skip
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


def write_logs(world: World, folder: Path) -> dict[str, Any]:
    """Write the logs of three services and tell the key what is in them."""
    made = _Services(world)
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
