"""Is a model used where it is better? Spider with a model whose answers are known beforehand.

    python benchmarks/model_replay.py [--limit N] [--right 0.8] [--seed S] [--write]   # train part
    python benchmarks/model_replay.py --part dev --predictions dail                    # to report

On the train part the model says the gold query, or, in the share of cases that ``--right`` leaves,
that of another question of the same database: a model as good as one wants. On the dev part,
which is for reporting and has to be asked for by name, it says what a system was recorded to say.
The SQL goes the way of free SQL: guard, values, choice. Three figures: the rules alone, the model
alone (all that it says, by the official rule), and both.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import spider_rule
from intervals import percent
from results import write_section
from spider import Judged, judge_all
from spider_data import (
    REPLAYS,
    Question,
    bench_folder,
    database,
    predictions,
    spider,
)

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests"))
from backend.fake_endpoint import FakeEndpoint, Said, chat  # noqa: E402

WRONG_USE = 2


def of_gold(questions: Sequence[Question], right: float, seed: int) -> dict[str, str]:
    """Let the model know the gold query of so many, and say another one for the rest."""
    chance = random.Random(seed)
    by_database: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_database[question.db].append(question)
    said = {}
    for question in questions:
        others = [other for other in by_database[question.db] if other.gold != question.gold]
        knows = chance.random() < right or not others
        said[question.id] = question.gold if knows else chance.choice(others).gold
    return said


def recorded(questions: Sequence[Question], folder: Path, name: str) -> dict[str, str]:
    """Give what a system was recorded to say."""
    lines = predictions(folder, name)
    return {question.id: lines[int(question.id)] for question in questions}


def replies(questions: Sequence[Question], said: Mapping[str, str]) -> dict[str, list[str]]:
    """Give what is said to each text; the same text may be asked of several databases, in turn."""
    found: dict[str, list[str]] = defaultdict(list)
    for question in sorted(questions, key=lambda question: question.db):
        found[question.text.strip()].append(said[question.id])
    return found


def is_right(question: Question, sql: str, folder: Path) -> bool:
    """Judge a query by the official rule."""
    path = database(folder, question.db)
    try:
        expected = spider_rule.run(spider_rule.prepare(question.gold), path)
        got = spider_rule.run(spider_rule.prepare(sql), path)
    except (sqlite3.Error, sqlite3.Warning):
        return False
    return spider_rule.same(got, expected, ordered=spider_rule.sorts(question.gold))


def ask(questions: Sequence[Question], folder: Path, model: str) -> list[Judged]:
    """Ask all questions with a model, or ``builtin``."""
    os.environ["CLEW_MODEL"] = model
    try:
        return [one for _, one in judge_all(questions, folder, seconds=30) if one is not None]
    finally:
        del os.environ["CLEW_MODEL"]


def table_of(
    questions: Sequence[Question], said: Mapping[str, str], folder: Path, name: str
) -> str:
    """Ask alone and with the model, and write the table."""
    alone = ask(questions, folder, "builtin")
    known = replies(questions, said)

    def otherwise(body: dict[str, Any]) -> Said:
        text = body["messages"][-1]["content"].split("\n")[0].strip()
        waiting = known.get(text, [])
        sql = waiting.pop(0) if len(waiting) > 1 else "".join(waiting)
        return chat(json.dumps({"sql": sql}))

    with FakeEndpoint(otherwise=otherwise) as fake:
        both = ask(questions, folder, f"openai:{fake.url}#replay")
        calls = len(fake.asked)
    model = sum(is_right(question, said[question.id], folder) for question in questions)
    n = len(both)
    rows = [
        f"| {n} questions, the model says {name} | right of all | answered | wrong |",
        "|---|---|---|---|",
    ]
    for who, judged in (("rules alone", alone), ("both", both)):
        right = sum(one.right for one in judged)
        answered = sum(one.answered for one in judged)
        rows.append(f"| {who} | {percent(right, n)} | {answered} | {answered - right} |")
    rows.insert(3, f"| model alone | {percent(model, n)} | {n} | {n - model} |")
    rows += ["", f"The model was asked {calls} times."]
    return "\n".join(rows)


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--limit", type=int, default=300, help="questions, drawn at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=("train", "dev"), default="train")
    parser.add_argument("--right", type=float, default=0.8, help="of the train part: share known")
    parser.add_argument("--predictions", choices=sorted(REPLAYS), help="of the dev part: whose")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    folder = bench_folder()
    if folder is None:
        sys.stderr.write("CLEW_BENCH_DATA names no folder with Spider: nothing to ask.\n")
        return WRONG_USE
    if (args.part == "dev") != (args.predictions is not None):
        sys.stderr.write("Recorded predictions are of the dev part: give both, or neither.\n")
        return WRONG_USE
    questions = spider(folder, args.part)
    if args.limit < len(questions):
        questions = random.Random(args.seed).sample(questions, args.limit)
    if args.predictions:
        said, name = recorded(questions, folder, args.predictions), args.predictions
    else:
        said = of_gold(questions, args.right, args.seed)
        name = f"the gold query of {args.right:.0%}, another one of the rest"
    with tempfile.TemporaryDirectory() as home:
        os.environ["CLEW_HOME"] = home
        table = table_of(questions, said, folder, name)
    sys.stdout.write(table + "\n")
    if args.write:
        write_section(f"Spider {args.part} with a model that says {name}", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
