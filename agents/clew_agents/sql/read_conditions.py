"""How conditions are read: which number, period or value is said of which name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.periods import Period, whole_month
from clew_agents.sql.read_flags import FlagReader
from clew_agents.sql.reading import (
    Comparator,
    NumberTest,
    Tested,
    TimeTest,
    ValueTest,
)
from clew_agents.sql.resolve import DATES, NUMERIC
from clew_agents.sql.tagging import Item
from clew_core.query_spec import Aggregate, Operator

_SIGNS: dict[str, Operator] = {
    ">": ">", "<": "<", ">=": ">=", "<=": "<=", "after": ">", "before": "<", "since": ">=",
    "until": "<=", "!=": "!=",
}  # fmt: skip
_HAVING = ("with", "for", "have", "has", "had", "having")
_TIMES: dict[str, Comparator] = {
    ">": "after", "<": "before", ">=": "since", "<=": "until", "after": "after",
    "before": "before", "since": "since", "until": "until",
}  # fmt: skip


class ConditionReader:
    """Reads comparisons, values, periods and what is lacking."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read all conditions."""
        self._comparisons()
        self._plain_numbers()
        self._value_tests()
        self._period_tests()
        self._lacking()
        FlagReader(self.cursor).read()
        self._alternatives()

    def _comparisons(self) -> None:
        """Read "over 5", "between 1 and 3", "5 or more", "before 1970", "from 1967 to 1977"."""
        for at, item in enumerate(self.cursor.items):
            if at in self.cursor.used:
                continue
            if item.tag == "C":
                self._comparison(at)
            elif item.tag == "B":
                self._between(at)
            elif item.tag in "#P" and self._range_from(at):
                continue
            elif item.tag in "#P" and self.cursor.tag(self.cursor.next(at, "")) == "Z":
                self._suffixed(at)
            elif item.tag == "P" and self._from_on(at):
                self._time(self._subject(at), "since", (at,))

    def _comparison(self, at: int) -> None:
        right = self.cursor.next(at, ".E")
        sign = self.cursor.items[at].value
        if right is None or self.cursor.tag(right) not in ("#", "P"):
            return
        left = self._subject(at)
        item = self.cursor.items[right]
        amount = self.cursor.is_column(left, NUMERIC) and not self.cursor.is_year(left)
        temporal = sign in ("after", "before", "since", "until")
        if item.tag == "P" and sign in _TIMES and (temporal or not amount):
            self._time(left, _TIMES[sign], (right,), at)
        elif item.number is not None and sign in _SIGNS:
            self._number(left, _SIGNS[sign], (right,), at)

    def _between(self, at: int) -> None:
        low = self.cursor.next(at)
        joint = self.cursor.next(low, "") if low is not None else None
        high = self.cursor.next(joint) if joint is not None else None
        if low is None or joint is None or high is None:
            return
        if (
            self.cursor.items[joint].value != "and"
            and self.cursor.items[joint].text.lower() != "to"
        ):
            return
        left = self._subject(at)
        amount = self.cursor.is_column(left, NUMERIC) and not self.cursor.is_year(left)
        self._range(left, low, high, at, joint, amount=amount)

    def _range_from(self, low: int) -> bool:
        """Read "1967 to 1977", "1967 through 1977", "1967-1977"."""
        joint, high = low + 1, low + 2
        if high < len(self.cursor.items) and self._joins_range(joint):
            high = self.cursor.next(joint) or high
            return self._range(self._subject(low), low, high, joint)
        if joint < len(self.cursor.items) and self.cursor.items[joint].gap in ("-", "–", "—"):
            return self._range(self._subject(low), low, joint)
        return False

    def _from_on(self, at: int) -> bool:
        """Whether a period stands in "from … on"."""
        before, after = self.cursor.previous(at, ""), self.cursor.next(at, "")
        words = [self.cursor.items[i].text.lower() for i in (before, after) if i is not None]
        return words == ["from", "on"]

    def _joins_range(self, at: int) -> bool:
        text = self.cursor.items[at].text.lower()
        return text in ("to", "through", "thru", "until", "till", "through to", "up to")

    def _range(
        self, left: int | None, low: int, high: int, *signs: int, amount: bool = False
    ) -> bool:
        first, second = self.cursor.items[low], self.cursor.items[high]
        if first.tag == second.tag == "P" and not amount:
            self._time(left, "between", (low, high), *signs)
            return True
        if first.number is not None and second.number is not None:
            self._number(left, "between", (low, high), *signs)
            return True
        return False

    def _suffixed(self, at: int) -> None:
        sign = self.cursor.next(at, "")
        assert sign is not None
        left, value = self._subject(at), self.cursor.items[sign].value
        more = value in ("or later", "or more")
        amount = self.cursor.is_column(left, NUMERIC) and not self.cursor.is_year(left)
        temporal = value in ("or later", "or earlier")
        if self.cursor.items[at].tag == "P" and (temporal or not amount):
            self._time(left, "since" if more else "until", (at,), sign)
        elif self.cursor.items[at].number is not None:
            self._number(left, ">=" if more else "<=", (at,), sign)

    def _subject(self, at: int) -> int | None:
        """The name that a comparison speaks of: the free one before it."""
        left = self.cursor.previous(at, ".EMh")
        if left is not None and self.cursor.tag(self.cursor.previous(left)) == "G":
            return None  # "by year since 1980" groups
        if (
            left is not None
            and self.cursor.items[left].tag == "R"
            and self.cursor.items[left].matches
        ):
            return left
        return left if self.cursor.tag(left) == "F" and self.cursor.free(left) else None

    def _number(
        self, left: int | None, operator: Operator, numbers: tuple[int, ...], *signs: int
    ) -> None:
        values = tuple(n for at in numbers if (n := self.cursor.items[at].number) is not None)
        text = self.cursor.text(*signs, *numbers)
        right = self.cursor.next(max(*numbers, *signs) if signs else numbers[-1])
        having, aggregate = False, None
        left, owner = self._column_of(left), left
        operated = self._operated(left, signs)
        if operated is not None and owner != left:
            self.cursor.take(owner)
        elif owner != left:
            left = owner
        numbered = self.cursor.previous(left) if left is not None else None
        if operated is None and self.cursor.tag(numbered) == "N" and left is not None:
            if self.cursor.is_column(left, NUMERIC) and not self.cursor.is_table(left):
                if self.cursor.free(numbered) and numbered != 0:
                    self.cursor.silence(numbered)  # "with a number of pages over 100"
        if operated is not None:
            subject, having = left, True
            if self.cursor.items[operated].tag == "A":
                aggregate = cast(Aggregate, self.cursor.items[operated].value)
            self.cursor.take(operated)
        elif self.cursor.is_column(left, NUMERIC):
            subject = left
        elif self.cursor.tag(right) == "F" and self.cursor.free(right):
            subject, having = right, self.cursor.is_table(right)
        else:
            subject = None
        item = self.cursor.items[subject] if subject is not None else None
        having = having or (item is not None and _is_measure(item))
        self.cursor.reading.numbers.append(
            NumberTest(
                places=tuple(p for p in (subject, *numbers, *signs) if p is not None),
                item=item,
                operator=operator,
                values=values,
                text=text,
                having=having,
                aggregate=aggregate,
            )
        )
        self.cursor.take(subject, *numbers, *signs)

    def _column_of(self, left: int | None) -> int | None:
        """Step from the table of "an average fee of visits above 5" to its column."""
        if not self.cursor.is_table(left) or left is None:
            return left
        said = {item.text.lower().split()[0] for item in self.cursor.items[left - 2 : left]}
        column = self.cursor.previous(left, ".U")
        if "of" not in said or column is None or not self.cursor.is_column(column, NUMERIC):
            return left
        before = self.cursor.previous(column, ".U")
        if self.cursor.tag(before) == "N" and before is not None:
            if self.cursor.tag(self.cursor.previous(before, ".U")) == "A":
                self.cursor.silence(before)  # "an average number of pages"
        tables = set(self.cursor.items[left].tables)
        owned = tables & {m.name.table for m in self.cursor.items[column].matches}
        return column if owned and self.cursor.free(column) else left

    def _operated(self, left: int | None, signs: tuple[int, ...]) -> int | None:
        """The operator of "whose average salary is above …", "with a number of orders over …".

        Something must stand before it that can be chosen by it.
        """
        if left is None or not signs or min(signs) < left:
            return None
        before = self.cursor.previous(left, ".U")
        if before is None or not self.cursor.free(before):
            return None
        fits = (self.cursor.tag(before) == "A" and self.cursor.is_column(left, NUMERIC)) or (
            self.cursor.tag(before) == "N" and self.cursor.is_table(left)
        )
        things = [at for at in range(before) if self.cursor.free(at) and self.cursor.tag(at) == "F"]
        return before if fits and things else None

    def _time(
        self, left: int | None, comparator: Comparator, places: tuple[int, ...], *signs: int
    ) -> None:
        dated = self.cursor.is_column(left, DATES) or self.cursor.is_year(left)
        item = self.cursor.items[left] if dated and left is not None else None
        periods = _with_years(
            [p for at in places if (p := self.cursor.items[at].period) is not None]
        )
        text = self.cursor.text(*signs, *places)
        self.cursor.reading.times.append(
            TimeTest(
                places=(*places, *signs),
                item=item,
                beside=self._before(*places, *signs),
                comparator=comparator,
                periods=periods,
                text=text,
            )
        )
        self.cursor.take(left if dated else None, *places, *signs)
        self._take_grain_word(min(*places, *signs) if signs else places[0])

    def _before(self, *places: int) -> Item | None:
        before = self.cursor.previous(min(places))
        return self.cursor.items[before] if before is not None else None

    def _take_grain_word(self, at: int) -> None:
        """In "the years before 1970" and "in the year 2007" the grain says nothing more."""
        before = self.cursor.previous(at, ".E")
        if self.cursor.tag(before) == "R" and self.cursor.free(before):
            marked = self.cursor.tag(self.cursor.previous(before or 0)) == "G"
            period = self.cursor.items[self._first_period(at)].period
            same_unit = period is not None and self.cursor.items[before or 0].value == period.unit
            if not marked and same_unit:
                self.cursor.take(before)

    def _first_period(self, at: int) -> int:
        """The first period at a place or after it."""
        places = range(at, len(self.cursor.items))
        return next((i for i in places if self.cursor.tag(i) == "P"), at)

    def _plain_numbers(self) -> None:
        """Read "quantity is 5", "quantity = 5", "customer 5"."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "#" or at in self.cursor.used or item.value:
                continue
            if self._numbered(at):
                continue
            left = self.cursor.previous(at, ".E")
            if left is None or not self.cursor.free(left) or self.cursor.items[left].tag != "F":
                continue
            said = any(self.cursor.items[i].tag == "E" for i in range(left, at))
            if self.cursor.is_column(left, NUMERIC) and (said or left == at - 1):
                self._number(left, "=", (at,))

    def _numbered(self, at: int) -> bool:
        """Read "with 2 adults"."""
        right, before = self.cursor.next(at, ""), self.cursor.previous(at, "J")
        said = before is not None and self.cursor.items[before].text.lower() in _HAVING
        joined = before in self.cursor.used and self.cursor.tag(at - 1) == "J"
        exactly = at > 0 and self.cursor.items[at - 1].text.lower() in ("exactly", "only", "just")
        if right is None or not (said or joined or exactly):
            return False
        if self.cursor.is_table(right):
            counted = (said or exactly) and self.cursor.free(right) and self.cursor.counts(at)
            if counted and any(self.cursor.tag(i) == "F" for i in range(at)):
                self._number(None, "=", (at,))
            return counted
        if not self.cursor.is_column(right, ("integer",)) or not self.cursor.free(right):
            return False
        self._number(right, "=", (at,))
        if self.cursor.tag(at - 1) == "J" and self.cursor.items[at - 1].value == "and":
            self.cursor.take(at - 1)
        return True

    def _value_tests(self) -> None:
        at = 0
        while at < len(self.cursor.items):
            if self.cursor.items[at].tag == "V" and at not in self.cursor.used:
                at = self._value_test(at)
            at += 1

    def _value_test(self, at: int) -> int:
        """Read one value, or several joined by and/or, with the names beside them."""
        places = [at]
        last = at
        while True:
            joint = self.cursor.next(last, ".")
            following = joint if self.cursor.tag(joint) == "V" else None
            if self.cursor.tag(joint) == "J" and joint is not None:
                following = self.cursor.next(joint, ".")
            if following is None or self.cursor.tag(following) != "V":
                break
            if not _share_column(self.cursor.items[at], self.cursor.items[following]):
                break
            if self.cursor.tag(joint) == "J":
                self.cursor.take(joint)
            places.append(following)
            last = following
        before = self.cursor.previous(at)
        if len(places) > 1 and before is not None and self.cursor.items[before].text == "both":
            self.cursor.reading.rest.append(self.cursor.items[before])  # no row is in both
        left = self.cursor.previous(at, ".E")
        negated = lacking = False
        if (
            self.cursor.tag(left) == "C"
            and left is not None
            and self.cursor.items[left].value == "!="
        ):
            negated = True
            self.cursor.take(left)
            left = self.cursor.previous(left, ".E")
        elif left is not None and (
            self._text(left) in ("not", "without", "no", "never")
            or self.cursor.items[left].value == "yet"
        ):
            negated = True
            lacking = self._text(left) in ("without", "no", "never")
            self.cursor.take(left)
            left = self.cursor.previous(left, ".E")
        right = self.cursor.next(last, "")
        names, named = [], []
        for beside in (left, right):
            if beside is not None and self.cursor.free(beside) and self._names_value(beside, at):
                names.append(self.cursor.items[beside])
                named.append(beside)
                self.cursor.take(beside)
        if not negated and named and min(named) < at:
            further = self.cursor.previous(min(named), ".E")  # "not having the status open"
            if further is not None and self.cursor.free(further) and self._negates(further):
                negated = True
                self.cursor.take(further)
        if self.cursor.tag(left) == "J" and left is not None and self._text(left) == "either":
            self.cursor.take(left)
        self.cursor.reading.values.append(
            ValueTest(
                places=(*places, *named),
                values=tuple(self.cursor.items[place] for place in places),
                names=tuple(names),
                negated=negated,
                lacking=lacking,
            )
        )
        self.cursor.take(*places)
        if self.cursor.tag(left) == "G":
            self.cursor.take(left)  # "shipped by rail"
        return last

    def _negates(self, at: int) -> bool:
        item = self.cursor.items[at]
        if item.tag == "C":
            return item.value == "!="
        return item.tag == "X" and self._text(at) in ("not", "without", "no", "excluding")

    def _text(self, at: int) -> str:
        return self.cursor.items[at].text.lower()

    def _names_value(self, beside: int, at: int) -> bool:
        """Whether the name beside a value names its column, or the table that it stands in."""
        item, value = self.cursor.items[beside], self.cursor.items[at]
        if item.tag == "h":
            return False
        if item.tag != "F":
            return False
        hits = {(hit.table, hit.column) for hit in value.hits}
        if any((m.name.table, m.name.column) in hits for m in (*item.matches, *item.weak)):
            return True
        tables = {table for table, _ in hits}
        between = range(min(beside, at) + 1, max(beside, at))
        if any(self.cursor.items[i].tag != "E" for i in between):
            return False  # "customers in Brazil": the customers are what is asked for
        counted = self.cursor.tag(self.cursor.previous(beside, ".DV")) in ("N", "S", "A", "K")
        return bool(set(item.tables) & tables) and not counted

    def _period_tests(self) -> None:
        for at, item in enumerate(self.cursor.items):
            if item.tag != "P" or at in self.cursor.used:
                continue
            places = [at]
            joint = self.cursor.next(at, "")
            while joint is not None:
                following: int | None = joint
                if self.cursor.tag(joint) == "J":
                    following = self.cursor.next(joint)
                elif self.cursor.items[joint].gap != ",":
                    break
                if self.cursor.tag(following) != "P" or following is None:
                    break
                if self.cursor.tag(joint) == "J":
                    self.cursor.take(joint)
                places.append(following)
                joint = self.cursor.next(following, "")
            left = self.cursor.previous(at, ".E")
            self._time(left if self.cursor.free(left) else None, "in", tuple(places))
            after = self.cursor.next(places[-1], "")
            if (
                self.cursor.tag(after) == "R"
                and self.cursor.free(after)
                and self.cursor.adverb(after) is False
            ):
                self.cursor.take(after)

    def _lacking(self) -> None:
        """Read "without orders", "that have no orders"."""
        for at, item in enumerate(self.cursor.items):
            if item.tag == "X" and at not in self.cursor.used:
                right = self.cursor.next(at, ".U")
                if self.cursor.is_table(right) and right is not None and self.cursor.free(right):
                    self.cursor.reading.lacking.append(self.cursor.items[right])
                    self.cursor.take(at, right)

    def _alternatives(self) -> None:
        """Read "price under 20 or price over 200": one of two tests beside an "or".

        Only where there is nothing else but times to be tested, so that it is clear what the
        "or" joins; else it is left over, and asked back.
        """
        reading = self.cursor.reading
        tests: list[Tested] = [*reading.values, *reading.numbers, *reading.flags]
        for at, item in enumerate(self.cursor.items):
            if item.tag != "J" or item.value != "or" or at in self.cursor.used:
                continue
            if len(tests) != 2 or any(isinstance(t, NumberTest) and t.having for t in tests):
                return
            first, second = sorted(tests, key=lambda test: min(test.places))
            if max(first.places) < at < min(second.places):
                reading.either = (first, second)
                self.cursor.take(at)


def _with_years(periods: Sequence[Period]) -> tuple[Period, ...]:
    """Give months the year that follows them: "May and June 2023"."""
    years = [p.low.year if p.low is not None else None for p in periods]
    found: list[Period] = []
    for place, period in enumerate(periods):
        later = next((year for year in years[place + 1 :] if year is not None), None)
        if period.month is not None and later is not None:
            period = whole_month(later, period.month)
        found.append(period)
    return tuple(found)


def _is_measure(item: Item) -> bool:
    """Whether a name is one of the company's measures: it is computed over a group."""
    return bool(item.matches) and all(match.name.metric for match in item.matches)


def _share_column(one: Item, other: Item) -> bool:
    columns = {(hit.table, hit.column) for hit in one.hits}
    return not columns.isdisjoint((hit.table, hit.column) for hit in other.hits)
