"""How does an answer come out of the units of a plan? Text, cells and receipts of all its steps.

The text is one to five sentences in the order of the plan: one for each result, then what stands
out, then what could not be done. Each number keeps the receipt that it was emitted with; only the
receipts' ids are counted anew. Steps that failed are said, never left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from clew_agents.chart import choose
from clew_agents.information_unit import (
    Combined,
    Drawn,
    Failure,
    Findings,
    Found,
    InformationUnit,
)
from clew_agents.plan.chart_step import below_each_other
from clew_agents.plan.plan import Plan, Step
from clew_agents.plan.sql_step import is_choice
from clew_agents.proxy.chosen_text import by_name, chosen_receipts
from clew_agents.proxy.combine_cell import combine_source, melt_source
from clew_agents.proxy.compose import compose, title_of
from clew_agents.proxy.difference import difference
from clew_agents.proxy.prose import Prose
from clew_agents.sql.confidence import with_risk
from clew_core.answer import Answer, Clarification, Part, ProposerName, Status
from clew_core.cells import Cell, Provenance, sha256
from clew_core.chart_spec import ChartSpec
from clew_core.query_spec import QuerySpec
from clew_core.receipts import Receipt
from clew_core.usage import Seconds
from clew_tools.charts.source import python_source

MOST_SENTENCES = 5


@dataclass(frozen=True, kw_only=True)
class Made:
    """Where cells come from.

    Attributes:
        run: id of the run.
        question: as it was asked.
        at: when, ISO 8601.
    """

    run: str
    question: str
    at: str


def variable(spec: QuerySpec) -> str:
    """Name the result after what it holds: ``pop_by_continent``."""
    parts = [measure.name for measure in spec.measures[:1]] or [spec.table]
    if spec.measures and spec.dimensions:
        parts += ["by", *(dimension.name for dimension in spec.dimensions[:2])]
    name = re.sub(r"\W+", "_", "_".join(parts)).strip("_").lower()
    return name if name.isidentifier() else f"result_{name}"


def compose_plan(plan: Plan, units: Mapping[str, InformationUnit], made: Made) -> Answer:
    """Compose the answer of a plan.

    Args:
        plan: that ran.
        units: step → what it told; a failed step has a ``Failure``.
        made: stands in provenance.
    """
    return _Composer(plan, units, made).answer()


@dataclass
class _Composer:
    plan: Plan
    units: Mapping[str, InformationUnit]
    made: Made
    names: dict[str, str] = field(default_factory=dict)
    cell_ids: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    sentences: list[tuple[str, tuple[Receipt, ...]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def answer(self) -> Answer:
        self.warnings += self.plan.notes
        for step in self.plan.steps:
            unit = self.units.get(step.id)
            if unit is None:
                continue
            content = unit.content
            if isinstance(content, Found):
                self._found(step, unit, content)
            elif isinstance(content, Combined):
                self._combined(step, content)
            elif isinstance(content, Drawn):
                self._drawn(step, content)
            elif isinstance(content, Findings):
                self._findings(step, unit, content)
        failures = [
            (step, unit.content)
            for step in self.plan.steps
            if (unit := self.units.get(step.id)) and isinstance(unit.content, Failure)
        ]
        if not self.parts and not any(s for s, _ in self.sentences):
            return self._unanswered(failures)
        return self._answered(failures)

    # --- one kind of content each --------------------------------------------------------------

    def _found(self, step: Step, unit: InformationUnit, found: Found) -> None:
        digest = sha256(found.sql)
        cell = self._free(f"sql-{digest[:8]}", self.cell_ids, step.id, "-")
        name = self._free(variable(found.spec), self.names, step.id, "_")
        prose = Prose(cell=cell, sql_sha256=digest, table=found.table)
        written = compose(by_name(found.spec), prose, truncated=found.truncated)
        self.sentences.append(
            (written.text, (*written.receipts, *self._chosen(step, written.text)))
        )
        self.cells.append(
            Cell(
                id=cell, kind="sql", source=found.sql,
                uses=(f"{unit.data_source}.{found.spec.table}",), defines=(name,),
                data_source=unit.data_source, provenance=self._provenance("sql", found.proposer),
            )
        )  # fmt: skip
        self.parts.append(
            Part(
                step=step.id, task=step.task, text=written.text, spec=found.spec, sql=found.sql,
                dialect=found.dialect, table=found.table, truncated=found.truncated,
                as_of=found.as_of, cell=cell,
            )
        )  # fmt: skip
        self._warn(found.warnings)
        if found.truncated:
            rows = found.table.num_rows
            self._warn((f"There are more than {rows} rows; the rest was cut off (run.rows).",))

    def _chosen(self, step: Step, text: str) -> tuple[Receipt, ...]:
        """Receipt the numbers that another step chose: "for quantity 4"."""
        unit = self.units.get(step.narrows or "")
        if unit is None or not isinstance(unit.content, Found):
            return ()
        return chosen_receipts(text, unit.content, self.cell_ids[str(step.narrows)])

    def _combined(self, step: Step, combined: Combined) -> None:
        name = self._free("side_by_side", self.names, step.id, "_")
        cell = self._free(f"combine-{step.id}", self.cell_ids, step.id, "-")
        uses = tuple(self.names[side.step] for side in combined.sides)
        keys = tuple(d.name for d in combined.spec.dimensions)
        self.cells.append(
            Cell(
                id=cell, kind="python", source=combine_source(name, keys, combined.sides, uses),
                uses=uses, defines=(name,), provenance=self._provenance("combine", "builtin"),
            )
        )  # fmt: skip
        self.parts.append(
            Part(step=step.id, task=step.task, text=self._compared(combined), spec=combined.spec,
                 table=combined.table, truncated=combined.truncated, as_of=combined.as_of,
                 cell=cell)
        )  # fmt: skip

    def _compared(self, combined: Combined) -> str:
        """Say how much two single numbers of one scale differ."""
        scales = {scale for side in combined.sides for scale in side.scales.values()}
        single = all(len(side.columns) == 1 and not side.keys for side in combined.sides)
        if len(combined.sides) != 2 or not single or len(scales) != 1:
            return ""
        one, other = (self.units[side.step].content for side in combined.sides)
        assert isinstance(one, Found) and isinstance(other, Found)
        cells = (self.cell_ids[combined.sides[0].step], self.cell_ids[combined.sides[1].step])
        unit = one.spec.measures[0].unit
        text, receipts = difference(one, other, cells, None if unit == "fraction" else unit)
        if text:
            self.sentences.append((text, receipts))
        return text

    def _drawn(self, step: Step, drawn: Drawn) -> None:
        place = next((i for i, part in enumerate(self.parts) if part.step == drawn.of), None)
        if place is None:
            return
        part, name = self.parts[place], self.names[drawn.of]
        before, table = "", None
        if drawn.series and part.spec is not None and part.table is not None:
            keys = [d.name for d in part.spec.dimensions]
            whole, name = name, self._free("compared", self.names, f"chart {step.id}", "_")
            before = melt_source(name, whole, keys, drawn.series)
            table = below_each_other(part.table, keys, drawn.series)
        charts = [replace(chart, data=name) for chart in drawn.charts]
        for chart in charts:
            self._chart_cell(step.id, chart, before)
        if len(charts) > 1:
            self._warn((drawn.reason,))
        self.parts[place] = replace(part, chart=charts[0], drawn=table)

    def _chart_cell(self, step: str, chart: ChartSpec, before: str = "") -> None:
        cell = self._free(f"chart-{step}", self.cell_ids, f"chart {step}", "-")
        self.cells.append(
            Cell(
                id=cell, kind="chart", source=before + python_source(chart), uses=(chart.data,),
                defines=("fig",), provenance=self._provenance("chart", "builtin"),
            )
        )  # fmt: skip

    def _findings(self, step: Step, unit: InformationUnit, findings: Findings) -> None:
        own: dict[str, str] = {}
        for brought in findings.cells:
            cell = self._free(brought.id, self.cell_ids, f"{step.id} {brought.id}", "-")
            name = self._free(brought.name, self.names, f"{step.id} {brought.id}", "_")
            own[brought.id] = cell
            self.cells.append(
                Cell(
                    id=cell, kind="sql", source=brought.sql, defines=(name,),
                    data_source=unit.data_source, provenance=self._provenance("insight", "builtin"),
                )
            )  # fmt: skip
        named = {need: self.cell_ids[need] for need in step.needs if need in self.cell_ids}
        for sentence in findings.sentences:
            moved = tuple(_moved(receipt, {**named, **own}) for receipt in sentence.receipts)
            self.sentences.append((sentence.text, moved))
        self._warn(findings.warnings)

    # --- the whole -----------------------------------------------------------------------------

    def _answered(self, failures: list[tuple[Step, Failure]]) -> Answer:
        main = self._main()
        if main is not None and main.chart is None and main.spec is not None:
            main = self._with_chart(main)
        told = self.sentences[:MOST_SENTENCES]
        failed = self._failed(failures)
        kept = told[: MOST_SENTENCES - len(failed)]
        if len(self.sentences) > len(kept):
            self._warn(("More was found than the text says: the cells have the rest.",))
        text = " ".join([*(sentence for sentence, _ in kept), *failed])
        receipts = [receipt for _, mine in kept for receipt in mine]
        receipts = [replace(r, id=f"r{number}") for number, r in enumerate(receipts, 1)]
        queries = [part for part in self.parts if part.sql is not None]
        query = queries[-1] if queries else None
        if main is not None and main.sql is not None:
            query = main
        found = [u.content for u in self.units.values() if isinstance(u.content, Found)]
        proposer: ProposerName = "model" if any(f.proposer == "model" for f in found) else "builtin"
        return Answer(
            status="answered",
            question=self.made.question,
            text=text,
            spec=query.spec if query else None,
            sql=query.sql if query else None,
            dialect=query.dialect if query else None,
            table=main.table if main else None,
            truncated=any(part.truncated for part in self.parts),
            as_of=min((p.as_of for p in self.parts if p.as_of), default=None),
            chart=main.chart if main else None,
            drawn=main.drawn if main else None,
            cells=(self._text_cell(text), *self.cells),
            receipts=tuple(receipts),
            parts=tuple(self.parts),
            proposer=proposer,
            confidence=_confidence([f.confidence for f in found]),
            warnings=tuple(dict.fromkeys(self.warnings)),
            seconds=Seconds(database=round(sum(f.seconds for f in found), 4)),
        )

    def _main(self) -> Part | None:
        """Choose the result that the answer shows first: the last that is drawn, or the last."""
        drawn = [part for part in self.parts if part.chart is not None]
        shown = drawn or self.parts
        return shown[-1] if shown else None

    def _with_chart(self, main: Part) -> Part:
        """Draw the last result where nothing was drawn, as the answer to one query is drawn."""
        spec, table = main.spec, main.table
        if spec is None or table is None or is_choice(spec):
            return main
        name = self.names[main.step]
        choice = choose(spec, table, title=title_of(spec), data=name, truncated=main.truncated)
        if choice.chart is None:
            return main
        self._chart_cell(main.step, choice.chart)
        drawn = replace(main, chart=choice.chart)
        self.parts[self.parts.index(main)] = drawn
        return drawn

    def _failed(self, failures: list[tuple[Step, Failure]]) -> list[str]:
        """Say what could not be done: one sentence each, of what only followed none."""
        texts: list[str] = []
        for step, failure in failures:
            if failure.because:
                self._warn((f"Not done: {step.task}. {failure.reason}",))
                continue
            if step.agent == "chart":
                self._warn((failure.reason,))
                continue
            texts.append(f"Not answered: {step.task}. {failure.reason}")
        for text in texts[2:]:
            self._warn((text,))
        return texts[:2]

    def _unanswered(self, failures: list[tuple[Step, Failure]]) -> Answer:
        status: Status = "failed"
        reason, asked = "The plan found nothing.", None
        first = next(((s, f) for s, f in failures if not f.because), None)
        if first is not None:
            step, failure = first
            status, asked = failure.status, failure.clarification
            reason = failure.reason if len(self.plan.steps) == 1 else (
                f"{step.task}: {failure.reason}")  # fmt: skip
            if asked is not None and len(self.plan.steps) > 1:
                # An option answers one step only: as an answer to the whole it would drop the rest.
                asked = Clarification(
                    question=f"In {step.task!r}: {asked.question}", words=asked.words
                )
        return Answer(
            status=status, question=self.made.question, reason=reason, clarification=asked
        )

    def _text_cell(self, text: str) -> Cell:
        uses = tuple(self.names[part.step] for part in self.parts if part.step in self.names)
        id_ = f"text-{sha256(text)[:8]}"
        return Cell(
            id=id_, kind="markdown", source=text, uses=uses,
            provenance=self._provenance("proxy", "builtin"),
        )  # fmt: skip

    def _provenance(self, agent: str, proposer: str) -> Provenance:
        return Provenance(
            agent=agent, proposer=proposer, run=self.made.run, question=self.made.question,
            at=self.made.at,
        )  # fmt: skip

    def _warn(self, texts: tuple[str, ...]) -> None:
        self.warnings += [text for text in texts if text not in self.warnings]

    @staticmethod
    def _free(wanted: str, taken: dict[str, str], key: str, sign: str) -> str:
        used, name, number = set(taken.values()), wanted, 2
        while name in used:
            name, number = f"{wanted}{sign}{number}", number + 1
        taken[key] = name
        return name


def _moved(receipt: Receipt, cells: Mapping[str, str]) -> Receipt:
    refs = tuple(replace(ref, cell=cells.get(ref.cell, ref.cell)) for ref in receipt.refs)
    return replace(receipt, refs=refs)


def _confidence(found: Sequence[float]) -> float | None:
    """Give that of the weakest query; where there are several, they may be meant as one."""
    if not found:
        return None
    return with_risk(min(found), "parts") if len(found) > 1 else found[0]
