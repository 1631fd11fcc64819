"""What is a plan while it is made? Steps so far, with what the proposer made of their queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from clew_agents.plan import phrases
from clew_agents.plan.cut import Part
from clew_agents.plan.plan import Card, Step
from clew_agents.plan.probe import Probe, Prober
from clew_agents.plan.sql_step import is_choice
from clew_core.query_spec import Mark, QuerySpec


@dataclass(frozen=True, kw_only=True)
class Made:
    """A step that was planned, with what it will give.

    Attributes:
        step: itself.
        spec: of its result; None for charts and findings.
        is_choice: its result chooses few groups.
    """

    step: Step
    spec: QuerySpec | None = None
    is_choice: bool = False


@dataclass
class Making:
    """A plan while it is made.

    Attributes:
        prober: asks the proposer.
        cards: of the agents that exist.
        made: steps so far.
        notes: what the reader must know of how the question was understood.
        ahead: the parts after the one that is planned.
    """

    prober: Prober
    cards: Mapping[str, Card]
    made: list[Made] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ahead: Sequence[Part] = ()

    def probe(
        self,
        text: str,
        *,
        source: str | None = None,
        previous: QuerySpec | None = None,
        continues: bool = False,
    ) -> Probe:
        """Ask what the proposer makes of a phrase; see ``Prober.ask``."""
        return self.prober.ask(text, source=source, previous=previous, continues=continues)

    def draw(self, of: Made, mark: Mark | None) -> Made:
        """Plan a chart of a result; a chart that was planned without a mark takes this one."""
        for place, made in enumerate(self.made):
            step = made.step
            if step.agent == "chart" and step.needs == (of.step.id,) and None in (step.mark, mark):
                self.made[place] = replace(made, step=replace(step, mark=mark or step.mark))
                return self.made[place]  # "side by side … then chart them" is one chart
        shape = f" as a {mark} chart" if mark else ""
        step = self.step("chart", f"chart {of.step.task}{shape}", needs=(of.step.id,), mark=mark)
        return self.keep(step, None)

    def combine(self, results: Sequence[Made], mark: Mark | None) -> Made:
        """Plan results side by side, and their chart where they have groups."""
        tasks = " and ".join(made.step.task for made in results)
        step = self.step("combine", f"{tasks}, side by side",
                          needs=tuple(made.step.id for made in results))  # fmt: skip
        made = self.keep(step, results[0].spec)
        grouped = made.spec is not None and made.spec.dimensions
        return self.draw(made, mark) if grouped else made

    def add_query(
        self, text: str, probe: Probe, source: str | None, *, continues: bool = False
    ) -> Made:
        """Add a query step of its own."""
        pinned = source or (probe.source if len(self.prober.sources) > 1 else None)
        task = phrases.without_opener(text) or text
        step = self.step(
            "sql", task, asks=None if task == text else text, source=pinned, continues=continues
        )
        return self.keep(step, probe.spec)

    def step(
        self,
        agent: str,
        task: str,
        *,
        needs: tuple[str, ...] = (),
        asks: str | None = None,
        source: str | None = None,
        follows: str | None = None,
        narrows: str | None = None,
        splits: bool = False,
        mark: Mark | None = None,
        continues: bool = False,
    ) -> Step:
        """Make the next step; see ``Step``."""
        return Step(
            id=f"s{len(self.made) + 1}", agent=agent, task=" ".join(task.split()), needs=needs,
            asks=asks, source=source, follows=follows, narrows=narrows, splits=splits, mark=mark,
            continues=continues,
        )  # fmt: skip

    def keep(self, step: Step, spec: QuerySpec | None) -> Made:
        """Add a step, with what its query means."""
        made = Made(step=step, spec=spec, is_choice=step.agent == "sql" and spec is not None
                     and is_choice(spec))  # fmt: skip
        self.made.append(made)
        return made

    def last_query(self) -> Made | None:
        """Find the newest step that queries."""
        return next((m for m in reversed(self.made) if m.step.agent == "sql"), None)

    def last_result(self, *, query_only: bool = False) -> Made | None:
        """Find the newest step that gives a table."""
        agents = ("sql",) if query_only else ("sql", "combine")
        return next((m for m in reversed(self.made) if m.step.agent in agents), None)

    def words_of(self, about: Made) -> str:
        """Say what a step chose, as a thing."""
        return phrases.as_thing(about.step.task)

    def changed(self, text: str, before: Made) -> str:
        """Say a query that changes another."""
        return f"{before.step.task}, changed: {text}"
