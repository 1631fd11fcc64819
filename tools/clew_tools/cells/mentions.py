"""Does a text speak of a name? A code span says so plainly, a word only where it is no other."""

from __future__ import annotations

from collections.abc import Iterable

from clew_tools.cells.facts import Facts

_SHORT = 3
# English words that people also give to variables: in a sentence they are the word.
_WORDS = frozenset(
    """all and any are area array average axis base best both case cell chart city class code
    column columns cost count country data date dates day days default diff end error example
    factor false file files filter first frame from function group groups head high index input
    item items key keys label labels last left length level line lines list low main map mask
    max mean median min mode model month months name names new none note number numbers old order
    output pair path percent plot point points price query range rank rate ratio result results
    right row rows sample scale score scores seed series set size sort start state step sum
    table tables test text the this time times title top total train true type types unit value
    values week weight weights with word words year years""".split()
)


def mentioned(facts: Facts, names: Iterable[str]) -> frozenset[str]:
    """Pick the names that a Markdown cell speaks of.

    A code span names exactly. In the running text a name counts where it is written as it is
    defined and is no common word, or where its parts follow each other (`order_totals` as "order
    totals").
    """
    found = set()
    words = set(facts.words)
    spoken = " " + " ".join(w.lower() for w in facts.words) + " " if facts.words else ""
    for name in names:
        if name in facts.code_words:
            found.add(name)
        elif name in words:
            if "_" in name or len(name) > _SHORT and name.lower() not in _WORDS:
                found.add(name)
        elif "_" in name.strip("_") and f" {name.replace('_', ' ').lower()} " in spoken:
            found.add(name)
    return frozenset(found)
