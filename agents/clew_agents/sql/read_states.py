"""How states are read that no value names: "closed accounts", "orders with a return".

A date says by being there that something was done; rows of another table, that there are some.
"""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import NullTest
from clew_agents.sql.words import is_participle

_DETERMINERS = frozenset(("a", "an", "any", "some", "at least one", "one or more", "at least a"))
_POSSESSIVE = frozenset("their its his her our your my".split())


class StateReader:
    """Reads what was done to rows, and of which rows there must be some."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read both; a period would say when it was done, so then it is no state."""
        if not self.cursor.reading.times:
            self._done()
        self._having()
        self._filled()

    def _done(self) -> None:
        """Read "closed accounts", "accounts that have been closed": the date of it is filled."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "h" or not self.cursor.free(at) or not is_participle(item.value):
                continue
            before = self.cursor.previous(at, ".")
            after = self.cursor.next(at, "")
            stated = self.cursor.tag(before) == "E" or self._has_been(at)
            noun = self.cursor.is_table(after) and self.cursor.items[at + 1 : at + 2] == [
                self.cursor.items[after or 0]
            ]
            if not stated and not noun:
                continue
            negation = self.cursor.previous(at, ".E")
            negated = self.cursor.tag(negation) == "X" and self.cursor.free(negation)
            places = [at, *([negation] if negated and negation is not None else [])]
            self.cursor.reading.nulls.append(
                NullTest(places=tuple(places), item=item, empty=negated, dated=True)
            )
            self.cursor.take(*places)

    def _has_been(self, at: int) -> bool:
        words = [item.text.lower() for item in self.cursor.items[max(0, at - 3) : at]]
        return "been" in words or "got" in words

    def _filled(self) -> None:
        """Read "orders with a coupon code", "used a coupon": it is there."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "F" or not self.cursor.free(at) or self.cursor.is_table(at):
                continue
            words = [i.text.lower() for i in self.cursor.items[max(0, at - 2) : at]]
            with_one = words[-1:] in (["a"], ["an"], ["any"], ["some"]) and words[:1] in (
                ["with"], ["used"], ["using"], ["have"], ["has"], ["had"],
            )  # fmt: skip
            text = all(match.name.type in ("text", "date", "timestamp") for match in item.matches)
            after = self.cursor.next(at, "")
            value = after is not None and self.cursor.tag(after) in ("V", "#", "C", "E", "?")
            if with_one and text and not value and item.matches:
                self.cursor.reading.nulls.append(NullTest(places=(at,), item=item, empty=False))
                self.cursor.take(at)

    def _having(self) -> None:
        """Read "with a return", "with returns": there must be some."""
        for at in range(len(self.cursor.items)):
            if not self.cursor.is_table(at) or not self.cursor.free(at):
                continue
            words, place = [], at - 1
            while place >= 0 and self.cursor.items[place].tag in ".UC":
                words.append(self.cursor.items[place].text.lower())
                place -= 1
                if words[-1] == "with":
                    break
            said = words[-1:] == ["with"] and set(words[:-1]) <= _DETERMINERS
            if said and place >= 0 and not _POSSESSIVE & set(words):
                self.cursor.reading.having.append(self.cursor.items[at])
                self.cursor.take(at)
