"""How many questions of the fixed sets does Clew answer right, asks back, or gets wrong?

    python benchmarks/question_sets.py [--set NAME] [--scale 0.1] [--write]

The sets are ``tests/questions/*.yaml``; gold answers come from SQL written by hand, before the
proposer. An answer counts as right when its rows are those of the gold, whatever its columns are
called; "wrong" is an answer with other rows. An unanswerable question counts when it is declined
with an allowed status and names the words that are not understood.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml
from results import write_section

import clew

NOW = "2026-11-01"
FOLDER = Path(__file__).parent.parent / "tests" / "questions"
SETS = ("gapminder", "tpch", "chinook")
Row = tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one phrasing.

    Attributes:
        id: of the question.
        question: as it was asked.
        verdict: ``right``, ``declined`` (asked back or no answer) or ``wrong``.
        said: status and text or reason.
    """

    id: str
    question: str
    verdict: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Score:
    """What came of one set.

    Attributes:
        name: of the set.
        answerable: outcomes of the questions with an answer, one per phrasing.
        unanswerable: outcomes of the others; ``right`` means declined as it should be.
    """

    name: str
    answerable: tuple[Outcome, ...]
    unanswerable: tuple[Outcome, ...]

    def share(self, verdict: str) -> float:
        """Part of the answerable phrasings with a verdict, in [0, 1]."""
        return sum(o.verdict == verdict for o in self.answerable) / len(self.answerable)


def score(name: str, location: Path) -> Score:
    """Ask all questions of a set.

    Args:
        name: of the set.
        location: its data.
    """
    cases = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    with clew.open(str(location)) as workspace:
        answerable = [
            _answerable(workspace, cases["questions"], case, place, location)
            for case in cases["questions"]
            for place in range(len(case["phrasings"]))
        ]
        unanswerable = [_unanswerable(workspace, case) for case in cases["unanswerable"]]
    return Score(name=name, answerable=tuple(answerable), unanswerable=tuple(unanswerable))


def _answerable(
    workspace: clew.Workspace,
    cases: Sequence[dict[str, Any]],
    case: dict[str, Any],
    place: int,
    location: Path,
) -> Outcome:
    session = workspace.session()
    if before := case.get("follows"):
        earlier = next(other for other in cases if other["id"] == before)
        session.ask(earlier["phrasings"][place], now=NOW)
    question = case["phrasings"][place]
    answer = session.ask(question, now=NOW)
    verdict = "declined"
    if answer.status == "answered":
        assert answer.table is not None
        got = [tuple(row.values()) for row in answer.table.to_pylist()]
        same = same_rows(got, gold_rows(case["sql"], location), ordered=case["ordered"])
        verdict = "right" if same else "wrong"
    said = f"{answer.status}: {answer.text or answer.reason}"
    return Outcome(id=case["id"], question=question, verdict=verdict, said=said)


def _unanswerable(workspace: clew.Workspace, case: dict[str, Any]) -> Outcome:
    answer = workspace.session().ask(case["question"], now=NOW)
    said = f"{answer.status}: {answer.reason or answer.text}"
    named = all(_names(said, word) for word in case.get("names", ()))
    fits = answer.status in case["status"] and named
    verdict = "right" if fits else "wrong" if answer.status == "answered" else "declined"
    return Outcome(id=case["id"], question=case["question"], verdict=verdict, said=said)


def _names(text: str, word: str) -> bool:
    """Whether a text has the word as a whole: "average" does not name "age"."""
    at = text.casefold().find(word.casefold())
    while at >= 0:
        around = text[max(at - 1, 0) : at] + text[at + len(word) : at + len(word) + 1]
        if not any(sign.isalnum() for sign in around):
            return True
        at = text.casefold().find(word.casefold(), at + 1)
    return False


def gold_rows(sql: str, location: Path) -> list[Row]:
    """Run SQL written by hand, on an engine of its own."""
    if location.suffix == ".sqlite":
        with closing(sqlite3.connect(f"file:{location}?mode=ro", uri=True)) as db:
            return list(db.execute(sql))
    files = sorted(location.iterdir()) if location.is_dir() else [location]
    with duckdb.connect() as db:
        for file in files:
            reader = "read_csv" if file.suffix == ".csv" else "read_parquet"
            db.execute(f"CREATE VIEW {file.stem} AS SELECT * FROM {reader}('{file}')")
        return db.execute(sql).fetchall()


def same_rows(got: Iterable[Row], gold: Iterable[Row], *, ordered: bool) -> bool:
    """Compare rows; floats to nine digits, dates as ISO 8601, order only where it counts."""
    one, other = ([tuple(map(_plain, row)) for row in rows] for rows in (got, gold))
    if not ordered:
        one, other = sorted(one, key=repr), sorted(other, key=repr)
    return one == other


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        number = float(value)
        return float(f"{number:.9g}") if math.isfinite(number) else None
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def locate(name: str, folder: Path, scale: float) -> Path | None:
    """Make or find the data of a set; None where it is not on this machine."""
    sys.path.insert(0, str(FOLDER.parent))
    from questions import data

    if name == "gapminder":
        return Path(data.gapminder_csv(folder))
    if name == "tpch":
        return Path(data.tpch_parquet(folder, scale=scale))
    found = data.chinook_sqlite()
    return Path(found) if found else None


def main() -> int:
    """Print the table; with ``--write`` put it into RESULTS.md."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--set", choices=SETS, action="append")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--limit", type=int, help="not used: the sets are asked whole")
    args = parser.parse_args()
    rows = [
        "| set | phrasings | right | asked back or declined | wrong | unanswerable declined |",
        "|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("CLEW_HOME", f"{scratch}/home")
        for name in args.set or SETS:
            folder = Path(scratch, name)
            folder.mkdir()
            location = locate(name, folder, args.scale)
            if location is None:
                rows.append(
                    f"| {name} | not run: its data are not here (CLEW_BENCH_DATA) | | | | |"
                )
                continue
            result = score(name, location)
            rows.append(_row(result))
            for outcome in (*result.answerable, *result.unanswerable):
                if outcome.verdict != "right":
                    sys.stderr.write(
                        f"{name}: {outcome.verdict}: {outcome.question}: {outcome.said}\n"
                    )
    table = "\n".join(rows)
    sys.stdout.write(table + "\n")
    if args.write:
        write_section("Questions of the fixed sets, built-in proposer", table)
    return 0


def _row(result: Score) -> str:
    declined = sum(outcome.verdict == "right" for outcome in result.unanswerable)
    return (
        f"| {result.name} | {len(result.answerable)} | {result.share('right'):.1%} "
        f"| {result.share('declined'):.1%} | {result.share('wrong'):.1%} "
        f"| {declined} of {len(result.unanswerable)} |"
    )


if __name__ == "__main__":
    sys.exit(main())
