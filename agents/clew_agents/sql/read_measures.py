"""How measures are read: which operator computes which name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.names import Name
from clew_agents.sql.reading import Op
from clew_agents.sql.resolve import DATES, NUMERIC
from clew_core.query_spec import Aggregate

_PERCENT = frozenset("pct percent percentage rate ratio share".split())
COMPUTABLE = (*NUMERIC, *DATES)


class MeasureReader:
    """Reads counts, totals, averages, extremes, and columns that stand alone."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor

    def read(self) -> None:
        """Read all measures."""
        self._counted_first()
        self._operations()
        self._lone_columns()
        self._counted_last()

    def _counted_first(self) -> None:
        """Read "orders and net turnover by region": a table joined to a measure is counted."""
        at = self.cursor.next(-1, ".LHUQ")
        places: list[int] = []
        joints: list[int] = []
        while at is not None and self.cursor.is_table(at) and self.cursor.free(at):
            if not self.cursor.items[at].text.lower().endswith("s"):
                return
            places.append(at)
            joint = self.cursor.next(at, "")
            if self.cursor.tag(joint) == "J" and joint is not None:
                joints.append(joint)
                at = self.cursor.next(joint, ".U")
            elif joint is not None and self.cursor.items[joint].gap == ",":
                at = joint
            else:
                return
        if at is None or not places or not self.cursor.free(at) or not self._measures(at):
            return
        for place in places:
            self.cursor.reading.ops.append(
                Op(aggregate="count", target=self.cursor.items[place], count=True)
            )
        self.cursor.take(*places, *joints)

    def _measures(self, at: int) -> bool:
        if self.cursor.tag(at) in ("A", "N"):
            return True
        return self.cursor.is_column(at, NUMERIC) and not self.cursor.is_table(at)

    def _counted_last(self) -> None:
        """Read "net turnover and orders by region"."""
        for at, item in enumerate(self.cursor.items):
            joint = self.cursor.previous(at, ".U")
            if not self.cursor.is_table(at) or not self.cursor.free(at) or joint is None:
                continue
            if self.cursor.tag(joint) != "J" or self.cursor.items[joint].value != "and":
                continue
            before = self.cursor.previous(joint)
            measured = before is not None and any(
                op.target is self.cursor.items[before] for op in self.cursor.reading.ops
            )
            after = self.cursor.next(at)
            ends = after is None or self.cursor.tag(after) in ("G", "P", "H", "R", "^")
            if measured and ends and item.text.lower().endswith("s"):
                self.cursor.reading.ops.append(Op(aggregate="count", target=item, count=True))
                self.cursor.take(at, joint)

    def _operations(self) -> None:
        at = 0
        while at < len(self.cursor.items):
            if self.cursor.free(at) and self.cursor.items[at].tag in "ANS":
                self._operation(at)
            at += 1
        for at, item in enumerate(self.cursor.items):
            if item.tag == "M" and self.cursor.free(at):
                self._how_much(at)

    def _operation(self, at: int) -> None:
        """Read one or several joined operators and the name that they share."""
        places = [at]
        while True:
            joint = self.cursor.next(places[-1], "")
            if self.cursor.tag(joint) == "J" and joint is not None:
                following = self.cursor.next(joint)
                if self.cursor.tag(following) in ("A", "S") and following is not None:
                    self.cursor.take(joint)
                    places.append(following)
                    continue
            break
        last = places[-1]
        right = self.cursor.beyond(last, ".UDMO" if self.cursor.items[last].tag != "N" else ".UDM")
        distinct = any(
            self.cursor.items[i].tag == "D" for i in range(last + 1, right if right else last + 1)
        )
        for i in range(last + 1, right or last + 1):
            if self.cursor.items[i].tag in "DUM":
                self.cursor.take(i)
        if (
            self.cursor.items[last].tag != "N"
            and self.cursor.tag(right) == "N"
            and self.cursor.free(right)
        ):
            self._operation_on_count(places, right)
            return
        target = self._target(last, right)
        if self.cursor.items[last].tag == "N":
            self._count(last, right, target, distinct)
            return
        if any(not self._fits(place, target) for place in places):
            return  # "the oldest order" says nothing about its amount: left over, asked back
        aggregates = [self._aggregate(place) for place in places]
        if self._applies_to_counted(places, target, aggregates[-1]):
            return
        if target is None and self.cursor.tag(right) in ("A", "S") and self.cursor.free(right):
            # "the highest average price": the superlative ranks, the average computes
            return
        if target is None and self.cursor.reading.ops and self._repeats(places):
            self.cursor.take(*places)  # "how many members in total"
            return
        if target is None and self.cursor.reading.ops:
            counted = all(op.count for op in self.cursor.reading.ops)
            if counted and aggregates == ["sum"] and not self.cursor.reading.groups:
                self.cursor.take(*places)  # "how many are there in total"
            return  # a second "in total" or "combined" has nothing to compute
        item = self.cursor.items[target] if target is not None else None
        direct = target == last + 1
        for aggregate in aggregates:
            self.cursor.reading.ops.append(Op(aggregate=aggregate, target=item, direct=direct))
        self.cursor.take(target, *places)
        if target is not None:
            self._joined_targets(target, aggregates[-1])

    def _repeats(self, places: Sequence[int]) -> bool:
        """Whether "in total" only repeats that rows are counted or added up."""
        says = all(self.cursor.items[place].value == "sum" for place in places)
        adds = all(op.count or op.aggregate == "sum" for op in self.cursor.reading.ops)
        return says and adds and len(self.cursor.reading.ops) == 1 and len(places) == 1

    def _fits(self, at: int, target: int | None) -> bool:
        """Whether an adjective can be said of a column: "oldest" of dates alone."""
        adjective = self.cursor.items[at].value.split()[1:]
        if not adjective or self.cursor.items[at].tag != "S":
            return True
        dated = adjective[0] in ("old", "young", "date")
        return dated and self.cursor.is_column(target, DATES) and not self.cursor.is_table(target)

    def _applies_to_counted(
        self, places: Sequence[int], target: int | None, aggregate: Aggregate
    ) -> bool:
        """Read "how many minutes does a track last on average": the average of the minutes."""
        if self.cursor.is_column(target, NUMERIC) or not self.cursor.reading.ops:
            return False
        op = self.cursor.reading.ops[-1]
        if not op.count or op.target is None or op.target.tables:
            return False
        if not any(match.name.type in NUMERIC for match in op.target.matches):
            return False
        op.count, op.aggregate = False, aggregate
        self.cursor.take(*places)
        return True

    def _aggregate(self, at: int) -> Aggregate:
        return cast(Aggregate, self.cursor.items[at].value.split()[0])

    def _target(self, at: int, right: int | None) -> int | None:
        """The name that an operator works on: to its right, else to its left."""
        if self.cursor.is_table(right) and self.cursor.free(right) and right is not None:
            beyond = self.cursor.next(right, "")
            column = self.cursor.is_column(beyond, NUMERIC) and self.cursor.free(beyond)
            if column and self.cursor.items[at].tag != "N":
                return beyond  # "average invoice total"
            if column and self.cursor.items[at].tag == "N" and beyond is not None:
                return right
            return right
        counts = self.cursor.items[at].tag == "N"
        if self.cursor.free(right) and (self.cursor.is_column(right, () if counts else COMPUTABLE)):
            return right
        left = self.cursor.previous(at, ".EUMh")
        if self.cursor.tag(left) == "F" and self.cursor.free(left):
            return self._column_of(left) if not counts else left
        if counts:
            return None
        # "life expectancy per year, averaged over all countries"
        lone = [i for i in range(at) if self.cursor.free(i) and self.cursor.is_column(i, NUMERIC)]
        return lone[-1] if lone else None

    def _column_of(self, at: int | None) -> int | None:
        """From the table of "what does the fine of loans add up to" step to its column."""
        column = self.cursor.previous(at) if at is not None and self.cursor.is_table(at) else None
        owned = column is not None and self.cursor.free(column)
        return column if owned and self.cursor.is_column(column, NUMERIC) else at

    def _joined_targets(self, target: int, aggregate: Aggregate) -> None:
        """Read "average price and quantity": a second name for the same operator."""
        joint = self.cursor.next(target, "")
        while self.cursor.tag(joint) == "J" and joint is not None:
            following = self.cursor.next(joint)
            if not (self.cursor.is_column(following, NUMERIC) and self.cursor.free(following)):
                return
            assert following is not None
            self.cursor.reading.ops.append(
                Op(aggregate=aggregate, target=self.cursor.items[following])
            )
            self.cursor.take(joint, following)
            joint = self.cursor.next(following, "")

    def _count(self, at: int, right: int | None, target: int | None, distinct: bool) -> None:
        if self.cursor.tag(right) == "O":
            self.cursor.reading.ops.append(Op(aggregate="count", target=None, count=True))
            self.cursor.take(at, right)
            return
        item = self.cursor.items[target] if target is not None else None
        if item is None and self.cursor.tag(right) not in ("F", "h", "?"):
            # "how many have an amount above 5": the rows, where there is one table only
            self.cursor.reading.ops.append(Op(aggregate="count", target=None, count=True))
            self.cursor.take(at)
            return
        if item is None:
            return
        beyond = self.cursor.next(target, "") if target is not None else None
        if (
            self.cursor.is_table(target)
            and self.cursor.is_column(beyond)
            and self.cursor.free(beyond)
        ):
            # "number of customer countries": the table only says whose countries
            if not self.cursor.is_table(beyond) and beyond is not None:
                self.cursor.take(target)
                target, item = beyond, self.cursor.items[beyond]
        self.cursor.reading.ops.append(
            Op(aggregate="count", target=item, count=True, distinct=distinct)
        )
        self.cursor.take(at, target)

    def _operation_on_count(self, places: list[int], count: int | None) -> None:
        """Read "total number of X", "largest number of milliseconds"."""
        assert count is not None
        right = self.cursor.beyond(count, ".UDM")
        target = self._target(count, right)
        if target is None:
            return
        different = [i for i in range(count, right or count) if self.cursor.tag(i) == "D"]
        item = self.cursor.items[target]
        if self.cursor.is_table(target):
            if all(self.cursor.items[place].value == "sum" for place in places):
                self.cursor.reading.ops.append(Op(aggregate="count", target=item, count=True))
                self.cursor.take(count, target, *places, *different)
            return  # the average of counts needs a query of its own: left over, asked back
        if self.cursor.is_column(target, NUMERIC):
            for place in places:
                self.cursor.reading.ops.append(Op(aggregate=self._aggregate(place), target=item))
            self.cursor.take(count, target, *places)
        elif all(self.cursor.items[place].value == "sum" for place in places):
            self.cursor.reading.ops.append(Op(aggregate="count", target=item, count=True))
            self.cursor.take(count, target, *places)

    def _how_much(self, at: int) -> None:
        if not self.cursor.reading.ops:
            right = self.cursor.next(at, ".UE")
            if self.cursor.tag(right) == "F" and self.cursor.free(right) and right is not None:
                beyond = self.cursor.next(right)
                if self.cursor.is_table(right) and self._is_free_number(beyond):
                    right = beyond or right  # "how much did repairs cost"
                table = self.cursor.is_table(right)
                self._leave_out_percentages(right)
                self.cursor.reading.ops.append(
                    Op(aggregate="sum" if table else None, target=self.cursor.items[right])
                )
                self.cursor.take(right)
        self.cursor.take(at)

    def _leave_out_percentages(self, at: int) -> None:
        """Read "how much discount" as the amount, where there is a percentage too."""
        item = self.cursor.items[at]
        kept = tuple(m for m in item.matches if not _is_percentage(m.name))
        amounts = tuple(m for m in item.weak if m.score >= 0.62 and not _is_percentage(m.name))
        if kept != item.matches and (kept or amounts):
            self.cursor.items[at] = replace(item, matches=kept or amounts)

    def _is_free_number(self, at: int | None) -> bool:
        free = self.cursor.free(at) and self.cursor.is_column(at, NUMERIC)
        return free and not self.cursor.is_table(at)

    def _lone_columns(self) -> None:
        """Take numeric columns that stand without an operator as measures."""
        for at, item in enumerate(self.cursor.items):
            if item.tag != "F" or at in self.cursor.used or not self.cursor.is_column(at, NUMERIC):
                continue
            if (
                self.cursor.is_table(at)
                or self.cursor.tag(self.cursor.previous(at)) == "U"
                and self.cursor.reading.ops
            ):
                continue
            if self.cursor.reading.ops and not self._is_joined(at):
                continue  # "orders with amount": left over, unless it says nothing new
            names = {match.name.letters for match in item.matches}
            repeated = any(
                op.target is not None
                and any(match.name.letters in names for match in op.target.matches)
                for op in self.cursor.reading.ops
            )
            self.cursor.take(at)
            if repeated:
                continue
            said_total = item.text.lower().split()[0] in ("total", "sum")
            aggregate: Aggregate | None = "sum" if said_total else None
            self.cursor.reading.ops.append(Op(aggregate=aggregate, target=item))

    def _is_joined(self, at: int) -> bool:
        """Whether "and" or a comma joins a column to the measure before it."""
        before = self.cursor.previous(at)
        joined = self.cursor.tag(before) == "J" or self.cursor.items[at].gap == ","
        if self.cursor.tag(before) == "J" and before is not None:
            before = self.cursor.previous(before)
        return joined and before in self.cursor.used and self.cursor.tag(before) in ("F", "N")


def _is_percentage(name: Name) -> bool:
    return not _PERCENT.isdisjoint(name.words) or name.letters.endswith(("pct", "perc"))
