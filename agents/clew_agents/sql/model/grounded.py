"""Do the values of a query come from the question or from the data, and does it use what was said?

A model can write anything into a condition: "where the region is not 'revenue was 5 million'" holds
for every row, and the text of the answer would say it. So each value must have been said or stand
in the data, and each value and number that was said should be used.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from clew_agents.sql.tagging import Item
from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.database.source import ValueIndex

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Said without a digit: "none", "only", "percent", "twice".
_FREE_NUMBERS = frozenset({0.0, 1.0, 2.0, 100.0})
_WORDS = {
    word: float(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve".split()
    )
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a question says.

    Attributes:
        question: as it was asked.
        items: its words, tagged.
        values: of the source.
    """

    question: str
    items: Sequence[Item]
    values: ValueIndex

    def numbers(self) -> set[float]:
        """List the numbers that it names, in digits or in words."""
        found = {_float(text) for text in _NUMBER.findall(self.question)}
        found |= {_WORDS[w] for w in re.findall(r"[a-z]+", self.question.lower()) if w in _WORDS}
        return {number for number in found if number is not None}

    def speaks_of_time(self) -> bool:
        """Whether it names a period."""
        return any(item.tag == "P" or item.period is not None for item in self.items)

    def check(self, value: q.Scalar) -> None:
        """See that a value was said, or stands in the data.

        Raises:
            RetryByModel: it does neither.
        """
        if value is None or isinstance(value, bool):
            return
        if isinstance(value, int | float):
            known = self.numbers() | _FREE_NUMBERS
            if float(value) in known or self.speaks_of_time():
                return
            raise RetryByModel(f"The number {value!r} was not asked about.")
        if _DATE.fullmatch(value):
            years = {str(int(number)) for number in self.numbers()}
            if self.speaks_of_time() or value[:4] in years:
                return
        text = value.strip("%_ ")
        if not text or text.casefold() in self.question.casefold() or self.values.find(text):
            return
        raise RetryByModel(f"{value[:60]!r} was not asked about and stands nowhere in the data.")

    def unused(self, values: Iterable[q.Scalar]) -> int:
        """Count the numbers and values that were said and are not used."""
        used = [v for v in values if v is not None]
        numbers = {float(v) for v in used if isinstance(v, int | float)}
        inside = (_float(text) for value in used for text in _NUMBER.findall(str(value)))
        numbers |= {number for number in inside if number is not None}
        texts = {str(v).strip("%_ ").casefold() for v in used}
        missing = 0
        for item in self.items:
            if item.tag == "#" and item.number is not None:
                missing += float(item.number) not in numbers
            elif item.tag == "V" and item.hits and not item.matches:
                told = {hit.value.casefold() for hit in item.hits} | {item.text.casefold()}
                missing += not any(text and (text in told or _part(text, told)) for text in texts)
        return missing


def _part(text: str, told: Iterable[str]) -> bool:
    return any(text in other or other in text for other in told)


def _float(text: str) -> float | None:
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def values_of(spec: q.QuerySpec) -> Iterator[q.Scalar]:
    """List the values that the conditions of a spec compare with, its limit among them."""
    waiting: list[q.Condition] = list(spec.conditions)
    while waiting:
        condition = waiting.pop()
        if isinstance(condition, q.Predicate):
            yield from condition.values
    if spec.limit is not None:
        yield spec.limit
