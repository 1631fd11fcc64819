"""How rankings and groups are read: what is ranked or listed, how many, by what."""

from __future__ import annotations

from typing import Literal, cast

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import Group, Op
from clew_agents.sql.resolve import NUMERIC
from clew_core.query_spec import Grain

_PERCENT = ("percent", "%", "per cent", "pct")


class GroupReader:
    """Reads "top 5", "by month", "which country has the lowest"."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read rankings and groups."""
        self._rank_marks()
        self._group_marks()
        self._entity()

    def _rank_marks(self) -> None:
        """Read "top 5", "the first three", "rank … by"; and how many."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "K" or not self._can_rank(at):
                continue
            reading = self.cursor.reading
            reading.ranked.append(item)
            if item.value in ("max", "min"):
                reading.direction = cast(Literal["max", "min"], item.value)
                number = self.cursor.next(at)
                if self.cursor.free(number) and number is not None and self.cursor.counts(number):
                    after = self.cursor.next(number, "")
                    if after is not None and self.cursor.items[after].text.lower() in _PERCENT:
                        reading.rest.append(self.cursor.items[after])  # a part of all, not ten
                    reading.limit = int(self.cursor.items[number].number or 0)
                    self.cursor.take(number)
            else:
                reading.direction = reading.direction or "max"
            self.cursor.take(at)

    def _can_rank(self, at: int) -> bool:
        """Whether "top" or "first" ranks: not "the total of the top 5", not "first week".

        "First" alone may mean the earliest: it needs a number, and something to rank by.
        """
        item, before = self.cursor.items[at], self.cursor.items[:at]
        if item.value == "rank":
            return True
        if any(i.tag in "AN" for i in before) and not any(i.value == "rank" for i in before):
            return False
        number = self.cursor.next(at)
        if self.cursor.tag(number) == "R":
            return False
        if item.text.lower() == "first":
            numbered = number is not None and self.cursor.counts(number)
            others = [i for place, i in enumerate(self.cursor.items) if place != at]
            return numbered and any(i.tag in "SK" or i.text.lower() == "by" for i in others)
        return True

    def _group_marks(self) -> None:
        for at, item in enumerate(self.cursor.items):
            if at in self.cursor.used:
                continue
            if item.tag == "G":
                self._group_mark(at)
            elif item.tag == "R" and self.cursor.adverb(at):
                self._add_group(at)

    def _group_mark(self, at: int) -> None:
        right = self.cursor.next(at, ".DU")
        while right is not None and right in self.cursor.used and self.cursor.is_table(right):
            right = self.cursor.next(right, "")  # "by supplier nation"
        by = self.cursor.items[at].text.lower() in ("by", "according to", "in terms of")
        ranked = self.cursor.reading.direction is not None or any(
            i.tag == "S" for i in self.cursor.items[:at]
        )
        if by and ranked and not any(i.tag in "AN" for i in self.cursor.items[:at]):
            rank_by = self.cursor.tag(right) in ("N", "A", "M") or (
                self.cursor.is_column(right, NUMERIC) and not self.cursor.is_year(right)
            )
            if rank_by or self._is_worth(right):
                self.cursor.take(at)
                return
        if by and self._does(right):
            self.cursor.take(at)  # "rides by customers from France"
            return
        right = self._unqualified(right)
        if not self._groupable(right):
            return
        self.cursor.take(at)
        while right is not None and self._groupable(right):
            self._add_group(right)
            right = self._owned(right)
            joint = self.cursor.next(right, "")
            if self.cursor.tag(joint) == "J" and joint is not None:
                following = self._unqualified(self.cursor.next(joint, ".GDU"))
                if not self._groupable(following) or self._begins_measure(joint):
                    break
                self.cursor.take(joint)
                if self.cursor.tag(following - 1 if following else None) == "G" and following:
                    self.cursor.take(following - 1)
                right = following
            elif self.cursor.tag(joint) == "R" and self.cursor.free(joint):
                right = joint
            else:
                break

    def _owned(self, at: int) -> int:
        """Step over the table of "by status of the flight (and cabin)"."""
        table = self.cursor.next(at)
        said = at + 1 < len(self.cursor.items) and self.cursor.items[at + 1].text.lower() == "of"
        if table is None or not said or not self.cursor.is_table(table):
            return at
        owners = {match.name.table for match in self.cursor.items[at].matches}
        following = self.cursor.tag(self.cursor.next(table, ""))
        if following not in ("J", "", "W", "%", "P"):
            return at
        if owners.isdisjoint(self.cursor.items[table].tables):
            return at
        self.cursor.take(table)
        return table

    def _does(self, at: int | None) -> bool:
        """Whether a table after "by" is who did it: a condition on it follows."""
        if at is None or not self.cursor.is_table(at):
            return False
        after = self.cursor.next(at)
        if after in self.cursor.used and self.cursor.tag(after) == "V":
            return True
        if not self._plural(at):
            return False
        # "sessions by athletes whose city is Graz", "songs by artists with country Italy"
        said = after is not None and (
            self.cursor.tag(after) == "Q"
            or any(
                item.text.lower() in ("with", "of", "that", "who", "from", "in")
                for item in self.cursor.items[at + 1 : after]
            )
        )
        while (
            said
            and after is not None
            and (self.cursor.tag(after) in "QE" or self.cursor.tag(after) == "F")
        ):
            after = self.cursor.next(after)
        return (
            bool(said) and after in self.cursor.used and self.cursor.tag(after) in ("V", "C", "#")
        )

    def _is_worth(self, at: int | None) -> bool:
        return False if at is None else self.cursor.items[at].tag == "S"

    def _unqualified(self, at: int | None) -> int | None:
        """Step from the table of "customer market segment" to the column."""
        if at is None or not self.cursor.is_table(at) or not self.cursor.free(at):
            return at
        tables, beside = self.cursor.items[at].tables, self.cursor.next(at, "")
        if beside is None or not self.cursor.free(beside) or not self.cursor.is_column(beside):
            return at
        if any(match.name.table in tables for match in self.cursor.items[beside].matches):
            self.cursor.take(at)
            return beside
        return at

    def _begins_measure(self, joint: int) -> bool:
        """Whether what follows "and" is a new measure ("by region and the average price")."""
        return self.cursor.tag(self.cursor.next(joint)) in ("A", "N", "S")

    def _groupable(self, at: int | None) -> bool:
        return self.cursor.free(at) and (self.cursor.tag(at) in ("F", "R"))

    def _add_group(self, at: int) -> None:
        item = self.cursor.items[at]
        if item.tag == "R":
            grain = cast(Grain, item.value)
            self.cursor.reading.groups.append(Group(item=item, grain=grain))
        else:
            self.cursor.reading.groups.append(Group(item=item))
        self.cursor.take(at)

    def _entity(self) -> None:
        """Find what is ranked ("which 5 countries", "the country with the lowest")."""
        supers = [
            i for i, item in enumerate(self.cursor.items) if item.tag == "S" and self.cursor.free(i)
        ]
        directions = {self.cursor.items[i].value.split()[0] for i in supers}
        ranked = self.cursor.reading.direction is not None or len(directions) == 1
        at = self._asked_for()
        self.cursor.reading.entity_asked = at is not None
        if at is None and ranked and supers:
            at = self._leading(supers[0])
            at = self._ranked_thing(supers[0]) if at is None else at
        if at is None and len(supers) == 1:
            at = self._described(supers[0])
        if at is None:
            if self.cursor.reading.columns and len(supers) == 1 and not self._grouped():
                self._rank_by(supers)  # "the id of the pilot who got the lowest rate"
                self.cursor.reading.limit = self.cursor.reading.limit or 1
            return
        if not ranked:
            if self._asked(at):
                self.cursor.reading.entity = self.cursor.items[at]
                self.cursor.take(at)
            return
        self.cursor.reading.entity = self.cursor.items[at]
        self.cursor.take(at)
        self._limit_of(at)
        if self.cursor.reading.direction is None:
            self._rank_by(supers)
        if self.cursor.reading.limit is None:
            self.cursor.reading.limit = 10 if self._plural(at) and not self._one_of(at) else 1

    def _one_of(self, at: int) -> bool:
        """Whether one is asked for: "which of the products has …", "of all fields, which one"."""
        words = [item.text.lower() for item in self.cursor.items]
        for place, item in enumerate(self.cursor.items[: max(at - 1, 0)]):
            if item.tag == "S" and words[place + 1] == "of" and words[at - 1] in ("of", "the"):
                return True  # "the fastest of the songs"
        if any(self._one(place) for place in range(len(words))):
            return True
        which = at > 1 and "which" in words[:at] and "of" in words[words.index("which") : at]
        return which and any(word in ("has", "is", "was") for word in words[at + 1 :])

    def _grouped(self) -> bool:
        return bool(self.cursor.reading.groups or self.cursor.reading.ops)

    def _rank_by(self, supers: list[int]) -> None:
        """Take the first superlative as the way of a ranking; a second one is left over."""
        chosen = supers[0]
        value = self.cursor.items[chosen].value.split()
        self.cursor.reading.direction = cast(Literal["max", "min"], value[0])
        self.cursor.reading.adjective = value[1] if len(value) > 1 else ""
        self.cursor.reading.superlative = True
        self.cursor.take(chosen)
        self.cursor.reading.ranked.append(self.cursor.items[chosen])
        self._rank_target(chosen)
        for other in supers[1:]:  # "the most orders and the highest price": by which?
            self.cursor.reading.rest.append(self.cursor.items[other])
            self.cursor.take(other)

    def _described(self, place: int) -> int | None:
        """The table right after an adjective: "the longest track", "five cheapest products"."""
        at = self.cursor.next(place, ".#")
        adjective = self.cursor.items[place].value.partition(" ")[2]
        if not adjective or at is None or not self.cursor.free(at):
            return None
        counted = adjective == "common" and self.cursor.is_thing(at)
        return at if counted or self.cursor.is_table(at) else None

    def _plural(self, at: int) -> bool:
        word = self.cursor.items[at].text.lower()
        return word.endswith("s") and not word.endswith(("ss", "us", "is"))

    def _limit_of(self, at: int) -> None:
        before = self.cursor.previous(at, ".D")
        while before is not None and self.cursor.tag(before) == "S":
            before = self.cursor.previous(before, ".D")
        for place in (before, self._number_at_end()):
            if place is not None and self.cursor.free(place) and self.cursor.counts(place):
                if self.cursor.reading.limit is None:
                    self.cursor.reading.limit = int(self.cursor.items[place].number or 0)
                    self.cursor.take(place)

    def _number_at_end(self) -> int | None:
        """The number of "… and give me the first three"."""
        last = len(self.cursor.items) - 1
        return last if last >= 0 and self.cursor.items[last].tag == "#" else None

    def _asked(self, at: int) -> bool:
        before = self.cursor.previous(at, ".DU#SK")
        return self.cursor.tag(before) in ("Q", "L")

    def _asked_for(self) -> int | None:
        """The first free name after which/what/list/top that is no number to compute."""
        for at, item in enumerate(self.cursor.items):
            if item.tag not in "QLK" or item.text.lower() in ("where", "whose"):
                continue
            if item.tag == "Q" and self._one(at):
                named = [i for i in range(at) if self.cursor.is_table(i) and self.cursor.free(i)]
                return named[-1] if named else None
            right = self.cursor.next(at, ".DU#HS" if item.tag == "K" else ".DU#H")
            passed = range(at + 1, right or at + 1)
            if any(self.cursor.items[i].text.lower() in ("do", "does", "did") for i in passed):
                continue  # "what does a parcel cost"
            if any(self.cursor.items[i].tag == "U" for i in passed) and item.tag == "Q":
                continue
            if right is not None and self.cursor.free(right) and self.cursor.is_thing(right):
                return right
            grain = self.cursor.tag(right) == "R" and not self.cursor.adverb(right)
            if grain and item.tag == "Q" and self.cursor.free(right):
                return right  # "which month had the most orders"
            if self.cursor.tag(right) == "S" and right is not None:  # "what is the longest track"
                beyond = self.cursor.next(right, ".D#")
                adjective = len(self.cursor.items[right].value.split()) > 1
                thing = beyond is not None and (
                    self.cursor.is_table(beyond) or (adjective and self.cursor.is_thing(beyond))
                )
                if self.cursor.free(beyond) and thing:
                    return beyond
        return None

    def _one(self, at: int) -> bool:
        """Whether "which one" asks for one of what was named before: "of all fields, which …"."""
        return self.cursor.items[at].text.lower() == "which one"

    def _leading(self, first_super: int) -> int | None:
        """The thing before "with the lowest …" where no question word stands before it."""
        at = self.cursor.previous(first_super, ".EUD#")
        grain = self.cursor.tag(at) == "R" and not self.cursor.adverb(at)
        if at is None or not self.cursor.free(at) or not (grain or self.cursor.is_thing(at)):
            return None
        between = {self.cursor.items[i].text.lower() for i in range(at + 1, first_super)}
        before = self.cursor.tag(self.cursor.previous(at, ".D#"))
        said = between & {"with", "has", "had", "have", "having", "that", "of", "who"}
        return at if said and before not in ("U", "G", "A", "N") and "of" not in between else None

    def _ranked_thing(self, first_super: int) -> int | None:
        """The thing of "smallest 3 countries by population"."""
        at = self.cursor.next(first_super, ".#")
        by = at is not None and any(
            item.tag == "G" and place in self.cursor.used and place > at
            for place, item in enumerate(self.cursor.items)
        )
        thing = at is not None and self.cursor.free(at) and self.cursor.is_thing(at)
        return at if thing and by and not self.cursor.reading.groups else None

    def _rank_target(self, at: int) -> None:
        """Read what is ranked by: "most orders", "highest average price", "highest order count"."""
        right = self.cursor.next(at, ".U")
        if self.cursor.tag(right) == "O" and right is not None:
            self.cursor.reading.ops.append(Op(aggregate="count", target=None, count=True))
            self.cursor.take(right)
            return
        if self.cursor.is_table(right) and self.cursor.free(right) and right is not None:
            counted = self.cursor.next(right, "")
            if self.cursor.tag(counted) == "N":
                self.cursor.take(counted)
            elif self.cursor.tag(counted) == "F" and self.cursor.is_column(counted, NUMERIC):
                return  # "the highest invoice total": the column is read as a measure
            self.cursor.reading.ops.append(
                Op(aggregate="count", target=self.cursor.items[right], count=True)
            )
            self.cursor.take(right)
