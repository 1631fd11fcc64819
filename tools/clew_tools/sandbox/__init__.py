"""Run Python that nobody has read, apart from everything: `run` is the only door."""

from clew_tools.sandbox.outcome import Limits, Ran, Refusal
from clew_tools.sandbox.run import run

__all__ = ["Limits", "Ran", "Refusal", "run"]
