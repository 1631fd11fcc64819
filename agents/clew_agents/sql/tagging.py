"""What each word of a question is: a name of the schema, a value, a number, a date, an operator."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clew_agents.sql.lexicon import LONGEST, PHRASES
from clew_agents.sql.periods import Period, read_period
from clew_agents.sql.thesaurus import GEOGRAPHY, PHRASAL
from clew_agents.sql.tokens import Token, tokenize
from clew_agents.sql.vocabulary import GOOD, Match, Vocabulary
from clew_agents.sql.words import singular, split_name
from clew_tools.database.source import ValueHit, ValueIndex

_LONGEST_NAME = 6
_AFTER_VERBS = frozenset("in on at for from to per by with during since until last this".split())
_BEFORE_NOUNS = frozenset(
    "with without both no any some of per more less fewer most many all list show which each every "
    "number by".split()
)
_PRONOUNS = frozenset("we they you i he she it to".split())


@dataclass(frozen=True, kw_only=True)
class Item:
    """Some words of a question and what they are.

    Attributes:
        tag: of the lexicon; or F a name of the schema, V a value, # a number, P a period, h a
            hint (part of a name), ? not understood.
        start: index of its first token.
        end: index after its last token.
        text: as it was typed.
        value: of the lexicon entry; of a hint or an unknown word: the word.
        matches: names that it may mean, also beside another tag ("total", "year").
        weak: names that it fits less well than those; they count where nothing else is near.
        hits: values that it may mean.
        number: for #, and for number words beside another tag.
        period: for P.
        gap: signs between it and the item before: a dash, a comma.
    """

    tag: str
    start: int
    end: int
    text: str
    value: str = ""
    matches: tuple[Match, ...] = ()
    weak: tuple[Match, ...] = ()
    hits: tuple[ValueHit, ...] = ()
    number: int | float | None = None
    period: Period | None = None
    gap: str = ""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that it names as such."""
        return tuple(match.name.table for match in self.matches if match.name.column is None)

    @property
    def term(self) -> str:
        """The company's word that it is; empty where it is none, or may be something else."""
        terms = {match.name.term for match in self.matches}
        return terms.pop() if len(terms) == 1 else ""


def filler(item: Item) -> Item:
    """Let an item say nothing: its words stay, and each reader passes over them."""
    return replace(item, tag=".", value="", matches=(), weak=(), hits=(), number=None)


def tag(
    question: str, vocabulary: Vocabulary, values: ValueIndex, today: dt.date
) -> tuple[Item, ...]:
    """Tag a question from left to right, the longest understood phrase first."""
    return _Tagger(question, tokenize(question), vocabulary, values, today).run()


