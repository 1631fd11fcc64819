"""Tails against closed forms and plain sums."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from clew_tools.statistics.tails import (
    gamma_above,
    gamma_below,
    normal_tail,
    poisson_at_least,
    poisson_at_most,
    student_tail,
)


@pytest.mark.parametrize("t", [0.1, 1.0, 3.0, 12.0, 80.0])
def test_student_with_one_and_two_degrees_has_its_closed_form(t: float) -> None:
    assert student_tail(t, 1) == pytest.approx(0.5 - math.atan(t) / math.pi, rel=1e-9)
    two = 0.5 * (1 - t / math.sqrt(2 + t * t))
    assert student_tail(t, 2) == pytest.approx(two, rel=1e-7)
    assert student_tail(-t, 2) == pytest.approx(1 - two, rel=1e-9)


def test_student_with_many_degrees_is_the_normal() -> None:
    assert student_tail(4.0, 1e7) == pytest.approx(normal_tail(4.0), rel=1e-4)


def _sum(count: int, mean: Fraction) -> float:
    """Add up the Poisson chances of fewer than count, exactly but for e."""
    total, term = Fraction(0), Fraction(1)
    for k in range(count):
        total += term
        term = term * mean / (k + 1)
    return float(total) * math.exp(-float(mean))


@pytest.mark.parametrize(
    ("count", "mean"), [(1, 0.01), (3, 1.0), (20, 4.5), (5, 20.0), (130, 100.0), (90, 100.0)]
)
def test_poisson_agrees_with_the_sum_of_its_terms(count: int, mean: float) -> None:
    below = _sum(count, Fraction(mean))
    assert poisson_at_most(count - 1, mean) == pytest.approx(below, rel=1e-8)
    if 1 - below > 1e-6:
        assert poisson_at_least(count, mean) == pytest.approx(1 - below, rel=1e-6)


def test_far_tails_do_not_vanish() -> None:
    # P(X >= 40) with mean 2: the first term and what follows it, by hand.
    first = math.exp(-2 + 40 * math.log(2) - math.lgamma(41))
    assert first < poisson_at_least(40, 2.0) < first * 1.06
    assert 0 < student_tail(40, 30) < 1e-20


@pytest.mark.parametrize(("shape", "x"), [(0.5, 0.2), (3.0, 2.0), (3.0, 9.0), (200.0, 180.0)])
def test_both_gamma_tails_make_one(shape: float, x: float) -> None:
    assert gamma_below(shape, x) + gamma_above(shape, x) == pytest.approx(1.0, abs=1e-12)


def test_large_shapes_go_over_smoothly() -> None:
    assert gamma_above(99_999, 100_500) == pytest.approx(gamma_above(100_001, 100_502), rel=0.02)


def test_what_is_no_number_is_no_evidence() -> None:
    assert student_tail(math.nan, 5) == 1.0
    assert student_tail(math.inf, 5) == 0.0
    assert poisson_at_least(0, 3.0) == 1.0
    assert gamma_above(2.0, 0.0) == 1.0
