"""Which other words mean the same as a noun of a world? For questions that do not use its own."""

from __future__ import annotations

import re
from dataclasses import replace

from worlds.question import Maker, Question, Unfit, plural

_SAME = {
    "album": "LP",
    "artist": "performer",
    "author": "novelist",
    "bill": "invoice",
    "capacity": "maximum load",
    "channel": "medium",
    "city": "town",
    "consumption": "usage",
    "contract": "agreement",
    "country": "nation",
    "delay": "lateness",
    "doctor": "physician",
    "duration": "running time",
    "fare": "ticket price",
    "fee": "charge",
    "followers": "fans",
    "fuel": "propellant",
    "hometown": "home city",
    "household": "home",
    "income": "earnings",
    "language": "tongue",
    "length": "duration",
    "manufacturer": "maker",
    "mark": "grade",
    "mileage": "odometer reading",
    "nights": "overnight stays",
    "outage": "power cut",
    "outcome": "result",
    "passenger": "flyer",
    "payment": "remittance",
    "penalty": "fine",
    "plane": "aeroplane",
    "policyholder": "insured person",
    "premium": "insurance premium",
    "price": "cost",
    "pub": "tavern",
    "rating": "score",
    "residents": "inhabitants",
    "revenue": "turnover",
    "salary": "pay",
    "shipment": "consignment",
    "soil": "ground",
    "song": "tune",
    "specialty": "specialism",
    "stay": "sojourn",
    "strength": "alcohol content",
    "teacher": "educator",
    "topic": "subject",
    "trainer": "instructor",
    "truck": "lorry",
    "warehouse": "storehouse",
    "weight": "mass",
    "yield": "output",
}


def reworded(maker: Maker, question: Question) -> Question:
    """Put a synonym in place of a noun of the schema.

    Raises:
        Unfit: the question has no such noun, or the other word means something else here.
    """
    taken = set()
    for table in maker.schema.tables.values():
        taken |= {table.singular, table.plural, *(c.words for c in table.columns)}
    taken |= {word for words in taken for word in words.split()}
    found = [
        (word, same)
        for word, same in _SAME.items()
        if word in taken and not taken & {same, plural(same), *same.split()}
    ]
    maker.rng.shuffle(found)
    for word, same in found:
        several, other = plural(word), plural(same)
        text = re.sub(rf"\b{several}\b", other, question.text) if several != word else question.text
        text = re.sub(rf"\b{word}\b", same, text)
        if text != question.text:
            text = re.sub(r"\b(a|an) (?=[a-z])", lambda m: m.group(0), text)
            return replace(question, text=text, construct="synonym")
    raise Unfit
