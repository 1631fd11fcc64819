"""Where a reader stands in the tagged words of a question, and which words are used up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew_agents.sql.reading import Reading
from clew_agents.sql.resolve import NUMERIC
from clew_agents.sql.tagging import Item

_ADVERBS = frozenset("yearly annual annually quarterly monthly weekly daily hourly".split())


class Cursor:
    """The items of a question, what was read of them so far, and how to look around.

    Places are indexes of items; a place may be None, and then nothing is true of it.

    Attributes:
        items: tagged words.
        used: places that a part of the reading took.
        reading: the parts so far.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        """Stand before the first item."""
        self.items = list(items)
        self.used: set[int] = set()
        self.reading = Reading()

    def next(self, at: int, skip: str = ".") -> int | None:
        """The next item that is not skipped."""
        at += 1
        while at < len(self.items) and self.items[at].tag in skip:
            at += 1
        return at if at < len(self.items) else None

    def beyond(self, at: int, skip: str) -> int | None:
        """The next item that is not skipped; conditions that were read are stepped over."""
        at += 1
        while at < len(self.items) and (
            self.items[at].tag in skip
            or at in self.used
            and (self.items[at].tag in "VPC#BZJEhX" or self._is_flag(at))
        ):
            at += 1
        return at if at < len(self.items) else None

    def _is_flag(self, at: int) -> bool:
        matches = self.items[at].matches
        return bool(matches) and all(match.name.is_flag for match in matches)

    def previous(self, at: int, skip: str = ".") -> int | None:
        """The item before that is not skipped."""
        at -= 1
        while at >= 0 and self.items[at].tag in skip:
            at -= 1
        return at if at >= 0 else None

    def tag(self, at: int | None) -> str:
        """The tag of an item; empty for none."""
        return self.items[at].tag if at is not None else ""

    def take(self, *places: int | None) -> None:
        """Mark items as used."""
        self.used.update(place for place in places if place is not None)

    def silence(self, *places: int | None) -> None:
        """Make items say nothing more: what they ask for was read."""
        for at in places:
            if at is not None:
                self.items[at] = replace(self.items[at], tag=".", value="", matches=())

    def free(self, at: int | None) -> bool:
        """Whether an item is there and no part took it."""
        return at is not None and at not in self.used

    def is_column(self, at: int | None, types: Sequence[str] = ()) -> bool:
        """Whether an item names a column (of one of the types), read so before as a table."""
        if at is None or self.items[at].tag != "F":
            return False
        return any(
            match.name.column is not None and (not types or match.name.type in types)
            for match in self.items[at].matches
        )

    def is_table(self, at: int | None) -> bool:
        """Whether an item names a table."""
        return at is not None and self.items[at].tag == "F" and bool(self.items[at].tables)

    def is_year(self, at: int | None) -> bool:
        """Whether an item names a column of years."""
        return at is not None and any(
            m.name.column is not None and m.name.words[-1] == "year" and m.name.type in NUMERIC
            for m in self.items[at].matches
        )

    def adverb(self, at: int | None) -> bool:
        """Whether an item is a grain said as an adverb: "monthly"."""
        return at is not None and self.items[at].text.lower() in _ADVERBS

    def counts(self, at: int) -> bool:
        """Whether an item is a number that can say how many."""
        number = self.items[at].number
        return self.items[at].tag == "#" and isinstance(number, int) and 0 < number <= 10_000

    def text(self, *places: int) -> str:
        """The words of some items, in their order."""
        return " ".join(self.items[at].text for at in sorted(places))

    def is_thing(self, at: int) -> bool:
        """Whether a name can be ranked or listed: a table, or a column that is no measure."""
        return self.is_table(at) or (self.is_column(at) and not self.is_column(at, NUMERIC))
