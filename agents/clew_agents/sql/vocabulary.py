"""Which tables and columns a few words of a question may mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from clew_agents.sql.company import company_names, matches_of
from clew_agents.sql.meanings import Told, told_matches, told_names
from clew_agents.sql.names import Match, Name
from clew_agents.sql.thesaurus import GEOGRAPHY, LABELS, SHORT, WORTH, synonyms
from clew_agents.sql.tokens import tokenize
from clew_agents.sql.unit_endings import LEFT_OUT, SUFFIXES
from clew_agents.sql.words import abbreviates, is_participle, same, singular, split_name, stems
from clew_knowledge.known import NOTHING, Known
from clew_tools.database.catalog import Catalog, Column, Table
from clew_tools.database.source import ValueHit

# Below these a match is no name but a hint, or nothing.
EXACT, GOOD, FAIR = 1.0, 0.8, 0.6
_MOST_TOLD = 10

__all__ = ["EXACT", "FAIR", "GOOD", "Match", "Name", "Vocabulary", "names_table", "overview"]

_WAREHOUSE = frozenset("dim fact fct tbl stg vw lkp ref".split())
_COPY = re.compile(r"_?(\d{2,8}(_\d+)*|old|bak|backup|copy|tmp|temp|archive|snapshot|bkp)$")
_PREFIXED = re.compile(r"(s|n|b|d|t|ts|m|i|f|dt|str|int|dec|num)(?=[A-Z][a-z])")
_LOADED = re.compile(
    r"\b(row|record) (was |is )?(last )?"
    r"(reached|arrived|loaded|written|inserted|updated|changed|copied|entered)\b",
    re.IGNORECASE,
)
_DERIVED = frozenset("ment ments er or r ion al age ance".split())
_NUMBERS = ("integer", "number", "decimal")
_AMOUNTS = frozenset("amount value total sum points".split())
_CODES = frozenset("code".split())
_KEYS = ("id", "key", "no", "number", "code", "nr")
_SAID_OF_KEYS = frozenset("id ids identifier identifiers".split())
# Written in two columns, said as one.
FULL_NAMES = frozenset(
    phrase + ending
    for phrase in ("full name", "first and last name", "last and first name",
                   "first name and last name", "last name and first name")
    for ending in ("", "s")
)  # fmt: skip
# "lname" and "fname" are written so often that nobody spells them out.
_PERSON = {"lname": ("last", "name"), "fname": ("first", "name"), "mname": ("middle", "name"),
           "minit": ("middle", "initial"), "dob": ("date", "of", "birth")}  # fmt: skip


@dataclass(kw_only=True)
class Vocabulary:
    """The names of one catalog. Made once per catalog and policy."""

    catalog: Catalog
    known: Known = NOTHING
    tables: tuple[Name, ...] = ()
    columns: tuple[Name, ...] = ()
    company: tuple[Name, ...] = ()
    told: dict[str, list[Told]] = field(default_factory=dict)
    roles: tuple[Name, ...] = ()
    _row_nouns: frozenset[str] = frozenset()
    _known: dict[tuple[str, ...], tuple[Match, ...]] = field(default_factory=dict)
    _weak: dict[tuple[str, ...], tuple[Match, ...]] = field(default_factory=dict)
    _hints: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    _initials: list[tuple[Name, frozenset[str]]] = field(default_factory=list)
    copies: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Cut all names into words."""
        shared = _shared_first_word([table.name for table in self.catalog.tables])
        self.tables = tuple(
            _name(table.name, None, _bare_table(table.name, shared))
            for table in self.catalog.tables
        )
        self.columns = tuple(name for table in self.catalog.tables for name in _column_names(table))
        self.company = company_names(self.known)
        self.told = told_names(self.catalog)
        self.roles = tuple(_roles(self.catalog))
        self._row_nouns = _row_nouns(self.catalog)
        self.copies = _copies(self.catalog)
        self._initials = [(name, _initials(name)) for name in (*self.tables, *self.columns)]

    @property
    def names(self) -> tuple[Name, ...]:
        """All tables and columns, and the company's measures and words."""
        return (*self.tables, *self.columns, *self.company)

    def match(self, words: tuple[str, ...]) -> tuple[Match, ...]:
        """Find the names that words may mean, best first; all of the best score.

        Args:
            words: case-folded, in the order of the question.
        """
        if words not in self._known:
            found = [
                Match(name=name, score=score)
                for name in self._alike(words)
                if (score := _score(words, name)) >= FAIR
            ]
            found += matches_of(words, self.company)
            found += [
                Match(name=role, score=0.95)
                for role in self.roles
                if len(words) == len(role.words) and all(map(same, words, role.words))
            ]
            found = _by_best_name([*found, *told_matches(words, self.told)])
            found = self._originals(found)
            best = max((match.score for match in found), default=0.0)
            if best < EXACT and len(words) == 1 and words[0] in _SAID_OF_KEYS:
                found += [Match(name=name, score=0.99) for name in self._own_keys()]
                best = max(best, 0.99)
            noun = len(words) == 1 and not words[0].endswith(("ed", "ing"))
            if not found and " ".join(words) in FULL_NAMES:
                found = [Match(name=name, score=0.97) for name in self._of_persons()]
                best = 0.97 if found else best
            if not found and words in (("name",), ("names",)):
                labels = (n for table in self.tables for n in self.labels(table.table))
                found = [Match(name=name, score=GOOD) for name in labels]
                best = GOOD if found else best
            if best < GOOD and noun and singular(words[0]) in self._row_nouns:
                found, best = [Match(name=self.tables[0], score=GOOD)], GOOD
            found.sort(key=lambda match: -match.score)
            self._known[words] = tuple(m for m in found if m.score >= best - 0.02)
            self._weak[words] = tuple(m for m in found if m.score < best - 0.02)
        return self._known[words]

    def _alike(self, words: tuple[str, ...]) -> list[Name]:
        """Leave out names of which no part begins like one of the words, or like its synonyms."""
        begins = {word[0] for word in words}
        begins |= {synonym[0] for word in words for synonym in synonyms(word)}
        return [name for name, initials in self._initials if not initials.isdisjoint(begins)]

    def weak(self, words: tuple[str, ...]) -> tuple[Match, ...]:
        """Find the names that words fit less well than the best ones, best first."""
        self.match(words)
        return self._weak[words]

    def _originals(self, found: list[Match]) -> list[Match]:
        """Leave out snapshots of tables that are found themselves."""
        kept = [m for m in found if m.name.table not in self.copies or m.score == EXACT]
        return kept or found

    def without_copies(self, hits: tuple[ValueHit, ...]) -> tuple[ValueHit, ...]:
        """Leave out values of snapshots where they stand in other tables too."""
        return tuple(hit for hit in hits if hit.table not in self.copies) or hits

    def _of_persons(self) -> list[Name]:
        """The first and the last names of the tables that have both."""
        found: list[Name] = []
        for table in self.tables:
            own = {name.letters: name for name in self.of_table(table.table)}
            if "firstname" in own and "lastname" in own:
                found += [own["firstname"], own["lastname"]]
        return found

    def _own_keys(self) -> list[Name]:
        """The one column of each table that identifies its rows."""
        return [
            name
            for name in self.columns
            if (table := self.catalog.table(name.table)) is not None
            and table.primary_key == (name.column,)
        ]

    def hints(self, word: str) -> frozenset[tuple[str, str]]:
        """List the columns (table, column) whose name has word in it, in some form."""
        if word not in self._hints:
            forms = {stem for stem in stems(word) if len(stem) >= 3}
            self._hints[word] = frozenset(
                (name.table, name.column)
                for name in self.columns
                if name.column is not None
                and any(
                    stem in forms or same(part, word) or _derives(part, forms)
                    for part in name.words
                    for stem in (part, singular(part))
                )
                or any(len(f) >= 4 and f in name.letters for f in forms)
                and name.column is not None
            ) | self._hinted_beside(word)
        return self._hints[word]

    def _hinted_beside(self, word: str) -> frozenset[tuple[str, str]]:
        """The columns whose meaning or metric has the word, or whose table is called by it."""
        found = {
            (one.name.table, one.name.column)
            for told in self.told.values()
            for one in told
            if one.name.column is not None and any(same(word, part) for part in one.name.words)
        }
        found |= {
            (name.table, name.metric)
            for name in self.company
            if name.metric and any(same(word, part) for part in name.words)
        }
        found |= {
            (name.table, name.column)
            for name in self.columns
            if name.column is not None
            and self.is_key(name)
            and word in split_name(self.column(name).meaning or "")
        }
        alike = {word, *synonyms(word)}
        partly = {
            name.table
            for name in self.tables
            if len(name.words) > 1
            and any(part in alike or word in SHORT.get(part, ()) for part in name.words[:-1])
        }
        found |= {(n.table, n.column) for n in self.columns if n.table in partly and n.column}
        return frozenset((table, column) for table, column in found if column is not None)

    def column(self, name: Name) -> Column:
        """Look a column name up in the catalog."""
        if name.computed is not None:
            return Column(name=name.column or "", type="integer", unit="days")
        table = self.catalog.table(name.table)
        column = table.column(name.column or "") if table else None
        assert column is not None  # names are made from the catalog
        return column

    def of_table(self, table: str) -> Iterable[Name]:
        """List the column names of a table."""
        return (name for name in self.columns if name.table == table)

    def labels(self, table: str) -> tuple[Name, ...]:
        """Choose the columns that name a row of a table for people; empty if there are none."""
        own = {name.letters: name for name in self.of_table(table)}
        stem = self._stem(table)
        person = ("firstname", "lastname")
        if "name" not in own and "fullname" not in own and all(part in own for part in person):
            return tuple(own[part] for part in person)
        wanted = [*LABELS, *(stem + label for label in LABELS), stem]
        for letters in wanted:
            if letters in own and own[letters].type == "text":
                return (own[letters],)
        if near := difflib.get_close_matches(stem, own, n=1, cutoff=0.9):
            if own[near[0]].type == "text":
                return (own[near[0]],)  # one of them is misspelled
        named = [n for n in own.values() if n.type == "text" and n.words[-1] in LABELS]
        if not named:
            named = [n for n in own.values() if n.type == "text" and self._is_called_name(n, stem)]
        return (named[0],) if len(named) == 1 else ()

    def _is_called_name(self, name: Name, stem: str) -> bool:
        """Whether its meaning or an abbreviation says that a column holds names."""
        said = split_name(self.column(name).meaning or "")[:3]
        if said[:1] == ("name",) or said[1:2] == ("name",) or said[1:2] == ("title",):
            return True
        return abbreviates(name.letters, (stem, "name")) >= 0.8

    def worth(self, table: str) -> Name | None:
        """Choose the column that says what a row of a table is worth; None if there is none."""
        own = [n for n in self.of_table(table) if n.type in ("integer", "number", "decimal")]
        stem = self._stem(table)
        for letters in WORTH:
            found = [n for n in own if n.letters in (letters, stem + letters, letters + stem)]
            if len(found) == 1:
                return found[0]
        amounts = [n for n in own if not self.is_key(n) and n.words[-1] in WORTH]
        return amounts[0] if len(amounts) == 1 else None

    def _stem(self, table: str) -> str:
        return next(singular(name.letters) for name in self.tables if name.table == table)

    def is_key(self, name: Name) -> bool:
        """Say whether a column only identifies rows."""
        table = self.catalog.table(name.table)
        if table is None or name.column is None:
            return False
        keys = [*table.foreign_keys]
        return (
            table.primary_key == (name.column,)
            or any(name.column in key.columns for key in keys)
            or (name.words[-1] in ("id", "key", "uuid", "guid") and name.type != "number")
        )


