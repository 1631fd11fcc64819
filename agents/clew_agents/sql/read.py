"""How tagged words become a reading: which number belongs to which name, what is ranked by what.

Each step takes items and marks them as used; what is left over at the end was not understood,
and the question is asked back rather than answered without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from clew_agents.sql.reading import (
    Comparator,
    Group,
    NumberTest,
    Op,
    Reading,
    TimeTest,
    ValueTest,
)
from clew_agents.sql.tagging import Item
from clew_core.query_spec import Aggregate, Grain, Mark, Operator

_NUMERIC = ("integer", "number", "decimal")
_DATES = ("date", "timestamp")
_COMPUTABLE = (*_NUMERIC, *_DATES)
_ADVERBS = frozenset("yearly annual annually quarterly monthly weekly daily".split())
_SIGNS: dict[str, Operator] = {
    ">": ">", "<": "<", ">=": ">=", "<=": "<=", "after": ">", "before": "<", "since": ">=",
    "until": "<=", "!=": "!=",
}  # fmt: skip
_TIMES: dict[str, Comparator] = {
    ">": "after", "<": "before", ">=": "since", "<=": "until", "after": "after",
    "before": "before", "since": "since", "until": "until",
}  # fmt: skip


def read(items: Sequence[Item]) -> Reading:
    """Read tagged words."""
    return _Reader(items).run()


class _Reader:
    def __init__(self, items: Sequence[Item]) -> None:
        self.items = list(items)
        self.used: set[int] = set()
        self.reading = Reading()

    def run(self) -> Reading:
        self._context()
        self._names_that_are_words()
        self._charts()
        self._comparisons()
        self._plain_numbers()
        self._value_tests()
        self._period_tests()
        self._lacking()
        self._rank_marks()
        self._group_marks()
        self._entity()
        self._operations()
        self._lone_columns()
        self._listing()
        self._leftovers()
        return self.reading

    # --- moving about --------------------------------------------------------------------------

    def _next(self, at: int, skip: str = ".") -> int | None:
        """The next item that is not skipped."""
        at += 1
        while at < len(self.items) and self.items[at].tag in skip:
            at += 1
        return at if at < len(self.items) else None

    def _beyond(self, at: int, skip: str) -> int | None:
        """The next item that is not skipped; conditions that were read are stepped over."""
        at += 1
        while at < len(self.items) and (
            self.items[at].tag in skip or at in self.used and self.items[at].tag in "VPC#BZ"
        ):
            at += 1
        return at if at < len(self.items) else None

    def _previous(self, at: int, skip: str = ".") -> int | None:
        at -= 1
        while at >= 0 and self.items[at].tag in skip:
            at -= 1
        return at if at >= 0 else None

    def _tag(self, at: int | None) -> str:
        return self.items[at].tag if at is not None else ""

    def _take(self, *places: int | None) -> None:
        self.used.update(place for place in places if place is not None)

    def _free(self, at: int | None) -> bool:
        return at is not None and at not in self.used

    def _is_column(self, at: int | None, types: Sequence[str] = ()) -> bool:
        """Whether an item names a column (of one of the types), read so before as a table."""
        if at is None or self.items[at].tag != "F":
            return False
        return any(
            match.name.column is not None and (not types or match.name.type in types)
            for match in self.items[at].matches
        )

    def _is_table(self, at: int | None) -> bool:
        return at is not None and self.items[at].tag == "F" and bool(self.items[at].tables)

    def _is_year(self, at: int | None) -> bool:
        return at is not None and any(
            m.name.column is not None and m.name.words[-1] == "year" and m.name.type == "integer"
            for m in self.items[at].matches
        )

    # --- preparation ---------------------------------------------------------------------------

    def _context(self) -> None:
        for item in self.items:
            if item.tag == "F":
                for table in item.tables:
                    if table not in self.reading.context:
                        self.reading.context.append(table)

    def _names_that_are_words(self) -> None:
        """Decide of "total", "count", "year" … that are also names of columns what they are."""
        for at, item in enumerate(self.items):
            if item.tag not in "ANLOKM" or not item.matches:
                continue
            columns = [m for m in item.matches if m.name.type in _NUMERIC]
            if item.tag == "L" or not columns:
                labels = [m for m in item.matches if m.name.column is not None]
                after_table = at > 0 and self._is_table(at - 1)
                if labels and item.tag in "LO" and (after_table or self._tag(at - 1) == "G"):
                    self.items[at] = _as_name(item)
                continue
            before, after = self._previous(at, ".UD"), self._next(at, ".E")
            operated = before is not None and self.items[before].tag in "ASN"
            qualified = at > 0 and self._is_table(at - 1)
            if operated or qualified or self._tag(after) in ("C", "B"):
                self.items[at] = _as_name(item)

    def _charts(self) -> None:
        for at, item in enumerate(self.items):
            if item.tag == "H":
                self.reading.charted = True
                if item.value:
                    self.reading.mark = cast(Mark, item.value)
                self._take(at)

    # --- conditions ----------------------------------------------------------------------------

    def _comparisons(self) -> None:
        """Read "over 5", "between 1 and 3", "5 or more", "before 1970", "from 1967 to 1977"."""
        for at, item in enumerate(self.items):
            if at in self.used:
                continue
            if item.tag == "C":
                self._comparison(at)
            elif item.tag == "B":
                self._between(at)
            elif item.tag in "#P" and self._range_from(at):
                continue
            elif item.tag in "#P" and self._tag(self._next(at, "")) == "Z":
                self._suffixed(at)

    def _comparison(self, at: int) -> None:
        right = self._next(at, ".E")
        sign = self.items[at].value
        if right is None or self._tag(right) not in ("#", "P"):
            return
        left = self._subject(at)
        item = self.items[right]
        amount = self._is_column(left, _NUMERIC) and not self._is_year(left)
        temporal = sign in ("after", "before", "since", "until")
        if item.tag == "P" and sign in _TIMES and (temporal or not amount):
            self._time(left, _TIMES[sign], (right,), at)
        elif item.number is not None and sign in _SIGNS:
            self._number(left, _SIGNS[sign], (right,), at)

    def _between(self, at: int) -> None:
        low = self._next(at)
        joint = self._next(low, "") if low is not None else None
        high = self._next(joint) if joint is not None else None
        if low is None or joint is None or high is None:
            return
        if self.items[joint].value != "and" and self.items[joint].text.lower() != "to":
            return
        left = self._subject(at)
        amount = self._is_column(left, _NUMERIC) and not self._is_year(left)
        self._range(left, low, high, at, joint, amount=amount)

    def _range_from(self, low: int) -> bool:
        """Read "1967 to 1977", "1967 through 1977", "1967-1977"."""
        joint, high = low + 1, low + 2
        if high < len(self.items) and self._joins_range(joint):
            high = self._next(joint) or high
            return self._range(self._subject(low), low, high, joint)
        if joint < len(self.items) and self.items[joint].tag == self.items[low].tag == "P":
            # adjacent years: only a dash can stand between them
            return self._range(self._subject(low), low, joint)
        return False

    def _joins_range(self, at: int) -> bool:
        text = self.items[at].text.lower()
        return text in ("to", "through", "thru", "until", "till", "through to", "up to")

    def _range(
        self, left: int | None, low: int, high: int, *signs: int, amount: bool = False
    ) -> bool:
        first, second = self.items[low], self.items[high]
        if first.tag == second.tag == "P" and not amount:
            self._time(left, "between", (low, high), *signs)
            return True
        if first.number is not None and second.number is not None:
            self._number(left, "between", (low, high), *signs)
            return True
        return False

    def _suffixed(self, at: int) -> None:
        sign = self._next(at, "")
        assert sign is not None
        left, value = self._subject(at), self.items[sign].value
        more = value in ("or later", "or more")
        amount = self._is_column(left, _NUMERIC) and not self._is_year(left)
        temporal = value in ("or later", "or earlier")
        if self.items[at].tag == "P" and (temporal or not amount):
            self._time(left, "since" if more else "until", (at,), sign)
        elif self.items[at].number is not None:
            self._number(left, ">=" if more else "<=", (at,), sign)

    def _subject(self, at: int) -> int | None:
        """The name that a comparison speaks of: the free one before it."""
        left = self._previous(at, ".EMh")
        if left is not None and self.items[left].tag == "R" and self.items[left].matches:
            return left
        return left if self._tag(left) == "F" and self._free(left) else None

    def _number(
        self, left: int | None, operator: Operator, numbers: tuple[int, ...], *signs: int
    ) -> None:
        values = tuple(n for at in numbers if (n := self.items[at].number) is not None)
        text = self._text(*signs, *numbers)
        right = self._next(numbers[-1])
        having = False
        if self._is_column(left, _NUMERIC):
            subject = left
        elif self._tag(right) == "F" and self._free(right):
            subject, having = right, self._is_table(right)
        else:
            subject = None
        item = self.items[subject] if subject is not None else None
        self.reading.numbers.append(
            NumberTest(item=item, operator=operator, values=values, text=text, having=having)
        )
        self._take(subject, *numbers, *signs)

    def _time(
        self, left: int | None, comparator: Comparator, places: tuple[int, ...], *signs: int
    ) -> None:
        dated = self._is_column(left, _DATES) or self._is_year(left)
        item = self.items[left] if dated and left is not None else None
        periods = tuple(p for at in places if (p := self.items[at].period) is not None)
        text = self._text(*signs, *places)
        self.reading.times.append(
            TimeTest(item=item, comparator=comparator, periods=periods, text=text)
        )
        self._take(left if dated else None, *places, *signs)
        self._take_grain_word(min(*places, *signs) if signs else places[0])

    def _text(self, *places: int) -> str:
        return " ".join(self.items[at].text for at in sorted(places))

    def _take_grain_word(self, at: int) -> None:
        """In "the years before 1970" and "in the year 2007" the grain says nothing more."""
        before = self._previous(at, ".E")
        if self._tag(before) == "R" and self._free(before):
            marked = self._tag(self._previous(before or 0)) == "G"
            if not marked:
                self._take(before)

    def _plain_numbers(self) -> None:
        """Read "quantity is 5", "quantity = 5", "customer 5"."""
        for at, item in enumerate(self.items):
            if item.tag != "#" or at in self.used or item.value:
                continue
            left = self._previous(at, ".E")
            if left is None or not self._free(left) or self.items[left].tag != "F":
                continue
            said = any(self.items[i].tag == "E" for i in range(left, at))
            if self._is_column(left, _NUMERIC) and (said or left == at - 1):
                self._number(left, "=", (at,))

    def _value_tests(self) -> None:
        at = 0
        while at < len(self.items):
            if self.items[at].tag == "V" and at not in self.used:
                at = self._value_test(at)
            at += 1

    def _value_test(self, at: int) -> int:
        """Read one value, or several joined by and/or, with the names beside them."""
        places = [at]
        last = at
        while True:
            joint = self._next(last, ".")
            following = joint if self._tag(joint) == "V" else None
            if self._tag(joint) == "J" and joint is not None:
                following = self._next(joint, ".")
            if following is None or self._tag(following) != "V":
                break
            if not _share_column(self.items[at], self.items[following]):
                break
            if self._tag(joint) == "J":
                self._take(joint)
            places.append(following)
            last = following
        left = self._previous(at, ".E")
        negated = False
        if self._tag(left) == "C" and left is not None and self.items[left].value == "!=":
            negated = True
            self._take(left)
            left = self._previous(left, ".E")
        elif self._tag(left) == "X" and left is not None:
            negated = True
            self._take(left)
            left = self._previous(left, ".E")
        right = self._next(last, "")
        names = []
        for beside in (left, right):
            if beside is not None and self._free(beside) and self._names_value(beside, at):
                names.append(self.items[beside])
                self._take(beside)
        self.reading.values.append(
            ValueTest(
                values=tuple(self.items[place] for place in places),
                names=tuple(names),
                negated=negated,
            )
        )
        self._take(*places)
        if self._tag(left) == "G":
            self._take(left)  # "shipped by rail"
        return last

    def _names_value(self, beside: int, at: int) -> bool:
        """Whether the name beside a value names its column, or the table that it stands in."""
        item, value = self.items[beside], self.items[at]
        if item.tag == "h":
            return False
        if item.tag != "F":
            return False
        hits = {(hit.table, hit.column) for hit in value.hits}
        if any((m.name.table, m.name.column) in hits for m in item.matches):
            return True
        tables = {table for table, _ in hits}
        counted = self._tag(self._previous(beside, ".DV")) in ("N", "S", "A", "K")
        return bool(set(item.tables) & tables) and not counted

    def _period_tests(self) -> None:
        for at, item in enumerate(self.items):
            if item.tag != "P" or at in self.used:
                continue
            places = [at]
            joint = self._next(at, "")
            while self._tag(joint) == "J" and joint is not None:
                following = self._next(joint)
                if self._tag(following) != "P" or following is None:
                    break
                self._take(joint)
                places.append(following)
                joint = self._next(following, "")
            left = self._previous(at, ".E")
            self._time(left if self._free(left) else None, "in", tuple(places))
            after = self._next(places[-1], "")
            if self._tag(after) == "R" and self._free(after) and self._adverb(after) is False:
                self._take(after)

    def _adverb(self, at: int | None) -> bool:
        return at is not None and self.items[at].text.lower() in _ADVERBS

    def _lacking(self) -> None:
        """Read "without orders", "that have no orders"."""
        for at, item in enumerate(self.items):
            if item.tag == "X" and at not in self.used:
                right = self._next(at, ".U")
                if self._is_table(right) and right is not None and self._free(right):
                    self.reading.lacking.append(self.items[right])
                    self._take(at, right)

    # --- ranking and grouping ------------------------------------------------------------------

    def _rank_marks(self) -> None:
        """Read "top 5", "the first three", "rank … by"; and how many."""
        for at, item in enumerate(self.items):
            if item.tag != "K":
                continue
            reading = self.reading
            if item.value in ("max", "min"):
                reading.direction = cast(Literal["max", "min"], item.value)
                number = self._next(at)
                if self._free(number) and number is not None and self._counts(number):
                    reading.limit = int(self.items[number].number or 0)
                    self._take(number)
            else:
                reading.direction = reading.direction or "max"
            self._take(at)

    def _counts(self, at: int) -> bool:
        number = self.items[at].number
        return self.items[at].tag == "#" and isinstance(number, int) and 0 < number <= 10_000

    def _group_marks(self) -> None:
        for at, item in enumerate(self.items):
            if at in self.used:
                continue
            if item.tag == "G":
                self._group_mark(at)
            elif item.tag == "R" and self._adverb(at):
                self._add_group(at)

    def _group_mark(self, at: int) -> None:
        right = self._next(at, ".DU")
        by = self.items[at].text.lower() in ("by", "according to", "in terms of")
        ranked = self.reading.direction is not None or any(i.tag == "S" for i in self.items[:at])
        if by and ranked and not any(op_tag(i) for i in self.items[:at]):
            rank_by = self._tag(right) in ("N", "A", "M") or (
                self._is_column(right, _NUMERIC) and not self._is_year(right)
            )
            if rank_by or self._is_worth(right):
                self._take(at)
                return
        right = self._unqualified(right)
        if not self._groupable(right):
            return
        self._take(at)
        while right is not None and self._groupable(right):
            self._add_group(right)
            joint = self._next(right, "")
            if self._tag(joint) == "J" and joint is not None:
                following = self._unqualified(self._next(joint, ".GDU"))
                if not self._groupable(following) or self._begins_measure(joint):
                    break
                self._take(joint)
                if self._tag(following - 1 if following else None) == "G" and following:
                    self._take(following - 1)
                right = following
            elif self._tag(joint) == "R" and self._free(joint):
                right = joint
            else:
                break

    def _is_worth(self, at: int | None) -> bool:
        return False if at is None else self.items[at].tag == "S"

    def _unqualified(self, at: int | None) -> int | None:
        """Step from the table of "customer market segment" to the column."""
        if at is None or not self._is_table(at) or not self._free(at):
            return at
        tables, beside = self.items[at].tables, self._next(at, "")
        if beside is None or not self._free(beside) or not self._is_column(beside):
            return at
        if any(match.name.table in tables for match in self.items[beside].matches):
            self._take(at)
            return beside
        return at

    def _begins_measure(self, joint: int) -> bool:
        """Whether what follows "and" is a new measure ("by region and the average price")."""
        return self._tag(self._next(joint)) in ("A", "N", "S")

    def _groupable(self, at: int | None) -> bool:
        return self._free(at) and (self._tag(at) in ("F", "R"))

    def _add_group(self, at: int) -> None:
        item = self.items[at]
        if item.tag == "R":
            grain = cast(Grain, item.value)
            self.reading.groups.append(Group(item=item, grain=grain))
        else:
            self.reading.groups.append(Group(item=item))
        self._take(at)

    def _entity(self) -> None:
        """Find what is ranked ("which 5 countries", "the country with the lowest")."""
        supers = [i for i, item in enumerate(self.items) if item.tag == "S" and self._free(i)]
        directions = {self.items[i].value.split()[0] for i in supers}
        ranked = self.reading.direction is not None or len(directions) == 1
        at = self._asked_for()
        if at is None and ranked and supers:
            at = self._leading(supers[0])
        if at is None:
            return
        if not ranked:
            if self._asked(at):
                self.reading.entity = self.items[at]
                self._take(at)
            return
        self.reading.entity = self.items[at]
        self._take(at)
        self._limit_of(at)
        if self.reading.direction is None:
            chosen = supers[0]
            value = self.items[chosen].value.split()
            self.reading.direction = cast(Literal["max", "min"], value[0])
            self.reading.adjective = value[1] if len(value) > 1 else ""
            self._take(chosen)
            self._rank_target(chosen)
        if self.reading.limit is None:
            self.reading.limit = 10 if self._plural(at) else 1

    def _plural(self, at: int) -> bool:
        word = self.items[at].text.lower()
        return word.endswith("s") and not word.endswith(("ss", "us", "is"))

    def _limit_of(self, at: int) -> None:
        before = self._previous(at, ".D")
        while before is not None and self._tag(before) == "S":
            before = self._previous(before, ".D")
        for place in (before, self._number_at_end()):
            if place is not None and self._free(place) and self._counts(place):
                if self.reading.limit is None:
                    self.reading.limit = int(self.items[place].number or 0)
                    self._take(place)

    def _number_at_end(self) -> int | None:
        """The number of "… and give me the first three"."""
        last = len(self.items) - 1
        return last if last >= 0 and self.items[last].tag == "#" else None

    def _asked(self, at: int) -> bool:
        before = self._previous(at, ".DU#SK")
        return self._tag(before) in ("Q", "L")

    def _asked_for(self) -> int | None:
        """The first free name after which/what/list/top that is no number to compute."""
        for at, item in enumerate(self.items):
            if item.tag not in "QLK" or item.text.lower() in ("where", "whose"):
                continue
            right = self._next(at, ".DU#HS" if item.tag == "K" else ".DU#H")
            passed = range(at + 1, right or at + 1)
            if any(self.items[i].tag == "U" for i in passed) and item.tag == "Q":
                continue
            if right is not None and self._free(right) and self._is_thing(right):
                return right
            if self._tag(right) == "S" and right is not None:  # "what is the longest track"
                beyond = self._next(right, ".D#")
                if self._free(beyond) and beyond is not None and self._is_table(beyond):
                    return beyond
        return None

    def _is_thing(self, at: int) -> bool:
        """Whether a name can be ranked or listed: a table, or a column that is no measure."""
        return self._is_table(at) or (self._is_column(at) and not self._is_column(at, _NUMERIC))

    def _leading(self, first_super: int) -> int | None:
        """The thing before "with the lowest …" where no question word stands before it."""
        at = self._previous(first_super, ".EUD#")
        if at is None or not self._free(at) or not self._is_thing(at):
            return None
        between = {self.items[i].text.lower() for i in range(at + 1, first_super)}
        before = self._tag(self._previous(at, ".D#"))
        said = between & {"with", "has", "had", "have", "having", "that", "of", "who"}
        return at if said and before not in ("U", "G", "A", "N") and "of" not in between else None

    def _rank_target(self, at: int) -> None:
        """Read what is ranked by: "most orders", "highest average price", "highest order count"."""
        right = self._next(at, ".U")
        if self._is_table(right) and self._free(right) and right is not None:
            counted = self._next(right, "")
            if self._tag(counted) == "N":
                self._take(counted)
            elif self._tag(counted) == "F" and self._is_column(counted, _NUMERIC):
                return  # "the highest invoice total": the column is read as a measure
            self.reading.ops.append(Op(aggregate="count", target=self.items[right], count=True))
            self._take(right)

    # --- measures ------------------------------------------------------------------------------

    def _operations(self) -> None:
        at = 0
        while at < len(self.items):
            if self._free(at) and self.items[at].tag in "ANS":
                self._operation(at)
            at += 1
        for at, item in enumerate(self.items):
            if item.tag == "M" and self._free(at):
                self._how_much(at)

    def _operation(self, at: int) -> None:
        """Read one or several joined operators and the name that they share."""
        places = [at]
        while True:
            joint = self._next(places[-1], "")
            if self._tag(joint) == "J" and joint is not None:
                following = self._next(joint)
                if self._tag(following) in ("A", "S") and following is not None:
                    self._take(joint)
                    places.append(following)
                    continue
            break
        last = places[-1]
        right = self._beyond(last, ".UDMO" if self.items[last].tag != "N" else ".UDM")
        distinct = any(
            self.items[i].tag == "D" for i in range(last + 1, right if right else last + 1)
        )
        for i in range(last + 1, right or last + 1):
            if self.items[i].tag in "DUM":
                self._take(i)
        if self.items[last].tag != "N" and self._tag(right) == "N" and self._free(right):
            self._operation_on_count(places, right)
            return
        target = self._target(last, right)
        if self.items[last].tag == "N":
            self._count(last, right, target, distinct)
            return
        aggregates = [self._aggregate(place) for place in places]
        if self._applies_to_counted(places, target, aggregates[-1]):
            return
        if target is None and self._tag(right) in ("A", "S") and self._free(right):
            # "the highest average price": the superlative ranks, the average computes
            return
        item = self.items[target] if target is not None else None
        for aggregate in aggregates:
            self.reading.ops.append(Op(aggregate=aggregate, target=item))
        self._take(target, *places)
        if target is not None:
            self._joined_targets(target, aggregates[-1])

    def _applies_to_counted(
        self, places: Sequence[int], target: int | None, aggregate: Aggregate
    ) -> bool:
        """Read "how many minutes does a track last on average": the average of the minutes."""
        if self._is_column(target, _NUMERIC) or not self.reading.ops:
            return False
        op = self.reading.ops[-1]
        if not op.count or op.target is None or op.target.tables:
            return False
        if not any(match.name.type in _NUMERIC for match in op.target.matches):
            return False
        op.count, op.aggregate = False, aggregate
        self._take(*places)
        return True

    def _aggregate(self, at: int) -> Aggregate:
        return cast(Aggregate, self.items[at].value.split()[0])

    def _target(self, at: int, right: int | None) -> int | None:
        """The name that an operator works on: to its right, else to its left."""
        if self._is_table(right) and self._free(right) and right is not None:
            beyond = self._next(right, "")
            column = self._is_column(beyond, _NUMERIC) and self._free(beyond)
            if column and self.items[at].tag != "N":
                return beyond  # "average invoice total"
            if column and self.items[at].tag == "N" and beyond is not None:
                return right
            return right
        counts = self.items[at].tag == "N"
        if self._free(right) and (self._is_column(right, () if counts else _COMPUTABLE)):
            return right
        left = self._previous(at, ".EUMh")
        if self._tag(left) == "F" and self._free(left):
            return left
        if counts:
            return None
        # "life expectancy per year, averaged over all countries"
        lone = [i for i in range(at) if self._free(i) and self._is_column(i, _NUMERIC)]
        return lone[-1] if lone else None

    def _joined_targets(self, target: int, aggregate: Aggregate) -> None:
        """Read "average price and quantity": a second name for the same operator."""
        joint = self._next(target, "")
        while self._tag(joint) == "J" and joint is not None:
            following = self._next(joint)
            if not (self._is_column(following, _NUMERIC) and self._free(following)):
                return
            assert following is not None
            self.reading.ops.append(Op(aggregate=aggregate, target=self.items[following]))
            self._take(joint, following)
            joint = self._next(following, "")

    def _count(self, at: int, right: int | None, target: int | None, distinct: bool) -> None:
        if self._tag(right) == "O":
            self.reading.ops.append(Op(aggregate="count", target=None, count=True))
            self._take(at, right)
            return
        item = self.items[target] if target is not None else None
        if item is None:
            return
        beyond = self._next(target, "") if target is not None else None
        if self._is_table(target) and self._is_column(beyond) and self._free(beyond):
            # "number of customer countries": the table only says whose countries
            if not self._is_table(beyond) and beyond is not None:
                self._take(target)
                target, item = beyond, self.items[beyond]
        self.reading.ops.append(Op(aggregate="count", target=item, count=True, distinct=distinct))
        self._take(at, target)

    def _operation_on_count(self, places: list[int], count: int | None) -> None:
        """Read "total number of X", "largest number of milliseconds"."""
        assert count is not None
        right = self._next(count, ".UDM")
        target = self._target(count, right)
        if target is None:
            return
        item = self.items[target]
        if self._is_table(target):
            if all(self.items[place].value == "sum" for place in places):
                self.reading.ops.append(Op(aggregate="count", target=item, count=True))
                self._take(count, target, *places)
            return  # the average of counts needs a query of its own: left over, asked back
        if self._is_column(target, _NUMERIC):
            for place in places:
                self.reading.ops.append(Op(aggregate=self._aggregate(place), target=item))
            self._take(count, target, *places)
        elif all(self.items[place].value == "sum" for place in places):
            self.reading.ops.append(Op(aggregate="count", target=item, count=True))
            self._take(count, target, *places)

    def _how_much(self, at: int) -> None:
        if not self.reading.ops:
            right = self._next(at, ".UE")
            if self._tag(right) == "F" and self._free(right) and right is not None:
                table = self._is_table(right)
                self.reading.ops.append(
                    Op(aggregate="sum" if table else None, target=self.items[right])
                )
                self._take(right)
        self._take(at)

    def _lone_columns(self) -> None:
        """Take numeric columns that stand without an operator as measures."""
        for at, item in enumerate(self.items):
            if item.tag != "F" or at in self.used or not self._is_column(at, _NUMERIC):
                continue
            if self._is_table(at) or self._tag(self._previous(at)) == "U" and self.reading.ops:
                continue
            names = {match.name.letters for match in item.matches}
            repeated = any(
                op.target is not None
                and any(match.name.letters in names for match in op.target.matches)
                for op in self.reading.ops
            )
            self._take(at)
            if repeated:
                continue
            ranked_by_count = self.reading.direction and self.reading.ops
            if not ranked_by_count:
                said_total = item.text.lower().split()[0] in ("total", "sum")
                aggregate: Aggregate | None = "sum" if said_total else None
                self.reading.ops.append(Op(aggregate=aggregate, target=item))

    def _listing(self) -> None:
        reading = self.reading
        asked = any(item.tag in "LQ" for item in self.items)
        if not reading.ops and reading.entity is None:
            for at, item in enumerate(self.items):
                if self._free(at) and item.tag == "F" and self._is_thing(at):
                    reading.entity = item
                    self._take(at)
                    break
        reading.listing = asked and not reading.ops and reading.direction is None

    def _leftovers(self) -> None:
        for at, item in enumerate(self.items):
            if at in self.used or item.tag in ".EUQLHM":
                continue
            if item.tag == "J":
                continue
            if item.tag == "O" and not any(op.target is None for op in self.reading.ops):
                continue
            self.reading.rest.append(item)


def op_tag(item: Item) -> bool:
    """Whether an item computes something."""
    return item.tag in ("A", "N")


def _as_name(item: Item) -> Item:
    return Item(tag="F", start=item.start, end=item.end, text=item.text, matches=item.matches)


def _share_column(one: Item, other: Item) -> bool:
    columns = {(hit.table, hit.column) for hit in one.hits}
    return not columns.isdisjoint((hit.table, hit.column) for hit in other.hits)
