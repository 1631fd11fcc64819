"""Which everyday words mean the same as words that stand in names of tables and columns."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from clew_agents.sql.words import singular

# Each row is a ring of words that schemas use for one thing. Only words that are safe alone: a
# word that means different things in different trades ("value", "account") is not here.
_RINGS: tuple[str, ...] = (
    "customer client buyer",
    "employee staff worker colleague",
    "supplier vendor",
    "product article item",
    "part component",
    "order purchase",
    "song track",
    "artist band musician",
    "film movie",
    "author writer",
    "population people inhabitant person resident",
    "nation country",
    "town city",
    "street address",
    "phone telephone",
    "truck lorry",
    "bar pub tavern",
    "payment remittance",
    "passenger flyer",
    "fee charge",
    "price cost",
    "mail email",
    "salary wage pay",
    "revenue sales turnover",
    "amount sum total",
    "quantity qty units",
    "expectancy expectation",
    "duration length runtime milliseconds seconds minutes",
    "segment division",
    "comment remark note",
    "category kind type",
    "teacher instructor",
    "pupil student",
    "car vehicle automobile",
    "shop store",
    "firm company",
    "department dept",
    "discount rebate",
    "date day",
)

# "The longest track" names no column; these words say which column it can mean.
ADJECTIVES: dict[str, tuple[str, ...]] = {
    "long": (
        "duration",
        "length",
        "runtime",
        "milliseconds",
        "seconds",
        "minutes",
        "distance",
        "pages",
    ),
    "short": (
        "duration",
        "length",
        "runtime",
        "milliseconds",
        "seconds",
        "minutes",
        "distance",
        "pages",
    ),
    "expensive": ("price", "cost", "fee", "fare", "rate"),
    "cheap": ("price", "cost", "fee", "fare", "rate"),
    "costly": ("price", "cost", "fee", "fare", "rate"),
    "old": ("birth", "birthdate", "birthday", "born", "age", "founded", "built"),
    "young": ("birth", "birthdate", "birthday", "born", "age", "founded", "built"),
    "paid": ("salary", "wage", "pay", "income", "earnings", "compensation"),
    "heavy": ("weight", "mass"),
    "light": ("weight", "mass"),
    "tall": ("height",),
    "fast": ("speed", "velocity", "time", "tempo"),
    "slow": ("speed", "velocity", "time", "tempo"),
    "flat": ("slope", "gradient", "incline"),
    "rich": ("wealth", "income", "gdp", "networth"),
    "poor": ("wealth", "income", "gdp", "networth"),
    "populous": ("population", "pop"),
    "populated": ("population", "pop"),
    "hot": ("temperature", "temp"),
    "cold": ("temperature", "temp"),
}

# Short words in names of tables, and what they are short for: "exchange rates" of fx_rates.
SHORT: dict[str, tuple[str, ...]] = {
    "fx": ("exchange", "foreign", "currency"),
    "hr": ("human", "resources", "personnel"),
    "po": ("purchase",),
    "gl": ("ledger",),
    "ar": ("receivable", "receivables"),
    "ap": ("payable", "payables"),
}

# Verbs that say that something began or was over, and the words that their dates are called by.
STARTED = frozenset("started starts start began begun begin launched".split())
ENDED = frozenset("ended ends end finished stopped expired".split())
STARTS = STARTED | frozenset("first from since launch".split())
ENDS = ENDED | frozenset("last until finish stop expiry expires".split())


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What somebody does from one date to another: words for it, for its begin and for its end."""

    nouns: frozenset[str]
    begins: frozenset[str]
    ends: frozenset[str]


PHASES: tuple[Phase, ...] = tuple(
    Phase(nouns=frozenset(n.split()), begins=frozenset(b.split()), ends=frozenset(e.split()))
    for n, b, e in (
        (
            "delivery transit shipping",
            "shipped sent dispatched left departed departure ship dispatch",
            "delivered delivery arrived arrival deliver",
        ),
        (
            "resolution solving handling",
            "opened created reported raised",
            "closed solved resolved finished completed",
        ),
    )
)

# "Today" asks for what still goes on where a date of these words is empty so long.
NOW = frozenset(("today", "now", "currently", "at present", "at the moment"))
LEFT = frozenset("left leave leaving exit terminated resigned retired discontinued".split())

# Verbs of two words, and the one that names of tables and columns come from.
PHRASAL: dict[tuple[str, ...], tuple[str, ...]] = {
    ("sent", "back"): ("returned",),
    ("came", "back"): ("returned",),
    ("come", "back"): ("returned",),
    ("coming", "back"): ("returned",),
    ("brought", "back"): ("returned",),
    ("gave", "back"): ("returned",),
    ("given", "back"): ("refunded",),
    ("paid", "back"): ("refunded",),
    ("signed", "up"): ("signup",),
    ("sign", "up"): ("signup",),
    ("called", "off"): ("cancelled",),
    ("filled", "in"): ("completed",),
}

# A total of these makes sense; a total of others (prices, rates, ages) does not.
ADDITIVE = frozenset(
    "amount quantity qty total sales revenue turnover units count sum bytes volume income profit "
    "discount refund rebate commission tip bonus fine "
    "cost expense expenses spend spending donation payment paid sold visits views clicks orders "
    "downloads attendance goals points hours minutes loss tax deposit withdrawal births deaths "
    "cases production consumption".split()
)
# A total of these makes sense at one moment, never over time.
STOCK = frozenset(
    "population pop people inhabitants balance bal members seats capacity area stock inventory "
    "headcount enrollment onhand".split()
)
AVERAGED = frozenset(
    "rate ratio percent percentage pct share age score rating average avg mean gdp percap "
    "capita expectancy exp temperature temp speed height latitude longitude lat lon index level "
    "degree year per median density probability margin gpa grade".split()
)

# Columns of these names hold what a row of the table is worth, if the question names only the
# table ("total of all invoices"); the first that is there counts.
WORTH: tuple[str, ...] = (
    "total", "totalamount", "totalprice", "amount", "grandtotal", "totaldue", "revenue", "sales",
    "turnover", "value", "sum",
)  # fmt: skip

# Columns that name a row for people.
LABELS: tuple[str, ...] = ("name", "fullname", "title", "label", "description")

GEOGRAPHY = frozenset(
    "country nation continent region state province city nationality area territory".split()
)


_MEASURES = frozenset("millisecond second minute unit".split())


@functools.cache
def synonyms(word: str) -> frozenset[str]:
    """List the words of the rings that word stands in, itself left out."""
    base = singular(word)
    if base in _MEASURES:
        return frozenset()  # "in minutes" is not answered by a column of seconds
    found: set[str] = set()
    for ring in _RINGS:
        members = ring.split()
        if base in {singular(member) for member in members}:
            found |= {member for member in members if singular(member) != base}
    return frozenset(found)
