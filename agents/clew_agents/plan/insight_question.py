"""Is a question one for the insight agent alone, and of what, where it names nothing itself?"""

from __future__ import annotations

import re

from clew_agents.plan.cut import cut
from clew_agents.plan.plan import Step
from clew_agents.proposer import AsksBack
from clew_agents.sql.describe import Describer
from clew_core.answer import Clarification
from clew_core.query_spec import QuerySpec

# Cheap: only what has one of these words is read by the insight agent, whose import costs 0.1 s.
_INSIGHT_WORDS = re.compile(
    r"\b(?:why|how come|caus\w+|drove|driv\w+|behind|led to|explain\w*|happened|changed|went wrong|"
    r"losing|gaining|shrinking|declining|falling|dropping|growing|left|churned|quit|better|worse|"
    r"stands? out|unusual|odd|strange|interesting|notable|remarkable|anomal\w+|outliers?|insights?|"
    r"trends?|season\w*|patterns?|correlat\w*|relat\w+|connection|association|depends?|linked|"
    r"goe?s? (?:along|together|hand)|moves? with|lifted|raised|pushed|reduced|lowered|boosted|hurt|"
    r"hit|contributed)\b",
    re.IGNORECASE,
)


def is_insight_question(question: str) -> bool:
    """Whether a whole question is one for the insight agent, and not for several."""
    if _INSIGHT_WORDS.search(question) is None or len(cut(question)) > 1:
        return False
    from clew_agents.insight import is_insight

    return is_insight(question)


# What is to be found, without a word of where.
_ODD = "unusual|odd|strange|interesting|striking|notable|remarkable"
_BARE_FINDINGS = re.compile(
    r"(?:please\s+)?"
    r"(?:(?:say|tell|explain|highlight|point|comment|describe|find|look|check|detect|spot|identify|"
    r"flag|mark|search)\s+)?"
    r"(?:(?:me|us|out|for|if|whether|is there|are there|there is|there are|on|the|any|some|key|"
    r"main|all)\s+)*"
    r"(?:an?\s+)?"
    r"(?:why|trends?|patterns?|seasons?|seasonality|outliers?|anomal(?:y|ies)|insights?|"
    r"how it (?:went|developed)|"
    rf"what(?:'s| is| are)?\s+(?:stands?|stood|sticks?|standing|{_ODD})(?:\s+out)?|"
    rf"anything\s+(?:{_ODD}|that stands out))",
    re.IGNORECASE,
)


def names_nothing(text: str) -> bool:
    """Whether a part says that something is to be found, without a word of where.

    >>> names_nothing("say what stands out"), names_nothing("find outliers in revenue")
    (True, False)
    """
    return _BARE_FINDINGS.fullmatch(text.strip(" ?.!")) is not None


def insight_step(question: str, previous: QuerySpec | None) -> Step:
    """Plan the one step of such a question; one that names nothing is about the query before.

    Raises:
        AsksBack: it names nothing, and nothing was asked before.
    """
    if not names_nothing(question):
        return Step(id="s1", agent="insight", task=question)
    if previous is None:
        example = "what stands out in revenue by month"
        raise AsksBack(
            Clarification(
                question=f"In which numbers? Name them, such as {example!r}.", words=(question,)
            )
        )
    words = Describer(previous)
    measured = words.measure(previous.measures[0]) if previous.measures else words.things()
    about = f"{measured} {words.conditions()}".strip()
    return Step(
        id="s1", agent="insight", task=f"{question}: {about}", asks=f"what stands out in {about}"
    )
