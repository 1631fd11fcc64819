"""Who are the customers, where do they live, and when do they come and go?"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from clew_acme.effects import of_kind
from clew_acme.frames import Columns, day_number, join, words
from clew_acme.people import ascii_name
from clew_acme.streams import Draws, Ints
from clew_acme.words import load
from clew_acme.world import World

__all__ = ["Accounts", "accounts", "addresses", "near_duplicates"]

_MAIL = ("mail.example", "post.example", "inbox.example", "web.example", "fastmail.example")


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """All customers as arrays by position."""

    number: Ints
    region: Ints
    country: Ints
    signup: Ints
    closed: Any
    activity: Ints
    countries: tuple[str, ...]
    columns: Columns


def accounts(world: World) -> Accounts:
    """Draw the customers, in order of sign-up."""
    c = world.company
    rows = world.count(13_500, 300)
    draws = Draws(world.seed, "customers")
    first = day_number(c.start)
    old = draws.chance(0.42, rows)
    fresh = draws.unit(rows)
    fresh = np.where(draws.chance(0.15, rows), fresh, fresh * fresh * (2 - fresh))
    signup = np.where(old, first - draws.between(1, 900, rows), 0)
    signup = np.where(old, signup, first + np.asarray(fresh * (c.days - 8), dtype=np.int64))
    signup = np.sort(signup)
    region = draws.weighted([r.weight for r in c.regions], rows)
    countries = tuple(x for r in c.regions for x in r.countries)
    starts = np.cumsum([0, *[len(r.countries) for r in c.regions]])[:-1]
    sizes = np.asarray([len(r.countries) for r in c.regions])
    # The first country of a region holds more than its share.
    luck = draws.unit(rows)
    country = starts[region] + np.asarray(luck * luck * sizes[region], dtype=np.int64)
    segment = draws.weighted((5, 3, 1.4, 0.6), rows)
    acquired = draws.weighted([4, 3, 2, 2, 1.4, 1.2][: len(c.acquisition)], rows)
    tier = np.minimum(3, draws.below(5, rows) * draws.below(3, rows) // 2)
    tier = np.where(segment == 2, np.minimum(3, tier + draws.below(2, rows)), tier)
    closed = _closing(world, draws, signup, segment, acquired)
    given, family, names, mails = _names(world, draws, country, countries)
    dial = load("places.yaml")
    phone = join(
        words([dial[x]["dial"] for x in countries], country),
        pa.array([" "] * rows),
        pa.array(draws.between(20, 799, rows)).cast(pa.string()),
        pa.array([" "] * rows),
        pa.array(draws.between(100_000, 9_999_999, rows)).cast(pa.string()),
    )
    number = 100_001 + np.arange(rows, dtype=np.int64)
    birth = np.ma.masked_array(
        day_number(c.start) - draws.between(6800, 27_500, rows), mask=draws.chance(0.28, rows)
    )
    columns: Columns = {
        "customer_id": number,
        "full_name": names,
        "email": mails,
        "phone": phone,
        "segment": words(c.segments, segment),
        "tier": words(c.tiers, tier),
        "region": words([r.name for r in c.regions], region),
        "acquisition_channel": words(c.acquisition, acquired),
        "signup_on": signup,
        "birth_date": birth,
        "marketing_opt_in": draws.chance(0.46, rows),
        "closed_on": closed,
    }
    return Accounts(
        number=number,
        region=region,
        country=country,
        signup=signup,
        closed=closed,
        activity=1 + draws.below(6, rows) * draws.below(5, rows) + 2 * tier,
        countries=countries,
        columns=columns,
    )


def _closing(world: World, draws: Draws, signup: Ints, segment: Ints, acquired: Ints) -> Any:
    c, rows = world.company, len(signup)
    first, last = day_number(c.start), day_number(c.end)
    day = np.maximum(signup + 30, first) + np.asarray(
        draws.unit(rows) * np.maximum(last - np.maximum(signup + 30, first), 1), dtype=np.int64
    )
    leaves = draws.chance(0.17, rows) & (day < last)
    for effect in of_kind(world.effects, "churn_wave"):
        start = day_number(effect.starts)
        length = day_number(effect.ends or effect.starts) - start + 1
        here = (
            (segment == c.segments.index(effect.place["segment"]))
            & (acquired == c.acquisition.index(effect.place["acquisition_channel"]))
            & (signup < start)
            & ~(leaves & (day < start))
        )
        wave = here & draws.even(np.full(rows, effect.size), here.astype(np.int64))
        day = np.where(wave, start + draws.below(length, rows), day)
        leaves |= wave
    return np.ma.masked_array(day, mask=~leaves)


def _names(
    world: World, draws: Draws, country: Ints, countries: tuple[str, ...]
) -> tuple[Ints, Ints, pa.Array, pa.Array]:
    lists, places = load("people.yaml"), load("places.yaml")
    families = [places[x]["names"] for x in countries]
    groups = sorted(set(families))
    given_all = [n for g in groups for n in lists[g]["given"]]
    family_all = [n for g in groups for n in lists[g]["family"]]
    offset_given = np.cumsum([0, *[len(lists[g]["given"]) for g in groups]])[:-1]
    offset_family = np.cumsum([0, *[len(lists[g]["family"]) for g in groups]])[:-1]
    size_given = np.asarray([len(lists[g]["given"]) for g in groups])
    size_family = np.asarray([len(lists[g]["family"]) for g in groups])
    group = np.asarray([groups.index(f) for f in families])[country]
    rows = len(country)
    given = offset_given[group] + draws.below(size_given[group], rows)
    family = offset_family[group] + draws.below(size_family[group], rows)
    # Many people have moved: the surname often comes from elsewhere.
    moved = draws.chance(0.2, rows)
    family = np.where(moved, draws.below(len(family_all), rows), family)
    blank = pa.array([" "] * rows)
    names = join(words(given_all, given), blank, words(family_all, family))
    dot = words([".", "_", "", "."], draws.below(4, rows))
    number = words(["", *[str(n) for n in range(1, 99)]], draws.below(140, rows) % 99)
    mails = join(
        words([ascii_name(n) for n in given_all], given),
        dot,
        words([ascii_name(n) for n in family_all], family),
        number,
        pa.array(["@"] * rows),
        words(_MAIL, draws.below(len(_MAIL), rows)),
    )
    return given, family, names, mails


def addresses(world: World, people: Accounts) -> Columns:
    """Draw a billing address for everybody and a shipping address for some."""
    draws = Draws(world.seed, "addresses")
    places, lists = load("places.yaml"), load("people.yaml")
    extra = np.flatnonzero(draws.chance(0.22, len(people.number)))
    who = np.sort(np.concatenate([np.arange(len(people.number)), extra]), kind="stable")
    second = np.concatenate([np.zeros(1, bool), who[1:] == who[:-1]])
    rows = len(who)
    cities = [
        (x, city, stem)
        for x in people.countries
        for city, stem in places[x]["cities"].items()
    ]  # fmt: skip
    count = np.asarray([len(places[x]["cities"]) for x in people.countries])
    offset = np.cumsum([0, *count.tolist()])[:-1]
    country = people.country[who]
    luck = draws.unit(rows)
    city = offset[country] + np.asarray(luck * luck * count[country], dtype=np.int64)
    quarter = draws.below(9, rows)
    digits = [places[x]["digits"] for x, _, _ in cities]
    codes = [
        f"{stem}{quarter * 7 + 3:0{size - 2}d}"
        for (_, _, stem), size in zip(cities, digits, strict=True)
        for quarter in range(9)
    ]
    number = words([str(n) for n in range(1, 161)], draws.below(160, rows))
    return {
        "address_id": 700_001 + np.arange(rows, dtype=np.int64),
        "customer_id": people.number[who],
        "address_kind": words(("billing", "shipping"), second.astype(np.int64)),
        "street": join(
            words(lists["streets"], draws.below(len(lists["streets"]), rows)),
            pa.array([" "] * rows),
            number,
        ),
        "postcode": words(codes, city * 9 + quarter),
        "city": words([name for _, name, _ in cities], city),
        "country": words([x for x, _, _ in cities], city),
        "region": words([places[x]["region"] for x, _, _ in cities], city),
    }


def near_duplicates(world: World, columns: Columns) -> Columns:
    """Add second accounts of the same people, typed a little differently, and note the pairs."""
    from clew_acme.defects import Note

    flaw = next(f for f in world.defects.flaws if f.kind == "near_duplicate")
    rows = len(columns["customer_id"])
    draws = Draws(world.seed, "near duplicates")
    copied = draws.some(rows, min(flaw.rows, rows // 10))
    numbers = 100_001 + rows + np.arange(len(copied), dtype=np.int64)
    out: Columns = {}
    for name, values in columns.items():
        if isinstance(values, pa.Array):
            out[name] = pa.concat_arrays([values, values.take(pa.array(copied))])
        elif name == "customer_id":
            out[name] = np.concatenate([values, numbers])
        else:
            joined: Any = np.ma
            out[name] = joined.concatenate([values, values[copied]])
    names, mails = out["full_name"].to_pylist(), out["email"].to_pylist()
    phones = out["phone"].to_pylist()
    last = day_number(world.company.end) - 1
    signup = np.asarray(out["signup_on"]).copy()
    way = draws.below(4, len(copied)).tolist()
    later = draws.between(1, 400, len(copied)).tolist()
    for i, source in enumerate(copied.tolist()):
        row = rows + i
        given, _, family = names[row].partition(" ")
        if way[i] == 0:
            names[row] = f"{family}, {given}"
        elif way[i] == 1:
            names[row] = f"{given[0]}. {family}"
        elif way[i] == 2:
            names[row] = names[row].upper()
        else:
            names[row] = f"{given} {family[:-1]}" if len(family) > 4 else f"{given}  {family}"
        local, _, host = mails[row].partition("@")
        mails[row] = f"{local}@{_MAIL[(_MAIL.index(host) + 1) % len(_MAIL)]}"
        if i % 3:
            phones[row] = phones[row].replace(" ", "").replace("+", "00")
        signup[row] = min(int(signup[source]) + later[i], last)
        world.defects.notes.append(
            Note(
                flaw=flaw.id,
                key={"customer_id": int(numbers[i])},
                found=names[row],
                should_be={"same_person_as": int(out["customer_id"][source])},
            )
        )
    out["full_name"], out["email"] = pa.array(names), pa.array(mails)
    out["phone"], out["signup_on"] = pa.array(phones), signup
    # A second account stays open: nobody closes what he forgot.
    mask = np.ma.getmaskarray(out["closed_on"]).copy()
    mask[rows:] = True
    out["closed_on"] = np.ma.masked_array(np.ma.getdata(out["closed_on"]), mask=mask)
    return out
