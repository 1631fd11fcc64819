"""Which questions are asked of a world? Each construct's turn comes as often as the others'.

Written apart from what answers them: it imports nothing of the product.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from worlds import declined, follow_ups, groups, plain, ranked, refilled, sets, times
from worlds.borrowed import borrowed
from worlds.question import Maker, Question, Unfit
from worlds.synonyms import reworded
from worlds.world import World

Make = Callable[[Maker], Question]

ANSWERABLE: dict[str, Make] = {
    "count": plain.count,
    "count_filter": plain.count_filter,
    "count_filters": plain.count_filters,
    "sum": plain.total,
    "average": plain.average,
    "extreme": plain.extreme,
    "median": plain.median,
    "list": plain.listing,
    "list_columns": plain.list_columns,
    "sorted_list": plain.sorted_list,
    "filter_comparison": plain.comparison,
    "filter_between": plain.between,
    "filter_negation": plain.negation,
    "filter_or": plain.either,
    "filter_missing": plain.missing,
    "filter_text": plain.letters,
    "join_1": plain.hops(1),
    "join_2": plain.hops(2),
    "join_3": plain.hops(3),
    "distinct_count": lambda maker: maker.pick([plain.distinct_values, plain.distinct_parents])(
        maker
    ),
    "above_average": plain.above_average,
    "date_year": times.in_year,
    "date_month": times.in_month,
    "date_quarter": times.in_quarter,
    "date_since": times.since,
    "date_before": times.before,
    "date_between": times.between,
    "date_relative": times.relative,
    "group_one": groups.group_one,
    "group_two": groups.group_two,
    "group_time": groups.group_time,
    "having": groups.having,
    "share": groups.share,
    "share_of_total": groups.share_of_total,
    "growth": times.growth,
    "difference": times.difference,
    "running_total": times.running_total,
    "rolling_average": times.rolling_average,
    "top_n": ranked.top_n,
    "superlative": ranked.superlative,
    "superlative_count": ranked.superlative_count,
    "most_common": ranked.most_common,
    "top_per_group": ranked.top_per_group,
    "ratio": ranked.ratio,
    "has_none": sets.has_none,
    "has_both": sets.has_both,
    "has_one_not_other": sets.has_one_not_other,
    "typo": sets.typo,
    "follow_add": follow_ups.add,
    "follow_only": follow_ups.only,
    "follow_regroup": follow_ups.regroup,
    "follow_replace": follow_ups.another,
    "follow_year": follow_ups.another_year,
    "follow_share": follow_ups.as_share,
}
_REWORDED = ("count_filter", "average", "group_one", "sum", "superlative", "list", "top_n")
ANSWERABLE["synonym"] = lambda maker: reworded(maker, ANSWERABLE[maker.pick(_REWORDED)](maker))
UNANSWERABLE: dict[str, Make] = {
    "missing_concept": declined.missing_concept,
    "missing_value": declined.missing_value,
    "subjective": declined.subjective,
    "out_of_range": declined.out_of_range,
}
AMBIGUOUS: dict[str, Make] = {
    "two_columns": declined.two_columns,
    "two_roles": declined.two_roles,
    "undefined_measure": declined.undefined_measure,
}
# Of four questions three have an answer; a third of all wordings is borrowed, where it can be.
_SHARE_UNANSWERABLE, _SHARE_AMBIGUOUS, _SHARE_BORROWED = 0.14, 0.11, 0.34
_TRIES = 60


def questions(world: World, count: int) -> list[Question]:
    """Draw the questions of a world; the same world has the same ones."""
    rng = random.Random(f"questions {world.seed}")
    maker = Maker(world=world, rng=rng)
    rounds = [_Round(makers, world.seed) for makers in (ANSWERABLE, UNANSWERABLE, AMBIGUOUS)]
    drawn: list[Question] = []
    while len(drawn) < count:
        chance = rng.random()
        if chance < _SHARE_AMBIGUOUS:
            make = rounds[2].next()
        elif chance < _SHARE_AMBIGUOUS + _SHARE_UNANSWERABLE:
            make = rounds[1].next()
        elif chance > 1 - _SHARE_BORROWED and borrowed():
            make = refilled.draw
        else:
            make = rounds[0].next()
        question = _draw(maker, make)
        if question and all(question.text.lower() != other.text.lower() for other in drawn):
            drawn.append(question)
    return drawn


class _Round:
    """Deals out makers, each once before any comes again; every world starts elsewhere."""

    def __init__(self, makers: dict[str, Make], seed: int) -> None:
        names = list(makers)
        random.Random(len(names)).shuffle(names)
        start = seed * 15 % len(names)
        self._names = names[start:] + names[:start]
        self._makers = makers
        self._at = 0

    def next(self) -> Make:
        """Give the next maker."""
        name = self._names[self._at % len(self._names)]
        self._at += 1
        return self._makers[name]


def _draw(maker: Maker, make: Make) -> Question | None:
    for _ in range(_TRIES):
        try:
            return make(maker)
        except Unfit:
            continue
    return None
