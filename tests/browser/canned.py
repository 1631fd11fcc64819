"""What does the server tell, where a test wants an answer that no question gives?"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from browser.analyst import Analyst

BLANK: dict[str, Any] = {
    "status": "answered", "question": "q", "text": "", "reason": None, "plan": [], "sql": None,
    "rows": [], "columns": [], "row_count": 0, "truncated": False, "as_of": None, "cells": [],
    "chart": None, "receipts": [], "clarification": None, "proposer": "builtin",
    "confidence": None, "model": None, "usage": {}, "warnings": [],
    "seconds": {"total": 0, "model": 0, "database": 0},
}  # fmt: skip


def replaces(cell: str, old: str, new: str, *, number: int = 1, **more: Any) -> dict[str, Any]:
    """Make the proposal that another text stands in a cell."""
    return {
        "id": f"canned-{number}", "op": "replace", "cell_id": cell, "after_cell": None,
        "kind": "python", "cell_type": "code", "old": old, "new": new,
        "base_sha256": hashlib.sha256(old.encode()).hexdigest(), "uses": [], "defines": [],
        "risk": "none", "group": "canned", "metadata": {}, "setup": False, **more,
    }  # fmt: skip


def answers(analyst: Analyst, *proposals: dict[str, Any], **answer: Any) -> None:
    """Let the next questions be answered by these proposals and this answer."""
    events = [("proposal", proposal) for proposal in proposals]
    events.append(("answer", {**BLANK, **answer}))
    frames = "event: run\ndata: " + json.dumps({"run": "canned", "thread": "t"}) + "\n\n"
    for seq, (kind, data) in enumerate(events, start=1):
        whole = {"v": 1, "run": "canned", "thread": "t", "seq": seq, "type": kind, "data": data}
        whole["at"] = "2026-01-01T00:00:00Z"
        frames += f"id: {seq}\nevent: {kind}\ndata: {json.dumps(whole)}\n\n"
    analyst.page.route(
        "**/clew/v1/ask*",
        lambda route: route.fulfill(content_type="text/event-stream", body=frames),
    )
