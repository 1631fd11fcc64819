"""How a question becomes candidate query specs without a model.

Tag the words, read the parts, settle the columns; each word of the question must have its place,
or the question is asked back. What it can't do: rates, growth, shares, medians of groups,
sub-questions, and what only the world knows. Benchmark: ``tests/questions``.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clew_agents.proposer import AsksBack, Candidate, CannotAnswer
from clew_agents.sql import follow_up
from clew_agents.sql.assemble import Assembler
from clew_agents.sql.changes import refuse_changes
from clew_agents.sql.confidence import calibrated, with_risk
from clew_agents.sql.exclusive import exclusive
from clew_agents.sql.flags import flagged
from clew_agents.sql.open_words import (
    also_open,
    phrase_around,
    refuse_open_price,
    refuse_open_size,
    refuse_two_ways,
)
from clew_agents.sql.plain_words import plainly
from clew_agents.sql.read import read
from clew_agents.sql.reading import Reading
from clew_agents.sql.resolve import NUMERIC, Ambiguous, NotUnderstood, Resolver
from clew_agents.sql.rewording import reworded
from clew_agents.sql.tagging import Item, tag
from clew_agents.sql.targets import target_of, with_target
from clew_agents.sql.tokens import tokenize
from clew_agents.sql.top_parts import top_part, with_part
from clew_agents.sql.typos import misspelt, together
from clew_agents.sql.vocabulary import Vocabulary, overview
from clew_core.answer import Clarification, Option, ProposerName
from clew_core.deadline import Deadline
from clew_core.query_spec import QuerySpec
from clew_tools.database.source import ValueIndex
from clew_tools.semantic.keys import NoPath, reaches

Pins = dict[str, tuple[str, str]]
_MOST_OPTIONS = 6
_NO_TYPOS = frozenset(
    "more than less much many most least good better best bad worst second third last next "
    "both each other same such very".split()
)
# Words of those who want to know what there is.
_METADATA = frozenset(
    "column columns field fields table tables schema describe description overview help "
    "contain metadata variables attributes structure summary summarize summarise".split()
)


@dataclass(frozen=True, kw_only=True)
class SqlContext:
    """What the sql agent's proposers are given.

    Attributes:
        source: name of the source.
        vocabulary: its names, as the principal may see them.
        values: its text values, as the principal may see them.
        today: dates relative words.
        previous: the spec of the question before, in the same thread.
    """

    source: str
    vocabulary: Vocabulary
    values: ValueIndex
    today: dt.date
    previous: QuerySpec | None = None


@dataclass(frozen=True, kw_only=True)
class BuiltinProposer:
    """The proposer that needs no model."""

    name: ProposerName = field(default="builtin")

    def propose(self, task: str, context: SqlContext, deadline: Deadline) -> list[Candidate]:
        """Make candidates for a question.

        Raises:
            Refused: it would change data.
            CannotAnswer: it asks for what the data don't hold, or for a cause or a forecast.
            AsksBack: it has several meanings, or words that are not understood.
        """
        refuse_changes(task)
        deadline.check()
        if _is_sql(task):
            raise CannotAnswer("This is SQL: run it in a notebook cell that begins with %%sql.")
        return self._propose(task, context, {})

    def _propose(
        self, question: str, context: SqlContext, pins: Pins, *, asking: bool = True
    ) -> list[Candidate]:
        """Make candidates; what is asked back comes with options where ``asking``."""
        part = top_part(question)
        if part is not None:
            whole = self._propose(part.question, context, pins, asking=asking)
            if parted := with_part(part, whole, context.vocabulary):
                return parted
        question = plainly(question, context.vocabulary)
        tagged = tag(question, context.vocabulary, context.values, context.today)
        items = reworded(tagged, context.vocabulary, context.values)
        try:
            return self._candidates(question, items, context, pins)
        except Ambiguous as problem:
            raise self._ask_which(question, problem, context, pins) from None
        except NoPath as problem:
            raise CannotAnswer(str(problem)) from None
        except NotUnderstood as problem:
            if asking and (corrected := self._corrected(question, problem, context, pins)):
                return corrected
            found = self._not_understood(question, problem, context, pins, asking)
            if isinstance(found, CannotAnswer):
                raise CannotAnswer(also_open(question, str(found), items)) from None
            raise found from None

    def _corrected(
        self, question: str, problem: NotUnderstood, context: SqlContext, pins: Pins
    ) -> list[Candidate]:
        """Read a mistyped value as the one value that it can be, and say so; else nothing."""
        word = together(problem.words, question)
        if problem.reason or word is None:
            return []
        meant = misspelt(word, question, context.values)
        if meant is None:
            return []
        try:
            found = self._propose(
                question.replace(word, f'"{meant}"', 1), context, pins, asking=False
            )
        except (AsksBack, CannotAnswer):
            return []
        said = f"{word!r} stands nowhere in the data; it was read as {meant!r}."
        return [
            replace(
                one,
                confidence=with_risk(one.confidence, "typo"),
                warnings=(*one.warnings, said),
            )
            for one in found
        ]

    def _candidates(
        self, question: str, items: Sequence[Item], context: SqlContext, pins: Pins
    ) -> list[Candidate]:
        cued = context.previous is not None and follow_up.has_cue(question)
        kept = follow_up.without_words(items) if cued else list(items)
        kept = flagged(kept, context.vocabulary, context.values)
        target = target_of(kept, context.vocabulary)
        reading = read(target.items if target is not None else kept)
        resolver = Resolver(
            vocabulary=context.vocabulary,
            items=list(target.items) if target is not None else kept,
            context=tuple(reading.context),
            pins=pins,
            preferred=follow_up.columns_of(context.previous) if context.previous else frozenset(),
        )
        assembler = Assembler(
            source=context.source,
            vocabulary=context.vocabulary,
            reading=reading,
            resolver=resolver,
        )
        _refuse_unknown(reading)
        _refuse_parts(question)
        refuse_two_ways(reading, kept)
        refuse_open_size(reading, kept, context.vocabulary)
        refuse_open_price(reading, kept, context.vocabulary)
        previous = context.previous
        if previous is not None and previous.source == context.source:
            elliptical = follow_up.is_elliptical(reading)
            bare = elliptical and not any(item.tag in "ANSKLQM" for item in kept)
            bare |= elliptical and reading.analysis is not None
            narrows = elliptical or follow_up.only_narrows(reading)
            if bare or (cued and (narrows or _same_table(reading, previous))):
                found = follow_up.continue_spec(previous, reading, resolver, assembler)
                _check_rest(reading, resolver, previous)
                return _noted(calibrated(found, reading, resolver, follows=True), resolver)
        if follow_up.says_same(question) and not reading.ops:
            raise NotUnderstood([], "The question before can't be carried over: ask it in full.")
        resolver.preferred = frozenset()
        found = exclusive(assembler.candidates(), kept, context.vocabulary.catalog)
        _check_rest(reading, resolver, None)
        if target is not None:
            found = with_target(target, found)
        return _noted(calibrated(found, reading, resolver), resolver)

    def _not_understood(
        self,
        question: str,
        problem: NotUnderstood,
        context: SqlContext,
        pins: Pins,
        asking: bool,
    ) -> AsksBack | CannotAnswer:
        """Name the words; where something similar is known, ask whether it is meant."""
        if problem.reason:
            return CannotAnswer(problem.reason)
        if not _METADATA.isdisjoint(word.casefold() for word in problem.words):
            return CannotAnswer(overview(context.vocabulary))
        similar = {word: _similar(word, context) for word in problem.words}
        near = [
            f"{word!r} (did you mean {_or(found)}?)" for word, found in similar.items() if found
        ]
        bare = [repr(word) for word, found in similar.items() if not found]
        text = f"I don't understand {_and([*bare, *near])} in this question."
        if not near:
            return CannotAnswer(
                f"{text} No table, column or value of {context.source!r} has that name."
            )
        options: list[Option] = []
        if asking and len(similar) == 1:
            word, found = next(iter(similar.items()))
            options = self._replacements(question, word, found, context, pins)
        return AsksBack(Clarification(question=text, words=problem.words, options=tuple(options)))

    def _replacements(
        self, question: str, word: str, found: Sequence[str], context: SqlContext, pins: Pins
    ) -> list[Option]:
        """Offer the question with what may be meant; only what then has an answer is offered."""
        options: list[Option] = []
        for meant in found[:_MOST_OPTIONS]:
            named = any(meant == (n.column or n.table) for n in context.vocabulary.names)
            asked = question.replace(word, meant if named else f'"{meant}"', 1)
            try:
                specs = self._propose(asked, context, pins, asking=False)
            except (AsksBack, CannotAnswer):
                continue
            options.append(
                Option(
                    id=str(len(options) + 1),
                    label=meant,
                    question=asked,
                    spec=specs[0].spec,
                    labels=specs[0].labels,
                )
            )
        return options

    def _ask_which(
        self, question: str, problem: Ambiguous, context: SqlContext, pins: Pins
    ) -> AsksBack:
        """Ask which column is meant; each option is a reading that works."""
        options: list[Option] = []
        asked = problem.words.casefold() in pins  # what was chosen does not settle it
        for table, column in () if asked else problem.choices[:_MOST_OPTIONS]:
            label = _label(table, column, context)
            chosen = {**pins, problem.words.casefold(): (table, column)}
            try:
                specs = self._propose(question, context, chosen)
            except (AsksBack, CannotAnswer):
                continue
            options.append(
                Option(
                    id=str(len(options) + 1),
                    label=label,
                    question=f"{question.rstrip(' ?.')} ({problem.words}: {label})",
                    spec=specs[0].spec,
                    labels=specs[0].labels,
                )
            )
        names = [_label(table, column, context) for table, column in problem.choices]
        return AsksBack(
            Clarification(
                question=f"{phrase_around(question, problem.words)!r} can mean {_or(names)}. "
                "Which one?",
                words=(problem.words,),
                options=tuple(options),
            )
        )


def _noted(found: Sequence[Candidate], resolver: Resolver) -> list[Candidate]:
    notes = tuple(dict.fromkeys(resolver.notes))
    return [replace(one, warnings=(*one.warnings, *notes)) for one in found]


def _is_sql(question: str) -> bool:
    words = [token.norm for token in tokenize(question)]
    return words[:1] in (["select"], ["with"]) and "select" in words and "from" in words


def _label(table: str, column: str, context: SqlContext) -> str:
    """Say a column for people: a table's label column is the table itself."""
    labels = [name.column for name in context.vocabulary.labels(table)]
    return table if not column or labels == [column] else f"{column} of {table}"


