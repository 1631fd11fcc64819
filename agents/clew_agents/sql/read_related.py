"""How two demands on the rows below a thing are read: "with visits in 2022 but none in 2023"."""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import RelatedTest

_ALSO = frozenset(("also", "too", "both", "as well as", "and also", "again"))
_NONE = frozenset(("none", "never", "no", "not", "without", "neither", "nor"))


class RelatedReader:
    """Reads "both … and …" and "… but not …" of rows that belong to what is asked for."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read two periods, or two values of one column, that are demanded each by itself."""
        for at, item in enumerate(self.cursor.items):
            after = self.cursor.next(at)
            if item.tag == "&" and item.value == "weekend":
                self.cursor.reading.weekend = True
                self.cursor.take(at)
            elif item.tag == "&" and after is not None and self.cursor.tag(after) == "V":
                self.cursor.reading.leader = self.cursor.items[after]
                self.cursor.take(at, after)
        for tag in "PV":
            places = [
                at
                for at, item in enumerate(self.cursor.items)
                if item.tag == tag and self.cursor.free(at)
            ]
            if len(places) == 2 and self._alike(*places):
                self._pair(*places)

    def _alike(self, first: int, second: int) -> bool:
        one, other = self.cursor.items[first], self.cursor.items[second]
        if one.tag == "P":
            return True
        columns = {(hit.table, hit.column) for hit in one.hits}
        return not columns.isdisjoint((hit.table, hit.column) for hit in other.hits)

    def _pair(self, first: int, second: int) -> None:
        items = self.cursor.items
        tables = [at for at, item in enumerate(items) if item.tag == "F" and item.tables]
        if not tables or tables[0] > first:
            return
        below = [at for at in tables[1:] if not self._same(at, tables[0]) and at < second]
        if not below or any(not self._same(at, below[0]) for at in below):
            if items[first].tag == "P" or below:
                return
        between = range(first + 1, second)
        if not all(self._says_little(at, below) for at in between):
            return
        words = {items[at].text.lower() for at in range(tables[0] + 1, second)}
        not_second = any(self._denies(at) for at in between)
        not_first = any(self._denies(at) for at in range(tables[0] + 1, first))
        analysis = self.cursor.reading.analysis
        shared = analysis is not None and analysis.kind == "share"
        joined = shared or any(items[at].tag == "J" for at in between)
        again = any(at in between for at in below[1:]) or any(at in between for at in below)
        again = again and bool(below) and (len(below) > 1 or items[first].tag == "P")
        words |= {item.text.lower() for item in items[second + 1 : second + 2]} & {"too", "as well"}
        said = bool(words & _ALSO) or again or any(items[at].number == 1 for at in between)
        if not not_second and not (joined and (said or not_first)):
            return
        if not_first and not_second:
            return
        word = items[below[0]] if below else None
        for at, has in ((first, not not_first), (second, not not_second)):
            self.cursor.reading.related.append(
                RelatedTest(places=(at,), item=word, of=items[at], has=has)
            )
        self.cursor.take(first, second, *below)
        self.cursor.take(
            *(at for at in range(tables[0] + 1, second)
              if items[at].tag == "F" and not items[at].tables and self._names_values(at))
        )  # fmt: skip
        told = range(tables[0] + 1, second)
        self.cursor.silence(
            *(at for at in told if items[at].tag in "JXCU#" or self._denies(at)
              or items[at].text.lower() in _ALSO)
        )  # fmt: skip
        after = self.cursor.next(second, "")
        if self.cursor.is_table(after) and below and after is not None:
            if self._same(after, below[0]):
                self.cursor.take(after)

    def _same(self, one: int, other: int) -> bool:
        items = self.cursor.items
        return bool(set(items[one].tables) & set(items[other].tables))

    def _denies(self, at: int) -> bool:
        item = self.cursor.items[at]
        if item.tag == "X" and not item.value:
            return True
        return item.text.lower() in _NONE or (item.tag == "C" and item.value == "!=")

    def _names_values(self, at: int) -> bool:
        hits = {
            (hit.table, hit.column)
            for item in self.cursor.items
            if item.tag == "V"
            for hit in item.hits
        }
        names = self.cursor.items[at].matches
        return any((match.name.table, match.name.column) in hits for match in names)

    def _says_little(self, at: int, below: list[int]) -> bool:
        """Whether an item between the two only joins them."""
        item = self.cursor.items[at]
        if item.tag == "F" and not item.tables and self._names_values(at):
            return True  # "with status open and … with status closed"
        if at in below or item.tag in ".XUE" or self._denies(at):
            return item.text.lower() not in ("to", "through")
        if item.tag == "J":
            return item.value == "and"
        if item.tag == "Q":
            return item.text.lower() in ("whose", "where")
        if item.tag == "C":  # "at least one"
            return item.value == ">=" and self.cursor.items[at + 1].number == 1
        return item.number == 1 or item.text.lower() in _ALSO
