"""How do two sentences become one question, where the second only says what to show of the first?

"Which apartments have the type code "Flat"? Give me their numbers." asks one thing: the numbers of
apartments that have the type code "Flat". Read one by one, the second sentence would lose the
condition of the first. By rules of words only; whether a form means something, and whether it
keeps every condition, is asked of the proposer (``joined.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from clew_agents.sql.words import singular

_I = re.IGNORECASE
_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z\"'(])|\s*;\s*|\s*\n+\s*")
_OPENER = (
    r"(?:(?:and|also|please|then)\s+)*"
    r"(?:(?:can|could)\s+you\s+)?"
    r"(?:(?:show|give|tell|list|return|find|report|provide|display|name|state|get)\s+"
    r"(?:me\s+|us\s+|out\s+|also\s+)*|what(?:'s|\s+(?:is|are|was|were))\s+)"
)
_OWNED = r"(?:the|their|its|his|her|all|each|every|both|respective|corresponding|associated)"
# What may follow the columns: it names again what they are of.
_OF_THESE = re.compile(
    r"\s+(?:of|for|from)\s+(?:them|it|each|(?:these|those|this|that|the|each|all)\s+[a-z_]+"
    r"(?:\s+[a-z_]+)?)$",
    _I,
)
# A word with which a sentence says more than columns: it stands alone.
_MORE = re.compile(
    r"\b(?:that|which|who|whose|where|with|without|having|by|per|in|on|at|from|before|after|since|"
    r"during|than|more|most|least|fewest|highest|lowest|largest|smallest|not|no|never|between|only|"
    r"if|as|sorted|ordered|chart|plot|graph|change[sd]?|develop\w*|how|why|compared?|"
    r"best|worst)\b|\d",
    _I,
)
_HOW_MANY = re.compile(
    r"(?:(?:and|also)\s+)*how\s+many\s+(?P<what>[a-z_ ]+?)\s+(?:does|do|did|has|have)\s+"
    r"(?:it|they|each(?:\s+\w+)?|each of them|those\s+\w+)(?:\s+(?:have|has|own|made|make))?$",
    _I,
)
_SORTS = re.compile(
    r"(?:please\s+)?(?:order|sort|rank|arrange|list|show)\s+"
    r"(?:(?:them|it|these|those|(?:the|these)\s+[a-z_]+(?:\s+[a-z_]+)?)\s+)?"
    r"(?P<way>(?:by|in|from|alphabetically)\b.*)$",
    _I,
)
_FALLS = re.compile(
    r"(?:by|in)\s+(?:the\s+)?(decreasing|descending|increasing|ascending)\s+(?!order\b)"
    r"(?:the\s+)?(.+)$",
    _I,
)
_COLUMNS_OF = re.compile(
    r"(?:the\s+|all\s+)*(?P<own>(?:(?!(?:in|for|with|by|that|number)\b)[a-z_]+,?\s+){1,6})of\s+"
    r"(?P<of>.+)$",
    _I,
)
_LONGEST_LIST = 12  # words
_MOST_BOUNDARIES = 4


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A part, and one that only says what to show of it.

    Attributes:
        first: the part that chooses.
        second: in the user's words.
        columns: what to show, without words that point back; empty where it only sorts.
        sorts: how to sort; empty where columns are shown.
        adds: the columns stand beside those of the first part ("and their ages").
        points: the second part holds a word that points at the first.
    """

    first: str
    second: str
    columns: str = ""
    sorts: str = ""
    adds: bool = False
    points: bool = False


def sentences(question: str) -> list[str]:
    """Split a question at the ends of its sentences; what stands in quotes stays whole."""
    pieces = [piece.strip() for piece in _SENTENCE.split(question) if piece and piece.strip()]
    whole: list[str] = []
    for piece in pieces:
        if whole and whole[-1].count('"') % 2:
            whole[-1] = f"{whole[-1]} {piece}"
        else:
            whole.append(piece)
    return whole


_AND_THEIR = re.compile(
    r"^(?P<first>.+?),?\s+(?:and|with|along with|together with)\s+(?:also\s+)?"
    r"(?P<second>(?:(?:what|who)\s+(?:is|are|was|were)\s+)?"
    r"(?:all\s+|each\s+of\s+)?(?:their|its)\s+.+|how\s+many\s+.+\b(?:it|they)\s+(?:have|has|own))$",
    _I,
)
_TAIL = re.compile(
    r"(?P<columns>.+?)(?P<tail>,?\s+(?:in (?:the )?(?:\w+ )*order|sorted|ordered|"
    r"order(?:ed)? by|in (?:ascending|descending)|for|where|whose)\b.*)$",
    _I,
)


