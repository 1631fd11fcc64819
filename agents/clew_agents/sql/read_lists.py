"""How listed columns are read: "the name, city and age of the customers"."""

from __future__ import annotations

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.reading import Group
from clew_agents.sql.resolve import NUMERIC

_OF = ("of", "for", "from", "in", "about")


class ListReader:
    """Reads the columns that a question begins with."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read a run of columns and the table that it is of, if that is what is asked for."""
        if self.cursor.reading.entity is not None:
            return
        start = self.cursor.next(-1, ".LQDU")
        if start is None or any(self.cursor.tag(i) in "AN" for i in range(start)):
            return
        numbered = self.cursor.tag(start) == "N" and self._lists_numbers(start)
        if numbered:
            start = self._numbered(start) or start
        places, tables, joints = self._run(start)
        if not places:
            return
        numbers = any(self.cursor.is_column(place, NUMERIC) for place in places)
        each = self._of_each(places)
        grouped = any(item.tag in "GK" for i, item in enumerate(self.cursor.items) if i != each)
        if len(places) > 1:
            if numbers and grouped:
                return  # "price and quantity by region" measures
        elif (
            each is None
            and not self._is_of_ranked(places[0])
            and not numbered
            and not self._is_single(places[0], calm=not grouped and not self._computes())
        ):
            return
        reading = self.cursor.reading
        reading.columns = [self.cursor.items[place] for place in places]
        self.cursor.take(*places, *tables, *joints)
        for place in places:
            before = self.cursor.previous(place)
            if self.cursor.tag(before) == "N" and self.cursor.is_column(place, NUMERIC):
                self.cursor.silence(before)
        if each is not None:
            table = self.cursor.next(each, ".UD")
            assert table is not None  # as seen
            self.cursor.take(each, table)
            reading.owner = self.cursor.items[table].tables
            reading.groups.append(Group(item=self.cursor.items[table]))
        else:
            reading.owner = self._owner(places[-1], tables)

    def _numbered(self, at: int | None) -> int | None:
        """Step over "number of" before a column of numbers: it is the number that is listed."""
        if at is None or self.cursor.tag(at) != "N":
            return at
        column = self.cursor.next(at)
        number = self.cursor.is_column(column, NUMERIC) and not self.cursor.is_table(column)
        return column if number and self.cursor.free(column) else at

    def _lists_numbers(self, at: int) -> bool:
        """Whether "show the number of followers of all musicians" asks for that of each.

        "What are" and "show … of all" list; "what is the number of" is a total.
        """
        column = self._numbered(at)
        table = self.cursor.next(column, ".UD") if column is not None and column != at else None
        if table is None:
            return False
        said = {item.text.lower() for item in self.cursor.items[:at]}
        joined = self.cursor.tag(table) == "J"
        listed = any(item.tag == "L" for item in self.cursor.items[:at]) or "what are" in said
        others = any(item.tag in "GKS%^T" for item in self.cursor.items)
        return listed and not others and (joined or self.cursor.is_table(table))

    def _of_each(self, places: list[int]) -> int | None:
        """The word "each" of "the title and fee of each course", where a course has them."""
        each = self.cursor.next(places[-1])
        if each is None or self.cursor.tag(each) != "G":
            return None
        if "by" in self.cursor.items[each].text.lower().split():
            return None
        table = self.cursor.next(each, ".UD")
        if table is None or not self.cursor.is_table(table):
            return None
        owners = set(self.cursor.items[table].tables)
        owned = all(
            any(match.name.table in owners for match in self.cursor.items[place].matches)
            for place in places
        )
        return each if owned else None

    def _computes(self) -> bool:
        return any(item.tag in "ANSM" for item in self.cursor.items)

    def _run(self, start: int) -> tuple[list[int], list[int], list[int]]:
        """Columns joined by commas and "and"; the tables that qualify them; the joints."""
        places: list[int] = []
        tables: list[int] = []
        joints: list[int] = []
        at: int | None = start
        while at is not None:
            column = self._column_at(at)
            if column is None:
                break
            if column != at:
                tables.append(at)
            places.append(column)
            joint = self.cursor.next(column, "")
            if joint is None:
                break
            if self.cursor.tag(joint) == "J" and self.cursor.items[joint].value == "and":
                joints.append(joint)
                at = self._numbered(self.cursor.next(joint, ".UD"))
            elif self.cursor.items[joint].gap == ",":
                after = self.cursor.next(joint - 1, ".UD")
                if after is not None and self.cursor.tag(after) == "J":
                    joints.append(after)
                    after = self.cursor.next(after, ".UD")
                at = after
            else:
                break
        return places, tables, joints

    def _column_at(self, at: int) -> int | None:
        """The column that begins at a place: "age", or "customer name" from its second word."""
        if not self.cursor.free(at):
            return None
        beside = at + 1
        if self.cursor.is_table(at) and beside < len(self.cursor.items):
            owned = {match.name.table for match in self.cursor.items[beside].matches}
            qualified = owned & set(self.cursor.items[at].tables)
            gap = self.cursor.items[beside].gap
            if self.cursor.is_column(beside) and qualified and gap in ("", "'", "'s"):
                return beside if self.cursor.free(beside) else None
        return at if self.cursor.is_column(at) else None

    def _is_of_ranked(self, at: int) -> bool:
        """Whether a column is of the first of a ranking: "the city of the tallest student"."""
        said = at + 1 < len(self.cursor.items) and self.cursor.items[at + 1].text.lower() == "of"
        supers = [i for i, item in enumerate(self.cursor.items) if item.tag == "S"]
        if not said or len(supers) != 1 or supers[0] < at or self._of_many(at):
            return False
        table = self.cursor.next(at, ".UD#S")
        if table is None or not self.cursor.is_table(table):
            return False
        if supers[0] < table and " " not in self.cursor.items[supers[0]].value:
            return False  # "the amount of the largest payment": which is the largest?
        if self.cursor.items[at].text.lower() in ("name", "names"):
            return True
        owners = {match.name.table for match in self.cursor.items[at].matches if match.name.column}
        return not owners.isdisjoint(self.cursor.items[table].tables)

    def _of_many(self, at: int) -> bool:
        """Whether something is computed or grouped besides the ranking."""
        tags = [item.tag for i, item in enumerate(self.cursor.items) if self.cursor.free(i)]
        return "A" in tags or "G" in tags or "K" in tags

    def _is_single(self, at: int, *, calm: bool) -> bool:
        """Whether one column is listed: "the ages of the customers", "list the prices"."""
        listed = any(item.tag == "L" for item in self.cursor.items)
        if calm and listed and self.cursor.is_column(at, NUMERIC):
            return True
        after = self.cursor.next(at, ".UD")
        behind = [item.text.lower().split()[0] for item in self.cursor.items[at + 1 : at + 2]]
        said = bool(behind) and behind[0] in _OF
        if calm and said and self._is_plural_of_singular(at) and self.cursor.is_table(after):
            owned = {m.name.table for m in self.cursor.items[at].matches if m.name.column}
            if after is not None and owned & set(self.cursor.items[after].tables):
                return True
        text = self.cursor.is_column(at, ("text",)) and not self.cursor.is_table(at)
        named = self.cursor.items[at].text.lower() in ("name", "names")
        if text and said and named and self.cursor.is_table(after):
            return not any(item.tag in "GKS" for item in self.cursor.items)
        return calm and text and said and self.cursor.is_table(after)

    def _is_plural_of_singular(self, at: int) -> bool:
        """Whether "the sizes of the rooms" asks for the size of each, where a room has a size."""
        text = self.cursor.items[at].text.lower()
        names = [m.name for m in self.cursor.items[at].matches if m.name.column]
        written = any(name.words[-1] == text.split()[-1] for name in names)
        return text.endswith("s") and bool(names) and not written

    def _owner(self, last: int, qualified: list[int]) -> tuple[str, ...]:
        """The table that the columns are of."""
        after = self.cursor.next(last, ".UD#S")
        said = last + 1 < len(self.cursor.items) and (
            self.cursor.items[last + 1].text.lower().split()[0] in _OF
        )
        if said and self.cursor.is_table(after) and after is not None:
            return self.cursor.items[after].tables
        return self.cursor.items[qualified[0]].tables if qualified else ()
