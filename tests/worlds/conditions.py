"""Which conditions does the grammar draw, and in which words?"""

from __future__ import annotations

import random
from collections.abc import Callable

from worlds.query import Condition, Path, Phrase, Query, text_of
from worlds.schema import Column, Ref, Table
from worlds.world import World

_ABOVE = "above|over|greater than|higher than|of more than|exceeding".split("|")
_BELOW = "below|under|less than|lower than|of less than|smaller than".split("|")
_LEAST = "at least|no less than|not below|greater than or equal to".split("|")
_MOST = "at most|no more than|not above|up to".split("|")
COMPARED = {">": _ABOVE, "<": _BELOW, ">=": _LEAST, "<=": _MOST}


def article(words: str) -> str:
    """Put "a" or "an" before words."""
    return f"{'an' if words[0] in 'aeiou' and not words.startswith('uni') else 'a'} {words}"


def on(column: Column, path: Path, write: Callable[[str], str]) -> Callable[[Query], str]:
    """Make the SQL writer of a condition on one column."""
    return lambda query: write(query.column(column.name, path))


class Draw:
    """Draws conditions on the tables of one world."""

    def __init__(self, world: World, rng: random.Random) -> None:
        """Take the world and where chance comes from."""
        self.world, self.rng = world, rng

    # ---------------------------------------------------------------------------- equal to a value

    def equality(self, table: Table, path: Path = ()) -> Condition | None:
        """Draw one value of a category, status, place or flag."""
        columns = [c for c in table.columns if c.is_group or c.kind == "flag"]
        if not columns:
            return None
        column = self.rng.choice(columns)
        if column.kind == "flag":
            return self.flag(column, path)
        return self.value(table, column, self.rng.choice(self.world.values(table, column)), path)

    def value(self, table: Table, column: Column, value: str, path: Path = ()) -> Condition:
        """Say that a column has a value."""
        words, rng = column.words, self.rng
        forms = [
            f"with {words} {value}",
            f"whose {words} is {value}",
            f"with the {words} {value}",
            f"that have {words} {value}",
            f"where the {words} is {value}",
        ]
        adjective = ""
        if column.kind in ("city", "country"):
            forms = [f"from {value}", f"in {value}", f"with {words} {value}"]
            forms.append(f"whose {words} is {value}")
            if table.label_kind == "person":
                forms.remove(f"in {value}")
                if words != "hometown":
                    forms.append(f"living in {value}")
            else:
                forms[0] = f"located in {value}"
        elif column.kind == "status" and rng.random() < 0.6:
            adjective = value
        after = "" if adjective else rng.choice(forms)
        sql = on(column, path, lambda name: f"{name} = {text_of(value)}")
        return Condition(
            sql=sql, after=after, adjective=adjective, column=column, value=value, bare=value
        )

    def flag(self, column: Column, path: Path = ()) -> Condition:
        """Say that something holds or does not."""
        words, opposite = column.words, column.opposite
        if self.rng.random() < 0.6:
            sql, holds = on(column, path, lambda name: f"{name}"), words
            if self.rng.random() < 0.6:
                return Condition(sql=sql, adjective=holds, column=column, bare=f"{holds} ones")
            return Condition(sql=sql, after=f"that are {holds}", column=column, bare=holds)
        sql = on(column, path, lambda name: f"NOT {name}")
        if opposite and self.rng.random() < 0.5:
            return Condition(sql=sql, adjective=opposite, column=column, bare=f"{opposite} ones")
        return Condition(sql=sql, after=f"that are not {words}", column=column, bare=f"not {words}")

    def negation(self, table: Table) -> Condition | None:
        """Say that a column has another value than one."""
        columns = [c for c in table.columns if c.is_group and not c.nullable]
        if not columns:
            return None
        column = self.rng.choice(columns)
        value, words = self.rng.choice(self.world.values(table, column)), column.words
        forms = [
            f"whose {words} is not {value}",
            f"with {article(words)} other than {value}",
            f"that do not have the {words} {value}",
            f"except those with {words} {value}",
            f"excluding {words} {value}",
            f"not having {words} {value}",
            f"with {article(words)} different from {value}",
            f"where the {words} isn't {value}",
        ]
        if column.kind in ("city", "country"):
            place = "from" if table.label_kind == "person" else "in"
            forms = [
                f"that are not {place} {value}",
                f"not {place} {value}",
                f"outside {value}",
                f"outside of {value}",
                *forms[:4],
            ]
        sql = on(column, (), lambda name: f"{name} <> {text_of(value)}")
        return Condition(sql=sql, after=self.rng.choice(forms), column=column, value=value)

    def either(self, table: Table) -> Condition | None:
        """Say that a column has one of two or three values."""
        columns = [c for c in table.columns if c.is_group and len(self.world.values(table, c)) >= 3]
        if not columns:
            return None
        column = self.rng.choice(columns)
        values = self.rng.sample(self.world.values(table, column), 2)
        one, other, words = *values, column.words
        forms = [
            f"with {words} {one} or {other}",
            f"whose {words} is {one} or {other}",
            f"whose {words} is either {one} or {other}",
            f"with either {one} or {other} as {words}",
            f"where the {words} is {one} or {other}",
            f"that have the {words} {one} or {other}",
            f"whose {words} is one of {one} and {other}",
            f"with {article(words)} of {one} or {other}",
        ]
        if column.kind in ("city", "country"):
            place = "from" if table.label_kind == "person" else "in"
            forms += [f"{place} {one} or {other}", f"{place} either {one} or {other}"]
        listed = ", ".join(map(text_of, values))
        sql = on(column, (), lambda name: f"{name} IN ({listed})")
        return Condition(sql=sql, after=self.rng.choice(forms), column=column)

    # ------------------------------------------------------------------------------------- numbers

    def comparison(self, table: Table) -> Condition | None:
        """Compare a number."""
        if not table.numbers:
            return None
        column = self.rng.choice(table.numbers)
        operator = self.rng.choice(list(COMPARED))
        limit = self.limit(table, column, self.rng.uniform(0.25, 0.75))
        number, words = self.number(column, limit), column.said
        compared = self.rng.choice(COMPARED[operator])
        forms = [f"whose {words} is {compared.removeprefix('of ')} {number}"]
        if compared.startswith("at ") or compared in ("no less than", "no more than"):
            forms += [f"with {article(words)} of {compared} {number}"]
        elif not compared.startswith("not "):
            forms += [f"with {article(words)} {compared} {number}"]
        if operator == ">=":
            forms += [f"with {article(words)} of {number} or more"]
        if operator == "<=":
            forms += [f"with {article(words)} of {number} or less"]
        if words != column.words:
            few = {">": "more than", "<": "fewer than", ">=": "at least", "<=": "at most"}
            forms = [f"with {few[operator]} {number} {column.words}"]
        sql = on(column, (), lambda name: f"{name} {operator} {limit}")
        return Condition(sql=sql, after=self.rng.choice(forms), column=column)

    def between(self, table: Table) -> Condition | None:
        """Say that a number lies between two others, both included."""
        if not table.numbers:
            return None
        column = self.rng.choice(table.numbers)
        words = column.said
        low = self.limit(table, column, self.rng.uniform(0.1, 0.4))
        high = self.limit(table, column, self.rng.uniform(0.6, 0.9))
        if low >= high:
            return None
        last = self.number(column, high)
        forms = [
            f"with {article(words)} between {_plain(low)} and {last}",
            f"whose {words} is between {_plain(low)} and {last}",
            f"whose {words} lies between {_plain(low)} and {last}",
            f"with {article(words)} from {_plain(low)} to {last}",
            f"whose {words} ranges from {_plain(low)} to {last}",
            f"where the {words} is between {_plain(low)} and {last}",
            f"with {article(words)} in the range {_plain(low)} to {last}",
            f"that have {article(words)} between {_plain(low)} and {last}",
        ]
        sql = on(column, (), lambda name: f"{name} BETWEEN {low} AND {high}")
        return Condition(sql=sql, after=self.rng.choice(forms), column=column)

    def limit(self, table: Table, column: Column, share: float) -> float:
        """Give a round number near a quantile of a column, that is no value of it if it can."""
        values = sorted(self._all(table, column))
        value = float(values[int(share * (len(values) - 1))])
        step = 10 ** max(0, len(str(int(abs(value)))) - 2)
        rounded: float = round(value / step) * step
        if column.decimals and column.high - column.low < 30:
            rounded = round(value * 2) / 2
        return rounded

    def _all(self, table: Table, column: Column) -> list[float]:
        return [float(value) for value in self.world.values(table, column)]

    def number(self, column: Column, value: float) -> str:
        """Write a limit, with its unit now and then."""
        text = _plain(value)
        if value >= 1000 and self.rng.random() < 0.3:
            text = f"{value:,.0f}"
        if column.kind == "money" and self.rng.random() < 0.35:
            return f"{text} {column.unit}"
        if column.kind == "measure" and not set(column.unit.split()) & set(column.words.split()):
            if self.rng.random() < 0.35:
                return f"{text} {column.unit}"
        return text

    # ----------------------------------------------------------------------------- missing, letters

    def missing(self, table: Table) -> Condition | None:
        """Say that a value is missing, or is not."""
        columns = [column for column in table.columns if column.nullable]
        if not columns:
            return None
        column = self.rng.choice(columns)
        words = column.words
        if self.rng.random() < 0.3:
            forms = [f"with a known {words}", f"where the {words} is known"]
            forms += [f"that have {article(words)} recorded", f"whose {words} is not missing"]
            sql = on(column, (), lambda name: f"{name} IS NOT NULL")
            return Condition(sql=sql, after=self.rng.choice(forms), column=column)
        forms = [
            f"without {article(words)}",
            f"with no {words}",
            f"whose {words} is missing",
            f"with a missing {words}",
            f"where the {words} is unknown",
            f"that have no {words}",
            f"whose {words} is empty",
            f"with no {words} recorded",
        ]
        sql = on(column, (), lambda name: f"{name} IS NULL")
        return Condition(sql=sql, after=self.rng.choice(forms), column=column)

    def letters(self, table: Table) -> Condition | None:
        """Say how a name begins or ends, or what it contains; capitals make no difference."""
        if len(table.labels) != 1:
            return None
        name = self.world.label(table, self.rng.randrange(table.rows))
        label = table.labels[0]
        kind = self.rng.choice(("starts", "contains", "ends"))
        first = name.split()[0]
        part = {"starts": first[: self.rng.choice((1, 2))], "contains": first[1:4]}.get(
            kind, name[-2:]
        )
        forms = {
            "starts": [
                f'whose name starts with "{part}"',
                f"whose name begins with {part}",
                f"with a name starting with '{part}'",
                f"with names beginning with '{part}'",
            ],
            "contains": [
                f'whose name contains "{part}"',
                f"with '{part}' in their name",
                f"whose name includes '{part}'",
                f'with a name containing "{part}"',
            ],
            "ends": [
                f'whose name ends with "{part}"',
                f"whose name ends in '{part}'",
                f"with a name ending in '{part}'",
                f"with names that end with '{part}'",
            ],
        }
        pattern = {"starts": f"{part}%", "contains": f"%{part}%", "ends": f"%{part}"}[kind]

        def sql(query: Query) -> str:
            return f"{query.column(label)} ILIKE {text_of(pattern)}"

        return Condition(sql=sql, after=self.rng.choice(forms[kind]))

    # -------------------------------------------------------------------------------- other tables

    def of_parent(self, table: Table, hops: int) -> Condition | None:
        """Put a condition on what a row belongs to, one or more tables away."""
        path = self._path(table, hops)
        if path is None:
            return None
        last = self.world.schema.tables[path[-1].table]
        inner: Condition | None
        if len(last.labels) == 1 and hops == 1 and self.rng.random() < 0.35:
            return self._named(path[-1], last)
        inner = self.equality(last, path)
        if inner is None:
            return None
        words = Phrase(table=last, conditions=(inner,)).words()
        for place in range(len(path) - 1, -1, -1):
            owner = self.world.schema.tables[path[place - 1].table].plural if place else ""
            words = f"{owner} {path[place].preposition} {words}".strip()
        return Condition(sql=inner.sql, after=words, column=inner.column, value=inner.value)

    def _named(self, ref: Ref, parent: Table) -> Condition:
        name = self.world.label(parent, self.rng.randrange(parent.rows))
        label = parent.labels[0]
        form = self.rng.choice((f"{ref.preposition} {parent.singular} {name}",) * 2 + (
            f"{ref.preposition} {name}",
        ))  # fmt: skip

        def sql(query: Query) -> str:
            return f"{query.column(label, (ref,))} = {text_of(name)}"

        return Condition(sql=sql, after=form, value=name, bare=name)

    def _path(self, table: Table, hops: int) -> Path | None:
        """Draw a way up along keys without roles."""
        path: list[Ref] = []
        for _ in range(hops):
            refs = [ref for ref in table.refs if not ref.role]
            if not refs:
                return None
            path.append(self.rng.choice(refs))
            table = self.world.schema.tables[path[-1].table]
        return tuple(path)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