def _refuse_unknown(reading: Reading) -> None:
    """Stop early at words that nothing can give a place to, and at causes and forecasts."""
    unknown = [item.text for item in reading.rest if item.tag == "?"]
    if unknown:
        raise NotUnderstood(unknown)
    for item in reading.rest:
        if item.tag == "Y":
            asks = "for a cause" if item.value == "cause" else "for a forecast"
            times = ", ".join(test.text for test in reading.times)
            about = f" ({times})" if times else ""
            raise NotUnderstood(
                [], f"{item.text!r} asks {asks}{about}: the data only say what was recorded."
            )


def _refuse_parts(question: str) -> None:
    """Refuse "the top 10 percent of customers": ten of them would be another answer."""
    found = re.search(r"\b(top|bottom|best|worst)\s+[\w.]+\s*(%|per ?cent\b|pct\b)", question, re.I)
    if found:
        raise NotUnderstood(
            [found[0]], f"{found[0]!r}: a part of all can't be ranked yet, a number of them can."
        )


def _check_rest(reading: Reading, resolver: Resolver, previous: QuerySpec | None) -> None:
    """See that each word that no part took says nothing more than what was taken.

    Raises:
        NotUnderstood: a word is left that would change the answer.
    """
    used = set(resolver.used)
    if previous is not None:
        used |= follow_up.columns_of(previous)
    tables = {table for table, _ in used} | {resolver.base or ""}
    used |= _joining(resolver, tables)
    left: list[str] = []
    for item in reading.rest:
        if any(item is test.item for test in reading.named):
            continue
        if item.tag == "G":
            left.append(_with_next(item, resolver))
        elif item.tag == "h":
            if resolver.vocabulary.hints(item.value).isdisjoint(used):
                left.append(item.text)
        elif item.tag == "F":
            beside = previous is not None and _is_said_of_value(item, resolver)
            if not beside and not _says_nothing_new(item, used, tables, resolver):
                left.append(item.text)
        elif item.tag == "N" and previous is not None:
            if not any(m.aggregate in ("count", "count_distinct") for m in previous.measures):
                left.append(item.text)
        elif item.tag == "D" and reading.listing:
            continue
        else:
            left.append(item.text)
    if not left:
        return
    known = {item.text for item in reading.rest if item.tag not in "h?"}
    if known.isdisjoint(left):
        raise NotUnderstood(left)
    words = _and([repr(word) for word in left])
    raise NotUnderstood(left, f"I see no place for {words} in what I understood of this question.")


