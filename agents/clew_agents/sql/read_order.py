"""How the order that rows are asked in is read: "sorted by age", "in descending order of price"."""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import Sorting
from clew_agents.sql.resolve import NUMERIC
from clew_core.query_spec import Aggregate

_AGGREGATES: dict[str, Aggregate] = {"avg": "avg", "sum": "sum", "max": "max", "min": "min"}


class OrderReader:
    """Reads all orders of a question."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read them from left to right; the first is the first key."""
        for at, item in enumerate(self.cursor.items):
            if item.tag == "^" and self.cursor.free(at) and item.value.startswith("by"):
                self._by(at)
        for at, item in enumerate(self.cursor.items):
            if item.tag == "^" and self.cursor.free(at):
                way = item.value == "desc"
                sortings = self.cursor.reading.sortings
                if sortings and sortings[-1].descending is None:
                    sortings[-1].descending = way
                elif not sortings:
                    sortings.append(self._behind(at, way))
                else:
                    continue
                self.cursor.take(at)

    def _behind(self, at: int, descending: bool) -> Sorting:
        """What "hotels by number of stars, ascending" is ordered by; else nothing is named."""
        key = self.cursor.previous(at)
        by = self.cursor.previous(key) if key is not None else None
        if key is None or by is None or self.cursor.items[by].text.lower() != "by":
            return Sorting(item=None, descending=descending, text=self.cursor.items[at].text)
        if not self.cursor.is_column(key, NUMERIC) or not self.cursor.free(key):
            return Sorting(item=None, descending=descending, text=self.cursor.items[at].text)
        self.cursor.take(key, by)
        item = self.cursor.items[key]
        return Sorting(item=item, descending=descending, text=item.text)

    def _by(self, at: int) -> None:
        way = self.cursor.items[at].value.partition(" ")[2]
        descending = way == "desc" if way else None
        place: int | None = self.cursor.next(at, ".UD")
        first = True
        while place is not None:
            read = self._key(place, descending)
            if read is None:
                break
            if first:
                self.cursor.take(at)
                first = False
            after = self.cursor.next(read)
            if self.cursor.tag(after) == "^" and after is not None:
                mark = self.cursor.items[after].value
                if mark in ("asc", "desc") and self.cursor.free(after):
                    self.cursor.reading.sortings[-1].descending = mark == "desc"
                    self.cursor.take(after)
                    after = self.cursor.next(after)
            if self.cursor.tag(after) != "J" or after is None:
                break
            place = self.cursor.next(after)
            if self.cursor.tag(place) == "^" and place is not None:
                break  # "by age descending and by name ascending" begins a key of its own
            if self._is_key(place):
                self.cursor.take(after)

    def _is_key(self, at: int | None) -> bool:
        if at is None or not self.cursor.free(at):
            return False
        item = self.cursor.items[at]
        return item.tag in "FNAS" or (item.tag == "L" and bool(item.matches))  # "and name"

    def _key(self, at: int, descending: bool | None) -> int | None:
        """Read one key; its last place, or None where there is none."""
        item = self.cursor.items[at]
        if not self._is_key(at):
            return None
        if item.tag in "FL":
            beyond = at + 1
            if (
                self.cursor.is_table(at)
                and beyond < len(self.cursor.items)
                and self.cursor.is_column(beyond)
                and self.cursor.free(beyond)
                and {m.name.table for m in self.cursor.items[beyond].matches} & set(item.tables)
            ):
                self.cursor.take(at)  # "sorted by customer name"
                at, item = beyond, self.cursor.items[beyond]
            self._add(Sorting(item=item, descending=descending, text=item.text), at)
            self._owner(at)
            return at
        target = self.cursor.next(at, ".UDN" if item.tag != "N" else ".UD")
        if target is None or not self.cursor.free(target) or self.cursor.tag(target) != "F":
            return None
        counted = item.tag == "N" or self.cursor.is_table(target)
        aggregate = _AGGREGATES.get(item.value.split()[0]) if item.value else None
        self._add(
            Sorting(
                item=self.cursor.items[target],
                count=counted,
                aggregate=None if counted else aggregate,
                descending=descending,
                text=self.cursor.text(at, target),
            ),
            *range(at, target + 1),
        )
        return target

    def _owner(self, at: int) -> None:
        """Take the table of "in descending order of the age of the student"."""
        after = self.cursor.next(at)
        said = at + 1 < len(self.cursor.items) and self.cursor.items[at + 1].text.lower() == "of"
        if after is not None and said and self.cursor.is_table(after) and self.cursor.free(after):
            self.cursor.take(after)

    def _add(self, sorting: Sorting, *places: int) -> None:
        self.cursor.reading.sortings.append(sorting)
        self.cursor.take(*places)
