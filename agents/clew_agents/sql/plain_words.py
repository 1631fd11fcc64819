"""Which turns of a whole question are put more plainly before its words are tagged.

Each rule is a sentence that says the same; a rule whose words are a name of the schema, or of the
company's own, does not hold. None of them settles what is meant.
"""

from __future__ import annotations

import re

from clew_agents.sql.vocabulary import FAIR, Vocabulary

_REPEATED = re.compile(
    r"^(?P<name>repeat|repurchase|retention) rate,? (from|of|between) (?P<one>[\w ]+?) "
    r"(to|and|into) (?P<other>[\w ]+?)[?.]?$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s+of (the|our) (?P<name>range|assortment)\b", re.IGNORECASE)
_HOME = re.compile(r"\bwith (a|their|its) (?P<name>home|residence) in\b", re.IGNORECASE)
_RULES = (
    (
        _REPEATED,
        r"What share of the customers who ordered in \g<one> ordered again in \g<other>?",
    ),
    (_RANGE, ""),
    (_HOME, "from"),
)


def plainly(question: str, vocabulary: Vocabulary) -> str:
    """Put a question in plainer words."""
    for rule, plain in _RULES:
        found = rule.search(question)
        if found is not None and not _is_name(found["name"], vocabulary):
            question = rule.sub(plain, question, count=1)
    return question


def _is_name(word: str, vocabulary: Vocabulary) -> bool:
    return any(match.score >= FAIR for match in vocabulary.match((word.casefold(),)))
