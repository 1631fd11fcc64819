"""Windows, corrections, seasons and associations: they find what is there, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clew_tools.statistics.association import rank_correlation_by_shifts, ranks, without_swings
from clew_tools.statistics.multiplicity import benjamini_hochberg, max_t
from clew_tools.statistics.seasons import season_test, trend_test
from clew_tools.statistics.windows import (
    Amounts,
    Means,
    independent,
    scan,
    sharpest,
    stretches,
    with_season,
)

WEEKS = 46
TRIED = stretches(range(22, 31), WEEKS, 1, 16)
ALL = np.ones(WEEKS, dtype=bool)


# --- corrections -------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_adjusted_value_is_never_below_the_raw_one_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = benjamini_hochberg(ps)
    assert all(a >= p - 1e-12 for a, p in zip(adjusted, ps, strict=True))
    by_raw = [a for _, a in sorted(zip(ps, adjusted, strict=True))]
    assert by_raw == sorted(by_raw)


def test_what_was_looked_at_and_not_told_counts_too() -> None:
    assert benjamini_hochberg([0.01], tried=50) == [0.5]


def test_a_step_down_is_taken_by_rank() -> None:
    # Benjamini and Hochberg 1995, their example of 15 tests: four are below 0.05 adjusted.
    ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
          0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]  # fmt: skip
    assert sum(p <= 0.05 for p in benjamini_hochberg(ps)) == 4


def test_max_t_is_beaten_by_the_largest_of_all() -> None:
    observed = np.array([5.0, 1.0])
    found = max_t(observed, lambda chance: chance.normal(size=2), rounds=199)
    assert found[0] == pytest.approx(1 / 200)
    assert found[1] > 0.1


# --- windows -----------------------------------------------------------------------------------


def _counts(seed: int, groups: int = 8) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    season = 1 + 0.4 * np.sin(np.arange(WEEKS) / 7)
    group = chance.poisson(20 * season, size=(groups, WEEKS)).astype(float)
    others = chance.poisson(200 * season, size=(groups, WEEKS)).astype(float)
    return group, others


def _amounts(seed: int, groups: int = 8) -> Amounts:
    group, others = _counts(seed, groups)
    return Amounts(group=group, others=others)


def test_a_planted_rise_is_found_where_it_lies() -> None:
    group, others = _counts(1)
    group[3, 26:30] *= 3
    found = scan(Amounts(group=group, others=others), TRIED, ALL)
    best = found[3]
    assert best is not None and (best.first, best.last) == (26, 30)
    assert best.p < 1e-6 and 1 < best.change < 4


def test_a_season_that_all_share_is_no_departure() -> None:
    found = scan(_amounts(2), TRIED, ALL)
    assert all(stretch is None or stretch.p > 0.005 for stretch in found)


def test_only_the_way_that_was_asked_for_is_looked_at() -> None:
    group, others = _counts(3)
    group[0, 24:30] *= 3
    [first, *_] = scan(Amounts(group=group, others=others), TRIED, ALL, -1)
    assert first is None or first.z < 0


def test_chance_alone_rarely_passes() -> None:
    passed = 0
    for seed in range(40):
        found = scan(_amounts(100 + seed, groups=25), TRIED, ALL)
        adjusted = benjamini_hochberg([s.p if s else 1.0 for s in found])
        passed += any(p <= 0.005 for p in adjusted)
    assert passed <= 1


def test_overdispersed_counts_are_held_to_their_own_swings() -> None:
    chance = np.random.default_rng(4)
    passed = 0
    for _ in range(25):
        rate = 20 * chance.gamma(2.0, 0.5, size=(10, WEEKS))
        group = chance.poisson(rate).astype(float)
        found = scan(Amounts(group=group, others=np.full_like(group, 300.0)), TRIED, ALL)
        passed += any(s is not None and s.p * 10 <= 0.005 for s in found)
    assert passed <= 2


def test_a_new_value_has_an_expectation_of_nearly_nothing() -> None:
    group, others = _counts(5, groups=1)
    group[:] = 0
    group[0, 25:29] = 12
    [best] = scan(Amounts(group=group, others=others), TRIED, ALL, 1)
    assert best is not None and best.p < 1e-9 and best.expected == 0


def test_a_mean_that_shifts_is_found_and_one_that_goes_with_the_rest_is_not() -> None:
    chance = np.random.default_rng(6)
    rows = np.full((2, WEEKS), 30.0)
    common = np.sin(np.arange(WEEKS) / 5)
    mean = 4 + common + chance.normal(0, 0.2, size=(2, WEEKS))
    other = 5 + common + chance.normal(0, 0.05, size=(2, WEEKS))
    mean[0, 25:31] += 3
    data = Means(mean=mean, rows=rows, other_mean=other, other_rows=rows * 10)
    shifted, still = scan(data, TRIED, ALL)
    assert shifted is not None and (shifted.first, shifted.last) == (25, 31)
    assert shifted.excess == pytest.approx(3, abs=0.3)
    assert still is None or still.p > 0.005


def _shares(seed: int, usual: float, inside: float) -> Means:
    chance = np.random.default_rng(seed)
    rate = np.full((12, WEEKS), usual)
    rate[0, 26:28] = inside
    mean = chance.binomial(150, rate) / 150
    nothing = np.zeros_like(mean)
    return Means(
        mean=mean,
        rows=nothing + 150,
        other_mean=nothing,
        other_rows=nothing + np.inf,
        share=True,
    )


def test_a_share_that_nearly_vanishes_is_told_by_its_likelihood() -> None:
    data = _shares(12, 0.085, 0.004)
    found, plain = (scan(d, TRIED, ALL, -1)[0] for d in (data, replace(data, share=False)))
    assert found is not None and plain is not None and found.first in (25, 26)
    assert found.p < 0.002 / 12
    assert found.p < plain.p / 10  # chance itself says how far a share swings


def test_shares_that_swing_by_chance_rarely_pass() -> None:
    passed = 0
    for seed in range(60):
        found = scan(_shares(200 + seed, 0.085, 0.085), TRIED, ALL)
        passed += any(s is not None and s.p * 12 <= 0.005 for s in found)
    assert passed <= 1


def test_weeks_without_rows_say_nothing() -> None:
    rows = np.zeros((1, WEEKS))
    data = Means(mean=rows, rows=rows, other_mean=rows, other_rows=rows)
    assert scan(data, TRIED, ALL) == [None]
    assert scan(Amounts(group=rows, others=rows), TRIED, ALL) in ([None],)


def test_too_few_usual_weeks_give_no_answer() -> None:
    group, others = _counts(7, groups=1)
    few = np.arange(WEEKS) < 4
    assert scan(Amounts(group=group, others=others), TRIED, few) == [None]


def test_a_season_of_its_own_is_taken_off_by_other_years() -> None:
    season = 1 + 0.9 * np.sin(np.arange(WEEKS) / 7)
    chance = np.random.default_rng(8)
    group = chance.poisson(100 * season, size=(1, WEEKS)).astype(float)
    years = chance.poisson(200 * season, size=(1, WEEKS)).astype(float)
    others = np.full((1, WEEKS), 1000.0)
    plain = Amounts(group=group, others=others)
    seasonal = with_season(plain, Amounts(group=years, others=2 * others), ALL)
    [with_it], [without] = scan(seasonal, TRIED, ALL), scan(plain, TRIED, ALL)
    assert without is not None and with_it is not None
    assert abs(with_it.change) < 0.2 < abs(without.change)


def test_stretches_that_nearly_coincide_count_once() -> None:
    assert independent(TRIED) < len(TRIED) / 2
    assert independent([(4, 5)]) == 1


@settings(max_examples=50)
@given(st.integers(5, 20), st.integers(3, 10))
def test_the_ends_are_moved_to_where_the_evidence_lies(first: int, length: int) -> None:
    gain = -np.ones(40)
    gain[first : first + length] = 1
    assert sharpest(gain, first - 2, first + length + 1, 5) == (first, first + length)


# --- seasons, trends, association --------------------------------------------------------------


def test_a_season_of_three_years_is_seen_and_noise_is_not() -> None:
    chance = np.random.default_rng(9)
    month = np.arange(36)
    wave = 100 + 20 * np.sin(month / 12 * 2 * np.pi) + chance.normal(0, 3, 36)
    found = season_test(list(wave), 1)
    assert found is not None and found.p < 0.005 and found.strength > 0.8
    noise = season_test(list(100 + chance.normal(0, 3, 36)), 1)
    assert noise is not None and noise.p > 0.005
    assert season_test(list(wave[:20]), 1) is None


def test_a_trend_is_seen_and_a_random_walk_is_not_taken_for_one() -> None:
    chance = np.random.default_rng(10)
    line = 100 + np.arange(36) + chance.normal(0, 3, 36)
    assert trend_test(list(line)).p < 0.001
    assert trend_test(list(line)).change > 0.2
    assert trend_test([5.0] * 20).p == 1.0
    walks = [trend_test(list(np.cumsum(chance.normal(size=36)))).p < 0.005 for _ in range(60)]
    plain = [trend_test(list(chance.normal(size=36))).p < 0.005 for _ in range(60)]
    assert sum(plain) <= 2
    assert sum(walks) < 60


def test_series_that_share_only_a_trend_do_not_go_along() -> None:
    chance = np.random.default_rng(11)
    trend = np.linspace(100, 300, 120)
    one, other = (trend + chance.normal(0, 5, 120) for _ in range(2))
    found = rank_correlation_by_shifts(without_swings(one), without_swings(other))
    assert found.p > 0.005
    both = trend + 30 * chance.normal(size=120)
    tied = rank_correlation_by_shifts(without_swings(both), without_swings(both * 2 + 1))
    assert tied.p < 0.005 and tied.size > 0.9


def test_equal_values_share_a_rank() -> None:
    assert list(ranks(np.array([3.0, 1.0, 3.0]))) == [1.5, 0.0, 1.5]
