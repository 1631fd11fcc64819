"""Which ways of asking are in a public set? Its questions with their own words taken out.

Spider's train questions are read where ``CLEW_BENCH_DATA`` names their folder; nothing of them is
kept. A question's gold query says what it asks for; where each table, column and value of the
query stands in the question exactly once, they become slots, and what is left must be words that
many other databases' questions have too.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

# What a query of one table may look like, spaces made single. Groups are named by their slots.
_WHERE = r"where (?P<f>\w+) (?P<op>=|!=|>|<|>=|<=) (?P<v>'[^']*'|\d+(?:\.\d+)?)"
_SHAPES = {
    "count": r"select count\(\*\) from (?P<t>\w+)",
    "count_filter": rf"select count\(\*\) from (?P<t>\w+) {_WHERE}",
    "aggregate": r"select (?P<agg>avg|sum|max|min)\((?P<m>\w+)\) from (?P<t>\w+)",
    "aggregate_filter": rf"select (?P<agg>avg|sum|max|min)\((?P<m>\w+)\) from (?P<t>\w+) {_WHERE}",
    "list_filter": rf"select (?P<n>\w+) from (?P<t>\w+) {_WHERE}",
    "list_column": rf"select (?P<m>\w+) from (?P<t>\w+) {_WHERE}",
    "list_two": r"select (?P<m>\w+) , (?P<k>\w+) from (?P<t>\w+)",
    "sorted": r"select (?P<n>\w+) from (?P<t>\w+) order by (?P<m>\w+)(?: (?P<way>asc|desc))?",
    "superlative": r"select (?P<n>\w+) from (?P<t>\w+) order by (?P<m>\w+)"
    r"(?: (?P<way>asc|desc))? limit 1",
    "top": r"select (?P<n>\w+) from (?P<t>\w+) order by (?P<m>\w+) (?P<way>desc) "
    r"limit (?P<c>[2-9])",
    "group_count": r"select (?P<g>\w+) , count\(\*\) from (?P<t>\w+) group by (?P=g)",
    "group_average": r"select (?P<g>\w+) , (?P<agg>avg|sum)\((?P<m>\w+)\) from (?P<t>\w+) "
    r"group by (?P=g)",
    "average_group": r"select (?P<agg>avg|sum)\((?P<m>\w+)\) , (?P<g>\w+) from (?P<t>\w+) "
    r"group by (?P=g)",
    "most_common": r"select (?P<g>\w+) from (?P<t>\w+) group by (?P=g) "
    r"order by count\(\*\) desc limit 1",
    "having": r"select (?P<g>\w+) from (?P<t>\w+) group by (?P=g) "
    r"having count\(\*\) (?P<op>>|>=) (?P<v>\d+)",
    "above": r"select (?P<n>\w+) from (?P<t>\w+) where (?P<m>\w+) > "
    r"\( ?select avg\((?P=m)\) from (?P=t) ?\)",
    "distinct": r"select count\( ?distinct (?P<g>\w+) ?\) from (?P<t>\w+)",
    "none": r"select (?P<n>\w+) from (?P<t>\w+) where \w+ not in "
    r"\( ?select \w+ from (?P<u>\w+) ?\)",
}
_NUMBERS = dict(enumerate("zero one two three four five six seven eight nine ten".split()))
_COMMON = 10
# What may be left of a question: words that ask. Any other says something about its database.
_ASKING = set(
    """a above across all along altogether among an and any are ascending at average be been below
    bigger by can common compute corresponding count descending did different display distinct do
    does each equal every exist find for frequent from give greater greatest had has have having
    higher highest how in is it larger largest least less list located lower lowest many max maximum
    me mean min minimum more most much name names never no not number of on or order ordered over
    overall per please return show smaller smallest sorted sum tell than that the their there they
    to together total unique up us was we were what which who whose with without""".split()
)
# Some gold queries say another thing than their question: one of these words must be in it.
_SAID = {
    ("agg", "avg"): "average|mean",
    ("agg", "sum"): "total|sum",
    ("agg", "max"): "highest|largest|greatest|maximum|max",
    ("agg", "min"): "lowest|smallest|least|minimum|min",
    ("op", ">"): "more than|(greater|higher|larger|bigger) than|above|over",
    ("op", "<"): "less than|(lower|smaller) than|below",
    ("op", ">="): "at least|or more",
    ("op", "<="): "at most|or less",
    ("op", "!="): "not|without",
    ("way", "desc"): "descending|highest|largest|greatest|maximum|most",
    ("way", "asc"): "ascending|lowest|smallest|least|minimum",
}
# Ways of asking that only their own database makes clear.
_ODD = {
    "none": r"are not",
    "superlative": r"\{ts\} (with|that|ha)",
    "most_common": r"\{gs\}",
    "aggregate": r"\{m\} number",
    "distinct": r"^(?!.*(distinct|different|unique))",
}
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Borrowed:
    """A way of asking.

    Attributes:
        shape: of the query, a key of ``_SHAPES``.
        text: with slots: {t}, {ts} for a table in the singular and plural, {m}, {ms} …
        facts: what the query says beside its slots: ``agg``, ``op``, ``way``.
    """

    shape: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()

    def fact(self, name: str) -> str:
        """Give what the query says; empty where it says nothing."""
        return dict(self.facts).get(name, "")

    def fill(self, **words: str) -> str:
        """Put words into the slots: each has the singular and, behind a bar, the plural."""

        def put(found: re.Match[str]) -> str:
            slot, several = found[1], False
            if slot not in words:
                slot, several = slot[:-1], True
            one, _, more = words[slot].partition("|")
            return more if several and more else one

        return _SLOT.sub(put, self.text)


@functools.cache
def borrowed() -> dict[str, tuple[Borrowed, ...]]:
    """Read the ways of asking by shape; none where the data are not here."""
    named = os.environ.get("CLEW_BENCH_DATA")
    file = Path(named, "spider", "slim", "data", "train_spider.json") if named else None
    if file is None or not file.is_file():
        return {}
    cases = json.loads(file.read_text(encoding="utf-8"))
    schemas = {
        schema["db_id"]: schema
        for schema in json.loads(Path(named or "", "spider", "tables.json").read_text("utf-8"))
    }
    common = _common_words(cases)
    found: dict[str, set[Borrowed]] = defaultdict(set)
    for case in cases:
        if way := _mask(case["question"], case["query"], schemas[case["db_id"]], common):
            found[way.shape].add(way)
    return {shape: tuple(sorted(ways, key=lambda way: way.text)) for shape, ways in found.items()}


def _common_words(cases: list[dict[str, str]]) -> set[str]:
    """Find the words that questions of many databases have."""
    databases: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        for word in re.findall(r"[a-z]+", case["question"].lower()):
            databases[word].add(case["db_id"])
    return {word for word, names in databases.items() if len(names) >= _COMMON}


def _mask(
    question: str, query: str, schema: dict[str, list[object]], common: set[str]
) -> Borrowed | None:
    plain = re.sub(r"\s+", " ", query.replace('"', "'").strip().rstrip(";")).strip()
    plain = re.sub(r"\b(count|avg|sum|max|min) \(", r"\1(", plain, flags=re.IGNORECASE)
    for shape, pattern in _SHAPES.items():
        if found := re.fullmatch(pattern, plain, re.IGNORECASE):
            if way := _slots(question, shape, found.groupdict(), schema, common):
                return way
    return None


def _slots(
    question: str,
    shape: str,
    parts: dict[str, str | None],
    schema: dict[str, list[object]],
    common: set[str],
) -> Borrowed | None:
    natural = _natural_names(schema)
    spans: list[tuple[int, int, str]] = []
    facts = {}
    for slot, written in parts.items():
        if written is None or slot in ("agg", "op", "way"):
            facts[slot] = (written or "").lower()
            continue
        if slot in ("v", "c"):
            places = _value_places(question, written.strip("'"))
            facts["text"] = "text" if written.startswith("'") else "number"
        else:
            words = natural.get(written.lower())
            if words is None:
                return None
            if slot == "n" and words.split()[-1] != "name":
                return None
            if slot in "mk" and words.split()[-1] == "name":
                return None
            places = _name_places(question, words)
        if len(places) != 1:
            return None
        (start, end, several) = places[0]
        spans.append((start, end, slot + ("s" if several else "")))
    spans.sort()
    if any(one[1] > other[0] for one, other in zip(spans, spans[1:], strict=False)):
        return None
    text, at = "", 0
    for start, end, slot in spans:
        text += question[at:start] + "{" + slot + "}"
        at = end
    text = (text + question[at:]).strip()
    left = re.findall(r"[a-z0-9]+", _SLOT.sub(" ", text).lower())
    schema_words = {word for words in natural.values() for word in words.split()}
    if not set(left) <= common & _ASKING or set(left) & (schema_words - {"name", "number"}):
        return None
    if shape in ("sorted", "superlative"):
        facts["way"] = facts["way"] or "asc"
    for fact in facts.items():
        if fact in _SAID and not re.search(rf"\b({_SAID[fact]})\b", text, re.IGNORECASE):
            return None
    if shape in _ODD and re.search(_ODD[shape], text):
        return None
    return Borrowed(shape=shape, text=text, facts=tuple(sorted(facts.items())))


def _natural_names(schema: dict[str, list[object]]) -> dict[str, str]:
    """Give the natural words of each table and column; of one with two meanings, none."""
    found: dict[str, str] = {}
    pairs = [
        *zip(schema["table_names_original"], schema["table_names"], strict=True),
        *(
            (original[1], natural[1])  # type: ignore[index]
            for original, natural in zip(
                schema["column_names_original"], schema["column_names"], strict=True
            )
        ),
    ]
    for original, natural in pairs:
        found.setdefault(str(original).lower(), str(natural).lower())
    return found


def _name_places(question: str, words: str) -> list[tuple[int, int, bool]]:
    """Find where words stand, the last one in the singular or plural."""
    *before, last = words.split()
    stem = last[:-3] + "y" if last.endswith("ies") else last.removesuffix("s")
    more = rf"{stem}s|{stem}es" + (rf"|{stem[:-1]}ies" if stem.endswith("y") else "")
    start = "".join(rf"{re.escape(word)}[ _]" for word in before)
    pattern = rf"\b{start}(?:(?P<more>{more})|{re.escape(stem)}|{re.escape(last)})\b"
    return [
        (found.start(), found.end(), found["more"] is not None)
        for found in re.finditer(pattern, question, re.IGNORECASE)
    ]


def _value_places(question: str, value: str) -> list[tuple[int, int, bool]]:
    forms = [re.escape(value)]
    if value.isdigit() and int(value) in _NUMBERS:
        forms.append(_NUMBERS[int(value)])
    pattern = rf"""['"]?(?<![\w.])(?:{"|".join(forms)})(?![\w])['"]?"""
    return [(f.start(), f.end(), False) for f in re.finditer(pattern, question, re.IGNORECASE)]