def _roles(catalog: Catalog) -> Iterable[Name]:
    """What columns call the rows that they point at: the buyer of ``buyer_id`` is an employee."""
    tables = {singular(split_name(t.name)[-1]) for t in catalog.tables if split_name(t.name)}
    for table in catalog.tables:
        for key in table.foreign_keys:
            ways = [other for other in table.foreign_keys if other.table == key.table]
            if len(key.columns) != 1 or len(ways) != 1 or key.table == table.name:
                continue
            words = split_name(key.columns[0])
            words = words[:-1] if words[-1:] and words[-1] in _KEYS else ()
            if words and singular(words[-1]) not in tables:
                name = _name(key.table, None, words)
                yield replace(name, role=(table.name, key.columns[0]))


def _derives(part: str, forms: set[str]) -> bool:
    """Whether a noun comes from a verb: the payment of "paid", the owner of "owned"."""
    return any(part.startswith(form) and part[len(form) :] in _DERIVED for form in forms)


def _initials(name: Name) -> frozenset[str]:
    """Letters that words for a name can begin with; any, where it is one long word."""
    if len(name.words) == 1:
        return frozenset(name.letters) | {name.raw[0], name.full[:1] or name.raw[0]}
    parts = (*name.words, name.letters, name.raw, name.full or name.raw)
    return frozenset(part[0] for part in parts)


