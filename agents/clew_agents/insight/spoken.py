"""What do the words of a question of insight name: values, tables, columns, measures?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clew_agents.insight import schema
from clew_agents.insight.asking import Asking
from clew_agents.insight.intent import CHANGE, DOWN, FRAME, LEFT, QUICK, SLOW, UP, Frame
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.tagging import Item
from clew_agents.sql.words import same
from clew_tools.database.catalog import Column, Table
from clew_tools.database.source import ValueHit

_NUMERIC = frozenset({"integer", "number", "decimal"})
_MEASURED = _NUMERIC | {"boolean"}
_DEFAULT_WEEKS = 13
_OVERVIEW_WEEKS = 52
_LEAST_MEANING = 4
_BETTER = frozenset("better worse best worst faster slower stronger weaker reliable".split())
_PROMISE = frozenset("promised promise punctual punctuality delay delayed late".split())


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """What the words name."""

    values: tuple[tuple[Item, tuple[ValueHit, ...]], ...]
    tables: tuple[str, ...]
    columns: tuple[tuple[tuple[str, str], ...], ...]
    average: bool
    unknown: tuple[str, ...]
    metrics: tuple[str, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()


class Reader:
    """The words of one question."""

    def __init__(
        self, items: Sequence[Item], frame: Frame, context: SqlContext, asking: Asking
    ) -> None:
        self.items, self.frame, self.context, self.asking = items, frame, context, asking
        self.catalog = asking.catalog
        self.spoken = self._spoken()

    # --- words ---------------------------------------------------------------------------------

    def _spoken(self) -> Spoken:
        values: list[tuple[Item, tuple[ValueHit, ...]]] = []
        tables: list[str] = []
        columns: list[tuple[tuple[str, str], ...]] = []
        unknown: list[str] = []
        average = False
        metrics: list[str] = []
        terms: list[tuple[str, str]] = []
        for place, item in enumerate(self.items):
            if item.tag == "P":
                continue
            hits = item.hits if item.tag == "V" else ()
            if not hits and self.frame.intent == "versus" and item.tag != "?":
                hits = self.context.values.find(item.text)  # "display", where that is a value
            if hits and not (item.tag != "V" and item.matches):
                values.append((item, tuple(hits)))
            elif self._is_frame(item):
                continue
            elif item.tag == "A":
                average = average or item.value == "avg"
            elif item.matches and item.matches[0].name.metric:
                metrics.append(item.matches[0].name.metric)
            elif item.matches and item.matches[0].name.term:
                terms.append((item.matches[0].name.term, item.matches[0].name.table))
            elif self._names_a_value(place) or self._names_the_sides(place):
                continue
            elif item.tables and item.tag in "FN":
                tables += item.tables[:1]
            elif item.tag == "F":
                found = tuple((m.name.table, m.name.column) for m in item.matches if m.name.column)
                more = self._also(item.text.casefold()) if item.matches[0].score < 1 else ()
                columns.append((*found, *(c for c in more if c not in found)))
            elif item.tag in "h?":
                self._by_meaning(item, tables, columns, unknown)
        if unknown and not metrics:
            metrics, unknown = self._metric_of(unknown, tables)
        return Spoken(
            metrics=tuple(metrics),
            terms=tuple(terms),
            values=tuple(values),
            tables=tuple(dict.fromkeys(tables)),
            columns=tuple(columns),
            average=average,
            unknown=tuple(unknown),
        )

    def _is_frame(self, item: Item) -> bool:
        words = item.text.casefold().replace("'", " ").split()
        known = FRAME | UP | DOWN | CHANGE
        if self.frame.slow:
            known |= SLOW | QUICK
        if self.frame.left:
            known |= LEFT
        return all(word in known for word in words) and item.tag != "V"

    def _names_a_value(self, place: int) -> bool:
        """Whether a word says what kind of thing the value beside it is: "the app channel"."""
        item = self.items[place]
        word = item.text.casefold()
        if any(m.name.type in _MEASURED for m in item.matches):
            return False
        for other in self.items[max(0, place - 2) : place + 2]:
            for hit in other.hits if other.tag == "V" else ():
                table = self.catalog.table(hit.table)
                column = table.column(hit.column) if table else None
                if column is None or hit.value.casefold() == word:
                    continue
                if any(same(word, w) for w in schema.said(column)) or (
                    len(word) >= _LEAST_MEANING and word[:4] in column.name.casefold()
                ):
                    return True
        return False

    def _names_the_sides(self, place: int) -> bool:
        """Whether a word says what the two are that are compared: "the better carrier"."""
        if self.frame.intent != "versus" or not place:
            return False
        return self.items[place - 1].text.casefold() in _BETTER

    def _metric_of(self, unknown: list[str], tables: list[str]) -> tuple[list[str], list[str]]:
        """Find the company's measure whose name or meaning has all of some words in it.

        Of things that are late, the measure is what says whether they kept a promise.
        """
        wanted = [word.casefold() for word in unknown]
        for metric in self.context.vocabulary.known.metrics.values():
            said = {w for name in metric.names for w in schema.words_in(name)}
            said |= set(schema.words_in(metric.meaning or ""))
            if tables and metric.table not in tables:
                continue
            if all(
                any(same(word, w) for w in said) or (word in SLOW and said & _PROMISE)
                for word in wanted
            ):
                return [metric.name], []
        return [], unknown

    def _by_meaning(
        self,
        item: Item,
        tables: list[str],
        columns: list[tuple[tuple[str, str], ...]],
        unknown: list[str],
    ) -> None:
        """Look a word up in names, in parts, and then in what the source says of its tables."""
        word = item.text.casefold()
        hinted = sorted(self.context.vocabulary.hints(item.value)) if item.tag == "h" else []
        found = [*hinted, *(c for c in self._shortened(word) if c not in hinted)]
        found = found or list(self._columns_like(word))
        if any(self._is_measured(on) for on in found) or (found and self.frame.intent == "which"):
            columns.append(tuple(found))
            return
        rows = [t.name for t in self.catalog.tables if _is_row_noun(word, t)]
        if rows:
            tables.append(rows[0])
            return
        unknown.append(item.text)

    def _also(self, word: str) -> tuple[tuple[str, str], ...]:
        """Numbers that a word may mean by the beginning of their name, or by their meaning."""
        meant = tuple(
            (table.name, column.name)
            for table in self.catalog.tables
            for column in table.columns
            if column.type in _NUMERIC
            and any(same(word, w) for w in schema.words_in(column.meaning or "")[:3])
        )
        return (*self._shortened(word), *meant)

    def _is_measured(self, on: tuple[str, str]) -> bool:
        """Whether a column holds numbers or truth values, and is no key."""
        table = self.catalog.table(on[0])
        column = table.column(on[1]) if table else None
        if table is None or column is None or is_key(table, column):
            return False
        return column.type in _MEASURED

    def _columns_like(self, word: str) -> tuple[tuple[str, str], ...]:
        """Columns whose name shares its stem with a word (conversion: converted), or meaning."""
        if len(word) < _LEAST_MEANING:
            return ()
        by_name, by_meaning = [], []
        for table in self.catalog.tables:
            for column in table.columns:
                if any(kin(word, w) for w in schema.words_of(column)):
                    by_name.append((table.name, column.name))
                elif any(same(word, w) for w in schema.words_in(column.meaning or "")):
                    by_meaning.append((table.name, column.name))
        return tuple(by_name or by_meaning)

    def _shortened(self, word: str) -> tuple[tuple[str, str], ...]:
        """Numbers whose name begins with the beginning of a word: DISCAMOU for discounts."""
        if len(word) < 6:
            return ()
        return tuple(
            (table.name, column.name)
            for table in self.catalog.tables
            for column in table.columns
            if column.type in _MEASURED and column.name.casefold().startswith(word[:4])
        )


def is_key(table: Table, column: Column) -> bool:
    """Say whether a column only tells rows apart, or points at other rows."""
    keys: Iterable[str] = (*table.primary_key, *(c for k in table.foreign_keys for c in k.columns))
    return column.name in keys


def _is_row_noun(word: str, table: Table) -> bool:
    """Whether "one row per parcel" is what a word speaks of."""
    meaning = schema.words_in(table.meaning or "")
    if meaning[:3] != ["one", "row", "per"] or len(meaning) < 4:
        return False
    return same(word, meaning[3]) or (len(meaning) == 5 and same(word, meaning[4]))


def kin(word: str, other: str) -> bool:
    """Whether two words share so long a beginning that one is made of the other.

    >>> kin("conversion", "converted"), kin("order", "orange")
    (True, False)
    """
    if same(word, other):
        return True
    common = 0
    for a, b in zip(word, other, strict=False):
        if a != b:
            break
        common += 1
    return common >= 5 and common >= 0.6 * min(len(word), len(other))
