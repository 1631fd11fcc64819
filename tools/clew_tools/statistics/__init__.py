"""Statistics that findings rest on: tails, multiple comparisons, windows of change, shape tests."""

from __future__ import annotations
