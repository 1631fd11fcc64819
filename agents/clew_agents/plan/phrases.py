"""How are the parts of a question put so that each stands alone?

By rules of words only: verbs that open a part, words that point back, descriptions that choose
("the best-selling category of 2023"), developments ("how did it develop by quarter"). Whether a
phrase means something in the data, the planner asks the proposer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clew_agents.plan.cut import CHART_VERBS

_I = re.IGNORECASE
_OPENERS = re.compile(
    r"^(?:please\s+)?(?:can you\s+|could you\s+|let'?s\s+|i want\s+(?:to see\s+)?)?"
    r"(?:(?:show|list|give|get|take|pick|find|display|compute|calculate|determine|identify|"
    rf"look at|look up|see|report|put|combine|join|merge|{CHART_VERBS})\s+(?:me\s+|us\s+)?"
    r"|what(?:'s|\s+(?:is|was|are|were))\s+(?=(?:the|our|its|their)\b))",
    _I,
)
_CHART_WORDS = re.compile(
    rf"^(?:please\s+)?(?:{CHART_VERBS})\s+"
    r"|\b(?:in|on|as|with|using|into)\s+(?:a\s+|an\s+|one\s+|the same\s+|a single\s+)?"
    r"(?:(?:bar|line|pie|area|column|scatter|stacked)\s+)?(?:chart|plot|graph|diagram|picture|table|"
    r"bars?|lines?|pie|areas?|columns?|histogram|heatmap)s?\b"
    r"|^(?:a\s+)?(?:(?:bar|line|pie|area|column|scatter)\s+)?(?:chart|plot|graph|diagram)\s+(?:of|for)\s+",
    _I,
)
_SIDE_WORDS = re.compile(
    r",?\s*\b(?:side by side|next to each other|together)\b"
    r"|,?\s*\bin (?:one|the same|a single) (?:chart|table|plot|graph|diagram|picture)\b",
    _I,
)
_SUPERLATIVES = "highest|largest|biggest|greatest|lowest|smallest|most|fewest|least|best|worst"
_HIGH = {"lowest", "smallest", "least", "fewest", "worst"}
_PERIOD = (
    r"(?:\s+(?:of|in|during|for|from|since|over)\s+(?:the\s+(?:year|month|quarter)\s+)?"
    r"(?:\d{4}(?:-\d\d(?:-\d\d)?)?|[A-Z][a-z]+\s+\d{4}|Q[1-4]\s+\d{4}|"
    r"(?:last|this|the last|the past)\s+[\w ]+?))"
)


_SUMMED = re.compile(
    r"^(?:what(?:'s| is| was)\s+)?(?:the\s+)?"
    r"(?:combined|total|sum of|sum|overall|how much|how many)\b",
    _I,
)
_BREAK_DOWN = re.compile(r"^(?:break|split)\s+(.+?)\s+(?:down\s+)?(?:by|into)\s+", _I)


def without_opener(text: str) -> str:
    """Drop the verb that opens a request: "show me the revenue" → "the revenue"."""
    bare = _OPENERS.sub("", text.strip(" ?.!")).strip()
    return _BREAK_DOWN.sub(r"\1 by ", bare)


def without_chart_words(text: str) -> str:
    """Drop what says that and how something is drawn."""
    bare = without_opener(text)
    while (shorter := _CHART_WORDS.sub("", bare).strip(" ,")) != bare:
        bare = shorter
    return bare


def without_side_words(text: str) -> str:
    """Drop what says that results come side by side."""
    bare = text.strip(" ?.!")
    how = re.match(
        r"how\s+(?:does|do|did)\s+(.+?)\s+compare\s+(?:with|to|against)\s+(.+)$", bare, _I
    )
    if how:
        bare = f"{how[1]} with {how[2]}"
    bare = re.sub(r"^(?:please\s+)?compar(?:e|ing)\s+", "", bare, flags=_I)
    return without_chart_words(_SIDE_WORDS.sub("", bare)).strip(" ,")


# ------------------------------------------------------------------------------- pointing back

_THE_ONE = (
    r"(?:that|this|the same|the (?:top|best|worst|winning|leading|first|latter|former|chosen|said))"
)
_POINTERS = re.compile(
    rf"\s*\b(?:of|for|in|by|from|at|to|with|about)\s+(?:it|them|{_THE_ONE}\s+(?P<a>[a-z]+)|"
    r"(?:those|these)(?:\s+(?:\d+|two|three|four|five))?(?:\s+(?P<b>[a-z]+))?|that|this|each)\b"
    r"|\b(?P<own>its|their)\b"
    rf"|\b(?:did|does|do|has|have|had|was|were|is|are)\s+(?:it|they|{_THE_ONE}\s+(?P<c>[a-z]+)|that|"
    r"those|these)\b(?:\s+(?:have|had|make|made|get|got|place|placed|bring(?:\s+in)?|earn|earned|"
    r"generate|generated|sell|sold|buy|bought|order|ordered))?",
    _I,
)
_TIMES = {"month", "year", "week", "quarter", "day", "time", "period", "years", "months", "way"}


@dataclass(frozen=True, kw_only=True)
class Pointed:
    """A part without the words that pointed back.

    Attributes:
        text: the rest.
        nouns: what was pointed at, where it is named: "that region".
        pointers: how many words pointed.
    """

    text: str
    nouns: tuple[str, ...]
    pointers: int


def without_pointers(text: str) -> Pointed:
    """Take the words out that point at what another part found."""
    bare = without_opener(text)
    bare = re.sub(r"^(?:for|of)\s+(?:it|them|that|this|each|those|these)\b\s*,?\s*(.+)$",
                  r"\1 of it", bare, flags=_I)  # fmt: skip
    nouns: list[str] = []
    count = 0

    def gone(match: re.Match[str]) -> str:
        nonlocal count
        noun = match["a"] or match["b"] or match["c"] or ""
        if match[0].lower().lstrip().split()[1:2] == ["this"] and noun.lower() in _TIMES:
            return match[0]  # "in this month" is a time
        count += 1
        if noun:
            nouns.append(noun.lower())
        return " "

    rest = _POINTERS.sub(gone, bare)
    return Pointed(text=" ".join(rest.split()).strip(" ,"), nouns=tuple(nouns), pointers=count)


_DEVELOP = re.compile(
    r"^how\s+(?:did|does|do|has|have|is|are|was|were)\s+"
    r"(?:(?P<own>its|their|the)\s+(?P<of>[\w ]+?)|it|they|that(?:\s+\w+)?|this(?:\s+\w+)?|"
    r"those(?:\s+\w+)?|these(?:\s+\w+)?)\s+"
    r"(?:develop|evolve|chang|mov|go|grow|perform|trend|do|look|progress|vary|fluctuat)(?:e|ed|ing|ne)?"
    r"(?:\s+(?P<rest>.*))?$",
    _I,
)


@dataclass(frozen=True, kw_only=True)
class Development:
    """A question how something went.

    Attributes:
        of: what is measured; empty means what the part before measured.
        rest: groups and times, "by month" where none is said.
    """

    of: str
    rest: str


def development(text: str) -> Development | None:
    """Read "how did it develop by quarter?"."""
    match = _DEVELOP.match(text.strip(" ?.!"))
    if match is None:
        return None
    rest = re.sub(r"\bover (?:time|the (?:years|months))\b", "", match["rest"] or "", flags=_I)
    rest = " ".join(rest.split()).strip(" ,")
    if not re.search(r"\b(?:by|per|each|every|monthly|yearly|weekly|daily|quarterly)\b", rest, _I):
        rest = f"by month {rest}".strip()
    return Development(of=(match["of"] or "").strip(), rest=rest)


# ----------------------------------------------------------------------------------- choosing


@dataclass(frozen=True, kw_only=True)
class Description:
    """A description that chooses, inside of a part.

    Attributes:
        rest: the part without it.
        entity: what is chosen among.
        choices: the choice as a question that stands alone, in ways that may be understood; empty
            where the measure is that of the rest.
        low: the lowest is meant.
        number: how many are chosen.
        period: "in 2023", where the description names one.
        words: the description as it was said.
    """

    rest: str
    entity: str
    choices: tuple[str, ...]
    words: str
    low: bool = False
    number: int = 1
    period: str = ""

    def by(self, measure: str) -> str:
        """Choose by a measure: "region with the highest total revenue in 2023"."""
        return _choice(self.entity, "lowest" if self.low else "highest", measure, self.number,
                       self.period)  # fmt: skip


_ASKS = r"(?:show|list|give|plot|chart|draw|what|how|count)\b"
_LEAD = r"(?:\b(?:of|for|in|by|from|at|to)\s+)"
_WITH = re.compile(
    rf"(?P<lead>{_LEAD}|^)the\s+(?:(?P<n>\d+)\s+)?"
    r"(?P<entity>(?:(?!(?:of|for|the|by|in|with|and)\b)\w+\s+){1,3})"
    rf"(?:with|having|that (?:has|had|have)|which (?:has|had|have)|who (?:has|had|have))\s+the\s+"
    rf"(?P<sup>{_SUPERLATIVES})\s+(?P<measure>[^,;]+?)(?P<period>{_PERIOD})?\s*"
    rf"(?:$|(?:,\s*|\s+(?={_ASKS}))(?P<tail>.+)$)",
    _I,
)
_TOP = re.compile(
    rf"(?P<lead>{_LEAD}|^)(?:the|our)\s+(?P<sup>top|best|worst|largest|biggest|smallest|strongest|"
    rf"weakest|leading|best[- ]sell(?:ing|er)|top[- ]sell(?:ing|er)|worst[- ]sell(?:ing|er)|"
    rf"most (?:popular|important|valuable))\s+(?:(?P<n>\d+)\s+)?(?P<entity>[a-z_]+(?: [a-z_]+)?)"
    rf"(?P<period>{_PERIOD})?\s*(?:$|,\s*(?P<tail>.+)$)",
    _I,
)
_MEASURED = re.compile(
    r"\b(?P<sup>highest|largest|biggest|greatest|lowest|smallest|most|least)\s+"
    r"(?!total|average|mean|median|number|single|sum|of|recent|common|frequent)"
    r"(?P<measure>[a-z_]\w*)",
    _I,
)


def descriptions(text: str) -> Iterator[Description]:
    """Find descriptions that choose inside of a part that asks for something else."""
    bare = text.strip(" ?.!")
    for pattern in (_WITH, _TOP):
        for match in pattern.finditer(bare):
            tail = (match["tail"] or "").strip()
            rest = " ".join(f"{bare[: match.start()]} {tail}".split()).strip(" ,")
            rest = without_opener(rest) if rest else ""
            sup = match["sup"].lower()
            low = sup in _HIGH or sup.startswith(("worst", "smallest", "weakest"))
            number = int(match["n"] or 1)
            period = re.sub(r"^\s*(?:of|for)\b", "in", match["period"] or "").strip()
            entity = match["entity"].strip()
            choices: list[str] = []
            if pattern is _WITH:
                choices += _measured(entity, sup, match["measure"], number, period)
            elif "sell" in sup:
                for sold in ("total sales", "total revenue", "total quantity"):
                    choices.append(
                        _choice(entity, "lowest" if low else "highest", sold, number, period)
                    )
            yield Description(
                rest=rest, entity=entity, choices=tuple(choices), low=low, number=number,
                period=period, words=match[0].strip(),
            )  # fmt: skip


def choice_forms(text: str) -> list[str]:
    """Put a question that chooses ("which region had the highest revenue") so that it sums.

    A single highest row is hardly ever meant where the group is what is asked for.
    """
    bare = without_opener(text)
    forms: list[str] = []
    if _MEASURED.search(bare):
        forms.append(_MEASURED.sub(lambda m: f"{_way(m['sup'])} total {m['measure']}", bare))
        forms.insert(bool(re.search(r"\b(?:highest|lowest|largest|smallest)\b", bare, _I)), bare)
    if match := _BEST_BY.match(bare):
        forms += _by(match["sup"], match["n"], match["entity"], match["measure"])
    for described in descriptions(_the(bare)):
        if not described.rest:
            forms += described.choices
    return [*dict.fromkeys(way for form in forms for way in (form, _which(form)))]


def _which(thing: str) -> str:
    return thing if re.match(r"(?:which|what|who)\b", thing, _I) else (
        f"which {re.sub(r'^(?:the|our) ', '', thing, flags=_I)}")  # fmt: skip


def open_choices(text: str, measure: str) -> list[str]:
    """Put a choice that names no measure ("who is the top customer?") so that it has this one."""
    return [
        way
        for described in open_descriptions(text)
        for way in (described.by(measure), _which(described.by(measure)))
    ]


def open_descriptions(text: str) -> list[Description]:
    """Find choices that name no measure."""
    bare = re.sub(r"^who\s+(?:is|was|are|were)\s+", "", without_opener(text), flags=_I)
    return [d for d in descriptions(_the(bare)) if not d.rest and not d.choices]


_BEST_BY = re.compile(
    r"(?:the\s+|our\s+)?(?P<sup>best|top|worst|largest|biggest|smallest|strongest|weakest)\s+"
    r"(?:(?P<n>\d+)\s+)?(?P<entity>[a-z_]+(?: [a-z_]+)?)\s+by\s+(?P<measure>.+)$",
    _I,
)


def sums_up(text: str) -> bool:
    """Whether one number is asked of several things together.

    >>> sums_up("total revenue"), sums_up("revenue"), sums_up("total revenue by month")
    (True, False, False)
    """
    return bool(_SUMMED.match(text)) and not re.search(r"\b(?:by|per|each|every)\b", text, _I)


def _by(sup: str, number: str | None, entity: str, measure: str) -> list[str]:
    way = "lowest" if sup.lower() in ("worst", "smallest", "weakest") else "highest"
    plain = re.sub(r"^(?:total|the)\s+", "", measure, flags=_I)
    return [
        _choice(entity, way, measured, int(number or 1), "")
        for measured in (f"total {plain}", plain)
    ]


def _the(text: str) -> str:
    return text if re.match(r"(?:the|our)\b", text, _I) else f"the {text}"


def as_thing(text: str) -> str:
    """Turn a question that chooses into a thing: "which region had the most orders".

    >>> as_thing("which region had the most orders"), as_thing("top 3 categories by revenue")
    ('the region with the most orders', 'the top 3 categories by revenue')
    """
    match = re.match(r"(?:which|what)\s+(.+?)\s+(?:has|have|had|with)\s+(the\s+.+)$", text, _I)
    thing = f"{match[1]} with {match[2]}" if match else without_opener(text)
    return thing if thing.lower().startswith("the ") else f"the {thing}"


def _measured(entity: str, sup: str, measure: str, number: int, period: str) -> list[str]:
    plain = _choice(entity, sup, measure, number, period)
    total = _choice(entity, _way(sup), f"total {measure}", number, period)
    aggregated = re.match(r"(?:total|average|mean|median|number|sum)\b", measure, _I)
    if aggregated or sup in ("fewest", "best", "worst"):
        return [plain]
    return [plain, total] if sup in ("most", "least") else [total, plain]


def _way(sup: str) -> str:
    return "lowest" if sup.lower() in _HIGH else "highest"


def _choice(entity: str, sup: str, measure: str, number: int, period: str) -> str:
    many = f"{number} " if number > 1 else ""
    return " ".join(f"{many}{entity} with the {sup} {measure} {period}".split())


# ------------------------------------------------------------------------------ side by side

_WHEN = r"(?:\d{4}|Q[1-4]\s+\d{4}|[A-Z][a-z]+\s+\d{4})"
_TWO_TIMES = re.compile(
    rf"^(?P<head>.*?)\b(?:in\s+|for\s+|of\s+)?(?P<one>{_WHEN})\s+(?:and|with|to|against|versus|vs\.?)"
    rf"\s+(?:in\s+|for\s+)?(?P<other>{_WHEN})\b(?P<tail>.*)$"
)


def two_times(text: str) -> tuple[str, str] | None:
    """Split "2023 and 2024 revenue by category" into one phrase for each time.

    >>> two_times("2023 and 2024 revenue by category")
    ('revenue by category in 2023', 'revenue by category in 2024')
    """
    match = _TWO_TIMES.match(text)
    if match is None:
        return None
    rest = " ".join(f"{match['head']} {match['tail']}".split()).strip(" ,")
    return (f"{rest} in {match['one']}", f"{rest} in {match['other']}") if rest else None


_JOINTS = re.compile(
    r"\s*,?\s+(?:with|to|and|against|versus|vs\.?|or|next to|alongside)\s+(?:with\s+)?", _I
)
_GROUPS = re.compile(
    r"\b(?:by|per|for each|for every|in each)\s+[\w ]+?(?=\s+(?:in|of|for|from)\b|$)", _I
)


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """Split "A with B" at every word where it may be split, the first word first."""
    for match in _JOINTS.finditer(text):
        left, right = text[: match.start()].strip(" ,"), text[match.end() :].strip(" ,")
        if left and right:
            yield left, right


def groups_of(text: str) -> str:
    """Find the words that say how a phrase is grouped: "by region"."""
    match = _GROUPS.search(text)
    if match:
        return match[0].strip()
    grain = re.search(r"\b(daily|weekly|monthly|quarterly|yearly|annual)\b", text, _I)
    words = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"}
    return f"by {words.get(grain[1].lower(), 'year')}" if grain else ""
