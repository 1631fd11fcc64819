"""How tests of a part of a text are read: "whose name starts with 'A'", "with 'ee' in their name".

What a text has to hold stands in quotes, or is written as no word of the data is; the column is
named beside it. Where none is named, the words are left over, and asked back.
"""

from __future__ import annotations

from dataclasses import replace

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import TextTest
from clew_agents.sql.resolve import NUMERIC
from clew_core.query_spec import Operator

_HOLD = frozenset("contain contains containing include includes including have has having".split())
_HAVE = frozenset(("have", "has", "having", "with", "containing", "contain", "contains"))
_WHOSE = ("their", "its", "the", "his", "her")
_KINDS: dict[str, Operator] = {
    "starts": "starts_with", "ends": "ends_with", "contains": "contains",
}  # fmt: skip


class TextReader:
    """Reads what a text begins with, ends with or contains."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read all tests of texts."""
        for at, item in enumerate(self.cursor.items):
            if not self.cursor.free(at):
                continue
            if item.tag == "~":
                self._test(at, _KINDS[item.value])
            elif item.tag == "." and item.text.lower() in _HOLD and self._quoted(at + 1):
                self._test(at, "contains")
            elif item.tag in "V?h" and self._is_in(at):
                self._within(at)

    def _quoted(self, at: int) -> bool:
        if at >= len(self.cursor.items):
            return False
        item = self.cursor.items[at]
        return item.tag == "V" and item.text[:1] in "\"'‘“" and item.text[-1:] in "\"'’”"

    def _test(self, sign: int, operator: Operator) -> None:
        held = self.cursor.next(sign)
        if sign + 1 < len(self.cursor.items) and self.cursor.items[sign + 1].text[:1].isupper():
            held = sign + 1  # "begins with Ve"
        if held is None or not self.cursor.free(held) or not self._is_literal(held):
            return
        subject = self.cursor.previous(sign, ".E")
        denied = None
        if subject is not None and self.cursor.tag(subject) == "X":
            denied, subject = subject, self.cursor.previous(subject, ".E")
        if denied is not None and operator != "contains":
            return
        if not self._is_text(subject):
            subject = self._behind(held)
        self._keep(subject, held, sign, operator, denied)

    def _behind(self, held: int) -> int | None:
        """The column of "containing 'ee' in their name"."""
        after = self.cursor.next(held)
        return after if self._is_in(held) else None

    def _within(self, held: int) -> None:
        """Read "that have TN in their address"."""
        words = [self.cursor.items[at].text.lower() for at in range(max(0, held - 3), held)]
        if not self._is_literal(held) or _HAVE.isdisjoint(words[-1:]):
            return
        self._keep(self.cursor.next(held), held, None, "contains", None)

    def _is_in(self, held: int) -> bool:
        """Whether "in their name" stands behind."""
        words = [item.text.lower() for item in self.cursor.items[held + 1 : held + 3]]
        joined = words == ["in", words[-1] if words else ""] and words[-1] in _WHOSE
        return joined and self._is_text(self.cursor.next(held))

    def _is_literal(self, at: int) -> bool:
        item = self.cursor.items[at]
        if self._quoted(at) or item.tag in "?#":
            return True
        if item.tag == "." and item.text[:1].isupper() and at > 0:
            return self.cursor.tag(at - 1) == "~"
        return item.tag in "VFh" and (item.text[:1].isupper() or len(item.text) < 3)

    def _is_text(self, at: int | None) -> bool:
        if at is not None and self.cursor.tag(at) == "L" and self.cursor.items[at].matches:
            self.cursor.items[at] = replace(self.cursor.items[at], tag="F", value="")  # "name"
        named = self.cursor.is_column(at) and self.cursor.free(at)
        return named and not self.cursor.is_column(at, (*NUMERIC, "date", "timestamp"))

    def _keep(
        self, subject: int | None, held: int, sign: int | None, operator: Operator,
        denied: int | None,
    ) -> None:  # fmt: skip
        places = tuple(p for p in (subject, held, sign, denied) if p is not None)
        item = self.cursor.items[held]
        self.cursor.reading.texts.append(
            TextTest(
                places=places,
                item=self.cursor.items[subject] if subject is not None else None,
                operator=operator if denied is None else "not_contains",
                held=item.text.strip("\"'‘’“”%"),
                text=self.cursor.text(*places),
            )
        )
        self.cursor.take(*places)
