"""How tests for what is missing are read: "without email", "phone is missing", "not yet sent"."""

from __future__ import annotations

from dataclasses import replace

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import NullTest
from clew_agents.sql.resolve import DATES


class NullReader:
    """Reads which columns must be empty, or filled."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read them all."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "X" or not self.cursor.free(at):
                continue
            if item.value in ("null", "filled"):
                self._stated(at)
            elif item.value == "yet":
                self._not_yet(at)
            elif item.text.lower() in ("without", "no", "lacking", "not"):
                self._without(at)

    def _stated(self, at: int) -> None:
        """Read "email is missing", "missing email", "email is not missing"."""
        if self.cursor.items[at].hits:  # "unknown", where that is a value
            return
        left = self.cursor.previous(at, ".E")
        negated = left is not None and (
            self.cursor.tag(left) == "X" or self.cursor.items[left].value == "!="
        )
        taken = [at]
        if negated and left is not None:
            taken.append(left)
            left = self.cursor.previous(left, ".E")
        right = self.cursor.next(at)
        for place in (left, right):
            if place is not None and self._column(place):
                filled = self.cursor.items[at].value == "filled"
                self._add(place, taken, empty=filled == negated)
                return

    def _not_yet(self, at: int) -> None:
        """Read "not yet shipped": the date of it is empty."""
        right = self.cursor.next(at)
        if right is None or self.cursor.tag(right) not in ("F", "h") or not self.cursor.free(right):
            return
        dated = self.cursor.is_column(right, DATES) or self.cursor.tag(right) == "h"
        if dated and not self.cursor.is_table(right):
            self._add(right, [at], empty=True)

    def _without(self, at: int) -> None:
        """Read "without an email", "with no phone"."""
        right = self.cursor.next(at, ".U")
        if right is None or not self.cursor.free(right) or self.cursor.is_table(right):
            return
        text = self.cursor.items[at].text.lower()
        if text == "not" or self.cursor.tag(right) not in ("F", "h"):
            return
        hint = self.cursor.tag(right) == "h"
        if hint or self._column(right):
            after = self.cursor.next(right, "")
            if after is not None and self.cursor.tag(after) in ("V", "C", "#"):
                return  # "without status open" is a value
            self._add(right, [at], empty=True)

    def _column(self, at: int) -> bool:
        item = self.cursor.items[at]
        boolean = bool(item.matches) and all(m.name.type == "boolean" for m in item.matches)
        return self.cursor.free(at) and self.cursor.is_column(at) and not boolean

    def _add(self, column: int, taken: list[int], *, empty: bool) -> None:
        test = NullTest(places=(column, *taken), item=self.cursor.items[column], empty=empty)
        self.cursor.reading.nulls.append(test)
        self.cursor.take(column, *taken)
        for place in taken:
            self.cursor.items[place] = replace(self.cursor.items[place], tag=".", matches=())
