"""Which questions have a verified answer, which have none, and which have several?"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from clew_acme.company import MONTHS
from clew_acme.streams import Stream
from clew_acme.tables_reference import Campaign
from clew_acme.vocabulary import Vocabulary, facts, fill
from clew_acme.words import load, text
from clew_acme.world import World

__all__ = ["Asker", "plain_value"]

_MACROS = {
    "@lines": "{order_lines} l JOIN {orders} o ON o.{orders.order_id} = l.{order_lines.order_id} "
    "JOIN {products} p ON p.{products.product_id} = l.{order_lines.product_id} "
    "JOIN {categories} g ON g.{categories.category_id} = p.{products.category_id}",
    "@year": "year(o.{orders.ordered_at}) = <year>",
    "@month_year_before": "o.{orders.ordered_at} >= DATE '<month.start>' - INTERVAL 1 YEAR "
    "AND o.{orders.ordered_at} < DATE '<month.end>' - INTERVAL 1 YEAR",
    "@month_after": "o.{orders.ordered_at} >= DATE '<month.end>' "
    "AND o.{orders.ordered_at} < DATE '<month.end>' + INTERVAL 1 MONTH",
    "@month": "o.{orders.ordered_at} >= DATE '<month.start>' "
    "AND o.{orders.ordered_at} < DATE '<month.end>'",
    "@last_month": "o.{orders.ordered_at} >= DATE '<last_month.start>' "
    "AND o.{orders.ordered_at} < DATE '<last_month.end>'",
    "@last_quarter": "o.{orders.ordered_at} >= DATE '<last_quarter.start>' "
    "AND o.{orders.ordered_at} < DATE '<last_quarter.end>'",
}


@dataclass(kw_only=True)
class _Template:
    grade: int
    times: int
    asks: list[list[str]] = field(default_factory=list)
    sqls: list[str] = field(default_factory=list)


def _templates() -> Iterator[_Template]:
    current: _Template | None = None
    for line in text("questions.txt").splitlines():
        if line.startswith("## "):
            if current:
                yield current
            grade, times = line[3:].split(" x")
            current = _Template(grade=int(grade), times=int(times))
        elif current and line[:2] in ("Q:", "F:"):
            current.asks.append(line[2:].strip().split("|"))
        elif current and line.startswith("S:"):
            current.sqls.append(line[2:].strip())
    if current:
        yield current


def plain_value(value: Any) -> Any:
    """Turn a database value into JSON: decimals as strings, floats with nine digits."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def _month_start(day: date, step: int = 0) -> date:
    number = day.year * 12 + day.month - 1 + step
    return date(number // 12, number % 12 + 1, 1)


class Asker:
    """Draw the questions of a world."""

    def __init__(self, world: World, words: Vocabulary, running: list[Campaign]) -> None:
        """Take what questions can be about."""
        self.world, self.words, self.running = world, words, running
        self.facts = facts(world)

    def verified(self) -> list[dict[str, Any]]:
        """Draw the questions with SQL; follow-ups name the question that they follow."""
        out: list[dict[str, Any]] = []
        seen: set[str] = set()
        draw = Stream(self.world.seed, "questions")
        for template in _templates():
            growing = any("<year_before>" in sql for sql in template.sqls)
            asked_times = 0
            for turn in range(3 * template.times):
                if asked_times == template.times:
                    break
                values = self.values(draw, growing)
                wording = [fill(self._jargon(draw.pick(asks)), values) for asks in template.asks]
                if turn == 0:
                    wording[0] = fill(self._jargon(template.asks[0][0]), values)
                if wording[0] in seen:
                    continue
                seen.add(wording[0])
                asked_times += 1
                first = ""
                for asked, sql in zip(wording, template.sqls, strict=True):
                    name = f"q{len(out) + 1:03d}"
                    filled = self.sql(sql, values)
                    out.append(
                        {
                            "id": name,
                            "question": asked[0].upper() + asked[1:] if not first else asked,
                            "follows": first or None,
                            "grade": template.grade,
                            "sql": filled,
                            "tables": self._tables(sql),
                            "ordered": "ORDER BY" in filled.rsplit(")", 1)[-1],
                        }
                    )
                    first = name
        return out

    def unanswerable(self) -> list[dict[str, Any]]:
        """Draw the questions without an answer."""
        draw = Stream(self.world.seed, "unanswerable")
        lines = [x for x in text("unanswerable.txt").splitlines() if x and not x.startswith("#")]
        out = []
        for line in draw.sample(lines, 21):
            values = {**self.values(draw), **self._absent(draw)}
            kind, asked, offending, reason = (fill(x.strip(), values) for x in line.split("|"))
            out.append({"question": asked, "kind": kind, "words": offending, "reason": reason})
        for number, item in enumerate(out, start=1):
            item["id"] = f"u{number:02d}"
        return out

    def ambiguous(self) -> list[dict[str, Any]]:
        """Draw the questions with several readings, each with its SQL."""
        draw = Stream(self.world.seed, "ambiguous")
        out: list[dict[str, Any]] = []
        values: dict[str, str] = {}
        for line in text("ambiguous.txt").splitlines():
            if line.startswith("? "):
                values = self.values(draw)
                asked, word, reason = (fill(x.strip(), values) for x in line[2:].split("|"))
                out.append({"id": f"a{len(out) + 1:02d}", "question": asked, "words": word,
                            "reason": reason, "readings": []})  # fmt: skip
                if values["fiscal_shift"] == "0" and ("fiscal" in reason):
                    out.pop()
                    values = {}
            elif line.startswith("- ") and values:
                meaning, sql = line[2:].split(": ", 1)
                out[-1]["readings"].append({"meaning": meaning, "sql": self.sql(sql, values)})
        return out

    def sql(self, template: str, values: Mapping[str, str]) -> str:
        """Expand macros, real names and values."""
        for macro in sorted(_MACROS, key=len, reverse=True):
            template = template.replace(macro, _MACROS[macro])
        return fill(self.world.names.sql(template), values, quoted=True)

    def _jargon(self, asked: str) -> str:
        return re.sub(r"%(\w+)%", lambda m: self.words.word(m.group(1)), asked)

    def _tables(self, template: str) -> list[str]:
        for macro in sorted(_MACROS, key=len, reverse=True):
            template = template.replace(macro, _MACROS[macro])
        return sorted(set(re.findall(r"\{(\w+)\}", template)))

    def values(self, draw: Stream, growing: bool = False) -> dict[str, str]:
        """Draw a value for every word that questions and scripts may hold.

        Growth needs a year that has a whole one before it.
        """
        c = self.world.company
        years = [y for y in range(c.start.year, c.end.year + 1)
                 if date(y, 1, 1) >= c.start and date(y, 12, 31) < c.end]  # fmt: skip
        later = [y for y in years if y - 1 in years]
        year = draw.pick(later if growing and later else years)
        month = _month_start(c.day(draw.between(400, c.days - 70)))
        last = _month_start(c.now.date(), -1)
        quarter_now = _month_start(c.now.date()).month
        quarter = _month_start(c.now.date(), -((quarter_now - 1) % 3))
        region, category, category2 = draw.pick(c.regions), *draw.sample(c.categories, 2)
        marketing = {x.owner for x in self.running}
        managers = [p for p in c.people if any(q.manager == p.number for q in c.people)]
        country = draw.pick(region.countries)
        places = load("places.yaml")
        before = year - 1 if year - 1 in years else year
        return {
            **self.facts,
            "year_before": str(before),
            "year": str(year),
            "month.start": month.isoformat(),
            "month.end": _month_start(month, 1).isoformat(),
            "month": f"{MONTHS[month.month - 1]} {month.year}",
            "last_month.start": last.isoformat(),
            "last_month.end": _month_start(last, 1).isoformat(),
            "last_quarter.start": _month_start(quarter, -3).isoformat(),
            "last_quarter.end": quarter.isoformat(),
            "now": c.now.date().isoformat(),
            "day": c.day(draw.below(c.days)).isoformat(),
            "region_of_country": region.name,
            "region": region.name,
            "country": country,
            "city": draw.pick(sorted(places[country]["cities"])),
            "category2": category2.name,
            "category": category.name,
            "channel": draw.pick(c.sales_channels),
            "payment": draw.pick(c.payments),
            "carrier": draw.pick(c.carriers).name,
            "warehouse": draw.pick(c.warehouses).name,
            "supplier": draw.pick(c.suppliers).name,
            "brand": draw.pick(draw.pick(c.suppliers).brands),
            "topic": draw.pick(c.topics),
            "traffic": draw.pick(c.traffic),
            "device": draw.pick(c.devices),
            "department": draw.pick(("Finance", "Data", "Marketing", "IT", "Customer Service")),
            "coupon": draw.pick([x.code for x in self.running if x.code]),
            "currency": draw.pick(c.currencies),
            "marketer": draw.pick([p.name for p in c.people if p.number in marketing]),
            "manager": draw.pick(managers).name,
            "n": str(draw.pick((3, 5, 10))),
            "kilos": str(draw.pick((3, 4, 5))),
            "spend": str(draw.pick((500, 800, 1000))),
            "fiscal_shift": str((13 - c.fiscal_month) % 12),
        }

    def _absent(self, draw: Stream) -> dict[str, str]:
        c, trades = self.world.company, load("industries.yaml")
        places = load("places.yaml")
        every = {p["region"] for p in places.values()} | {"Japan", "Brazil", "Canada"}
        other = [k for k in trades["company_tails"] if k != c.industry]
        categories = trades[draw.pick(sorted(other))]["categories"]
        absent = [n for group in categories.values() for n in group
                  if n not in {x.name for x in c.categories}]  # fmt: skip
        return {
            "no_region": draw.pick(sorted(every - {r.name for r in c.regions})),
            "no_category": draw.pick(absent),
            "no_carrier": draw.pick(sorted(set(trades["carriers"]) - {x.name for x in c.carriers})),
            "no_coupon": f"{draw.pick(('SUN', 'LUCKY', 'HELLO', 'MEGA'))}{draw.between(60, 99)}Q",
            "no_team": draw.pick(("Red Squad", "Escalations", "Team Zebra", "Back Office 9")),
            "year_too_early": str(c.start.year - draw.between(2, 6)),
            "year_too_late": str(c.end.year + draw.between(1, 4)),
        }
