"""How names are cut into words, and when two words are the same word."""

from __future__ import annotations

import functools
import re

_PARTS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")


@functools.cache
def split_name(name: str) -> tuple[str, ...]:
    """Cut an identifier into lower-case words.

    >>> split_name("ShippedOn"), split_name("x_saledate"), split_name("co2PerHead")
    (('shipped', 'on'), ('x', 'saledate'), ('co', '2', 'per', 'head'))
    """
    return tuple(part.casefold() for part in _PARTS.findall(name))


@functools.cache
def singular(word: str) -> str:
    """Take the plural ending off.

    >>> [singular(w) for w in "countries boxes orders status address prices".split()]
    ['country', 'box', 'order', 'status', 'address', 'price']
    """
    if len(word) <= 3:
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if re.search(r"(ss|sh|ch|x|zz)es$", word):
        return word[:-2]
    if word.endswith("s") and not re.search(r"(ss|us|is)$", word):
        return word[:-1]
    return word


# Forms of verbs that no rule gives; the noun that schemas have for them is beside.
_IRREGULAR = {
    "paid": "pay", "sold": "sell", "bought": "buy", "sent": "send", "spent": "spend",
    "given": "give", "left": "leave", "held": "hold", "kept": "keep", "made": "make",
    "taken": "take", "written": "write", "begun": "begin", "began": "begin", "born": "birth",
    "built": "build", "lost": "lose", "won": "win", "met": "meet", "got": "get", "run": "run",
    "grown": "grow", "driven": "drive", "flown": "fly", "chosen": "choose", "drawn": "draw",
    "rented": "rental", "delivered": "delivery", "weigh": "weight", "weighs": "weight",
    "weighed": "weight", "cost": "cost", "earns": "earning", "earn": "earning",
}  # fmt: skip


def is_participle(word: str) -> bool:
    """Say whether a word says that something was done: closed, sold."""
    return word.endswith("ed") or _IRREGULAR.get(word, word) != word


@functools.cache
def stems(word: str) -> frozenset[str]:
    """List what a word may be a form of, itself included.

    >>> sorted(stems("shipped")), sorted(stems("dating"))
    (['ship', 'shipp', 'shippe', 'shipped'], ['dat', 'date', 'dating'])
    """
    found = {word, singular(word)}
    if word in _IRREGULAR:
        found.add(_IRREGULAR[word])
    for ending in ("ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            found |= {stem, stem + "e"}
            if stem[-1] == stem[-2]:
                found.add(stem[:-1])
    return frozenset(found)


def same(one: str, other: str) -> bool:
    """Say whether two words are forms of one another."""
    return one == other or not stems(one).isdisjoint(stems(other))


@functools.cache
def abbreviates(letters: str, words: tuple[str, ...]) -> float:
    """Say how well letters abbreviate words in their order; 0 if they don't.

    Each word gives its beginning (three letters or more, or the whole word), or a skeleton that
    begins with its first letter (``qty`` of quantity). 1.0: whole words, 0.9: beginnings, 0.8:
    skeletons.

    >>> abbreviates("maxdist", ("maximum", "distance")), abbreviates("mfgcost", ("manufacturing",
    ... "cost")), abbreviates("saledate", ("sale", "date")), abbreviates("pop", ("price",))
    (0.9, 0.8, 1.0, 0.0)
    """
    if not words:
        return 0.0 if letters else 1.0
    word, best = words[0], 0.0
    for length in range(min(len(letters), len(word)), 1, -1):
        part = letters[:length]
        if part in (word, singular(word)):
            score = 1.0
        elif length >= 3 and word.startswith(part):
            score = 0.9
        elif _is_skeleton(part, word):
            score = 0.8
        else:
            continue
        rest = abbreviates(letters[length:], words[1:])
        best = max(best, min(score, rest))
        if best == 1.0:
            break
    return best


def _is_skeleton(part: str, word: str) -> bool:
    """Two letters or more of a longer word in their order, first letter first, few vowels."""
    if part[0] != word[0] or len(part) < 2 or len(word) < 4 or len(part) > len(word) - 2:
        return False
    if len(part) == 2 and part[0] in "aeiou":
        return False  # "at" of accounts
    if sum(letter in "aeiou" for letter in part[1:]) > 1:
        return False
    rest = iter(word)
    return all(letter in rest for letter in part)
