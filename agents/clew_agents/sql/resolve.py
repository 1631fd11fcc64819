"""Which of several tables, columns and values some words mean, given the rest of the question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from clew_agents.sql.event_dates import own_event
from clew_agents.sql.event_dates import said as said_event
from clew_agents.sql.tagging import Item
from clew_agents.sql.thesaurus import ENDED, ENDS, PHRASAL, STARTED, STARTS
from clew_agents.sql.units import converted
from clew_agents.sql.vocabulary import GOOD, Name, Vocabulary, overview
from clew_agents.sql.words import same, singular, split_name
from clew_core.errors import ClewError
from clew_tools.database.source import ValueHit
from clew_tools.semantic.keys import AmbiguousPath, NoPath, reaches, shortest_path

NUMERIC = ("integer", "number", "decimal")
DATES = ("date", "timestamp")
_FAR = 99
_TOLD = 0.64
# Words in the names of columns that say when a row was written, not when something happened.
_AUDIT = frozenset("crtd updt ts etl loa loaded inserted updated modified changed deleted".split())

_LOADS = ("loadat", "loaddt", "etl")

# What somebody does for a while is dated by when it began.
_HELD = frozenset("run ran held hold launch launched conducted organised organized".split())


class Ambiguous(ClewError):
    """Some words may mean several columns; a person has to choose."""

    def __init__(self, words: str, choices: Sequence[tuple[str, str]]) -> None:
        """Keep the words and the columns (table, column) that they may mean."""
        self.words, self.choices = words, tuple(choices)
        super().__init__(f"{words!r} may mean several columns.")


class NotUnderstood(ClewError):
    """Some words mean nothing here, or nothing that can be asked of these data."""

    def __init__(self, words: Iterable[str], reason: str = "") -> None:
        """Keep the words."""
        self.words, self.reason = tuple(words), reason
        super().__init__(reason or f"Not understood: {', '.join(self.words)}.")


@dataclass(kw_only=True)
class Resolver:
    """Chooses names, and remembers what was chosen.

    Attributes:
        vocabulary: of the source.
        items: of the question, to see what stands beside a word.
        context: tables that the question names.
        pins: words → (table, column) that a person chose.
        preferred: columns that the conversation speaks of.
        dated: the column that dates what is computed, where the company says so.
        base: the table whose rows are counted or computed on, once it is known.
        used: columns that the query uses.
        terms: column or table → the words of the question for it.
        notes: what the reader must know of these choices, one line each.
    """

    vocabulary: Vocabulary
    items: Sequence[Item]
    context: Sequence[str]
    pins: dict[str, tuple[str, str]] = field(default_factory=dict)
    preferred: frozenset[tuple[str, str]] = frozenset()
    dated: tuple[str, str] | None = None
    base: str | None = None
    used: set[tuple[str, str]] = field(default_factory=set)
    terms: dict[tuple[str, str], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def column(
        self, item: Item, types: Sequence[str] = (), owner: Sequence[str] = ()
    ) -> Name | None:
        """Choose the column that an item names; None if it names none of these types.

        Args:
            item: names it.
            types: that it must have; none: any.
            owner: tables that the question says it is of.

        Raises:
            Ambiguous: several fit equally well.
        """
        found = self._nearer(
            item,
            [
                match.name
                for match in item.matches
                if match.name.column is not None and (not types or match.name.type in types)
            ],
            types,
        )
        if not found:
            return None
        if (pin := self.pins.get(item.text.casefold())) is not None:
            found = [n for n in found if (n.table, n.column) == pin] or found
        pinned = pin is not None and len(found) == 1
        chosen = self._narrow(item, [n for n in found if n.table in owner] or found)
        if len(chosen) > 1:
            raise Ambiguous(item.text, [(n.table, n.column or "") for n in chosen])
        if pinned:  # say which of them was chosen
            self.terms[chosen[0].table, chosen[0].column or ""] = (
                f"{item.text} of {chosen[0].table}"
            )
        fits = (*item.matches, *item.weak)
        score = next(match.score for match in fits if match.name is chosen[0])
        # Of a loose match the name of the column says more than the word did.
        said = item.text if score >= GOOD else " ".join(chosen[0].words)
        self.terms.setdefault((chosen[0].table, chosen[0].column or ""), said)
        return self._remember(chosen[0])

    def _nearer(self, item: Item, found: list[Name], types: Sequence[str]) -> list[Name]:
        """Prefer an abbreviation or a meaning at hand to a plain name in a table far away."""
        near = self._qualifiers(item) | ({self.base} if self.base is not None else set())
        if not found or any(name.table in near for name in found):
            return found
        if self.base is not None:  # the region that an order line's order has, not its customer
            least = min(self.distance(name.table) for name in found)
            tables = {match.name.table for match in item.weak}
            near |= {table for table in tables if self.distance(table) < least < _FAR}
        weak = [
            match.name
            for match in item.weak
            if match.name.column is not None
            and match.name.table in near
            and (match.score >= GOOD or (match.name.told and match.score >= _TOLD))
            and (not types or match.name.type in types)
        ]
        return weak[:1] if len({(n.table, n.column) for n in weak}) == 1 else found

    def table(self, item: Item) -> str | None:
        """The table that an item names; None if it names none.

        Raises:
            Ambiguous: it names several.
        """
        tables = list(dict.fromkeys(item.tables))
        pin = self.pins.get(item.text.casefold())
        if pin is not None and pin[0] in tables and not pin[1]:
            tables = [pin[0]]
        if len(tables) > 1:
            raise Ambiguous(item.text, [(table, "") for table in tables])
        if tables:
            self.terms.setdefault((tables[0], ""), item.text)
        return tables[0] if tables else None

    def value(self, value: Item, names: Sequence[Item]) -> list[ValueHit]:
        """Choose the column that a value stands in; several hits there are its spellings.

        Raises:
            Ambiguous: it stands in several columns, and nothing says which.
            NotUnderstood: it stands in none.
        """
        hits = list(value.hits)
        if (pin := self.pins.get(value.text.casefold())) is not None:
            hits = [hit for hit in hits if (hit.table, hit.column) == pin] or hits
        for keep in self._value_filters(names):
            if len({(hit.table, hit.column) for hit in hits}) > 1:
                hits = [hit for hit in hits if keep(hit.table, hit.column)] or hits
        hits = self._nearest(hits)
        columns = list(dict.fromkeys((hit.table, hit.column) for hit in hits))
        if len(columns) > 1:
            raise Ambiguous(value.text, columns)
        if not columns:
            raise NotUnderstood([value.text])
        self.used.add(columns[0])
        self._say_value(*columns[0])
        return hits

    def _nearest(self, hits: list[ValueHit]) -> list[ValueHit]:
        """Of values in several tables keep those that the rows asked for point at most directly."""
        if self.base is None or len({(hit.table, hit.column) for hit in hits}) < 2:
            return hits
        steps = {hit.table: self.distance(hit.table) for hit in hits}
        least = min(steps.values())
        if any(self._is_linked(table) for table, far in steps.items() if far >= _FAR):
            return hits
        return [hit for hit in hits if steps[hit.table] == least] if least < _FAR else hits

    def _is_linked(self, table: str) -> bool:
        """Whether a table of pairs joins a table to the base: tracks and playlists."""
        for pairs in self.vocabulary.catalog.tables:
            ends = {key.table for key in pairs.foreign_keys}
            if {table, self.base} <= ends and len(pairs.columns) <= len(pairs.foreign_keys) + 2:
                return True
        return False

    def _say_value(self, table: str, column: str) -> None:
        """Call the column of a value as people would: a label like its table."""
        labels = [name.column for name in self.vocabulary.labels(table)]
        source = self.vocabulary.tables if labels == [column] else self.vocabulary.columns
        names = (n for n in source if n.table == table and n.column in (None, column))
        words = " ".join(next(names).words)
        said = singular(words) if labels == [column] else words
        self.terms.setdefault((table, column), said)

    def time(self, item: Item | None, words: str, beside: Item | None = None) -> Name:
        """Choose the date column (or column of years) that a period speaks of.

        Args:
            item: names the column, where the question does.
            beside: stands right before the period: "cars from 2023".
            words: of the period, for the question back.

        Raises:
            Ambiguous, NotUnderstood: several fit, or none.
        """
        if item is not None:
            named = self.column(item, DATES) or self.column(item, NUMERIC)
            if named is not None:
                return named
        for name in self.vocabulary.columns:
            if (name.table, name.column) in self.pins.values() and self._is_dated(name):
                return self._remember(name)
        own = _business_dates(self._dated(self.base)) if self.base else []
        settled = self.dated is not None or len(self._hinted(own)) == 1
        for table in beside.tables if beside is not None and not settled else ():
            done = beside is not None and (
                beside.text.lower().endswith("ed") or self._is_had(beside)
            )
            dated = _business_dates(self._dated(table))
            by_company = self.vocabulary.known.dated(table)
            if by_company is not None:
                dated = [n for n in dated if n.column == by_company.column] or dated
            if table != self.base and done and len(dated) == 1:
                return self._remember(dated[0])  # "customers who ordered in 2023"
            if table != self.base and own and (dated := _business_dates(self._dated(table))):
                raise Ambiguous(words, [(n.table, n.column or "") for n in (*own, *dated)])
        near = self._nearby_dates()
        near = [n for n in near if self._is_part_of(n.table)] or near
        chosen = self._hinted(own) or self._hinted(near)
        if not chosen and (own_time := self._dated_by_company()) is not None:
            chosen = [n for n in self.vocabulary.columns if (n.table, n.column) == own_time]
        if not chosen:
            verbs = [n for n in near if n.table in self._verbs()]
            chosen = own if len(own) == 1 else verbs if len(verbs) == 1 else own or near
        chosen = chosen or self._dates_below()
        kept = [n for n in chosen if (n.table, n.column) in self.preferred]
        chosen = kept or self._beginning(chosen)
        if (event := own_event(chosen, self.items, self.vocabulary)) is not None:
            self.notes.append(said_event(event, chosen))
            chosen = [event]
        if len(chosen) > 1:
            raise Ambiguous(words, [(n.table, n.column or "") for n in chosen])
        if not chosen:
            raise NotUnderstood([words], f"There is no date that {words!r} could speak of.")
        return self._remember(chosen[0])

    def _dates_below(self) -> list[Name]:
        """The dates of rows below that the question speaks of: "who bought tea in 2023"."""
        catalog, base = self.vocabulary.catalog, self.base
        if base is None:
            return []
        below = {t for t, _ in self.used if t != base and reaches(catalog, t, base)}
        dated = [_business_dates(self._dated(table)) for table in sorted(below)]
        dated = [dates for dates in dated if dates]
        return (self._hinted(dated[0]) or dated[0]) if len(dated) == 1 else []

    def _beginning(self, names: list[Name]) -> list[Name]:
        """Take the first day of what was "run" or "held": campaigns run in 2022 began then."""
        done = any(item.text.lower() in _HELD for item in self.items)
        if len(names) != 2 or names[0].table != names[1].table or not done:
            return names
        first = [n for n in names if self._is_called(n, STARTS)]
        last = [n for n in names if self._is_called(n, ENDS)]
        return first if len(first) == len(last) == 1 and first != last else names

    def _is_called(self, name: Name, words: frozenset[str]) -> bool:
        said = {*name.words, *split_name(self.vocabulary.column(name).meaning or "")[:2]}
        return not words.isdisjoint({*said, *map(singular, said)})

    def _dated_by_company(self) -> tuple[str, str] | None:
        """The column that dates what is computed, or else the rows that it stands on."""
        if self.dated is not None or self.base is None or self._says_have():
            return self.dated
        column = self.vocabulary.known.dated(self.base)
        return (column.table, column.column) if column is not None else None

    def _is_had(self, item: Item) -> bool:
        """Whether a thing is had: the order of "customers with an order in 2023"."""
        place = next((i for i, other in enumerate(self.items) if other.start == item.start), 0)
        words = [other.text.lower() for other in self.items[max(0, place - 2) : place]]
        return words[-2:] in (["with", "a"], ["with", "an"]) and place > 1

    def _says_have(self) -> bool:
        """Whether rows are asked for that there were at a time: "customers that we had"."""
        return any(item.text.lower() in ("have", "had") for item in self.items)

    def dates_of(self, table: str) -> list[Name]:
        """The dates of a table that a period beside its name may speak of, pinned ones first."""
        dated = _business_dates(self._dated(table))
        pinned = [n for n in dated if (n.table, n.column) in self.pins.values()]
        return pinned or self._hinted(dated) or dated

    def _is_part_of(self, table: str) -> bool:
        """Whether the base's rows are parts of a table's: order lines of orders."""
        own = {singular(word) for word in split_name(self.base or "")}
        words = {singular(word) for word in split_name(table)}
        return bool(own) and words < own

    def distance(self, table: str) -> int:
        """Steps from the base to a table, many rows to one; large if there is no way."""
        if self.base is None:
            return _FAR
        try:
            return len(shortest_path(self.vocabulary.catalog, self.base, table))
        except NoPath:
            return _FAR
        except AmbiguousPath as error:
            return len(error.paths[0])

    def reaches(self, table: str) -> bool:
        """Whether each row of the base has one row of a table."""
        return table == self.base or self.distance(table) < _FAR

    def nothing_named(self) -> str:
        """Say that nothing is computed or listed, and what the question does speak of."""
        spoken = [repr(item.text) for item in self.items if item.tag in "FVPh#"]
        if not spoken:
            return overview(self.vocabulary)
        return (
            "The question names nothing to count, compute or list. "
            f"It only speaks of {', '.join(spoken)}."
        )

    def said_terms(self) -> dict[str, str]:
        """The words of the question for tables, columns and converted numbers."""
        return converted(self.items) | {
            f"{table}.{column}" if column else table: words
            for (table, column), words in self.terms.items()
        }

    # --- narrowing -----------------------------------------------------------------------------

    def _remember(self, name: Name) -> Name:
        self.used.add((name.table, name.column or ""))
        return name

    def _narrow(self, item: Item, found: list[Name]) -> list[Name]:
        """Keep what fits best: beside its table, in a named table, at the base, near the base."""
        beside = self._qualifiers(item)
        preferred = self.preferred
        steps = (
            lambda n: n.table in beside,
            lambda n: (n.table, n.column) in preferred,
            lambda n: n.table == self.base,
            lambda n: n.table in self.context,
            lambda n: n.table in self._settled(),
            lambda n: not self.vocabulary.is_key(n),
            lambda n: n.column == item.text,
        )
        for keep in steps:
            if len(found) > 1:
                found = [name for name in found if keep(name)] or found
        if len(found) > 1 and self.base is not None and not any(n.metric for n in found):
            nearest = min(self.distance(name.table) for name in found)
            if nearest < _FAR:
                found = [name for name in found if self.distance(name.table) == nearest]
        return found

    def _settled(self) -> set[str]:
        """The tables of the other names in the question that can mean only one table."""
        tables = [{m.name.table for m in i.matches} for i in self.items if i.tag == "F"]
        return {next(iter(found)) for found in tables if len(found) == 1}

    def table_after(self, item: Item) -> str | None:
        """The table named by "of …" right after a word."""
        tables = self._after(item)
        return tables[0] if len(tables) == 1 else None

    def _after(self, item: Item) -> tuple[str, ...]:
        place = next((i for i, other in enumerate(self.items) if other.start == item.start), None)
        if place is None:
            return ()
        after, passed = place + 1, []
        while after < len(self.items) and self.items[after].tag in ".U":
            passed.append(self.items[after].text.lower())
            after += 1
        if after < len(self.items) and passed and passed[0].startswith(("of", "in", "for")):
            return self.items[after].tables
        return ()

    def _qualifiers(self, item: Item) -> set[str]:
        """Tables named right before a word ("customer country") or after it ("name of the artist").

        Words of the filler kind may stand between, and a number or "different" too.
        """
        tables: set[str] = set()
        place = next((i for i, other in enumerate(self.items) if other.start == item.start), None)
        if place is None:
            return tables
        if place > 0 and self.items[place - 1].tag == "F":
            tables.update(self.items[place - 1].tables)
        tables.update(self._after(item))
        return tables

    def _value_filters(self, names: Sequence[Item]) -> tuple:  # type: ignore[type-arg]
        named = {
            (m.name.table, m.name.column) for name in names for m in (*name.matches, *name.weak)
        }
        hinted: set[tuple[str, str]] = set()
        for item in self.items:
            if item.tag == "h":
                hinted |= self.vocabulary.hints(item.value)
        return (
            lambda table, column: (table, column) in named,
            lambda table, column: (table, None) in named,
            lambda table, column: (table, column) in self.preferred,
            lambda table, column: (table, column) in hinted,
            lambda table, column: table == self.base and column not in self._own_labels(),
            lambda table, column: table in self.context and table != self.base,
        )

    def _own_labels(self) -> set[str | None]:
        """The names of the base's own rows: "albums of X" are not the albums called X."""
        return {name.column for name in self.vocabulary.labels(self.base)} if self.base else set()

    def _dated(self, table: str) -> list[Name]:
        return [name for name in self.vocabulary.of_table(table) if self._is_dated(name)]

    def _is_dated(self, name: Name) -> bool:
        return name.type in DATES or (name.type in NUMERIC and name.words[-1] == "year")

    def _nearby_dates(self) -> list[Name]:
        """Date columns of the tables that the question names, else of the nearest tables."""
        named = [
            name
            for table in self.context
            if table != self.base
            for name in _business_dates(self._dated(table))
        ]
        if named or self.base is None:
            return named
        tables = [table.name for table in self.vocabulary.catalog.tables]
        far = [(self.distance(t), t) for t in tables if t != self.base]
        for steps in sorted({steps for steps, _ in far if steps < _FAR}):
            found = [n for s, t in far if s == steps for n in _business_dates(self._dated(t))]
            if found:
                return found
        return []

    def _hinted(self, names: list[Name]) -> list[Name]:
        """Keep the columns that another word of the question speaks of: "shipped", "ordered"."""
        texts = [item.text.casefold() for item in self.items if item.tag in "hF?."]
        words = [word for text in texts for word in PHRASAL.get(tuple(text.split()), (text,))]
        return [
            name
            for name in names
            if any(
                len(word) > 2  # "on" and "at" of opened_on, started_at
                and word not in ("date", "day", "time", "year")
                and self._speaks_of(word, name)
                for word in words
            )
        ]

    def _speaks_of(self, word: str, name: Name) -> bool:
        if word in STARTED or word in ENDED:
            return self._is_called(name, STARTS if word in STARTED else ENDS)
        if (name.table, name.column or "") not in self.vocabulary.hints(word):
            return False
        verb = word.endswith(("ed", "ing")) or not any(
            same(word, part) for table in self.vocabulary.tables for part in table.words
        )
        return verb

    def _verbs(self) -> set[str]:
        """Tables that a verb names: orders in "customers who ordered in 1995"."""
        return {
            table
            for item in self.items
            if item.tag == "F" and item.text.lower().endswith("ed")
            for table in item.tables
        }


def _business_dates(names: list[Name]) -> list[Name]:
    """Leave out when a row was written, and prefer the date that has the table's own name."""
    kept = [name for name in names if not _is_audit(name)] or names
    if len(kept) < 2:
        return kept
    main = [n for n in kept if n.letters in (_date_of(n.table), "date")]
    return main if len(main) == 1 else kept


def _is_audit(name: Name) -> bool:
    """Whether a date only says when a row was written; names may run words together: LOADAT."""
    return name.is_audit or not _AUDIT.isdisjoint(name.words) or name.letters.startswith(_LOADS)


def _date_of(table: str) -> str:
    return "".join(split_name(singular(table.casefold()))) + "date"
