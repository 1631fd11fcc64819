"""How likely is so large a value by chance: tails of the normal, Student, binomial, Poisson.

Written out, because the base install has NumPy and no SciPy. Checked against closed forms and
plain sums in the tests; good to 1e-9 of the value in the range that tests of findings use.

Source: Abramowitz and Stegun 1964, 6.5 (incomplete gamma) and 26.5 (incomplete beta); continued
fractions by Lentz's method.
"""

from __future__ import annotations

import math
from statistics import NormalDist

_TINY = 1e-300
_MOST_STEPS = 2000
# Beyond this shape the normal approximation of Wilson and Hilferty is as good and never long.
_LARGE_SHAPE = 1e5


def normal_tail(z: float) -> float:
    """Give the chance of a standard normal value above z.

    >>> round(normal_tail(1.959964), 4)
    0.025
    """
    return 0.5 * math.erfc(z / math.sqrt(2))


def student_tail(t: float, freedom: float) -> float:
    """Give the chance of a Student value above t.

    Args:
        t: the statistic.
        freedom: degrees of freedom, at least 1.

    >>> round(student_tail(1.0, 1), 4)
    0.25
    """
    if math.isnan(t):
        return 1.0
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    half = 0.5 * _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))
    return half if t > 0 else 1 - half


def gamma_below(shape: float, x: float) -> float:
    """Give the chance of a gamma value (scale 1) below x: the regularised lower function."""
    return 1 - gamma_above(shape, x) if x > shape else _gamma_below(shape, x)


def gamma_above(shape: float, x: float) -> float:
    """Give the chance of a gamma value (scale 1) above x: the regularised upper function."""
    if x <= 0:
        return 1.0
    if x > _LARGE_SHAPE or shape > _LARGE_SHAPE:
        return normal_tail(_wilson_hilferty(shape, x))
    if x < shape + 1:
        return 1 - _gamma_series(shape, x)
    return _gamma_fraction(shape, x)


def _gamma_below(shape: float, x: float) -> float:
    if x <= 0:
        return 0.0
    if shape > _LARGE_SHAPE:
        return normal_tail(-_wilson_hilferty(shape, x))
    return _gamma_series(shape, x)


def poisson_at_least(count: float, mean: float) -> float:
    """Give the chance of count or more where mean are expected; count may be no whole number.

    >>> round(poisson_at_least(3, 1.0), 4)
    0.0803
    """
    return 1.0 if count <= 0 else gamma_below(count, mean)


def poisson_at_most(count: float, mean: float) -> float:
    """Give the chance of count or fewer where mean are expected; count may be no whole number."""
    return gamma_above(count + 1, mean)


def binomial_at_least(hits: float, trials: float, part: float) -> float:
    """Give the chance of so many hits or more; hits and trials may be no whole numbers.

    >>> round(binomial_at_least(2, 3, 0.5), 4)
    0.5
    """
    if hits <= 0:
        return 1.0
    return _beta_below(hits, max(0.0, trials - hits) + 1, part)


def binomial_at_most(hits: float, trials: float, part: float) -> float:
    """Give the chance of so many hits or fewer; hits and trials may be no whole numbers."""
    return binomial_at_least(trials - hits, trials, 1 - part)


def _beta_below(a: float, b: float, x: float) -> float:
    return 1.0 if x >= 1 else _incomplete_beta(a, b, x)


def normal_point(tail: float) -> float:
    """Give the value above which a standard normal value lies with this chance.

    >>> round(normal_point(0.025), 4)
    1.96
    """
    return -NormalDist().inv_cdf(min(max(tail, _TINY), 1 - 1e-16))


def _wilson_hilferty(shape: float, x: float) -> float:
    return (math.pow(x / shape, 1 / 3) - (1 - 1 / (9 * shape))) * math.sqrt(9 * shape)


def _gamma_series(shape: float, x: float) -> float:
    term = total = 1 / shape
    for step in range(1, _MOST_STEPS):
        term *= x / (shape + step)
        total += term
        if term < total * 1e-15:
            break
    return min(1.0, total * math.exp(shape * math.log(x) - x - math.lgamma(shape)))


def _gamma_fraction(shape: float, x: float) -> float:
    b = x + 1 - shape
    c, d = 1 / _TINY, 1 / b
    value = d
    for step in range(1, _MOST_STEPS):
        a = -step * (step - shape)
        b += 2
        d = 1 / (_or_tiny(a * d + b))
        c = _or_tiny(b + a / c)
        value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return min(1.0, value * math.exp(shape * math.log(x) - x - math.lgamma(shape)))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _or_tiny(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / _or_tiny(1 + even * d)
        c = _or_tiny(1 + even / c)
        value *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / _or_tiny(1 + odd * d)
        c = _or_tiny(1 + odd / c)
        value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return value


def _or_tiny(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
