"""How the most common value is read: "the most common city of the customers"."""

from __future__ import annotations

from typing import Literal, cast

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import Op
from clew_agents.sql.resolve import NUMERIC


class ModeReader:
    """Reads which values, or things, have the most rows."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read one; of two it would not be clear what ranks."""
        marks = [
            at
            for at, item in enumerate(self.cursor.items)
            if item.tag == "S" and item.value.endswith(" common") and self.cursor.free(at)
        ]
        reading = self.cursor.reading
        if len(marks) != 1 or reading.entity is not None or reading.ops:
            return
        at = marks[0]
        thing = self._thing(at)
        if thing is None:
            return
        rows = self._rows(thing)
        if rows is None and self.cursor.is_table(thing):
            return  # "the most popular bike": by what?
        reading.entity = self.cursor.items[thing]
        reading.direction = cast(Literal["max", "min"], self.cursor.items[at].value.split()[0])
        reading.superlative = True
        reading.entity_asked = True
        reading.ranked.append(self.cursor.items[at])
        target = self.cursor.items[rows] if rows is not None else None
        reading.ops.append(Op(aggregate="count", target=target, count=True))
        self.cursor.take(at, thing, rows)
        reading.limit = self._limit(at, thing)

    def _thing(self, at: int) -> int | None:
        """The column or table: right behind, else before "is the most common"."""
        right = self.cursor.next(at, ".#")
        if self._fits(right):
            return self._column_of(right)
        left = self.cursor.previous(at, ".E")
        if not self._fits(left) or left is None:
            return None
        # "which sale has the most common …" ranks nothing; "which city is the most common" does
        return left

    def _column_of(self, at: int | None) -> int | None:
        """Step from the table of "customer city" to the column."""
        beside = self.cursor.next(at, "") if at is not None else None
        if at is None or not self.cursor.is_table(at) or beside is None:
            return at
        if self._fits(beside) and not self.cursor.is_table(beside) and beside == at + 1:
            return beside
        return at

    def _fits(self, at: int | None) -> bool:
        if at is None or not self.cursor.free(at) or self.cursor.tag(at) != "F":
            return False
        return self.cursor.is_table(at) or not self.cursor.is_column(at, NUMERIC)

    def _rows(self, thing: int) -> int | None:
        """The table whose rows are counted: another one that the question names."""
        items = self.cursor.items
        own = set(items[thing].tables)
        tables = [
            at
            for at, item in enumerate(items)
            if at != thing and item.tag == "F" and item.tables and self.cursor.free(at)
            and not own & set(item.tables)
        ]  # fmt: skip
        return tables[0] if len(tables) == 1 else None

    def _limit(self, at: int, thing: int) -> int:
        for place in (self.cursor.previous(at), self.cursor.next(at)):
            if place is not None and self.cursor.free(place) and self.cursor.counts(place):
                self.cursor.take(place)
                return int(self.cursor.items[place].number or 1)
        word = self.cursor.items[thing].text.lower()
        return 10 if word.endswith("s") and not word.endswith(("ss", "us", "is")) else 1