def _copies(catalog: Catalog) -> frozenset[str]:
    """List the tables that are snapshots of another one: customers_202311, orders_backup."""
    names = {table.name.casefold() for table in catalog.tables}
    return frozenset(
        table.name
        for table in catalog.tables
        if (bare := _COPY.sub("", table.name.casefold())) != table.name.casefold() and bare in names
    )


def _by_best_name(found: list[Match]) -> list[Match]:
    """Keep each table and column once, by the name that fits best; the first of equals."""
    best: dict[tuple[str, str | None, str], Match] = {}
    for match in found:
        place = match.name.table, match.name.column, match.name.term
        if place not in best or match.score > best[place].score:
            best[place] = match
    return list(best.values())


def overview(vocabulary: Vocabulary) -> str:
    """Say what a source holds, for those who ask what there is to ask."""
    catalog = vocabulary.catalog
    told = [
        f"{table.name} ({_some([column.name for column in table.columns])})"
        for table in catalog.tables[:_MOST_TOLD]
    ]
    more = len(catalog.tables) - len(told)
    rest = f" and {more} more tables" if more > 0 else ""
    return f"Ask about what {catalog.source!r} holds: {'; '.join(told)}{rest}."


def _some(names: Sequence[str]) -> str:
    rest = ["…"] if len(names) > _MOST_TOLD else []
    return ", ".join([*names[:_MOST_TOLD], *rest])


