"""How does the chart agent take part in a plan? It draws the one result that reaches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clew_agents.chart import choose
from clew_agents.information_unit import Combined, Drawn, Found, InformationUnit
from clew_agents.plan.plan import Card, Step
from clew_agents.plan.port import World
from clew_agents.proposer import CannotAnswer
from clew_agents.proxy.compose import title_of
from clew_core.query_spec import ChartHint, Column, Dimension, Measure

if TYPE_CHECKING:
    import pyarrow as pa

SERIES, VALUE = "series", "value"
_AS_TOLD = Column(table="side_by_side", column=SERIES)


class ChartStep:
    """The chart agent as plans see it."""

    card = Card(name="chart", needs=("result",), gives="chart", says="draws a result")

    def run(
        self, step: Step, units: Mapping[str, InformationUnit], world: World
    ) -> InformationUnit:
        """Draw the result that reaches the step; see ``Agent.run``.

        Raises:
            CannotAnswer: none does, or a chart of it shows nothing.
        """
        world.deadline.check()
        for of, unit in units.items():
            if isinstance(unit.content, Found | Combined):
                return self._drawn(step, of, unit, unit.content, world)
        raise CannotAnswer("No result reached the chart.")

    def _drawn(
        self, step: Step, of: str, unit: InformationUnit, content: Found | Combined, world: World
    ) -> InformationUnit:
        drawn = _side_by_side(step, of, content) if isinstance(content, Combined) else None
        return InformationUnit(
            data_source=unit.data_source,
            role=self.card.name,
            action="chart",
            description=step.task,
            content=drawn or _one(step, of, content),
            timestamp=world.now,
        )


def _one(step: Step, of: str, content: Found | Combined) -> Drawn:
    spec = content.spec
    cut_off = isinstance(content, Found) and content.truncated
    asked = replace(spec, chart=ChartHint(mark=step.mark))
    choice = choose(
        asked, content.table, title=title_of(spec), data=f"result_{of}", truncated=cut_off
    )
    if choice.chart is None:
        raise CannotAnswer(f"No chart: {choice.reason}")
    return Drawn(charts=(choice.chart,), of=of, reason=choice.reason)


def _side_by_side(step: Step, of: str, combined: Combined) -> Drawn | None:
    """Draw numbers of one scale in one chart, others each in its own."""
    scales = {name: scale for side in combined.sides for name, scale in side.scales.items()}
    spec = combined.spec
    if len(set(scales.values())) == 1 and len(scales) > 1:
        series = tuple(scales)
        long_spec = replace(
            spec,
            dimensions=(*spec.dimensions, Dimension(name=SERIES, of=_AS_TOLD)),
            measures=(Measure(name=VALUE, metric=VALUE),),
            order=(),
        )
        long = below_each_other(combined.table, [d.name for d in spec.dimensions], series)
        asked = replace(long_spec, chart=ChartHint(mark=step.mark))
        choice = choose(asked, long, title=title_of(spec), data=f"result_{of}")
        if choice.chart is None:
            return None
        return Drawn(charts=(choice.chart,), of=of, reason=choice.reason, series=series)
    charts = []
    for measure in spec.measures:
        alone = replace(spec, measures=(measure,))
        asked = replace(alone, chart=ChartHint(mark=step.mark))
        choice = choose(asked, combined.table, title=title_of(alone), data=f"result_{of}")
        if choice.chart is not None:
            charts.append(choice.chart)
    if not charts:
        return None
    return Drawn(
        charts=tuple(charts), of=of, reason="Numbers of different scales have a chart each."
    )


def below_each_other(table: pa.Table, keys: Sequence[str], series: Sequence[str]) -> pa.Table:
    """Put columns below each other, so that one chart can colour them: as pandas melts."""
    import pyarrow as pa

    parts = [
        table.select(list(keys))
        .append_column(SERIES, pa.array([name.replace("_", " ")] * table.num_rows, pa.string()))
        .append_column(VALUE, table.column(name).cast(pa.float64()))
        for name in series
    ]
    return pa.concat_tables(parts)
