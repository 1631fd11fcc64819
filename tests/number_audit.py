"""Does every number in an answer's text have something to stand on?

The auditor reads digits and number words, knows nothing of how texts are made, and excuses only
what the question quotes, a number that has a receipt whose text is exactly there, and digits that
are part of a name: a text or a date which stands in the result or in the SQL just so ("2023-04",
"Terminal 2", "ordered twice"). A date of the SQL is a name only where the question has it from the
clock, or from what was asked before ("last quarter", "the month after").
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import clew
from clew_core.cells import sha256
from clew_core.errors import ToolFailed
from clew_core.receipts import Receipt, Ref, agrees, evaluate

_DIGITS = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen""".split()
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth".split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS: dict[str, float] = {
    **{word: value for value, word in enumerate(_ONES)},
    **{word: 20 + 10 * place for place, word in enumerate(_TENS)},
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "dozen": 12,
    "half": 0.5,
    "twice": 2,
    "double": 2,
    "triple": 3,
    "thrice": 3,
}
# "one" and "half" stand for no number in these.
_NO_NUMBER = re.compile(
    r"\b(?:(?:no|any|every|some|each|which|this|that|only|the|another) one\b|one (?:another|by one)"
    r"|one of\b|half.?year)",
    re.IGNORECASE,
)
_SPELLED = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
_FROM_CLOCK = re.compile(
    r"\b(?:last|past|previous|this|next|current|recent|ago|today|yesterday|so far|to date|now"
    r"|(?:day|week|month|quarter|year) (?:after|before))\b",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(r"\bsentences?\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Written:
    """A number in a text.

    Attributes:
        text: as it stands there.
        value: that it means.
        start: of it in the text.
        end: of it.
    """

    text: str
    value: float
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What the auditor found in one answer.

    Attributes:
        numbers: in the text, without those in names and dates.
        unsupported: those that nothing excuses.
        dropped: sentences that were left out for lack of a receipt.
        sentences: of the text.
        key_stated: whether the number that was asked for is said; None where there is none.
    """

    numbers: int
    unsupported: tuple[str, ...]
    dropped: int
    sentences: int
    key_stated: bool | None


def quoted_values(question: str) -> set[float]:
    """Give the numbers that a question has, generously: ordinals and "at least one of" too."""
    words = re.findall(r"[a-z]+", question.lower())
    said = {number.value for number in read_numbers(question)}
    for digits, letter in re.findall(r"(\d+(?:\.\d+)?) ?([km])\b", question.lower()):
        said.add(float(digits) * {"k": 1_000, "m": 1_000_000}[letter])
    said |= {_ORDINALS.index(word) + 1.0 for word in words if word in _ORDINALS}
    return said | {float(_WORDS[word]) for word in words if word in _WORDS}


def read_numbers(text: str) -> list[Written]:
    """Find the numbers in a text, in digits and in words."""
    found = [
        Written(
            text=match.group(),
            value=float(match.group().replace(",", "")),
            start=match.start(),
            end=match.end(),
        )
        for match in _DIGITS.finditer(text)
    ]
    pronouns = [match.span() for match in _NO_NUMBER.finditer(text)]
    for match in _SPELLED.finditer(text):
        if any(start <= match.start() < end for start, end in pronouns):
            continue
        value = _WORDS[match.group().lower()]
        found.append(Written(text=match.group(), value=value, start=match.start(), end=match.end()))
    return sorted(found, key=lambda number: number.start)


def unsupported(
    text: str,
    receipts: Iterable[Receipt],
    quoted: Sequence[str],
    names: Iterable[str] = (),
) -> list[str]:
    """Find the numbers in a text that nothing excuses.

    Args:
        text: of the answer.
        receipts: each excuses one place where its text stands whole.
        quoted: questions, whose numbers may be repeated.
        names: texts and dates of the result, whose digits are part of a name.
    """
    said = {value for question in quoted for value in quoted_values(question)}
    covered = [span for name in names for span in _places(text, name)]
    free = {receipt.text: _places(text, receipt.text) for receipt in receipts}
    for receipt in receipts:
        if free[receipt.text]:
            covered.append(free[receipt.text].pop(0))
    return [
        number.text
        for number in read_numbers(text)
        if number.value not in said
        and not any(start <= number.start and number.end <= end for start, end in covered)
    ]


def _places(text: str, part: str) -> list[tuple[int, int]]:
    """Find where a part stands whole in a text: "12" is not in "112", "1.12" or "12.5"."""
    if not part:
        return []
    pattern = rf"(?<![\w])(?<!\d[.,]){re.escape(part)}(?![\w])(?![.,]\d)"
    return [match.span() for match in re.finditer(pattern, text)]


def audit(answer: clew.Answer, asked: Sequence[str]) -> Audit:
    """Audit an answer.

    Args:
        answer: with status ``answered``.
        asked: the question and what was asked before it in the thread.
    """
    queries = [answer.sql or "", *(cell.source for cell in answer.cells if cell.kind == "sql")]
    names = _names(answer).union(*(_names_of_sql(sql, asked) for sql in queries))
    return Audit(
        numbers=len(read_numbers(answer.text)),
        unsupported=tuple(unsupported(answer.text, answer.receipts, asked, names)),
        dropped=sum(bool(_LEFT_OUT.search(warning)) for warning in answer.warnings),
        sentences=max(1, len(re.findall(r"[.!?](?:\s|$)", answer.text))),
        key_stated=key_stated(answer),
    )


def _names(answer: clew.Answer) -> set[str]:
    """Give the texts and dates of a result that have numbers, as a text may show them."""
    if answer.table is None:
        return set()
    found: set[str] = set()
    for column in answer.table.columns:
        for value in column.to_pylist():
            if isinstance(value, str) and read_numbers(value):
                found |= {value, " ".join(value.split())}
                if day := _day(value):
                    found |= _shown_dates(day)
            elif isinstance(value, dt.date):
                found |= _shown_dates(value)
    return found


def _names_of_sql(sql: str, asked: Sequence[str]) -> set[str]:
    """Give the texts in quotes that have digits; dates only where they are the clock's."""
    found: set[str] = set()
    clock = any(_FROM_CLOCK.search(question) for question in asked)
    for literal in re.findall(r"'((?:[^']|'')*)'", sql):
        day = _day(literal)
        if day is None and read_numbers(literal) and re.search(r"[^\d.,\s]", literal):
            found.add(literal.replace("''", "'"))
        elif day is not None and clock:
            found |= _shown_dates(day) | _shown_dates(day - dt.timedelta(days=1))
    return found


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _shown_dates(day: dt.date) -> set[str]:
    shown = {str(day), day.isoformat(), str(day).removesuffix(" 00:00:00"), f"{day:%Y-%m}"}
    quarter = (day.month - 1) // 3 + 1
    shown |= {f"{day:%B %Y}", f"{day:%b %Y}", f"{day:%Y}", f"Q{quarter} {day:%Y}"}
    return shown | {
        f"{day:%Y}-Q{quarter}",
        f"{day.day} {day:%B %Y}",
        f"{day:%B} {day.day}, {day:%Y}",
    }


def key_stated(answer: clew.Answer) -> bool | None:
    """Tell whether the number that was asked for is said, with a receipt.

    It is the value of a result of one value, else a value of the first row; of a list of names it
    is how many there are. None where the result is empty.
    """
    table = answer.table
    if table is None or table.num_rows == 0:
        return None
    sums = sha256(answer.sql) if answer.sql else None
    refs = [
        (receipt, ref)
        for receipt in answer.receipts
        for ref in receipt.refs
        if _places(answer.text, receipt.text) and (sums is None or ref.sql_sha256 == sums)
    ]
    numeric = {name for name in table.column_names if _has_numbers(table.column(name).to_pylist())}
    if not numeric:
        return any(ref.row is None for _, ref in refs) or _named_alone(answer)
    return any(
        ref.row in (0, None) and (ref.column in numeric or not ref.column) for _, ref in refs
    )


def _named_alone(answer: clew.Answer) -> bool:
    """Tell whether the only row of a result is named: then there is no number to state."""
    table = answer.table
    if table is None or table.num_rows != 1:
        return False
    return any(str(value) in answer.text for value in table.to_pylist()[0].values())


def _has_numbers(values: list[Any]) -> bool:
    return any(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
    )


# ------------------------------------------------------------------------------------- mutations


def survivors(answer: clew.Answer) -> list[str]:
    """Change each place that a receipt reads and name the receipts that do not notice."""
    table = answer.table
    if table is None or answer.sql is None:
        return []
    sums, left = sha256(answer.sql), []
    for receipt in answer.receipts:
        own = [ref for ref in receipt.refs if ref.sql_sha256 == sums]
        if len(own) < len(receipt.refs):
            continue  # reads another cell's result, which an answer does not carry
        for ref in own:
            if not _breaks(receipt, _mutated(table, ref)):
                left.append(f"{receipt.id} {receipt.text}")
    return left


def _breaks(receipt: Receipt, table: Any) -> bool:
    lookup: Callable[[Ref], Any] = lambda ref: table  # noqa: E731
    try:
        return not agrees(receipt.value, evaluate(receipt.expression, receipt.refs, lookup))
    except (ToolFailed, ArithmeticError):
        return True


def _mutated(table: Any, ref: Ref) -> Any:
    """Give a result in which the place that a ref reads has another value."""
    import pyarrow as pa

    if ref.column is None or ref.row is None:
        return table.slice(1)
    values = table.column(ref.column).to_pylist()
    value = values[ref.row]
    if isinstance(value, dt.date):
        values[ref.row] = value + dt.timedelta(days=1)
    else:
        values[ref.row] = value + abs(value) + 1  # never what it was
    place = table.column_names.index(ref.column)
    return table.set_column(place, ref.column, pa.array(values))


# ----------------------------------------------------------------------------------------- many


@dataclass(frozen=True, kw_only=True)
class Audits:
    """What came of many answers.

    Attributes:
        answers: how many.
        unsupported: texts that have a number without anything to stand on, with the numbers.
        sentences: of all texts.
        dropped: that were left out.
        unstated: texts that do not say the number that was asked for.
        keyed: answers that have such a number.
        survivors: receipts that a changed result does not break.
    """

    answers: int
    unsupported: tuple[str, ...]
    sentences: int
    dropped: int
    unstated: tuple[str, ...]
    keyed: int
    survivors: tuple[str, ...]


def audit_all(answers: Iterable[tuple[clew.Answer, Sequence[str]]]) -> Audits:
    """Audit many answers, each with what was asked."""
    counts: Counter[str] = Counter()
    bad: list[str] = []
    unstated: list[str] = []
    left: list[str] = []
    for answer, asked in answers:
        found = audit(answer, asked)
        counts["answers"] += 1
        counts["sentences"] += found.sentences + found.dropped
        counts["dropped"] += found.dropped
        if found.unsupported:
            bad.append(f"{', '.join(found.unsupported)}: {asked[-1]} → {answer.text}")
        if found.key_stated is not None:
            counts["keyed"] += 1
            if not found.key_stated:
                unstated.append(f"{asked[-1]} → {answer.text}")
        left += [f"{one}: {asked[-1]} → {answer.text}" for one in survivors(answer)]
    return Audits(
        answers=counts["answers"],
        unsupported=tuple(bad),
        sentences=counts["sentences"],
        dropped=counts["dropped"],
        unstated=tuple(unstated),
        keyed=counts["keyed"],
        survivors=tuple(left),
    )
