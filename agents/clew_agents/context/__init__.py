"""The cells of a notebook that a task needs, each with its reason."""

from clew_agents.context.selection import Dropped, Kept, Selection, Task, select
from clew_agents.context.tokens import estimate_tokens

__all__ = ["Dropped", "Kept", "Selection", "Task", "estimate_tokens", "select"]
