"""How many Spider questions does Clew answer right, and does it know which?

    python benchmarks/spider.py [--limit N] [--out FILE] [-v] [--write]
    python benchmarks/spider.py --replay dail          # recorded predictions of another system

It asks the train part, which development may look at; the dev part (also of SParC and CoSQL) has
to be asked for by name, is for reporting, and is never tuned on. A question counts as right by
the official rule (``spider_rule.py``); what is declined counts as not right. Answers go to a
journal as they come: a run that was stopped goes on where it was, unless the code has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

import spider_rule
from intervals import percent, precision_of_surest, reliability
from results import write_section
from spider_data import (
    KNOWN,
    NOW,
    REPLAYS,
    Question,
    bench_folder,
    database,
    dialogues,
    predictions,
    spider,
)

import clew
from clew_core.deadline import Budget, Deadline
from clew_core.errors import ClewError

ROOT = Path(__file__).resolve().parent.parent
SETS = ("spider", "sparc", "cosql")
WRONG_USE, CANCELLED = 2, 130
_GRACE_S = 10.0
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What came of one question.

    Attributes:
        id: of the question.
        db: name of the database.
        question: as it was asked.
        before: the turns before it.
        gold: SQL.
        status: of the answer; ``raised`` where there was an error instead.
        right: by the official rule.
        sql: of the answer.
        confidence: of the answer.
        reason: why there is no answer, or what was asked back.
        seconds: wall clock of the question alone.
    """

    id: str
    db: str
    question: str
    before: tuple[str, ...]
    gold: str
    status: str
    right: bool
    sql: str | None
    confidence: float | None
    reason: str | None
    seconds: float

    @property
    def answered(self) -> bool:
        """Whether there is an answer, right or wrong."""
        return self.status == "answered"


# ------------------------------------------------------------------------------------------ asking


def judge_all(
    questions: Sequence[Question], folder: Path, *, seconds: float
) -> Iterator[tuple[Question, Judged | None]]:
    """Ask all questions, database by database; None for one whose gold query does not run.

    Args:
        questions: in any order.
        folder: of benchmark data.
        seconds: that one question may take.
    """
    by_database = sorted(questions, key=lambda question: question.db)
    for db, group in groupby(by_database, key=lambda question: question.db):
        path = database(folder, db)
        try:
            workspace = clew.open(str(path))
        except ClewError as error:
            for question in group:
                yield question, _raised(question, error, 0.0)
            continue
        with workspace:
            for question in group:
                yield question, judge(workspace, question, path, seconds=seconds)


def judge(
    workspace: clew.Workspace, question: Question, path: Path, *, seconds: float
) -> Judged | None:
    """Ask one question and compare its answer with the gold query's result."""
    try:
        expected = spider_rule.run(spider_rule.prepare(question.gold), path)
    except sqlite3.Error:
        return None
    started = time.perf_counter()
    try:
        with _alarm(seconds + _GRACE_S):
            session = workspace.session()
            for text in question.before:
                session.ask(text, now=NOW, deadline=Deadline(Budget(seconds=seconds)))
            started = time.perf_counter()
            answer = session.ask(question.text, now=NOW, deadline=Deadline(Budget(seconds=seconds)))
    except Exception as error:  # a crash on one question must not end the run, but be seen
        return _raised(question, error, time.perf_counter() - started)
    took = time.perf_counter() - started
    right = False
    if answer.status == "answered":
        ordered = spider_rule.sorts(question.gold)
        right = spider_rule.same(_rows(answer, path), expected, ordered=ordered)
    reason = answer.reason
    if answer.clarification:
        reason = answer.clarification.question
    return Judged(
        id=question.id,
        db=question.db,
        question=question.text,
        before=question.before,
        gold=question.gold,
        status=answer.status,
        right=right,
        sql=answer.sql,
        confidence=answer.confidence,
        reason=reason,
        seconds=took,
    )


def _rows(answer: clew.Answer, path: Path) -> list[spider_rule.Row]:
    """Run the answer's SQL by the official rule; where it needs Clew's engine, take its rows.

    The official rule knows no columns beside those that were asked for.
    """
    asked = answer.spec.asked if answer.spec else ()
    if answer.sql and answer.dialect == "sqlite":
        try:
            sql = answer.sql
            if asked:
                names = ", ".join('"' + name.replace('"', '""') + '"' for name in asked)
                sql = f"SELECT {names} FROM ({sql})"
            return spider_rule.run(spider_rule.prepare(sql), path)
        except (sqlite3.Error, sqlite3.Warning):
            pass
    table = answer.table
    if table is None:
        return []
    table = table.select(asked) if asked else table
    return [tuple(_as_sqlite(value) for value in row.values()) for row in table.to_pylist()]


