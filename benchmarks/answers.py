"""How many questions of companies and schemas never seen are answered right, and how many wrong?

    python benchmarks/answers.py worlds [--seeds 1-4] [--each 20] [--out FILE] [-v] [--write]
    python benchmarks/answers.py acme [--seeds 1-2] [--scale 0.1] [--out FILE] [-v] [--write]

Worlds are small schemas with data and questions, drawn from a grammar (``tests/worlds``); develop
on seeds up to 999, the gate takes those from 1000 on. Acme is the example company, with the
questions of its key. Without a set's name both are asked.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intervals import percent, reliability
from results import write_section

import clew

if TYPE_CHECKING:
    from number_audit import Audits

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_GOOD, _BAD = ("right", "detected"), ("wrong", "answered")


@dataclass(frozen=True, kw_only=True)
class Line:
    """What came of one question, of either set.

    Attributes:
        where: world or company.
        group: construct or grade.
        kind: ``answerable``, ``unanswerable`` or ``ambiguous``.
        wording: ``own``, or ``borrowed``.
        asked: the question and what it follows.
        verdict: ``right``, ``wrong``, ``refused``, ``detected``, ``unnamed`` or ``answered``.
        status: of the answer.
        said: text, reason or what was asked back.
        sql: of the answer.
        rows: the first ones.
        gold: SQL.
        gold_rows: the first ones.
        words: that have to be named.
        confidence: of the answer.
        seconds: wall clock.
        answer: itself.
    """

    where: str
    group: str
    kind: str
    asked: tuple[str, ...]
    verdict: str
    status: str
    said: str
    sql: str | None
    rows: tuple[tuple[Any, ...], ...]
    gold: tuple[str, ...]
    gold_rows: tuple[tuple[Any, ...], ...]
    words: tuple[str, ...]
    confidence: float | None
    seconds: float
    answer: clew.Answer | None
    wording: str = "own"

    def record(self) -> dict[str, Any]:
        """Write it as JSON."""
        return {
            "where": self.where,
            "group": self.group,
            "kind": self.kind,
            "wording": self.wording,
            "before": self.asked[:-1],
            "question": self.asked[-1],
            "verdict": self.verdict,
            "status": self.status,
            "said": self.said,
            "confidence": self.confidence,
            "seconds": round(self.seconds, 4),
            "sql": self.sql,
            "rows": [[str(cell) for cell in row] for row in self.rows],
            "gold": self.gold,
            "gold_rows": [[str(cell) for cell in row] for row in self.gold_rows],
            "words": self.words,
        }

    def shown(self) -> str:
        """Write it for a developer, on one line."""
        text = f"{self.verdict} [{self.where} {self.group}] {' >> '.join(self.asked)} | {self.said}"
        if self.verdict == "wrong":
            got = [tuple(map(str, row)) for row in self.rows[:3]]
            gold = [tuple(map(str, row)) for row in self.gold_rows[:3]]
            return f"{text} | GOT {got} | GOLD {gold} {' '.join(self.gold[0].split())}"
        if self.verdict in ("unnamed", "answered"):
            return f"{text} | TO NAME {self.words}"
        return text


def ask_worlds(args: argparse.Namespace, folder: Path) -> list[Line]:
    """Ask generated worlds."""
    from worlds import score

    each = min(args.each, args.limit or args.each)
    return [
        Line(
            where=one.world,
            group=one.question.construct,
            kind=one.question.kind,
            wording=one.question.wording,
            asked=(*one.question.before, one.question.text),
            verdict=one.verdict,
            status=one.status,
            said=one.said,
            sql=one.sql,
            rows=one.rows,
            gold=tuple(gold.sql for gold in one.question.golds),
            gold_rows=tuple(
                row[: gold.required] for gold in one.question.golds[:1] for row in gold.rows[:5]
            ),
            words=one.question.words,
            confidence=one.confidence,
            seconds=one.seconds,
            answer=one.answer,
        )
        for one in score.ask_worlds(args.seeds or range(1, 5), each, folder)
    ]


def ask_acme(args: argparse.Namespace, folder: Path) -> list[Line]:
    """Ask acme, made from several seeds."""
    import answers_acme

    kinds = {"questions": "answerable"}
    return [
        Line(
            where=f"acme-{seed}",
            group=f"grade {one.grade}" if one.grade else one.kind,
            kind=kinds.get(one.kind, one.kind),
            asked=one.asked,
            verdict=one.verdict,
            status=one.status,
            said=one.said,
            sql=one.sql,
            rows=one.rows,
            gold=(one.gold,),
            gold_rows=one.gold_rows,
            words=(one.words,),
            confidence=one.confidence,
            seconds=one.seconds,
            answer=one.answer,
        )
        for seed in args.seeds or (1, 2)
        for one in answers_acme.ask_acme(seed, args.scale, folder, args.limit)
    ]


ASK: dict[str, Callable[[argparse.Namespace, Path], list[Line]]] = {
    "worlds": ask_worlds,
    "acme": ask_acme,
}


def table_of(lines: Sequence[Line], audits: Audits) -> str:
    """Write the figures of a set as Markdown."""
    answerable = [line for line in lines if line.kind == "answerable"]
    others = [line for line in lines if line.kind != "answerable"]
    times = sorted(line.seconds for line in lines)
    places = sorted({line.where for line in lines})
    each = [
        _count(own, "right") / len(own)
        for place in places
        if (own := [line for line in answerable if line.where == place])
    ]
    rows = [
        "| figure | value (95 % interval) |",
        "|---|---|",
        f"| companies, questions | {len(places)}, {len(lines)} |",
        f"| right, of the answerable | {percent(_count(lines, 'right'), len(answerable))} |",
        f"| the same, median over companies | {statistics.median(each):.1%} |",
        f"| refused though answerable | {percent(_count(lines, 'refused'), len(answerable))} |",
        f"| answered wrongly, of all | {percent(_count(lines, *_BAD), len(lines))} |",
        f"| no answer or two: detected, words named "
        f"| {percent(_count(lines, 'detected'), len(others))} |",
        f"| texts with a number without a receipt | {len(audits.unsupported)} |",
        f"| sentences dropped, of all | {percent(audits.dropped, audits.sentences)} |",
        f"| the number asked for is stated "
        f"| {percent(audits.keyed - len(audits.unstated), audits.keyed)} |",
        f"| receipts that a changed result does not break | {len(audits.survivors)} |",
        f"| seconds a question, median; 95th percentile "
        f"| {statistics.median(times):.3f}; {times[int(0.95 * (len(times) - 1))]:.3f} |",
        "",
        *reliability(
            [
                (line.confidence, line.verdict == "right")
                for line in lines
                if line.status == "answered" and line.confidence is not None
            ]
        ),
        "",
        "| kind of question | asked | right or detected | wrong | refused or unnamed |",
        "|---|---|---|---|---|",
    ]
    groups: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.group].append(line)
    for name in sorted(groups, key=lambda n: (_count(groups[n], *_GOOD) / len(groups[n]), n)):
        rows.append(_row(name, groups[name]))
    for wording in sorted({line.wording for line in lines} if len(groups) > 8 else ()):
        own = [line for line in lines if line.wording == wording]
        rows.append(_row(f"*wording: {wording}*", own))
    return "\n".join(rows)


def _count(lines: Sequence[Line], *verdicts: str) -> int:
    return sum(line.verdict in verdicts for line in lines)


def _row(name: str, lines: Sequence[Line]) -> str:
    good, bad = _count(lines, *_GOOD), _count(lines, *_BAD)
    return f"| {name} | {len(lines)} | {good} | {bad} | {len(lines) - good - bad} |"


def seeds_of(text: str) -> list[int]:
    """Read "1-4" or "7,9"."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


