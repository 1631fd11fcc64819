"""How analyses are read: growth, comparison, running totals and rolling windows.

``begin`` takes the words of an analysis before conditions are read, so that what is left reads as
a plain question; ``finish`` gives the analysis what the plain question turned out to hold.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from clew_agents.sql.cursor import Cursor
from clew_agents.sql.periods import Period, whole_month
from clew_agents.sql.read_shares import ShareReader
from clew_agents.sql.reading import Analysis, Group, Op
from clew_agents.sql.tagging import Item
from clew_core.query_spec import Grain

_NAMED = 0.95
_MOVES = ("growth", "change", "rise", "drop")
_GRAINS = ("year", "quarter", "month", "week", "day")


class AnalysisReader:
    """Reads what is made of a measure once it is computed."""

    def __init__(self, cursor: Cursor) -> None:
        """Take the items."""
        self.cursor = cursor
        self.shares = ShareReader(cursor)
        self.item: Item | None = None

    # --- before conditions are read ------------------------------------------------------------

    def begin(self) -> None:
        """Take the words of an analysis; what is taken says nothing more."""
        self._names()
        if self._rolling() or self._running():
            return
        if not self._change():
            self._side_by_side()
            self._across()
            self.shares.begin()

    def _names(self) -> None:
        """Let a name of the schema be a name: a table of changes, a column called share."""
        for at, item in enumerate(self.cursor.items):
            if item.tag in "T%I" and any(match.score >= _NAMED for match in item.matches):
                self.cursor.items[at] = replace(item, tag="F", value="")

    def _places(self, tag: str, *values: str) -> list[int]:
        return [
            at
            for at, item in enumerate(self.cursor.items)
            if item.tag == tag and (not values or item.value.split()[0] in values)
        ]

    def _rolling(self) -> bool:
        """Read "3-month rolling average of orders", "smoothed over three months"."""
        marks = self._places("T", "rolling")
        if len(marks) != 1:
            return False
        at, window = marks[0], None
        item = self.cursor.items[at]
        for place in range(len(self.cursor.items) - 1):
            number, unit = self.cursor.items[place], self.cursor.items[place + 1]
            if self.cursor.counts(place) or (number.number and number.tag == "#"):
                if unit.tag == "R" and unit.value in _GRAINS:
                    window = (place, int(number.number or 0), unit.value)
        if window is None or window[1] < 2:
            self.cursor.reading.missing = (
                f"{item.text!r} over how many periods? Say '3-month {item.text.lower()}'."
            )
            return False
        summed = item.value == "rolling sum"
        for beside in (self.cursor.next(at), self.cursor.next(window[0] + 1)):
            if beside is None or item.text.lower() != "rolling" or self.cursor.tag(beside) != "A":
                continue
            if self.cursor.items[beside].value in ("avg", "sum"):
                summed = self.cursor.items[beside].value == "sum"
                self.cursor.silence(beside)  # "rolling 3-month average"
        self.cursor.reading.analysis = Analysis(
            kind="rolling", text=item.text, summed=summed,
            grain=cast(Grain, window[2]), periods=window[1],
        )  # fmt: skip
        before = self.cursor.previous(window[0])
        if self.cursor.tag(before) == "C" and before is not None and before > at:
            self.cursor.silence(before)  # "smoothed over three months"
        self.cursor.silence(at, window[0], window[0] + 1)
        self.item = item
        return True

    def _running(self) -> bool:
        marks = self._places("T", "running")
        if len(marks) != 1:
            return False
        item = self.cursor.items[marks[0]]
        analysis = Analysis(kind="running", text=item.text)
        for at in self._places("T", "each"):
            analysis.grain = cast(Grain, self.cursor.items[at].value.split()[1])
            self.cursor.silence(at)
        self.cursor.reading.analysis = analysis
        self.cursor.silence(marks[0])
        for at in self._places("C", ">"):  # "over 2023", "over the months of 2023"
            after = self.cursor.tag(self.cursor.next(at))
            if self.cursor.items[at].text.lower() == "over" and after in ("P", "R"):
                self.cursor.silence(at)
        self.item = item
        return True

    # --- growth and comparison -----------------------------------------------------------------

    def _change(self) -> bool:
        """Read growth, drops and comparisons of two periods, or along time."""
        moves = self._places("T", *_MOVES)
        against = self._places("I")
        backs = self._backs(bool(moves or against))
        each = self._places("T", "each")
        if moves:
            self.cursor.silence(*self._than())
        if not (moves or each or (against and (backs or len(self._spans()) == 2))):
            return False
        said = [self.cursor.items[at] for at in (*moves, *each, *against)]
        words = {item.value for item in said if item.tag == "T"}
        analysis = Analysis(
            kind="change",
            text=" ".join(item.text for item in said[:1]),
            against=bool(against or backs) and not moves,
            relative="growth" in words or (bool(each) and not moves),
        )
        for at in each:
            analysis.grain = cast(Grain, self.cursor.items[at].value.split()[1])
            if analysis.grain == "year":
                analysis.last_year = True
        for at in backs:
            unit = self.cursor.items[at].value.split()[1]
            if self.cursor.items[at].value == "last year" or unit == "year":
                analysis.last_year = True
            elif unit in _GRAINS:
                analysis.grain = cast(Grain, unit)
        spans = self._spans()
        if not backs and not each and len(spans) == 2 and not self._two_periods(spans, analysis):
            return False
        for at in self._places("%"):
            analysis.relative = True
            self.cursor.silence(at)
        joints = [at for at in range(min(moves, default=0), max(moves, default=0))]
        self.cursor.silence(*(at for at in joints if self.cursor.tag(at) == "J"))
        falls = "drop" in words and words.isdisjoint(("rise", "growth"))
        self._extreme(moves, analysis, falls=falls)
        self.item = said[0]
        self.cursor.reading.analysis = analysis
        self.cursor.silence(*moves, *against, *backs, *each)
        return True

    def _than(self) -> list[int]:
        """The word "than" between two periods: "higher or lower in 2023 than in 2022"."""
        spans = self._spans()
        if len(spans) != 2:
            return []
        return [
            at for at in range(spans[0], spans[1]) if self.cursor.items[at].text.lower() == "than"
        ]

    def _across(self) -> None:
        """Read "compare the amount across regions" as by region; "plot … across" too."""
        against = self._places("I")
        compared = len(against) == 1
        compared = compared and self.cursor.items[against[0]].text.lower().startswith("comp")
        charted = any(item.tag == "H" for item in self.cursor.items)
        if not compared and (against or not charted):
            return
        for at, item in enumerate(self.cursor.items[:-1]):
            after = self.cursor.next(at)
            if item.text.lower() not in ("across", "across the") or item.tag not in "U.":
                continue
            if self.cursor.tag(after) == "F":
                self.cursor.items[at] = replace(item, tag="G", value="")
                self.cursor.silence(*against)
                return

    def _side_by_side(self) -> None:
        """Read "amount for app vs kiosk": both, each by itself."""
        for at in self._places("I"):
            left, right = self.cursor.previous(at), self.cursor.next(at)
            if self.cursor.tag(left) != "V" or self.cursor.tag(right) != "V":
                continue
            assert left is not None and right is not None
            first, second = self.cursor.items[left], self.cursor.items[right]
            columns = {(hit.table, hit.column) for hit in first.hits}
            if columns.isdisjoint((hit.table, hit.column) for hit in second.hits):
                continue
            self.cursor.items[at] = replace(self.cursor.items[at], tag="J", value="and")
            self.cursor.reading.groups.append(Group(item=first))

    def _backs(self, said: bool) -> list[int]:
        """Find "the month before", "last year"; the latter where something is compared with it."""
        found = []
        for at in self._places("T", "last", "back"):
            found.append(at)
        for at, item in enumerate(self.cursor.items):
            before = self.cursor.previous(at)
            words = item.text.lower().split()
            if item.tag != "P" or len(words) != 2 or words[0] not in ("last", "previous", "prior"):
                continue
            if said and self.cursor.tag(before) in ("I", "C") and words[1] in _GRAINS:
                if self.cursor.tag(before) == "C" and self.cursor.items[before or 0].text != "over":
                    continue
                value = "last year" if words[1] == "year" else f"back {words[1]}"
                self.cursor.items[at] = replace(item, tag="T", value=value, period=None)
                if self.cursor.tag(before) == "C":
                    self.cursor.silence(before)
                found.append(at)
        return found

    def _spans(self) -> list[int]:
        return [at for at, item in enumerate(self.cursor.items) if item.tag == "P"]

    def _two_periods(self, places: list[int], analysis: Analysis) -> bool:
        """Read "from 2022 to 2023": the later one is compared with the earlier one."""
        first, second = (self.cursor.items[at].period for at in places)
        if first is None or second is None:
            return False
        if first.month is not None and second.low is not None:
            first = whole_month(second.low.year, first.month)
        if second.month is not None and first.low is not None:
            second = whole_month(first.low.year, second.month)
        distance = _distance(first, second)
        if not distance:
            return False
        analysis.grain, analysis.periods = cast(Grain, first.unit), abs(distance)
        early, late = places if distance > 0 else places[::-1]
        now = second if distance > 0 else first
        self.cursor.items[late] = replace(self.cursor.items[late], period=now)
        low, high = min(places), max(places)
        joints = [at for at in range(low + 1, high) if self.cursor.tag(at) in ("C", "B", "J", "G")]
        before = self.cursor.previous(low, ".")
        if before is not None and self.cursor.tag(before) == "B":
            joints.append(before)
        self.cursor.silence(early, *joints)
        return True

    def _extreme(self, moves: list[int], analysis: Analysis, *, falls: bool) -> None:
        """Read "the largest drop", "grew the most", "the 3 … with the highest growth"."""
        for at in moves:
            for beside in (self.cursor.previous(at, ".#T"), self.cursor.next(at)):
                if beside is None or self.cursor.tag(beside) != "S":
                    continue
                way = self.cursor.items[beside].value
                if way not in ("max", "min") or (falls and way == "min"):
                    continue
                analysis.order = cast(Literal["max", "min"], "min" if falls else way)
                self.cursor.silence(beside)
                return
            words = self.cursor.items[at].text.lower()
            if words == "fastest growing":
                analysis.order = "max"
            before = self.cursor.previous(at, ".T")
            if self.cursor.tag(before) == "?" and before is not None:
                if self.cursor.items[before].text.lower() in ("steepest", "sharpest", "strongest"):
                    analysis.order = "min" if falls else "max"
                    self.cursor.silence(before)
                    return

    # --- when the rest was read ----------------------------------------------------------------

    def finish(self) -> None:
        """Give the analysis its time and its part; put its words back where it has none."""
        analysis = self.cursor.reading.analysis
        if analysis is None:
            return
        for op in self.cursor.reading.ops:
            if op.aggregate is None and analysis.kind in ("share", "running"):
                op.aggregate, op.supposed = "sum", True
        self._counted()
        if analysis.kind == "share":
            self.shares.finish(analysis)
        else:
            self._time(analysis)

    def _counted(self) -> None:
        """Count the things that stand alone: "growth of orders", "how did orders change"."""
        reading = self.cursor.reading
        if reading.ops or reading.columns:
            return
        if reading.entity is not None and reading.entity.tables and not reading.direction:
            if not self._is_asked(reading.entity):
                reading.ops.append(Op(aggregate="count", target=reading.entity, count=True))
                reading.entity = None
                return
        free = [
            at
            for at, item in enumerate(self.cursor.items)
            if self.cursor.free(at) and item.tag == "F" and self.cursor.is_table(at)
        ]
        if len(free) == 1:
            self.cursor.take(free[0])
            target = self.cursor.items[free[0]]
            reading.ops.append(Op(aggregate="count", target=target, count=True))
            reading.rest = [item for item in reading.rest if item is not target]

    def _is_asked(self, entity: Item) -> bool:
        at = next((i for i, item in enumerate(self.cursor.items) if item is entity), None)
        return at is not None and self.cursor.tag(self.cursor.previous(at, ".D#")) in ("Q", "K")

    def _time(self, analysis: Analysis) -> None:
        """Find the time that the analysis goes along."""
        reading = self.cursor.reading
        assert self.item is not None
        grains = [group.grain for group in reading.groups if group.grain]
        if reading.entity is not None and reading.entity.tag == "R":
            grains.append(cast(Grain, reading.entity.value))
        if analysis.kind == "change" and analysis.grain in (None, "year") and grains:
            analysis.grain = grains[0]
        if analysis.kind == "change" and (
            analysis.grain is None or (analysis.grain == "year" and not grains)
        ):
            units = {p.unit for t in reading.times for p in t.periods if t.comparator == "in"}
            if len(units) == 1 and analysis.last_year:
                analysis.grain = cast(Grain, next(iter(units)))
        if analysis.grain is None and analysis.kind == "change" and analysis.last_year:
            analysis.grain = "year"
        if analysis.grain is None and analysis.kind == "running" and len(grains) == 1:
            analysis.grain = grains[0]
        if analysis.grain is None and analysis.kind == "running":
            analysis.grain = self._loose_grain()
        if analysis.grain is None or any(grain != analysis.grain for grain in grains):
            told = (
                "'from 2022 to 2023' or 'by month'" if analysis.kind == "change" else "'by month'"
            )
            if analysis.kind == "rolling":
                told = "'3-month rolling average by month'"
            reading.missing = f"{self.item.text!r} needs a time to go along: say {told}."
            return
        if not grains:
            item = replace(self.item, tag="R", text=analysis.grain, value=analysis.grain)
            reading.groups.append(Group(item=item, grain=analysis.grain))
        if analysis.kind == "change":
            self._ranked(analysis)

    def _loose_grain(self) -> Grain | None:
        """The one grain that is named anywhere: "over the months of 2023"."""
        reading = self.cursor.reading
        loose = [item for item in reading.rest if item.tag == "R" and not item.matches]
        if len(loose) != 1:
            return None
        reading.rest = [item for item in reading.rest if item is not loose[0]]
        return cast(Grain, loose[0].value)

    def _ranked(self, analysis: Analysis) -> None:
        """Rank by the change where "top 3 … by growth" does, and say how many."""
        reading = self.cursor.reading
        if reading.direction is not None and analysis.order is None and reading.ranked:
            analysis.order, reading.direction = reading.direction, None
            analysis.limit = reading.limit
        if analysis.order is None:
            return
        entity = reading.entity
        plural = entity is not None and entity.text.lower().endswith("s") and entity.tag != "R"
        number = None
        if entity is not None:
            at = next((i for i, item in enumerate(self.cursor.items) if item is entity), 0)
            before = self.cursor.previous(at, ".D")
            if before is not None and self.cursor.free(before) and self.cursor.counts(before):
                number = int(self.cursor.items[before].number or 0)
                self.cursor.take(before)
                taken = self.cursor.items[before]
                reading.rest = [item for item in reading.rest if item is not taken]
        analysis.limit = analysis.limit or number or (10 if plural else 1)


def _distance(first: Period, second: Period) -> int:
    """How many periods lie between two of one kind; 0 where they can't be compared."""
    if first.low is None or second.low is None or first.high is None or second.high is None:
        return 0
    if first.unit != second.unit or first.unit not in ("year", "quarter", "month"):
        return 0
    months = (second.low.year - first.low.year) * 12 + second.low.month - first.low.month
    size = {"year": 12, "quarter": 3, "month": 1}[first.unit]
    for period in (first, second):
        assert period.low is not None and period.high is not None
        length = (period.high.year - period.low.year) * 12 + period.high.month - period.low.month
        if length != size:
            return 0
    return months // size
