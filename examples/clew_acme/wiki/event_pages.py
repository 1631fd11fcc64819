"""What did people write while the planted effects happened: first guesses, causes, lessons?"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from clew_acme.company import MONTHS
from clew_acme.effects import Effect
from clew_acme.streams import Stream
from clew_acme.tables_reference import Campaign
from clew_acme.wiki.weave import Page, Weaver, working_day
from clew_acme.words import text
from clew_acme.world import World

__all__ = ["event_pages"]

_QUESTIONS = {
    "so_cause": ("Why was {category} missing in {warehouse}?", "because of a {cause}", "so_first"),
    "churn": ("What reason did the customers who left in {month} give?", "{cause}", ""),
    "supplier": ("What did {supplier} admit about the rise in returns?",
                 "that production was moved to another plant", ""),
    "definition": ("What changed in the definition on {day}?", "{def_text}", ""),
    "checkout": ("Why could customers with {browser} not pay on their phones?",
                 "the new payment script used a call that the browser does not know ({code})",
                 "checkout_first"),
    "delay": ("Why were {carrier} parcels from {warehouse} late?", "{cause} at the carrier", ""),
    "surge": ("What caused the many {topic!r} tickets on {category}?",
              "a wrong sheet in the box", ""),
    "leak": ("How could the code {coupon_code} leak?",
             "the checkout never checked who uses a staff code", ""),
    "price": ("By how much did list prices of {category} rise?", "{rise} percent", ""),
    "slide": ("Why do sales in {region} slide?", "{cause}", ""),
    "camp_goal": ("What was the goal of the campaign for {category}?",
                  "half as many orders again", ""),
    "simpson": ("Which of {a} and {b} is better when the mix is the same?", "{a}", ""),
    "fx": ("At which rate are open {currency} budgets revalued?", "at the rate of {day}", ""),
}  # fmt: skip


def _facts(world: World, effect: Effect, running: list[Campaign]) -> dict[str, str | date]:
    c = world.company
    place, detail = effect.place, effect.detail
    ends = effect.ends or effect.starts
    facts: dict[str, str | date] = {k: v for k, v in place.items()}
    facts |= {k: str(v) for k, v in detail.items()}
    facts |= {
        "d1": effect.starts,
        "d2": ends,
        "d1ish": f"{MONTHS[effect.starts.month - 1]}",
        "month": f"{MONTHS[effect.starts.month - 1]} {effect.starts.year}",
        "size": f"{abs(effect.size) * 100:.0f}" if effect.kind != "currency_shock"
        else f"{abs(effect.size) * 100:.1f}",
        "n": f"{effect.size:.0f}",
        "channel": place.get("acquisition_channel", place.get("sales_channel", "")),
        "coupon": place.get("coupon_code", ""),
        "a": place.get("traffic_channel", place.get("team", place.get("carrier", ""))),
        "b": place.get("against", ""),
        "rise": f"{float(detail.get('rise', 0)) * 100:.1f}",
        "nth": {0: "second", 1: "third", 2: "fourth", 3: "fifth"}.get(
            max(0, round(1 / abs(effect.size)) - 2) if effect.size else 3, "sixth"
        ),
        "day": effect.starts.isoformat(),
    }  # fmt: skip
    if effect.kind == "definition_change":
        facts |= _definition(world, effect)
    for campaign in running:
        if campaign.category == place.get("category") and campaign.starts == effect.starts:
            facts |= {
                "campaign": campaign.name,
                "code_or_none": campaign.code or "none",
                "budget": f"{campaign.budget // 100:,} {campaign.currency}".replace(",", " "),
            }
    facts.setdefault("campaign", f"{place.get('category', c.name)} push")
    facts.setdefault("code_or_none", "none")
    facts.setdefault("budget", "see controlling")
    return facts


def _definition(world: World, effect: Effect) -> dict[str, str | date]:
    n = world.names.of
    low, high = effect.detail["before"], effect.detail["after"]
    net = f"`{n('orders', 'net_amount')}`"
    day = effect.starts.isoformat()
    texts = {
        "net amount and shipping": (f"From {day} on {net} no longer contains the shipping fee.",
                                    "net amount"),
        "net amount and coupons": (f"From {day} on coupons are treated as a means of payment and "
                                   f"are no longer taken off {net}.", "net amount"),
        "bounce": (f"From {day} on a visit is a bounce when it has one page and lasts less than "
                   f"{high} seconds (before: {low}).", "bounces"),
        "service": (f"From {day} on a ticket is in time when it is solved within {high} hours "
                    f"(before: {low}).", "service level"),
    }  # fmt: skip
    text_, short = texts[effect.place["definition"]]
    return {"def_text": text_, "def_short": short}


def event_pages(
    world: World, weaver: Weaver, running: list[Campaign]
) -> tuple[list[Page], list[dict[str, Any]]]:
    """Write the pages about effects and the questions that they answer."""
    draw = Stream(world.seed, "event pages")
    fragments: dict[str, list[tuple[str, str, str, int, int, str]]] = {}
    for part in ("\n" + text("wiki_effects.txt")).split("\n=== ")[1:]:
        head, _, body = part.partition("\n")
        kind, department, access, form, days = (x.strip() for x in head.split("|"))
        span = re.fullmatch(r"(-?\d+)-(-?\d+)", days)
        low, high = (int(span[1]), int(span[2])) if span else (0, 1)
        fragments.setdefault(kind, []).append((department, access, form, low, high, body))
    pages: list[Page] = []
    asked: list[dict[str, Any]] = []
    last = world.company.now.date() - timedelta(days=1)
    for effect in world.effects:
        facts = _facts(world, effect, running)
        marked: dict[str, Page] = {}
        # The second of a kind is told in other words: hardly anybody writes the same mail twice.
        told = fragments.get(effect.id) or fragments.get(effect.kind, [])
        for number, fragment in enumerate(told, start=1):
            department, access, form, low, high, body = fragment
            author = world.company.who(department, draw.below(3))
            woven, passages = weaver.weave(body, draw, author, facts)
            title = _title(woven)
            page = Page(
                name=f"{effect.id}-{number}",
                kind=form,
                title=title,
                author=author,
                day=working_day(
                    min(effect.starts + timedelta(days=draw.between(low, high)), last), draw
                ),
                access=None if access == "-" else access,
                department=department,
                text=woven,
                passages=passages,
            )
            pages.append(page)
            marked |= dict.fromkeys(passages, page)
        asked += _asked(facts, marked)
    return pages, asked


def _title(woven: str) -> str:
    first = woven.strip().splitlines()[0]
    return first.removeprefix("Subject:").lstrip("#* ").strip()


def _asked(facts: Mapping[str, str | date], marked: Mapping[str, Page]) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    for mark, page in marked.items():
        if mark in _QUESTIONS:
            question, answer, old = _QUESTIONS[mark]
            out.append(
                {
                    "question": question.format(**facts),
                    "answer": answer.format(**facts),
                    "mark": mark,
                    "holds": page,
                    "outdated": [marked[old]] if old in marked else [],
                    "old_mark": old,
                }
            )
    return out