def names_table(question: str, table: str) -> bool:
    """Whether a question speaks of a table, also of one that is not in the catalog."""
    name = _name(table, None, _bare_table(table, ""))
    words = tuple(token.norm for token in tokenize(question))
    spans = (words[i : i + n] for n in range(1, 4) for i in range(len(words) - n + 1))
    return any(_score(span, name) >= GOOD for span in spans)


def _name(table: str, column: str | None, words: tuple[str, ...], type_: str = "") -> Name:
    full = "".join(split_name(column or table)) or (column or table).casefold()
    words = words or (full,)
    return Name(table=table, column=column, words=words, letters="".join(words), full=full,
                type=type_)  # fmt: skip


def _shared_first_word(names: list[str]) -> str:
    """Find a short word that most names begin with (``l_``, ``tbl_``, ``sb`` in sbTicker)."""
    if len(names) < 3:
        return ""
    heads = [words[0] for name in names if len(words := split_name(name)) > 1]
    for head in sorted(set(heads)):
        if len(head) <= 4 and heads.count(head) >= 0.8 * len(names):
            return head
    return ""


def _bare_table(name: str, shared: str) -> tuple[str, ...]:
    """Take off what says nothing to people: a shared prefix, dim and fact, a year at the end."""
    words = split_name(name)
    while len(words) > 1 and (words[0] == shared or words[0] in _WAREHOUSE):
        words = words[1:]
    while len(words) > 1 and words[-1].isdigit():
        words = words[:-1]
    return words


def _column_names(table: Table) -> Iterable[Name]:
    shared = _shared_first_word([column.name for column in table.columns])
    rests = ["_".join(split_name(column.name)[1:]) for column in table.columns]
    second = _shared_first_word(rests) if shared else ""
    prefixes = [m[1] for c in table.columns if (m := _PREFIXED.match(c.name)) is not None]
    typed = len(prefixes) > 1 and len(set(prefixes)) > 1  # sName, nCount: a letter for the type
    for column in table.columns:
        words = split_name(re.sub(r"\s*[(\[][^)\]]*[)\]]\s*$", "", column.name))
        words = _PERSON.get("".join(words), words)
        if typed and len(words) > 1 and _PREFIXED.match(column.name):
            words = words[1:]
        for word in (shared, second):
            if len(words) > 1 and words[0] == word:
                words = words[1:]
        if len(words) > 1 and words[-1] in LEFT_OUT:
            words = words[:-1]
        name = _name(table.name, column.name, words, column.type)
        yield replace(name, is_audit=bool(_LOADED.search(column.meaning or "")))


