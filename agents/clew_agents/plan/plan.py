"""What a plan is: steps of agents, and edges that say whose information reaches whom.

A finite-state machine: each step goes wait → execution → finish, or failed (a step that a killed
process left in execution is executed again). A plan is checked before it runs: no cycles, agents
that exist, and for each of them the kinds of information that it needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from clew_agents.information_unit import Kind
from clew_core.answer import PlanStep, StepState
from clew_core.errors import UsageError
from clew_core.query_spec import Mark

MOST_STEPS = 12
_MOVES: dict[StepState, tuple[StepState, ...]] = {
    "wait": ("execution", "failed"),
    "execution": ("execution", "finish", "failed"),
    "finish": (),
    "failed": (),
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step, as data that can be stored and edited.

    Attributes:
        id: ``s1``, ``s2``, …
        agent: who does it.
        task: what, in words that stand alone, for people and for a model.
        needs: the steps whose information reaches it.
        asks: what the built-in proposer reads instead of the task, where a value of another step
            is filled in as a condition and not as text.
        source: name of the only source that is asked; None leaves it open.
        follows: the step whose query this one changes.
        narrows: the step whose chosen value this one is about.
        splits: group by that value too, where several were chosen.
        mark: the kind of chart that was asked for.
        continues: it may change the question before in the thread; others stand alone.
    """

    id: str
    agent: str
    task: str
    needs: tuple[str, ...] = ()
    asks: str | None = None
    source: str | None = None
    follows: str | None = None
    narrows: str | None = None
    splits: bool = False
    mark: Mark | None = None
    continues: bool = False


@dataclass(frozen=True, kw_only=True)
class Card:
    """What an agent says of itself, so that plans can be made and checked without running it.

    Attributes:
        name: as plans name it.
        needs: kinds of information that must reach it; ``result`` twice means at least two.
        gives: the kind that it finds.
        says: what it does, one line.
        verbs: words that begin a part of a question that is for it: ``forecast``.
        acts: it changes something outside; a person has to approve each run.
    """

    name: str
    gives: Kind
    needs: tuple[Kind, ...] = ()
    says: str = ""
    verbs: tuple[str, ...] = ()
    acts: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Steps in an order in which they can run.

    Attributes:
        steps: a step comes after those that it needs.
        revision: how often it was changed, by a person or by replanning.
        notes: what the reader must know about how the question was understood.
    """

    steps: tuple[Step, ...]
    revision: int = 0
    notes: tuple[str, ...] = ()

    def step(self, id_: str) -> Step:
        """Find a step.

        Raises:
            UsageError: there is none.
        """
        for step in self.steps:
            if step.id == id_:
                return step
        raise UsageError(f"The plan has no step {id_!r}.")

    def has(self, id_: str) -> bool:
        """Say whether there is a step of this id."""
        return any(step.id == id_ for step in self.steps)

    def edges(self) -> Iterator[tuple[str, str]]:
        """List who tells whom."""
        for step in self.steps:
            for need in step.needs:
                yield need, step.id

    def without_edge(self, teller: str, hearer: str) -> Plan:
        """Make the plan in which one step does not hear of another; it is not checked."""
        steps = tuple(
            replace(step, needs=tuple(need for need in step.needs if need != teller))
            if step.id == hearer
            else step
            for step in self.steps
        )
        return replace(self, steps=steps)

    def edited(self, steps: tuple[Step, ...]) -> Plan:
        """Make the next revision."""
        return replace(self, steps=steps, revision=self.revision + 1)

    def check(self, cards: Mapping[str, Card]) -> None:
        """See that this can run.

        Args:
            cards: of the agents that exist, by name.

        Raises:
            UsageError: it can't; the message names the step and what is wrong.
        """
        if not self.steps:
            raise UsageError("The plan has no steps.")
        if len(self.steps) > MOST_STEPS:
            raise UsageError(
                f"The plan has {len(self.steps)} steps; at most {MOST_STEPS} are run.",
                hint="Ask for less at a time.",
            )
        known: dict[str, Step] = {}
        for step in self.steps:
            if step.id in known:
                raise UsageError(f"Two steps are called {step.id!r}.")
            known[step.id] = step
        self._see_cycles(known)
        for step in self.steps:
            card = cards.get(step.agent)
            if card is None:
                names = ", ".join(sorted(cards))
                raise UsageError(
                    f"Step {step.id!r} is for the agent {step.agent!r}, which does not exist.",
                    hint=f"Known: {names}.",
                )
            self._see_inputs(step, card, known, cards)

    def _see_cycles(self, known: Mapping[str, Step]) -> None:
        seen: set[str] = set()
        for step in self.steps:
            for need in step.needs:
                if need not in known:
                    raise UsageError(f"Step {step.id!r} needs {need!r}, which the plan lacks.")
                if need not in seen:
                    raise UsageError(
                        f"Step {step.id!r} needs {need!r}, which does not come before it.",
                        hint="A plan runs forward: order the steps, without circles.",
                    )
            seen.add(step.id)

    def _see_inputs(
        self, step: Step, card: Card, known: Mapping[str, Step], cards: Mapping[str, Card]
    ) -> None:
        given = [
            cards[known[need].agent].gives for need in step.needs if known[need].agent in cards
        ]
        for kind in set(card.needs):
            if given.count(kind) < card.needs.count(kind):
                raise UsageError(
                    f"Step {step.id!r} ({step.agent}) needs {card.needs.count(kind)} × {kind}, "
                    f"and {given.count(kind)} reach it.",
                    hint="Draw an edge from a step that gives it.",
                )
        for word, other in (("changes", step.follows), ("narrows by", step.narrows)):
            if other is None:
                continue
            if other not in step.needs or cards[known[other].agent].gives != "result":
                raise UsageError(
                    f"Step {step.id!r} {word} the result of {other!r}, which does not reach it."
                )


def advance(step: PlanStep, state: StepState) -> PlanStep:
    """Move a step on.

    Raises:
        UsageError: a step does not go that way.
    """
    if state not in _MOVES[step.state]:
        raise UsageError(f"Step {step.id!r} can't go from {step.state!r} to {state!r}.")
    return replace(step, state=state)


def views(plan: Plan) -> tuple[PlanStep, ...]:
    """Show the steps as an answer and its events do, all waiting."""
    return tuple(
        PlanStep(id=step.id, agent=step.agent, task=step.task, needs=step.needs)
        for step in plan.steps
    )
