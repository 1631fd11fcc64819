"""While an answer streams into a long notebook, the panel leaves the page's main thread free."""

from __future__ import annotations

import json
from typing import Any

import panel
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.soak  # it is timed: other tests run beside it
def test_no_task_spends_50_ms_in_our_stacks(lab: Any, chromium: Any) -> None:
    found = panel.stream(lab, chromium)
    assert 0 < found["ours"] <= panel.MOST_MS, found
    assert found["sum"] > found["ours"]


def test_a_long_task_of_ours_would_be_seen() -> None:
    node = {"id": 1, "callFrame": {"url": f"http://127.0.0.1:1/lab/extensions{panel.OURS}a.js"}}
    below = {"id": 2, "parent": 1, "callFrame": {"url": ""}}
    other = {"id": 3, "callFrame": {"url": "http://127.0.0.1:1/static/lab/b.js"}}
    same = {"pid": 1, "tid": 1}
    chunk = {"cpuProfile": {"nodes": [node, below, other], "samples": [3, 2, 1, 3]}}
    events = [
        {**same, "name": "RunTask", "ts": 1000, "dur": 100_000, "tdur": 100_000},
        {**same, "name": "Profile", "id": "p", "args": {"data": {"startTime": 1000}}},
        {**same, "name": "ProfileChunk", "id": "p",
         "args": {"data": {**chunk, "timeDeltas": [10_000, 30_000, 40_000, 10_000]}}},
    ]  # fmt: skip
    ours, longest, _ = panel.longest_tasks(json.dumps({"traceEvents": events}).encode())
    assert (ours, longest) == (70.0, 100.0)
