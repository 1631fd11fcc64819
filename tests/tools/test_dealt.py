"""Are rows that were dealt over the weeks by chance told as changes no more often than is said?"""

from collections.abc import Sequence

import numpy as np
import pytest

from clew_tools.statistics.dealt import deal_amounts
from clew_tools.statistics.windows import Amounts, Means, Stretch, scan, stretches

WEEKS = 46
TRIED = [(a, b) for a, b in stretches(range(22, 31), WEEKS, 1, 16) if b > 26]
ALL = np.ones(WEEKS, dtype=bool)


def _part_told(found: Sequence[Stretch | None], level: float) -> float:
    return float(np.mean([s is not None and s.p <= level for s in found]))


def _profile(burst: bool) -> np.ndarray:
    weeks = np.ones(WEEKS)
    if burst:
        weeks[26:30] = 2.3  # what happened to all is no change of one
    return weeks


@pytest.mark.parametrize("burst", [False, True])
@pytest.mark.parametrize(("each", "part"), [(15, 0.13), (15, 0.4), (150, 0.02)])
def test_few_counts_that_were_dealt_are_told_no_more_often_than_said(
    each: int, part: float, burst: bool
) -> None:
    chance = np.random.default_rng(1)
    total = (each * _profile(burst)).astype(int)
    mine = int(total.sum() * part)
    group = chance.multivariate_hypergeometric(total, mine, size=4_000).astype(float)
    found = scan(Amounts(group=group, others=total - group), TRIED, ALL)
    assert _part_told(found, 0.001) <= 0.001


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize(("each", "part"), [(60, 0.02), (60, 0.13), (400, 0.02)])
def test_means_of_skewed_rows_are_told_no_more_often_than_said(
    each: int, part: float, share: bool
) -> None:
    chance = np.random.default_rng(2)
    total = np.full(WEEKS, each)
    week = np.repeat(np.arange(WEEKS), each)
    values = chance.lognormal(1, 1.5, len(week))
    if share:
        values = (chance.random(len(week)) < 0.03).astype(float)
    groups, mine = 400, int(len(week) * part)
    sums, rows, spread = np.zeros((groups, WEEKS)), np.zeros((groups, WEEKS)), np.zeros(groups)
    for at in range(groups):
        chosen = chance.choice(len(week), mine, replace=False)
        sums[at] = np.bincount(week[chosen], values[chosen], WEEKS)
        rows[at] = np.bincount(week[chosen], minlength=WEEKS)
        spread[at] = values[chosen].var()
    rest = np.bincount(week, values, WEEKS) - sums
    data = Means(
        mean=np.divide(sums, rows, out=np.zeros_like(sums), where=rows > 0),
        rows=rows,
        other_mean=rest / (total - rows),
        other_rows=total - rows,
        share=share,
        row_spread=spread,
    )
    assert _part_told(scan(data, TRIED, ALL), 0.002) <= 0.01


def test_rows_that_come_in_bundles_count_as_their_bundles() -> None:
    group = np.zeros((1, WEEKS))
    group[0, 27] = 60.0  # one day on which a thing came into being, and its sixty rows
    others = np.full((1, WEEKS), 100.0)
    [single] = scan(Amounts(group=group, others=others), TRIED, ALL, 1)
    [bundle] = scan(Amounts(group=group, others=others, least=np.array([60.0])), TRIED, ALL, 1)
    assert single is not None and single.p < 1e-6
    assert bundle is not None and bundle.p > 0.05


def test_means_that_may_be_negative_are_judged_by_their_spread() -> None:
    chance = np.random.default_rng(3)
    rows = np.full((200, WEEKS), 3.0)
    mean = 5 + chance.normal(0, 400, size=(200, WEEKS))
    data = Means(
        mean=mean,
        rows=rows,
        other_mean=np.full_like(mean, 5.0),
        other_rows=rows * 100,
        row_spread=np.full(200, 3 * 400.0**2),
    )
    assert _part_told(scan(data, TRIED, ALL), 0.002) == 0


def test_the_chance_is_that_of_a_deal() -> None:
    """Of 10 of a group and 90 others 20 fall inside: 8 of the group is hypergeometric."""
    from math import comb

    exact = sum(comb(10, k) * comb(90, 20 - k) for k in range(8, 11)) / comb(100, 20)
    one, ten = np.array([1.0]), np.array([8.0])
    dealt = deal_amounts(ten, np.array([2.0]), np.array([12.0]), np.array([78.0]), 0 * one, one)
    assert dealt.tail(0, True) == pytest.approx(exact, rel=0.5)