class _Tagger:
    def __init__(
        self,
        question: str,
        tokens: tuple[Token, ...],
        vocabulary: Vocabulary,
        values: ValueIndex,
        today: dt.date,
    ) -> None:
        self.question, self.tokens, self.today = question, tokens, today
        self.vocabulary, self.values = vocabulary, values

    def run(self) -> tuple[Item, ...]:
        items: list[Item] = []
        at = 0
        while at < len(self.tokens):
            item = self._best(at)
            items.append(item)
            at = item.end
        return tuple(items)

    def _best(self, at: int) -> Item:
        """Choose what begins at a token: the longest; of equals the one named first here."""
        name = self._name(at)
        company = name is not None and _is_company(name.matches[0])
        if name is not None and name.text[:1].isupper() and name.matches[0].score == GOOD:
            value = self._value(at)  # "Platinum" abbreviates to plan, and is a value of it
            name = None if value is not None and value.end == name.end and at else name
        found = [
            item
            for item in (
                name if company else None,
                self._identifier(at),
                self._capitals(at),
                self._period(at),
                self._phrase(at),
                name,
                self._value(at),
                self._number(at),
            )
            if item is not None
        ]
        if not found:
            return self._hint(at)
        best = max(found, key=lambda item: item.end)  # max keeps the first of equals
        return self._beside(best, found)

    def _beside(self, best: Item, found: Sequence[Item]) -> Item:
        """Keep what else the same words may be."""
        for item in found:
            if item.end == best.end and item is not best:
                best = replace(
                    best,
                    matches=best.matches or item.matches,
                    weak=best.weak or item.weak,
                    hits=best.hits or item.hits,
                    number=best.number if best.number is not None else item.number,
                )
        return best

    def _item(self, tag: str, start: int, end: int) -> Item:
        text = self.question[self.tokens[start].start : self.tokens[end - 1].end]
        if text.count("(") > text.count(")"):
            text += ")"  # "Amount (EUR)" ends with a sign that is no word
        before = self.tokens[start - 1].end if start else 0
        gap = self.question[before : self.tokens[start].start].strip()
        return Item(tag=tag, start=start, end=end, text=text, gap=gap)

    # --- the kinds -----------------------------------------------------------------------------

    def _identifier(self, at: int) -> Item | None:
        """A column or table written as in the schema, unless it is an everyday word too."""
        token = self.tokens[at]
        if token.kind not in ("word", "quoted") or (token.norm,) in PHRASES:
            return None
        exact = tuple(m for m in self.vocabulary.match((token.norm,)) if m.score == 1.0)
        if not exact or token.kind == "quoted":
            return None
        return replace(self._item("F", at, at + 1), matches=exact)

    def _capitals(self, at: int) -> Item | None:
        """A value written in capitals that would be an everyday word otherwise: IT, US, OR."""
        token = self.tokens[at]
        entry = PHRASES.get((token.norm,))
        named = (
            token.capital
            and entry is not None
            and entry.tag == "."
            and self.tokens[at - 1].text.islower()
        )
        if len(token.text) < 2 or not (token.text.isupper() or named) or self.question.isupper():
            return None
        hits = tuple(hit for hit in self.values.find(token.text) if hit.value == token.text)
        hits = self.vocabulary.without_copies(hits)
        return replace(self._item("V", at, at + 1), hits=hits) if hits else None

    def _period(self, at: int) -> Item | None:
        read = read_period(self.tokens, at, self.today)
        if read is None:
            return None
        period, end = read
        return replace(self._item("P", at, end), period=period, number=self.tokens[at].number)

    def _phrase(self, at: int) -> Item | None:
        if self.tokens[at].norm in ("last", "lasts") and any(
            token.norm in ("does", "do", "did") for token in self.tokens[:at]
        ):
            return self._item(".", at, at + 1)  # "how long does a track last"
        for length in range(min(LONGEST, len(self.tokens) - at), 0, -1):
            words = tuple(token.norm for token in self.tokens[at : at + length])
            if any(t.kind == "quoted" for t in self.tokens[at : at + length]):
                continue
            if (entry := PHRASES.get(words)) is not None:
                known = self.values.find(words[0]) or any(
                    match.score >= GOOD for match in self.vocabulary.match(words)
                )
                if entry.value == "verb" and self._is_noun(at):
                    return None  # "customers with both buys and sells"
                if entry.value == "verb" and known and not self._does(at):
                    return None  # "processed records", where that is a status
                return replace(self._item(entry.tag, at, at + length), value=entry.value)
        return None

    def _name(self, at: int) -> Item | None:
        for length in range(min(_LONGEST_NAME, len(self.tokens) - at), 0, -1):
            span = self.tokens[at : at + length]
            if any(token.kind in ("sign", "date", "quoted") for token in span):
                continue
            words = tuple(token.norm for token in span)
            words = PHRASAL.get(words, words)
            matches = self.vocabulary.match(words)
            if not matches:
                continue
            loose = matches[0].score < (GOOD if length == 1 else 0.95)
            short = len(matches[0].name.words) == length > 1 and matches[0].score >= 0.9
            loose = loose and not short  # "invoice total" of inv_tot
            if loose and any((word,) in PHRASES for word in (words[0], words[-1])):
                continue
            weak = self.vocabulary.weak(words)
            return replace(self._item("F", at, at + length), matches=matches, weak=weak)
        return None

    def _value(self, at: int) -> Item | None:
        if self.tokens[at].kind == "quoted":
            item = self._item("V", at, at + 1)
            hits = self.vocabulary.without_copies(self.values.find(self.tokens[at].text))
            return replace(item, hits=hits, value=self.tokens[at].text)
        for length in range(min(self.values.longest + 2, len(self.tokens) - at, 12), 0, -1):
            span = self.tokens[at : at + length]
            item = self._item("V", at, at + length)
            if self._everyday(span) or (length == 1 and (self._is_verb(at) or self._does(at))):
                continue
            if hits := self._find(item.text, span):
                return replace(item, hits=hits)
        return None

    def _is_noun(self, at: int) -> bool:
        """Whether a word stands where things are named: behind "with", "both", "of", "any"."""
        before = self.tokens[at - 1].norm if at else ""
        if before == "and" and at > 1:
            first = PHRASES.get((self.tokens[at - 2].norm,))
            return first is not None and first.value == "verb" and self._is_noun(at - 2)
        return before in _BEFORE_NOUNS and not self.tokens[at].norm.endswith(("ed", "ing"))

    def _does(self, at: int) -> bool:
        """A verb in small letters that ends a clause with "did": "which parcels did X carry"."""
        token = self.tokens[at]
        entry = PHRASES.get((token.norm,))
        if entry is None or entry.value != "verb" or not token.text.islower():
            return False
        after = self.tokens[at + 1] if at + 1 < len(self.tokens) else None
        if at and self._is_noun(at):
            return False  # "that do not have any visits"
        asked = any(t.norm in ("did", "do", "does") for t in self.tokens[:at])
        return asked and (after is None or after.norm in _AFTER_VERBS)

    def _is_verb(self, at: int) -> bool:
        """A word in small letters after a pronoun is what somebody does: "do we carry"."""
        before = self.tokens[at - 1].norm if at else ""
        if before == "to" and self.tokens[at].norm.endswith("ed"):
            return False  # "limit it to delayed"
        return before in _PRONOUNS and self.tokens[at].text.islower()

    def _everyday(self, span: Sequence[Token]) -> bool:
        """Words of the lexicon are values only where they are written as a name."""
        if len(span) == 1 and span[0].kind in ("number", "date", "sign"):
            return True
        if len(span) == 1 and self._is_small(span[0]):
            return True
        if len(span) > 1 and self._is_hyphenated(span):
            return False  # "no-shows" are no shows that are not there
        if not all(_is_everyday(token) for token in span):
            return False
        named = [token for token in span if token.kind == "word"]
        return len(named) < 2 or not all(token.text[:1].isupper() for token in named)

    def _is_small(self, token: Token) -> bool:
        """A short word or a number word in small letters is no code: "ten", "non", "big"."""
        if token.kind != "word" or not token.text.islower():
            return False
        if token.number is not None:
            return True
        written_so = any(hit.value == token.text for hit in self.values.find(token.text))
        return len(token.text) <= 3 and not written_so and not self._places(token.text)

    def _is_hyphenated(self, span: Sequence[Token]) -> bool:
        ends = zip(span, span[1:], strict=False)
        return all(self.question[one.end : after.start] == "-" for one, after in ends)

    def _find(self, text: str, span: Sequence[Token]) -> tuple[ValueHit, ...]:
        return self.vocabulary.without_copies(self._find_all(text, span))

    def _find_all(self, text: str, span: Sequence[Token]) -> tuple[ValueHit, ...]:
        after = self.question[span[-1].end : span[-1].end + 1]
        if after in (".", ")", "!") and (hits := self.values.find(text + after)):
            return hits
        clean = re.sub(r"['’]s?$", "", text)
        hits = self.values.find(text) or self.values.find(clean)
        if hits or span[-1].kind != "word" or len(clean) < 4:
            return hits
        singular_text = clean.removesuffix("s")
        if len(span) > 1:
            return self.values.find(singular_text) if singular_text != clean else ()
        return self.values.find(singular_text) or self._demonym(singular_text)

    def _demonym(self, text: str) -> tuple[ValueHit, ...]:
        """Asian → Asia, European → Europe, Brazilian → Brazil, Chinese → China, Polish → no."""
        if not text[0].isupper():
            return ()
        for ending in ("n", "an", "ian", "ean", "ese", "i", "ish"):
            if not text.endswith(ending):
                continue
            base = text[: -len(ending)]
            for tail in ("", "a", "e", "y", "as"):
                if len(base) >= 3 and (hits := self._places(base + tail)):
                    return hits
        return self._places(text + "y")

    def _places(self, text: str) -> tuple[ValueHit, ...]:
        return tuple(
            hit
            for hit in self.values.find(text)
            if GEOGRAPHY & {*split_name(hit.column), *split_name(singular(hit.table.casefold()))}
        )

    def _spoken(self, word: str) -> tuple[ValueHit, ...]:
        """Values that are this word but for numbers and signs: "urgent" for 1-URGENT."""
        if len(word) < 4:
            return ()
        hits = [h for h in self.values.holding(word) if _letters(h.value) == [word]]
        columns = {(hit.table, hit.column) for hit in hits}
        return tuple(hits) if len(hits) == len(columns) else ()

    def _number(self, at: int) -> Item | None:
        token = self.tokens[at]
        if token.number is None:
            return None
        return replace(self._item("#", at, at + 1), number=token.number)

    def _hint(self, at: int) -> Item:
        token = self.tokens[at]
        spoken = token.kind == "word" and not self._is_verb(at)
        if spoken and (hits := self._spoken(token.norm)):
            return replace(self._item("V", at, at + 1), hits=hits)
        kind = "h" if token.kind == "word" and self.vocabulary.hints(token.norm) else "?"
        return replace(self._item(kind, at, at + 1), value=token.norm)


def _is_company(match: Match) -> bool:
    """Whether words are a whole name of the company's own: it is what it says, and no phrase."""
    return match.score >= 0.95 and bool(match.name.metric or match.name.term)


def _is_everyday(token: Token) -> bool:
    entry = PHRASES.get((token.norm,))
    return token.kind != "word" or (entry is not None and entry.value != "verb")


def _letters(value: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", value.casefold())
