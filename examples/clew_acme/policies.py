"""Which rules did the company follow, when did they change, and which of them does the data obey?

A rule that changed has an old and a new value and the day of the change: the wiki holds a page for
each, and only the dates say which one holds now.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from clew_acme.company import Company
from clew_acme.effects import Effect, of_kind
from clew_acme.streams import Stream

__all__ = ["Policy", "decide", "policy"]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """One rule with its history, and a value that somebody proposed in vain."""

    id: str
    department: str
    subject: str
    unit: str
    old: int
    new: int
    proposed: int
    changed: date

    def at(self, day: date) -> int:
        """Give the value that held on a day."""
        return self.new if day >= self.changed else self.old


_Draw = Callable[[Stream], tuple[int, int, int]]


def _two(*values: int) -> _Draw:
    def draw(stream: Stream) -> tuple[int, int, int]:
        old, new, proposed = stream.sample(values, 3)
        return old, new, proposed

    return draw


_RULES: tuple[tuple[str, str, str, str, _Draw], ...] = (
    ("return_window", "Customer Service", "days a customer has to send goods back", "days",
     _two(14, 21, 30, 45, 60, 100)),
    ("free_shipping", "Marketing", "order value from which delivery is free", "BASE",
     _two(29, 35, 39, 45, 49, 55, 59, 69, 75)),
    ("shipping_fee", "Operations", "delivery fee below the free-delivery limit, in cents", "cents",
     _two(390, 450, 495, 590, 650, 690)),
    ("refund_limit", "Customer Service", "amount up to which an agent refunds without asking",
     "BASE", _two(25, 40, 50, 75, 80, 100, 120, 150)),
    ("cut_off", "Operations", "hour up to which orders leave on the same day", "o'clock",
     _two(12, 13, 14, 15, 16, 17)),
    ("price_match", "Buying", "days for which we match a lower price found elsewhere", "days",
     _two(3, 5, 7, 10, 14)),
    ("discount_approval", "Marketing", "discount above which the head of marketing must approve",
     "percent", _two(10, 15, 20, 25, 30)),
    ("top_tier", "Marketing", "spend in twelve months that earns the top tier", "BASE",
     _two(300, 400, 500, 600, 750, 900, 1200)),
    ("active_customer", "Data", "days without an order after which a customer is not active",
     "days", _two(60, 90, 120, 180, 365)),
    ("log_retention", "IT", "days for which application logs are kept", "days",
     _two(14, 30, 45, 60, 90, 180)),
    ("password_age", "IT", "days after which a password must be changed", "days",
     _two(30, 60, 90, 180, 365)),
    ("home_office", "People", "days a week that may be worked from home", "days", _two(1, 2, 3, 4)),
    ("per_diem", "Finance", "meal allowance for a day of travel", "BASE",
     _two(24, 28, 32, 36, 40, 46)),
    ("payment_terms", "Finance", "days until a supplier's invoice is paid", "days",
     _two(14, 30, 45, 60, 75, 90)),
    ("stock_cover", "Buying", "weeks of cover at which an A article is reordered", "weeks",
     _two(2, 3, 4, 5, 6, 8)),
    ("session_timeout", "IT", "minutes without a click that end a web session", "minutes",
     _two(15, 20, 30, 45, 60)),
    ("gift_card", "Finance", "months after which a gift card expires", "months",
     _two(12, 24, 36, 48, 60)),
    ("training_budget", "People", "training budget a year for each employee", "BASE",
     _two(400, 500, 600, 800, 1000, 1200)),
)  # fmt: skip


def decide(company: Company, effects: tuple[Effect, ...]) -> tuple[Policy, ...]:
    """Draw the rules of a company."""
    draw = Stream(company.seed, "policies")
    out = []
    for name, department, subject, unit, values in _RULES:
        old, new, proposed = values(draw)
        day = company.start + timedelta(days=draw.between(120, company.days - 60))
        out.append(
            Policy(
                id=name,
                department=department,
                subject=subject,
                unit=company.currency if unit == "BASE" else unit,
                old=old,
                new=new,
                proposed=proposed,
                changed=day.replace(day=draw.pick((1, 1, 1, 15))),
            )
        )
    out.append(_service_level(company, effects, draw))
    return tuple(out)


def _service_level(company: Company, effects: tuple[Effect, ...], draw: Stream) -> Policy:
    effect = of_kind(effects, "definition_change")[0]
    changed, old, new = company.start - timedelta(days=200), draw.pick((24, 72)), 48
    if effect.place["definition"] == "service":
        changed = effect.starts
        old, new = int(effect.detail["before"]), int(effect.detail["after"])
    return Policy(
        id="service_level",
        department="Customer Service",
        subject="hours within which a ticket must be solved",
        unit="hours",
        old=old,
        new=new,
        proposed=next(x for x in (36, 24, 72) if x not in (old, new)),
        changed=changed,
    )


def policy(policies: tuple[Policy, ...], name: str) -> Policy:
    """Find a rule."""
    return next(p for p in policies if p.id == name)
