"""How comparisons with an average are read: "priced above average", "more orders than average"."""

from __future__ import annotations

from dataclasses import replace

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import AverageTest, Op
from clew_agents.sql.resolve import NUMERIC
from clew_core.query_spec import Operator

_SIGNS: dict[str, Operator] = {">": ">", "<": "<", ">=": ">=", "<=": "<="}
_MORE = frozenset("more higher larger greater bigger longer heavier better older".split())
_LESS = frozenset("fewer less lower smaller shorter lighter cheaper".split())
_WHOSE = frozenset("their its his her own respective".split())


class AverageReader:
    """Reads comparisons with the average."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read them all; one that can't be placed is left over."""
        for at, item in enumerate(self.cursor.items):
            if item.tag == "A" and item.value == "avg" and self.cursor.free(at):
                self._test(at)

    def _test(self, at: int) -> None:
        before = self.cursor.previous(at)
        if before is None:
            return
        sign: Operator | None = None
        taken = [at, before]
        if self.cursor.tag(before) == "C":
            sign = _SIGNS.get(self.cursor.items[before].value)
            subject = self.cursor.previous(before, ".E")
        elif self.cursor.items[before].text.lower() == "than":
            subject = self.cursor.previous(before)
            word = self.cursor.previous(subject, ".N") if subject is not None else None
            if word is None:
                return
            sign = self._compared(word)
            taken.append(word)
        else:
            return
        if sign is None:
            return
        right = self.cursor.next(at, ".UN")
        if not self._can_be(subject):
            subject = right if self._can_be(right) else None
        if subject is None:
            return
        if self._of_each(at, right):
            return
        item = self.cursor.items[subject]
        numbered = self.cursor.previous(subject)
        if self.cursor.tag(numbered) == "N" and not self.cursor.is_table(subject):
            self.cursor.silence(numbered)  # "number of pages", where that is a column
        self.cursor.reading.averages.append(
            AverageTest(
                places=(*taken, subject), item=item, operator=sign,
                counted=self.cursor.is_table(subject),
                text=self.cursor.text(before, at),
            )
        )  # fmt: skip
        self.cursor.take(*taken, subject)
        for place in taken:
            self.cursor.items[place] = replace(self.cursor.items[place], tag=".", matches=())
        if right is not None and right != subject and self.cursor.tag(right) in "FO":
            self.cursor.take(right)  # "than the average region", "above the average price"

    def _compared(self, at: int) -> Operator | None:
        word = self.cursor.items[at].text.lower().split()[-1]
        return ">" if word in _MORE else "<" if word in _LESS else None

    def _can_be(self, at: int | None) -> bool:
        """Whether a name can be compared: a number, or a table whose rows are counted."""
        if at is None or not self.cursor.free(at):
            return False
        if self.cursor.is_column(at, NUMERIC) and not self.cursor.is_year(at):
            return True
        before = self.cursor.previous(at, ".#D")
        asked = self.cursor.tag(before) in ("Q", "L", "N", "") and before != at - 1
        return self.cursor.is_table(at) and at > 0 and not asked and self._said_more(at)

    def _said_more(self, at: int) -> bool:
        """Whether "more", "fewer" stands before a table: then its rows are counted."""
        before = self.cursor.previous(at)
        return before is not None and self._compared(before) is not None

    def _of_each(self, at: int, right: int | None) -> bool:
        """Whether the average is that of each row's own group: "the average of their category"."""
        for place in range(at + 1, min(at + 5, len(self.cursor.items))):
            if self.cursor.items[place].text.lower() in _WHOSE:
                self.cursor.reading.missing = (
                    "A comparison with the average of each row's own group can't be done yet."
                )
                return True
        return False


def counted(op_tests: list[AverageTest], ops: list[Op]) -> None:
    """Count what is compared with the average, where nothing else is computed."""
    for test in op_tests:
        if test.counted and not ops:
            ops.append(Op(aggregate="count", target=test.item, count=True))
