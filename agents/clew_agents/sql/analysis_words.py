"""Which words of a question ask for an analysis: shares, growth, running totals, comparisons.

``lexicon.py`` adds these phrases to its own. ``T``: along time, ``%``: part of a whole, ``I``:
compared with.
"""

from __future__ import annotations

_UNITS = ("year", "quarter", "month", "week", "day")


def _said(tag: str, value: str, phrases: str) -> dict[tuple[str, ...], tuple[str, str]]:
    return {
        tuple(phrase.split()): (tag, value)
        for phrase in map(str.strip, phrases.split(","))
        if phrase
    }


def _earlier() -> dict[tuple[str, ...], tuple[str, str]]:
    """Make "the same month a year earlier" and "the month before" for each unit."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    tails = (
        "last year, a year earlier, a year before, one year earlier, one year before, "
        "the year before, the previous year, the prior year, of the previous year, "
        "of the year before, in the previous year, in the year before, of last year, in last year, "
        "of the prior year, in the prior year, the year earlier"
    )
    for unit in (*_UNITS, "period"):
        for tail in tails.split(","):
            for head in ("the same", "same"):
                found |= _said("T", "last year", f"{head} {unit} {tail.strip()}")
        value = f"back {unit}"
        found |= _said("T", value, f"the {unit} before, the {unit} earlier, the preceding {unit}")
        found |= _said("T", value, f"a {unit} earlier, a {unit} before, one {unit} earlier")
        found |= _said("T", value, f"one {unit} before, from one {unit} to the next")
        found |= _said("T", value, f"previous {unit}, prior {unit}, preceding {unit}")
        ahead = f"ahead {unit}"
        found |= _said("T", ahead, f"the {unit} after, the following {unit}, the {unit} thereafter")
        found |= _said("T", ahead, f"a {unit} later, one {unit} later, the {unit} after that")
        for joint in ("over", "on", "to", "by"):
            if (unit, joint) != ("day", "to") and unit != "period":
                found |= _said("T", f"each {unit}", f"{unit} {joint} {unit}")
    found |= _said("T", "last year", "a year ago, one year ago, in the year before")
    return found


ANALYSIS: dict[tuple[str, ...], tuple[str, str]] = {
    **_said("%", "", "share, shares, share of, shares of, percentage, percentages, percentage of, "
            "percent, percent of, per cent, per cent of, proportion, proportion of, fraction, "
            "fraction of, %, % of, portion of, percentage share, percentage share of, "
            "relative share, pct of, in percent, in percent of, in percentages, as percentages, "
            "as a percentage, as percentage, as shares, as a share, as a share of, in per cent, "
            "as a percentage of, as percentages of, as percent"),
    **_said("G", "", "for every combination of, for each combination of, per combination of, "
            "by combination of, for different, for the different, across different, "
            "across the different, for all the different, distributed over, "
            "distributed across, distributed among, distributed by, "
            "spread over, spread across"),
    **_said("T", "growth", "growth, growth rate, growth rates, growth of, growth in, grow, grew, "
            "grown, growing, rate of growth, rate of change, percentage change, percent change, "
            "relative change, percentage growth, percent growth, % change, % growth, "
            "change in percent, fastest growing, percentage increase, relative growth"),
    **_said("T", "change", "change, changed, changes, change in, change of, changes in, "
            "difference, differences, difference in, absolute change, evolve, evolved"),
    **_said("T", "rise", "increase, increased, increases, increase in, increase of, rise, rose, "
            "risen, rise in, rise of, jump, jumped, jump in, absolute increase, absolute growth"),
    **_said("T", "drop", "decrease, decreased, decreases, decrease in, decline, declined, "
            "decline in, decline of, fall, fell, fallen, fall in, fall of, drop, dropped, drop in, "
            "drop of, dip, dipped, dip in, shrink, shrank, shrunk, decrease of"),
    **_said("T", "running", "running total, running totals, running sum, running count, "
            "cumulative, cumulative total, cumulative sum, cumulative number, cumulated, "
            "accumulated, accumulated total, cumulatively, running total of the number, "
            "cumulative count"),
    **_said("T", "rolling", "rolling average, rolling averages, moving average, moving averages, "
            "rolling mean, moving mean, rolling avg, moving avg, smoothed, rolling, trailing "
            "average, trailing mean"),
    **_said("T", "rolling sum", "rolling sum, moving sum, rolling total, moving total, "
            "trailing total, trailing sum"),
    **_said("T", "each year", "yoy, y o y, annual growth, yearly growth"),
    **_said("T", "each month", "mom, m o m, monthly growth, monthly change"),
    **_said("T", "each quarter", "qoq, q o q, quarterly growth, quarterly change"),
    **_said("T", "each week", "wow, weekly growth, weekly change"),
    **_earlier(),
    **_said("I", "", "vs, versus, compared with, compared to, as compared to, as compared with, "
            "compare, comparing, comparison of, comparison, against, relative to, "
            "in comparison with, in comparison to, set against"),
    **_said("T", "change", "higher or lower, more or less, larger or smaller, greater or less"),
    **_said("&", "up", "reports to, report to, direct reports of, direct reports to, "
            "reporting to, reported to, is managed by, "
            "are managed by, managed by, supervised by, is supervised by, works under, work under"),
    **_said("&", "weekend", "on weekends, at weekends, at the weekend, on the weekend, "
            "on a weekend, during weekends, on weekend days"),
    **_said("J", "and", "together with, along with"),
    **_said("Q", "", "which one"),
    **_said("/", "", "ratio of, ratio between, ratio"),
    **_said("C", "!=", "outside of, outside, anywhere but in"),
    **_said("%", "", "express it as a percentage of, express it as a percentage, "
            "express it as a share of, express them as percentages of, "
            "express that as a percentage of, expressed as a percentage of"),
    **_said("M", "", "by how much, by how many, by what, by what percentage, by what percent"),
    **_said("S", "max paid", "highest paid, best paid, highest earning, the highest paid"),
    **_said("S", "min paid", "lowest paid, worst paid, least paid, lowest earning, "
            "the lowest paid"),
    **_said("S", "max common", "most common, most frequent, commonest, most popular, most often, "
            "the most common, the most frequent, the most popular, most frequently occurring"),
    **_said("S", "min common", "least common, least frequent, least popular, rarest, "
            "the least common, the least frequent, the least popular"),
    **_said("K", "max", "best selling, top selling, bestselling, most selling"),
    **_said("X", "null", "missing, empty, unknown, null, blank, not given, not known, unspecified, "
            "not specified, is null, not filled"),
    **_said("X", "yet", "not yet, not been, yet to be, is not yet, are not yet, "
            "was not yet, were not yet, has not yet been, have not yet been, have not been, "
            "has not been, still not, still to be, never been"),
    **_said("U", "", "a single, anything, any single, even one, even a single"),
    **_said(".", "", "but, too, yet, though, build up, built up, builds up, show it, show them, "
            "show that, split the, restrict that, restrict it, limit that, limit it, "
            "smooth the, narrow it, narrow that, to those, lie, lies, group it, "
            "group them, group that, "
            "list it, do it, make it, give it, "
            "the same thing"),
    **_said(".", "", "through, via, break that down, break it down, break this down, "
            "break them down, break down, split that, split it, split this, splitted, "
            "split them, show me, account for, accounts for, accounted for, make up, makes up, "
            "made up, contribute, contributes, contributed to, contribute to, stem, stems, "
            "stemmed, on it, overall trend"),
}  # fmt: skip
