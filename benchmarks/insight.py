"""Does the insight agent find what was planted in acme, and nothing where all was shuffled?

    python benchmarks/insight.py [--seeds 300-309] [--scale 1] [--shuffled] [--keep DIR] [--write]
                                 [--say]

Each seed makes a company; the question of each planted effect is asked, and the effect counts as
found when one of the first five findings names its whole place (every value), overlaps with its
time and goes the same way. A Simpson's paradox has to be told as a reversal within the right
column, a change of definition by its column and its day. The scorer knows the key and the text
of findings only, not how they were found. With ``--shuffled`` the measured rows are dealt anew
over time, and each finding that is stated is a false one. Develop on seeds up to 60; later ones
are for measuring.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from results import write_section

from clew_acme.generate import generate
from clew_agents.insight import Finding, InsightAgent
from clew_agents.proposer import AsksBack, CannotAnswer
from clew_agents.sql.builtin import SqlContext
from clew_core.deadline import Deadline
from clew_core.principal import Principal

FIRST = 5
SLACK = dt.timedelta(days=10)
_FALLS = frozenset(
    {"stock_out", "price_change", "checkout_error", "region_slide", "currency_shock"}
)
# Shuffled within a table: what was measured loses its time and place.
SHUFFLED = ("orders", "returns", "tickets", "web_sessions", "shipments", "customers", "fx_rates")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one question.

    Attributes:
        kind: of the effect.
        question: as it was asked.
        rank: of the finding that names it, 1 is the first; None: not found.
        findings: how many were stated.
        seconds: wall clock.
        said: the text, or the reason why there is none.
    """

    kind: str
    question: str
    rank: int | None
    findings: int
    seconds: float
    said: str


def names_it(finding: Finding, effect: Mapping[str, Any]) -> bool:
    """Say whether a finding names an effect: place, time and direction."""
    place = effect["place"]
    if effect["kind"] == "simpson":
        return _names_paradox(finding, place)
    if effect["kind"] == "definition_change":
        day = dt.date.fromisoformat(effect["from"])
        return (
            finding.kind == "definition"
            and finding.low is not None
            and abs(finding.low - day) <= SLACK
        )
    said = {_folded(p.value) for p in finding.places} | {_folded(finding.text)}
    for value in place.values():
        wanted = _folded(value)
        if not any(wanted == one or wanted in one for one in said):
            return False
    return _overlaps(finding, effect) and finding.direction == _way(effect)


def _names_paradox(finding: Finding, place: Mapping[str, str]) -> bool:
    if finding.kind != "reversal":
        return False
    sides = [_folded(p.value) for p in finding.places if p.value is not None]
    better, worse = (_folded(name) for name in place.values() if name in _sides(place))
    return better in sides and worse in sides


def _sides(place: Mapping[str, str]) -> tuple[str, str]:
    better = next(v for k, v in place.items() if k not in ("measure", "against", "within"))
    return better, place["against"]


def _folded(value: object) -> str:
    return " ".join(str(value).casefold().split())


def _overlaps(finding: Finding, effect: Mapping[str, Any]) -> bool:
    first = dt.date.fromisoformat(effect["from"])
    last = dt.date.fromisoformat(effect["to"]) if effect["to"] else dt.date.max
    low = finding.low or dt.date.min
    high = finding.high or dt.date.max
    return low <= last and high >= first


def _way(effect: Mapping[str, Any]) -> int:
    return -1 if effect["kind"] in _FALLS else 1


def opened(folder: Path) -> tuple[Any, Principal, SqlContext]:
    """Open a company as a workspace does: with what it knows, where knowledge is read."""
    import clew

    workspace = clew.open(str(folder))
    session = workspace.session()
    principal = session.principal
    now = json.loads((folder / "key" / "answers.json").read_text())["now"]
    today = dt.date.fromisoformat(now[:10])
    [found] = workspace.opened(principal, Deadline(), today, None)
    return (workspace, found), principal, found.context


def ask(folder: Path) -> list[Outcome]:
    """Ask the question of each planted effect of a company."""
    (workspace, source), principal, context = opened(folder)
    effects = json.loads((folder / "key" / "answers.json").read_text())["effects"]
    outcomes = []
    with contextlib.closing(workspace):
        for effect in effects:
            started = time.monotonic()
            findings: Sequence[Finding] = ()
            try:
                agent = InsightAgent(source.source, principal, context)
                answer = agent.answer(effect["question"], Deadline())
                findings, said = answer.findings, answer.text
            except (CannotAnswer, AsksBack) as problem:
                said = f"{type(problem).__name__}: {problem}"
            ranks = [n for n, f in enumerate(findings[:FIRST], 1) if names_it(f, effect)]
            outcomes.append(
                Outcome(
                    kind=effect["kind"],
                    question=effect["question"],
                    rank=ranks[0] if ranks else None,
                    findings=len(findings),
                    seconds=time.monotonic() - started,
                    said=said,
                )
            )
    return outcomes