def _tell(name: str, lines: Sequence[Line], args: argparse.Namespace) -> None:
    from number_audit import audit_all

    if args.out:
        with Path(args.out).open("a", encoding="utf-8") as out:
            for line in lines:
                out.write(json.dumps(line.record(), ensure_ascii=False) + "\n")
    audits = audit_all(
        (line.answer, line.asked) for line in lines if line.answer and line.status == "answered"
    )
    if args.verbose:
        for line in lines:
            if line.verdict not in _GOOD:
                print(line.shown())
        for kind in ("unsupported", "unstated", "survivors"):
            for text in getattr(audits, kind):
                print(f"{kind} {text}")
    table = table_of(lines, audits)
    print(f"\n{name}\n\n{table}")
    if args.write:
        write_section(f"Answers: {name}, built-in proposer", table)


def main() -> int:
    """Print the figures; with ``--write`` put them into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("set", choices=sorted(ASK), nargs="?", help="default: both")
    parser.add_argument("--seeds", type=seeds_of, help="such as 1-4 or 7,9")
    parser.add_argument("--each", type=int, default=20, help="questions a world")
    parser.add_argument("--scale", type=float, default=0.1, help="size of acme")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N questions of a kind")
    parser.add_argument("--out", metavar="FILE", help="write one JSON line per question")
    parser.add_argument("-v", "--verbose", action="store_true", help="print what is not right")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    if args.out:
        Path(args.out).write_text("", encoding="utf-8")
    # One home for all: what the product keeps for a process lies in it.
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["CLEW_HOME"] = f"{scratch}/home"
        for name in [args.set] if args.set else sorted(ASK):
            folder = Path(scratch, name)
            folder.mkdir()
            _tell(name, ASK[name](args, folder), args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
