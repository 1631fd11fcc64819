"""Kill a process that answers a question of several steps, take the run up, compare. A program.

    python plan_kills.py FOLDER KILLS SEED

Each kill forks a process that asks; after a random time it gets SIGKILL; another process takes
the run up where the store has one, or asks again. Prints one JSON object: how many kills hit a
run half-way, how many steps were not done again, and what differed from the answer of a run that
nobody killed (should be nothing).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import langgraph.graph
import langgraph.types  # noqa: F401 - once for all forks
import pyarrow.compute  # noqa: F401

import clew
from agents.plan_world import NOW, make_world
from clew.session import Session
from clew.settings import Settings
from clew_core.principal import Principal

QUESTIONS = (
    "compare the revenue by region with the number of orders by region in one chart",
    "take the region with the most orders; show its revenue by month; show its number of orders"
    " by quarter",
    "find the region with the most orders, then show its revenue by month, then plot it as bars",
    "orders per month in sales.duckdb and visits per month in web.csv, side by side",
    "total revenue by month, then only 2023, then by quarter, then chart it",
)
SAME = ("status", "text", "columns", "rows", "chart", "cells", "sql", "spec", "warnings", "parts")


def main(folder: Path, kills: int, seed: int) -> dict[str, Any]:
    """Kill so often; give the counts."""
    places = make_world(folder)
    chance = random.Random(seed)
    wanted: dict[str, Any] = {}
    takes: dict[str, float] = {}
    for question in QUESTIONS:
        home = folder / "whole"
        began = time.monotonic()
        wanted[question] = in_process(
            home, places, lambda s, q=question: s.ask(q, now=NOW).to_json()
        )
        takes[question] = time.monotonic() - began
        shutil.rmtree(home)
    counts = {"kills": 0, "half_way": 0, "before": 0, "after": 0, "steps_kept": 0}
    differences: list[str] = []
    while counts["kills"] < kills:
        question = chance.choice(QUESTIONS)
        home = folder / f"home{counts['kills']}"
        child = start(home, places, lambda s, q=question: s.ask(q, now=NOW).to_json())
        time.sleep(chance.uniform(0.35, 1.0) * takes[question])
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        counts["kills"] += 1
        answer, way, kept = in_process(home, places, lambda s, q=question: again(s, q))
        counts[way] += 1
        counts["steps_kept"] += kept
        for part in SAME:
            if comparable(answer[part]) != comparable(wanted[question][part]):
                differences.append(f"{question}: {part}")
        shutil.rmtree(home)
    return {**counts, "differences": differences}


def again(session: Session, question: str) -> tuple[Any, str, int]:
    """Take the run up that the dead process left, or ask where it left none or an answer.

    Gives the answer, when the kill came, and how many steps were not done again.
    """
    store = session.workspace.store
    thread = store.last_thread(Principal())
    left = store.read(
        "SELECT id, status, EXISTS (SELECT 1 FROM plans WHERE run = id) FROM runs", ()
    )
    if thread is None or not left or (left[0][1] is None and not left[0][2]):
        return session.ask(question, now=NOW).to_json(), "before", 0
    mine = session.workspace.session(thread=thread)
    answer = mine.ask(question, now=NOW)  # the same question goes on with a dead run
    if left[0][1] is not None:
        return answer.to_json(), "after", 0
    assert answer.run == left[0][0], "a new run was begun"
    assert not store.read("SELECT 1 FROM checkpoints", ()), "rows were left in the store"
    kept = sum(step.seconds is None for step in answer.plan)
    return answer.to_json(), "half_way", kept


def start(home: Path, places: tuple[str, str], work: Callable[[Session], Any]) -> int:
    """Work in another process, in a workspace of its own; what it gives is written beside it."""
    child = os.fork()
    if child == 0:
        try:
            with clew.open(*places, settings=Settings(home=home)) as workspace:
                made = json.dumps(work(workspace.session()))
            home.with_suffix(".json").write_text(made, "utf-8")
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    return child


def in_process(home: Path, places: tuple[str, str], work: Callable[[Session], Any]) -> Any:
    """Work in another process and wait for what it gives: this one opens nothing, so it forks."""
    os.waitpid(start(home, places, work), 0)
    return json.loads(home.with_suffix(".json").read_text("utf-8"))


def comparable(value: Any) -> Any:
    """Leave out when the data were read."""
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items() if key != "as_of"}
    return value


if __name__ == "__main__":
    made = main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(made) + "\n")
