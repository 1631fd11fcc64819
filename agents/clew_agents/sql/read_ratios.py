"""How averages of counts are read: "average number of orders per customer"."""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import Op
from clew_agents.sql.resolve import NUMERIC
from clew_core.query_spec import Aggregate

_ONE = frozenset("a an each every per one the".split())


class RatioReader:
    """Reads how many rows there are per thing on average."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read the first one; a question asks for one."""
        self._ratio()
        for at, item in enumerate(self.cursor.items):
            if item.tag != "A" or item.value != "avg" or not self.cursor.free(at):
                continue
            if self._per(at) or self._does(at):
                return

    def _ratio(self) -> None:
        """Read "ratio of orders to customers": how many of the ones there are per other."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "/" or not self.cursor.free(at):
                continue
            things = self.cursor.next(at, ".UN")
            joint = self.cursor.next(things, "") if things is not None else None
            per = self.cursor.next(joint, ".UN") if joint is not None else None
            if things is None or joint is None or per is None:
                continue
            said = self.cursor.items[joint].text.lower() in ("to", "and", "per")
            tables = self.cursor.is_table(things) and self.cursor.is_table(per)
            if said and tables and not self._same(things, per):
                numbers = [i for i in range(at, per) if self.cursor.tag(i) in "N/JG"]
                self._add(things, per, *numbers)

    def _per(self, at: int) -> bool:
        """Read "average number of orders per customer", "average orders per customer"."""
        right = self.cursor.next(at)
        count = right if self.cursor.tag(right) == "N" else None
        summed = right if self.cursor.tag(right) == "A" else None
        before = count if count is not None else summed
        things = self.cursor.next(before, ".UD") if before is not None else right
        if things is None or not self.cursor.free(things):
            return False
        adds = self._adds_up(things) or (
            summed is not None
            and self.cursor.items[summed].value == "sum"
            and self.cursor.is_column(things, NUMERIC)
        )
        if not adds and (not self.cursor.is_table(things) or summed is not None):
            return False
        if count is None and not adds and not self.cursor.items[things].text.endswith("s"):
            return False  # "the average person for each job" counts nobody
        mark = self._mark(things)
        per = self.cursor.next(mark, ".") if mark is not None else None
        if mark is None:
            per = self._for_one(things)
        if per is None or self.cursor.tag(per) != "F" or not self.cursor.free(per):
            return False
        if per == things or self._same(per, things):
            return False
        self._add(things, per, at, count, summed, mark, adds=adds)
        return True

    def _adds_up(self, at: int) -> bool:
        """Whether a name is a metric of the company."""
        matches = self.cursor.items[at].matches
        return self.cursor.tag(at) == "F" and any(match.name.metric for match in matches)

    def _for_one(self, things: int) -> int | None:
        """The table of "for a customer" behind the things."""
        words = [item.text.lower() for item in self.cursor.items[things + 1 : things + 3]]
        place = things + 3
        one = words in (["for", "a"], ["for", "an"], ["for", "one"], ["of", "a"], ["of", "an"])
        return place if one and place < len(self.cursor.items) else None

    def _mark(self, things: int) -> int | None:
        """The first "per" behind the things; conditions may stand between."""
        place = self.cursor.beyond(things, ".")
        if self.cursor.tag(place) != "G" or place is None or not self.cursor.free(place):
            return None
        return None if self.cursor.items[place].text.lower() == "by" else place

    def _does(self, at: int) -> bool:
        """Read "how many orders does a customer have on average"."""
        places = range(len(self.cursor.items))
        counts = [i for i in places if self.cursor.tag(i) == "N" and self.cursor.free(i)]
        if len(counts) != 1:
            return False
        things = self.cursor.next(counts[0], ".UD")
        tables = [
            i
            for i, item in enumerate(self.cursor.items)
            if things is not None and i > things and item.tag == "F" and item.tables
            and self.cursor.free(i)
        ]  # fmt: skip
        if things is None or not self.cursor.is_table(things) or len(tables) != 1:
            return False
        per = tables[0]
        before = self.cursor.items[per - 1]
        one = before.text.lower() in _ONE or before.tag in "AG"
        if not one or self._same(per, things):
            return False
        marked = per - 1 if before.tag == "G" else None
        self._add(things, per, at, counts[0], marked)
        return True

    def _same(self, one: int, other: int) -> bool:
        items = self.cursor.items
        return bool(set(items[one].tables) & set(items[other].tables))

    def _add(self, things: int, per: int, *words: int | None, adds: bool = False) -> None:
        items = self.cursor.items
        aggregate: Aggregate = "sum" if adds else "count"
        self.cursor.reading.ops.append(
            Op(aggregate=aggregate, target=items[things], count=not adds, per=items[per])
        )
        self.cursor.take(things, per)
        self.cursor.silence(*words)