def _with_next(item: Item, resolver: Resolver) -> str:
    """Name "by" with what it is by."""
    after = next((other for other in resolver.items if other.start == item.end), None)
    return f"{item.text} {after.text}" if after is not None else item.text


def _is_said_of_value(item: Item, resolver: Resolver) -> bool:
    """Whether a name only says what a value right before it is: "only the app channel"."""
    before = next((other for other in resolver.items if other.end == item.start), None)
    text = all(match.name.type == "text" for match in item.matches)
    return before is not None and before.tag == "V" and text and not item.gap


def _joining(resolver: Resolver, tables: set[str]) -> set[tuple[str, str]]:
    """The columns by which the tables that are used point at each other."""
    return {
        (table.name, column)
        for table in resolver.vocabulary.catalog.tables
        if table.name in tables
        for key in table.foreign_keys
        if key.table in tables
        for column in key.columns
    }


def _says_nothing_new(
    item: Item, used: set[tuple[str, str]], tables: set[str], resolver: Resolver
) -> bool:
    """Whether a name that no part took repeats what was taken, or says whose rows are meant."""
    place = next((i for i, other in enumerate(resolver.items) if other is item), None)
    before = [other for other in resolver.items[:place] if other.tag != "."]
    if before and before[-1].tag == "J":
        return False  # "the highest amount and its customer" asks for both
    if "with" in _just_before(item, resolver):
        return False  # "list courses with their teacher"
    if any((m.name.table, m.name.column) in used for m in item.matches):
        return True
    catalog = resolver.vocabulary.catalog
    for table in item.tables:
        if table in tables or (resolver.base and reaches(catalog, resolver.base, table)):
            return True
    # "over all countries", "of any African country": the rows are those of the base anyway.
    own = any(m.name.table in tables and m.name.type not in NUMERIC for m in item.matches)
    return own and bool(before) and before[-1].tag in "UV"


