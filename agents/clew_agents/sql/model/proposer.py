"""How does a model propose candidates for a question? One call, then all is checked by rules.

What the model says becomes a query spec, or SQL where no spec says it; a candidate whose values
nobody named is dropped. Confidence is written by hand, as that of the built-in proposer is; no
weight was fitted to a benchmark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from clew_agents.prompt.layout import lay_out, prompt_file
from clew_agents.proposer import Candidate, CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_agents.sql.changes import refuse_changes
from clew_agents.sql.model.free_sql import prepared
from clew_agents.sql.model.grounded import Said, values_of
from clew_agents.sql.model.reply import read_spec, reply_schema
from clew_agents.sql.model.schema_text import Samples, schema_text
from clew_agents.sql.tagging import Item, tag
from clew_core.answer import ProposerName
from clew_core.deadline import Deadline
from clew_core.errors import ClewError, RetryByModel
from clew_core.model import Model, ModelTask, Turn, usage_of
from clew_core.query_spec import QuerySpec
from clew_core.usage import Usage

SCHEMA_TOKENS = 380
_MOST_TOKENS = 300
_MOST_HINTS = 4
CONFIDENCE, FREE, UNUSED = 0.8, 0.05, 0.3


@dataclass(kw_only=True)
class ModelProposer:
    """The proposer that asks a model. One per run: it counts what it used.

    Attributes:
        model: who is asked.
        dialect: of the source, for free SQL.
        samples: example values of a table; None sends none.
        example_tokens: of example values in a prompt.
        tenant: whose question it is.
        usage: so far.
        seconds: waiting for the model, so far.
        cost: so far.
        used: the name of the model that answered.
    """

    model: Model
    dialect: str
    samples: Samples | None = None
    example_tokens: int = 0
    tenant: str = "local"
    usage: Usage = field(default_factory=Usage)
    seconds: float = 0.0
    cost: float = 0.0
    used: str = ""
    name: ProposerName = field(default="model", init=False)

    def propose(self, task: str, context: SqlContext, deadline: Deadline) -> list[Candidate]:
        """Make candidates; see ``Proposer.propose``.

        Raises:
            Refused: the question would change data.
            CannotAnswer: the model proposes nothing that could be an answer.
            BackendUnavailable: it does not answer.
        """
        refuse_changes(task)
        items = tag(task, context.vocabulary, context.values, context.today)
        request = ModelTask(
            role="coder",
            turns=self.prompt(task, context, items),
            schema=reply_schema(task),
            name="query",
            most_tokens=_MOST_TOKENS,
            tenant=self.tenant,
        )
        try:
            reply = self.model.complete(request, deadline)
        except ClewError as error:
            self.usage += usage_of(error)
            raise
        self.usage += reply.usage
        self.seconds += reply.seconds
        self.cost += reply.cost
        self.used = reply.model or self.used
        said = Said(question=task, items=items, values=context.values)
        try:
            return [self._candidate(reply.data, said, context)]
        except RetryByModel as problem:
            raise CannotAnswer(f"What the model proposed can't be used: {problem}") from problem

    def prompt(self, task: str, context: SqlContext, items: tuple[Item, ...]) -> tuple[Turn, ...]:
        """Lay out the prompt of a question."""
        schema = schema_text(
            context.vocabulary.catalog,
            most_tokens=SCHEMA_TOKENS,
            example_tokens=self.example_tokens,
            samples=self.samples,
            needed=needed_tables(items, context),
        )
        return lay_out(
            instructions=prompt_file("sql"),
            schema=f"{schema}\ndialect: {self.dialect}",
            question=_question(task, context, items),
        )

    def _candidate(self, data: Mapping[str, Any], said: Said, context: SqlContext) -> Candidate:
        """Make a candidate of what the model said.

        Raises:
            RetryByModel: it is none.
        """
        if data.get("no") and not (data.get("by") or data.get("measures") or data.get("sql")):
            raise RetryByModel("it says that the data hold no answer.")
        catalog = context.vocabulary.catalog
        if data.get("by") or data.get("measures"):
            spec = read_spec(data, context.source, catalog)
            values = tuple(values_of(spec))
            candidate = Candidate(
                spec=spec, confidence=CONFIDENCE, reason="the query spec of a model"
            )
        else:
            sql, table, values = prepared(data.get("sql") or "", self.dialect, catalog)
            candidate = Candidate(
                spec=QuerySpec(source=context.source, table=table),
                sql=sql,
                confidence=CONFIDENCE - FREE,
                reason="SQL of a model",
                warnings=("A model wrote this SQL freely: read it before you rely on it.",),
            )
        for value in values:
            said.check(value)
        confidence = max(0.05, candidate.confidence - UNUSED * said.unused(values))
        if confidence < CONFIDENCE / 2:
            raise RetryByModel("it leaves out what the question names.")
        return replace(candidate, confidence=round(confidence, 3))


def needed_tables(items: tuple[Item, ...], context: SqlContext) -> list[str]:
    """Name the tables that a question speaks of, and those between them."""
    found: dict[str, None] = {}
    for item in items:
        for match in item.matches[:3]:
            if match.name.table:
                found.setdefault(match.name.table)
        for hit in item.hits[:3]:
            found.setdefault(hit.table)
    catalog = context.vocabulary.catalog
    tables = [name for name in found if catalog.table(name) is not None]
    pointed = {key.table for name in tables if (t := catalog.table(name)) for key in t.foreign_keys}
    between = [
        table.name
        for table in catalog.tables
        if table.name not in found and sum(k.table in found for k in table.foreign_keys) > 1
    ]
    return [*tables, *between, *sorted(pointed - found.keys())]


def _question(task: str, context: SqlContext, items: tuple[Item, ...]) -> str:
    """Say the question, with what holds for it alone: the day, and where its values stand."""
    lines = [task.strip()]
    if any(item.tag == "P" or item.period is not None for item in items):
        lines.append(f"Today is {context.today.isoformat()}.")
    hints = [
        f"{hit.table}.{hit.column} = {hit.value!r}"
        for item in items
        if item.tag == "V"
        for hit in item.hits[:2]
    ]
    if hints:
        lines.append(f"Found: {'; '.join(dict.fromkeys(hints[:_MOST_HINTS]))}")
    return "\n".join(lines)
