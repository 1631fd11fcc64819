"""How do the people of a made-up world write the names of their tables and columns?

A style is drawn once per world, as in real schemas: one hand wrote most of it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

_SHORT = {
    "amount": "amt",
    "average": "avg",
    "birth": "birth",
    "capacity": "cap",
    "category": "cat",
    "commission": "comm",
    "consumption": "consump",
    "country": "ctry",
    "customer": "cust",
    "date": "dt",
    "department": "dept",
    "distance": "dist",
    "duration": "dur",
    "inspection": "insp",
    "invoice": "inv",
    "level": "lvl",
    "manufacturer": "mfr",
    "number": "no",
    "payment": "pmt",
    "prescription": "presc",
    "purchase": "purch",
    "quantity": "qty",
    "registration": "reg",
    "reservation": "resv",
    "shipment": "shpmt",
    "temperature": "temp",
    "total": "tot",
    "vehicle": "veh",
    "warehouse": "whse",
    "weight": "wt",
    "yearly": "yr",
}


@dataclass(frozen=True, kw_only=True)
class Style:
    """How names are written.

    Attributes:
        table: ``snake``, ``pascal``, ``upper`` or ``prefixed`` (``tbl_…``).
        column: ``snake``, ``camel``, ``pascal``, ``upper``, ``prefixed`` (by three letters of the
            table) or ``short`` (abbreviated).
        plural: whether tables are named in the plural.
        long_key: whether a table's key is ``patient_id`` rather than ``id``.
        units: whether measures carry their unit.
        split_names: whether people have first and last names in two columns.
        flag: how a truth value is stored: ``boolean``, ``number`` or ``letter``.
        is_flag: whether a truth value's name begins with ``is``.
    """

    table: str
    column: str
    plural: bool
    long_key: bool
    units: bool
    split_names: bool
    flag: str
    is_flag: bool

    def of_table(self, singular: str, plural: str) -> str:
        """Write the name of a table."""
        words = (plural if self.plural else singular).split()
        if self.table == "pascal":
            return "".join(word.capitalize() for word in words)
        if self.table == "upper":
            return "_".join(words).upper()
        return ("tbl_" if self.table == "prefixed" else "") + "_".join(words)

    def of_column(self, words: str, table: str, unit: str = "") -> str:
        """Write the name of a column.

        Args:
            words: what it is, in lower case.
            table: singular noun of its table.
            unit: of a measure; empty where it has none.
        """
        parts = words.split()
        if self.units and unit and unit.lower() not in words and len(unit) <= 8:
            parts.append(unit.lower())
        if self.column == "camel":
            return parts[0] + "".join(part.capitalize() for part in parts[1:])
        if self.column == "pascal":
            return "".join(part.capitalize() for part in parts)
        if self.column == "upper":
            return "_".join(parts).upper()
        if self.column == "short":
            return "_".join(_SHORT.get(part, part) for part in parts)
        if self.column == "prefixed":
            parts.insert(0, table.replace(" ", "")[:3])
        return "_".join(parts)


def draw_style(rng: random.Random) -> Style:
    """Draw how one world writes its names."""
    return Style(
        table=rng.choice(("snake", "snake", "pascal", "upper", "prefixed")),
        column=rng.choice(("snake", "snake", "camel", "pascal", "upper", "prefixed", "short")),
        plural=rng.random() < 0.6,
        long_key=rng.random() < 0.6,
        units=rng.random() < 0.25,
        split_names=rng.random() < 0.25,
        flag=rng.choice(("boolean", "number", "letter")),
        is_flag=rng.random() < 0.5,
    )