def pairs_of(question: str) -> Iterator[tuple[int, Pair]]:
    """Find sentences that only say what to show of the one before; gives the place of the first."""
    said = sentences(question)
    for place in range(len(said) - 1):
        pair = _pair(said[place], said[place + 1])
        if pair is not None:
            yield place, pair
    if len(said) == 1 and (match := _AND_THEIR.match(said[0].strip(" ?.!"))):
        columns, tail = match["second"], ""
        if cut := _TAIL.match(columns):
            columns, tail = cut["columns"], cut["tail"]
        listed = columns_of(columns)
        if listed:
            first = f"{match['first']}{tail}"
            yield (
                0,
                Pair(first=first, second=match["second"], columns=listed, adds=True, points=True),
            )


def _pair(first: str, second: str) -> Pair | None:
    bare = second.strip(" ?.!")
    points = re.search(r"\b(?:their|its|them|these|those|they|it)\b", bare, _I) is not None
    if sorts := _SORTS.fullmatch(bare):
        return Pair(first=first, second=second, sorts=sorts["way"], points=points)
    columns = columns_of(bare)
    if not columns:
        return None
    return Pair(first=first, second=second, columns=columns, points=points)


def is_sorting(text: str) -> bool:
    """Whether a part only says how to sort."""
    return _SORTS.fullmatch(text.strip(" ?.!")) is not None


def columns_of(text: str) -> str:
    """Read a part that only names columns; empty where it says more.

    >>> columns_of("Give me their apartment numbers."), columns_of("List the ids of those orders")
    ('apartment numbers', 'ids')
    >>> columns_of("Show the customers with the most orders"), columns_of("how many does it have")
    ('', '')
    """
    bare = text.strip(" ?.!")
    if how_many := _HOW_MANY.fullmatch(bare):
        return f"number of {how_many['what']}"
    opened = re.match(_OPENER, bare, _I)
    owned = re.match(r"(?:and\s+)?(?:all\s+|each\s+of\s+)?(?:their|its)\s+", bare, _I)
    if opened is None and owned is None:
        return ""
    bare = bare[opened.end() :] if opened else bare
    bare = _OF_THESE.sub("", bare)
    bare = re.sub(rf"\b{_OWNED}\s+", "", bare, flags=_I)
    bare = re.sub(r"(?:^|(?<=\s))(?:also|different|distinct)\s+", "", bare, flags=_I)
    bare = " ".join(bare.split()).strip(" ,")
    if not bare or len(bare.split()) > _LONGEST_LIST or _MORE.search(bare) or '"' in bare:
        return ""
    if re.fullmatch(r"(?:them|it|these|those|results?|all|answer)", bare, _I):
        return ""
    return bare


def forms(pair: Pair) -> Iterator[str]:
    """Put both parts as one question, in ways that may be understood, the plainest first."""
    first = pair.first.strip(" ?.!")
    if pair.sorts:
        if falls := _FALLS.match(pair.sorts):
            way = "descending" if falls[1].lower().startswith("de") else "ascending"
            yield f"{first} ordered by {falls[2]} {way}"
            yield f"{first} ordered by {falls[2]} in {way} order"
        yield f"{first}? {pair.second.strip(' ?.!')}"
        if named := re.match(r"in\s+(?:the\s+)?(.+?)\s+order\s+of\s+(.+)$", pair.sorts, _I):
            yield f"{first} ordered by {named[2]} {named[1]}"
            yield f"{first} ordered by {named[2]} in {named[1]} order"
            yield f"{first} ordered by {named[2]}"
        yield f"{first} ordered {pair.sorts}"
        yield f"{first}, sorted {pair.sorts}"
        return
    columns = _filled(pair.columns, first)
    if pair.adds:
        if re.match(r"how\s+many\b", first, _I):
            return  # the count would be lost
        own, of = _own_columns(first)
        if own:
            yield f"Show the {own} and {columns} of {of}"
            if one := _one(of):
                yield f"Show the {own} and {columns} of each {one}"
            return
        for thing in things(first):
            bare = re.sub(r"^the\s+", "", thing, flags=_I)
            yield f"Show the name and {columns} of {thing}"
            yield f"Show the {bare} and {columns}"
        return
    for thing in things(first):
        yield f"Show the {columns} of {thing}"
    if "number of" in columns:
        names = [word for word in re.split(r",|\band\b", columns) if "number of" not in word]
        counted = columns[columns.index("number of") :]
        for thing in things(first) if len(names) == 1 else ():
            yield f"Show the {names[0].strip()} and {counted} of {thing}"


