"""Which words does this company use for its metrics and jargon, and where are they explained?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clew_acme.effects import of_kind
from clew_acme.streams import Stream
from clew_acme.words import load
from clew_acme.world import World

__all__ = ["Metric", "Term", "Vocabulary", "facts", "speak"]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A named measure."""

    key: str
    name: str
    expression: str
    unit: str
    meaning: str
    time: str
    aliases: tuple[str, ...]
    filter: str = ""


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word of jargon; `documented` names glossary, scripts or wiki."""

    key: str
    name: str
    condition: str
    aliases: tuple[str, ...]
    documented: str


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """All metrics and terms of a seed by key."""

    metrics: Mapping[str, Metric]
    terms: Mapping[str, Term]

    def word(self, key: str) -> str:
        """Give the chosen word for a key."""
        return (self.metrics.get(key) or self.terms[key]).name


def facts(world: World) -> dict[str, str]:
    """Give the values that conditions and questions need besides names."""
    c = world.company
    leak = of_kind(world.effects, "coupon_leak")[0]
    draw = Stream(world.seed, "facts")
    return {
        "top_tier": c.tiers[-1],
        "big_basket": str(draw.pick((150, 200, 250, 300))),
        "channel_web": c.sales_channels[0],
        "channel_app": c.sales_channels[1],
        "home": c.regions[0].name,
        "leak_code": leak.place["coupon_code"],
        "express": list(c.carriers[0].promised)[1],
        "base": c.currency,
    }


def fill(text: str, values: Mapping[str, str], quoted: bool = False) -> str:
    """Put values for `<words>`; with quotes doubled inside SQL."""
    for key, value in values.items():
        text = text.replace(f"<{key}>", value.replace("'", "''") if quoted else value)
    return text


def speak(world: World) -> Vocabulary:
    """Draw the words of a company."""
    draw = Stream(world.seed, "vocabulary")
    lists: dict[str, Any] = load("glossary.yaml")
    values = facts(world)
    metrics: dict[str, Metric] = {}
    for key, m in lists["metrics"].items():
        names = draw.shuffled(m["names"])
        aliases = names[1 : 1 + draw.between(0, 2)]
        metrics[key] = Metric(
            key=key,
            name=names[0],
            expression=world.names.sql(m["expression"]),
            unit=world.company.currency if m["unit"] == "BASE" else m["unit"],
            meaning=m["meaning"],
            time=world.names.sql(m["time"]),
            aliases=tuple(aliases),
            filter=world.names.sql(m.get("filter", "")),
        )
    terms: dict[str, Term] = {}
    asked = {"premium", "big_basket", "digital_order", "hot_ticket"}
    for key, t in lists["terms"].items():
        names = draw.shuffled(t["names"])
        where = draw.weighted(("glossary", "scripts", "wiki"), (6, 2, 1.5))
        terms[key] = Term(
            key=key,
            name=names[0],
            condition=fill(world.names.sql(t["condition"]), values, quoted=True),
            aliases=tuple(names[1 : 1 + draw.between(0, 2)]),
            documented="glossary" if key in asked else where,
        )
    return Vocabulary(metrics=metrics, terms=terms)