def _row_nouns(catalog: Catalog) -> frozenset[str]:
    """What a row of the only table is called, by its key or date: order of "Order ID"."""
    if len(catalog.tables) != 1:
        return frozenset()
    table = catalog.tables[0]
    named = {split_name(c.name): c for c in table.columns}
    nouns = {
        words[0]
        for words, column in named.items()
        if len(words) == 2
        and (
            (words[1] in _KEYS and table.primary_key == (column.name,))
            or (words[1] == "date" and not any((words[0], key) in named for key in _KEYS))
        )
    }
    nouns.add(singular(_bare_table(table.name, "")[-1]))
    return frozenset(nouns)


def _score(words: tuple[str, ...], name: Name) -> float:
    """Say how well words fit a name, in [0, 1]."""
    if len(words) == 1 and words[0] == name.raw:
        return EXACT
    letters = "".join(words)
    if letters in (name.letters, name.raw, name.full) or singular(letters) == singular(
        name.letters
    ):
        return 0.99
    if len(words) == len(name.words) and all(map(same, words, name.words)):
        return 0.98
    whole = len(words) > 1 and any(same(word, name.letters) for word in words)
    if (
        not whole
        and name.letters[0] == words[0][0]
        and (
            aligned := abbreviates(name.letters, words)
            or abbreviates(name.letters, tuple(map(singular, words)))
        )
    ):
        short = len(words) > 1 and len(name.letters) < 5  # "beautiful doctors" are no beds
        begun = len(words) > len(name.words) and _begins(words[0], name.letters)
        if aligned < 0.9 and (short or begun or name.letters in GEOGRAPHY):
            return 0.0  # "policyholder city" is no policy, a capacity no city
        return 0.97 if aligned == 1.0 else aligned if len(name.letters) >= 3 else 0.0
    if len(words) == len(name.words):
        parts = [_word_score(word, part) for word, part in zip(words, name.words, strict=True)]
        if min(parts) > 0:
            return min(parts)
    return _partial(words, name)


def _begins(word: str, letters: str) -> bool:
    """Whether a whole name, or most of it, is the beginning of one word."""
    return len(letters) > 4 and word.startswith(letters[: max(4, len(letters) - 2)])


def _word_score(word: str, part: str) -> float:
    if same(word, part):
        return 0.98
    known = synonyms(word)
    if part in known or singular(part) in known:
        return 0.75
    if any(len(part) >= 3 and abbreviates(part, (synonym,)) >= 0.8 for synonym in known):
        return 0.72
    return 0.0


def _partial(words: tuple[str, ...], name: Name) -> float:
    """Accept the head of a longer name: ``priority`` of ticketpriority."""
    if name.column is None:
        return 0.0
    letters = "".join(singular(word) for word in words)
    if len(letters) < 3 or letters == "name":
        return 0.0
    if name.words[-1] == "name" and name.type == "text" and len(words) == len(name.words) - 1:
        if all(map(same, words, name.words)):
            return 0.66  # customers of "Customer Name"
    if len(words) < len(name.words) and all(map(same, words, name.words[-len(words) :])):
        done = is_participle(words[0]) or words[0].endswith("ing")
        verb = len(words) == 1 and done and words[0] != name.words[-1]
        return 0.0 if verb else 0.65  # "started" is no week_start
    if len(words) == len(name.words) - 1 and name.words[-1] in SUFFIXES:
        if name.type in _NUMBERS and all(map(same, words, name.words)):
            return 0.9  # lead time of "lead_time_days"
    tails = _AMOUNTS if name.type in _NUMBERS else _CODES if name.type == "text" else ()
    if len(words) == len(name.words) - 1 and name.words[-1] in tails:
        if all(map(same, words, name.words)):
            return 0.65  # discount of "discount_amount", coupon of "coupon_code"
    rest = name.letters[: -len(letters)]
    if (
        name.letters.endswith(letters)
        and len(letters) >= 4
        and len(rest) >= 3
        and len(name.words) == 1
    ):
        return 0.62
    return 0.0
