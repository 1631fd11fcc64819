"""Which words of a question are no names but say what is done: count, top, per, over.

Each phrase has one tag. Tags are single letters, so that a tagged question can be read at a
glance (and in a test): see ``TAGS``.
"""

from __future__ import annotations

from dataclasses import dataclass

from clew_agents.sql.analysis_words import ANALYSIS
from clew_agents.sql.chart_words import CHARTS
from clew_agents.sql.neutral_verbs import VERBS
from clew_agents.sql.order_words import ORDERS

TAGS = {
    "A": "aggregate: average, total",
    "N": "count: how many, number of",
    "D": "distinct: different, unique",
    "S": "superlative: highest, most",
    "M": "how much, how large: says nothing alone",
    "Z": "comparator after its number: or more, or later",
    "W": "replaces: instead, rather than",
    "K": "how many of them: top, first",
    "^": "order: sorted by, descending",
    "G": "group: per, by, for each",
    "R": "grain of time: month, yearly",
    "C": "comparator: over, at least",
    "B": "between, from … to",
    "E": "equals: is, =",
    "X": "negation: not, without",
    "J": "joins parts: and, or",
    "L": "listing: list, show",
    "Q": "which, what, who",
    "O": "rows: rows, records",
    "U": "universal: all, across",
    "H": "chart: line chart",
    "Y": "unsupported: why, forecast",
    "T": "along time: growth, running total, year over year",
    "%": "part of a whole: share of, percentage",
    "&": "who reports to whom, and weekends",
    "/": "ratio of one number to another",
    "I": "against: compared with, versus",
    "~": "part of a text: starts with, contains the word",
    ".": "filler: the, of, please",
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a phrase means: its tag, and a value where the tag needs one."""

    tag: str
    value: str = ""


def _rows(tag: str, value: str, phrases: str) -> dict[tuple[str, ...], Entry]:
    return {
        tuple(phrase.replace("'", " ").split()): Entry(tag=tag, value=value)  # as tokens are cut
        for phrase in map(str.strip, phrases.split(","))
        if phrase
    }


def _all_rows(tag: str, phrases: dict[str, str]) -> dict[tuple[str, ...], Entry]:
    return {
        key: entry
        for value, said in phrases.items()
        for key, entry in _rows(tag, value, said).items()
    }


PHRASES: dict[tuple[str, ...], Entry] = {
    **{phrase: Entry(tag=tag, value=value) for phrase, (tag, value) in ANALYSIS.items()},
    **_rows("A", "avg", "average, averages, avg, mean, averaged, on average, typical, averaging"),
    **_rows("A", "sum", "total, totals, sum, sums, in total, add up, sum up, summed, totalled, "
            "totaled, altogether, overall, combined, in all, sum total, total up, all together"),
    **_rows("A", "median", "median"),
    **_rows("N", "", "how many, number of, count of, count, counts, counting, the number of, "
            "numbers of, no of, give me the count of, count of all, "
            "tally of, the count of, the total count of, how many times, how often, counted, "
            "amount of rows"),
    **_rows("M", "", "how much, how large, how big, how high, how low, how long, how old"),
    **_rows("D", "", "different, distinct, unique, separate"),
    **_rows("S", "max",
            "highest, largest, biggest, greatest, maximum, max, most, maximal, top most,"
            " topmost, the most, at most expensive, leading"),
    **_rows("S", "min",
            "lowest, smallest, least, fewest, minimum, min, minimal, littlest, the least,"
            " the fewest"),
    **_rows("S", "max long", "longest, lengthiest"),
    **_rows("S", "min short", "shortest, briefest"),
    **_rows("S", "max expensive", "most expensive, the most expensive, priciest, "
            "dearest, costliest, most costly, the most costly"),
    **_rows("S", "min cheap", "cheapest, least expensive, the least expensive"),
    **_rows("S", "min old", "oldest, eldest"),
    **_rows("S", "max young", "youngest"),
    **_rows("S", "max heavy", "heaviest"),
    **_rows("S", "min light", "lightest"),
    **_rows("S", "max tall", "tallest"),
    **_rows("S", "max fast", "fastest"),
    **_rows("S", "min slow", "slowest"),
    **_rows("S", "min flat", "flattest"),
    **_rows("S", "max rich", "richest, wealthiest"),
    **_rows("S", "min poor", "poorest"),
    **_rows("S", "max populous", "most populous, most populated, the most populous, "
            "the most populated"),
    **_rows("S", "min populous", "least populous, least populated, the least populous, "
            "the least populated"),
    **_rows("S", "max hot", "hottest, warmest"),
    **_rows("S", "min cold", "coldest"),
    **_rows("S", "max date", "latest, newest, most recent, the most recent"),
    **_rows("S", "min date", "earliest"),
    **_rows("K", "max", "top, first, leading"),
    **_rows("K", "min", "bottom"),
    **_rows("K", "rank", "rank, ranking, ranked"),
    **_all_rows("^", ORDERS),
    **_rows("G", "", "per, by, for each, for every, each, every, in each, in every, on each, "
            "grouped by, group by, broken down by, split by, within each, of each, of every, "
            "from each, from every, at each, by each, by every, across each, according to, "
            "depending on, on every, with each, in terms of, for different, for the different, "
            "across different, across the different, by different, in different, "
            "for the various, for various, for every single, for all different"),
    **_rows("R", "year", "year, years, yearly, annual, annually"),
    **_rows("R", "quarter", "quarter, quarters, quarterly"),
    **_rows("R", "month", "month, months, monthly"),
    **_rows("R", "week", "week, weeks, weekly"),
    **_rows("R", "day", "day, days, daily"),
    **_rows("R", "hour", "hour, hours, hourly"),
    **_rows("R", "day_of_week", "day of the week, days of the week, day of week, weekday"),
    **_rows("R", "month_of_year", "month of the year, calendar month"),
    **_rows("R", "hour_of_day", "hour of the day, hour of day"),
    **_rows("C", ">",
            "over, above, more than, greater than, larger than, higher than, bigger than, "
            "exceeding, exceeds, exceed, exceeded, longer than, >, beyond, in excess of, "
            "older than, upwards of"),
    **_rows("C", "<",
            "under, below, less than, fewer than, smaller than, lower than, shorter than, "
            "<, cheaper than"),
    **_rows("C", ">=", "at least, no less than, not less than, minimum of, >=, or more than, "
            "no fewer than"),
    **_rows("C", "<=", "at most, no more than, not more than, up to, maximum of, <=, not over"),
    **_rows("C", "after", "after, later than"),
    **_rows("C", "before", "before, earlier than, prior to"),
    **_rows("C", "since", "since, starting in, starting from, from the year, since the beginning "
            "of, since the start of, from the beginning of, from the start of, as of"),
    **_rows("C", "until", "until, till, through to"),
    **_rows("C", "!=", "!=, <>, other than, except, except for, excluding, apart from, but not, "
            "different from, not equal to, is not, are not, isn't, was not, were not, "
            "not in, not from"),
    **_rows("Z", "or later",
            "or later, onwards, onward, and later, and after, or after, and onwards"),
    **_rows("Z", "or earlier", "or earlier, and earlier, or before, and before"),
    **_rows("Z", "or more", "or more, and more, and above, or above, or higher, and over"),
    **_rows("Z", "or less", "or less, and less, and below, or below, or lower, or fewer"),
    **_rows("B", "", "between, in the range, in the range of, in the range from, ranging from, "
            "ranges from, ranges between, range from, "
            "in a range of"),
    **_rows("E", "", "is, are, was, were, equals, equal to, =, being, be, called, named, equal"),
    **_rows("X", "",
            "not, without, no, never, none, nor, neither, nobody, lacking, don't, doesn't, "
            "didn't, don, doesn, didn, isn, aren, wasn, weren, hasn, haven"),
    **_rows("J", "and", "and, as well as, plus, both"),
    **_rows("J", "or", "or, either"),
    **_rows("L", "", "list, show, display, give, name, enumerate, print, find, get, return, tell"),
    **_rows("Q", "", "which one, which ones, which, what, whats, who, whose, where"),
    **_rows("O", "",
            "rows, row, records, record, entries, observations, lines of data, data points"),
    **_rows("U", "",
            "all, all the, all of, all of the, across, across all, over all, of all, among, "
            "among all, for all, in all of, throughout, amongst, across all the, of all the, "
            "over all of, from all, for all the, any, of any, over all the, among all the"),
    **_rows(".", "", "sort the result, sort the results, sort the list, sort them, order the "
            "result, order the results, order them, sort the list of all, sort the list of, "
            "list the result, list the results, show the result, show the results, "
            "i'd, i'm, i've, i'll, we'd, we've, we'll, we're, there's, that's, it's, who's, "
            "i'd like to know, i would like to know, i want to know, tell me, along with, "
            "together with, the corresponding, their corresponding, each of the, of them, "
            "the combination of, every combination of, combination of, combinations of"),
    **_all_rows("H", CHARTS),
    **_rows("W", "", "instead, rather than, instead of, rather"),
    **_rows("Y", "cause", "why, how come, reason, reasons, because, cause, causes, caused"),
    **_rows("Y", "forecast", "forecast, predict, prediction, projected, projection, will, "
            "going to, next year, next month, next quarter, next week, tomorrow, expect"),
    **_rows(".", "", "the, a, an, of, in, on, for, to, from, at, with, that, those, these, this, "
            "there, do, does, did, has, have, had, having, it, its, their, our, we, us, i, me, my, "
            "you, your, they, them, please, can, could, would, should, may, might, so, just, also, "
            "as, if, then, want, need, know, like, let, how, s, re, ve, ll, d, t, am, been, "
            "data, dataset, data set, table, database, value, values, file, set, "
            "year's, thing, now, hello, hi, hey, thanks, thank, out, up, many, "
            "into, during, when, see, look, looking, exactly, exclusively, solely, about, whole, "
            "ever, make, made, "
            "what is, what was, what are, what were, what's, only, same, thing please, "
            "on record, question, across the, entire, respective, corresponding, following, "
            "various, compute, calculate, determine, report, provide, figure, figures, "
            "one by one, ones, who has, who have, he, she, his, her, some, made by"),
    **_rows("S", "max common",
            "most common, the most common, most frequent, the most frequent, most popular, "
            "the most popular, commonest, the commonest, most frequently used, busiest, "
            "the busiest, "
            "the most frequently used, most used, the most used"),
    **_rows("S", "min common",
            "least common, the least common, least frequent, the least frequent, least popular, "
            "the least popular, rarest, the rarest, least used, the least used, quietest, "
            "the quietest"),
    **_rows(".", "verb", VERBS),
    **_rows("~", "starts", "starts with, starting with, start with, started with, begins with, "
            "beginning with, begin with, starts from, starts with the letter, starting from, "
            "starting with the letter, starting with letter, start with the letter, "
            "beginning with the letter, begins with the letter, begin with the letter, "
            "starts with letter, start with letter, with the prefix, has the prefix"),
    **_rows("~", "ends", "ends with, ending with, end with, ends in, ending in, end in, "
            "ends with the letter, ending with the letter, end with the letter, ends on"),
    **_rows("~", "contains", ", ".join(
        f"{verb} {noun}"
        for verb in ("contains", "containing", "contain", "includes", "include", "has", "have",
                     "with", "including", "having")
        for noun in ("the substring", "the word", "the letter", "the letters", "the string",
                     "the text", "the phrase", "substring", "word", "letter", "the words"))),
}  # fmt: skip
LONGEST = max(map(len, PHRASES))

# A request that begins with one of these would change data. As nouns ("updates per day") they
# are no requests: only the first word of a clause counts.
CHANGES = frozenset(
    "delete drop remove update insert truncate alter erase overwrite rename destroy purge wipe "
    "modify replace edit add append create write upload grant revoke merge upsert set change "
    "vacuum attach copy load import".split()
)
# Words that may stand before the verb of a request.
POLITE = frozenset(
    "please can could would will you kindly now just go ahead and then i want need to us let s "
    "ok okay hi hello hey first also clew do".split()
)

MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
         "august aug", "september sep sept", "october oct", "november nov", "december dec"), 1
    )
    for name in names.split()
}  # fmt: skip

FOLLOW_UP_CUES: tuple[tuple[str, ...], ...] = tuple(
    tuple(cue.split())
    for cue in (
        "and", "what about", "how about", "same", "the same", "now", "but", "only", "instead",
        "then", "also", "or", "keep only", "keep just", "restrict", "limit it", "limit that",
        "limit this", "show it", "show that", "show this", "break it down", "break that down",
        "split it", "group it", "do the same", "now do the same", "again", "as a", "just",
    )
)  # fmt: skip
