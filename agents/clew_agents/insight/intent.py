"""Is a question one for the insight agent, and what does it ask: a cause, a pattern, a contest?

The frame ("why did … fall") is read here and taken off; the rest is read by ``understand.py``.
Ordinary questions ("which customers ordered most?") must not be taken: each pattern needs a word
of change, of cause, of pattern, or a contest of two things.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clew_agents.insight.subject import Intent

_DOWN = (
    "fall fell fallen falling falls drop dropped dropping drops decline declined declining "
    "declines decrease decreased decreasing decreases sink sank sunk shrink shrank shrunk "
    "shrinking lower lowered less fewer down lose losing lost slump slumped dip dipped "
    "plunge plunged weaken weakened weaker reduce reduced collapse collapsed low slid slide "
    "sliding tumble tumbled crash crashed missing"
)
_UP = (
    "rise rose risen rising rises grow grew grown growing grows increase increased increasing "
    "increases lift lifted lifting lifts jump jumped jumping jumps surge surged surging climb "
    "climbed climbing soar soared higher more up spike spiked spiking gain gained gaining boost "
    "boosted boosting push pushed raise raised high peak peaked explode exploded swell double "
    "doubled"
)
_CHANGE = "change changed changing changes move moved shift shifted differ differed happen happened"
DOWN = frozenset(_DOWN.split())
UP = frozenset(_UP.split())
CHANGE = frozenset(_CHANGE.split())
SLOW = frozenset("slow slower slowly late later long longer delayed delay delays".split())
QUICK = frozenset("quick quicker fast faster early earlier short shorter".split())
LEFT = frozenset("left leave leaving churn churned quit cancelled closed gone go away".split())
# Words that belong to the frame of such a question and name nothing in the data.
FRAME = frozenset(
    "why how come what which who did do does has have had been is are was were be being drove "
    "drive driving drives driver drivers caused cause causes reason reasons behind led lead for "
    "the of in to with so much suddenly again stands stand standing out unusual anything "
    "something odd strange interesting notable remarkable anomaly anomalies outlier outliers "
    "there any trend trends season seasonal seasonality pattern patterns better worse best worst "
    "by or and because explain explains explained explanation account accounted contribute "
    "contributed contributes contributors changes me tell us demand happened together along "
    "how correlate correlated correlates correlation relate related relationship between go goes "
    "went side dropping our we you i please most mostly at its it this that time over look "
    "since more less than before each other usual usually normal really find insights insight "
    "findings "
    "meaning definition defined redefined calculation formula rule computed calculated still same "
    "way differently "
    "performance compare compared than versus vs responsible made make makes come came "
    "show see were not a an on as period year month week".split()
)  # fmt: skip

_WHY = re.compile(
    r"^\s*(?:and |but |so )?(?:(?:please |can you |could you )?(?:explain|tell me|say|find out) )?"
    r"(?:why\b|how come\b|what(?:'s| is| was| has| have)? (?:caused|causing|cause[sd]?|drove|drives"
    r"|driving|lifted|raised|pushed|reduced|lowered|boosted|is behind|was behind|lies behind"
    r"|led to|explains|explained|made|hurt|hit|contributed|(?:the )?(?:reason|cause)s?"
    r"|(?:were |are )?the (?:drivers?|causes?|reasons?))\b)",
    re.IGNORECASE,
)
_HAPPENED = re.compile(r"^\s*what (?:has |have )?(?:happened|changed|went wrong|is wrong)\b", re.I)
_WHICH = re.compile(
    r"^\s*(?:which|what|who)\b.*\b(?:has|have|is|are|was|were|did|been)?\s*"
    r"(?:been )?(losing|gaining|shrinking|declining|falling|dropping|growing the least"
    r"|left|churned|quit)\b",
    re.IGNORECASE,
)
_VERSUS = re.compile(
    r"^\s*(?:is|are|was|were|which is|which one is|who is)\b.+\bor\b.+\b(?:better|worse|faster"
    r"|slower|stronger|weaker|more reliable)\b|^\s*(?:which|who)\b.*\b(?:better|worse)\b.+\bor\b",
    re.IGNORECASE,
)
_OVERVIEW = re.compile(
    r"\b(?:stands? out|anything (?:unusual|odd|strange|interesting|notable|remarkable)"
    r"|something (?:unusual|odd|strange|interesting)|what(?:'s| is| was| are)? (?:unusual|odd"
    r"|strange|interesting|notable|remarkable)|anomal(?:y|ies)|outliers?"
    r"|(?:key |any |main |some )?insights?\b)",
    re.IGNORECASE,
)
_TREND = re.compile(
    r"\b(?:is|are|was|were|do|does) there (?:a |any )?(?:\w+ )?(?:trends?|season|seasonality"
    r"|seasonal pattern|pattern)\b|\b(?:seasonal(?:ity)?|season) (?:in|of)\b"
    r"|\bwhat(?:'s| is) the trend\b|\btrend (?:in|of) .*\?$",
    re.IGNORECASE,
)
_TOGETHER = re.compile(
    r"\b(?:go(?:es)? (?:along|together|hand in hand) with|correlat\w*|related to"
    r"|relationship between|connection between|association between|depend on|move with"
    r"|moves with|linked to|go together|have to do with)\b",
    re.IGNORECASE,
)
# "Did the meaning of x change?", "has x been redefined?", "is x still computed the same way?"
_DEFINITION = re.compile(
    r"\b(?:meaning|definition|calculation|computation|formula|rule)s? (?:of|for|behind)\b.*"
    r"\b(?:chang|differ|shift|alter|still the same)\w*"
    r"|\b(?:chang|alter)\w*\b.*\b(?:meaning|definition|formula) of\b|\bredefin(?:ed|ition)\b"
    r"|\b(?:defined|computed|calculated|counted|measured)\b.*\b(?:differently|the same way"
    r"|in another way)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a question asks, and which way things went.

    Attributes:
        intent: what is asked.
        direction: 1 up, -1 down, 0 not said.
        slow: it speaks of how long things take; 1 too long, -1 quick.
        left: it asks who left.
        moved: it says that something changed, whichever way.
    """

    intent: Intent
    direction: int = 0
    slow: int = 0
    left: bool = False
    moved: bool = False


