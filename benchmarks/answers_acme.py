"""What is asked of acme, and when is an answer right? Its key holds questions with SQL."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal

import duckdb

import clew
import clew_acme
from worlds.compare import fits
from worlds.question import Gold
from worlds.score import names, said

Verdict = Literal["right", "wrong", "refused", "detected", "unnamed", "answered"]
_GRAINS = {"month": "month", "quarter": "quarter", "year": "year"}
_SHARES = re.compile(r"share|rate|growth|margin|percent|ratio", re.IGNORECASE)
_FURTHER_COLUMNS = 3


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one question.

    Attributes:
        id: in the key.
        kind: ``questions``, ``unanswerable`` or ``ambiguous``.
        grade: how hard it is, 1 to 4; None where it has no answer.
        asked: the question and what it follows, first turn first.
        verdict: as for worlds.
        status: of the answer, or ``raised``.
        said: text, reason or what was asked back.
        sql: of the answer.
        gold: SQL of the key.
        gold_rows: the first ones.
        rows: the first ones of the answer.
        words: that have to be named.
        confidence: of the answer.
        seconds: wall clock, the last turn alone.
        answer: itself; None where there was an error.
    """

    id: str
    kind: str
    grade: int | None
    asked: tuple[str, ...]
    verdict: Verdict
    status: str
    said: str
    sql: str | None = None
    gold: str = ""
    gold_rows: tuple[tuple[Any, ...], ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    words: str = ""
    confidence: float | None = None
    seconds: float = 0.0
    answer: clew.Answer | None = None


def ask_acme(seed: int, scale: float, folder: Path, limit: int | None = None) -> Iterator[Outcome]:
    """Make acme from a seed and ask it the questions of its key."""
    place = clew_acme.generate(folder / f"acme-{seed}", seed=seed, scale=scale, forms=["duckdb"])
    key = json.loads((place / "key" / "answers.json").read_text(encoding="utf-8"))
    knowledge = place / "company" / "knowledge"
    # One after the other: DuckDB opens a file twice only with the same settings.
    with duckdb.connect(str(place / "company" / "acme.duckdb"), read_only=True) as db:
        golds = {case["id"]: _gold(case["sql"], db) for case in key["questions"]}
    with clew.open(str(place), knowledge=str(knowledge)) as workspace:
        by_id = {case["id"]: case for case in key["questions"]}
        for kind in ("questions", "unanswerable", "ambiguous"):
            for case in key[kind][:limit]:
                chain = [case["question"]]
                turn = case
                while follows := turn.get("follows"):
                    turn = by_id[follows]
                    chain.insert(0, turn["question"])
                gold = golds[case["id"]] if kind == "questions" else None
                yield _ask(workspace, case, kind, chain, gold, key["now"])


def _gold(sql: str, db: duckdb.DuckDBPyConnection) -> Gold:
    """Run a gold query. The key sorts all its results, asked or not: order does not count."""
    cursor = db.execute(sql)
    columns = [str(column[0]) for column in cursor.description or ()]
    rows = tuple(cursor.fetchall())
    return Gold(
        sql=sql,
        rows=rows,
        required=len(columns),
        percent=tuple(n for n, column in enumerate(columns) if _SHARES.search(column)),
        grains=tuple((n, _GRAINS[c]) for n, c in enumerate(columns) if c in _GRAINS),
    )


def _ask(
    workspace: clew.Workspace,
    case: dict[str, Any],
    kind: str,
    chain: Sequence[str],
    gold: Gold | None,
    now: str,
) -> Outcome:
    about = {
        "id": case["id"],
        "kind": kind,
        "grade": case.get("grade"),
        "asked": tuple(chain),
        "gold": gold.sql if gold else "",
        "gold_rows": gold.rows[:5] if gold else (),
        "words": case.get("words", ""),
    }
    session = workspace.session()
    try:
        for text in chain[:-1]:
            session.ask(text, now=now)
        started = time.perf_counter()
        answer = session.ask(chain[-1], now=now)
    except Exception as error:  # a crash is an outcome too; the others are still asked
        verdict: Verdict = "refused" if gold else "unnamed"
        told = f"{type(error).__name__}: {error}"
        return Outcome(**about, verdict=verdict, status="raised", said=told)
    rows: list[tuple[Any, ...]] = []
    if answer.table is not None:
        rows = list(zip(*(column.to_pylist() for column in answer.table.columns), strict=True))
    return Outcome(
        **about,
        verdict=_judge(answer, rows, gold, about["words"]),
        status=answer.status,
        said=said(answer),
        sql=answer.sql,
        rows=tuple(rows[:5]),
        confidence=answer.confidence,
        seconds=time.perf_counter() - started,
        answer=answer,
    )


def _judge(
    answer: clew.Answer, rows: Sequence[tuple[Any, ...]], gold: Gold | None, words: str
) -> Verdict:
    if gold is None:
        if answer.status == "answered":
            return "answered"
        return "detected" if names(said(answer), words) else "unnamed"
    if answer.status != "answered":
        return "refused"
    return "right" if _is_right(rows, gold) else "wrong"


def _is_right(rows: Sequence[tuple[Any, ...]], gold: Gold) -> bool:
    """Compare rows; up to three further columns may stand beside those of the key."""
    if fits(rows, [gold]):
        return True
    width = len(rows[0]) if rows else 0
    further = width - gold.required
    if not 0 < further <= _FURTHER_COLUMNS:
        return False
    return any(
        fits([tuple(row[place] for place in kept) for row in rows], [gold])
        for kept in combinations(range(width), gold.required)
    )
