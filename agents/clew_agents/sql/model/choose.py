"""Whose answer is given where a built-in proposer and a model both have one?

The built-in proposer is asked first. Where it is sure nobody else is asked. Else the model
proposes too, and both are run: equal rows are the answer of both; of different ones the surer wins.
What the model says never turns a refusal into an answer, and a question that was asked back with
choices is only answered where the model's rows are those of a choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clew_agents.plan.port import OpenSource
from clew_agents.plan.sql_step import verify
from clew_agents.proposer import AsksBack, CannotAnswer, Proposer
from clew_agents.sql.agent import SqlAgent, Verified, differ
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.model.proposer import ModelProposer
from clew_agents.sql.tagging import tag
from clew_core.answer import Option
from clew_core.deadline import Deadline
from clew_core.errors import (
    BackendUnavailable,
    ClewError,
    Refused,
    RetryByModel,
    SourceError,
    ToolFailed,
)
from clew_core.model import Model
from clew_core.principal import Principal
from clew_core.usage import Usage
from clew_tools.database.source import Source

_MOST_OPTIONS = 3
_AGREED = 0.5  # of the doubt that is left goes where two proposers agree


@dataclass(kw_only=True)
class Asked:
    """A model that may be asked in one run, and what that came to.

    Attributes:
        model: who.
        ask_below: it is asked where the built-in proposer is less sure than this.
        example_tokens: of example values in a prompt; 0 sends none.
        required: that it does not answer is an error, and no warning.
        usage: so far.
        seconds: waiting for it.
        cost: so far.
        used: its name; empty while it was not asked.
        warnings: what the reader must know.
    """

    model: Model
    ask_below: float = 0.9
    example_tokens: int = 120
    required: bool = False
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    cost: float = 0.0
    used: str = ""
    warnings: list[str] = field(default_factory=list)

    def verify(
        self,
        question: str,
        sources: Sequence[OpenSource],
        builtin: Proposer[SqlContext],
        principal: Principal,
        deadline: Deadline,
        chosen: Option | None = None,
    ) -> tuple[Verified, Source]:
        """Answer with both proposers; as ``plan.sql_step.verify``.

        Raises:
            AsksBack, CannotAnswer, Refused: nobody has an answer; the reason is the built-in one's.
        """
        own: tuple[Verified, Source] | None = None
        problem: ClewError | None = None
        try:
            own = verify(question, sources, builtin, principal, deadline, chosen)
        except (AsksBack, CannotAnswer) as said:
            problem = said
        if own is not None and (chosen is not None or own[0].candidate.confidence > self.ask_below):
            return own
        other = self.propose(question, _likeliest(question, sources, own), principal, deadline)
        if other is None:
            if problem is not None:
                raise problem
            assert own is not None  # it is one or the other
            return own
        if own is not None:
            return _surer(own, other)
        if isinstance(problem, AsksBack) and has_readings(problem):
            return self._settled(problem, other, sources, principal, deadline)
        return other

    def alone(
        self,
        question: str,
        sources: Sequence[OpenSource],
        principal: Principal,
        deadline: Deadline,
    ) -> tuple[Verified, Source] | None:
        """Answer where the built-in proposer was of no use; None where the model isn't either."""
        return self.propose(question, _likeliest(question, sources, None), principal, deadline)

    def propose(
        self, question: str, opened: OpenSource, principal: Principal, deadline: Deadline
    ) -> tuple[Verified, Source] | None:
        """Ask the model about one source; None where nothing of it holds.

        Raises:
            BackendUnavailable: it does not answer, and is required.
            Cancelled, BudgetEnded, SourceError: the run is over.
        """
        source = opened.source

        def samples(table: str) -> dict[str, tuple[str, ...]]:
            return source.samples(table, principal, deadline)

        proposer = ModelProposer(
            model=self.model,
            dialect=source.dialect,
            samples=samples if self.example_tokens else None,
            example_tokens=self.example_tokens,
            tenant=principal.tenant,
        )
        agent = SqlAgent(source, principal, opened.context)
        try:
            return agent.answer(question, proposer, deadline), source
        except (BackendUnavailable, ToolFailed) as error:
            if self.required and isinstance(error, BackendUnavailable):
                raise
            self.warnings.append(f"The model did not help: {error}")
        except SourceError:
            if proposer.used == "":
                raise
        except (AsksBack, CannotAnswer, Refused, RetryByModel):
            pass  # what it proposed does not hold, and none of its words are shown
        finally:
            self.usage += proposer.usage
            self.seconds += proposer.seconds
            self.cost += proposer.cost
            self.used = proposer.used or self.used
        return None

    def _settled(
        self,
        problem: AsksBack,
        other: tuple[Verified, Source],
        sources: Sequence[OpenSource],
        principal: Principal,
        deadline: Deadline,
    ) -> tuple[Verified, Source]:
        """Take the choice whose rows are the model's.

        Raises:
            AsksBack: there is none; a person has to choose.
        """
        for option in problem.clarification.options[:_MOST_OPTIONS]:
            opened = next((s for s in sources if s.source is other[1]), None)
            if option.spec is None or opened is None or option.spec.source != other[1].name:
                continue
            agent = SqlAgent(opened.source, principal, opened.context)
            try:
                found = agent.run_option(option, "builtin", deadline)
            except (AsksBack, CannotAnswer):
                continue
            if not differ([found, other[0]]):
                said = f"Read as {option.label!r}, as the model does."
                result = replace(found.result, warnings=(said, *found.result.warnings))
                candidate = replace(found.candidate, confidence=other[0].candidate.confidence)
                return replace(found, result=result, candidate=candidate), other[1]
        raise problem


def has_readings(problem: AsksBack) -> bool:
    """Whether something was asked back with readings to choose from, and not just words."""
    return any(o.spec is not None or o.pins for o in problem.clarification.options)


def _surer(own: tuple[Verified, Source], other: tuple[Verified, Source]) -> tuple[Verified, Source]:
    """Take the built-in answer where both agree or it is the surer one."""
    first, second = own[0].candidate, other[0].candidate
    if not differ([own[0], other[0]]):
        doubt = (1 - first.confidence) * _AGREED
        return replace(own[0], candidate=replace(first, confidence=round(1 - doubt, 3))), own[1]
    return own if first.confidence >= second.confidence else other


def _likeliest(
    question: str, sources: Sequence[OpenSource], own: tuple[Verified, Source] | None
) -> OpenSource:
    """Choose the source to ask the model about: one call, so one source."""
    if own is not None:
        return next(s for s in sources if s.source is own[1])

    def named(opened: OpenSource) -> int:
        context = opened.context
        items = tag(question, context.vocabulary, context.values, context.today)
        return sum(item.tag in "FV" for item in items)

    return max(sources, key=named) if len(sources) > 1 else sources[0]
