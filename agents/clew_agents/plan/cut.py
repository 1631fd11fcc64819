"""Which parts does a question have, and what is each for?

Cuts at words that order work ("then", "after that", ";"), before verbs that another agent does
("and chart it", "and say what stands out"), and before a second question that points back ("and
how did it develop"). What the words mean in the data is not looked at here; a question with no
such word is one part, and costs a few microseconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from clew_core.query_spec import Mark

Kind = Literal["query", "chart", "findings", "side_by_side"]

CHART_VERBS = "chart|plot|graph|draw|visualise|visualize|diagram"
_FINDING_VERBS = "explain|highlight|point|comment|describe|summarise|summarize|interpret"
_AFTER_VERB = r"(?:what|which|why|whether|if|how(?!\s+(?:many|much))|anything|the|any|it|them)\b"
# "Tell me how many", "tell me the names", "tell me which region has the most orders" are queries.
_TOLD = (
    r"(?:say|tell)\s+(?:me\s+|us\s+)?(?:(?:why|whether|if|anything|any|it|them)\b|"
    r"how\s+(?:it|they|this|that|these|those|its|their)\b|"
    r"(?:what|which)\b(?=.*\b(?:stands?|stood|sticks?|standing|unusual|odd|striking|notable|"
    r"remarkable|outliers?|anomal\w+|changed|happened|dr[io]ves?|caused|explains?)\b))"
)
_FINDING_NOUNS = (
    r"outliers?|anomal(?:y|ies)|what(?:'s| is)? (?:stands|stood|sticks|standing) out|"
    r"what stands out|what is (?:unusual|odd|striking|notable|remarkable)|insights?|"
    r"what drives? (?:it|them|this|that)|what drove (?:it|them|this|that)|"
    r"anything (?:unusual|odd|striking|notable|that stands out)"
)
_SHOW_VERBS = (
    "show|list|give|compare|find|count|get|compute|calculate|break|split|display|look|check|detect|"
    "spot|identify|take|pick|combine|put|join|merge|narrow|restrict|filter|sort|rank"
)
POINTS_BACK = (
    r"\b(?:it|its|they|them|their|theirs|both|those|these|"
    r"(?:that|this|the same|the (?:top|best|worst|winning|leading|first|last|latter|former|chosen))"
    r"(?: one)?)\b"
)
_MARKS: dict[str, Mark] = {
    "bar": "bar", "bars": "bar", "column": "bar", "columns": "bar", "line": "line",
    "lines": "line", "area": "area", "pie": "pie", "scatter": "point", "points": "point",
    "histogram": "histogram", "box": "box", "boxplot": "box", "heatmap": "heatmap",
}  # fmt: skip

_ORDERING = (
    r"(?:[,;.!?]\s*)?(?:\b(?:and|but)\s+)?"
    r"(?:(?<!since )(?<!until )(?<!by )(?<!from )\bthen\b|\bafter(?:wards\b|\s+(?:that|this)\b)|"
    r"(?<=, )(?:second|secondly|third|thirdly|lastly)\b|(?<=, and )(?:second|third|lastly)\b|"
    r"\bfinally\b|\bin addition\b|\badditionally\b|\bthereafter\b|\bas a next step\b)"
    r"\s*[,:]?\s*"
)
_ALSO = r"[,;]?\s*\b(?:and\s+also|but\s+also|also)\b,?\s*(?=(?:[a-z]+)\b)"
_FOR_ANOTHER = (
    rf"(?:,\s*(?:and\s+)?|\s+and\s+)(?=(?:please\s+)?(?:{CHART_VERBS})\s+(?:a\b|an\b|it\b|its\b|"
    rf"them\b|this\b|that\b|these\b|those\b|the\b|both\b|as\b|in\b))"
    rf"|(?:,\s*(?:and\s+)?|\s+and\s+)(?=(?:please\s+)?(?:show|display|draw|put)\s+"
    rf"(?:it|them|this|that|these|those|both)\b)"
    rf"|(?:,\s*(?:and\s+)?|\s+and\s+)(?=(?:please\s+)?(?:(?:{_FINDING_VERBS})\s+"
    rf"(?:me\s+|us\s+|out\s+)?{_AFTER_VERB}|{_TOLD}))"
    rf"|(?:,\s*(?:and\s+)?|\s+and\s+)(?=(?:please\s+)?(?:(?:find|look|check|detect|spot|identify|flag"
    rf"|mark|search)\s+(?:for\s+|me\s+|out\s+)?(?:the\s+|any\s+|all\s+)?)?(?:{_FINDING_NOUNS}))"
    r"|(?:,\s*(?:and\s+)?|\s+and\s+)(?=why\b)"
)
_BACK_QUESTION = (
    r"(?:,\s*(?:and\s+)?|\s+and\s+)"
    rf"(?=(?:(?:how|what|which|who|when|where)\b|(?:please\s+)?(?:{_SHOW_VERBS})\b)[^,;]*"
    rf"(?:{POINTS_BACK}))"
    r"|\s+and\s+(?=(?:its|their)\s)"
)
_ENDS = r"\s*;\s*|\s*\n+\s*|(?<=[.?!])\s+(?=[A-Z\"'(])"
_BREAK = re.compile(
    "|".join(
        f"(?P<{name}>{pattern})"
        for name, pattern in (
            ("ends", _ENDS),
            ("ordered", _ORDERING),
            ("also", _ALSO),
            ("other", _FOR_ANOTHER),
            ("back", _BACK_QUESTION),
        )
    ),
    re.IGNORECASE,
)
# Cheap: a question that has none of these words has one part.
_HINT = re.compile(
    rf"[;\n]|[.?!]\s+\S|\b(?:then|after|afterwards|thereafter|finally|second|secondly|third|lastly|addition|additionally|also|"
    rf"compare|comparing|versus|vs|side by side|next to|together|why|outliers?|anomal\w+|stands?|"
    rf"sticks|say|tell|{CHART_VERBS}|{_FINDING_VERBS})\b|\band\s+(?:{_SHOW_VERBS}|how|what|which|who|when|where)"
    rf"\b|\band\s+(?:its|their)\b|,\s*(?:and\s+)?(?:how|what|which|who|when|where|{_SHOW_VERBS})\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)")


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a question.

    Attributes:
        text: in the user's words.
        kind: what it is for.
        joint: how it is joined to the part before: "" for the first.
        mark: the chart that it names.
        points_back: it holds a word that points at something said before.
    """

    text: str
    kind: Kind
    joint: Literal["", "ends", "ordered", "also", "other", "back"] = ""
    mark: Mark | None = None
    points_back: bool = False


