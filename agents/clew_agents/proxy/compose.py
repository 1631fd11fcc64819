"""How a verified result becomes text that a colleague would write: one to three sentences."""

from __future__ import annotations

from dataclasses import dataclass

from clew_agents.proxy.analysis_text import AnalysisText
from clew_agents.proxy.prose import Prose, is_number, unit_of
from clew_agents.sql.describe import Describer, is_share, period_text, shown
from clew_core.query_spec import Dimension, Measure, QuerySpec
from clew_core.receipts import Receipt

_NAMED = 5  # so many rows are named one by one


@dataclass(frozen=True, kw_only=True)
class Text:
    """Prose with the receipts of its numbers.

    Attributes:
        text: sentences.
        title: what the result shows, without numbers.
        receipts: in the order of the text.
    """

    text: str
    title: str
    receipts: tuple[Receipt, ...]


def compose(spec: QuerySpec, prose: Prose, *, truncated: bool) -> Text:
    """Write the text of a result.

    Args:
        spec: what was asked.
        prose: over the result.
        truncated: there are more rows than the result has.
    """
    writer = _Writer(spec, Describer(spec), prose, truncated)
    text = writer.write()
    if not writer.begins_with_data:
        text = text[:1].upper() + text[1:]
    return Text(text=text, title=title(spec, writer.words), receipts=tuple(prose.receipts))


def title_of(spec: QuerySpec) -> str:
    """Say what a result shows, without numbers: the title of a chart."""
    return title(spec, Describer(spec))


def title(spec: QuerySpec, words: Describer) -> str:
    """As ``title_of``, with a describer that is there already."""
    parts = [words.measures() if spec.measures else _listed(spec, words)]
    if spec.dimensions and spec.measures:
        parts.append(f"by {words.dimensions()}")
    text = " ".join([*parts, words.conditions()]).strip()
    return text[:1].upper() + text[1:]


def _listed(spec: QuerySpec, words: Describer) -> str:
    """Say which rows are drawn or listed."""
    mark = spec.chart.mark if spec.chart else None
    names = [words.column(d.of) for d in spec.dimensions]
    if mark == "histogram" and len(names) == 1:
        return f"distribution of {names[0]}"
    if mark == "point" and len(names) == 2:
        return f"{names[1]} against {names[0]}"
    if mark == "box" and len(names) > 1:
        return f"{names[-1]} by {' and '.join(names[:-1])}"
    return words.listed()


