"""How tests of truth values are read: "trial accounts", "is escalated", "not escalated"."""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import FlagTest


class FlagReader:
    """Reads which columns of truth values must be true, or false."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read "trial accounts", "is escalated", "not escalated" over columns of truth values."""
        for at, item in enumerate(self.cursor.items):
            if not self.cursor.free(at) or item.tag != "F" or not self._is_flag(at):
                continue
            before = self.cursor.previous(at, ".E")
            noun = self.cursor.is_table(self.cursor.next(at, ""))
            if self.cursor.tag(before) in ("G", "D", "N") and not noun:
                continue
            places, holds = [at], True
            after = self.cursor.next(at, ".E")
            word = self.cursor.items[after].text.lower() if after is not None else ""
            if after is not None and word in ("true", "false", "yes", "no"):
                holds = word in ("true", "yes")
                places.append(after)
            if before is not None and (
                self.cursor.tag(before) == "X" or self.cursor.items[before].value == "!="
            ):
                holds = not holds
                places.append(before)
            if noun and before is not None and self._done_by(before, at):
                places.append(before)
            self.cursor.reading.flags.append(FlagTest(places=tuple(places), item=item, holds=holds))
            self.cursor.take(*places)

    def _done_by(self, at: int, flag: int) -> bool:
        """Whether "by" says who did it: "courses by tenured teachers"."""
        owners = {match.name.table for match in self.cursor.items[flag].matches}
        if owners.isdisjoint(self.cursor.items[flag + 1].tables):
            return False
        doer = self.cursor.tag(at) == "G" and self.cursor.items[at].text.lower() == "by"
        return doer and self.cursor.is_table(self.cursor.previous(at))

    def _is_flag(self, at: int) -> bool:
        matches = self.cursor.items[at].matches
        return bool(matches) and all(match.name.is_flag for match in matches)
