"""What are the real names of the columns, which of them are cryptic, and where are they explained?

Old systems leave their names behind: each seed puts some tables into the hands of some legacy
scheme, and one of the money columns of `orders` and the class code of `products` always get a
finance or merchandise code. The schemes abbreviate the words of the plain name; no list of
finished names is kept.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from clew_acme.schema import Column, Table, tables
from clew_acme.streams import Stream
from clew_acme.words import load

__all__ = ["Documented", "Names", "christen"]

Documented = Literal["source", "scripts", "wiki", "nowhere"]
_SLOT = re.compile(r"\{(\w+)(?:\.(\w+))?\}")


@dataclass(frozen=True, kw_only=True)
class Names:
    """Real names by (table, plain column), and where each column's meaning is written down."""

    columns: Mapping[tuple[str, str], str]
    documented: Mapping[tuple[str, str], Documented]
    schemes: Mapping[str, str]

    def of(self, table: str, column: str) -> str:
        """Give the real name of a column."""
        return self.columns[table, column]

    def cryptic(self) -> list[tuple[str, str]]:
        """List the columns whose real name is not the plain one."""
        return [key for key, real in self.columns.items() if real != key[1]]

    def sql(self, template: str) -> str:
        """Fill `{table}` and `{table.column}` of a template; a column comes without its table."""

        def fill(match: re.Match[str]) -> str:
            table, column = match.group(1), match.group(2)
            if table not in tables():
                # A slot of somebody else's language, such as an f-string's.
                return match.group(0)
            return self.columns[table, column] if column else table

        return _SLOT.sub(fill, template)


def _vowels(words: list[str], column: Column) -> str:
    short = [w if len(w) <= 3 else w[0] + re.sub("[aeiou]", "", w[1:])[:4] for w in words]
    return "_".join(short)


def _mainframe(words: list[str], column: Column) -> str:
    return "".join(w[: 4 if len(words) < 3 else 3] for w in words).upper()[:10]


def _typed(words: list[str], column: Column) -> str:
    sign = {"int": "n", "text": "s", "bool": "b", "date": "d", "time": "ts", "money": "m"}
    return sign.get(column.kind, "x") + "".join(w[:5].capitalize() for w in words)


def _foreign(language: str) -> Callable[[list[str], Column], str]:
    glossary: dict[str, str] = load("abbreviations.yaml")[language]

    def name(words: list[str], column: Column) -> str:
        joint = "" if language == "german" else "_"
        return joint.join(glossary.get(w, w[:3]) for w in words)

    return name


def _numbered(words: list[str], column: Column) -> str:
    stem = {"int": "num", "text": "attr", "bool": "flg", "date": "dat", "time": "dat"}
    number = sum(ord(c) for c in "".join(words)) % 90 + 1
    return f"{stem.get(column.kind, 'val')}_{number:02d}"


_SCHEMES: dict[str, Callable[[list[str], Column], str]] = {
    "vowels dropped": _vowels,
    "mainframe": _mainframe,
    "type prefix": _typed,
    "numbered": _numbered,
}
_LANGUAGES = ("german", "dutch", "french", "spanish")
_OLD = (
    "products", "customers", "orders", "order_lines", "returns", "shipments", "inventory",
    "tickets", "web_sessions", "suppliers", "campaigns",
)  # fmt: skip
# Keys and the words that every question needs stay readable more often.
_SPARED = ("_id", "_no", "week_start", "name")


def christen(seed: int) -> Names:
    """Draw the real names of a seed."""
    draw = Stream(seed, "naming")
    schemes = dict(_SCHEMES)
    for language in draw.sample(_LANGUAGES, 2):
        schemes[language] = _foreign(language)
    old = draw.sample(_OLD, draw.between(4, 6))
    chosen = {table: draw.pick(sorted(schemes)) for table in old}
    columns: dict[tuple[str, str], str] = {}
    documented: dict[tuple[str, str], Documented] = {}
    for table in tables().values():
        real = _christen_table(draw, table, schemes.get(chosen.get(table.name, "")))
        for column in table.columns:
            key = (table.name, column.name)
            columns[key] = real[column.name]
            if real[column.name] == column.name:
                documented[key] = "source" if draw.chance(0.72) else "nowhere"
            else:
                documented[key] = draw.weighted(
                    ("source", "scripts", "wiki", "nowhere"), (5, 2, 1.5, 1.5)
                )
    for key in _force_codes(draw, columns):
        documented[key] = draw.pick(("source", "scripts", "wiki"))
    return Names(columns=columns, documented=documented, schemes=chosen)


def _christen_table(
    draw: Stream, table: Table, scheme: Callable[[list[str], Column], str] | None
) -> dict[str, str]:
    real: dict[str, str] = {}
    share = draw.decimal(0.45, 0.85)
    for column in table.columns:
        name = column.name
        spared = name.endswith(_SPARED) or name in table.key
        if scheme and draw.chance(share * (0.3 if spared else 1.0)):
            name = scheme(column.name.split("_"), column)
        while name in real.values() or (name != column.name and name.lower() in _RESERVED):
            name += "2" if name[-1].isalpha() else "x"
        real[column.name] = name
    return real


_RESERVED = frozenset(
    "desc asc order group by as on is in to or and not null limit case end when then date time "
    "user table column key index from select where having union all any some cast check int "
    "from with do for if of off set no cas fin des den das".split()
)


def _force_codes(draw: Stream, columns: dict[tuple[str, str], str]) -> list[tuple[str, str]]:
    money = (
        draw.pick(("should", "act", "real", "net", "book", "clr"))
        + draw.pick(("income", "rev", "turn", "take", "earn"))
        + draw.pick(("_aft", "_adj", "_n2", "_x_ret", "_fin", "_l3"))
    )
    code = (
        draw.pick(("prod", "item", "art", "gds", "mat"))
        + "_"
        + draw.pick(("cls", "hier", "grp", "seg"))
        + str(draw.between(3, 6))
    )
    columns["orders", "net_amount"] = money
    columns["products", "class_code"] = code
    return [("orders", "net_amount"), ("products", "class_code")]