def _just_before(item: Item, resolver: Resolver) -> list[str]:
    """The filler words right before an item."""
    place = next((i for i, other in enumerate(resolver.items) if other is item), 0)
    words: list[str] = []
    while place > 0 and resolver.items[place - 1].tag == ".":
        place -= 1
        words.append(resolver.items[place].text.lower())
    return words


def _same_table(reading: Reading, previous: QuerySpec) -> bool:
    tables = {
        match.name.table
        for op in reading.ops
        if op.target is not None and not op.count
        for match in op.target.matches
    }
    return bool(tables) and previous.table in tables


def _similar(word: str, context: SqlContext) -> list[str]:
    """Names and values that a mistyped or shortened word may stand for."""
    if len(word) < 4 or word.casefold() in _NO_TYPOS:
        return []
    names = {name.letters: name.column or name.table for name in context.vocabulary.names}
    close = difflib.get_close_matches(word.casefold(), names, n=3, cutoff=0.8)
    found = [names[letters] for letters in close]
    found += [hit.value for hit in context.values.near(word)]
    found += [hit.value for hit in context.values.holding(word)]
    return list(dict.fromkeys(found))[:5]


def _listed(words: Sequence[str], joint: str) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def _or(words: Sequence[str]) -> str:
    return _listed(words, "or")


def _and(words: Sequence[str]) -> str:
    return _listed(words, "and")
