"""An extension of a test's server: questions that take their time, and an agent that acts.

`slowly 3 …` and `busily 3 …` take 3 s: the first tells a token every 20 ms, the second keeps Python
itself busy; then the rest is answered. `…, then mail it` wants an approval.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import clew_agents.plan.agents as agents_module
from clew_agents.information_unit import Findings, InformationUnit, Sentence
from clew_agents.plan.plan import Card, Step
from clew_agents.proxy.proxy import Proxy
from clew_core.errors import ClewError

_ANSWER = Proxy.answer


def _answer(self: Proxy, question: str, sources: Any, deadline: Any, *more: Any) -> Any:
    how, _, rest = question.partition(" ")
    if how not in ("slowly", "busily"):
        return _ANSWER(self, question, sources, deadline, *more)
    seconds, _, rest = rest.partition(" ")
    until = time.monotonic() + float(seconds)
    number = 0
    self.tell("plan", {"steps": [{"id": "s1", "agent": "sql", "task": rest, "needs": []}]})
    try:
        while time.monotonic() < until:
            deadline.check()
            if how == "slowly":
                number += 1
                self.tell("token", {"text": f"{number} "})
                time.sleep(0.02)
    except ClewError as error:
        return self._unanswered(question, error)
    return _ANSWER(self, rest, sources, deadline, *more)


class Mailer:
    """An agent that acts, or says that it did."""

    card = Card(name="mail", needs=("result",), gives="findings", acts=True, verbs=("mail",))

    def intends(self, step: Step, units: Mapping[str, InformationUnit], world: Any) -> str:
        return f"send {step.task}"

    def run(self, step: Step, units: Mapping[str, InformationUnit], world: Any) -> InformationUnit:
        told = Findings(sentences=(Sentence(text="The mail was sent."),))
        return replace(next(iter(units.values())), role="mail", content=told)


def _load_jupyter_server_extension(app: Any) -> None:
    """Put the slow answers and the agent into place."""
    Proxy.answer = _answer  # type: ignore[assignment]
    agents_module.third_party_agents = lambda: (Mailer(),)
