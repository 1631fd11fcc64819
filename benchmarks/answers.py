"""How many questions of companies and schemas never seen are answered right, and how many wrong?

    python benchmarks/answers.py worlds [--seeds 1-4] [--each 20] [--out FILE] [-v] [--write]
    python benchmarks/answers.py acme [--seeds 1-2] [--scale 0.2] [--out FILE] [-v] [--write]

Worlds are small schemas with data and questions, drawn from a grammar (``tests/worlds``); develop
on seeds up to 999, the gate takes those from 1000 on. Acme is the example company, with the
questions of its key.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from intervals import percent
from results import write_section

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def seeds_of(text: str) -> list[int]:
    """Read "1-4" or "7,9"."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def worlds(args: argparse.Namespace, folder: Path) -> str:
    """Ask generated worlds."""
    from worlds.score import Outcome, ask_worlds, by_construct, tally

    outcomes = ask_worlds(args.seeds, args.each, folder)
    if args.out:
        Path(args.out).write_text(
            "".join(json.dumps(_line(one), ensure_ascii=False) + "\n" for one in outcomes),
            encoding="utf-8",
        )
    if args.verbose:
        for one in outcomes:
            if one.verdict not in ("right", "detected"):
                print(_shown(one))
    count = tally(outcomes)
    times = [one.seconds for one in outcomes]
    rows = [
        "| figure | value (95 % interval) |",
        "|---|---|",
        f"| worlds, questions | {len(args.seeds)}, {len(outcomes)} |",
        f"| right, of the answerable | {percent(count.right, count.answerable)} |",
        f"| refused though answerable | {percent(count.refused, count.answerable)} |",
        f"| answered wrongly, of all | {percent(count.wrong + count.answered, len(outcomes))} |",
        f"| no answer or two: detected and named | {percent(count.detected, count.others)} |",
        f"| seconds a question, median | {statistics.median(times):.3f} |",
        "",
        "| construct | questions | right or detected | wrong | refused or unnamed |",
        "|---|---|---|---|---|",
    ]

    def good(group: Sequence[Outcome]) -> int:
        return sum(one.verdict in ("right", "detected") for one in group)

    def bad(group: Sequence[Outcome]) -> int:
        return sum(one.verdict in ("wrong", "answered") for one in group)

    groups = by_construct(outcomes)
    for name in sorted(groups, key=lambda name: (good(groups[name]) / len(groups[name]), name)):
        group = groups[name]
        left = len(group) - good(group) - bad(group)
        rows.append(f"| {name} | {len(group)} | {good(group)} | {bad(group)} | {left} |")
    for wording, number in sorted(Counter(one.question.wording for one in outcomes).items()):
        group = [one for one in outcomes if one.question.wording == wording]
        left = number - good(group) - bad(group)
        rows.append(f"| *wording: {wording}* | {number} | {good(group)} | {bad(group)} | {left} |")
    return "\n".join(rows)


def _line(one: Any) -> dict[str, Any]:
    question = one.question
    return {
        "world": one.world,
        "construct": question.construct,
        "kind": question.kind,
        "wording": question.wording,
        "before": question.before,
        "question": question.text,
        "verdict": one.verdict,
        "status": one.status,
        "said": one.said,
        "confidence": one.confidence,
        "seconds": round(one.seconds, 4),
        "sql": one.sql,
        "rows": [[str(cell) for cell in row] for row in one.rows],
        "gold": [gold.sql for gold in question.golds],
        "gold_rows": [[str(cell) for cell in row] for gold in question.golds[:1]
                      for row in gold.rows[:5]],
        "required": question.golds[0].required if question.golds else 0,
        "words": question.words,
    }  # fmt: skip


def _shown(one: Any) -> str:
    question = one.question
    asked = " >> ".join([*question.before, question.text])
    shown = f"{one.verdict} [{one.world} {question.construct}] {asked} | {one.said}"
    if one.verdict == "wrong":
        gold = question.golds[0]
        rows = [tuple(map(str, row[: gold.required])) for row in gold.rows[:3]]
        got = [tuple(map(str, row)) for row in one.rows[:3]]
        shown += f" | GOT {got} | GOLD {rows} {gold.sql}"
    elif one.verdict in ("unnamed", "answered"):
        shown += f" | TO NAME {question.words}"
    return shown


SETS = {"worlds": worlds}
DEFAULT_SEEDS = {"worlds": "1-4"}


def main() -> int:
    """Print the figures; with ``--write`` put them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=sorted(SETS), nargs="?", default="worlds")
    parser.add_argument("--seeds", type=seeds_of, help="such as 1-4 or 7,9")
    parser.add_argument("--each", type=int, default=20, help="questions a world")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N questions a world")
    parser.add_argument("--out", metavar="FILE", help="write one JSON line per question")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what is not right")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    args.seeds = args.seeds or seeds_of(DEFAULT_SEEDS[args.set])
    if args.limit:
        args.each = min(args.each, args.limit)
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CLEW_HOME"] = f"{scratch}/home"
        table = SETS[args.set](args, Path(scratch))
    print(table)
    if args.write:
        write_section(f"Answers: {args.set}, built-in proposer", table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
