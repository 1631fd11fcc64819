"""How shares are read: of what, and which conditions are those of the part.

"What share of the orders in 2022 came through the app": of the orders in 2022, those of the app.
"""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import (
    Analysis,
    FlagTest,
    Group,
    NumberTest,
    Op,
    Reading,
    Tested,
    TimeTest,
    ValueTest,
)
from clew_agents.sql.resolve import NUMERIC
from clew_agents.sql.tagging import Item

# After one of these it is said what the part of a share fulfils.
_VERBS = frozenset(
    "is are was were be been has have had that who which whose do did does come came comes "
    "belong belongs go goes went fall".split()
)


class ShareReader:
    """Reads what part of a whole is asked for."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor
        self.share_at: int | None = None
        self.item: Item | None = None

    def begin(self) -> bool:
        """Take the words of a share, and what it is taken of."""
        marks = [at for at, item in enumerate(self.cursor.items) if item.tag == "%"]
        if not marks:
            return False
        at = marks[0]
        item = self.cursor.items[at]
        if len(marks) > 1 and any(self.cursor.items[m].text.lower() == "%" for m in marks):
            return False
        self.item = item
        self.cursor.reading.analysis = Analysis(kind="share", text=item.text)
        self.share_at = at
        self._owner(at, item)
        self.cursor.silence(*marks)
        whole = self.cursor.next(at, ".UD")
        if self.cursor.tag(whole) == "A" and whole is not None:
            if self.cursor.tag(self.cursor.next(whole)) not in ("F", "N", "A"):
                self.cursor.silence(whole)  # "in percent of the total"
        before = self.cursor.previous(at, ".")
        turned = item.text.lower().startswith("as ")
        turned |= self.cursor.items[at - 1].text.lower() in ("a", "as") if at else False
        if turned and self.cursor.tag(before) in ("F", "V", "P") and before is not None:
            self._turned(before, whole)
            return True
        if whole is not None and self.cursor.tag(whole) == "V":
            # "share of completed orders": the noun follows
            beyond = self.cursor.next(whole)
            whole = beyond if self.cursor.is_table(beyond) else whole
        if whole is not None and self.cursor.is_table(whole):
            self._count(whole)
        return True

    def _owner(self, at: int, item: Item) -> None:
        """Read "regions' share", "each region's share", "region share of": by region."""
        owner = at - 1
        owned = item.gap in ("'", "'s", "’", "’s")
        if owner < 0 or self.cursor.tag(owner) not in ("F", "N"):
            return
        if self.cursor.tag(owner) == "N":
            self.cursor.silence(owner)  # "how many percent"
            return
        column = self.cursor.previous(owner)
        if owned and self.cursor.is_table(owner) and column is not None and column < owner - 1:
            tables = set(self.cursor.items[owner].tables)
            if tables & {m.name.table for m in self.cursor.items[column].matches if m.name.column}:
                self.cursor.take(owner)  # "each blood type of the patient's share"
                owner = column
        if owned or (item.gap == "" and owner == 0 and self.cursor.is_thing(owner)):
            self.cursor.reading.groups.append(Group(item=self.cursor.items[owner]))
            self.cursor.take(owner)
            before = self.cursor.previous(owner)
            if before == owner - 1 and self.cursor.is_table(before):
                tables = set(self.cursor.items[before].tables)
                if tables & {m.name.table for m in self.cursor.items[owner].matches}:
                    self.cursor.take(before)  # "each vehicle fuel's share"
                    before = self.cursor.previous(before)
            if self.cursor.tag(before) == "G":
                self.cursor.silence(before)

    def _turned(self, before: int, whole: int | None) -> None:
        """Read "orders from France as a share of all orders": the whole only repeats the thing."""
        if whole is not None and self.cursor.is_table(whole):
            named = [
                at
                for at in range(before + 1)
                if self.cursor.is_table(at)
                and self.cursor.items[at].tables == self.cursor.items[whole].tables
            ]
            if named:
                self.cursor.silence(whole)
                self._count(named[0])
        self.share_at = -1

    def _count(self, at: int) -> None:
        beyond = self.cursor.next(at, "")
        if self.cursor.is_column(beyond, NUMERIC) and not self.cursor.is_table(beyond):
            return
        self.cursor.reading.ops.append(
            Op(aggregate="count", target=self.cursor.items[at], count=True)
        )
        self.cursor.take(at)

    def finish(self, analysis: Analysis) -> None:
        """Sort the conditions into those of the whole and those of the part."""
        reading = self.cursor.reading
        tests: list[Tested] = [*reading.values, *reading.numbers, *reading.times, *reading.flags]
        start = self.share_at or 0
        verb = self._verb(start, [place for test in tests for place in test.places])
        part: list[Tested] = []
        clear = True
        if verb is not None:
            part = [test for test in tests if min(test.places) > verb]
            if reading.groups and all(isinstance(test, TimeTest) for test in part):
                part = []  # "what share did each region have in 2023"
        if any(not isinstance(test, TimeTest) for test in part):
            part = [test for test in part if not _plain_time(test)]
        if not part:
            part = [test for test in tests if not isinstance(test, TimeTest)]
            clear = verb is None and len(part) == 1
        lacking = list(reading.lacking)
        if len(reading.related) == 2 and not tests and not lacking and reading.ops:
            # "of the customers who ordered in 2022 those who ordered again in 2023"
            analysis.part = Reading(related=[reading.related.pop()], context=reading.context)
            return
        if reading.either is not None or (part and lacking) or len(lacking) > 1:
            self._undone()
            return
        if not part and not lacking:
            if reading.groups or reading.entity is not None:
                return
            if reading.ops or reading.columns:
                self._undone()  # else it is the share of what was asked before
            return
        if not clear and len(part) > 1:
            self._undone()
            return
        analysis.part = Reading(
            values=[t for t in part if isinstance(t, ValueTest)],
            numbers=[t for t in part if isinstance(t, NumberTest)],
            times=[t for t in part if isinstance(t, TimeTest)],
            flags=[t for t in part if isinstance(t, FlagTest)],
            lacking=lacking,
            context=reading.context,
        )
        analysis.open_part = bool(reading.groups) and verb is None
        reading.values = [t for t in reading.values if not any(t is one for one in part)]
        reading.numbers = [t for t in reading.numbers if not any(t is one for one in part)]
        reading.times = [t for t in reading.times if not any(t is one for one in part)]
        reading.flags = [t for t in reading.flags if not any(t is one for one in part)]
        reading.lacking = []

    def _undone(self) -> None:
        assert self.item is not None
        self.cursor.reading.analysis = None
        self.cursor.reading.rest.append(self.item)

    def _verb(self, start: int, tested: list[int]) -> int | None:
        """The last verb behind the thing that conditions follow, and that begins a clause.

        In "orders that came from Italy were cancelled" what comes before it is of the whole.
        """
        thing = next(
            (at for at in range(max(start, 0), len(self.cursor.items))
             if self.cursor.tag(at) in ("F", "N")),
            None,
        )  # fmt: skip
        if thing is None or start < 0:
            return None
        found = None
        for at in range(thing + 1, len(self.cursor.items)):
            if not set(self.cursor.items[at].text.lower().split()) & _VERBS:
                continue
            if not any(place > at for place in tested):
                break
            if self.cursor.tag(self.cursor.previous(at)) == "J":
                continue  # "were cancelled and were paid": both belong to the part
            found = at
        return found


def _plain_time(test: Tested) -> bool:
    """Whether a period only says when: "… came through the app in 2023"."""
    return isinstance(test, TimeTest) and test.item is None and test.comparator == "in"