class _Writer:
    def __init__(self, spec: QuerySpec, words: Describer, prose: Prose, truncated: bool) -> None:
        self.spec, self.words, self.prose, self.truncated = spec, words, prose, truncated
        self.rows = prose.table.num_rows
        self.begins_with_data = False

    def write(self) -> str:
        spec = self.spec
        if spec.comparisons or spec.top_per_group is not None:
            told = AnalysisText(spec, self.words, self.prose, self._group_text).write()
            if told:
                return told
        if not spec.measures:
            return self._listing()
        if not spec.dimensions:
            return self._scalar()
        if spec.order and spec.limit is not None:
            return self._ranking()
        if len(spec.dimensions) == 1 and self._in_time(spec.dimensions[0]) and self.rows > 1:
            return self._course()
        return self._groups()

    # --- numbers -------------------------------------------------------------------------------

    def _number(self, row: int, measure: Measure) -> str:
        if is_share(measure):
            return self.prose.percent(row, measure.name)
        exact = measure.aggregate not in ("avg", "median", "quantile", "stddev", "variance", None)
        exact = exact or (measure.metric is not None and not self.prose.is_float(measure.name))
        return self.prose.number(row, measure.name, exact=exact, unit=unit_of(measure))

    def _group(self, row: int) -> str:
        """Name the group of a row; several people's names are joined by blanks."""
        texts = [self._group_text(row, dimension) for dimension in shown(self.spec)]
        names = all(d.name.lower().endswith("name") for d in shown(self.spec))
        return (" " if names else ", ").join(texts)

    def _group_text(self, row: int, dimension: Dimension) -> str:
        value = self.prose.value(row, dimension.name)
        if value is None:
            return "(none)"
        part = (dimension.grain or "").partition("_of_")[1]
        if dimension.grain is not None and (part or not is_number(value)):
            return period_text(value, dimension.grain)
        text = self.prose.plain(row, dimension.name)
        return text if len(text) <= 80 else f"{text[:77]}…"

    def _when(self, row: int) -> str:
        return f"{'on' if self.spec.dimensions[0].grain == 'day' else 'in'} {self._group(row)}"

    def _in_time(self, dimension: Dimension) -> bool:
        if dimension.grain is not None:
            return "_of_" not in dimension.grain
        return dimension.name.lower().endswith("year")

    # --- forms ---------------------------------------------------------------------------------

    def _scalar(self) -> str:
        conditions = self.words.conditions()
        first = self.spec.measures[0]
        if len(self.spec.measures) == 1 and is_share(first) and first.ratio is not None:
            whole, part = first.ratio.denominator, first.ratio.numerator.where
            of = f"of the {self.words.whole(whole)} {conditions}".rstrip()
            assert part is not None
            things = self.words.counted(whole) if whole.aggregate != "sum" else self.words.things()
            verb = "are" if whole.aggregate != "sum" else "comes from"
            share = self._number(0, first)
            return f"{of}, {share} {verb} {things} {self.words.said((part,))}."
        if len(self.spec.measures) == 1 and first.aggregate in ("count", "count_distinct"):
            value = self.prose.value(0, first.name)
            verb = "is" if value == 1 else "are"
            things = self.words.counted(first, one=value == 1)
            return f"there {verb} {self._number(0, first)} {things} {conditions}".rstrip() + "."
        parts = [
            f"the {self.words.measure(measure)} {conditions if place == 0 else ''}".rstrip()
            + f" is {self._number(0, measure)}"
            for place, measure in enumerate(self.spec.measures)
        ]
        return f"{_and(parts)}."

    def _ranking(self) -> str:
        measure = self.spec.measures[0]
        most = self.spec.order[0].direction == "descending"
        counted = measure.aggregate in ("count", "count_distinct")
        adjective = ("most" if most else "fewest") if counted else "highest" if most else "lowest"
        what = self.words.measure(measure)
        if counted:
            what = self.words.counted(measure)
        elif measure.aggregate in ("max", "min"):
            what = self.words.column(measure.of)
        self.begins_with_data = True
        told = min(self.rows, _NAMED)
        named = [f"{self._group(row)} ({self._number(row, measure)})" for row in range(told)]
        text = f"{named[0]} has the {adjective} {what} {self.words.conditions()}".rstrip()
        if told > 1:
            text += f", followed by {_and(named[1:])}"
        if self.rows > told:
            text += "; the table has the rest"
        return f"{text}."

    def _course(self) -> str:
        """Tell how a measure went over time."""
        measure, last = self.spec.measures[0], self.rows - 1
        values = [self.prose.value(row, measure.name) for row in range(self.rows)]
        what = f"the {self.words.measure(measure)} {self.words.conditions()}".rstrip()
        first_text = f"{self._number(0, measure)} {self._when(0)}"
        last_text = f"{self._number(last, measure)} {self._when(last)}"
        text = f"{what} went from {first_text} to {last_text}"
        known = [row for row, value in enumerate(values) if is_number(value)]
        if not known:
            return f"{text}."
        top = max(known, key=lambda row: values[row])
        bottom = min(known, key=lambda row: values[row])
        ends = (0, last)
        if top not in ends:
            text += f"; the highest was {self._number(top, measure)} {self._when(top)}"
        if bottom not in ends:
            joint = " and the lowest" if top not in ends else "; the lowest was"
            text += f"{joint} {self._number(bottom, measure)} {self._when(bottom)}"
        return f"{text}."

    def _groups(self) -> str:
        measure = self.spec.measures[0]
        what = f"{self.words.measures()} by {self.words.dimensions()} {self.words.conditions()}"
        values = [self.prose.value(row, measure.name) for row in range(self.rows)]
        order = sorted(
            (row for row in range(self.rows) if is_number(values[row])),
            key=lambda row: values[row],
            reverse=True,
        )
        if not order:
            return f"{what.rstrip()}: there are no numbers."
        if self.rows <= _NAMED and len(self.spec.measures) == 1:
            named = [f"{self._group(row)} {self._number(row, measure)}" for row in order]
            return f"{what.rstrip()}: {_and(named)}."
        top, bottom = order[0], order[-1]
        groups = self.prose.rows()
        more = "more than " if self.truncated else ""
        first = (
            f"{what.rstrip()}: of {more}{groups} groups, {self._group(top)} has the highest "
            f"{self.words.measure(measure)} ({self._number(top, measure)})"
        )
        if values[top] == values[bottom]:
            return f"{first}; all are equal."
        return f"{first} and {self._group(bottom)} the lowest ({self._number(bottom, measure)})."

    def _listing(self) -> str:
        conditions = self.words.conditions()
        if self.rows == 1 and not self.spec.distinct:
            parts = [
                f"the {self._listed_name(d)} {conditions if place == 0 else ''}".rstrip()
                + f" is {self._listed_value(d)}"
                for place, d in enumerate(self.spec.dimensions)
            ]
            return f"{_and(parts)}."
        more = "more than " if self.truncated else ""
        if self.spec.chart is not None and self.spec.chart.mark in ("histogram", "box", "point"):
            what = self.words.listed(one=True)
            return (
                f"{what} of {more}{self.prose.rows()} {self.words.things()} {conditions}".strip()
                + "."
            )
        names = self.words.listed(one=self.rows == 1)
        verb = "is" if self.rows == 1 else "are"
        text = f"there {verb} {more}{self.prose.rows()} {names} {conditions}".rstrip()
        told = [self._group(row) for row in range(min(self.rows, _NAMED))]
        joint = "; " if any(", " in group for group in told) else ", "
        rest = f"{joint}…" if self.rows > _NAMED else ""
        return f"{text}: {joint.join(told)}{rest}."

    def _listed_value(self, dimension: Dimension) -> str:
        value = self.prose.value(0, dimension.name)
        if not is_number(value):
            return self._group_text(0, dimension)
        return self.prose.number(0, dimension.name, exact=True)

    def _listed_name(self, dimension: Dimension) -> str:
        return self.words.column(dimension.of) if dimension.of else dimension.name


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