_THEY = re.compile(r"\b(?:they|them|(?:those|these)(?:\s+[a-z]+s)?)\b", _I)
_OWN = re.compile(r"\btheir\s+(?P<what>[a-z_ ]+?)(?=\s+(?:by|per|in|for|from|since|each)\b|$)", _I)


def with_things(first: str, second: str) -> Iterator[str]:
    """Name what a sentence points at: "how many orders did the customers from Europe place".

    >>> next(with_things("List the customers from Europe.", "How many orders did they place?"))
    'How many orders did the customers from Europe place'
    """
    bare = second.strip(" ?.!")
    for thing in things(first):
        if len(_THEY.findall(bare)) == 1 and not _OWN.search(bare):
            yield _THEY.sub(lambda _: thing, bare)  # noqa: B023 - called at once
        if len(_OWN.findall(bare)) == 1 and not _THEY.search(bare):
            yield _OWN.sub(lambda own: f"{own['what']} of {thing}", bare)  # noqa: B023


def _filled(columns: str, first: str) -> str:
    """Say what "the number" counts, where the first part asks how many."""
    counted = re.match(r"how\s+many\s+([a-z_]+)\b", first, _I)
    if counted is None:
        return columns
    return re.sub(
        r"\b(?:numbers?|counts?)\b(?!\s+of)", f"number of {counted[1]}", columns, flags=_I
    )


def _own_columns(first: str) -> tuple[str, str]:
    """Split "give the names of wrestlers" into its columns and what they are of."""
    bare = re.sub(rf"^{_OPENER}", "", first, flags=_I)
    match = _COLUMNS_OF.match(bare)
    return (match["own"].strip(" ,"), match["of"].strip()) if match else ("", "")


def _one(things_: str) -> str:
    return singular(things_.lower()) if re.fullmatch(r"[a-z_]+", things_, _I) else ""


_RELATIVE = r"(?:that|which|who|whose|with|having|without|of|in|from|by|for|where|located)"


def things(first: str) -> Iterator[str]:
    """Put a question that chooses as the thing that it chooses.

    >>> next(things("Which buildings do not have any company office?"))
    'the buildings that do not have any company office'
    >>> next(things("Find all the order items whose product id is 11."))
    'the order items whose product id is 11'
    """
    bare = first.strip(" ?.!")
    count = re.match(r"how\s+many\s+.+\b(?:each|every)\s+([a-z_]+)", bare, _I)
    if count:
        yield f"each {count[1]}"
        return
    asks = re.match(
        r"(?:which|what)\s+(?:is|are|was|were)\s+(?:all\s+|the\s+|distinct\s+|different\s+)*(.+)$",
        bare,
        _I,
    )
    opened = re.match(rf"{_OPENER}(?:all\s+|the\s+|distinct\s+|different\s+)*(.+)$", bare, _I)
    for match in (asks, opened):
        if match and not re.match(r"(?:which|what|who|how)\b", match[1], _I):
            rest = match[1]
            own, of = _own_columns(rest)
            yield f"the {re.sub(r'^the ', '', of, flags=_I)}" if own else f"the {rest}"
            return
    asks = re.match(r"(?:which|what)\s+(?:of the\s+)?(.+)$", bare, _I)
    if asks is None:
        return
    words = asks[1].split()
    verbs = [i for i, w in enumerate(words[:6]) if re.fullmatch(_AUXILIARY, w, _I) and i > 0]
    places = list(dict.fromkeys([*verbs[:1], *range(1, min(len(words), _MOST_BOUNDARIES))]))
    for place in places:
        noun, verb = " ".join(words[:place]), " ".join(words[place:])
        if re.match(rf"{_RELATIVE}\b", verb, _I):
            continue
        if most := re.match(r"(?:has|have|had)\s+(the\s+(?:most|fewest|least|highest|lowest|"
                            r"largest|smallest|biggest)\b.+)$", verb, _I):  # fmt: skip
            yield f"the {noun} with {most[1]}"
        if held := re.match(r"(?:has|have|had)\s+(?!the\b|been\b)(.+)$", verb, _I):
            yield f"the {noun} with {held[1]}"
        if helped := re.match(r"(?:do|does|did|can|could)\s+(?!not\b)(.+)$", verb, _I):
            yield f"the {noun} that {helped[1]}"
            continue
        yield f"the {noun} that {verb}"


_AUXILIARY = r"(?:is|are|was|were|has|have|had|do|does|did|can|contain|belongs?|uses?|used|made)"
