"""An extension of a test's server: questions that begin with `slowly 3` or `busily 3` take 3 s.

`slowly` tells a token every 20 ms, `busily` keeps Python itself busy; then the rest is answered.
"""

import time
from typing import Any

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


def _load_jupyter_server_extension(app: Any) -> None:
    """Put the slow answers into place."""
    Proxy.answer = _answer  # type: ignore[assignment]
