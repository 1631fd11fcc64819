"""How a list with a number beside it is read: "each city and how many customers it has"."""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import Group
from clew_agents.sql.resolve import NUMERIC

_BACK = frozenset(("from each", "in each", "for each", "of each", "each", "at each", "with each"))


class PairReader:
    """Reads "the different cities and the number of customers in each" as groups."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Take the listed column as what the number beside it is grouped by."""
        if self.cursor.reading.groups or self.cursor.reading.entity is not None:
            return
        first = self.cursor.next(-1, ".LQDUG")
        if first is None or not self.cursor.free(first) or self.cursor.tag(first) != "F":
            return
        if self.cursor.is_column(first, NUMERIC) and not self.cursor.is_table(first):
            return
        if any(self.cursor.tag(at) in "AN" for at in range(first)):
            return
        after = self.cursor.next(first, "")
        if self.cursor.is_table(first) and self.cursor.is_column(after):
            return
        joint = after
        count = self.cursor.next(joint, ".D") if joint is not None else None
        if joint is None or self.cursor.tag(count) != "N":
            return
        beside = self.cursor.items[joint].text.lower() in ("along with", "together with")
        if self.cursor.tag(joint) != "J" and not beside:
            return
        things = self.cursor.next(count or 0, ".D")
        if not self.cursor.is_table(things) or things is None:
            return
        marks = [at for at in range(first) if self.cursor.tag(at) in "GD"]
        back = self.cursor.next(things)
        returns = back is not None and self.cursor.items[back].text.lower() in _BACK
        if returns and self.cursor.next(back or 0) is not None:
            return  # "and the number of orders in each year" is another group
        pointed = returns or any(
            item.text.lower() in ("there", "they have", "corresponding", "it has", "has", "they")
            for item in self.cursor.items[joint:]
        )
        if not marks and not pointed and not beside:
            return
        self.cursor.reading.groups.append(Group(item=self.cursor.items[first]))
        self.cursor.take(first)
        self.cursor.silence(joint, *marks, back if returns else None)