def read_frame(question: str) -> Frame | None:
    """Read what a question asks; None: it is none for the insight agent.

    >>> read_frame("Why did orders fall in March?").direction
    -1
    >>> read_frame("How many orders were there in March?") is None
    True
    """
    words = [w.casefold() for w in re.findall(r"[^\W\d_]+", question)]
    known = set(words)
    direction = _direction(words)
    slow = 1 if known & SLOW else -1 if known & QUICK else 0
    if _DEFINITION.search(question):
        return Frame(intent="definition")
    if _VERSUS.search(question):
        return Frame(intent="versus", direction=1)
    if _TOGETHER.search(question) and not _WHY.search(question):
        return Frame(intent="together")
    if _TREND.search(question):
        return Frame(intent="trend", direction=direction)
    if _OVERVIEW.search(question):
        return Frame(intent="overview")
    if _WHY.search(question) or _HAPPENED.search(question):
        moved = bool(known & CHANGE)
        return Frame(intent="change", direction=direction or slow, slow=slow, moved=moved)
    if found := _WHICH.search(question):
        left = found.group(1).casefold() in ("left", "churned", "quit")
        return Frame(intent="which", direction=1 if left else direction, left=left)
    return None


def sides(question: str) -> tuple[str, str]:
    """Cut "do discounts go along with returns?" into what is put side by side.

    >>> sides("Do discounts go along with returns?")
    ('Do discounts ', ' returns?')
    """
    found = _TOGETHER.search(question)
    assert found is not None
    left, right = question[: found.start()], question[found.end() :]
    if (pair := re.search(r"\band\b", right)) and not re.search(r"\w{3}", _bare(left)):
        return right[: pair.start()], right[pair.end() :]  # "relationship between a and b"
    if (pair := re.search(r"\band\b", left)) and not re.search(r"\w{3}", _bare(right)):
        return left[: pair.start()], left[pair.end() :]  # "are a and b related to each other"
    return left, right


def _bare(text: str) -> str:
    """Leave out the words of the frame."""
    words = re.findall(r"[^\W\d_]+", text)
    return " ".join(w for w in words if w.casefold() not in FRAME)


def is_insight(question: str) -> bool:
    """Say whether a question is one for the insight agent.

    >>> is_insight("What lifted tents in May?"), is_insight("Which customers spent most?")
    (True, False)
    """
    return read_frame(question) is not None


def _direction(words: list[str]) -> int:
    """Find which way things went: the last word that says so, "no longer up" left to the reader."""
    for word in reversed(words):
        if word in DOWN:
            return -1
        if word in UP:
            return 1
    return 0