def may_have_parts(question: str) -> bool:
    """Say quickly whether a question may have several parts."""
    return _HINT.search(question) is not None


def cut(question: str) -> tuple[Part, ...]:
    """Cut a question into its parts; every word lands in a part or was a joint.

    >>> [part.text for part in cut("monthly revenue, then chart it as a line, and find outliers")]
    ['monthly revenue', 'chart it as a line', 'find outliers']
    """
    if not may_have_parts(question):
        return (_part(question.strip(), ""),)
    quotes = [match.span() for match in _QUOTED.finditer(question)]
    pieces: list[tuple[str, str]] = []
    begin, joint, at = 0, "", 0
    while match := _BREAK.search(question, at):
        at = max(match.end(), match.start() + 1)
        inside = any(low < match.start() < high for low, high in quotes)
        if inside or match.end() == match.start():
            continue
        before = _bare(question[begin : match.start()], begins=begin == 0)
        if not before:  # a question that begins with "then"
            begin, joint = match.end(), joint or str(match.lastgroup)
            continue
        pieces.append((before, joint))
        begin, joint = match.end(), str(match.lastgroup)
    pieces.append((_bare(question[begin:], begins=begin == 0), joint))
    parts = [_part(text, joint) for text, joint in pieces if text]
    if parts:
        parts[0] = _part(parts[0].text, "")
    return tuple(parts)


_JOINT = re.compile(
    r"(?:(?:and|but|please|now|first|firstly|second|secondly|third|then|also|finally)\b,?\s*)+",
    re.I,
)


def _bare(text: str, *, begins: bool) -> str:
    """Drop the signs and joints at the ends; what is left of nothing but joints is nothing.

    Args:
        text: a piece.
        begins: it is the first: "second most expensive" counts then, "second, …" does not.
    """
    text = text.strip().strip(",;").strip()
    if _JOINT.fullmatch(text) or not re.search(r"\w", text):
        return ""
    counted = "," if begins else ",?"
    return re.sub(
        rf"^(?:(?:and|but|please|now|firstly|secondly|first(?!\s+\d))\b,?"
        rf"|(?:second|third)\b{counted})\s+",
        "", text, flags=re.IGNORECASE,
    )  # fmt: skip


def _part(text: str, joint: str) -> Part:
    return Part(
        text=text,
        kind=kind_of(text),
        joint=joint,  # type: ignore[arg-type]
        mark=mark_of(text),
        points_back=re.search(POINTS_BACK, text, re.IGNORECASE) is not None,
    )


_CHART = re.compile(
    rf"^(?:please\s+)?(?:{CHART_VERBS})\b"
    r"|^(?:please\s+)?(?:show|display|draw|give|put|make|create|render)\b.*"
    r"\b(?:charts?|plots?|graphs?|diagrams?|histograms?|heatmaps?|as (?:a |an )?"
    r"(?:bars?|lines?|pie|areas?|columns?|points?|scatter))\b",
    re.IGNORECASE,
)
_FINDINGS = re.compile(
    rf"^(?:please\s+)?(?:(?:{_FINDING_VERBS})\s+(?:me\s+|us\s+|out\s+)?{_AFTER_VERB}|{_TOLD})|"
    rf"(?:{_FINDING_NOUNS})|^why\b|"
    r"^(?:is|are) there (?:an? |any )?(?:trends?|patterns?|season\w*)\b",
    re.IGNORECASE,
)
_SIDE_BY_SIDE = re.compile(
    r"^(?:please\s+)?compar(?:e|ing)\b|^how (?:does|do|did) .+ compare (?:with|to|against)\b|"
    r"\bversus\b|\bvs\b|\bside by side\b|\bnext to\b|\balongside\b|"
    r"^(?:please\s+)?(?:put|combine|join|merge|show|display)\s+"
    r"(?:both|them|these|those|the two|all)\b|"
    r"\bin (?:one|the same|a single) (?:chart|table|plot|graph|diagram|picture)\b",
    re.IGNORECASE,
)


def kind_of(text: str) -> Kind:
    """Say what a part is for, by its words."""
    if _SIDE_BY_SIDE.search(text):
        return "side_by_side"
    if _FINDINGS.search(text):
        return "findings"
    if _CHART.search(text):
        return "chart"
    return "query"


def mark_of(text: str) -> Mark | None:
    """Find the kind of chart that a part names."""
    if not re.search(rf"\b(?:{CHART_VERBS}|charts?|plots?|graphs?|as (?:a |an )?)", text, re.I):
        return None
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in _MARKS:
            return _MARKS[word]
    return None