def _as_sqlite(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)


def _raised(question: Question, error: Exception, seconds: float) -> Judged:
    return Judged(
        id=question.id,
        db=question.db,
        question=question.text,
        before=question.before,
        gold=question.gold,
        status="raised",
        right=False,
        sql=None,
        confidence=None,
        reason=f"{type(error).__name__}: {error}",
        seconds=seconds,
    )


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Break off what does not look at its deadline."""

    def ring(number: int, frame: object) -> None:
        raise TimeoutError(f"no answer after {seconds:g} s, and the deadline was not kept")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# ----------------------------------------------------------------------------------------- journal


class Journal:
    """The answers of a run, one JSON line each, kept while it goes on."""

    def __init__(self, file: Path, head: dict[str, Any], *, fresh: bool) -> None:
        """Read what a stopped run of the same questions and code has left."""
        self.file = file
        self.done: dict[str, Judged | None] = {}
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        if fresh or not lines or _json(lines[0]) != head:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(head) + "\n", encoding="utf-8")
            return
        for line in lines[1:]:
            if record := _json(line):  # the last line of a killed run may be cut
                kept = record["judged"]
                if kept is not None:
                    kept = Judged(**{**kept, "before": tuple(kept["before"])})
                self.done[record["id"]] = kept
        whole = [json.dumps(head), *(line for line in lines[1:] if _json(line))]
        file.write_text("\n".join(whole) + "\n", encoding="utf-8")

    def add(self, question: Question, judged: Judged | None) -> None:
        """Keep one answer."""
        self.done[question.id] = judged
        record = {"id": question.id, "judged": asdict(judged) if judged else None}
        with self.file.open("a", encoding="utf-8") as text:
            text.write(json.dumps(record) + "\n")


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def code_digest() -> str:
    """Name the code that answers: a run goes on only with the same."""
    digest = hashlib.sha256()
    for file in sorted(ROOT.glob("*/clew*/**/*")):
        if file.is_file() and "__pycache__" not in file.parts:
            digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


# ----------------------------------------------------------------------------------------- telling


def table_of(judged: Sequence[Judged]) -> str:
    """Write the figures of a run as Markdown."""
    n = len(judged)
    answered = [one for one in judged if one.answered]
    right = sum(one.right for one in answered)
    sure = [(one.confidence or 0.0, one.right) for one in answered]
    times = sorted(one.seconds for one in judged)
    p95 = times[min(n - 1, int(n * 0.95))]
    rows = [
        "| figure | value (95 % interval) |",
        "|---|---|",
        f"| questions | {n} |",
        f"| answered | {percent(len(answered), n)} |",
        f"| right, of all | {percent(right, n)} |",
        f"| right, of the answered | {percent(right, len(answered))} |",
    ]
    for share in (10, 30, 50):
        of_all = max(1, round(n * share / 100))
        of_answered = max(1, round(len(answered) * share / 100))
        among = precision_of_surest(sure, of_all) * of_all
        surest = precision_of_surest(sure, of_answered) * of_answered
        rows.append(
            f"| right among the surest {share} % of all; of the answered "
            f"| {percent(among, of_all)}; {percent(surest, of_answered)} |"
        )
    rows.append(f"| seconds a question, median | {statistics.median(times):.3f} |")
    rows.append(f"| seconds a question, 95th percentile | {p95:.3f} |")
    rows.append(f"| ended with an error | {sum(one.status == 'raised' for one in judged)} |")
    rows += ["", *reliability(sure)]
    rows += ["", "| gold query | questions | answered | right | wrong |", "|---|---|---|---|---|"]
    kinds: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        kinds[shape(one.gold)].append(one)
    for kind, group in sorted(kinds.items(), key=lambda item: -len(item[1])):
        hits = sum(one.right for one in group)
        said = sum(one.answered for one in group)
        rows.append(f"| {kind} | {len(group)} | {said} | {hits} | {said - hits} |")
    return "\n".join(rows)


def shape(gold: str) -> str:
    """Name what a gold query is made of."""
    words = Counter(gold.lower().replace("(", " ").split())
    if words["except"] or words["union"] or words["intersect"]:
        return "set operation"
    if words["select"] > 1:
        return "nested"
    parts = ["joined" if words["join"] or "," in _from(gold) else "one table"]
    if words["group"]:
        parts.append("grouped")
    if words["order"]:
        parts.append("ordered")
    return ", ".join(parts)


def _from(gold: str) -> str:
    after = gold.lower().partition(" from ")[2]
    for word in (" where ", " group ", " order "):
        after = after.partition(word)[0]
    return after


# ------------------------------------------------------------------------------------------- doing


def sample(questions: list[Question], limit: int | None, seed: int) -> list[Question]:
    """Take a seeded random sample; all, where there are no more."""
    if limit is None or limit >= len(questions):
        return questions
    return random.Random(seed).sample(questions, limit)


def replay(name: str, folder: Path) -> tuple[int, int]:
    """Judge recorded predictions on dev.

    Returns:
        How many are right, of how many.
    """
    predicted = predictions(folder, name)
    right = n = 0
    for question in spider(folder, "dev"):
        path = database(folder, question.db)
        n += 1
        right += spider_rule.is_right(predicted[int(question.id)], question.gold, path)
    return right, n


def _questions(args: argparse.Namespace, folder: Path) -> list[Question]:
    if args.set == "spider":
        found = spider(folder, args.part)
    else:
        found = dialogues(folder, args.set)
    if args.db:
        found = [question for question in found if question.db in args.db]
    return sample(found, args.limit, args.seed)


def _run(args: argparse.Namespace, folder: Path) -> list[Judged]:
    questions = _questions(args, folder)
    name = f"{args.set}-{args.part}"
    head = {
        "questions": hashlib.sha256(
            "\n".join(f"{question.id} {question.text}" for question in questions).encode()
        ).hexdigest()[:16],
        "seconds": args.seconds,
        "code": code_digest(),
    }
    file = Path(args.journal) if args.journal else ROOT / ".data" / f"bench-{name}.jsonl"
    journal = Journal(file, head, fresh=args.fresh)
    left = [question for question in questions if question.id not in journal.done]
    if len(left) < len(questions):
        sys.stderr.write(f"going on: {len(questions) - len(left)} answers are in {file}\n")
    for count, (question, judged) in enumerate(judge_all(left, folder, seconds=args.seconds), 1):
        journal.add(question, judged)
        if count % 100 == 0:
            sys.stderr.write(f"{count} of {len(left)}\n")
    kept = [journal.done[question.id] for question in questions]
    unrunnable = sum(one is None for one in kept)
    if unrunnable:
        sys.stderr.write(f"{unrunnable} gold queries do not run and are left out\n")
    return [one for one in kept if one is not None]


def main() -> int:
    """Print the figures; with ``--write`` put them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", choices=SETS, default="spider")
    parser.add_argument("--part", choices=("train", "dev"), default="train")
    parser.add_argument("--db", action="append", help="only this database; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="a random sample of N questions")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--seconds", type=float, default=20.0, help="that one question may take")
    parser.add_argument("--out", metavar="FILE", help="write one JSON line per question")
    parser.add_argument("--journal", metavar="FILE", help="default: .data/bench-SET-PART.jsonl")
    parser.add_argument("--fresh", action="store_true", help="forget a stopped run's answers")
    parser.add_argument("--replay", metavar="NAME", choices=(*REPLAYS, "all"))
    parser.add_argument("-v", "--verbose", action="store_true", help="print what is not right")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    folder = bench_folder()
    if folder is None:
        print("not run: the data are not here (CLEW_BENCH_DATA names their folder)")
        return 0
    if args.replay:
        for name in REPLAYS if args.replay == "all" else (args.replay,):
            right, n = replay(name, folder)
            print(f"{name}: {100 * right / n:.1f} % of {n} (known: {KNOWN[name]})")
        return 0
    if args.set != "spider" and args.part != "dev":
        parser.error(f"of {args.set} only the dev part is here: ask for it with --part dev")
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    with tempfile.TemporaryDirectory() as home:
        os.environ["CLEW_HOME"] = home
        try:
            judged = _run(args, folder)
        except KeyboardInterrupt:
            sys.stderr.write("stopped; the same command goes on from here\n")
            return CANCELLED
    if not judged:
        print("no questions")
        return WRONG_USE
    if args.out:
        lines = (json.dumps(asdict(one), ensure_ascii=False) for one in judged)
        Path(args.out).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if args.verbose:
        for one in judged:
            if not one.right:
                verdict = "WRONG" if one.answered else one.status
                print(f"{verdict} [{one.db}] {one.question} | {one.reason or one.sql}")
    table = table_of(judged)
    print(table)
    if args.write:
        write_section(f"Spider: {args.set}, {args.part} part, built-in proposer", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
