"""The insight agent: what stands out, where and when, tested and receipted, without a model."""

from __future__ import annotations

from clew_agents.insight.agent import InsightAgent
from clew_agents.insight.finding import Finding, InsightAnswer
from clew_agents.insight.intent import is_insight

__all__ = ["Finding", "InsightAgent", "InsightAnswer", "is_insight"]
