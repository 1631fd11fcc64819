"""Which tables and columns a few words of a question may mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from clew_agents.sql.thesaurus import LABELS, WORTH, synonyms
from clew_agents.sql.tokens import tokenize
from clew_agents.sql.words import abbreviates, same, singular, split_name, stems
from clew_tools.database.catalog import Catalog, Column, Table

# Below these a match is no name but a hint, or nothing.
EXACT, GOOD, FAIR = 1.0, 0.8, 0.6


@dataclass(frozen=True, kw_only=True)
class Name:
    """A table or a column and the words of its name.

    Attributes:
        table: the table.
        column: None for the table itself.
        words: of the name, a prefix that the table's columns share taken off.
        letters: the words run together.
        type: of the column; empty for a table.
    """

    table: str
    column: str | None
    words: tuple[str, ...]
    letters: str
    type: str = ""

    @property
    def raw(self) -> str:
        """The name as the source spells it, case-folded."""
        return (self.column or self.table).casefold()


@dataclass(frozen=True, kw_only=True)
class Match:
    """A name that words may mean, and how well they fit, in (0, 1]."""

    name: Name
    score: float


@dataclass(kw_only=True)
class Vocabulary:
    """The names of one catalog. Made once per catalog and policy."""

    catalog: Catalog
    tables: tuple[Name, ...] = ()
    columns: tuple[Name, ...] = ()
    _known: dict[tuple[str, ...], tuple[Match, ...]] = field(default_factory=dict)
    _hints: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Cut all names into words."""
        prefix = _shared_prefix([table.name for table in self.catalog.tables])
        self.tables = tuple(
            _name(table.name, None, table.name.removeprefix(prefix))
            for table in self.catalog.tables
        )
        self.columns = tuple(name for table in self.catalog.tables for name in _column_names(table))

    @property
    def names(self) -> tuple[Name, ...]:
        """All tables and columns."""
        return (*self.tables, *self.columns)

    def match(self, words: tuple[str, ...]) -> tuple[Match, ...]:
        """Find the names that words may mean, best first; all of the best score.

        Args:
            words: case-folded, in the order of the question.
        """
        if words not in self._known:
            found = [
                Match(name=name, score=score)
                for name in self.names
                if (score := _score(words, name)) >= FAIR
            ]
            best = max((match.score for match in found), default=0.0)
            self._known[words] = tuple(m for m in found if m.score >= best - 0.01)
        return self._known[words]

    def hints(self, word: str) -> frozenset[tuple[str, str]]:
        """List the columns (table, column) whose name has word in it, in some form."""
        if word not in self._hints:
            forms = {stem for stem in stems(word) if len(stem) >= 3}
            self._hints[word] = frozenset(
                (name.table, name.column)
                for name in self.columns
                if name.column is not None
                and any(
                    stem in forms or same(part, word)
                    for part in name.words
                    for stem in (part, singular(part))
                )
                or any(len(f) >= 4 and f in name.letters for f in forms)
                and name.column is not None
            )
        return self._hints[word]

    def column(self, name: Name) -> Column:
        """Look a column name up in the catalog."""
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
        base = split_name(table)
        stem = singular("".join(base))
        wanted = [*LABELS, *(stem + label for label in LABELS), stem]
        for letters in wanted:
            if letters in own and own[letters].type == "text":
                return (own[letters],)
        if "firstname" in own and "lastname" in own:
            return (own["firstname"], own["lastname"])
        named = [n for n in own.values() if n.type == "text" and n.words[-1] in LABELS]
        return (named[0],) if len(named) == 1 else ()

    def worth(self, table: str) -> Name | None:
        """Choose the column that says what a row of a table is worth; None if there is none."""
        own = [n for n in self.of_table(table) if n.type in ("integer", "number", "decimal")]
        stem = singular("".join(split_name(table)))
        for letters in WORTH:
            found = [n for n in own if n.letters in (letters, stem + letters, letters + stem)]
            if len(found) == 1:
                return found[0]
        return None

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


def names_table(question: str, table: str) -> bool:
    """Whether a question speaks of a table, also of one that is not in the catalog."""
    name = _name(table, None, table)
    words = tuple(token.norm for token in tokenize(question))
    spans = (words[i : i + n] for n in range(1, 4) for i in range(len(words) - n + 1))
    return any(_score(span, name) >= GOOD for span in spans)


def _name(table: str, column: str | None, bare: str, type_: str = "") -> Name:
    words = split_name(bare) or (bare.casefold(),)
    return Name(table=table, column=column, words=words, letters="".join(words), type=type_)


def _shared_prefix(names: list[str]) -> str:
    """Find a short prefix with an underscore that most names begin with (``l_``, ``tbl_``)."""
    if len(names) < 3:
        return ""
    heads = [name.split("_")[0] + "_" for name in names if "_" in name]
    for head in set(heads):
        if len(head) <= 5 and heads.count(head) >= 0.8 * len(names):
            return head
    return ""


def _column_names(table: Table) -> Iterable[Name]:
    prefix = _shared_prefix([column.name for column in table.columns])
    for column in table.columns:
        bare = column.name.removeprefix(prefix) or column.name
        yield _name(table.name, column.name, bare, column.type)


def _score(words: tuple[str, ...], name: Name) -> float:
    """Say how well words fit a name, in [0, 1]."""
    if len(words) == 1 and words[0] == name.raw:
        return EXACT
    letters = "".join(words)
    if letters in (name.letters, name.raw) or singular(letters) == singular(name.letters):
        return 0.99
    if len(words) == len(name.words) and all(map(same, words, name.words)):
        return 0.98
    if name.letters[0] == words[0][0] and (aligned := abbreviates(name.letters, words)):
        return 0.97 if aligned == 1.0 else aligned if len(name.letters) >= 3 else 0.0
    if len(words) == len(name.words):
        parts = [_word_score(word, part) for word, part in zip(words, name.words, strict=True)]
        if min(parts) > 0:
            return min(parts)
    return _partial(words, name)


def _word_score(word: str, part: str) -> float:
    if same(word, part):
        return 0.98
    known = synonyms(word)
    if part in known or singular(part) in known:
        return 0.75
    if any(len(part) >= 3 and synonym.startswith(part) for synonym in known):
        return 0.72
    return 0.0


def _partial(words: tuple[str, ...], name: Name) -> float:
    """Accept the head of a longer name: ``priority`` of ticketpriority."""
    if name.column is None:
        return 0.0
    letters = "".join(singular(word) for word in words)
    if len(letters) < 4 or letters == "name":
        return 0.0
    if len(words) < len(name.words) and all(map(same, words, name.words[-len(words) :])):
        return 0.65
    rest = name.letters[: -len(letters)]
    if name.letters.endswith(letters) and len(rest) >= 3 and len(name.words) == 1:
        return 0.62
    return 0.0