def shuffle(folder: Path, seed: int) -> None:
    """Deal the times of the rows of each event table anew, so that nothing hangs together."""
    path = folder / "company" / "acme.duckdb"
    with contextlib.closing(duckdb.connect(str(path))) as connection:
        for table in SHUFFLED:
            columns = connection.execute(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ?", [table]
            ).fetchall()
            for name, kind in columns:
                # Keys stay; times, truth values and numbers are dealt anew, each by itself.
                if kind in ("DATE", "TIMESTAMP", "BOOLEAN") or kind.startswith("DECIMAL"):
                    _deal(connection, table, name, seed)


def _deal(connection: duckdb.DuckDBPyConnection, table: str, column: str, seed: int) -> None:
    connection.execute(
        f'CREATE OR REPLACE TEMP TABLE dealt AS SELECT "{column}" AS v, '
        f"row_number() OVER (ORDER BY hash(rowid, '{column}', {seed})) AS n "
        f'FROM "{table}"'
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE seats AS SELECT rowid AS r, "
        f'row_number() OVER (ORDER BY rowid) AS n FROM "{table}"'
    )
    connection.execute(
        f'UPDATE "{table}" SET "{column}" = d.v FROM seats s JOIN dealt d ON d.n = s.n '
        f'WHERE "{table}".rowid = s.r'
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run it and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", default="300-309", help="first-last, or a list with commas")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--shuffled", action="store_true")
    parser.add_argument("--keep", type=Path, help="folder where companies are kept and looked up")
    parser.add_argument("--kinds", default="", help="only these kinds, with commas")
    parser.add_argument("--say", action="store_true", help="print each question and answer")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    given = parser.parse_args(argv)
    per_seed: dict[int, list[Outcome]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for seed in _seeds(given.seeds):
            folder = _company(given.keep or Path(scratch), seed, given.scale, given.shuffled)
            per_seed[seed] = ask(folder)
            _print(seed, per_seed[seed], given.say, given.shuffled)
            if given.keep is None:
                shutil.rmtree(folder)
    body = _table(per_seed, given.shuffled)
    print(body)
    if given.write:
        write_section("Planted effects" + (", shuffled" if given.shuffled else ""), body)
    return 0


def _seeds(text: str) -> list[int]:
    if "-" in text:
        first, last = text.split("-")
        return list(range(int(first), int(last) + 1))
    return [int(part) for part in text.split(",")]


def _company(root: Path, seed: int, scale: float, shuffled: bool) -> Path:
    folder = root / f"{'shuffled' if shuffled else 'acme'}-{seed}"
    if not folder.exists():
        with contextlib.redirect_stdout(io.StringIO()):
            generate(folder, seed=seed, scale=scale)
        if shuffled:
            shuffle(folder, seed)
    return folder


def _print(seed: int, outcomes: Sequence[Outcome], say: bool, shuffled: bool) -> None:
    found = sum(o.rank is not None for o in outcomes)
    stated = sum(o.findings for o in outcomes)
    print(f"seed {seed}: {found} of {len(outcomes)} found, {stated} findings", flush=True)
    for o in outcomes:
        bad = o.findings > 0 if shuffled else o.rank is None
        if say or bad:
            print(f"  {o.rank or '-'} {o.kind}: {o.question}\n      {o.said[:700]}")


def _which(per_seed: Mapping[int, object]) -> str:
    seeds = sorted(per_seed)
    if len(seeds) > 1 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]}–{seeds[-1]}"
    return f"seeds {', '.join(str(seed) for seed in seeds)}"


def _table(per_seed: Mapping[int, Sequence[Outcome]], shuffled: bool) -> str:
    if shuffled:
        false = {seed: sum(o.findings for o in found) for seed, found in per_seed.items()}
        asked = sum(len(found) for found in per_seed.values())
        return (
            f"{sum(false.values())} false findings in {len(per_seed)} shuffled companies, "
            f"{asked} questions (per company: {', '.join(str(n) for n in false.values())}); "
            f"{_which(per_seed)}."
        )
    shares = [sum(o.rank is not None for o in found) / len(found) for found in per_seed.values()]
    kinds = sorted({o.kind for found in per_seed.values() for o in found})
    lines = ["| effect | found | of | first |", "|---|---|---|---|"]
    for kind in kinds:
        mine = [o for found in per_seed.values() for o in found if o.kind == kind]
        hits = sum(o.rank is not None for o in mine)
        lines.append(f"| {kind} | {hits} | {len(mine)} | {sum(o.rank == 1 for o in mine)} |")
    seconds = sorted(o.seconds for found in per_seed.values() for o in found)
    lines.append("")
    lines.append(f"Acme, {_which(per_seed)}.")
    lines.append(
        f"Share found per seed: median {statistics.median(shares):.0%}, lowest {min(shares):.0%}, "
        f"{len(shares)} seeds. Seconds per question: median {statistics.median(seconds):.1f}, "
        f"95th percentile {seconds[int(0.95 * (len(seconds) - 1))]:.1f}."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
