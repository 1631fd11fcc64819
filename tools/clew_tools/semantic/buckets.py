"""How a number becomes its class: the lower end of a class of one width, or the name of a class."""

from __future__ import annotations

from itertools import pairwise

from sqlglot import exp

from clew_core import query_spec as q
from clew_core.errors import RetryByModel
from clew_tools.semantic.writer import Writer, wrapped


def in_bucket(value: exp.Expr, bucket: q.Bucket, writer: Writer) -> exp.Expr:
    """Write the class of a value; null has none.

    Raises:
        RetryByModel: the classes are not told, or told twice.
    """
    if (bucket.width is None) == (not bucket.edges):
        raise RetryByModel("A bucket takes either a width or edges.")
    if bucket.width is None:
        return _named(value, bucket)
    if bucket.width <= 0:
        raise RetryByModel(f"The width of a bucket is {bucket.width!r}: give more than 0.")
    # In binary numbers on every engine: an exact decimal could fall on the other side of an end.
    place = writer.number(value)
    if bucket.origin:
        place = exp.paren(exp.Sub(this=place, expression=exp.convert(bucket.origin)))
    lower: exp.Expr = exp.Mul(
        this=exp.Floor(this=exp.Div(this=place, expression=exp.convert(float(bucket.width)))),
        expression=exp.convert(bucket.width),
    )
    if bucket.origin:
        lower = exp.Add(this=lower, expression=exp.convert(bucket.origin))
    return lower


def names(bucket: q.Bucket) -> list[str]:
    """Name the classes between edges, from the lowest on.

    >>> names(q.Bucket(edges=(18, 30.5)))
    ['under 18', '18 to 30.5', '30.5 or more']
    """
    ends = [f"{edge:.15g}" for edge in bucket.edges]
    between = [f"{low} to {high}" for low, high in pairwise(ends)]
    return [f"under {ends[0]}", *between, f"{ends[-1]} or more"]


def rank(column: exp.Expr, bucket: q.Bucket) -> exp.Expr:
    """Give the place of a class by its name: names don't sort as their numbers do."""
    places = exp.case()
    for place, name in enumerate(names(bucket)):
        same = exp.EQ(this=column.copy(), expression=exp.Literal.string(name))
        places = places.when(same, exp.convert(place))
    return places


def _named(value: exp.Expr, bucket: q.Bucket) -> exp.Expr:
    if any(low >= high for low, high in pairwise(bucket.edges)):
        raise RetryByModel(f"The edges {list(bucket.edges)} of a bucket do not ascend.")
    classes = exp.case()
    said = names(bucket)
    for edge, name in zip(bucket.edges, said, strict=False):
        below = exp.LT(this=wrapped(value.copy()), expression=exp.convert(edge))
        classes = classes.when(below, exp.Literal.string(name))
    last = exp.GTE(this=wrapped(value.copy()), expression=exp.convert(bucket.edges[-1]))
    return classes.when(last, exp.Literal.string(said[-1]))
