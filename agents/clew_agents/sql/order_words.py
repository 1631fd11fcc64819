"""Which phrases ask for an order: sorted by, in descending order of, alphabetically.

``lexicon.py`` adds them to its own, with the tag ``^``.
"""

from __future__ import annotations

BY = """
    and order by, and sort by, arrange by, arranged by, in order of, in the order by, in
    the order of, listed by, listed in order of, order by, order the result by, order the
    results by, order them by, ordered according to, ordered by, ordered in order of, sort
    by, sort it by, sort the list by, sort the result by, sort the results according to,
    sort the results by, sort them by, sorted according to, sorted by, sorted in order of,
    sorted in the order of
"""
"""What follows gives the order, the way is open."""

BY_ASCENDING = """
    alphabetically by, ordered ascending by, sorted ascending by, by ascending, by
    ascending order of, in alphabetic order of, in alphabetical order by, in alphabetical
    order of, in ascending alphabetical order of, in ascending order according to, in
    ascending order by, in ascending order of, in increasing order of, in lexicographic
    order of, in lexicographical order of, in the alphabetical order of, in the ascending
    order of, in the increasing order of, order by ascending, ordered alphabetically by,
    ordered by ascending, ordered in ascending order by, ordered in ascending order of,
    sort by ascending, sorted alphabetically by, sorted by ascending, sorted in
    alphabetical order by, sorted in ascending order by, sorted in ascending order of,
    sorted in increasing order of
"""
"""What follows gives the order, the smallest first."""

BY_DESCENDING = """
    ordered descending by, sorted descending by, by decreasing, by decreasing order of, by
    descending, by descending order of, in decreasing order of, in descending alphabetical
    order of, in descending order according to, in descending order by, in descending
    order of, in reverse alphabetical order of, in reverse order of, in the decreasing
    order of, in the descending order of, order by descending, ordered by descending,
    ordered in descending order by, ordered in descending order of, sort by descending,
    sorted by descending, sorted in decreasing order of, sorted in descending order by,
    sorted in descending order of
"""
"""What follows gives the order, the largest first."""

ASCENDING = """
    alphabetically, arranged alphabetically, ascending, from a to z, from earliest to
    latest, from least to greatest, from low to high, from lowest to highest, from oldest
    to newest, from shortest to longest, from smallest to largest, from the lowest to the
    highest, from the smallest to the largest, from youngest to oldest, in alphabetic
    order, in alphabetical order, in the alphabetical order, ordered by alphabetical
    order, in ascending alphabetical order, in ascending order, in increasing order, in
    lexicographic order, in lexicographical order, in order, listed alphabetically, listed
    in alphabetical order, lowest first, oldest first, ordered alphabetically, in
    ascending lexicographical order, ordered ascending, ordered in ascending order,
    smallest first, sort ascending, sorted alphabetically, sorted ascending, sorted in
    alphabetical order, sorted in ascending order
"""
"""The way alone: the smallest first."""

DESCENDING = """
    biggest first, in descending lexicographical order, ordered in descending alphabetical
    order, in the descending order, descending, from greatest to least, from high to low,
    from highest to lowest, from largest to smallest, from latest to earliest, from
    longest to shortest, from most expensive to cheapest, from most recent to least
    recent, from most to least, from newest to oldest, from oldest to youngest, from the
    highest to the lowest, from the largest to the smallest, from z to a, highest first,
    in decreasing order, in descending alphabetical order, in descending order, in reverse
    alphabetical order, in reverse order, in reversed order, largest first, latest first,
    most first, newest first, ordered descending, ordered in descending order, sorted
    descending, sorted in descending order
"""
"""The way alone: the largest first."""

ORDERS = {"by": BY, "by asc": BY_ASCENDING, "by desc": BY_DESCENDING, "asc": ASCENDING,
          "desc": DESCENDING}  # fmt: skip
